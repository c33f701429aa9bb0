//! Quantiles: the column and probabilities in, a table of one column out.

use std::sync::Arc;

use algos::quantile::{QuantileOptions, quantiles};
use arrow_array::RecordBatch;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow;
use crate::error::Failure;
use crate::run::Pass;
use crate::source::Source;

/// The quantiles of a column, one row for each probability.
#[pyfunction]
pub(crate) fn quantile(
    py: Python<'_>,
    source: &Source,
    column: String,
    probabilities: Vec<f64>,
    exact: bool,
    pass: Pass,
) -> PyResult<PyTable> {
    let options = QuantileOptions { probabilities, exact, ..QuantileOptions::default() };
    let found = pass.run(py, |pass, monitor| {
        let columns = [column];
        let scan = pass.scan(monitor);
        Ok(quantiles(&columns, source.inner.as_ref(), &options, &scan, &pass.executor())?)
    })?;
    let columns = found.iter().map(|found| Ok((found.column.as_str(), found.array()?, true)));
    let columns: Vec<_> = columns.collect::<algos::Result<_>>().map_err(Failure::from)?;
    let table = RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|source| engine::Error::Arrow { doing: "collecting quantiles".into(), source });
    let table = table.map_err(Failure::from)?;
    arrow::export(&Arc::clone(table.schema_ref()), std::slice::from_ref(&table))
}
