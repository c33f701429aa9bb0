//! What is wrong with a file, and where.
//!
//! The parsers below work on bytes and do not know the file's name. They report a [`Fault`]: the offset of the
//! field, what the layout asks for there, and what the file holds. [`Container`](super::Container) adds the path
//! and the column and turns it into the crate's error. A fault is either *damage* (no writer produces this) or
//! something *unsupported* (a well-formed value whose meaning nobody has seen in a real file yet); the two need
//! different remedies, so they stay apart up to the message.

use std::borrow::Cow;

/// Whether a file is broken or only beyond what this reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The bytes contradict the layout: the file was cut, overwritten or never was such a file.
    Damaged,
    /// The bytes follow the layout but hold a type or constant of unknown meaning.
    Unsupported,
}

/// One place of a file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Broken or beyond us.
    pub(super) kind: Kind,
    /// Bytes from the start of the file to the field.
    pub(super) offset: u64,
    /// Name of the column, once it is known.
    pub(super) column: Option<String>,
    /// What the layout asks for.
    pub(super) expected: Cow<'static, str>,
    /// What the file holds.
    pub(super) got: String,
}

/// Result of a parser that does not know the path.
pub(super) type Parsed<T> = Result<T, Fault>;

impl Fault {
    /// Bytes that contradict the layout.
    pub(super) fn damaged(
        offset: usize,
        expected: impl Into<Cow<'static, str>>,
        got: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Damaged, offset, expected.into(), got.into())
    }

    /// A value of unknown meaning.
    pub(super) fn unsupported(
        offset: usize,
        expected: impl Into<Cow<'static, str>>,
        got: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Unsupported, offset, expected.into(), got.into())
    }

    fn new(kind: Kind, offset: usize, expected: Cow<'static, str>, got: String) -> Self {
        Self { kind, offset: offset as u64, column: None, expected, got }
    }

    /// The same fault, said of a column (the innermost name wins).
    pub(super) fn in_column(mut self, name: &str) -> Self {
        self.column.get_or_insert_with(|| name.to_owned());
        self
    }
}
