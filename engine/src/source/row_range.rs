//! A range of rows of a source that can only be read from its start.

use std::ops::Range;

use arrow_array::RecordBatch;

/// The rows that are still to be left out, and those that are wanted behind them.
#[derive(Debug, Clone)]
pub struct RowRange {
    /// Rows to leave out.
    pub skip: u64,
    /// Rows wanted after those.
    pub take: u64,
}

impl RowRange {
    /// All rows where there is no range.
    pub fn new(rows: Option<&Range<u64>>) -> Self {
        let rows = rows.cloned().unwrap_or(0..u64::MAX);
        Self { skip: rows.start, take: rows.end.saturating_sub(rows.start) }
    }

    /// The wanted rows of the next batch, if there are some.
    pub fn cut(&mut self, batch: &RecordBatch) -> Option<RecordBatch> {
        let rows = batch.num_rows() as u64;
        let skipped = self.skip.min(rows);
        self.skip -= skipped;
        let taken = self.take.min(rows - skipped);
        self.take -= taken;
        (taken > 0).then(|| batch.slice(skipped as usize, taken as usize))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, Int32Array};

    use super::*;

    #[test]
    fn batches_are_cut_to_the_range() {
        let batch = |rows: Range<i32>| {
            let x: ArrayRef = Arc::new(Int32Array::from_iter_values(rows));
            RecordBatch::try_from_iter([("x", x)]).unwrap()
        };
        let cut = |rows: Option<Range<u64>>| {
            let mut range = RowRange::new(rows.as_ref());
            let mut kept = Vec::new();
            for part in [0..4, 4..4, 4..9, 9..10] {
                let Some(batch) = range.cut(&batch(part)) else { continue };
                assert!(batch.num_rows() > 0);
                kept.extend_from_slice(batch.column(0).as_primitive::<Int32Type>().values());
            }
            kept
        };
        assert_eq!(cut(None), (0..10).collect::<Vec<_>>());
        assert_eq!(cut(Some(3..6)), [3, 4, 5]);
        assert_eq!(cut(Some(9..20)), [9]);
        assert!(cut(Some(10..20)).is_empty());
        #[expect(clippy::reversed_empty_ranges, reason = "a range that ends before it begins has no rows")]
        let backwards = 6..3;
        assert!(cut(Some(backwards)).is_empty());
    }
}
