//! What can be wrong with a text file: where it is, what was found, and what to do about it.

use std::path::PathBuf;

/// Errors of delimited text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// A cell does not fit the type of its column.
    #[error(transparent)]
    BadCell(Box<BadCell>),
    /// More cells became missing than the caller allowed.
    #[error("more than {max} cells cannot be read as the type of their column; one of them: {example}")]
    TooManyBadCells {
        /// Bad cells allowed.
        max: u64,
        /// One of them, near the one that was too many.
        example: Box<BadCell>,
    },
    /// A row has more or fewer fields than there are columns.
    #[error(
        "{path}, line {line}: {found} fields where there are {expected} columns; look for a stray delimiter or quote \
         there, or name another delimiter",
        path = path.display()
    )]
    FieldCount {
        /// The file.
        path: PathBuf,
        /// Line of the row's start, from 1.
        line: u64,
        /// Fields in the row.
        found: usize,
        /// Columns of the file.
        expected: usize,
    },
    /// A quoted text never ends.
    #[error(
        "{path}, line {line}: a quote opens here and is never closed; close it, or read the file without quotes",
        path = path.display()
    )]
    OpenQuote {
        /// The file.
        path: PathBuf,
        /// Line of the opening quote, from 1.
        line: u64,
    },
    /// A record is too long to be one.
    #[error(
        "{path}, line {line}: this row has more than {limit} bytes; look for a quote that is never closed",
        path = path.display()
    )]
    RecordTooLong {
        /// The file.
        path: PathBuf,
        /// Line of the record's start, from 1.
        line: u64,
        /// Bytes that a record may have.
        limit: usize,
    },
    /// Bytes that are not valid UTF-8.
    #[error(
        "{path}, line {line}, column '{column}': bytes that are not valid UTF-8; name the file's encoding \
         (--encoding latin1, for example)",
        path = path.display()
    )]
    InvalidUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the row's start, from 1.
        line: u64,
        /// The column, or its number in the header.
        column: String,
    },
    /// Two columns have one name.
    #[error(
        "{path}: columns {first} and {second} are both named '{column}'; give one of them another name in the header",
        path = path.display()
    )]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
        /// Number of the first, from 1.
        first: usize,
        /// Number of the second, from 1.
        second: usize,
    },
    /// A later file has other columns than the first.
    #[error(
        "{path} has the columns {found}, but {first} has {expected}; files that are read as one must agree",
        path = path.display(), first = first.display()
    )]
    OtherColumns {
        /// The later file.
        path: PathBuf,
        /// The first file.
        first: PathBuf,
        /// Columns of the later file, shortened.
        found: String,
        /// Columns of the first file, shortened.
        expected: String,
    },
    /// The file has no record, so nothing names its columns.
    #[error("{path}: there is no text in it, so it has no columns", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A type name that is not known, or that text cannot be read as.
    #[error("'{name}' is not a type that text can be read as; the types are: {known}")]
    UnknownType {
        /// The name.
        name: String,
        /// The names there are.
        known: &'static str,
    },
    /// An encoding label that is not known.
    #[error(
        "'{label}' is not an encoding; use a label such as utf-8, latin1, windows-1252, utf-16le, gb18030"
    )]
    UnknownEncoding {
        /// The label.
        label: String,
    },
}

/// A cell that cannot be read as the type of its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path}, line {line}, column '{column}': '{text}' is not {expected}{why}; {remedy}",
    path = path.display(), why = why(*.inferred_rows)
)]
pub struct BadCell {
    /// The file.
    pub path: PathBuf,
    /// Line of the row's start, from 1.
    pub line: u64,
    /// The column.
    pub column: String,
    /// The cell, shortened.
    pub text: String,
    /// The type that it was read as, in words.
    pub expected: String,
    /// Over how many rows the type was inferred; `None` when the caller gave it.
    pub inferred_rows: Option<u64>,
    /// What to do.
    pub remedy: String,
}

fn why(inferred_rows: Option<u64>) -> String {
    inferred_rows.map(|rows| format!(", the type that the first {rows} rows suggest")).unwrap_or_default()
}

/// How many cells of a column became missing, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCells {
    /// The column.
    pub column: String,
    /// How many.
    pub count: u64,
    /// The file of the first.
    pub path: PathBuf,
    /// The line of the first, from 1.
    pub line: u64,
    /// The text of the first, shortened.
    pub text: String,
}

/// A text short enough for a message; control characters and bytes that are not UTF-8 are escaped.
pub(crate) fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    let lossy = String::from_utf8_lossy(text);
    let mut shown = String::new();
    for (count, character) in lossy.chars().enumerate() {
        if count == LONGEST {
            shown.push_str("...");
            break;
        }
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}

/// Names in a row, shortened.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", ... (");
        text.push_str(&names.len().to_string());
        text.push_str(" in all)");
    }
    text
}
