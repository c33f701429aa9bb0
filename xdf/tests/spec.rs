//! The example of the specification is a file that opens, and what the writer writes today.

mod tables;

use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int16Array, RecordBatch};
use tables::{assert_same, folder, read_all, write};
use xdf::{File, Scalar, WriteOptions};

const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/spec/xdf5.md");

/// The bytes of the hexadecimal listing; what it leaves out is zero.
fn example() -> Vec<u8> {
    let text = fs::read_to_string(SPECIFICATION).unwrap();
    let listing = text.split("```hex\n").nth(1).unwrap().split("```").next().unwrap();
    let mut bytes = Vec::new();
    for line in listing.lines() {
        let (offset, values) = line.split_once("  ").unwrap();
        bytes.resize(usize::from_str_radix(offset, 16).unwrap(), 0);
        bytes.extend(values.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    bytes
}

fn table() -> RecordBatch {
    let array: ArrayRef = Arc::new(Int16Array::from(vec![Some(3), None, Some(5)]));
    RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap()
}

#[test]
fn the_example_opens_and_is_sound() {
    let folder = folder();
    let path = folder.path().join("example.xdf");
    fs::write(&path, example()).unwrap();
    let file = File::open(&path).unwrap();
    assert_same(&[table()], &read_all(&file));
    assert!(file.verify().unwrap().is_ok());
    assert_eq!(file.generation().to_string(), "XDF 5.1");
    let segment = &file.segments(0)[0];
    assert_eq!(segment.encoding, "masked + offset + 8 bit");
    assert_eq!((segment.bytes, segment.decoded_bytes), (0x58, 6));
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.rows, statistics.missing), (3, 1));
    assert_eq!((statistics.min, statistics.max), (Some(Scalar::Int(3)), Some(Scalar::Int(5))));
    assert_eq!((statistics.mean, statistics.m2), (Some(4.0), Some(2.0)));
    let sketch = statistics.sketch.unwrap();
    assert_eq!((sketch.count(), sketch.is_exact()), (2, true));
}

#[test]
fn the_writer_still_writes_the_block_of_the_example() {
    let folder = folder();
    let file = write(&folder, &[table()], WriteOptions::default());
    let written = fs::read(file.path()).unwrap();
    let example = example();
    // The frames before and after carry the version of the writer; the block carries none.
    assert_eq!(written[..512], example[..512]);
    assert_eq!(written[0x1080..0x11c0], example[0x1080..0x11c0]);
    assert_eq!(written.len(), example.len());
}
