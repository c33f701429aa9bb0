//! Where the search for clusters starts: a sample of rows, and k-means++ on it.

use serde::{Deserialize, Serialize};

use super::nearest::squared_distance;
use crate::{Error, Result};

/// Which rows are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Draw {
    /// At random; the number is the seed.
    Random(u64),
    /// The first ones.
    First,
}

/// The rows with the least keys: what is sampled depends on the rows' places alone, however they were divided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sample {
    draw: Draw,
    size: usize,
    columns: usize,
    entries: Vec<(u64, Vec<f64>)>,
    /// No key above it can belong to the sample.
    bound: u64,
}

impl Sample {
    /// A sample of at most `size` rows.
    pub(super) fn new(draw: Draw, size: usize, columns: usize) -> Self {
        Self { draw, size, columns, entries: Vec::new(), bound: u64::MAX }
    }

    /// Whether no row is sampled.
    pub(super) fn is_none(&self) -> bool {
        self.size == 0
    }

    /// Looks at the row of a place in the data.
    pub(super) fn offer(&mut self, place: u64, row: impl FnOnce() -> Vec<f64>) {
        let key = match self.draw {
            Draw::First => place,
            Draw::Random(seed) => mix(place ^ mix(seed)),
        };
        if key <= self.bound && !self.is_none() {
            self.entries.push((key, row()));
            if self.entries.len() >= 2 * self.size {
                self.prune();
            }
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        self.entries.extend(later.entries);
        self.prune();
    }

    fn prune(&mut self) {
        self.entries.sort_unstable_by_key(|(key, _)| *key);
        self.entries.truncate(self.size);
        if self.entries.len() == self.size {
            self.bound = self.entries.last().map_or(u64::MAX, |(key, _)| *key);
        }
    }

    /// The rows of the sample in the order of their keys.
    pub(super) fn finish(mut self) -> Vec<Vec<f64>> {
        self.prune();
        self.entries.into_iter().map(|(_, row)| row).collect()
    }

    pub(super) fn size(&self) -> usize {
        2 * self.size.min(1 << 32) * (self.columns * size_of::<f64>() + 32)
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
struct Random(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// A number from 0 to below 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        (mix(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// `clusters` rows of a sample, each drawn with a probability in proportion to its squared distance from those drawn
/// before it (k-means++: Arthur, Vassilvitskii 2007). Each number of a start draws others.
pub(super) fn plus_plus(sample: &[Vec<f64>], clusters: usize, seed: u64, start: u32) -> Result<Vec<f64>> {
    let mut random = Random(mix(seed).wrapping_add(mix(u64::from(start).wrapping_mul(GOLDEN))));
    let mut centers: Vec<f64> = Vec::new();
    let mut distances = vec![1.0; sample.len()];
    for drawn in 0..clusters {
        let total: f64 = distances.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(Error::Option {
                option: "clusters",
                reason: format!(
                    "{clusters} are wanted, but the {} rows that starts are chosen from have {drawn} different ones; \
                     ask for fewer clusters, sample more rows, or give centers",
                    sample.len()
                ),
            });
        }
        let mut left = random.next() * total;
        let passes = |distance: &f64| {
            left -= distance;
            left < 0.0 && *distance > 0.0
        };
        // rounding may leave something at the end
        let last = || distances.iter().rposition(|&distance| distance > 0.0);
        let Some(at) = distances.iter().position(passes).or_else(last) else { continue };
        let center = &sample[at];
        for (distance, row) in distances.iter_mut().zip(sample) {
            let to = squared_distance(row.iter().copied(), center);
            *distance = if drawn == 0 { to } else { distance.min(to) };
        }
        centers.extend(center);
    }
    Ok(centers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(places: impl Iterator<Item = u64>, draw: Draw) -> Sample {
        let mut sample = Sample::new(draw, 10, 1);
        places.for_each(|place| sample.offer(place, || vec![place as f64]));
        sample
    }

    #[test]
    fn a_sample_does_not_depend_on_how_rows_are_divided() {
        for draw in [Draw::First, Draw::Random(3)] {
            let whole = sample(0..1000, draw).finish();
            assert_eq!(whole.len(), 10);
            let mut parts = sample(700..1000, draw);
            parts.merge(sample(0..5, draw));
            parts.merge(sample(5..700, draw));
            assert_eq!(parts.finish(), whole);
        }
        let first: Vec<f64> = sample(0..1000, Draw::First).finish().concat();
        assert_eq!(first, (0..10).map(f64::from).collect::<Vec<_>>());
        assert_ne!(sample(0..1000, Draw::Random(3)).finish(), sample(0..1000, Draw::Random(4)).finish());
    }

    #[test]
    fn seeds_are_different_rows_that_lie_apart() {
        let rows: Vec<Vec<f64>> =
            (0..300).map(|i| vec![f64::from(i % 3) * 100.0 + f64::from(i / 3) / 100.0]).collect();
        let mut apart = 0;
        for start in 0..20 {
            let mut seeds = plus_plus(&rows, 3, 1, start).unwrap();
            seeds.sort_by(f64::total_cmp);
            apart += i32::from(seeds[1] - seeds[0] > 50.0 && seeds[2] - seeds[1] > 50.0);
        }
        assert_eq!(apart, 20);
        let same = vec![vec![1.0], vec![1.0], vec![2.0]];
        assert!(plus_plus(&same, 2, 1, 0).is_ok());
        let error = plus_plus(&same, 3, 1, 0).unwrap_err().to_string();
        assert!(error.contains("2 different"), "{error}");
    }
}
