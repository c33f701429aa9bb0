//! The XDF file format: XDF 5 read and written, Microsoft's containers read, straight to Arrow.

#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod container;
mod encoding;
mod error;
mod factor;
mod file;
pub mod metadata;
mod microsoft;
mod mmap;
mod options;
mod raw;
mod reader;
mod statistics;
mod writer;

pub use error::{Error, Result};
pub use file::{Damage, File, Generation, SegmentInfo, VerifyReport};
pub use options::{OpenOptions, ReadOptions, WriteOptions};
pub use reader::FileReader;
pub use statistics::{ColumnStatistics, Scalar};
pub use writer::Writer;

/// Rows of a block unless something else is asked for, in files and in scans.
pub const DEFAULT_BLOCK_ROWS: usize = 131_072;
