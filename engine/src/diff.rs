//! How two tables differ: columns, metadata, rows, values.
//!
//! Both are read once, side by side, in blocks of the same rows, so their formats and stored blocks do not matter and
//! neither needs to fit into memory. Values are compared by what they mean: numbers of different widths by value,
//! factors by text, missing equals missing. Whole arrays are compared first; only where those differ is it asked which
//! rows do.
//!
//! | module | idea |
//! |---|---|
//! | `schema` | what differs before a value is read |
//! | `column` | two arrays, row by row |

mod column;
mod schema;

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, UInt64Array};
use rayon::prelude::*;

pub use schema::SchemaDifference;

use self::column::Pair;
use crate::{BlockReader, BlockSource, Error, Result, ScanOptions};

/// What counts as a difference.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// Columns to compare, and no others; `None` for all.
    pub columns: Option<Vec<String>>,
    /// Numbers that are at most this far apart are equal; default 0.
    pub absolute: f64,
    /// Numbers whose distance is at most this part of the larger one are equal, 0 to 1; default 0.
    pub relative: f64,
    /// Whether a number that is not one (NaN) is the same as a missing value; default `false`. Two NaN are equal.
    pub nan_is_missing: bool,
    /// Descriptions, units, labels, low and high, and the user's own keys do not matter; default `false`.
    pub ignore_metadata: bool,
    /// Types do not matter as long as the values are equal; default `false`.
    pub ignore_types: bool,
    /// Neither the levels of factors nor their order matter, only the texts of the rows; default `false`.
    pub ignore_levels: bool,
    /// The order of columns does not matter, nor that of levels; default `false`.
    pub ignore_order: bool,
    /// Rows whose differing values are kept in [`Diff::cells`]; default 10.
    pub limit: usize,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self {
            columns: None,
            absolute: 0.0,
            relative: 0.0,
            nan_is_missing: false,
            ignore_metadata: false,
            ignore_types: false,
            ignore_levels: false,
            ignore_order: false,
            limit: 10,
        }
    }
}

/// How two tables differ.
#[derive(Debug, Clone)]
pub struct Diff {
    /// Differences of columns, types, levels and metadata.
    pub schema: Vec<SchemaDifference>,
    /// Rows of the first and of the second table.
    pub rows: (u64, u64),
    /// The columns that both have, in the order of the first.
    pub columns: Vec<ColumnDiff>,
    /// The differing values of the first [`DiffOptions::limit`] rows that have any, by row and column.
    pub cells: Vec<CellDiff>,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.schema.is_empty()
            && self.rows.0 == self.rows.1
            && self.columns.iter().all(|column| column.different == 0)
    }

    /// Rows that were compared: as many as the shorter table has.
    pub fn compared(&self) -> u64 {
        self.rows.0.min(self.rows.1)
    }
}

/// What differs in the values of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDiff {
    /// Its name.
    pub name: String,
    /// Rows whose values differ.
    pub different: u64,
    /// The largest distance of two numbers that differ: days for dates, seconds for timestamps. `None` where texts or
    /// logicals differ, or only by being missing.
    pub largest: Option<f64>,
}

/// One value that differs.
#[derive(Debug, Clone)]
pub struct CellDiff {
    /// Row, from 0.
    pub row: u64,
    /// Name of the column.
    pub column: String,
    /// The value in the first table, as an array of one row.
    pub a: ArrayRef,
    /// The value in the second table, as an array of one row.
    pub b: ArrayRef,
}

/// Compares two tables. `scan` says how they are read; its columns and rows are not used, and its monitor counts the
/// rows of both.
///
/// # Errors
/// When a table cannot be read, or a column of [`DiffOptions::columns`] is in neither.
pub fn diff(
    a: &dyn BlockSource,
    b: &dyn BlockSource,
    options: &DiffOptions,
    scan: &ScanOptions,
) -> Result<Diff> {
    let (schema_a, schema_b) = (a.schema(), b.schema());
    let (schema, names) = schema::compare(&schema_a, &schema_b, options)?;
    let mut sides = (Side::open(a, &names, scan)?, Side::open(b, &names, scan)?);
    let mut columns: Vec<ColumnDiff> =
        names.iter().map(|name| ColumnDiff { name: name.clone(), different: 0, largest: None }).collect();
    let mut pairs: Vec<Pair> = names.iter().map(|_| Pair::new(options)).collect();
    let mut cells = Cells::new(options.limit);
    loop {
        let (Some(block_a), Some(block_b)) = (sides.0.next()?, sides.1.next()?) else { break };
        let start = block_a.start_row;
        let rows = block_a.num_rows().min(block_b.num_rows());
        let (batch_a, batch_b) = (block_a.batch.slice(0, rows), block_b.batch.slice(0, rows));
        let wanted = cells.wanted();
        let arrays = batch_a.columns().par_iter().zip(batch_b.columns());
        let found = pairs.par_iter_mut().zip(arrays).zip(&names).map(|((pair, (a, b)), name)| {
            pair.compare(a, b, wanted).map_err(Error::arrow(format!("comparing column '{name}'")))
        });
        let found: Vec<column::Found> = found.collect::<Result<_>>()?;
        for (index, (column, found)) in columns.iter_mut().zip(&found).enumerate() {
            column.different += found.count;
            column.largest = [column.largest, found.largest].into_iter().flatten().reduce(f64::max);
            cells.add(index, start, &found.first, batch_a.column(index), batch_b.column(index))?;
        }
        cells.end_block();
    }
    let rows = (sides.0.rest(a)?, sides.1.rest(b)?);
    Ok(Diff { schema, rows, columns, cells: cells.finish(&names) })
}

/// One of the two tables while it is read.
struct Side {
    reader: BlockReader,
    rows: u64,
}

impl Side {
    fn open(source: &dyn BlockSource, columns: &[String], scan: &ScanOptions) -> Result<Self> {
        let mut columns = columns.to_vec();
        if columns.is_empty() {
            // rows can only be counted where there is a column
            columns.extend(source.schema().fields().first().map(|field| field.name().clone()));
        }
        let scan = ScanOptions { rows: None, columns: Some(columns), ..scan.clone() };
        Ok(Self { reader: source.open(&scan)?, rows: 0 })
    }

    fn next(&mut self) -> Result<Option<crate::Block>> {
        let block = self.reader.next().transpose()?;
        self.rows += block.as_ref().map_or(0, |block| block.num_rows() as u64);
        Ok(block)
    }

    /// The number of rows in all; those that were not read are counted where the source does not know them.
    fn rest(mut self, source: &dyn BlockSource) -> Result<u64> {
        if let Some(rows) = source.info().rows {
            return Ok(rows);
        }
        while self.next()?.is_some() {}
        Ok(self.rows)
    }
}

/// The differing values of the first rows that have any.
struct Cells {
    limit: usize,
    rows: BTreeMap<u64, Vec<(usize, ArrayRef, ArrayRef)>>,
}

impl Cells {
    fn new(limit: usize) -> Self {
        Self { limit, rows: BTreeMap::new() }
    }

    /// Rows of the next block that are wanted of each column.
    fn wanted(&self) -> usize {
        self.limit - self.rows.len()
    }

    /// Keeps the values of one column in some rows of a block that begins at row `start`.
    fn add(&mut self, column: usize, start: u64, rows: &[usize], a: &ArrayRef, b: &ArrayRef) -> Result<()> {
        for &row in rows {
            // a copy of one row, so that the block can go
            let place = UInt64Array::from_iter_values([row as u64]);
            let value = |array: &ArrayRef| {
                arrow_select::take::take(array, &place, None).map_err(Error::arrow("keeping a difference"))
            };
            self.rows.entry(start + row as u64).or_default().push((column, value(a)?, value(b)?));
        }
        Ok(())
    }

    /// Leaves out the rows beyond the limit: each column told its first ones, all together may be more.
    fn end_block(&mut self) {
        while self.rows.len() > self.limit {
            self.rows.pop_last();
        }
    }

    fn finish(self, names: &[String]) -> Vec<CellDiff> {
        let cells = self.rows.into_iter().flat_map(|(row, cells)| {
            cells.into_iter().map(move |(column, a, b)| CellDiff { row, column: names[column].clone(), a, b })
        });
        cells.collect()
    }
}
