//! The sweeps over a column: tiles that stay in the nearest cache, each summed and then swept again for its deviations.

use arrow_buffer::NullBuffer;
use pulp::Arch;

use super::moments::Moments;
use super::widen::Visitor;

/// Values that are widened and swept at once: 16 KiB of doubles.
const TILE: usize = 2048;

/// Adds all values that are there to moments, tile by tile.
pub(super) struct Tiles<'a> {
    pub(super) moments: &'a mut Moments,
    pub(super) weights: Option<&'a [f64]>,
}

impl Visitor for Tiles<'_> {
    fn values<T: Copy>(&mut self, values: &[T], nulls: Option<&NullBuffer>, widen: impl Fn(T) -> f64 + Copy) {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        let mut tile = [0.0; TILE];
        let mut tile_weights = [0.0; TILE];
        for (index, part) in values.chunks(TILE).enumerate() {
            let start = index * TILE;
            let nulls = nulls.map(|nulls| nulls.slice(start, part.len()));
            if let Some(weights) = self.weights {
                let weights = &weights[start..start + part.len()];
                let mut kept = 0;
                for (row, (&value, &weight)) in part.iter().zip(weights).enumerate() {
                    if weight == 0.0 {
                        continue;
                    }
                    let value = widen(value);
                    if value.is_nan() || nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                        self.moments.add_missing(1, weight);
                    } else {
                        tile[kept] = value;
                        tile_weights[kept] = weight;
                        kept += 1;
                    }
                }
                self.moments.add_weighted_tile(&tile[..kept], &tile_weights[..kept]);
                continue;
            }
            let kept = match &nulls {
                Some(nulls) if nulls.null_count() > 0 => keep_valid(part, nulls, widen, &mut tile),
                _ => {
                    let nan = Arch::new().dispatch(
                        #[inline(always)]
                        || {
                            let mut nan = false;
                            for (to, &from) in tile.iter_mut().zip(part) {
                                *to = widen(from);
                                nan |= to.is_nan();
                            }
                            nan
                        },
                    );
                    if nan { keep_numbers(&mut tile, part.len()) } else { part.len() }
                }
            };
            self.moments.add_missing((part.len() - kept) as u64, (part.len() - kept) as f64);
            self.moments.add_tile(&tile[..kept]);
        }
    }
}

/// Packs the values that are there to the front of the tile, 64 at a time, and returns their number.
fn keep_valid<T: Copy>(
    part: &[T],
    nulls: &NullBuffer,
    widen: impl Fn(T) -> f64 + Copy,
    tile: &mut [f64; TILE],
) -> usize {
    let mut kept = 0;
    let bits = nulls.inner().bit_chunks();
    let words = bits.iter().chain(std::iter::once(bits.remainder_bits()));
    for (chunk, mut word) in part.chunks(64).zip(words) {
        if word == u64::MAX {
            for (to, &from) in tile[kept..].iter_mut().zip(chunk) {
                *to = widen(from);
            }
            kept += chunk.len();
        } else {
            while word != 0 {
                tile[kept] = widen(chunk[word.trailing_zeros() as usize]);
                kept += 1;
                word &= word - 1;
            }
        }
    }
    keep_numbers(tile, kept)
}

/// Packs the first `len` values without NaN.
fn keep_numbers(tile: &mut [f64; TILE], len: usize) -> usize {
    let mut kept = 0;
    for index in 0..len {
        let value = tile[index];
        tile[kept] = value;
        kept += usize::from(!value.is_nan());
    }
    kept
}

impl Moments {
    /// One tile of values that are all there, each of weight 1.
    fn add_tile(&mut self, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let weight = values.len() as f64;
        // the lanes are eight on every machine, whatever its vectors hold
        let (sum, mean, extremes, squares) = Arch::new().dispatch(
            #[inline(always)]
            || {
                let (sum, min, max) = sum_min_max(values);
                let mean = sum / weight;
                (sum, mean, (min, max), deviations(values, mean))
            },
        );
        self.merge_tile(values.len(), weight, sum, mean, squares, extremes);
    }

    /// As [`Moments::add_tile`] with positive weights.
    fn add_weighted_tile(&mut self, values: &[f64], weights: &[f64]) {
        if values.is_empty() {
            return;
        }
        let (_, min, max) = sum_min_max(values);
        let (mut weight, mut sum) = (0.0, 0.0);
        for (value, w) in values.iter().zip(weights) {
            weight += w;
            sum += w * value;
        }
        let mean = sum / weight;
        let (mut first, mut second) = (0.0, 0.0);
        for (value, w) in values.iter().zip(weights) {
            let deviation = value - mean;
            first += w * deviation;
            second += w * deviation * deviation;
        }
        self.merge_tile(values.len(), weight, sum, mean, (first, second), (min, max));
    }

    fn merge_tile(
        &mut self,
        count: usize,
        weight: f64,
        sum: f64,
        mean: f64,
        (first, second): (f64, f64),
        (min, max): (f64, f64),
    ) {
        let mut tile = Self::default();
        tile.set_values(count as u64, weight, sum, mean, first, second);
        tile.set_extremes(min, max);
        self.merge_from(&tile);
    }
}

#[expect(clippy::inline_always, reason = "it becomes part of a function for one kind of machine")]
#[inline(always)]
fn sum_min_max(values: &[f64]) -> (f64, f64, f64) {
    let (mut sums, mut mins, mut maxs) = ([0.0; 8], [f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
    let (lanes, rest) = values.as_chunks::<8>();
    for lane in lanes {
        for i in 0..8 {
            sums[i] += lane[i];
            mins[i] = if lane[i] < mins[i] { lane[i] } else { mins[i] };
            maxs[i] = if lane[i] > maxs[i] { lane[i] } else { maxs[i] };
        }
    }
    let mut sum = fold(sums);
    let mut min = mins.into_iter().fold(f64::INFINITY, f64::min);
    let mut max = maxs.into_iter().fold(f64::NEG_INFINITY, f64::max);
    for &value in rest {
        sum += value;
        min = min.min(value);
        max = max.max(value);
    }
    (sum, min, max)
}

/// The sums of the deviations from `mean` and of their squares.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn deviations(values: &[f64], mean: f64) -> (f64, f64) {
    let (mut firsts, mut seconds) = ([0.0; 8], [0.0; 8]);
    let (lanes, rest) = values.as_chunks::<8>();
    for lane in lanes {
        for i in 0..8 {
            let deviation = lane[i] - mean;
            firsts[i] += deviation;
            seconds[i] += deviation * deviation;
        }
    }
    let (mut first, mut second) = (fold(firsts), fold(seconds));
    for &value in rest {
        let deviation = value - mean;
        first += deviation;
        second += deviation * deviation;
    }
    (first, second)
}

#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn fold(lanes: [f64; 8]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}
