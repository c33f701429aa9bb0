//! Sets: parts written apart, committed at once, read as one; partitions; what goes wrong.

mod clean;
mod commit;
mod damage;
mod partitions;
mod processes;
mod reading;
mod specification;
#[path = "../tables/mod.rs"]
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch};
use xdf::set::SetOptions;
use xdf::{PartWriter, ReadOptions, Set};

/// Rows `from` to `to` of a table: their number, a float with gaps, a factor whose levels are found on the way.
fn rows(from: i32, to: i32) -> RecordBatch {
    let row: ArrayRef = Arc::new(Int32Array::from_iter_values(from..to));
    let float: ArrayRef =
        Arc::new((from..to).map(|i| (i % 5 != 0).then(|| f64::from(i) / 3.0)).collect::<Float64Array>());
    let texts = (from..to).map(|i| (i % 11 != 0).then(|| format!("level {}", (i / 7) % 9)));
    let texts: Vec<Option<String>> = texts.collect();
    let factor: DictionaryArray<Int32Type> = texts.iter().map(Option::as_deref).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("row", row, true),
        ("float", float, true),
        ("factor", Arc::new(factor) as ArrayRef, true),
    ])
    .unwrap()
}

fn options() -> SetOptions {
    SetOptions { block_rows: 16, ..SetOptions::default() }
}

/// Begins a set of [`rows`].
fn begin(path: &Path, options: &SetOptions) -> PathBuf {
    Set::begin(path, rows(0, 1).schema(), options).unwrap()
}

/// Writes one part.
fn write(token: &Path, number: u64, batch: &RecordBatch) {
    let mut writer = PartWriter::create(token, number).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
}

/// A set of the first hundred rows in three parts.
fn hundred(path: &Path) -> Set {
    let token = begin(path, &options());
    for (number, (from, to)) in [(0, 40), (40, 75), (75, 100)].into_iter().enumerate() {
        write(&token, number as u64, &rows(from, to));
    }
    Set::commit(&token).unwrap()
}

fn read_all(set: &Set) -> Vec<RecordBatch> {
    set.reader(&ReadOptions::default()).unwrap().map(Result::unwrap).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The row numbers of a set, in its order.
fn row_numbers(set: &Set) -> Vec<i32> {
    let batches = read_all(set);
    let column = batches.iter().map(|batch| batch.column_by_name("row").unwrap());
    column.flat_map(|rows| rows.as_any().downcast_ref::<Int32Array>().unwrap().values().to_vec()).collect()
}
