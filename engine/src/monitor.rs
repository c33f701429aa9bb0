//! Progress of a pass and its cancellation, shared between the threads that read and whoever watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::{Error, Result};

/// Counters that a pass moves and a flag that stops it; share it in an [`Arc`].
#[derive(Debug, Default)]
pub struct Monitor {
    rows: AtomicU64,
    blocks: AtomicU64,
    skipped: AtomicU64,
    bytes: AtomicU64,
    total_rows: AtomicU64,
    total_bytes: AtomicU64,
    cancelled: Arc<AtomicBool>,
}

/// What a [`Monitor`] has counted; totals are `None` where the source does not know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Blocks read so far.
    pub blocks: u64,
    /// Rows that were counted as read but left out, because statistics told that none of them is selected.
    pub skipped_rows: u64,
    /// Bytes of input read so far; 0 where the source counts only rows.
    pub bytes: u64,
    /// Rows there are.
    pub total_rows: Option<u64>,
    /// Bytes of input there are.
    pub total_bytes: Option<u64>,
}

impl Progress {
    /// The done share, 0 to 1, by rows or else by bytes.
    pub fn fraction(&self) -> Option<f64> {
        let share = |part: u64, whole: Option<u64>| {
            whole.filter(|&whole| whole > 0).map(|whole| (part as f64 / whole as f64).min(1.0))
        };
        share(self.rows, self.total_rows).or_else(|| share(self.bytes, self.total_bytes))
    }
}

impl Monitor {
    /// A monitor that is cancelled by setting `flag`, for example in a signal handler.
    pub fn with_flag(flag: Arc<AtomicBool>) -> Self {
        Self { cancelled: flag, ..Self::default() }
    }

    /// Asks the pass to stop; it does so at the next block with [`Error::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Fails when the pass was cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Counts one block of `rows` rows.
    pub fn add_block(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.blocks.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts rows that need not be read.
    pub fn add_skipped(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.skipped.fetch_add(rows, Ordering::Relaxed);
    }

    /// Counts `bytes` of input.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Starts a pass: counters at 0, totals as the source knows them.
    pub fn start(&self, rows: Option<u64>, bytes: Option<u64>) {
        self.rows.store(0, Ordering::Relaxed);
        self.blocks.store(0, Ordering::Relaxed);
        self.skipped.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.total_rows.store(rows.unwrap_or(0), Ordering::Relaxed);
        self.total_bytes.store(bytes.unwrap_or(0), Ordering::Relaxed);
    }

    /// What has been counted.
    pub fn progress(&self) -> Progress {
        let total = |count: &AtomicU64| Some(count.load(Ordering::Relaxed)).filter(|&count| count > 0);
        Progress {
            rows: self.rows.load(Ordering::Relaxed),
            blocks: self.blocks.load(Ordering::Relaxed),
            skipped_rows: self.skipped.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            total_rows: total(&self.total_rows),
            total_bytes: total(&self.total_bytes),
        }
    }
}
