//! Two arrays, row by row.
//!
//! Numbers are compared as integers where both are, else as float64, but at single precision where one of two decimal
//! numbers has no more; dates with timestamps as moments; texts and
//! factors by text. What has nothing in common (a number and a text) is compared by how it is written.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int32Type};
use arrow_array::{Array, ArrayRef, Float64Array, PrimitiveArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use foldhash::HashMap;

use super::DiffOptions;
use crate::factor::codes_and_levels;

const NANOSECONDS: i128 = 1_000_000_000;
const SECONDS_OF_A_DAY: i128 = 86_400;

/// What differs in one block of one column.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rows that differ.
    pub(super) count: u64,
    /// The first of them, from the begin of the block.
    pub(super) first: Vec<usize>,
    /// The largest distance of two numbers.
    pub(super) largest: Option<f64>,
}

/// How two values relate.
enum Relation {
    Equal,
    Different,
    /// They differ by this much.
    Apart(f64),
}

/// Compares the blocks of one column.
pub(super) struct Pair {
    absolute: f64,
    relative: f64,
    nan_is_missing: bool,
    texts: Option<LevelTexts>,
}

impl Pair {
    pub(super) fn new(options: &DiffOptions) -> Self {
        let DiffOptions { absolute, relative, nan_is_missing, .. } = *options;
        Self { absolute, relative, nan_is_missing, texts: None }
    }

    /// Compares two arrays of one length; of the rows that differ the first `wanted` are told.
    pub(super) fn compare(&mut self, a: &ArrayRef, b: &ArrayRef, wanted: usize) -> Result<Found, ArrowError> {
        if let (Some((codes_a, _)), Some((codes_b, _))) = (codes_and_levels(a), codes_and_levels(b)) {
            let texts = LevelTexts::of(self.texts.take(), a, b);
            let found = if texts.a == texts.b && codes_a == codes_b {
                Found::default()
            } else {
                let text = |texts: &[i32], code: i32| texts.get(code as usize).copied();
                rows(a, b, wanted, |row| {
                    let (a, b) = (text(&texts.a, codes_a.value(row)), text(&texts.b, codes_b.value(row)));
                    if a == b { Relation::Equal } else { Relation::Different }
                })
            };
            self.texts = Some(texts);
            return Ok(found);
        }
        if a.data_type() == b.data_type() && a == b {
            return Ok(Found::default());
        }
        match Kind::of(a.data_type(), b.data_type()) {
            Kind::Integers => {
                let wide = |array: &ArrayRef| match array.data_type() {
                    DataType::Boolean => cast(&cast(array, &DataType::UInt8)?, &DataType::Decimal128(20, 0)),
                    _ => cast(array, &DataType::Decimal128(20, 0)),
                };
                let (a, b) = (wide(a)?, wide(b)?);
                let (x, y) = (a.as_primitive::<Decimal128Type>(), b.as_primitive::<Decimal128Type>());
                Ok(rows(&a, &b, wanted, |row| self.integers(x.value(row), y.value(row), 1.0)))
            }
            Kind::Decimals(scale) => {
                let (x, y) = (a.as_primitive::<Decimal128Type>(), b.as_primitive::<Decimal128Type>());
                let unit = 10_f64.powi(i32::from(scale));
                Ok(rows(a, b, wanted, |row| self.integers(x.value(row), y.value(row), unit)))
            }
            Kind::Numbers => {
                let (a, b) = (self.floats(a, b)?, self.floats(b, a)?);
                Ok(rows(&a, &b, wanted, |row| self.numbers(a.value(row), b.value(row))))
            }
            Kind::Dates => {
                let (x, y) = (a.as_primitive::<Date32Type>(), b.as_primitive::<Date32Type>());
                Ok(rows(a, b, wanted, |row| self.integers(x.value(row).into(), y.value(row).into(), 1.0)))
            }
            Kind::Moments => {
                let (x, y) = (Moments::of(a)?, Moments::of(b)?);
                let unit = NANOSECONDS as f64;
                Ok(rows(a, b, wanted, |row| self.integers(x.nanoseconds(row), y.nanoseconds(row), unit)))
            }
            Kind::Texts => {
                let (a, b) = (cast(a, &DataType::Utf8)?, cast(b, &DataType::Utf8)?);
                let (x, y) = (a.as_string::<i32>(), b.as_string::<i32>());
                let same =
                    |row| if x.value(row) == y.value(row) { Relation::Equal } else { Relation::Different };
                Ok(rows(&a, &b, wanted, same))
            }
            Kind::Same => Ok(rows(a, b, wanted, |row| {
                if a.slice(row, 1) == b.slice(row, 1) { Relation::Equal } else { Relation::Different }
            })),
        }
    }

    /// Two integers, `unit` of which are 1 of what distances and tolerances are told in.
    fn integers(&self, a: i128, b: i128, unit: f64) -> Relation {
        if a == b {
            return Relation::Equal;
        }
        self.apart(a.abs_diff(b) as f64 / unit, (a as f64 / unit).abs().max((b as f64 / unit).abs()))
    }

    fn numbers(&self, a: f64, b: f64) -> Relation {
        if a == b || a.is_nan() && b.is_nan() {
            Relation::Equal
        } else if a.is_nan() || b.is_nan() {
            Relation::Different
        } else {
            self.apart((a - b).abs(), a.abs().max(b.abs()))
        }
    }

    fn apart(&self, distance: f64, larger: f64) -> Relation {
        // with an infinite value every relative distance would be small
        let near = distance <= self.absolute || larger.is_finite() && distance <= self.relative * larger;
        if near { Relation::Equal } else { Relation::Apart(distance) }
    }

    /// The values as float64, as precise as the other ones, NaN as missing where that is the same.
    fn floats(&self, array: &ArrayRef, other: &ArrayRef) -> Result<Float64Array, ArrowError> {
        let single = array.data_type().is_floating() && *other.data_type() == DataType::Float32;
        let rounded = if single { cast(array, &DataType::Float32)? } else { Arc::clone(array) };
        let floats = cast(&rounded, &DataType::Float64)?;
        let floats = floats.as_primitive::<Float64Type>();
        if self.nan_is_missing && array.data_type().is_floating() {
            return Ok(floats.iter().map(|value| value.filter(|value| !value.is_nan())).collect());
        }
        Ok(floats.clone())
    }
}

/// Goes through the rows; a value and a missing one differ.
fn rows(a: &dyn Array, b: &dyn Array, wanted: usize, relation: impl Fn(usize) -> Relation) -> Found {
    let (nulls_a, nulls_b) = (a.logical_nulls(), b.logical_nulls());
    let mut found = Found::default();
    for row in 0..a.len().min(b.len()) {
        let missing_a = nulls_a.as_ref().is_some_and(|nulls| nulls.is_null(row));
        let missing_b = nulls_b.as_ref().is_some_and(|nulls| nulls.is_null(row));
        let relation = match (missing_a, missing_b) {
            (false, false) => relation(row),
            (true, true) => Relation::Equal,
            _ => Relation::Different,
        };
        match relation {
            Relation::Equal => continue,
            Relation::Different => {}
            Relation::Apart(distance) => {
                found.largest = Some(found.largest.map_or(distance, |largest| largest.max(distance)));
            }
        }
        found.count += 1;
        if found.first.len() < wanted {
            found.first.push(row);
        }
    }
    found
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    // what does not fit must not become missing
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

/// What the values of two types have in common.
enum Kind {
    Integers,
    /// Digits behind the point, of both.
    Decimals(i8),
    Numbers,
    Dates,
    Moments,
    Texts,
    Same,
}

impl Kind {
    fn of(a: &DataType, b: &DataType) -> Self {
        use DataType::{Boolean, Date32, Decimal128, Timestamp};
        let is_text = |t: &DataType| matches!(t, DataType::Utf8 | DataType::Dictionary(..));
        match (a, b) {
            (Boolean, Boolean) => Self::Same,
            (Date32, Date32) => Self::Dates,
            (Date32 | Timestamp(..), Date32 | Timestamp(..)) => Self::Moments,
            (a, b) if (a.is_integer() || *a == Boolean) && (b.is_integer() || *b == Boolean) => {
                Self::Integers
            }
            (Decimal128(_, a), Decimal128(_, b)) if a == b => Self::Decimals(*a),
            (a, b) if (a.is_numeric() || *a == Boolean) && (b.is_numeric() || *b == Boolean) => Self::Numbers,
            (a, b) if a == b && !is_text(a) => Self::Same,
            _ => Self::Texts,
        }
    }
}

/// Dates and timestamps of any unit as nanoseconds since 1970.
struct Moments {
    values: PrimitiveArray<arrow_array::types::Int64Type>,
    factor: i128,
}

impl Moments {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let factor = match array.data_type() {
            DataType::Timestamp(TimeUnit::Second, _) => NANOSECONDS,
            DataType::Timestamp(TimeUnit::Millisecond, _) => NANOSECONDS / 1_000,
            DataType::Timestamp(TimeUnit::Microsecond, _) => NANOSECONDS / 1_000_000,
            DataType::Timestamp(TimeUnit::Nanosecond, _) => 1,
            _ => SECONDS_OF_A_DAY * NANOSECONDS,
        };
        let values = cast(array, &DataType::Int64)?;
        Ok(Self { values: values.as_primitive().clone(), factor })
    }

    fn nanoseconds(&self, row: usize) -> i128 {
        i128::from(self.values.value(row)) * self.factor
    }
}

/// For the levels of two factors, numbers that are equal where the texts are.
struct LevelTexts {
    levels: (ArrayRef, ArrayRef),
    a: Vec<i32>,
    b: Vec<i32>,
}

impl LevelTexts {
    /// The numbers for two factors; those known are kept while the levels stay.
    fn of(known: Option<Self>, a: &ArrayRef, b: &ArrayRef) -> Self {
        let values = |array: &ArrayRef| Arc::clone(array.as_dictionary::<Int32Type>().values());
        let levels = (values(a), values(b));
        if let Some(known) = known
            && Arc::ptr_eq(&known.levels.0, &levels.0)
            && Arc::ptr_eq(&known.levels.1, &levels.1)
        {
            return known;
        }
        let mut known: HashMap<String, i32> = HashMap::default();
        let mut numbers = |values: &ArrayRef| -> Vec<i32> {
            let number = |text: Option<&str>| {
                let next = known.len() as i32;
                text.map_or(-1, |text| *known.entry(text.to_owned()).or_insert(next))
            };
            values.as_string::<i32>().iter().map(number).collect()
        };
        let (a, b) = (numbers(&levels.0), numbers(&levels.1));
        Self { levels, a, b }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Decimal128Array;

    use super::*;

    #[test]
    fn decimals_of_one_scale_are_exact() {
        let decimals = |values: Vec<i128>| -> ArrayRef {
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(38, 2).unwrap())
        };
        let large = 10_i128.pow(30);
        let (a, b) = (decimals(vec![150, large, 7]), decimals(vec![175, large + 1, 7]));
        let found = Pair::new(&DiffOptions::default()).compare(&a, &b, 5).unwrap();
        assert_eq!((found.first, found.count, found.largest), (vec![0, 1], 2, Some(0.25)));
    }
}
