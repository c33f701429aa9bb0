//! SQL Server by its own protocol, TDS 7.4 and 8.0 (Microsoft's open specification [MS-TDS]).
//!
//! ```text
//! stream (TCP, TLS) -> packet (headers off) -> token (columns, errors, ends) -> rows (into arrays) -> batch
//! ```
//!
//! The client blocks, and needs no runtime: a pass reads ahead on a thread of its own. Values go from the bytes of the
//! answer straight into the arrays of their columns.

mod answer;
mod browser;
mod bulk;
mod bytes;
mod collation;
mod column;
mod connection;
mod kind;
mod login;
mod number;
mod options;
mod packet;
mod prelogin;
mod rows;
mod stream;
mod temporal;
mod text;
mod tls;
mod token;

use std::fmt;

pub(crate) use bulk::{Encoding, Load};
pub use connection::Connection;

use arrow_schema::SchemaRef;
use engine::BlockSink;

use self::options::Options;
use crate::{ConnectionString, Database, IfExists, Result, ServerSink, Session};

/// A SQL Server and who asks it.
///
/// # Connection strings
/// Those of ODBC and ADO, and `mssql://USER@HOST:PORT/DATABASE?KEYWORD=VALUE` ([`ConnectionString`]). Keywords:
///
/// | keyword | meaning | default |
/// |---|---|---|
/// | `Server` | `HOST`, `HOST,PORT`, `HOST\INSTANCE`; `.` is this machine | required |
/// | `Database` | | the login's own |
/// | `Uid`, `Pwd` | | variables `XDF_SQL_USER`, `XDF_SQL_PASSWORD` |
/// | `AccessToken` | a token of Entra ID | variable `XDF_SQL_TOKEN` |
/// | `Encrypt` | `yes`; `no`: the login only, where the server can; `strict`: TDS 8 | `yes`, or `no` with a `Driver` before ODBC Driver 18 |
/// | `TrustServerCertificate` | believe any certificate | `no` |
/// | `ServerCertificate` | file of the one certificate to believe | |
/// | `HostNameInCertificate` | the name that the certificate must have | the host |
/// | `PacketSize` | bytes, 512 to 32767, asked for | 16383, not encrypted 32767 |
/// | `ApplicationIntent` | `ReadOnly` | |
/// | `LoginTimeout` | seconds | 15 |
/// | `QueryTimeout` | seconds without a byte of an answer, 0 for no limit | 0 |
/// | `ConnectRetryCount`, `ConnectRetryInterval` | tries after errors that pass, seconds between | 1, 10 |
#[derive(Clone)]
pub struct SqlServer {
    options: Options,
}

impl SqlServer {
    /// Reads a connection string; what it leaves out may come from the environment.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option) for a keyword with a value that cannot be used, or without a login.
    pub fn new(string: &ConnectionString) -> Result<Self> {
        Self::with_environment(string, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// As [`new`](Self::new), with another environment.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_environment(
        string: &ConnectionString,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        Ok(Self { options: Options::new(string, environment)? })
    }

    /// Connects, as [`Database::connect`], and gives the connection as what it is.
    ///
    /// # Errors
    /// As there.
    pub fn open(&self) -> Result<Connection> {
        Connection::open(&self.options)
    }
}

impl Database for SqlServer {
    fn name(&self) -> String {
        self.options.name()
    }

    fn connect(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(self.open()?))
    }

    fn sink(&self, table: &str, schema: &SchemaRef, if_exists: IfExists) -> Result<Box<dyn BlockSink>> {
        Ok(Box::new(ServerSink::create(self, table, schema, if_exists)?))
    }
}

impl fmt::Debug for SqlServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqlServer").field(&self.options.name()).finish()
    }
}
