//! From the batches of a database to an answer.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use engine::aggregate::{Answer, Key};

use super::Statement;

/// Adds the sums of a statement, whose first columns are the keys, to those of the statements before it.
///
/// # Errors
/// When the batch is not what was asked for, or the groups have changed meanwhile.
pub(super) fn add(whole: &mut Answer, statement: &Statement, batch: &RecordBatch) -> engine::Result<()> {
    let keys = statement.text_keys.len();
    let wanted = keys + statement.sums;
    if batch.num_columns() != wanted || (keys == 0 && batch.num_rows() != 1) {
        return Err(wrong(format!(
            "{} columns and {} rows where {wanted} columns were asked for",
            batch.num_columns(),
            batch.num_rows()
        )));
    }
    let (key_columns, sum_columns) = batch.columns().split_at(keys);
    let key = |(column, is_text): (&ArrayRef, &bool)| {
        if *is_text { texts(column).map(Key::Texts) } else { numbers(column).map(Key::Numbers) }
    };
    let keys: Vec<Key> = key_columns.iter().zip(&statement.text_keys).map(key).collect::<Result<_, _>>()?;
    let mut sums: Vec<Vec<f64>> = sum_columns.iter().map(numbers).collect::<Result<_, _>>()?;
    for (sums, fills) in sums.iter_mut().zip(&statement.empty_is_zero) {
        if *fills {
            sums.iter_mut().filter(|sum| sum.is_nan()).for_each(|sum| *sum = 0.0);
        }
    }
    if whole.groups() == 0 {
        *whole = Answer { keys, sums };
        return Ok(());
    }
    let own = labels(&keys, batch.num_rows());
    let order: HashMap<&String, usize> = own.iter().zip(0..).collect();
    let known = labels(&whole.keys, whole.groups());
    let changed = || wrong("other groups than a moment ago; the table changes while it is read");
    if known.len() != own.len() {
        return Err(changed());
    }
    let places: Vec<usize> =
        known.iter().map(|label| order.get(label).copied().ok_or_else(changed)).collect::<Result<_, _>>()?;
    for sums in sums {
        whole.sums.push(places.iter().map(|&place| sums.get(place).copied().unwrap_or(f64::NAN)).collect());
    }
    Ok(())
}

/// A text for each group, equal where the keys are.
fn labels(keys: &[Key], groups: usize) -> Vec<String> {
    let part = |key: &Key, group: usize| match key {
        Key::Numbers(numbers) => format!("{:?}", numbers.get(group)),
        Key::Texts(texts) => format!("{:?}", texts.get(group)),
    };
    (0..groups).map(|group| keys.iter().map(|key| part(key, group)).collect::<Vec<_>>().join(",")).collect()
}

/// The numbers of a column, NaN where missing. Some drivers give numbers as texts.
fn numbers(column: &ArrayRef) -> engine::Result<Vec<f64>> {
    if let Some(texts) = column.as_string_opt::<i32>() {
        let number = |text: Option<&str>| match text {
            None => Ok(f64::NAN),
            Some(text) => {
                text.trim().parse().map_err(|_| wrong(format!("'{text}' where a number was asked for")))
            }
        };
        return texts.iter().map(number).collect();
    }
    if column.null_count() == column.len() {
        return Ok(vec![f64::NAN; column.len()]);
    }
    let mut numbers = Vec::new();
    engine::stats::widen(column.as_ref(), &mut numbers)?;
    Ok(numbers)
}

/// The texts of a column.
fn texts(column: &ArrayRef) -> engine::Result<Vec<Option<String>>> {
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Ok(texts.iter().map(|text| text.map(str::to_owned)).collect());
    }
    // a text that looks like a number to a driver without types
    let shown = |x: f64| (!x.is_nan()).then(|| x.to_string());
    Ok(numbers(column)?.into_iter().map(shown).collect())
}

fn wrong(what: impl std::fmt::Display) -> engine::Error {
    engine::Error::InvalidOption {
        option: "push-down".into(),
        reason: format!("the database answered {what}"),
    }
}
