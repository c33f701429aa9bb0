//! One step of iterative reweighting, a tile at a time.
//!
//! At coefficients β a row has the linear predictor `η = x'β + offset` and the mean `μ = g⁻¹(η)`. The next coefficients are
//! those of the weighted regression of the working response `z = η − offset + (y − μ)/(dμ/dη)` with the working weights
//! `w (dμ/dη)²/V(μ)` (Nelder and Wedderburn 1972). [`Working::apply`] puts both into a tile, from where
//! [`crate::gram::Gram`] adds them up, and counts the deviance on the way.

use super::{Family, Link};
use crate::design::{Addends, TILE, Tile};

/// The working response of 1 where the mean is ¾: `log 3 + ¼/(¾ · ¼)`.
pub(super) const LOGIT_START: f64 = 1.098_612_288_668_109_8 + 4.0 / 3.0;

/// A family with its link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Law {
    pub(super) family: Family,
    pub(super) link: Link,
}

/// The rows of a tile that are not in it: the working values take their place there.
#[derive(Clone, Copy)]
pub(super) struct Observed<'a> {
    /// Responses, or means of cells.
    pub(super) y: &'a [f64],
    /// Prior weights, 0 in rows that do not count.
    pub(super) weights: &'a [f64],
    /// Weighted squares about the means of cells; empty for single rows.
    pub(super) squares: &'a [f64],
    /// Addends of the linear predictor that have no coefficient; empty without.
    pub(super) offset: &'a [f64],
}

/// What a pass finds beside cross products.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Found {
    /// The deviance, less that within cells.
    pub(super) deviance: f64,
    /// Pearson's statistic.
    pub(super) pearson: f64,
    /// Rows whose mean is outside of the family's range.
    pub(super) outside: u64,
    /// Of the model of only an intercept, where it has an offset to reckon with.
    pub(super) null: NullFound,
}

/// Sums of a weighted mean of working responses, and the deviance.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct NullFound {
    pub(super) weight: f64,
    pub(super) sum: f64,
    pub(super) deviance: f64,
}

impl Found {
    pub(super) fn add(&mut self, later: &Self) {
        self.deviance += later.deviance;
        self.pearson += later.pearson;
        self.outside += later.outside;
        self.null.weight += later.null.weight;
        self.null.sum += later.null.sum;
        self.null.deviance += later.null.deviance;
    }
}

/// Where a pass evaluates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    /// The coefficients, 0 where dropped; `None` to start from the responses.
    pub(super) coefficients: Option<Vec<f64>>,
    /// The intercept of the model of only an intercept, to be iterated for an offset.
    pub(super) null: Option<NullPoint>,
}

/// Where the model of only an intercept is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum NullPoint {
    /// Nowhere yet: the mean response is not known.
    Start,
    /// At this intercept.
    At(f64),
    /// Without an intercept: at the offset alone.
    Fixed,
}

/// Buffers for working values.
pub(super) struct Working {
    law: Law,
    response: usize,
    addends: Addends,
    eta: Vec<f64>,
}

impl Working {
    pub(super) fn new(law: Law, response: usize, addends: Addends) -> Self {
        Self { law, response, addends, eta: vec![0.0; TILE] }
    }

    /// Writes working responses and weights into the tile.
    pub(super) fn apply(&mut self, point: &Point, tile: &mut Tile, observed: Observed<'_>) -> Found {
        let len = tile.len;
        let eta = &mut self.eta[..len];
        if let Some(coefficients) = &point.coefficients {
            self.addends.prepare(tile);
            self.addends.sum(coefficients, eta);
        }
        let offset = |row: usize| observed.offset.get(row).copied().unwrap_or(0.0);
        let mut found = Found::default();
        if let Some(null) = point.null.filter(|&null| null != NullPoint::Start) {
            found.null = self.law.null(null, &observed, len);
        }
        let (z, weights) = (&mut tile.numbers[self.response][..len], &mut tile.weights[..len]);
        if self.law.is_logit() && point.coefficients.is_some() {
            logistic(eta, &observed, z, weights, &mut found);
            return found;
        }
        for row in 0..len {
            let (y, prior) = (observed.y[row], observed.weights[row]);
            (z[row], weights[row]) = (0.0, 0.0);
            if prior == 0.0 {
                continue;
            }
            let (at, mu, slope) = if point.coefficients.is_some() {
                let at = eta[row] + offset(row);
                let (mu, slope) = self.law.link.inverse(at);
                (at, mu, slope)
            } else if self.law.is_logit() {
                // what means of ¾ and ¼ give for 1 and 0, and between them for the mean of some
                (z[row], weights[row]) = (LOGIT_START * (2.0 * y - 1.0) - offset(row), prior * 3.0 / 16.0);
                continue;
            } else {
                let mu = self.law.family.start(y, self.law.link);
                let at = self.law.link.of(mu);
                (at, mu, self.law.link.inverse(at).1)
            };
            let variance = self.law.family.variance();
            let spread = variance.of(mu);
            let weight = prior * slope * slope / spread;
            let response = at - offset(row) + (y - mu) / slope;
            if !(variance.takes_mean(mu) && weight.is_finite() && response.is_finite()) {
                found.outside += 1;
                continue;
            }
            (z[row], weights[row]) = (response, weight);
            found.deviance += prior * variance.deviance(y, mu);
            let squares = observed.squares.get(row).copied().unwrap_or(0.0);
            found.pearson += (prior * (y - mu) * (y - mu) + squares) / spread;
        }
        found
    }
}

impl Law {
    pub(super) fn is_logit(self) -> bool {
        self.link == Link::Logit && matches!(self.family, Family::Binomial | Family::QuasiBinomial)
    }

    fn null(self, point: NullPoint, observed: &Observed<'_>, len: usize) -> NullFound {
        let mut found = NullFound::default();
        let variance = self.family.variance();
        for row in 0..len {
            let (y, prior) = (observed.y[row], observed.weights[row]);
            if prior == 0.0 {
                continue;
            }
            let offset = observed.offset.get(row).copied().unwrap_or(0.0);
            let at = match point {
                NullPoint::At(intercept) => intercept + offset,
                NullPoint::Start | NullPoint::Fixed => offset,
            };
            let (mu, slope) = self.link.inverse(at);
            let weight = prior * slope * slope / variance.of(mu);
            found.weight += weight;
            found.sum += weight * (at - offset + (y - mu) / slope);
            found.deviance += prior * variance.deviance(y, mu);
        }
        found
    }
}

/// The logistic case, whose slope is its variance: one exponential a row.
///
/// The logarithms of `1 + e` of rows without weights are that of their product, which is taken when it grows large.
fn logistic(eta: &[f64], observed: &Observed<'_>, z: &mut [f64], weights: &mut [f64], found: &mut Found) {
    let mut product = 1.0;
    for (row, (&own, (z, weight))) in eta.iter().zip(z.iter_mut().zip(weights)).enumerate() {
        let (y, prior) = (observed.y[row], observed.weights[row]);
        (*z, *weight) = (0.0, 0.0);
        if prior == 0.0 {
            continue;
        }
        let at = own + observed.offset.get(row).copied().unwrap_or(0.0);
        if !at.is_finite() {
            found.outside += 1;
            continue;
        }
        let e = (-at.abs()).exp();
        let small = e / (1.0 + e);
        let spread = (small / (1.0 + e)).max(f64::EPSILON);
        // y − μ and what the likelihood lacks, without cancellation where both are near 1
        let (rest, misfit) =
            if at > 0.0 { (small - (1.0 - y), (1.0 - y) * at) } else { (y - small, -y * at) };
        let by = rest / spread;
        *weight = prior * spread;
        *z = own + by;
        // log(1 + e) is what the logarithms of μ and 1 − μ have in common
        let mut lack = misfit + entropy(y);
        if prior == 1.0 {
            product *= 1.0 + e;
            if product > 1e300 {
                found.deviance += 2.0 * f64::ln(product);
                product = 1.0;
            }
        } else {
            lack += e.ln_1p();
        }
        found.deviance += prior * 2.0 * lack;
        found.pearson +=
            prior * rest * by + observed.squares.get(row).map_or(0.0, |squares| squares / spread);
    }
    found.deviance += 2.0 * f64::ln(product);
}

/// `y log y + (1 − y) log(1 − y)`, 0 for 0 and 1.
fn entropy(y: f64) -> f64 {
    if y > 0.0 && y < 1.0 { y * y.ln() + (1.0 - y) * (-y).ln_1p() } else { 0.0 }
}
