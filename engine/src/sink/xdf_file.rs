//! XDF files: XDF 5, or Microsoft's container 4.2.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use xdf::microsoft::MicrosoftWriteOptions;

use super::{BlockSink, SinkOptions, Written};
use crate::{Block, Result};

/// Writes an XDF file.
pub struct XdfSink {
    writer: Writer,
    written: Written,
}

/// The writer of each generation that is written.
enum Writer {
    Xdf5(xdf::Writer),
    Microsoft(xdf::microsoft::Writer),
}

impl XdfSink {
    /// Starts an XDF 5 file.
    ///
    /// # Errors
    /// As [`xdf::Writer::create`].
    pub fn create(path: &Path, schema: &SchemaRef, options: &SinkOptions) -> Result<Self> {
        let write = xdf::WriteOptions::default()
            .with_level(options.level)
            .with_block_rows(options.block_rows)
            .with_overwrite(options.overwrite);
        let writer = Writer::Xdf5(xdf::Writer::create(path, Arc::clone(schema), write)?);
        Ok(Self { writer, written: Written::default() })
    }

    /// Starts a Microsoft 4.2 file. Of the `options` only `overwrite` is used beside `microsoft`.
    ///
    /// # Errors
    /// As [`xdf::microsoft::Writer::create`].
    pub fn create_microsoft(
        path: &Path,
        schema: &SchemaRef,
        options: &SinkOptions,
        microsoft: &MicrosoftWriteOptions,
    ) -> Result<Self> {
        let write = microsoft.clone().with_overwrite(options.overwrite);
        let writer = Writer::Microsoft(xdf::microsoft::Writer::create(path, Arc::clone(schema), write)?);
        Ok(Self { writer, written: Written::default() })
    }
}

impl BlockSink for XdfSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        match &mut self.writer {
            Writer::Xdf5(writer) => writer.write(&block.batch)?,
            Writer::Microsoft(writer) => writer.write(&block.batch)?,
        }
        self.written.rows += block.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        let file = match self.writer {
            Writer::Xdf5(writer) => writer.finish()?,
            Writer::Microsoft(writer) => writer.finish()?,
        };
        Ok(Written { bytes: file.size(), ..self.written })
    }
}
