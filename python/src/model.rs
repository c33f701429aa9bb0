//! What the classes of all kinds of models share: their bytes, their cells as JSON, and the pass that fits them.

use algos::linear::{CountTable, Partitions};
use algos::model::Model;
use algos::stepwise::Path;
use engine::Estimator;
use engine::aggregate::Aggregated;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::in_database;
use crate::run::Pass;
use crate::source::Source;

/// A model of the kind that `what` names, from its envelope.
pub(crate) fn from_bytes<M: Model + Clone + 'static>(data: &[u8], what: &str) -> Result<M, Failure> {
    let model = algos::model::from_bytes(data, "the bytes of a model")?;
    match model.as_any().downcast_ref::<M>() {
        Some(model) => Ok(model.clone()),
        None => Err(Failure::Value(format!("a model of kind '{}' is not a {what}", model.kind()))),
    }
}

/// A model in its envelope, which later releases read.
pub(crate) fn to_bytes<'py>(model: &dyn Model, py: Python<'py>) -> Result<Bound<'py, PyBytes>, Failure> {
    Ok(PyBytes::new(py, &algos::model::to_bytes(model)?))
}

/// The cells of a cube.
pub(crate) fn count_df(table: Option<&CountTable>) -> Value {
    table.map_or(Value::Null, |table| {
        json!({ "factors": table.factors, "levels": table.levels, "means": table.means, "counts": table.counts })
    })
}

/// The term whose cells were solved for.
pub(crate) fn partitions(partitions: Option<&Partitions>) -> Value {
    partitions.map_or(Value::Null, |p| json!({ "term": p.term, "cells": p.cells }))
}

/// The steps of a selection of terms.
pub(crate) fn anova(path: Option<&Path>) -> Value {
    path.map_or(Value::Null, Path::to_json)
}

/// The coefficients by step with their names, where they were kept.
pub(crate) fn step_coefs(path: Option<&Path>) -> Value {
    json!(path.and_then(|path| path.coefficients.as_ref()))
}

/// Fits a model that keeps its call and the name of its data.
pub(crate) fn fit<E>(
    py: Python<'_>,
    estimator: &E,
    source: &Source,
    pass: Pass,
    call: String,
    data: String,
) -> PyResult<E::Model>
where
    E: Estimator<Error = algos::Error, Model: Model> + Sync,
{
    let mut model = pass.run(py, |pass, monitor| {
        Ok(engine::fit(estimator, source.inner.as_ref(), &pass.scan(monitor), &pass.executor())?)
    })?;
    model.set_origin(call, data);
    Ok(model)
}

/// As [`fit`]; but rows that are to stay in their database are added up there.
pub(crate) fn fit_where_rows_are<E>(
    py: Python<'_>,
    estimator: &E,
    source: &Source,
    pass: Pass,
    call: String,
    data: String,
) -> PyResult<E::Model>
where
    E: Aggregated + Estimator<Error = algos::Error, Model: Model> + Sync,
{
    let mut model = in_database::fit(py, source, &pass, estimator)?;
    model.set_origin(call, data);
    Ok(model)
}
