//! A table in many files: a folder of parts with one manifest.
//!
//! Parts are complete XDF 5 files that independent processes write at the same time, sharing nothing but the folder.
//! Nobody sees any of it until one process commits: then the manifest of a new version appears, by one step that the
//! file system cannot do half, and lists the parts in order. Parts are never changed; a new version lists other parts,
//! and whoever reads an older one goes on.
//!
//! ```text
//! flights/
//! ├── manifest-00000001.json        the first version: parts in order, columns, levels of all parts
//! ├── manifest-00000002.json        the newest: the set
//! ├── parts/
//! │   ├── part-00000-5c…-91….xdf    an XDF 5 file
//! │   └── part-00001-5c…-0e….xdf
//! └── sessions/
//!     └── 77…/                      a version that is being written
//!         ├── session.json          columns and options, for every process
//!         └── part-00000.json       a part that is finished; the last attempt replaces those before
//! ```
//!
//! * **Order.** Rows come in the order of the parts, within a part in the order of its blocks. Parts are ordered by the
//!   numbers that their writers gave them; where the set is partitioned, by the values of the key columns first.
//! * **Levels.** Parts find levels on their own. The manifest has them all; readers translate the codes of parts.
//! * **Retries.** Two attempts at one part leave two files, and the commit takes that of the attempt that finished last.
//!
//! The normative text is `docs/spec/xdf5-set.md`.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, Int32Array, RecordBatch};
//! use xdf::set::SetOptions;
//! use xdf::{PartWriter, Set};
//!
//! let batch = |from: i32| {
//!     let x: ArrayRef = Arc::new(Int32Array::from_iter_values(from..from + 3));
//!     RecordBatch::try_from_iter([("x", x)])
//! };
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("numbers");
//! let token = Set::begin(&path, batch(0)?.schema(), &SetOptions::default())?;
//! for number in [1, 0] {
//!     // in any process, on any machine that sees the folder
//!     let mut writer = PartWriter::create(&token, number)?;
//!     writer.write(&batch(number as i32 * 3)?)?;
//!     writer.finish()?;
//! }
//! assert!(Set::open(&path).is_err());
//! let set = Set::commit(&token)?;
//! assert_eq!((set.num_parts(), set.num_rows()), (2, 6));
//! assert_eq!(set.read_block(1, &[0])?, batch(3)?);
//! # Ok(())
//! # }
//! ```

#![deny(clippy::cast_possible_truncation)]

mod adopt;
mod clean;
mod commit;
mod document;
mod key;
mod levels;
mod manifest;
mod part;
mod partition;
mod parts;
mod reader;
mod schema;
mod session;
mod verify;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::parallel::prelude::*;
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;

use self::manifest::Manifest;
use self::parts::{OpenPart, OpenParts};
use crate::factor::Levels;
use crate::file::project;
use crate::raw::schema::StoredSchema;
use crate::{ColumnStatistics, Error, File, OpenOptions, ReadOptions, Result};

pub use clean::{CleanReport, Session};
pub use key::Key;
pub use manifest::Part;
pub use part::PartWriter;
pub use partition::Partition;
pub use reader::SetReader;
pub use session::{SetMode, SetOptions};
pub use verify::PartReport;

/// So many parts are opened with their set, so that what is wrong with them is known at once and readers keep them
/// whatever happens to the folder.
const OPENED_AT_ONCE: usize = 256;

/// An open set of XDF files, or one partition of it. Cloning shares it; it can be read from many threads at once.
#[derive(Clone)]
pub struct Set {
    shared: Arc<Shared>,
    /// The parts of the set that are seen.
    parts: Range<usize>,
    /// First row of each of these parts, then the number of rows.
    starts: Arc<[u64]>,
    /// Number of the first block of each of these parts, then the number of blocks.
    blocks: Arc<[usize]>,
}

struct Shared {
    path: PathBuf,
    manifest: Manifest,
    schema: SchemaRef,
    /// Levels of all factors with their codes, made when the first part is opened.
    levels: OnceLock<Vec<Option<Levels>>>,
    open: OpenParts,
    options: OpenOptions,
}

impl Set {
    /// Whether a path is a folder with a set in it.
    pub fn recognises(path: impl AsRef<Path>) -> bool {
        manifest::numbers(path.as_ref()).is_ok_and(|numbers| !numbers.is_empty())
    }

    /// Opens the newest version of a set.
    ///
    /// # Errors
    /// [`Error::NotASet`] where there is none; a manifest that is damaged or of a newer version; [`Error::Part`] where
    /// a part is missing or is not what was committed (in sets of more than 256 parts only its length is compared
    /// until it is read).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &OpenOptions::default())
    }

    /// Opens a set; the options are those of its parts.
    ///
    /// # Errors
    /// As [`Set::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        let metadata = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?;
        let problem = match Manifest::newest(path)? {
            Some(manifest) => {
                let set = Self::of(path, manifest, options);
                set.check_parts()?;
                return Ok(set);
            }
            None if metadata.is_dir() => {
                "the folder has no manifest; commit what is being written there, or make a set of files"
            }
            None => "it is a file; open it as one",
        };
        Err(Error::NotASet { path: path.to_owned(), problem: problem.to_owned() })
    }

    fn of(path: &Path, manifest: Manifest, options: &OpenOptions) -> Self {
        let parts = 0..manifest.parts.len();
        let shared = Shared {
            path: path.to_owned(),
            schema: Arc::new(manifest.stored.schema.clone()),
            manifest,
            levels: OnceLock::new(),
            open: OpenParts::default(),
            options: options.clone(),
        };
        Self::view(Arc::new(shared), parts)
    }

    fn view(shared: Arc<Shared>, parts: Range<usize>) -> Self {
        let (mut starts, mut blocks) = (vec![0], vec![0]);
        let (mut rows, mut block) = (0_u64, 0_usize);
        for part in shared.manifest.parts.get(parts.clone()).unwrap_or_default() {
            // Their sums were found to fit when the manifest was checked.
            rows = rows.saturating_add(part.rows);
            block = block.saturating_add(part.blocks);
            starts.push(rows);
            blocks.push(block);
        }
        Self { shared, parts, starts: starts.into(), blocks: blocks.into() }
    }

    fn check_parts(&self) -> Result<()> {
        if self.num_parts() <= OPENED_AT_ONCE {
            return (0..self.num_parts()).into_par_iter().try_for_each(|part| self.open_part(part).map(drop));
        }
        self.parts().par_iter().try_for_each(|part| parts::check_size(self.path(), part))
    }

    /// The path that the set was opened by.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Version of the set: 1 for the first commit, one more for each later one.
    pub fn version(&self) -> u64 {
        self.shared.manifest.sequence
    }

    /// Length of the parts in bytes.
    pub fn size(&self) -> u64 {
        self.parts().iter().fold(0, |sum, part| sum.saturating_add(part.size))
    }

    /// Names and types of the columns, with the levels of all parts.
    pub fn schema(&self) -> &SchemaRef {
        &self.shared.schema
    }

    /// The parts in order.
    pub fn parts(&self) -> &[Part] {
        self.shared.manifest.parts.get(self.parts.clone()).unwrap_or_default()
    }

    /// Number of parts.
    pub fn num_parts(&self) -> usize {
        self.parts().len()
    }

    /// Number of rows.
    pub fn num_rows(&self) -> u64 {
        self.starts.last().copied().unwrap_or_default()
    }

    /// Number of blocks.
    pub fn num_blocks(&self) -> usize {
        self.blocks.last().copied().unwrap_or_default()
    }

    /// The rows of a part within the set, from 0; empty beyond the last.
    pub fn part_rows(&self, part: usize) -> Range<u64> {
        match self.starts.get(part..).unwrap_or_default() {
            [start, end, ..] => *start..*end,
            _ => self.num_rows()..self.num_rows(),
        }
    }

    /// The file of a part. Its factors have the part's own levels, which may differ from the set's.
    ///
    /// # Errors
    /// When there is no such part, or it is missing or not what was committed.
    pub fn part(&self, part: usize) -> Result<File> {
        Ok(self.open_part(part)?.file.clone())
    }

    /// The files of all parts in order, as [`Set::part`] gives them.
    ///
    /// # Errors
    /// As [`Set::part`].
    pub fn files(&self) -> Result<Vec<File>> {
        (0..self.num_parts()).map(|part| self.part(part)).collect()
    }

    /// Where a block is: the number of its part, and its number there.
    pub fn locate(&self, block: usize) -> Option<(usize, usize)> {
        let part = self.blocks.partition_point(|first| *first <= block).checked_sub(1)?;
        let first = self.blocks.get(part)?;
        (block < self.num_blocks()).then_some((part, block - first))
    }

    /// First row of a block, from 0; the number of rows beyond the last.
    ///
    /// # Errors
    /// When the part of the block is missing or not what was committed.
    pub fn block_start(&self, block: usize) -> Result<u64> {
        let Some((part, block_in_part)) = self.locate(block) else { return Ok(self.num_rows()) };
        let start = self.part_rows(part).start;
        Ok(start.saturating_add(self.open_part(part)?.file.block_start(block_in_part)))
    }

    /// The block that holds a row, from 0; the number of blocks beyond the last row.
    ///
    /// # Errors
    /// When the part of the row is missing or not what was committed.
    pub fn block_of(&self, row: u64) -> Result<usize> {
        if row >= self.num_rows() {
            return Ok(self.num_blocks());
        }
        let part = self.part_of_row(row);
        let first = self.blocks.get(part).copied().unwrap_or_default();
        let row_in_part = row.saturating_sub(self.part_rows(part).start);
        Ok(first.saturating_add(self.open_part(part)?.file.block_of(row_in_part)))
    }

    /// Reads some columns of a block, in the given order.
    ///
    /// # Errors
    /// When the block or a column does not exist, its part is missing, or the bytes are damaged.
    pub fn read_block(&self, block: usize, columns: &[usize]) -> Result<RecordBatch> {
        let Some((part, block_in_part)) = self.locate(block) else {
            let (path, blocks) = (self.path().to_owned(), self.num_blocks());
            return Err(Error::NoSuchBlock { path, index: block, blocks });
        };
        let schema = self.project(columns)?;
        let part = self.open_part(part)?;
        part.in_set(&part.file.read_block(block_in_part, columns)?, columns, self.stored(), &schema)
    }

    /// The blocks one after the other, with a choice of columns and rows.
    ///
    /// # Errors
    /// When a column does not exist.
    pub fn reader(&self, options: &ReadOptions) -> Result<SetReader> {
        SetReader::new(self.clone(), options)
    }

    /// Statistics of a column over all parts, when all of them have some. They are those of a file with the same
    /// blocks: moments are merged block by block, everything else part by part.
    pub fn column_statistics(&self, column: usize) -> Option<ColumnStatistics> {
        let mut all = ColumnStatistics::default();
        let mut moments = ColumnStatistics::default();
        for number in 0..self.num_parts() {
            let part = self.open_part(number).ok()?;
            for block in 0..part.file.num_blocks() {
                moments.merge(&part.file.segment_statistics(block, column)?);
            }
            all.merge(&part.statistics_in_set(part.file.column_statistics(column)?, column));
        }
        if let (Some(counts), Some(levels)) = (&mut all.level_counts, self.levels(column)) {
            counts.resize(levels.len(), 0);
        }
        Some(ColumnStatistics { mean: moments.mean, m2: moments.m2, ..all })
    }

    /// Statistics of a column in one block, when they are stored; level counts are in the order of the set's levels.
    pub fn segment_statistics(&self, block: usize, column: usize) -> Option<ColumnStatistics> {
        let (part, block_in_part) = self.locate(block)?;
        let part = self.open_part(part).ok()?;
        Some(part.statistics_in_set(part.file.segment_statistics(block_in_part, column)?, column))
    }

    /// The levels of a factor, those of all parts; none of other columns.
    pub fn levels(&self, column: usize) -> Option<&Arc<StringArray>> {
        self.stored().levels.get(column).and_then(Option::as_ref)
    }

    /// The schema of a choice of columns.
    fn project(&self, columns: &[usize]) -> Result<SchemaRef> {
        project(self.schema(), columns, self.path())
    }

    fn stored(&self) -> &StoredSchema {
        &self.shared.manifest.stored
    }

    /// The part that holds a row; the number of parts beyond the last row.
    fn part_of_row(&self, row: u64) -> usize {
        self.starts.partition_point(|start| *start <= row).saturating_sub(1)
    }

    /// The levels of all factors with their codes.
    fn level_codes(&self) -> Result<&[Option<Levels>]> {
        let shared = &self.shared;
        if let Some(levels) = shared.levels.get() {
            return Ok(levels);
        }
        let columns: Vec<usize> = (0..shared.schema.fields().len()).collect();
        let levels = manifest::key_levels(&shared.manifest.stored, &columns);
        let levels = levels.map_err(|fault| fault.in_file(self.path(), "levels", 0))?;
        Ok(shared.levels.get_or_init(|| levels))
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>> {
        let Some(listed) = self.parts().get(part) else {
            let problem = format!("does not exist: there are {} parts", self.num_parts());
            return Err(parts::part_error(self.path(), &part.to_string(), problem));
        };
        let shared = &self.shared;
        shared.open.get(self.parts.start + part, || {
            parts::open_part(self.path(), &shared.manifest, listed, self.level_codes()?, &shared.options)
        })
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set")
            .field("path", &self.shared.path)
            .field("version", &self.version())
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}
