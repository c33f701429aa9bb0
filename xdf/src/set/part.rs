//! One part of a set, written by any process.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;

use super::document;
use super::key::{self, Key};
use super::manifest::{PARTS, Part, PartEntry};
use super::session::{OpenSession, unique};
use crate::{Error, Result, Writer};

/// Writes one part of a set. The part is complete and recorded when [`PartWriter::finish`] returns, and belongs to the
/// set when the session is committed; a writer that is dropped leaves nothing behind.
pub struct PartWriter {
    session: OpenSession,
    number: u64,
    key: Key,
    file: String,
    writer: Writer,
}

impl PartWriter {
    /// Begins the part of this number in the session of a token that [`Set::begin`](super::Set::begin) gave.
    ///
    /// Numbers may have gaps and come in any order; the rows of the set are in the order of the numbers. Of two writers of one number, in
    /// whatever process, the one that finishes last counts.
    ///
    /// # Errors
    /// [`Error::NoSession`] when the session is over; when the set is partitioned; when the folder cannot be written.
    pub fn create(token: impl AsRef<Path>, number: u64) -> Result<Self> {
        Self::create_keyed(token, number, Key::default())
    }

    /// Begins a part of a partitioned set, all of whose rows will have these values of the key columns. Several parts may have the same
    /// key, each with a number of its own.
    ///
    /// # Errors
    /// As [`PartWriter::create`]; when the values are not of the types of the key columns.
    pub fn create_keyed(token: impl AsRef<Path>, number: u64, key: Key) -> Result<Self> {
        let session = OpenSession::open(token.as_ref())?;
        let fields = session.stored.schema.fields();
        let types =
            session.keys.iter().filter_map(|column| fields.get(*column)).map(|field| field.data_type());
        let types: Vec<_> = types.collect();
        let fits = key.0.iter().zip(&types).all(|(value, data_type)| key::fits(value.as_ref(), data_type));
        if !fits || key.0.len() != types.len() {
            let names: Vec<String> = types.iter().map(ToString::to_string).collect();
            let expected = format!("one value for each of the key columns ({})", names.join(", "));
            return Err(Error::KeyColumns { path: session.place.set, expected, got: key.to_string() });
        }
        let file = format!("part-{number:05}-{}-{}.xdf", session.place.id, unique());
        let schema = Arc::new(session.stored.schema.clone());
        let writer =
            Writer::create(session.place.set.join(PARTS).join(&file), schema, session.options.clone())?;
        Ok(Self { session, number, key, file, writer })
    }

    /// Number of the part.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Appends the rows of a batch, as [`Writer::write`] does. That the rows of a partitioned set have the values of the part's key is not
    /// compared.
    ///
    /// # Errors
    /// When the batch has other columns than the set, or the disk is full.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch)
    }

    /// Ends the block that is being filled, so that the next row begins a new one.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn end_block(&mut self) -> Result<()> {
        self.writer.end_block()
    }

    /// Completes the part and records it; gives the length of its file in bytes.
    ///
    /// # Errors
    /// When the disk is full, or the session was committed or given up meanwhile: then the part is gone.
    pub fn finish(self) -> Result<u64> {
        let Self { session, number, key, file, writer } = self;
        let written = writer.finish()?;
        let part = Part {
            rows: written.num_rows(),
            blocks: written.num_blocks(),
            size: written.size(),
            footer: written.footer_checksum().unwrap_or_default(),
            file,
            key,
        };
        record(&session, number, &part)?;
        Ok(part.size)
    }
}

/// Records a part that is in place, instead of one of the same number.
pub(super) fn record(session: &OpenSession, number: u64, part: &Part) -> Result<()> {
    let path = record_path(&session.place.token, number);
    let bytes = document::seal(&PartEntry::new(part)).map_err(|fault| fault.in_file(&path, "record", 0))?;
    match document::publish(&path, &bytes, true) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            // nobody will take it any more; what cannot be removed now is cleaned later
            let _ = std::fs::remove_file(session.place.set.join(PARTS).join(&part.file));
            Err(Error::NoSession { token: session.place.token.clone() })
        }
        done => done,
    }
}

/// Where the record of a part is.
fn record_path(token: &Path, number: u64) -> PathBuf {
    token.join(format!("part-{number:05}.json"))
}

/// The number of the part that a file of a session records.
pub(super) fn recorded_number(name: &str) -> Option<u64> {
    name.strip_prefix("part-")?.strip_suffix(".json")?.parse().ok()
}

impl fmt::Debug for PartWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartWriter")
            .field("number", &self.number)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}
