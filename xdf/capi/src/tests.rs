//! The functions as C calls them, from one thread and from many.

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::Arc;
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float32Array, Int64Array, LargeStringArray, RecordBatch,
    RecordBatchIterator, StringArray, StructArray, make_array,
};
use arrow_schema::{ArrowError, Schema};

use crate::border::{Numbers, Text, Texts};
use crate::error::{Failure, Status, xdf_error_free, xdf_error_message, xdf_error_status, xdf_version};
use crate::file::{FileHandle, OpenOptions};
use crate::file::{xdf_block_rows, xdf_close, xdf_column_name, xdf_find_column, xdf_generation, xdf_open};
use crate::file::{xdf_num_blocks, xdf_num_columns, xdf_num_rows};
use crate::read::{xdf_read, xdf_read_block, xdf_read_named, xdf_schema};
use crate::statistics::{ScalarKind, xdf_column_statistics};
use crate::verify::{xdf_report_free, xdf_report_json, xdf_report_num_damaged, xdf_verify};
use crate::write::{WriteOptions, xdf_append, xdf_write};

const LIBRARY: OpenOptions = OpenOptions { mmap: 0, verify_checksums: 1, reserved: [0; 4] };
const LEVEL_1: WriteOptions = WriteOptions { level: 1, overwrite: 0, block_rows: 4, reserved: [0; 4] };

fn table() -> RecordBatch {
    let count: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(1 << 60), None, Some(3), Some(-4), Some(5), Some(6)]));
    let share: ArrayRef = Arc::new(Float32Array::from(vec![0.5, 1.5, f32::NAN, 0.25, 0.0, -2.0]));
    let town: ArrayRef =
        Arc::new(StringArray::from(vec!["Bern", "Basel", "Zürich", "Bern", "Aarau", "Chur"]));
    let kind: DictionaryArray<Int32Type> =
        [Some("b"), Some("a"), None, Some("a"), Some("a"), Some("b")].into_iter().collect();
    let columns = [("count", count), ("share", share), ("town", town), ("kind", Arc::new(kind) as ArrayRef)];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn stream_of(batches: Vec<Result<RecordBatch, ArrowError>>, schema: Arc<Schema>) -> FFI_ArrowArrayStream {
    FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(batches, schema)))
}

/// What C sees of an error, which is freed.
fn message(error: *mut Failure) -> (Status, String) {
    let error = boxed(error).expect("an error");
    let status = xdf_error_status(Some(&error));
    let text = text(xdf_error_message(Some(&error)));
    xdf_error_free(Some(error));
    (status, text)
}

/// Ownership of what a function gave back.
fn boxed<T>(pointer: *mut T) -> Option<Box<T>> {
    // SAFETY: every pointer that the functions give back comes from a box, and each is taken once.
    (!pointer.is_null()).then(|| unsafe { Box::from_raw(pointer) })
}

/// What a function wrote.
fn written<T>(place: MaybeUninit<T>) -> T {
    // SAFETY: results are written in every case.
    unsafe { place.assume_init() }
}

fn text(pointer: *const c_char) -> String {
    // SAFETY: the functions give texts that end with NUL.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
}

/// A file with the table in two blocks, opened as C opens it.
struct Example {
    folder: tempfile::TempDir,
    path: CString,
    file: Option<Box<FileHandle>>,
}

impl Example {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = CString::new(folder.path().join("t.xdf").to_str().unwrap()).unwrap();
        let mut stream = stream_of(vec![Ok(table())], table().schema());
        let (mut rows, mut error) = (MaybeUninit::new(0), null_mut());
        let status = xdf_write(
            Text::from(&*path),
            Some(&mut stream),
            Some(&LEVEL_1),
            Some(&mut rows),
            Some(&mut error),
        );
        assert_eq!((status, error), (Status::Ok, null_mut()));
        assert!(stream.release.is_none());
        let file = boxed(open(&path, Some(&LIBRARY)).unwrap());
        Self { folder, path, file }
    }

    fn file(&self) -> Option<&FileHandle> {
        self.file.as_deref()
    }

    fn read(&self, columns: Numbers<'_>, count: usize, first: u64, rows: u64) -> Vec<RecordBatch> {
        let mut stream = MaybeUninit::uninit();
        let status = xdf_read(self.file(), columns, count, first, rows, Some(&mut stream), None);
        assert_eq!(status, Status::Ok);
        batches(stream)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        xdf_close(self.file.take());
    }
}

fn open(path: &CStr, options: Option<&OpenOptions>) -> Result<*mut FileHandle, (Status, String)> {
    let (mut file, mut error) = (MaybeUninit::uninit(), null_mut());
    let status = xdf_open(Text::from(path), options, Some(&mut file), Some(&mut error));
    let file = written(file);
    if status == Status::Ok {
        return Ok(file);
    }
    assert!(file.is_null());
    let (kind, text) = message(error);
    assert_eq!(kind, status);
    Err((status, text))
}

fn batches(stream: MaybeUninit<FFI_ArrowArrayStream>) -> Vec<RecordBatch> {
    let stream = written(stream);
    ArrowArrayStreamReader::try_new(stream).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_file_describes_itself() {
    let example = Example::new();
    let file = example.file();
    assert_eq!((xdf_num_rows(file), xdf_num_columns(file), xdf_num_blocks(file)), (6, 4, 2));
    assert_eq!([0, 1, 2].map(|block| xdf_block_rows(file, block)), [4, 2, 0]);
    assert!(text(xdf_generation(file)).starts_with("XDF 5."));
    assert_eq!(text(xdf_column_name(file, 2)), "town");
    assert!(xdf_column_name(file, 4).is_null());
    assert_eq!(text(xdf_version()), env!("CARGO_PKG_VERSION"));
    let mut schema = MaybeUninit::uninit();
    assert_eq!(xdf_schema(file, Some(&mut schema), None), Status::Ok);
    let schema = Schema::try_from(&written(schema)).unwrap();
    assert_eq!(schema.fields(), example.file.as_ref().unwrap().file.schema().fields());
}

#[test]
fn rows_come_as_streams_and_as_blocks() {
    let example = Example::new();
    let got = example.read(Numbers::NULL, 0, 0, u64::MAX);
    assert_eq!(got.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [4, 2]);
    assert_eq!(got[0].column(0), &table().column(0).slice(0, 4));
    assert_eq!(got[1].column(2), &table().column(2).slice(4, 2));
    let kinds = got[0].column(3).as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [Some("b"), Some("a"), None, Some("a")]);

    let got = example.read(Numbers::from(&[2, 0][..]), 2, 3, 2);
    assert_eq!(got.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(got[1].column(0).as_string::<i32>().value(0), "Aarau");
    assert_eq!(got[0].column(1).as_primitive::<Int64Type>().value(0), -4);

    let (mut array, mut schema) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let columns = Numbers::from(&[1][..]);
    let status = xdf_read_block(example.file(), 1, columns, 1, Some(&mut array), Some(&mut schema), None);
    assert_eq!(status, Status::Ok);
    let (array, schema) = (written(array), written::<FFI_ArrowSchema>(schema));
    // SAFETY: what the function writes agrees with the interface.
    let data = unsafe { from_ffi(array, &schema) }.unwrap();
    let block = StructArray::from(make_array(data).to_data());
    assert_eq!(block.column(0), &table().column(1).slice(4, 2));
}

#[test]
fn columns_by_name() {
    let example = Example::new();
    let read = |names: &[Text<'_>]| {
        let (mut stream, mut error) = (MaybeUninit::uninit(), null_mut());
        let list = Texts::from(names);
        let status = xdf_read_named(
            example.file(),
            list,
            names.len(),
            0,
            u64::MAX,
            Some(&mut stream),
            Some(&mut error),
        );
        (status, stream, error)
    };
    let (status, stream, error) = read(&[Text::from(c"kind"), Text::from(c"count")]);
    assert_eq!((status, error), (Status::Ok, null_mut()));
    let schema = batches(stream)[0].schema();
    assert_eq!(schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["kind", "count"]);

    let (status, stream, error) = read(&[Text::from(c"count"), Text::from(c"nobody")]);
    assert_eq!(status, Status::NotFound);
    assert!(written(stream).release.is_none());
    assert!(message(error).1.ends_with("has no column 'nobody'"));
    let mut column = MaybeUninit::uninit();
    assert_eq!(xdf_find_column(example.file(), Text::from(c"town"), Some(&mut column), None), Status::Ok);
    assert_eq!(written(column), 2);
}

#[test]
fn statistics_are_read_in_place() {
    let example = Example::new();
    let of = |column| xdf_column_statistics(example.file(), column);
    let count = of(0).unwrap();
    assert_eq!((count.rows, count.missing), (6, 1));
    assert_eq!((count.min.kind, count.min.integer), (ScalarKind::Int, -4));
    assert_eq!((count.max.integer, count.max.number), (1 << 60, (1_u64 << 60) as f64));
    assert!(count.min.text.is_null() && count.level_counts.is_null());
    let share = of(1).unwrap();
    assert_eq!((share.missing, share.min.number), (1, -2.0));
    assert!((share.mean - 0.05).abs() < 1e-12);
    let town = of(2).unwrap();
    assert_eq!(
        (town.min.kind, text(town.min.text), text(town.max.text)),
        (ScalarKind::Text, "Aarau".to_owned(), "Zürich".to_owned())
    );
    assert!(town.mean.is_nan());
    let kind = of(3).unwrap();
    assert_eq!((kind.min.kind, kind.num_levels), (ScalarKind::None, 2));
    // SAFETY: so many counts are announced.
    assert_eq!(unsafe { std::slice::from_raw_parts(kind.level_counts, kind.num_levels) }, [2, 3]);
    assert!(std::ptr::eq(kind, of(3).unwrap()), "made once");
    assert!(of(4).is_none());
}

#[test]
fn damage_is_reported_and_not_fatal() {
    let mut example = Example::new();
    let path = example.folder.path().join("t.xdf");
    let report = |example: &Example| {
        let mut report = MaybeUninit::uninit();
        assert_eq!(xdf_verify(example.file(), Some(&mut report), None), Status::Ok);
        let report = boxed(written(report)).unwrap();
        let found = (xdf_report_num_damaged(Some(&report)), text(xdf_report_json(Some(&report))));
        xdf_report_free(Some(report));
        found
    };
    let (damaged, json) = report(&example);
    assert_eq!((damaged, json.contains(r#""blocks":2"#)), (0, true), "{json}");

    let segment = example.file.as_ref().unwrap().file.segments(1)[0].offset as usize;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[segment + 8] ^= 1;
    xdf_close(example.file.take());
    std::fs::write(&path, bytes).unwrap();
    example.file = boxed(open(&example.path, Some(&LIBRARY)).unwrap());
    let (damaged, json) = report(&example);
    assert_eq!(damaged, 1);
    assert!(json.contains(r#""block":1"#) && json.contains(r#""column":"count""#), "{json}");

    let mut stream = MaybeUninit::uninit();
    xdf_read(example.file(), Numbers::NULL, 0, 0, u64::MAX, Some(&mut stream), None);
    let reader = ArrowArrayStreamReader::try_new(written(stream)).unwrap();
    let got: Vec<_> = reader.map(|batch| batch.map_err(|e| e.to_string())).collect();
    assert_eq!(got[0].as_ref().unwrap().num_rows(), 4);
    assert!(got[1].as_ref().unwrap_err().contains("column 'count', block 1"), "{got:?}");
}

#[test]
fn wrong_calls_are_told() {
    let example = Example::new();
    let (status, text) = open(c"/nowhere/at/all.xdf", None).unwrap_err();
    assert_eq!(status, Status::Io, "{text}");
    std::fs::write(example.folder.path().join("other"), "PAR1 and more").unwrap();
    let other = CString::new(example.folder.path().join("other").to_str().unwrap()).unwrap();
    assert_eq!(open(&other, None).unwrap_err().0, Status::NotXdf);
    let odd = OpenOptions { mmap: 7, ..LIBRARY };
    let (status, text) = open(&example.path, Some(&odd)).unwrap_err();
    assert_eq!((status, text.as_str()), (Status::InvalidArgument, "the option mmap must be 0 or 1, got 7"));
    let late = OpenOptions { reserved: [0, 0, 0, 1], ..LIBRARY };
    assert_eq!(open(&example.path, Some(&late)).unwrap_err().0, Status::InvalidArgument);

    let mut error = null_mut();
    let mut file = MaybeUninit::uninit();
    let status = xdf_open(Text::NULL, None, Some(&mut file), Some(&mut error));
    assert_eq!((status, message(error).1.as_str()), (Status::InvalidArgument, "the path is NULL"));
    let status = xdf_open(Text::from(&*example.path), None, None, Some(&mut error));
    assert_eq!(
        (status, message(error).1.as_str()),
        (Status::InvalidArgument, "the place for the result is NULL")
    );
    let mut array = MaybeUninit::uninit();
    let status = xdf_read_block(example.file(), 9, Numbers::NULL, 0, Some(&mut array), None, None);
    assert_eq!(status, Status::NotFound);
    assert_eq!(xdf_schema(None, None, None), Status::InvalidArgument);
    assert_eq!((xdf_num_rows(None), xdf_num_columns(None)), (0, 0));
    xdf_close(None);
    xdf_error_free(None);
    xdf_report_free(None);
}

#[test]
fn streams_that_cannot_be_written() {
    let example = Example::new();
    let path = CString::new(example.folder.path().join("new.xdf").to_str().unwrap()).unwrap();
    let write = |mut stream: FFI_ArrowArrayStream, options: Option<&WriteOptions>| {
        let mut error = null_mut();
        let status = xdf_write(Text::from(&*path), Some(&mut stream), options, None, Some(&mut error));
        assert_ne!(status, Status::Ok);
        assert!(stream.release.is_none(), "taken in every case");
        assert_eq!(std::fs::read_dir(example.folder.path()).unwrap().count(), 1, "nothing is left behind");
        message(error)
    };
    let broken = ArrowError::ComputeError("the line went dead".to_owned());
    let (status, text) = write(stream_of(vec![Ok(table()), Err(broken)], table().schema()), None);
    assert!(status == Status::Stream && text.contains("the line went dead"), "{text}");

    let wide: ArrayRef = Arc::new(LargeStringArray::from(vec!["x"]));
    let wide = RecordBatch::try_from_iter([("wide", wide)]).unwrap();
    let (status, text) = write(stream_of(vec![], wide.schema()), None);
    assert!(status == Status::Schema && text.contains("LargeUtf8"), "{text}");

    let high = WriteOptions { level: 10, ..LEVEL_1 };
    let (status, _) = write(stream_of(vec![], table().schema()), Some(&high));
    assert_eq!(status, Status::InvalidArgument);
    let (status, _) = write(FFI_ArrowArrayStream::empty(), None);
    assert_eq!(status, Status::InvalidArgument);

    // Codes beyond their levels would be read far away if they were believed.
    let keys = arrow_array::Int32Array::from(vec![0, 7]);
    let levels: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    // SAFETY: it is not; this is what a faulty producer sends.
    let bad = unsafe { DictionaryArray::new_unchecked(keys, levels) };
    let bad = RecordBatch::try_from_iter([("bad", Arc::new(bad) as ArrayRef)]).unwrap();
    let (status, text) = write(stream_of(vec![Ok(bad.clone())], bad.schema()), None);
    assert!(status == Status::Stream, "{text}");
}

#[test]
fn rows_are_appended_and_readers_keep_theirs() {
    let example = Example::new();
    let append = |batches: Vec<Result<RecordBatch, ArrowError>>| {
        let mut stream = stream_of(batches, table().schema());
        let (mut rows, mut error) = (MaybeUninit::uninit(), null_mut());
        let path = Text::from(&*example.path);
        let status = xdf_append(path, Some(&mut stream), None, Some(&mut rows), Some(&mut error));
        assert!(stream.release.is_none(), "taken in every case");
        (status, written(rows), error)
    };
    let rows_now = || {
        let file = boxed(open(&example.path, None).unwrap());
        let rows = xdf_num_rows(file.as_deref());
        xdf_close(file);
        rows
    };
    let (status, rows, error) = append(vec![Ok(table()), Ok(table().slice(2, 3))]);
    assert_eq!((status, rows, error), (Status::Ok, 15, null_mut()));
    assert_eq!((rows_now(), xdf_num_rows(example.file())), (15, 6));

    let broken = ArrowError::ComputeError("the line went dead".to_owned());
    let (status, rows, error) = append(vec![Ok(table()), Err(broken)]);
    assert_eq!((status, rows, message(error).0, rows_now()), (Status::Stream, 0, Status::Stream, 15));

    let editor = xdf::Editor::open(example.path.to_str().unwrap()).unwrap();
    let (status, _, error) = append(vec![Ok(table())]);
    assert_eq!((status, message(error).0), (Status::Locked, Status::Locked));
    drop(editor);
    assert_eq!(append(vec![]).0, Status::Ok);
}

#[test]
fn one_file_in_many_threads() {
    let example = Example::new();
    thread::scope(|scope| {
        for thread in 0..4 {
            let example = &example;
            scope.spawn(move || {
                for _ in 0..50 {
                    let rows: usize =
                        example.read(Numbers::NULL, 0, thread, 4).iter().map(RecordBatch::num_rows).sum();
                    assert_eq!(rows as u64, (6 - thread).min(4));
                    assert_eq!(xdf_column_statistics(example.file(), 0).unwrap().rows, 6);
                }
            });
        }
    });
}
