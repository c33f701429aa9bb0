//! A version of a set that is being written: what all processes that write its parts must know.
//!
//! The session is a folder within the set's, and its path is the token that other processes are given. They find the
//! columns and options there and leave a record of every part that they finished. Nothing else is shared.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow_schema::{DataType, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use super::document;
use super::levels::Merged;
use super::manifest::{Manifest, PARTS, key_columns};
use super::schema::{ColumnEntry, columns, sorted, stored_schema};
use super::{Set, parts};
use crate::error::Fault;
use crate::factor::Levels;
use crate::raw::schema::{StoredSchema, factor_type, is_stored};
use crate::{DEFAULT_BLOCK_ROWS, Error, Result, WriteOptions, metadata};

/// Folder of the sessions, within the set's.
pub(super) const SESSIONS: &str = "sessions";
/// The session's own document, within its folder.
const DOCUMENT: &str = "session.json";

/// What a commit does to the set that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetMode {
    /// It makes a set; one that is there is an error.
    #[default]
    Create,
    /// It adds parts behind those that are there, or makes a set where there is none.
    Append,
    /// It replaces all parts, or makes a set where there is none.
    Overwrite,
}

/// How a set is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOptions {
    /// Compression level of the parts: 0 for encodings only, 1 (default) to 9 for zstd with growing effort.
    pub level: i32,
    /// Rows of a block of the parts. Default: [`DEFAULT_BLOCK_ROWS`].
    pub block_rows: usize,
    /// What happens to a set that is there. Default: [`SetMode::Create`].
    pub mode: SetMode,
    /// Names of the key columns of a partitioned set: logicals, integers, texts, factors, dates or timestamps. Default: none.
    /// Where parts are added, the set's own are taken when this is empty, and must be the same otherwise.
    pub keys: Vec<String>,
}

impl Default for SetOptions {
    fn default() -> Self {
        Self { level: 1, block_rows: DEFAULT_BLOCK_ROWS, mode: SetMode::Create, keys: Vec::new() }
    }
}

/// The session as its document has it.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    mode: SetMode,
    /// Version of the set when the session began; 0 for none.
    base: u64,
    level: i32,
    block_rows: usize,
    columns: Vec<ColumnEntry>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
}

/// Where a session is.
#[derive(Debug)]
pub(super) struct Place {
    /// Its folder.
    pub(super) token: PathBuf,
    /// The folder of the set.
    pub(super) set: PathBuf,
    /// Its name, which the names of its parts contain.
    pub(super) id: String,
}

/// A session that was read.
#[derive(Debug)]
pub(super) struct OpenSession {
    pub(super) place: Place,
    pub(super) mode: SetMode,
    pub(super) base: u64,
    pub(super) options: WriteOptions,
    pub(super) stored: StoredSchema,
    pub(super) keys: Vec<usize>,
}

impl Set {
    /// Begins to write a set, or a new version of one, and gives the token by which any process that sees the folder
    /// can write parts ([`PartWriter`](super::PartWriter)) and commit ([`Set::commit`]). The token is a path; its text
    /// is all that another process needs. Until the commit, the set stays as it is.
    ///
    /// Levels that the fields of the schema state (`xdf.levels`) come first in all parts.
    ///
    /// # Errors
    /// When there is a set (unless it is to be replaced or appended to), the folder has other files in it, the columns
    /// are not those of the set, a column type is not stored, a key column does not fit, or an option is out of range.
    #[expect(clippy::needless_pass_by_value, reason = "as `Writer::create` takes it")]
    pub fn begin(path: impl AsRef<Path>, schema: SchemaRef, options: &SetOptions) -> Result<PathBuf> {
        let path = std::path::absolute(path.as_ref()).map_err(|e| Error::io(path.as_ref(), "find", e))?;
        WriteOptions::default().with_level(options.level).with_block_rows(options.block_rows).check()?;
        let existing = Manifest::newest(&path)?;
        if existing.is_some() && options.mode == SetMode::Create {
            return Err(Error::Exists { path });
        }
        if existing.is_none() {
            check_folder(&path)?;
        }
        let mut stored = new_schema(&schema, &path)?;
        let mut keys = options.keys.clone();
        let base = existing.as_ref().map_or(0, |manifest| manifest.sequence);
        if let Some(manifest) = existing.filter(|_| options.mode == SetMode::Append) {
            stored = appended(&manifest.stored, &stored, &path)?;
            let own = manifest.key_names();
            if !keys.is_empty() && keys != own {
                let expected = format!("the key columns of the set: {}", own.join(", "));
                return Err(Error::KeyColumns { path, expected, got: keys.join(", ") });
            }
            keys = own;
        }
        let damaged = |fault: Fault| fault.in_file(&path, "session", 0);
        key_columns(&keys, &stored).map_err(|fault| match fault {
            Fault::Wrong { expected, got } => Error::KeyColumns { path: path.clone(), expected, got },
            other => damaged(other),
        })?;
        let document = Document {
            mode: options.mode,
            base,
            level: options.level,
            block_rows: options.block_rows,
            columns: columns(&stored).map_err(damaged)?,
            metadata: sorted(stored.schema.metadata(), &[]),
            keys,
        };
        let bytes = document::seal(&document).map_err(damaged)?;
        let token = path.join(SESSIONS).join(unique());
        let io = |e: io::Error| Error::io(&path, "create", e);
        fs::create_dir_all(path.join(PARTS)).map_err(io)?;
        fs::create_dir_all(&token).map_err(io)?;
        document::publish(&token.join(DOCUMENT), &bytes, false)?;
        Ok(token)
    }
}

impl Place {
    /// The place that a token names.
    pub(super) fn of(token: &Path) -> Result<Self> {
        let none = || Error::NoSession { token: token.to_owned() };
        let folders = token.parent().filter(|sessions| sessions.ends_with(SESSIONS));
        let set = folders.and_then(Path::parent).ok_or_else(none)?;
        let id = token.file_name().and_then(|name| name.to_str()).ok_or_else(none)?;
        Ok(Self { token: token.to_owned(), set: set.to_owned(), id: id.to_owned() })
    }
}

impl OpenSession {
    /// Reads the session of a token.
    pub(super) fn open(token: &Path) -> Result<Self> {
        let place = Place::of(token)?;
        let path = token.join(DOCUMENT);
        let document: Document = match document::read(&path, "session") {
            Err(Error::Io { source, .. })
                if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                return Err(Error::NoSession { token: place.token });
            }
            read => read?,
        };
        let damaged = |fault: Fault| fault.in_file(&path, "session", 0);
        let stored = stored_schema(&document.columns, &document.metadata).map_err(damaged)?;
        let options = WriteOptions::default().with_level(document.level).with_block_rows(document.block_rows);
        options.check()?;
        Ok(Self {
            keys: key_columns(&document.keys, &stored).map_err(damaged)?,
            place,
            mode: document.mode,
            base: document.base,
            options,
            stored,
        })
    }
}

/// Refuses a folder that holds something else: a set does not mix with other files.
fn check_folder(path: &Path) -> Result<()> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(Error::Exists { path: path.to_owned() });
        }
        Err(error) => return Err(Error::io(path, "list", error)),
    };
    for entry in entries {
        let name = entry.map_err(|e| Error::io(path, "list", e))?.file_name();
        // a commit that died leaves a manifest that has no name yet
        let unfinished = name.to_str().is_some_and(|name| name.starts_with(".manifest-"));
        if name != PARTS && name != SESSIONS && !unfinished {
            let problem =
                format!("the folder has other files, such as '{}'; choose another folder", name.display());
            return Err(Error::NotASet { path: path.to_owned(), problem });
        }
    }
    Ok(())
}

/// The schema of a new set as parts will store it.
fn new_schema(schema: &Schema, path: &Path) -> Result<StoredSchema> {
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut all = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let data_type = match field.data_type() {
            DataType::Dictionary(key, value) if key.is_integer() && **value == DataType::Utf8 => {
                factor_type()
            }
            other => other.clone(),
        };
        if !is_stored(&data_type) {
            let (column, data_type) = (field.name().clone(), data_type.to_string());
            return Err(Error::UnsupportedType { column, data_type });
        }
        if fields.iter().any(|earlier: &arrow_schema::Field| earlier.name() == field.name()) {
            return Err(Error::DuplicateColumn { column: field.name().clone() });
        }
        let levels = (data_type == factor_type()).then(|| {
            // the same text twice is one level
            let levels = Levels::new(metadata::levels(field).unwrap_or_default());
            levels.map(|levels| Arc::new(levels.to_array()))
        });
        all.push(levels.transpose().map_err(|fault| fault.in_file(path, "levels", 0))?);
        fields.push(field.as_ref().clone().with_data_type(data_type));
    }
    Ok(StoredSchema::new(Schema::new_with_metadata(fields, schema.metadata().clone()), all))
}

/// The schema of a set to which parts with these columns are added: its own, with further levels.
pub(super) fn appended(own: &StoredSchema, more: &StoredSchema, path: &Path) -> Result<StoredSchema> {
    if let Some(misfit) = parts::misfit(&own.schema, &more.schema) {
        let parts::Misfit { index, expected, got } = misfit;
        return Err(Error::SchemaMismatch { path: path.to_owned(), index, expected, got });
    }
    let merged = Merged::new(own).and_then(|mut merged| {
        merged.add(&more.schema, |column| more.levels.get(column)?.as_ref())?;
        Ok(merged.into_stored())
    });
    merged.map_err(|fault| fault.in_file(path, "levels", 0))
}

/// Sixteen digits that no other process makes.
pub(super) fn unique() -> String {
    // the keys of the hasher are random
    document::hex(RandomState::new().hash_one((std::process::id(), SystemTime::now())))
}
