//! Blocks into a table, by arrays of parameters.
//!
//! A new table is loaded under a name of its own, in one transaction where the database can make tables in one, and gets
//! the wanted name in the end. Whatever fails before leaves what was there. Drivers may report a row that the database
//! refused as a warning only, so rows are counted in the end.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use engine::{Block, BlockSink, Written};
use odbc_api::buffers::BoxColumnBuffer;
use odbc_api::handles::StatementConnection;
use odbc_api::parameter::WithDataType;
use odbc_api::{ColumnarBulkInserter, ConnectionTransitions, Cursor, Nullable, SharedConnection};

use super::OdbcDatabase;
use super::connect::Target;
use super::parameters::{self, Writing};
use crate::{Dialect, Error, IfExists, Result};

/// Rows of one array of parameters at most.
const MOST_ROWS: usize = 4096;

type Inserter =
    ColumnarBulkInserter<StatementConnection<SharedConnection<'static>>, WithDataType<BoxColumnBuffer>>;

/// Writes a table.
///
/// Texts get a type without a limit. Numbers keep their type; integers without a sign get the next longer one with a sign.
/// Times with a time zone are written in UTC.
pub struct OdbcSink {
    connection: SharedConnection<'static>,
    target: Target,
    dialect: Dialect,
    table: String,
    loading: String,
    columns: Vec<Column>,
    append: bool,
    replace: bool,
    /// Rows of the table before.
    before: i64,
    inserter: Option<Inserter>,
    written: Written,
    finished: bool,
}

struct Column {
    name: String,
    writing: Writing,
    /// Room for a text, in units.
    room: usize,
}

impl OdbcSink {
    /// Connects, and makes the table that is loaded.
    ///
    /// # Errors
    /// When the database cannot be reached, the table exists and may not, a column has a type that is not written, or the
    /// user may not create tables.
    pub fn create(
        database: &OdbcDatabase,
        table: &str,
        schema: &SchemaRef,
        if_exists: IfExists,
    ) -> Result<Self> {
        let columns = schema
            .fields()
            .iter()
            .map(|field| Ok(Column { name: field.name().clone(), writing: Writing::of(field)?, room: 0 }));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let (connection, dialect) = database.target.connect()?;
        let name = dialect.quoted_table(table);
        let exists = connection.execute(&format!("SELECT 1 FROM {name} WHERE 1 = 0"), (), None).is_ok();
        if exists && if_exists == IfExists::Fail {
            return Err(Error::Option {
                option: format!("table {name}"),
                reason: format!(
                    "exists in {}; choose another name, or ask to overwrite it or to append to it",
                    database.target.name
                ),
            });
        }
        let append = exists && if_exists == IfExists::Append;
        let mut sink = Self {
            connection: Arc::new(Mutex::new(connection)),
            target: database.target.clone(),
            dialect,
            loading: if append { name.clone() } else { beside(dialect, table, "load") },
            table: name,
            columns,
            append,
            replace: exists && if_exists == IfExists::Replace,
            before: 0,
            inserter: None,
            written: Written::default(),
            finished: false,
        };
        sink.begin()?;
        Ok(sink)
    }

    fn begin(&mut self) -> Result<()> {
        let own_transaction = self.makes_tables_in_transactions() || self.append;
        if own_transaction {
            self.with(|connection| connection.set_autocommit(false))?;
        }
        if self.append {
            self.before = self.count()?;
        } else {
            let columns = self.columns.iter().map(|column| {
                format!("{} {}", self.dialect.quoted(&column.name), column.writing.sql(self.dialect))
            });
            let columns = columns.collect::<Vec<_>>().join(", ");
            self.execute(&format!("CREATE TABLE {} ({columns})", self.loading))?;
        }
        if !own_transaction {
            self.with(|connection| connection.set_autocommit(false))?;
        }
        Ok(())
    }

    /// MariaDB commits whenever a table is made or renamed.
    fn makes_tables_in_transactions(&self) -> bool {
        self.dialect != Dialect::MariaDb
    }

    fn with<T>(
        &self,
        doing: impl FnOnce(&odbc_api::Connection<'static>) -> Result<T, odbc_api::Error>,
    ) -> Result<T> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        doing(&connection).map_err(|error| self.target.error(error))
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.with(|connection| connection.execute(sql, (), None).map(|_| ()))
    }

    /// The rows of the table that is loaded.
    fn count(&self) -> Result<i64> {
        let sql = format!("SELECT COUNT(*) AS n FROM {}", self.loading);
        self.with(|connection| {
            let mut number = Nullable::<i64>::null();
            if let Some(mut answer) = connection.execute(&sql, (), None)?
                && let Some(mut row) = answer.next_row()?
            {
                row.get_data(1, &mut number)?;
            }
            Ok(number.into_opt().unwrap_or(-1))
        })
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut grown = self.inserter.is_none();
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            let longest = parameters::longest(array);
            if longest > column.room {
                column.room = longest.next_power_of_two();
                grown = true;
            }
        }
        if grown {
            self.inserter = Some(self.prepare()?);
        }
        let failed = |error| self.target.error(error);
        let Some(inserter) = &mut self.inserter else { return Ok(()) };
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = (batch.num_rows() - start).min(inserter.capacity());
            inserter.set_num_rows(rows);
            for (index, (array, column)) in batch.columns().iter().zip(&self.columns).enumerate() {
                parameters::fill(inserter.column_mut(index), &array.slice(start, rows)).ok_or_else(|| {
                    Error::Option {
                        option: format!("column '{}'", column.name),
                        reason: format!("a block has it as {}, not as it was announced", array.data_type()),
                    }
                })?;
            }
            inserter.execute().map_err(failed)?;
            start += rows;
        }
        self.written.rows += batch.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    /// An insert statement with buffers that have room for the longest texts so far.
    fn prepare(&self) -> Result<Inserter> {
        let names = self
            .columns
            .iter()
            .map(|column| self.dialect.quoted(&column.name))
            .collect::<Vec<_>>()
            .join(", ");
        let marks = vec!["?"; self.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({names}) VALUES ({marks})", self.loading);
        let parameters: Vec<_> = self
            .columns
            .iter()
            .map(|column| column.writing.parameter(self.dialect, column.room.max(1)))
            .collect();
        let row_bytes =
            parameters.iter().map(|parameter| parameter.buffer_desc.bytes_per_row()).sum::<usize>().max(1);
        let rows = (self.target.options.fetch_bytes / row_bytes).clamp(1, MOST_ROWS);
        let failed = |error| self.target.error(error);
        let statement = Arc::clone(&self.connection).into_prepared(&sql).map_err(failed)?;
        statement.into_column_inserter(rows, parameters).map_err(failed)
    }

    fn complete(&mut self) -> Result<Written> {
        self.inserter = None;
        let rows = self.count()?.saturating_sub(self.before);
        if u64::try_from(rows).ok() != Some(self.written.rows) {
            return Err(Error::Server {
                server: self.target.name.clone(),
                code: "ODBC".into(),
                message: format!("of {} rows {rows} arrived in table {}", self.written.rows, self.table),
            });
        }
        if self.append {
            self.with(odbc_api::Connection::commit)?;
        } else if self.makes_tables_in_transactions() {
            if self.replace {
                self.execute(&format!("DROP TABLE {}", self.table))?;
            }
            self.execute(&rename(self.dialect, &self.loading, &self.table))?;
            self.with(odbc_api::Connection::commit)?;
        } else {
            self.with(odbc_api::Connection::commit)?;
            if self.replace {
                let old = beside(self.dialect, &self.table, "old");
                self.execute(&format!(
                    "RENAME TABLE {} TO {old}, {} TO {}",
                    self.table, self.loading, self.table
                ))?;
                self.finished = true;
                self.execute(&format!("DROP TABLE {old}"))?;
            } else {
                self.execute(&rename(self.dialect, &self.loading, &self.table))?;
            }
        }
        self.finished = true;
        Ok(self.written)
    }
}

impl BlockSink for OdbcSink {
    fn write(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.add(&block.batch)?)
    }

    fn finish(mut self: Box<Self>) -> engine::Result<Written> {
        Ok(self.complete()?)
    }
}

impl Drop for OdbcSink {
    fn drop(&mut self) {
        self.inserter = None;
        if !self.finished {
            // a lost connection rolls back by itself
            let _ = self.with(odbc_api::Connection::rollback);
            if !self.append && !self.makes_tables_in_transactions() {
                let _ = self.execute(&format!("DROP TABLE IF EXISTS {}", self.loading));
            }
        }
        let _ = self.with(|connection| connection.set_autocommit(true));
    }
}

/// The statement that gives a table its name, in the same schema.
fn rename(dialect: Dialect, from: &str, to: &str) -> String {
    let name = Dialect::parts(to).pop().unwrap_or_default();
    match dialect {
        Dialect::SqlServer => {
            format!("EXEC sp_rename {}, {}, N'OBJECT'", dialect.text(from), dialect.text(&name))
        }
        Dialect::MariaDb => format!("RENAME TABLE {from} TO {to}"),
        _ => format!("ALTER TABLE {from} RENAME TO {}", dialect.quoted(&name)),
    }
}

/// A name in the same schema that nothing else has.
fn beside(dialect: Dialect, table: &str, role: &str) -> String {
    let mut parts = Dialect::parts(table);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let unique = now.map_or(0, |time| time.as_nanos());
    parts.pop();
    parts.push(format!("rxdf_{role}_{:x}_{unique:x}", std::process::id()));
    let quoted = parts.iter().map(|part| if part.is_empty() { String::new() } else { dialect.quoted(part) });
    quoted.collect::<Vec<_>>().join(".")
}
