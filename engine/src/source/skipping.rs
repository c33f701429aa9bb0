//! Stored blocks that are not read, because their statistics say that no row of them is selected.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{ArrowError, Schema};
use xdf::ColumnStatistics;

use super::stored::Stored;
use crate::Result;
use crate::expr::{BlockStatistics, BoundExpr, Expr};
use crate::reader::Piece;

/// Rows in a row, all of which are read or none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    rows: Range<u64>,
    read: bool,
}

/// One of the blocks.
struct StoredBlock<'a, S> {
    stored: &'a S,
    block: usize,
}

impl<S: Stored> BlockStatistics for StoredBlock<'_, S> {
    fn statistics(&self, column: &str) -> Option<ColumnStatistics> {
        self.stored.statistics(self.block, self.stored.schema().index_of(column).ok()?)
    }

    fn levels(&self, column: &str) -> Option<Arc<StringArray>> {
        self.stored.levels(self.stored.schema().index_of(column).ok()?)
    }
}

/// Cuts a range of rows into runs: rows are read unless one of the selections, which are in terms of `schema`, can be
/// true for none of their block.
pub(super) fn runs<S: Stored>(
    stored: &S,
    schema: &Schema,
    selections: &[Expr],
    rows: Range<u64>,
) -> Result<Vec<Run>> {
    let selections =
        selections.iter().map(|selection| selection.bind(schema)).collect::<Result<Vec<_>, _>>()?;
    if selections.is_empty() || rows.is_empty() {
        return Ok(vec![Run { rows, read: true }]);
    }
    let needed = |block| {
        let block = StoredBlock { stored, block };
        selections.iter().all(|selection: &BoundExpr| selection.may_select(&block))
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut block = stored.block_of(rows.start)?;
    let mut start = rows.start;
    while start < rows.end {
        let end = stored.block_start(block + 1)?.min(rows.end);
        // a block may be without rows
        if start < end {
            let read = needed(block);
            match runs.last_mut() {
                Some(last) if last.read == read => last.rows.end = end,
                _ => runs.push(Run { rows: start..end, read }),
            }
            start = end;
        }
        block += 1;
    }
    Ok(runs)
}

/// What is there of the rows of some runs. `open` starts to read the rows of one.
pub(super) struct Pieces<R, O> {
    runs: std::vec::IntoIter<Run>,
    current: Option<R>,
    open: O,
}

impl<R, O> Pieces<R, O> {
    pub(super) fn new(runs: Vec<Run>, open: O) -> Self {
        Self { runs: runs.into_iter(), current: None, open }
    }
}

impl<R, O> Iterator for Pieces<R, O>
where
    R: Iterator<Item = Result<RecordBatch, ArrowError>>,
    O: FnMut(Range<u64>) -> xdf::Result<R>,
{
    type Item = Result<Piece, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
                return Some(batch.map(Piece::Rows));
            }
            self.current = None;
            let run = self.runs.next()?;
            if !run.read {
                return Some(Ok(Piece::Gap(run.rows.end - run.rows.start)));
            }
            match (self.open)(run.rows) {
                Ok(reader) => self.current = Some(reader),
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}
