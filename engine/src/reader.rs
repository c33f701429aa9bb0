//! One pass over a source.
//!
//! Every source reduces to Arrow's `RecordBatchReader`, whose batches are of whatever size it likes. This cuts them to
//! blocks of one size, numbers them, counts them, and reads one ahead on a thread of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::SchemaRef;
use crossbeam_channel::Receiver;

use crate::{Block, Error, Monitor, Result, ScanOptions, factor};

/// Blocks in order; an iterator that ends after the first error.
pub struct BlockReader {
    schema: SchemaRef,
    inner: Inner,
}

enum Inner {
    Here(Rechunk),
    Ahead { blocks: Option<Receiver<Result<Block>>>, thread: Option<JoinHandle<()>> },
    Mapped(Box<dyn Iterator<Item = Result<Block>> + Send>),
}

impl BlockReader {
    /// Cuts `batches` into blocks as `options` says. `options.columns` and `options.rows` are the source's business;
    /// `start_row` is where its rows start within the data set.
    pub fn new(batches: Box<dyn RecordBatchReader + Send>, options: &ScanOptions, start_row: u64) -> Self {
        let schema = batches.schema();
        let rows = options.block_rows.max(1);
        let rechunk = Rechunk {
            batches: Some(batches),
            schema: Arc::clone(&schema),
            held: VecDeque::new(),
            held_rows: 0,
            block_rows: rows,
            next_row: start_row,
            monitor: Arc::clone(&options.monitor),
        };
        let inner = if options.prefetch { ahead(rechunk) } else { Inner::Here(rechunk) };
        Self { schema, inner }
    }

    /// The same blocks, each passed through `map`, which yields `schema`.
    #[must_use]
    pub fn mapped(
        self,
        schema: SchemaRef,
        mut map: impl FnMut(Block) -> Result<Block> + Send + 'static,
    ) -> Self {
        let mapped = self.map(move |block| block.and_then(&mut map));
        Self { schema, inner: Inner::Mapped(Box::new(mapped)) }
    }

    /// The schema of every block.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

fn ahead(mut rechunk: Rechunk) -> Inner {
    let (sender, blocks) = crossbeam_channel::bounded(1);
    let spawned = std::thread::Builder::new().name("xdf-read".into()).spawn(move || {
        for block in rechunk.by_ref() {
            // a closed channel: the pass ended early, or failed
            if sender.send(block).is_err() {
                return;
            }
        }
    });
    match spawned {
        Ok(thread) => Inner::Ahead { blocks: Some(blocks), thread: Some(thread) },
        Err(source) => {
            let error = Error::Io { path: "reading thread".into(), source };
            Inner::Mapped(Box::new(std::iter::once(Err(error))))
        }
    }
}

impl Iterator for BlockReader {
    type Item = Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.inner {
            Inner::Here(rechunk) => rechunk.next(),
            Inner::Ahead { blocks, thread } => {
                if let Ok(block) = blocks.as_ref()?.recv() {
                    return Some(block);
                }
                *blocks = None;
                // the reading thread is done; if it panicked, so does the pass
                if let Some(thread) = thread.take()
                    && let Err(panic) = thread.join()
                {
                    std::panic::resume_unwind(panic);
                }
                None
            }
            Inner::Mapped(blocks) => blocks.next(),
        }
    }
}

impl Drop for BlockReader {
    fn drop(&mut self) {
        if let Inner::Ahead { blocks, thread } = &mut self.inner {
            *blocks = None;
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

/// Cuts batches of any size into blocks of one size.
struct Rechunk {
    batches: Option<Box<dyn RecordBatchReader + Send>>,
    schema: SchemaRef,
    held: VecDeque<RecordBatch>,
    held_rows: usize,
    block_rows: usize,
    next_row: u64,
    monitor: Arc<Monitor>,
}

impl Iterator for Rechunk {
    type Item = Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.advance();
        if !matches!(block, Ok(Some(_))) {
            self.batches = None;
            self.held.clear();
            self.held_rows = 0;
        }
        block.transpose()
    }
}

impl Rechunk {
    fn advance(&mut self) -> Result<Option<Block>> {
        if self.batches.is_none() && self.held_rows == 0 {
            return Ok(None);
        }
        self.monitor.check()?;
        while self.held_rows < self.block_rows
            && let Some(batches) = self.batches.as_mut()
        {
            match batches.next() {
                Some(batch) => {
                    let batch = batch.map_err(Error::arrow("reading"))?;
                    self.held_rows += batch.num_rows();
                    self.held.push_back(batch);
                }
                None => self.batches = None,
            }
        }
        let rows = self.held_rows.min(self.block_rows);
        if rows == 0 {
            return Ok(None);
        }
        let batch = self.take(rows)?;
        let block = Block { batch, index: self.next_row / self.block_rows as u64, start_row: self.next_row };
        self.next_row += rows as u64;
        self.monitor.add_block(rows as u64);
        Ok(Some(block))
    }

    /// The first `rows` rows held; a slice where one batch has them all, a copy otherwise.
    fn take(&mut self, rows: usize) -> Result<RecordBatch> {
        let mut parts = Vec::new();
        let mut missing = rows;
        while missing > 0
            && let Some(batch) = self.held.pop_front()
        {
            if batch.num_rows() > missing {
                parts.push(batch.slice(0, missing));
                self.held.push_front(batch.slice(missing, batch.num_rows() - missing));
                missing = 0;
            } else {
                missing -= batch.num_rows();
                if batch.num_rows() > 0 {
                    parts.push(batch);
                }
            }
        }
        self.held_rows -= rows;
        if parts.len() == 1 {
            return Ok(parts.swap_remove(0));
        }
        factor::concat(&self.schema, &parts)
    }
}
