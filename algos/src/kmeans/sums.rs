//! What clusters add up to.

use serde::{Deserialize, Serialize};

use super::nearest::squared_distance;

/// Sums over the rows of each cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) counts: Vec<u64>,
    /// clusters × columns.
    pub(super) totals: Vec<f64>,
    /// Squared distances from the centers that the rows were assigned to.
    pub(super) within: Vec<f64>,
}

impl Sums {
    pub(super) fn new(clusters: usize, columns: usize) -> Self {
        Self { counts: vec![0; clusters], totals: vec![0.0; clusters * columns], within: vec![0.0; clusters] }
    }

    /// Adds a row to its cluster.
    pub(super) fn add(&mut self, label: u32, row: impl Iterator<Item = f64>) {
        self.counts[label as usize] += 1;
        self.total(label).iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }

    /// Takes a row from its cluster.
    pub(super) fn take(&mut self, label: u32, row: impl Iterator<Item = f64>) {
        self.counts[label as usize] -= 1;
        self.total(label).iter_mut().zip(row).for_each(|(sum, x)| *sum -= x);
    }

    /// Adds a row and its distance from the center.
    pub(super) fn add_within(&mut self, label: u32, row: impl Iterator<Item = f64> + Clone, center: &[f64]) {
        self.add(label, row.clone());
        self.within[label as usize] += squared_distance(row, center);
    }

    fn total(&mut self, label: u32) -> &mut [f64] {
        let columns = self.totals.len() / self.counts.len();
        let at = label as usize * columns;
        &mut self.totals[at..at + columns]
    }

    pub(super) fn merge(&mut self, later: &Self) {
        self.counts.iter_mut().zip(&later.counts).for_each(|(own, later)| *own += later);
        self.totals.iter_mut().zip(&later.totals).for_each(|(own, later)| *own += later);
        self.within.iter_mut().zip(&later.within).for_each(|(own, later)| *own += later);
    }

    /// The means of the clusters; a cluster without rows keeps its center.
    pub(super) fn means(&self, centers: &[f64]) -> Vec<f64> {
        let columns = (centers.len() / self.counts.len().max(1)).max(1);
        let mut means = centers.to_vec();
        let clusters = means.chunks_exact_mut(columns).zip(self.totals.chunks_exact(columns));
        for ((mean, total), &count) in clusters.zip(&self.counts) {
            if count > 0 {
                mean.iter_mut().zip(total).for_each(|(mean, total)| *mean = total / count as f64);
            }
        }
        means
    }

    pub(super) fn size(&self) -> usize {
        8 * (2 * self.counts.len() + self.totals.len())
    }
}
