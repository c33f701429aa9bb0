//! Rows that stay in their database: what is done with them is kept, and said in SQL when something is computed.

use std::ffi::CString;
use std::sync::Arc;

use engine::aggregate::{Aggregated, fit_aggregated};
use engine::expr::Expr;
use engine::{Error, Estimator, Monitor};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use sqlbridge::{Database, PushDown, Query};

use crate::error::Failure;
use crate::run::Pass;
use crate::source::Source;

/// A table or query, and what is done with its rows before a model sees them.
#[derive(Clone)]
pub(crate) struct InDatabase {
    database: Arc<dyn Database>,
    query: Query,
    steps: Vec<Step>,
}

#[derive(Clone)]
pub(crate) enum Step {
    Levels(String, Vec<String>),
    Select(Expr),
    Compute(String, Expr),
}

impl InDatabase {
    pub(crate) fn new(database: Arc<dyn Database>, query: Query) -> Self {
        Self { database, query, steps: Vec::new() }
    }

    /// With more done to the rows.
    pub(crate) fn with(&self, steps: impl IntoIterator<Item = Step>) -> Self {
        let mut more = self.clone();
        more.steps.extend(steps);
        more
    }

    fn rows(&self, monitor: &Arc<Monitor>) -> sqlbridge::Result<PushDown> {
        let mut session = self.database.connect()?;
        session.watch(Arc::clone(monitor));
        let mut rows = match &self.query {
            Query::Table(table) => PushDown::table(session, table)?,
            Query::Sql(sql) => PushDown::query(session, sql)?,
        };
        for step in &self.steps {
            match step {
                Step::Levels(column, levels) => {
                    rows.set_levels(column, &levels.iter().map(String::as_str).collect::<Vec<_>>())?;
                }
                Step::Select(selection) => rows.select(selection)?,
                Step::Compute(name, expression) => rows.compute(name, expression)?,
            }
        }
        Ok(rows)
    }
}

/// Computes by sums that the database adds up where rows are to stay there, else over the rows. Where they were to stay
/// and had to be read, a warning says why.
pub(crate) fn where_rows_are<T: Send>(
    py: Python<'_>,
    source: &Source,
    pass: &Pass,
    pushed: impl FnOnce(&mut PushDown) -> algos::Result<T> + Send,
    local: impl FnOnce(&Pass, &Arc<Monitor>) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let reason = match &source.database {
        None => None,
        Some(Err(reason)) => Some((*reason).to_owned()),
        Some(Ok(database)) => {
            let asked = pass.run(py, |_, monitor| {
                let mut rows = database.rows(monitor)?;
                match pushed(&mut rows) {
                    Err(algos::Error::Engine(Error::InvalidOption { option, reason }))
                        if option == "push-down" =>
                    {
                        Ok(Err(reason))
                    }
                    other => Ok(Ok(other?)),
                }
            })?;
            match asked {
                Ok(result) => return Ok(result),
                Err(reason) => Some(reason),
            }
        }
    };
    if let Some(reason) = reason {
        let warning = format!("computed on this machine, from the rows that the server sends: {reason}");
        let warning = CString::new(warning).map_err(|error| Failure::Value(error.to_string()))?;
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &warning, 1)?;
    }
    pass.run(py, local)
}

/// Fits an estimator where its rows are: in their database or here.
pub(crate) fn fit<E>(py: Python<'_>, source: &Source, pass: &Pass, estimator: &E) -> PyResult<E::Model>
where
    E: Aggregated + Estimator<Error = algos::Error, Model: Send> + Sync,
{
    where_rows_are(
        py,
        source,
        pass,
        |rows| fit_aggregated(estimator, rows),
        |pass, monitor| {
            Ok(engine::fit(estimator, source.inner.as_ref(), &pass.scan(monitor), &pass.executor())?)
        },
    )
}
