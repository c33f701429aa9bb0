//! The rows of a design, written out: a number for each column, less a shift.

use std::sync::Arc;

use engine::Block;

use crate::Result;
use crate::design::{Addends, Design, Reader, TILE, Tile};

/// Turns blocks into dense rows, in buffers that are reused.
pub(crate) struct RowReader {
    reader: Reader,
    tile: Tile,
    addends: Addends,
    rows: Vec<f64>,
    shift: Vec<f64>,
}

/// Consecutive rows of a block.
pub(crate) struct DenseRows<'a> {
    /// The rows that count, one behind the other.
    pub(crate) rows: &'a [f64],
    /// How many there are without those that do not count, and with them.
    pub(crate) kept: usize,
    pub(crate) len: usize,
    /// The first row, counted within the block.
    pub(crate) start: usize,
    /// All ones for rows that count.
    pub(crate) mask: &'a [u64],
}

impl RowReader {
    /// Of rows less `shift`, which is empty where nothing is subtracted.
    pub(crate) fn new(design: &Arc<Design>, shift: &[f64]) -> Self {
        let mut used: Vec<usize> =
            design.terms.iter().flat_map(|term| term.variables.iter().copied()).collect();
        used.sort_unstable();
        used.dedup();
        let reader = Reader::new(Arc::clone(design), used, false);
        let addends = Addends::new(design, false);
        Self {
            tile: reader.tile(),
            reader,
            rows: vec![0.0; TILE * addends.width()],
            addends,
            shift: shift.to_vec(),
        }
    }

    /// Hands over all rows of a block, some at a time.
    pub(crate) fn read(
        &mut self,
        block: &Block,
        mut take: impl FnMut(DenseRows<'_>) -> Result<()>,
    ) -> Result<()> {
        self.reader.load(block)?;
        for start in (0..block.num_rows()).step_by(TILE) {
            self.reader.fill(start, block.num_rows() - start, block.start_row, &mut self.tile)?;
            self.addends.prepare(&self.tile);
            let kept = self.addends.write_rows(&self.tile, &mut self.rows);
            let rows = &mut self.rows[..kept * self.addends.width()];
            if !self.shift.is_empty() {
                subtract(rows, &self.shift);
            }
            let len = self.tile.len;
            take(DenseRows { rows, kept, len, start, mask: &self.tile.mask[..len] })?;
        }
        Ok(())
    }
}

/// Takes `shift` from each row.
pub(crate) fn subtract(rows: &mut [f64], shift: &[f64]) {
    for row in rows.chunks_exact_mut(shift.len().max(1)) {
        row.iter_mut().zip(shift).for_each(|(x, shift)| *x -= shift);
    }
}
