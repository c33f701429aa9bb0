//! Receiver operating characteristics: columns and choices in, the curves as JSON out.

use algos::design::Weights;
use algos::roc::{Roc, RocOptions};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::error::Failure;
use crate::run::Pass;
use crate::source::Source;

/// What [`roc`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    num_breaks: usize,
    remove_dups: bool,
    exact: bool,
    pweights: Option<String>,
    fweights: Option<String>,
}

/// The characteristics of predictions, as JSON.
#[pyfunction]
pub(crate) fn roc(
    py: Python<'_>,
    source: &Source,
    actual: &str,
    predictions: Vec<String>,
    choices: &str,
    pass: Pass,
) -> PyResult<String> {
    let choices: Choices =
        serde_json::from_str(choices).map_err(|error| Failure::Value(error.to_string()))?;
    let options = RocOptions {
        num_breaks: choices.num_breaks,
        remove_dups: choices.remove_dups,
        exact: choices.exact,
        weights: Weights { probability: choices.pweights, frequency: choices.fweights },
        ..RocOptions::default()
    };
    let estimator = Roc::new(actual, &predictions, options).map_err(Failure::from)?;
    let found = pass.run(py, |pass, monitor| {
        Ok(engine::fit(&estimator, source.inner.as_ref(), &pass.scan(monitor), &pass.executor())?)
    })?;
    Ok(found.to_json().to_string())
}
