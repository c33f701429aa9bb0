//! What a pass wants of a source.

use std::ops::Range;
use std::sync::Arc;

use crate::expr::Expr;
use crate::{DEFAULT_BLOCK_ROWS, MemoryBudget, Monitor};

/// The options of one pass over a [`BlockSource`](crate::BlockSource).
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Columns to deliver, in this order; `None` for all. Sources read nothing else.
    pub columns: Option<Vec<String>>,
    /// Rows of a block; the last one may be shorter. Default [`DEFAULT_BLOCK_ROWS`].
    pub block_rows: usize,
    /// Rows of the data set to deliver, from 0; `None` for all.
    pub rows: Option<Range<u64>>,
    /// Only rows for which all of these are true are used. A source may leave out others, of which it knows without
    /// reading; it need not, and rows that it delivers are selected again.
    pub selections: Vec<Expr>,
    /// Whether the next block is read on a thread of its own while this one is used. Default `true`.
    pub prefetch: bool,
    /// Bytes that the blocks in flight may take.
    pub memory: MemoryBudget,
    /// Counts what is read, and stops the pass when it is cancelled.
    pub monitor: Arc<Monitor>,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            columns: None,
            block_rows: DEFAULT_BLOCK_ROWS,
            rows: None,
            selections: Vec::new(),
            prefetch: true,
            memory: MemoryBudget::default(),
            monitor: Arc::new(Monitor::default()),
        }
    }
}

impl ScanOptions {
    /// Delivers only these columns, in this order.
    #[must_use]
    pub fn with_columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Delivers blocks of `rows` rows (at least 1).
    #[must_use]
    pub fn with_block_rows(mut self, rows: usize) -> Self {
        self.block_rows = rows.max(1);
        self
    }

    /// Delivers only these rows of the data set.
    #[must_use]
    pub fn with_rows(mut self, rows: Range<u64>) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Reads with (`true`) or without a thread of its own.
    #[must_use]
    pub fn with_prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    /// Keeps the blocks in flight within `memory`.
    #[must_use]
    pub fn with_memory(mut self, memory: MemoryBudget) -> Self {
        self.memory = memory;
        self
    }

    /// Reports to, and is cancelled by, `monitor`.
    #[must_use]
    pub fn with_monitor(mut self, monitor: Arc<Monitor>) -> Self {
        self.monitor = monitor;
        self
    }
}
