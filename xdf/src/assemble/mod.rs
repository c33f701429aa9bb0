//! A commit while it is made: rows come in, blocks and at the end a footer go out.
//!
//! [`Columns`] collect rows until a block is full and encode them in parallel; [`block`] puts the segments behind
//! a head that describes them; [`Tables`] remember where everything is, and become the footer. What a new file and
//! a change of an existing one have in common is here, [`resume`] has what only the latter needs; who owns the
//! file, and when a commit counts, is not.

pub(crate) mod block;
pub(crate) mod columns;
mod resume;
pub(crate) mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};

use crate::assemble::block::Place;
use crate::assemble::columns::{Columns, stored_type};
use crate::assemble::tables::Tables;
use crate::encoding::encode::Segment;
use crate::error::Fault;
use crate::raw::checksum;
use crate::raw::footer::build_schema_frame;
use crate::raw::header::{Slot, new_page};
use crate::raw::schema::StoredSchema;
use crate::storage::Storage;
use crate::{ColumnStatistics, Error, Result, WriteOptions};

/// The number of the first commit of a file.
const FIRST_COMMIT: u64 = 1;

/// Everything that one commit is made of.
pub(crate) struct Assembly {
    path: PathBuf,
    options: WriteOptions,
    sequence: u64,
    pub(crate) stored: StoredSchema,
    /// The schema as frames of the file tell it so far, new levels apart.
    told: StoredSchema,
    /// Levels of a factor have other names than frames of the file tell.
    levels_renamed: bool,
    columns: Columns,
    tables: Tables,
    /// Rows in blocks that are written.
    rows: u64,
    /// Low and high that fields state must hold for what comes in.
    widen: bool,
}

impl Assembly {
    /// The first commit of a new file.
    pub(crate) fn new(path: &Path, schema: &Schema, options: WriteOptions) -> Result<Self> {
        options.check()?;
        let (stored, columns) = Columns::begin(schema, path)?;
        Ok(Self::begun(path, options, stored, columns))
    }

    /// The first commit of a new file that takes the columns of another one over, with all that is said about them.
    pub(crate) fn copying(path: &Path, stored: StoredSchema, options: WriteOptions) -> Result<Self> {
        options.check()?;
        let mut stored = StoredSchema::new(stored.schema, stored.levels);
        let columns = Columns::of(&mut stored, path)?;
        Ok(Self::begun(path, options, stored, columns))
    }

    fn begun(path: &Path, options: WriteOptions, stored: StoredSchema, columns: Columns) -> Self {
        Self {
            path: path.to_owned(),
            options,
            sequence: FIRST_COMMIT,
            told: stored.clone(),
            stored,
            levels_renamed: false,
            columns,
            tables: Tables::default(),
            rows: 0,
            widen: false,
        }
    }

    /// The file that the commit is for.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the commit.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The level that segments are encoded with.
    pub(crate) fn level(&self) -> i32 {
        self.options.usable_level()
    }

    /// Rows in blocks that are written.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what stands before the first block of a new file.
    pub(crate) fn begin(&self, storage: &mut Storage) -> Result<()> {
        self.put(storage, &new_page())?;
        self.put_schema(storage)
    }

    fn put_schema(&self, storage: &mut Storage) -> Result<()> {
        let frame = build_schema_frame(&self.stored, self.sequence);
        self.put(storage, &frame.map_err(|fault| fault.in_file(&self.path, "schema", storage.position()))?)
    }

    /// Takes rows in; blocks that become full are written.
    pub(crate) fn take(&mut self, storage: &mut Storage, arrays: &[ArrayRef], rows: usize) -> Result<()> {
        let arrays = self.columns.stored_arrays(arrays);
        let arrays = arrays.map_err(|fault| fault.in_file(&self.path, "levels", storage.position()))?;
        let mut start = 0;
        while start < rows {
            let part = (rows - start).min(self.options.block_rows - self.columns.pending_rows);
            self.columns.push(&arrays, start, part);
            start += part;
            if self.columns.pending_rows == self.options.block_rows {
                self.end_block(storage)?;
            }
        }
        Ok(())
    }

    /// Encodes and writes the rows that wait.
    pub(crate) fn end_block(&mut self, storage: &mut Storage) -> Result<()> {
        let rows = self.columns.pending_rows as u64;
        if rows == 0 {
            return Ok(());
        }
        let segments = self.columns.encode(self.level(), &self.path, storage.position())?;
        if self.widen {
            self.widen_ranges(&segments);
        }
        self.put_block(storage, rows, &segments)
    }

    /// Writes a block of encoded segments, one for each column.
    pub(crate) fn put_block(&mut self, storage: &mut Storage, rows: u64, segments: &[Segment]) -> Result<()> {
        let offset = storage.position();
        let place = Place { sequence: self.sequence, offset, first_row: self.rows, rows };
        let damaged = |fault: Fault| fault.in_file(&self.path, "block head", offset);
        let head = place.head(&mut self.columns.all, &self.stored.ids, segments).map_err(damaged)?;
        block::put(storage, &head, segments).map_err(|e| Error::io(&self.path, "write", e))?;
        self.tables.push_block(&place, &head).map_err(damaged)?;
        self.columns.count(segments);
        self.columns.allow_missing(&mut self.stored.schema);
        self.rows += rows;
        Ok(())
    }

    /// Says what each column sums up to, where that is known better than from the segments.
    pub(crate) fn set_statistics(&mut self, statistics: Vec<Option<ColumnStatistics>>) {
        for (column, statistics) in self.columns.all.iter_mut().zip(statistics) {
            if let Some(statistics) = statistics {
                column.statistics = statistics;
            }
        }
    }

    /// Writes the footer, and gives the slot that makes it count once everything before is on the disk.
    pub(crate) fn finish(&mut self, storage: &mut Storage) -> Result<Slot> {
        self.end_block(storage)?;
        self.stored.levels = self.columns.levels();
        if self.levels_renamed
            || self.stored.schema != self.told.schema
            || (&self.stored.ids, self.stored.next_id) != (&self.told.ids, self.told.next_id)
        {
            // Should the footer be lost, the frames still tell what became of the columns.
            self.put_schema(storage)?;
        }
        let footer_offset = storage.position();
        let level = self.level();
        let footer = self.tables.footer(self.sequence, &self.stored, &mut self.columns, level);
        let footer = footer.map_err(|fault| fault.in_file(&self.path, "footer", footer_offset))?;
        self.put(storage, &footer)?;
        Ok(Slot {
            sequence: self.sequence,
            footer_offset,
            footer_length: footer.len() as u64,
            footer_checksum: checksum(&footer),
            file_length: storage.position(),
        })
    }

    fn put(&self, storage: &mut Storage, bytes: &[u8]) -> Result<()> {
        storage.append(bytes).map_err(|e| Error::io(&self.path, "write", e))
    }
}

/// Refuses a batch that has other columns than the schema of the file, or in another order.
pub(crate) fn check_batch(path: &Path, schema: &Schema, batch: &RecordBatch) -> Result<()> {
    let (ours, theirs) = (schema.fields(), batch.schema_ref().fields());
    let text = |field: Option<&Arc<Field>>| match field {
        Some(field) => format!("'{}' {}", field.name(), field.data_type()),
        None => "no column".to_owned(),
    };
    for index in 0..ours.len().max(theirs.len()) {
        let (expected, got) = (ours.get(index), theirs.get(index));
        let same = expected.zip(got).is_some_and(|(expected, got)| {
            expected.name() == got.name() && *expected.data_type() == stored_type(got.data_type())
        });
        if !same {
            let (expected, got) = (text(expected), text(got));
            return Err(Error::SchemaMismatch { path: path.to_owned(), index, expected, got });
        }
    }
    Ok(())
}
