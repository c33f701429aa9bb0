//! Where the blocks of a new file end: as they did in the Microsoft file that the table comes from, or at equal numbers
//! of rows.

use std::collections::VecDeque;

use super::kept::KeptFile;
use super::metadata::MAX_BLOCK_ROWS;

/// Rows of a block unless something else is asked for: what Microsoft's importer cuts (observed).
const DEFAULT_BLOCK_ROWS: usize = 500_000;

/// Where blocks end.
pub(super) struct Cuts {
    /// Runs of blocks that the file had before: rows of each, and how many are left.
    planned: VecDeque<(usize, u64)>,
    /// Rows of every block behind them.
    others: usize,
}

impl Cuts {
    /// More empty blocks than any program has a use for; a plan with more is not followed.
    const MAX_EMPTY: u64 = 1 << 16;

    /// The blocks of the file before, unless every block is to have so many rows.
    pub(super) fn new(block_rows: Option<usize>, kept: &KeptFile) -> Self {
        if let Some(rows) = block_rows {
            return Self { planned: [].into(), others: rows };
        }
        let empty = kept.blocks.iter().filter(|(rows, _)| *rows == 0);
        let empty = empty.fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        let runs = kept.blocks.iter().filter(|(_, count)| *count > 0 && empty <= Self::MAX_EMPTY);
        let rows = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX).min(MAX_BLOCK_ROWS);
        let planned: VecDeque<_> = runs.map(|&(of_each, count)| (rows(of_each), count)).collect();
        let others = planned.iter().map(|(rows, _)| *rows).max().filter(|rows| *rows > 0);
        Self { planned, others: others.unwrap_or(DEFAULT_BLOCK_ROWS) }
    }

    /// Rows of the block that is being filled.
    pub(super) fn block(&self) -> usize {
        self.planned.front().map_or(self.others, |(rows, _)| *rows)
    }

    /// Whether the file had this block before.
    pub(super) fn is_planned(&self) -> bool {
        !self.planned.is_empty()
    }

    /// Goes on to the next block.
    pub(super) fn advance(&mut self) {
        if let Some((_, count)) = self.planned.front_mut() {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.planned.pop_front();
            }
        }
    }
}
