//! What a pass of a generalized linear model adds up.
//!
//! The first pass looks at the responses and tries to collapse the rows into cells. Where that does not work, and in all
//! later passes, rows become working values and their cross products are added up.

use std::sync::Arc;

use engine::{Accumulator, Block, Local};
use serde::{Deserialize, Serialize};

use super::cells::{CellPlan, CellTile, Cells, Collapsed};
use super::response::Responses;
use super::working::{Found, Law, Observed, Point, Working};
use crate::design::{Addends, Reader, TILE, Tile, VariableKind};
use crate::gram::Gram;
use crate::gram::normal::{Normal, Partition};
use crate::gram::plan::Plan;
use crate::{Error, Result};

/// What a pass needs to know.
#[derive(Debug)]
pub(super) struct PassPlan {
    pub(super) plan: Arc<Plan>,
    pub(super) law: Law,
    /// Whether the design has a partition in place of an intercept.
    pub(super) cube: bool,
    /// Whether responses must be 0 or 1.
    pub(super) binary: bool,
    /// Whether responses are the codes of a factor of two levels, from 1.
    pub(super) coded: bool,
    /// The places of the terms among those of the first pass.
    pub(super) terms: Vec<usize>,
    /// How to collapse rows, where it is to be tried.
    pub(super) cells: Option<CellPlan>,
    /// The columns that the first pass describes by sums of prior weights, where it is wanted.
    pub(super) columns: Option<Arc<Plan>>,
}

/// The columns of a design: their means and cross products by prior weights.
pub(super) struct Described {
    plan: Arc<Plan>,
    normal: Normal,
}

impl Described {
    /// The covariances of the columns of some terms.
    pub(super) fn covariances(&self, terms: &[usize]) -> Vec<f64> {
        let columns: Vec<usize> =
            terms.iter().flat_map(|&term| self.normal.columns_of(&self.plan, term)).collect();
        let p = self.normal.columns();
        let scale = 1.0 / (self.normal.total - 1.0);
        let row = |&i: &usize| columns.iter().map(move |&j| self.normal.schur[i * p + j] * scale);
        columns.iter().flat_map(row).collect()
    }

    /// The means of the columns beside those that were solved for beforehand.
    pub(super) fn means(&self) -> &[f64] {
        &self.normal.means
    }
}

impl PassPlan {
    pub(super) fn response(&self) -> usize {
        self.plan.design.responses[0]
    }

    /// What a first pass found of the columns.
    pub(super) fn described(&self, sums: &Sums) -> Result<Option<Described>> {
        let (Some(plan), Some(gram)) = (&self.columns, &sums.columns) else { return Ok(None) };
        let partition = match (self.cube, plan.design.intercept) {
            (true, _) => Partition::Term(0),
            (false, true) => Partition::Intercept,
            (false, false) => Partition::None,
        };
        let normal = Normal::new(plan, &gram.totals, partition)?;
        Ok(Some(Described { plan: Arc::clone(plan), normal }))
    }

    /// The level that counts as 1, where responses are codes.
    pub(super) fn event(&self) -> Option<String> {
        match &self.plan.design.variables[self.response()].kind {
            VariableKind::Codes { levels } if self.coded => levels.get(1).cloned(),
            _ => None,
        }
    }

    pub(super) fn working(&self) -> Working {
        let design = &self.plan.design;
        Working::new(self.law, self.response(), Addends::new(design, design.intercept && !self.cube))
    }
}

/// The sums of a pass.
#[derive(Serialize, Deserialize)]
pub(super) struct Sums {
    /// Rows without missing values.
    pub(super) valid: u64,
    /// Rows with a missing value.
    pub(super) missing: u64,
    /// Observations: rows of positive weight, or the sum of their frequencies.
    pub(super) observations: f64,
    /// The responses, in the first pass.
    pub(super) responses: Option<Responses>,
    /// The weights of the cells of a cube, in the first pass.
    pub(super) counts: Vec<f64>,
    /// All rows, collapsed.
    pub(super) cells: Option<Cells>,
    pub(super) gram: Gram,
    /// The columns by prior weights, in the first pass where it is wanted.
    pub(super) columns: Option<Gram>,
    pub(super) found: Found,
    /// Later partial results, which wait for the plan: neither they nor this one had it, because all came from bytes.
    waiting: Vec<Sums>,
    #[serde(skip)]
    plan: Option<Arc<PassPlan>>,
    #[serde(skip)]
    point: Option<Arc<Point>>,
    #[serde(skip)]
    work: Option<Box<Work>>,
}

/// Buffers of a worker, made at its first block and reused.
struct Work {
    reader: Reader,
    tile: Tile,
    working: Working,
    y: Vec<f64>,
    weights: Vec<f64>,
    offset: Vec<f64>,
    deviances: Vec<f64>,
}

impl Work {
    fn new(plan: &PassPlan) -> Self {
        let design = &plan.plan.design;
        let reader = Reader::new(Arc::clone(design), 0..design.variables.len(), true);
        let mut tile = reader.tile();
        tile.weights.resize(TILE, 0.0);
        let offset = if design.offset.is_some() { vec![0.0; TILE] } else { Vec::new() };
        Self {
            reader,
            tile,
            working: plan.working(),
            y: vec![0.0; TILE],
            weights: vec![0.0; TILE],
            offset,
            deviances: vec![0.0; TILE],
        }
    }

    /// Reads a tile, and takes out what working values will replace.
    fn read(&mut self, plan: &PassPlan, block: &Block, start: usize) -> Result<()> {
        self.reader.fill(start, block.num_rows() - start, block.start_row, &mut self.tile)?;
        let len = self.tile.len;
        self.weights[..len].copy_from_slice(&self.tile.weights[..len]);
        let y = &mut self.y[..len];
        y.copy_from_slice(&self.tile.numbers[plan.response()][..len]);
        if plan.coded {
            for y in y {
                *y -= 1.0;
            }
        }
        if let Some(offset) = plan.plan.design.offset {
            self.offset[..len].copy_from_slice(&self.tile.numbers[offset][..len]);
        }
        Ok(())
    }
}

impl Sums {
    /// Nothing yet. The first pass looks at the responses; it collapses rows if the plan says how.
    pub(super) fn new(plan: Arc<PassPlan>, point: Arc<Point>, first: bool) -> Self {
        Self {
            valid: 0,
            missing: 0,
            observations: 0.0,
            responses: first.then(Responses::default),
            counts: if first && plan.cube { vec![0.0; plan.plan.terms[0].cells] } else { Vec::new() },
            cells: plan.cells.as_ref().filter(|_| first).map(Cells::new),
            gram: Gram::weighted(Arc::clone(&plan.plan)),
            found: Found::default(),
            columns: plan.columns.as_ref().filter(|_| first).map(|plan| Gram::weighted(Arc::clone(plan))),
            waiting: Vec::new(),
            plan: Some(plan),
            point: Some(point),
            work: None,
        }
    }

    fn context(&self) -> Result<(Arc<PassPlan>, Arc<Point>)> {
        match (&self.plan, &self.point) {
            (Some(plan), Some(point)) => Ok((Arc::clone(plan), Arc::clone(point))),
            _ => Err(Error::Mismatch { what: "the partial result came without its design" }),
        }
    }

    pub(super) fn update(&mut self, block: &Block) -> Result<()> {
        let (plan, point) = self.context()?;
        let mut work = self.work.take().unwrap_or_else(|| Box::new(Work::new(&plan)));
        let result = self.add_rows(&plan, &point, &mut work, block);
        self.work = Some(work);
        result
    }

    fn add_rows(&mut self, plan: &PassPlan, point: &Point, work: &mut Work, block: &Block) -> Result<()> {
        work.reader.load(block)?;
        for start in (0..block.num_rows()).step_by(TILE) {
            work.read(plan, block, start)?;
            let kept = work.tile.kept as u64;
            self.valid += kept;
            self.missing += work.tile.len as u64 - kept;
            if kept == 0 {
                continue;
            }
            self.observations += work.tile.frequency;
            if self.responses.is_some() {
                self.look(plan, work, block.start_row + start as u64)?;
                self.count(plan, work);
            }
            if let Some(columns) = &mut self.columns {
                columns.add(&work.tile)?;
            }
            if self.collapse(plan, work) {
                continue;
            }
            self.give_up_cells(plan, point)?;
            let len = work.tile.len;
            let observed = Observed {
                y: &work.y[..len],
                weights: &work.weights[..len],
                squares: &[],
                offset: &work.offset,
            };
            let found = work.working.apply(point, &mut work.tile, observed);
            self.found.add(&found);
            self.gram.add(&work.tile)?;
        }
        self.gram.flush();
        if let Some(columns) = &mut self.columns {
            columns.flush();
        }
        Ok(())
    }

    /// Checks the responses of a tile and adds them up.
    fn look(&mut self, plan: &PassPlan, work: &mut Work, start_row: u64) -> Result<()> {
        let Some(responses) = &mut self.responses else { return Ok(()) };
        let variance = plan.law.family.variance();
        let len = work.tile.len;
        let (y, weights) = (&work.y[..len], &work.weights[..len]);
        for (row, &y) in y.iter().enumerate() {
            let fits = if plan.binary { y == 0.0 || y == 1.0 } else { variance.takes_response(y) };
            if !fits && work.tile.mask[row] != 0 {
                let label = &plan.plan.design.variables[plan.response()].label;
                return Err(Error::Response {
                    variable: label.clone(),
                    value: y,
                    row: start_row + row as u64,
                    expected: if plan.binary { "0 or 1" } else { variance.responses() },
                });
            }
        }
        let shift = *responses.shift.get_or_insert_with(|| {
            let kept = y.iter().zip(&work.tile.mask).filter(|(_, mask)| **mask != 0);
            variance.middle(kept.map(|(y, _)| y).sum::<f64>() / work.tile.kept as f64)
        });
        let mut own = Responses { shift: Some(shift), ..Responses::default() };
        if plan.binary {
            let (mut weight, mut hits) = (0.0, 0.0);
            for ((&y, &w), &mask) in y.iter().zip(weights).zip(&work.tile.mask) {
                if mask != 0 {
                    weight += w;
                    hits += w * y;
                }
            }
            own.add_binary(weight - hits, hits);
        } else {
            let repeated = plan.plan.design.weights.frequency.is_some();
            for ((&y, &weight), deviance) in y.iter().zip(weights).zip(&mut work.deviances) {
                if weight == 0.0 {
                    continue;
                }
                *deviance = variance.deviance(y, shift);
                own.add(y, weight, *deviance);
                let family = plan.law.family;
                // a frequency is so many observations of weight 1
                own.constant +=
                    if repeated { weight * family.constant(y, 1.0) } else { family.constant(y, weight) };
            }
        }
        responses.merge(&own, variance);
        Ok(())
    }

    /// Adds the weights of a tile to the cells of a cube.
    fn count(&mut self, plan: &PassPlan, work: &Work) {
        if self.counts.is_empty() {
            return;
        }
        let design = &plan.plan.design;
        for row in 0..work.tile.len {
            let (mut cell, mut step) = (0, 1);
            for factor in design.factors(&design.terms[0]) {
                cell += step * work.tile.codes[factor][row] as usize;
                step *= design.variables[factor].kind.cells();
            }
            self.counts[cell] += work.weights[row];
        }
    }

    /// Adds a tile to the cells; whether it is in them.
    fn collapse(&mut self, plan: &PassPlan, work: &Work) -> bool {
        let (Some(cells), Some(how)) = (&mut self.cells, &plan.cells) else { return false };
        let len = work.tile.len;
        let shift = self.responses.as_ref().and_then(|responses| responses.shift).unwrap_or(0.0);
        cells.add(how, &work.tile, &work.y[..len], &work.weights[..len], shift, &work.deviances)
    }

    /// Adds the cells to the cross products, as the rows that they stand for.
    fn give_up_cells(&mut self, plan: &PassPlan, point: &Point) -> Result<()> {
        let (Some(cells), Some(how)) = (self.cells.take(), &plan.cells) else { return Ok(()) };
        let mut collapsed = cells.collapse(how);
        let found = evaluate(&mut self.gram, &mut plan.working(), point, &mut collapsed.tiles)?;
        self.found.add(&found);
        self.found.deviance += collapsed.within;
        Ok(())
    }

    /// The same with the plan, which bytes do not carry.
    pub(super) fn with_plan(self, plan: &Arc<PassPlan>, point: &Arc<Point>) -> Result<Self> {
        if self.plan.is_some() {
            return Ok(self);
        }
        let mut whole = Self::new(Arc::clone(plan), Arc::clone(point), self.responses.is_some());
        whole.merge(self)?;
        Ok(whole)
    }

    pub(super) fn merge(&mut self, mut later: Self) -> Result<()> {
        let Ok((plan, point)) = self.context() else {
            if let Ok((plan, point)) = later.context() {
                let empty = Self::new(Arc::clone(&plan), Arc::clone(&point), later.responses.is_some());
                *self = std::mem::replace(self, empty).with_plan(&plan, &point)?;
                return self.merge(later);
            }
            self.waiting.push(later);
            return Ok(());
        };
        let waiting = std::mem::take(&mut later.waiting);
        self.valid += later.valid;
        self.missing += later.missing;
        self.observations += later.observations;
        let merged = match (&mut self.cells, &later.cells, &plan.cells) {
            (Some(own), Some(later), Some(how)) => own.merge(how, later),
            _ => false,
        };
        if !merged {
            self.give_up_cells(&plan, &point)?;
            self.cells = later.cells.take();
            self.give_up_cells(&plan, &point)?;
        }
        if let (Some(own), Some(later)) = (&mut self.responses, &later.responses) {
            own.merge(later, plan.law.family.variance());
        }
        self.counts.iter_mut().zip(&later.counts).for_each(|(own, later)| *own += later);
        self.found.add(&later.found);
        if let (Some(own), Some(later)) = (&mut self.columns, later.columns) {
            own.merge(later)?;
        }
        self.gram.merge(later.gram)?;
        waiting.into_iter().try_for_each(|later| self.merge(later))
    }

    /// All rows as cells, where they were collapsed.
    pub(super) fn collapsed(&self) -> Option<Collapsed> {
        let how = self.plan.as_ref()?.cells.as_ref()?;
        self.cells.as_ref().map(|cells| cells.collapse(how))
    }

    /// Bytes of the state, with room for cells.
    pub(super) fn size(&self) -> usize {
        let room = self.plan.as_ref().and_then(|plan| plan.cells.as_ref()).map_or(0, CellPlan::limit);
        let columns = self.columns.as_ref().map_or(0, Gram::size);
        self.gram.size() + columns + self.cells.as_ref().map_or(0, |cells| cells.size().max(room))
    }
}

/// Tiles of cells that one thread evaluates: the result depends on this, and not on how many threads there are.
const TOGETHER: usize = 32;

/// Some tiles of cells, and what came of them.
struct Share<'a> {
    tiles: &'a mut [CellTile],
    found: Result<(Gram, Found)>,
}

/// The cross products of all cells at a point, on the threads of an executor.
pub(super) fn evaluate_all(
    plan: &PassPlan,
    point: &Point,
    collapsed: &mut Collapsed,
    executor: &Local,
) -> Result<(Gram, Found)> {
    let nothing = || (Gram::weighted(Arc::clone(&plan.plan)), Found::default());
    let share = |tiles| Share { tiles, found: Ok(nothing()) };
    let mut shares: Vec<Share<'_>> = collapsed.tiles.chunks_mut(TOGETHER).map(share).collect();
    executor.for_each(
        &mut shares,
        || plan.working(),
        |working, share| {
            if let Ok((gram, found)) = &mut share.found {
                match evaluate(gram, working, point, share.tiles) {
                    Ok(own) => *found = own,
                    Err(error) => share.found = Err(error),
                }
            }
        },
    );
    let mut shares = shares.into_iter();
    let (mut gram, mut found) = shares.next().map_or_else(|| Ok(nothing()), |share| share.found)?;
    for share in shares {
        let (later, own) = share.found?;
        gram.merge(later)?;
        found.add(&own);
    }
    Ok((gram, found))
}

/// Adds the working values of cells to cross products.
fn evaluate(gram: &mut Gram, working: &mut Working, point: &Point, tiles: &mut [CellTile]) -> Result<Found> {
    let mut found = Found::default();
    for cells in tiles {
        let len = cells.tile.len;
        let observed = Observed {
            y: &cells.y[..len],
            weights: &cells.weights[..len],
            squares: &cells.squares,
            offset: &cells.offset,
        };
        found.add(&working.apply(point, &mut cells.tile, observed));
        gram.add(&cells.tile)?;
    }
    gram.flush();
    Ok(found)
}
