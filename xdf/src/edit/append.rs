//! Which columns of a batch go behind which of a file.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use crate::assemble::columns::{Columns, stored_type};
use crate::{Error, Result, metadata};

/// The arrays of a batch in the order of the file's columns, which they fit by name and type.
pub(crate) fn arrays_by_name(path: &Path, schema: &Schema, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
    let theirs = batch.schema_ref();
    let mismatch =
        |index, expected, got| Error::SchemaMismatch { path: path.to_owned(), index, expected, got };
    let text = |field: &Field| format!("'{}' {}", field.name(), field.data_type());
    let mut places = HashMap::with_capacity(theirs.fields().len());
    for (place, field) in theirs.fields().iter().enumerate() {
        if places.insert(field.name().as_str(), place).is_some() {
            return Err(Error::DuplicateColumn { column: field.name().clone() });
        }
    }
    let mut arrays = Vec::with_capacity(places.len());
    for (index, field) in schema.fields().iter().enumerate() {
        let place = places.remove(field.name().as_str());
        let place = place.ok_or_else(|| mismatch(index, text(field), "no such column".to_owned()))?;
        let got = theirs.field(place);
        if *field.data_type() != stored_type(got.data_type()) {
            return Err(mismatch(place, text(field), text(got)));
        }
        arrays.push(batch.column(place).clone());
    }
    match places.into_values().min() {
        Some(place) => Err(mismatch(place, "a column of the file".to_owned(), text(theirs.field(place)))),
        None => Ok(arrays),
    }
}

/// Refuses new levels of ordered factors that would not stand behind all others: an order is never guessed.
pub(crate) fn check_ordered(
    path: &Path,
    schema: &Schema,
    columns: &Columns,
    batch: &RecordBatch,
) -> Result<()> {
    for (field, column) in schema.fields().iter().zip(&columns.all) {
        let Some(levels) = column.levels.as_ref().filter(|_| metadata::is_ordered(field)) else { continue };
        let Some((place, theirs)) = batch.schema_ref().column_with_name(field.name()) else { continue };
        let known: Vec<&str> = levels.since(0).collect();
        let mut stated = metadata::levels(theirs).unwrap_or_default();
        for text in dictionary_texts(batch.column(place)) {
            if !stated.contains(&text) {
                stated.push(text);
            }
        }
        let place_of = |text: &String| known.iter().position(|known| known == text);
        let places: Vec<Option<usize>> = stated.iter().map(place_of).collect();
        let first_new = places.iter().position(Option::is_none);
        let Some(first_new) = first_new else { continue };
        let (before, behind) = places.split_at(first_new);
        let fits = before.is_sorted()
            && before.last().is_none_or(|last| *last == known.len().checked_sub(1))
            && (known.is_empty() || !before.is_empty())
            && behind.iter().all(Option::is_none);
        if !fits {
            let problem = format!(
                "the new level '{}' of the ordered factor '{}' has no place behind its levels {known:?} in the order {stated:?}; \
                 state all levels in order, new ones last",
                stated.get(first_new).map(String::as_str).unwrap_or_default(),
                field.name(),
            );
            return Err(Error::InvalidEdit { path: path.to_owned(), problem });
        }
    }
    Ok(())
}

/// The texts of a dictionary in its own order.
fn dictionary_texts(array: &ArrayRef) -> Vec<String> {
    match (array.data_type(), array.as_any_dictionary_opt()) {
        (DataType::Dictionary(_, value), Some(dictionary)) if **value == DataType::Utf8 => {
            dictionary.values().as_string::<i32>().iter().flatten().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
