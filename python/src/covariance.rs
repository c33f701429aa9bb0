//! Covariances, correlations and cross products: the choices in, the matrix as JSON and text out.

use algos::covariance::{CovCor, CovCorOptions, MatrixKind};
use algos::design::Weights;
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::json;

use crate::error::Failure;
use crate::in_database;
use crate::run::Pass;
use crate::source::Source;

/// What [`cov_cor`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    pweights: Option<String>,
    fweights: Option<String>,
    keep_all: bool,
    variance_tolerance: f64,
    kind: String,
}

/// A matrix of the variables of a formula, as JSON and text.
#[pyfunction]
pub(crate) fn cov_cor(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    choices: &str,
    pass: Pass,
) -> PyResult<(String, String)> {
    let choices: Choices =
        serde_json::from_str(choices).map_err(|error| Failure::Value(error.to_string()))?;
    let kind: MatrixKind = serde_json::from_value(json!(choices.kind.to_lowercase()))
        .map_err(|_| Failure::Value(format!("type '{}': choose 'Cov', 'Cor' or 'SSCP'", choices.kind)))?;
    let options = CovCorOptions {
        weights: Weights { probability: choices.pweights, frequency: choices.fweights },
        keep_all: choices.keep_all,
        variance_tolerance: choices.variance_tolerance,
    };
    let estimator = CovCor::new(formula).map_err(Failure::from)?.with_options(options);
    let matrix = in_database::fit(py, source, &pass, &estimator)?;
    Ok((matrix.to_json(kind).to_string(), matrix.render(kind)))
}
