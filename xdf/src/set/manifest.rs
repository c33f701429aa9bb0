//! The manifest: which parts a set has, and what they have in common.
//!
//! Every commit writes a manifest of its own, `manifest-00000001.json`, `manifest-00000002.json`, ..., and the one with
//! the highest number is the set. A number is taken by whoever creates its file first, so two commits cannot both
//! succeed without knowing of each other, on any file system and without a lock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document;
use super::key::{self, Key};
use super::schema::{ColumnEntry, columns, sorted, stored_schema};
use super::session::Place;
use crate::error::Fault;
use crate::factor::Levels;
use crate::raw::footer::writer_name;
use crate::raw::schema::StoredSchema;
use crate::{Error, Result};

/// Folder of the parts, within the set's.
pub(super) const PARTS: &str = "parts";
/// What manifests are called in errors.
const WHAT: &str = "manifest";

/// What a set's manifest says of one part.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// Name of the file in the folder `parts`.
    pub file: String,
    /// Number of rows.
    pub rows: u64,
    /// Number of blocks.
    pub blocks: usize,
    /// Length of the file in bytes.
    pub size: u64,
    /// The values of the key columns that all its rows have; empty where the set is not partitioned.
    pub key: Key,
    /// Checksum of the footer, which every commit of a file changes.
    pub(super) footer: u64,
}

/// A part as the document has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PartEntry {
    file: String,
    rows: u64,
    blocks: u64,
    size: u64,
    footer: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    key: Vec<Value>,
}

/// The manifest as the document has it.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    sequence: u64,
    #[serde(default)]
    writer: String,
    rows: u64,
    columns: Vec<ColumnEntry>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    parts: Vec<PartEntry>,
}

/// A manifest that was checked.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    /// Number of the commit: 1 for the first.
    pub(super) sequence: u64,
    pub(super) stored: StoredSchema,
    /// Numbers of the key columns.
    pub(super) keys: Vec<usize>,
    pub(super) parts: Vec<Part>,
}

impl PartEntry {
    pub(super) fn new(part: &Part) -> Self {
        Self {
            file: part.file.clone(),
            rows: part.rows,
            blocks: part.blocks as u64,
            size: part.size,
            footer: document::hex(part.footer),
            key: part.key.0.iter().map(|value| key::to_json(value.as_ref())).collect(),
        }
    }

    /// Checks the entry of a set with these key columns.
    pub(super) fn part(&self, stored: &StoredSchema, keys: &[usize]) -> Result<Part, Fault> {
        let mut components = Path::new(&self.file).components();
        let plain = matches!(components.next(), Some(Component::Normal(name)) if name == self.file.as_str());
        if !plain || components.next().is_some() {
            return Err(Fault::new("the plain name of a file", format_args!("'{}'", self.file)));
        }
        if self.key.len() != keys.len() {
            return Err(Fault::new(format_args!("a key of {} values", keys.len()), self.key.len()));
        }
        let value = |(value, column): (&Value, &usize)| {
            let field =
                stored.schema.fields().get(*column).ok_or_else(|| Fault::new("a key column", "none"))?;
            key::from_json(value, field.data_type())
        };
        let footer = document::parse_hex(self.footer.as_bytes());
        Ok(Part {
            file: self.file.clone(),
            rows: self.rows,
            blocks: usize::try_from(self.blocks)
                .map_err(|_| Fault::new("a number of blocks", self.blocks))?,
            size: self.size,
            key: Key(self.key.iter().zip(keys).map(value).collect::<Result<_, _>>()?),
            footer: footer.ok_or_else(|| Fault::new("a checksum of 16 digits", &self.footer))?,
        })
    }
}

/// The numbers of the key columns, which must exist, differ and have a type whose values can be listed.
pub(super) fn key_columns(names: &[String], stored: &StoredSchema) -> Result<Vec<usize>, Fault> {
    let columns: HashMap<&String, usize> =
        stored.schema.fields().iter().enumerate().map(|(column, field)| (field.name(), column)).collect();
    let mut keys = Vec::with_capacity(names.len());
    let mut different = HashSet::new();
    for name in names {
        let column = columns.get(name).copied();
        let column = column.ok_or_else(|| Fault::new("key columns that exist", format_args!("'{name}'")))?;
        let data_type = stored.schema.field(column).data_type();
        if !key::can_be_key(data_type) {
            let expected = "key columns that are logicals, integers, texts, factors, dates or timestamps";
            return Err(Fault::new(expected, format_args!("'{name}' {data_type}")));
        }
        if !different.insert(column) {
            return Err(Fault::new("different key columns", format_args!("'{name}' twice")));
        }
        keys.push(column);
    }
    Ok(keys)
}

/// The levels of each key column that is a factor.
pub(super) fn key_levels(stored: &StoredSchema, keys: &[usize]) -> Result<Vec<Option<Levels>>, Fault> {
    let levels = |column: &usize| match stored.levels.get(*column).and_then(Option::as_ref) {
        Some(texts) => Levels::new(texts.iter().flatten()).map(Some),
        None => Ok(None),
    };
    keys.iter().map(levels).collect()
}

impl Manifest {
    /// Reads and checks the newest manifest of a set; nothing where there is none.
    pub(super) fn newest(set: &Path) -> Result<Option<Self>> {
        // One that is found may be cleaned away before it is read; then there is a newer one.
        let mut tries = 0;
        loop {
            let Some(number) = numbers(set)?.into_iter().max() else { return Ok(None) };
            let path = path_of(set, number);
            match Self::read(&path, number) {
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound && tries < 8 => {
                    tries += 1;
                }
                read => return read.map(Some),
            }
        }
    }

    fn read(path: &Path, number: u64) -> Result<Self> {
        let document: Document = document::read(path, WHAT)?;
        Self::check(&document, number).map_err(|fault| fault.in_file(path, WHAT, 0))
    }

    fn check(document: &Document, number: u64) -> Result<Self, Fault> {
        if document.sequence != number {
            return Err(Fault::new(format_args!("version {number}"), document.sequence));
        }
        let stored = stored_schema(&document.columns, &document.metadata)?;
        let keys = key_columns(&document.keys, &stored)?;
        let parts = document.parts.iter().map(|entry| entry.part(&stored, &keys));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        if total_rows(&parts) != Some(document.rows) {
            return Err(Fault::new(format_args!("{} rows in the parts", document.rows), "another number"));
        }
        if parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(part.blocks)).is_none() {
            return Err(Fault::new("a number of blocks", "more"));
        }
        let mut files = HashSet::new();
        if let Some(twice) = parts.iter().find(|part| !files.insert(&part.file)) {
            return Err(Fault::new("every part once", format_args!("'{}' twice", twice.file)));
        }
        let levels = key_levels(&stored, &keys)?;
        if !parts.is_sorted_by(|a, b| key::order(&a.key, &b.key, &levels).is_le()) {
            return Err(Fault::new("parts in the order of their keys", "another order"));
        }
        Ok(Self { sequence: number, stored, keys, parts })
    }

    /// Whether parts of a session are in this version.
    pub(super) fn has(&self, session: &Place) -> bool {
        self.parts.iter().any(|part| part.file.contains(&session.id))
    }

    /// Names of the key columns.
    pub(super) fn key_names(&self) -> Vec<String> {
        let name =
            |column: &usize| self.stored.schema.fields().get(*column).map(|field| field.name().clone());
        self.keys.iter().filter_map(name).collect()
    }

    /// Puts the manifest in place, unless its number is taken.
    pub(super) fn publish(&self, set: &Path) -> Result<()> {
        let path = path_of(set, self.sequence);
        let document = self.document().and_then(|document| document::seal(&document));
        let bytes = document.map_err(|fault| fault.in_file(&path, WHAT, 0))?;
        match document::publish(&path, &bytes, false) {
            Err(Error::Exists { .. }) => {
                Err(Error::Conflict { path: set.to_owned(), version: self.sequence })
            }
            done => done,
        }
    }

    fn document(&self) -> Result<Document, Fault> {
        Ok(Document {
            sequence: self.sequence,
            writer: writer_name(),
            rows: total_rows(&self.parts).ok_or_else(|| Fault::new("fewer than 2^64 rows", "more"))?,
            columns: columns(&self.stored)?,
            metadata: sorted(self.stored.schema.metadata(), &[]),
            keys: self.key_names(),
            parts: self.parts.iter().map(PartEntry::new).collect(),
        })
    }
}

fn total_rows(parts: &[Part]) -> Option<u64> {
    parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.rows))
}

/// Where the manifest of a number is.
pub(super) fn path_of(set: &Path, number: u64) -> PathBuf {
    set.join(format!("manifest-{number:08}.json"))
}

/// The numbers of all manifests of a folder, in no order; none where there is no such folder.
pub(super) fn numbers(set: &Path) -> Result<Vec<u64>> {
    let entries = match fs::read_dir(set) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(Error::io(set, "list", error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(|e| Error::io(set, "list", e))?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix("manifest-")?.strip_suffix(".json"));
        let number = digits.and_then(|digits| digits.parse::<u64>().ok());
        numbers.extend(number.filter(|number| path_of(set, *number).file_name() == Some(name.as_os_str())));
    }
    Ok(numbers)
}
