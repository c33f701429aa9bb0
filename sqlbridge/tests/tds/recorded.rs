//! Answers that a real server gave (Babelfish for PostgreSQL 4.3), with the values that three other decoders read from
//! them. They stand in `../shared/data/tds`; without that folder there is nothing to compare.

use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, UInt8Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use serde_json::Value;
use sqlbridge::{Error, Session};

use super::replay::{Reply, Server, done, packets, payload};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/tds");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    description: Value,
}

fn cases() -> Vec<Case> {
    let Some(folder) = folder() else { return Vec::new() };
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let cases = manifest["cases"].as_array().unwrap().iter();
    cases
        .map(|case| {
            let file = case["file"].as_str().unwrap();
            let raw = std::fs::read(folder.join(file)).unwrap();
            let bytes = if file.rsplit_once('.').is_some_and(|(_, last)| last == "gz") {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&raw[..]), &mut bytes).unwrap();
                bytes
            } else {
                raw
            };
            Case { name: case["name"].as_str().unwrap().to_owned(), bytes, description: case.clone() }
        })
        .collect()
}

/// The batches of an answer, and the error that it may end in.
fn read(bytes: Vec<u8>, batch_rows: usize) -> Result<(Vec<RecordBatch>, Option<Error>), Error> {
    let mut bytes = Some(bytes);
    let server = Server::start(1, move |kind, _| match kind {
        // a query that is stopped
        6 => Reply::Bytes(packets(&done(0x20, 0), 100)),
        _ => Reply::Bytes(bytes.take().unwrap_or_default()),
    });
    let session: Box<dyn Session> = Box::new(server.database().open()?);
    let reader = session.stream("SELECT", batch_rows)?;
    let mut batches = Vec::new();
    for batch in reader {
        match batch {
            Ok(batch) => batches.push(batch),
            Err(error) => match engine_error(error) {
                Some(error) => return Ok((batches, Some(error))),
                None => panic!("another error than the bridge's"),
            },
        }
    }
    Ok((batches, None))
}

fn engine_error(error: arrow_schema::ArrowError) -> Option<Error> {
    let arrow_schema::ArrowError::ExternalError(error) = error else { return None };
    match *error.downcast::<engine::Error>().ok()? {
        engine::Error::Upper(error) => error.downcast::<Error>().ok().map(|error| *error),
        other => Some(Error::Engine(other)),
    }
}

/// A cell as the manifest writes it, where that can be told from the array, else as a number.
fn cell(batch: &RecordBatch, column: usize, row: usize) -> Option<String> {
    let array = batch.column(column);
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => u8::from(array.as_boolean().value(row)).to_string(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).to_string(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            (array.as_primitive::<TimestampMillisecondType>().value(row) * 1000).to_string()
        }
        DataType::Timestamp(..) => array.as_primitive::<TimestampMicrosecondType>().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        other => panic!("no cell of type {other}"),
    })
}

/// Days from 1970 to a date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn days(date: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| date[range].parse::<i64>().unwrap();
    let (month, day) = (part(5..7), part(8..10));
    let year = part(0..4) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Microseconds of a time of day; digits after the sixth are cut off.
fn microseconds(time: &str) -> i64 {
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = clock.split(':').map(|part| part.parse::<i64>().unwrap());
    let mut next = || parts.next().unwrap();
    let seconds = (next() * 60 + next()) * 60 + next();
    let fraction = format!("{fraction:0<6}");
    seconds * 1_000_000 + fraction[..6].parse::<i64>().unwrap()
}

/// What the manifest says, in the form of [`cell`].
fn expected(text: &str, sql_type: &str) -> String {
    match sql_type {
        "real" => text.parse::<f32>().unwrap().to_string(),
        "float" | "decimal" | "numeric" | "money" | "smallmoney" => text.parse::<f64>().unwrap().to_string(),
        "date" => days(text).to_string(),
        "time" => {
            let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
            let whole = microseconds(&text[..8]) / 1_000_000;
            let count: f64 = format!("{whole}{fraction}").parse().unwrap();
            (count / 10_f64.powi(i32::try_from(fraction.len()).unwrap())).to_string()
        }
        "datetime" | "smalldatetime" | "datetime2" => {
            (days(text) * 86_400_000_000 + microseconds(&text[11..])).to_string()
        }
        "datetimeoffset" => {
            let (local, offset) = text.rsplit_once(' ').unwrap();
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let minutes = offset[1..3].parse::<i64>().unwrap() * 60 + offset[4..6].parse::<i64>().unwrap();
            let local = days(local) * 86_400_000_000 + microseconds(&local[11..]);
            (local - sign * minutes * 60_000_000).to_string()
        }
        _ => text.to_owned(),
    }
}

fn is_refused(sql_type: &str) -> bool {
    ["binary", "image", "sql_variant", "udt", "rowversion"].iter().any(|refused| sql_type.contains(refused))
}

fn compare(case: &Case, batches: &[RecordBatch]) -> usize {
    let result = &case.description["results"][0];
    let types: Vec<&str> = result["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["sqltype"].as_str().unwrap())
        .collect();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(Some(rows as u64), result["row_count"].as_u64(), "{}: rows", case.name);
    let Some(all) = result["rows"].as_array() else { return compare_sums(case, result, batches, &types) };
    let places = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    let mut cells = 0;
    for (number, ((batch, row), wanted)) in places.zip(all).enumerate() {
        for (column, (wanted, sql_type)) in wanted.as_array().unwrap().iter().zip(&types).enumerate() {
            let wanted = wanted.as_str().map(|text| expected(text, sql_type));
            let found = cell(batch, column, row);
            assert_eq!(found, wanted, "{}: row {number}, column {column} ({sql_type})", case.name);
            cells += 1;
        }
    }
    cells
}

/// Long answers have their counts and sums in the manifest.
fn compare_sums(case: &Case, result: &Value, batches: &[RecordBatch], types: &[&str]) -> usize {
    let summaries = result["summary"]["columns"].as_array().unwrap();
    for (column, (summary, sql_type)) in summaries.iter().zip(types).enumerate() {
        let nulls: usize = batches.iter().map(|batch| batch.column(column).null_count()).sum();
        assert_eq!(Some(nulls as u64), summary["nulls"].as_u64(), "{}: column {column}", case.name);
        let cells = batches
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).filter_map(move |row| cell(batch, column, row)));
        if let Some(wanted) = summary["total_codepoints"].as_u64() {
            let found: usize = cells.map(|text| text.chars().count()).sum();
            assert_eq!(found as u64, wanted, "{}: characters of column {column}", case.name);
        } else if ["tinyint", "smallint", "int", "bigint"].contains(sql_type) {
            let found: i128 = cells.map(|number| number.parse::<i128>().unwrap()).sum();
            assert_eq!(
                found.to_string(),
                summary["sum"].as_str().unwrap(),
                "{}: sum of column {column}",
                case.name
            );
        }
    }
    summaries.len()
}

#[test]
fn every_recorded_answer_has_the_values_that_others_read() {
    let mut cells = 0;
    let mut compared = 0;
    for case in cases() {
        let results = case.description["results"].as_array().unwrap();
        let errors =
            case.description["events"].as_array().unwrap().iter().any(|event| event["token"] == "ERROR");
        if case.name.starts_with("attention") {
            continue;
        }
        let columns = results.first().and_then(|result| result["columns"].as_array());
        let refused = columns.is_some_and(|columns| {
            columns.iter().any(|column| is_refused(column["sqltype"].as_str().unwrap()))
        });
        match read(case.bytes.clone(), 1000) {
            Ok((batches, error)) => {
                assert!(!refused, "{}", case.name);
                let only_first = results.len() == 1;
                assert!(!only_first || error.is_some() == errors, "{}: {error:?}", case.name);
                if error.is_none() {
                    cells += compare(&case, &batches);
                }
                compared += 1;
            }
            Err(error) => {
                assert!(refused || errors || columns.is_none(), "{}: {error}", case.name);
            }
        }
    }
    assert!(folder().is_none() || cells > 5_000 && compared > 80, "{cells} cells of {compared} answers");
}

#[test]
fn packets_may_end_anywhere() {
    for case in cases() {
        if !["all_types_zero_rows", "nbcrow_mix", "int_nullable", "datetime2", "max_mixed", "char"]
            .contains(&case.name.as_str())
        {
            continue;
        }
        let Ok((whole, None)) = read(case.bytes.clone(), 1000) else { continue };
        let payload = payload(&case.bytes);
        for size in [1, 2, 3, 5, 7, 64, 511] {
            let (batches, error) = read(packets(&payload, size), 1000).unwrap();
            assert!(error.is_none(), "{}: {error:?}", case.name);
            assert_eq!(batches, whole, "{} in packets of {size} bytes", case.name);
        }
    }
}

#[test]
fn batches_have_the_rows_asked_for_whatever_the_packets() {
    let Some(case) = cases().into_iter().find(|case| case.name == "num_5000") else { return };
    let (batches, error) = read(case.bytes, 512).unwrap();
    assert!(error.is_none());
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [512, 512, 512, 512, 512, 512, 512, 512, 512, 392]);
}
