//! Writing a new XDF 5 file.
//!
//! Batches of any size come in, blocks of equal size go out: rows are collected until a block is full, then its
//! columns are encoded in parallel and written one after the other behind a head that describes them. What is
//! written goes to a temporary file in the folder of the target. Only [`Writer::finish`] gives it its name, after
//! everything has reached the disk: whoever looks under that name sees the old file, or the new one complete, and
//! a writer that is dropped or fails leaves nothing behind.

use std::fs;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::assemble::{Assembly, check_batch};
use crate::atomic::AtomicFile;
use crate::edit::lock::{Lock, lock_existing};
use crate::encoding::encode::Segment;
use crate::raw::header::SLOT_OFFSETS;
use crate::raw::schema::StoredSchema;
use crate::storage::Storage;
use crate::{ColumnStatistics, Error, File, Result, WriteOptions};

/// Writes an XDF 5 file. Nothing appears under the target's name before [`Writer::finish`].
pub struct Writer {
    assembly: Assembly,
    file: AtomicFile,
    overwrite: bool,
    /// The locked file that will be replaced.
    replaced: Option<Lock>,
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
        Self::begin(path, Assembly::new(path, &schema, options)?, overwrite, None)
    }

    /// Begins a file that takes the columns of another one over; `replaced` is locked already.
    pub(crate) fn copying(
        path: &Path,
        stored: StoredSchema,
        options: WriteOptions,
        replaced: Option<Lock>,
    ) -> Result<Self> {
        let overwrite = options.overwrite;
        Self::begin(path, Assembly::copying(path, stored, options)?, overwrite, replaced)
    }

    fn begin(path: &Path, assembly: Assembly, overwrite: bool, replaced: Option<Lock>) -> Result<Self> {
        let mut file = AtomicFile::create(path, overwrite)?;
        assembly.begin(file.storage())?;
        Ok(Self { assembly, file, overwrite, replaced, failed: false })
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
        check_batch(self.path(), &self.assembly.stored.schema, batch)?;
        self.guarded(|assembly, storage| assembly.take(storage, batch.columns(), batch.num_rows()))
    }

    /// Ends the block that is being filled, so that the next row begins a new one. Without rows nothing happens.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn end_block(&mut self) -> Result<()> {
        self.guarded(Assembly::end_block)
    }

    /// Writes a block of segments as they are, one for each column; rows that wait come before.
    pub(crate) fn copy_block(&mut self, rows: u64, segments: &[Segment]) -> Result<()> {
        self.end_block()?;
        self.guarded(|assembly, storage| assembly.put_block(storage, rows, segments))
    }

    /// Says what each column sums up to, where that is known better than from the segments.
    pub(crate) fn set_statistics(&mut self, statistics: Vec<Option<ColumnStatistics>>) {
        self.assembly.set_statistics(statistics);
    }

    /// Lets the same people read and write the file as another one.
    pub(crate) fn set_permissions(&mut self, permissions: fs::Permissions) -> Result<()> {
        let set = self.file.storage().set_permissions(permissions);
        set.map_err(|e| Error::io(self.path(), "write", e))
    }

    /// Sets a key of the file's own metadata; a value that it had is replaced.
    pub fn set_metadata(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.assembly.stored.schema.metadata.insert(key.into(), value.into());
    }

    /// Completes the file, puts it under its name and opens it.
    ///
    /// # Errors
    /// When the disk is full, an earlier write failed, the target has appeared meanwhile (without overwrite), or an
    /// [`Editor`](crate::Editor) has it ([`Error::Locked`]).
    pub fn finish(mut self) -> Result<File> {
        let slot = self.guarded(Assembly::finish)?;
        let path = self.file.path().to_owned();
        let [first, _] = SLOT_OFFSETS;
        let written = self.file.storage().write_at(first as u64, &slot.to_bytes());
        written.map_err(|e| Error::io(&path, "write", e))?;
        let replaced = match self.replaced.take() {
            None if self.overwrite => lock_existing(&path)?,
            replaced => replaced,
        };
        // Elsewhere a file that is open is not replaced; there the lock was only asked for.
        let replaced = if cfg!(unix) { replaced } else { None };
        self.file.persist()?;
        drop(replaced);
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
