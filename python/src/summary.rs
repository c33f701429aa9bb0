//! Summaries: the choices in, the tables as JSON, text and Arrow out.

use algos::summary::{Layout, Statistic, SummaryOptions, summarize, summarize_aggregated};
use engine::formula::Formula;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use serde::Deserialize;
use serde_json::json;

use crate::error::Failure;
use crate::in_database::where_rows_are;
use crate::run::Pass;
use crate::source::Source;

/// What [`summary`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    statistics: Vec<String>,
    by_term: bool,
    pweights: Option<String>,
    fweights: Option<String>,
    remove_zero_counts: bool,
    call: String,
    data: String,
}

/// A computed summary.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Summary(algos::summary::Summary);

#[pymethods]
impl Summary {
    /// The documented fields as JSON, and beside each categorical table its factors with all of their levels.
    fn fields(&self) -> String {
        let mut fields = self.0.to_json();
        fields["factors"] = self
            .0
            .categorical
            .iter()
            .map(|table| json!({ "names": table.factors, "levels": table.levels }))
            .collect();
        fields.to_string()
    }

    /// The documented print.
    fn text(&self) -> String {
        self.0.render(Layout::Python)
    }

    /// The tables of cells, one for each distinct list of factors.
    fn by_group(&self) -> PyResult<Vec<PyTable>> {
        let tables = self.0.by_group().map_err(Failure::from)?;
        tables.into_iter().map(|table| PyTable::try_new(vec![table.clone()], table.schema())).collect()
    }
}

/// Summarizes the variables of a formula.
#[pyfunction]
pub(crate) fn summary(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    choices: &str,
    pass: Pass,
) -> PyResult<Summary> {
    let choices: Choices =
        serde_json::from_str(choices).map_err(|error| Failure::Value(error.to_string()))?;
    let options = SummaryOptions {
        statistics: choices
            .statistics
            .iter()
            .map(|name| name.parse::<Statistic>())
            .collect::<Result<_, _>>()
            .map_err(Failure::from)?,
        by_term: choices.by_term,
        pweights: choices.pweights,
        fweights: choices.fweights,
        remove_zero_counts: choices.remove_zero_counts,
        ..SummaryOptions::default()
    };
    let formula = Formula::parse(formula).map_err(engine::Error::from).map_err(Failure::from)?;
    let mut summary = where_rows_are(
        py,
        source,
        &pass,
        |rows| summarize_aggregated(&formula, rows, &choices.data, &options),
        |pass, monitor| {
            Ok(summarize(&formula, source.inner.as_ref(), &options, &pass.scan(monitor), &pass.executor())?)
        },
    )?;
    summary.call = choices.call;
    summary.data = choices.data;
    Ok(Summary(summary))
}
