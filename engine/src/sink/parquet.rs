//! Parquet files.

use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_schema::SchemaRef;

use super::{AtomicFile, BlockSink, SinkOptions, Written};
use crate::{Block, Error, Result};

/// Writes a Parquet file with zstd (level 0: uncompressed).
pub struct ParquetSink {
    writer: ArrowWriter<AtomicFile>,
    written: Written,
}

impl ParquetSink {
    /// Starts the file.
    ///
    /// # Errors
    /// As [`AtomicFile::create`]; also when a type cannot be stored in Parquet.
    pub fn create(path: &Path, schema: &SchemaRef, options: &SinkOptions) -> Result<Self> {
        let file = AtomicFile::create(path, options.overwrite)?;
        let failed = |source| Error::Parquet { path: path.to_path_buf(), source };
        let compression = match options.level {
            0 => Compression::UNCOMPRESSED,
            level => Compression::ZSTD(ZstdLevel::try_new(level).map_err(failed)?),
        };
        let properties = WriterProperties::builder().set_compression(compression).build();
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties)).map_err(failed)?;
        Ok(Self { writer, written: Written::default() })
    }
}

/// The system's reason where there is one, so that a full disk is called that.
fn failed(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(source) => Error::Io { path: path.to_path_buf(), source: *source },
            Err(inner) => Error::Parquet { path: path.to_path_buf(), source: ParquetError::External(inner) },
        },
        source => Error::Parquet { path: path.to_path_buf(), source },
    }
}

impl BlockSink for ParquetSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        let path = self.writer.inner().path().to_path_buf();
        self.writer.write(&block.batch).map_err(|error| failed(&path, error))?;
        self.written.rows += block.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        let path = self.writer.inner().path().to_path_buf();
        let file = self.writer.into_inner().map_err(|error| failed(&path, error))?;
        Ok(Written { bytes: file.persist()?, ..self.written })
    }
}
