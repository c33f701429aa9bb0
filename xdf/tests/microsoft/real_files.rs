//! Files that RevoScaleR wrote, against a CSV twin or the values of an independent reader in `tests/data`.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use serde_json::Value;
use xdf::{File, Generation, OpenOptions, metadata};

use crate::{read_all, shared};

fn factor_text(batch: &RecordBatch, column: usize, row: usize) -> Option<&str> {
    let factor = batch.column(column).as_dictionary::<Int32Type>();
    factor.is_valid(row).then(|| {
        let key = usize::try_from(factor.keys().value(row)).unwrap();
        factor.values().as_string::<i32>().value(key)
    })
}

/// Cells of one line; quotes and backslashes inside of quoted cells are text.
fn csv_cells(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                quoted.split_once("\",").unwrap_or_else(|| (quoted.strip_suffix('"').unwrap(), ""))
            }
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        cells.push(cell);
        if after.is_empty() {
            return cells;
        }
        rest = after;
    }
}

#[test]
fn airports_equal_their_csv_twin() {
    let (Some(xdf), Some(csv)) = (shared("airports.xdf"), shared("airports.csv")) else { return };
    let file = File::open(xdf).unwrap();
    assert_eq!(file.generation(), Generation::Microsoft42);
    assert_eq!((file.num_rows(), file.num_blocks(), file.compression()), (3376, 1, "zlib"));
    let batch = &read_all(&file).unwrap()[0];
    let csv = std::fs::read_to_string(csv).unwrap();
    let mut lines = csv.lines();
    let names: Vec<&str> = csv_cells(lines.next().unwrap());
    let schema = file.schema();
    assert_eq!(schema.fields().iter().take(7).map(|field| field.name().as_str()).collect::<Vec<_>>(), names);

    let (mut rows, mut missing, mut trimmed) = (0, 0, 0);
    for (row, line) in lines.enumerate() {
        let cells = csv_cells(line);
        assert_eq!(cells.len(), 7, "{line}");
        for (column, cell) in cells.iter().enumerate().take(5) {
            if let Some(text) = factor_text(batch, column, row) {
                assert_eq!(text, cell.trim_end(), "row {row}, column {column}");
                trimmed += usize::from(text != *cell);
            } else {
                assert_eq!(*cell, "NA");
                missing += 1;
            }
        }
        for (column, cell) in cells.iter().enumerate().skip(5) {
            let value = batch.column(column).as_primitive::<Float64Type>().value(row);
            assert_eq!(value.to_bits(), cell.parse::<f64>().unwrap().to_bits(), "row {row}, column {column}");
        }
        rows += 1;
    }
    assert_eq!((rows, missing, trimmed), (3376, 24, 370));

    let zones = batch.column(7).as_string::<i32>();
    assert_eq!(zones.null_count(), 0);
    assert_eq!(zones.iter().flatten().filter(|zone| zone.is_empty()).count(), 9);
    assert_eq!(zones.iter().flatten().filter(|zone| *zone == "America/Chicago").count(), 1309);
    assert_eq!(metadata::levels(schema.field(0)).unwrap().len(), 3376);
    assert_eq!(metadata::levels(schema.field(3)).unwrap()[..2], ["MS", "TX"]);
    assert_eq!(metadata::low_high(schema.field(5)), Some((7.367_222, 71.285_447_5)));
    assert_eq!(metadata::low_high(schema.field(0)), None);
    let verified = file.verify().unwrap();
    assert!(verified.is_ok());
    assert_eq!((verified.segments, verified.bytes), (8, 236_960));
}

fn expected(text: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(text).unwrap();
    all["columns"].as_array().unwrap().clone()
}

fn check_mtcars(name: &str, text: &str, rows: u64) {
    let Some(path) = shared(name) else { return };
    for mmap in [true, false] {
        let file = File::open_with(&path, &OpenOptions::default().with_mmap(mmap)).unwrap();
        assert_eq!((file.num_rows(), file.num_blocks(), file.block_rows(0)), (rows, 1, rows));
        let batch = &read_all(&file).unwrap()[0];
        let expected = expected(text);
        assert_eq!(expected.len(), 12);
        for (index, column) in expected.iter().enumerate() {
            let schema = file.schema();
            let field = schema.field(index);
            assert_eq!(field.name(), column["name"].as_str().unwrap());
            let values = column["values"].as_array().unwrap();
            assert_eq!(values.len() as u64, rows);
            if index == 11 {
                let got: Vec<Option<&str>> = batch.column(index).as_string::<i32>().iter().collect();
                assert_eq!(got, values.iter().map(Value::as_str).collect::<Vec<_>>());
                assert_eq!(schema.metadata()["xdf.row_names"], ".rxRowNames");
            } else {
                let got: Vec<Option<f64>> =
                    batch.column(index).as_primitive::<Float64Type>().iter().collect();
                assert_eq!(got, values.iter().map(Value::as_f64).collect::<Vec<_>>());
                let low_high = (column["low"].as_f64().unwrap(), column["high"].as_f64().unwrap());
                assert_eq!(metadata::low_high(field), Some(low_high));
            }
        }
        assert!(file.verify().unwrap().is_ok());
    }
}

#[test]
fn mtcars_has_the_values_of_the_independent_reader() {
    check_mtcars("mtcars.xdf", include_str!("../data/microsoft/mtcars.json"), 32);
}

#[test]
fn filtered_mtcars_has_the_values_of_the_independent_reader() {
    check_mtcars("mtcars-filtered.xdf", include_str!("../data/microsoft/mtcars-filtered.json"), 18);
}

/// FNV-1a over the texts of all values, each with a line end.
fn digest(values: impl Iterator<Item = String>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in values.flat_map(|value| (value + "\n").into_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[test]
fn hr_attrition_has_the_values_of_the_independent_reader() {
    let Some(path) = shared("hr-attrition.xdf") else { return };
    let file = File::open(path).unwrap();
    assert_eq!(file.num_rows(), 1470);
    let batch = &read_all(&file).unwrap()[0];
    let expected = expected(include_str!("../data/microsoft/hr-attrition.json"));
    assert_eq!(expected.len(), 33);
    for (index, column) in expected.iter().enumerate() {
        let field = file.schema().field(index).clone();
        assert_eq!(field.name(), column["name"].as_str().unwrap());
        let array = batch.column(index);
        let got = if *field.data_type() == DataType::Utf8 {
            digest(array.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()))
        } else {
            let values = array.as_primitive::<Int32Type>();
            assert_eq!(values.null_count(), 0);
            let sum: i64 = values.values().iter().map(|&value| i64::from(value)).sum();
            assert_eq!(sum, column["sum"].as_i64().unwrap(), "{}", field.name());
            let low_high = (column["low"].as_f64().unwrap(), column["high"].as_f64().unwrap());
            assert_eq!(metadata::low_high(&field), Some(low_high));
            digest(values.values().iter().map(i32::to_string))
        };
        assert_eq!(got, column["digest"].as_str().unwrap(), "{}", field.name());
    }
    // Published facts of this data set.
    let ages = batch.column(0).as_primitive::<Int32Type>().values();
    let mean = ages.iter().map(|&age| f64::from(age)).sum::<f64>() / 1470.0;
    assert!((mean - 36.923_81).abs() < 1e-5);
    let left = batch.column(1).as_string::<i32>().iter().flatten().filter(|text| *text == "Yes").count();
    assert_eq!(left, 237);
    assert!(file.verify().unwrap().is_ok());
}

#[test]
fn columns_come_in_the_order_asked_for_and_share_their_levels() {
    let Some(path) = shared("airports.xdf") else { return };
    let file = File::open(path).unwrap();
    let batch = file.read_block(0, &[7, 3]).unwrap();
    assert_eq!(batch.schema().field(0).name(), "timezone");
    assert_eq!(factor_text(&batch, 1, 2), Some("CO"));
    let again = file.read_block(0, &[3]).unwrap();
    let values = |batch: &RecordBatch, column: usize| {
        batch.column(column).as_dictionary::<Int32Type>().values().as_string::<i32>().value_data().as_ptr()
    };
    assert_eq!(values(&batch, 1), values(&again, 0));
    let none = file.read_block(0, &[]).unwrap();
    assert_eq!((none.num_rows(), none.num_columns()), (3376, 0));
    assert!(file.read_block(1, &[0]).is_err());
    assert!(file.read_block(0, &[8]).is_err());
}
