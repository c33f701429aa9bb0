//! Linear regression: `rxLinMod`, `rx_lin_mod`.
//!
//! One pass adds up cross products ([`crate::gram`]); `solve.rs` factors them. A pass goes before it when levels or
//! ranges are not known from the schema.
//!
//! # Which coefficients there are
//! Every cell of every term has one, in the order of writing. Columns that depend on others are `Dropped`, and which
//! ones is decided by an order of priority: a column is kept unless it depends on columns kept before it. The intercept
//! comes first; of a factor the last level comes last, so that it is the reference (the first with `drop_first`, and
//! also when the last level has no observations); interactions come before the main effects in them (`drop_main`),
//! so that main effects are dropped and cells keep their coefficients.
//!
//! # Cube
//! With `cube` the first term must be categorical. It has no intercept then, and all its cells have coefficients; they
//! are solved for by a partitioned inverse. Main effects are not dropped before interactions in a cube.
//!
//! # Selection of terms
//! With `variable_selection` the sums are those of all terms of the scope, and every model of the search solves a part of
//! their equations (`steps.rs`): the search does not read the data.
//!
//! # Weights
//! Probability weights scale sums and leave the number of observations alone; rows of weight 0 count as valid but not
//! as observations. Frequency weights are numbers of observations. The residual degrees of freedom follow.

mod check;
mod estimator;
mod factor;
pub(crate) mod inference;
mod json;
pub(crate) mod partition;
mod predict;
mod print;
mod solve;
mod steps;

use serde::{Deserialize, Serialize};

use crate::design::{Design, LabelStyle, Weights};
use crate::stepwise::{Path, StepControl};

pub use estimator::LinMod;
pub(crate) use estimator::lay_out;

/// The kind of these models in files.
pub(crate) const KIND: &str = "lin_mod";

/// How a linear model is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinModOptions {
    /// The columns that weigh the rows.
    pub weights: Weights,
    /// Solve for the cells of the first term by a partitioned inverse, without an intercept.
    pub cube: bool,
    /// With `cube`: predict every cell at the means of the other columns.
    pub cube_predictions: bool,
    /// Select terms, starting from the formula's (one response, not with `cube`).
    pub variable_selection: Option<StepControl>,
    /// The first level of a factor is the reference, not the last.
    pub drop_first: bool,
    /// Main effects are dropped before their interactions.
    pub drop_main: bool,
    /// Keep the covariance matrix of the coefficients, which standard errors of predictions need (not with `cube`).
    pub cov_coef: bool,
    /// Keep the covariance matrix of the columns (needs an intercept, not with `cube`).
    pub cov_data: bool,
    /// How coefficients are named.
    pub labels: LabelStyle,
}

impl Default for LinModOptions {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            cube: false,
            cube_predictions: false,
            variable_selection: None,
            drop_first: false,
            drop_main: true,
            cov_coef: false,
            cov_data: false,
            labels: LabelStyle::default(),
        }
    }
}

/// A fitted linear model. P coefficients, N responses; numbers by response and then by coefficient.
///
/// Numbers that do not exist are NaN: coefficients that were dropped, standard errors without residual degrees of freedom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinModModel {
    /// The variables and terms.
    pub design: Design,
    /// The options of the fit.
    pub params: LinModOptions,
    /// The call, as it is printed.
    #[serde(default)]
    pub call: Option<String>,
    /// The data source, as it is printed.
    #[serde(default)]
    pub data: Option<String>,
    /// N names.
    pub y_names: Vec<String>,
    /// P names.
    pub coefficient_names: Vec<String>,
    /// N × P.
    pub coefficients: Vec<Vec<f64>>,
    /// P: whether a coefficient was dropped.
    pub aliased: Vec<bool>,
    /// P: whether any observation had the coefficient's cell.
    pub observed: Vec<bool>,
    /// N × P.
    pub coef_std_error: Vec<Vec<f64>>,
    /// N × P.
    pub coef_t_value: Vec<Vec<f64>>,
    /// N × P.
    pub coef_p_value: Vec<Vec<f64>>,
    /// P × P, by rows, NaN for dropped coefficients; for one response.
    pub cov_coef: Option<Vec<f64>>,
    /// Covariances of the columns other than the intercept, by rows.
    pub cov_data: Option<Vec<f64>>,
    /// The 1-norm condition number of the kept columns' centred cross product, scaled to a unit diagonal.
    pub condition_number: f64,
    /// How many coefficients were kept.
    pub rank: usize,
    /// N: sums of squared residuals.
    pub residual_squares: Vec<f64>,
    /// N: sums of squares of the responses.
    pub total_squares: Vec<f64>,
    /// N: sums of squares of the responses about their means.
    pub y_var: Vec<f64>,
    /// N: residual standard errors.
    pub sigma: Vec<f64>,
    /// N: residual variances.
    pub residual_variance: Vec<f64>,
    /// N.
    pub r_squared: Vec<f64>,
    /// N.
    pub adj_r_squared: Vec<f64>,
    /// The test against the model of only an intercept, if there is more.
    pub fstatistics: Option<FStatistics>,
    /// N.
    pub f_pvalue: Vec<f64>,
    /// The rank, the residual degrees of freedom, and P.
    pub df: [f64; 3],
    /// The cells that were solved for by a partitioned inverse.
    pub partitions: Option<Partitions>,
    /// Counts by cell of a cube.
    pub count_df: Option<CountTable>,
    /// Rows without missing values.
    pub n_valid_obs: u64,
    /// Rows with a missing value.
    pub n_missing_obs: u64,
    /// Observations: rows of positive weight, or the sum of their frequencies.
    pub n_observations: f64,
    /// N: minus twice the maximal log likelihood up to a constant, which is the sum of squared residuals.
    pub deviance: Vec<f64>,
    /// How the terms were selected, where they were.
    #[serde(default)]
    pub anova: Option<Path>,
}

/// F tests of all coefficients but the intercept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FStatistics {
    /// N values.
    pub value: Vec<f64>,
    /// Degrees of freedom of the numerator.
    pub numdf: f64,
    /// Degrees of freedom of the denominator.
    pub dendf: f64,
}

/// The term whose cells a cube was solved for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Partitions {
    /// The term as in the formula.
    pub term: String,
    /// Its cells.
    pub cells: usize,
}

/// The cells of a cube: the levels, predictions where there are any, counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CountTable {
    /// The factors.
    pub factors: Vec<String>,
    /// For each cell the levels of the factors.
    pub levels: Vec<Vec<String>>,
    /// N × cells: cell means, or predictions at the means of the other columns.
    pub means: Option<Vec<Vec<f64>>>,
    /// The weight of each cell; the number of rows without weights.
    pub counts: Vec<f64>,
}

impl LinModModel {
    /// The model with the call that is printed with it.
    #[must_use]
    pub fn with_call(mut self, call: impl Into<String>) -> Self {
        self.call = Some(call.into());
        self
    }

    /// The model with the name of the data that is printed with it.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<String>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// A coefficient of the first response by name; `None` if there is none of this name or it was dropped.
    pub fn coefficient(&self, name: &str) -> Option<f64> {
        let position = self.coefficient_names.iter().position(|known| known == name)?;
        self.coefficients.first()?.get(position).copied().filter(|value| !value.is_nan())
    }

    /// How many coefficients were dropped.
    pub fn dropped(&self) -> usize {
        self.aliased.iter().filter(|&&aliased| aliased).count()
    }
}
