//! The passes of a covariance matrix.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::Estimator;
use engine::aggregate::{Aggregated, Server};
use engine::formula::Formula;

use super::{CovCorMatrix, CovCorOptions};
use crate::design::{Design, Draft, LabelStyle, columns_read};
use crate::gram::Gram;
use crate::gram::normal::{Normal, Partition};
use crate::gram::passes::{GramPartial, GramState, GramSums};
use crate::gram::plan::Plan;
use crate::linear::inference::with_fit;
use crate::linear::{LinModOptions, lay_out};
use crate::{Error, Result};

/// The covariance matrix of the variables of a formula.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// use algos::covariance::{CovCor, MatrixKind};
/// let source = engine::source::open("flights.xdf")?;
/// let estimator = CovCor::new("~ ArrDelay + DepDelay + Distance")?;
/// let matrix = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{}", matrix.render(MatrixKind::Cor));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CovCor {
    formula: Formula,
    options: CovCorOptions,
}

impl CovCor {
    /// The matrix of a formula given as text, with default options.
    ///
    /// # Errors
    /// When the text is no formula, has a response or leaves the constant out.
    pub fn new(formula: &str) -> Result<Self> {
        let formula = Formula::parse(formula).map_err(engine::Error::from)?;
        let wrong =
            |reason: &str| Error::Formula { formula: formula.text.clone(), reason: reason.to_owned() };
        if !formula.response.is_empty() {
            return Err(wrong("covariances have no response; write ~ terms"));
        }
        if !formula.intercept {
            return Err(wrong("covariances are about the means; leave - 1 out"));
        }
        Ok(Self { formula, options: CovCorOptions::default() })
    }

    /// The same with these options.
    #[must_use]
    pub fn with_options(mut self, options: CovCorOptions) -> Self {
        self.options = options;
        self
    }

    /// What `finish` makes of the design and the matrix, or the next pass.
    pub(crate) fn step_with<M>(
        &self,
        state: GramState,
        sums: GramSums,
        finish: impl FnOnce(&Design, CovCorMatrix) -> Result<M>,
    ) -> Result<ControlFlow<M, GramState>> {
        state.step_gram(sums, plan, |plan, gram| finish(&plan.design, self.matrix(plan, gram)?))
    }

    fn matrix(&self, plan: &Plan, gram: &Gram) -> Result<CovCorMatrix> {
        let design: &Design = &plan.design;
        let normal = Normal::new(plan, &gram.totals, Partition::Intercept)?;
        let names: Vec<String> =
            design.terms.iter().flat_map(|term| design.labels(term, LabelStyle::Revo)).collect();
        let weight = normal.total;
        let rows = gram.totals.observations;
        let per_square = match self.options.weights.probability {
            Some(_) => rows / (rows - 1.0) / weight,
            None => 1.0 / (weight - 1.0),
        };
        // Of one row there is no variance, and not an infinite or a negative one.
        let per_square = if per_square > 0.0 && per_square.is_finite() { per_square } else { f64::NAN };
        let dependent = if self.options.keep_all {
            vec![false; names.len()]
        } else {
            with_fit(plan, gram, &all_columns(), |fit| fit.aliased().split_off(1))?
        };
        let p = names.len();
        let constant = |i: usize| normal.schur[i * p + i] * per_square <= self.options.variance_tolerance;
        let (out, kept): (Vec<usize>, Vec<usize>) = (0..p).partition(|&i| constant(i) || dependent[i]);
        let pick = |i: usize| kept.iter().map(move |&j| (i, j));
        let centred: Vec<f64> =
            kept.iter().flat_map(|&i| pick(i)).map(|(i, j)| normal.schur[i * p + j]).collect();
        Ok(CovCorMatrix {
            means: kept.iter().map(|&i| normal.means[i]).collect(),
            covariances: centred.iter().map(|s| s * per_square).collect(),
            centred,
            dropped: out.iter().map(|&i| names[i].clone()).collect(),
            names: kept.iter().map(|&i| names[i].clone()).collect(),
            valid_obs: gram.totals.valid,
            missing_obs: gram.totals.missing,
            sum_of_weights: weight,
        })
    }
}

fn plan(design: Design) -> Result<Arc<Plan>> {
    lay_out(design, &all_columns())
}

/// A regression with a matrix of all columns.
fn all_columns() -> LinModOptions {
    LinModOptions { cov_data: true, ..LinModOptions::default() }
}

impl Estimator for CovCor {
    type State = GramState;
    type Partial = GramPartial;
    type Model = CovCorMatrix;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, self.options.weights.columns())
    }

    fn start(&self, schema: &SchemaRef) -> Result<GramState> {
        GramState::of(Draft::new(&self.formula, schema, &self.options.weights)?, plan)
    }

    fn partial(&self, state: &GramState) -> Result<GramPartial> {
        Ok(state.gram())
    }

    fn step(&self, state: GramState, sums: GramSums) -> Result<ControlFlow<CovCorMatrix, GramState>> {
        self.step_with(state, sums, |_, matrix| Ok(matrix))
    }
}

impl Aggregated for CovCor {
    fn gather(&self, state: &GramState, server: &mut dyn Server) -> Result<GramPartial> {
        state.gather(server)
    }
}
