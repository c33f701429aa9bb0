//! What can go wrong between a source and a sink. Every message says where, what was expected and what to do.

use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;

/// The engine's errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An XDF file could not be read or written.
    #[error(transparent)]
    Xdf(#[from] xdf::Error),
    /// A file could not be opened, read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A Parquet file could not be read or written.
    #[error("{path}: not a readable Parquet file: {source}", path = path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        source: parquet::errors::ParquetError,
    },
    /// An Arrow IPC file or stream could not be read or written.
    #[error("{path}: not a readable Arrow IPC file or stream: {source}", path = path.display())]
    Ipc {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        source: ArrowError,
    },
    /// An Arrow kernel or a foreign reader failed.
    #[error("{doing}: {source}")]
    Arrow {
        /// What was being done.
        doing: String,
        /// The kernel's reason.
        source: ArrowError,
    },
    /// A column that does not exist was asked for.
    #[error("there is no column '{column}'; {hint}the columns are: {available}", hint = did_you_mean(closest.as_deref()))]
    ColumnNotFound {
        /// The name asked for.
        column: String,
        /// The nearest existing name, if one is near.
        closest: Option<String>,
        /// The existing names, shortened.
        available: String,
    },
    /// A column has a type that cannot be used here.
    #[error("column '{column}' has type {found}, but {expected}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What is accepted, and how to get there.
        expected: String,
    },
    /// The batches of one stream do not have one schema.
    #[error(
        "{context}: the columns change from {expected} to {found}; all parts must have the same columns and types"
    )]
    SchemaChanged {
        /// The source.
        context: String,
        /// The schema so far.
        expected: String,
        /// The other schema.
        found: String,
    },
    /// The output exists and was not to be replaced.
    #[error("{path} exists; choose another name, or ask to overwrite it", path = path.display())]
    OutputExists {
        /// The existing file.
        path: PathBuf,
    },
    /// The bytes or the name of a file tell no format that can be read or written.
    #[error("{path}: {reason}", path = path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What was looked for, and what to do.
        reason: String,
    },
    /// No file matches a pattern, or a list of files is empty.
    #[error("no file matches '{pattern}'")]
    NoInput {
        /// The pattern or path.
        pattern: String,
    },
    /// An option has a value that cannot be used.
    #[error("{option}: {reason}")]
    InvalidOption {
        /// The option's name.
        option: String,
        /// What is wrong with it and what is accepted.
        reason: String,
    },
    /// A pass does not fit into the memory that it may take.
    #[error(
        "the pass needs at least {needed} bytes in memory, but may take {budget}; use fewer rows per block or allow more memory"
    )]
    MemoryBudget {
        /// Bytes that one worker needs.
        needed: usize,
        /// Bytes allowed.
        budget: usize,
    },
    /// The pass was cancelled; nothing was written.
    #[error("cancelled")]
    Cancelled,
    /// A formula or an expression could not be understood.
    #[error(transparent)]
    Syntax(#[from] crate::syntax::SyntaxError),
    /// An expression does not fit the data, or failed on it.
    #[error(transparent)]
    Expr(#[from] crate::expr::ExprError),
    /// A text file has a value or a shape that cannot be read.
    #[error(transparent)]
    Text(#[from] crate::source::text::TextError),
    /// Bytes of a task or of a partial result that cannot be used.
    #[error("not a usable {what}: {reason}")]
    Task {
        /// `task` or `partial result`.
        what: &'static str,
        /// What is wrong and what to do.
        reason: String,
    },
    /// An error of a layer above, passing through a pass.
    #[error(transparent)]
    Upper(Box<dyn std::error::Error + Send + Sync>),
}

/// Column names that a message shows.
const SHOWN: usize = 12;

/// A result with the engine's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Names the file of an I/O error.
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// Says what an Arrow kernel was used for; an engine error that travelled inside comes out again.
    pub(crate) fn arrow(doing: impl Into<String>) -> impl FnOnce(ArrowError) -> Self {
        let doing = doing.into();
        move |source| match source {
            ArrowError::ExternalError(inner) => match inner.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => match other.downcast::<xdf::Error>() {
                    Ok(xdf) => Self::Xdf(*xdf),
                    Err(other) => Self::Arrow { doing, source: ArrowError::ExternalError(other) },
                },
            },
            source => Self::Arrow { doing, source },
        }
    }

    /// A missing column, with the nearest of the existing names.
    pub fn column_not_found<'a>(column: &str, existing: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = existing.into_iter().collect();
        let closest =
            crate::syntax::closest(column, names.iter().copied()).first().map(|&name| name.to_owned());
        let mut available = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        if names.len() > SHOWN {
            available = format!("{available}, ... ({} in all)", names.len());
        }
        Self::ColumnNotFound { column: column.to_owned(), closest, available }
    }
}

fn did_you_mean(closest: Option<&str>) -> String {
    closest.map(|name| format!("did you mean '{name}'? ")).unwrap_or_default()
}

/// Lets an engine error travel through Arrow's reader interface.
impl From<Error> for ArrowError {
    fn from(error: Error) -> Self {
        Self::ExternalError(Box::new(error))
    }
}
