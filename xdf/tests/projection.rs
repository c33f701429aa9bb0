//! A choice of columns, a range of rows, many threads.

mod tables;

use std::sync::Arc;
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, RecordBatchReader, StringArray};
use tables::{assert_same, folder, read_all, write};
use xdf::{Error, File, ReadOptions, WriteOptions};

fn table(rows: i32) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("row", Arc::new(Int32Array::from_iter_values(0..rows))),
        ("square", Arc::new(Int32Array::from_iter_values((0..rows).map(|i| i * i)))),
        ("text", Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("t{i}"))))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn open(folder: &tempfile::TempDir) -> File {
    write(folder, &[table(1000)], WriteOptions::default().with_block_rows(64))
}

#[test]
fn columns_come_in_the_order_asked_for() {
    let folder = folder();
    let file = open(&folder);
    let batch = file.read_block(1, &[2, 0]).unwrap();
    let names: Vec<_> = batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["text", "row"]);
    assert_eq!(batch.column(1).as_primitive::<Int32Type>().value(0), 64);
    assert_eq!(batch.column(0).as_string::<i32>().value(0), "t64");
    let reader = file.reader(&ReadOptions::default().with_columns(vec![1])).unwrap();
    assert_eq!(reader.schema().field(0).name(), "square");
    let none = file.read_block(15, &[]).unwrap();
    assert_eq!((none.num_columns(), none.num_rows()), (0, 40));
}

#[test]
fn any_range_of_rows() {
    let folder = folder();
    let file = open(&folder);
    let whole = table(1000);
    for (start, end) in
        [(0, 1000), (0, 0), (63, 65), (64, 128), (100, 101), (999, 1000), (5, 640), (1000, 2000), (990, 9999)]
    {
        let options = ReadOptions::default().with_rows(start..end);
        let reader = file.reader(&options).unwrap();
        assert_eq!(reader.remaining_rows(), end.min(1000) - start.min(1000));
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        assert!(batches.iter().all(|batch| (1..=64).contains(&batch.num_rows())));
        let (start, end) = (start.min(1000) as usize, end.min(1000) as usize);
        assert_same(&[whole.slice(start, end - start)], &batches);
    }
    #[expect(clippy::reversed_empty_ranges, reason = "what a caller may compute")]
    let mut reader = file.reader(&ReadOptions::default().with_rows(10..5)).unwrap();
    assert!(reader.next().is_none());
}

#[test]
fn blocks_know_their_place() {
    let folder = folder();
    let file = open(&folder);
    assert_eq!((file.num_rows(), file.num_blocks()), (1000, 16));
    assert_eq!((file.block_start(3), file.block_rows(3)), (192, 64));
    assert_eq!((file.block_start(15), file.block_rows(15)), (960, 40));
    assert_eq!((file.block_start(16), file.block_rows(16)), (1000, 0));
    let segments = file.segments(3);
    assert_eq!(segments.iter().map(|s| (s.column, s.rows)).collect::<Vec<_>>(), [(0, 64), (1, 64), (2, 64)]);
    assert!(segments.iter().all(|s| s.offset % 64 == 0 && s.bytes > 0));
    assert_eq!(segments[0].encoding, "offset + 6 bits packed");
    assert!(file.segments(16).is_empty());
}

#[test]
fn what_does_not_exist_is_an_error() {
    let folder = folder();
    let file = open(&folder);
    assert!(matches!(file.read_block(16, &[0]), Err(Error::NoSuchBlock { index: 16, blocks: 16, .. })));
    assert!(matches!(file.read_block(0, &[3]), Err(Error::NoSuchColumn { index: 3, columns: 3, .. })));
    assert!(file.reader(&ReadOptions::default().with_columns(vec![7])).is_err());
    assert!(file.column_statistics(3).is_none() && file.segment_statistics(16, 0).is_none());
}

#[test]
fn many_threads_read_at_once() {
    let folder = folder();
    let file = open(&folder);
    thread::scope(|scope| {
        for _ in 0..4 {
            let file = file.clone();
            scope.spawn(move || assert_same(&[table(1000)], &read_all(&file)));
        }
    });
}
