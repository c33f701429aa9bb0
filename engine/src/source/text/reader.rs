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
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, bounded};

use super::column::Column;
use super::parse::{Parsed, Plan, parse};
use super::split::{Chunk, LONGEST_RECORD, Splitter};
use super::{BadCells, OnError, Shape, TextError, TextSource};
use crate::factor::{LevelUnifier, factor};
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
    schema: SchemaRef,
    levels: Vec<Option<LevelUnifier>>,
    waiting: VecDeque<Receiver<Outcome>>,
    /// Chunks on the way at most.
    window: usize,
    chunk_rows: usize,
    chunk_bytes: usize,
    spare: Vec<Vec<u8>>,
    ahead: Ahead,
    skip: u64,
    take: u64,
    on_error: OnError,
    tolerated: u64,
    bad: SharedBadCells,
    monitor: Arc<Monitor>,
    stop: Arc<AtomicBool>,
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
        let levels =
            plan.columns.iter().map(|spec| spec.levels.is_none().then(LevelUnifier::default)).collect();
        Self {
            files: Files::new(Arc::clone(&source.shape), Arc::clone(&options.monitor)),
            plan: Arc::new(plan),
            schema,
            levels,
            waiting: VecDeque::new(),
            window,
            chunk_rows: chunk_rows.min(usize::try_from(end).unwrap_or(usize::MAX)).max(1),
            chunk_bytes: chunk_bytes.clamp(1, LONGEST_RECORD),
            spare: Vec::new(),
            ahead: Ahead::More,
            skip: rows.start,
            take: end.saturating_sub(rows.start),
            on_error: source.options.on_error,
            tolerated: 0,
            bad: Arc::clone(&source.bad),
            monitor: Arc::clone(&options.monitor),
            stop: Arc::default(),
        }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>> {
        while self.take > 0 {
            self.monitor.check()?;
            self.read_ahead();
            let Some(receiver) = self.waiting.pop_front() else {
                return match std::mem::replace(&mut self.ahead, Ahead::Ended) {
                    Ahead::Failed(error) => Err(error),
                    _ => Ok(None),
                };
            };
            let parsed = match wait(&receiver) {
                Some(Ok(parsed)) => parsed?,
                Some(Err(panic)) => resume_unwind(panic),
                None => return Err(Error::Cancelled),
            };
            let rows = parsed.rows as u64;
            let batch = self.deliver(parsed)?;
            let skipped = self.skip.min(rows);
            self.skip -= skipped;
            let taken = self.take.min(rows - skipped);
            if taken > 0 {
                self.take -= taken;
                return Ok(Some(batch.slice(skipped as usize, taken as usize)));
            }
        }
        Ok(None)
    }

    /// Reads chunks and has them parsed until enough are on the way.
    fn read_ahead(&mut self) {
        while matches!(self.ahead, Ahead::More) && self.waiting.len() < self.window {
            let spare = self.spare.pop().unwrap_or_default();
            match self.files.next_chunk(self.chunk_rows, self.chunk_bytes, spare) {
                Ok(Some(chunk)) => self.submit(chunk),
                Ok(None) => self.ahead = Ahead::Ended,
                Err(error) => self.ahead = Ahead::Failed(error),
            }
        }
    }

    fn submit(&mut self, chunk: Chunk) {
        let (sender, receiver) = bounded(1);
        self.waiting.push_back(receiver);
        let (plan, stop) = (Arc::clone(&self.plan), Arc::clone(&self.stop));
        rayon::spawn_fifo(move || {
            if !stop.load(Ordering::Relaxed) {
                let outcome = catch_unwind(AssertUnwindSafe(|| parse(&plan, chunk)));
                // nobody waits when the pass has ended early
                let _ = sender.send(outcome);
            }
        });
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

/// The result of a chunk; `None` when it was given up. A thread of rayon works on other chunks while it waits, since
/// nobody else may.
fn wait(receiver: &Receiver<Outcome>) -> Option<Outcome> {
    loop {
        match receiver.try_recv() {
            Ok(outcome) => return Some(outcome),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        match rayon::yield_now() {
            None => return receiver.recv().ok(),
            Some(rayon::Yield::Executed) => {}
            Some(rayon::Yield::Idle) => match receiver.recv_timeout(Duration::from_millis(1)) {
                Ok(outcome) => return Some(outcome),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            },
        }
    }
}

impl Iterator for TextReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if !matches!(next, Ok(Some(_))) {
            self.take = 0;
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

impl Drop for TextReader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
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
