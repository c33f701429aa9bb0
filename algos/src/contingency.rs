//! Tests on contingency tables: `rxChiSquaredTest`, `rxFisherTest`, `rxKendallCor`, `rxOddsRatio`, `rxRiskRatio`,
//! `rxPairwiseCrossTab`, `rxMultiTest`.
//!
//! Pearson's chi-squared test with Yates's correction of 2 × 2 tables as R's `chisq.test` computes it, Fisher's exact
//! test of 2 × 2 tables with the conditional estimate of the odds ratio and its interval as R's `fisher.test` defines
//! them, Kendall's rank correlations with the test of R's `cor.test`, odds and risk ratios with Wald's tests.

mod exact;
mod kendall;
mod multi_test;
mod pairs;
mod ratios;

pub use exact::{Fisher, fisher};
pub use kendall::{Kendall, kendall};
pub use multi_test::{MultiTest, Tau, Test, Tested};
pub use pairs::{Pair, pairs};
pub use ratios::{Alternative, Ratio, odds_ratio, risk_ratio};

use crate::tails::chi_squared_upper;

/// Pearson's test that the rows and columns of a table are independent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    /// The statistic; NaN where there is no test.
    pub statistic: f64,
    /// Degrees of freedom: (rows − 1) · (columns − 1) of those that are not empty.
    pub df: f64,
    /// The probability of a larger statistic.
    pub p_value: f64,
}

/// Pearson's chi-squared test of a table with rows of `width` entries.
///
/// Empty rows and columns are left out. A table of 2 × 2 is corrected by ½, or by the difference to the expectation where
/// that is less (Yates 1934; R's `chisq.test`). NaN with negative or infinite entries and below 2 × 2.
pub fn chi_squared(entries: &[f64], width: usize) -> ChiSquared {
    let width = width.max(1);
    let sound = entries.iter().all(|x| x.is_finite() && *x >= 0.0);
    let rows: Vec<f64> = entries.chunks_exact(width).map(|row| row.iter().sum()).collect();
    let columns: Vec<f64> = (0..width).map(|j| entries.iter().skip(j).step_by(width).sum()).collect();
    let total: f64 = rows.iter().sum();
    let filled = |totals: &[f64]| totals.iter().filter(|total| **total > 0.0).count();
    let (m, n) = (filled(&rows), filled(&columns));
    let df = (m.saturating_sub(1) * n.saturating_sub(1)) as f64;
    if !sound || df == 0.0 {
        return ChiSquared { statistic: f64::NAN, df, p_value: f64::NAN };
    }
    // each with the difference to its expectation
    let expected = rows.iter().flat_map(|row| columns.iter().map(move |column| row * (column / total)));
    let cells: Vec<(f64, f64)> = expected
        .zip(entries)
        .filter(|(expected, _)| *expected > 0.0)
        .map(|(expected, x)| (expected, (x - expected).abs()))
        .collect();
    let correction = if (m, n) == (2, 2) {
        cells.iter().map(|(_, difference)| *difference).fold(0.5, f64::min)
    } else {
        0.0
    };
    let statistic =
        cells.iter().map(|(expected, difference)| (difference - correction).powi(2) / expected).sum();
    ChiSquared { statistic, df, p_value: chi_squared_upper(statistic, df) }
}
