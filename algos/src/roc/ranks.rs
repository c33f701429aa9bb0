//! The distinct predictions in order, with the weights of negative and positive rows.
//!
//! Sorted runs whose lengths at least halve from one to the next, as in a merge sort from the bottom up: n values cost
//! O(n log n) in whatever pieces they come. A value that is in several runs is added up where they meet.

use serde::{Deserialize, Serialize};

/// A prediction, and the weights of negative and positive rows that have it.
type Entry = (f64, [f64; 2]);

/// Values that are sorted at a time.
const FRESH: usize = 1 << 14;

/// The distinct predictions of some rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Ranks {
    /// Sorted, each value once in a run.
    runs: Vec<Vec<Entry>>,
    /// Not sorted yet.
    fresh: Vec<Entry>,
}

impl Ranks {
    pub(super) fn add(&mut self, prediction: f64, class: usize, weight: f64) {
        let mut weights = [0.0, 0.0];
        weights[class] = weight;
        // −0 and 0 are one value
        self.fresh.push((prediction + 0.0, weights));
        if self.fresh.len() >= FRESH {
            self.settle();
        }
    }

    pub(super) fn merge(&mut self, mut later: Self) {
        self.settle();
        later.settle();
        for run in later.runs {
            self.push(run);
        }
    }

    /// Sorts what is fresh.
    fn settle(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        // stable, so that weights are added up in the order of the rows
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

    /// The probability that a positive row is above a negative one, ties counting half.
    pub(super) fn area(mut self) -> f64 {
        self.settle();
        let all = self.runs.into_iter().rev().reduce(|later, before| merged(&before, &later));
        let all = all.unwrap_or_default();
        let weights: Vec<[f64; 2]> = all.into_iter().map(|(_, weights)| weights).collect();
        let [negatives, positives] = super::sum(&weights);
        let (mut below, mut area) = (0.0, 0.0);
        for [negative, positive] in weights {
            area += positive * (below + 0.5 * negative);
            below += negative;
        }
        area / positives / negatives
    }

    pub(super) fn size(&self) -> usize {
        let entries = self.runs.iter().map(Vec::capacity).sum::<usize>() + self.fresh.capacity();
        entries * size_of::<Entry>()
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
        let mut ranks = Ranks::default();
        let n = 5 * FRESH;
        for i in 0..n {
            ranks.add((i * 7919 % 40_000) as f64, i % 2, 1.0);
        }
        ranks.settle();
        assert!(ranks.runs.len() <= 3);
        assert!(ranks.runs.iter().all(|run| run.windows(2).all(|pair| pair[0].0 < pair[1].0)));
        let rows: f64 = ranks.runs.iter().flatten().map(|(_, weights)| weights[0] + weights[1]).sum();
        assert_eq!(rows, n as f64);
    }
}
