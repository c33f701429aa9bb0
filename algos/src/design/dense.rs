//! A design written out: all its columns of numbers, less a shift, without the rows that do not count.

use std::sync::Arc;

use engine::Block;

use super::{Addends, Design, Reader, TILE, Tile};
use crate::Result;

/// Turns blocks into dense columns, in buffers that are reused.
pub(crate) struct DenseReader {
    reader: Reader,
    tile: Tile,
    addends: Addends,
    columns: Vec<f64>,
    shift: Vec<f64>,
}

/// The columns of some consecutive rows of a block.
pub(crate) struct Dense<'a> {
    /// Column behind column, [`TILE`] numbers each.
    columns: &'a [f64],
    /// How many rows there are without those that do not count.
    pub(crate) kept: usize,
    /// How many there are with them.
    pub(crate) len: usize,
    /// The first row, counted within the block.
    pub(crate) start: usize,
    mask: &'a [u64],
}

impl DenseReader {
    /// Of columns less `shift`, which is empty where nothing is subtracted.
    pub(crate) fn new(design: &Arc<Design>, shift: &[f64]) -> Self {
        let reader = Reader::new(Arc::clone(design), design.variables_read(), false);
        let addends = Addends::new(design, false);
        Self {
            tile: reader.tile(),
            reader,
            columns: vec![0.0; TILE * addends.width()],
            addends,
            shift: shift.to_vec(),
        }
    }

    /// Hands over all rows of a block, at most [`TILE`] at a time.
    pub(crate) fn read(
        &mut self,
        block: &Block,
        mut take: impl FnMut(Dense<'_>) -> Result<()>,
    ) -> Result<()> {
        self.reader.load(block)?;
        for start in (0..block.num_rows()).step_by(TILE) {
            self.reader.fill(start, block.num_rows() - start, block.start_row, &mut self.tile)?;
            self.addends.prepare(&self.tile);
            self.addends.write_columns(&self.tile, &mut self.columns);
            let Tile { len, kept, .. } = self.tile;
            for (column, shift) in self.columns.chunks_exact_mut(TILE).zip(&self.shift) {
                column[..kept].iter_mut().for_each(|x| *x -= shift);
            }
            take(Dense { columns: &self.columns, kept, len, start, mask: &self.tile.mask[..len] })?;
        }
        Ok(())
    }
}

impl<'a> Dense<'a> {
    /// The numbers of each column, one for each row that counts.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'a [f64]> {
        let kept = self.kept;
        self.columns.chunks_exact(TILE).map(move |column| &column[..kept])
    }

    /// The places in the block of the rows that count.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        (self.start..).zip(self.mask).filter(|(_, mask)| **mask != 0).map(|(place, _)| place)
    }
}
