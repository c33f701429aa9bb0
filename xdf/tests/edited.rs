//! Statistics after changes in place are those of the same rows written at once: nothing that was known of rows,
//! columns or levels that are gone survives, in the file and in each block.

mod tables;

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use tables::any::{Shape, batch};
use tables::{folder, read_all, write};
use xdf::{ColumnStatistics, CompactOptions, Editor, File, QuantileSketch, WriteOptions, compact};

fn same_moments(found: &ColumnStatistics, expected: &ColumnStatistics, what: &str) {
    let near = |a: Option<f64>, b: Option<f64>, tolerance: f64| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance,
        (a, b) => a.is_none() && b.is_none(),
    };
    let size = expected.mean.unwrap_or(0.0).abs();
    let (n, m2) = (expected.count() as f64, expected.m2.unwrap_or(0.0));
    // values are rounded to floats, and so are their sums
    let rounding = 1e-15 * size;
    assert!(near(found.mean, expected.mean, 1e-12 * size + 1e-12), "{what}: {found:?}, not {expected:?}");
    let tolerance = 1e-9 * m2 + 2.0 * (m2 * n).sqrt() * rounding + n * rounding * rounding;
    assert!(near(found.m2, expected.m2, tolerance), "{what}: {found:?}, not {expected:?}");
}

fn same_counts(found: Option<&[u64]>, expected: Option<&[u64]>, what: &str) {
    let listed = |counts: &[u64]| counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    if let (Some(found), Some(expected)) = (found, expected) {
        assert_eq!(found[..listed(found)], expected[..listed(expected)], "levels of {what}");
    }
}

fn same_quantiles(found: &QuantileSketch, expected: &QuantileSketch, what: &str) {
    assert_eq!(found.count(), expected.count(), "{what}");
    assert_eq!((found.quantile(0.0), found.quantile(1.0)), (expected.quantile(0.0), expected.quantile(1.0)));
    if found.is_exact() && expected.is_exact() {
        let all = |sketch: &QuantileSketch| (0..sketch.count()).map(|rank| sketch.value_at(rank)).collect();
        let (found, expected): (Vec<_>, Vec<_>) = (all(found), all(expected));
        assert_eq!(found, expected, "{what}");
    }
    if found.count() == 0 {
        return;
    }
    let error = found.rank_error() + expected.rank_error() + 1.0 / found.count() as f64;
    assert!(error < 0.05, "{what}: the error is {error}");
    for step in 0..=20 {
        let p = f64::from(step) / 20.0;
        let Some(value) = found.quantile(p).and_then(|value| value.as_f64()) else { continue };
        // ranks are asked for by floats, which do not tell larger whole numbers apart
        if value.abs() > 2_f64.powi(53) {
            continue;
        }
        // a value that occurs often has many ranks
        let (below, rank) = (expected.rank(value.next_down()).unwrap(), expected.rank(value).unwrap());
        assert!(
            below - error <= p && p <= rank + error,
            "{what}: {value} for {p} has ranks {below} to {rank}"
        );
    }
}

/// Compares the statistics of a file with those of its rows in new files, of all rows and of each block.
fn assert_as_new(file: &File, rows: &[RecordBatch]) {
    assert_eq!(file.verify().unwrap().damaged, []);
    tables::assert_same(rows, &read_all(file));
    let folder = folder();
    let new = write(&folder, rows, WriteOptions::default().with_block_rows(1111));
    for (column, field) in file.schema().fields().iter().enumerate() {
        let what = format!("'{}'", field.name());
        let found = file.column_statistics(column).unwrap();
        let expected = new.column_statistics(column).unwrap();
        assert_eq!((found.rows, found.missing), (expected.rows, expected.missing), "{what}");
        assert_eq!((&found.min, &found.max), (&expected.min, &expected.max), "{what}");
        same_moments(&found, &expected, &what);
        assert_eq!(file.levels(column), new.levels(column), "{what}");
        assert_eq!(found.level_counts.is_some(), expected.level_counts.is_some(), "{what}");
        same_counts(found.level_counts.as_deref(), expected.level_counts.as_deref(), &what);
        assert_eq!(found.sketch.is_some(), expected.sketch.is_some(), "{what}");
        if let (Some(found), Some(expected)) = (&found.sketch, &expected.sketch) {
            same_quantiles(found, expected, &what);
        }
    }
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    for block in 0..file.num_blocks() {
        let batch = file.read_block(block, &columns).unwrap();
        let alone = write(&folder, &[batch], WriteOptions::default());
        for column in &columns {
            let mut found = file.segment_statistics(block, *column).unwrap();
            let mut expected = alone.segment_statistics(0, *column).unwrap();
            let what = format!("column {column} of block {block}");
            // whether a block counts its levels depends on how many were known when it was written
            let counts = (found.level_counts.take(), expected.level_counts.take());
            same_counts(counts.0.as_deref(), counts.1.as_deref(), &what);
            assert_eq!(found, expected, "{what}");
        }
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut Editor)) -> File {
    let options = WriteOptions::default().with_block_rows(700);
    let mut editor = Editor::open_with(path, &options).unwrap();
    change(&mut editor);
    editor.commit().unwrap()
}

fn put(editor: &mut Editor, columns: &RecordBatch) {
    let mut writer = editor.put_columns(columns.schema()).unwrap();
    // in pieces that do not fit the blocks
    for start in (0..columns.num_rows()).step_by(333) {
        writer.write(&columns.slice(start, 333.min(columns.num_rows() - start))).unwrap();
    }
    writer.finish().unwrap();
}

fn begin(folder: &tempfile::TempDir, rows: &RecordBatch) -> std::path::PathBuf {
    let options = WriteOptions::default().with_block_rows(1024);
    write(folder, std::slice::from_ref(rows), options).path().to_owned()
}

/// The columns with even numbers from one batch, the others from another.
fn mixed(even: &RecordBatch, odd: &RecordBatch) -> RecordBatch {
    let columns = (0..even.num_columns())
        .map(|column| Arc::clone(if column % 2 == 0 { even } else { odd }.column(column)))
        .collect();
    RecordBatch::try_new(even.schema(), columns).unwrap()
}

/// Every second column, from the first or the second.
fn half(batch: &RecordBatch, first: usize) -> RecordBatch {
    batch.project(&(first..batch.num_columns()).step_by(2).collect::<Vec<_>>()).unwrap()
}

const SHAPES: [(Shape, u64); 4] =
    [(Shape::WideRange, 10), (Shape::Runs, 0), (Shape::SmallRange, 60), (Shape::Constant, 100)];

#[test]
fn rows_that_are_appended_are_added() {
    for (shape, missing) in SHAPES {
        let (folder, first) = (folder(), batch(Shape::WideRange, 5, 1, 5000));
        let path = begin(&folder, &first);
        let (second, third) = (batch(shape, missing, 2, 1500), batch(Shape::Few, 20, 3, 90));
        edit(&path, |editor| editor.append(&second).unwrap());
        let file = edit(&path, |editor| editor.append(&third).unwrap());
        assert_as_new(&file, &[first, second, third]);
    }
}

#[test]
fn columns_that_are_replaced_are_forgotten() {
    for (shape, missing) in SHAPES {
        let (folder, old) = (folder(), batch(Shape::WideRange, 5, 1, 4000));
        let path = begin(&folder, &old);
        let new = batch(shape, missing, 7, 4000);
        let file = edit(&path, |editor| put(editor, &half(&new, 0)));
        assert_as_new(&file, &[mixed(&new, &old)]);
        // and again, with rows behind them, in one commit
        let (more, last) = (batch(Shape::Runs, 30, 8, 700), batch(Shape::SmallRange, 0, 9, 4700));
        let file = edit(&path, |editor| {
            editor.append(&more).unwrap();
            put(editor, &half(&last, 0));
        });
        let kept = mixed(&last.slice(0, 4000), &old);
        assert_as_new(&file, &[kept, mixed(&last.slice(4000, 700), &more)]);
    }
}

#[test]
fn columns_that_are_dropped_leave_nothing_to_those_of_their_name() {
    let (folder, old) = (folder(), batch(Shape::WideRange, 5, 1, 3000));
    let path = begin(&folder, &old);
    let dropped = half(&old, 0);
    let schema = dropped.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let file = edit(&path, |editor| editor.drop_columns(&names).unwrap());
    assert_as_new(&file, &[half(&old, 1)]);
    let new = half(&batch(Shape::Few, 50, 4, 3000), 0);
    let file = edit(&path, |editor| put(editor, &new));
    let fields =
        half(&old, 1).schema().fields().iter().chain(new.schema().fields()).cloned().collect::<Vec<_>>();
    let columns = half(&old, 1).columns().iter().chain(new.columns()).cloned().collect();
    let expected = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert_as_new(&file, std::slice::from_ref(&expected));
    compact(&path, &CompactOptions::default().with_block_rows(500)).unwrap();
    assert_as_new(&File::open(&path).unwrap(), &[expected]);
}

#[test]
fn a_file_that_is_written_over_is_another_one() {
    let folder = folder();
    let path = begin(&folder, &batch(Shape::WideRange, 0, 1, 4000));
    let new = batch(Shape::Few, 30, 2, 900);
    assert_eq!(begin(&folder, &new), path);
    assert_as_new(&File::open(path).unwrap(), &[new]);
}
