//! What can go wrong between a database and the engine.

/// The bridge's errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A column of a query has a type that blocks cannot hold.
    #[error("column '{column}' has SQL type {sql_type}, which cannot be read; {remedy}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type, as the server calls it.
        sql_type: &'static str,
        /// How to write the query instead.
        remedy: &'static str,
    },
}

/// A result with the bridge's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
