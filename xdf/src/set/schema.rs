//! The columns of a set as JSON, and back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::metadata;
use crate::raw::schema::{StoredSchema, factor_type, is_decimal};

/// One column.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ColumnEntry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    nullable: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    levels: Option<Vec<String>>,
}

/// Names of the types without parameters; the numbers of the binary format are in its section 5.
const NAMES: [(&str, DataType); 14] = [
    ("boolean", DataType::Boolean),
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("string", DataType::Utf8),
    ("binary", DataType::Binary),
    ("date", DataType::Date32),
];

const UNITS: [(&str, TimeUnit); 4] = [
    ("s", TimeUnit::Second),
    ("ms", TimeUnit::Millisecond),
    ("us", TimeUnit::Microsecond),
    ("ns", TimeUnit::Nanosecond),
];

/// What a type is called: a word, and its parameters in brackets.
fn type_name(data_type: &DataType) -> Result<String, Fault> {
    if let Some((name, _)) = NAMES.iter().find(|(_, known)| known == data_type) {
        return Ok((*name).to_owned());
    }
    match data_type {
        other if *other == factor_type() => Ok("factor".to_owned()),
        DataType::Decimal128(digits, scale) => Ok(format!("decimal[{digits}, {scale}]")),
        DataType::Timestamp(unit, zone) => {
            let unit = UNITS.iter().find(|(_, known)| known == unit).map_or("s", |(name, _)| name);
            Ok(match zone {
                Some(zone) => format!("timestamp[{unit}, {zone}]"),
                None => format!("timestamp[{unit}]"),
            })
        }
        other => Err(Fault::new("a type that XDF stores", other)),
    }
}

fn parse_type(text: &str) -> Result<DataType, Fault> {
    if let Some((_, data_type)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Ok(data_type.clone());
    }
    if text == "factor" {
        return Ok(factor_type());
    }
    let unknown = || Fault::unsupported(format!("has a column of the type '{text}' of a later version"));
    let (word, inside) = text.strip_suffix(']').and_then(|text| text.split_once('[')).ok_or_else(unknown)?;
    let (first, second) = inside.split_once(", ").map_or((inside, None), |(a, b)| (a, Some(b)));
    match (word, second) {
        ("timestamp", zone) => {
            let (_, unit) = UNITS.iter().find(|(name, _)| *name == first).ok_or_else(unknown)?;
            Ok(DataType::Timestamp(*unit, zone.map(Arc::from)))
        }
        ("decimal", Some(scale)) => {
            let both = first.parse().ok().zip(scale.parse().ok());
            let (digits, scale) = both.filter(|both| is_decimal(both.0, both.1)).ok_or_else(unknown)?;
            Ok(DataType::Decimal128(digits, scale))
        }
        _ => Err(unknown()),
    }
}

/// The columns of a schema. Levels are listed apart; low and high are not kept, the statistics are the truth.
pub(super) fn columns(stored: &StoredSchema) -> Result<Vec<ColumnEntry>, Fault> {
    let column = |(field, levels): (&Arc<Field>, &Option<Arc<StringArray>>)| {
        let own = [metadata::LOW, metadata::HIGH, metadata::LEVELS];
        let levels = levels.as_ref().map(|levels| levels.iter().flatten().map(str::to_owned).collect());
        Ok(ColumnEntry {
            name: field.name().clone(),
            kind: type_name(field.data_type())?,
            nullable: field.is_nullable(),
            metadata: sorted(field.metadata(), &own),
            levels,
        })
    };
    stored.schema.fields().iter().zip(&stored.levels).map(column).collect()
}

/// The entries in the order of their keys, without some.
pub(super) fn sorted(entries: &HashMap<String, String>, without: &[&str]) -> BTreeMap<String, String> {
    let kept = entries.iter().filter(|(key, _)| !without.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Reads what [`columns`] made.
pub(super) fn stored_schema(
    columns: &[ColumnEntry],
    metadata: &BTreeMap<String, String>,
) -> Result<StoredSchema, Fault> {
    let mut names = HashSet::new();
    let mut fields = Vec::with_capacity(columns.len());
    let mut levels = Vec::with_capacity(columns.len());
    for column in columns {
        if !names.insert(&column.name) {
            return Err(Fault::new("columns of different names", format_args!("'{}' twice", column.name)));
        }
        let data_type = parse_type(&column.kind)?;
        if (data_type == factor_type()) != column.levels.is_some() {
            let got = format!("column '{}'", column.name);
            return Err(Fault::new("levels for a factor and for nothing else", got));
        }
        let entries = column.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut field = Field::new(&column.name, data_type, column.nullable).with_metadata(entries);
        if let Some(texts) = &column.levels {
            let bytes = texts.iter().try_fold(0_usize, |sum, text| sum.checked_add(text.len()));
            if bytes.and_then(|bytes| i32::try_from(bytes).ok()).is_none() {
                return Err(Fault::new("levels of at most 2147483647 bytes", "more"));
            }
            let mut different = HashSet::new();
            if let Some(twice) = texts.iter().find(|text| !different.insert(*text)) {
                let got = format!("'{twice}' twice in column '{}'", column.name);
                return Err(Fault::new("every level once", got));
            }
            field = metadata::set_levels(field, texts);
        }
        fields.push(field);
        levels.push(column.levels.as_ref().map(|texts| Arc::new(StringArray::from_iter_values(texts))));
    }
    let metadata = metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(StoredSchema::new(Schema::new_with_metadata(fields, metadata), levels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name() {
        let zoned = DataType::Timestamp(TimeUnit::Millisecond, Some("Europe/Zurich".into()));
        let others = [
            (factor_type(), "factor"),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), "timestamp[ns]"),
            (zoned, "timestamp[ms, Europe/Zurich]"),
            (DataType::Decimal128(12, -2), "decimal[12, -2]"),
        ];
        for (name, data_type) in NAMES.iter().cloned().chain(others.map(|(t, name)| (name, t))) {
            assert_eq!(type_name(&data_type).unwrap(), name);
            assert_eq!(parse_type(name).unwrap(), data_type);
        }
        assert!(type_name(&DataType::LargeUtf8).is_err());
        for wrong in [
            "",
            "int128",
            "timestamp[h]",
            "timestamp",
            "decimal[3]",
            "decimal[x, y]",
            "decimal[39, 0]",
            "decimal[0, 0]",
            "decimal[3, 4]",
            "decimal[300, 0]",
            "factor[]",
        ] {
            assert!(parse_type(wrong).is_err(), "{wrong}");
        }
    }
}
