//! One column of one block as a segment, with its statistics.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use crate::encoding::alp::AlpFloat;
use crate::encoding::numbers::{put_floats, put_integers};
use crate::encoding::summary::{self, Integer};
use crate::encoding::{Codec, bits, decimal, put_node, tag, text};
use crate::error::Fault;
use crate::statistics::ColumnStatistics;

/// A segment as it goes into the file.
pub(crate) struct Segment {
    pub(crate) bytes: Vec<u8>,
    pub(crate) statistics: ColumnStatistics,
    /// Outermost encoding below the validity.
    pub(crate) encoding: u8,
}

impl Segment {
    /// True when some of its rows may be null.
    pub(crate) fn may_be_null(&self) -> bool {
        matches!(self.bytes.first(), Some(&(tag::ALL_MISSING | tag::MASKED)))
    }
}

/// A segment in which every row is missing.
pub(crate) fn all_missing(rows: usize) -> Segment {
    let mut bytes = Vec::new();
    put_node(&mut bytes, tag::ALL_MISSING, 0, rows, Codec::None, &[]);
    let (rows, encoding) = (rows as u64, tag::ALL_MISSING);
    Segment { bytes, statistics: ColumnStatistics { rows, missing: rows, ..Default::default() }, encoding }
}

/// Encodes an array. A factor comes as its codes (int32, missing ones null) with the number of its levels.
pub(crate) fn encode(array: &dyn Array, levels: Option<usize>, level: i32) -> Result<Segment, Fault> {
    match array.data_type() {
        DataType::Boolean => Ok(booleans(array.as_boolean(), level)),
        DataType::Int8 => Ok(integers::<Int8Type>(array, level)),
        DataType::Int16 => Ok(integers::<Int16Type>(array, level)),
        DataType::Int32 => Ok(match levels {
            Some(levels) => factor(array, levels, level),
            None => integers::<Int32Type>(array, level),
        }),
        DataType::Int64 => Ok(integers::<Int64Type>(array, level)),
        DataType::UInt8 => Ok(integers::<UInt8Type>(array, level)),
        DataType::UInt16 => Ok(integers::<UInt16Type>(array, level)),
        DataType::UInt32 => Ok(integers::<UInt32Type>(array, level)),
        DataType::UInt64 => Ok(integers::<UInt64Type>(array, level)),
        DataType::Float32 => Ok(floats::<Float32Type>(array, level)),
        DataType::Float64 => Ok(floats::<Float64Type>(array, level)),
        DataType::Date32 => Ok(integers::<Date32Type>(array, level)),
        DataType::Timestamp(unit, _) => Ok(match unit {
            TimeUnit::Second => integers::<TimestampSecondType>(array, level),
            TimeUnit::Millisecond => integers::<TimestampMillisecondType>(array, level),
            TimeUnit::Microsecond => integers::<TimestampMicrosecondType>(array, level),
            TimeUnit::Nanosecond => integers::<TimestampNanosecondType>(array, level),
        }),
        DataType::Utf8 => Ok(texts(array, level)),
        DataType::Binary => Ok(binary(array, level)),
        DataType::Decimal128(_, scale) => Ok(decimals(array, *scale, level)),
        other => Err(Fault::new("a type that XDF stores", other)),
    }
}

/// The missing rows of an array, when there are any.
fn missing(array: &dyn Array) -> Option<&NullBuffer> {
    array.nulls().filter(|nulls| nulls.null_count() > 0)
}

/// Begins a segment: nothing, the validity, or that all is missing (then nothing may follow).
fn begin(array: &dyn Array, level: i32) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let Some(nulls) = missing(array) else { return (out, false) };
    if nulls.null_count() == array.len() {
        put_node(&mut out, tag::ALL_MISSING, 0, array.len(), Codec::None, &[]);
        return (out, true);
    }
    put_node(&mut out, tag::MASKED, 0, array.len(), Codec::None, &[]);
    bits::put(&mut out, nulls.inner(), level);
    (out, false)
}

/// A segment of everything missing, or with what `put` appends.
fn finish(
    array: &dyn Array,
    level: i32,
    statistics: ColumnStatistics,
    put: impl FnOnce(&mut Vec<u8>),
) -> Segment {
    let (mut bytes, all_missing) = begin(array, level);
    let start = if all_missing { 0 } else { bytes.len() };
    if !all_missing {
        put(&mut bytes);
    }
    let encoding = bytes.get(start).copied().unwrap_or_default();
    Segment { bytes, statistics, encoding }
}

/// Calls `take` with the values that are there, and with all values, missing ones filled with one that is there.
fn with_values<T: Copy, R>(
    values: &[T],
    nulls: Option<&NullBuffer>,
    take: impl FnOnce(&[T], &[T]) -> R,
) -> R {
    let Some(nulls) = nulls else { return take(values, values) };
    let present = bits::present(values, nulls);
    let Some(fill) = present.first().copied() else { return take(&present, values) };
    let mut filled = values.to_vec();
    bits::for_each_missing(nulls, |row| {
        if let Some(value) = filled.get_mut(row) {
            *value = fill;
        }
    });
    take(&present, &filled)
}

fn integers<T: ArrowPrimitiveType<Native: Integer>>(array: &dyn Array, level: i32) -> Segment {
    with_values(array.as_primitive::<T>().values(), missing(array), |present, filled| {
        let statistics = summary::of_integers(filled.len(), present);
        finish(array, level, statistics, |out| put_integers(out, filled, level))
    })
}

fn floats<T: ArrowPrimitiveType<Native: AlpFloat>>(array: &dyn Array, level: i32) -> Segment {
    with_values(array.as_primitive::<T>().values(), missing(array), |present, filled| {
        let statistics = summary::of_floats(filled.len(), present);
        finish(array, level, statistics, |out| put_floats(out, filled, level))
    })
}

fn factor(array: &dyn Array, levels: usize, level: i32) -> Segment {
    with_values(array.as_primitive::<Int32Type>().values(), missing(array), |present, filled| {
        let statistics = summary::of_factor(filled.len(), present, levels);
        finish(array, level, statistics, |out| put_integers(out, filled, level))
    })
}

fn booleans(array: &BooleanArray, level: i32) -> Segment {
    // Missing rows become false, so that they neither count nor cost.
    let values = match missing(array) {
        Some(nulls) => array.values() & nulls.inner(),
        None => array.values().clone(),
    };
    let present = array.len() - array.null_count();
    let statistics = summary::of_booleans(array.len(), present, &values);
    finish(array, level, statistics, |out| bits::put(out, &values, level))
}

fn texts(array: &dyn Array, level: i32) -> Segment {
    let array = array.as_string::<i32>();
    let present = array.len() - array.null_count();
    let statistics = summary::of_texts(array.len(), present, array.iter().flatten());
    finish(array, level, statistics, |out| text::put(out, array, level))
}

fn binary(array: &dyn Array, level: i32) -> Segment {
    let array = array.as_binary::<i32>();
    let statistics = summary::counts(array.len(), array.len() - array.null_count());
    finish(array, level, statistics, |out| text::put(out, array, level))
}

fn decimals(array: &dyn Array, scale: i8, level: i32) -> Segment {
    with_values(array.as_primitive::<Decimal128Type>().values(), missing(array), |present, filled| {
        let statistics = summary::of_decimals(filled.len(), present, scale);
        finish(array, level, statistics, |out| decimal::put(out, filled, level))
    })
}
