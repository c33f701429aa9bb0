//! Rows of databases in the engine's pipeline.
//!
//! A [`Database`] says where and who; it opens [`Session`]s, which answer in Arrow batches. [`SqlServer`] speaks SQL
//! Server's own protocol, `odbc` any database with an ODBC driver (feature `odbc`, on by default). [`SqlSource`] makes an
//! engine's `BlockSource` of a query or a table of any of them, so that all that reads blocks reads databases.
//! [`SqlType`] is the border of the two type systems: which Arrow type a column gets, and what is refused and why.
//!
//! ```
//! use arrow_schema::DataType;
//! use sqlbridge::SqlType;
//!
//! assert_eq!(SqlType::SmallInt.arrow_type("n").unwrap(), DataType::Int16);
//! assert!(SqlType::Binary.arrow_type("photo").unwrap_err().to_string().contains("CAST"));
//! ```

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]
#![deny(clippy::cast_possible_truncation)]

mod connection_string;
mod dialect;
mod error;
mod external_script;
mod in_server;
#[cfg(feature = "odbc")]
pub mod odbc;
mod pushdown;
mod session;
mod sink;
mod source;
mod tds;
mod types;

pub use connection_string::ConnectionString;
pub use dialect::Dialect;
pub use error::{Error, Result};
pub use external_script::{ExternalScript, SqlValue};
pub use in_server::InServer;
pub use pushdown::PushDown;
pub use session::{Database, RowReader, Session};
pub use sink::{IfExists, ServerSink};
pub use source::{Query, SqlSource};
pub use tds::{Connection, SqlServer};
pub use types::SqlType;
