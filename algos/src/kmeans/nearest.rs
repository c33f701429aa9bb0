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

/// Numbers of clusters for which a row's own center is looked at before all others: with fewer all are as fast, with more
/// the distances between centers take too long.
const APART: std::ops::RangeInclusive<usize> = 16..=2048;

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
    /// For each center a lower bound of its distance from the nearest other one; empty where it would not pay.
    apart: Vec<f64>,
    arch: Arch,
}

/// Rows to be searched for.
pub(super) struct Panel {
    /// Coordinate by coordinate, [`PANEL`] rows each.
    x: Vec<f64>,
    pub(super) scores: Scores,
}

/// What a search says of the rows of a panel.
pub(super) struct Scores {
    /// The number of the nearest center, where `margins` are positive.
    labels: [f64; PANEL],
    /// A lower bound of how much farther the second nearest one is, likewise.
    gaps: [f64; PANEL],
    /// How much larger the second least score is than the least, beyond all rounding.
    margins: [f64; PANEL],
}

/// The nearest center of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) label: u32,
    /// A lower bound of how much farther the second nearest center is; infinite for one center.
    pub(super) gap: f64,
}

impl Scores {
    pub(super) fn new() -> Self {
        Self { labels: [0.0; PANEL], gaps: [0.0; PANEL], margins: [0.0; PANEL] }
    }
}

impl Panel {
    pub(super) fn new(columns: usize) -> Self {
        Self { x: vec![0.0; columns * PANEL], scores: Scores::new() }
    }

    /// Puts a row into a lane.
    #[inline]
    pub(super) fn set(&mut self, lane: usize, row: impl Iterator<Item = f64>) {
        for (column, x) in self.x.as_chunks_mut::<PANEL>().0.iter_mut().zip(row) {
            column[lane] = x;
        }
    }

    /// Takes at most [`PANEL`] rows.
    pub(super) fn load<'a>(&mut self, rows: impl Iterator<Item = &'a [f64]>) {
        for (lane, row) in rows.take(PANEL).enumerate() {
            self.set(lane, row.iter().copied());
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
        let mut nearest = Self {
            columns,
            clusters,
            centers,
            packed,
            squares,
            largest,
            unit,
            apart: Vec::new(),
            arch: Arch::new(),
        };
        if APART.contains(&clusters) {
            nearest.apart = (0..clusters as u32).map(|label| nearest.others(label)).collect();
        }
        nearest
    }

    /// A lower bound of the distance from a center to the nearest other one.
    fn others(&self, label: u32) -> f64 {
        let others = (0..self.clusters as u32).filter(|&other| other != label);
        let squares = others.map(|other| squared_distance(self.center(label), self.center(other)));
        squares.fold(f64::INFINITY, f64::min).sqrt() * (1.0 - self.unit)
    }

    /// Whether [`Nearest::own_gap`] can tell anything.
    pub(super) fn looks_at_own(&self) -> bool {
        !self.apart.is_empty()
    }

    /// How much farther all other centers are at least, from the distance of a row to a center alone; not positive where
    /// that does not tell. By the triangle inequality another center is at least `apart` less that distance away.
    #[inline]
    pub(super) fn own_gap(&self, label: u32, row: &[f64]) -> f64 {
        let Some(apart) = self.apart.get(label as usize) else { return f64::NEG_INFINITY };
        let distance = squared_distance_of_lanes(row, self.center(label)).sqrt() * (1.0 + self.unit);
        apart - 2.0 * distance
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
        self.score(&panel.x, &mut panel.scores);
    }

    /// Scores [`PANEL`] rows, given coordinate by coordinate.
    pub(super) fn score(&self, x: &[f64], scores: &mut Scores) {
        self.arch.dispatch(Search { nearest: self, x, scores });
    }

    /// The nearest center of a row that was searched for; `row` gives it once more where scores cannot tell.
    #[inline]
    pub(super) fn found(&self, scores: &Scores, lane: usize, row: impl FnOnce() -> Vec<f64>) -> Found {
        if scores.margins[lane] > 0.0 {
            return Found { label: scores.labels[lane] as u32, gap: scores.gaps[lane] };
        }
        let (label, near, far) = self.measure(&row());
        let error = self.unit * far.max(near);
        let gap = if far.is_finite() { (far - error).max(0.0).sqrt() - (near + error).sqrt() } else { far };
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

/// The same, added up in eight lanes: faster, and equal to rounding.
fn squared_distance_of_lanes(a: &[f64], b: &[f64]) -> f64 {
    let ((left, left_rest), (right, right_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (a, b) in left.iter().zip(right) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += (a - b) * (a - b);
        }
    }
    lanes.iter().sum::<f64>() + squared_distance(left_rest, right_rest)
}

struct Search<'a> {
    nearest: &'a Nearest,
    x: &'a [f64],
    scores: &'a mut Scores,
}

impl WithSimd for Search<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "it becomes part of a function for one kind of machine")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nearest, x, scores: out } = self;
        let vectors = PANEL / S::F64_LANES;
        let (x, _) = S::as_simd_f64s(x);
        let (labels, _) = S::as_mut_simd_f64s(&mut out.labels);
        let (gaps, _) = S::as_mut_simd_f64s(&mut out.gaps);
        let (margins, _) = S::as_mut_simd_f64s(&mut out.margins);
        let zero = simd.splat_f64s(0.0);
        let infinite = simd.splat_f64s(f64::INFINITY);
        for at in (0..vectors).step_by(VECTORS) {
            let mut best = [infinite; VECTORS];
            let mut second = [infinite; VECTORS];
            let mut label = [zero; VECTORS];
            let groups = nearest.packed.chunks_exact(GROUP * nearest.columns.max(1));
            for (group, (centers, squares)) in groups.zip(nearest.squares.as_chunks::<GROUP>().0).enumerate()
            {
                let mut scores = [[zero; VECTORS]; GROUP];
                for (score, &square) in scores.iter_mut().zip(squares) {
                    *score = [simd.splat_f64s(square); VECTORS];
                }
                let coordinates = centers.as_chunks::<GROUP>().0.iter();
                for (x, center) in x.chunks_exact(vectors).zip(coordinates) {
                    let x = &x[at..at + VECTORS];
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
                        label[vector] = simd.select_f64s(closer, number, label[vector]);
                    }
                }
            }
            for vector in 0..VECTORS {
                let mut square = zero;
                for x in x.chunks_exact(vectors) {
                    square = simd.mul_add_e_f64s(x[at + vector], x[at + vector], square);
                }
                let error = simd.mul_f64s(
                    simd.add_f64s(square, simd.splat_f64s(nearest.largest)),
                    simd.splat_f64s(nearest.unit),
                );
                let near = simd.add_f64s(simd.add_f64s(best[vector], square), error);
                let far = simd.sub_f64s(simd.add_f64s(second[vector], square), error);
                let near = simd.sqrt_f64s(simd.max_f64s(near, zero));
                let far = simd.sqrt_f64s(simd.max_f64s(far, zero));
                gaps[at + vector] = simd.sub_f64s(far, near);
                labels[at + vector] = label[vector];
                let between = simd.sub_f64s(second[vector], best[vector]);
                margins[at + vector] = simd.sub_f64s(between, simd.mul_f64s(error, simd.splat_f64s(4.0)));
            }
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
                    let found = nearest.found(&panel.scores, lane, || row.to_vec());
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
            .map(|(lane, row)| nearest.found(&panel.scores, lane, || row.to_vec()).label)
            .collect();
        assert_eq!(labels, [0, 1, 1, 2]);
    }
}
