//! Some rows of a source as a source.

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::text::BadCells;
use super::{BlockSource, SourceInfo};
use crate::{BlockReader, Result, ScanOptions};

/// Consecutive rows of another source, numbered from 0. Where that one selects rows, the range is of those that it
/// selects from.
#[derive(Clone)]
pub struct RowsSource {
    source: Arc<dyn BlockSource>,
    range: Range<u64>,
}

impl RowsSource {
    /// The rows of `range`, from 0, of a source; those that it does not have are left out.
    pub fn new(source: Arc<dyn BlockSource>, range: Range<u64>) -> Self {
        let end = source.info().rows.map_or(range.end, |rows| range.end.min(rows));
        let start = range.start.min(end);
        Self { source, range: start..end }
    }
}

impl BlockSource for RowsSource {
    fn schema(&self) -> SchemaRef {
        self.source.schema()
    }

    fn info(&self) -> SourceInfo {
        let info = self.source.info();
        let rows = info.rows.map(|_| self.range.end - self.range.start);
        SourceInfo { rows, bytes: None, ..info }
    }

    fn bad_cells(&self) -> Vec<BadCells> {
        self.source.bad_cells()
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let Range { start, end } = self.range;
        let within = options.rows.clone().unwrap_or(0..u64::MAX);
        let at = |row: u64| start.saturating_add(row).min(end);
        let block_rows = options.block_rows.max(1) as u64;
        let reader = self.source.open(&options.clone().with_rows(at(within.start)..at(within.end)))?;
        let schema = reader.schema();
        Ok(reader.mapped(schema, move |mut block| {
            block.start_row -= start;
            block.index = block.start_row / block_rows;
            Ok(block)
        }))
    }
}
