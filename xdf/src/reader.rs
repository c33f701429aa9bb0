//! Blocks of a file as Arrow batches, in order: a range of rows, a choice of columns.
//!
//! One batch per stored block, sliced where the range cuts through it. Nothing is read before it is asked for.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};

use crate::{File, ReadOptions, Result};

/// The blocks of a [`File`] one after the other; made by [`File::reader`].
#[derive(Debug)]
pub struct FileReader {
    file: File,
    columns: Vec<usize>,
    schema: SchemaRef,
    rows: Range<u64>,
    block: usize,
}

impl FileReader {
    pub(crate) fn new(file: File, options: &ReadOptions) -> Result<Self> {
        let all = file.schema();
        let columns = match &options.columns {
            Some(columns) => columns.clone(),
            None => (0..all.fields().len()).collect(),
        };
        let schema = file.project(&columns)?;
        let rows = options.rows.clone().unwrap_or(0..file.num_rows());
        let end = rows.end.min(file.num_rows());
        let rows = rows.start.min(end)..end;
        let block = file.block_of(rows.start);
        Ok(Self { file, columns, schema, rows, block })
    }

    /// The next batch, or nothing after the last.
    ///
    /// # Errors
    /// A damaged block is an error; the reader stays behind it and can go on.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        while self.rows.start < self.rows.end && self.block < self.file.num_blocks() {
            let block = self.block;
            self.block += 1;
            let first = self.file.block_start(block);
            let rows = self.file.block_rows(block);
            let from = self.rows.start.saturating_sub(first);
            let to = self.rows.end.saturating_sub(first).min(rows);
            self.rows.start = self.rows.start.max(first + to);
            if from >= to {
                continue;
            }
            self.file.will_need(self.block, &self.columns);
            let batch = self.file.read_block(block, &self.columns)?;
            // Both fit a usize: they lie within the rows of a batch that is in memory.
            let batch =
                if to - from == rows { batch } else { batch.slice(from as usize, (to - from) as usize) };
            return Ok(Some(batch));
        }
        Ok(None)
    }

    /// Rows that are still to come.
    pub fn remaining_rows(&self) -> u64 {
        self.rows.end - self.rows.start
    }
}

impl Iterator for FileReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().map_err(ArrowError::from).transpose()
    }
}

impl RecordBatchReader for FileReader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
