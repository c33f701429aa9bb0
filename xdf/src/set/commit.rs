//! The end of a session: its parts become a new version of the set, or go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::parallel::prelude::*;

use super::document;
use super::key;
use super::levels::Merged;
use super::manifest::{Manifest, PARTS, Part, PartEntry, key_levels};
use super::part::recorded_number;
use super::session::{OpenSession, Place, SESSIONS, SetMode, appended};
use super::{Set, parts};
use crate::error::Fault;
use crate::raw::schema::StoredSchema;
use crate::{Error, File, OpenOptions, Result};

impl Set {
    /// Publishes the finished parts of a session, all at once, and opens the set. Parts without rows are left out.
    ///
    /// Every part is opened and compared with its record, and the levels of all are merged: those of the schema, then
    /// new ones in the order of the parts. A commit that was interrupted can be repeated.
    ///
    /// # Errors
    /// Then nothing has changed and the session goes on: [`Error::Exists`] and [`Error::Conflict`] when another commit
    /// was first, [`Error::Part`] when a part is missing, was changed or has other columns. [`Error::NoSession`] when
    /// the session is over.
    pub fn commit(token: impl AsRef<Path>) -> Result<Self> {
        publish(token.as_ref(), None)
    }

    /// As [`Set::commit`], with the parts of these numbers and no others.
    ///
    /// # Errors
    /// As [`Set::commit`]; when a part of one of these numbers is not finished.
    pub fn commit_parts(token: impl AsRef<Path>, numbers: &[u64]) -> Result<Self> {
        publish(token.as_ref(), Some(numbers))
    }

    /// Gives a session up: its parts go, the set stays as it is. Writers that still work fail when they finish.
    ///
    /// # Errors
    /// [`Error::NoSession`] when the session is over; its parts are never removed once they are the set's. A manifest
    /// that is damaged.
    pub fn abandon(token: impl AsRef<Path>) -> Result<()> {
        let place = Place::of(token.as_ref())?;
        if !place.token.is_dir() {
            return Err(Error::NoSession { token: place.token });
        }
        let newest = Manifest::newest(&place.set)?;
        if let Some(manifest) = newest.as_ref().filter(|manifest| manifest.has(&place)) {
            // a commit that was interrupted behind its last step: the parts are the set's
            end(&place, &manifest.parts)?;
            return Err(Error::NoSession { token: place.token });
        }
        end(&place, &[])?;
        if newest.is_none() {
            // only folders in which no other session has begun are empty
            for folder in [SESSIONS, PARTS] {
                let _ = fs::remove_dir(place.set.join(folder));
            }
        }
        Ok(())
    }
}

fn publish(token: &Path, wanted: Option<&[u64]>) -> Result<Set> {
    let session = OpenSession::open(token)?;
    let before = Manifest::newest(&session.place.set)?;
    if let Some(manifest) = &before {
        if manifest.has(&session.place) {
            end(&session.place, &manifest.parts)?;
            return Set::open(&session.place.set);
        }
        if session.mode == SetMode::Create {
            return Err(Error::Exists { path: session.place.set });
        }
    }
    let version = before.as_ref().map_or(0, |manifest| manifest.sequence);
    if session.mode == SetMode::Overwrite && version != session.base {
        return Err(Error::Conflict { path: session.place.set, version });
    }
    let finished = finished(&session, wanted)?;
    let schema = &session.stored.schema;
    let open = |part: &Part| parts::open_file(&session.place.set, part, schema, &OpenOptions::default());
    let files = finished.par_iter().map(open).collect::<Result<Vec<File>>>()?;

    let mut all = Vec::new();
    let mut stored = session.stored.clone();
    if let Some(manifest) = before.filter(|_| session.mode == SetMode::Append) {
        stored = appended(&manifest.stored, &stored, &session.place.set)?;
        all = manifest.parts;
    }
    let stored = merged(&stored, &files)
        .map_err(|fault| fault.in_file(&session.place.set, "levels of the parts", 0))?;
    all.extend(finished.into_iter().filter(|part| part.rows > 0));
    let levels = key_levels(&stored, &session.keys);
    let levels = levels.map_err(|fault| fault.in_file(&session.place.set, "levels", 0))?;
    // stable: parts with one key stay in the order of versions and numbers
    all.sort_by(|a, b| key::order(&a.key, &b.key, &levels));
    let sequence = version.checked_add(1).ok_or_else(|| {
        Fault::new("fewer than 2^64 versions", version).in_file(&session.place.set, "manifest", 0)
    })?;
    let manifest = Manifest { sequence, stored, keys: session.keys.clone(), parts: all };
    match manifest.publish(&session.place.set) {
        Err(Error::Conflict { path, .. }) if session.mode == SetMode::Create => {
            return Err(Error::Exists { path });
        }
        done => done?,
    }
    end(&session.place, &manifest.parts)?;
    Set::open(&session.place.set)
}

/// The columns of the set with what all parts have found.
fn merged(stored: &StoredSchema, files: &[File]) -> Result<StoredSchema, Fault> {
    let mut merged = Merged::new(stored)?;
    for file in files {
        merged.add(file.schema(), |column| file.levels(column))?;
    }
    Ok(merged.into_stored())
}

/// The parts that were recorded, in the order of their numbers.
fn finished(session: &OpenSession, wanted: Option<&[u64]>) -> Result<Vec<Part>> {
    let mut records: Vec<(u64, PathBuf)> = Vec::new();
    let io = |e| Error::io(&session.place.token, "list", e);
    for entry in fs::read_dir(&session.place.token).map_err(io)? {
        let entry = entry.map_err(io)?;
        let number = entry.file_name().to_str().and_then(recorded_number);
        records.extend(number.map(|number| (number, entry.path())));
    }
    records.sort();
    if let Some(wanted) = wanted {
        if let Some(number) =
            wanted.iter().find(|wanted| !records.iter().any(|(number, _)| number == *wanted))
        {
            let problem = "is not finished; write it, or commit without it".to_owned();
            return Err(parts::part_error(&session.place.set, &format!("number {number}"), problem));
        }
        records.retain(|(number, _)| wanted.contains(number));
    }
    let read = |(_, path): &(u64, PathBuf)| {
        let entry: PartEntry = document::read(path, "record")?;
        let part = entry.part(&session.stored, &session.keys);
        part.map_err(|fault: Fault| fault.in_file(path, "record", 0))
    };
    records.par_iter().map(read).collect()
}

/// Removes the session and those of its parts that are not listed.
fn end(session: &Place, listed: &[Part]) -> Result<()> {
    fs::remove_dir_all(&session.token).or_else(gone).map_err(|e| Error::io(&session.token, "remove", e))?;
    // A part that finishes from here on finds no session and removes itself, so none is left.
    let folder = session.set.join(PARTS);
    let kept: std::collections::HashSet<&str> = listed.iter().map(|part| part.file.as_str()).collect();
    let io = |e| Error::io(&folder, "clean", e);
    for entry in fs::read_dir(&folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let ours = entry.file_name().to_str().is_some_and(|name| {
            name.starts_with("part-") && name.contains(&session.id) && !kept.contains(name)
        });
        if ours {
            fs::remove_file(entry.path()).or_else(gone).map_err(io)?;
        }
    }
    Ok(())
}

/// What another process has removed already is removed.
pub(super) fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
