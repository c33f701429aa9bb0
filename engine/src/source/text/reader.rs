//! One pass: chunks are read in order, parsed on the threads of rayon, and delivered in order.
//!
//! ```text
//!  Splitter ──Chunk──► rayon ──Parsed──► queue of receivers, in order ──► factor codes unified ──► RecordBatch
//!      ▲                                                                        │
//!      └──────────────────────────── buffers to use again ◄─────────────────────┘
//! ```
//!
//! A bounded number of chunks is on the way, so memory is bounded whatever the file's size. What a batch has does not
//! depend on the number of threads; where batches end depends on the wanted rows of a block alone, as long as that many
//! rows fit into a chunk.

use std::any::Any;
use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, Int32Array, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use crossbeam_channel::{Receiver, bounded};

use super::column::Column;
use super::parse::{Parsed, Plan, parse};
use super::spec::Spec;
use super::split::{Chunk, LONGEST_RECORD, Splitter};
use super::{BadCells, OnError, Shape, TextError, TextSource};
use crate::factor::{LevelUnifier, factor, is_factor};
use crate::{Error, Monitor, Result, ScanOptions};

/// Rows of a chunk at least, where blocks are smaller: then a chunk has several blocks.
const CHUNK_ROWS: usize = 32_768;

/// The cells that became missing in the last pass.
pub(crate) type SharedBadCells = Arc<Mutex<Vec<BadCells>>>;

type Outcome = Result<Result<Parsed>, Box<dyn Any + Send>>;

/// Batches of a text source.
pub(crate) struct TextReader {
    files: Files,
    plan: Arc<Plan>,
    /// The same without columns, for rows that are only counted.
    skim: Arc<Plan>,
    schema: SchemaRef,
    levels: Vec<Option<LevelUnifier>>,
    waiting: VecDeque<Task>,
    /// Chunks on the way at most.
    window: usize,
    chunk_rows: usize,
    chunk_bytes: usize,
    spare: Vec<Vec<u8>>,
    ahead: Ahead,
    rows: Range<u64>,
    /// Rows that came out of chunks.
    seen: u64,
    /// Rows that chunks were begun for, at most.
    begun: u64,
    on_error: OnError,
    tolerated: u64,
    bad: SharedBadCells,
    monitor: Arc<Monitor>,
}

/// Whether there is more to read.
enum Ahead {
    More,
    Ended,
    /// An error that comes after the chunks before it.
    Failed(Error),
}

impl TextReader {
    pub(crate) fn new(source: &TextSource, schema: SchemaRef, plan: Plan, options: &ScanOptions) -> Self {
        let rows = options.rows.clone().unwrap_or(0..u64::MAX);
        let end = rows.end.min(source.options.max_rows.unwrap_or(u64::MAX));
        let blocks = CHUNK_ROWS.div_ceil(options.block_rows.max(1)).max(1);
        let chunk_rows = options.block_rows.max(1).saturating_mul(blocks);
        let window = rayon::current_num_threads() + 2;
        let mut chunk_bytes = source.options.chunk_bytes;
        if let Some(budget) = options.memory.0 {
            // text and columns of every chunk on the way
            chunk_bytes = chunk_bytes.min((budget / (3 * window)).max(64 << 10));
        }
        // levels that the caller gave need no unifying: codes come out right
        let open = |spec: &Spec| is_factor(&spec.data_type) && spec.levels.is_none();
        let levels = plan.columns.iter().map(|spec| open(spec).then(LevelUnifier::default)).collect();
        Self {
            files: Files::new(Arc::clone(&source.shape), Arc::clone(&options.monitor)),
            skim: Arc::new(Plan { columns: Vec::new(), ..plan }),
            plan: Arc::new(plan),
            schema,
            levels,
            waiting: VecDeque::new(),
            window,
            chunk_rows,
            chunk_bytes: chunk_bytes.clamp(1, LONGEST_RECORD),
            spare: Vec::new(),
            ahead: Ahead::More,
            rows: rows.start..end,
            seen: 0,
            begun: 0,
            on_error: source.options.on_error,
            tolerated: 0,
            bad: Arc::clone(&source.bad),
            monitor: Arc::clone(&options.monitor),
        }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>> {
        while self.rows.start.max(self.seen) < self.rows.end {
            self.monitor.check()?;
            self.read_ahead();
            let Some(task) = self.waiting.pop_front() else {
                return match std::mem::replace(&mut self.ahead, Ahead::Ended) {
                    Ahead::Failed(error) => Err(error),
                    _ => Ok(None),
                };
            };
            let parsed = task.finish()?;
            let rows = self.seen..self.seen + parsed.rows as u64;
            self.seen = rows.end;
            if parsed.columns.len() < self.plan.columns.len() {
                self.spare.push(parsed.spare);
                continue;
            }
            let batch = self.deliver(parsed)?;
            let wanted = rows.start.max(self.rows.start)..rows.end.min(self.rows.end);
            if !wanted.is_empty() {
                let (from, count) = (wanted.start - rows.start, wanted.end - wanted.start);
                return Ok(Some(batch.slice(from as usize, count as usize)));
            }
        }
        Ok(None)
    }

    /// Reads chunks and has them parsed until enough are on the way; never more rows than are wanted, so that what is
    /// behind them, levels or bad cells, has no influence.
    fn read_ahead(&mut self) {
        while matches!(self.ahead, Ahead::More) && self.waiting.len() < self.window {
            if self.waiting.is_empty() {
                // blank lines were no rows
                self.begun = self.seen;
            }
            let left = usize::try_from(self.rows.end - self.begun).unwrap_or(usize::MAX);
            if left == 0 {
                return;
            }
            let spare = self.spare.pop().unwrap_or_default();
            match self.files.next_chunk(self.chunk_rows.min(left), self.chunk_bytes, spare) {
                Ok(Some(chunk)) => {
                    self.begun += chunk.records as u64;
                    // codes count from the first row, so rows with new levels must be read
                    let unread = self.begun <= self.rows.start && self.levels.iter().all(Option::is_none);
                    let plan = if unread { &self.skim } else { &self.plan };
                    self.waiting.push_back(Task::start(chunk, Arc::clone(plan)));
                }
                Ok(None) => self.ahead = Ahead::Ended,
                Err(error) => self.ahead = Ahead::Failed(error),
            }
        }
    }

    fn deliver(&mut self, parsed: Parsed) -> Result<RecordBatch> {
        let rows = parsed.rows;
        self.spare.push(parsed.spare);
        self.count_bad(parsed.bad)?;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(parsed.columns.len());
        for ((column, levels), spec) in
            parsed.columns.into_iter().zip(&mut self.levels).zip(&self.plan.columns)
        {
            columns.push(match (column, levels, &spec.levels) {
                (Column::Array(array), ..) => array,
                (Column::Factor { codes, nulls, .. }, _, Some(fixed)) => {
                    factor(Int32Array::new(codes.into(), nulls), Arc::clone(&fixed.values))?
                }
                (Column::Factor { codes, nulls, levels: texts }, levels, None) => {
                    let mut fresh = LevelUnifier::default();
                    let levels = levels.as_mut().unwrap_or(&mut fresh);
                    let map: Vec<i32> = texts.iter().map(|text| levels.code(text)).collect();
                    let same = map.iter().enumerate().all(|(own, &code)| own as i32 == code);
                    let mut codes = codes;
                    if !same {
                        for code in &mut codes {
                            *code = map.get(*code as usize).copied().unwrap_or_default();
                        }
                    }
                    factor(Int32Array::new(codes.into(), nulls), levels.values())?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(Error::arrow("reading text"))
    }

    fn count_bad(&mut self, counts: Vec<Option<(u64, super::BadCell)>>) -> Result<()> {
        for (counted, spec) in counts.into_iter().zip(&self.plan.columns) {
            let Some((count, example)) = counted else { continue };
            if spec.levels.is_none() {
                self.tolerated += count;
                if let OnError::Missing { max: Some(max) } = self.on_error
                    && self.tolerated > max
                {
                    return Err(TextError::TooManyBadCells { max, example: Box::new(example) }.into());
                }
            }
            let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
            match bad.iter_mut().find(|known| known.column == spec.name) {
                Some(known) => known.count += count,
                None => bad.push(BadCells {
                    column: example.column,
                    count,
                    path: example.path,
                    line: example.line,
                    text: example.text,
                }),
            }
        }
        Ok(())
    }
}

/// A chunk on its way. Whoever comes first parses it: a thread of rayon, or the reader when it needs it next. So the
/// reader never waits for work that nobody has begun, even where all threads of rayon are busy or wait for the reader.
struct Task {
    chunk: Arc<Mutex<Option<Chunk>>>,
    plan: Arc<Plan>,
    outcome: Receiver<Outcome>,
}

impl Task {
    fn start(chunk: Chunk, plan: Arc<Plan>) -> Self {
        let (sender, outcome) = bounded(1);
        let task = Self { chunk: Arc::new(Mutex::new(Some(chunk))), plan, outcome };
        let (chunk, plan) = (Arc::clone(&task.chunk), Arc::clone(&task.plan));
        rayon::spawn_fifo(move || {
            if let Some(chunk) = take(&chunk) {
                // nobody waits when the pass has ended early
                let _ = sender.send(catch_unwind(AssertUnwindSafe(|| parse(&plan, chunk))));
            }
        });
        task
    }

    fn finish(self) -> Result<Parsed> {
        let outcome = match take(&self.chunk) {
            Some(chunk) => return parse(&self.plan, chunk),
            None => self.outcome.recv(),
        };
        match outcome {
            Ok(Ok(parsed)) => parsed,
            Ok(Err(panic)) => resume_unwind(panic),
            // the thread that took it sends always
            Err(_) => Err(Error::Cancelled),
        }
    }
}

/// Leaves nothing to do behind when the pass has ended early.
impl Drop for Task {
    fn drop(&mut self) {
        take(&self.chunk);
    }
}

fn take(chunk: &Mutex<Option<Chunk>>) -> Option<Chunk> {
    chunk.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Iterator for TextReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if !matches!(next, Ok(Some(_))) {
            self.rows.end = 0;
            self.waiting.clear();
        }
        next.map_err(ArrowError::from).transpose()
    }
}

impl RecordBatchReader for TextReader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// The data of all files, one after the other.
struct Files {
    shape: Arc<Shape>,
    next: usize,
    current: Option<Splitter>,
    monitor: Arc<Monitor>,
}

impl Files {
    fn new(shape: Arc<Shape>, monitor: Arc<Monitor>) -> Self {
        Self { shape, next: 0, current: None, monitor }
    }

    fn next_chunk(&mut self, records: usize, bytes: usize, spare: Vec<u8>) -> Result<Option<Chunk>> {
        let mut spare = Some(spare);
        loop {
            if let Some(splitter) = &mut self.current {
                if let Some(chunk) = splitter.next_chunk(records, bytes, spare.take().unwrap_or_default())? {
                    return Ok(Some(chunk));
                }
                self.current = None;
            }
            let Some(path) = self.shape.files.get(self.next) else { return Ok(None) };
            self.next += 1;
            self.current = Some(self.shape.start(path, Some(Arc::clone(&self.monitor)))?);
        }
    }
}

/// The path of the first file.
pub(crate) fn first_path(files: &[Arc<Path>]) -> &Path {
    files.first().map_or(Path::new(""), AsRef::as_ref)
}
