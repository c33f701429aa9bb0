//! An open `.xdf` file of any generation.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{Fields, Schema, SchemaRef};

use crate::container::Xdf5;
use crate::microsoft::{self, Microsoft};
use crate::mmap::Source;
use crate::raw::header::HEADER_BYTES;
use crate::{
    ColumnStatistics, EncodedColumn, Error, Extent, FileReader, OpenOptions, ReadOptions, Result, Set, Usage,
};

/// Which format a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// XDF 5, this crate's own.
    Xdf5 {
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// Microsoft's container with a trailer, 2014 to 2022.
    Microsoft42,
    /// Microsoft's container with a header, up to about 2014.
    Microsoft31,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xdf5 { major, minor } => write!(f, "XDF {major}.{minor}"),
            Self::Microsoft42 => f.write_str("Microsoft XDF 4.2"),
            Self::Microsoft31 => f.write_str("Microsoft XDF 3.1"),
        }
    }
}

/// Where and how one column of one block is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SegmentInfo {
    /// Number of the column, from 0.
    pub column: usize,
    /// Where the segment begins in the file, in bytes.
    pub offset: u64,
    /// Stored length in bytes.
    pub bytes: u64,
    /// Bytes of its values when they are read, without validity; of a factor the codes. 0 for a damaged segment.
    pub decoded_bytes: u64,
    /// How it is encoded, for people: "constant", "offset + bit-packing 9 bit", ...
    pub encoding: String,
    /// Number of rows.
    pub rows: u64,
    /// Number of missing values, when it is stored.
    pub missing: Option<u64>,
}

/// One damaged place that [`File::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// Number of the block, from 0; absent for what belongs to no block.
    pub block: Option<usize>,
    /// Name of the column, when the damage is in its data.
    pub column: Option<String>,
    /// Place in the file, in bytes.
    pub offset: u64,
    /// What was expected and what is there.
    pub problem: String,
}

/// What [`File::verify`] read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Number of blocks read.
    pub blocks: usize,
    /// Number of segments read.
    pub segments: u64,
    /// Number of bytes read.
    pub bytes: u64,
    /// Bytes that the newest commit does not need, which were not read: what [`File::layout`] calls dead.
    pub dead: u64,
    /// One of the two commit slots holds neither a commit nor nothing: a commit was interrupted, or the newest one was
    /// lost, and the file is as of the commit before.
    pub torn_slot: bool,
    /// Everything that is damaged; empty when the file is sound.
    pub damaged: Vec<Damage>,
}

impl VerifyReport {
    /// True when nothing is damaged.
    pub fn is_ok(&self) -> bool {
        self.damaged.is_empty()
    }
}

/// An open `.xdf` file: schema, statistics, blocks. Cloning shares it; it can be read from many threads at once.
#[derive(Clone)]
pub struct File {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    size: u64,
    /// First row of every block, then the number of rows: one more entry than blocks.
    starts: Vec<u64>,
    container: Container,
}

/// One variant for each reader that answers the same questions.
enum Container {
    Xdf5(Box<Xdf5>),
    Microsoft(Box<Microsoft>),
}

impl File {
    /// Whether bytes are the beginning of an XDF file of any generation.
    pub fn recognises(head: &[u8]) -> bool {
        head.starts_with(&crate::raw::header::MAGIC) || head.starts_with(&microsoft::MAGIC)
    }

    /// Opens a file of any generation; its first bytes decide which.
    ///
    /// # Errors
    /// When the file cannot be read, is not XDF, is of a newer version, or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &OpenOptions::default())
    }

    /// Opens a file with options.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        let mut opened = Self::open_once(path, options);
        for _ in 0..8 {
            match &opened {
                // A commit that came between the length and the slot has made the file longer; two of them may have
                // torn both slots under the eyes of a slow reader.
                Err(Error::Truncated { got, .. }) if fs::metadata(path).is_ok_and(|m| m.len() > *got) => {
                    opened = Self::open_once(path, options);
                }
                Err(Error::Damaged { what: "header", .. }) => opened = Self::open_once(path, options),
                _ => break,
            }
        }
        opened
    }

    fn open_once(path: &Path, options: &OpenOptions) -> Result<Self> {
        let file = fs::File::open(path).map_err(|e| Error::io(path, "open", e))?;
        let metadata = file.metadata().map_err(|e| Error::io(path, "open", e))?;
        if metadata.is_dir() {
            return Err(Error::Folder { path: path.to_owned(), is_set: Set::recognises(path) });
        }
        let size = metadata.len();
        if size == 0 {
            return Err(Error::Empty { path: path.to_owned() });
        }
        let io = |e| Error::io(path, "read", e);
        let source = Source::File(file);
        let page = source.read(0, size.min(HEADER_BYTES as u64)).map_err(io)?;
        let source =
            if options.mmap { source.mapped(size).map_err(|e| Error::io(path, "map", e))? } else { source };
        let (container, starts) = if page.starts_with(&microsoft::MAGIC) {
            let (file, starts) = Microsoft::open(path, source, size)?;
            (Container::Microsoft(Box::new(file)), starts)
        } else {
            let (file, starts) = Xdf5::open(path, &page, source, size, options.verify_checksums)?;
            (Container::Xdf5(Box::new(file)), starts)
        };
        Ok(Self { inner: Arc::new(Inner { path: path.to_owned(), size, starts, container }) })
    }

    /// The path that the file was opened by.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Length of the file in bytes.
    pub fn size(&self) -> u64 {
        self.inner.size
    }

    /// Which format the file has.
    pub fn generation(&self) -> Generation {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.generation(),
            Container::Microsoft(file) => file.generation(),
        }
    }

    /// Names and types of the columns; what else is known about them is in the metadata of fields and schema.
    pub fn schema(&self) -> &SchemaRef {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.schema(),
            Container::Microsoft(file) => file.schema(),
        }
    }

    /// Number of rows.
    pub fn num_rows(&self) -> u64 {
        self.inner.starts.last().copied().unwrap_or_default()
    }

    /// Number of blocks.
    pub fn num_blocks(&self) -> usize {
        self.inner.starts.len().saturating_sub(1)
    }

    /// Number of rows of a block; 0 beyond the last.
    pub fn block_rows(&self, block: usize) -> u64 {
        match self.inner.starts.get(block..).unwrap_or_default() {
            [start, end, ..] => end - start,
            _ => 0,
        }
    }

    /// First row of a block, from 0; the number of rows beyond the last.
    pub fn block_start(&self, block: usize) -> u64 {
        self.inner.starts.get(block).copied().unwrap_or_else(|| self.num_rows())
    }

    /// The block that holds a row, from 0; the number of blocks beyond the last row.
    pub fn block_of(&self, row: u64) -> usize {
        self.inner.starts.partition_point(|start| *start <= row).saturating_sub(1)
    }

    /// What the segments are compressed with: "zstd", "zlib" or "none".
    pub fn compression(&self) -> &'static str {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.compression(),
            Container::Microsoft(file) => file.compression(),
        }
    }

    /// Statistics of a column over the whole file, when they are stored.
    pub fn column_statistics(&self, column: usize) -> Option<ColumnStatistics> {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.column_statistics(column),
            Container::Microsoft(_) => None,
        }
    }

    /// Statistics of a column in one block, when they are stored.
    pub fn segment_statistics(&self, block: usize, column: usize) -> Option<ColumnStatistics> {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.segment_statistics(block, column),
            Container::Microsoft(_) => None,
        }
    }

    /// Where and how each column of a block is stored; empty beyond the last block.
    pub fn segments(&self, block: usize) -> Vec<SegmentInfo> {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.segments(block),
            Container::Microsoft(file) => file.segments(block),
        }
    }

    /// What the newest commit needs, in no order.
    pub(crate) fn live_extents(&self) -> Vec<Extent> {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.extents(),
            Container::Microsoft(file) => file.extents(),
        }
    }

    /// Reads some columns of a block, in the given order.
    ///
    /// # Errors
    /// When the block or a column does not exist, or their bytes are damaged.
    pub fn read_block(&self, block: usize, columns: &[usize]) -> Result<RecordBatch> {
        self.check_block(block)?;
        let schema = self.project(columns)?;
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.read_block(block, columns, schema),
            Container::Microsoft(file) => file.read_block(block, columns, schema),
        }
    }

    /// One column of a block as it is stored, to be asked without decoding it.
    ///
    /// # Errors
    /// When the block or the column does not exist, its bytes are damaged, or the file is one of Microsoft's.
    pub fn read_encoded(&self, block: usize, column: usize) -> Result<EncodedColumn> {
        self.check_block(block)?;
        self.project(&[column])?;
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.read_encoded(block, column),
            Container::Microsoft(_) => Err(Error::Unsupported {
                path: self.path().to_owned(),
                what: "keeps its columns as Microsoft's XDF does, without encodings (use read_block)"
                    .to_owned(),
            }),
        }
    }

    /// Refuses a block beyond the last.
    fn check_block(&self, index: usize) -> Result<()> {
        let blocks = self.num_blocks();
        if index < blocks {
            return Ok(());
        }
        Err(Error::NoSuchBlock { path: self.path().to_owned(), index, blocks })
    }

    /// The blocks one after the other, with a choice of columns and rows.
    ///
    /// # Errors
    /// When a column does not exist.
    pub fn reader(&self, options: &ReadOptions) -> Result<FileReader> {
        FileReader::new(self.clone(), options)
    }

    /// Reads all that the newest commit needs and reports what is damaged: header page, the schema that the file was
    /// begun with, block heads, segments, footer. Every checksum is compared, every value is decoded. Dead bytes, filler
    /// and reserved bytes are not looked at.
    ///
    /// # Errors
    /// Only when the file cannot be read at all, or needs a feature that is off; damage is in the report.
    pub fn verify(&self) -> Result<VerifyReport> {
        let report = match &self.inner.container {
            Container::Xdf5(xdf) => xdf.verify(),
            Container::Microsoft(file) => file.verify(),
        };
        let dead = self.layout().into_iter().filter(|extent| extent.usage == Usage::Dead);
        Ok(VerifyReport { dead: dead.map(|extent| extent.bytes).sum(), ..report? })
    }

    /// Tells the system that these columns of a block are read soon.
    pub(crate) fn will_need(&self, block: usize, columns: &[usize]) {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.will_need(block, columns),
            Container::Microsoft(_) => {}
        }
    }

    /// The schema of a choice of columns.
    pub(crate) fn project(&self, columns: &[usize]) -> Result<SchemaRef> {
        project(self.schema(), columns, self.path())
    }

    /// The container, for changes in place.
    pub(crate) fn xdf5(&self) -> Result<&Xdf5> {
        match &self.inner.container {
            Container::Xdf5(xdf) => Ok(xdf),
            Container::Microsoft(file) => {
                Err(Error::NotEditable { path: self.path().to_owned(), generation: file.generation() })
            }
        }
    }

    /// The levels of a factor column of an XDF 5 file; nothing for other columns.
    pub fn levels(&self, column: usize) -> Option<&Arc<StringArray>> {
        match &self.inner.container {
            Container::Xdf5(xdf) => xdf.levels(column),
            Container::Microsoft(_) => None,
        }
    }

    /// The checksum of the footer of an XDF 5 file: other for every commit of every file.
    pub(crate) fn footer_checksum(&self) -> Option<u64> {
        match &self.inner.container {
            Container::Xdf5(xdf) => Some(xdf.footer_checksum()),
            Container::Microsoft(_) => None,
        }
    }
}

/// The schema of a choice of columns of what is at `path`.
pub(crate) fn project(all: &SchemaRef, columns: &[usize], path: &Path) -> Result<SchemaRef> {
    if columns.iter().copied().eq(0..all.fields().len()) {
        return Ok(Arc::clone(all));
    }
    let fields = columns.iter().map(|&index| {
        all.fields().get(index).cloned().ok_or_else(|| Error::NoSuchColumn {
            path: path.to_owned(),
            index,
            columns: all.fields().len(),
        })
    });
    let fields = fields.collect::<Result<Fields>>()?;
    Ok(Arc::new(Schema::new_with_metadata(fields, all.metadata().clone())))
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("path", &self.inner.path)
            .field("generation", &self.generation())
            .finish()
    }
}
