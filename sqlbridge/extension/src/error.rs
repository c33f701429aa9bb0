//! Why a call fails. The server only learns that it did; the message goes to stderr, which it passes on to the client.

/// The errors of the extension.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host called in a way that the interface does not have.
    #[error("{call}: {reason}")]
    Call {
        /// The function.
        call: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The script is none that the extension runs.
    #[error("script: {0}")]
    Script(String),
    /// A column of the input cannot be used.
    #[error("column '{column}' of the input: {reason}")]
    Column {
        /// The column.
        column: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// A parameter cannot be used.
    #[error("parameter '@{name}': {reason}")]
    Param {
        /// The parameter, without its `@`.
        name: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// A task, a model or an algorithm failed.
    #[error(transparent)]
    Algorithm(#[from] algos::Error),
    /// An error of this library.
    #[error("internal error, please report it: {0}")]
    Panic(String),
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        Self::Algorithm(error.into())
    }
}

/// A result with the extension's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
