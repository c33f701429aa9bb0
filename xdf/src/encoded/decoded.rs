//! The answers of kernels from values, for what is stored without a shortcut and for the tables of dictionaries.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowNativeTypeOp, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::filter::filter as keep;

use crate::Scalar;
use crate::encoded::Sum;
use crate::encoded::codes::select_values;
use crate::encoded::predicate::{Predicate, Ranges, Unfit};
use crate::encoding::bits;
use crate::encoding::summary::{Integer, extremes};
use crate::error::Fault;

/// Calls `$body` with `$arrow`, the type of the array, which is one of integers, dates or timestamps.
macro_rules! by_integer {
    ($data_type:expr, $arrow:ident => $body:expr, else $other:expr) => {
        match $data_type {
            DataType::Int8 => by_integer!(@ $arrow, Int8Type, $body),
            DataType::Int16 => by_integer!(@ $arrow, Int16Type, $body),
            DataType::Int32 => by_integer!(@ $arrow, Int32Type, $body),
            DataType::Int64 => by_integer!(@ $arrow, Int64Type, $body),
            DataType::UInt8 => by_integer!(@ $arrow, UInt8Type, $body),
            DataType::UInt16 => by_integer!(@ $arrow, UInt16Type, $body),
            DataType::UInt32 => by_integer!(@ $arrow, UInt32Type, $body),
            DataType::UInt64 => by_integer!(@ $arrow, UInt64Type, $body),
            DataType::Date32 => by_integer!(@ $arrow, Date32Type, $body),
            DataType::Timestamp(TimeUnit::Second, _) => by_integer!(@ $arrow, TimestampSecondType, $body),
            DataType::Timestamp(TimeUnit::Millisecond, _) => by_integer!(@ $arrow, TimestampMillisecondType, $body),
            DataType::Timestamp(TimeUnit::Microsecond, _) => by_integer!(@ $arrow, TimestampMicrosecondType, $body),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => by_integer!(@ $arrow, TimestampNanosecondType, $body),
            _ => $other,
        }
    };
    (@ $arrow:ident, $type:ty, $body:expr) => {{
        type $arrow = $type;
        $body
    }};
}

fn there(nulls: Option<&NullBuffer>, row: usize) -> bool {
    nulls.is_none_or(|nulls| nulls.is_valid(row))
}

/// Sum over eight lanes: the value of a row is added to lane `row mod 8`, then the lanes are added up.
fn sum_of_floats<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &dyn Array) -> f64 {
    let array = array.as_primitive::<T>();
    let mut lanes = [0.0_f64; 8];
    for (eight, start) in array.values().chunks(8).zip((0..).step_by(8)) {
        for ((lane, value), row) in lanes.iter_mut().zip(eight).zip(start..) {
            let value: f64 = (*value).into();
            *lane += if value.is_nan() || !there(array.nulls(), row) { 0.0 } else { value };
        }
    }
    lanes.iter().sum()
}

fn sum_of_integers<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &dyn Array) -> i128 {
    present::<T>(array).into_iter().map(Into::into).sum()
}

/// The sum of what is not missing; nothing for types that have none.
pub(super) fn sum(array: &ArrayRef) -> Option<Sum> {
    match array.data_type() {
        DataType::Float32 => Some(Sum::Float(sum_of_floats::<Float32Type>(array))),
        DataType::Float64 => Some(Sum::Float(sum_of_floats::<Float64Type>(array))),
        DataType::Boolean => {
            let array = array.as_boolean();
            let set = array.nulls().map_or_else(|| array.values().clone(), |n| array.values() & n.inner());
            Some(Sum::Integer(set.count_set_bits() as i128))
        }
        DataType::Date32 | DataType::Timestamp(..) => None,
        other => by_integer!(other, T => Some(Sum::Integer(sum_of_integers::<T>(array))), else None),
    }
}

/// The sum of distinct values that occur so often.
pub(super) fn weighted_sum(distinct: &ArrayRef, counts: &[u64]) -> Option<Sum> {
    fn floats<T: ArrowPrimitiveType<Native: Into<f64>>>(distinct: &dyn Array, counts: &[u64]) -> f64 {
        let values = distinct.as_primitive::<T>().values().iter().map(|value| (*value).into());
        let there = values.zip(counts).filter(|(value, count): &(f64, _)| **count > 0 && !value.is_nan());
        there.map(|(value, count)| value * *count as f64).sum()
    }
    fn integers<T: ArrowPrimitiveType<Native: Into<i128>>>(distinct: &dyn Array, counts: &[u64]) -> i128 {
        let values = distinct.as_primitive::<T>().values().iter().map(|value| (*value).into());
        values.zip(counts).map(|(value, count): (i128, _)| value * i128::from(*count)).sum()
    }
    match distinct.data_type() {
        DataType::Float32 => Some(Sum::Float(floats::<Float32Type>(distinct, counts))),
        DataType::Float64 => Some(Sum::Float(floats::<Float64Type>(distinct, counts))),
        other => by_integer!(other, T => Some(Sum::Integer(integers::<T>(distinct, counts))), else None),
    }
}

/// The distinct values that occur.
pub(super) fn occurring(distinct: &ArrayRef, counts: &[u64]) -> Result<ArrayRef, Fault> {
    let occurs = BooleanArray::from(counts.iter().map(|count| *count > 0).collect::<Vec<bool>>());
    keep(distinct, &occurs).map_err(|e| Fault::new("the values that occur", e))
}

/// The rows that are null or NaN.
pub(super) fn missing(array: &ArrayRef) -> BooleanBuffer {
    let nan = match array.data_type() {
        DataType::Float32 => select_values(array.as_primitive::<Float32Type>().values(), f32::is_nan),
        DataType::Float64 => select_values(array.as_primitive::<Float64Type>().values(), f64::is_nan),
        _ => BooleanBuffer::new_unset(array.len()),
    };
    match array.nulls() {
        Some(nulls) => &nan | &!nulls.inner(),
        None => nan,
    }
}

/// The values that are not null.
fn present<T: ArrowPrimitiveType>(array: &dyn Array) -> Vec<T::Native> {
    let array = array.as_primitive::<T>();
    match array.nulls() {
        Some(nulls) => bits::present(array.values(), nulls),
        None => array.values().to_vec(),
    }
}

fn least_and_most<T: Copy>(values: impl Iterator<Item = T>, less: impl Fn(T, T) -> bool) -> Option<(T, T)> {
    values.fold(None, |found, value| {
        let (min, max) = found.unwrap_or((value, value));
        Some((if less(value, min) { value } else { min }, if less(max, value) { value } else { max }))
    })
}

fn float_extremes<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &dyn Array) -> Option<(Scalar, Scalar)> {
    let values = present::<T>(array).into_iter().map(Into::into).filter(|value: &f64| !value.is_nan());
    let (min, max) = least_and_most(values, |a, b| a < b)?;
    Some((Scalar::Float(min), Scalar::Float(max)))
}

/// Smallest and largest of what is not missing; nothing for types without an order.
pub(super) fn min_max(array: &ArrayRef) -> Option<(Scalar, Scalar)> {
    match array.data_type() {
        DataType::Float32 => float_extremes::<Float32Type>(array),
        DataType::Float64 => float_extremes::<Float64Type>(array),
        DataType::Boolean => {
            let (min, max) = least_and_most(array.as_boolean().iter().flatten(), |a, b| !a & b)?;
            Some((Scalar::Bool(min), Scalar::Bool(max)))
        }
        DataType::Utf8 => {
            let (min, max) = least_and_most(array.as_string::<i32>().iter().flatten(), |a, b| a < b)?;
            Some((Scalar::Text(min.to_owned()), Scalar::Text(max.to_owned())))
        }
        DataType::Decimal128(_, scale) => {
            let values = present::<Decimal128Type>(array);
            let (min, max) = least_and_most(values.into_iter(), |a, b| a < b)?;
            let scalar = |value| Scalar::Decimal { value, scale: *scale };
            Some((scalar(min), scalar(max)))
        }
        other => by_integer!(other, T => {
            let (min, max) = extremes(&present::<T>(array))?;
            Some((min.scalar(), max.scalar()))
        }, else None),
    }
}

/// The rows whose integers lie in the ranges.
fn integers_within<T>(array: &dyn Array, wanted: &Ranges<i128>) -> BooleanBuffer
where
    T: ArrowPrimitiveType<Native: Into<i128> + TryFrom<i128>>,
{
    let array = array.as_primitive::<T>();
    let (least, most) = (T::Native::MIN_TOTAL_ORDER.into(), T::Native::MAX_TOTAL_ORDER.into());
    let native = |(low, high): &(i128, i128)| {
        let (low, high) = ((*low).max(least), (*high).min(most));
        let both = T::Native::try_from(low).ok().zip(T::Native::try_from(high).ok());
        both.filter(|_| low <= high)
    };
    let ranges: Vec<_> = wanted.ranges.iter().filter_map(native).collect();
    select_values(array.values(), |value| {
        ranges.iter().any(|(low, high)| (*low..=*high).contains(&value)) != wanted.others
    })
}

fn floats_within<T: ArrowPrimitiveType<Native: Into<f64>>>(
    array: &dyn Array,
    wanted: &Ranges<f64>,
) -> BooleanBuffer {
    select_values(array.as_primitive::<T>().values(), |value| {
        let value: f64 = value.into();
        !value.is_nan() && wanted.contains(value)
    })
}

/// The rows that fulfil a predicate.
pub(super) fn filter(array: &ArrayRef, predicate: &Predicate) -> Result<BooleanBuffer, Unfit> {
    if *predicate == Predicate::Missing {
        return Ok(missing(array));
    }
    let chosen = match array.data_type() {
        DataType::Float32 => floats_within::<Float32Type>(array, &predicate.floats()?),
        DataType::Float64 => floats_within::<Float64Type>(array, &predicate.floats()?),
        DataType::Boolean => {
            let (wanted, values) = (predicate.integers(0)?, array.as_boolean().values());
            match (wanted.contains(0), wanted.contains(1)) {
                (false, false) => BooleanBuffer::new_unset(array.len()),
                (false, true) => values.clone(),
                (true, false) => !values,
                (true, true) => BooleanBuffer::new_set(array.len()),
            }
        }
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            texts_that_hold(predicate, texts.len(), |row| texts.value(row).as_bytes())?
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>();
            texts_that_hold(predicate, values.len(), |row| values.value(row))?
        }
        DataType::Dictionary(..) => {
            let factor = array.as_dictionary::<Int32Type>();
            let levels = filter(factor.values(), predicate)?;
            let level =
                |code: i32| usize::try_from(code).is_ok_and(|code| code < levels.len() && levels.value(code));
            select_values(factor.keys().values(), level)
        }
        DataType::Decimal128(_, scale) => {
            let wanted = predicate.integers(*scale)?;
            select_values(array.as_primitive::<Decimal128Type>().values(), |value| wanted.contains(value))
        }
        other => {
            let wanted = predicate.integers(0)?;
            by_integer!(other, T => integers_within::<T>(array, &wanted), else BooleanBuffer::new_unset(array.len()))
        }
    };
    Ok(match array.nulls() {
        Some(nulls) => &chosen & nulls.inner(),
        None => chosen,
    })
}

fn texts_that_hold<'a>(
    predicate: &Predicate,
    rows: usize,
    text: impl Fn(usize) -> &'a [u8],
) -> Result<BooleanBuffer, Unfit> {
    predicate.holds(b"")?;
    let mut wrong = None;
    let chosen = BooleanBuffer::collect_bool(rows, |row| {
        predicate.holds(text(row)).unwrap_or_else(|unfit| {
            wrong = Some(unfit);
            false
        })
    });
    wrong.map_or(Ok(chosen), Err)
}
