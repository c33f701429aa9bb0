//! Writing a new XDF 5 file.
//!
//! Batches of any size come in, blocks of equal size go out: rows are collected until a block is full, then its
//! columns are encoded in parallel and written one after the other behind a head that describes them. What is
//! written goes to a temporary file in the folder of the target. Only [`Writer::finish`] gives it its name, after
//! everything has reached the disk: whoever looks under that name sees the old file, or the new one complete, and
//! a writer that is dropped or fails leaves nothing behind.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::assemble::Assembly;
use crate::atomic::AtomicFile;
use crate::raw::header::SLOT_OFFSETS;
use crate::storage::Storage;
use crate::{Error, File, Result, WriteOptions};

/// Writes an XDF 5 file. Nothing appears under the target's name before [`Writer::finish`].
pub struct Writer {
    assembly: Assembly,
    file: AtomicFile,
    failed: bool,
}

impl Writer {
    /// Begins a file.
    ///
    /// Low and high (`xdf.low`, `xdf.high`) are not taken from the schema: the file's statistics have them.
    /// A factor may have keys of any integer type; it is stored, and read again, with `int32` keys.
    ///
    /// # Errors
    /// When the target exists (without overwrite), its folder cannot be written, a column type is not stored, two
    /// columns have one name, or an option is out of range.
    #[expect(clippy::needless_pass_by_value, reason = "the usual shape of writers of Arrow data")]
    pub fn create(path: impl AsRef<Path>, schema: SchemaRef, options: WriteOptions) -> Result<Self> {
        let path = path.as_ref();
        let overwrite = options.overwrite;
        let assembly = Assembly::new(path, &schema, options)?;
        let mut file = AtomicFile::create(path, overwrite)?;
        assembly.begin(file.storage())?;
        Ok(Self { assembly, file, failed: false })
    }

    /// The path that the file will have.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Appends the rows of a batch. Its columns must have the names and types of the schema, in that order; the keys
    /// of factors may be of any integer type.
    ///
    /// # Errors
    /// When the batch has other columns than the file, or the disk is full.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.assembly.check_batch(batch)?;
        self.guarded(|assembly, storage| assembly.take(storage, batch.columns(), batch.num_rows()))
    }

    /// Ends the block that is being filled, so that the next row begins a new one. Without rows nothing happens.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn end_block(&mut self) -> Result<()> {
        self.guarded(Assembly::end_block)
    }

    /// Sets a key of the file's own metadata; a value that it had is replaced.
    pub fn set_metadata(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.assembly.stored.schema.metadata.insert(key.into(), value.into());
    }

    /// Completes the file, puts it under its name and opens it.
    ///
    /// # Errors
    /// When the disk is full, an earlier write failed, or the target has appeared meanwhile (without overwrite).
    pub fn finish(mut self) -> Result<File> {
        let slot = self.guarded(Assembly::finish)?;
        let path = self.file.path().to_owned();
        let [first, _] = SLOT_OFFSETS;
        let written = self.file.storage().write_at(first as u64, &slot.to_bytes());
        written.map_err(|e| Error::io(&path, "write", e))?;
        self.file.persist()?;
        File::open(&path)
    }

    /// Runs a step; after a step that failed nothing more is written.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Assembly, &mut Storage) -> Result<T>) -> Result<T> {
        if self.failed {
            return Err(Error::WriterFailed { path: self.path().to_owned() });
        }
        let result = step(&mut self.assembly, self.file.storage());
        self.failed = result.is_err();
        result
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.path())
            .field("rows", &self.assembly.rows())
            .finish_non_exhaustive()
    }
}
