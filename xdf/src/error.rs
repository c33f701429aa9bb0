//! One error for everything that can go wrong with an `.xdf` file.
//!
//! Every variant names the file, and where it makes sense the column, the block, the byte offset, and what was
//! expected against what was found, so that one line is enough to act on. The decoders below this level know
//! nothing of files: they return a [`Fault`], and the file adds the place.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong when an `.xdf` file is opened, read, verified or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused; `action` says what was tried.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The target exists and overwriting was not asked for.
    #[error("'{}' already exists; allow overwriting or choose another name", path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("'{}' is empty (0 bytes), not an XDF file", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The first bytes are those of something else.
    #[error("'{}' is not an XDF file: it looks like {found}", path.display())]
    NotXdf {
        /// The file.
        path: PathBuf,
        /// What the file seems to be, with the first bytes when nothing is known about them.
        found: String,
    },
    /// Written by a later major version of the format.
    #[error(
        "'{}' is XDF version {major}.{minor}, this program reads up to {supported}; update the program",
        path.display()
    )]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Major version of the file.
        major: u16,
        /// Minor version of the file.
        minor: u16,
        /// The highest major version that can be read.
        supported: u16,
    },
    /// The file ends before its committed end.
    #[error("'{}' is truncated: {expected} bytes were committed, {got} are there", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Length that the file must have at least, in bytes.
        expected: u64,
        /// Length that it has, in bytes.
        got: u64,
    },
    /// A structure of the file (header, footer, directory, ...) does not hold what it must.
    #[error("'{}' is damaged: {what} at byte {offset}: expected {expected}, got {got}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The structure concerned.
        what: &'static str,
        /// Its place in the file, in bytes.
        offset: u64,
        /// What belongs there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// The data of one column in one block do not decode to what the directory promises.
    #[error(
        "'{}' is damaged: column '{column}', block {block}, byte {offset}: expected {expected}, got {got}",
        path.display()
    )]
    DamagedSegment {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
        /// Number of the block, from 0.
        block: usize,
        /// Where the segment begins in the file, in bytes.
        offset: u64,
        /// What belongs there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A column type that the format does not store.
    #[error(
        "column '{column}' has type {data_type}, which XDF does not store; cast it to one of: boolean, int8 to \
         int64, uint8 to uint64, float32, float64, decimal128, utf8, dictionary of utf8, binary, date32, timestamp"
    )]
    UnsupportedType {
        /// Name of the column.
        column: String,
        /// Its Arrow type.
        data_type: String,
    },
    /// A column that a Microsoft container cannot hold.
    #[error("column '{column}' does not fit Microsoft's XDF 4.2: {problem}")]
    MicrosoftColumn {
        /// Name of the column.
        column: String,
        /// Why, and what to do.
        problem: String,
    },
    /// A value that a Microsoft container cannot hold.
    #[error("column '{column}', row {} does not fit Microsoft's XDF 4.2: {problem}", row.saturating_add(1))]
    MicrosoftValue {
        /// Name of the column.
        column: String,
        /// Row of the table, from 0.
        row: u64,
        /// Why, and what to do.
        problem: String,
    },
    /// A batch does not have the columns that the writer was created with.
    #[error("column {index} of the batch does not fit the file '{}': expected {expected}, got {got}", path.display())]
    SchemaMismatch {
        /// The file being written.
        path: PathBuf,
        /// Number of the column, from 0.
        index: usize,
        /// Name and type that the file has.
        expected: String,
        /// Name and type that the batch has.
        got: String,
    },
    /// A folder where a file is needed.
    #[error(
        "'{}' is a folder{}",
        path.display(),
        if *is_set { " with a set of XDF files, where one file is needed" } else { ", not a file" }
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Whether it is a set: [`Set::open`](crate::Set::open) opens it.
        is_set: bool,
    },
    /// There is no set at a path.
    #[error("'{}' is no set of XDF files: {problem}", path.display())]
    NotASet {
        /// The path.
        path: PathBuf,
        /// What is there instead, and what to do.
        problem: String,
    },
    /// A part of a set is not what the manifest says.
    #[error("part '{part}' of the set '{}' {problem}", path.display())]
    Part {
        /// The set.
        path: PathBuf,
        /// Name of the part's file.
        part: String,
        /// What is wrong with it, as it reads after the part, and what to do.
        problem: String,
    },
    /// Another commit changed the set first; nothing of it or of this one is lost.
    #[error(
        "'{}' was changed by another commit meanwhile, version {version}; nothing of this one is published, its parts are kept: \
         commit again to add them, or give the session up",
        path.display()
    )]
    Conflict {
        /// The set.
        path: PathBuf,
        /// Version of the set that the other commit published.
        version: u64,
    },
    /// A session of writing a set was committed, was given up, or never was.
    #[error("there is no session '{}'; it was committed or given up, or the token is wrong", token.display())]
    NoSession {
        /// The token.
        token: PathBuf,
    },
    /// Key columns, or values of them, that a set cannot be partitioned by.
    #[error("the set '{}' cannot be partitioned so: expected {expected}, got {got}", path.display())]
    KeyColumns {
        /// The set.
        path: PathBuf,
        /// What key columns must be.
        expected: String,
        /// What was asked for.
        got: String,
    },
    /// No partition of a set has these values of the key columns.
    #[error("'{}' has no partition with the key {key}", path.display())]
    NoSuchPartition {
        /// The set.
        path: PathBuf,
        /// The values that were asked for.
        key: String,
    },
    /// Two columns of one file share a name.
    #[error("the column name '{column}' occurs more than once; rename one of them")]
    DuplicateColumn {
        /// The name.
        column: String,
    },
    /// A column number beyond the schema.
    #[error("'{}' has {columns} columns, there is no column number {index}", path.display())]
    NoSuchColumn {
        /// The file.
        path: PathBuf,
        /// What was asked for, from 0.
        index: usize,
        /// How many there are.
        columns: usize,
    },
    /// A block number beyond the file.
    #[error("'{}' has {blocks} blocks, there is no block number {index}", path.display())]
    NoSuchBlock {
        /// The file.
        path: PathBuf,
        /// What was asked for, from 0.
        index: usize,
        /// How many there are.
        blocks: usize,
    },
    /// An option outside of its range.
    #[error("{option} must be {expected}, got {got}")]
    InvalidOption {
        /// Name of the option.
        option: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        got: String,
    },
    /// The writer failed before; nothing more can be written and nothing is committed.
    #[error("writing '{}' failed before; nothing is committed, begin again", path.display())]
    WriterFailed {
        /// The file being written.
        path: PathBuf,
    },
    /// Another writer has the file.
    #[error(
        "'{}' is being changed by another program, or by another editor of this one; wait until it has committed, or end it, and \
         try again (reading is possible meanwhile)",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A file of a generation that is not changed in place.
    #[error(
        "'{}' is a {generation} file, which is not changed in place; import it to XDF 5 and change that, or write it again as a whole",
        path.display()
    )]
    NotEditable {
        /// The file.
        path: PathBuf,
        /// What it is.
        generation: crate::Generation,
    },
    /// A column that does not exist was named.
    #[error("'{}' has no column '{column}'; its columns are: {available}", path.display())]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
        /// The names that there are, shortened.
        available: String,
    },
    /// New columns do not have as many rows as the file.
    #[error("'{}' has {expected} rows, the new columns have {got}; nothing was changed", path.display())]
    RowCount {
        /// The file.
        path: PathBuf,
        /// Rows of the file.
        expected: u64,
        /// Rows of the new columns, as far as they came.
        got: u64,
    },
    /// A change that makes no sense for this file.
    #[error("cannot change '{}': {problem}", path.display())]
    InvalidEdit {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// Too little is left of a file to repair it.
    #[error("'{}' cannot be repaired: {problem}", path.display())]
    Irreparable {
        /// The file.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// The file needs something that this version does not read.
    #[error("'{}' {what}, which this version does not read", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it needs, as it reads after the file name.
        what: String,
    },
    /// The file needs a feature of this crate that is switched off.
    #[error(
        "'{}' needs the feature '{feature}' of the crate rxdf-xdf, which this program was built without",
        path.display()
    )]
    FeatureOff {
        /// The file.
        path: PathBuf,
        /// Name of the feature.
        feature: &'static str,
    },
    /// Arrow refused to build an array or a batch.
    #[error("'{}': {source}", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ArrowError,
    },
}

impl Error {
    /// An [`Error::Io`] for `path`.
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source }
    }
}

/// For streams whose errors are Arrow's; the error itself is the source of Arrow's.
impl From<Error> for ArrowError {
    fn from(error: Error) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

/// What a decoder found wrong, before the file adds path, column, block and offset.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The bytes are not what the format demands.
    Wrong {
        /// What the format demands.
        expected: String,
        /// What the bytes say.
        got: String,
    },
    /// The bytes are fine, but of a later version; reads after "the file".
    Unsupported(String),
    /// The bytes are fine, but the feature of this crate that reads them is switched off.
    #[cfg_attr(feature = "zstd", expect(dead_code, reason = "every decoder is there"))]
    FeatureOff(&'static str),
}

impl Fault {
    /// A fault from anything that prints.
    pub(crate) fn new(expected: impl Display, got: impl Display) -> Self {
        Self::Wrong { expected: expected.to_string(), got: got.to_string() }
    }

    /// Something that only a later version reads.
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }

    /// The fault as the damage of a structure of the file.
    pub(crate) fn in_file(self, path: &Path, what: &'static str, offset: u64) -> Error {
        let path = path.to_owned();
        match self {
            Self::Wrong { expected, got } => Error::Damaged { path, what, offset, expected, got },
            Self::Unsupported(what) => Error::Unsupported { path, what },
            Self::FeatureOff(feature) => Error::FeatureOff { path, feature },
        }
    }

    /// The fault as the damage of one segment.
    pub(crate) fn in_segment(self, path: &Path, column: &str, block: usize, offset: u64) -> Error {
        let path = path.to_owned();
        match self {
            Self::Wrong { expected, got } => {
                Error::DamagedSegment { path, column: column.to_owned(), block, offset, expected, got }
            }
            Self::Unsupported(what) => {
                Error::Unsupported { path, what: format!("{what} in column '{column}', block {block}") }
            }
            Self::FeatureOff(feature) => Error::FeatureOff { path, feature },
        }
    }
}
