//! Databases with an ODBC driver.
//!
//! A driver manager stands between programs and the drivers of databases. It is looked for when the first connection is
//! made ([`odbc_loader`]), so that nothing has to be installed for the rest. Rows are fetched many at a time into column
//! buffers that the driver fills (block cursors), on a thread of their own; each buffer becomes a record batch.
//!
//! Which Arrow type a column gets follows the table of [`SqlType`](crate::SqlType):
//!
//! | ODBC | Arrow | remark |
//! |---|---|---|
//! | `SQL_BIT` | Boolean | |
//! | `SQL_TINYINT` | Int8, unsigned `UInt8` | |
//! | `SQL_SMALLINT` | Int16, unsigned Int32 | |
//! | `SQL_INTEGER` | Int32, unsigned Int64 | Int64 from SQLite, whose integers have 64 bits whatever they are called |
//! | `SQL_BIGINT` | Int64 | an unsigned value above 2^63 - 1 is an error |
//! | `SQL_REAL` | Float32 | |
//! | `SQL_FLOAT`, `SQL_DOUBLE` | Float64 | |
//! | `SQL_DECIMAL`, `SQL_NUMERIC` | Float64 | |
//! | `SQL_CHAR`, `SQL_VARCHAR`, `SQL_LONGVARCHAR` and the wide ones, `SQL_GUID` | Utf8 | |
//! | `SQL_TYPE_DATE` | Date32 | the date 0000-00-00 is missing |
//! | `SQL_TYPE_TIMESTAMP` | Timestamp(ms), with more than 3 digits of seconds Timestamp(us) | no time zone |
//! | SQL Server's `datetimeoffset` | Timestamp(us, UTC) | |
//! | `SQL_TYPE_TIME` | Float64 | seconds since midnight |
//! | `SQL_BINARY` and longer ones, intervals, others | refused | cast in the query |
//!
//! Columns of SQLite without a declared type, such as sums, get the type of the values that occur in them: integers
//! Int64, with real numbers or without any value Float64, else Utf8. For that the query runs once more before.
//!
//! Texts are fetched as UTF-8 (on Windows UTF-16) into buffers of the length that the driver reports, at most
//! [`OdbcOptions::max_text_size`]. A text that is longer is never cut: when it is among the first rows the query runs
//! again with room for it, else it is an error that says how much room it needs.

mod columns;
mod connect;
mod convert;
mod fetch;
mod parameters;
mod session;
mod sink;
mod text;
mod undeclared;

use arrow_schema::SchemaRef;
use engine::BlockSink;

use crate::{Database, IfExists, Result, Session};
use connect::Target;
pub use sink::OdbcSink;

/// How to connect, and how much to hold in memory.
#[derive(Debug, Clone)]
pub struct OdbcOptions {
    /// Seconds until a connection must stand; default 15. 0 waits as long as the driver does.
    pub login_timeout: u32,
    /// Seconds that a statement may take; default 0, without limit. Drivers without such a limit ignore it.
    pub query_timeout: u32,
    /// Room for one text, in bytes (on Windows in UTF-16 units), where the driver reports no length or a longer one;
    /// default 16384.
    pub max_text_size: usize,
    /// Whether blanks at the end of texts are left out; default `false`.
    pub trim_space: bool,
    /// Bytes of the buffers for one fetch; default 16 MiB. Rows of one fetch are as many as fit.
    pub fetch_bytes: usize,
}

impl Default for OdbcOptions {
    fn default() -> Self {
        Self {
            login_timeout: 15,
            query_timeout: 0,
            max_text_size: 16_384,
            trim_space: false,
            fetch_bytes: 16 << 20,
        }
    }
}

/// A database behind an ODBC driver.
///
/// ```no_run
/// use sqlbridge::Database;
/// use sqlbridge::odbc::{OdbcDatabase, OdbcOptions};
///
/// let flights = OdbcDatabase::new("Driver=SQLite3;Database=flights.db", OdbcOptions::default())?;
/// let rows = flights.connect()?.query("select count(*) as n from flights")?;
/// # Ok::<(), sqlbridge::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct OdbcDatabase {
    target: Target,
}

impl OdbcDatabase {
    /// Takes an ODBC connection string, such as `DSN=sales;UID=reader;PWD=...` or
    /// `Driver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so;Server=...`. Nothing is connected yet.
    ///
    /// For two drivers some keywords get values of ours where the string has none, so that rows are streamed and types are
    /// kept: PostgreSQL's (`UseDeclareFetch=1`, `Fetch=4096`, `BoolsAsChar=0`) and SQLite's (`StepAPI=1`, `BigInt=1`).
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option) when the string has no `Driver` and no `DSN`, or cannot be taken apart.
    pub fn new(connection_string: &str, options: OdbcOptions) -> Result<Self> {
        Ok(Self { target: Target::new(connection_string, options)? })
    }

    /// Whether the connection string names a user (`UID`).
    pub fn has_user(&self) -> bool {
        self.target.has_user
    }

    /// Whether the connection string has a password or a token.
    pub fn has_secret(&self) -> bool {
        self.target.has_secret()
    }

    /// The same database with a password (`PWD`).
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.target.add_password(password);
        self
    }
}

impl Database for OdbcDatabase {
    fn name(&self) -> String {
        self.target.name.clone()
    }

    fn connect(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(session::OdbcSession::connect(&self.target)?))
    }

    fn sink(&self, table: &str, schema: &SchemaRef, if_exists: IfExists) -> Result<Box<dyn BlockSink>> {
        Ok(Box::new(OdbcSink::create(self, table, schema, if_exists)?))
    }
}
