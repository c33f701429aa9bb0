//! Tables of all types, from a few words about how their values look.

#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
    UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use proptest::prelude::*;

/// How the values of a column look.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Constant,
    Few,
    SmallRange,
    WideRange,
    Runs,
    /// Each value near the one before.
    Steps,
    /// Each piece of 1024 values elsewhere.
    Pieces,
    /// A few values far from all others.
    Outliers,
    Decimal,
    Wild,
}

pub(crate) const SHAPES: [Shape; 10] = [
    Shape::Constant,
    Shape::Few,
    Shape::SmallRange,
    Shape::WideRange,
    Shape::Runs,
    Shape::Steps,
    Shape::Pieces,
    Shape::Outliers,
    Shape::Decimal,
    Shape::Wild,
];

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    prop::sample::select(SHAPES.as_slice())
}

/// A generator of 64 bits that is the same everywhere.
pub(crate) fn bits(seed: u64, row: u64) -> u64 {
    let mut x = seed.wrapping_add(row.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn number(shape: Shape, seed: u64, row: u64) -> i64 {
    let x = bits(seed, row);
    match shape {
        Shape::Constant => bits(seed, 0) as i64,
        Shape::Few => bits(seed, x % 5) as i64,
        Shape::SmallRange => (bits(seed, 1) as i64).wrapping_add((x % 200) as i64),
        Shape::WideRange => (bits(seed, 1) as i64).wrapping_add((x % 50_000) as i64),
        Shape::Runs => (bits(seed, row / 97) % 1000) as i64,
        Shape::Steps => (bits(seed, 1) as i64).wrapping_add((row * 1000 + x % 8) as i64),
        Shape::Pieces => (bits(seed, row / 1024) as i64).wrapping_add((x % 1000) as i64),
        Shape::Outliers if x.is_multiple_of(64) => (x >> 2) as i64,
        Shape::Outliers => (x >> 8) as i64 % 1000,
        Shape::Decimal | Shape::Wild => x as i64,
    }
}

fn float(shape: Shape, seed: u64, row: u64) -> f64 {
    let x = bits(seed, row);
    match shape {
        Shape::Constant => 0.1,
        Shape::Few => {
            [0.0, -0.0, f64::NAN, f64::INFINITY, f64::from_bits(0x7FF8_0000_0000_1234)][(x % 5) as usize]
        }
        Shape::SmallRange => (x % 200) as f64 - 100.0,
        Shape::WideRange => (x % 50_000) as f64 - 100.0,
        // no decimals, of which neighbours share their first bytes
        Shape::Steps => ((row + 1) as f64).sqrt(),
        Shape::Pieces => (bits(seed, row / 1024) % 9000) as f64 + (x % 1000) as f64 / 8.0,
        Shape::Outliers if x.is_multiple_of(64) => f64::from_bits(x >> 2),
        Shape::Outliers => (x % 1000) as f64 / 10.0,
        Shape::Runs => (bits(seed, row / 97) % 1000) as f64 / 4.0,
        // one in 64 is no decimal
        Shape::Decimal if x >> 58 == 0 => f64::from_bits(x),
        Shape::Decimal => (x % 1_000_000) as f64 / 100.0 - 1000.0,
        Shape::Wild => f64::from_bits(x),
    }
}

fn text(shape: Shape, seed: u64, row: u64) -> String {
    match shape {
        Shape::Constant => "same".to_owned(),
        Shape::Few => {
            ["", "a", "Zürich", "日本語", "a much longer text"][(bits(seed, row) % 5) as usize].to_owned()
        }
        Shape::Decimal => {
            let words = ["flight", "delayed", "by", "weather", "Zürich", "gate"];
            (0..8).map(|i| words[(bits(seed ^ i, row) % 6) as usize]).collect::<Vec<_>>().join(" ")
        }
        _ => format!("{}{}", "ß".repeat((bits(seed, row) % 7) as usize), number(shape, seed, row)),
    }
}

/// One column of each type, of which so many percent are missing: in runs, at the begin, or here and there.
pub(crate) fn batch(shape: Shape, missing: u64, seed: u64, rows: usize) -> RecordBatch {
    let value = |column: u64, row: usize| {
        let (row, rows) = (row as u64, rows as u64);
        let there = match shape {
            Shape::Runs => bits(seed ^ 0xABCD ^ column, row / 70) % 100 >= missing,
            Shape::Steps => row * 100 >= missing * rows,
            _ => bits(seed ^ 0xABCD ^ column, row) % 100 >= missing,
        };
        there.then(|| number(shape, seed ^ column, row))
    };
    macro_rules! ints {
        ($array:ident, $native:ty, $column:literal) => {
            Arc::new((0..rows).map(|row| value($column, row).map(|v| v as $native)).collect::<$array>())
                as ArrayRef
        };
    }
    let floats = |column, row: usize| value(column, row).map(|_| float(shape, seed ^ column, row as u64));
    let texts = |column, row: usize| value(column, row).map(|_| text(shape, seed ^ column, row as u64));
    let factor: DictionaryArray<Int32Type> = {
        let texts: Vec<_> = (0..rows).map(|row| texts(12, row)).collect();
        texts.iter().map(|t| t.as_deref()).collect()
    };
    let columns = vec![
        (
            "bool",
            Arc::new((0..rows).map(|row| value(0, row).map(|v| v & 1 == 1)).collect::<BooleanArray>())
                as ArrayRef,
        ),
        ("i8", ints!(Int8Array, i8, 1)),
        ("i16", ints!(Int16Array, i16, 2)),
        ("i32", ints!(Int32Array, i32, 3)),
        ("i64", ints!(Int64Array, i64, 4)),
        ("u8", ints!(UInt8Array, u8, 5)),
        ("u16", ints!(UInt16Array, u16, 6)),
        ("u32", ints!(UInt32Array, u32, 7)),
        ("u64", ints!(UInt64Array, u64, 8)),
        ("f32", Arc::new((0..rows).map(|row| floats(9, row).map(|v| v as f32)).collect::<Float32Array>())),
        ("f64", Arc::new((0..rows).map(|row| floats(10, row)).collect::<Float64Array>())),
        ("text", Arc::new((0..rows).map(|row| texts(11, row)).collect::<StringArray>())),
        ("factor", Arc::new(factor)),
        ("date", ints!(Date32Array, i32, 13)),
        ("second", ints!(TimestampSecondArray, i64, 14)),
        ("milli", ints!(TimestampMillisecondArray, i64, 18)),
        ("nano", ints!(TimestampNanosecondArray, i64, 19)),
        ("micro", {
            let array: TimestampMicrosecondArray = (0..rows).map(|row| value(15, row)).collect();
            Arc::new(array.with_timezone("Europe/Zurich"))
        }),
        ("binary", {
            let bytes: Vec<_> = (0..rows).map(|row| texts(16, row).map(String::into_bytes)).collect();
            let tail = |bytes: &Option<Vec<u8>>| Some(bytes.as_ref()?.get(1..).unwrap_or(b"\xFF").to_vec());
            Arc::new(bytes.iter().map(tail).collect::<BinaryArray>())
        }),
        ("decimal", {
            let spread = if matches!(shape, Shape::Wild) { 1_i128 << 60 } else { 1 };
            let array: Decimal128Array =
                (0..rows).map(|row| value(17, row).map(|v| i128::from(v) * spread)).collect();
            Arc::new(array.with_precision_and_scale(38, 2).unwrap())
        }),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}
