//! A file that appears only when it is complete.

use std::io::Write;
use std::path::Path;

use crate::{Error, Result};

/// A temporary file beside its target, renamed to it by [`AtomicFile::persist`] and removed when dropped before:
/// [`xdf::atomic::AtomicFile`] with the errors of outputs.
pub struct AtomicFile(xdf::atomic::AtomicFile);

impl AtomicFile {
    /// Starts a file for `path`.
    ///
    /// # Errors
    /// [`Error::OutputExists`] without `overwrite`, [`Error::Io`] when the folder cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        xdf::atomic::AtomicFile::create(path, overwrite).map(Self).map_err(of_output)
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes the bytes durable and gives the file its name; returns its length.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn persist(self) -> Result<u64> {
        self.0.persist().map_err(of_output)
    }
}

/// The error as that of any output, whatever its format.
fn of_output(error: xdf::Error) -> Error {
    match error {
        xdf::Error::Exists { path } => Error::OutputExists { path },
        xdf::Error::Io { path, source, .. } => Error::Io { path, source },
        other => other.into(),
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
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
