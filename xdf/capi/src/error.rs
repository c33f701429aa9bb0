//! What can go wrong, as a number to branch on and a message to show.

use std::ffi::{CString, c_char};
use std::fmt;

use xdf::arrow_schema::ArrowError;

/// Whether a call succeeded, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum Status {
    /// It succeeded.
    Ok = 0,
    /// A pointer that must not be null is, a text is not UTF-8, or an option is out of range.
    InvalidArgument = 1,
    /// The operating system refused: no such file, no permission, disk full.
    Io = 2,
    /// The target exists and overwriting was not asked for.
    Exists = 3,
    /// The file is empty or of another format.
    NotXdf = 4,
    /// The file is of a later version, uses something unknown, needs a feature that this build lacks, or is one of
    /// Microsoft's, which are not changed in place.
    Unsupported = 5,
    /// The bytes of the file are wrong: truncated, changed, a checksum that differs.
    Damaged = 6,
    /// There is no such column or block.
    NotFound = 7,
    /// Types or names do not fit: a type that the format does not store, two columns of one name.
    Schema = 8,
    /// The stream that was given in failed or breaks the Arrow C interface.
    Stream = 9,
    /// Another writer has the file.
    Locked = 10,
    /// Something else, which the message tells.
    Other = 11,
    /// An error in this library; the file is untouched.
    Panic = 12,
}

/// Why a call failed.
#[derive(Debug)]
pub struct Failure {
    status: Status,
    message: CString,
}

impl Failure {
    pub(crate) fn new(status: Status, message: impl AsRef<str>) -> Self {
        Self { status, message: c_text(message.as_ref()) }
    }

    /// A call that is wrong whatever the file.
    pub(crate) fn argument(message: impl AsRef<str>) -> Self {
        Self::new(Status::InvalidArgument, message)
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.to_string_lossy())
    }
}

impl From<xdf::Error> for Failure {
    fn from(error: xdf::Error) -> Self {
        use xdf::Error as E;
        let status = match &error {
            E::Io { .. } | E::Folder { .. } => Status::Io,
            E::Exists { .. } => Status::Exists,
            E::Empty { .. } | E::NotXdf { .. } => Status::NotXdf,
            E::NewerVersion { .. } | E::Unsupported { .. } | E::NotEditable { .. } | E::FeatureOff { .. } => {
                Status::Unsupported
            }
            E::Truncated { .. } | E::Damaged { .. } | E::DamagedSegment { .. } => Status::Damaged,
            E::NoSuchColumn { .. } | E::UnknownColumn { .. } | E::NoSuchBlock { .. } => Status::NotFound,
            E::UnsupportedType { .. } | E::SchemaMismatch { .. } | E::DuplicateColumn { .. } => {
                Status::Schema
            }
            E::InvalidOption { .. } => Status::InvalidArgument,
            E::Locked { .. } => Status::Locked,
            _ => Status::Other,
        };
        Self::new(status, error.to_string())
    }
}

/// An error of the Arrow C interface, on either side.
impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::new(Status::Stream, error.to_string())
    }
}

/// The text with an end that C knows; a NUL inside becomes the replacement character.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default()
}

/// Why the call failed; XDF_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_error_status(error: Option<&Failure>) -> Status {
    error.map_or(Status::Ok, Failure::status)
}

/// One sentence that names the file, and where it makes sense the column, the block and the byte; lives as long as
/// the error. "" for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_error_message(error: Option<&Failure>) -> *const c_char {
    error.map_or(c"".as_ptr(), |failure| failure.message.as_ptr())
}

/// Frees an error. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_error_free(error: Option<Box<Failure>>) {
    drop(error);
}

/// The version of the library, such as "0.1.0"; never freed.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
