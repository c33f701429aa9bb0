//! Which sums a design needs.
//!
//! Each column of the design is the indicator of a cell of some factors times a value (a product of variables, or 1). The
//! product of two columns therefore lives on the cells of the union of their factors. A table is such a union, with the
//! moments that are needed in its cells: the weight, weighted values, weighted products of two values. Moments of an order
//! come with those below, so that shifts can be changed and taken back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cells::DENSE;
use crate::design::{Design, Tile};
use crate::{Error, Result};

/// The most cells a table may have, so that each has a number.
const MAX_CELLS: u128 = 1 << (usize::BITS - 2);

/// A weighted sum over the rows of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Moment {
    /// Of 1.
    One,
    /// Of a value.
    Value(usize),
    /// Of a product of two values, the first not after the second.
    Product(usize, usize),
}

/// The sums of a design, laid out.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) design: Arc<Design>,
    /// The values: products of variables of the design.
    pub(crate) values: Vec<Vec<usize>>,
    /// The terms, in their order.
    pub(crate) terms: Vec<Columns>,
    /// The responses, in their order.
    pub(crate) responses: Vec<Columns>,
    /// The tables; the first has no factors and all moments.
    pub(crate) tables: Vec<Table>,
}

/// Columns that differ only in the cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Factors in written order, as variables of the design.
    pub(crate) factors: Vec<usize>,
    /// How many columns.
    pub(crate) cells: usize,
    /// The value, or `None` for 1.
    pub(crate) value: Option<usize>,
}

/// Sums by the cells of some factors.
#[derive(Debug)]
pub(crate) struct Table {
    /// The factors with their numbers of levels; the first varies fastest.
    pub(crate) factors: Vec<(usize, usize)>,
    pub(crate) cells: usize,
    pub(crate) moments: Vec<Moment>,
}

impl Columns {
    /// The intercept.
    pub(crate) fn one() -> Self {
        Self { factors: Vec::new(), cells: 1, value: None }
    }
}

impl Plan {
    pub(crate) fn new(design: Arc<Design>) -> Result<Self> {
        let mut values: Vec<Vec<usize>> = Vec::new();
        let mut position = |mut variables: Vec<usize>| {
            variables.sort_unstable();
            values.iter().position(|value| *value == variables).unwrap_or_else(|| {
                values.push(variables);
                values.len() - 1
            })
        };
        let mut terms = Vec::with_capacity(design.terms.len());
        for term in &design.terms {
            let factors: Vec<usize> = design.factors(term).collect();
            let numbers: Vec<usize> = design.numbers(term).collect();
            let cells = cells(&design, &factors, || design.term_label(term))?;
            let value = (!numbers.is_empty()).then(|| position(numbers));
            terms.push(Columns { factors, cells, value });
        }
        let responses: Vec<Columns> = design
            .responses
            .iter()
            .map(|&variable| Columns { factors: Vec::new(), cells: 1, value: Some(position(vec![variable])) })
            .collect();
        let mut plan = Self { design, values, terms, responses, tables: Vec::new() };
        plan.lay_tables()?;
        Ok(plan)
    }

    fn lay_tables(&mut self) -> Result<()> {
        let count = self.values.len();
        let mut moments = vec![Moment::One];
        moments.extend((0..count).map(Moment::Value));
        moments.extend((0..count).flat_map(|u| (u..count).map(move |v| Moment::Product(u, v))));
        self.tables.push(Table { factors: Vec::new(), cells: 1, moments });
        let one = Columns::one();
        let all: Vec<&Columns> = std::iter::once(&one).chain(&self.terms).chain(&self.responses).collect();
        let mut tables: Vec<Table> = Vec::new();
        for (i, a) in all.iter().enumerate() {
            for b in &all[i..] {
                let factors = union(&a.factors, &b.factors);
                if factors.is_empty() {
                    continue;
                }
                let known = tables.iter().position(|table| table.is_of(&factors));
                let index = known.unwrap_or(tables.len());
                if known.is_none() {
                    let cells = cells(&self.design, &factors, || labels(&self.design, &factors))?;
                    let factors =
                        factors.iter().map(|&v| (v, self.design.variables[v].kind.cells())).collect();
                    tables.push(Table { factors, cells, moments: Vec::new() });
                }
                let table = &mut tables[index];
                table.need(moment(a.value, b.value));
            }
        }
        self.tables.extend(tables);
        Ok(())
    }

    /// The table of the union of the factors of two columns.
    pub(crate) fn table_of(&self, a: &Columns, b: &Columns) -> Option<usize> {
        let factors = union(&a.factors, &b.factors);
        self.tables.iter().position(|table| table.is_of(&factors))
    }
}

fn labels(design: &Design, factors: &[usize]) -> String {
    let labels: Vec<&str> = factors.iter().map(|&v| design.variables[v].label.as_str()).collect();
    labels.join(":")
}

fn cells(design: &Design, factors: &[usize], label: impl FnOnce() -> String) -> Result<usize> {
    let product =
        factors.iter().map(|&variable| design.variables[variable].kind.cells() as u128).product::<u128>();
    if product > MAX_CELLS {
        return Err(Error::TooManyLevels {
            variable: label(),
            levels: u64::try_from(product).unwrap_or(u64::MAX),
            limit: u64::try_from(MAX_CELLS).unwrap_or(u64::MAX),
            remedy: "leave out the interaction, or use factors with fewer levels",
        });
    }
    Ok(product as usize)
}

/// The factors of both, sorted.
fn union(a: &[usize], b: &[usize]) -> Vec<usize> {
    let mut factors: Vec<usize> = a.iter().chain(b).copied().collect();
    factors.sort_unstable();
    factors.dedup();
    factors
}

/// The moment of a product of two values.
pub(crate) fn moment(a: Option<usize>, b: Option<usize>) -> Moment {
    match (a, b) {
        (None, None) => Moment::One,
        (Some(v), None) | (None, Some(v)) => Moment::Value(v),
        (Some(u), Some(v)) => Moment::Product(u.min(v), u.max(v)),
    }
}

impl Table {
    fn is_of(&self, factors: &[usize]) -> bool {
        self.factors.iter().map(|(variable, _)| variable).eq(factors)
    }

    /// Whether there is a place for every cell.
    pub(super) fn is_dense(&self) -> bool {
        self.factors.is_empty() || self.cells.saturating_mul(self.moments.len()) <= DENSE
    }

    /// Numbers that a pass over some rows takes, about.
    pub(crate) fn size(&self) -> usize {
        if self.is_dense() { self.len() } else { DENSE }
    }

    /// Numbers that all cells take; factors have one cell more, for rows that do not count.
    pub(super) fn len(&self) -> usize {
        (self.cells + usize::from(!self.factors.is_empty())) * self.moments.len()
    }

    fn need(&mut self, moment: Moment) {
        let mut add = |moment| {
            if !self.moments.contains(&moment) {
                self.moments.push(moment);
            }
        };
        add(Moment::One);
        if let Moment::Value(v) = moment {
            add(Moment::Value(v));
        }
        if let Moment::Product(u, v) = moment {
            add(Moment::Value(u));
            add(Moment::Value(v));
            add(moment);
        }
    }

    /// Where a moment lies within a cell.
    pub(crate) fn spot(&self, moment: Moment) -> Option<usize> {
        self.moments.iter().position(|&known| known == moment)
    }

    /// The steps in the table's cells for the codes of one of its factors; 0 for another factor.
    pub(crate) fn stride(&self, variable: usize) -> usize {
        let mut stride = 1;
        for &(factor, levels) in &self.factors {
            if factor == variable {
                return stride;
            }
            stride *= levels;
        }
        0
    }

    /// The cells of a tile's rows, which may be more than 4 bytes can number; `none` for rows that do not count.
    pub(super) fn wide_cells_of(&self, tile: &Tile, none: u64, out: &mut Vec<u64>) {
        out.clear();
        out.resize(tile.len, 0);
        for &(variable, _) in &self.factors {
            let stride = self.stride(variable) as u64;
            for (out, &code) in out.iter_mut().zip(&tile.codes[variable]) {
                *out = out.wrapping_add(stride.wrapping_mul(u64::from(code)));
            }
        }
        if tile.masked {
            for (out, &mask) in out.iter_mut().zip(&tile.mask) {
                *out = if mask == 0 { none } else { *out };
            }
        }
    }

    /// The cells of a tile's rows; the one behind the last for rows that do not count.
    pub(crate) fn cells_of<'a>(&self, tile: &'a Tile, out: &'a mut [u32]) -> &'a [u32] {
        let len = out.len();
        if let [(variable, _)] = self.factors.as_slice()
            && !tile.masked
        {
            return &tile.codes[*variable][..len];
        }
        for (i, &(variable, _)) in self.factors.iter().enumerate() {
            let codes = &tile.codes[variable][..len];
            if i == 0 {
                out.copy_from_slice(codes);
            } else {
                let stride = self.stride(variable) as u32;
                for (out, code) in out.iter_mut().zip(codes) {
                    *out += stride * code;
                }
            }
        }
        if tile.masked {
            let behind = self.cells as u32;
            for (out, &mask) in out.iter_mut().zip(&tile.mask) {
                *out = if mask == 0 { behind } else { *out };
            }
        }
        out
    }
}
