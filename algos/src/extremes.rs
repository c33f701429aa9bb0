//! The least and the largest value of columns: from stored statistics, or by one pass.

use std::ops::ControlFlow;

use arrow_schema::SchemaRef;
use engine::stats::Moments;
use engine::{Accumulator, Block, BlockSource, Estimator, Executor, ScanOptions};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The extremes that the source knows of all rows that are meant.
pub(crate) fn stored(column: &str, source: &dyn BlockSource, scan: &ScanOptions) -> Option<(f64, f64)> {
    let statistics = source.statistics(column).filter(|_| scan.rows.is_none())?;
    Some((statistics.min?.as_f64()?, statistics.max?.as_f64()?))
}

/// The extremes of columns of numbers, by one pass; none of columns without values.
pub(crate) fn by_a_pass(
    columns: &[String],
    source: &dyn BlockSource,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Vec<Option<(f64, f64)>>> {
    engine::fit(&Extremes { columns: columns.to_vec() }, source, scan, executor)
}

/// The extremes of one column of numbers; none without values.
///
/// # Errors
/// Infinite values, and whatever the source says.
pub(crate) fn extremes(
    column: &str,
    source: &dyn BlockSource,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Option<(f64, f64)>> {
    if let Some((low, high)) = stored(column, source, scan) {
        if !(low.is_finite() && high.is_finite()) {
            return Err(Error::NotFinite { variable: column.to_owned() });
        }
        return Ok(Some((low, high)));
    }
    Ok(by_a_pass(&[column.to_owned()], source, scan, executor)?.into_iter().flatten().next())
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
