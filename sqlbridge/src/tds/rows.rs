//! Rows of an answer into batches.
//!
//! A row is decoded when all of it is here: one that breaks off is taken back, more is read, and it is decoded again.
//! That is all there is to packets that end anywhere.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::bytes::Bytes;
use super::column::{Column, Stop};
use super::token::{ROW, ROW_WITHOUT_NULLS, WireColumn};
use crate::{Result, SqlType};

/// A batch ends early when the texts of a column have so many bytes.
const TEXT_BYTES: usize = 16 << 20;

/// Batches in the making.
pub(super) struct Rows {
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Rows of the batch so far, and of all.
    here: usize,
    total: u64,
    text: bool,
}

/// Why decoding stopped.
pub(super) enum Progress {
    /// The batch has all its rows.
    Full,
    /// The next row is not all here.
    More,
    /// Something else than a row follows.
    Token,
}

impl Rows {
    /// Rows of these columns. With `binary`, bytes are read as such; else they are refused as blocks cannot hold them.
    pub(super) fn new(columns: &[WireColumn], binary: bool) -> Result<Self> {
        let names = unique(columns);
        let fields = columns.iter().zip(names).map(|(column, name)| {
            let data_type = match column.kind.sql_type() {
                SqlType::Binary | SqlType::Variant | SqlType::UserDefined if binary => DataType::Binary,
                sql_type => sql_type.arrow_type(&name)?,
            };
            Ok(Field::new(name, data_type, true))
        });
        let schema = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
        let columns: Vec<Column> = columns.iter().map(|column| Column::new(column.kind)).collect();
        let text = schema
            .fields()
            .iter()
            .any(|field| matches!(field.data_type(), DataType::Utf8 | DataType::Binary));
        Ok(Self { schema, columns, here: 0, total: 0, text })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.here == 0
    }

    /// Decodes whole rows from the front, until there are `limit` in the batch. Gives the bytes that they took.
    ///
    /// # Errors
    /// A sentence that names row and column when a value is none of its type.
    pub(super) fn decode(&mut self, bytes: &[u8], limit: usize) -> Result<(usize, Progress), String> {
        let mut rest = Bytes(bytes);
        let consumed = |rest: Bytes<'_>| bytes.len() - rest.0.len();
        if self.text && self.columns.iter().any(|column| column.text_bytes() > TEXT_BYTES) {
            return Ok((0, Progress::Full));
        }
        loop {
            if self.here >= limit {
                return Ok((consumed(rest), Progress::Full));
            }
            let mut row = rest;
            let read = match row.u8() {
                None => return Ok((consumed(rest), Progress::More)),
                Some(ROW) => self.row(&mut row),
                Some(ROW_WITHOUT_NULLS) => self.row_without_nulls(&mut row),
                Some(_) => return Ok((consumed(rest), Progress::Token)),
            };
            match read {
                Ok(()) => {
                    rest = row;
                    self.here += 1;
                    self.total += 1;
                }
                Err((index, stop)) => {
                    for column in &mut self.columns {
                        column.truncate(self.here);
                    }
                    match stop {
                        Stop::More => return Ok((consumed(rest), Progress::More)),
                        // the texts so far are a batch of their own
                        Stop::TooLong if self.here > 0 => return Ok((consumed(rest), Progress::Full)),
                        Stop::TooLong => return Err(self.bad(index, "a text is longer than 2 GiB")),
                        Stop::Malformed(reason) => return Err(self.bad(index, reason)),
                    }
                }
            }
        }
    }

    #[inline]
    fn row(&mut self, bytes: &mut Bytes<'_>) -> Result<(), (usize, Stop)> {
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.read(bytes).map_err(|stop| (index, stop))?;
        }
        Ok(())
    }

    /// A row that begins with a bit for each column: 1 for a missing value, which is not written.
    fn row_without_nulls(&mut self, bytes: &mut Bytes<'_>) -> Result<(), (usize, Stop)> {
        let missing = bytes.take(self.columns.len().div_ceil(8)).ok_or((0, Stop::More))?;
        for (index, column) in self.columns.iter_mut().enumerate() {
            if missing.get(index / 8).is_some_and(|bits| bits >> (index % 8) & 1 == 1) {
                column.push_null();
            } else {
                column.read(bytes).map_err(|stop| (index, stop))?;
            }
        }
        Ok(())
    }

    fn bad(&self, index: usize, reason: &str) -> String {
        let name = self.schema.fields().get(index).map_or("", |field| field.name());
        format!("row {}, column '{name}': {reason}", self.total + 1)
    }

    /// The batch.
    pub(super) fn finish(&mut self) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.here));
        self.here = 0;
        RecordBatch::try_new_with_options(self.schema(), arrays, &options)
    }
}

/// Names that no two columns have: those without one are numbered, and repeated ones too.
fn unique(columns: &[WireColumn]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::with_capacity(columns.len());
    // where to go on counting for a name that comes again
    let mut next: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let plain = if column.name.is_empty() { format!("V{}", index + 1) } else { column.name.clone() };
        let mut name = plain.clone();
        while !taken.insert(name.clone()) {
            let number = next.entry(plain.clone()).or_insert(1);
            name = format!("{plain}_{number}");
            *number += 1;
        }
        names.push(name);
    }
    names
}
