//! Who runs a task: the algorithm up to its pass, then the rows.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_schema::{Schema, SchemaRef};

use super::envelope::{Kind, digest};
use super::schema::ColumnsSource;
use super::{Partial, Task, decode, encode};
use crate::factor::is_factor;
use crate::source::retype::{Converter, Wanted};
use crate::source::{index_of, projected};
use crate::{
    Accumulator, Block, BlockSource, DEFAULT_BLOCK_ROWS, Error, Estimator, Executor, Result, ScanOptions,
};

/// Rows of the parts before one, as far as rows have numbers: parts are numbered apart, so that what is drawn by row
/// numbers is drawn from all of them.
const PART_ROWS: u64 = 1 << 40;

/// Adds up the rows of one part for one task.
pub struct Worker {
    pass: Box<dyn Pass>,
    columns: SchemaRef,
    converters: Option<Converters>,
    task: u64,
    part: u32,
    parts: u32,
    chunks: u64,
    rows: u64,
}

/// A partial result of whatever type.
trait Pass: Send {
    fn update(&mut self, block: &Block) -> Result<()>;
    fn bytes(&self) -> Result<Vec<u8>>;
}

impl<A: Accumulator<Input = Block>> Pass for A {
    fn update(&mut self, block: &Block) -> Result<()> {
        Accumulator::update(self, block)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        encode(self)
    }
}

impl Worker {
    /// Runs an algorithm up to the pass of the task, of which this is part `part` of `parts`. `run` runs the algorithm
    /// that the task names, over the source and by the executor that it is given, to its end.
    ///
    /// # Errors
    /// Those of the algorithm; a task that does not fit it.
    pub fn new<X: From<Error>>(
        task: &Task,
        (part, parts): (u32, u32),
        run: impl FnOnce(&ColumnsSource, &Replay) -> Result<(), X>,
    ) -> Result<Self, X> {
        if part >= parts {
            let reason = format!("it is run as part {part} (from 0) of {parts}");
            return Err(Kind::Task.error(reason).into());
        }
        let replay = Replay { state: Mutex::new((task.passes.clone().into_iter(), None)) };
        let ended = run(&ColumnsSource::new(task.schema(), "task"), &replay);
        let (_, suspended) = replay.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(Suspended { pass, columns }) = suspended else {
            ended?;
            return Err(Kind::Task
                .error(format!(
                    "the algorithm '{}' ends before pass {}; both sides must be of the same build",
                    task.algorithm,
                    task.pass() + 1
                ))
                .into());
        };
        let task = digest(&task.to_bytes()?);
        Ok(Self { pass, columns, converters: None, task, part, parts, chunks: 0, rows: 0 })
    }

    /// The columns that are read of every batch; others do no harm.
    pub fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// Adds a chunk of rows, whose columns are found by name and converted to the types of the task.
    ///
    /// # Errors
    /// A missing column, values that do not fit, and the algorithm's errors.
    pub fn update(&mut self, chunk: &RecordBatch) -> Result<()> {
        let converters = match &mut self.converters {
            Some(converters) if converters.found == *chunk.schema_ref() => converters,
            other => other.insert(Converters::new(chunk.schema_ref(), &self.columns)?),
        };
        let batch = converters.convert(chunk, &self.columns)?;
        for start in (0..batch.num_rows()).step_by(DEFAULT_BLOCK_ROWS) {
            let rows = DEFAULT_BLOCK_ROWS.min(batch.num_rows() - start);
            let block = Block {
                batch: batch.slice(start, rows),
                index: self.rows / DEFAULT_BLOCK_ROWS as u64,
                start_row: u64::from(self.part) * PART_ROWS + self.rows,
            };
            self.pass.update(&block)?;
            self.rows += rows as u64;
        }
        self.chunks += 1;
        Ok(())
    }

    /// The sums of all rows up to now.
    ///
    /// # Errors
    /// When they cannot be encoded.
    pub fn partial(&self) -> Result<Partial> {
        let Self { task, part, parts, chunks, rows, .. } = *self;
        Ok(Partial { task, part, parts, chunks, rows, sums: self.pass.bytes()? })
    }

    /// Adds all rows of a reader and returns the partial result.
    ///
    /// # Errors
    /// The reader's, and those of [`Worker::update`] and [`Worker::partial`].
    pub fn run(mut self, reader: impl RecordBatchReader) -> Result<Partial> {
        for batch in reader {
            self.update(&batch.map_err(Error::arrow("reading the rows of a task"))?)?;
        }
        self.partial()
    }
}

/// Answers the passes before that of a task from the task, and leaves the algorithm at the next one.
pub struct Replay {
    state: Mutex<(std::vec::IntoIter<Vec<u8>>, Option<Suspended>)>,
}

/// An algorithm that was left at a pass.
struct Suspended {
    pass: Box<dyn Pass>,
    columns: SchemaRef,
}

/// How an algorithm is left.
#[derive(Debug, thiserror::Error)]
#[error("the pass waits for rows")]
struct Left;

impl Executor for Replay {
    fn pass<E: Estimator>(
        &self,
        estimator: &E,
        state: &E::State,
        source: &dyn BlockSource,
        options: &ScanOptions,
    ) -> Result<E::Partial, E::Error> {
        let mut partial = estimator.partial(state)?;
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (passes, suspended) = &mut *guard;
        if let Some(sums) = passes.next() {
            partial.merge(decode(&sums)?)?;
            return Ok(partial);
        }
        let columns = projected(&source.schema(), options.columns.as_deref())?;
        *suspended = Some(Suspended { pass: Box::new(partial), columns });
        Err(Error::Upper(Box::new(Left)).into())
    }
}

/// From the columns of chunks to those of the task.
struct Converters {
    found: SchemaRef,
    columns: Vec<(usize, Option<Converter>)>,
}

impl Converters {
    fn new(found: &SchemaRef, wanted: &Schema) -> Result<Self> {
        let columns = wanted.fields().iter().map(|field| {
            let at = index_of(found, field.name())?;
            let data_type = field.data_type();
            let converter = match xdf::metadata::levels(field) {
                Some(levels) if is_factor(data_type) => Some(Wanted::Levels(levels)),
                None if is_factor(data_type) => Some(Wanted::Factor),
                _ if found.field(at).data_type() == data_type => None,
                _ => Some(Wanted::Type(data_type.clone())),
            };
            Ok((at, converter.map(|wanted| Converter::new(field.name(), &wanted))))
        });
        Ok(Self { columns: columns.collect::<Result<_>>()?, found: Arc::clone(found) })
    }

    fn convert(&mut self, chunk: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        let columns = self.columns.iter_mut().map(|(at, converter)| {
            let column = chunk.column(*at);
            converter.as_mut().map_or_else(|| Ok(Arc::clone(column)), |converter| converter.convert(column))
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(chunk.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)
            .map_err(Error::arrow("taking the rows of a task"))
    }
}
