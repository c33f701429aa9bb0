//! From sums to the normal equations of a regression.
//!
//! One part of the coefficients is removed beforehand by the Frisch–Waugh–Lovell theorem: the *partition*, whose columns
//! are indicators of disjoint cells, so that its own cross product is diagonal. An intercept is the partition with one
//! cell; a cube has one for each cell of its first term, and so has any model one for a term of very many cells; without an
//! intercept there may be none. What remains is `S = A₂₂ − A₂₁ D⁻¹ A₁₂`, the cross products *within* cells: for an
//! intercept the centred ones. Of `A₁₂` only what is not 0 is kept, so that a cell that meets 3 levels of another factor
//! costs 9 products, however many levels there are.
//!
//! Numeric columns and responses enter shifted (see [`super`]) when there is a partition: shifts do not change `S`, because
//! the partition spans the constant, and cancellation stays away. Slopes by level (`age for sex=Male`) are not shifted,
//! because their shift is not a constant; they are taken back to raw sums here.

use std::ops::Range;

use super::cells::Ordered;
use super::plan::{Columns, Moment, Plan, moment};
use super::within::{Entry, Within};
use super::{Real, Totals};
use crate::{Error, Result};

/// The most sums of columns within cells: 3 gigabytes.
const MOST_ENTRIES: usize = 1 << 27;

/// Which columns are removed beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partition {
    /// None: no intercept.
    None,
    /// The intercept.
    Intercept,
    /// The cells of a term of factors.
    Term(usize),
}

/// The normal equations, with `k` cells of the partition, `p` further columns and `r` responses; matrices by rows.
pub(crate) struct Normal<T = f64> {
    /// D: the weights of the partition's cells.
    pub(crate) cells: Vec<T>,
    /// A₁₂, k × p: sums of the columns within cells.
    pub(crate) cross: Within<T>,
    /// k × r: sums of the shifted responses within cells.
    pub(crate) cell_responses: Vec<T>,
    /// S, p × p.
    pub(crate) schur: Vec<T>,
    /// The diagonal of A₂₂ before the partition was removed: the size that cancellation is measured by.
    pub(crate) diagonal: Vec<T>,
    /// p × r: the right-hand side that goes with S.
    pub(crate) right: Vec<T>,
    /// r: sums of squares of the responses within cells.
    pub(crate) within: Vec<T>,
    /// r: sums of squares of the responses about their mean.
    pub(crate) centred: Vec<T>,
    /// r: sums of squares of the responses.
    pub(crate) raw: Vec<T>,
    /// The shifts of the columns, 0 where there is none.
    pub(crate) shifts: Vec<f64>,
    /// The shifts of the responses.
    pub(crate) response_shifts: Vec<f64>,
    /// The weight of the rows in which a column can differ from 0.
    pub(crate) support: Vec<f64>,
    /// The means of the columns over all rows.
    pub(crate) means: Vec<f64>,
    /// The sum of the weights.
    pub(crate) total: T,
    /// The positions in `terms` of the plan, and the first column, of the terms that are not the partition.
    pub(crate) blocks: Vec<(usize, usize)>,
}

/// A column set and whether its value counts with its shift (raw) or without.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) columns: &'a Columns,
    pub(super) raw: bool,
}

/// Sums by pairs of columns.
pub(super) struct Sums<'a, T: Clone> {
    plan: &'a Plan,
    totals: &'a Totals<T>,
    /// The cells of each table in their order.
    tables: Vec<Ordered<'a, T>>,
    one: Columns,
}

impl<'a, T: Real> Sums<'a, T> {
    pub(super) fn new(plan: &'a Plan, totals: &'a Totals<T>) -> Self {
        let tables = plan.tables.iter().zip(&totals.tables).map(|(table, cells)| cells.in_order(table));
        Self { plan, totals, tables: tables.collect(), one: Columns::one() }
    }

    /// The column of ones.
    pub(super) fn whole(&self) -> Side<'_> {
        Side { columns: &self.one, raw: true }
    }

    /// Hands over every entry of the cross product of two column sets that can differ from 0.
    pub(super) fn cross(&self, a: Side<'_>, b: Side<'_>, mut put: impl FnMut(usize, usize, T)) {
        let Some(index) = self.plan.table_of(a.columns, b.columns) else { return };
        let table = &self.plan.tables[index];
        let width = table.moments.len();
        let spot = |moment| table.spot(moment).unwrap_or(0);
        let shift =
            |side: Side<'_>| side.columns.value.filter(|_| side.raw).map_or(0.0, |v| self.totals.shifts[v]);
        let (shift_a, shift_b) = (shift(a), shift(b));
        let main = spot(moment(a.columns.value, b.columns.value));
        let value_a = spot(a.columns.value.map_or(Moment::One, Moment::Value));
        let value_b = spot(b.columns.value.map_or(Moment::One, Moment::Value));
        let one = spot(Moment::One);
        let steps: Vec<(usize, usize, usize)> = table
            .factors
            .iter()
            .map(|&(variable, levels)| (levels, self.step(a, variable), self.step(b, variable)))
            .collect();
        for (cell, sums) in self.tables[index].each(width) {
            let mut sum = sums[main];
            if shift_a != 0.0 {
                sum += T::from(shift_a) * sums[value_b];
            }
            if shift_b != 0.0 {
                sum += T::from(shift_b) * sums[value_a];
            }
            if shift_a != 0.0 && shift_b != 0.0 {
                sum += T::from(shift_a) * T::from(shift_b) * sums[one];
            }
            let (mut rest, mut i, mut j) = (cell, 0, 0);
            for &(levels, step_a, step_b) in &steps {
                let code = (rest % levels as u64) as usize;
                rest /= levels as u64;
                i += code * step_a;
                j += code * step_b;
            }
            put(i, j, sum);
        }
    }

    /// The step in a column set for one code of a factor; the first factor in written order varies fastest.
    fn step(&self, side: Side<'_>, variable: usize) -> usize {
        let mut step = 1;
        for &factor in &side.columns.factors {
            if factor == variable {
                return step;
            }
            step *= self.plan.design.variables[factor].kind.cells();
        }
        0
    }

    /// Checks that there are observations, and that their sums are finite.
    pub(super) fn check(&self) -> Result<()> {
        let totals = self.totals;
        if totals.valid == 0 || totals.tables[0].only()[0] <= T::default() {
            return Err(Error::NoObservations { rows: totals.valid + totals.missing });
        }
        let sums = self.totals.tables[0].only();
        let count = self.plan.values.len();
        for (v, value) in self.plan.values.iter().enumerate() {
            let product = self.plan.tables[0].spot(Moment::Product(v, v)).unwrap_or(0);
            if !(sums[1 + v].near().is_finite() && sums[product].near().is_finite()) {
                let labels: Vec<&str> =
                    value.iter().map(|&v| self.plan.design.variables[v].label.as_str()).collect();
                return Err(Error::NotFinite { variable: labels.join(":") });
            }
        }
        debug_assert!(sums.len() > count, "the first table has all moments");
        Ok(())
    }
}

impl<T: Real> Normal<T> {
    /// The normal equations of sums.
    ///
    /// # Errors
    /// [`Error::NoObservations`] without rows of positive weight, [`Error::NotFinite`] for infinite sums,
    /// [`Error::TooManyLevels`] when too many columns meet too many cells.
    pub(crate) fn new(plan: &Plan, totals: &Totals<T>, partition: Partition) -> Result<Self> {
        let zero = T::default();
        let total = totals.tables[0].only()[0];
        let sums = Sums::new(plan, totals);
        sums.check()?;
        let whole = sums.whole();
        let cells_of = match partition {
            Partition::None => None,
            Partition::Intercept => Some(whole.columns),
            Partition::Term(term) => plan.terms.get(term),
        };
        let mut blocks = Vec::new();
        let mut p = 0;
        let others = plan.terms.iter().enumerate();
        for (term, columns) in others.filter(|(term, _)| partition != Partition::Term(*term)) {
            blocks.push((term, p));
            p += columns.cells;
        }
        let r = plan.responses.len();
        let k = cells_of.map_or(0, |columns| columns.cells);
        let has_partition = cells_of.is_some();
        // numbers without factors stay shifted where the partition spans the constant
        let side = |columns| -> Side<'_> {
            let columns: &Columns = columns;
            Side { columns, raw: !(has_partition && columns.factors.is_empty()) }
        };
        let raw = |columns| Side { columns, raw: true };

        let mut normal = Self {
            cells: vec![zero; k],
            cross: Within::default(),
            cell_responses: vec![zero; k * r],
            schur: vec![zero; p * p],
            diagonal: vec![zero; p],
            right: vec![zero; p * r],
            within: vec![zero; r],
            centred: vec![zero; r],
            raw: vec![zero; r],
            shifts: vec![0.0; p],
            response_shifts: vec![0.0; r],
            support: vec![0.0; p],
            means: vec![0.0; p],
            total,
            blocks,
        };
        if let Some(columns) = cells_of {
            let cells = Side { columns, raw: true };
            sums.cross(cells, whole, |cell, _, sum| normal.cells[cell] += sum);
            for (index, response) in plan.responses.iter().enumerate() {
                sums.cross(cells, side(response), |cell, _, sum| {
                    normal.cell_responses[cell * r + index] += sum;
                });
            }
        }
        let mut entries: Vec<(u32, Entry<T>)> = Vec::new();
        for (i, &(term, first)) in normal.blocks.iter().enumerate() {
            let columns = &plan.terms[term];
            let own = side(columns);
            let indicator = Columns { value: None, ..columns.clone() };
            sums.cross(Side { columns: &indicator, raw: true }, whole, |c, _, sum| {
                normal.support[first + c] += sum.near();
            });
            sums.cross(raw(columns), whole, |c, _, sum| {
                normal.means[first + c] += (sum / total).near();
            });
            if !own.raw
                && let Some(value) = columns.value
            {
                normal.shifts[first] = totals.shifts[value];
            }
            if let Some(cells) = cells_of {
                let cells = Side { columns: cells, raw: true };
                let start = entries.len();
                sums.cross(cells, own, |cell, c, shifted| {
                    entries.push((cell as u32, Entry { column: (first + c) as u32, shifted, raw: shifted }));
                });
                if !own.raw {
                    let mut place = entries[start..].iter_mut();
                    sums.cross(cells, raw(columns), |_, _, sum| {
                        place.next().into_iter().for_each(|(_, entry)| entry.raw = sum);
                    });
                }
                if entries.len() > MOST_ENTRIES {
                    return Err(too_many_entries(plan, entries.len()));
                }
            }
            for &(other, start) in &normal.blocks[i..] {
                sums.cross(own, side(&plan.terms[other]), |c, d, sum| {
                    normal.schur[(first + c) * p + start + d] += sum;
                });
            }
            for (index, response) in plan.responses.iter().enumerate() {
                sums.cross(own, side(response), |c, _, sum| normal.right[(first + c) * r + index] += sum);
            }
        }
        for (index, response) in plan.responses.iter().enumerate() {
            let shifted = Side { columns: response, raw: false };
            let (mut squares, mut sum) = (zero, zero);
            sums.cross(shifted, shifted, |_, _, s| squares += s);
            sums.cross(shifted, whole, |_, _, s| sum += s);
            normal.centred[index] = squares - sum * (sum / total);
            sums.cross(raw(response), raw(response), |_, _, s| normal.raw[index] += s);
            let own = side(response);
            normal.within[index] = if own.raw { normal.raw[index] } else { squares };
            normal.response_shifts[index] =
                response.value.filter(|_| !own.raw).map_or(0.0, |value| totals.shifts[value]);
        }
        normal.cross = Within::new(k, entries);
        normal.remove_partition(p, r);
        Ok(normal)
    }

    fn remove_partition(&mut self, p: usize, r: usize) {
        for i in 0..p {
            self.diagonal[i] = self.schur[i * p + i];
        }
        for (cell, &weight) in self.cells.iter().enumerate() {
            if weight <= T::default() {
                continue;
            }
            let row = self.cross.of(cell);
            let responses = &self.cell_responses[cell * r..(cell + 1) * r];
            for (at, &Entry { column, shifted: a, .. }) in row.iter().enumerate() {
                let i = column as usize;
                let schur = &mut self.schur[i * p..(i + 1) * p];
                for &Entry { column, shifted: b, .. } in &row[at..] {
                    schur[column as usize] -= a * (b / weight);
                }
                for (right, &y) in self.right[i * r..(i + 1) * r].iter_mut().zip(responses) {
                    *right -= a * (y / weight);
                }
            }
            for (within, &y) in self.within.iter_mut().zip(responses) {
                *within -= y * (y / weight);
            }
        }
        for i in 0..p {
            for j in i + 1..p {
                self.schur[j * p + i] = self.schur[i * p + j];
            }
        }
    }

    /// The columns of a term, which is no partition.
    pub(crate) fn columns_of(&self, plan: &Plan, term: usize) -> Range<usize> {
        let first = self.blocks.iter().find(|(own, _)| *own == term).map_or(0, |&(_, first)| first);
        first..first + plan.terms[term].cells
    }

    /// The equations of some of the columns; the partition is the same. `blocks` are their terms with their first columns.
    pub(crate) fn of_columns(&self, columns: &[usize], blocks: Vec<(usize, usize)>) -> Self {
        let (p, r) = (self.columns(), self.within.len());
        let of_column = |&i: &usize| columns.iter().map(move |&j| self.schur[i * p + j]);
        Self {
            cells: self.cells.clone(),
            cross: self.cross.of_columns(p, columns),
            cell_responses: self.cell_responses.clone(),
            schur: columns.iter().flat_map(of_column).collect(),
            diagonal: pick(&self.diagonal, columns),
            right: columns.iter().flat_map(|&i| self.right[i * r..(i + 1) * r].iter().copied()).collect(),
            within: self.within.clone(),
            centred: self.centred.clone(),
            raw: self.raw.clone(),
            shifts: pick(&self.shifts, columns),
            response_shifts: self.response_shifts.clone(),
            support: pick(&self.support, columns),
            means: pick(&self.means, columns),
            total: self.total,
            blocks,
        }
    }

    /// How many columns beside the partition.
    pub(crate) fn columns(&self) -> usize {
        self.diagonal.len()
    }
}

fn too_many_entries(plan: &Plan, found: usize) -> Error {
    Error::TooManyLevels {
        variable: plan.design.formula.clone(),
        levels: found as u64,
        limit: MOST_ENTRIES as u64,
        remedy: "too many columns meet too many cells of the largest term; use fewer columns or levels",
    }
}

/// The values of some columns.
pub(crate) fn pick<V: Copy>(values: &[V], columns: &[usize]) -> Vec<V> {
    columns.iter().map(|&column| values[column]).collect()
}
