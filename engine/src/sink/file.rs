//! A file that appears only when it is complete.

use std::fs::File;
use std::io::{BufWriter, Error as IoError, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::{Error, Result};

/// A temporary file beside its target, renamed to it by [`AtomicFile::persist`] and removed when dropped before.
pub struct AtomicFile {
    path: PathBuf,
    /// The file that the path leads to.
    target: PathBuf,
    overwrite: bool,
    file: BufWriter<NamedTempFile>,
}

impl AtomicFile {
    /// Starts a file for `path`.
    ///
    /// # Errors
    /// [`Error::OutputExists`] without `overwrite`, [`Error::Io`] when the folder cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        if !overwrite && std::fs::symlink_metadata(path).is_ok() {
            return Err(Error::OutputExists { path: path.to_path_buf() });
        }
        // a link stays, and what it leads to is replaced
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if let Ok(metadata) = std::fs::metadata(&target)
            && !metadata.is_file()
        {
            // a device or a pipe would be gone, with a file in its place
            let no_file = || IoError::new(ErrorKind::InvalidInput, "is no regular file");
            let reason = if metadata.is_dir() { ErrorKind::IsADirectory.into() } else { no_file() };
            return Err(Error::io(path)(reason));
        }
        let mut builder = Builder::new();
        builder.prefix(".xdf-").suffix(".part");
        // as any new file: the mask of the process decides, not the privacy of temporary files
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder(&target)).map_err(Error::io(path))?;
        let file = BufWriter::with_capacity(1 << 20, file);
        Ok(Self { path: path.to_path_buf(), target, overwrite, file })
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
        let Self { path, target, overwrite, file } = self;
        let file = file.into_inner().map_err(|error| Error::io(&path)(error.into_error()))?;
        file.as_file().sync_all().map_err(Error::io(&path))?;
        let bytes = file.as_file().metadata().map_err(Error::io(&path))?.len();
        let persisted = if overwrite { file.persist(&target) } else { file.persist_noclobber(&target) };
        persisted.map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => Error::OutputExists { path: path.clone() },
            _ => Error::io(&path)(error.error),
        })?;
        if let Ok(folder) = File::open(folder(&target)) {
            // not every file system can sync a folder; the file itself is safe
            let _ = folder.sync_all();
        }
        Ok(bytes)
    }
}

/// The folder of a path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("t.csv"), folder.path().join("link.csv"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(AtomicFile::create(&link, false), Err(Error::OutputExists { .. })));
        let mut file = AtomicFile::create(&link, true).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(file.persist().unwrap(), 3);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket.csv");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(matches!(AtomicFile::create(&path, true), Err(Error::Io { .. })));
        assert!(matches!(AtomicFile::create(folder.path(), true), Err(Error::Io { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
