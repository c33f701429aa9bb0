//! Version 5.0: what the writer of 0.1.0 made of [`table`] in blocks of 550 rows at level 1, with the file metadata
//! `made by` = `0.1.0`.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray, TimestampNanosecondArray,
    UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use xdf::{File, metadata};

use crate::data;
use crate::tables::{assert_same, read_all};

pub(crate) const NAME: &str = "xdf-5.0.xdf";

/// 600 rows of every type, so that every encoding of 5.0 occurs.
fn table() -> RecordBatch {
    let rows = || 0..600_i64;
    let some = |row: i64| row % 7 != 3;
    let texts: Vec<Option<String>> =
        rows().map(|i| some(i).then(|| format!("Stufe {}", (i * i) % 5))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(rows().map(|i| some(i).then_some(i % 3 == 0)).collect::<BooleanArray>())),
        ("int8", Arc::new(Int8Array::from_iter_values(rows().map(|i| (i - 125) as i8)))),
        ("int16", Arc::new(rows().map(|i| some(i).then_some(-(i as i16))).collect::<Int16Array>())),
        ("int32", Arc::new(Int32Array::from_iter_values(rows().map(|i| (i * 300) as i32)))),
        (
            "int64",
            Arc::new(Int64Array::from_iter_values(
                rows().map(|i| (i * i * i).wrapping_mul(0x1234_5678_9ABC)),
            )),
        ),
        ("few", Arc::new(Int64Array::from_iter_values(rows().map(|i| (i % 3) << 40)))),
        ("uint8", Arc::new(UInt8Array::from_iter_values(rows().map(|i| i as u8)))),
        ("uint16", Arc::new(UInt16Array::from_iter_values(rows().map(|_| 65_535)))),
        ("uint32", Arc::new(rows().map(|_| None::<u32>).collect::<UInt32Array>())),
        ("uint64", Arc::new(UInt64Array::from_iter_values(rows().map(|i| u64::MAX - (i as u64 % 200))))),
        ("float32", Arc::new(rows().map(|i| some(i).then_some((i % 90) as f32)).collect::<Float32Array>())),
        (
            "float64",
            Arc::new(Float64Array::from_iter_values(rows().map(|i| match i % 40 {
                0 => f64::NAN,
                1 => -0.0,
                2 => f64::NEG_INFINITY,
                other => 1.0 / other as f64,
            }))),
        ),
        ("roots", Arc::new(Float64Array::from_iter_values(rows().map(|i| (i as f64).sqrt())))),
        (
            "words",
            Arc::new(rows().map(|i| some(i).then(|| format!("wörd {}", i % 9))).collect::<StringArray>()),
        ),
        (
            "texts",
            Arc::new(
                rows().map(|i| Some("ß".repeat((i % 5) as usize) + &i.to_string())).collect::<StringArray>(),
            ),
        ),
        ("factor", Arc::new(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())),
        ("date", Arc::new(Date32Array::from_iter_values(rows().map(|i| (i * 100) as i32 - 9000)))),
        ("milli", Arc::new(TimestampMillisecondArray::from_iter_values(rows().map(|i| i * 3_600_000)))),
        ("nano", {
            let array: TimestampNanosecondArray = rows().map(|i| some(i).then_some(i << 33)).collect();
            Arc::new(array.with_timezone("Europe/Zurich"))
        }),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

#[test]
fn version_5_0() {
    let file = File::open(data(NAME)).unwrap();
    assert_eq!(file.generation().to_string(), "XDF 5.0");
    assert_eq!((file.num_rows(), file.num_blocks()), (600, 2));
    assert_eq!(file.schema().metadata()["made by"], "0.1.0");
    let factor = file.schema().field_with_name("factor").unwrap();
    assert_eq!(metadata::levels(factor).unwrap(), ["Stufe 0", "Stufe 1", "Stufe 4"]);
    for (read, field) in table().schema().fields().iter().zip(file.schema().fields()) {
        assert_eq!((read.name(), read.data_type()), (field.name(), field.data_type()));
    }
    assert_same(&[table()], &read_all(&file));
    assert!(file.verify().unwrap().is_ok());
}
