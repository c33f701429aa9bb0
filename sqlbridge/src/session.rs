//! A connection to a database, whatever it speaks.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::SchemaRef;
use engine::{BlockSink, Monitor};

use crate::{Dialect, Error, IfExists, Result};

/// Opens sessions: a description of a database and of who asks, without a connection of its own.
pub trait Database: Send + Sync {
    /// What to call it in reports: server and database, never a password.
    fn name(&self) -> String;

    /// Connects.
    ///
    /// # Errors
    /// When the server cannot be reached, does not prove who it is, or refuses the login.
    fn connect(&self) -> Result<Box<dyn Session>>;

    /// A sink that makes a table of blocks of this schema. The table is there, or has its new rows, when the sink has
    /// finished; before, and when it fails, all is as it was.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); also when the table exists and may not, or a column has a type that is not written.
    /// By default, that this database is only read.
    fn sink(&self, table: &str, _schema: &SchemaRef, _if_exists: IfExists) -> Result<Box<dyn BlockSink>> {
        let reason = format!("{} is only read", self.name());
        Err(Error::Option { option: format!("table {table}"), reason })
    }
}

/// One connection. Statements run one after the other; a stream takes the connection with it.
pub trait Session: Send {
    /// The SQL that it understands.
    fn dialect(&self) -> Dialect;

    /// Tells `monitor` what is read, and asks it, also while the server is silent, whether the pass is cancelled.
    fn watch(&mut self, _monitor: Arc<Monitor>) {}

    /// Runs a statement, and gives the number of rows that it changed, where the server says.
    ///
    /// # Errors
    /// What the server says, or a broken connection.
    fn execute(&mut self, sql: &str) -> Result<Option<u64>>;

    /// The columns that a query would have, without its rows. Types are those of [`SqlType`](crate::SqlType).
    ///
    /// # Errors
    /// As [`execute`](Self::execute); also when a column has a type that cannot be read.
    fn describe(&mut self, sql: &str) -> Result<SchemaRef>;

    /// All rows of a small answer, in one batch.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    fn query(&mut self, sql: &str) -> Result<RecordBatch>;

    /// The rows of a query, `batch_rows` at a time, as they come. Dropping the reader cancels the query. An error may
    /// come after rows; then the pass has failed.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    fn stream(self: Box<Self>, sql: &str, batch_rows: usize) -> Result<Box<dyn RowReader>>;
}

/// The rows of a running query.
pub trait RowReader: RecordBatchReader + Send {
    /// As [`Session::watch`].
    fn watch(&mut self, _monitor: Arc<Monitor>) {}
}
