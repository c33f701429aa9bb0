//! Rows of a query by block cursors.
//!
//! One function runs a query and hands over its schema and then its batches; a stream is that function on a thread of
//! its own, with one batch on its way while the next one is fetched. The thread owns the connection.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use engine::Monitor;
use odbc_api::buffers::{BufferDesc, ColumnarDynBuffer};
use odbc_api::handles::{AsStatementRef, Statement};
use odbc_api::{Connection, Cursor, Preallocated};

use super::columns::{self, Column, Reading};
use super::connect::Target;
use super::convert;
use super::text::{self, Unit};
use super::undeclared;
use crate::{Dialect, Error, Result, RowReader};

/// What a query brings, in this order: its schema once, then batches.
pub(super) enum Event {
    Schema(SchemaRef),
    Batch(RecordBatch),
}

/// A connection to ask.
pub(super) struct Query<'a> {
    pub(super) connection: &'a Connection<'static>,
    pub(super) dialect: Dialect,
    pub(super) target: &'a Target,
}

impl Query<'_> {
    /// Runs a query; `take` gets what it brings, and says whether to go on.
    pub(super) fn run(
        &self,
        sql: &str,
        batch_rows: usize,
        take: &mut dyn FnMut(Event) -> bool,
    ) -> Result<()> {
        let undeclared = undeclared::readings(self, sql)?;
        let mut told = false;
        // room that texts of the first rows turned out to need, by column
        let mut needed: Vec<(usize, usize)> = Vec::new();
        loop {
            let mut statement = self.connection.preallocate().map_err(|error| self.target.error(error))?;
            limit(&mut statement, self.target).map_err(|error| self.target.error(error))?;
            let answer = statement.execute(sql, ()).map_err(|error| self.target.error(error))?;
            let mut answer = answer.ok_or_else(|| no_rows(self.target))?;
            let mut columns = columns::describe(&mut answer, self.dialect, self.target)?;
            columns::settle(&mut columns, &undeclared);
            for (index, room) in &needed {
                if let Some(Column { reading: Reading::Text { units }, .. }) = columns.get_mut(*index) {
                    *units = (*units).max(*room);
                }
            }
            let schema = columns::schema(&columns);
            if !told && !take(Event::Schema(SchemaRef::clone(&schema))) {
                return Ok(());
            }
            told = true;
            match self.fetch(answer, &columns, &schema, batch_rows, take)? {
                Outcome::Complete => return Ok(()),
                Outcome::LongText { column, units } => needed.push((column, units)),
            }
        }
    }

    fn fetch(
        &self,
        answer: impl Cursor,
        columns: &[Column],
        schema: &SchemaRef,
        batch_rows: usize,
        take: &mut dyn FnMut(Event) -> bool,
    ) -> Result<Outcome> {
        let failed = |error| self.target.error(error);
        let buffers: Vec<_> = columns.iter().map(|column| column.reading.buffer()).collect();
        let row_bytes = buffers.iter().map(BufferDesc::bytes_per_row).sum::<usize>().max(1);
        let rows = (self.target.options.fetch_bytes / row_bytes).clamp(1, batch_rows.clamp(1, MOST_ROWS));
        let buffer = ColumnarDynBuffer::try_from_descs(rows, buffers).map_err(failed)?;
        let mut cursor = answer.bind_buffer(buffer).map_err(failed)?;
        let mut before = 0;
        loop {
            match cursor.fetch_with_truncation_check(true) {
                Ok(None) => return Ok(Outcome::Complete),
                Ok(Some(buffer)) => {
                    if let Some(index) = full(buffer, columns) {
                        return too_long(columns.get(index), index, None, before);
                    }
                    let batch = convert::batch(
                        buffer,
                        columns,
                        schema,
                        &convert::How { before, trim: self.target.options.trim_space },
                    )?;
                    before += batch.num_rows() as u64;
                    if !take(Event::Batch(batch)) {
                        return Ok(Outcome::Complete);
                    }
                }
                Err(odbc_api::Error::TooLargeValueForBuffer { indicator, buffer_index }) => {
                    return too_long(columns.get(buffer_index), buffer_index, indicator, before);
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

/// Rows of one fetch at most: drivers keep a status for each.
const MOST_ROWS: usize = 65_536;

/// Units of a text that the buffers of a query are enlarged to at most.
const LONGEST_RETRIED: usize = 16 << 20;

enum Outcome {
    Complete,
    /// No row was handed over, and a text needs so much room.
    LongText {
        column: usize,
        units: usize,
    },
}

/// A column with a text that fills its buffer to the end. MariaDB's driver may cut a text so, and not say it.
fn full(buffer: &ColumnarDynBuffer, columns: &[Column]) -> Option<usize> {
    columns.iter().enumerate().position(|(index, column)| {
        let Reading::Text { units } = column.reading else { return false };
        text::cells(buffer.column(index)).is_some_and(|texts| {
            (0..texts.len()).any(|row| texts.get(row).is_some_and(|text| text.len() >= units))
        })
    })
}

/// What to do about a text that is longer than its buffer. Rows that were handed over cannot be asked for again: a query
/// has no order.
fn too_long(column: Option<&Column>, index: usize, bytes: Option<usize>, before: u64) -> Result<Outcome> {
    let Some(Column { name, reading: Reading::Text { units }, .. }) = column else {
        return Err(Error::Option {
            option: "query".into(),
            reason: format!("a value of column {} is longer than its type allows", index + 1),
        });
    };
    let length = bytes.map(|bytes| bytes.div_ceil(size_of::<Unit>()));
    let need = length.unwrap_or(units.saturating_mul(4)).max(units.saturating_mul(2));
    if before == 0 && need <= LONGEST_RETRIED {
        return Ok(Outcome::LongText { column: index, units: need });
    }
    let length = length.map_or_else(|| "more".to_owned(), |length| length.to_string());
    Err(Error::Option {
        option: "max_text_size".into(),
        reason: format!(
            "after row {before} column '{name}' has a text of {length} bytes, and there is room for {units}; \
             raise max_text_size to {}",
            need.max(65_536)
        ),
    })
}

/// Sets the limit of time for a statement. Drivers that have none are left alone.
pub(super) fn limit(
    statement: &mut Preallocated<impl AsStatementRef + Statement>,
    target: &Target,
) -> Result<(), odbc_api::Error> {
    let seconds = target.options.query_timeout;
    if seconds == 0 {
        return Ok(());
    }
    match statement.set_query_timeout_sec(seconds as usize) {
        Err(odbc_api::Error::Diagnostics { record, .. })
            if ["HYC00", "HY092", "IM001"].contains(&record.state.as_str()) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// The error for a statement that is no query.
pub(super) fn no_rows(target: &Target) -> Error {
    Error::Option {
        option: "query".into(),
        reason: format!(
            "{} gives no columns for it; a query is a SELECT or what returns rows like one",
            target.name
        ),
    }
}

/// Runs a query on a thread of its own. The reader has its schema when this returns.
pub(super) fn stream(
    connection: Connection<'static>,
    dialect: Dialect,
    target: Target,
    monitor: Option<Arc<Monitor>>,
    sql: String,
    batch_rows: usize,
) -> Result<Box<dyn RowReader>> {
    let (sender, receiver) = sync_channel(1);
    let events = Events { receiver, monitor, server: target.name.clone() };
    let work = move || {
        let query = Query { connection: &connection, dialect, target: &target };
        let outcome = query.run(&sql, batch_rows, &mut |event| sender.send(Ok(Some(event))).is_ok());
        // nobody listens any more when the reader was dropped
        let _ = sender.send(outcome.map(|()| None));
    };
    let spawned = thread::Builder::new().name("odbc".into()).spawn(work);
    spawned.map_err(|error| Error::Connection {
        server: events.server.clone(),
        doing: "starting a thread to fetch rows",
        reason: error.to_string(),
    })?;
    match events.next()? {
        Some(Event::Schema(schema)) => Ok(Box::new(OdbcReader { schema, events: Some(events) })),
        _ => Err(events.broken()),
    }
}

/// What comes from the thread: events, then `None` or an error.
struct Events {
    receiver: Receiver<Result<Option<Event>>>,
    monitor: Option<Arc<Monitor>>,
    server: String,
}

impl Events {
    /// Waits for the next event, and asks meanwhile whether the pass is cancelled.
    fn next(&self) -> Result<Option<Event>> {
        loop {
            match self.receiver.recv_timeout(Duration::from_millis(100)) {
                Ok(event) => return event,
                Err(RecvTimeoutError::Disconnected) => return Err(self.broken()),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(monitor) = &self.monitor {
                        monitor.check()?;
                    }
                }
            }
        }
    }

    /// The driver took the thread down with it.
    fn broken(&self) -> Error {
        Error::Connection {
            server: self.server.clone(),
            doing: "fetching rows",
            reason: "the ODBC driver did not answer as the interface demands, and the fetch was given up"
                .into(),
        }
    }
}

/// The rows of a query as they come. Dropped before the end, it has the cursor and the connection closed.
struct OdbcReader {
    schema: SchemaRef,
    events: Option<Events>,
}

impl Iterator for OdbcReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let events = self.events.as_ref()?;
        let item = match events.next() {
            Ok(Some(Event::Batch(batch))) => {
                if let Some(monitor) = &events.monitor {
                    monitor.add_bytes(batch.get_array_memory_size() as u64);
                }
                return Some(Ok(batch));
            }
            Ok(None) => None,
            Ok(Some(Event::Schema(_))) => Some(Err(events.broken().into())),
            Err(error) => Some(Err(error.into())),
        };
        self.events = None;
        item
    }
}

impl RecordBatchReader for OdbcReader {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

impl RowReader for OdbcReader {
    fn watch(&mut self, monitor: Arc<Monitor>) {
        if let Some(events) = &mut self.events {
            events.monitor = Some(monitor);
        }
    }
}
