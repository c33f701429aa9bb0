//! Chunks that a function of the caller computes.
//!
//! An expression is known before the first row; a function is not. Its columns are learned from the first chunk for
//! which it has a result, and all further chunks must have the same. The chunk that was learned from is used in the
//! pass that follows, so that a single pass calls the function once a chunk. Calls come one at a time and in row order,
//! whatever the threads of the pass, because a function may remember what it has seen.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};

use crate::factor::LevelUnifier;
use crate::source::conform::{conform_batch, conform_schema, unifiers};
use crate::source::{SourceInfo, index_of, projected};
use crate::{Block, BlockReader, BlockSource, Error, Monitor, Result, ScanOptions};

/// Name of a logical column in a function's result: the rows for which it is true are kept, and it is not a column.
pub const ROW_SELECTION: &str = ".rxRowSelection";

/// Computes the columns of a chunk; `None` leaves the chunk out. The block has the columns that the function sees, and
/// the number of the chunk within the pass, from 0, as its index.
pub type ChunkFunction = dyn Fn(&Block) -> Result<Option<RecordBatch>> + Send + Sync;

/// What a function sees, and what becomes of it.
#[derive(Debug, Clone)]
pub struct CallOptions {
    /// Columns that the function gets; `None` for all.
    pub sees: Option<Vec<String>>,
    /// Whether columns that the function saw and did not return are left out. Columns that it did not see stay.
    pub replaces: bool,
    /// Rows of a chunk.
    pub chunk_rows: usize,
    /// The rows that the first pass will read, from 0: where the columns are learned.
    pub rows: Option<Range<u64>>,
}

/// A source with the columns that a function computes.
pub struct Called {
    source: Arc<dyn BlockSource>,
    function: Arc<ChunkFunction>,
    chunk_rows: usize,
    sees: Vec<String>,
    /// The columns that the function returns.
    made: SchemaRef,
    selects: bool,
    schema: SchemaRef,
    /// The result of the first chunk that had one, for the first pass that begins where it was learned.
    learned: Mutex<Option<Learned>>,
}

struct Learned {
    start: u64,
    /// Chunks before it, which were left out.
    chunks_before: u64,
    batch: RecordBatch,
}

impl Called {
    /// Learns the columns of a function by calling it.
    ///
    /// # Errors
    /// The function's; [`Error::ColumnNotFound`] for a column that it shall see, [`Error::InvalidOption`] when it has no
    /// result for any chunk.
    pub fn try_new(
        source: Arc<dyn BlockSource>,
        function: Arc<ChunkFunction>,
        options: &CallOptions,
        monitor: &Arc<Monitor>,
    ) -> Result<Self> {
        let input = source.schema();
        let sees: Vec<String> = match &options.sees {
            Some(names) => names.clone(),
            None => input.fields().iter().map(|field| field.name().clone()).collect(),
        };
        let chunk_rows = options.chunk_rows.max(1);
        let mut scan = ScanOptions::default()
            .with_columns(sees.clone())
            .with_block_rows(chunk_rows)
            .with_prefetch(false)
            .with_monitor(Arc::clone(monitor));
        scan.rows.clone_from(&options.rows);
        let mut chunks_before = 0;
        let mut reader = source.open(&scan)?;
        let empty = RecordBatch::new_empty(reader.schema());
        let batch = loop {
            let block = match reader.next().transpose()? {
                Some(block) => Block { index: chunks_before, ..block },
                // without a row the columns are learned from none
                None if chunks_before == 0 => Block { batch: empty.clone(), index: 0, start_row: 0 },
                None => {
                    let reason = "returned nothing for any chunk, so its columns are not known".into();
                    return Err(Error::InvalidOption { option: "the function".into(), reason });
                }
            };
            if let Some(batch) = function(&block)? {
                break batch;
            }
            chunks_before += 1;
        };
        let result = batch.schema();
        let selects = result.index_of(ROW_SELECTION).is_ok();
        let returned = result.fields().iter().filter(|field| field.name() != ROW_SELECTION);
        let made = conform_schema(&Schema::new(returned.map(unpromised).collect::<Vec<FieldRef>>()))?;
        let schema = joined(&input, &made, if options.replaces { &sees } else { &[] });
        let start = options.rows.as_ref().map_or(0, |rows| rows.start);
        let learned = Mutex::new(Some(Learned { start, chunks_before, batch }));
        Ok(Self { source, function, chunk_rows, sees, made, selects, schema, learned })
    }
}

/// The field without its levels: a later chunk may have more.
fn unpromised(field: &FieldRef) -> FieldRef {
    let mut metadata = field.metadata().clone();
    metadata.remove(xdf::metadata::LEVELS);
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}

/// The columns of the input that are not `replaced`, with those made in the place of their namesakes or behind; in the
/// order of the function where nothing else is left.
fn joined(input: &SchemaRef, made: &SchemaRef, replaced: &[String]) -> SchemaRef {
    let made_of = |name: &str| made.field_with_name(name).ok().map(|field| Arc::new(field.clone()));
    let others = input.fields().iter().any(|field| !replaced.contains(field.name()));
    let mut fields: Vec<FieldRef> = Vec::new();
    if others {
        for field in input.fields() {
            match made_of(field.name()) {
                Some(made) => fields.push(made),
                None if replaced.contains(field.name()) => {}
                None => fields.push(Arc::clone(field)),
            }
        }
    }
    for field in made.fields() {
        if !fields.iter().any(|there| there.name() == field.name()) {
            fields.push(Arc::clone(field));
        }
    }
    Arc::new(Schema::new_with_metadata(fields, input.metadata().clone()))
}

impl BlockSource for Called {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        // calls come in row order
        SourceInfo { random_access: false, ..self.source.info() }
    }

    fn bad_cells(&self) -> Vec<crate::source::text::BadCells> {
        self.source.bad_cells()
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let schema = projected(&self.schema, options.columns.as_deref())?;
        let mut columns = self.sees.clone();
        for field in schema.fields() {
            if self.made.index_of(field.name()).is_err() && !columns.contains(field.name()) {
                columns.push(field.name().clone());
            }
        }
        let scan = ScanOptions {
            columns: Some(columns),
            block_rows: self.chunk_rows,
            // the function sees all rows
            selections: Vec::new(),
            ..options.clone()
        };
        let start = options.rows.as_ref().map_or(0, |rows| rows.start);
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut pass = CalledPass {
            function: Arc::clone(&self.function),
            levels: unifiers(&self.made),
            seen: self.sees.len(),
            made: Arc::clone(&self.made),
            selects: self.selects,
            schema: Arc::clone(&schema),
            chunk: 0,
            learned: learned.filter(|learned| learned.start == start),
        };
        let reader = self.source.open(&scan)?;
        Ok(reader.mapped(schema, move |block| pass.chunk(&block)))
    }
}

/// The state of one pass.
struct CalledPass {
    function: Arc<ChunkFunction>,
    levels: Vec<Option<LevelUnifier>>,
    /// How many columns the function sees; they are the first of those read.
    seen: usize,
    made: SchemaRef,
    selects: bool,
    schema: SchemaRef,
    chunk: u64,
    learned: Option<Learned>,
}

impl CalledPass {
    fn chunk(&mut self, block: &Block) -> Result<Block> {
        let chunk = self.chunk;
        self.chunk += 1;
        let Some(returned) = self.returned(block, chunk)? else {
            return Ok(block.with_batch(RecordBatch::new_empty(Arc::clone(&self.schema))));
        };
        let (made, selection) = self.checked(&returned, chunk)?;
        let mut rows = made.num_rows();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            match made.schema().index_of(field.name()) {
                Ok(index) => columns.push(Arc::clone(made.column(index))),
                Err(_) => columns
                    .push(Arc::clone(block.batch.column(index_of(&block.batch.schema(), field.name())?))),
            }
        }
        let passed = self.schema.fields().iter().any(|field| self.made.index_of(field.name()).is_err());
        if passed || self.made.fields().is_empty() {
            if !self.made.fields().is_empty() && rows != block.num_rows() {
                return Err(changed(
                    chunk,
                    format!("{} rows, as the columns beside them have", block.num_rows()),
                    format!("{rows} rows"),
                ));
            }
            rows = block.num_rows();
        }
        let counted = RecordBatchOptions::new().with_row_count(Some(rows));
        let mut batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &counted)
            .map_err(Error::arrow("joining columns"))?;
        if let Some(selection) = selection {
            if selection.len() != rows {
                let found = format!("a selection of {} rows", selection.len());
                return Err(changed(chunk, format!("{rows} rows"), found));
            }
            batch = arrow_select::filter::filter_record_batch(&batch, &selection)
                .map_err(Error::arrow("selecting rows"))?;
        }
        Ok(block.with_batch(batch))
    }

    /// What the function returns for a chunk, also when it did so before.
    fn returned(&mut self, block: &Block, chunk: u64) -> Result<Option<RecordBatch>> {
        if let Some(learned) = self.learned.take() {
            if chunk == learned.chunks_before {
                return Ok(Some(learned.batch));
            }
            self.learned = Some(learned);
            return Ok(None);
        }
        let seen: Vec<usize> = (0..self.seen).collect();
        let batch = block.batch.project(&seen).map_err(Error::arrow("handing columns over"))?;
        (self.function)(&Block { batch, index: chunk, start_row: block.start_row })
    }

    /// The columns in the types of the first chunk, and the selection.
    fn checked(&mut self, returned: &RecordBatch, chunk: u64) -> Result<(RecordBatch, Option<BooleanArray>)> {
        let given = conform_schema(&returned.schema())?;
        let find = |name: &str| given.index_of(name);
        let mut order = Vec::with_capacity(self.made.fields().len());
        for field in self.made.fields() {
            let found = find(field.name()).ok();
            let same = |index: &usize| given.field(*index).data_type() == field.data_type();
            let Some(index) = found.filter(same) else {
                let text = |kind: &DataType| format!("'{}' of type {kind}", field.name());
                let found = found.map_or_else(
                    || format!("no column '{}'", field.name()),
                    |index| text(given.field(index).data_type()),
                );
                return Err(changed(chunk, text(field.data_type()), found));
            };
            order.push(index);
        }
        let selection = find(ROW_SELECTION).ok();
        if given.fields().len() != order.len() + usize::from(selection.is_some()) {
            let more = given
                .fields()
                .iter()
                .filter(|field| field.name() != ROW_SELECTION && self.made.index_of(field.name()).is_err());
            let names: Vec<_> = more.map(|field| format!("'{}'", field.name())).collect();
            let expected = format!("{} columns", order.len());
            return Err(changed(chunk, expected, format!("also {}", names.join(", "))));
        }
        let selection = match selection {
            None if self.selects => {
                return Err(changed(chunk, format!("a column '{ROW_SELECTION}'"), "none".into()));
            }
            None => None,
            Some(index) => {
                let Some(mask) = returned.column(index).as_boolean_opt() else {
                    return Err(Error::ColumnType {
                        column: ROW_SELECTION.into(),
                        found: returned.column(index).data_type().to_string(),
                        expected: "rows are selected by logicals".into(),
                    });
                };
                Some(mask.clone())
            }
        };
        let projected = returned.project(&order).map_err(Error::arrow("taking columns over"))?;
        Ok((conform_batch(&projected, &self.made, &mut self.levels)?, selection))
    }
}

fn changed(chunk: u64, expected: String, found: String) -> Error {
    Error::SchemaChanged {
        context: format!("what the function returns for chunk {}", chunk + 1),
        expected,
        found,
    }
}
