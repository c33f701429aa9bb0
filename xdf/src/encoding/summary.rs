//! Statistics of one block of one column, computed while it is written.
//!
//! Moments by the corrected two-pass algorithm (Chan, Golub, `LeVeque` 1983): the mean, then the squared deviations
//! from it, minus what the rounding of the mean left over. Sums run in eight lanes, always in the same order, so
//! that the result does not depend on the machine.

use arrow_buffer::{ArrowNativeType, BooleanBuffer};

use crate::statistics::{ColumnStatistics, Scalar};

/// Texts longer than this many bytes are not kept as smallest or largest.
const LONGEST_TEXT: usize = 256;
/// Level counts of a block are kept when it has this many rows for each level.
const ROWS_PER_LEVEL: usize = 64;

/// A native integer with what encoder and statistics need.
pub(crate) trait Integer: ArrowNativeType + Ord {
    /// Bytes of a value.
    const WIDTH: usize;
    /// The value as 64 bits, negative ones continued to the left.
    fn bits(self) -> u64;
    /// The place of a bit pattern in the order of the values.
    fn rank(bits: u64) -> u64;
    /// The distance from a smaller value.
    fn above(self, base: Self) -> u64;
    /// The value as a float, rounded.
    fn float(self) -> f64;
    /// The value as statistics give it.
    fn scalar(self) -> Scalar;
}

macro_rules! integer {
    ($($native:ty, $unsigned:ty, $wide:ty, $scalar:ident;)*) => {$(
        impl Integer for $native {
            const WIDTH: usize = size_of::<$native>();
            fn bits(self) -> u64 {
                <$wide>::from(self) as u64
            }
            fn rank(bits: u64) -> u64 {
                // Signed bits are continued to the left, so one flip of the sign serves every width.
                if <$native>::MIN < 0 as $native { bits ^ 1 << 63 } else { bits }
            }
            fn above(self, base: Self) -> u64 {
                u64::from(self.wrapping_sub(base) as $unsigned)
            }
            fn float(self) -> f64 {
                self as f64
            }
            fn scalar(self) -> Scalar {
                Scalar::$scalar(<$wide>::from(self))
            }
        }
    )*};
}

#[expect(clippy::cast_lossless, reason = "one body for all widths")]
mod integers {
    use super::{Integer, Scalar};
    integer! {
        i8, u8, i64, Int; i16, u16, i64, Int; i32, u32, i64, Int; i64, u64, i64, Int;
        u8, u8, u64, UInt; u16, u16, u64, UInt; u32, u32, u64, UInt; u64, u64, u64, UInt;
    }
}

/// A native float with what encoder and statistics need.
pub(crate) trait Float: ArrowNativeType {
    /// Bytes of a value.
    const WIDTH: usize;
    /// The bit pattern.
    fn bits(self) -> u64;
    /// The place of a bit pattern in the total order of the values.
    fn rank(bits: u64) -> u64;
    /// The value as a 64-bit float, exact.
    fn float(self) -> f64;
    /// The integer that converts to exactly these bits, or something that does not.
    fn integer(self) -> i32;
    /// The float of an integer.
    fn from_integer(integer: i32) -> Self;
}

impl Float for f32 {
    const WIDTH: usize = 4;
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
    fn rank(bits: u64) -> u64 {
        if bits >> 31 == 0 { bits | 1 << 31 } else { !bits & 0xFFFF_FFFF }
    }
    fn float(self) -> f64 {
        f64::from(self)
    }
    fn integer(self) -> i32 {
        self as i32
    }
    fn from_integer(integer: i32) -> Self {
        integer as Self
    }
}

impl Float for f64 {
    const WIDTH: usize = 8;
    fn bits(self) -> u64 {
        self.to_bits()
    }
    fn rank(bits: u64) -> u64 {
        if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
    }
    fn float(self) -> f64 {
        self
    }
    fn integer(self) -> i32 {
        self as i32
    }
    fn from_integer(integer: i32) -> Self {
        Self::from(integer)
    }
}

/// Smallest and largest of values that are not empty.
pub(crate) fn extremes<T: Integer>(values: &[T]) -> Option<(T, T)> {
    let first = *values.first()?;
    Some(values.iter().fold((first, first), |(min, max), v| (min.min(*v), max.max(*v))))
}

/// Sum over eight lanes.
fn sum<T: Copy>(values: &[T], term: impl Fn(T) -> f64) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += term(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    lanes.iter().sum()
}

/// Mean and M2; nothing for no values, or when they are not finite.
fn moments<T: Copy>(values: &[T], float: impl Fn(T) -> f64) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let rough = sum(values, &float) / n;
    let left = sum(values, |v| float(v) - rough);
    let squares = sum(values, |v| (float(v) - rough) * (float(v) - rough));
    let (mean, m2) = (rough + left / n, squares - left * left / n);
    (mean.is_finite() && m2.is_finite()).then_some((mean, m2.max(0.0)))
}

/// Statistics of integers; `present` are the values that are not missing.
pub(crate) fn of_integers<T: Integer>(rows: usize, present: &[T]) -> ColumnStatistics {
    let mut statistics = counts(rows, present.len());
    if let Some((min, max)) = extremes(present) {
        statistics.min = Some(min.scalar());
        statistics.max = Some(max.scalar());
        set_moments(&mut statistics, moments(present, T::float));
    }
    statistics
}

/// Statistics of floats; NaN counts as missing.
pub(crate) fn of_floats<T: Float>(rows: usize, present: &[T]) -> ColumnStatistics {
    let nan = present.iter().filter(|v| v.float().is_nan()).count();
    let numbers: Vec<T>;
    let present = if nan > 0 {
        numbers = present.iter().copied().filter(|v| !v.float().is_nan()).collect();
        &numbers
    } else {
        present
    };
    let mut statistics = counts(rows, present.len());
    if let Some(first) = present.first() {
        let first = first.float();
        let (min, max) = present.iter().fold((first, first), |(min, max), v| {
            let v = v.float();
            (if v < min { v } else { min }, if v > max { v } else { max })
        });
        statistics.min = Some(Scalar::Float(min));
        statistics.max = Some(Scalar::Float(max));
        set_moments(&mut statistics, moments(present, T::float));
    }
    statistics
}

/// Statistics of decimals, which come without their points.
pub(crate) fn of_decimals(rows: usize, present: &[i128], scale: i8) -> ColumnStatistics {
    let mut statistics = counts(rows, present.len());
    let scalar = |value: &i128| Scalar::Decimal { value: *value, scale };
    statistics.min = present.iter().min().map(scalar);
    statistics.max = present.iter().max().map(scalar);
    if !present.is_empty() {
        let unit = 10_f64.powi(i32::from(scale));
        set_moments(&mut statistics, moments(present, |value| value as f64 / unit));
    }
    statistics
}

/// Statistics of booleans.
pub(crate) fn of_booleans(rows: usize, present: usize, values: &BooleanBuffer) -> ColumnStatistics {
    let mut statistics = counts(rows, present);
    if present > 0 {
        let (n, set) = (present as f64, values.count_set_bits() as f64);
        statistics.min = Some(Scalar::Bool(set == n));
        statistics.max = Some(Scalar::Bool(set > 0.0));
        set_moments(&mut statistics, Some((set / n, set * ((n - set) / n))));
    }
    statistics
}

/// Statistics of texts.
pub(crate) fn of_texts<'a>(
    rows: usize,
    present: usize,
    texts: impl Iterator<Item = &'a str>,
) -> ColumnStatistics {
    let mut statistics = counts(rows, present);
    let extremes = texts.fold(None, |found: Option<(&str, &str)>, text| {
        Some(found.map_or((text, text), |(min, max)| (min.min(text), max.max(text))))
    });
    if let Some((min, max)) = extremes.filter(|(min, max)| min.len().max(max.len()) <= LONGEST_TEXT) {
        statistics.min = Some(Scalar::Text(min.to_owned()));
        statistics.max = Some(Scalar::Text(max.to_owned()));
    }
    statistics
}

/// Statistics of factor codes, which are all at least 0 and below `levels`.
pub(crate) fn of_factor(rows: usize, present: &[i32], levels: usize) -> ColumnStatistics {
    let mut statistics = counts(rows, present.len());
    let mut level_counts = vec![0_u64; levels];
    for code in present {
        if let Some(count) = usize::try_from(*code).ok().and_then(|code| level_counts.get_mut(code)) {
            *count += 1;
        }
    }
    statistics.level_counts = Some(level_counts);
    statistics
}

/// True when the level counts of a block are small against its rows, and so kept.
pub(crate) fn keeps_level_counts(rows: u64, levels: usize) -> bool {
    levels as u64 * ROWS_PER_LEVEL as u64 <= rows
}

/// Rows and missing values alone.
pub(crate) fn counts(rows: usize, present: usize) -> ColumnStatistics {
    ColumnStatistics { rows: rows as u64, missing: (rows - present) as u64, ..ColumnStatistics::default() }
}

fn set_moments(statistics: &mut ColumnStatistics, moments: Option<(f64, f64)>) {
    statistics.mean = moments.map(|(mean, _)| mean);
    statistics.m2 = moments.map(|(_, m2)| m2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_digits_far_from_zero() {
        let values: Vec<f64> = (0..10_001).map(|i| 1e12 + f64::from(i)).collect();
        let statistics = of_floats(values.len(), &values);
        assert_eq!(statistics.mean, Some(1e12 + 5000.0));
        let exact = 10_001.0 * (10_001.0 * 10_001.0 - 1.0) / 12.0;
        assert!((statistics.m2.unwrap() / exact - 1.0).abs() < 1e-12);
    }

    #[test]
    fn extremes_of_64_bits_are_exact() {
        let statistics = of_integers(3, &[i64::MIN, i64::MAX]);
        assert_eq!(statistics.min, Some(Scalar::Int(i64::MIN)));
        assert_eq!(statistics.max, Some(Scalar::Int(i64::MAX)));
        assert_eq!(i64::MAX.above(i64::MIN), u64::MAX);
        assert_eq!((-1_i8).above(-128), 127);
        assert_eq!((-1_i16).bits(), u64::MAX);
        assert!(i8::rank((-1_i8).bits()) < i8::rank(0) && u64::rank(1) < u64::rank(u64::MAX));
        for pair in [f64::NEG_INFINITY, -2.0, -0.5, -0.0, 0.0, 0.5, f64::INFINITY].windows(2) {
            assert!(f64::rank(pair[0].to_bits()) < f64::rank(pair[1].to_bits()));
            assert!(f32::rank((pair[0] as f32).bits()) < f32::rank((pair[1] as f32).bits()));
        }
        assert_eq!(statistics.missing, 1);
    }

    #[test]
    fn nan_is_missing_and_infinity_has_no_moments() {
        let statistics = of_floats(3, &[f32::NAN, 2.0, 4.0]);
        assert_eq!((statistics.missing, statistics.mean, statistics.m2), (1, Some(3.0), Some(2.0)));
        let statistics = of_floats(2, &[f64::INFINITY, 1.0]);
        assert_eq!(statistics.max, Some(Scalar::Float(f64::INFINITY)));
        assert_eq!(statistics.mean, None);
        assert_eq!(of_floats::<f64>(1, &[f64::NAN]).min, None);
    }
}
