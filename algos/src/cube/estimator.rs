//! The passes of a cube.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::Estimator;
use engine::aggregate::{Aggregated, Server};
use engine::formula::Formula;

use super::{CellTable, Factor};
use crate::design::{Design, Draft, Weights, columns_read};
use crate::gram::Gram;
use crate::gram::by_cell::ByCell;
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
    let ByCell { numbers, weights: counts, responses, shifts } = ByCell::new(plan, &gram.totals)?;
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
    // sums within cells are of responses less a shift, which goes back once for each count
    let by_cell = |of: fn(f64, f64, f64) -> f64| -> Vec<Vec<f64>> {
        let cells = |(sums, &shift): (&Vec<f64>, &f64)| {
            counts.iter().zip(sums).map(|(&count, &sum)| of(count, sum, shift)).collect()
        };
        responses.iter().zip(&shifts).map(cells).collect()
    };
    Ok(CellTable {
        formula: design.formula.clone(),
        weights: design.weights.clone(),
        factors,
        numbers,
        responses: design.response_names(),
        sums: by_cell(|count, sum, shift| sum + count * shift),
        means: by_cell(|count, sum, shift| sum / count + shift),
        counts,
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

impl Aggregated for Cube {
    fn gather(&self, state: &GramState, server: &mut dyn Server) -> Result<GramPartial> {
        state.gather(server)
    }
}
