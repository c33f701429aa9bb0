//! How a 4.2 container is written.

use super::metadata::MAX_BLOCK_ROWS;
use crate::{Error, Result};

/// How a Microsoft 4.2 file is written. What is not set comes from the Microsoft file that the schema was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MicrosoftWriteOptions {
    /// zlib level, 1 to 9; 0 stores plain values, which is an inferred layout. Default: as the file before, else 1.
    pub level: Option<u32>,
    /// Rows of a block. Default: cut as the file before, else 500 000.
    pub block_rows: Option<usize>,
    /// Rows of a read, for the attribute `ReadInfo`. Default: as the file before (with `block_rows`, that many), else
    /// the attribute is left out.
    pub rows_per_read: Option<u64>,
    /// Write types whose bytes no public file of Microsoft's shows. Default: false, they are an error.
    pub allow_inferred: bool,
    /// Replace an existing target once the new file is complete. Default: false, an existing target is an error.
    pub overwrite: bool,
}

impl MicrosoftWriteOptions {
    /// Sets the compression level, 0 to 9.
    #[must_use]
    pub fn with_level(mut self, level: u32) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets the rows of a block.
    #[must_use]
    pub fn with_block_rows(mut self, block_rows: usize) -> Self {
        self.block_rows = Some(block_rows);
        self
    }

    /// Sets the rows of a read that the file states.
    #[must_use]
    pub fn with_rows_per_read(mut self, rows: u64) -> Self {
        self.rows_per_read = Some(rows);
        self
    }

    /// Sets whether types are written whose bytes no public file shows.
    #[must_use]
    pub fn with_allow_inferred(mut self, allow: bool) -> Self {
        self.allow_inferred = allow;
        self
    }

    /// Sets whether an existing target is replaced.
    #[must_use]
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Refuses what is out of range.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(level) = self.level.filter(|level| *level > 9) {
            let got = level.to_string();
            return Err(Error::InvalidOption { option: "the compression level", expected: "0 to 9", got });
        }
        if let Some(rows) = self.block_rows.filter(|rows| !(1..=MAX_BLOCK_ROWS).contains(rows)) {
            let (option, expected) = ("the rows of a block", "1 to 268435456");
            return Err(Error::InvalidOption { option, expected, got: rows.to_string() });
        }
        Ok(())
    }
}
