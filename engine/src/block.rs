//! A record batch that knows its place.
//!
//! The place makes everything that depends on it reproducible: sampling, folds, chunk numbers for callbacks, the order
//! of merges. Row selections shrink `batch` and leave the place alone.

use arrow_array::RecordBatch;

/// Consecutive rows of a data set.
#[derive(Debug, Clone)]
pub struct Block {
    /// The rows, in the schema of the reader that made the block.
    pub batch: RecordBatch,
    /// Number of the block within the data set, from 0, counted in blocks of the scan's size.
    pub index: u64,
    /// Row of the data set, from 0, at which the block starts, before any row selection.
    pub start_row: u64,
}

impl Block {
    /// Rows that are left after transforms.
    pub fn num_rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The same place with other columns or fewer rows.
    #[must_use]
    pub fn with_batch(&self, batch: RecordBatch) -> Self {
        Self { batch, ..*self }
    }
}
