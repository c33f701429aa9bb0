//! The ranges of `F(x)`: one level for each integer from low to high.
//!
//! What the formula does not state comes from the low and high that the column's metadata state (which need not be its
//! true extremes, and then cut values off), else from stored statistics, else from one pass before the summary.

use engine::formula::{Term, Variable};
use engine::source::index_of;
use engine::{BlockSource, Executor, ScanOptions};

use super::Result;
use super::plan::{Ranges, has_levels};
use crate::extremes;

/// The range of every column whose `F()` leaves an end open.
pub(super) fn resolve(
    terms: &[Term],
    source: &dyn BlockSource,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Ranges> {
    let schema = source.schema();
    let mut ranges = Ranges::new();
    let mut unknown = Vec::new();
    for variable in terms.iter().flat_map(|term| &term.variables) {
        let Variable::Factor { column, low, high, .. } = variable else { continue };
        let field = schema.field(index_of(&schema, column)?);
        if (low.is_some() && high.is_some()) || has_levels(field.data_type()) || ranges.contains_key(column) {
            continue;
        }
        let stored = || extremes::stored(column, source, scan);
        match xdf::metadata::low_high(field).or_else(stored) {
            Some(range) => {
                ranges.insert(column.clone(), range);
            }
            None if !unknown.contains(column) => unknown.push(column.clone()),
            None => {}
        }
    }
    if !unknown.is_empty() {
        let found = extremes::by_a_pass(&unknown, source, scan, executor)?;
        let found = found.into_iter().map(|range| range.unwrap_or((0.0, -1.0)));
        ranges.extend(unknown.into_iter().zip(found));
    }
    Ok(ranges)
}
