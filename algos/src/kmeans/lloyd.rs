//! Lloyd's iteration on rows in memory.
//!
//! Most rows stay in their cluster from one iteration to the next, and the triangle inequality tells for which of them
//! that is certain without a distance (Elkan 2003, "Using the triangle inequality to accelerate k-means"; Hamerly 2010,
//! "Making k-means even faster"). A row that was d from its center and e from the second nearest one stays while
//! d + (way of its center) < e − (longest way of any center). Both ways grow only, so one number for each row, e − d with
//! the ways up to then added, is compared with one number for each cluster, and nothing is written for rows that stay.
//!
//! Sums of clusters change by the rows that move. At the end they are added up anew.

use engine::{Local, Monitor};

use super::Outcome;
use super::nearest::{Nearest, PANEL, Panel};
use super::rows::subtract;
use super::sums::Sums;
use crate::Result;

/// A row that was never assigned.
const NONE: u32 = u32::MAX;

/// What numbers of 4 bytes lose, and a little more.
const ROUNDING: f64 = 1.0 / (1 << 22) as f64;

/// Some rows with their clusters.
pub(super) struct Chunk {
    rows: Vec<f64>,
    labels: Vec<u32>,
    /// For each row how far centers may go before it is looked at again.
    gaps: Vec<f32>,
    sums: Sums,
    moved: usize,
    pending: Vec<u32>,
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

impl Chunk {
    pub(super) fn new(rows: Vec<f64>) -> Self {
        Self {
            rows,
            labels: Vec::new(),
            gaps: Vec::new(),
            sums: Sums::default(),
            moved: 0,
            pending: Vec::new(),
        }
    }

    /// Takes `shift` from each row.
    pub(super) fn centre(&mut self, shift: &[f64]) {
        subtract(&mut self.rows, shift);
    }

    fn reset(&mut self, clusters: usize, columns: usize) {
        let rows = self.rows.len() / columns;
        self.labels.clear();
        self.labels.resize(rows, NONE);
        self.gaps.clear();
        self.gaps.resize(rows, f32::NEG_INFINITY);
        self.sums = Sums::new(clusters, columns);
    }

    /// Assigns the rows that may have to move.
    fn assign(&mut self, panel: &mut Panel, nearest: &Nearest, ways: &Ways, bounds: &[f32]) {
        self.moved = 0;
        self.collect(bounds);
        let columns = nearest.columns();
        for group in self.pending.chunks(PANEL) {
            let row = |at: u32| &self.rows[at as usize * columns..(at as usize + 1) * columns];
            panel.load(group.iter().map(|&at| row(at)));
            nearest.search(panel);
            for (lane, &at) in group.iter().enumerate() {
                let found = nearest.found(panel, lane, row(at));
                self.gaps[at as usize] = ways.kept(found.label, found.gap);
                let label = &mut self.labels[at as usize];
                if *label != found.label {
                    if *label != NONE {
                        self.sums.take(*label, row(at));
                    }
                    self.sums.add(found.label, row(at));
                    *label = found.label;
                    self.moved += 1;
                }
            }
        }
    }

    /// Finds the rows for which the triangle inequality does not hold their cluster.
    fn collect(&mut self, bounds: &[f32]) {
        self.pending.resize(self.labels.len(), 0);
        let mut count = 0;
        for (at, (&gap, &label)) in self.gaps.iter().zip(&self.labels).enumerate() {
            let stays = bounds.get(label as usize).is_some_and(|bound| gap > *bound);
            self.pending[count] = at as u32;
            count += usize::from(!stays);
        }
        self.pending.truncate(count);
    }

    /// Sums and distances of all rows from the centers that they belong to.
    fn add_up(&mut self, nearest: &Nearest) {
        let columns = nearest.columns();
        let mut sums = Sums::new(self.sums.counts.len(), columns);
        for (row, &label) in self.rows.chunks_exact(columns).zip(&self.labels) {
            sums.add_within(label, row, nearest.center(label));
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
            || Panel::new(columns),
            |panel, chunk| {
                if first {
                    chunk.reset(clusters, columns);
                }
                chunk.assign(panel, &nearest, &ways, &bounds);
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
