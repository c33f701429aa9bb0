//! Factors: dictionary columns whose levels have one order for a whole stream.
//!
//! A factor is an Arrow `Dictionary(Int32, Utf8)` whose values are the levels. Within a stream the levels of a later
//! batch extend those of an earlier one, so a code means the same level everywhere. [`LevelUnifier`] brings foreign
//! dictionaries (Parquet's differ from row group to row group) into that form.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};
use foldhash::HashMap;

use crate::{Error, Result};

/// Whether a type is that of a factor.
pub fn is_factor(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(keys, values)
        if **keys == DataType::Int32 && **values == DataType::Utf8)
}

/// Whether blocks have columns of a type: numbers, logicals, texts, factors, dates and timestamps.
pub(crate) fn is_block_type(data_type: &DataType) -> bool {
    let others = matches!(
        data_type,
        DataType::Boolean
            | DataType::Float32
            | DataType::Float64
            | DataType::Utf8
            | DataType::Date32
            | DataType::Timestamp(..)
    );
    others || data_type.is_integer() || is_factor(data_type)
}

/// The type of every factor.
pub fn factor_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// A factor from codes and levels.
///
/// # Errors
/// When a code is not below the number of levels.
pub fn factor(codes: Int32Array, levels: ArrayRef) -> Result<ArrayRef> {
    DictionaryArray::<Int32Type>::try_new(codes, levels)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(Error::arrow("making a factor"))
}

/// The codes and the levels of a factor column, if it is one.
pub fn codes_and_levels(array: &dyn Array) -> Option<(&Int32Array, &StringArray)> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    Some((dictionary.keys(), dictionary.values().as_string_opt::<i32>()?))
}

/// Joins consecutive batches of one stream; factors take the levels of the last, which has them all.
///
/// # Errors
/// When the batches do not have the given schema.
pub fn concat(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch> {
    if batches.is_empty() {
        return Ok(RecordBatch::new_empty(Arc::clone(schema)));
    }
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        let mut arrays: Vec<ArrayRef> = batches.iter().map(|batch| Arc::clone(batch.column(index))).collect();
        if is_factor(field.data_type()) {
            let longest =
                arrays.iter().filter_map(|array| Some(array.as_dictionary_opt::<Int32Type>()?.values()));
            if let Some(levels) = longest.max_by_key(Array::len).cloned() {
                for array in &mut arrays {
                    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
                        *array = factor(dictionary.keys().clone(), Arc::clone(&levels))?;
                    }
                }
            }
        }
        let parts: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        columns.push(arrow_select::concat::concat(&parts).map_err(Error::arrow("joining blocks"))?);
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(Error::arrow("joining blocks"))
}

/// Gives the texts of successive dictionaries codes in one growing list of levels, in the order in which they appear.
#[derive(Debug, Default)]
pub struct LevelUnifier {
    levels: Vec<String>,
    index: HashMap<String, i32>,
    current: Option<ArrayRef>,
    seen: Option<(ArrayRef, Arc<Vec<Option<i32>>>)>,
}

impl LevelUnifier {
    /// Starts from known levels.
    pub fn new(levels: impl IntoIterator<Item = String>) -> Self {
        let mut unifier = Self::default();
        for level in levels {
            unifier.code(&level);
        }
        unifier
    }

    /// The levels so far.
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    /// The code of a text, which becomes a level if it is none yet.
    pub fn code(&mut self, text: &str) -> i32 {
        if let Some(&code) = self.index.get(text) {
            return code;
        }
        let code = self.levels.len() as i32;
        self.levels.push(text.to_owned());
        self.index.insert(text.to_owned(), code);
        self.current = None;
        code
    }

    /// The levels so far as an array, the same one until a level is added.
    pub fn values(&mut self) -> ArrayRef {
        let levels = &self.levels;
        Arc::clone(self.current.get_or_insert_with(|| Arc::new(StringArray::from_iter_values(levels))))
    }

    /// Brings one column of texts or of a factor to the unified levels.
    ///
    /// # Errors
    /// When the column is neither.
    pub fn unify(&mut self, array: &dyn Array) -> Result<ArrayRef> {
        let codes = self.codes(array)?;
        match array.as_dictionary_opt::<Int32Type>() {
            // the codes were checked against fewer levels before
            Some(dictionary) if codes.values().ptr_eq(dictionary.keys().values()) => {
                Ok(Arc::new(dictionary.with_values(self.values())))
            }
            _ => factor(codes, self.values()),
        }
    }

    /// The codes of one column of texts or of a factor in the unified levels.
    ///
    /// # Errors
    /// When the column is neither.
    pub fn codes(&mut self, array: &dyn Array) -> Result<Int32Array> {
        if let Some(texts) = array.as_string_opt::<i32>() {
            return Ok(texts.iter().map(|text| text.map(|text| self.code(text))).collect());
        }
        let Some((keys, texts)) = codes_and_levels(array) else {
            return Err(Error::ColumnType {
                column: String::new(),
                found: array.data_type().to_string(),
                expected: "a factor is made of texts or of a dictionary of texts".into(),
            });
        };
        let values = array.as_dictionary::<Int32Type>().values();
        let map = match &self.seen {
            Some((seen, map)) if Arc::ptr_eq(seen, values) => Arc::clone(map),
            _ => {
                let map: Vec<Option<i32>> =
                    (0..texts.len()).map(|i| texts.is_valid(i).then(|| self.code(texts.value(i)))).collect();
                let map = Arc::new(map);
                self.seen = Some((Arc::clone(values), Arc::clone(&map)));
                map
            }
        };
        let same = map.iter().enumerate().all(|(index, code)| *code == Some(index as i32));
        Ok(if same {
            keys.clone()
        } else {
            keys.iter().map(|key| key.and_then(|key| map.get(key as usize).copied().flatten())).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_in_another_order_get_the_codes_of_the_first() {
        let mut unifier = LevelUnifier::default();
        let first: DictionaryArray<Int32Type> = vec![Some("b"), None, Some("a")].into_iter().collect();
        let second: DictionaryArray<Int32Type> = vec![Some("c"), Some("a"), Some("b")].into_iter().collect();
        let one = unifier.unify(&first).unwrap();
        let two = unifier.unify(&second).unwrap();
        let codes = |array: &ArrayRef| codes_and_levels(array).unwrap().0.iter().collect::<Vec<_>>();
        assert_eq!(codes(&one), [Some(0), None, Some(1)]);
        assert_eq!(codes(&two), [Some(2), Some(1), Some(0)]);
        assert_eq!(unifier.levels(), ["b", "a", "c"]);
    }
}
