//! Tables written through ODBC, and sources on them, against real databases where they are installed.
#![cfg(all(unix, feature = "odbc"))]

mod servers;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt8Array,
};
use arrow_schema::DataType;
use engine::{Block, BlockSource, ScanOptions};
use servers::Server;
use sqlbridge::{Dialect, IfExists, Query, SqlSource};

/// A table of every type that is written, in two blocks; the second has longer texts.
fn blocks() -> (arrow_schema::SchemaRef, Vec<Block>) {
    let columns = |names: [&str; 2], seed: i32| -> Vec<(&str, ArrayRef)> {
        let factor: DictionaryArray<Int32Type> =
            vec![Some("low"), None, Some("high"), Some("low")].into_iter().collect();
        vec![
            ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]))),
            ("small", Arc::new(Int16Array::from(vec![Some(-5), None, Some(7), Some(8)]))),
            ("unsigned byte", Arc::new(UInt8Array::from(vec![Some(255), None, Some(0), Some(1)]))),
            ("n", Arc::new(Int32Array::from(vec![Some(seed), None, Some(seed + 1), Some(i32::MIN)]))),
            (
                "big",
                Arc::new(Int64Array::from(vec![Some(9_007_199_254_740_993), None, Some(-1), Some(i64::MAX)])),
            ),
            ("real", Arc::new(Float32Array::from(vec![Some(0.5), None, Some(-1.25), Some(3.0)]))),
            ("x", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(-1e300), Some(2.0)]))),
            ("text", Arc::new(StringArray::from(vec![Some(names[0]), None, Some(""), Some(names[1])]))),
            ("factor", Arc::new(factor)),
            ("day", Arc::new(Date32Array::from(vec![Some(18_321), None, Some(-1), Some(0)]))),
            (
                "moment",
                Arc::new(TimestampMillisecondArray::from(vec![
                    Some(-1),
                    None,
                    Some(1_582_979_696_789),
                    Some(0),
                ])),
            ),
        ]
    };
    let long = "Zürich 🚂".repeat(3000);
    let batches: Vec<RecordBatch> = [columns(["a", "O'Hare; DROP TABLE x"], 1), columns([&long, "\\'"], 100)]
        .into_iter()
        .map(|columns| {
            RecordBatch::try_from_iter_with_nullable(
                columns.into_iter().map(|(name, array)| (name, array, true)),
            )
            .unwrap()
        })
        .collect();
    let schema = batches[0].schema();
    let blocks = batches.into_iter().enumerate().map(|(index, batch)| Block {
        index: index as u64,
        start_row: index as u64 * 4,
        batch,
    });
    (schema, blocks.collect())
}

fn write(server: &Server, table: &str, if_exists: IfExists) -> Result<engine::Written, String> {
    let (schema, blocks) = blocks();
    let mut sink = server.database().sink(table, &schema, if_exists).map_err(|error| error.to_string())?;
    for block in &blocks {
        sink.write(block).map_err(|error| error.to_string())?;
    }
    sink.finish().map_err(|error| error.to_string())
}

#[test]
fn what_is_written_is_read_again() {
    for server in servers::all() {
        server.execute("drop table if exists written");
        let written = write(server, "written", IfExists::Fail).unwrap();
        assert_eq!((written.rows, written.blocks), (8, 2), "{:?}", server.dialect);
        let read = server.query("select * from written");
        let (_, blocks) = blocks();
        let schema = blocks[0].batch.schema();
        for (index, field) in schema.fields().iter().enumerate() {
            assert_eq!(read.schema().field(index).name(), field.name());
            let plain = |array: &ArrayRef| match array.data_type() {
                // MariaDB's boolean is a number, PostgreSQL keeps microseconds
                DataType::Boolean | DataType::Int8 => arrow_cast::cast(array, &DataType::Int16).unwrap(),
                DataType::Timestamp(..) => {
                    arrow_cast::cast(array, &DataType::Timestamp(arrow_schema::TimeUnit::Millisecond, None))
                        .unwrap()
                }
                DataType::Dictionary(..) => arrow_cast::cast(array, &DataType::Utf8).unwrap(),
                DataType::Float32 => arrow_cast::cast(array, &DataType::Float64).unwrap(),
                other if other.is_integer() => arrow_cast::cast(array, &DataType::Int64).unwrap(),
                _ => Arc::clone(array),
            };
            for (part, block) in blocks.iter().enumerate() {
                let expected = plain(block.batch.column(index));
                let found = plain(&read.column(index).slice(part * 4, 4));
                let found = arrow_cast::cast(&found, expected.data_type()).unwrap();
                assert_eq!(&found, &expected, "{:?} {}", server.dialect, field.name());
            }
        }
    }
}

#[test]
fn a_table_that_exists_is_kept_replaced_or_grown() {
    for server in servers::all() {
        let rows =
            || server.query("select count(*) as n from kept").column(0).as_primitive::<Int64Type>().value(0);
        let tables = || match server.dialect {
            Dialect::Sqlite => "select count(*) as n from sqlite_master where name like 'rxdf%'",
            _ => "select count(*) as n from information_schema.tables where table_name like 'rxdf%'",
        };
        server.table("kept", "old integer", &["insert into kept values (1)"]);
        let message = write(server, "kept", IfExists::Fail).unwrap_err();
        assert!(message.contains("kept") && message.contains("exists"), "{message}");
        // a load that is given up
        let (schema, blocks) = blocks();
        for if_exists in [IfExists::Replace, IfExists::Append] {
            if if_exists == IfExists::Append {
                let message = write(server, "kept", if_exists).unwrap_err();
                assert!(message.contains("says"), "other columns: {message}");
            } else {
                let mut sink = server.database().sink("kept", &schema, if_exists).unwrap();
                sink.write(&blocks[0]).unwrap();
                drop(sink);
            }
            assert_eq!(rows(), 1, "{:?}", server.dialect);
            assert_eq!(server.query("select old from kept").num_rows(), 1);
        }
        write(server, "kept", IfExists::Replace).unwrap();
        assert_eq!(rows(), 8);
        write(server, "kept", IfExists::Append).unwrap();
        assert_eq!(rows(), 16);
        // tables of the other tests, which run beside this one, go away too
        let left = || server.query(tables()).column(0).as_primitive::<Int64Type>().value(0);
        let gone = (0..300).any(|_| {
            let gone = left() == 0;
            if !gone {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            gone
        });
        assert!(gone, "{:?}: a table is left", server.dialect);
    }
}

#[test]
fn names_are_quoted_whatever_they_hold() {
    for server in servers::all() {
        let name = "we'ird \u{fc}; DROP TABLE x--";
        let column = "a b\" ] ` c";
        let batch =
            RecordBatch::try_from_iter([(column, Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef)])
                .unwrap();
        let mut sink = server.database().sink(name, &batch.schema(), IfExists::Replace).unwrap();
        sink.write(&Block { index: 0, start_row: 0, batch: batch.clone() }).unwrap();
        sink.finish().unwrap();
        let source = SqlSource::open(server.database(), Query::Table(name.into()), 1000).unwrap();
        assert_eq!(source.schema().field(0).name(), column);
        let rows: usize =
            source.open(&ScanOptions::default()).unwrap().map(|block| block.unwrap().batch.num_rows()).sum();
        assert_eq!(rows, 2, "{:?}", server.dialect);
    }
}

#[test]
fn a_source_can_be_read_twice_and_by_columns() {
    for server in servers::all() {
        write(server, "sourced", IfExists::Replace).unwrap();
        for what in
            [Query::Table("sourced".into()), Query::Sql("select n, x, n + 1 as m from sourced".into())]
        {
            let source = SqlSource::open(server.database(), what, 3).unwrap();
            for _ in 0..2 {
                let options = ScanOptions { columns: Some(vec!["x".into()]), ..ScanOptions::default() };
                let blocks: Vec<_> =
                    source.open(&options).unwrap().map(|block| block.unwrap().batch).collect();
                assert!(blocks.iter().all(|batch| batch.num_columns() == 1));
                assert_eq!(blocks.iter().map(RecordBatch::num_rows).sum::<usize>(), 8);
                let sum: f64 = blocks
                    .iter()
                    .flat_map(|batch| {
                        batch.column(0).as_primitive::<Float64Type>().iter().flatten().collect::<Vec<_>>()
                    })
                    .sum();
                assert_eq!(sum, -2e300);
            }
        }
    }
}
