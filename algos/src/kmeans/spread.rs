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

    /// Adds rows of as many columns.
    pub(super) fn add<'a>(&mut self, columns: impl Iterator<Item = &'a [f64]>) {
        let mut tile = Self::new(0);
        for column in columns {
            let Some(&first) = column.first() else { return };
            tile.count = column.len() as u64;
            let mean = first + sum(column, |x| x - first) / tile.count as f64;
            tile.means.push(mean);
            tile.squares.push(sum(column, |x| (x - mean) * (x - mean)));
        }
        self.merge(&tile);
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

/// Eight sums at once, so that they vectorise.
fn sum(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, &x)| *sum += of(x));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| of(x)).sum::<f64>()
}
