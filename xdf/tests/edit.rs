//! Changes in place: what an editor commits is read, what it does not commit never was.

mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int8Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use tables::{assert_same, folder, ints, read_all, write};
use xdf::{CompactOptions, Editor, Error, File, Scalar, WriteOptions, Writer, compact, metadata};

/// Two columns: `x` from `rows`, `f` with the given levels in turn.
fn table(rows: std::ops::Range<i32>, levels: &[&str]) -> RecordBatch {
    let texts: Vec<&str> = rows.clone().map(|row| levels[row as usize % levels.len()]).collect();
    let factor: DictionaryArray<Int32Type> = texts.into_iter().collect();
    let x: ArrayRef = Arc::new(Int32Array::from_iter_values(rows));
    RecordBatch::try_from_iter_with_nullable([("x", x, true), ("f", Arc::new(factor) as ArrayRef, true)])
        .unwrap()
}

fn file(folder: &tempfile::TempDir, batch: &RecordBatch, block_rows: usize) -> PathBuf {
    let options = WriteOptions::default().with_block_rows(block_rows);
    write(folder, std::slice::from_ref(batch), options).path().to_owned()
}

/// Commits what `change` does; the file must be sound.
fn edit(path: &Path, change: impl FnOnce(&mut Editor)) -> File {
    let options = WriteOptions::default().with_block_rows(10);
    let mut editor = Editor::open_with(path, &options).unwrap();
    change(&mut editor);
    let file = editor.commit().unwrap();
    assert_eq!(file.verify().unwrap().damaged, []);
    file
}

fn put(editor: &mut Editor, batch: &RecordBatch) -> xdf::Result<()> {
    let mut columns = editor.put_columns(batch.schema())?;
    // In pieces, so that they do not fit the blocks.
    for start in (0..batch.num_rows()).step_by(7) {
        columns.write(&batch.slice(start, 7.min(batch.num_rows() - start)))?;
    }
    columns.finish()
}

#[test]
fn appended_rows_stand_behind_the_others_and_levels_merge() {
    let folder = folder();
    let path = file(&folder, &table(0..25, &["a", "b"]), 10);
    let swapped = table(25..37, &["c", "b"]).project(&[1, 0]).unwrap();
    let after = edit(&path, |editor| editor.append(&swapped).unwrap());
    let more = swapped.project(&[1, 0]).unwrap();
    assert_same(&[table(0..25, &["a", "b"]), more], &read_all(&after));
    assert_eq!(metadata::levels(after.schema().field(1)).unwrap(), ["a", "b", "c"]);
    let blocks: Vec<u64> = (0..after.num_blocks()).map(|block| after.block_rows(block)).collect();
    assert_eq!(blocks, [10, 10, 5, 10, 2]);
    let x = after.column_statistics(0).unwrap();
    assert_eq!((x.rows, x.min, x.max), (37, Some(Scalar::Int(0)), Some(Scalar::Int(36))));
    assert!((x.mean.unwrap() - 18.0).abs() < 1e-12);
    let f = after.column_statistics(1).unwrap();
    assert_eq!(f.level_counts, Some(vec![13, 12 + 6, 6]));
}

#[test]
fn many_commits_leave_no_dead_statistics_in_the_footer() {
    let folder = folder();
    let path = file(&folder, &table(0..10, &["a", "b"]), 10);
    let mut footers = Vec::new();
    for round in 1..=6 {
        edit(&path, |editor| editor.append(&table(round * 10..round * 10 + 10, &["a", "b"])).unwrap());
        let bytes = fs::read(&path).unwrap();
        let slot = if bytes[512] > bytes[1024] { 512 } else { 1024 };
        footers.push(u64::from_le_bytes(bytes[slot + 16..slot + 24].try_into().unwrap()));
    }
    let growth: Vec<u64> = footers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(growth.iter().all(|more| *more <= 256), "{growth:?}");
    assert_eq!(File::open(&path).unwrap().num_rows(), 70);
}

#[test]
fn a_misfit_is_named_and_changes_nothing() {
    let folder = folder();
    let path = file(&folder, &table(0..5, &["a"]), 10);
    let mut editor = Editor::open(&path).unwrap();
    let float: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let good = table(5..6, &["a"]);
    let with = |name: &str, array: ArrayRef| {
        RecordBatch::try_from_iter([(name, array), ("f", Arc::clone(good.column(1)))]).unwrap()
    };
    for (batch, expected) in [
        (with("x", float), ["'x' Int32", "'x' Float64"]),
        (good.project(&[0]).unwrap(), ["'f' Dictionary", "no such column"]),
        (with("y", Arc::clone(good.column(0))), ["'x' Int32", "no such column"]),
        (
            RecordBatch::try_from_iter([
                ("x", Arc::clone(good.column(0))),
                ("f", Arc::clone(good.column(1))),
                ("z", Arc::clone(good.column(0))),
            ])
            .unwrap(),
            ["a column of the file", "'z' Int32"],
        ),
    ] {
        let error = editor.append(&batch).unwrap_err();
        assert!(matches!(error, Error::SchemaMismatch { .. }), "{error}");
        let text = error.to_string();
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
    }
    editor.append(&good).unwrap();
    assert_same(&[table(0..6, &["a"])], &read_all(&editor.commit().unwrap()));
}

#[test]
fn an_order_of_levels_is_never_guessed() {
    let folder = folder();
    let field = |levels: &[&str]| {
        let factor = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let field = metadata::set_levels(Field::new("f", factor, true), levels);
        metadata::set(field, metadata::ORDERED, "true")
    };
    let batch = |levels: &[&str], key: i32| {
        let values = StringArray::from(levels.to_vec());
        let array = DictionaryArray::new(Int32Array::from(vec![key]), Arc::new(values));
        RecordBatch::try_new(Arc::new(Schema::new(vec![field(levels)])), vec![Arc::new(array)]).unwrap()
    };
    let path = file(&folder, &batch(&["low", "high"], 0), 10);
    for wrong in [&["low", "mid", "high"][..], &["top"], &["low", "top"], &["high", "low", "top"]] {
        let mut editor = Editor::open(&path).unwrap();
        let error = editor.append(&batch(wrong, 0)).unwrap_err().to_string();
        assert!(error.contains("ordered factor 'f'") && error.contains("new ones last"), "{error}");
    }
    // Known levels need no order, new ones behind the last known have one.
    edit(&path, |editor| {
        editor.append(&batch(&["high", "low"], 0)).unwrap();
        editor.append(&batch(&["high", "top"], 1)).unwrap();
    });
    let file = File::open(&path).unwrap();
    assert_eq!(metadata::levels(file.schema().field(0)).unwrap(), ["low", "high", "top"]);
    assert!(metadata::is_ordered(file.schema().field(0)));
    let texts = ["low", "high", "top"];
    let expected: DictionaryArray<Int32Type> = texts.into_iter().collect();
    assert_same(
        &[RecordBatch::try_from_iter([("f", Arc::new(expected) as ArrayRef)]).unwrap()],
        &read_all(&file),
    );
}

#[test]
fn columns_are_put_behind_replaced_and_dropped() {
    let folder = folder();
    let path = file(&folder, &table(0..25, &["a", "b"]), 10);
    let y = ints("y", (0..25).map(|v| v * 1000));
    edit(&path, |editor| put(editor, &y).unwrap());
    // A replaced column may change its type; nulls make it nullable.
    let values: ArrayRef = Arc::new((0..25).map(|v| (v % 3 > 0).then_some(v as i8)).collect::<Int8Array>());
    let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("x", DataType::Int8, false)]));
    let nullable = Arc::new(Schema::new(vec![Field::new("x", DataType::Int8, true)]));
    let x = RecordBatch::try_new(nullable, vec![values]).unwrap();
    let after = edit(&path, |editor| {
        let mut columns = editor.put_columns(Arc::clone(&schema)).unwrap();
        columns.write(&x).unwrap();
        columns.finish().unwrap();
    });
    let names: Vec<&str> = after.schema().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["x", "f", "y"]);
    assert!(after.schema().field(0).is_nullable());
    let rest = table(0..25, &["a", "b"]);
    let expected = RecordBatch::try_from_iter_with_nullable([
        ("x", Arc::clone(x.column(0)), true),
        ("f", Arc::clone(rest.column(1)), true),
        ("y", Arc::clone(y.column(0)), true),
    ])
    .unwrap();
    assert_same(std::slice::from_ref(&expected), &read_all(&after));
    assert_eq!(after.column_statistics(0).unwrap().missing, 9);
    assert_eq!(after.column_statistics(2).unwrap().max, Some(Scalar::Int(24_000)));
    // Dropped, and new under the old name: the dead segments are not taken for the new ones.
    let after = edit(&path, |editor| {
        editor.drop_columns(&["y", "x"]).unwrap();
        editor.append(&rest.project(&[1]).unwrap()).unwrap();
        put(editor, &ints("y", 0..50)).unwrap();
    });
    let f = rest.project(&[1]).unwrap();
    assert_same(
        &[ints("y", 0..50)],
        &after
            .reader(&xdf::ReadOptions::default().with_columns(vec![1]))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<_>>(),
    );
    assert_same(
        &[f.clone(), f],
        &after
            .reader(&xdf::ReadOptions::default().with_columns(vec![0]))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn columns_of_another_length_change_nothing() {
    let folder = folder();
    let path = file(&folder, &table(0..25, &["a"]), 10);
    let before = fs::read(&path).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    for rows in [0, 24, 26] {
        let error = put(&mut editor, &ints("y", 0..rows)).unwrap_err();
        assert!(matches!(error, Error::RowCount { expected: 25, .. }), "{error}");
    }
    let mut columns = editor.put_columns(ints("y", 0..0).schema()).unwrap();
    columns.write(&ints("y", 0..25)).unwrap();
    assert!(matches!(columns.write(&ints("y", 0..1)), Err(Error::RowCount { got: 26, .. })));
    drop(columns);
    drop(editor.commit().unwrap());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn names_descriptions_levels_and_row_names() {
    let folder = folder();
    let path = file(&folder, &table(0..4, &["a", "b"]), 10);
    let after = edit(&path, |editor| {
        editor.set_column_metadata("x", metadata::DESCRIPTION, Some("a number")).unwrap();
        editor.set_column_metadata("x", metadata::VALUE_LABELS, Some(r#"{"1": "one"}"#)).unwrap();
        editor.set_column_metadata("x", "mine", Some("kept")).unwrap();
        editor.set_file_metadata("source", Some("a test")).unwrap();
        editor.set_file_metadata(metadata::ROW_NAMES, Some("f")).unwrap();
        editor.rename("f", "group").unwrap();
        editor.set_levels("group", &["A", "B"]).unwrap();
    });
    let x = after.schema().field(0);
    assert_eq!(metadata::description(x), Some("a number"));
    assert_eq!(x.metadata()["mine"], "kept");
    assert_eq!(after.schema().metadata()[metadata::ROW_NAMES], "group");
    assert_eq!(after.schema().metadata()["source"], "a test");
    assert_eq!(metadata::levels(after.schema().field(1)).unwrap(), ["A", "B"]);
    let expected = table(0..4, &["A", "B"]);
    assert_same(&[expected], &read_all(&after));
    let mut editor = Editor::open(&path).unwrap();
    for (result, part) in [
        (editor.rename("x", "group"), "'group'"),
        (editor.rename("z", "w"), "no column 'z'; its columns are: x, group"),
        (editor.set_levels("x", &["1"]), "no factor"),
        (editor.set_levels("group", &["1"]), "2 levels, 1 names"),
        (editor.set_levels("group", &["1", "1"]), "one name"),
        (editor.set_column_metadata("x", metadata::LOW, Some("low")), "must be numbers"),
        (editor.set_column_metadata("x", "xdf.new", Some("")), "reserved"),
        (editor.set_file_metadata(metadata::ROW_NAMES, Some("z")), "no column 'z'"),
        (editor.drop_columns(&["x", "group"]), "at least one column"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    editor.drop_columns(&["group"]).unwrap();
    editor.set_column_metadata("x", "mine", None).unwrap();
    let after = editor.commit().unwrap();
    assert!(!after.schema().metadata().contains_key(metadata::ROW_NAMES));
    assert!(!after.schema().field(0).metadata().contains_key("mine"));
}

#[test]
fn low_and_high_set_by_hand_are_kept_widened_and_dropped() {
    let folder = folder();
    let path = file(&folder, &ints("x", 3..8), 10);
    let range = |file: &File| metadata::low_high(file.schema().field(0));
    let after = edit(&path, |editor| {
        editor.set_column_metadata("x", metadata::LOW, Some("0")).unwrap();
        editor.set_column_metadata("x", metadata::HIGH, Some("100")).unwrap();
    });
    assert_eq!(range(&after), Some((0.0, 100.0)));
    let after = edit(&path, |editor| editor.append(&ints("x", [50, 99])).unwrap());
    assert_eq!(range(&after), Some((0.0, 100.0)));
    let after = edit(&path, |editor| editor.append(&ints("x", [-7, 40])).unwrap());
    assert_eq!(range(&after), Some((-7.0, 100.0)));
    compact(&path, &CompactOptions::default().with_block_rows(4)).unwrap();
    assert_eq!(range(&File::open(&path).unwrap()), Some((-7.0, 100.0)));
    // Of other data they say nothing: neither of a replaced column nor of another file.
    let file = File::open(&path).unwrap();
    let other = folder.path().join("other.xdf");
    let mut writer = Writer::create(&other, Arc::clone(file.schema()), WriteOptions::default()).unwrap();
    writer.write(&ints("x", [1])).unwrap();
    assert_eq!(range(&writer.finish().unwrap()), None);
    let replaced = edit(&path, |editor| {
        let mut columns = editor.put_columns(Arc::clone(file.schema())).unwrap();
        columns.write(&ints("x", 0..9)).unwrap();
        columns.finish().unwrap();
    });
    assert_eq!(range(&replaced), None);
}

#[test]
fn nothing_happens_without_a_commit() {
    let folder = folder();
    let path = file(&folder, &table(0..25, &["a"]), 10);
    let before = fs::read(&path).unwrap();
    let mut editor = Editor::open_with(&path, &WriteOptions::default().with_block_rows(5)).unwrap();
    editor.append(&table(0..100, &["a"])).unwrap();
    editor.drop_columns(&["f"]).unwrap();
    assert_eq!(editor.file().num_rows(), 25);
    assert_same(&[table(0..25, &["a"])], &read_all(&File::open(&path).unwrap()));
    drop(editor);
    assert_eq!(fs::read(&path).unwrap(), before);
    drop(Editor::open(&path).unwrap().commit().unwrap());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn readers_keep_the_commit_that_they_opened() {
    let folder = folder();
    let path = file(&folder, &table(0..25, &["a", "b"]), 10);
    for mmap in [true, false] {
        let options = xdf::OpenOptions::default().with_mmap(mmap);
        let before = File::open_with(&path, &options).unwrap();
        let expected = read_all(&before);
        edit(&path, |editor| editor.append(&table(0..30, &["z"])).unwrap());
        edit(&path, |editor| {
            editor.set_levels("f", &["1", "2", "3"]).unwrap();
            put(editor, &ints("x", 0..i32::try_from(before.num_rows()).unwrap() + 30)).unwrap();
        });
        compact(&path, &CompactOptions::default()).unwrap();
        assert_same(&expected, &read_all(&before));
        assert_eq!(before.verify().unwrap().damaged, []);
        edit(&path, |editor| editor.set_levels("f", &["a", "b", "z"]).unwrap());
    }
}

#[test]
fn an_unfinished_tail_is_cut() {
    let folder = folder();
    let path = file(&folder, &ints("x", 0..5), 10);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(&[0xB5; 1000]);
    fs::write(&path, bytes).unwrap();
    let after = edit(&path, |editor| editor.append(&ints("x", 5..8)).unwrap());
    assert_same(&[ints("x", 0..8)], &read_all(&after));
    let written = fs::read(&path).unwrap();
    assert!(!written.windows(8).any(|bytes| bytes == [0xB5; 8]));
}

#[test]
fn files_of_other_generations_are_not_edited() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    fs::write(&path, "text").unwrap();
    assert!(matches!(Editor::open(&path), Err(Error::NotXdf { .. })));
    assert!(matches!(Editor::open(folder.path()), Err(Error::Folder { is_set: false, .. })));
    assert!(Editor::open(folder.path().join("absent.xdf")).is_err());
}

#[test]
fn a_file_of_version_5_0_is_edited() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/xdf-5.0.xdf"), &path).unwrap();
    let before = File::open(&path).unwrap();
    let batch = &read_all(&before)[0];
    let after = edit(&path, |editor| editor.append(batch).unwrap());
    assert_eq!(after.num_rows(), before.num_rows() + batch.num_rows() as u64);
    let mut expected = read_all(&before);
    expected.push(batch.clone());
    assert_same(&expected, &read_all(&after));
}
