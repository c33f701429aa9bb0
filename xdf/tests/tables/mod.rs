//! What all tests need: a folder, writing, reading, comparing bit for bit.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod any;
pub(crate) mod encodings;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use xdf::{File, ReadOptions, WriteOptions, Writer};

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes the batches over `t.xdf`.
pub(crate) fn write(folder: &tempfile::TempDir, batches: &[RecordBatch], options: WriteOptions) -> File {
    let path = folder.path().join("t.xdf");
    let mut writer = Writer::create(path, batches[0].schema(), options.with_overwrite(true)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

pub(crate) fn read_all(file: &File) -> Vec<RecordBatch> {
    file.reader(&ReadOptions::default()).unwrap().map(Result::unwrap).collect()
}

/// Floats as bits, factors as texts, so that comparison is exact.
fn comparable(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float32 => {
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, UInt32Type>(f32::to_bits))
        }
        DataType::Float64 => {
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, UInt64Type>(f64::to_bits))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            Arc::new(dictionary.downcast_dict::<StringArray>().unwrap().into_iter().collect::<StringArray>())
        }
        _ => Arc::clone(array),
    }
}

/// Panics unless both hold the same rows, however they are cut into batches.
pub(crate) fn assert_same(expected: &[RecordBatch], got: &[RecordBatch]) {
    let Some(first) = expected.first() else {
        assert!(got.iter().all(|batch| batch.num_rows() == 0));
        return;
    };
    for column in 0..first.num_columns() {
        let join = |batches: &[RecordBatch]| {
            let pieces: Vec<ArrayRef> =
                batches.iter().map(|batch| comparable(batch.column(column))).collect();
            let pieces: Vec<&dyn Array> = pieces.iter().map(|array| &**array).collect();
            (!pieces.is_empty()).then(|| arrow_select::concat::concat(&pieces).unwrap())
        };
        let (expected, got) = (join(expected).unwrap(), join(got));
        match got {
            Some(got) => assert_eq!(&expected, &got, "column {}", first.schema().field(column).name()),
            None => assert_eq!(expected.len(), 0),
        }
    }
}

/// Three rows: "a", missing, "c", with the levels c, a, b.
pub(crate) fn factor() -> DictionaryArray<Int32Type> {
    let keys = Int32Array::from(vec![Some(1), None, Some(0)]);
    DictionaryArray::new(keys, Arc::new(StringArray::from(vec!["c", "a", "b"])))
}

/// One column of integers.
pub(crate) fn ints(name: &str, values: impl IntoIterator<Item = i32>) -> RecordBatch {
    let array: ArrayRef = Arc::new(Int32Array::from_iter_values(values));
    RecordBatch::try_from_iter_with_nullable([(name, array, true)]).unwrap()
}
