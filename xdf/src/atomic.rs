//! A file that appears under its name only when it is complete and on the disk.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::storage::{Storage, folder};
use crate::{Error, Result};

/// A temporary file beside its target, renamed to it by [`AtomicFile::persist`] and removed when dropped before:
/// whoever looks under the target's name sees what was there, or the new file complete.
///
/// * A link stays, and the file that it leads to is replaced; a device, a pipe or a folder is not.
/// * The mask of the process decides who may read the file, as for any new file.
/// * The bytes are synced before the name changes, and the folder after it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Write;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// let mut file = xdf::atomic::AtomicFile::create(&path, false)?;
/// file.write_all(b"complete")?;
/// assert!(!path.exists());
/// assert_eq!(file.persist()?, 8);
/// assert_eq!(std::fs::read(&path)?, b"complete");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    /// The file that the path leads to.
    target: PathBuf,
    overwrite: bool,
    storage: Storage,
    /// The file that is written, which goes when this does.
    temporary: TempPath,
}

impl AtomicFile {
    /// Begins a file in the folder of `path`, which itself is not touched.
    ///
    /// # Errors
    /// [`Error::Exists`] when the target exists (without `overwrite`); [`Error::Io`] when it is no regular file, or
    /// its folder cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let io = |e: io::Error| Error::io(path, "create", e);
        let Some(name) = path.file_name() else {
            return Err(io(io::ErrorKind::InvalidFilename.into()));
        };
        if !overwrite && fs::symlink_metadata(path).is_ok() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        let target = resolve(path);
        if let Ok(metadata) = fs::metadata(&target)
            && !metadata.is_file()
        {
            // a device or a pipe would be gone, with a file in its place
            let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
            return Err(io(if metadata.is_dir() { io::ErrorKind::IsADirectory.into() } else { no_file() }));
        }
        let folder = folder(&target);
        if !folder.exists() {
            let reason = format!("the folder '{}' does not exist; create it first", folder.display());
            return Err(io(io::Error::new(io::ErrorKind::NotFound, reason)));
        }
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".tmp");
        // As any new file: the mask of the process decides, not the privacy of temporary files.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|e| io(plain(e)))?;
        let (file, temporary) = file.into_parts();
        let storage = Storage::created(file, &temporary).map_err(io)?;
        Ok(Self { path: path.to_owned(), target, overwrite, storage, temporary })
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file while it has no name.
    pub(crate) fn storage(&mut self) -> &mut Storage {
        &mut self.storage
    }

    /// Makes the bytes durable and gives the file its name; returns its length in bytes.
    ///
    /// # Errors
    /// When the disk is full, or the target has appeared meanwhile (without `overwrite`).
    pub fn persist(self) -> Result<u64> {
        let Self { path, target, overwrite, mut storage, temporary } = self;
        storage.sync().map_err(|e| Error::io(&path, "write", e))?;
        let bytes = storage.position();
        let renamed = storage.rename(temporary, &target, overwrite);
        renamed.map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path: path.clone() },
            _ => Error::io(&path, if overwrite { "replace" } else { "create" }, e),
        })?;
        Ok(bytes)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.storage.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.storage.flush()
    }
}

/// The file that a path leads to: where it is a link, the file behind it.
pub(crate) fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The system's error without the name of the temporary file, which means nothing to anybody.
fn plain(error: io::Error) -> io::Error {
    let cause =
        error.get_ref().and_then(|own| own.source()).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}
