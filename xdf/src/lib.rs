//! The XDF file format: XDF 5 and Microsoft's container 4.2 read and written, 3.1 read, straight to Arrow.
//!
//! An `.xdf` file is a table for statistics: columns with names, types, levels and descriptions, cut into blocks of
//! rows that a program reads one after the other, a few columns at a time, without ever holding the table.
//! [`File::open`] opens every generation of it and hides the difference; [`Writer`] writes the newest.
//!
//! ```text
//! ┌────────────┬────────┬───────────────────────────┬───────────────────────────┬─────┬──────────────────┐
//! │ header     │ schema │ block 0                   │ block 1                   │  …  │ footer           │
//! │ 2 commit   │        │ head │ x │ y │ z          │ head │ x │ y │ z          │     │ schema, levels,  │
//! │ slots ──┐  │        │        segments, encoded  │                           │     │ directory with   │
//! └─────────┼──┴────────┴───────────────────────────┴───────────────────────────┴─────┤ statistics       │
//!           └────────────────────────────────────────────────────────────────────────►└──────────────────┘
//! ```
//!
//! * **Arrow inside.** Blocks come as [`RecordBatch`](arrow_array::RecordBatch)es; a factor is a dictionary array
//!   whose levels all batches share. What Arrow has no place for is field metadata, see [`metadata`].
//! * **Narrow first.** Values are kept at the width that they need (offsets from the smallest value, numbers of
//!   distinct values, integers instead of floats that hold integers) and then compressed where that pays.
//! * **Statistics without reading.** Rows, missing, extremes, moments and level counts of every column and block
//!   stand in the directory, of every column also its quantiles: [`File::column_statistics`].
//! * **Changed in place.** [`Editor`] appends rows and columns, replaces, drops, renames and describes them: one
//!   commit, whole or not at all, while readers keep what they opened. [`compact`] removes what is dead, [`repair`]
//!   saves what is sound of a damaged file.
//! * **Nothing is lost.** A file appears under its name when it is complete and on the disk; every segment has a
//!   checksum that is compared when it is read; [`File::verify`] reads all and reports everything that is damaged.
//!   No bytes in a file, however wrong, make this crate panic or read beyond them.
//!
//! The layout, byte by byte, is in `docs/spec/xdf5.md`, Microsoft's in `docs/spec/xdf-microsoft.md`.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
//! use xdf::{File, ReadOptions, Scalar, WriteOptions, Writer};
//!
//! let age: ArrayRef = Arc::new(Int32Array::from(vec![Some(34), None, Some(52)]));
//! let income: ArrayRef = Arc::new(Float64Array::from(vec![2100.5, 3050.25, 4000.0]));
//! let batch = RecordBatch::try_from_iter([("age", age), ("income", income)])?;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("people.xdf");
//! let mut writer = Writer::create(&path, batch.schema(), WriteOptions::default())?;
//! writer.write(&batch)?;
//! writer.finish()?;
//!
//! let file = File::open(&path)?;
//! assert_eq!(file.num_rows(), 3);
//! let age = file.column_statistics(0).unwrap();
//! assert_eq!((age.missing, age.max), (1, Some(Scalar::Int(52))));
//! for batch in file.reader(&ReadOptions::default().with_columns(vec![1]))? {
//!     assert_eq!(batch?.num_columns(), 1);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! All are on by default and none changes a signature (the module [`microsoft`] goes with its feature); `docs/embedding.md` counts what each costs.
//!
//! | feature | what it brings | without it |
//! |---|---|---|
//! | `microsoft` | containers 3.1 and 4.2, the module of that name (libdeflate and zlib, C) | their files are refused by [`Error::FeatureOff`] |
//! | `parallel` | columns encoded and blocks verified on all threads (rayon) | the calling thread does it |
//! | `zstd` | zstd on top of the encodings (C) | larger files at every level; files that use zstd are refused by [`Error::FeatureOff`] |
//!
//! # Modules
//!
//! | module | idea |
//! |---|---|
//! | `file`, `reader`, `writer`, `options` | the public face |
//! | `container` | XDF 5 read: directory, segments, verification |
//! | `edit` | change in place, compaction, repair |
//! | `assemble` | XDF 5 written: rows to blocks, blocks to a footer |
//! | [`atomic`], `storage` | files that appear when they are complete; every step that changes the disk |
//! | `set` | a table in many files: parts, a manifest, commits; partitions |
//! | `raw` | its bytes, without Arrow: header, frames, fields, footer, directory, schema |
//! | `encoding` | segments: arrays to bytes and back, statistics on the way |
//! | [`encoded`] | sums, extremes, filters and groups from segments as they are stored |
//! | `layout` | what every byte of a file is there for |
//! | `factor` | levels of many dictionaries become one |
//! | `microsoft` | containers 3.1 and 4.2 read, 4.2 written |
//! | `mmap` | bytes of a file; but for one line of `encoding::factor` the only unsafe code |
//! | `parallel` | all threads, or one |
//! | `sketch` | quantiles of a column in a few kilobytes |
//! | `metadata`, `statistics`, `error` | what fields carry, what columns sum up to, what can go wrong |

#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod assemble;
pub mod atomic;
mod container;
mod edit;
pub mod encoded;
mod encoding;
mod error;
mod factor;
mod file;
mod layout;
pub mod metadata;
#[cfg(feature = "microsoft")]
pub mod microsoft;
#[cfg(not(feature = "microsoft"))]
#[path = "microsoft/absent.rs"]
mod microsoft;
mod mmap;
mod options;
mod parallel;
mod raw;
mod reader;
pub mod set;
mod sketch;
mod statistics;
#[doc(hidden)]
pub mod storage;
mod writer;

/// The Arrow whose types this crate takes and gives.
pub use arrow_array;
/// The Arrow whose types this crate takes and gives.
pub use arrow_schema;

pub use edit::{ColumnsWriter, CompactOptions, CompactReport, Editor, RepairReport, compact, repair};
pub use encoded::EncodedColumn;
pub use error::{Error, Result};
pub use file::{Damage, File, Generation, SegmentInfo, VerifyReport};
pub use layout::{Extent, Usage};
pub use options::{OpenOptions, ReadOptions, WriteOptions};
pub use reader::FileReader;
pub use set::{PartWriter, Set};
pub use sketch::{Beside, QuantileSketch};
pub use statistics::{ColumnStatistics, Scalar};
pub use writer::Writer;

/// Rows of a block unless something else is asked for, in files and in scans.
pub const DEFAULT_BLOCK_ROWS: usize = 131_072;
