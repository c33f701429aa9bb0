//! XDF files of every generation.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::{BlockSource, SourceInfo, stored};
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
        let schema = stored::own_schema(file.schema());
        Self { file, schema }
    }
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
        stored::open(&self.file, &self.schema, options)
    }

    fn statistics(&self, column: &str) -> Option<xdf::ColumnStatistics> {
        self.file.column_statistics(self.file.schema().index_of(column).ok()?)
    }
}
