//! The options of opening, reading and writing; plain values with defaults that suit most uses.

use std::ops::Range;

use crate::raw::footer::MAX_BLOCK_ROWS;
use crate::{DEFAULT_BLOCK_ROWS, Error, Result};

/// How a file is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Compare the checksum of every segment when it is read. Default: true.
    pub verify_checksums: bool,
    /// Map the file into memory instead of reading pieces of it. Default: true.
    /// Choose false where another program may truncate the file while it is open.
    pub mmap: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { verify_checksums: true, mmap: true }
    }
}

impl OpenOptions {
    /// Sets whether checksums are compared.
    #[must_use]
    pub fn with_verify_checksums(mut self, verify_checksums: bool) -> Self {
        self.verify_checksums = verify_checksums;
        self
    }

    /// Sets whether the file is mapped.
    #[must_use]
    pub fn with_mmap(mut self, mmap: bool) -> Self {
        self.mmap = mmap;
        self
    }
}

/// What a [`FileReader`](crate::FileReader) reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Column numbers in the order in which they are wanted; all columns when absent.
    pub columns: Option<Vec<usize>>,
    /// Rows to read, from 0; all rows when absent. What lies beyond the last row is ignored.
    pub rows: Option<Range<u64>>,
}

impl ReadOptions {
    /// Reads these columns, in this order.
    #[must_use]
    pub fn with_columns(mut self, columns: Vec<usize>) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Reads these rows.
    #[must_use]
    pub fn with_rows(mut self, rows: Range<u64>) -> Self {
        self.rows = Some(rows);
        self
    }
}

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Compression level: 0 for encodings only, which decode fastest; 1 (default) to 9 for zstd where it pays, with
    /// growing effort. A byte saved may cost 4 ns of decoding at level 1, and twice as much with each further level.
    /// Without the feature `zstd` every level is 0.
    pub level: i32,
    /// Rows of a block, 1 to 16777216. Default: [`DEFAULT_BLOCK_ROWS`].
    pub block_rows: usize,
    /// Replace an existing target once the new file is complete. Default: false, an existing target is an error.
    pub overwrite: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { level: 1, block_rows: DEFAULT_BLOCK_ROWS, overwrite: false }
    }
}

impl WriteOptions {
    /// Sets the compression level, 0 to 9.
    #[must_use]
    pub fn with_level(mut self, level: i32) -> Self {
        self.level = level;
        self
    }

    /// Sets the rows of a block.
    #[must_use]
    pub fn with_block_rows(mut self, block_rows: usize) -> Self {
        self.block_rows = block_rows;
        self
    }

    /// Sets whether an existing target is replaced.
    #[must_use]
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// The compression level that this build can give.
    pub(crate) fn usable_level(&self) -> i32 {
        if cfg!(feature = "zstd") { self.level } else { 0 }
    }

    /// Refuses what is out of range.
    pub(crate) fn check(&self) -> Result<()> {
        if !(0..=9).contains(&self.level) {
            let got = self.level.to_string();
            return Err(Error::InvalidOption { option: "the compression level", expected: "0 to 9", got });
        }
        if !(1..=MAX_BLOCK_ROWS).contains(&(self.block_rows as u64)) {
            let got = self.block_rows.to_string();
            return Err(Error::InvalidOption {
                option: "the rows of a block",
                expected: "1 to 16777216",
                got,
            });
        }
        Ok(())
    }
}
