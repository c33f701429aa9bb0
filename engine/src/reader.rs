//! One pass over a source.
//!
//! Every source reduces to Arrow's `RecordBatchReader`, whose batches are of whatever size it likes. This cuts them to
//! blocks of one size, numbers them, counts them, and reads one ahead on a thread of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
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
        Self::with_gaps(schema, Box::new(batches.map(|batch| batch.map(Piece::Rows))), options, start_row)
    }

    /// As [`BlockReader::new`], of rows some of which are left out. They count for the place and the length of blocks:
    /// a block has the rows of its range that are there, and is left out when there are none.
    pub(crate) fn with_gaps(
        schema: SchemaRef,
        pieces: Box<dyn Iterator<Item = Result<Piece, ArrowError>> + Send>,
        options: &ScanOptions,
        start_row: u64,
    ) -> Self {
        let rows = options.block_rows.max(1);
        let rechunk = Rechunk {
            pieces: Some(pieces),
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

/// Rows in a row.
pub(crate) enum Piece {
    Rows(RecordBatch),
    /// So many rows, at least 1, that nobody needs.
    Gap(u64),
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Rows(batch) => batch.num_rows() as u64,
            Self::Gap(rows) => *rows,
        }
    }

    /// The first `rows` rows, and the others.
    fn split(self, rows: u64) -> (Self, Self) {
        match self {
            Self::Rows(batch) => {
                let (first, length) = (rows as usize, batch.num_rows());
                (Self::Rows(batch.slice(0, first)), Self::Rows(batch.slice(first, length - first)))
            }
            Self::Gap(length) => (Self::Gap(rows), Self::Gap(length - rows)),
        }
    }
}

/// Cuts batches of any size into blocks of one size.
struct Rechunk {
    pieces: Option<Box<dyn Iterator<Item = Result<Piece, ArrowError>> + Send>>,
    schema: SchemaRef,
    held: VecDeque<Piece>,
    /// Rows of what is held, gaps included.
    held_rows: u64,
    block_rows: usize,
    next_row: u64,
    monitor: Arc<Monitor>,
}

impl Iterator for Rechunk {
    type Item = Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.advance();
        if !matches!(block, Ok(Some(_))) {
            self.pieces = None;
            self.held.clear();
            self.held_rows = 0;
        }
        block.transpose()
    }
}

impl Rechunk {
    fn advance(&mut self) -> Result<Option<Block>> {
        let block_rows = self.block_rows as u64;
        loop {
            if self.pieces.is_none() && self.held_rows == 0 {
                return Ok(None);
            }
            self.monitor.check()?;
            while self.held_rows < block_rows
                && let Some(pieces) = self.pieces.as_mut()
            {
                match pieces.next() {
                    Some(piece) => {
                        let piece = piece.map_err(Error::arrow("reading"))?;
                        self.held_rows += piece.len();
                        self.held.push_back(piece);
                    }
                    None => self.pieces = None,
                }
            }
            let rows = self.held_rows.min(block_rows);
            if rows == 0 {
                return Ok(None);
            }
            let start_row = self.next_row;
            let batch = self.take(rows)?;
            self.next_row += rows;
            let there = batch.as_ref().map_or(0, |batch| batch.num_rows() as u64);
            if rows > there {
                self.monitor.add_skipped(rows - there);
            }
            if let Some(batch) = batch {
                self.monitor.add_block(there);
                return Ok(Some(Block { batch, index: start_row / block_rows, start_row }));
            }
        }
    }

    /// What is there of the first `rows` rows held: a slice where one batch has them all, a copy otherwise; nothing
    /// where they are all left out.
    fn take(&mut self, rows: u64) -> Result<Option<RecordBatch>> {
        let mut parts = Vec::new();
        let mut wanted = rows;
        while wanted > 0
            && let Some(mut piece) = self.held.pop_front()
        {
            if piece.len() > wanted {
                let (first, rest) = piece.split(wanted);
                self.held.push_front(rest);
                piece = first;
            }
            wanted -= piece.len();
            match piece {
                Piece::Rows(batch) if batch.num_rows() > 0 => parts.push(batch),
                _ => {}
            }
        }
        self.held_rows -= rows;
        match parts.len() {
            0 => Ok(None),
            1 => Ok(parts.pop()),
            _ => factor::concat(&self.schema, &parts).map(Some),
        }
    }
}
