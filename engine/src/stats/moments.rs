//! Mean, sum of squared deviations, smallest and largest value of a numeric column.
//!
//! The sum of squares minus the square of the sum loses every digit when the mean is large against the deviations. So a
//! column is cut into tiles that stay in the nearest cache; each tile is summed, then its deviations from its own mean
//! are squared and summed (with the correction for the rounding of that mean), and the tiles are merged pairwise by the
//! formula of Chan, Golub and `LeVeque` (1979). Both sweeps run over eight independent lanes, so they vectorise, and narrow
//! types are widened tile by tile: a column is never copied as a whole.
//!
//! Integers of 64 bits beyond 2^53 are rounded to the nearest double, as R and revoscalepy do.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use serde::{Deserialize, Serialize};

use super::tiles::Tiles;
use super::widen::{Visitor, visit};
use crate::{Accumulator, Error, Result};

/// Weighted moments of the values that are there, and the count of those that are not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    weight: f64,
    missing: u64,
    missing_weight: f64,
    sum: f64,
    mean: f64,
    m2: f64,
    min: f64,
    max: f64,
}

impl Moments {
    /// The moments of `count` values that something else has added up: their mean, their sum of squared deviations from
    /// it, the smallest and the largest.
    pub fn from_parts(count: u64, mean: f64, m2: f64, min: f64, max: f64) -> Self {
        let weight = count as f64;
        Self { count, weight, sum: mean * weight, mean, m2, min, max, ..Self::default() }
    }

    /// The moments of `count` values of this weight that something else has added up: the weighted sums of their deviations
    /// from `shift` and of the squares of these, the smallest and the largest value.
    pub fn from_sums(count: u64, weight: f64, shift: f64, sums: [f64; 2], extremes: [f64; 2]) -> Self {
        let mut moments = Self::default();
        if count > 0 {
            let [first, second] = sums;
            moments.set_values(count, weight, first + shift * weight, shift, first, second);
            moments.set_extremes(extremes[0], extremes[1]);
        }
        moments
    }

    /// Values that are there and weigh more than nothing.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of their weights, their count where there are no weights.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Values that are missing, of rows that weigh more than nothing.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The sum of the weights of the rows with missing values.
    pub fn missing_weight(&self) -> f64 {
        self.missing_weight
    }

    /// The weighted sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The weighted mean, if there is a value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The weighted sum of squared deviations from the mean.
    pub fn m2(&self) -> f64 {
        self.m2
    }

    /// The smallest value, if there is one.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest value, if there is one.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The sample variance where a weight says how many equal rows a row stands for: `m2 / (weight - 1)`, `None` unless
    /// the weights add up to more than 1. Without weights, the usual variance.
    pub fn variance(&self) -> Option<f64> {
        (self.weight > 1.0).then(|| self.m2 / (self.weight - 1.0))
    }

    /// The sample variance where weights are inverse inclusion probabilities, known up to a factor:
    /// `m2 / weight * n / (n - 1)` with n rows, `None` below two rows.
    pub fn probability_variance(&self) -> Option<f64> {
        let n = self.count as f64;
        (self.count > 1).then(|| self.m2 / self.weight * (n / (n - 1.0)))
    }

    /// Adds a numeric column: integers, floats, logicals (0 and 1), dates (days) and timestamps (their unit).
    /// `weights`, of the same length, are finite and not negative; rows of weight 0 do not count at all.
    ///
    /// # Errors
    /// [`Error::ColumnType`] for texts and factors.
    pub fn add_array(&mut self, array: &dyn Array, weights: Option<&[f64]>) -> Result<()> {
        visit(array, &mut Tiles { moments: self, weights })
    }

    /// Adds values in which NaN is missing.
    pub fn add_values(&mut self, values: &[f64], weights: Option<&[f64]>) {
        Tiles { moments: self, weights }.values(values, None, |value| value);
    }

    /// Adds the moments of rows that come after these.
    pub fn merge_from(&mut self, later: &Self) {
        self.missing += later.missing;
        self.missing_weight += later.missing_weight;
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            let (missing, missing_weight) = (self.missing, self.missing_weight);
            *self = Self { missing, missing_weight, ..*later };
            return;
        }
        let weight = self.weight + later.weight;
        let delta = later.mean - self.mean;
        if delta.is_finite() {
            self.mean += delta * (later.weight / weight);
            self.m2 += later.m2 + delta * delta * (self.weight * (later.weight / weight));
        } else {
            // an infinite value: the mean is infinite, or nothing when both infinities occur
            self.mean += later.mean;
            self.m2 = f64::NAN;
        }
        self.weight = weight;
        self.count += later.count;
        self.sum += later.sum;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.settle_constant();
    }

    /// Adds one value (NaN is missing) by Welford's update; a row of weight 0 does not count at all.
    pub fn add(&mut self, value: f64, weight: f64) {
        if weight == 0.0 {
            return;
        }
        if value.is_nan() {
            self.add_missing(1, weight);
            return;
        }
        let (mean, sum) = (value, weight * value);
        let one = Self { count: 1, weight, sum, mean, min: value, max: value, ..Self::default() };
        self.merge_from(&one);
    }

    /// Counts `rows` missing values of rows that weigh `weight` together.
    pub fn add_missing(&mut self, rows: u64, weight: f64) {
        self.missing += rows;
        self.missing_weight += weight;
    }

    /// Sets what was summed over values that are all there: `first` and `second` are the sums of the deviations from
    /// `mean` and of their squares. `mean` may be rounded; the rounding shows in `first` and is taken out.
    pub(super) fn set_values(
        &mut self,
        count: u64,
        weight: f64,
        sum: f64,
        mean: f64,
        first: f64,
        second: f64,
    ) {
        (self.count, self.weight, self.sum) = (count, weight, sum);
        if mean.is_finite() {
            self.mean = mean + first / weight;
            self.m2 = (second - first * first / weight).max(0.0);
        } else {
            (self.mean, self.m2) = (mean, f64::NAN);
        }
    }

    pub(super) fn set_extremes(&mut self, min: f64, max: f64) {
        (self.min, self.max) = (min, max);
        self.settle_constant();
    }

    /// Equal values do not deviate, whatever their sum was rounded to.
    fn settle_constant(&mut self) {
        if self.min == self.max && self.min.is_finite() {
            (self.mean, self.m2) = (self.min, 0.0);
        }
    }
}

impl Accumulator for Moments {
    type Input = dyn Array;
    type Output = Self;

    fn update(&mut self, input: &dyn Array) -> Result<()> {
        self.add_array(input, None)
    }

    fn merge(&mut self, later: Self) -> Result<()> {
        self.merge_from(&later);
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        let values: Vec<f64> = values.into_iter().collect();
        moments.add_values(&values, None);
        moments
    }
}

/// The moments of a shared array, for callers that hold one.
impl TryFrom<&ArrayRef> for Moments {
    type Error = Error;

    fn try_from(array: &ArrayRef) -> Result<Self> {
        let mut moments = Self::default();
        moments.add_array(Arc::as_ref(array), None)?;
        Ok(moments)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Float32Array, Float64Array, Int16Array, Int32Array, StringArray};

    use super::*;
    use crate::stats::widen;

    /// The exact mean and sum of squared deviations of integers, in 128 bits; `m2 * n` is exact.
    fn exact(values: &[i64]) -> (f64, f64) {
        let n = values.len() as i128;
        let sum: i128 = values.iter().map(|&value| i128::from(value)).sum();
        let squares: i128 = values.iter().map(|&value| i128::from(value) * i128::from(value)).sum();
        let scaled = n * squares - sum * sum;
        (sum as f64 / n as f64, scaled as f64 / n as f64)
    }

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} is not near {expected}");
    }

    #[test]
    fn a_mean_of_a_billion_keeps_the_digits_of_the_deviations() {
        let values: Vec<i64> = (0..1_000_003_i64).map(|i| 1_000_000_000 + (i * 7919) % 5 - 2).collect();
        let (mean, m2) = exact(&values);
        let mut moments = Moments::default();
        for block in values.chunks(131_072) {
            let block: Vec<f64> = block.iter().map(|&value| value as f64).collect();
            moments.add_values(&block, None);
        }
        close(moments.mean().unwrap(), mean, 1e-15);
        close(moments.m2(), m2, 1e-12);
        assert_eq!((moments.min(), moments.max()), (Some(999_999_998.0), Some(1_000_000_002.0)));
        assert_eq!(moments.sum(), values.iter().sum::<i64>() as f64);
    }

    #[test]
    fn weights_weigh_and_a_weight_of_nothing_is_no_row() {
        let mut weighted = Moments::default();
        let values = [1.0, f64::NAN, 5.0, 2.0, f64::NAN];
        weighted.add_values(&values, Some(&[2.0, 3.0, 1.0, 0.0, 0.0]));
        let mut repeated = Moments::default();
        repeated.add_values(&[1.0, 1.0, f64::NAN, f64::NAN, f64::NAN, 5.0], None);
        assert_eq!(weighted.mean(), repeated.mean());
        close(weighted.variance().unwrap(), repeated.variance().unwrap(), 1e-15);
        assert_eq!((weighted.count(), weighted.weight(), weighted.missing_weight()), (2, 3.0, 3.0));
        // equal weights change nothing about a probability sample
        let mut equal = Moments::default();
        equal.add_values(&[1.0, 4.0, 9.0], Some(&[20.0; 3]));
        let plain: Moments = [1.0, 4.0, 9.0].into_iter().collect();
        close(equal.probability_variance().unwrap(), plain.variance().unwrap(), 1e-15);
    }

    #[test]
    fn every_type_counts_nulls_and_nan_as_missing() {
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int16Array::from(vec![Some(1), None, Some(0)])),
            Arc::new(Int32Array::from(vec![Some(1), None, Some(0)])),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            Arc::new(Float32Array::from(vec![Some(1.0), Some(f32::NAN), Some(0.0)])),
            Arc::new(Float64Array::from(vec![Some(1.0), None, Some(0.0)])),
        ];
        for array in &arrays {
            let moments = Moments::try_from(array).unwrap();
            assert_eq!((moments.count(), moments.missing()), (2, 1), "{}", array.data_type());
            assert_eq!((moments.mean(), moments.m2()), (Some(0.5), 0.5));
            let mut values = Vec::new();
            widen(array.as_ref(), &mut values).unwrap();
            assert!(values[0] == 1.0 && values[1].is_nan() && values[2] == 0.0);
        }
        assert!(Moments::default().add_array(&StringArray::from(vec!["a"]), None).is_err());
    }

    #[test]
    fn equal_values_have_a_deviation_of_zero() {
        let mut moments = Moments::default();
        for rows in [1, 3, 5000, 17] {
            moments.add_values(&vec![0.1; rows], None);
        }
        moments.add_values(&[0.1, 0.1], Some(&[0.3, 7.0]));
        assert_eq!((moments.mean(), moments.variance()), (Some(0.1), Some(0.0)));
    }

    #[test]
    fn sliced_arrays_and_long_runs_of_nulls() {
        let values: Vec<Option<i32>> = (0..10_000).map(|i| (i % 97 < 60).then_some(i)).collect();
        let array = Int32Array::from(values.clone());
        for (from, len) in [(0, 10_000), (13, 9_000), (2047, 4099), (64, 0), (61, 30)] {
            let mut moments = Moments::default();
            moments.add_array(&array.slice(from, len), None).unwrap();
            let kept: Vec<f64> = values[from..from + len].iter().flatten().map(|&v| f64::from(v)).collect();
            assert_eq!(moments.count() as usize, kept.len());
            assert_eq!(moments.missing() as usize, len - kept.len());
            assert_eq!(moments.sum(), kept.iter().sum::<f64>());
        }
    }

    #[test]
    fn too_few_values_have_no_variance_and_infinities_stay_infinite() {
        let one: Moments = [3.0].into_iter().collect();
        assert_eq!((one.mean(), one.variance(), one.probability_variance()), (Some(3.0), None, None));
        assert_eq!(Moments::default().mean(), None);
        let mut infinite: Moments = [1.0, 2.0].into_iter().collect();
        infinite.add_values(&[f64::INFINITY], None);
        infinite.add_values(&[5.0], None);
        assert_eq!(infinite.mean(), Some(f64::INFINITY));
        assert!(infinite.variance().unwrap().is_nan());
    }
}
