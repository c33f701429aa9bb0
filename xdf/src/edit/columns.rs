//! Whole columns for the rows that a file has: new ones behind the others, or in the place of one of the same name.

use arrow_array::{ArrayRef, RecordBatch, new_empty_array};
use arrow_schema::Schema;

use crate::assemble::block::{self, Place};
use crate::assemble::check_batch;
use crate::assemble::columns::Columns;
use crate::assemble::tables::NewColumns;
use crate::edit::Editor;
use crate::raw::schema::StoredSchema;
use crate::{Error, Result};

/// Takes the values of whole columns in; made by [`Editor::put_columns`].
///
/// Batches of any size come in; they are cut where the blocks of the file are. Nothing changes before
/// [`ColumnsWriter::finish`], and dropping the writer forgets what came in.
pub struct ColumnsWriter<'a> {
    editor: &'a mut Editor,
    stored: StoredSchema,
    columns: Columns,
    /// What the frames written so far add to the directory.
    written: NewColumns,
    /// The block that is being filled.
    block: usize,
    /// Rows in blocks before it.
    rows: u64,
    /// Where the first frame begins.
    start: u64,
    finished: bool,
}

impl<'a> ColumnsWriter<'a> {
    pub(crate) fn new(editor: &'a mut Editor, schema: &Schema) -> Result<Self> {
        let (mut stored, columns) = Columns::begin(schema, &editor.path)?;
        editor.guarded(|assembly, storage| {
            assembly.end_block(storage)?;
            assembly.name_columns(&mut stored)
        })?;
        let start = editor.storage.position();
        let written = NewColumns::default();
        Ok(Self { editor, stored, columns, written, block: 0, rows: 0, start, finished: false })
    }

    /// Takes the values of the next rows. The batch must have the columns that the writer was made for, in that
    /// order; the keys of factors may be of any integer type.
    ///
    /// # Errors
    /// When the batch has other columns, more rows come than the file has, or the disk is full.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        check_batch(&self.editor.path, &self.stored.schema, batch)?;
        let got = self.rows + self.columns.pending_rows as u64 + batch.num_rows() as u64;
        if got > self.editor.assembly.rows() {
            return Err(self.wrong_rows(got));
        }
        let arrays = self.columns.stored_arrays(batch.columns());
        let arrays = arrays
            .map_err(|fault| fault.in_file(&self.editor.path, "levels", self.editor.storage.position()))?;
        self.take(&arrays, batch.num_rows())
    }

    fn wrong_rows(&self, got: u64) -> Error {
        Error::RowCount { path: self.editor.path.clone(), expected: self.editor.assembly.rows(), got }
    }

    fn take(&mut self, arrays: &[ArrayRef], rows: usize) -> Result<()> {
        let mut start = 0;
        while start < rows {
            let Some(room) = self.room()? else { return Err(self.wrong_rows(self.rows + rows as u64)) };
            let part = (rows - start).min(room);
            self.columns.push(arrays, start, part);
            start += part;
            if part == room {
                self.write_block()?;
            }
        }
        Ok(())
    }

    /// Rows that the block which is being filled still needs; nothing behind the last block. Blocks without rows
    /// are written on the way.
    fn room(&mut self) -> Result<Option<usize>> {
        while let Some(rows) = self.editor.assembly.block_rows(self.block)? {
            // A block has at most 2^24 rows.
            let room = rows as usize - self.columns.pending_rows;
            if room > 0 {
                return Ok(Some(room));
            }
            let empty = self.stored.schema.fields().iter().map(|field| {
                let data_type = field.data_type();
                let codes = matches!(data_type, arrow_schema::DataType::Dictionary(..));
                new_empty_array(if codes { &arrow_schema::DataType::Int32 } else { data_type })
            });
            let empty: Vec<ArrayRef> = empty.collect();
            self.columns.push(&empty, 0, 0);
            self.write_block()?;
        }
        Ok(None)
    }

    fn write_block(&mut self) -> Result<()> {
        let Self { editor, stored, columns, written, .. } = self;
        let (first_row, rows) = (self.rows, columns.pending_rows as u64);
        editor.guarded(|assembly, storage| {
            let offset = storage.position();
            let segments = columns.encode(assembly.level(), assembly.path(), offset)?;
            let place = Place { sequence: assembly.sequence(), offset, first_row, rows };
            let fault = |fault: crate::error::Fault| fault.in_file(assembly.path(), "block head", offset);
            let head = place.head(&mut columns.all, &stored.ids, &segments).map_err(fault)?;
            block::put(storage, &head, &segments).map_err(|e| Error::io(assembly.path(), "write", e))?;
            columns.count(&segments);
            written.push(&head).map_err(fault)
        })?;
        self.rows += rows;
        self.block += 1;
        Ok(())
    }

    /// Puts the columns in their places, as part of the commit that the editor makes.
    ///
    /// # Errors
    /// When fewer rows came than the file has; then nothing changes.
    pub fn finish(mut self) -> Result<()> {
        if self.room()?.is_some() {
            return Err(self.wrong_rows(self.rows + self.columns.pending_rows as u64));
        }
        self.columns.allow_missing(&mut self.stored.schema);
        let columns = std::mem::take(&mut self.columns);
        let Self { editor, stored, written, .. } = &mut self;
        editor.guarded(|assembly, _| assembly.put_columns(stored, columns, written))?;
        self.editor.changed = true;
        self.finished = true;
        Ok(())
    }
}

impl Drop for ColumnsWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.editor.forget_since(self.start);
        }
    }
}

impl std::fmt::Debug for ColumnsWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ColumnsWriter")
            .field("path", &self.editor.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
