//! Lloyd's iteration on rows in memory.
//!
//! Most rows stay in their cluster from one iteration to the next, and the triangle inequality tells for which of them
//! that is certain without a distance (Elkan 2003, "Using the triangle inequality to accelerate k-means"; Hamerly 2010,
//! "Making k-means even faster"). A row that was d from its center and e from the second nearest one stays while
//! d + (way of its center) < e − (longest way of any center). Both ways grow only, so one number for each row, e − d with
//! the ways up to then added, is compared with one number for each cluster, and nothing is written for rows that stay.
//!
//! Where a search for the nearest center takes less than to find out who has to search, all rows search.
//!
//! Sums of clusters change by the rows that move. At the end they are added up anew.

use std::ops::Range;

use engine::{Local, Monitor};

use super::Outcome;
use super::nearest::{Matches, Nearest};
use super::panels::{PANEL, Panels, row};
use super::sums::Sums;
use crate::Result;

/// A row that was never assigned.
const NONE: u32 = u32::MAX;

/// With so many rows of a panel to be looked at, all of them are: that is less work than to gather them.
const MOST: u32 = PANEL as u32 * 5 / 8;

/// Products of a search from which it is worth being avoided.
const AVOIDED: usize = 256;

/// What numbers of 4 bytes lose, and a little more.
const ROUNDING: f64 = 1.0 / (1 << 22) as f64;

/// Some rows with their clusters.
pub(super) struct Chunk {
    rows: Panels,
    labels: Vec<u32>,
    /// For each row how far centers may go before it is looked at again.
    gaps: Vec<f32>,
    sums: Sums,
    moved: usize,
}

/// What a thread needs beside a chunk.
struct Work {
    matches: Matches,
    /// Rows of several panels, with their places in the chunk.
    gathered: Panels,
    places: Vec<usize>,
}

impl Work {
    fn new(columns: usize) -> Self {
        let gathered = Panels::with_capacity(columns, PANEL);
        Self { matches: Matches::new(columns), gathered, places: Vec::with_capacity(PANEL) }
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
            let step = super::nearest::squared_distance(from.iter().copied(), to).sqrt() * rounding;
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
    pub(super) fn new(rows: Panels) -> Self {
        Self { rows, labels: Vec::new(), gaps: Vec::new(), sums: Sums::default(), moved: 0 }
    }

    /// Takes `shift` from each row.
    pub(super) fn centre(&mut self, shift: &[f64]) {
        self.rows.subtract(shift);
    }

    fn reset(&mut self, clusters: usize, columns: usize) {
        let rows = self.rows.len();
        self.labels.clear();
        self.labels.resize(rows, NONE);
        self.gaps.clear();
        self.gaps.resize(rows, f32::NEG_INFINITY);
        self.sums = Sums::new(clusters, columns);
    }

    /// Assigns the rows that may have to move.
    fn assign(&mut self, work: &mut Work, nearest: &Nearest, ways: &Ways, bounds: &[f32]) {
        let Work { matches, gathered, places } = work;
        let Self { rows, labels, gaps, sums, moved } = self;
        let mut clusters = Assigned { labels, gaps, sums, moved: 0, ways };
        for (index, (panel, count)) in rows.iter().enumerate() {
            let first = index * PANEL;
            if !nearest.has_gaps() {
                nearest.search(panel, count, matches);
                clusters.move_all(first, panel, &matches.labels[..count]);
                continue;
            }
            let pending = clusters.pending(first..first + count, bounds);
            if pending.count_ones() >= MOST {
                nearest.search(panel, count, matches);
                (0..count).for_each(|lane| clusters.put(first + lane, panel, lane, matches));
                continue;
            }
            let mut left = pending;
            while left != 0 {
                let lane = left.trailing_zeros() as usize;
                left &= left - 1;
                gathered.push(row(panel, lane));
                places.push(first + lane);
                if places.len() == PANEL {
                    clusters.put_all(gathered, places, nearest, matches);
                }
            }
        }
        clusters.put_all(gathered, places, nearest, matches);
        *moved = clusters.moved;
    }

    /// Sums and distances of all rows from the centers that they belong to.
    fn add_up(&mut self, nearest: &Nearest) {
        let mut sums = Sums::new(self.sums.counts.len(), nearest.columns());
        for ((panel, _), labels) in self.rows.iter().zip(self.labels.chunks(PANEL)) {
            for (lane, &label) in labels.iter().enumerate() {
                sums.add_within(label, row(panel, lane), nearest.center(label));
            }
        }
        self.sums = sums;
    }
}

/// Which clusters rows belong to, while they are looked at.
struct Assigned<'a> {
    labels: &'a mut [u32],
    gaps: &'a mut [f32],
    sums: &'a mut Sums,
    moved: usize,
    ways: &'a Ways,
}

impl Assigned<'_> {
    /// A bit for each row of a panel for which the triangle inequality does not hold its cluster.
    fn pending(&self, rows: Range<usize>, bounds: &[f32]) -> u32 {
        let known = self.gaps[rows.clone()].iter().zip(&self.labels[rows]);
        known.enumerate().fold(0, |bits, (lane, (&gap, &label))| {
            let stays = bounds.get(label as usize).is_some_and(|bound| gap > *bound);
            bits | u32::from(!stays) << lane
        })
    }

    fn put(&mut self, at: usize, panel: &[f64], lane: usize, matches: &Matches) {
        let label = matches.labels[lane];
        self.gaps[at] = self.ways.kept(label, matches.gaps[lane]);
        self.move_to(label, at, panel, lane);
    }

    fn move_to(&mut self, label: u32, at: usize, panel: &[f64], lane: usize) {
        let before = std::mem::replace(&mut self.labels[at], label);
        if before != label {
            if before != NONE {
                self.sums.take(before, row(panel, lane));
            }
            self.sums.add(label, row(panel, lane));
            self.moved += 1;
        }
    }

    /// Moves the rows of a panel from the place of the first one on.
    fn move_all(&mut self, first: usize, panel: &[f64], labels: &[u32]) {
        if self.labels[first..].starts_with(labels) {
            return;
        }
        for (lane, &label) in labels.iter().enumerate() {
            self.move_to(label, first + lane, panel, lane);
        }
    }

    /// Searches for rows that were gathered, and forgets them.
    fn put_all(
        &mut self,
        rows: &mut Panels,
        places: &mut Vec<usize>,
        nearest: &Nearest,
        matches: &mut Matches,
    ) {
        for ((panel, count), places) in rows.iter().zip(places.chunks(PANEL)) {
            nearest.search(panel, count, matches);
            places.iter().enumerate().for_each(|(lane, &at)| self.put(at, panel, lane, matches));
        }
        rows.clear();
        places.clear();
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
    let search = |centers| {
        let nearest = Nearest::new(centers, clusters, columns);
        if clusters * columns >= AVOIDED { nearest.with_gaps() } else { nearest }
    };
    let mut nearest = search(centers);
    let (mut iterations, mut converged, mut first) = (0, false, true);
    // one more than iterations: what belongs to the last centers
    loop {
        monitor.check()?;
        let bounds = ways.bounds();
        executor.for_each(
            chunks,
            || Work::new(columns),
            |work, chunk| {
                if first {
                    chunk.reset(clusters, columns);
                }
                chunk.assign(work, &nearest, &ways, &bounds);
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
        nearest = search(means);
    }
    let mut centers = nearest.centers().to_vec();
    executor.for_each(chunks, || (), |(), chunk| chunk.add_up(&nearest));
    if converged {
        centers = total(chunks, clusters, columns).means(&centers);
        nearest = search(centers.clone());
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
