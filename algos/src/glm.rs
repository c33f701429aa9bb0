//! Generalized linear models: `rxLogit`, `rx_logit`, `rxGlm`.
//!
//! Maximum likelihood by iteratively reweighted least squares: every iteration is a weighted linear regression of a
//! working response ([`working`](self)), whose cross products a pass adds up as those of [`crate::linear`] are, on all threads
//! and in the order of the rows. Coefficients are dropped, ordered and named as there.
//!
//! # Passes
//! One before all others when levels or ranges are not known. The first collapses rows of equal designs into cells
//! (`cells.rs`); when that succeeds there is no other pass, and all iterations run in memory. When it does not, the same
//! pass has made the first step already, and there is one pass for each further evaluation.
//!
//! # What is reported
//! An iteration that ended without converging, or whose maximum is at infinity because some terms predict a binary
//! response without fault, gives a model that says so ([`GlmModel::converged`], [`GlmModel::separated`]).

mod asked;
mod cells;
mod check;
mod estimator;
mod family;
mod fitting;
mod inference;
mod irls;
mod json;
mod keys;
mod link;
mod pass;
mod predict;
mod print;
mod response;
mod scalars;
mod steps;
mod working;

use serde::{Deserialize, Serialize};

use crate::design::{Design, LabelStyle, Weights};
use crate::linear::{CountTable, FStatistics, LinModOptions, Partitions};
use crate::stepwise::{Path, StepControl};

pub use estimator::{Glm, GlmPartial, GlmState, GlmSums};
pub use family::{FAMILIES, Family, Variance};
pub use link::{LINKS, Link};

/// The kinds of these models in files.
pub(crate) const KINDS: [&str; 2] = ["glm", "logit"];

/// Where an iteration starts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Initial {
    /// As RevoScaleR does: logistic regression from a linear regression of the response, others from the responses.
    #[default]
    Usual,
    /// From means near the responses, as R's `glm`.
    Response,
    /// From these coefficients, one for each column of the design (NaN counts as 0), or one number for all.
    Values(Vec<f64>),
}

/// How a generalized linear model is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GlmOptions {
    /// The distribution of the response.
    pub family: Family,
    /// The link, `None` for the family's own.
    pub link: Option<Link>,
    /// The columns that weigh the rows.
    pub weights: Weights,
    /// A column that is added to the linear predictor.
    pub offset: Option<String>,
    /// Solve for the cells of the first term by a partitioned inverse, without an intercept.
    pub cube: bool,
    /// With `cube`: predict every cell at the means of the other columns, without an offset.
    pub cube_predictions: bool,
    /// Select terms, starting from the formula's (not with `cube`).
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
    /// Where to start.
    pub initial_values: Initial,
    /// The most iterations.
    pub max_iterations: u32,
    /// The largest change of a coefficient, relative to the largest coefficient, that ends the iteration.
    pub coefficient_tolerance: f64,
    /// The change of the deviance, relative to it, that ends the iteration.
    pub objective_function_tolerance: f64,
    /// Bytes that cells may take in a worker; 0 to work by rows.
    pub cells: usize,
}

impl Default for GlmOptions {
    fn default() -> Self {
        Self {
            family: Family::Gaussian,
            link: None,
            weights: Weights::default(),
            offset: None,
            cube: false,
            cube_predictions: false,
            variable_selection: None,
            drop_first: false,
            drop_main: true,
            cov_coef: false,
            cov_data: false,
            labels: LabelStyle::default(),
            initial_values: Initial::default(),
            max_iterations: 25,
            coefficient_tolerance: 1e-6,
            objective_function_tolerance: 1e-8,
            cells: 16 << 20,
        }
    }
}

impl From<LinModOptions> for GlmOptions {
    /// The choices that linear models have, too; the others as usual.
    fn from(options: LinModOptions) -> Self {
        let LinModOptions { weights, cube, cube_predictions, variable_selection, drop_first, .. } = options;
        let LinModOptions { drop_main, cov_coef, cov_data, labels, .. } = options;
        Self {
            weights,
            cube,
            cube_predictions,
            variable_selection,
            drop_first,
            drop_main,
            cov_coef,
            cov_data,
            labels,
            ..Self::default()
        }
    }
}

/// A fitted generalized linear model of P coefficients.
///
/// Numbers that do not exist are NaN: coefficients that were dropped, standard errors without residual degrees of freedom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GlmModel {
    /// The variables and terms.
    pub design: Design,
    /// The options of the fit.
    pub params: GlmOptions,
    /// Whether it was fitted as a logistic regression.
    pub logit: bool,
    /// The link.
    pub link: Link,
    /// The call, as it is printed.
    #[serde(default)]
    pub call: Option<String>,
    /// The data source, as it is printed.
    #[serde(default)]
    pub data: Option<String>,
    /// The name of the response.
    pub y_names: Vec<String>,
    /// The level that counts as 1, where the response is a factor.
    pub event: Option<String>,
    /// P names.
    pub coefficient_names: Vec<String>,
    /// P.
    pub coefficients: Vec<f64>,
    /// P: whether a coefficient was dropped.
    pub aliased: Vec<bool>,
    /// P: whether any observation had the coefficient's cell.
    pub observed: Vec<bool>,
    /// P.
    pub coef_std_error: Vec<f64>,
    /// P: coefficients over their standard errors.
    pub coef_t_value: Vec<f64>,
    /// P: two-sided, of the normal distribution for the binomial family, else of t on the residual degrees of freedom.
    pub coef_p_value: Vec<f64>,
    /// P × P, by rows, NaN for dropped coefficients.
    pub cov_coef: Option<Vec<f64>>,
    /// Covariances of the columns other than the intercept, by rows.
    #[serde(default)]
    pub cov_data: Option<Vec<f64>>,
    /// The 1-norm condition number of the kept columns' weighted and centred cross product, scaled to a unit diagonal.
    pub condition_number: f64,
    /// How many coefficients were kept.
    pub rank: usize,
    /// The residual deviance; for 0 and 1 minus twice the log likelihood.
    pub deviance: f64,
    /// The deviance of the model of only an intercept and the offset.
    pub null_deviance: f64,
    /// Pearson's statistic.
    pub pearson: f64,
    /// The dispersion: 1 for binomial and Poisson, else Pearson's statistic over the residual degrees of freedom.
    pub dispersion: f64,
    /// Akaike's criterion as R counts it; NaN for families without a likelihood.
    pub aic: f64,
    /// The rank, the residual degrees of freedom, and P.
    pub df: [f64; 3],
    /// The degrees of freedom of the null deviance.
    pub df_null: f64,
    /// The test of the deviances against the model of only an intercept, if there is more.
    pub fstatistics: Option<FStatistics>,
    /// Its p value.
    pub f_pvalue: f64,
    /// How often the equations were solved, the start left out.
    pub iterations: u32,
    /// Whether the tolerances were reached.
    pub converged: bool,
    /// Whether the maximum of a binary response's likelihood seems to be at infinity.
    pub separated: bool,
    /// How many different designs the rows were collapsed into, where they were.
    pub cells: Option<u64>,
    /// The cells that were solved for by a partitioned inverse.
    pub partitions: Option<Partitions>,
    /// Counts by cell of a cube.
    pub count_df: Option<CountTable>,
    /// How the terms were selected, where they were.
    #[serde(default)]
    pub anova: Option<Path>,
    /// Rows without missing values.
    pub n_valid_obs: u64,
    /// Rows with a missing value.
    pub n_missing_obs: u64,
    /// Observations: rows of positive weight, or the sum of their frequencies.
    pub n_observations: f64,
}

impl GlmModel {
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

    /// A coefficient by name; `None` if there is none of this name or it was dropped.
    pub fn coefficient(&self, name: &str) -> Option<f64> {
        let position = self.coefficient_names.iter().position(|known| known == name)?;
        self.coefficients.get(position).copied().filter(|value| !value.is_nan())
    }

    /// How many coefficients were dropped.
    pub fn dropped(&self) -> usize {
        self.aliased.iter().filter(|&&aliased| aliased).count()
    }

    /// Whether coefficients are tested by the normal distribution, as RevoScaleR does for the binomial family alone.
    fn is_tested_by_normal(family: Family) -> bool {
        family == Family::Binomial
    }
}
