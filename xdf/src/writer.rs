//! Writing an XDF 5 file.
//!
//! Batches of any size come in, blocks of equal size go out: rows are collected until a block is full, then its
//! columns are encoded in parallel and written one after the other behind a head that describes them. What is
//! written goes to a temporary file in the folder of the target. Only [`Writer::finish`] gives it its name, after
//! everything has reached the disk: whoever looks under that name sees the old file, or the new one complete, and
//! a writer that is dropped or fails leaves nothing behind.

use std::fs;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use tempfile::TempPath;

use crate::encoding::encode::{Segment, encode};
use crate::encoding::summary::keeps_level_counts;
use crate::error::Fault;
use crate::factor::Levels;
use crate::parallel::prelude::*;
use crate::raw::directory::{ENTRY_BYTES, Entry};
use crate::raw::footer::{BlockEntry, FooterParts, build_schema_frame, tag};
use crate::raw::frame::{self, FRAME_ALIGN, Kind};
use crate::raw::header::{SLOT_OFFSETS, Slot, new_page};
use crate::raw::schema::{StoredSchema, factor_type, is_stored};
use crate::raw::wire::{put_field, put_texts};
use crate::raw::{checksum, round_up};
use crate::{ColumnStatistics, Error, File, Result, WriteOptions, metadata};

/// The number of the only commit of a new file.
const FIRST_COMMIT: u64 = 1;

/// Writes an XDF 5 file. Nothing appears under the target's name before [`Writer::finish`].
pub struct Writer {
    path: PathBuf,
    options: WriteOptions,
    out: BufWriter<fs::File>,
    /// The file that is written, which goes when this does.
    temporary: TempPath,
    /// Bytes written so far.
    position: u64,
    stored: StoredSchema,
    columns: Vec<Column>,
    /// Rows that wait for their block to be full.
    pending_rows: usize,
    /// Rows in blocks that are written.
    rows: u64,
    blocks: Vec<u8>,
    directory: Vec<u8>,
    extensions: Vec<u8>,
    failed: bool,
}

/// What is known of a column while it is written.
struct Column {
    /// Levels, for a factor.
    levels: Option<Levels>,
    /// Levels that stand in the file already.
    levels_written: usize,
    /// Arrays whose rows wait for their block to be full.
    pending: Vec<ArrayRef>,
    /// Over all blocks so far.
    statistics: ColumnStatistics,
    /// Stored bytes so far.
    bytes: u64,
    /// Some value was null.
    has_null: bool,
}

impl Writer {
    /// Begins a file.
    ///
    /// Low and high (`xdf.low`, `xdf.high`) are not taken from the schema: the file's statistics have them.
    /// A factor may have keys of any integer type; it is stored, and read again, with `int32` keys.
    ///
    /// # Errors
    /// When the target exists (without overwrite), its folder cannot be written, a column type is not stored, two
    /// columns have one name, or an option is out of range.
    #[expect(clippy::needless_pass_by_value, reason = "the usual shape of writers of Arrow data")]
    pub fn create(path: impl AsRef<Path>, schema: SchemaRef, options: WriteOptions) -> Result<Self> {
        let path = path.as_ref();
        options.check()?;
        let damaged = |fault: Fault| fault.in_file(path, "schema", 0);
        let (stored, columns) = begin_columns(&schema, damaged)?;
        let (file, temporary) = create_beside(path, options.overwrite)?;
        let mut writer = Self {
            path: path.to_owned(),
            options,
            out: BufWriter::with_capacity(1 << 18, file),
            temporary,
            position: 0,
            stored,
            columns,
            pending_rows: 0,
            rows: 0,
            blocks: Vec::new(),
            directory: Vec::new(),
            extensions: Vec::new(),
            failed: false,
        };
        writer.put(&new_page())?;
        let frame = build_schema_frame(&writer.stored).map_err(damaged)?;
        writer.put(&frame)?;
        Ok(writer)
    }

    /// The path that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends the rows of a batch. Its columns must have the names and types of the schema, in that order; the keys
    /// of factors may be of any integer type.
    ///
    /// # Errors
    /// When the batch has other columns than the file, or the disk is full.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_batch(batch)?;
        self.guarded(|writer| writer.take_batch(batch))
    }

    /// Ends the block that is being filled, so that the next row begins a new one. Without rows nothing happens.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn end_block(&mut self) -> Result<()> {
        self.guarded(Self::write_block)
    }

    /// Sets a key of the file's own metadata; a value that it had is replaced.
    pub fn set_metadata(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.stored.schema.metadata.insert(key.into(), value.into());
    }

    /// Completes the file, puts it under its name and opens it.
    ///
    /// # Errors
    /// When the disk is full, an earlier write failed, or the target has appeared meanwhile (without overwrite).
    pub fn finish(mut self) -> Result<File> {
        self.guarded(Self::write_block)?;
        self.commit()?;
        let io = |e: io::Error| Error::io(&self.path, "write", e);
        let file = self.out.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)?;
        drop(file);
        let target = resolve(&self.path);
        if self.options.overwrite {
            self.temporary.persist(&target).map_err(|e| Error::io(&self.path, "replace", e.error))?;
        } else {
            self.temporary.persist_noclobber(&target).map_err(|e| match e.error.kind() {
                io::ErrorKind::AlreadyExists => Error::Exists { path: self.path.clone() },
                _ => Error::io(&self.path, "create", e.error),
            })?;
        }
        sync_folder(&target).map_err(|e| Error::io(&self.path, "sync the folder of", e))?;
        File::open(&self.path)
    }

    /// Runs a step; after a step that failed nothing more is written.
    fn guarded(&mut self, step: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.failed {
            return Err(Error::WriterFailed { path: self.path.clone() });
        }
        let result = step(self);
        self.failed = result.is_err();
        result
    }

    fn check_batch(&self, batch: &RecordBatch) -> Result<()> {
        let schema = batch.schema_ref();
        let (ours, theirs) = (self.stored.schema.fields(), schema.fields());
        let text = |field: Option<&Arc<Field>>| match field {
            Some(field) => format!("'{}' {}", field.name(), field.data_type()),
            None => "no column".to_owned(),
        };
        for index in 0..ours.len().max(theirs.len()) {
            let (expected, got) = (ours.get(index), theirs.get(index));
            let same = expected.zip(got).is_some_and(|(expected, got)| {
                expected.name() == got.name() && *expected.data_type() == stored_type(got.data_type())
            });
            if !same {
                let (expected, got) = (text(expected), text(got));
                return Err(Error::SchemaMismatch { path: self.path.clone(), index, expected, got });
            }
        }
        Ok(())
    }

    fn take_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let arrays =
            self.columns.iter_mut().zip(batch.columns()).map(|(column, array)| match &mut column.levels {
                Some(levels) => levels.codes(array).map(|codes| Arc::new(codes) as ArrayRef),
                None => Ok(Arc::clone(array)),
            });
        let arrays: Vec<ArrayRef> = arrays
            .collect::<Result<_, _>>()
            .map_err(|fault| fault.in_file(&self.path, "levels", self.position))?;
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = (batch.num_rows() - start).min(self.options.block_rows - self.pending_rows);
            for (column, array) in self.columns.iter_mut().zip(&arrays) {
                column.has_null |= array.null_count() > 0;
                column.pending.push(if rows == array.len() {
                    Arc::clone(array)
                } else {
                    array.slice(start, rows)
                });
            }
            start += rows;
            self.pending_rows += rows;
            if self.pending_rows == self.options.block_rows {
                self.write_block()?;
            }
        }
        Ok(())
    }

    /// Encodes and writes the rows that wait.
    fn write_block(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.pending_rows) as u64;
        if rows == 0 {
            return Ok(());
        }
        let level = self.options.usable_level();
        let encoded: Vec<Segment> = self
            .columns
            .par_iter_mut()
            .map(|column| {
                let pieces = std::mem::take(&mut column.pending);
                let levels = column.levels.as_ref().map(Levels::len);
                let segment = match pieces.as_slice() {
                    [one] => encode(one, levels, level),
                    many => {
                        let many: Vec<&dyn Array> = many.iter().map(|array| &**array).collect();
                        let joined = arrow_select::concat::concat(&many);
                        let arrow = |source| Error::Arrow { path: self.path.clone(), source };
                        encode(&joined.map_err(arrow)?, levels, level)
                    }
                };
                segment.map_err(|fault| fault.in_file(&self.path, "block", self.position))
            })
            .collect::<Result<_>>()?;
        let head = self.block_head(rows, &encoded);
        let head = head.map_err(|fault| fault.in_file(&self.path, "block head", self.position))?;
        BlockEntry { rows, offset: self.position }.put(&mut self.blocks);
        self.put(&head)?;
        for segment in &encoded {
            self.put(&segment.bytes)?;
            let filler = round_up(segment.bytes.len(), FRAME_ALIGN) - segment.bytes.len();
            self.put([0; FRAME_ALIGN].get(..filler).unwrap_or_default())?;
        }
        for (column, segment) in self.columns.iter_mut().zip(&encoded) {
            column.statistics.merge(&segment.statistics);
            column.bytes += segment.bytes.len() as u64;
        }
        self.allow_missing();
        self.rows += rows;
        Ok(())
    }

    /// Makes a field nullable whose column turned out to have missing values.
    fn allow_missing(&mut self) {
        let unexpected = |(field, column): (&Arc<Field>, &Column)| column.has_null && !field.is_nullable();
        if !self.stored.schema.fields().iter().zip(&self.columns).any(unexpected) {
            return;
        }
        let fields = self.stored.schema.fields().iter().zip(&self.columns);
        let fields: Vec<Field> = fields
            .map(|(field, column)| {
                field.as_ref().clone().with_nullable(field.is_nullable() || column.has_null)
            })
            .collect();
        self.stored.schema = Schema::new_with_metadata(fields, self.stored.schema.metadata.clone());
    }

    /// The head of a block of these segments, and their entries in the directory.
    fn block_head(&mut self, rows: u64, encoded: &[Segment]) -> Result<Vec<u8>, Fault> {
        let mut fields = Vec::new();
        put_field(&mut fields, tag::ROWS, true, |out| {
            out.extend_from_slice(&self.rows.to_le_bytes());
            out.extend_from_slice(&rows.to_le_bytes());
            Ok(())
        })?;
        for (index, column) in self.columns.iter_mut().enumerate() {
            let Some(levels) = column.levels.as_ref().filter(|levels| levels.len() > column.levels_written)
            else {
                continue;
            };
            put_field(&mut fields, tag::NEW_LEVELS, false, |out| {
                // Both fit: columns and levels are counted in 31 bits.
                out.extend_from_slice(&(index as u32).to_le_bytes());
                out.extend_from_slice(&(column.levels_written as u32).to_le_bytes());
                put_texts(out, levels.since(column.levels_written))
            })?;
            column.levels_written = levels.len();
        }
        let mut extensions = Vec::new();
        let mut entries = Vec::with_capacity(encoded.len());
        for (index, segment) in encoded.iter().enumerate() {
            let mut statistics = segment.statistics.clone();
            statistics.level_counts = statistics.level_counts.filter(|c| keeps_level_counts(rows, c.len()));
            let mut entry = Entry::new(index as u32, &statistics, &mut extensions)?;
            entry.length = segment.bytes.len() as u64;
            entry.checksum = checksum(&segment.bytes);
            entry.encoding = segment.encoding;
            entries.push(entry);
        }
        put_field(&mut fields, tag::EXTENSIONS, false, |out| {
            out.extend_from_slice(&extensions);
            Ok(())
        })?;
        // The place of the segments depends on the length of the head, which is known before its last field.
        let table_length = 8 + round_up(entries.len() * ENTRY_BYTES, 8);
        let head_length = frame::head_length(fields.len() + table_length) as u64;
        let mut body_length = 0;
        for entry in &mut entries {
            entry.offset = self.position + head_length + body_length as u64;
            body_length += round_up(entry.length as usize, FRAME_ALIGN);
        }
        put_field(&mut fields, tag::SEGMENTS, true, |out| {
            for entry in &entries {
                entry.put(out);
            }
            Ok(())
        })?;
        for entry in entries {
            entry.with_extensions_moved(self.extensions.len())?.put(&mut self.directory);
        }
        self.extensions.extend_from_slice(&extensions);
        Ok(frame::build(Kind::Block, FIRST_COMMIT, &fields, body_length))
    }

    /// Writes footer and commit slot.
    fn commit(&mut self) -> Result<()> {
        let footer_offset = self.position;
        let footer = self.footer().map_err(|fault| fault.in_file(&self.path, "footer", footer_offset))?;
        self.put(&footer)?;
        let slot = Slot {
            sequence: FIRST_COMMIT,
            footer_offset,
            footer_length: footer.len() as u64,
            footer_checksum: checksum(&footer),
            file_length: self.position,
        };
        let [first, _] = SLOT_OFFSETS;
        let write_slot = |out: &mut BufWriter<fs::File>| {
            out.seek(SeekFrom::Start(first as u64))?;
            out.write_all(&slot.to_bytes())?;
            out.flush()
        };
        write_slot(&mut self.out).map_err(|e| Error::io(&self.path, "write", e))
    }

    fn footer(&mut self) -> Result<Vec<u8>, Fault> {
        let mut statistics = Vec::new();
        for (index, column) in self.columns.iter_mut().enumerate() {
            if let Some(levels) = &column.levels {
                let counts = column.statistics.level_counts.get_or_insert_default();
                counts.resize(levels.len(), 0);
            }
            let mut entry = Entry::new(index as u32, &column.statistics, &mut self.extensions)?;
            entry.length = column.bytes;
            entry.put(&mut statistics);
        }
        self.stored.levels = self
            .columns
            .iter()
            .map(|column| column.levels.as_ref().map(|l| Arc::new(l.to_array())))
            .collect();
        FooterParts {
            stored: &self.stored,
            level: self.options.usable_level(),
            blocks: &self.blocks,
            directory: &self.directory,
            statistics: &statistics,
            extensions: &self.extensions,
        }
        .build(FIRST_COMMIT)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| Error::io(&self.path, "write", e))?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The type that a column has in the file.
fn stored_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(key, value) if key.is_integer() && **value == DataType::Utf8 => factor_type(),
        other => other.clone(),
    }
}

/// Checks a schema and prepares its columns.
fn begin_columns(schema: &Schema, damaged: impl Fn(Fault) -> Error) -> Result<(StoredSchema, Vec<Column>)> {
    let mut names = std::collections::HashSet::new();
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let data_type = stored_type(field.data_type());
        if !is_stored(&data_type) {
            let (column, data_type) = (field.name().clone(), data_type.to_string());
            return Err(Error::UnsupportedType { column, data_type });
        }
        if !names.insert(field.name()) {
            return Err(Error::DuplicateColumn { column: field.name().clone() });
        }
        let levels = match data_type {
            DataType::Dictionary(..) => {
                let known = metadata::levels(field).unwrap_or_default();
                Some(Levels::new(&known).map_err(&damaged)?)
            }
            _ => None,
        };
        fields.push(field.as_ref().clone().with_data_type(data_type));
        columns.push(Column {
            levels_written: levels.as_ref().map_or(0, Levels::len),
            levels,
            pending: Vec::new(),
            statistics: ColumnStatistics::default(),
            bytes: 0,
            has_null: false,
        });
    }
    let levels = columns
        .iter()
        .map(|column: &Column| column.levels.as_ref().map(|l| Arc::new(l.to_array())))
        .collect();
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    Ok((StoredSchema { schema, levels }, columns))
}

/// The file that a path leads to: where it is a link, the file behind it.
fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The folder of a path.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A temporary file in the folder of the target, which itself is not touched.
fn create_beside(path: &Path, overwrite: bool) -> Result<(fs::File, TempPath)> {
    let io = |e: io::Error| Error::io(path, "create", e);
    let Some(name) = path.file_name() else {
        return Err(io(io::ErrorKind::InvalidFilename.into()));
    };
    let exists = fs::symlink_metadata(path).is_ok();
    if exists && !overwrite {
        return Err(Error::Exists { path: path.to_owned() });
    }
    let target = resolve(path);
    if let Ok(metadata) = fs::metadata(&target)
        && !metadata.is_file()
    {
        // a device or a pipe would be gone, with a file in its place
        let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
        return Err(io(if metadata.is_dir() { io::ErrorKind::IsADirectory.into() } else { no_file() }));
    }
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    // As any new file: the mask of the process decides, not the privacy of temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    Ok(builder.tempfile_in(folder(&target)).map_err(|e| io(plain(e)))?.into_parts())
}

/// The error without the name of the temporary file, which means nothing to anybody.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Other => error,
        kind => kind.into(),
    }
}

/// Makes the new name itself durable.
fn sync_folder(target: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(folder(target))?.sync_all()?;
    }
    Ok(())
}
