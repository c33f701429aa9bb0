//! One way for data: from any source, block by block, through transforms, into accumulators or sinks.
//!
//! ```text
//!  BlockSource ──open()──► BlockReader ──Block──► Transform* ──Block──► Accumulator ──merge──► Estimator::step
//!  (a description,         (re-chunked,           (rows, columns)       (sums of a block)      ├─ Continue(state): next pass
//!   opened once a pass)     numbered)                    │                                     └─ Break(model)
//!                                                        └────────────► BlockSink (files, memory)
//! ```
//!
//! # Overview of types
//! - [`Block`]: a record batch and its place in the data set.
//! - [`BlockSource`]: something that can be read any number of times; [`source::open`] makes one from a path.
//! - [`BlockReader`]: one pass over it, in blocks of [`ScanOptions::block_rows`] rows.
//! - [`Transform`]: rows selected, columns computed; [`BlockSource`]s with transforms are sources again.
//! - [`Called`]: columns computed by a function of the caller, chunk by chunk.
//! - [`Accumulator`]: a mergeable partial result; [`Estimator`]: an algorithm as a loop of passes over them.
//! - [`Executor`]: runs one pass; [`Local`] does it on the threads of this machine, [`task::Remote`] where the rows are.
//! - [`BlockSink`]: takes blocks and makes a file or a table of them, all or nothing.
//! - [`Monitor`]: progress of a pass, and the way to cancel it.
//!
//! # Reproducibility
//! A pass cuts the rows into morsels of a fixed number of blocks and merges their partials in row order. The number of
//! threads decides who computes a morsel, never what is computed, so results are equal bit for bit; another block size
//! changes the order of additions and so only the last digits.

mod accumulator;
pub mod aggregate;
mod block;
mod budget;
mod called;
pub mod diff;
mod error;
mod estimator;
mod executor;
pub mod expr;
pub mod factor;
pub mod formula;
mod monitor;
mod partition;
mod reader;
mod scan;
pub mod sink;
pub mod source;
pub mod stats;
pub mod syntax;
pub mod task;
mod transform;

pub use accumulator::{Accumulator, Collect};
pub use block::Block;
pub use budget::MemoryBudget;
pub use called::{CallOptions, Called, ChunkFunction, ROW_SELECTION};
pub use error::{Error, Result};
pub use estimator::{Estimator, fit};
pub use executor::{Executor, Local};
pub use monitor::{Monitor, Progress};
pub use partition::partition_keys;
pub use reader::BlockReader;
pub use scan::ScanOptions;
pub use sink::{BlockSink, Written, transfer};
pub use source::{BlockSource, SourceExt, SourceInfo};
pub use transform::{BoundTransform, Compute, Project, SelectRows, Transform, Transformed};

/// Rows of a block where the caller does not say otherwise; files are written with it and scans cut by it.
pub const DEFAULT_BLOCK_ROWS: usize = 131_072;
