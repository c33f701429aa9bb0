//! Writing an XDF 5 file.

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::{Error, File, Result, WriteOptions};

/// Writes an XDF 5 file. Nothing appears under the target's name before [`Writer::finish`].
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// When the target exists (without overwrite), the folder cannot be written, or a column type is not stored.
    pub fn create(path: impl AsRef<Path>, _schema: SchemaRef, options: WriteOptions) -> Result<Self> {
        options.check()?;
        Ok(Self { path: path.as_ref().to_owned() })
    }

    /// Appends the rows of a batch.
    ///
    /// # Errors
    /// When the batch has other columns than the file, or the disk is full.
    pub fn write(&mut self, _batch: &RecordBatch) -> Result<()> {
        Err(self.unsupported())
    }

    /// Sets a key of the file's own metadata.
    pub fn set_metadata(&mut self, _key: impl Into<String>, _value: impl Into<String>) {}

    /// Completes the file, puts it under its name and opens it.
    ///
    /// # Errors
    /// When the disk is full or the target has appeared meanwhile (without overwrite).
    pub fn finish(self) -> Result<File> {
        Err(self.unsupported())
    }

    fn unsupported(&self) -> Error {
        Error::Unsupported { path: self.path.clone(), what: "is to be XDF 5".to_owned() }
    }
}
