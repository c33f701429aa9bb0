//! One writer at a time: an advisory lock on the file itself, which readers do not ask for.
//!
//! The lock is that of the operating system (`flock` on Unix): it goes when its owner ends, however it ends, and
//! no file is left that would have to be removed by hand.

use std::fs;
use std::io;
use std::path::Path;

use crate::{Error, Result};

/// How often a file is opened again because another one has taken its name meanwhile.
const ATTEMPTS: usize = 16;

/// A file that is locked for as long as the value lives.
pub(crate) struct Lock {
    file: fs::File,
}

impl Lock {
    /// The locked file.
    pub(crate) fn file(&self) -> &fs::File {
        &self.file
    }

    /// Whether the path still leads to the locked file.
    pub(crate) fn is_at(&self, path: &Path) -> io::Result<bool> {
        let there = match fs::metadata(path) {
            Ok(there) => there,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        Ok(same(&self.file.metadata()?, &there))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that was forked meanwhile has the file open too, until it runs a program.
        let _ = self.file.unlock();
    }
}

/// Opens a file for reading and writing and locks it.
pub(crate) fn open_locked(path: &Path) -> Result<Lock> {
    let io = |e: io::Error| match e.kind() {
        io::ErrorKind::IsADirectory => {
            Error::Folder { path: path.to_owned(), is_set: crate::Set::recognises(path) }
        }
        _ => Error::io(path, "open for writing", e),
    };
    for _ in 0..ATTEMPTS {
        let file = fs::OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
        let lock = lock(file, path)?;
        // Who waited here while the file was compacted has locked a file that has lost its name.
        if lock.is_at(path).map_err(io)? {
            return Ok(lock);
        }
    }
    Err(Error::Locked { path: path.to_owned() })
}

/// Locks the file that is about to be replaced, if there is one.
pub(crate) fn lock_existing(path: &Path) -> Result<Option<Lock>> {
    // A file that may not even be read cannot be locked; whether it may be replaced its folder decides.
    let Ok(file) = fs::File::open(path) else { return Ok(None) };
    lock(file, path).map(Some)
}

fn lock(file: fs::File, path: &Path) -> Result<Lock> {
    match file.try_lock() {
        Ok(()) => Ok(Lock { file }),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Locked { path: path.to_owned() }),
        // Some network shares have no locks; then care is up to their users.
        Err(fs::TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(Lock { file }),
        Err(fs::TryLockError::Error(e)) => Err(Error::io(path, "lock", e)),
    }
}

#[cfg(unix)]
fn same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere an open file keeps its name: the system does not let it be replaced.
#[cfg(not(unix))]
fn same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}
