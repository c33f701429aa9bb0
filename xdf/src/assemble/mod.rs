//! A commit while it is made: rows come in, blocks and at the end a footer go out.
//!
//! [`Columns`] collect rows until a block is full and encode them in parallel; [`block`] puts the segments behind
//! a head that describes them; [`Tables`] remember where everything is, and become the footer. What a new file and
//! a change of an existing one have in common is here; who owns the file, and when a commit counts, is not.

pub(crate) mod block;
pub(crate) mod columns;
pub(crate) mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};

use crate::assemble::block::Place;
use crate::assemble::columns::{Columns, stored_type};
use crate::assemble::tables::Tables;
use crate::encoding::encode::Segment;
use crate::raw::checksum;
use crate::raw::footer::build_schema_frame;
use crate::raw::header::{Slot, new_page};
use crate::raw::schema::StoredSchema;
use crate::storage::Storage;
use crate::{Error, Result, WriteOptions};

/// The number of the first commit of a file.
const FIRST_COMMIT: u64 = 1;

/// Everything that one commit is made of.
pub(crate) struct Assembly {
    path: PathBuf,
    options: WriteOptions,
    sequence: u64,
    pub(crate) stored: StoredSchema,
    columns: Columns,
    tables: Tables,
    /// Rows in blocks that are written.
    rows: u64,
}

impl Assembly {
    /// The first commit of a new file.
    pub(crate) fn new(path: &Path, schema: &Schema, options: WriteOptions) -> Result<Self> {
        options.check()?;
        let (stored, columns) = Columns::begin(schema, path)?;
        Ok(Self {
            path: path.to_owned(),
            options,
            sequence: FIRST_COMMIT,
            stored,
            columns,
            tables: Tables::default(),
            rows: 0,
        })
    }

    /// Rows in blocks that are written.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what stands before the first block of a new file.
    pub(crate) fn begin(&self, storage: &mut Storage) -> Result<()> {
        let frame =
            build_schema_frame(&self.stored).map_err(|fault| fault.in_file(&self.path, "schema", 0))?;
        self.put(storage, &new_page())?;
        self.put(storage, &frame)
    }

    /// Refuses a batch that has other columns than the file, or in another order.
    pub(crate) fn check_batch(&self, batch: &RecordBatch) -> Result<()> {
        let schema = batch.schema_ref();
        let (ours, theirs) = (self.stored.schema.fields(), schema.fields());
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
                return Err(Error::SchemaMismatch { path: self.path.clone(), index, expected, got });
            }
        }
        Ok(())
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
        let segments = self.columns.encode(self.options.usable_level(), &self.path, storage.position())?;
        self.put_block(storage, rows, &segments)?;
        self.columns.allow_missing(&mut self.stored.schema);
        Ok(())
    }

    /// Writes a block of encoded segments, one for each column.
    fn put_block(&mut self, storage: &mut Storage, rows: u64, segments: &[Segment]) -> Result<()> {
        let offset = storage.position();
        let place = Place { sequence: self.sequence, offset, first_row: self.rows, rows };
        let head = place.head(&mut self.columns.all, segments);
        let head = head.map_err(|fault| fault.in_file(&self.path, "block head", offset))?;
        block::put(storage, &head, segments).map_err(|e| Error::io(&self.path, "write", e))?;
        let pushed = self.tables.push_block(&place, &head);
        pushed.map_err(|fault| fault.in_file(&self.path, "block head", offset))?;
        self.columns.count(segments);
        self.rows += rows;
        Ok(())
    }

    /// Writes the footer, and gives the slot that makes it count once everything before is on the disk.
    pub(crate) fn finish(&mut self, storage: &mut Storage) -> Result<Slot> {
        self.end_block(storage)?;
        self.stored.levels = self.columns.levels();
        let footer_offset = storage.position();
        let footer =
            self.tables.footer(self.sequence, &self.stored, &mut self.columns, self.options.usable_level());
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
