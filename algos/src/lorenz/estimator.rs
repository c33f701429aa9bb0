//! The passes of a Lorenz curve.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::formula::Formula;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::{Lorenz, LorenzOptions, curve};
use crate::design::{Design, Draft, Next, Outcome, Part, Stage, Tiles, columns_read};
use crate::histogram::Breaks;
use crate::runs::Runs;
use crate::{Error, Result};

/// Adds up values in bins of the variable that orders them.
pub(super) struct Adding<'a> {
    pub(super) formula: Formula,
    pub(super) breaks: Breaks,
    pub(super) options: &'a LorenzOptions,
}

/// What the pass works from.
pub(super) struct Plan {
    design: Arc<Design>,
    order: usize,
    value: usize,
    breaks: Breaks,
    exact: bool,
    memory: Option<usize>,
}

/// What is known of some rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Sums {
    valid: u64,
    missing: u64,
    /// For each bin the weight and the sum of the values.
    bins: Vec<[f64; 2]>,
    /// The same for each value of the ordering variable, where the exact coefficient is asked for.
    runs: Option<Runs>,
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    #[serde(skip)]
    tiles: Tiles,
}

impl Sums {
    fn new(plan: &Arc<Plan>) -> Self {
        Self {
            valid: 0,
            missing: 0,
            bins: vec![[0.0; 2]; plan.breaks.bins],
            runs: plan.exact.then(Runs::default),
            plan: Some(Arc::clone(plan)),
            tiles: Tiles::new(&plan.design),
        }
    }

    fn fits(&self) -> Result<()> {
        let budget = self.plan.as_ref().and_then(|plan| plan.memory);
        Runs::fit(&self.runs, budget)
    }
}

impl Accumulator for Sums {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::Mismatch { what: "the partial result came without its design" }.into());
        };
        let mut tiles = std::mem::take(&mut self.tiles);
        let weighted = plan.design.weights.columns().next().is_some();
        let result = tiles.each(block, |tile, _| {
            self.valid += tile.kept as u64;
            self.missing += (tile.len - tile.kept) as u64;
            for row in (0..tile.len).filter(|&row| tile.mask[row] != 0) {
                let weight = if weighted { tile.weights[row] } else { 1.0 };
                let (order, value) = (tile.numbers[plan.order][row], tile.numbers[plan.value][row]);
                let not_finite = |variable: usize| {
                    let variable = plan.design.variables[variable].label.clone();
                    Err(Error::NotFinite { variable })
                };
                if !value.is_finite() {
                    return not_finite(plan.value);
                }
                let Some(bin) = plan.breaks.bin(order) else { return not_finite(plan.order) };
                let sums = [weight, weight * value];
                self.bins[bin] = [self.bins[bin][0] + sums[0], self.bins[bin][1] + sums[1]];
                if let Some(runs) = &mut self.runs {
                    runs.add(order, sums);
                }
            }
            Ok(())
        });
        self.tiles = tiles;
        Ok(result.and_then(|()| self.fits())?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        if self.bins.len() != later.bins.len() || self.runs.is_some() != later.runs.is_some() {
            return Err(Error::Mismatch { what: "their bins differ" }.into());
        }
        self.valid += later.valid;
        self.missing += later.missing;
        for (own, later) in self.bins.iter_mut().zip(&later.bins) {
            *own = [own[0] + later[0], own[1] + later[1]];
        }
        if let (Some(own), Some(later)) = (&mut self.runs, later.runs) {
            own.merge(later);
        }
        Ok(self.fits()?)
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let runs = self.runs.as_ref().map_or(0, Runs::size);
        self.bins.len() * size_of::<[f64; 2]>() + runs + self.tiles.size()
    }
}

impl Adding<'_> {
    fn plan(&self, design: Design) -> Result<Arc<Plan>> {
        let order = design.terms.first().and_then(|term| term.variables.first());
        let (Some(&order), Some(&value)) = (order, design.responses.first()) else {
            return Err(Error::Mismatch { what: "the design is no Lorenz curve's" });
        };
        Ok(Arc::new(Plan {
            design: Arc::new(design),
            order,
            value,
            breaks: self.breaks,
            exact: self.options.exact,
            memory: self.options.memory.0,
        }))
    }
}

impl Estimator for Adding<'_> {
    type State = Stage<Arc<Plan>>;
    type Partial = Part<Sums>;
    type Model = Lorenz;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, self.options.weights.columns())
    }

    fn start(&self, schema: &SchemaRef) -> Result<Self::State> {
        Stage::start(Draft::new(&self.formula, schema, &self.options.weights)?, |design| self.plan(design))
    }

    fn partial(&self, state: &Self::State) -> Result<Self::Partial> {
        Ok(state.partial(Sums::new))
    }

    fn step(&self, state: Self::State, sums: Outcome<Sums>) -> Result<ControlFlow<Lorenz, Self::State>> {
        let (plan, sums) = match state.step(sums, |design| self.plan(design))? {
            Next::Pass(stage) => return Ok(ControlFlow::Continue(stage)),
            Next::Sums(plan, sums) => (plan, sums),
        };
        if sums.valid == 0 {
            return Err(Error::NoObservations { rows: sums.missing });
        }
        let percent = |shares: Vec<f64>| shares.iter().map(|share| 100.0 * share).collect();
        let (rows, values, gini) = curve(sums.bins.iter().copied());
        let exact = sums.runs.map(|runs| curve(runs.finish().iter().map(|(_, sums)| *sums)).2);
        let label = |variable: usize| plan.design.variables[variable].label.clone();
        Ok(ControlFlow::Break(Lorenz {
            order: label(plan.order),
            value: label(plan.value),
            percent: percent(rows),
            cum_vals: percent(values),
            gini,
            exact_gini: exact,
            total: sums.bins.iter().map(|bin| bin[1]).sum(),
            valid_obs: sums.valid,
            missing_obs: sums.missing,
            weights: plan.design.weights.clone(),
        }))
    }
}
