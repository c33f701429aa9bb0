//! Types that only Microsoft's own server sends: those of columns without missing values, and old ones.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMillisecondType, UInt8Type,
};
use arrow_array::{Array, RecordBatch};
use sqlbridge::{Result, Session};

use super::replay::{Reply, Server, columns, done, error, packets, sql};

/// The answer of one row to any query.
fn answer(types: &[(&str, &[u8])], rows: &[&[u8]]) -> Vec<u8> {
    let mut tokens = columns(types);
    for row in rows {
        tokens.push(0xD1);
        tokens.extend_from_slice(row);
    }
    tokens.extend(done(0x10, rows.len() as u64));
    tokens
}

fn query(tokens: &[u8]) -> Result<RecordBatch> {
    let bytes = packets(tokens, 100);
    let server = Server::start(1, move |_, _| Reply::Bytes(bytes.clone()));
    server.database().open()?.query("SELECT")
}

#[test]
fn types_of_fixed_length_have_no_length() {
    let types: &[(&str, &[u8])] = &[
        ("tinyint", &[0x30]),
        ("bit", &[0x32]),
        ("smallint", &[0x34]),
        ("int", &[0x38]),
        ("bigint", &[0x7F]),
        ("real", &[0x3B]),
        ("float", &[0x3E]),
        ("money", &[0x3C]),
        ("smallmoney", &[0x7A]),
        ("datetime", &[0x3D]),
        ("smalldatetime", &[0x3A]),
    ];
    let mut row = vec![200, 1];
    row.extend((-2_i16).to_le_bytes());
    row.extend((-3_i32).to_le_bytes());
    row.extend((-4_i64).to_le_bytes());
    row.extend(1.5_f32.to_le_bytes());
    row.extend(2.5_f64.to_le_bytes());
    // money -1.0001: its high half first
    let money = (-10_001_i64).to_le_bytes();
    row.extend(&money[4..]);
    row.extend(&money[..4]);
    row.extend(12_345_i32.to_le_bytes());
    // 1970-01-02 00:00:01, and 1970-01-01 00:01
    row.extend(25_568_i32.to_le_bytes());
    row.extend(300_u32.to_le_bytes());
    row.extend(25_567_u16.to_le_bytes());
    row.extend(1_u16.to_le_bytes());
    let batch = query(&answer(types, &[&row])).unwrap();
    assert_eq!(batch.column(0).as_primitive::<UInt8Type>().values(), &[200]);
    assert!(batch.column(1).as_boolean().value(0));
    assert_eq!(batch.column(2).as_primitive::<Int16Type>().values(), &[-2]);
    assert_eq!(batch.column(3).as_primitive::<Int32Type>().values(), &[-3]);
    assert_eq!(batch.column(4).as_primitive::<Int64Type>().values(), &[-4]);
    assert_eq!(batch.column(5).as_primitive::<Float32Type>().values(), &[1.5]);
    assert_eq!(batch.column(6).as_primitive::<Float64Type>().values(), &[2.5]);
    assert_eq!(batch.column(7).as_primitive::<Float64Type>().values(), &[-1.0001]);
    assert_eq!(batch.column(8).as_primitive::<Float64Type>().values(), &[1.2345]);
    assert_eq!(batch.column(9).as_primitive::<TimestampMillisecondType>().values(), &[86_401_000]);
    assert_eq!(batch.column(10).as_primitive::<TimestampMillisecondType>().values(), &[60_000]);
    assert!(batch.columns().iter().all(|column| column.null_count() == 0));
}

#[test]
fn columns_without_a_name_or_with_the_same_get_one() {
    let batch = query(&answer(&[("", &[0x38]), ("x", &[0x38]), ("x", &[0x38])], &[&[0; 12]])).unwrap();
    let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["V1", "x", "x_1"]);
}

#[test]
fn long_texts_in_chunks_of_unknown_length_are_put_together() {
    let mut row = (u64::MAX - 1).to_le_bytes().to_vec();
    let text: Vec<u8> = "a\u{1F600}b".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for piece in text.chunks(3) {
        row.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
        row.extend_from_slice(piece);
    }
    row.extend([0; 4]);
    let batch = query(&answer(&[("t", &[0xE7, 0xFF, 0xFF, 9, 4, 0xD0, 0, 52])], &[&row])).unwrap();
    assert_eq!(batch.column(0).as_string::<i32>().value(0), "a\u{1F600}b");
}

#[test]
fn an_error_after_rows_fails_the_query_and_says_what_the_server_says() {
    let mut tokens = columns(&[("x", &[0x38])]);
    tokens.extend_from_slice(&[0xD1, 1, 0, 0, 0]);
    tokens.extend(error(8134, "Divide by zero error encountered."));
    tokens.extend(done(0x02, 0));
    let message = query(&tokens).unwrap_err().to_string();
    assert!(
        message.contains("Divide by zero") && message.contains("8134") && message.contains("line 7"),
        "{message}"
    );
}

#[test]
fn a_connection_goes_on_after_errors_and_described_queries() {
    let long = {
        let rows: Vec<&[u8]> = vec![&[7, 0, 0, 0]; 10_000];
        packets(&answer(&[("x", &[0x38])], &rows), 4000)
    };
    let server = Server::start(1, move |kind, message| match kind {
        6 => Reply::Bytes(packets(&done(0x20, 0), 100)),
        _ if sql(message) == "SELECT big" => Reply::Bytes(long.clone()),
        _ if sql(message) == "UPDATE" => Reply::Bytes(packets(&done(0x10, 42), 100)),
        _ => {
            let mut tokens = error(208, "Invalid object name 'nosuch'.");
            tokens.extend(done(0x02, 0));
            Reply::Bytes(packets(&tokens, 100))
        }
    });
    let mut connection = server.database().open().unwrap();
    assert_eq!(connection.describe("SELECT big").unwrap().field(0).name(), "x");
    assert!(connection.query("SELECT nosuch").unwrap_err().to_string().contains("Invalid object name"));
    assert_eq!(connection.execute("UPDATE").unwrap(), Some(42));
    assert_eq!(connection.query("SELECT big").unwrap().num_rows(), 10_000);
}
