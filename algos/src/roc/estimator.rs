//! The passes of receiver operating characteristics.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::{Curve, Roc, RocCurves, RocOptions, sum};
use crate::design::{
    Design, Draft, Extras, Next, Outcome, Part, Stage, TILE, Tiles, VariableKind, columns_read,
};
use crate::runs::Runs;
use crate::{Error, Result};

/// What the pass works from.
pub struct RocPlan {
    design: Arc<Design>,
    /// The actual values, as a position in the design's variables, and the number that is negative; positive is one more.
    actual: (usize, f64),
    /// The predictions, as positions in the design's variables.
    predictions: Vec<usize>,
    thresholds: Vec<f64>,
    options: Arc<RocOptions>,
}

/// What is known of some rows.
#[derive(Serialize, Deserialize)]
pub struct RocSums {
    valid: u64,
    missing: u64,
    /// For each prediction and threshold the weights of negative and positive rows that reach it and not the next; those
    /// below all thresholds do not exist.
    bins: Vec<Vec<[f64; 2]>>,
    /// For each prediction the distinct values, where the exact area is asked for.
    ranks: Vec<Runs>,
    #[serde(skip)]
    plan: Option<Arc<RocPlan>>,
    #[serde(skip)]
    tiles: Tiles,
}

impl RocPlan {
    fn new(design: Design, options: Arc<RocOptions>) -> Result<Self> {
        let label = |variable: usize| design.variables[variable].label.clone();
        let actual = design.responses[0];
        let negative = match &design.variables[actual].kind {
            VariableKind::Codes { levels } if levels.len() > 2 => {
                return Err(Error::Variable {
                    variable: label(actual),
                    role: "the actual values",
                    reason: format!(
                        "it has {} levels; choose 0 and 1, a logical, or two levels",
                        levels.len()
                    ),
                });
            }
            VariableKind::Codes { .. } => 1.0,
            _ => 0.0,
        };
        let predictions: Vec<usize> = design.terms.iter().flat_map(|term| term.variables.clone()).collect();
        if let Some(&factor) = predictions.iter().find(|&&variable| design.is_factor(variable)) {
            return Err(Error::Variable {
                variable: label(factor),
                role: "a prediction",
                reason: "it is not numeric".into(),
            });
        }
        let last = options.num_breaks - 1;
        Ok(Self {
            actual: (actual, negative),
            predictions,
            thresholds: (0..=last).map(|k| k as f64 / last as f64).collect(),
            design: Arc::new(design),
            options,
        })
    }

    /// The last threshold that a prediction reaches.
    fn bin(&self, prediction: f64) -> usize {
        let last = self.thresholds.len() - 1;
        let mut bin = ((prediction * last as f64) as usize).min(last);
        // the product is rounded
        while prediction < self.thresholds[bin] {
            bin -= 1;
        }
        while bin < last && prediction >= self.thresholds[bin + 1] {
            bin += 1;
        }
        bin
    }

    fn wrong_actual(&self, value: f64, row: u64) -> Error {
        let variable = self.design.variables[self.actual.0].label.clone();
        Error::Response { variable, value, row, expected: "0 or 1" }
    }

    fn wrong_prediction(&self, variable: usize, value: f64, row: u64) -> Error {
        Error::Variable {
            variable: self.design.variables[variable].label.clone(),
            role: "a prediction",
            reason: format!(
                "it is {value} in row {}; predictions are probabilities, 0 to 1: predict with type 'response', or \
                 scale them",
                row.saturating_add(1)
            ),
        }
    }

    fn curves(&self, sums: RocSums) -> Result<RocCurves> {
        let design = &self.design;
        if sums.valid == 0 {
            return Err(Error::NoObservations { rows: sums.missing });
        }
        let [negatives, positives] = sums.bins.first().map_or([0.0; 2], |bins| sum(bins));
        let mut ranks = sums.ranks.into_iter();
        let curve = |(&variable, bins): (&usize, &Vec<[f64; 2]>)| {
            let name = design.variables[variable].label.clone();
            let mut curve = Curve::new(name, &self.thresholds, bins, self.options.remove_dups);
            curve.exact_auc = ranks.next().map(area);
            curve
        };
        let curves = self.predictions.iter().zip(&sums.bins).map(curve).collect();
        let actual = &design.variables[self.actual.0];
        let positive = match &actual.kind {
            VariableKind::Codes { levels } => levels.get(1).cloned(),
            _ => None,
        };
        Ok(RocCurves {
            actual: actual.label.clone(),
            positive,
            curves,
            valid_obs: sums.valid,
            missing_obs: sums.missing,
            positives,
            negatives,
            weights: design.weights.clone(),
            formula: design.formula.clone(),
        })
    }
}

impl RocSums {
    fn new(plan: &Arc<RocPlan>) -> Self {
        let each = plan.predictions.len();
        Self {
            valid: 0,
            missing: 0,
            bins: vec![vec![[0.0; 2]; plan.thresholds.len()]; each],
            ranks: vec![Runs::default(); if plan.options.exact { each } else { 0 }],
            plan: Some(Arc::clone(plan)),
            tiles: Tiles::new(&plan.design),
        }
    }

    fn ranks_fit(&self, plan: &RocPlan) -> Result<()> {
        Runs::fit(&self.ranks, plan.options.memory.0)
    }
}

/// The probability that a positive row is above a negative one, ties counting half, of predictions with the weights of
/// negative and positive rows.
fn area(ranks: Runs) -> f64 {
    let weights: Vec<[f64; 2]> = ranks.finish().into_iter().map(|(_, weights)| weights).collect();
    let [negatives, positives] = sum(&weights);
    let (mut below, mut area) = (0.0, 0.0);
    for [negative, positive] in weights {
        area += positive * (below + 0.5 * negative);
        below += negative;
    }
    area / positives / negatives
}

impl Accumulator for RocSums {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::Mismatch { what: "the partial result came without its design" }.into());
        };
        let mut tiles = std::mem::take(&mut self.tiles);
        let weighted = plan.design.weights.columns().next().is_some();
        let mut classes = [0_u8; TILE];
        let result = tiles.each(block, |tile, first| {
            self.valid += tile.kept as u64;
            self.missing += (tile.len - tile.kept) as u64;
            let (actual, negative) = plan.actual;
            let kept = |i: usize| tile.mask[i] != 0;
            for (i, &value) in tile.numbers[actual][..tile.len].iter().enumerate().filter(|(i, _)| kept(*i)) {
                classes[i] = match value - negative {
                    0.0 => 0,
                    1.0 => 1,
                    _ => return Err(plan.wrong_actual(value, first + i as u64)),
                };
            }
            for (position, &variable) in plan.predictions.iter().enumerate() {
                let bins = &mut self.bins[position];
                let numbers = &tile.numbers[variable][..tile.len];
                for (i, &prediction) in numbers.iter().enumerate().filter(|(i, _)| kept(*i)) {
                    if !(0.0..=1.0).contains(&prediction) {
                        return Err(plan.wrong_prediction(variable, prediction, first + i as u64));
                    }
                    let weight = if weighted { tile.weights[i] } else { 1.0 };
                    bins[plan.bin(prediction)][usize::from(classes[i])] += weight;
                    if let Some(ranks) = self.ranks.get_mut(position) {
                        let mut weights = [0.0, 0.0];
                        weights[usize::from(classes[i])] = weight;
                        ranks.add(prediction, weights);
                    }
                }
            }
            Ok(())
        });
        self.tiles = tiles;
        Ok(result.and_then(|()| self.ranks_fit(&plan))?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        let lengths = |sums: &Self| (sums.bins.iter().map(Vec::len).collect::<Vec<_>>(), sums.ranks.len());
        if lengths(self) != lengths(&later) {
            return Err(Error::Mismatch { what: "their predictions or thresholds differ" }.into());
        }
        self.valid += later.valid;
        self.missing += later.missing;
        for (bin, later) in self.bins.iter_mut().flatten().zip(later.bins.iter().flatten()) {
            *bin = [bin[0] + later[0], bin[1] + later[1]];
        }
        for (ranks, later) in self.ranks.iter_mut().zip(later.ranks) {
            ranks.merge(later);
        }
        match self.plan.clone() {
            Some(plan) => Ok(self.ranks_fit(&plan)?),
            None => Ok(()),
        }
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let bins: usize = self.bins.iter().map(Vec::len).sum();
        let ranks: usize = self.ranks.iter().map(Runs::size).sum();
        bins * size_of::<[f64; 2]>() + ranks + self.tiles.size()
    }
}

impl Estimator for Roc {
    type State = Stage<Arc<RocPlan>>;
    type Partial = Part<RocSums>;
    type Model = RocCurves;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, self.options.weights.columns())
    }

    fn start(&self, schema: &SchemaRef) -> Result<Self::State> {
        let extras = Extras { factor_responses: true, ..Extras::default() };
        let draft = Draft::with_extras(&self.formula, schema, &self.options.weights, &extras)?;
        Stage::start(draft, |design| self.plan(design))
    }

    fn partial(&self, state: &Self::State) -> Result<Self::Partial> {
        Ok(state.partial(RocSums::new))
    }

    fn step(
        &self,
        state: Self::State,
        sums: Outcome<RocSums>,
    ) -> Result<ControlFlow<RocCurves, Self::State>> {
        Ok(match state.step(sums, |design| self.plan(design))? {
            Next::Pass(stage) => ControlFlow::Continue(stage),
            Next::Sums(plan, sums) => ControlFlow::Break(plan.curves(sums)?),
        })
    }
}

impl Roc {
    fn plan(&self, design: Design) -> Result<Arc<RocPlan>> {
        Ok(Arc::new(RocPlan::new(design, Arc::clone(&self.options))?))
    }
}
