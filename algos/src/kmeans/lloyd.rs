//! Lloyd's iteration on rows in memory.
//!
//! Most rows stay in their cluster from one iteration to the next, and the triangle inequality tells for which of them
//! that is certain without a distance (Elkan 2003, "Using the triangle inequality to accelerate k-means"; Hamerly 2010,
//! "Making k-means even faster"). A row that was d from its center and e from the second nearest one stays while
//! d + (way of its center) < e − (longest way of any center). Both ways grow only, so one number for each row, e − d with
//! the ways up to then added, is compared with one number for each cluster, and nothing is written for rows that stay.
//! A row for which that is not enough stays, too, where d is below half the distance between its center and the next.
//!
//! Sums of clusters change by the rows that move. At the end they are added up anew.

use engine::{Local, Monitor};

use super::Outcome;
use super::nearest::{Nearest, PANEL, Panel, Scores};
use super::rows::subtract;
use super::sums::Sums;
use crate::Result;

/// A row that was never assigned.
const NONE: u32 = u32::MAX;

/// What numbers of 4 bytes lose, and a little more.
const ROUNDING: f64 = 1.0 / (1 << 22) as f64;

/// Pending rows of a panel from which on all its rows are looked at: gathering as many would read as much memory.
const DENSE: u32 = 3;

/// Some rows with their clusters, in panels of rows that lie coordinate by coordinate.
pub(super) struct Chunk {
    panels: Vec<f64>,
    columns: usize,
    rows: usize,
    labels: Vec<u32>,
    /// For each row how far centers may go before it is looked at again.
    gaps: Vec<f32>,
    sums: Sums,
    moved: usize,
}

/// What a worker needs beside chunks.
struct Scratch {
    panel: Panel,
    /// Where the rows in the panel come from.
    places: Vec<u32>,
    scores: Scores,
    row: Vec<f64>,
}

impl Scratch {
    fn new(columns: usize) -> Self {
        let row = vec![0.0; columns];
        Self { panel: Panel::new(columns), places: Vec::with_capacity(PANEL), scores: Scores::new(), row }
    }
}

/// How far the centers have gone.
struct Ways {
    each: Vec<f64>,
    longest: f64,
}

impl Ways {
    fn add(&mut self, from: &[f64], to: &[f64]) {
        let columns = (from.len() / self.each.len().max(1)).max(1);
        let rounding = 1.0 + (columns + 8) as f64 * f64::EPSILON;
        let mut longest = 0.0_f64;
        for ((way, from), to) in
            self.each.iter_mut().zip(from.chunks_exact(columns)).zip(to.chunks_exact(columns))
        {
            let step = super::nearest::squared_distance(from, to).sqrt() * rounding;
            *way = (*way + step) * rounding;
            longest = longest.max(step);
        }
        self.longest = (self.longest + longest) * rounding;
    }

    /// What a row of each cluster is compared with.
    fn bounds(&self) -> Vec<f32> {
        self.each.iter().map(|way| ((way + self.longest) * (1.0 + ROUNDING)) as f32).collect()
    }

    /// What is kept for a row of a cluster.
    fn kept(&self, label: u32, gap: f64) -> f32 {
        if gap == f64::INFINITY {
            return f32::INFINITY;
        }
        let way = self.each[label as usize] + self.longest;
        (gap + way - (gap.abs() + way) * ROUNDING) as f32
    }
}

/// The coordinates of a row in panels.
fn coordinates(panels: &[f64], columns: usize, at: usize) -> impl Iterator<Item = f64> {
    let panel = &panels[at / PANEL * PANEL * columns..];
    panel.iter().skip(at % PANEL).step_by(PANEL).take(columns).copied()
}

fn copy(panels: &[f64], at: usize, row: &mut [f64]) {
    let columns = row.len();
    row.iter_mut().zip(coordinates(panels, columns, at)).for_each(|(to, x)| *to = x);
}

impl Chunk {
    /// Of rows of so many columns, one behind the other.
    pub(super) fn new(rows: Vec<f64>, columns: usize) -> Self {
        Self {
            rows: rows.len() / columns,
            panels: rows,
            columns,
            labels: Vec::new(),
            gaps: Vec::new(),
            sums: Sums::default(),
            moved: 0,
        }
    }

    /// Takes `shift` from each row, and lays the rows out in panels.
    pub(super) fn lay_out(&mut self, shift: &[f64]) {
        let size = PANEL * self.columns;
        self.panels.resize(self.rows.div_ceil(PANEL) * size, 0.0);
        let mut rows = vec![0.0; size];
        for panel in self.panels.chunks_exact_mut(size) {
            rows.copy_from_slice(panel);
            subtract(&mut rows, shift);
            for (lane, row) in rows.chunks_exact(self.columns).enumerate() {
                for (column, &x) in panel.as_chunks_mut::<PANEL>().0.iter_mut().zip(row) {
                    column[lane] = x;
                }
            }
        }
    }

    fn reset(&mut self, clusters: usize) {
        // what fills up the last panel is never looked at
        let lanes = self.rows.div_ceil(PANEL) * PANEL;
        self.labels.clear();
        self.labels.resize(lanes, NONE);
        self.gaps.clear();
        self.gaps.resize(lanes, f32::NEG_INFINITY);
        self.labels[self.rows..].fill(0);
        self.gaps[self.rows..].fill(f32::INFINITY);
        self.sums = Sums::new(clusters, self.columns);
    }

    /// Assigns the rows that may have to move.
    fn assign(&mut self, scratch: &mut Scratch, nearest: &Nearest, ways: &Ways, bounds: &[f32]) {
        self.moved = 0;
        scratch.places.clear();
        let size = PANEL * self.columns;
        for panel in 0..self.labels.len() / PANEL {
            let first = panel * PANEL;
            let mut pending = self.pending(first, bounds);
            if pending != 0 && nearest.looks_at_own() {
                pending = self.look_at_own(first, pending, scratch, nearest, ways);
            }
            if pending.count_ones() >= DENSE {
                nearest.score(&self.panels[panel * size..(panel + 1) * size], &mut scratch.scores);
                for lane in 0..PANEL.min(self.rows - first) {
                    self.settle(first + lane, lane, &scratch.scores, &mut scratch.row, nearest, ways);
                }
                continue;
            }
            while pending != 0 {
                let at = first + pending.trailing_zeros() as usize;
                pending &= pending - 1;
                scratch.panel.set(scratch.places.len(), coordinates(&self.panels, self.columns, at));
                scratch.places.push(at as u32);
                if scratch.places.len() == PANEL {
                    self.search(scratch, nearest, ways);
                }
            }
        }
        self.search(scratch, nearest, ways);
    }

    /// Assigns the rows that were gathered.
    fn search(&mut self, scratch: &mut Scratch, nearest: &Nearest, ways: &Ways) {
        nearest.search(&mut scratch.panel);
        for (lane, &at) in scratch.places.iter().enumerate() {
            self.settle(at as usize, lane, &scratch.panel.scores, &mut scratch.row, nearest, ways);
        }
        scratch.places.clear();
    }

    /// A bit for each row of a panel for which the triangle inequality does not hold its cluster.
    fn pending(&self, first: usize, bounds: &[f32]) -> u32 {
        let rows = self.gaps[first..first + PANEL].iter().zip(&self.labels[first..first + PANEL]);
        rows.enumerate().fold(0, |pending, (lane, (&gap, &label))| {
            let stays = bounds.get(label as usize).is_some_and(|bound| gap > *bound);
            pending | u32::from(!stays) << lane
        })
    }

    /// Leaves out of those rows for which the distance from their own center is enough to tell that they stay.
    fn look_at_own(
        &mut self,
        first: usize,
        pending: u32,
        scratch: &mut Scratch,
        nearest: &Nearest,
        ways: &Ways,
    ) -> u32 {
        let (mut rest, mut left) = (pending, pending);
        while rest != 0 {
            let lane = rest.trailing_zeros();
            rest &= rest - 1;
            let at = first + lane as usize;
            let label = self.labels[at];
            if label == NONE {
                continue;
            }
            copy(&self.panels, at, &mut scratch.row);
            let gap = nearest.own_gap(label, &scratch.row);
            if gap > 0.0 {
                self.gaps[at] = ways.kept(label, gap);
                left &= !(1 << lane);
            }
        }
        left
    }

    /// Takes what a search says of a row.
    #[inline]
    fn settle(
        &mut self,
        at: usize,
        lane: usize,
        scores: &Scores,
        row: &mut [f64],
        nearest: &Nearest,
        ways: &Ways,
    ) {
        let found = nearest.found(scores, lane, || coordinates(&self.panels, self.columns, at).collect());
        self.gaps[at] = ways.kept(found.label, found.gap);
        let label = self.labels[at];
        if label != found.label {
            copy(&self.panels, at, row);
            if label != NONE {
                self.sums.take(label, row);
            }
            self.sums.add(found.label, row);
            self.labels[at] = found.label;
            self.moved += 1;
        }
    }

    /// Sums and distances of all rows from the centers that they belong to.
    fn add_up(&mut self, nearest: &Nearest) {
        let mut sums = Sums::new(self.sums.counts.len(), self.columns);
        let mut row = vec![0.0; self.columns];
        for (at, &label) in self.labels[..self.rows].iter().enumerate() {
            copy(&self.panels, at, &mut row);
            sums.add_within(label, &row, nearest.center(label));
        }
        self.sums = sums;
    }
}

/// Iterates from `centers` until no row moves.
pub(super) fn iterate(
    chunks: &mut [Chunk],
    centers: Vec<f64>,
    clusters: usize,
    max_iterations: u32,
    executor: &Local,
    monitor: &Monitor,
) -> Result<Outcome> {
    let columns = centers.len() / clusters;
    let mut ways = Ways { each: vec![0.0; clusters], longest: 0.0 };
    let mut nearest = Nearest::new(centers, clusters, columns);
    let (mut iterations, mut converged, mut first) = (0, false, true);
    // one more than iterations: what belongs to the last centers
    loop {
        monitor.check()?;
        let bounds = ways.bounds();
        executor.for_each(
            chunks,
            || Scratch::new(columns),
            |scratch, chunk| {
                if first {
                    chunk.reset(clusters);
                }
                chunk.assign(scratch, &nearest, &ways, &bounds);
            },
        );
        converged |= !first && chunks.iter().all(|chunk| chunk.moved == 0);
        first = false;
        if iterations == max_iterations {
            break;
        }
        iterations += 1;
        if converged {
            break;
        }
        let means = total(chunks, clusters, columns).means(nearest.centers());
        ways.add(nearest.centers(), &means);
        nearest = Nearest::new(means, clusters, columns);
    }
    let mut centers = nearest.centers().to_vec();
    executor.for_each(chunks, || (), |(), chunk| chunk.add_up(&nearest));
    if converged {
        centers = total(chunks, clusters, columns).means(&centers);
        nearest = Nearest::new(centers.clone(), clusters, columns);
        executor.for_each(chunks, || (), |(), chunk| chunk.add_up(&nearest));
    }
    Ok(Outcome { centers, sums: total(chunks, clusters, columns), iterations, converged })
}

fn total(chunks: &[Chunk], clusters: usize, columns: usize) -> Sums {
    let mut all = Sums::new(clusters, columns);
    for chunk in chunks {
        all.merge(&chunk.sums);
    }
    all
}
