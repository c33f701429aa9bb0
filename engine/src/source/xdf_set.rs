//! Sets of XDF files.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::{BlockSource, SourceInfo, stored};
use crate::{BlockReader, Result, ScanOptions};

/// A set of XDF files, or one partition of it: the parts one after the other, with the levels of all.
#[derive(Debug, Clone)]
pub struct XdfSetSource {
    set: xdf::Set,
    /// As blocks have it.
    schema: SchemaRef,
}

impl XdfSetSource {
    /// Opens the set of a folder.
    ///
    /// # Errors
    /// As [`xdf::Set::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(xdf::Set::open(path)?.into())
    }

    /// The set itself.
    pub fn set(&self) -> &xdf::Set {
        &self.set
    }
}

impl From<xdf::Set> for XdfSetSource {
    fn from(set: xdf::Set) -> Self {
        let schema = stored::own_schema(set.schema());
        Self { set, schema }
    }
}

impl BlockSource for XdfSetSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.set.path().display().to_string(),
            rows: Some(self.set.num_rows()),
            bytes: Some(self.set.size()),
            random_access: true,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        stored::open(&self.set, &self.schema, options)
    }

    fn statistics(&self, column: &str) -> Option<xdf::ColumnStatistics> {
        self.set.column_statistics(self.set.schema().index_of(column).ok()?)
    }
}
