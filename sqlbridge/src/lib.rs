//! SQL Server and ODBC rows in the same pipeline.
//!
//! The bridge will implement the engine's `BlockSource` and `BlockSink` for databases. What exists so far is the
//! border of the two type systems: which Arrow type a block has for each SQL type, and what is refused and why.
//!
//! ```
//! use arrow_schema::DataType;
//! use sqlbridge::SqlType;
//!
//! assert_eq!(SqlType::SmallInt.arrow_type("n").unwrap(), DataType::Int16);
//! assert!(SqlType::Binary.arrow_type("photo").unwrap_err().to_string().contains("CAST"));
//! ```

mod error;
mod types;

pub use error::{Error, Result};
pub use types::SqlType;
