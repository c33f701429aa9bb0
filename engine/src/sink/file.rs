//! A file that appears only when it is complete.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::{Error, Result};

/// A temporary file beside its target, renamed to it by [`AtomicFile::persist`] and removed when dropped before.
pub struct AtomicFile {
    path: PathBuf,
    overwrite: bool,
    file: BufWriter<NamedTempFile>,
}

impl AtomicFile {
    /// Starts a file for `path`.
    ///
    /// # Errors
    /// [`Error::OutputExists`] without `overwrite`, [`Error::Io`] when the folder cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        if !overwrite && path.exists() {
            return Err(Error::OutputExists { path: path.to_path_buf() });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file =
            Builder::new().prefix(".xdf-").suffix(".part").tempfile_in(folder).map_err(Error::io(path))?;
        Ok(Self { path: path.to_path_buf(), overwrite, file: BufWriter::with_capacity(1 << 20, file) })
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the bytes durable and gives the file its name; returns its length.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn persist(self) -> Result<u64> {
        let Self { path, overwrite, file } = self;
        let file = file.into_inner().map_err(|error| Error::io(&path)(error.into_error()))?;
        file.as_file().sync_all().map_err(Error::io(&path))?;
        let bytes = file.as_file().metadata().map_err(Error::io(&path))?.len();
        share_mode(file.as_file());
        let persisted = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
        persisted.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::OutputExists { path: path.clone() },
            _ => Error::io(&path)(error.error),
        })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(folder) = File::open(folder) {
            // not every file system can sync a folder; the file itself is safe
            let _ = folder.sync_all();
        }
        Ok(bytes)
    }
}

/// Temporary files are private; an output is as readable as other new files.
#[cfg(unix)]
fn share_mode(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    let _ = file.set_permissions(std::fs::Permissions::from_mode(0o644));
}

#[cfg(not(unix))]
fn share_mode(_: &File) {}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
