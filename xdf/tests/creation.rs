//! A file appears under its name complete, or not at all; what was there stays until then.

mod tables;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, Int32Array, LargeStringArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use tables::{assert_same, folder, read_all};
use xdf::{Error, File, WriteOptions, Writer};

fn table(value: i32) -> RecordBatch {
    RecordBatch::try_from_iter([("x", Arc::new(Int32Array::from(vec![value; 100])) as ArrayRef)]).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn create(path: &Path, overwrite: bool) -> xdf::Result<Writer> {
    Writer::create(
        path,
        table(0).schema(),
        WriteOptions::default().with_overwrite(overwrite).with_block_rows(10),
    )
}

#[test]
fn nothing_is_left_of_a_writer_that_is_dropped() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let mut writer = create(&path, false).unwrap();
    writer.write(&table(1)).unwrap();
    assert!(!path.exists());
    assert_eq!(names(folder.path()).len(), 1);
    drop(writer);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn an_existing_target_is_refused_before_anything_is_written() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    fs::write(&path, "precious").unwrap();
    assert!(matches!(create(&path, false), Err(Error::Exists { .. })));
    assert_eq!(names(folder.path()), ["t.xdf"]);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_target_that_appears_meanwhile_is_not_replaced() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let mut writer = create(&path, false).unwrap();
    writer.write(&table(1)).unwrap();
    fs::write(&path, "precious").unwrap();
    assert!(matches!(writer.finish(), Err(Error::Exists { .. })));
    assert_eq!(names(folder.path()), ["t.xdf"]);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn overwriting_keeps_the_old_file_until_the_new_one_is_complete() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let mut writer = create(&path, false).unwrap();
    writer.write(&table(1)).unwrap();
    let old = writer.finish().unwrap();
    let mut writer = create(&path, true).unwrap();
    writer.write(&table(2)).unwrap();
    assert_same(&[table(1)], &read_all(&File::open(&path).unwrap()));
    let new = writer.finish().unwrap();
    assert_same(&[table(2)], &read_all(&new));
    // Who opened it before goes on reading what was there then.
    assert_same(&[table(1)], &read_all(&old));
    assert_eq!(names(folder.path()), ["t.xdf"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_the_mask_of_the_process_holds() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let (path, link) = (folder.path().join("t.xdf"), folder.path().join("link.xdf"));
    create(&path, false).unwrap().finish().unwrap();
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&plain));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut writer = create(&link, true).unwrap();
    writer.write(&table(3)).unwrap();
    writer.finish().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_same(&[table(3)], &read_all(&File::open(&path).unwrap()));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let folder = folder();
    let path = folder.path().join("socket.xdf");
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let error = create(&path, true).unwrap_err().to_string();
    assert!(error.contains("socket.xdf") && error.contains("no regular file"), "{error}");
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    assert_eq!(names(folder.path()), ["socket.xdf"]);
}

#[test]
fn impossible_targets_are_named() {
    let folder = folder();
    let missing = folder.path().join("no/such/t.xdf");
    let error = create(&missing, false).unwrap_err().to_string();
    assert!(error.contains("no/such/t.xdf") && error.contains("cannot create"), "{error}");
    assert!(!error.contains(".t.xdf."), "{error}");
    assert!(create(folder.path(), true).is_err());
    assert!(matches!(create(folder.path(), false), Err(Error::Exists { .. })));
    assert!(File::open(folder.path()).is_err());
    let error = File::open(folder.path().join("absent.xdf")).unwrap_err().to_string();
    assert!(error.contains("cannot open") && error.contains("absent.xdf"), "{error}");
}

#[test]
fn types_that_are_not_stored_are_refused_by_name() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let array: ArrayRef = Arc::new(LargeStringArray::from(vec!["a"]));
    let batch = RecordBatch::try_from_iter([("big text", array)]).unwrap();
    let error = Writer::create(&path, batch.schema(), WriteOptions::default()).unwrap_err().to_string();
    assert!(error.contains("'big text'") && error.contains("LargeUtf8") && error.contains("utf8"), "{error}");
    let twice =
        Schema::new(vec![Field::new("a", DataType::Int8, true), Field::new("a", DataType::Int8, true)]);
    let error = Writer::create(&path, Arc::new(twice), WriteOptions::default()).unwrap_err().to_string();
    assert!(error.contains("'a'"), "{error}");
    for options in [WriteOptions::default().with_level(10), WriteOptions::default().with_block_rows(0)] {
        assert!(matches!(
            Writer::create(&path, table(0).schema(), options),
            Err(Error::InvalidOption { .. })
        ));
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn batches_must_fit_the_schema_and_a_misfit_does_no_harm() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let mut writer = create(&path, false).unwrap();
    writer.write(&table(1)).unwrap();
    let other = |name: &str, array: ArrayRef| RecordBatch::try_from_iter([(name, array)]).unwrap();
    for wrong in [
        other("y", Arc::new(Int32Array::from(vec![1]))),
        other("x", Arc::new(Float32Array::from(vec![1.0]))),
        other("x", Arc::new(StringArray::from(vec!["1"]))),
        RecordBatch::new_empty(Arc::new(Schema::empty())),
    ] {
        let error = writer.write(&wrong).unwrap_err();
        assert!(matches!(error, Error::SchemaMismatch { index: 0, .. }), "{error}");
        assert!(error.to_string().contains("'x' Int32"), "{error}");
    }
    assert_same(&[table(1)], &read_all(&writer.finish().unwrap()));
}

#[test]
fn missing_values_in_a_column_that_has_none_by_its_schema() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let schema = Schema::new(vec![Field::new("x", DataType::Int32, false)]);
    let mut writer = Writer::create(&path, Arc::new(schema), WriteOptions::default()).unwrap();
    let array: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
    writer.write(&batch).unwrap();
    let file = writer.finish().unwrap();
    assert!(file.schema().field(0).is_nullable());
    assert_same(&[batch], &read_all(&file));
}
