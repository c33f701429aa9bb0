//! Blocks collected in memory.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{BlockSink, Written};
use crate::source::MemorySource;
use crate::{Block, Result};

/// Keeps all blocks.
#[derive(Debug, Default)]
pub struct MemorySink {
    batches: Vec<RecordBatch>,
}

impl MemorySink {
    /// The blocks as a source.
    ///
    /// # Errors
    /// When they are not of the schema.
    pub fn into_source(self, schema: &SchemaRef) -> Result<MemorySource> {
        MemorySource::try_new(schema, self.batches)
    }

    /// The batches so far.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }
}

impl BlockSink for MemorySink {
    fn write(&mut self, block: &Block) -> Result<()> {
        self.batches.push(block.batch.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        let rows = self.batches.iter().map(|batch| batch.num_rows() as u64).sum();
        Ok(Written { rows, blocks: self.batches.len() as u64, bytes: 0 })
    }
}
