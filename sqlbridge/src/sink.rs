//! Blocks into a table of a SQL Server.

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use engine::{Block, BlockSink, Written};

use crate::tds::{Connection, Encoding, Load, SqlServer};
use crate::{Database, Dialect, Error, Result, Session};

const T_SQL: Dialect = Dialect::SqlServer;
/// Rows of one load, and so of one transaction of the server's log.
const LOAD_ROWS: u64 = 1 << 20;
/// The longest text that a column with a limit holds, in UTF-16 units.
const LIMIT: usize = 4000;

/// What happens to a table that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfExists {
    /// It is an error.
    #[default]
    Fail,
    /// The new table takes its place when all rows are there.
    Replace,
    /// Rows are added to it, all of them or none.
    Append,
}

/// Writes a table by bulk loads.
///
/// A new table is loaded under a name of its own and gets the wanted one in the end, in one transaction with the removal of
/// the old one: whatever fails before leaves the old table. The widths of texts are those of all rows, not of the first ones.
/// Rows that are added to a table are in one transaction.
pub struct ServerSink {
    connection: Connection,
    target: String,
    loading: String,
    schema: SchemaRef,
    if_exists: IfExists,
    /// Longest text of each column so far, in UTF-16 units; 0 for other columns.
    widths: Vec<usize>,
    waiting: Vec<RecordBatch>,
    waiting_rows: u64,
    written: Written,
    finished: bool,
}

impl ServerSink {
    /// Connects, and makes the table that is loaded.
    ///
    /// # Errors
    /// When the server cannot be reached, the table exists and may not, a column has a type without an SQL type, or the
    /// login may not create tables.
    pub fn create(server: &SqlServer, table: &str, schema: &SchemaRef, if_exists: IfExists) -> Result<Self> {
        let mut connection = server.open()?;
        let target = T_SQL.quoted_table(table);
        let exists = connection.query(&format!(
            "SELECT CASE WHEN OBJECT_ID({}) IS NULL THEN 0 ELSE 1 END AS x",
            T_SQL.text(&target)
        ))?;
        let exists =
            exists.column(0).as_primitive_opt::<Int32Type>().is_some_and(|x| x.iter().any(|x| x == Some(1)));
        if exists && if_exists == IfExists::Fail {
            return Err(Error::Option {
                option: format!("table {target}"),
                reason: format!(
                    "exists on {}; choose another name, or ask to overwrite it or to append to it",
                    server.name()
                ),
            });
        }
        let append = exists && if_exists == IfExists::Append;
        let loading = if append {
            connection.execute("SET XACT_ABORT ON; BEGIN TRANSACTION")?;
            target.clone()
        } else {
            let loading = T_SQL.quoted_table(&beside(table));
            let columns = schema
                .fields()
                .iter()
                .map(|field| {
                    Ok(format!("{} {} NULL", T_SQL.quoted(field.name()), Encoding::of(field)?.sql()))
                })
                .collect::<Result<Vec<_>>>()?;
            connection.execute(&format!("CREATE TABLE {loading} ({})", columns.join(", ")))?;
            loading
        };
        Ok(Self {
            connection,
            target,
            loading,
            schema: SchemaRef::clone(schema),
            if_exists: if append { IfExists::Append } else { if_exists },
            widths: vec![0; schema.fields().len()],
            waiting: Vec::new(),
            waiting_rows: 0,
            written: Written::default(),
            finished: false,
        })
    }

    fn is_append(&self) -> bool {
        self.if_exists == IfExists::Append && self.loading == self.target
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        for (width, array) in self.widths.iter_mut().zip(batch.columns()) {
            *width = (*width).max(widest(array));
        }
        self.waiting_rows += batch.num_rows() as u64;
        self.waiting.push(batch.clone());
        self.written.rows += batch.num_rows() as u64;
        self.written.blocks += 1;
        if self.waiting_rows >= LOAD_ROWS || self.waiting.len() >= 16 { self.load() } else { Ok(()) }
    }

    /// Sends the rows that wait.
    fn load(&mut self) -> Result<()> {
        if self.waiting_rows > 0 {
            let mut load = Load::start(&mut self.connection, &self.loading, &self.schema)?;
            for batch in self.waiting.drain(..) {
                load.write(&batch)?;
            }
            load.finish()?;
            self.waiting_rows = 0;
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<Written> {
        self.load()?;
        if self.is_append() {
            self.connection.execute("COMMIT TRANSACTION")?;
        } else {
            for (field, &width) in self.schema.fields().iter().zip(&self.widths) {
                if Encoding::of(field)? == Encoding::Text && width <= LIMIT {
                    let width = width.max(1).next_power_of_two().min(LIMIT);
                    let column = T_SQL.quoted(field.name());
                    let narrowed = self.connection.execute(&format!(
                        "ALTER TABLE {} ALTER COLUMN {column} nvarchar({width})",
                        self.loading
                    ));
                    // a server that does not change types of columns keeps texts without a limit
                    if let Err(error @ (Error::Connection { .. } | Error::Engine(_))) = narrowed {
                        return Err(error);
                    }
                }
            }
            let name = Dialect::parts(&self.target).pop().unwrap_or_default();
            let drop = match self.if_exists {
                IfExists::Replace => format!("DROP TABLE IF EXISTS {}; ", self.target),
                _ => String::new(),
            };
            self.connection.execute(&format!(
                "SET XACT_ABORT ON; BEGIN TRANSACTION; {drop}EXEC sp_rename {}, {}, N'OBJECT'; COMMIT TRANSACTION",
                T_SQL.text(&self.loading),
                T_SQL.text(&name)
            ))?;
        }
        self.finished = true;
        Ok(self.written)
    }
}

impl BlockSink for ServerSink {
    fn write(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.add(&block.batch)?)
    }

    fn finish(mut self: Box<Self>) -> engine::Result<Written> {
        Ok(self.complete()?)
    }
}

impl Drop for ServerSink {
    fn drop(&mut self) {
        if !self.finished {
            // a broken connection rolls back what it has not committed; a table without its name is all that can stay
            let undo = if self.is_append() {
                "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION".to_owned()
            } else {
                format!("DROP TABLE IF EXISTS {}", self.loading)
            };
            let _ = self.connection.execute(&undo);
        }
    }
}

/// A name in the same schema that nothing else has.
fn beside(table: &str) -> String {
    let mut parts = Dialect::parts(table);
    let unique =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let name = parts.pop().unwrap_or_default();
    let short: String = name.chars().take(40).collect();
    parts.push(format!("{short}_rxdf_{:x}_{unique:x}", std::process::id()));
    parts
        .iter()
        .map(|part| if part.is_empty() { String::new() } else { T_SQL.quoted(part) })
        .collect::<Vec<_>>()
        .join(".")
}

fn widest(array: &dyn Array) -> usize {
    let widest_of = |texts: &arrow_array::StringArray| {
        texts
            .iter()
            .flatten()
            .map(|text| if text.is_ascii() { text.len() } else { text.encode_utf16().count() })
            .max()
    };
    let widest = match array.data_type() {
        DataType::Utf8 => array.as_string_opt::<i32>().and_then(widest_of),
        DataType::Dictionary(..) => array
            .as_dictionary_opt::<Int32Type>()
            .and_then(|dictionary| dictionary.values().as_string_opt::<i32>())
            .and_then(widest_of),
        _ => None,
    };
    widest.unwrap_or(0)
}
