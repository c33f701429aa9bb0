//! Rows of a server in the engine's passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use engine::{BlockSource, ScanOptions};
use sqlbridge::{Query, SqlSource};

use super::replay::{Reply, Server, columns, done, error, packets, sql};

const INT: &[u8] = &[0x26, 4];

/// Rows `x = 0, 1, ...`, `y = 2 x`.
fn rows(count: i32) -> Vec<u8> {
    let mut tokens = columns(&[("x", INT), ("y", INT)]);
    for x in 0..count {
        tokens.push(0xD1);
        for value in [x, 2 * x] {
            tokens.push(4);
            tokens.extend(value.to_le_bytes());
        }
    }
    tokens.extend(done(0x10, 0));
    packets(&tokens, 4000)
}

fn sum(source: &SqlSource, options: &ScanOptions, column: &str) -> engine::Result<i64> {
    let mut sum = 0;
    for block in source.open(&options.clone().with_columns([column]))? {
        let block = block?;
        assert_eq!(block.batch.num_columns(), 1);
        sum += block
            .batch
            .column(0)
            .as_primitive::<Int32Type>()
            .values()
            .iter()
            .map(|&x| i64::from(x))
            .sum::<i64>();
    }
    Ok(sum)
}

#[test]
fn the_first_pass_takes_over_the_query_that_told_the_columns() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(2, move |kind, _| {
        // the second pass wants some rows only, and stops the query
        if kind == 6 {
            return Reply::Close(Vec::new());
        }
        count.fetch_add(1, Ordering::Relaxed);
        Reply::Bytes(rows(10_000))
    });
    let source =
        SqlSource::open(Arc::new(server.database()), Query::Sql("SELECT x, y FROM t".into()), 777).unwrap();
    let all = ScanOptions::default();
    assert_eq!(sum(&source, &all, "y").unwrap(), 9_999 * 10_000);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(sum(&source, &all.with_rows(10..20), "x").unwrap(), 145);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn of_a_table_only_the_wanted_columns_travel() {
    let server = Server::start(2, move |kind, message| {
        if kind == 6 {
            return Reply::Bytes(packets(&done(0x20, 0), 100));
        }
        match sql(message).as_str() {
            "SELECT * FROM [dbo].[my]]table] WHERE 1 = 0" => Reply::Bytes(rows(0)),
            "SELECT [y] FROM [dbo].[my]]table]" => {
                let mut tokens = columns(&[("y", INT)]);
                tokens.extend_from_slice(&[0xD1, 4, 5, 0, 0, 0, 0xD2, 1]);
                tokens.extend(done(0x10, 2));
                Reply::Bytes(packets(&tokens, 100))
            }
            other => panic!("{other}"),
        }
    });
    let source =
        SqlSource::open(Arc::new(server.database()), Query::Table("dbo.[my]]table]".into()), 100).unwrap();
    assert_eq!(source.schema().fields().len(), 2);
    assert_eq!(sum(&source, &ScanOptions::default(), "y").unwrap(), 5);
}

#[test]
fn an_error_after_rows_fails_the_pass() {
    let server = Server::start(1, move |_, _| {
        let mut tokens = columns(&[("x", INT)]);
        for _ in 0..1000 {
            tokens.extend_from_slice(&[0xD1, 4, 5, 0, 0, 0]);
        }
        tokens.extend(error(1205, "deadlock victim"));
        tokens.extend(done(0x02, 0));
        Reply::Bytes(packets(&tokens, 500))
    });
    let source = SqlSource::open(Arc::new(server.database()), Query::Sql("SELECT x".into()), 100).unwrap();
    let message = sum(&source, &ScanOptions::default(), "x").unwrap_err().to_string();
    assert!(message.contains("deadlock victim") && message.contains("1205"), "{message}");
}
