//! Files that exist already as parts.

use std::fs;
use std::io;
use std::path::Path;

use super::manifest::{PARTS, Part};
use super::part::record;
use super::parts::{Misfit, misfit};
use super::session::{OpenSession, unique};
use super::{Key, Set};
use crate::atomic::AtomicFile;
use crate::{Error, File, Result};

impl Set {
    /// Copies an XDF 5 file into a session as the part of this number, as if a [`PartWriter`](super::PartWriter) had written it there; gives
    /// its length in bytes. The file stays as it is, and so do its blocks and their encodings.
    ///
    /// # Errors
    /// When the session is over or the set is partitioned; when the file is no XDF 5 file or has other columns than the set; when it cannot
    /// be copied.
    pub fn adopt(token: impl AsRef<Path>, number: u64, file: impl AsRef<Path>) -> Result<u64> {
        let session = OpenSession::open(token.as_ref())?;
        let path = file.as_ref();
        if !session.keys.is_empty() {
            let (expected, got) = ("a set without key columns".to_owned(), path.display().to_string());
            return Err(Error::KeyColumns { path: session.place.set, expected, got });
        }
        let file = File::open(path)?;
        let Some(footer) = file.footer_checksum() else {
            let what = format!("is a file of {} and can be no part of a set: import it", file.generation());
            return Err(Error::Unsupported { path: path.to_owned(), what });
        };
        if let Some(Misfit { index, expected, got }) = misfit(&session.stored.schema, file.schema()) {
            return Err(Error::SchemaMismatch { path: path.to_owned(), index, expected, got });
        }
        let name = format!("part-{number:05}-{}-{}.xdf", session.place.id, unique());
        copy(path, &session.place.set.join(PARTS).join(&name))?;
        let part = Part {
            file: name,
            rows: file.num_rows(),
            blocks: file.num_blocks(),
            size: file.size(),
            key: Key::default(),
            footer,
        };
        record(&session, number, &part)?;
        Ok(part.size)
    }
}

/// Copies a file; the copy has its name when it is complete.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut source = fs::File::open(from).map_err(|e| Error::io(from, "open", e))?;
    let mut copy = AtomicFile::create(to, false)?;
    io::copy(&mut source, &mut copy).map_err(|e| Error::io(from, "copy", e))?;
    copy.persist().map(drop)
}
