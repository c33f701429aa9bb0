//! Quantiles: from what the file knows, from one pass, or exactly.
//!
//! A column's stored sketch answers without reading, exactly where few values differ. Where there is none, because the
//! source is no XDF file or rows are selected, one pass makes it. When exact quantiles are asked for and the sketch is
//! not, one pass keeps the values near each of them (`gather.rs`), or passes close in on them (`select.rs`).
//!
//! Numbers are interpolated between two neighbours in the order, as R and pandas do by default (type 7 of Hyndman
//! and Fan 1996, "Sample quantiles in statistical packages"); of dates and times the earlier neighbour is taken.

mod gather;
mod partial;
mod select;

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field};
use engine::source::index_of;
use engine::{BlockSource, Executor, ScanOptions};
use xdf::{QuantileSketch, Scalar};

use crate::{Error, Result};

/// The quantiles of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnQuantiles {
    /// Name of the column.
    pub column: String,
    /// Its type: numbers, date or timestamp.
    pub data_type: DataType,
    /// Values that are there.
    pub valid: u64,
    /// One for each probability, in the order asked for: a float for numbers, an integer for dates and timestamps in
    /// their own unit. None without values.
    pub values: Vec<Option<Scalar>>,
    /// How far the true ranks of the values may be off, as a share of all values, with a probability of 99 %; 0: exact.
    pub rank_error: f64,
}

impl ColumnQuantiles {
    /// The values as a column: 64-bit floats for numbers, of its own type for dates and timestamps.
    ///
    /// # Errors
    /// A value that the type does not hold.
    pub fn array(&self) -> Result<ArrayRef> {
        if !self.data_type.is_temporal() {
            let number = |value: &Option<Scalar>| value.as_ref().and_then(Scalar::as_f64);
            return Ok(Arc::new(self.values.iter().map(number).collect::<Float64Array>()));
        }
        let number = |value: &Option<Scalar>| match value {
            Some(Scalar::Int(value)) => Some(*value),
            _ => None,
        };
        let numbers: ArrayRef = Arc::new(self.values.iter().map(number).collect::<Int64Array>());
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let cast = |array: &ArrayRef, to: &DataType| {
            cast_with_options(array, to, &options).map_err(|source| engine::Error::Arrow {
                doing: format!("giving quantiles of column '{}'", self.column),
                source,
            })
        };
        // days are 32-bit numbers
        let numbers =
            if self.data_type == DataType::Date32 { cast(&numbers, &DataType::Int32)? } else { numbers };
        Ok(cast(&numbers, &self.data_type)?)
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileOptions {
    /// Probabilities, each from 0 (the smallest value) to 1 (the largest). Default: the quartiles with both ends.
    pub probabilities: Vec<f64>,
    /// Whether values must be exact, with as many passes as that takes. Default: false.
    pub exact: bool,
    /// The most values that are kept to find an exact one among them, 8 bytes each on every thread; where there would be
    /// more, more passes close in on it. Default: 8 388 608.
    pub max_kept: usize,
}

impl Default for QuantileOptions {
    fn default() -> Self {
        Self { probabilities: vec![0.0, 0.25, 0.5, 0.75, 1.0], exact: false, max_kept: 1 << 23 }
    }
}

/// The quantiles of columns of numbers, dates or timestamps.
///
/// # Errors
/// A column that is missing or of another type, a probability that is none, and whatever the source says.
pub fn quantiles(
    columns: &[String],
    source: &dyn BlockSource,
    options: &QuantileOptions,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Vec<ColumnQuantiles>> {
    if let Some(wrong) = options.probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        let reason = format!("{wrong} is no probability; give numbers from 0 to 1");
        return Err(Error::Option { option: "probabilities", reason });
    }
    let schema = source.schema();
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let field = schema.field(index_of(&schema, column)?);
        empty_sketch(field)?;
        fields.push(field);
    }
    let mut sketches: Vec<Option<QuantileSketch>> =
        columns.iter().map(|column| stored(column, source, scan)).collect();
    let unknown = missing_from(columns, &sketches);
    if !unknown.is_empty() {
        let made = engine::fit(&partial::Sketches { columns: unknown }, source, scan, executor)?;
        let mut made = made.into_iter();
        for sketch in sketches.iter_mut().filter(|sketch| sketch.is_none()) {
            *sketch = made.next();
        }
    }
    let mut answers = Vec::with_capacity(columns.len());
    let mut targets = Vec::new();
    for (field, sketch) in fields.iter().zip(sketches.iter().flatten()) {
        let ranks = Ranks::new(sketch.count(), &options.probabilities);
        let selected = options.exact && !sketch.is_exact();
        if selected {
            targets.extend(ranks.all().map(|rank| select::Target::new(field.name(), rank, sketch)));
        }
        answers.push((field, sketch, ranks, selected));
    }
    let mut found = select::select(targets, options.max_kept, source, scan, executor)?.into_iter();
    let answer = |(field, sketch, ranks, selected): (&&Field, &QuantileSketch, Ranks, bool)| {
        let values = if selected {
            found.by_ref().take(ranks.all().count()).map(Some).collect()
        } else {
            ranks.all().map(|rank| sketch.value_at(rank)).collect::<Vec<_>>()
        };
        ColumnQuantiles {
            column: field.name().clone(),
            data_type: field.data_type().clone(),
            valid: sketch.count(),
            values: match sketch.count() {
                0 => vec![None; options.probabilities.len()],
                _ => ranks.values(&values, field.data_type().is_temporal()),
            },
            rank_error: if selected { 0.0 } else { sketch.rank_error() },
        }
    };
    Ok(answers.into_iter().map(answer).collect())
}

/// The stored sketch of a column, where all rows of the source are meant.
fn stored(column: &str, source: &dyn BlockSource, scan: &ScanOptions) -> Option<QuantileSketch> {
    let statistics = source.statistics(column).filter(|_| scan.rows.is_none())?;
    if source.info().rows != Some(statistics.rows) {
        return None;
    }
    statistics.sketch
}

/// The columns without a sketch.
fn missing_from(columns: &[String], sketches: &[Option<QuantileSketch>]) -> Vec<String> {
    let pairs = columns.iter().zip(sketches);
    pairs.filter(|(_, sketch)| sketch.is_none()).map(|(column, _)| column.clone()).collect()
}

/// A sketch for the values of a column.
fn empty_sketch(field: &Field) -> Result<QuantileSketch> {
    QuantileSketch::new(field.data_type()).ok_or_else(|| Error::Variable {
        variable: field.name().clone(),
        role: "sorted for quantiles",
        reason: format!("it is {}; choose numbers, dates or timestamps", kind(field.data_type())),
    })
}

/// What a column without order as a number is to its reader.
fn kind(data_type: &DataType) -> String {
    match data_type {
        DataType::Dictionary(..) => "a factor".to_owned(),
        DataType::Utf8 => "text".to_owned(),
        DataType::Boolean => "logical".to_owned(),
        other => format!("of type {other}"),
    }
}

/// For each probability two neighbouring ranks and how far the quantile lies between them; nothing without values.
struct Ranks(Vec<(u64, u64, f64)>);

impl Ranks {
    fn new(count: u64, probabilities: &[f64]) -> Self {
        let Some(last) = count.checked_sub(1) else {
            return Self(Vec::new());
        };
        let rank = |p: &f64| {
            let place = p * last as f64;
            let low = (place.floor() as u64).min(last);
            (low, (place.ceil() as u64).min(last), place - place.floor())
        };
        Self(probabilities.iter().map(rank).collect())
    }

    /// All ranks, two for each probability.
    fn all(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|(low, high, _)| [*low, *high])
    }

    /// The quantiles, from the values of all ranks.
    fn values(&self, of_ranks: &[Option<Scalar>], temporal: bool) -> Vec<Option<Scalar>> {
        let between = |((_, _, share), ends): (&(u64, u64, f64), &[Option<Scalar>])| {
            let [Some(low), Some(high)] = ends else { return None };
            if temporal {
                return Some(low.clone());
            }
            let (a, b) = (low.as_f64()?, high.as_f64()?);
            // equal ends may be infinite
            Some(Scalar::Float(if *share == 0.0 || a == b { a } else { (1.0 - share) * a + share * b }))
        };
        self.0.iter().zip(of_ranks.chunks_exact(2)).map(between).collect()
    }
}
