//! k-means clusters and naive Bayes: the fits, and the models as bytes, JSON and text.

use algos::kmeans::{KMeans, KMeansModel, KMeansOptions};
use algos::model::Model;
use algos::naive_bayes::{NaiveBayes, NaiveBayesModel};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Deserialize;

use crate::error::Failure;
use crate::in_database::where_rows_are;
use crate::model;
use crate::run::Pass;
use crate::source::Source;

/// Clusters.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Clusters(pub(crate) KMeansModel);

/// A naive Bayes classifier.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Classifier(pub(crate) NaiveBayesModel);

#[pymethods]
impl Clusters {
    /// A model from the bytes of [`Clusters::to_bytes`].
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> Result<Self, Failure> {
        model::from_bytes(data, "k-means model").map(Self)
    }

    /// The model in its envelope, which later releases read.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>, Failure> {
        model::to_bytes(&self.0, py)
    }

    /// The documented fields as JSON; numbers that do not exist are null.
    fn fields(&self) -> String {
        self.0.to_json().to_string()
    }

    /// The documented print.
    fn text(&self) -> String {
        self.0.to_string()
    }
}

#[pymethods]
impl Classifier {
    /// A model from the bytes of [`Classifier::to_bytes`].
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> Result<Self, Failure> {
        model::from_bytes(data, "naive Bayes model").map(Self)
    }

    /// The model in its envelope, which later releases read.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>, Failure> {
        model::to_bytes(&self.0, py)
    }

    /// The documented fields as JSON; numbers that do not exist are null.
    fn fields(&self) -> String {
        self.0.to_json().to_string()
    }

    /// The documented print.
    fn text(&self) -> String {
        self.0.to_string()
    }
}

/// What [`kmeans`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clustering {
    options: KMeansOptions,
    call: String,
    data: String,
}

/// Finds clusters.
#[pyfunction]
pub(crate) fn kmeans(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    fit: &str,
    pass: Pass,
) -> PyResult<Clusters> {
    let fit: Clustering = serde_json::from_str(fit).map_err(|error| Failure::Value(error.to_string()))?;
    let kmeans =
        KMeans::new(formula).and_then(|kmeans| kmeans.with_options(fit.options)).map_err(Failure::from)?;
    let mut model = where_rows_are(
        py,
        source,
        &pass,
        |rows| kmeans.fit_aggregated(rows),
        |pass, monitor| Ok(kmeans.fit(source.inner.as_ref(), &pass.scan(monitor), &pass.executor())?),
    )?;
    model.set_origin(fit.call, fit.data);
    Ok(Clusters(model))
}

/// Fits a naive Bayes classifier.
#[pyfunction]
pub(crate) fn naive_bayes(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    smoothing_factor: f64,
    call: String,
    data: String,
    pass: Pass,
) -> PyResult<Classifier> {
    let estimator = NaiveBayes::new(formula)
        .and_then(|estimator| estimator.with_smoothing_factor(smoothing_factor))
        .map_err(Failure::from)?;
    model::fit(py, &estimator, source, pass, call, data).map(Classifier)
}
