//! Files as writers need them: appended to through a buffer, written at places, synced, cut, renamed.
//!
//! Everything that this crate writes goes through here, so that a test can see every step, or let it fail:
//! [`observed`] shows an [`Observer`] each [`Event`] before it happens. The order of the events of a commit is what
//! makes it safe, and a crash may leave any state that their rules allow.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempPath;

use crate::raw::frame::FRAME_ALIGN;

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 18;

/// One step that changes the disk.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A new empty file appears.
    Create {
        /// The file.
        path: &'a Path,
    },
    /// Bytes are written.
    Write {
        /// The file.
        path: &'a Path,
        /// Where the first of them goes.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// The file is cut, or filled with zeros, to a length.
    SetLength {
        /// The file.
        path: &'a Path,
        /// Its new length in bytes.
        length: u64,
    },
    /// All that was written to the file so far reaches the disk.
    Sync {
        /// The file.
        path: &'a Path,
    },
    /// A file gets another name; a file of that name is gone.
    Rename {
        /// The old name.
        from: &'a Path,
        /// The new name.
        to: &'a Path,
    },
    /// The names in a folder reach the disk.
    SyncFolder {
        /// The folder.
        path: &'a Path,
    },
}

/// Sees the steps of writers.
pub trait Observer: Send + Sync {
    /// Called before each step.
    ///
    /// # Errors
    /// An error is taken as that of the step, which then does not happen.
    fn before(&self, event: &Event<'_>) -> io::Result<()>;
}

thread_local! {
    static OBSERVER: RefCell<Option<Arc<dyn Observer>>> = const { RefCell::new(None) };
}

/// Runs `work` while files that are opened for writing on this thread are seen by `observer`, for as long as they
/// are open.
pub fn observed<R>(observer: Arc<dyn Observer>, work: impl FnOnce() -> R) -> R {
    /// Puts the observer back that was there before, also when `work` panics.
    struct Restore(Option<Arc<dyn Observer>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let before = self.0.take();
            OBSERVER.with_borrow_mut(|now| *now = before);
        }
    }
    let _restore = Restore(OBSERVER.with_borrow_mut(|now| now.replace(observer)));
    work()
}

/// The observer of this thread, if there is one.
#[derive(Clone)]
struct Watched(Option<Arc<dyn Observer>>);

impl Watched {
    fn here() -> Self {
        Self(OBSERVER.with_borrow(Clone::clone))
    }

    fn before(&self, event: Event<'_>) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |observer| observer.before(&event))
    }
}

/// An open file that is written to.
pub(crate) struct Storage {
    file: fs::File,
    /// What events call it.
    path: PathBuf,
    watched: Watched,
    /// Where the buffer goes.
    flushed: u64,
    buffer: Vec<u8>,
}

impl Storage {
    /// A new, empty file.
    pub(crate) fn created(file: fs::File, path: &Path) -> io::Result<Self> {
        let storage = Self::opened(file, path, 0);
        storage.watched.before(Event::Create { path })?;
        Ok(storage)
    }

    /// A file that is there; what is appended goes to byte `end`.
    pub(crate) fn opened(file: fs::File, path: &Path, end: u64) -> Self {
        Self { file, path: path.to_owned(), watched: Watched::here(), flushed: end, buffer: Vec::new() }
    }

    /// Where the next appended byte goes.
    pub(crate) fn position(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    /// Appends bytes, which may wait in the buffer. Under an observer nothing waits, so that it sees every write.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let most = if self.watched.0.is_some() { 0 } else { BUFFER_BYTES };
        if self.buffer.len() + bytes.len() > most {
            self.flush()?;
        }
        if bytes.len() >= most {
            self.write_through(self.flushed, bytes)?;
            self.flushed += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Writes what waits in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            self.write_through(self.flushed, &buffer)?;
            self.flushed += buffer.len() as u64;
        }
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    /// Writes over bytes that are there, behind all that was appended so far.
    pub(crate) fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.flush()?;
        self.write_through(offset, bytes)
    }

    fn write_through(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.watched.before(Event::Write { path: &self.path, offset, bytes })?;
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }

    /// Makes everything so far durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.watched.before(Event::Sync { path: &self.path })?;
        self.file.sync_all()
    }

    /// Forgets what was appended behind byte `end`, and cuts the file there.
    pub(crate) fn cut(&mut self, end: u64) -> io::Result<()> {
        if end > self.flushed {
            // Not beyond what is appended: callers cut to a position that they saw.
            self.buffer.truncate(usize::try_from(end - self.flushed).unwrap_or(usize::MAX));
            return Ok(());
        }
        self.buffer.clear();
        if self.file.metadata()?.len() != end {
            self.watched.before(Event::SetLength { path: &self.path, length: end })?;
            self.file.set_len(end)?;
        }
        self.flushed = end;
        Ok(())
    }

    /// Cuts the file at byte `end`, and lets the next frame begin where frames may.
    pub(crate) fn cut_to_frames(&mut self, end: u64) -> io::Result<()> {
        self.cut(end)?;
        let beyond = usize::try_from(end % FRAME_ALIGN as u64).unwrap_or_default();
        match beyond {
            0 => Ok(()),
            beyond => self.append([0; FRAME_ALIGN].get(beyond..).unwrap_or_default()),
        }
    }

    /// Lets the same people read and write the file as another one.
    pub(crate) fn set_permissions(&self, permissions: fs::Permissions) -> io::Result<()> {
        self.file.set_permissions(permissions)
    }

    /// Closes a temporary file and gives it another name.
    pub(crate) fn rename(self, from: TempPath, to: &Path, replace: bool) -> io::Result<()> {
        let Self { file, watched, .. } = self;
        drop(file);
        watched.before(Event::Rename { from: &from, to })?;
        if replace {
            from.persist(to).map_err(|e| e.error)?;
        } else {
            from.persist_noclobber(to).map_err(|e| e.error)?;
        }
        let folder = folder(to);
        watched.before(Event::SyncFolder { path: folder })?;
        sync_folder(folder)
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The folder of a path.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = fs::File::open(folder)?;
        // Not every file system can sync a folder; the files themselves are safe.
        if let Err(error) = folder.sync_all()
            && !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
        {
            return Err(error);
        }
    }
    Ok(())
}
