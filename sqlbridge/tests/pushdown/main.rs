//! Push-down against local computation on the same rows.

#![cfg(all(unix, feature = "odbc"))]

mod dialects;
mod iterated;
mod models;
mod rows;
#[path = "../servers/mod.rs"]
mod servers;
mod summaries;

use std::sync::Arc;

use algos::Error;
use arrow_array::RecordBatch;
use engine::aggregate::{Aggregated, fit_aggregated};
use engine::expr::Expr;
use engine::source::MemorySource;
use engine::{BlockSource, Compute, Local, ScanOptions, SelectRows, SourceExt};
use serde_json::Value;
use sqlbridge::PushDown;

use crate::servers::Server;

/// The same algorithm here and in a database.
pub(crate) struct Both {
    pub(crate) source: Arc<dyn BlockSource>,
    pub(crate) database: PushDown,
}

impl Both {
    /// The rows of a batch in a table.
    pub(crate) fn new(server: &Server, table: &str, batch: &RecordBatch) -> Self {
        let mut session = server.database().connect().unwrap();
        rows::create(session.as_mut(), table, batch);
        let mut database = PushDown::table(session, table).unwrap();
        database.set_levels("day", &rows::DAYS).unwrap();
        let source = Arc::new(MemorySource::try_new(&batch.schema(), [batch.clone()]).unwrap());
        Self { source, database }
    }

    pub(crate) fn compute(mut self, name: &str, expression: &str) -> Self {
        let expression = Expr::parse(expression).unwrap();
        self.database.compute(name, &expression).unwrap();
        self.source = self.source.with(Compute::new(vec![(name.into(), expression)])).unwrap();
        self
    }

    pub(crate) fn select(mut self, selection: &str) -> Self {
        let selection = Expr::parse(selection).unwrap();
        self.database.select(&selection).unwrap();
        self.source = self.source.with(SelectRows::new(selection)).unwrap();
        self
    }

    /// The model of a database and the local one.
    pub(crate) fn fit<E: Aggregated<Error = Error>>(&mut self, estimator: &E) -> (E::Model, E::Model) {
        let remote = fit_aggregated(estimator, &mut self.database).unwrap();
        let local =
            engine::fit(estimator, self.source.as_ref(), &ScanOptions::default(), &Local::new(2)).unwrap();
        (remote, local)
    }
}

/// Panics where two results differ by more than 10⁻¹⁰, relative to the larger, or 10⁻¹³ where they are all but 0.
pub(crate) fn assert_close(remote: &Value, local: &Value, path: &str) {
    match (remote, local) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let scale = a.abs().max(b.abs()).max(1e-3);
            assert!((a - b).abs() <= 1e-10 * scale, "{path}: {a:e} in the database, {b:e} here");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{path}");
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| assert_close(a, b, &format!("{path}[{i}]")));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{path}");
            a.iter().for_each(|(key, a)| assert_close(a, &b[key], &format!("{path}.{key}")));
        }
        (a, b) => assert_eq!(a, b, "{path}"),
    }
}
