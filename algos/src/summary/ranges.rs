//! The ranges of `F(x)`: one level for each integer from low to high.
//!
//! What the formula does not state comes from the low and high that the column's metadata state (which need not be its
//! true extremes, and then cut values off), else from stored statistics, else from one pass before the summary.

use std::ops::ControlFlow;

use arrow_schema::SchemaRef;
use engine::formula::{Term, Variable};
use engine::source::index_of;
use engine::stats::Moments;
use engine::{Accumulator, Block, BlockSource, Estimator, Executor, ScanOptions};
use serde::{Deserialize, Serialize};

use super::plan::{Ranges, has_levels};
use super::{Error, Result};

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
        let stored = || {
            let statistics = source.statistics(column).filter(|_| scan.rows.is_none())?;
            Some((statistics.min?.as_f64()?, statistics.max?.as_f64()?))
        };
        match xdf::metadata::low_high(field).or_else(stored) {
            Some(range) => {
                ranges.insert(column.clone(), range);
            }
            None if !unknown.contains(column) => unknown.push(column.clone()),
            None => {}
        }
    }
    if !unknown.is_empty() {
        let found = engine::fit(&Extremes { columns: unknown.clone() }, source, scan, executor)?;
        let found = found.into_iter().map(|range| range.unwrap_or((0.0, -1.0)));
        ranges.extend(unknown.into_iter().zip(found));
    }
    Ok(ranges)
}

struct Extremes {
    columns: Vec<String>,
}

impl Estimator for Extremes {
    type State = usize;
    type Partial = ColumnMoments;
    type Model = Vec<Option<(f64, f64)>>;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        Some(self.columns.clone())
    }

    fn start(&self, schema: &SchemaRef) -> Result<usize> {
        Ok(schema.fields().len())
    }

    fn partial(&self, columns: &usize) -> Result<ColumnMoments> {
        Ok(ColumnMoments(vec![Moments::default(); *columns]))
    }

    fn step(&self, _: usize, sums: Vec<Moments>) -> Result<ControlFlow<Self::Model, usize>> {
        let finite = |moments: &Moments| {
            let (min, max) = moments.min().zip(moments.max())?;
            (min.is_finite() && max.is_finite()).then_some((min, max))
        };
        for (column, moments) in self.columns.iter().zip(&sums) {
            if moments.count() > 0 && finite(moments).is_none() {
                return Err(Error::NotFinite { variable: column.clone() });
            }
        }
        Ok(ControlFlow::Break(sums.iter().map(finite).collect()))
    }
}

#[derive(Serialize, Deserialize)]
struct ColumnMoments(Vec<Moments>);

impl Accumulator for ColumnMoments {
    type Input = Block;
    type Output = Vec<Moments>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        self.0
            .iter_mut()
            .zip(block.batch.columns())
            .try_for_each(|(moments, column)| moments.add_array(column, None))
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        self.0.iter_mut().zip(&later.0).for_each(|(moments, later)| moments.merge_from(later));
        Ok(())
    }

    fn finish(self) -> Vec<Moments> {
        self.0
    }

    fn size(&self) -> usize {
        self.0.len() * size_of::<Moments>()
    }
}
