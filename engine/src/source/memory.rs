//! Record batches in memory.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, SchemaRef};

use super::conform::{conform_batch, conform_schema, unifiers};
use super::{BlockSource, SourceInfo, indices, projected};
use crate::{BlockReader, Result, ScanOptions};

/// Batches that are already there, of whatever size.
#[derive(Debug, Clone)]
pub struct MemorySource {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    starts: Vec<u64>,
    rows: u64,
}

impl MemorySource {
    /// Takes batches of one schema; foreign types and dictionaries are brought to ours once.
    ///
    /// # Errors
    /// When a column has a type without a counterpart.
    pub fn try_new(schema: &SchemaRef, batches: impl IntoIterator<Item = RecordBatch>) -> Result<Self> {
        let schema = conform_schema(schema)?;
        let mut levels = unifiers(&schema);
        let conformed = batches.into_iter().map(|batch| conform_batch(&batch, &schema, &mut levels));
        let batches = conformed.collect::<Result<Vec<_>>>()?;
        // every level is known now, so the schema can say so
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .zip(&levels)
            .map(|(field, levels)| match levels {
                Some(levels) => Arc::new(xdf::metadata::set_levels(field.as_ref().clone(), levels.levels())),
                None => Arc::clone(field),
            })
            .collect();
        let schema = Arc::new(arrow_schema::Schema::new_with_metadata(fields, schema.metadata().clone()));
        let mut finals: Vec<_> =
            levels.into_iter().map(|levels| levels.map(|mut levels| levels.values())).collect();
        let batches = batches
            .into_iter()
            .map(|batch| {
                let columns = batch.columns().iter().zip(&mut finals).map(|(column, levels)| match levels {
                    Some(levels) => match crate::factor::codes_and_levels(column) {
                        Some((codes, _)) => crate::factor::factor(codes.clone(), Arc::clone(levels)),
                        None => Ok(Arc::clone(column)),
                    },
                    None => Ok(Arc::clone(column)),
                });
                let columns = columns.collect::<Result<Vec<_>>>()?;
                let rows = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)
                    .map_err(crate::Error::arrow("reading from memory"))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut rows = 0;
        let starts = batches
            .iter()
            .map(|batch| {
                let start = rows;
                rows += batch.num_rows() as u64;
                start
            })
            .collect();
        Ok(Self { schema, batches, starts, rows })
    }

    /// The batches, in our types.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }
}

impl BlockSource for MemorySource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        let bytes: usize =
            self.batches.iter().flat_map(RecordBatch::columns).map(Array::get_array_memory_size).sum();
        SourceInfo {
            name: "memory".into(),
            rows: Some(self.rows),
            bytes: Some(bytes as u64),
            random_access: true,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let columns = indices(&self.schema, options.columns.as_deref())?;
        let schema = projected(&self.schema, options.columns.as_deref())?;
        let rows = options.rows.clone().unwrap_or(0..self.rows);
        let rows = rows.start.min(self.rows)..rows.end.min(self.rows);
        let mut parts = Vec::new();
        for (batch, &start) in self.batches.iter().zip(&self.starts) {
            let from = rows.start.max(start);
            let to = rows.end.min(start + batch.num_rows() as u64);
            if from < to {
                let part = batch
                    .project(&columns)
                    .map(|batch| batch.slice((from - start) as usize, (to - from) as usize));
                parts.push(part);
            }
        }
        let batches: Vec<Result<RecordBatch, ArrowError>> = parts;
        let reader = RecordBatchIterator::new(batches, schema);
        // nothing to read ahead of
        let options = ScanOptions { prefetch: false, ..options.clone() };
        Ok(BlockReader::new(Box::new(reader), &options, rows.start))
    }
}
