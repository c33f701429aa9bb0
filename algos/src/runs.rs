//! Distinct numbers in order, with two sums for each, from rows in any order.
//!
//! Sorted runs whose lengths at least halve from one to the next, as in a merge sort from the bottom up: n values cost
//! O(n log n) in whatever pieces they come. A value that is in several runs is added up where they meet.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A number and its sums.
pub(crate) type Entry = (f64, [f64; 2]);

/// Values that are sorted at a time.
const FRESH: usize = 1 << 14;

/// The distinct numbers of some rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Runs {
    /// Sorted, each value once in a run.
    runs: Vec<Vec<Entry>>,
    /// Not sorted yet.
    fresh: Vec<Entry>,
}

impl Runs {
    pub(crate) fn add(&mut self, value: f64, sums: [f64; 2]) {
        // −0 and 0 are one value
        self.fresh.push((value + 0.0, sums));
        if self.fresh.len() >= FRESH {
            self.settle();
        }
    }

    pub(crate) fn merge(&mut self, mut later: Self) {
        self.settle();
        later.settle();
        for run in later.runs {
            self.push(run);
        }
    }

    /// Sorts what is fresh.
    fn settle(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        // stable, so that sums are added up in the order of the rows
        fresh.sort_by(|a, b| a.0.total_cmp(&b.0));
        fresh.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = [kept.1[0] + next.1[0], kept.1[1] + next.1[1]];
            }
            same
        });
        self.push(fresh);
    }

    fn push(&mut self, mut run: Vec<Entry>) {
        if run.is_empty() {
            return;
        }
        while let Some(before) = self.runs.pop_if(|before| before.len() < 2 * run.len()) {
            run = merged(&before, &run);
        }
        self.runs.push(run);
    }

    /// All numbers in ascending order.
    pub(crate) fn finish(mut self) -> Vec<Entry> {
        self.settle();
        let all = self.runs.into_iter().rev().reduce(|later, before| merged(&before, &later));
        all.unwrap_or_default()
    }

    pub(crate) fn size(&self) -> usize {
        let entries = self.runs.iter().map(Vec::capacity).sum::<usize>() + self.fresh.capacity();
        entries * size_of::<Entry>()
    }

    /// Whether these runs stay within a budget of bytes.
    pub(crate) fn fit<'a>(all: impl IntoIterator<Item = &'a Self>, budget: Option<usize>) -> Result<()> {
        let needed: usize = all.into_iter().map(Self::size).sum();
        match budget {
            Some(budget) if needed > budget => {
                Err(Error::Engine(engine::Error::MemoryBudget { needed, budget }))
            }
            _ => Ok(()),
        }
    }
}

/// Two sorted runs as one.
fn merged(a: &[Entry], b: &[Entry]) -> Vec<Entry> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while let (Some(&(x, p)), Some(&(y, q))) = (a.get(i), b.get(j)) {
        if x == y {
            all.push((x, [p[0] + q[0], p[1] + q[1]]));
        } else {
            all.push(if x < y { (x, p) } else { (y, q) });
        }
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    all.extend_from_slice(&a[i..]);
    all.extend_from_slice(&b[j..]);
    all.shrink_to_fit();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stay_few_and_values_are_there_once() {
        let mut runs = Runs::default();
        let n = 5 * FRESH;
        for i in 0..n {
            runs.add((i * 7919 % 40_000) as f64, [1.0, 0.0]);
        }
        runs.settle();
        assert!(runs.runs.len() <= 3);
        let all = runs.finish();
        assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(all.iter().map(|(_, sums)| sums[0]).sum::<f64>(), n as f64);
    }
}
