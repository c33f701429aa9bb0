//! The nearest center of many rows at once.
//!
//! The label of a row is that of the least sum of squared differences in f64, the first of equals, as a loop over the
//! centers finds it. Scores in 4 bytes settle most rows (`scores.rs`), where many of a panel are left open those in 8
//! bytes, and what is still open is measured by differences. So labels do not depend on the width of the machine's
//! vectors.

use super::panels::{PANEL, row};
use super::scores::{Packed, Scores};

/// More rows of a panel that are open are scored again, not measured.
const FEW: u32 = 4;

/// Centers, laid out for the search.
pub(super) struct Nearest {
    columns: usize,
    clusters: usize,
    /// clusters × columns.
    centers: Vec<f64>,
    narrow: Packed<f32>,
    wide: Packed<f64>,
    with_gaps: bool,
}

/// The nearest centers of a panel's rows.
pub(super) struct Matches {
    pub(super) labels: [u32; PANEL],
    /// Lower bounds of how much farther the second nearest centers are, where they were asked for; infinite for one
    /// center.
    pub(super) gaps: [f64; PANEL],
    narrow: Scores<f32, u32>,
    wide: Scores<f64, u64>,
}

impl Matches {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            labels: [0; PANEL],
            gaps: [0.0; PANEL],
            narrow: Scores::<f32, u32>::new(columns),
            wide: Scores::<f64, u64>::new(columns),
        }
    }
}

impl Nearest {
    /// Of `clusters` × `columns` centers.
    pub(super) fn new(centers: Vec<f64>, clusters: usize, columns: usize) -> Self {
        let narrow = Packed::<f32>::new(&centers, clusters, columns);
        let wide = Packed::<f64>::new(&centers, clusters, columns);
        Self { columns, clusters, centers, narrow, wide, with_gaps: false }
    }

    /// The same that tells gaps too.
    pub(super) fn with_gaps(self) -> Self {
        Self { with_gaps: true, ..self }
    }

    pub(super) fn has_gaps(&self) -> bool {
        self.with_gaps
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn centers(&self) -> &[f64] {
        &self.centers
    }

    pub(super) fn center(&self, label: u32) -> &[f64] {
        let at = label as usize * self.columns;
        &self.centers[at..at + self.columns]
    }

    /// Finds the nearest centers of the first `rows` rows of a panel.
    pub(super) fn search(&self, panel: &[f64], rows: usize, matches: &mut Matches) {
        let Matches { labels, gaps, narrow, wide } = matches;
        self.narrow.search(panel, narrow);
        *labels = narrow.labels();
        let mut open = narrow.open(rows);
        let is_wide = open.count_ones() > FEW;
        if is_wide {
            self.wide.search(panel, wide);
            *labels = wide.labels();
            open = wide.open(rows);
        }
        if self.with_gaps {
            for (lane, to) in gaps.iter_mut().enumerate().take(rows) {
                *to = gap(if is_wide {
                    wide.distances(lane, &self.wide)
                } else {
                    narrow.distances(lane, &self.narrow)
                });
            }
        }
        while open != 0 {
            let lane = open.trailing_zeros() as usize;
            open &= open - 1;
            let (label, near, far) = self.measure(panel, lane);
            labels[lane] = label;
            // a sum of p squared differences is off by at most p + 3 roundings
            let error = far * (self.columns + 3) as f64 * f64::EPSILON;
            gaps[lane] = gap([near, far, error]);
        }
    }

    /// The nearest center by differences, its squared distance, and that of the second nearest.
    fn measure(&self, panel: &[f64], lane: usize) -> (u32, f64, f64) {
        let (mut label, mut best, mut second) = (0, f64::INFINITY, f64::INFINITY);
        for cluster in 0..self.clusters as u32 {
            let distance = squared_distance(row(panel, lane), self.center(cluster));
            if distance < best {
                (label, second, best) = (cluster, best, distance);
            } else {
                second = second.min(distance);
            }
        }
        (label, best, second)
    }
}

/// How much farther the second nearest center is at least, from squared distances and their error.
fn gap([near, far, error]: [f64; 3]) -> f64 {
    (far - error).max(0.0).sqrt() - (near + error).max(0.0).sqrt()
}

/// The sum of the squared differences.
pub(super) fn squared_distance(row: impl Iterator<Item = f64>, center: &[f64]) -> f64 {
    row.zip(center).map(|(x, c)| (x - c) * (x - c)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::panels::Panels;
    use super::*;

    fn panels(rows: &[f64], columns: usize) -> Panels {
        let mut panels = Panels::with_capacity(columns, 0);
        rows.chunks_exact(columns).for_each(|row| panels.push(row.iter().copied()));
        panels
    }

    fn number(i: usize) -> f64 {
        ((i * 7919 + 13) % 1013) as f64 / 101.0 - 5.0
    }

    #[test]
    fn labels_are_those_of_a_loop_over_differences() {
        for (clusters, columns) in [(1, 1), (2, 3), (7, 5), (8, 5), (64, 32), (13, 1)] {
            let mut centers: Vec<f64> = (0..clusters * columns).map(number).collect();
            if clusters > 1 {
                // two equal centers: the first one counts
                let first = centers[..columns].to_vec();
                centers[(clusters - 1) * columns..].copy_from_slice(&first);
            }
            let nearest = Nearest::new(centers, clusters, columns).with_gaps();
            let rows: Vec<f64> = (0..100 * columns).map(|i| number(3 * i + 1)).collect();
            let mut matches = Matches::new(columns);
            for (panel, count) in panels(&rows, columns).iter() {
                nearest.search(panel, count, &mut matches);
                for lane in 0..count {
                    let (label, near, far) = nearest.measure(panel, lane);
                    assert_eq!(matches.labels[lane], label);
                    let (gap, exact) = (matches.gaps[lane], far.sqrt() - near.sqrt());
                    assert!(gap <= exact);
                    assert!(clusters == 1 || gap > exact - 0.2);
                }
            }
        }
    }

    #[test]
    fn ties_and_far_away_data_are_measured_again() {
        let nearest = Nearest::new(vec![1e15, 1e15 + 4.0, 1e15 + 8.0], 3, 1);
        let rows = [1e15 + 2.0, 1e15 + 3.0, 1e15 + 6.0, 1e15 + 7.0];
        let mut matches = Matches::new(1);
        for (panel, count) in panels(&rows, 1).iter() {
            nearest.search(panel, count, &mut matches);
        }
        assert_eq!(matches.labels[..4], [0, 1, 1, 2]);
    }
}
