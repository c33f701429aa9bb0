//! Histograms and Lorenz curves: the choices in, JSON and text out.

use algos::design::Weights;
use algos::histogram::{HistogramOptions, histogram as count};
use algos::lorenz::{LorenzOptions, lorenz as add_up};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::error::Failure;
use crate::run::Pass;
use crate::source::Source;

/// What [`histogram`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bins {
    num_breaks: Option<usize>,
    start: Option<f64>,
    end: Option<f64>,
    levels_to_keep: Vec<String>,
    levels_to_drop: Vec<String>,
    max_panels: usize,
    pweights: Option<String>,
    fweights: Option<String>,
}

/// A histogram, as JSON.
#[pyfunction]
pub(crate) fn histogram(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    choices: &str,
    pass: Pass,
) -> PyResult<String> {
    let choices: Bins = serde_json::from_str(choices).map_err(|error| Failure::Value(error.to_string()))?;
    let options = HistogramOptions {
        num_breaks: choices.num_breaks,
        start: choices.start,
        end: choices.end,
        levels_to_keep: choices.levels_to_keep,
        levels_to_drop: choices.levels_to_drop,
        max_panels: choices.max_panels,
        weights: Weights { probability: choices.pweights, frequency: choices.fweights },
    };
    let found = pass.run(py, |pass, monitor| {
        Ok(count(formula, source.inner.as_ref(), &options, &pass.scan(monitor), &pass.executor())?)
    })?;
    Ok(found.to_json().to_string())
}

/// What [`lorenz`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Curve {
    order: String,
    value: String,
    num_breaks: usize,
    exact: bool,
    pweights: Option<String>,
    fweights: Option<String>,
}

/// A Lorenz curve, as JSON.
#[pyfunction]
pub(crate) fn lorenz(py: Python<'_>, source: &Source, choices: &str, pass: Pass) -> PyResult<String> {
    let choices: Curve = serde_json::from_str(choices).map_err(|error| Failure::Value(error.to_string()))?;
    let options = LorenzOptions {
        num_breaks: choices.num_breaks,
        exact: choices.exact,
        weights: Weights { probability: choices.pweights, frequency: choices.fweights },
        ..LorenzOptions::default()
    };
    let found = pass.run(py, |pass, monitor| {
        let (scan, executor) = (pass.scan(monitor), pass.executor());
        Ok(add_up(&choices.order, &choices.value, source.inner.as_ref(), &options, &scan, &executor)?)
    })?;
    Ok(found.to_json().to_string())
}
