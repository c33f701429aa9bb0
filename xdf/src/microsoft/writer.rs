//! Writing a 4.2 container: the bytes that Microsoft's writer makes from the same values.
//!
//! Rows are collected column by column until a block is full, then every column is compressed into a segment, the
//! columns in parallel, and the segments go to the file in order. Metadata and footer follow at the end, when low, high
//! and levels are known. Nothing appears under the file's name before that.
//!
//! A schema that comes from a Microsoft file has the rest with it ([`kept`](super::kept)): an unchanged table becomes
//! the same file again. Where the table was changed, low and high are those of the values, and blocks are cut as before
//! as far as the rows go.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, SchemaRef};

use super::columns::{Target, target};
use super::container::{RAW_TRAITS, ZLIB_TRAITS};
use super::cuts::Cuts;
use super::encode;
use super::kept::{KeptColumn, KeptFile, last_code};
use super::metadata::{Metadata, Segment, Variable};
use super::object::{Array, Content, Named, Numbers};
use super::options::MicrosoftWriteOptions;
use super::schema::includes;
use super::types::{Storage, filled, ids};
use super::values::{Collector, Unfit};
use crate::atomic::AtomicFile;
use crate::factor::Levels;
use crate::parallel::prelude::*;
use crate::{Error, File, Result, metadata as keys};

/// Name of the column that holds the row names of a data frame.
const ROW_NAMES: &str = ".rxRowNames";

/// Name of the file's attribute with 1, 1 and the rows of a read.
const READ_INFO: &[u8] = b"ReadInfo";

/// Writes a Microsoft 4.2 file. Nothing appears under the target's name before [`Writer::finish`].
pub struct Writer {
    out: AtomicFile,
    level: u32,
    rows_per_read: Option<u64>,
    kept: KeptFile,
    /// True when the schema says that it comes from a Microsoft file.
    from_microsoft: bool,
    schema: SchemaRef,
    columns: Vec<Column>,
    cuts: Cuts,
    /// Rows that wait for their block to be full.
    pending: usize,
    /// Rows in blocks that are written.
    rows: u64,
    block_rows: Vec<usize>,
    segments: Vec<Segment>,
    /// Bytes written so far.
    position: usize,
    failed: bool,
}

struct Column {
    target: Target,
    kept: KeptColumn,
    values: Collector,
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// When the target exists (without overwrite), its folder cannot be written, an option is out of range, two columns
    /// have one name, or [`Error::MicrosoftColumn`]: the container has no place for a column's type, or only by
    /// inference and that is not allowed.
    #[expect(clippy::needless_pass_by_value, reason = "the usual shape of writers of Arrow data")]
    pub fn create(path: impl AsRef<Path>, schema: SchemaRef, options: MicrosoftWriteOptions) -> Result<Self> {
        let path = path.as_ref();
        options.check()?;
        let kept = schema.metadata().get(keys::MICROSOFT).and_then(|entry| KeptFile::parse(entry));
        let from_microsoft = kept.is_some();
        let kept = kept.unwrap_or_default();
        let level = options.level.or(kept.level.filter(|level| *level <= 9)).unwrap_or(1);
        if level == 0 && !options.allow_inferred && kept.level != Some(0) {
            return Err(Error::InvalidOption {
                option: "the compression level",
                expected: "1 to 9 (no public file of Microsoft's shows level 0; allow inferred layouts to write it)",
                got: "0".to_owned(),
            });
        }
        let mut names = std::collections::HashSet::new();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            if !names.insert(field.name()) {
                return Err(Error::DuplicateColumn { column: field.name().clone() });
            }
            columns.push(Column::new(field, options.allow_inferred)?);
        }
        let mut out = AtomicFile::create(path, options.overwrite)?;
        let head = encode::head();
        out.write_all(&head).map_err(|cause| Error::io(path, "write", cause))?;
        let rows_per_read = options.rows_per_read.or(options.block_rows.map(|rows| rows as u64));
        Ok(Self {
            out,
            level,
            // The rows of a block alone do not make a read info where there was none.
            rows_per_read: rows_per_read.filter(|_| options.rows_per_read.is_some() || has_read_info(&kept)),
            cuts: Cuts::new(options.block_rows, &kept),
            kept,
            from_microsoft,
            schema,
            columns,
            pending: 0,
            rows: 0,
            block_rows: Vec::new(),
            segments: Vec::new(),
            position: head.len(),
            failed: false,
        })
    }

    /// The path that the file will have.
    pub fn path(&self) -> &Path {
        self.out.path()
    }

    /// Appends the rows of a batch, whose columns must have the names and types of the schema, in that order.
    ///
    /// # Errors
    /// When the batch has other columns, a value has no place in the container ([`Error::MicrosoftValue`]: an int32 that
    /// is the mark of missing values, a missing value of a type without a known mark), or the disk is full.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_batch(batch)?;
        self.guarded(|writer| writer.take_batch(batch))
    }

    /// Completes the file, puts it under its name and opens it.
    ///
    /// # Errors
    /// When the disk is full, an earlier write failed, or the target has appeared meanwhile (without overwrite).
    pub fn finish(mut self) -> Result<File> {
        self.guarded(Self::finish_blocks)?;
        let metadata = self.metadata();
        let start = self.position as u64;
        let traits = if self.level == 0 { RAW_TRAITS } else { ZLIB_TRAITS };
        self.put(&encode::metadata(&metadata))?;
        self.put(&encode::footer(start, &metadata, traits))?;
        let path = self.path().to_owned();
        self.out.persist()?;
        File::open(path)
    }

    /// Runs a step; after a step that failed nothing more is written.
    fn guarded(&mut self, step: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.failed {
            return Err(Error::WriterFailed { path: self.path().to_owned() });
        }
        let result = step(self);
        self.failed = result.is_err();
        result
    }

    fn check_batch(&self, batch: &RecordBatch) -> Result<()> {
        let schema = batch.schema_ref();
        let (ours, theirs) = (self.schema.fields(), schema.fields());
        let text = |field: Option<&Arc<Field>>| match field {
            Some(field) => format!("'{}' {}", field.name(), field.data_type()),
            None => "no column".to_owned(),
        };
        let same = |ours: &Field, theirs: &Field| {
            let factors = |field: &Field| matches!(field.data_type(), DataType::Dictionary(_, value) if **value == DataType::Utf8);
            ours.name() == theirs.name()
                && (ours.data_type() == theirs.data_type() || factors(ours) && factors(theirs))
        };
        for index in 0..ours.len().max(theirs.len()) {
            let (expected, got) = (ours.get(index), theirs.get(index));
            if !expected.zip(got).is_some_and(|(expected, got)| same(expected, got)) {
                let (expected, got) = (text(expected), text(got));
                return Err(Error::SchemaMismatch { path: self.path().to_owned(), index, expected, got });
            }
        }
        Ok(())
    }

    fn take_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut start = 0_usize;
        while start < batch.num_rows() {
            let room = self.cuts.block().saturating_sub(self.pending);
            if room == 0 {
                self.write_block()?;
                continue;
            }
            let rows = batch.num_rows().saturating_sub(start).min(room);
            self.take_rows(batch.columns(), start, rows)?;
            start = start.saturating_add(rows);
            self.pending = self.pending.saturating_add(rows);
        }
        Ok(())
    }

    fn take_rows(&mut self, arrays: &[ArrayRef], start: usize, rows: usize) -> Result<()> {
        let first = self.rows.saturating_add(self.pending as u64);
        let fields = self.schema.fields();
        self.columns.par_iter_mut().zip(arrays).zip(fields.par_iter()).try_for_each(
            |((column, array), field)| {
                let part = if rows == array.len() { Arc::clone(array) } else { array.slice(start, rows) };
                column.values.append(&part).map_err(|Unfit { row, problem }| Error::MicrosoftValue {
                    column: field.name().clone(),
                    row: first.saturating_add(row as u64),
                    problem,
                })
            },
        )
    }

    /// Compresses and writes the rows that wait.
    fn write_block(&mut self) -> Result<()> {
        let level = self.level;
        let segments = self.columns.par_iter_mut().map(|column| column.values.segment(level));
        let segments: Vec<Vec<u8>> = segments
            .collect::<std::io::Result<_>>()
            .map_err(|cause| Error::io(self.out.path(), "compress the values of", cause))?;
        for segment in &segments {
            self.segments.push(Segment { offset: self.position, length: segment.len() });
            self.put(segment)?;
        }
        self.block_rows.push(self.pending);
        self.rows = self.rows.saturating_add(self.pending as u64);
        self.pending = 0;
        self.cuts.advance();
        Ok(())
    }

    /// Writes the last block, and the empty ones that the file had behind it.
    fn finish_blocks(&mut self) -> Result<()> {
        if self.pending > 0 {
            self.write_block()?;
        }
        while self.rows == self.kept.rows() && self.cuts.is_planned() && self.cuts.block() == 0 {
            self.write_block()?;
        }
        Ok(())
    }

    fn metadata(&self) -> Metadata {
        let unchanged = self.from_microsoft && self.rows == self.kept.rows();
        let index = |name: &str| self.schema.fields().iter().position(|field| field.name() == name);
        let marked = self.schema.metadata().get(keys::ROW_NAMES).map(String::as_str);
        let usual = (!self.from_microsoft).then_some(ROW_NAMES);
        let is_text =
            |index: &usize| self.columns.get(*index).is_some_and(|c| c.target.storage == Storage::Text);
        let variables = self.columns.iter().zip(self.schema.fields());
        Metadata {
            row_names: marked.or(usual).and_then(index).filter(is_text),
            second_index: self.kept.second_index.as_deref().and_then(index),
            block_rows: self.block_rows.clone(),
            segments: self.segments.clone(),
            free: Vec::new(),
            variables: variables.map(|(column, field)| column.variable(field, unchanged)).collect(),
            attributes: self.attributes(),
        }
    }

    /// The file's attributes, with the rows of a read where they are asked for.
    fn attributes(&self) -> Option<Vec<Named>> {
        let Some(rows) = self.rows_per_read else { return self.kept.attributes.clone() };
        let mut attributes = self.kept.attributes.clone().unwrap_or_default();
        let read_info = read_info(rows);
        match attributes.iter_mut().find(|attribute| *attribute.name == *READ_INFO) {
            Some(attribute) => *attribute = read_info,
            None => attributes.push(read_info),
        }
        Some(attributes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let path = self.out.path().to_owned();
        self.out.write_all(bytes).map_err(|cause| Error::io(&path, "write", cause))?;
        self.position = self.position.saturating_add(bytes.len());
        Ok(())
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.path()).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Column {
    fn new(field: &Field, allow_inferred: bool) -> Result<Self> {
        let mut kept = KeptColumn::parse(field);
        let seen = |storage| kept.ids.is_some() && kept.fits(storage);
        let target = target(field, allow_inferred, seen)?;
        if !kept.fits(target.storage) {
            kept = KeptColumn::default();
        }
        let levels = match target.storage {
            Storage::Factor => {
                let known = keys::levels(field).unwrap_or_default();
                let levels = Levels::new(&known).map_err(|_| Error::MicrosoftColumn {
                    column: field.name().clone(),
                    problem: "it has more than 2147483647 levels".to_owned(),
                })?;
                Some(levels)
            }
            _ => None,
        };
        let values = Collector::new(target.storage, target.conversion, levels);
        Ok(Self { target, kept, values })
    }

    /// The definition of the column; `unchanged` when the table still has the rows that its metadata were read with.
    fn variable(&self, field: &Field, unchanged: bool) -> Variable {
        let storage = self.target.storage;
        let levels: Vec<String> = self.values.levels().into_iter().map(str::to_owned).collect();
        let content = match storage {
            Storage::Text => Content::Texts(Vec::new()),
            _ => Content::Numbers(self.numbers(levels.len(), unchanged)),
        };
        let mut array = Array::new(storage, 0, content);
        let (type_id, class, flags) = self.kept.ids.unwrap_or_else(|| ids(storage));
        (array.type_id, array.class, array.flags) = (type_id, class, flags);
        let mut attributes = self.kept.attributes(storage, &levels).unwrap_or_default();
        for meant in &self.target.attributes {
            if attributes.iter().all(|attribute| attribute.name != meant.name) {
                attributes.push(meant.clone());
            }
        }
        array.attributes = Some(attributes).filter(|attributes| !attributes.is_empty());
        let stored = Named {
            name: self.kept.name(field.name()),
            description: self.kept.description(keys::description(field).unwrap_or_default()),
            array,
        };
        let description = keys::description(field).unwrap_or_default().to_owned();
        Variable { name: field.name().clone(), description, storage, inferred: false, levels, stored }
    }

    fn numbers(&self, levels: usize, unchanged: bool) -> Numbers {
        let storage = self.target.storage;
        let range = match storage {
            Storage::Factor => Some(([0; 8], filled(&last_code(levels).to_le_bytes()))),
            _ => self.values.extremes(),
        };
        let (low, high) = range.unwrap_or_else(|| (storage.greatest(), storage.greatest()));
        let mut numbers =
            Numbers { storage, inferred: false, low, high, tail: self.kept.tail, values: [].into() };
        if unchanged && let Some((low, high)) = &self.kept.range {
            let claimed = Numbers { low: filled(low), high: filled(high), ..numbers.clone() };
            if includes(&claimed, &numbers) {
                numbers = claimed;
            }
        }
        numbers
    }
}

fn has_read_info(kept: &KeptFile) -> bool {
    kept.attributes.iter().flatten().any(|attribute| *attribute.name == *READ_INFO)
}

/// The attribute `ReadInfo`: 1, 1 and the rows of a read.
fn read_info(rows: u64) -> Named {
    let unset = Storage::UInt64.greatest();
    let values: Vec<u8> = [1, 1, rows].iter().flat_map(|word| word.to_le_bytes()).collect();
    let numbers = Numbers {
        storage: Storage::UInt64,
        inferred: false,
        low: unset,
        high: unset,
        tail: 0,
        values: values.into(),
    };
    let array = Array::new(Storage::UInt64, 3, Content::Numbers(numbers));
    Named { name: READ_INFO.into(), description: [].into(), array }
}
