//! Cross products of a design's columns, without the columns.
//!
//! What a regression needs of the data is `X'WX`, `X'WY` and `Y'WY`. The columns of X are products of an indicator of a
//! cell (of some factors) and a number (a product of variables, or 1), so every entry is a sum of `w`, `w·u` or `w·u·v`
//! over the rows of one cell of the factors of *both* columns. All entries together are a few tables (`plan.rs`): by no factor
//! at all (numbers against numbers), by one factor (numbers against its levels), by two (levels against levels: counts).
//! The work per row is one addition per table and moment, however many levels there are.
//!
//! # Large means
//! Numbers are shifted before they are multiplied, by their mean in the first tile of the partial result, rounded to
//! a fraction of their range so that the subtraction mostly is exact. So a variable of 10¹² ± 1 keeps its digits. Partials of
//! different shifts merge by the binomial formula (Chan, Golub and others, 1983), and `normal.rs` puts the shifts back where
//! they matter.
//!
//! # Order of additions
//! Sums of numbers are added up within tiles in 8 lanes and then tile by tile, sums of cells in 4 lanes of rows: the
//! result depends on the block size in the last digits only, and on the number of threads not at all.

mod double;
pub(crate) mod exact;
mod kernels;
pub(crate) mod normal;
pub mod passes;
pub(crate) mod plan;
mod products;

use std::sync::Arc;

use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use crate::design::{Design, Reader, TILE, Tile, Weights};
use crate::{Error, Result};
pub(crate) use double::Real;
use plan::{Moment, Plan};

/// The sums of a design over some rows.
#[derive(Serialize, Deserialize)]
pub struct Gram {
    /// Rows that count, zero weights included.
    pub(crate) valid: u64,
    /// Rows with a missing value.
    pub(crate) missing: u64,
    /// The number of observations: rows of positive weight, or the sum of their frequencies.
    pub(crate) observations: f64,
    /// What was subtracted of each value; empty before the first row that counts.
    pub(crate) shifts: Vec<f64>,
    /// For each table of the plan its cells (and one for rows that do not count) with their moments.
    pub(crate) tables: Vec<Vec<f64>>,
    /// The moments in a cell of each table, so that partials merge without the plan.
    moments: Vec<Vec<Moment>>,
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    /// Whether rows have weights.
    #[serde(skip)]
    is_weighted: bool,
    #[serde(skip)]
    rows: Option<Box<(Reader, Tile)>>,
    #[serde(skip)]
    work: Option<Box<Work>>,
}

/// Sums, whatever they were added up by.
#[derive(Debug)]
pub(crate) struct Totals<'a, T> {
    /// Rows that count, zero weights included.
    pub(crate) valid: u64,
    /// Rows with a missing value.
    pub(crate) missing: u64,
    /// The number of observations.
    pub(crate) observations: f64,
    /// What was subtracted of each value.
    pub(crate) shifts: &'a [f64],
    /// For each table of the plan its cells with their moments.
    pub(crate) tables: &'a [Vec<T>],
}

/// Buffers of a worker, made at its first tile and reused.
struct Work {
    /// The shifted values, [`TILE`] rows each.
    values: Vec<f64>,
    /// The same times the weights; empty without weights.
    weighted: Vec<f64>,
    /// Products of values that tables need, and where they lie.
    products: Vec<(usize, usize, Vec<f64>)>,
    ones: Vec<f64>,
    cells: Vec<u32>,
    /// For each table the lanes that are added to it at the end of a block.
    lanes: Vec<kernels::Lanes>,
}

impl Gram {
    /// An empty gram of a design.
    ///
    /// # Errors
    /// [`Error::TooManyLevels`] when a table would not fit into memory.
    pub fn new(design: Arc<Design>) -> Result<Self> {
        Ok(Self::of(Arc::new(Plan::new(design)?)))
    }

    /// An empty gram of a plan, whose rows are weighted as the design says.
    pub(crate) fn of(plan: Arc<Plan>) -> Self {
        let is_weighted = plan.design.weights != Weights::default();
        Self { is_weighted, ..Self::weighted(plan) }
    }

    /// An empty gram of a plan, whose tiles have weights.
    pub(crate) fn weighted(plan: Arc<Plan>) -> Self {
        let tables = plan.tables.iter().map(|table| vec![0.0; table.len()]).collect();
        Self {
            valid: 0,
            missing: 0,
            observations: 0.0,
            shifts: Vec::new(),
            tables,
            moments: plan.tables.iter().map(|table| table.moments.clone()).collect(),
            plan: Some(plan),
            is_weighted: true,
            rows: None,
            work: None,
        }
    }

    /// The sums.
    pub(crate) fn totals(&self) -> Totals<'_, f64> {
        Totals {
            valid: self.valid,
            missing: self.missing,
            observations: self.observations,
            shifts: &self.shifts,
            tables: &self.tables,
        }
    }

    fn plan(&self) -> Result<Arc<Plan>> {
        self.plan.clone().ok_or(Error::Mismatch { what: "the partial result came without its design" })
    }

    fn add_block(&mut self, block: &Block) -> Result<()> {
        let plan = self.plan()?;
        let mut rows = self.rows.take().unwrap_or_else(|| {
            let design = &plan.design;
            let reader = Reader::new(Arc::clone(design), 0..design.variables.len(), true);
            let tile = reader.tile();
            Box::new((reader, tile))
        });
        let result = self.add_rows(&mut rows.0, &mut rows.1, block);
        self.rows = Some(rows);
        result
    }

    fn add_rows(&mut self, reader: &mut Reader, tile: &mut Tile, block: &Block) -> Result<()> {
        reader.load(block)?;
        let rows = block.num_rows();
        for start in (0..rows).step_by(TILE) {
            reader.fill(start, rows - start, block.start_row, tile)?;
            self.add(tile)?;
        }
        self.flush();
        Ok(())
    }

    /// Adds a tile that has all variables of the design. [`Gram::flush`] must follow the last one.
    pub(crate) fn add(&mut self, tile: &Tile) -> Result<()> {
        let plan = self.plan()?;
        self.valid += tile.kept as u64;
        self.missing += (tile.len - tile.kept) as u64;
        if tile.kept == 0 {
            return Ok(());
        }
        self.observations += tile.frequency;
        if self.shifts.is_empty() {
            self.shifts = plan.values.iter().map(|value| first_mean(value, tile)).collect();
        }
        let mut work = self.work.take().unwrap_or_else(|| Box::new(Work::new(&plan, self.is_weighted)));
        work.fill_values(&plan, tile, &self.shifts);
        self.add_tile(&plan, &mut work, tile);
        self.work = Some(work);
        Ok(())
    }

    /// Adds what was kept aside to the tables.
    pub(crate) fn flush(&mut self) {
        if let Some(work) = &mut self.work {
            for (lanes, table) in work.lanes.iter_mut().zip(&mut self.tables) {
                lanes.flush(table);
            }
        }
    }

    fn add_tile(&mut self, plan: &Plan, work: &mut Work, tile: &Tile) {
        let len = tile.len;
        let weights = (!tile.weights.is_empty()).then(|| &tile.weights[..len]);
        let count = match weights {
            Some(weights) => kernels::sum(weights),
            None => tile.kept as f64,
        };
        let columns = if work.weighted.is_empty() { &work.values } else { &work.weighted };
        kernels::dense(&work.values, columns, len, count, &mut self.tables[0]);
        for (table, lanes, data) in zip3(&plan.tables[1..], &mut work.lanes[1..], &mut self.tables[1..]) {
            let cells = table.cells_of(tile, &mut work.cells[..len]);
            if table.moments.len() == 1 && weights.is_none() {
                lanes.count(data, cells);
                continue;
            }
            let column = |moment: &Moment| -> &[f64] {
                match moment {
                    Moment::One => weights.unwrap_or(&work.ones[..len]),
                    Moment::Value(v) => &columns[v * TILE..v * TILE + len],
                    Moment::Product(u, v) => work
                        .products
                        .iter()
                        .find(|(a, b, _)| (a, b) == (u, v))
                        .map_or(&work.ones[..len], |(_, _, column)| &column[..len]),
                }
            };
            let sources: Vec<&[f64]> = table.moments.iter().map(column).collect();
            lanes.add(data, cells, &sources);
        }
    }
}

fn zip3<'a, A, B, C>(
    a: &'a [A],
    b: &'a mut [B],
    c: &'a mut [C],
) -> impl Iterator<Item = (&'a A, &'a mut B, &'a mut C)> {
    a.iter().zip(b).zip(c).map(|((a, b), c)| (a, b, c))
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

impl Work {
    fn new(plan: &Plan, is_weighted: bool) -> Self {
        let weighted = if is_weighted { plan.values.len() * TILE } else { 0 };
        let mut products = Vec::new();
        for moment in plan.tables.iter().skip(1).flat_map(|table| &table.moments) {
            if let Moment::Product(u, v) = *moment
                && !products.iter().any(|(a, b, _)| (*a, *b) == (u, v))
            {
                products.push((u, v, vec![0.0; TILE]));
            }
        }
        Self {
            values: vec![0.0; plan.values.len() * TILE],
            weighted: vec![0.0; weighted],
            products,
            ones: vec![1.0; TILE],
            cells: vec![0; TILE],
            lanes: plan
                .tables
                .iter()
                .map(|table| kernels::Lanes::new(table.cells, table.moments.len(), !is_weighted))
                .collect(),
        }
    }

    /// Values of the tile: the product of the variables less the shift, 0 in rows that do not count.
    fn fill_values(&mut self, plan: &Plan, tile: &Tile, shifts: &[f64]) {
        let len = tile.len;
        for ((value, out), &shift) in plan.values.iter().zip(self.values.chunks_exact_mut(TILE)).zip(shifts) {
            let out = &mut out[..len];
            match value.as_slice() {
                [variable] => {
                    for (out, x) in out.iter_mut().zip(&tile.numbers[*variable]) {
                        *out = x - shift;
                    }
                }
                variables => {
                    out.fill(1.0);
                    for &variable in variables {
                        for (out, x) in out.iter_mut().zip(&tile.numbers[variable]) {
                            *out *= x;
                        }
                    }
                    for out in out.iter_mut() {
                        *out -= shift;
                    }
                }
            }
            if tile.masked {
                for (out, mask) in out.iter_mut().zip(&tile.mask) {
                    *out = f64::from_bits(out.to_bits() & mask);
                }
            }
        }
        if !tile.weights.is_empty() {
            for (out, value) in self.weighted.chunks_exact_mut(TILE).zip(self.values.chunks_exact(TILE)) {
                for ((out, value), weight) in out[..len].iter_mut().zip(value).zip(&tile.weights) {
                    *out = value * weight;
                }
            }
        }
        let left = if self.weighted.is_empty() { &self.values } else { &self.weighted };
        for (u, v, out) in &mut self.products {
            let (left, right) = (&left[*u * TILE..][..len], &self.values[*v * TILE..][..len]);
            for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
                *out = left * right;
            }
        }
    }
}

impl Accumulator for Gram {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.add_block(block)?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        let lengths = |gram: &Self| gram.tables.iter().map(Vec::len).collect::<Vec<_>>();
        if lengths(self) != lengths(&later) || self.moments != later.moments {
            return Err(Error::Mismatch { what: "their tables differ" }.into());
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
        let deltas: Vec<f64> =
            later.shifts.iter().zip(&self.shifts).map(|(later, own)| later - own).collect();
        for ((moments, own), later) in self.moments.iter().zip(&mut self.tables).zip(&later.tables) {
            plan::merge(moments, own, later, &deltas);
        }
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let tables: usize = self.tables.iter().map(|table| table.len() * size_of::<f64>()).sum();
        let buffers =
            self.plan.as_ref().map_or(0, |plan| (2 * plan.values.len() + 8) * TILE * size_of::<f64>());
        2 * tables + buffers + size_of::<Self>()
    }
}
