//! Microsoft's XDF containers, the files of RevoScaleR and revoscalepy: 3.1 and 4.2 read, 4.2 written.
//!
//! [`File::open`](crate::File::open) reads both; [`Writer`] writes the newer, byte for byte what Microsoft's writer makes
//! of the same values; [`copy`] copies a file whose every segment has been checked.
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
//! | `writer` | Arrow batches as a 4.2 file |
//! | `columns` | which storage an Arrow type becomes |
//! | `values`, `deflate` | arrays as zlib streams |
//! | `cuts` | where blocks end |
//! | `options`, `copy` | how a file is written; a checked copy |
//! | `encode` | everything but the segments as bytes |
//! | `kept` | what a file says beyond Arrow's schema, from reader to writer |
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
//! use xdf::microsoft::{MicrosoftWriteOptions, Writer};
//!
//! let mpg: ArrayRef = Arc::new(Float64Array::from(vec![Some(21.0), None]));
//! let name: ArrayRef = Arc::new(StringArray::from(vec!["Mazda RX4", "Datsun 710"]));
//! let batch = RecordBatch::try_from_iter([("mpg", mpg), (".rxRowNames", name)])?;
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("cars.xdf");
//! let mut writer = Writer::create(&path, batch.schema(), MicrosoftWriteOptions::default())?;
//! writer.write(&batch)?;
//! let file = writer.finish()?;
//! assert_eq!((file.generation(), file.num_rows()), (xdf::Generation::Microsoft42, 2));
//! assert_eq!(file.schema().metadata()["xdf.row_names"], ".rxRowNames");
//! # Ok(())
//! # }
//! ```
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

mod columns;
mod container;
mod copy;
mod cursor;
mod cuts;
mod deflate;
mod encode;
mod fault;
mod kept;
mod metadata;
mod object;
mod options;
mod schema;
mod segment;
mod text;
mod types;
mod values;
mod writer;

pub use self::copy::copy;
pub use self::options::MicrosoftWriteOptions;
pub use self::writer::Writer;

use std::path::{Path, PathBuf};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;

use self::container::{Frame, Layout};
use self::fault::{Fault, Kind, Parsed};
use self::metadata::{Metadata, Segment, Variable};
use self::segment::Stored;
use crate::encoding::decoded_bytes;
use crate::mmap::Source;
use crate::parallel::prelude::*;
use crate::{Damage, Error, Extent, Generation, Result, SegmentInfo, Usage, VerifyReport};

/// The first four bytes of both containers.
pub(crate) const MAGIC: [u8; 4] = container::MAGIC;

/// An open Microsoft container.
pub(crate) struct Microsoft {
    path: PathBuf,
    source: Source,
    size: u64,
    frame: Frame,
    metadata: Metadata,
    schema: SchemaRef,
    /// Level texts per column, shared by all batches; empty for columns that are not factors.
    levels: Vec<ArrayRef>,
    /// True when every segment of numbers is as long as its values, so that nothing proves compression.
    maybe_plain: bool,
}

impl Microsoft {
    /// Reads the metadata of a file of `size` bytes; gives the first row of every block and the number of rows, too.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Damaged`] when the bytes contradict the layout; [`Error::Unsupported`] when they hold
    /// a version, type or constant of unknown meaning.
    pub(crate) fn open(path: &Path, source: Source, size: u64) -> Result<(Self, Vec<u64>)> {
        let read =
            |offset, length| source.read(offset, length).map_err(|cause| Error::io(path, "read", cause));
        let fail = |fault: Fault| fault.into_error(path);
        let length = usize::try_from(size)
            .map_err(|_| Error::io(path, "read", std::io::ErrorKind::FileTooLarge.into()))?;
        let head = read(0, size.min(container::HEAD as u64))?;
        let tail = size.min(container::TAIL as u64);
        let tail = read(size.saturating_sub(tail), tail)?;
        let frame = container::locate(&head, &tail, length).map_err(fail)?;
        let part = read(frame.metadata.start as u64, frame.metadata.len() as u64)?;
        let metadata = metadata::read(&part, &frame).map_err(fail)?;
        let maybe_plain = maybe_plain(&metadata);
        let first = metadata.segments.iter().find(|segment| segment.length >= 2);
        let first = first.map(|segment| read(segment.offset as u64, 2)).transpose()?;
        let level = first.and_then(|first| segment::level(&first, maybe_plain));
        let schema = schema::schema(&metadata, frame.layout, level);
        let levels = metadata.variables.iter().map(schema::dictionary).collect();
        let starts = starts(&metadata.block_rows);
        let path = path.to_owned();
        Ok((Self { path, source, size, frame, metadata, schema, levels, maybe_plain }, starts))
    }

    /// The columns, with levels, low and high and descriptions in the metadata of their fields.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
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

    /// The segments of a block in column order; empty beyond the last block.
    pub(crate) fn segments(&self, block: usize) -> Vec<SegmentInfo> {
        let describe = |column| {
            let part = self.part(block, column)?;
            let data_type = self.schema.fields().get(column)?.data_type();
            let decode = || self.read_segment(block, column).ok();
            Some(SegmentInfo {
                column,
                offset: part.segment.offset as u64,
                bytes: part.segment.length as u64,
                decoded_bytes: decoded_bytes(data_type, part.rows as u64, decode),
                encoding: self.compression().to_owned(),
                rows: part.rows as u64,
                missing: None,
            })
        };
        (0..self.metadata.variables.len()).map_while(describe).collect()
    }

    /// Header, segments and metadata (with the trailer of container 4.2).
    pub(crate) fn extents(&self) -> Vec<Extent> {
        let metadata = self.frame.metadata.start as u64;
        let mut extents = vec![
            Extent { offset: 0, bytes: self.frame.data_start as u64, usage: Usage::Header },
            Extent { offset: metadata, bytes: self.size.saturating_sub(metadata), usage: Usage::Footer },
        ];
        for block in 0..self.metadata.block_rows.len() {
            extents.extend((0..self.metadata.variables.len()).filter_map(|column| {
                let Segment { offset, length } = self.part(block, column)?.segment;
                let usage = Usage::Segment { block, column };
                Some(Extent { offset: offset as u64, bytes: length as u64, usage })
            }));
        }
        extents
    }

    /// The columns of a block, in the order of `schema`, which is the choice of `columns`.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::DamagedSegment`] when a segment does not inflate to its rows or a factor code has no
    /// level; [`Error::Unsupported`] for 2 GiB of text in one segment.
    pub(crate) fn read_block(
        &self,
        block: usize,
        columns: &[usize],
        schema: SchemaRef,
    ) -> Result<RecordBatch> {
        let rows = self.metadata.block_rows.get(block).copied();
        let decoded: Vec<Result<ArrayRef>> =
            columns.par_iter().map(|&column| self.read_segment(block, column)).collect();
        let arrays = decoded.into_iter().collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(rows);
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|source| Error::Arrow { path: self.path.clone(), source })
    }

    /// Decodes every segment and lists those that are damaged.
    ///
    /// # Errors
    /// [`Error::Io`]; damage is in the report.
    pub(crate) fn verify(&self) -> Result<VerifyReport> {
        let blocks = self.metadata.block_rows.len();
        let columns = self.metadata.variables.len();
        let mut report = VerifyReport { blocks, bytes: self.size, ..VerifyReport::default() };
        for block in 0..blocks {
            let found: Vec<Result<Option<Damage>>> =
                (0..columns).into_par_iter().map(|column| self.check_segment(block, column)).collect();
            for damage in found {
                report.segments = report.segments.saturating_add(1);
                report.damaged.extend(damage?);
            }
        }
        Ok(report)
    }

    fn check_segment(&self, block: usize, column: usize) -> Result<Option<Damage>> {
        let part = self.part(block, column).ok_or_else(|| self.no_block(block))?;
        let fault = self.decode(part)?.err();
        Ok(fault.map(|fault| Damage {
            block: Some(block),
            column: Some(part.variable.name.clone()),
            offset: part.segment.offset as u64,
            problem: format!("expected {}, got {}", fault.expected, fault.got),
        }))
    }

    fn read_segment(&self, block: usize, column: usize) -> Result<ArrayRef> {
        let part = self.part(block, column).ok_or_else(|| self.no_block(block))?;
        let name = &part.variable.name;
        self.decode(part)?.map_err(|fault| match fault.kind {
            Kind::Damaged => Error::DamagedSegment {
                path: self.path.clone(),
                column: name.clone(),
                block,
                offset: fault.offset,
                expected: fault.expected.into_owned(),
                got: fault.got,
            },
            Kind::Unsupported => fault.in_column(name).into_error(&self.path),
        })
    }

    /// Reads and decodes one segment; the outer error is the operating system's.
    fn decode(&self, part: Part<'_>) -> Result<Parsed<ArrayRef>> {
        let Segment { offset, length } = part.segment;
        let bytes = self
            .source
            .read(offset as u64, length as u64)
            .map_err(|cause| Error::io(&self.path, "read", cause))?;
        let stored = Stored { bytes: &bytes, offset, rows: part.rows, maybe_plain: self.maybe_plain };
        Ok(segment::decode(stored, part.variable.storage, part.levels))
    }

    fn part(&self, block: usize, column: usize) -> Option<Part<'_>> {
        let place = block.checked_mul(self.metadata.variables.len())?.checked_add(column)?;
        Some(Part {
            variable: self.metadata.variables.get(column)?,
            levels: self.levels.get(column)?,
            rows: *self.metadata.block_rows.get(block)?,
            segment: *self.metadata.segments.get(place)?,
        })
    }

    fn no_block(&self, index: usize) -> Error {
        Error::NoSuchBlock { path: self.path.clone(), index, blocks: self.metadata.block_rows.len() }
    }
}

/// One column of one block.
#[derive(Clone, Copy)]
struct Part<'a> {
    variable: &'a Variable,
    levels: &'a ArrayRef,
    rows: usize,
    segment: Segment,
}

/// First row of every block, then the number of rows.
fn starts(block_rows: &[usize]) -> Vec<u64> {
    let mut starts = Vec::with_capacity(block_rows.len().saturating_add(1));
    let mut next = 0_u64;
    starts.push(next);
    for &rows in block_rows {
        // The sum is that of the header: it was checked.
        next = next.saturating_add(rows as u64);
        starts.push(next);
    }
    starts
}

fn maybe_plain(metadata: &Metadata) -> bool {
    let columns = metadata.variables.len().max(1);
    let mut numbers =
        metadata.segments.chunks(columns).zip(&metadata.block_rows).flat_map(|(block, &rows)| {
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
