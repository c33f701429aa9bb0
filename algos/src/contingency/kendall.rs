//! Kendall's rank correlation of the rows and columns of a table, whose levels are in order.
//!
//! S is the weight of concordant pairs of observations less that of discordant ones. It comes from sums over the cells
//! above and beside each cell, m · n steps for m × n cells. The test is of S against its variance under independence with
//! ties (Kendall, *Rank Correlation Methods*, 1970), as R's `cor.test(method = "kendall", exact = FALSE)` has it; it is
//! the same for all three coefficients.

use crate::tails::normal_two_sided;

/// Kendall's coefficients and their test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// S by all pairs.
    pub tau_a: f64,
    /// S by the geometric mean of the pairs not tied in rows and not tied in columns; −1 and 1 only for square tables.
    pub tau_b: f64,
    /// S by the most that a table of this size can have (Stuart 1953).
    pub tau_c: f64,
    /// S in standard deviations.
    pub z: f64,
    /// The probability of a z farther from 0, by the normal distribution.
    pub p_value: f64,
}

/// Kendall's coefficients of a table of counts, with rows of `width` entries.
///
/// Empty rows and columns do not matter. NaN with negative or infinite entries, below two observations, and, but for
/// τ-a, where all observations are in one row or one column.
pub fn kendall(entries: &[f64], width: usize) -> Kendall {
    let width = width.max(1);
    if !entries.iter().all(|x| x.is_finite() && *x >= 0.0) {
        return Kendall { tau_a: f64::NAN, tau_b: f64::NAN, tau_c: f64::NAN, z: f64::NAN, p_value: f64::NAN };
    }
    let rows: Vec<f64> = entries.chunks_exact(width).map(|row| row.iter().sum()).collect();
    let columns: Vec<f64> = (0..width).map(|j| entries.iter().skip(j).step_by(width).sum()).collect();
    let n: f64 = rows.iter().sum();
    let s = concordance(entries, width, &columns);
    let pairs = |n: f64| 0.5 * n * (n - 1.0);
    let sum = |totals: &[f64], of: fn(f64) -> f64| totals.iter().map(|&t| of(t)).sum::<f64>();
    let (tied_rows, tied_columns) =
        (sum(&rows, |t| 0.5 * t * (t - 1.0)), sum(&columns, |t| 0.5 * t * (t - 1.0)));
    let filled = |totals: &[f64]| totals.iter().filter(|total| **total > 0.0).count();
    let m = filled(&rows).min(filled(&columns)) as f64;

    let fifth = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
    let third = |t: f64| t * (t - 1.0) * (t - 2.0);
    let v0 = fifth(n) - sum(&rows, fifth) - sum(&columns, fifth);
    let v1 = 4.0 * tied_rows * tied_columns / (2.0 * n * (n - 1.0));
    let v2 = if n > 2.0 { sum(&rows, third) * sum(&columns, third) / (9.0 * third(n)) } else { 0.0 };
    let z = s / (v0 / 18.0 + v1 + v2).sqrt();
    Kendall {
        tau_a: s / pairs(n),
        tau_b: s / ((pairs(n) - tied_rows) * (pairs(n) - tied_columns)).sqrt(),
        tau_c: 2.0 * m * s / (n * n * (m - 1.0)),
        z,
        p_value: normal_two_sided(z),
    }
}

/// The weight of concordant pairs less that of discordant ones.
fn concordance(entries: &[f64], width: usize, columns: &[f64]) -> f64 {
    // of each column what lies in the rows below the one that is looked at
    let mut below = columns.to_vec();
    let mut s = 0.0;
    for row in entries.chunks_exact(width) {
        for (below, x) in below.iter_mut().zip(row) {
            *below -= x;
        }
        let mut right: f64 = below.iter().sum();
        let mut left = 0.0;
        for (x, below) in row.iter().zip(&below) {
            right -= below;
            s += x * (right - left);
            left += below;
        }
    }
    s
}
