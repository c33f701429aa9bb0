//! Answers from the statistics that a file stores of its columns.
//!
//! They are taken only where they say everything that a pass would: for a whole column by itself, number or factor. A
//! writer computes them as [`engine::stats`] does, so the results agree to rounding.

use arrow_schema::{DataType, Schema};
use engine::BlockSource;
use engine::factor::is_factor;
use engine::formula::{Term, Variable};
use engine::stats::Moments;

use super::Unit;
use super::result::{CellResult, TermResult};

/// The result of a term, if the source has stored all of it.
pub(super) fn answer(term: &Term, source: &dyn BlockSource, schema: &Schema) -> Option<TermResult> {
    let [Variable::Column(column)] = term.variables.as_slice() else { return None };
    let field = schema.field_with_name(column).ok()?;
    let statistics = source.statistics(column)?;
    if source.info().rows != Some(statistics.rows) || statistics.missing > statistics.rows {
        return None;
    }
    let count = statistics.rows - statistics.missing;
    let mut result = TermResult {
        name: term.label(),
        variable: term.label(),
        unit: Unit::Number,
        moments: None,
        cells: None,
    };
    if is_factor(field.data_type()) {
        let levels = xdf::metadata::levels(field)?;
        let counts = statistics.level_counts?;
        // what a file says of itself may be anything
        let sum = counts.iter().try_fold(0, |sum: u64, count| sum.checked_add(*count));
        if counts.len() > levels.len() || sum != Some(count) {
            return None;
        }
        let cells = counts.iter().enumerate().map(|(code, &count)| (vec![code as u32], count as f64, None));
        result.cells = Some(CellResult {
            factors: vec![column.clone()],
            levels: vec![levels],
            cells: cells.collect(),
            valid_rows: count,
            missing_rows: statistics.missing,
            missing_weight: statistics.missing as f64,
        });
        return Some(result);
    }
    result.unit = match field.data_type() {
        DataType::Date32 => Unit::Date,
        DataType::Timestamp(unit, zone) => Unit::Timestamp(*unit, zone.clone()),
        DataType::Boolean => Unit::Number,
        other if other.is_numeric() => Unit::Number,
        _ => return None,
    };
    let mut moments = Moments::default();
    if count > 0 {
        let (min, max) = (statistics.min?.as_f64()?, statistics.max?.as_f64()?);
        moments = Moments::from_parts(count, statistics.mean?, statistics.m2?, min, max);
    }
    moments.add_missing(statistics.missing, statistics.missing as f64);
    result.moments = Some(moments);
    Some(result)
}
