//! XDF files of every generation.
//!
//! Decimals are read as 64-bit floats, as from every other source; a scan that asks for binary values is refused.

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatchReader;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};

use super::conform::{Conformed, conform};
use super::{BlockSource, SourceInfo, indices};
use crate::{BlockReader, Result, ScanOptions};

/// An XDF file: XDF 5, or one of Microsoft's.
#[derive(Debug, Clone)]
pub struct XdfSource {
    file: xdf::File,
    /// As blocks have it.
    schema: SchemaRef,
}

impl XdfSource {
    /// Opens the file.
    ///
    /// # Errors
    /// As [`xdf::File::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(xdf::File::open(path)?.into())
    }

    /// The file itself.
    pub fn file(&self) -> &xdf::File {
        &self.file
    }
}

impl From<xdf::File> for XdfSource {
    fn from(file: xdf::File) -> Self {
        let schema = if file.schema().fields().iter().any(|field| is_decimal(field)) {
            let fields = file.schema().fields().iter().map(|field| {
                if is_decimal(field) {
                    Arc::new(field.as_ref().clone().with_data_type(DataType::Float64))
                } else {
                    Arc::clone(field)
                }
            });
            let fields: Fields = fields.collect();
            Arc::new(Schema::new_with_metadata(fields, file.schema().metadata().clone()))
        } else {
            Arc::clone(file.schema())
        };
        Self { file, schema }
    }
}

fn is_decimal(field: &Field) -> bool {
    matches!(field.data_type(), DataType::Decimal128(..))
}

/// True for a column that a block does not take as it is.
fn is_foreign(field: &Field) -> bool {
    !matches!(conform(field), Ok(own) if own == *field.data_type())
}

impl BlockSource for XdfSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.file.path().display().to_string(),
            rows: Some(self.file.num_rows()),
            bytes: Some(self.file.size()),
            random_access: true,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let columns = indices(self.file.schema(), options.columns.as_deref())?;
        let total = self.file.num_rows();
        let rows = options.rows.clone().unwrap_or(0..total);
        let rows = rows.start.min(total)..rows.end.min(total);
        let start = rows.start;
        let read = xdf::ReadOptions::default().with_columns(columns).with_rows(rows);
        let reader = self.file.reader(&read)?;
        let schema = reader.schema();
        if schema.fields().iter().any(|field| is_foreign(field)) {
            return Ok(BlockReader::new(Box::new(Conformed::try_new(reader)?), options, start));
        }
        Ok(BlockReader::new(Box::new(reader), options, start))
    }

    fn statistics(&self, column: &str) -> Option<xdf::ColumnStatistics> {
        self.file.column_statistics(self.file.schema().index_of(column).ok()?)
    }
}
