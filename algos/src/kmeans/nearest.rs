//! The nearest center of many rows at once.
//!
//! A row x is nearest to the center c with the least |c|² − 2x·c, which is one fused multiplication for each coordinate.
//! Rows are taken in panels of [`PANEL`], coordinate by coordinate, so that one instruction works on the same coordinate
//! of several rows, and eight sums are under way at once.
//!
//! # Exactness
//! The label of a row is that of the least sum of squared differences in f64, the first of equals, as a loop over the
//! centers finds it. The score above has an error of at most γ(|x|² + max|c|²) with γ = 8(p + 8)2⁻⁵³ (Higham 2002,
//! "Accuracy and Stability of Numerical Algorithms", 3.1). Where the two least scores are within 4 such errors, the row
//! is measured again by differences. So labels do not depend on the width of the machine's vectors.

use pulp::{Arch, Simd, WithSimd};

/// Rows of a panel.
pub(super) const PANEL: usize = 32;

/// Centers whose scores are added up together.
const GROUP: usize = 4;

/// Vectors of rows that are taken together.
const VECTORS: usize = 2;

/// Centers, laid out for the search.
pub(super) struct Nearest {
    columns: usize,
    clusters: usize,
    /// clusters × columns.
    centers: Vec<f64>,
    /// −2c in groups, coordinate by coordinate.
    packed: Vec<f64>,
    /// |c|², infinite behind the last center.
    squares: Vec<f64>,
    largest: f64,
    unit: f64,
    arch: Arch,
}

/// Rows to be searched for, and what was found.
pub(super) struct Panel {
    /// Coordinate by coordinate, [`PANEL`] rows each.
    x: Vec<f64>,
    squares: [f64; PANEL],
    best: [f64; PANEL],
    second: [f64; PANEL],
    index: [f64; PANEL],
}

/// The nearest center of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) label: u32,
    /// A lower bound of how much farther the second nearest center is; infinite for one center.
    pub(super) gap: f64,
}

impl Panel {
    pub(super) fn new(columns: usize) -> Self {
        let empty = [0.0; PANEL];
        Self { x: vec![0.0; columns * PANEL], squares: empty, best: empty, second: empty, index: empty }
    }

    /// Takes at most [`PANEL`] rows.
    pub(super) fn load<'a>(&mut self, rows: impl Iterator<Item = &'a [f64]>) {
        for (lane, row) in rows.take(PANEL).enumerate() {
            let mut square = 0.0;
            for (column, &x) in self.x.chunks_exact_mut(PANEL).zip(row) {
                column[lane] = x;
                square += x * x;
            }
            self.squares[lane] = square;
        }
    }
}

impl Nearest {
    /// Of `clusters` × `columns` centers.
    pub(super) fn new(centers: Vec<f64>, clusters: usize, columns: usize) -> Self {
        let groups = clusters.div_ceil(GROUP);
        let mut packed = vec![0.0; groups * GROUP * columns];
        let mut squares = vec![f64::INFINITY; groups * GROUP];
        for cluster in 0..clusters {
            let center = &centers[cluster * columns..(cluster + 1) * columns];
            let (group, lane) = (cluster / GROUP, cluster % GROUP);
            for (column, &c) in center.iter().enumerate() {
                packed[(group * columns + column) * GROUP + lane] = -2.0 * c;
            }
            squares[cluster] = center.iter().map(|c| c * c).sum();
        }
        let largest = squares[..clusters].iter().fold(0.0, |a: f64, &b| a.max(b));
        let unit = 8.0 * (columns + 8) as f64 * (f64::EPSILON / 2.0);
        Self { columns, clusters, centers, packed, squares, largest, unit, arch: Arch::new() }
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

    /// Scores the rows of a panel.
    pub(super) fn search(&self, panel: &mut Panel) {
        self.arch.dispatch(Search { nearest: self, panel });
    }

    /// The nearest center of a panel's row, which is given once more.
    pub(super) fn found(&self, panel: &Panel, lane: usize, row: &[f64]) -> Found {
        let square = panel.squares[lane];
        let error = self.unit * (square + self.largest);
        let (best, second) = (panel.best[lane], panel.second[lane]);
        let (label, near, far) = if second - best > 4.0 * error {
            (panel.index[lane] as u32, best + square, second + square)
        } else {
            self.measure(row)
        };
        let gap = (far - error).max(0.0).sqrt() - (near + error).max(0.0).sqrt();
        Found { label, gap }
    }

    /// The nearest center by differences, its squared distance, and that of the second nearest.
    fn measure(&self, row: &[f64]) -> (u32, f64, f64) {
        let (mut label, mut best, mut second) = (0, f64::INFINITY, f64::INFINITY);
        for cluster in 0..self.clusters as u32 {
            let distance = squared_distance(row, self.center(cluster));
            if distance < best {
                (label, second, best) = (cluster, best, distance);
            } else {
                second = second.min(distance);
            }
        }
        (label, best, second)
    }
}

/// The sum of the squared differences.
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

struct Search<'a> {
    nearest: &'a Nearest,
    panel: &'a mut Panel,
}

impl WithSimd for Search<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "it becomes part of a function for one kind of machine")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nearest, panel } = self;
        let vectors = PANEL / S::F64_LANES;
        let (x, _) = S::as_simd_f64s(&panel.x);
        let (best_out, _) = S::as_mut_simd_f64s(&mut panel.best);
        let (second_out, _) = S::as_mut_simd_f64s(&mut panel.second);
        let (index_out, _) = S::as_mut_simd_f64s(&mut panel.index);
        let infinite = simd.splat_f64s(f64::INFINITY);
        for at in (0..vectors).step_by(VECTORS) {
            let mut best = [infinite; VECTORS];
            let mut second = [infinite; VECTORS];
            let mut index = [simd.splat_f64s(0.0); VECTORS];
            let groups = nearest.packed.chunks_exact(GROUP * nearest.columns.max(1));
            for (group, (centers, squares)) in groups.zip(nearest.squares.as_chunks::<GROUP>().0).enumerate()
            {
                let mut scores = squares.map(|square| [simd.splat_f64s(square); VECTORS]);
                let coordinates = centers.as_chunks::<GROUP>().0.iter();
                for (x, center) in x.chunks_exact(vectors).zip(coordinates) {
                    let x: [S::f64s; VECTORS] = std::array::from_fn(|vector| x[at + vector]);
                    for (score, &c) in scores.iter_mut().zip(center) {
                        let c = simd.splat_f64s(c);
                        for vector in 0..VECTORS {
                            score[vector] = simd.mul_add_e_f64s(x[vector], c, score[vector]);
                        }
                    }
                }
                for (lane, score) in scores.iter().enumerate() {
                    let number = simd.splat_f64s((group * GROUP + lane) as f64);
                    for vector in 0..VECTORS {
                        let closer = simd.less_than_f64s(score[vector], best[vector]);
                        let farther = simd.min_f64s(second[vector], score[vector]);
                        second[vector] = simd.select_f64s(closer, best[vector], farther);
                        best[vector] = simd.select_f64s(closer, score[vector], best[vector]);
                        index[vector] = simd.select_f64s(closer, number, index[vector]);
                    }
                }
            }
            best_out[at..at + VECTORS].copy_from_slice(&best);
            second_out[at..at + VECTORS].copy_from_slice(&second);
            index_out[at..at + VECTORS].copy_from_slice(&index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let nearest = Nearest::new(centers, clusters, columns);
            let rows: Vec<f64> = (0..100 * columns).map(|i| number(3 * i + 1)).collect();
            let mut panel = Panel::new(columns);
            for rows in rows.chunks(PANEL * columns) {
                panel.load(rows.chunks_exact(columns));
                nearest.search(&mut panel);
                for (lane, row) in rows.chunks_exact(columns).enumerate() {
                    let (label, near, far) = nearest.measure(row);
                    let found = nearest.found(&panel, lane, row);
                    assert_eq!(found.label, label);
                    assert!(found.gap <= far.sqrt() - near.sqrt());
                    assert!(clusters == 1 || found.gap > far.sqrt() - near.sqrt() - 1e-5);
                }
            }
        }
    }

    #[test]
    fn ties_and_far_away_data_are_measured_again() {
        let nearest = Nearest::new(vec![1e15, 1e15 + 4.0, 1e15 + 8.0], 3, 1);
        let rows = [1e15 + 2.0, 1e15 + 3.0, 1e15 + 6.0, 1e15 + 7.0];
        let mut panel = Panel::new(1);
        panel.load(rows.chunks_exact(1));
        nearest.search(&mut panel);
        let labels: Vec<u32> = rows
            .chunks_exact(1)
            .enumerate()
            .map(|(lane, row)| nearest.found(&panel, lane, row).label)
            .collect();
        assert_eq!(labels, [0, 1, 1, 2]);
    }
}
