//! SQL types and the Arrow types that blocks have for them.
//!
//! This is the border of the two type systems: which Arrow type a column of a query gets, and what is refused and why.
//! Sources and sinks for databases, the engine's `BlockSource` and `BlockSink`, are not built yet.
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

mod dialect;
mod error;
mod session;
mod types;

pub use dialect::Dialect;
pub use error::{Error, Result};
pub use session::{Database, Session};
pub use types::SqlType;
