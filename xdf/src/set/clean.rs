//! What nobody needs any more: parts of older versions, leftovers of processes that died, older manifests.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Set;
use super::commit::gone;
use super::manifest::{self, Manifest, PARTS};
use super::part::recorded_number;
use super::session::SESSIONS;
use crate::{Error, Result};

/// What [`Set::clean`] removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanReport {
    /// Files that were removed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A session that is neither committed nor given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// What [`Set::begin`] gave.
    pub token: PathBuf,
    /// Parts that are finished.
    pub parts: usize,
    /// When it began, or its last part was finished.
    pub modified: SystemTime,
}

impl Set {
    /// The sessions of a set, also of one that has no version yet, by name.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn sessions(path: impl AsRef<Path>) -> Result<Vec<Session>> {
        let folder = std::path::absolute(path.as_ref()).map_err(|e| Error::io(path.as_ref(), "find", e))?;
        let folder = folder.join(SESSIONS);
        let io = |e| Error::io(&folder, "list", e);
        let mut sessions = Vec::new();
        for token in list(&folder)? {
            let names = match list(&token) {
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotADirectory => continue,
                names => names?,
            };
            let is_record = |name: &&PathBuf| {
                name.file_name().and_then(|name| name.to_str()).and_then(recorded_number).is_some()
            };
            match fs::metadata(&token).and_then(|metadata| metadata.modified()) {
                Ok(modified) => {
                    sessions.push(Session { parts: names.iter().filter(is_record).count(), token, modified });
                }
                // committed while we looked
                Err(error) => gone(error).map_err(io)?,
            }
        }
        Ok(sessions)
    }

    /// Removes parts that belong neither to the newest version nor to a session, and, when there is no session, older
    /// manifests. Whoever still reads an older version may then miss its parts. To remove what a session left that
    /// will never be committed, give it up first ([`Set::sessions`], [`Set::abandon`]).
    ///
    /// # Errors
    /// When there is no set, its manifest is damaged, or a file cannot be removed.
    pub fn clean(path: impl AsRef<Path>) -> Result<CleanReport> {
        let path = path.as_ref();
        // The order matters: what a commit publishes while we look must be found either with its session or in the
        // manifest that is read last; and no manifest may go that a commit still counts from.
        let Some(before) = Manifest::newest(path)? else {
            let problem = "there is nothing to clean before the first commit".to_owned();
            return Err(Error::NotASet { path: path.to_owned(), problem });
        };
        let files = list(&path.join(PARTS))?;
        let sessions = Self::sessions(path)?;
        let current = Manifest::newest(path)?.unwrap_or_else(|| before.clone());
        let listed: HashSet<&str> = current.parts.iter().map(|part| part.file.as_str()).collect();
        let ids: Vec<&str> =
            sessions.iter().filter_map(|session| session.token.file_name()?.to_str()).collect();
        let mut report = CleanReport::default();
        for file in files {
            let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
            let ours = name.starts_with("part-") || name.starts_with(".part-");
            if ours && !listed.contains(name) && !ids.iter().any(|id| name.contains(id)) {
                report.remove(&file)?;
            }
        }
        if sessions.is_empty() {
            for number in manifest::numbers(path)?.into_iter().filter(|number| *number < before.sequence) {
                report.remove(&manifest::path_of(path, number))?;
            }
            let unfinished = |file: &PathBuf| {
                file.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with(".manifest-"))
            };
            for file in list(path)?.into_iter().filter(unfinished) {
                report.remove(&file)?;
            }
        }
        Ok(report)
    }
}

impl CleanReport {
    fn remove(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
        fs::remove_file(path).or_else(gone).map_err(|e| Error::io(path, "remove", e))?;
        self.files += 1;
        self.bytes += bytes;
        Ok(())
    }
}

/// The paths in a folder by name; none where there is no folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e| Error::io(folder, "list", e);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io)?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(io)?;
    paths.sort();
    Ok(paths)
}
