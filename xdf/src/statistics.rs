//! What the directory knows about a column without reading it.
//!
//! Per segment: rows, missing, smallest and largest value, mean and M2 (the sum of squared deviations from the
//! mean), counts per factor level; per file also a sketch of the quantiles. A file's statistics are the merge of its
//! segments' in order, moments by the formula of Chan, Golub and `LeVeque` (1979), which loses nothing to large means.
//! Missing are nulls, and for floats also NaN.

use std::cmp::Ordering;
use std::fmt;

use arrow_array::types::{Decimal128Type, DecimalType};
use arrow_schema::DECIMAL128_MAX_PRECISION;

use crate::QuantileSketch;

/// One value of a column, as statistics give it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar {
    /// Of a boolean column.
    Bool(bool),
    /// Of a signed integer column; dates and timestamps in their own unit.
    Int(i64),
    /// Of an unsigned integer column.
    UInt(u64),
    /// Of a float column.
    Float(f64),
    /// Of a string column.
    Text(String),
    /// Of a decimal column: 12345 with scale 2 is 123.45.
    Decimal {
        /// The digits without the point.
        value: i128,
        /// Number of digits behind the point; negative for zeros before it that are not stored.
        scale: i8,
    },
}

impl Scalar {
    /// The value as a float, unless it is text.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(v) => Some(f64::from(u8::from(*v))),
            Self::Int(v) => Some(*v as f64),
            Self::UInt(v) => Some(*v as f64),
            Self::Float(v) => Some(*v),
            Self::Text(_) => None,
            Self::Decimal { value, scale } => Some(*value as f64 / 10_f64.powi(i32::from(*scale))),
        }
    }

    /// The order of two values of one column; floats in total order.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::UInt(a), Self::UInt(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Decimal { value: a, .. }, Self::Decimal { value: b, .. }) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => v.fmt(f),
            Self::Int(v) => v.fmt(f),
            Self::UInt(v) => v.fmt(f),
            Self::Float(v) => v.fmt(f),
            Self::Text(v) => v.fmt(f),
            Self::Decimal { value, scale } => {
                Decimal128Type::format_decimal(*value, DECIMAL128_MAX_PRECISION, *scale).fmt(f)
            }
        }
    }
}

/// Stored statistics of a column, over one block or the whole file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ColumnStatistics {
    /// Number of rows, missing ones included.
    pub rows: u64,
    /// Number of missing values: nulls, and NaN in float columns.
    pub missing: u64,
    /// Smallest value; absent for factors and binary values, when all are missing, and for long texts.
    pub min: Option<Scalar>,
    /// Largest value; absent when `min` is.
    pub max: Option<Scalar>,
    /// Mean of the values that are there; absent when there are none, or for text and factors.
    pub mean: Option<f64>,
    /// Sum of squared deviations from the mean; the variance is `m2 / (rows - missing - 1)`.
    pub m2: Option<f64>,
    /// How often each factor level occurs, in level order; later levels that are not listed occur never.
    pub level_counts: Option<Vec<u64>>,
    /// Quantiles of numbers, dates and timestamps over a whole file; absent in blocks and in files of version 5.0.
    pub sketch: Option<QuantileSketch>,
}

impl ColumnStatistics {
    /// Number of values that are not missing.
    pub fn count(&self) -> u64 {
        self.rows.saturating_sub(self.missing)
    }

    /// Adds the statistics of rows that come after these.
    pub(crate) fn merge(&mut self, later: &Self) {
        let (a, b) = (self.count(), later.count());
        if b > 0 {
            if a == 0 {
                self.min.clone_from(&later.min);
                self.max.clone_from(&later.max);
                self.mean = later.mean;
                self.m2 = later.m2;
            } else {
                merge_extreme(&mut self.min, later.min.as_ref(), Ordering::Less);
                merge_extreme(&mut self.max, later.max.as_ref(), Ordering::Greater);
                let moments = (self.mean, self.m2, later.mean, later.m2);
                (self.mean, self.m2) = match moments {
                    (Some(mean_a), Some(m2_a), Some(mean_b), Some(m2_b)) => {
                        let (a, b) = (a as f64, b as f64);
                        let delta = mean_b - mean_a;
                        (
                            Some(mean_a + delta * (b / (a + b))),
                            Some(m2_a + m2_b + delta * delta * (a * (b / (a + b)))),
                        )
                    }
                    _ => (None, None),
                };
            }
        }
        self.level_counts = match (self.level_counts.take(), &later.level_counts) {
            (Some(counts), Some(more)) => Some(add_counts(counts, more)),
            (None, Some(more)) if self.rows == 0 => Some(more.clone()),
            (Some(counts), None) if later.rows == 0 => Some(counts),
            _ => None,
        };
        self.sketch = match (self.sketch.take(), &later.sketch) {
            (Some(mut sketch), Some(more)) => sketch.merge(more).then_some(sketch),
            (None, Some(more)) if a == 0 => Some(more.clone()),
            (Some(sketch), None) if b == 0 => Some(sketch),
            _ => None,
        };
        // what a file says of itself may be anything
        self.rows = self.rows.saturating_add(later.rows);
        self.missing = self.missing.saturating_add(later.missing);
    }
}

fn merge_extreme(mine: &mut Option<Scalar>, later: Option<&Scalar>, wanted: Ordering) {
    *mine = match (mine.take(), later) {
        (Some(a), Some(b)) if b.order(&a) == wanted => Some(b.clone()),
        (Some(a), Some(_)) => Some(a),
        _ => None,
    };
}

/// Element-wise sum; the longer list decides the length.
pub(crate) fn add_counts(mut counts: Vec<u64>, more: &[u64]) -> Vec<u64> {
    if counts.len() < more.len() {
        counts.resize(more.len(), 0);
    }
    for (count, extra) in counts.iter_mut().zip(more) {
        *count = count.saturating_add(*extra);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> ColumnStatistics {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        ColumnStatistics {
            rows: values.len() as u64,
            missing: 0,
            min: values.iter().copied().min_by(f64::total_cmp).map(Scalar::Float),
            max: values.iter().copied().max_by(f64::total_cmp).map(Scalar::Float),
            mean: Some(mean),
            m2: Some(values.iter().map(|v| (v - mean) * (v - mean)).sum()),
            ..Default::default()
        }
    }

    #[test]
    fn moments_merge_without_losing_digits_to_a_large_mean() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 7)).collect();
        let mut merged = of(&values[..1]);
        merged.merge(&of(&values[1..400]));
        merged.merge(&ColumnStatistics::default());
        merged.merge(&of(&values[400..]));
        let whole = of(&values);
        assert_eq!(merged.rows, 1000);
        assert_eq!(merged.min, Some(Scalar::Float(1e9)));
        assert_eq!(merged.max, Some(Scalar::Float(1e9 + 6.0)));
        assert!((merged.mean.unwrap() - whole.mean.unwrap()).abs() < 1e-6);
        assert!((merged.m2.unwrap() / whole.m2.unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn counts_that_no_file_can_have_do_not_overflow() {
        let huge = ColumnStatistics {
            rows: u64::MAX,
            missing: u64::MAX,
            level_counts: Some(vec![u64::MAX]),
            ..Default::default()
        };
        let mut merged = huge.clone();
        merged.merge(&huge);
        assert_eq!(merged, huge);
    }

    #[test]
    fn all_missing_parts_change_only_the_counts() {
        let mut merged = of(&[1.0, 3.0]);
        merged.merge(&ColumnStatistics { rows: 5, missing: 5, ..Default::default() });
        assert_eq!((merged.rows, merged.missing, merged.mean, merged.m2), (7, 5, Some(2.0), Some(2.0)));
    }
}
