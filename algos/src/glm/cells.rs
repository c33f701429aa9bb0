//! Rows of equal designs, collapsed.
//!
//! When variables are factors, counts or rounded numbers, millions of rows have a few thousand different designs. All
//! that iterative reweighting needs of the rows of one design is their total weight, their mean response, and for the
//! statistics at the end the squares and deviances about it ([`super::family`]). So one pass collapses the rows, and all
//! iterations run on the cells, in memory, with the same result.
//!
//! # Where a row goes
//! The codes of factors make the place in a dense table by mixed radix; numbers, offsets, and factors for which the
//! table would be too large are numbered as tuples by [`Keys`], and every tuple has a table of its own behind the last.
//! A response of 0 or 1 is one more code, and nothing but weights is added up then.
//!
//! # When not
//! Cells must stay below a number of bytes, and distinct tuples below half of the rows. Where they do not, the cells
//! seen so far are added to the cross products as the rows they stand for, and the pass goes on by rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::family::Variance;
use super::keys::Keys;
use super::response::moved;
use crate::design::{Design, TILE, Tile};

/// Cells of the dense part, with tuples beside it and without.
const MAX_DENSE: [usize; 2] = [1 << 11, 1 << 16];

/// The most bytes of cells.
const MAX_BYTES: usize = 1 << 34;

/// Rows after which tuples must repeat.
const TRIAL: u64 = 8192;

/// Which variables make the cells of a design.
#[derive(Debug)]
pub(super) struct CellPlan {
    design: Arc<Design>,
    /// Factors with their levels, the first varying fastest.
    dense: Vec<(usize, usize)>,
    /// Variables whose values make tuples.
    tuples: Vec<usize>,
    offset: Option<usize>,
    /// Whether responses are 0 and 1 and part of the cell.
    binary: bool,
    variance: Variance,
    /// Bytes that cells may take.
    limit: usize,
}

impl CellPlan {
    /// The cells of a design, or `None` when not even the first tuple's would fit into `limit` bytes.
    pub(super) fn new(design: &Arc<Design>, binary: bool, variance: Variance, limit: usize) -> Option<Self> {
        let variables = design.variables_read();
        let numbers = variables.iter().any(|&variable| !design.is_factor(variable));
        let most = MAX_DENSE[usize::from(!numbers)];
        let (mut dense, mut tuples, mut cells) = (Vec::new(), Vec::new(), 1 + usize::from(binary));
        for variable in variables {
            let levels = design.variables[variable].kind.cells();
            if design.is_factor(variable) && levels > 0 && cells.saturating_mul(levels) <= most {
                cells *= levels;
                dense.push((variable, levels));
            } else {
                tuples.push(variable);
            }
        }
        let plan = Self {
            design: Arc::clone(design),
            dense,
            tuples,
            offset: design.offset,
            binary,
            variance,
            // places are numbers of 4 bytes
            limit: limit.min(MAX_BYTES),
        };
        (plan.stride() * size_of::<f64>() <= limit).then_some(plan)
    }

    /// Bytes that the cells of a worker may take.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Numbers kept for a cell: its weight, and unless it has one response, sums over its responses.
    fn width(&self) -> usize {
        if self.binary { 1 } else { 4 }
    }

    /// Cells of a tuple.
    fn cells(&self) -> usize {
        (1 + usize::from(self.binary)) * self.dense.iter().map(|(_, levels)| levels).product::<usize>()
    }

    fn stride(&self) -> usize {
        self.cells() * self.width()
    }
}

/// Weights and responses by design.
#[derive(Serialize, Deserialize)]
pub(super) struct Cells {
    keys: Keys,
    /// What was subtracted of responses.
    shift: Option<f64>,
    /// For every tuple its cells.
    table: Vec<f64>,
    rows: u64,
    #[serde(skip)]
    ids: Vec<u32>,
    #[serde(skip)]
    slots: Vec<u32>,
}

impl Cells {
    pub(super) fn new(plan: &CellPlan) -> Self {
        Self {
            keys: Keys::new(plan.tuples.len()),
            shift: None,
            table: Vec::new(),
            rows: 0,
            ids: vec![0; TILE],
            slots: vec![0; TILE],
        }
    }

    /// Adds rows, or nothing and returns false when the cells would not be worth their memory any more.
    ///
    /// `weights` are 0 in rows that do not count, `deviances` those of the responses `y` from the shift.
    pub(super) fn add(
        &mut self,
        plan: &CellPlan,
        tile: &Tile,
        y: &[f64],
        weights: &[f64],
        shift: f64,
        deviances: &[f64],
    ) -> bool {
        let len = tile.len;
        self.ids.resize(TILE, 0);
        self.slots.resize(TILE, 0);
        let ids = &mut self.ids[..len];
        ids.fill(0);
        for (column, &variable) in plan.tuples.iter().enumerate() {
            if plan.design.is_factor(variable) {
                let codes: Vec<f64> =
                    tile.codes[variable][..len].iter().map(|&code| f64::from(code)).collect();
                self.keys.extend(column, &codes, &tile.mask[..len], ids);
            } else {
                self.keys.extend(column, &tile.numbers[variable][..len], &tile.mask[..len], ids);
            }
        }
        if !self.take(plan, tile.kept as u64) {
            return false;
        }
        let (ids, slots) = (&self.ids[..len], &mut self.slots[..len]);
        let cells = plan.cells() as u32;
        slots.iter_mut().zip(ids).for_each(|(slot, id)| *slot = cells * id);
        let mut step = 1;
        if plan.binary {
            slots.iter_mut().zip(y).for_each(|(slot, &y)| *slot += y as u32);
            step = 2;
        }
        for &(variable, levels) in &plan.dense {
            slots.iter_mut().zip(&tile.codes[variable]).for_each(|(slot, code)| *slot += step * code);
            step *= levels as u32;
        }
        self.shift.get_or_insert(shift);
        // rows that do not count have a response that is no code
        let counts = |row: usize| tile.mask[row] != 0;
        if plan.binary {
            for (row, &slot) in slots.iter().enumerate() {
                if counts(row) {
                    self.table[slot as usize] += weights[row];
                }
            }
        } else {
            for (row, &slot) in slots.iter().enumerate() {
                if counts(row) {
                    let (weight, by) = (weights[row], y[row] - shift);
                    let cell = &mut self.table[4 * slot as usize..][..4];
                    cell[0] += weight;
                    cell[1] += weight * by;
                    cell[2] += weight * by * by;
                    cell[3] += weight * deviances[row];
                }
            }
        }
        true
    }

    /// Adds the cells of later rows, or nothing and returns false when all would not be worth their memory any more.
    pub(super) fn merge(&mut self, plan: &CellPlan, later: &Self) -> bool {
        let map = self.keys.adopt(&later.keys);
        if !self.take(plan, later.rows) {
            return false;
        }
        let stride = plan.stride();
        let Some(from) = later.shift else { return true };
        let to = *self.shift.get_or_insert(from);
        for (&id, later) in map.iter().zip(later.table.chunks_exact(stride)) {
            let own = &mut self.table[id as usize * stride..][..stride];
            if plan.binary {
                own.iter_mut().zip(later).for_each(|(own, later)| *own += later);
                continue;
            }
            for (own, later) in own.chunks_exact_mut(4).zip(later.chunks_exact(4)) {
                let sums = moved(plan.variance, [later[0], later[1], later[2], later[3]], from, to);
                own.iter_mut().zip(sums).for_each(|(own, sum)| *own += sum);
            }
        }
        true
    }

    /// Makes room for the tuples that are numbered, if `rows` more rows leave them worth their memory.
    fn take(&mut self, plan: &CellPlan, rows: u64) -> bool {
        let numbers = self.keys.len().saturating_mul(plan.stride());
        let rows = self.rows + rows;
        let bytes = numbers.saturating_mul(size_of::<f64>()).saturating_add(self.keys.size());
        if bytes > plan.limit || (rows >= TRIAL && self.keys.len() as u64 >= rows / 2) {
            return false;
        }
        self.table.resize(numbers, 0.0);
        self.rows = rows;
        true
    }

    /// Bytes in memory.
    pub(super) fn size(&self) -> usize {
        size_of::<f64>() * self.table.len() + self.keys.size()
    }

    /// The cells that have weight, as tiles of weighted rows.
    pub(super) fn collapse(&self, plan: &CellPlan) -> Collapsed {
        let shift = self.shift.unwrap_or(0.0);
        let mut collapsed = Collapsed::default();
        let mut values = vec![0.0; plan.tuples.len()];
        for (id, cells) in self.table.chunks_exact(plan.stride()).enumerate() {
            plan.tuples_of(&self.keys, id, &mut values);
            // the two responses of a binary cell stand side by side
            for (cell, sums) in cells.chunks_exact(if plan.binary { 2 } else { 4 }).enumerate() {
                let mean = if plan.binary { binary(sums) } else { moments(plan.variance, sums, shift) };
                if mean.weight > 0.0 {
                    collapsed.push(plan, cell, &values, &mean);
                }
            }
        }
        collapsed
    }
}

impl CellPlan {
    fn tuples_of(&self, keys: &Keys, id: usize, values: &mut [f64]) {
        if !self.tuples.is_empty() {
            keys.values(id, values);
        }
    }

    /// An empty tile for cells.
    fn tile(&self) -> CellTile {
        let count = self.design.variables.len();
        let mut tile = Tile {
            len: 0,
            kept: 0,
            masked: false,
            mask: vec![u64::MAX; TILE],
            numbers: vec![Vec::new(); count],
            codes: vec![Vec::new(); count],
            weights: vec![0.0; TILE],
            frequency: 0.0,
        };
        for variable in 0..count {
            if self.design.is_factor(variable) {
                tile.codes[variable] = vec![0; TILE];
            } else {
                tile.numbers[variable] = vec![0.0; TILE];
            }
        }
        let offset = if self.offset.is_some() { vec![0.0; TILE] } else { Vec::new() };
        let [y, weights, squares] = std::array::from_fn(|_| vec![0.0; TILE]);
        CellTile { tile, y, weights, squares, offset }
    }
}

/// The responses of a cell.
struct Mean {
    weight: f64,
    y: f64,
    /// Weighted squares about the mean.
    squares: f64,
    /// The deviance from the mean.
    within: f64,
}

/// From the weights of 0 and 1.
fn binary(weights: &[f64]) -> Mean {
    let (misses, hits) = (weights[0], weights[1]);
    let weight = misses + hits;
    let part = |count: f64| if count > 0.0 { count * (count / weight).ln() } else { 0.0 };
    Mean {
        weight,
        y: hits / weight,
        squares: hits * (misses / weight),
        within: -2.0 * (part(hits) + part(misses)),
    }
}

/// From sums about a shift.
fn moments(variance: Variance, sums: &[f64], shift: f64) -> Mean {
    let (weight, by) = (sums[0], sums[1] / sums[0]);
    let y = variance.nearest(shift + by);
    Mean {
        weight,
        y,
        squares: (sums[2] - sums[1] * by).max(0.0),
        within: (sums[3] - weight * variance.deviance(y, shift)).max(0.0),
    }
}

/// Cells as rows.
#[derive(Default)]
pub(super) struct Collapsed {
    pub(super) tiles: Vec<CellTile>,
    /// The deviance of responses from the means of their cells.
    pub(super) within: f64,
    /// How many cells there are.
    pub(super) cells: u64,
}

/// A tile of cells, and what of them is not in a tile.
pub(super) struct CellTile {
    pub(super) tile: Tile,
    pub(super) y: Vec<f64>,
    pub(super) weights: Vec<f64>,
    pub(super) squares: Vec<f64>,
    pub(super) offset: Vec<f64>,
}

impl Collapsed {
    fn push(&mut self, plan: &CellPlan, cell: usize, values: &[f64], mean: &Mean) {
        if self.tiles.last().is_none_or(|tile| tile.tile.len == TILE) {
            self.tiles.push(plan.tile());
        }
        let Some(own) = self.tiles.last_mut() else { return };
        let row = own.tile.len;
        own.tile.len += 1;
        own.tile.kept += 1;
        self.cells += 1;
        self.within += mean.within;
        own.weights[row] = mean.weight;
        own.y[row] = mean.y;
        own.squares[row] = mean.squares;
        let mut rest = cell;
        for &(variable, levels) in &plan.dense {
            own.tile.codes[variable][row] = (rest % levels) as u32;
            rest /= levels;
        }
        for (&variable, &value) in plan.tuples.iter().zip(values) {
            if plan.design.is_factor(variable) {
                own.tile.codes[variable][row] = value as u32;
            } else {
                own.tile.numbers[variable][row] = value;
            }
        }
        if let Some(offset) = plan.offset {
            own.offset[row] = own.tile.numbers[offset][row];
        }
    }
}
