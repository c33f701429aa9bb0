//! Values as unsigned numbers in the same order, so that one sketch serves every type.

use std::borrow::Cow;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};

use super::{Beside, QuantileSketch};
use crate::encoding::bits::present;
use crate::encoding::summary::{Float, Integer};
use crate::{ColumnStatistics, Scalar};

/// The key of 0.0 as f32, and as f64; those of -0.0 are one less.
const ZERO_32: u64 = 1 << 31;
const ZERO_64: u64 = 1 << 63;

/// How values become keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Domain {
    /// Signed integers, dates, timestamps: the value + 2^63.
    Signed,
    /// Unsigned integers: the value.
    Unsigned,
    /// 32-bit floats: the bits + 2^31, of negative ones the complement; in 32 bits.
    Float32,
    /// 64-bit floats: the bits + 2^63, of negative ones the complement.
    Float64,
}

impl Domain {
    pub(super) const ALL: [Self; 4] = [Self::Signed, Self::Unsigned, Self::Float32, Self::Float64];

    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Date32
            | DataType::Timestamp(..) => Some(Self::Signed),
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Some(Self::Unsigned),
            DataType::Float32 => Some(Self::Float32),
            DataType::Float64 => Some(Self::Float64),
            _ => None,
        }
    }

    /// The largest key that there is.
    pub(super) fn max_key(self) -> u64 {
        if self == Self::Float32 { u64::from(u32::MAX) } else { u64::MAX }
    }

    /// The key of a value of such a column.
    pub(super) fn key(self, value: &Scalar) -> u64 {
        match (value, self) {
            (Scalar::Int(value), _) => i64::rank(value.bits()),
            (Scalar::UInt(value), _) => *value,
            (Scalar::Float(value), Self::Float32) => float_key(*value as f32, ZERO_32),
            (Scalar::Float(value), _) => float_key(*value, ZERO_64),
            // no other value is of a column that has keys
            _ => 0,
        }
    }

    /// The value of a key.
    pub(super) fn scalar(self, key: u64) -> Scalar {
        match self {
            Self::Signed => Scalar::Int((key ^ ZERO_64).cast_signed()),
            Self::Unsigned => Scalar::UInt(key),
            Self::Float32 => {
                let bits = if key >= ZERO_32 { key ^ ZERO_32 } else { !key };
                Scalar::Float(f64::from(f32::from_bits((bits & 0xFFFF_FFFF) as u32)))
            }
            Self::Float64 => {
                let bits = if key >= ZERO_64 { key ^ ZERO_64 } else { !key };
                Scalar::Float(f64::from_bits(bits))
            }
        }
    }

    /// The key of the largest value that is at most `value`, which is not NaN; none when all are larger.
    pub(super) fn key_at_most(self, value: f64) -> Option<u64> {
        match self {
            Self::Signed if value < i64::MIN as f64 => None,
            Self::Unsigned if value < 0.0 => None,
            // what is too large becomes the largest
            Self::Signed => Some(i64::rank((value.floor() as i64).bits())),
            Self::Unsigned => Some(value.floor() as u64),
            Self::Float32 => {
                let key = float_key(value as f32, ZERO_32);
                if f64::from(value as f32) > value { key.checked_sub(1) } else { Some(key) }
            }
            Self::Float64 => Some(float_key(value, ZERO_64)),
        }
    }
}

/// The key of a float that is not NaN; both zeros have one.
fn float_key<T: Float>(value: T, zero: u64) -> u64 {
    let key = T::rank(value.bits());
    key + u64::from(key + 1 == zero)
}

/// Which values of an array are inserted, and what is known of them.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    /// Smallest and largest value and the number of missing ones, which spares a pass over all.
    pub(super) known: Option<&'a ColumnStatistics>,
    /// Only values whose keys are between the two.
    pub(super) between: Option<(u64, u64)>,
}

/// Gives values of an array to the sketch, and counts others; nothing when the array is not of its type.
pub(super) fn insert(array: &dyn Array, wanted: &Wanted<'_>, sketch: &mut QuantileSketch) -> Option<Beside> {
    if Domain::of(array.data_type()) != Some(sketch.domain) {
        return None;
    }
    match array.data_type() {
        DataType::Int8 => Some(integers::<Int8Type>(array, wanted, sketch)),
        DataType::Int16 => Some(integers::<Int16Type>(array, wanted, sketch)),
        DataType::Int32 => Some(integers::<Int32Type>(array, wanted, sketch)),
        DataType::Int64 => Some(integers::<Int64Type>(array, wanted, sketch)),
        DataType::UInt8 => Some(integers::<UInt8Type>(array, wanted, sketch)),
        DataType::UInt16 => Some(integers::<UInt16Type>(array, wanted, sketch)),
        DataType::UInt32 => Some(integers::<UInt32Type>(array, wanted, sketch)),
        DataType::UInt64 => Some(integers::<UInt64Type>(array, wanted, sketch)),
        DataType::Date32 => Some(integers::<Date32Type>(array, wanted, sketch)),
        DataType::Timestamp(unit, _) => Some(match unit {
            TimeUnit::Second => integers::<TimestampSecondType>(array, wanted, sketch),
            TimeUnit::Millisecond => integers::<TimestampMillisecondType>(array, wanted, sketch),
            TimeUnit::Microsecond => integers::<TimestampMicrosecondType>(array, wanted, sketch),
            TimeUnit::Nanosecond => integers::<TimestampNanosecondType>(array, wanted, sketch),
        }),
        DataType::Float32 => Some(floats::<Float32Type>(array, ZERO_32, wanted, sketch)),
        DataType::Float64 => Some(floats::<Float64Type>(array, ZERO_64, wanted, sketch)),
        _ => None,
    }
}

/// The values of an array that are there.
fn present_of<T: ArrowPrimitiveType>(array: &dyn Array) -> Cow<'_, [T::Native]> {
    let array = array.as_primitive::<T>();
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => Cow::Owned(present(array.values(), nulls)),
        None => Cow::Borrowed(array.values()),
    }
}

fn integers<T: ArrowPrimitiveType<Native: Integer>>(
    array: &dyn Array,
    wanted: &Wanted<'_>,
    sketch: &mut QuantileSketch,
) -> Beside {
    take(&present_of::<T>(array), wanted, |value| T::Native::rank(value.bits()), sketch)
}

fn floats<T: ArrowPrimitiveType<Native: Float>>(
    array: &dyn Array,
    zero: u64,
    wanted: &Wanted<'_>,
    sketch: &mut QuantileSketch,
) -> Beside {
    let mut values = present_of::<T>(array);
    let nan = match wanted.known {
        Some(known) => known.missing > array.null_count() as u64,
        None => values.iter().any(|value| value.float().is_nan()),
    };
    if nan {
        values.to_mut().retain(|value| !value.float().is_nan());
    }
    take(&values, wanted, |value| float_key(value, zero), sketch)
}

/// Gives the wanted ones of values to the sketch.
fn take<T: Copy>(
    values: &[T],
    wanted: &Wanted<'_>,
    key: impl Fn(T) -> u64 + Copy,
    sketch: &mut QuantileSketch,
) -> Beside {
    let extremes = |values: &[T]| {
        let keys = values.iter().map(|value| key(*value));
        keys.fold((u64::MAX, 0), |(min, max), key| (key.min(min), key.max(max)))
    };
    if let Some((low, high)) = wanted.between {
        let mut beside = Beside::default();
        let mut inside = Vec::new();
        for value in values {
            match key(*value) {
                key if key < low => beside.below += 1,
                key if key == low => beside.at_low += 1,
                key if key < high => inside.push(*value),
                key if key == high => beside.at_high += 1,
                _ => {}
            }
        }
        sketch.take_block(&inside, extremes(&inside), key);
        return beside;
    }
    let known = wanted.known.and_then(|known| {
        Some((sketch.domain.key(known.min.as_ref()?), sketch.domain.key(known.max.as_ref()?)))
    });
    sketch.take_block(values, known.unwrap_or_else(|| extremes(values)), key);
    Beside::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_the_values_and_lead_back() {
        for (domain, values) in [
            (Domain::Signed, [i64::MIN as f64, -7.0, 0.0, 8.0]),
            (Domain::Unsigned, [0.0, 1.0, 2.0, 1e12]),
            (Domain::Float32, [f64::NEG_INFINITY, -0.5, 0.0, f64::INFINITY]),
            (Domain::Float64, [f64::NEG_INFINITY, -0.1, 0.0, 1e300]),
        ] {
            let keys: Vec<u64> = values.iter().map(|value| domain.key_at_most(*value).unwrap()).collect();
            assert!(keys.is_sorted() && keys.last() <= Some(&domain.max_key()));
            for (key, value) in keys.iter().zip(values) {
                assert_eq!(domain.scalar(*key).as_f64(), Some(value));
            }
        }
        assert_eq!(float_key(-0.0_f64, ZERO_64), float_key(0.0_f64, ZERO_64));
        assert_eq!(float_key(-0.0_f32, ZERO_32), float_key(0.0_f32, ZERO_32));
    }

    #[test]
    fn between_two_values_the_lower_one_counts() {
        let below = |domain: Domain, value| domain.key_at_most(value).map(|key| domain.scalar(key));
        assert_eq!(below(Domain::Signed, -0.5), Some(Scalar::Int(-1)));
        assert_eq!(below(Domain::Signed, 1e300), Some(Scalar::Int(i64::MAX)));
        assert_eq!(below(Domain::Signed, -1e300), None);
        assert_eq!(below(Domain::Unsigned, -0.5), None);
        assert_eq!(below(Domain::Unsigned, 2.5), Some(Scalar::UInt(2)));
        let (value, Some(Scalar::Float(found))) = (0.1, below(Domain::Float32, 0.1)) else { panic!() };
        assert!(found <= value && value - found < 1e-8);
    }
}
