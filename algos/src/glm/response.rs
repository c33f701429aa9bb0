//! Sums over the responses alone: what the model of only an intercept and likelihoods need.
//!
//! Squares are taken about a shift, a mean of the first rows, and deviances from it, so that a large mean costs no
//! digits. Partials of different shifts merge by `d(y, b) = d(y, a) + d(a, b) + 2 (θ(a) − θ(b)) (y − a)`, which holds for
//! every family here ([`super::family`]).

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use super::family::Variance;

/// Weighted sums of responses about a shift.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Responses {
    /// The sum of the weights.
    pub(super) weight: f64,
    /// The shift, once there was a row.
    pub(super) shift: Option<f64>,
    /// Σ w (y − shift)
    pub(super) sum: f64,
    /// Σ w (y − shift)²
    pub(super) squares: f64,
    /// Σ w d(y, shift)
    pub(super) deviance: f64,
    /// The sum of [`super::Family::constant`].
    pub(super) constant: f64,
    /// The least and the largest response.
    pub(super) range: Option<(f64, f64)>,
}

impl Responses {
    /// The mean.
    pub(super) fn mean(&self) -> f64 {
        self.shift.unwrap_or(0.0) + self.sum / self.weight
    }

    /// Σ w d(y, μ) for one μ.
    pub(super) fn deviance_from(&self, variance: Variance, mu: f64) -> f64 {
        let Some(shift) = self.shift else { return 0.0 };
        moved(variance, [self.weight, self.sum, self.squares, self.deviance], shift, mu)[3].max(0.0)
    }

    /// Adds a row whose deviance from the shift is known.
    pub(super) fn add(&mut self, y: f64, weight: f64, deviance: f64) {
        let by = y - self.shift.unwrap_or(0.0);
        self.weight += weight;
        self.sum += weight * by;
        self.squares += weight * by * by;
        self.deviance += weight * deviance;
        let (low, high) = self.range.unwrap_or((y, y));
        self.range = Some((low.min(y), high.max(y)));
    }

    /// Adds responses of 0 and 1 by their weights; both are equally far from the shift, a half.
    pub(super) fn add_binary(&mut self, misses: f64, hits: f64) {
        for (y, weight) in [(0.0, misses), (1.0, hits)] {
            if weight > 0.0 {
                self.add(y, weight, 2.0 * LN_2);
            }
        }
    }

    /// Takes the sums of later rows.
    pub(super) fn merge(&mut self, later: &Self, variance: Variance) {
        self.constant += later.constant;
        self.range = match (self.range, later.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (own, other) => own.or(other),
        };
        let Some(from) = later.shift else { return };
        let to = *self.shift.get_or_insert(from);
        let [weight, sum, squares, deviance] =
            moved(variance, [later.weight, later.sum, later.squares, later.deviance], from, to);
        self.weight += weight;
        self.sum += sum;
        self.squares += squares;
        self.deviance += deviance;
    }
}

/// The sums w, Σ w (y − a), Σ w (y − a)², Σ w d(y, a) about another shift.
pub(super) fn moved(variance: Variance, sums: [f64; 4], from: f64, to: f64) -> [f64; 4] {
    if from == to {
        return sums;
    }
    let [weight, sum, squares, deviance] = sums;
    let by = from - to;
    [
        weight,
        sum + by * weight,
        squares + 2.0 * by * sum + by * by * weight,
        deviance
            + weight * variance.deviance(from, to)
            + 2.0 * (variance.canonical(from) - variance.canonical(to)) * sum,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_change_the_sums_and_not_what_they_say() {
        let rows = [(0.2, 1.0), (0.7, 2.0), (0.4, 0.5)];
        for variance in [Variance::Binomial, Variance::Power(0.0), Variance::Power(1.0), Variance::Power(2.5)]
        {
            let about = |shift: f64| {
                let sum = |of: &dyn Fn(f64) -> f64| rows.iter().map(|&(y, w)| w * of(y)).sum::<f64>();
                [
                    sum(&|_| 1.0),
                    sum(&|y| y - shift),
                    sum(&|y| (y - shift).powi(2)),
                    sum(&|y| variance.deviance(y, shift)),
                ]
            };
            for (got, expected) in moved(variance, about(0.5), 0.5, 0.3).iter().zip(about(0.3)) {
                assert!((got - expected).abs() < 1e-13, "{variance:?} {got} {expected}");
            }
        }
    }
}
