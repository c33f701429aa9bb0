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
    /// The server could not be reached, or the connection broke.
    #[error("{server}: {doing}: {reason}")]
    Connection {
        /// The server, without secrets.
        server: String,
        /// What was being done.
        doing: &'static str,
        /// What happened, and what to do.
        reason: String,
    },
    /// The database refused a statement, or failed at it.
    #[error("{server} says: {message} (error {code})")]
    Server {
        /// The server, without secrets.
        server: String,
        /// The server's own number or state of the error.
        code: String,
        /// Its own words.
        message: String,
    },
    /// A connection string or an option cannot be used.
    #[error("{option}: {reason}")]
    Option {
        /// Which one.
        option: String,
        /// What is wrong with it, and what is accepted. Never the value of a password.
        reason: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

impl From<Error> for engine::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Engine(inner) => inner,
            other => Self::Upper(Box::new(other)),
        }
    }
}

/// Lets an error travel through Arrow's reader interface.
impl From<Error> for arrow_schema::ArrowError {
    fn from(error: Error) -> Self {
        engine::Error::from(error).into()
    }
}

/// A result with the bridge's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
