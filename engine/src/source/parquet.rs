//! Parquet files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use super::conform::{Conformed, conform_schema};
use super::{BlockSource, SourceInfo, index_of, indices};
use crate::{BlockReader, Error, Result, ScanOptions};

/// One Parquet file; only the wanted columns are decoded.
#[derive(Debug, Clone)]
pub struct ParquetSource {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    schema: SchemaRef,
    bytes: u64,
}

impl ParquetSource {
    /// Opens the file and reads its metadata.
    ///
    /// # Errors
    /// When the file cannot be read or is not Parquet.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::open(&path).map_err(Error::io(&path))?;
        let bytes = file.metadata().map_err(Error::io(&path))?.len();
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|source| Error::Parquet { path: path.clone(), source })?;
        // columns of foreign types fail when they are wanted, not here
        let foreign = metadata.schema();
        let kept: Vec<usize> =
            (0..foreign.fields().len()).filter(|&i| super::conform(foreign.field(i)).is_ok()).collect();
        let kept = foreign.project(&kept).map_err(Error::arrow("reading the schema"))?;
        let schema = conform_schema(&kept)?;
        Ok(Self { path, metadata, schema, bytes })
    }
}

impl BlockSource for ParquetSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.path.display().to_string(),
            rows: u64::try_from(self.metadata.metadata().file_metadata().num_rows()).ok(),
            bytes: Some(self.bytes),
            random_access: false,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let file = File::open(&self.path).map_err(Error::io(&self.path))?;
        let failed = |source| Error::Parquet { path: self.path.clone(), source };
        let wanted = indices(&self.schema, options.columns.as_deref())?;
        let names: Vec<&str> = wanted.iter().map(|&i| self.schema.field(i).name().as_str()).collect();
        let foreign = self.metadata.schema();
        let roots: Vec<usize> = names.iter().map(|name| index_of(foreign, name)).collect::<Result<_>>()?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        builder = builder.with_projection(mask).with_batch_size(options.block_rows);
        let start = options.rows.as_ref().map_or(0, |rows| rows.start);
        if let Some(rows) = &options.rows {
            builder = builder
                .with_offset(usize::try_from(rows.start).unwrap_or(usize::MAX))
                .with_limit(usize::try_from(rows.end.saturating_sub(rows.start)).unwrap_or(usize::MAX));
        }
        let reader = builder.build().map_err(failed)?;
        let order: Vec<usize> = {
            let read = reader.schema();
            names.iter().map(|name| index_of(&read, name)).collect::<Result<_>>()?
        };
        let ordered = Ordered::try_new(reader, order)?;
        Ok(BlockReader::new(Box::new(Conformed::try_new(ordered)?), options, start))
    }
}

/// Puts the columns of a reader into the order that was asked for.
struct Ordered<R> {
    inner: R,
    order: Vec<usize>,
    schema: SchemaRef,
}

impl<R: RecordBatchReader> Ordered<R> {
    fn try_new(inner: R, order: Vec<usize>) -> Result<Self> {
        let schema: Schema = inner.schema().project(&order).map_err(Error::arrow("ordering columns"))?;
        Ok(Self { inner, order, schema: Arc::new(schema) })
    }
}

impl<R: RecordBatchReader> Iterator for Ordered<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.inner.next()?.and_then(|batch| batch.project(&self.order)))
    }
}

impl<R: RecordBatchReader> RecordBatchReader for Ordered<R> {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
