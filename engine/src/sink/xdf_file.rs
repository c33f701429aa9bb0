//! XDF files: XDF 5, or Microsoft's container 4.2.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use xdf::microsoft::MicrosoftWriteOptions;

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

/// Writes a Microsoft 4.2 file.
pub struct MicrosoftXdfSink {
    writer: xdf::microsoft::Writer,
    written: Written,
}

impl MicrosoftXdfSink {
    /// Starts the file. Of the `options` only `overwrite` is used beside `microsoft`.
    ///
    /// # Errors
    /// As [`xdf::microsoft::Writer::create`].
    pub fn create(
        path: &Path,
        schema: &SchemaRef,
        options: &SinkOptions,
        microsoft: &MicrosoftWriteOptions,
    ) -> Result<Self> {
        let write = microsoft.clone().with_overwrite(options.overwrite);
        Ok(Self {
            writer: xdf::microsoft::Writer::create(path, Arc::clone(schema), write)?,
            written: Written::default(),
        })
    }
}

impl BlockSink for MicrosoftXdfSink {
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
