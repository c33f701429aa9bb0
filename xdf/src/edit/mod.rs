//! Changing an XDF 5 file in place.
//!
//! Everything new is appended behind the committed end: blocks of new rows, segments of new columns, a new footer.
//! Then the file is synced, the commit slot that does *not* hold the newest commit is written, and the file is
//! synced again. Until that last step whoever opens the file sees what it was; a crash at any byte leaves the old
//! state or the new one, and a [`File`](crate::File) that was opened before keeps reading its own.

mod append;
mod columns;
mod compact;
mod describe;
pub(crate) mod lock;
mod repair;

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};

use crate::assemble::Assembly;
use crate::edit::lock::Lock;
use crate::factor::Levels;
use crate::raw::header::SLOT_OFFSETS;
use crate::storage::Storage;
use crate::{Error, File, Result, WriteOptions, metadata};

pub use columns::ColumnsWriter;
pub use compact::{CompactOptions, CompactReport, compact};
pub(crate) use describe::widened;
pub use repair::{RepairReport, repair};

/// Changes an XDF 5 file in place: rows and columns appended, columns replaced, dropped, renamed and described.
///
/// All changes of one editor are one commit. It happens in [`Editor::commit`], whole or not at all; an editor that
/// is dropped before changes nothing. While it lives the file is locked for other writers, which get
/// [`Error::Locked`]; readers are not concerned. Nothing that is committed is ever overwritten, so that what is
/// replaced or dropped stays in the file until [`compact`](crate::compact) removes it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
/// use xdf::{Editor, File, WriteOptions, Writer, metadata};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("people.xdf");
/// let age = |ages: Vec<i32>| -> Result<RecordBatch, arrow_schema::ArrowError> {
///     RecordBatch::try_from_iter([("age", Arc::new(Int32Array::from(ages)) as ArrayRef)])
/// };
/// let mut writer = Writer::create(&path, age(vec![])?.schema(), WriteOptions::default())?;
/// writer.write(&age(vec![34, 52])?)?;
/// let before = writer.finish()?;
///
/// let mut editor = Editor::open(&path)?;
/// editor.append(&age(vec![19])?)?;
/// editor.set_column_metadata("age", metadata::UNITS, Some("years"))?;
/// let income: ArrayRef = Arc::new(Float64Array::from(vec![2100.5, 3050.25, 980.0]));
/// let income = RecordBatch::try_from_iter([("income", income)])?;
/// let mut columns = editor.put_columns(income.schema())?;
/// columns.write(&income)?;
/// columns.finish()?;
/// let after = editor.commit()?;
///
/// assert_eq!((before.num_rows(), after.num_rows()), (2, 3));
/// assert_eq!(before.read_block(0, &[0])?.num_rows(), 2);
/// assert_eq!(after.schema().field(1).name(), "income");
/// # Ok(())
/// # }
/// ```
pub struct Editor {
    path: PathBuf,
    /// The last commit.
    file: File,
    assembly: Assembly,
    storage: Storage,
    /// Held for as long as the editor lives.
    _lock: Lock,
    /// The committed end.
    end: u64,
    /// Where the slot of this commit goes.
    slot: u64,
    changed: bool,
    failed: bool,
}

impl Editor {
    /// Locks a file and prepares to change it. What is appended is compressed as the file's last commit, in blocks
    /// of [`DEFAULT_BLOCK_ROWS`](crate::DEFAULT_BLOCK_ROWS).
    ///
    /// # Errors
    /// [`Error::Locked`] while another editor has the file; [`Error::NotEditable`] for Microsoft's files; when the
    /// file cannot be opened for reading and writing, or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::begin(path.as_ref(), None)
    }

    /// Locks a file; level and rows of a block hold for what is appended.
    ///
    /// # Errors
    /// As [`Editor::open`]; also when an option is out of range.
    pub fn open_with(path: impl AsRef<Path>, options: &WriteOptions) -> Result<Self> {
        options.check()?;
        Self::begin(path.as_ref(), Some(options))
    }

    fn begin(path: &Path, options: Option<&WriteOptions>) -> Result<Self> {
        let lock = lock::open_locked(path)?;
        let file = File::open(path)?;
        if !lock.is_at(path).map_err(|e| Error::io(path, "open", e))? {
            return Err(Error::Locked { path: path.to_owned() });
        }
        let xdf = file.xdf5()?;
        let own = WriteOptions::default().with_level(xdf.level());
        let assembly = Assembly::resume(xdf, options.cloned().unwrap_or(own))?;
        let (newest, slot_offset) = xdf.slot();
        let end = newest.file_length;
        let slot = SLOT_OFFSETS.into_iter().find(|at| *at as u64 != slot_offset).unwrap_or_default() as u64;
        let writable = lock.file().try_clone().map_err(|e| Error::io(path, "open for writing", e))?;
        let storage = Storage::opened(writable, path, end);
        Ok(Self {
            path: path.to_owned(),
            file,
            assembly,
            storage,
            _lock: lock,
            end,
            slot,
            changed: false,
            failed: false,
        })
    }

    /// The path that the file was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last commit: what readers see, without the changes of this editor.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Appends the rows of a batch. It must have the columns of the file, by name and type and in any order; the
    /// keys of factors may be of any integer type.
    ///
    /// Levels of factors are merged by their texts, new ones go behind; those of an ordered factor must say where
    /// they stand: the batch lists its levels in order, the new ones behind the last of the file. A column becomes
    /// nullable when it has to. Low and high that were set by hand are widened to hold the new values.
    ///
    /// # Errors
    /// When the columns do not fit, a new level of an ordered factor has no place, or the disk is full.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        let schema = &self.assembly.stored.schema;
        let arrays = append::arrays_by_name(&self.path, schema, batch)?;
        append::check_ordered(&self.path, schema, self.assembly.columns(), batch)?;
        let rows = batch.num_rows();
        self.change(|assembly, storage| assembly.take(storage, &arrays, rows))
    }

    /// Ends the block that is being filled, so that the next row begins a new one.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn end_block(&mut self) -> Result<()> {
        self.guarded(Assembly::end_block)
    }

    /// Begins whole columns for the rows that the file has: in the place of a column of the same name, or else
    /// behind the others. Names, types and metadata are those of the schema, except low and high.
    ///
    /// # Errors
    /// When a type is not stored, two columns have one name, or the disk is full.
    #[expect(clippy::needless_pass_by_value, reason = "the usual shape of writers of Arrow data")]
    pub fn put_columns(&mut self, schema: SchemaRef) -> Result<ColumnsWriter<'_>> {
        ColumnsWriter::new(self, &schema)
    }

    /// Removes columns. When one of them holds the row names, the file has none from then on.
    ///
    /// # Errors
    /// When a column does not exist, or none would be left.
    pub fn drop_columns(&mut self, names: &[&str]) -> Result<()> {
        let dropped = names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?;
        let columns = self.assembly.stored.schema.fields().len();
        let kept: Vec<usize> = (0..columns).filter(|index| !dropped.contains(index)).collect();
        if kept.is_empty() {
            return Err(self.invalid("a file keeps at least one column".to_owned()));
        }
        if kept.len() == columns {
            return Ok(());
        }
        self.change(|assembly, storage| {
            assembly.end_block(storage)?;
            assembly.keep_columns(&kept)
        })?;
        let schema = &mut self.assembly.stored.schema;
        if schema.metadata.get(metadata::ROW_NAMES).is_some_and(|name| names.contains(&name.as_str())) {
            schema.metadata.remove(metadata::ROW_NAMES);
        }
        Ok(())
    }

    /// Gives a column another name.
    ///
    /// # Errors
    /// When there is no such column, or the new name is taken.
    pub fn rename(&mut self, old: &str, new: &str) -> Result<()> {
        let index = self.column(old)?;
        if old == new {
            return Ok(());
        }
        if self.assembly.stored.schema.index_of(new).is_ok() {
            return Err(Error::DuplicateColumn { column: new.to_owned() });
        }
        self.set_field(index, |field| Ok(field.clone().with_name(new)))?;
        let names = self.assembly.stored.schema.metadata.get_mut(metadata::ROW_NAMES);
        if let Some(names) = names.filter(|names| *names == old) {
            new.clone_into(names);
        }
        Ok(())
    }

    /// Sets a key of the file's own metadata, or removes it. [`metadata::ROW_NAMES`] must name a column.
    ///
    /// # Errors
    /// When the key belongs to the format and the value does not fit.
    pub fn set_file_metadata(&mut self, key: &str, value: Option<&str>) -> Result<()> {
        let mut schema = self.assembly.stored.schema.clone();
        describe::set_file(&mut schema, key, value).map_err(|problem| self.invalid(problem))?;
        self.change(|assembly, _| {
            assembly.stored.schema = schema;
            Ok(())
        })
    }

    /// Sets a key of a column's metadata, or removes it: a description, units, value labels, low and high, or any
    /// key of your own; see [`metadata`].
    ///
    /// # Errors
    /// When there is no such column, or the key belongs to the format and the value does not fit.
    pub fn set_column_metadata(&mut self, column: &str, key: &str, value: Option<&str>) -> Result<()> {
        let index = self.column(column)?;
        self.set_field(index, |field| describe::set_column(field, key, value))
    }

    /// Renames all levels of a factor, in level order; the values keep their codes.
    ///
    /// # Errors
    /// When the column is no factor, or the names are not as many as its levels, or not distinct.
    pub fn set_levels<S: AsRef<str>>(&mut self, column: &str, names: &[S]) -> Result<()> {
        let index = self.column(column)?;
        let known = self.assembly.columns().all.get(index).and_then(|column| column.levels.as_ref());
        let Some(known) = known.map(Levels::len) else {
            return Err(self.invalid(format!("'{column}' is no factor and has no levels")));
        };
        let texts: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        if texts.len() != known {
            return Err(
                self.invalid(format!("'{column}' has {known} levels, {} names were given", texts.len()))
            );
        }
        let levels = Levels::new(&texts).map_err(|fault| fault.in_file(&self.path, "levels", 0))?;
        if levels.len() != known {
            return Err(self.invalid(format!("two levels of '{column}' would have one name")));
        }
        self.change(|assembly, storage| assembly.set_levels(storage, index, levels))
    }

    /// Makes all changes the state of the file, and opens it. Without changes nothing is written.
    ///
    /// # Errors
    /// When the disk is full or a change failed before: then the file is what it was. When the very last step
    /// fails, the file is what it was or has the changes, and in both cases is whole.
    pub fn commit(mut self) -> Result<File> {
        if !self.changed && !self.failed {
            return Ok(self.file.clone());
        }
        let slot = self.guarded(Assembly::finish)?;
        let at = self.slot;
        let path = self.path.clone();
        let io = |e| Error::io(&path, "commit the changes of", e);
        self.guarded(|_, storage| storage.sync().map_err(io))?;
        // From here on the bytes may be committed, whatever is reported, and stay.
        self.end = slot.file_length;
        self.guarded(|_, storage| {
            storage.write_at(at, &slot.to_bytes()).map_err(io)?;
            storage.sync().map_err(io)
        })?;
        File::open(&self.path)
    }

    /// The number of a column.
    fn column(&self, name: &str) -> Result<usize> {
        let schema = &self.assembly.stored.schema;
        schema.index_of(name).map_err(|_| Error::UnknownColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            available: names(schema),
        })
    }

    fn invalid(&self, problem: String) -> Error {
        Error::InvalidEdit { path: self.path.clone(), problem }
    }

    fn set_field(&mut self, index: usize, set: impl FnOnce(&Field) -> Result<Field, String>) -> Result<()> {
        let schema = &self.assembly.stored.schema;
        let field = set(schema.field(index)).map_err(|problem| self.invalid(problem))?;
        self.change(|assembly, _| {
            assembly.set_field(index, field);
            Ok(())
        })
    }

    /// Runs a step that changes what will be committed.
    fn change<T>(&mut self, step: impl FnOnce(&mut Assembly, &mut Storage) -> Result<T>) -> Result<T> {
        let result = self.guarded(step)?;
        self.changed = true;
        Ok(result)
    }

    /// Runs a step; after a step that failed nothing more is done.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Assembly, &mut Storage) -> Result<T>) -> Result<T> {
        if self.failed {
            return Err(Error::WriterFailed { path: self.path.clone() });
        }
        let result = self.cut_tail().and_then(|()| step(&mut self.assembly, &mut self.storage));
        self.failed = result.is_err();
        result
    }

    /// Removes what a commit that was not finished has left behind the committed end, before anything is appended.
    fn cut_tail(&mut self) -> Result<()> {
        if self.storage.position() > self.end {
            return Ok(());
        }
        self.storage.cut_to_frames(self.end).map_err(|e| Error::io(&self.path, "write", e))
    }

    /// Takes back what was appended since a position.
    fn forget_since(&mut self, position: u64) {
        let cut = self.storage.cut(position);
        self.failed |= cut.is_err() || self.storage.position() != position;
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if self.storage.position() > self.end {
            // What stays when this fails is not committed; the next editor cuts it.
            let _ = self.storage.cut(self.end);
        }
    }
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editor")
            .field("path", &self.path)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

/// The first names of columns, for people.
fn names(schema: &Schema) -> String {
    const MOST: usize = 20;
    let names: Vec<&str> = schema.fields().iter().take(MOST).map(|field| field.name().as_str()).collect();
    let more = if schema.fields().len() > MOST { ", ..." } else { "" };
    names.join(", ") + more
}
