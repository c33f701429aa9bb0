//! The blocks of a set as Arrow batches: part after part, block after block.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};

use super::Set;
use super::parts::OpenPart;
use crate::{FileReader, ReadOptions, Result};

/// The blocks of a [`Set`] one after the other; made by [`Set::reader`].
#[derive(Debug)]
pub struct SetReader {
    set: Set,
    columns: Vec<usize>,
    schema: SchemaRef,
    rows: Range<u64>,
    /// The part to open next.
    part: usize,
    current: Option<(Arc<OpenPart>, FileReader)>,
}

impl SetReader {
    pub(super) fn new(set: Set, options: &ReadOptions) -> Result<Self> {
        let columns = match &options.columns {
            Some(columns) => columns.clone(),
            None => (0..set.schema().fields().len()).collect(),
        };
        let schema = set.project(&columns)?;
        let rows = options.rows.clone().unwrap_or(0..set.num_rows());
        let end = rows.end.min(set.num_rows());
        let rows = rows.start.min(end)..end;
        Ok(Self { columns, schema, part: set.part_of_row(rows.start), rows, current: None, set })
    }

    /// The next batch, or nothing after the last.
    ///
    /// # Errors
    /// A part that is missing or was changed, a damaged block; the reader stays behind it and can go on.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((part, reader)) = &mut self.current {
                match reader.next_batch()? {
                    Some(batch) => {
                        return part.in_set(&batch, &self.columns, self.set.stored(), &self.schema).map(Some);
                    }
                    None => self.current = None,
                }
            }
            if self.rows.is_empty() || self.part >= self.set.num_parts() {
                return Ok(None);
            }
            let part = self.part;
            self.part += 1;
            let within = self.set.part_rows(part);
            let from = self.rows.start.max(within.start);
            let to = self.rows.end.min(within.end);
            self.rows.start = to.max(self.rows.start);
            if from < to {
                let options = ReadOptions::default()
                    .with_columns(self.columns.clone())
                    .with_rows(from - within.start..to - within.start);
                let part = self.set.open_part(part)?;
                let reader = part.file.reader(&options)?;
                self.current = Some((part, reader));
            }
        }
    }
}

impl Iterator for SetReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().map_err(|e| ArrowError::ExternalError(Box::new(e))).transpose()
    }
}

impl RecordBatchReader for SetReader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
