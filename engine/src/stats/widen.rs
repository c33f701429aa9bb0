//! The values of numeric columns of any type as doubles.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use crate::{Error, Result};

/// What is done with the values of a numeric array, whatever their type.
pub(super) trait Visitor {
    /// Takes all values, of which `nulls` are missing; `widen` makes one a double.
    fn values<T: Copy>(&mut self, values: &[T], nulls: Option<&NullBuffer>, widen: impl Fn(T) -> f64 + Copy);
}

/// Shows the values of an array to a visitor.
///
/// # Errors
/// [`Error::ColumnType`] for texts and factors.
pub(super) fn visit(array: &dyn Array, visitor: &mut impl Visitor) -> Result<()> {
    fn primitive<T: ArrowPrimitiveType>(
        array: &dyn Array,
        visitor: &mut impl Visitor,
        widen: impl Fn(T::Native) -> f64 + Copy,
    ) {
        let array = array.as_primitive::<T>();
        visitor.values(array.values(), array.nulls(), widen);
    }
    match array.data_type() {
        DataType::Boolean => {
            let array = array.as_boolean();
            let bytes: Vec<u8> = array.values().iter().map(u8::from).collect();
            visitor.values(&bytes, array.nulls(), f64::from);
        }
        DataType::Int8 => primitive::<Int8Type>(array, visitor, f64::from),
        DataType::Int16 => primitive::<Int16Type>(array, visitor, f64::from),
        DataType::Int32 => primitive::<Int32Type>(array, visitor, f64::from),
        DataType::Int64 => primitive::<Int64Type>(array, visitor, |value| value as f64),
        DataType::UInt8 => primitive::<UInt8Type>(array, visitor, f64::from),
        DataType::UInt16 => primitive::<UInt16Type>(array, visitor, f64::from),
        DataType::UInt32 => primitive::<UInt32Type>(array, visitor, f64::from),
        DataType::UInt64 => primitive::<UInt64Type>(array, visitor, |value| value as f64),
        DataType::Float32 => primitive::<Float32Type>(array, visitor, f64::from),
        DataType::Float64 => primitive::<Float64Type>(array, visitor, |value| value),
        DataType::Date32 => primitive::<Date32Type>(array, visitor, f64::from),
        DataType::Timestamp(TimeUnit::Second, _) => {
            primitive::<TimestampSecondType>(array, visitor, |value| value as f64);
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            primitive::<TimestampMillisecondType>(array, visitor, |value| value as f64);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            primitive::<TimestampMicrosecondType>(array, visitor, |value| value as f64);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            primitive::<TimestampNanosecondType>(array, visitor, |value| value as f64);
        }
        other => {
            return Err(Error::ColumnType {
                column: String::new(),
                found: other.to_string(),
                expected: "numbers, logicals, dates and timestamps have a mean".into(),
            });
        }
    }
    Ok(())
}

/// The values of a numeric column as doubles in `into`, NaN where they are missing.
///
/// # Errors
/// [`Error::ColumnType`] for texts and factors.
pub fn widen(array: &dyn Array, into: &mut Vec<f64>) -> Result<()> {
    into.clear();
    visit(array, &mut Widen(into))
}

struct Widen<'a>(&'a mut Vec<f64>);

impl Visitor for Widen<'_> {
    fn values<T: Copy>(&mut self, values: &[T], nulls: Option<&NullBuffer>, widen: impl Fn(T) -> f64 + Copy) {
        self.0.extend(values.iter().map(|&value| widen(value)));
        if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
            for (value, valid) in self.0.iter_mut().zip(nulls.iter()) {
                if !valid {
                    *value = f64::NAN;
                }
            }
        }
    }
}
