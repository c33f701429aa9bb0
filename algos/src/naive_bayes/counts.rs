//! What a pass counts: classes, and each predictor by class.

use std::sync::Arc;

use engine::stats::{Moments, add_by_cell};
use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use crate::design::{Design, Reader, TILE, Tile};
use crate::{Error, Result};

/// The variables by their roles.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) design: Arc<Design>,
    /// The response, as a position among the variables.
    pub(super) response: usize,
    pub(super) logical: bool,
    pub(super) levels: Vec<String>,
    /// The predictors, as positions among the variables.
    pub(super) predictors: Vec<usize>,
}

/// Rows by class.
#[derive(Serialize, Deserialize)]
pub struct Counts {
    pub(super) valid: u64,
    pub(super) missing: u64,
    pub(super) classes: Vec<u64>,
    pub(super) predictors: Vec<PredictorCounts>,
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    #[serde(skip)]
    work: Option<Box<Work>>,
}

/// The values of a predictor by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PredictorCounts {
    /// Moments of a number, for each class.
    Numbers(Vec<Moments>),
    /// Rows of each level of a factor, class by class.
    Levels(Vec<u64>),
}

/// Buffers of a worker. Each variable has a reader of its own, because each has missing values of its own.
struct Work {
    response: Classes,
    predictors: Vec<(usize, Reader, Tile)>,
    values: Vec<f64>,
}

/// The classes of rows.
pub(super) struct Classes {
    variable: usize,
    /// What is taken from numbers to make codes from 0.
    from: f64,
    reader: Reader,
    tile: Tile,
    slots: Vec<i32>,
}

impl Classes {
    fn new(plan: &Plan) -> Self {
        let reader = Reader::new(Arc::clone(&plan.design), [plan.response], false);
        let from = if plan.logical { 0.0 } else { 1.0 };
        Self { variable: plan.response, from, tile: reader.tile(), reader, slots: vec![-1; TILE] }
    }

    /// The codes of some rows, −1 where there is no class.
    fn fill(&mut self, block: &Block, start: usize) -> Result<&[i32]> {
        self.reader.fill(start, block.num_rows() - start, block.start_row, &mut self.tile)?;
        let len = self.tile.len;
        let rows = self.tile.numbers[self.variable].iter().zip(&self.tile.mask);
        for (slot, (&number, &mask)) in self.slots[..len].iter_mut().zip(rows) {
            *slot = if mask == 0 { -1 } else { (number - self.from) as i32 };
        }
        Ok(&self.slots[..len])
    }
}

impl Counts {
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        let classes = plan.levels.len();
        let predictor = |&variable: &usize| {
            let kind = &plan.design.variables[variable].kind;
            if kind.is_factor() {
                PredictorCounts::Levels(vec![0; classes * kind.cells()])
            } else {
                PredictorCounts::Numbers(vec![Moments::default(); classes])
            }
        };
        Self {
            valid: 0,
            missing: 0,
            classes: vec![0; classes],
            predictors: plan.predictors.iter().map(predictor).collect(),
            plan: Some(Arc::clone(plan)),
            work: None,
        }
    }

    fn add(&mut self, plan: &Plan, work: &mut Work, block: &Block) -> Result<()> {
        work.response.reader.load(block)?;
        for (_, reader, _) in &mut work.predictors {
            reader.load(block)?;
        }
        for start in (0..block.num_rows()).step_by(TILE) {
            let slots = work.response.fill(block, start)?;
            for &slot in slots {
                match usize::try_from(slot) {
                    Ok(class) => self.classes[class] += 1,
                    Err(_) => self.missing += 1,
                }
            }
            for ((variable, reader, tile), counts) in work.predictors.iter_mut().zip(&mut self.predictors) {
                reader.fill(start, block.num_rows() - start, block.start_row, tile)?;
                match counts {
                    PredictorCounts::Numbers(cells) => {
                        let values = &mut work.values[..tile.len];
                        for ((value, &number), &mask) in
                            values.iter_mut().zip(&tile.numbers[*variable]).zip(&tile.mask)
                        {
                            *value = if mask == 0 { f64::NAN } else { number };
                        }
                        add_by_cell(cells, slots, values, None);
                    }
                    PredictorCounts::Levels(cells) => {
                        let width = plan.design.variables[*variable].kind.cells();
                        let rows = slots.iter().zip(&tile.codes[*variable]).zip(&tile.mask);
                        for ((&slot, &code), &mask) in rows {
                            if slot >= 0 && mask != 0 {
                                cells[slot as usize * width + code as usize] += 1;
                            }
                        }
                    }
                }
            }
        }
        self.valid = self.classes.iter().sum();
        Ok(())
    }
}

impl Accumulator for Counts {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::Mismatch { what: "the partial result came without its design" }.into());
        };
        let mut work = self.work.take().unwrap_or_else(|| {
            let reader = |&variable: &usize| {
                let reader = Reader::new(Arc::clone(&plan.design), [variable], false);
                let tile = reader.tile();
                (variable, reader, tile)
            };
            Box::new(Work {
                response: Classes::new(&plan),
                predictors: plan.predictors.iter().map(reader).collect(),
                values: vec![0.0; TILE],
            })
        });
        let result = self.add(&plan, &mut work, block);
        self.work = Some(work);
        Ok(result?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        let mismatch = || Error::Mismatch { what: "they have different classes or predictors" };
        if self.classes.len() != later.classes.len() || self.predictors.len() != later.predictors.len() {
            return Err(mismatch().into());
        }
        self.valid += later.valid;
        self.missing += later.missing;
        self.classes.iter_mut().zip(&later.classes).for_each(|(own, later)| *own += later);
        for (own, later) in self.predictors.iter_mut().zip(&later.predictors) {
            match (own, later) {
                (PredictorCounts::Numbers(own), PredictorCounts::Numbers(later)) => {
                    own.iter_mut().zip(later).for_each(|(own, later)| own.merge_from(later));
                }
                (PredictorCounts::Levels(own), PredictorCounts::Levels(later)) => {
                    own.iter_mut().zip(later).for_each(|(own, later)| *own += later);
                }
                _ => return Err(mismatch().into()),
            }
        }
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let cells = self.predictors.iter().map(|predictor| match predictor {
            PredictorCounts::Numbers(cells) => cells.len() * size_of::<Moments>(),
            PredictorCounts::Levels(cells) => cells.len() * size_of::<u64>(),
        });
        cells.sum::<usize>() + 8 * self.classes.len() + 64
    }
}
