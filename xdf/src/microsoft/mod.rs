//! Microsoft's XDF containers, 3.1 and 4.2: the files of RevoScaleR and revoscalepy, read.
//!
//! ```text
//! 3.1  magic 3.1 header │ segments, block by block │ metadata                          (up to about 2014)
//! 4.2  magic, 256 zeros │ segments, block by block │ metadata │ 60-byte footer, magic twice
//! ```
//!
//! A segment holds one column of one block. Opening reads header or footer and the metadata, nothing else;
//! reading a block inflates the segments of the columns asked for, in parallel. `docs/spec/xdf-microsoft.md` has
//! the layout byte by byte and says of every claim whether real files show it or whether it is inferred.
//!
//! | file | idea |
//! |---|---|
//! | `container` | which generation, where the metadata are |
//! | `object` | the one recursive object of the metadata |
//! | `metadata` | blocks, segments and variables, checked against each other |
//! | `types` | which storage stands behind a type id |
//! | `schema` | variables as Arrow fields |
//! | `segment` | zlib streams as Arrow arrays |
//! | `text` | UTF-8, else Windows-1252 |
//! | `cursor`, `fault` | checked reading, and what to say when it fails |
//!
//! Missing values: the smallest `int32`, the factor code of all ones and any NaN become nulls. An empty text stays
//! an empty text: the format writes missing and empty alike, and an empty text is what the file holds.
//!
//! Nothing read from a file is believed: every offset, count and length is checked before it is used, and no
//! allocation exceeds what the file's own bytes can decompress to.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod container;
mod cursor;
mod fault;
mod metadata;
mod object;
mod schema;
mod segment;
#[cfg(test)]
mod tests;
mod text;
mod types;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use rayon::prelude::*;

use self::container::{Frame, Layout};
use self::fault::{Fault, Kind};
use self::metadata::{Metadata, Segment, Variable};
use self::segment::Stored;
use crate::mmap::Bytes;
use crate::{Damage, Error, Generation, Result, Scalar, SegmentInfo, VerifyReport};

/// The first four bytes of both containers.
pub(crate) const MAGIC: [u8; 4] = container::MAGIC;

/// An open Microsoft container.
#[derive(Debug)]
pub(crate) struct Container {
    path: PathBuf,
    bytes: Bytes,
    frame: Frame,
    metadata: Metadata,
    schema: SchemaRef,
    /// Level texts per column, shared by all batches; empty for columns that are not factors.
    levels: Vec<ArrayRef>,
    /// True when every segment of numbers is as long as its values, so that nothing proves compression.
    maybe_plain: bool,
}

impl Container {
    /// Reads the metadata of the file `bytes`; `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes contradict the layout, [`Error::Unsupported`] when they hold a version,
    /// type or constant of unknown meaning.
    pub(crate) fn open(path: &Path, bytes: Bytes) -> Result<Self> {
        let parsed = container::locate(&bytes).and_then(|frame| Ok((metadata::read(&bytes, &frame)?, frame)));
        let (metadata, frame) = parsed.map_err(|fault| fault.into_error(path))?;
        let schema = schema::schema(&metadata);
        let levels = metadata.variables.iter().map(schema::dictionary).collect();
        let maybe_plain = maybe_plain(&metadata);
        Ok(Self { path: path.to_owned(), bytes, frame, metadata, schema, levels, maybe_plain })
    }

    /// The columns, with levels, low and high and descriptions in the metadata of their fields.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of the file.
    pub(crate) fn num_rows(&self) -> u64 {
        self.frame.rows as u64
    }

    /// Blocks of the file.
    pub(crate) fn num_blocks(&self) -> usize {
        self.metadata.block_rows.len()
    }

    /// Rows of a block; 0 beyond the last.
    pub(crate) fn block_rows(&self, block: usize) -> u64 {
        self.metadata.block_rows.get(block).copied().unwrap_or(0) as u64
    }

    /// Which of the two containers.
    pub(crate) fn generation(&self) -> Generation {
        match self.frame.layout {
            Layout::Header => Generation::Microsoft31,
            Layout::Trailer => Generation::Microsoft42,
        }
    }

    /// "zlib", or "none" when every segment of numbers is stored plain.
    pub(crate) fn compression(&self) -> &'static str {
        if self.maybe_plain { "none" } else { "zlib" }
    }

    /// The low and high that the file states for a numeric column: a claim of its writer, not of its data.
    /// Absent for factors and text, and when the writer did not compute them.
    pub(crate) fn statistics(&self, column: usize) -> Option<(Scalar, Scalar)> {
        schema::low_high(self.metadata.variables.get(column)?.numbers()?)
    }

    /// Stored bytes of a column in a block; 0 when there is no such segment.
    pub(crate) fn segment_len(&self, block: usize, column: usize) -> u64 {
        self.segment(block, column).map_or(0, |(segment, _)| segment.length as u64)
    }

    /// The segments of a block in column order; empty beyond the last block.
    pub(crate) fn segments(&self, block: usize) -> Vec<SegmentInfo> {
        let describe = |column| {
            let (segment, _) = self.segment(block, column)?;
            Some(SegmentInfo {
                column,
                offset: segment.offset as u64,
                bytes: segment.length as u64,
                encoding: self.compression().to_owned(),
                rows: self.block_rows(block),
                missing: None,
            })
        };
        (0..self.metadata.variables.len()).map_while(describe).collect()
    }

    /// The columns of a block, in the given order.
    ///
    /// # Errors
    /// [`Error::NoSuchBlock`], [`Error::NoSuchColumn`]; [`Error::DamagedSegment`] when a segment does not inflate to
    /// its rows or a factor code has no level; [`Error::Unsupported`] for more than 2 GiB of text in one segment.
    pub(crate) fn read_block(&self, block: usize, columns: &[usize]) -> Result<RecordBatch> {
        let Some(&rows) = self.metadata.block_rows.get(block) else {
            return Err(Error::NoSuchBlock { path: self.path.clone(), index: block, blocks: self.num_blocks() });
        };
        let arrow = |source| Error::Arrow { path: self.path.clone(), source };
        if let Some(&index) = columns.iter().find(|&&column| column >= self.metadata.variables.len()) {
            let columns = self.metadata.variables.len();
            return Err(Error::NoSuchColumn { path: self.path.clone(), index, columns });
        }
        let schema = Arc::new(self.schema.project(columns).map_err(arrow)?);
        let decoded: Vec<Result<ArrayRef>> =
            columns.par_iter().map(|&column| self.read_segment(block, column)).collect();
        let arrays = decoded.into_iter().collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, arrays, &options).map_err(arrow)
    }

    /// Decodes every segment and lists those that are damaged.
    ///
    /// # Errors
    /// None for damage, which is in the report.
    pub(crate) fn verify(&self) -> Result<VerifyReport> {
        let columns = self.metadata.variables.len();
        let mut report = VerifyReport { blocks: self.num_blocks(), bytes: self.bytes.len() as u64, ..Default::default() };
        for block in 0..self.num_blocks() {
            let found: Vec<Option<Damage>> =
                (0..columns).into_par_iter().map(|column| self.check_segment(block, column)).collect();
            report.segments = report.segments.saturating_add(columns as u64);
            report.damaged.extend(found.into_iter().flatten());
        }
        Ok(report)
    }

    fn check_segment(&self, block: usize, column: usize) -> Option<Damage> {
        let (segment, variable) = self.segment(block, column)?;
        let fault = self.decode(block, column).err()?;
        Some(Damage {
            block: Some(block),
            column: Some(variable.name.clone()),
            offset: segment.offset as u64,
            problem: format!("expected {}, got {}", fault.expected, fault.got),
        })
    }

    fn read_segment(&self, block: usize, column: usize) -> Result<ArrayRef> {
        self.decode(block, column).map_err(|fault| match (fault.kind, self.metadata.variables.get(column)) {
            (Kind::Damaged, Some(variable)) => Error::DamagedSegment {
                path: self.path.clone(),
                column: variable.name.clone(),
                block,
                offset: fault.offset,
                expected: fault.expected.into_owned(),
                got: fault.got,
            },
            (_, Some(variable)) => fault.in_column(&variable.name).into_error(&self.path),
            (_, None) => fault.into_error(&self.path),
        })
    }

    fn decode(&self, block: usize, column: usize) -> fault::Parsed<ArrayRef> {
        let nothing = || Fault::damaged(self.frame.metadata.start, "a segment of the file", "none");
        let (segment, variable) = self.segment(block, column).ok_or_else(nothing)?;
        let end = segment.offset.saturating_add(segment.length);
        let stored = Stored {
            bytes: self.bytes.get(segment.offset..end).ok_or_else(nothing)?,
            offset: segment.offset,
            rows: self.metadata.block_rows.get(block).copied().ok_or_else(nothing)?,
            maybe_plain: self.maybe_plain,
        };
        segment::decode(stored, variable.storage, self.levels.get(column).ok_or_else(nothing)?)
    }

    fn segment(&self, block: usize, column: usize) -> Option<(Segment, &Variable)> {
        let variable = self.metadata.variables.get(column)?;
        let place = block.checked_mul(self.metadata.variables.len())?.checked_add(column)?;
        Some((*self.metadata.segments.get(place)?, variable))
    }
}

fn maybe_plain(metadata: &Metadata) -> bool {
    let columns = metadata.variables.len().max(1);
    let mut numbers = metadata.segments.chunks(columns).zip(&metadata.block_rows).flat_map(|(block, &rows)| {
        let of_block = block.iter().zip(&metadata.variables);
        of_block.filter(|(_, variable)| variable.storage.width() > 0).map(move |(segment, variable)| {
            segment.length == rows.saturating_mul(variable.storage.width())
        })
    });
    // No number at all proves nothing, and compression is what every file seen has.
    numbers.next().is_some_and(|first| first && numbers.all(|plain| plain))
}

impl Fault {
    /// The crate's error for a fault of the metadata.
    fn into_error(self, path: &Path) -> Error {
        let path = path.to_owned();
        let of_column = self.column.map(|column| format!(" of column '{column}'")).unwrap_or_default();
        match self.kind {
            Kind::Damaged => Error::Damaged {
                path,
                what: "Microsoft XDF metadata",
                offset: self.offset,
                expected: format!("{}{of_column}", self.expected),
                got: self.got,
            },
            Kind::Unsupported => Error::Unsupported {
                path,
                what: format!(
                    "has {} at byte {}{of_column} where {} is known",
                    self.got, self.offset, self.expected
                ),
            },
        }
    }
}
