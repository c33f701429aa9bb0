//! A query or a table as a source of blocks.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use engine::source::{RowRange, indices, projected};
use engine::{BlockReader, BlockSource, ScanOptions, SourceInfo};

use crate::{Database, Dialect, Result, RowReader};

/// What is read of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// All rows of a table or a view, `schema.table` where need be. Only the columns that a pass wants travel.
    Table(String),
    /// The rows of a statement.
    Sql(String),
}

impl Query {
    /// The statement that gives the wanted columns.
    fn sql(&self, dialect: Dialect, columns: Option<&[String]>, condition: &str) -> String {
        match self {
            Self::Sql(sql) => sql.clone(),
            Self::Table(table) => {
                let columns = match columns {
                    Some(columns) if !columns.is_empty() => {
                        columns.iter().map(|column| dialect.quoted(column)).collect::<Vec<_>>().join(", ")
                    }
                    _ => "*".into(),
                };
                format!("SELECT {columns} FROM {}{condition}", dialect.quoted_table(table))
            }
        }
    }
}

/// The rows of a query, read anew in every pass.
///
/// A statement runs when the source is made, for only then are its columns known; the first pass takes over its rows.
/// Every further pass runs it again, so a statement that changes data, or whose rows change meanwhile, is for
/// algorithms of one pass: import its rows first.
pub struct SqlSource {
    database: Arc<dyn Database>,
    query: Query,
    dialect: Dialect,
    schema: SchemaRef,
    rows_per_read: usize,
    started: Mutex<Option<Box<dyn RowReader>>>,
}

impl SqlSource {
    /// Connects, and finds out the columns. `rows_per_read`: rows of a batch on the way.
    ///
    /// # Errors
    /// When the database cannot be reached, refuses the statement, or a column has a type that blocks cannot hold.
    pub fn open(database: Arc<dyn Database>, query: Query, rows_per_read: usize) -> Result<Self> {
        let mut session = database.connect()?;
        let dialect = session.dialect();
        let rows_per_read = rows_per_read.max(1);
        let (schema, started) = match &query {
            Query::Table(_) => {
                // without its rows SQLite knows no types of expressions, such as a view may have
                let condition = if dialect == Dialect::Sqlite { "" } else { " WHERE 1 = 0" };
                (session.describe(&query.sql(dialect, None, condition))?, None)
            }
            Query::Sql(sql) => {
                let rows = session.stream(sql, rows_per_read)?;
                (rows.schema(), Some(rows))
            }
        };
        Ok(Self { database, query, dialect, schema, rows_per_read, started: Mutex::new(started) })
    }

    /// As [`open`](Self::open), but a statement is stopped when its columns are known, and runs again in the first pass.
    ///
    /// # Errors
    /// As there.
    pub fn describe(database: Arc<dyn Database>, query: Query, rows_per_read: usize) -> Result<Self> {
        if matches!(query, Query::Table(_)) {
            return Self::open(database, query, rows_per_read);
        }
        let mut session = database.connect()?;
        let dialect = session.dialect();
        let schema = session.describe(&query.sql(dialect, None, ""))?;
        Ok(Self {
            database,
            query,
            dialect,
            schema,
            rows_per_read: rows_per_read.max(1),
            started: Mutex::new(None),
        })
    }

    fn start(&self, options: &ScanOptions) -> Result<Box<dyn RowReader>> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut rows) = started {
            rows.watch(Arc::clone(&options.monitor));
            return Ok(rows);
        }
        let mut session = self.database.connect()?;
        session.watch(Arc::clone(&options.monitor));
        session.stream(&self.query.sql(self.dialect, options.columns.as_deref(), ""), self.rows_per_read)
    }
}

impl fmt::Debug for SqlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlSource")
            .field("database", &self.database.name())
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

impl BlockSource for SqlSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        let what = match &self.query {
            Query::Table(table) => table.as_str(),
            Query::Sql(_) => "query",
        };
        let name = format!("{} ({what})", self.database.name());
        SourceInfo { name, rows: None, bytes: None, random_access: false }
    }

    fn open(&self, options: &ScanOptions) -> engine::Result<BlockReader> {
        let schema = projected(&self.schema, options.columns.as_deref())?;
        let rows = self.start(options)?;
        // what a statement delivers beside the wanted columns is left out here
        let delivered = rows.schema();
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let columns = indices(&delivered, Some(&names))?;
        let range = RowRange::new(options.rows.as_ref());
        let start = range.skip;
        let selected = Selected { rows, columns, schema, range };
        Ok(BlockReader::new(Box::new(selected), options, start))
    }
}

/// The wanted columns and rows.
struct Selected {
    rows: Box<dyn RowReader>,
    columns: Vec<usize>,
    schema: SchemaRef,
    range: RowRange,
}

impl Iterator for Selected {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.range.take > 0 {
            let batch = match self.rows.next()? {
                Ok(batch) => batch,
                Err(error) => {
                    self.range.take = 0;
                    return Some(Err(error));
                }
            };
            if let Some(batch) = self.range.cut(&batch) {
                return Some(batch.project(&self.columns));
            }
        }
        None
    }
}

impl RecordBatchReader for Selected {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
