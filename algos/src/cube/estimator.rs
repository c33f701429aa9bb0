//! The passes of a cube.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::Estimator;
use engine::formula::Formula;

use super::{CellTable, Factor};
use crate::design::{Design, Draft, Weights, columns_read};
use crate::gram::Gram;
use crate::gram::normal::{Normal, Partition};
use crate::gram::passes::{GramPartial, GramState, GramSums};
use crate::gram::plan::Plan;
use crate::{Error, Result};

/// The cells of a formula.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// use algos::cube::Cube;
/// let source = engine::source::open("flights.xdf")?;
/// let estimator = Cube::new("ArrDelay ~ DayOfWeek:F(CRSDepTime)")?;
/// let cells = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{:?} {} {}", cells.levels(0), cells.counts[0], cells.means[0][0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Cube {
    formula: Formula,
    weights: Weights,
}

impl Cube {
    /// The cells of a formula given as text, without weights.
    ///
    /// # Errors
    /// When the text is no formula, or has no term or several.
    pub fn new(formula: &str) -> Result<Self> {
        let formula = Formula::parse(formula).map_err(engine::Error::from)?;
        if !formula.dot && formula.terms.len() != 1 {
            return Err(not_one_term(&formula.text));
        }
        Ok(Self { formula, weights: Weights::default() })
    }

    /// Whether the formula has a response, without which there are only counts.
    pub fn has_response(&self) -> bool {
        !self.formula.response.is_empty()
    }

    /// The same with weighted rows: counts are sums of weights.
    #[must_use]
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }
}

fn not_one_term(formula: &str) -> Error {
    Error::Formula {
        formula: formula.to_owned(),
        reason: "cells need one term of factors; join them by colons: y ~ A:B:F(x)".into(),
    }
}

fn plan(design: Design) -> Result<Arc<Plan>> {
    let [term] = design.terms.as_slice() else { return Err(not_one_term(&design.formula)) };
    if let Some(variable) = design.numbers(term).next() {
        return Err(Error::Variable {
            variable: design.variables[variable].label.clone(),
            role: "a factor of cells",
            reason: "it is numeric; write F(x) for a level for each integer".into(),
        });
    }
    Ok(Arc::new(Plan::new(Arc::new(design))?))
}

fn cells(plan: &Plan, gram: &Gram) -> Result<CellTable> {
    let design = &plan.design;
    let normal = Normal::new(plan, &gram.totals, Partition::FirstTerm)?;
    let factors = design
        .terms
        .iter()
        .flat_map(|term| design.factors(term))
        .map(|variable| {
            let variable = &design.variables[variable];
            let levels = (0..variable.kind.cells()).map(|code| variable.kind.level(code)).collect();
            Factor { name: variable.label.clone(), levels }
        })
        .collect();
    let r = plan.responses.len();
    // sums within cells are of responses less a shift, which goes back once for each count
    let by_cell = |response: usize, of: fn(f64, f64, f64) -> f64| -> Vec<f64> {
        let shift = normal.response_shifts[response];
        let shifted = normal.cell_responses.iter().skip(response).step_by(r);
        normal.cells.iter().zip(shifted).map(|(&count, &sum)| of(count, sum, shift)).collect()
    };
    Ok(CellTable {
        formula: design.formula.clone(),
        weights: design.weights.clone(),
        factors,
        responses: design.response_names(),
        sums: (0..r).map(|i| by_cell(i, |count, sum, shift| sum + count * shift)).collect(),
        means: (0..r).map(|i| by_cell(i, |count, sum, shift| sum / count + shift)).collect(),
        counts: normal.cells,
        valid_obs: gram.totals.valid,
        missing_obs: gram.totals.missing,
    })
}

impl Estimator for Cube {
    type State = GramState;
    type Partial = GramPartial;
    type Model = CellTable;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, self.weights.columns())
    }

    fn start(&self, schema: &SchemaRef) -> Result<GramState> {
        GramState::of(Draft::new(&self.formula, schema, &self.weights)?, plan)
    }

    fn partial(&self, state: &GramState) -> Result<GramPartial> {
        Ok(state.gram())
    }

    fn step(&self, state: GramState, sums: GramSums) -> Result<ControlFlow<CellTable, GramState>> {
        state.step_gram(sums, plan, cells)
    }
}
