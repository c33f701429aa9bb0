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

pub(crate) mod asked;
pub(crate) mod by_cell;
mod cells;
mod double;
pub(crate) mod exact;
mod kernels;
pub(crate) mod normal;
pub mod passes;
pub(crate) mod plan;
mod products;
mod totals;
pub(crate) mod within;

use std::sync::Arc;

use engine::{Accumulator, Block};
use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use crate::design::{Design, TILE, Tile, Tiles, Weights};
use crate::{Error, Result};
pub(crate) use double::Real;
use plan::{Moment, Plan};
pub(crate) use totals::Totals;

/// The sums of a design over some rows.
#[derive(Serialize, Deserialize)]
pub struct Gram {
    pub(crate) totals: Totals<f64>,
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    /// Whether rows have weights.
    #[serde(skip)]
    is_weighted: bool,
    #[serde(skip)]
    tiles: Tiles,
    #[serde(skip)]
    work: Option<Box<Work>>,
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

    /// An empty gram of a plan, which reads the rows of blocks, weighted as the design says.
    pub(crate) fn of(plan: Arc<Plan>) -> Self {
        let is_weighted = plan.design.weights != Weights::default();
        Self { is_weighted, tiles: Tiles::new(&plan.design), ..Self::weighted(plan) }
    }

    /// An empty gram of a plan, which is handed tiles that have weights.
    pub(crate) fn weighted(plan: Arc<Plan>) -> Self {
        Self {
            totals: Totals::new(&plan),
            plan: Some(plan),
            is_weighted: true,
            tiles: Tiles::default(),
            work: None,
        }
    }

    /// The gram of rows that something else has added up.
    pub(crate) fn summed(plan: Arc<Plan>, totals: Totals<f64>) -> Self {
        Self { totals, ..Self::weighted(plan) }
    }

    fn plan(&self) -> Result<Arc<Plan>> {
        self.plan.clone().ok_or(Error::Mismatch { what: "the partial result came without its design" })
    }

    fn add_block(&mut self, block: &Block) -> Result<()> {
        let mut tiles = std::mem::take(&mut self.tiles);
        let result = tiles.each(block, |tile, _| self.add(tile));
        self.tiles = tiles;
        self.flush();
        result
    }

    /// Adds a tile that has all variables of the design. [`Gram::flush`] must follow the last one.
    pub(crate) fn add(&mut self, tile: &Tile) -> Result<()> {
        let plan = self.plan()?;
        if !self.totals.count(&plan, tile) {
            return Ok(());
        }
        let mut work = self.work.take().unwrap_or_else(|| Box::new(Work::new(&plan, self.is_weighted)));
        Arch::new().dispatch(Fill { work: &mut work, plan: &plan, tile, shifts: &self.totals.shifts });
        let result = self.add_tile(&plan, &mut work, tile);
        self.work = Some(work);
        result
    }

    /// Adds what was kept aside to the tables.
    pub(crate) fn flush(&mut self) {
        if let Some(work) = &mut self.work {
            for (lanes, table) in work.lanes.iter_mut().zip(&mut self.totals.tables) {
                lanes.flush(table.sums_mut());
            }
        }
    }

    fn add_tile(&mut self, plan: &Plan, work: &mut Work, tile: &Tile) -> Result<()> {
        let len = tile.len;
        let weights = (!tile.weights.is_empty()).then(|| &tile.weights[..len]);
        let count = match weights {
            Some(weights) => kernels::sum(weights),
            None => tile.kept as f64,
        };
        let columns = if work.weighted.is_empty() { &work.values } else { &work.weighted };
        kernels::dense(&work.values, columns, len, count, self.totals.tables[0].sums_mut());
        for (table, lanes, sums) in
            zip3(&plan.tables[1..], &mut work.lanes[1..], &mut self.totals.tables[1..])
        {
            let (sums, cells) = sums.places(table, tile, &mut work.cells[..len])?;
            if table.moments.len() == 1 && weights.is_none() {
                lanes.count(sums, cells);
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
            lanes.add(sums, cells, &sources);
        }
        Ok(())
    }
}

fn zip3<'a, A, B, C>(
    a: &'a [A],
    b: &'a mut [B],
    c: &'a mut [C],
) -> impl Iterator<Item = (&'a A, &'a mut B, &'a mut C)> {
    a.iter().zip(b).zip(c).map(|((a, b), c)| (a, b, c))
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
            lanes: plan.tables.iter().map(|table| kernels::Lanes::new(table, !is_weighted)).collect(),
        }
    }

    /// Values of the tile: the product of the variables less the shift, 0 in rows that do not count.
    #[expect(clippy::inline_always, reason = "it becomes part of a function for one kind of machine")]
    #[inline(always)]
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

/// Values of a tile to be filled.
struct Fill<'a> {
    work: &'a mut Work,
    plan: &'a Plan,
    tile: &'a Tile,
    shifts: &'a [f64],
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "as above")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.work.fill_values(self.plan, self.tile, self.shifts);
    }
}

impl Accumulator for Gram {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.add_block(block)?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        Ok(self.totals.merge(later.totals)?)
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let buffers =
            self.plan.as_ref().map_or(0, |plan| (2 * plan.values.len() + 8) * TILE * size_of::<f64>());
        2 * self.totals.size() + buffers + size_of::<Self>()
    }
}
