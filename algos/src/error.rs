//! What can go wrong between a formula and a model.

use std::path::PathBuf;

/// The errors of the algorithms; those of the engine pass through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the source, the executor or the sink.
    #[error(transparent)]
    Engine(engine::Error),
    /// A formula has no response, or more than the algorithm takes.
    #[error("formula '{formula}': {reason}")]
    Formula {
        /// The formula as written.
        formula: String,
        /// What is wrong with it and what is accepted.
        reason: String,
    },
    /// A column has a type or a content that its role does not allow.
    #[error("'{variable}' cannot be {role}: {reason}")]
    Variable {
        /// The column, or the expression over columns.
        variable: String,
        /// What it was to be: a response, a weight, a factor.
        role: &'static str,
        /// Why not, and what to do.
        reason: String,
    },
    /// A weight that is negative or not a number that weights can be.
    #[error("weight '{column}' is {value} near row {}; weights must be {expected}", row.saturating_add(1))]
    Weight {
        /// The weights' column.
        column: String,
        /// The value.
        value: f64,
        /// The row, from 0, or the first row of the block that has it.
        row: u64,
        /// What is accepted.
        expected: &'static str,
    },
    /// A response that the family does not have.
    #[error("response '{variable}' is {value} in row {}; it must be {expected}", row.saturating_add(1))]
    Response {
        /// The response.
        variable: String,
        /// The value.
        value: f64,
        /// The row, from 0.
        row: u64,
        /// What is accepted.
        expected: &'static str,
    },
    /// No row was left to work on.
    #[error(
        "no valid observations: of {rows} rows every one has a missing value in a variable of the model or a weight of 0"
    )]
    NoObservations {
        /// Rows that were read.
        rows: u64,
    },
    /// Sums are infinite or not numbers.
    #[error(
        "'{variable}' has infinite values, or values whose squares are; select finite rows or transform it"
    )]
    NotFinite {
        /// The variable.
        variable: String,
    },
    /// A factor or a range of integers has more levels than a design can have.
    #[error("'{variable}' would have {levels} levels, more than the {limit} that fit into a model; {remedy}")]
    TooManyLevels {
        /// The variable or term.
        variable: String,
        /// Its levels or cells.
        levels: u64,
        /// The bound.
        limit: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// Options contradict each other or the model.
    #[error("{option}: {reason}")]
    Option {
        /// The option.
        option: &'static str,
        /// Why it cannot be used here.
        reason: String,
    },
    /// Partial results of different models were to be merged.
    #[error("partial results of different models cannot be merged: {what}")]
    Mismatch {
        /// What differs.
        what: &'static str,
    },
    /// A file is not a model, or a damaged one.
    #[error("{origin}: not a readable model: {reason}")]
    NotAModel {
        /// The file, or what else the bytes came from.
        origin: String,
        /// What was expected and found.
        reason: String,
    },
    /// A model was written by a later release.
    #[error(
        "{origin}: the model has format version {found}, but this release reads up to {supported}; use a newer release"
    )]
    NewerModel {
        /// The file, or what else the bytes came from.
        origin: String,
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// A model of a kind that this release does not know.
    #[error("{origin}: models of kind '{kind}' are not known to this release")]
    UnknownKind {
        /// The file, or what else the bytes came from.
        origin: String,
        /// The kind found.
        kind: String,
    },
    /// A model file could not be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// A result with the algorithms' error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Lets an error of an algorithm travel through a pass of the engine.
impl From<Error> for engine::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Engine(inner) => inner,
            other => Self::Upper(Box::new(other)),
        }
    }
}

impl Error {
    /// An engine error, or the algorithm's own error that travelled inside one.
    pub(crate) fn unwrapped(error: engine::Error) -> Self {
        match error {
            engine::Error::Upper(inner) => match inner.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Engine(engine::Error::Upper(other)),
            },
            other => Self::Engine(other),
        }
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        Self::unwrapped(error)
    }
}
