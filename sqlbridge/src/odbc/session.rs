//! One connection through ODBC.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use engine::Monitor;
use odbc_api::Connection;

use super::connect::Target;
use super::{columns, fetch, undeclared};
use crate::{Dialect, Error, Result, RowReader, Session};

/// A connection, and how to speak of it.
pub(super) struct OdbcSession {
    connection: Connection<'static>,
    dialect: Dialect,
    target: Target,
    monitor: Option<Arc<Monitor>>,
}

impl OdbcSession {
    pub(super) fn connect(target: &Target) -> Result<Self> {
        let (connection, dialect) = target.connect()?;
        Ok(Self { connection, dialect, target: target.clone(), monitor: None })
    }

    fn query(&self) -> fetch::Query<'_> {
        fetch::Query { connection: &self.connection, dialect: self.dialect, target: &self.target }
    }
}

impl Session for OdbcSession {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn execute(&mut self, sql: &str) -> Result<Option<u64>> {
        self.execute_counted(sql).map_err(|error| self.target.error(error))
    }

    fn describe(&mut self, sql: &str) -> Result<SchemaRef> {
        let mut prepared = self.connection.prepare(sql).map_err(|error| self.target.error(error))?;
        let mut columns = columns::describe(&mut prepared, self.dialect, &self.target)?;
        columns::settle(&mut columns, &undeclared::readings(&OdbcSession::query(self), sql)?);
        if columns.is_empty() {
            return Err(fetch::no_rows(&self.target));
        }
        Ok(columns::schema(&columns))
    }

    fn query(&mut self, sql: &str) -> Result<RecordBatch> {
        let mut schema = None;
        let mut batches = Vec::new();
        OdbcSession::query(self).run(sql, usize::MAX, &mut |event| {
            match event {
                fetch::Event::Schema(known) => schema = Some(known),
                fetch::Event::Batch(batch) => batches.push(batch),
            }
            true
        })?;
        let schema = schema.ok_or_else(|| fetch::no_rows(&self.target))?;
        arrow_select::concat::concat_batches(&schema, &batches).map_err(|source| {
            Error::Engine(engine::Error::Arrow { doing: "reading an answer".into(), source })
        })
    }

    fn watch(&mut self, monitor: Arc<Monitor>) {
        self.monitor = Some(monitor);
    }

    fn stream(self: Box<Self>, sql: &str, batch_rows: usize) -> Result<Box<dyn RowReader>> {
        let Self { connection, dialect, target, monitor } = *self;
        fetch::stream(connection, dialect, target, monitor, sql.to_owned(), batch_rows)
    }
}

impl OdbcSession {
    fn execute_counted(&self, sql: &str) -> Result<Option<u64>, odbc_api::Error> {
        let mut statement = self.connection.preallocate()?;
        fetch::limit(&mut statement, &self.target)?;
        statement.execute(sql, ())?;
        Ok(statement.row_count()?.and_then(|rows| u64::try_from(rows).ok()))
    }
}
