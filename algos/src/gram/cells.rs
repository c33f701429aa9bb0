//! The sums in the cells of a table: of all cells, or of those that rows have met.
//!
//! A table of few cells is an array with a place for each. 100 000 customers and 365 days have 36 million pairs, of which
//! a million rows meet a million at most: such a table numbers the cells in the order in which it meets them, and has
//! places for these alone. The sums of a cell are added up in the order of the rows in both kinds, and what is computed from a
//! table takes the cells in ascending order, so that a result does not show the kind, nor the order of meeting.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::Real;
use super::plan::Table;
use crate::design::Tile;
use crate::{Error, Result};

/// Numbers up to which a table has a place for every cell: 16 MB, which take as long to clear and to merge for each
/// morsel of rows as it takes to number its cells.
pub(super) const DENSE: usize = 1 << 21;

/// The most cells that a table meets.
const MOST: usize = 1 << 28;

/// Rows of a morsel: what a table may have met when memory is planned.
const ROWS: usize = 1 << 18;

/// The cell of rows that do not count, which is the first one that is met.
const NONE: u64 = u64::MAX;

/// The sums in the cells of a table, some moments each.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Cells<T> {
    /// Of all cells, and of one behind the last for rows that do not count.
    All(Vec<T>),
    /// Of those that were met.
    Met(Met<T>),
}

/// The sums in the cells that were met, in the order of meeting.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Met<T> {
    /// The moments of a cell.
    width: usize,
    cells: Vec<u64>,
    sums: Vec<T>,
    /// Places by cell; bytes do not carry it.
    #[serde(skip)]
    index: HashTable<u32>,
    #[serde(skip)]
    of_tile: Vec<u64>,
}

impl<T: Real> Cells<T> {
    /// No rows of a table.
    pub(super) fn new(table: &Table) -> Self {
        if table.is_dense() {
            return Self::All(vec![T::default(); table.len()]);
        }
        let width = table.moments.len();
        Self::Met(Met {
            width,
            cells: vec![NONE],
            sums: vec![T::default(); width],
            index: HashTable::new(),
            of_tile: Vec::new(),
        })
    }

    /// The sums, and for each row of a tile its cell's place in them.
    ///
    /// # Errors
    /// When too many cells were met.
    pub(super) fn places<'a>(
        &'a mut self,
        table: &Table,
        tile: &'a Tile,
        out: &'a mut [u32],
    ) -> Result<(&'a mut [T], &'a [u32])> {
        match self {
            Self::All(sums) => Ok((sums, table.cells_of(tile, out))),
            Self::Met(met) => {
                let mut of_tile = std::mem::take(&mut met.of_tile);
                table.wide_cells_of(tile, NONE, &mut of_tile);
                for (place, &cell) in out.iter_mut().zip(&of_tile) {
                    *place = met.place(cell)?;
                }
                met.of_tile = of_tile;
                Ok((&mut met.sums, out))
            }
        }
    }

    /// Adds to the sums of a cell, `width` of them.
    ///
    /// # Errors
    /// When too many cells were met.
    pub(super) fn add(&mut self, cell: u64, width: usize, sums: impl Iterator<Item = T>) -> Result<()> {
        let place = match self {
            Self::All(_) => cell as usize,
            Self::Met(met) => met.place(cell)? as usize,
        };
        self.sums_mut()[place * width..][..width].iter_mut().zip(sums).for_each(|(own, sum)| *own += sum);
        Ok(())
    }

    /// The sums that rows are added to.
    pub(super) fn sums_mut(&mut self) -> &mut [T] {
        match self {
            Self::All(sums) => sums,
            Self::Met(met) => &mut met.sums,
        }
    }

    /// Whether both are of one table of so many moments, in so far as this can be seen.
    pub(super) fn fits(&self, later: &Self, width: usize) -> bool {
        match (self, later) {
            (Self::All(own), Self::All(later)) => own.len() == later.len(),
            (Self::Met(own), Self::Met(later)) => own.is_of(width) && later.is_of(width),
            _ => false,
        }
    }

    /// Adds the sums of later rows: `add` does it for cells that lie one behind the other.
    ///
    /// # Errors
    /// When too many cells were met.
    pub(super) fn merge(&mut self, later: &Self, mut add: impl FnMut(&mut [T], &[T])) -> Result<()> {
        match (self, later) {
            (Self::All(own), Self::All(later)) => add(own, later),
            (Self::Met(own), Self::Met(later)) => {
                let width = own.width;
                for (&cell, sums) in later.cells.iter().zip(later.sums.chunks_exact(width)) {
                    let start = own.place(cell)? as usize * width;
                    add(&mut own.sums[start..start + width], sums);
                }
            }
            _ => return Err(Error::Mismatch { what: "their tables differ" }),
        }
        Ok(())
    }

    /// The cells of a table with their sums, ascending.
    pub(super) fn in_order(&self, table: &Table) -> Ordered<'_, T> {
        match self {
            Self::All(sums) => {
                Ordered { cells: None, sums: Cow::Borrowed(&sums[..table.cells * table.moments.len()]) }
            }
            Self::Met(met) => {
                let mut order: Vec<u32> = (1..met.cells.len() as u32).collect();
                order.sort_unstable_by_key(|&place| met.cells[place as usize]);
                let sums = |&place: &u32| &met.sums[place as usize * met.width..][..met.width];
                Ordered {
                    cells: Some(order.iter().map(|&place| met.cells[place as usize]).collect()),
                    sums: order.iter().flat_map(sums).copied().collect(),
                }
            }
        }
    }

    /// The sums of the only cell of a table without factors.
    pub(super) fn only(&self) -> &[T] {
        match self {
            Self::All(sums) => sums,
            Self::Met(met) => &met.sums,
        }
    }

    /// Bytes, with room for what a morsel may meet.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::All(sums) => sums.len() * size_of::<T>(),
            Self::Met(met) => {
                let cells = met.cells.len().max(ROWS);
                cells * (met.width * size_of::<T>() + size_of::<u64>() + 2 * size_of::<u32>())
            }
        }
    }
}

/// The cells of a table in ascending order.
pub(crate) struct Ordered<'a, T: Clone> {
    /// Their numbers; none for all of them.
    cells: Option<Vec<u64>>,
    sums: Cow<'a, [T]>,
}

impl<T: Clone> Ordered<'_, T> {
    /// The cells with their sums, `width` each.
    pub(super) fn each(&self, width: usize) -> impl Iterator<Item = (u64, &[T])> {
        let number = |place: usize| self.cells.as_ref().map_or(place as u64, |cells| cells[place]);
        self.sums.chunks_exact(width).enumerate().map(move |(place, sums)| (number(place), sums))
    }
}

fn hash(cell: u64) -> u64 {
    FixedState::with_seed(1).hash_one(cell)
}

impl<T: Real> Met<T> {
    /// Whether there are `width` sums for each cell.
    fn is_of(&self, width: usize) -> bool {
        self.width == width
            && self.sums.len() == width * self.cells.len()
            && self.cells.first() == Some(&NONE)
    }

    /// The place of a cell, which is given one when it is met for the first time.
    fn place(&mut self, cell: u64) -> Result<u32> {
        if self.index.len() != self.cells.len() {
            self.restore();
        }
        let (cells, hash_of) = (&mut self.cells, hash(cell));
        if let Some(&place) = self.index.find(hash_of, |&place| cells[place as usize] == cell) {
            return Ok(place);
        }
        if cells.len() >= MOST {
            return Err(Error::TooManyLevels {
                variable: "an interaction of factors".into(),
                levels: cells.len() as u64 + 1,
                limit: MOST as u64,
                remedy: "use factors with fewer levels, or fewer rows",
            });
        }
        let place = cells.len() as u32;
        cells.push(cell);
        self.sums.resize(self.sums.len() + self.width, T::default());
        self.index.insert_unique(hash_of, place, |&place| hash(cells[place as usize]));
        Ok(place)
    }

    fn restore(&mut self) {
        let cells = &self.cells;
        self.index.clear();
        for (place, &cell) in (0..).zip(cells) {
            self.index.insert_unique(hash(cell), place, |&place| hash(cells[place as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(rows: &[(u64, f64)]) -> Cells<f64> {
        let mut met = Met {
            width: 1,
            cells: vec![NONE],
            sums: vec![0.0],
            index: HashTable::new(),
            of_tile: Vec::new(),
        };
        for &(cell, x) in rows {
            let place = met.place(cell).unwrap();
            met.sums[place as usize] += x;
        }
        Cells::Met(met)
    }

    fn found(cells: &Cells<f64>) -> Vec<(u64, f64)> {
        let table = Table {
            factors: vec![(0, 1 << 40)],
            cells: 1 << 40,
            moments: vec![super::super::plan::Moment::One],
        };
        cells.in_order(&table).each(1).map(|(cell, sums)| (cell, sums[0])).collect()
    }

    #[test]
    fn cells_are_in_order_whatever_order_they_were_met_in() {
        let add = |own: &mut [f64], later: &[f64]| own[0] += later[0];
        let mut first = met(&[(7, 1.0), (1 << 39, 2.0), (NONE, 100.0), (7, 4.0)]);
        let later = met(&[(3, 8.0), (7, 16.0), (NONE, 200.0)]);
        let bytes = rmp_serde::to_vec(&later).unwrap();
        let travelled: Cells<f64> = rmp_serde::from_slice(&bytes).unwrap();
        assert!(first.fits(&travelled, 1) && !first.fits(&travelled, 2));
        first.merge(&travelled, add).unwrap();
        assert_eq!(found(&first), [(3, 8.0), (7, 21.0), (1 << 39, 2.0)]);
        let mut other: Cells<f64> = rmp_serde::from_slice(&bytes).unwrap();
        other.merge(&met(&[(7, 1.0), (1 << 39, 2.0), (7, 4.0)]), add).unwrap();
        assert_eq!(found(&other), found(&first));
    }

    #[test]
    fn bytes_of_another_shape_do_not_fit() {
        let good = met(&[(1, 1.0)]);
        let Cells::Met(mut short) = met(&[(1, 1.0)]) else { unreachable!() };
        short.sums.pop();
        assert!(!good.fits(&Cells::Met(short), 1));
        assert!(!good.fits(&Cells::All(vec![0.0]), 1));
    }
}
