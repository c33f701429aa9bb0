//! Sums, whatever they are added up by, and how they merge.

use serde::{Deserialize, Serialize};

use super::Real;
use super::cells::Cells;
use super::plan::{Moment, Plan};
use crate::design::Tile;
use crate::{Error, Result};

/// The sums of a design over some rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Totals<T> {
    /// Rows that count, zero weights included.
    pub(crate) valid: u64,
    /// Rows with a missing value.
    pub(crate) missing: u64,
    /// The number of observations: rows of positive weight, or the sum of their frequencies.
    pub(crate) observations: f64,
    /// What was subtracted of each value; empty before the first row that counts.
    pub(crate) shifts: Vec<f64>,
    /// For each table of the plan its cells with their moments.
    pub(crate) tables: Vec<Cells<T>>,
    /// Whether they are a server's, which has no sums of twice the precision.
    #[serde(skip)]
    pub(crate) is_of_server: bool,
    /// The moments in a cell of each table, so that partials merge without the plan.
    moments: Vec<Vec<Moment>>,
}

impl<T: Real> Totals<T> {
    /// No rows of a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            valid: 0,
            missing: 0,
            observations: 0.0,
            shifts: Vec::new(),
            is_of_server: false,
            tables: plan.tables.iter().map(Cells::new).collect(),
            moments: plan.tables.iter().map(|table| table.moments.clone()).collect(),
        }
    }

    /// Counts the rows of a tile, and chooses the shifts if it is the first; whether any row counts.
    pub(super) fn count(&mut self, plan: &Plan, tile: &Tile) -> bool {
        self.valid += tile.kept as u64;
        self.missing += (tile.len - tile.kept) as u64;
        if tile.kept == 0 {
            return false;
        }
        self.observations += tile.frequency;
        if self.shifts.is_empty() {
            self.shifts = plan.values.iter().map(|value| first_mean(value, tile)).collect();
        }
        true
    }

    /// Adds the sums of later rows.
    ///
    /// # Errors
    /// When they are of another plan, or have too many cells.
    pub(super) fn merge(&mut self, later: Self) -> Result<()> {
        let mut tables = self.tables.iter().zip(&later.tables).zip(&self.moments);
        let is_same = self.tables.len() == later.tables.len() && self.moments == later.moments;
        if !is_same || !tables.all(|((own, later), moments)| own.fits(later, moments.len())) {
            return Err(Error::Mismatch { what: "their tables differ" });
        }
        // a design of factors alone has no shifts that could say whether there were rows
        let (is_empty, later_is_empty) = (self.valid == 0, later.valid == 0);
        self.missing += later.missing;
        self.valid += later.valid;
        self.observations += later.observations;
        if later_is_empty {
            return Ok(());
        }
        if is_empty {
            self.shifts = later.shifts;
            self.tables = later.tables;
            return Ok(());
        }
        let shifts = later.shifts.iter().zip(&self.shifts);
        let deltas: Vec<T> = shifts.map(|(&later, &own)| T::from(later) - T::from(own)).collect();
        for ((moments, own), later) in self.moments.iter().zip(&mut self.tables).zip(&later.tables) {
            let shifted = Shifted::new(moments, &deltas);
            own.merge(later, |own, later| shifted.add(own, later))?;
        }
        Ok(())
    }

    /// Bytes of the tables.
    pub(super) fn size(&self) -> usize {
        self.tables.iter().map(Cells::size).sum()
    }
}

/// How cells of later rows are added, whose shifts are by `deltas` above the own ones.
struct Shifted<'a, T> {
    /// The moments, each with the places of those that it needs; none where shifts do not matter.
    parts: Vec<(Moment, [usize; 3])>,
    deltas: &'a [T],
}

impl<'a, T: Real> Shifted<'a, T> {
    fn new(moments: &[Moment], deltas: &'a [T]) -> Self {
        if moments == [Moment::One] || deltas.iter().all(|delta| *delta == T::default()) {
            return Self { parts: Vec::new(), deltas };
        }
        let spot = |moment| moments.iter().position(|&known| known == moment).unwrap_or(0);
        let part = |&moment: &Moment| match moment {
            Moment::One => (moment, [0; 3]),
            Moment::Value(_) => (moment, [spot(Moment::One), 0, 0]),
            Moment::Product(u, v) => {
                (moment, [spot(Moment::One), spot(Moment::Value(u)), spot(Moment::Value(v))])
            }
        };
        Self { parts: moments.iter().map(part).collect(), deltas }
    }

    /// Adds some cells.
    fn add(&self, own: &mut [T], later: &[T]) {
        let Self { parts, deltas } = self;
        if parts.is_empty() {
            own.iter_mut().zip(later).for_each(|(own, later)| *own += *later);
            return;
        }
        let width = parts.len();
        for (own, later) in own.chunks_exact_mut(width).zip(later.chunks_exact(width)) {
            for ((own, &sum), (moment, [one, first, second])) in own.iter_mut().zip(later).zip(parts) {
                *own += match *moment {
                    Moment::One => sum,
                    Moment::Value(v) => sum + deltas[v] * later[*one],
                    Moment::Product(u, v) => {
                        let (du, dv) = (deltas[u], deltas[v]);
                        sum + du * later[*second] + dv * later[*first] + du * dv * later[*one]
                    }
                };
            }
        }
    }
}

/// The mean over the rows that count, to some 1/256 of their range: close enough that squares stay small, and short enough
/// that subtracting it from short numbers is exact. 0 where there is none.
fn first_mean(value: &[usize], tile: &Tile) -> f64 {
    let (mut sum, mut min, mut max) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    for i in 0..tile.len {
        if tile.mask[i] != 0 {
            let x: f64 = value.iter().map(|&variable| tile.numbers[variable][i]).product();
            sum += x;
            min = x.min(min);
            max = x.max(max);
        }
    }
    let mean = sum / tile.kept as f64;
    if !mean.is_finite() {
        return 0.0;
    }
    if min == max {
        return min;
    }
    let step = 2_f64.powi((max - min).log2() as i32 - 8);
    let short = (mean / step).round() * step;
    if short.is_finite() { short } else { mean }
}
