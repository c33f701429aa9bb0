//! What can go wrong after the text was understood.

use arrow_schema::ArrowError;

use crate::syntax::SyntaxError;

/// An expression that does not fit its columns, or that failed on them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExprError {
    /// It reads a column that does not exist.
    #[error("{at}")]
    UnknownColumn {
        /// The name that was written.
        column: String,
        /// Names that resemble it, closest first.
        suggestions: Vec<String>,
        /// The place, with the hint in words.
        at: Box<SyntaxError>,
    },
    /// An operation does not fit the types of what it is applied to.
    #[error("{at}")]
    Type {
        /// The place and the reason.
        at: Box<SyntaxError>,
    },
    /// A computation failed on the values of a batch: an overflow of whole numbers, or a conversion.
    #[error("{at}")]
    Compute {
        /// The place and the reason.
        at: Box<SyntaxError>,
        /// What the kernel said.
        source: ArrowError,
    },
    /// A batch does not have the column for which the expression was bound.
    #[error("column '{column}' was {expected} when the expression was bound, but the batch has {found}")]
    Batch {
        /// The column.
        column: String,
        /// Its type at that time.
        expected: String,
        /// What is there now.
        found: String,
    },
}

impl ExprError {
    /// The place in the text, when the error has one.
    pub fn place(&self) -> Option<&SyntaxError> {
        match self {
            Self::UnknownColumn { at, .. } | Self::Type { at } | Self::Compute { at, .. } => Some(at),
            Self::Batch { .. } => None,
        }
    }
}
