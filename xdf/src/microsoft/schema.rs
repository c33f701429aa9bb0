//! Variables as Arrow fields.
//!
//! Low and high go into the field's metadata as decimal text. They are what the file says, not what its data
//! hold: the import may set them (`colInfo`) and a row selection may keep them, so nothing may skip data by them.
//! A writer that did not compute them stores a constant instead (all ones for unsigned, the greatest value for
//! signed integers, as far as seen); such values, and a low above the high, count as absent.
//!
//! Attributes that nobody has seen yet are shown under `microsoft.<name>` as JSON, so that a date's class or time
//! zone is not lost, and not guessed either. What a writer of the same format needs beyond that is kept under
//! `xdf.microsoft`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde_json::Value;

use super::container::Layout;
use super::kept::{KeptColumn, KeptFile};
use super::metadata::{Metadata, Variable};
use super::object::{Content, Numbers};
use super::text;
use super::types::{Storage, filled};
use crate::Scalar;
use crate::metadata as keys;

/// Prefix of the keys for attributes of unknown meaning.
const ATTRIBUTE: &str = "microsoft.";

/// The schema of a file.
pub(super) fn schema(metadata: &Metadata, layout: Layout, level: Option<u32>) -> SchemaRef {
    let fields: Vec<Field> = metadata.variables.iter().map(|variable| field(variable, layout)).collect();
    let row_names = metadata.row_names.and_then(|index| fields.get(index));
    let mut entries: HashMap<String, String> =
        row_names.map(|field| (keys::ROW_NAMES.to_owned(), field.name().clone())).into_iter().collect();
    entries.insert(keys::MICROSOFT.to_owned(), KeptFile::of(metadata, level).to_json());
    Arc::new(Schema::new_with_metadata(fields, entries))
}

/// The levels of a factor as the values of its dictionary; empty for other columns.
pub(super) fn dictionary(variable: &Variable) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(&variable.levels))
}

fn field(variable: &Variable, layout: Layout) -> Field {
    let mut field = Field::new(&variable.name, data_type(variable.storage), true);
    if !variable.description.is_empty() {
        field = keys::set_description(field, &variable.description);
    }
    if variable.storage == Storage::Factor {
        field = keys::set_levels(field, &variable.levels);
    } else if let Some((low, high)) = variable.numbers().and_then(low_high_text) {
        field = keys::set(keys::set(field, keys::LOW, low), keys::HIGH, high);
    }
    if variable.inferred {
        field = keys::set(field, keys::STORAGE, variable.storage.name());
    }
    if let Some(kept) = KeptColumn::of(variable, layout) {
        field = keys::set(field, keys::MICROSOFT, kept.to_json());
    }
    for attribute in variable.other_attributes() {
        let key = format!("{ATTRIBUTE}{}", text::decode(&attribute.name));
        field = keys::set(field, &key, json(&attribute.array.content).to_string());
    }
    field
}

fn data_type(storage: Storage) -> DataType {
    match storage {
        Storage::Int8 => DataType::Int8,
        Storage::UInt8 => DataType::UInt8,
        Storage::Int16 => DataType::Int16,
        Storage::UInt16 => DataType::UInt16,
        Storage::Int32 => DataType::Int32,
        Storage::UInt32 => DataType::UInt32,
        Storage::Int64 => DataType::Int64,
        Storage::UInt64 => DataType::UInt64,
        Storage::Float32 => DataType::Float32,
        Storage::Float64 => DataType::Float64,
        Storage::Factor => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        Storage::Text => DataType::Utf8,
    }
}

/// Stored low and high of a numeric column; absent when they were not computed.
pub(super) fn low_high(numbers: &Numbers) -> Option<(Scalar, Scalar)> {
    let low = number(numbers.storage, numbers.low)?;
    let high = number(numbers.storage, numbers.high)?;
    let (ordered, constant) = match (&low, &high) {
        (Scalar::Int(low), Scalar::Int(high)) => (low <= high, low == high && is_greatest(numbers)),
        (Scalar::UInt(low), Scalar::UInt(high)) => (low <= high, low == high && is_greatest(numbers)),
        // False for NaN on either side.
        (Scalar::Float(low), Scalar::Float(high)) => (low <= high, low == high && is_greatest(numbers)),
        _ => (false, false),
    };
    (ordered && !constant).then_some((low, high))
}

fn low_high_text(numbers: &Numbers) -> Option<(String, String)> {
    let (low, high) = low_high(numbers)?;
    if numbers.storage != Storage::Float32 {
        return Some((low.to_string(), high.to_string()));
    }
    // The shortest text of the single, not of the double with the same value.
    Some((single(numbers.low).to_string(), single(numbers.high).to_string()))
}

/// True when the high is the greatest finite value of its type, the mark of "not computed".
fn is_greatest(numbers: &Numbers) -> bool {
    !matches!(numbers.storage, Storage::Factor | Storage::Text) && numbers.high == numbers.storage.greatest()
}

/// Whether stored low and high can be left as they are for values with the low and high of `values`: they were not
/// computed, or enclose them.
pub(super) fn includes(stored: &Numbers, values: &Numbers) -> bool {
    match (low_high(stored), low_high(values)) {
        (None, _) | (_, None) => true,
        (Some((low, high)), Some((least, most))) => !precedes(&least, &low) && !precedes(&high, &most),
    }
}

/// Whether one value of a column is less than another.
fn precedes(left: &Scalar, right: &Scalar) -> bool {
    match (left, right) {
        (Scalar::Int(left), Scalar::Int(right)) => left < right,
        (Scalar::UInt(left), Scalar::UInt(right)) => left < right,
        (Scalar::Float(left), Scalar::Float(right)) => left < right,
        _ => false,
    }
}

/// A stored number; none for a missing one, and for factors, whose low and high only count the levels.
fn number(storage: Storage, bytes: [u8; 8]) -> Option<Scalar> {
    let [a, b, c, d, ..] = bytes;
    Some(match storage {
        Storage::Int8 => Scalar::Int(i8::from_le_bytes([a]).into()),
        Storage::UInt8 => Scalar::UInt(a.into()),
        Storage::Int16 => Scalar::Int(i16::from_le_bytes([a, b]).into()),
        Storage::UInt16 => Scalar::UInt(u16::from_le_bytes([a, b]).into()),
        Storage::Int32 => match i32::from_le_bytes([a, b, c, d]) {
            i32::MIN => return None,
            value => Scalar::Int(value.into()),
        },
        Storage::UInt32 => Scalar::UInt(u32::from_le_bytes([a, b, c, d]).into()),
        Storage::Int64 => Scalar::Int(i64::from_le_bytes(bytes)),
        Storage::UInt64 => Scalar::UInt(u64::from_le_bytes(bytes)),
        Storage::Float32 => Scalar::Float(single(bytes).into()),
        Storage::Float64 => Scalar::Float(f64::from_le_bytes(bytes)),
        Storage::Factor | Storage::Text => return None,
    })
}

fn single([a, b, c, d, ..]: [u8; 8]) -> f32 {
    f32::from_le_bytes([a, b, c, d])
}

/// An attribute for people and programs to look at.
fn json(content: &Content) -> Value {
    match content {
        Content::Texts(texts) => texts.iter().map(|bytes| Value::from(text::decode(bytes))).collect(),
        Content::Numbers(numbers) => {
            let width = numbers.storage.width().max(1);
            numbers.values.chunks_exact(width).map(|bytes| json_number(numbers.storage, bytes)).collect()
        }
        Content::List(items) => items
            .iter()
            .map(|item| (text::decode(&item.name).into_owned(), json(&item.array.content)))
            .collect(),
    }
}

fn json_number(storage: Storage, bytes: &[u8]) -> Value {
    match number(storage, filled(bytes)) {
        Some(Scalar::Int(value)) => value.into(),
        Some(Scalar::UInt(value)) => value.into(),
        Some(Scalar::Float(value)) => value.into(),
        _ => Value::Null,
    }
}
