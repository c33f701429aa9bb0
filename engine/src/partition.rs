//! Rows grouped by the values of key columns.
//!
//! Each key column gives its values numbers in the order in which they appear; missing is a value of its own. The numbers of
//! several columns become one, column by column, so that a row costs one look-up in a hash table for each column.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use foldhash::HashMap;
use xdf::set::Key;
use xdf::{Scalar, Set};

use crate::factor::{LevelUnifier, codes_and_levels};
use crate::source::index_of;
use crate::{Error, Result};

/// The number of the missing value in every column.
const MISSING: u32 = 0;

/// The keys of the partitions of a set in their order: one row for each, the key columns in their types.
///
/// # Errors
/// When the keys do not fit the types of their columns.
pub fn partition_keys(set: &Set) -> Result<RecordBatch> {
    let partitions = set.partitions();
    let schema = set.schema();
    let names = set.keys();
    let mut fields = Vec::with_capacity(names.len());
    let mut columns = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let field = schema.field(index_of(schema, name)?);
        let values = partitions.iter().map(|partition| partition.key.0.get(place).and_then(Option::as_ref));
        columns.push(column(values, field)?);
        fields.push(field.clone().with_nullable(true));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(partitions.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
        .map_err(Error::arrow("listing partitions"))
}

/// Values of a key column as an array of its type.
fn column<'a>(values: impl Iterator<Item = Option<&'a Scalar>>, field: &Field) -> Result<ArrayRef> {
    let text = |value: Option<&'a Scalar>| match value {
        Some(Scalar::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let data_type = field.data_type();
    let array: ArrayRef = match data_type {
        DataType::Utf8 => Arc::new(values.map(text).collect::<StringArray>()),
        DataType::Dictionary(..) => {
            let levels = xdf::metadata::levels(field).unwrap_or_default();
            let texts: ArrayRef = Arc::new(values.map(text).collect::<StringArray>());
            LevelUnifier::new(levels).unify(&texts)?
        }
        DataType::Boolean => Arc::new(
            values.map(|value| value.map(|value| *value == Scalar::Bool(true))).collect::<BooleanArray>(),
        ),
        other if other.is_unsigned_integer() => {
            let number = |value: Option<&Scalar>| match value {
                Some(Scalar::UInt(value)) => Some(*value),
                _ => None,
            };
            Arc::new(values.map(number).collect::<UInt64Array>())
        }
        _ => {
            let number = |value: Option<&Scalar>| match value {
                Some(Scalar::Int(value)) => Some(*value),
                _ => None,
            };
            Arc::new(values.map(number).collect::<Int64Array>())
        }
    };
    let cast = |array: &ArrayRef, to: &DataType| {
        arrow_cast::cast(array, to).map_err(Error::arrow("listing partitions"))
    };
    match data_type {
        // numbers of days are dates only by way of 32 bits
        DataType::Date32 => cast(&cast(&array, &DataType::Int32)?, data_type),
        same if array.data_type() == same => Ok(array),
        other => cast(&array, other),
    }
}

/// Finds the group of every row; groups are numbered from 0 in the order of appearance.
pub(crate) struct Grouper {
    columns: Vec<KeyColumn>,
    /// Number of groups so far.
    groups: u32,
}

struct KeyColumn {
    index: usize,
    values: Values,
    /// The number of each pair of the number so far and that of this column's value.
    pairs: HashMap<(u32, u32), u32>,
    /// The pair of each number.
    of: Vec<(u32, u32)>,
}

/// The distinct values of a column; the number of a value is its place here, plus 1.
enum Values {
    Texts(LevelUnifier),
    /// Of signed integers, dates, timestamps and logicals; `true` for the last.
    Signed(HashMap<i64, u32>, Vec<i64>, bool),
    Unsigned(HashMap<u64, u32>, Vec<u64>),
}

impl Grouper {
    /// Groups by these columns.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`]. Types that cannot be keys are found by the set that is written.
    pub(crate) fn try_new(schema: &Schema, keys: &[String]) -> Result<Self> {
        let column = |name: &String| {
            let index = index_of(schema, name)?;
            let values = match schema.field(index).data_type() {
                DataType::Utf8 | DataType::Dictionary(..) => Values::Texts(LevelUnifier::default()),
                other if other.is_unsigned_integer() => Values::Unsigned(HashMap::default(), Vec::new()),
                other => {
                    let logical = *other == DataType::Boolean;
                    Values::Signed(HashMap::default(), Vec::new(), logical)
                }
            };
            Ok(KeyColumn { index, values, pairs: HashMap::default(), of: Vec::new() })
        };
        Ok(Self { columns: keys.iter().map(column).collect::<Result<_>>()?, groups: 0 })
    }

    /// Number of groups so far.
    pub(crate) fn len(&self) -> usize {
        self.groups as usize
    }

    /// Appends the group of every row of a batch.
    ///
    /// # Errors
    /// When a key column has another type than before.
    pub(crate) fn groups(&mut self, batch: &RecordBatch, groups: &mut Vec<u32>) -> Result<()> {
        let mut numbers = vec![0_u32; batch.num_rows()];
        for column in &mut self.columns {
            let codes = column.values.codes(batch.column(column.index))?;
            // rows of one group often follow each other
            let mut last = None;
            for (number, code) in numbers.iter_mut().zip(codes) {
                let pair = (*number, code);
                *number = match last {
                    Some((known, number)) if known == pair => number,
                    _ => {
                        let of = &mut column.of;
                        *column.pairs.entry(pair).or_insert_with(|| {
                            of.push(pair);
                            of.len() as u32 - 1
                        })
                    }
                };
                last = Some((pair, *number));
            }
        }
        self.groups = self.columns.last().map_or(0, |column| column.of.len() as u32);
        groups.append(&mut numbers);
        Ok(())
    }

    /// The values of a group.
    pub(crate) fn key(&self, group: usize) -> Key {
        let mut values = Vec::with_capacity(self.columns.len());
        let mut number = group;
        for column in self.columns.iter().rev() {
            let (before, code) = column.of[number];
            values.push(column.values.value(code));
            number = before as usize;
        }
        values.reverse();
        Key(values)
    }
}

impl Values {
    /// The numbers of the values of an array.
    fn codes(&mut self, array: &ArrayRef) -> Result<Vec<u32>> {
        let cast = |to: &DataType| {
            // dates are numbers of days only by way of 32 bits
            let array = match array.data_type() {
                DataType::Date32 => arrow_cast::cast(array, &DataType::Int32),
                _ => Ok(ArrayRef::clone(array)),
            };
            array.and_then(|array| arrow_cast::cast(&array, to)).map_err(Error::arrow("reading a key column"))
        };
        match self {
            Self::Texts(levels) => {
                let factor = levels.unify(array)?;
                let codes = codes_and_levels(&factor).map(|(codes, _)| codes);
                let codes = codes.into_iter().flatten();
                Ok(codes.map(|code| code.map_or(MISSING, |code| code as u32 + 1)).collect())
            }
            Self::Signed(known, values, _) => {
                let array = cast(&DataType::Int64)?;
                Ok(array
                    .as_primitive::<Int64Type>()
                    .iter()
                    .map(|value| number(value, known, values))
                    .collect())
            }
            Self::Unsigned(known, values) => {
                let array = cast(&DataType::UInt64)?;
                Ok(array
                    .as_primitive::<UInt64Type>()
                    .iter()
                    .map(|value| number(value, known, values))
                    .collect())
            }
        }
    }

    /// The value of a number.
    fn value(&self, code: u32) -> Option<Scalar> {
        let place = (code as usize).checked_sub(1)?;
        Some(match self {
            Self::Texts(levels) => Scalar::Text(levels.levels().get(place)?.clone()),
            Self::Signed(_, values, true) => Scalar::Bool(*values.get(place)? != 0),
            Self::Signed(_, values, false) => Scalar::Int(*values.get(place)?),
            Self::Unsigned(_, values) => Scalar::UInt(*values.get(place)?),
        })
    }
}

/// The number of a value, a new one where it is new.
fn number<T: Copy + Eq + std::hash::Hash>(
    value: Option<T>,
    known: &mut HashMap<T, u32>,
    values: &mut Vec<T>,
) -> u32 {
    let Some(value) = value else { return MISSING };
    *known.entry(value).or_insert_with(|| {
        values.push(value);
        values.len() as u32
    })
}
