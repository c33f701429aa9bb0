//! Random numbers that are a function of their place.
//!
//! Draw `n` of a stream is a hash of the stream's key and `n` (the `SplitMix64` generator of Steele, Lea and Flood,
//! OOPSLA 2014, entered at any position), so any row can be made without those before it, by any thread, and always
//! comes out the same.

/// The odd constant nearest to 2^64 divided by the golden ratio: the step of `SplitMix64`.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// One sequence of random numbers with access to any of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream(u64);

impl Stream {
    /// The stream of these numbers; each other list of numbers has another stream.
    pub(super) fn new(parts: &[u64]) -> Self {
        Self(parts.iter().fold(STEP, |key, &part| mix(key ^ mix(part.wrapping_add(STEP)))))
    }

    /// Draw `n` as 64 bits.
    pub(super) fn bits(self, n: u64) -> u64 {
        mix(self.0.wrapping_add(n.wrapping_mul(STEP)))
    }

    /// Draw `n`, uniform between 0 and 1 and neither of them.
    pub(super) fn uniform(self, n: u64) -> f64 {
        ((self.bits(n) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Draw `n`, uniform in `from..to`.
    pub(super) fn between(self, n: u64, from: f64, to: f64) -> f64 {
        from + (to - from) * self.uniform(n)
    }

    /// Draw `n`, one of the integers below `end`.
    pub(super) fn below(self, n: u64, end: u64) -> u64 {
        ((u128::from(self.bits(n)) * u128::from(end)) >> 64) as u64
    }

    /// Draw `n`, exponential with mean 1.
    pub(super) fn exponential(self, n: u64) -> f64 {
        -self.uniform(n).ln()
    }

    /// Draws `n` and `n + 1` as two independent standard normal numbers (Box and Muller).
    pub(super) fn normals(self, n: u64) -> (f64, f64) {
        let radius = (2.0 * self.exponential(n)).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform(n + 1)).sin_cos();
        (radius * cos, radius * sin)
    }
}

/// The output function of `SplitMix64`: every bit of the input moves every bit of the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A choice among a few values with given weights.
#[derive(Debug, Clone)]
pub(super) struct Choice(Vec<f64>);

impl Choice {
    /// Value `i` is chosen in proportion to the weight number `i`.
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut bounds: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        for bound in &mut bounds {
            *bound /= sum;
        }
        Self(bounds)
    }

    /// The value for a uniform draw.
    pub(super) fn pick(&self, uniform: f64) -> usize {
        self.0.partition_point(|&bound| bound <= uniform).min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let stream = Stream::new(&[1, 2, 3]);
        let n = 100_000;
        let mean = |draw: &dyn Fn(u64) -> f64| (0..n).map(draw).sum::<f64>() / n as f64;
        assert!((mean(&|i| stream.uniform(i)) - 0.5).abs() < 0.005);
        assert!((mean(&|i| stream.exponential(i)) - 1.0).abs() < 0.015);
        assert!(mean(&|i| stream.normals(2 * i).0).abs() < 0.015);
        assert!((mean(&|i| stream.normals(2 * i).1.powi(2)) - 1.0).abs() < 0.02);
        assert!((mean(&|i| stream.below(i, 7) as f64) - 3.0).abs() < 0.03);
        let (first, second) = (Stream::new(&[1, 2]), Stream::new(&[2, 1]));
        assert_ne!(first.bits(0), second.bits(0));
    }

    #[test]
    fn choices_follow_their_weights() {
        let choice = Choice::new([1.0, 0.0, 3.0]);
        let stream = Stream::new(&[9]);
        let mut counts = [0_u32; 3];
        for i in 0..10_000 {
            counts[choice.pick(stream.uniform(i))] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2300..2700).contains(&counts[0]), "{counts:?}");
    }
}
