//! Rows that stay in their database: what is done with them is kept, and said in SQL when a model is fitted.

use std::sync::Arc;

use engine::aggregate::{Aggregated, fit_aggregated};
use engine::expr::Expr;
use engine::{Error, Monitor};
use sqlbridge::{Database, PushDown, Query};

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

    /// Fits an estimator by sums that the database adds up. The inner error says why it cannot.
    pub(crate) fn fit<E>(
        &self,
        estimator: &E,
        monitor: &Arc<Monitor>,
    ) -> algos::Result<Result<E::Model, String>>
    where
        E: Aggregated<Error = algos::Error>,
    {
        match self.pushed(estimator, monitor) {
            Err(algos::Error::Engine(Error::InvalidOption { option, reason })) if option == "push-down" => {
                Ok(Err(reason))
            }
            other => other.map(Ok),
        }
    }

    fn pushed<E>(&self, estimator: &E, monitor: &Arc<Monitor>) -> algos::Result<E::Model>
    where
        E: Aggregated<Error = algos::Error>,
    {
        let mut rows = self.rows(monitor).map_err(Error::from)?;
        fit_aggregated(estimator, &mut rows)
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
