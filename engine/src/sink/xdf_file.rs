//! XDF 5 files.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::{BlockSink, SinkOptions, Written};
use crate::{Block, Result};

/// Writes an XDF 5 file.
pub struct XdfSink {
    writer: xdf::Writer,
    written: Written,
}

impl XdfSink {
    /// Starts the file.
    ///
    /// # Errors
    /// As [`xdf::Writer::create`].
    pub fn create(path: &Path, schema: &SchemaRef, options: &SinkOptions) -> Result<Self> {
        let write = xdf::WriteOptions::default()
            .with_level(options.level)
            .with_block_rows(options.block_rows)
            .with_overwrite(options.overwrite);
        Ok(Self {
            writer: xdf::Writer::create(path, Arc::clone(schema), write)?,
            written: Written::default(),
        })
    }
}

impl BlockSink for XdfSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        self.writer.write(&block.batch)?;
        self.written.rows += block.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        let file = self.writer.finish()?;
        Ok(Written { bytes: file.size(), ..self.written })
    }
}
