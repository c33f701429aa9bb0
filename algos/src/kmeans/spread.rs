//! Means of columns and the sum of squares about them.

use serde::{Deserialize, Serialize};

/// Means and sums of squared deviations of dense rows; merged by the formula of Chan, Golub, `LeVeque` 1983.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) count: u64,
    pub(super) means: Vec<f64>,
    pub(super) squares: Vec<f64>,
}

impl Spread {
    pub(super) fn new(columns: usize) -> Self {
        Self { count: 0, means: vec![0.0; columns], squares: vec![0.0; columns] }
    }

    /// Adds rows that lie one behind the other.
    pub(super) fn add(&mut self, rows: &[f64]) {
        let columns = self.means.len();
        let Some(first) = rows.get(..columns).filter(|first| !first.is_empty()) else { return };
        let count = rows.len() / columns;
        let mut means = vec![0.0; columns];
        for row in rows.chunks_exact(columns) {
            means.iter_mut().zip(row).zip(first).for_each(|((sum, x), first)| *sum += x - first);
        }
        means.iter_mut().zip(first).for_each(|(mean, first)| *mean = first + *mean / count as f64);
        let mut squares = vec![0.0; columns];
        for row in rows.chunks_exact(columns) {
            for ((square, x), mean) in squares.iter_mut().zip(row).zip(&means) {
                *square += (x - mean) * (x - mean);
            }
        }
        self.merge(&Self { count: count as u64, means, squares });
    }

    pub(super) fn merge(&mut self, later: &Self) {
        if self.count == 0 {
            *self = later.clone();
            return;
        }
        let (n, m) = (self.count as f64, later.count as f64);
        self.count += later.count;
        let columns = self.means.iter_mut().zip(&mut self.squares);
        for ((mean, square), (other, further)) in columns.zip(later.means.iter().zip(&later.squares)) {
            let by = other - *mean;
            *mean += by * (m / (n + m));
            *square += further + by * by * (n * m / (n + m));
        }
    }
}
