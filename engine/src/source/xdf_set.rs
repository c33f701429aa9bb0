//! Sets of XDF files.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::{BlockSource, SourceInfo, indices};
use crate::{BlockReader, Result, ScanOptions};

/// A set of XDF files, or one partition of it: the parts one after the other, with the levels of all.
#[derive(Debug, Clone)]
pub struct XdfSetSource(xdf::Set);

impl XdfSetSource {
    /// Opens the set of a folder.
    ///
    /// # Errors
    /// As [`xdf::Set::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self(xdf::Set::open(path)?))
    }

    /// The set itself.
    pub fn set(&self) -> &xdf::Set {
        &self.0
    }
}

impl From<xdf::Set> for XdfSetSource {
    fn from(set: xdf::Set) -> Self {
        Self(set)
    }
}

impl BlockSource for XdfSetSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema())
    }

    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.0.path().display().to_string(),
            rows: Some(self.0.num_rows()),
            bytes: Some(self.0.size()),
            random_access: true,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let columns = indices(self.0.schema(), options.columns.as_deref())?;
        let total = self.0.num_rows();
        let rows = options.rows.clone().unwrap_or(0..total);
        let rows = rows.start.min(total)..rows.end.min(total);
        let start = rows.start;
        let read = xdf::ReadOptions::default().with_columns(columns).with_rows(rows);
        Ok(BlockReader::new(Box::new(self.0.reader(&read)?), options, start))
    }

    fn statistics(&self, column: &str) -> Option<xdf::ColumnStatistics> {
        self.0.column_statistics(self.0.schema().index_of(column).ok()?)
    }
}
