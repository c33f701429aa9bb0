//! The quantiles of a column in a few kilobytes, of values that pass by once.
//!
//! While a column has at most [`MAX_DISTINCT`] different values, the sketch counts each of them and every answer is
//! exact: small columns, years, ages, prices, delays in minutes. Beyond that it keeps a weighted sample in levels, an
//! item of level `i` standing for 2^i values (Karnin, Lang and Liberty 2016, "Optimal quantile approximation in
//! streams", algorithm of section 3 with the sampler of section 4): of each block one value out of 2^h is drawn, and
//! a level that is too long is sorted and every second item moves up, the odd or the even ones by the toss of a coin.
//!
//! **The bound.** A draw and a toss each change the estimated rank of a value by an error of mean 0 within a range
//! R (2^h, and twice the weight of the level), so the sum of independent errors is sub-Gaussian with the variance
//! sum(R² / 4) (Hoeffding 1963, lemma 1). The sketch carries the root of that sum, its *deviation* D, and adds up the
//! deviations of sketches that are merged, since these may have tossed the same coins. For any value the true rank
//! is within D · sqrt(2 ln 200) of the estimate, with a probability of 99 %: [`QuantileSketch::rank_error`].
//! It is below 1.3 % of the rows for one block of 131 072, near 0.5 % for millions.
//!
//! The coins come from a counter through a fixed mixing function: equal rows in equal blocks give equal bytes, on
//! every machine and in every release. That is why this is not a library: the bytes are part of the format, and
//! drawing before anything is sorted makes writing cheap, less than a nanosecond a value.

mod counts;
mod key;
mod levels;
mod wire;

use std::fmt;

use arrow_array::Array;
use arrow_schema::DataType;

use crate::{ColumnStatistics, Scalar};
use counts::Counts;
use key::{Domain, Wanted};
use levels::Levels;

/// Most different values that are counted exactly.
const MAX_DISTINCT: usize = 2048;
/// sqrt(2 ln(2 / 0.01)): a sub-Gaussian error exceeds this many deviations with a probability of at most 1 %.
const DEVIATIONS: f64 = 3.255_247_2;
/// Samples of the first rows, up to this many; afterwards they become rarer.
const DENSE_SAMPLES: u64 = 16_384;
/// At least one value out of 2^5 is drawn.
const MAX_DRAW_BITS: u32 = 5;

/// A mergeable summary of the distribution of numbers, dates or timestamps.
///
/// Missing values, NaN among them, do not take part. Ranks count from 0, the smallest value.
///
/// ```
/// use arrow_array::Int32Array;
/// use arrow_schema::DataType;
/// use xdf::{QuantileSketch, Scalar};
///
/// let mut sketch = QuantileSketch::new(&DataType::Int32).unwrap();
/// sketch.insert(&Int32Array::from((0..1001).collect::<Vec<_>>()));
/// assert!(sketch.is_exact());
/// assert_eq!(sketch.quantile(0.5), Some(Scalar::Int(500)));
/// ```
#[derive(Clone, PartialEq)]
pub struct QuantileSketch {
    domain: Domain,
    /// Values that were inserted.
    count: u64,
    /// Smallest and largest key, when there are values.
    extremes: (u64, u64),
    /// Sub-Gaussian deviation of an estimated rank, in values.
    deviation: f64,
    /// Coins tossed so far: the counter behind the next one.
    tosses: u64,
    /// All values, as long as few of them differ; then the sample is empty.
    counts: Option<Counts>,
    sample: Levels,
}

/// How many values [`QuantileSketch::insert_between`] found beside the interval that it looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Values below `low`.
    pub below: u64,
    /// Values equal to `low`.
    pub at_low: u64,
    /// Values equal to `high`; 0 where that is `low`.
    pub at_high: u64,
}

impl QuantileSketch {
    /// Most bytes that a sketch takes in memory, about.
    pub const MAX_BYTES: usize = MAX_DISTINCT * size_of::<(u64, u64)>();

    /// An empty sketch for a column of this type; none for what is not ordered as a number is: booleans, texts, factors.
    pub fn new(data_type: &DataType) -> Option<Self> {
        Domain::of(data_type).map(Self::empty)
    }

    fn empty(domain: Domain) -> Self {
        Self {
            domain,
            count: 0,
            extremes: (u64::MAX, 0),
            deviation: 0.0,
            tosses: 0,
            counts: Some(Counts::default()),
            sample: Levels::default(),
        }
    }

    /// Inserts the values of an array that are there. False, and nothing inserted, when the array is of another type.
    pub fn insert(&mut self, array: &dyn Array) -> bool {
        key::insert(array, &Wanted::default(), self).is_some()
    }

    /// Inserts the values of an array that are larger than `low` and smaller than `high`, and counts those at the two and
    /// below. None, and nothing inserted, when the array is of another type.
    pub fn insert_between(&mut self, array: &dyn Array, low: &Scalar, high: &Scalar) -> Option<Beside> {
        let between = Some((self.domain.key(low), self.domain.key(high)));
        key::insert(array, &Wanted { between, known: None }, self)
    }

    /// Inserts the values of an array whose statistics are known.
    pub(crate) fn insert_block(&mut self, array: &dyn Array, statistics: &ColumnStatistics) {
        key::insert(array, &Wanted { known: Some(statistics), between: None }, self);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// True when every answer is exact.
    pub fn is_exact(&self) -> bool {
        self.counts.is_some()
    }

    /// How far the true rank of a value may be from [`QuantileSketch::rank`], as a share of all values, 0 to 1, with a
    /// probability of 99 %; 0 when the sketch is exact.
    pub fn rank_error(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.deviation * DEVIATIONS / self.count as f64).min(1.0) }
    }

    /// The share of the values that are at most `value`; none without values or for NaN.
    pub fn rank(&self, value: f64) -> Option<f64> {
        if self.count == 0 || value.is_nan() {
            return None;
        }
        let below = match self.domain.key_at_most(value) {
            None => 0,
            Some(key) if key >= self.extremes.1 => self.count,
            Some(key) if key < self.extremes.0 => 0,
            Some(key) => match &self.counts {
                Some(counts) => counts.at_most(key),
                None => self.sample.at_most(key),
            },
        };
        Some(below as f64 / self.count as f64)
    }

    /// The value of this rank among the sorted values, from 0; none beyond the last.
    pub fn value_at(&self, rank: u64) -> Option<Scalar> {
        self.values_at(&[rank])?.pop()
    }

    /// The values of these ranks, each from 0 to `count - 1`; none if one is beyond the last.
    pub fn values_at(&self, ranks: &[u64]) -> Option<Vec<Scalar>> {
        if ranks.iter().any(|rank| *rank >= self.count) {
            return None;
        }
        // weights, added up to the number of values at or below each key
        let mut points = match &self.counts {
            Some(counts) => counts.pairs().to_vec(),
            None => self.sample.points(),
        };
        let mut sum = 0_u64;
        for (_, weight) in &mut points {
            sum = sum.saturating_add(*weight);
            *weight = sum;
        }
        let value = |rank: &u64| {
            let index = points.partition_point(|(_, sum)| sum <= rank);
            let key = match points.get(index) {
                _ if *rank == 0 => self.extremes.0,
                Some((key, _)) if *rank + 1 < self.count => *key,
                _ => self.extremes.1,
            };
            self.domain.scalar(key)
        };
        Some(ranks.iter().map(value).collect())
    }

    /// The smallest value that a share `p` (0 to 1) of all values does not exceed; none without values.
    ///
    /// 0 gives the smallest value and 1 the largest, both exact. No value is made up: type 1 of Hyndman and Fan (1996).
    pub fn quantile(&self, p: f64) -> Option<Scalar> {
        let last = self.count.checked_sub(1)?;
        let wanted = (p.clamp(0.0, 1.0) * self.count as f64).ceil();
        self.value_at((wanted as u64).saturating_sub(1).min(last))
    }

    /// Adds the values of another sketch. False, and nothing added, when it is of another type.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.domain != other.domain {
            return false;
        }
        if other.count == 0 {
            return true;
        }
        match (&mut self.counts, &other.counts) {
            (Some(mine), Some(theirs)) => mine.add(theirs.pairs()),
            (Some(_), None) => self.sample_from_now(),
            (None, Some(theirs)) => self.sample.add_counts(theirs.pairs()),
            (None, None) => {}
        }
        self.sample.add(&other.sample);
        self.note(other.count, other.extremes);
        self.deviation += other.deviation;
        self.tosses = self.tosses.max(other.tosses);
        self.shorten();
        true
    }

    /// Takes a block of values, the extremes of whose keys are known.
    fn take_block<T: Copy>(&mut self, values: &[T], extremes: (u64, u64), key: impl Fn(T) -> u64 + Copy) {
        if values.is_empty() {
            return;
        }
        let before = self.count;
        self.note(values.len() as u64, extremes);
        if let Some(counts) = &mut self.counts {
            if let Some(pairs) = counts::tally(values, extremes, key) {
                counts.add(&pairs);
                return self.shorten();
            }
            self.sample_from_now();
        }
        // one value out of 2^bits, so that a file of one block has enough and a long one pays little
        let rows = before.saturating_add(values.len() as u64);
        let bits = rows.div_ceil(DENSE_SAMPLES).next_power_of_two().ilog2().min(MAX_DRAW_BITS);
        let (drawn, rest) = levels::draw(values, bits, levels::toss(&mut self.tosses), key);
        if bits > 0 {
            let spread = (drawn.len() as f64).sqrt() * f64::from(1_u32 << bits) / 2.0;
            self.deviation = self.deviation.hypot(spread);
        }
        self.sample.push(bits as usize, drawn);
        self.sample.push(0, rest);
        self.shorten();
    }

    /// Counts values and widens the extremes.
    fn note(&mut self, values: u64, (min, max): (u64, u64)) {
        self.count = self.count.saturating_add(values);
        self.extremes = (self.extremes.0.min(min), self.extremes.1.max(max));
    }

    /// Goes over from counts to a sample, which loses nothing until it is shortened.
    fn sample_from_now(&mut self) {
        if let Some(counts) = self.counts.take() {
            self.sample.add_counts(counts.pairs());
        }
    }

    /// Keeps what is stored within its bounds.
    fn shorten(&mut self) {
        if self.counts.as_ref().is_some_and(|counts| counts.pairs().len() > MAX_DISTINCT) {
            self.sample_from_now();
        }
        self.sample.compress(&mut self.tosses, &mut self.deviation);
    }
}

impl fmt::Debug for QuantileSketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuantileSketch")
            .field("count", &self.count)
            .field("median", &self.quantile(0.5))
            .field("rank_error", &self.rank_error())
            .finish_non_exhaustive()
    }
}
