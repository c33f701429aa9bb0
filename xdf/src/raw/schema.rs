//! Names, types, levels and metadata of the columns.
//!
//! Types are numbers of the format, not Arrow's; the table is in [`put_type`] and [`parse_type`]. A factor keeps its levels here, in
//! level order, once for the whole file; on reading they become the dictionary that all batches share and, as
//! JSON, the metadata entry `xdf.levels`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_array::builder::StringBuilder;
use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType, Field, Schema, TimeUnit};

use crate::error::Fault;
use crate::metadata;
use crate::raw::wire::{Cursor, put_field, put_text, put_texts, texts, utf8};

/// Tags of the fields within a schema.
pub(crate) mod tag {
    pub(super) const COLUMN: u16 = 0x10;
    pub(super) const NAME: u16 = 0x11;
    pub(super) const TYPE: u16 = 0x12;
    pub(super) const NULLABLE: u16 = 0x13;
    pub(super) const METADATA: u16 = 0x14;
    pub(super) const LEVELS: u16 = 0x15;
    pub(super) const FILE_METADATA: u16 = 0x16;
    pub(super) const IDENTITY: u16 = 0x17;
    pub(super) const NEXT_IDENTITY: u16 = 0x18;

    /// All of them with their names in the specification.
    #[cfg(test)]
    pub(crate) const ALL: &[(u16, &str)] = &[
        (COLUMN, "COLUMN"),
        (NAME, "NAME"),
        (TYPE, "TYPE"),
        (NULLABLE, "NULLABLE"),
        (METADATA, "METADATA"),
        (LEVELS, "LEVELS"),
        (FILE_METADATA, "FILE_METADATA"),
        (IDENTITY, "IDENTITY"),
        (NEXT_IDENTITY, "NEXT_IDENTITY"),
    ];
}

/// A schema as the file keeps it.
#[derive(Clone, Debug)]
pub(crate) struct StoredSchema {
    /// Names, types and metadata.
    pub(crate) schema: Schema,
    /// The levels of each factor; nothing for other columns.
    pub(crate) levels: Vec<Option<Arc<StringArray>>>,
    /// What block heads call each column: its number when it came into the file, and never used for another one.
    pub(crate) ids: Vec<u32>,
    /// The identity of the next column that comes into the file.
    pub(crate) next_id: u32,
}

impl StoredSchema {
    /// A schema whose columns are new.
    pub(crate) fn new(schema: Schema, levels: Vec<Option<Arc<StringArray>>>) -> Self {
        let ids: Vec<u32> = (0..).zip(&levels).map(|(id, _)| id).collect();
        let next_id = ids.last().map_or(0, |id| id.saturating_add(1));
        Self { schema, levels, ids, next_id }
    }
}

/// The type of factors.
pub(crate) fn factor_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// True for the types that the format stores.
pub(crate) fn is_stored(data_type: &DataType) -> bool {
    put_type(&mut Vec::new(), data_type).is_ok()
}

fn unit_code(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    }
}

fn put_type(out: &mut Vec<u8>, data_type: &DataType) -> Result<(), Fault> {
    let code = match data_type {
        DataType::Boolean => 1,
        DataType::Int8 => 2,
        DataType::Int16 => 3,
        DataType::Int32 => 4,
        DataType::Int64 => 5,
        DataType::UInt8 => 6,
        DataType::UInt16 => 7,
        DataType::UInt32 => 8,
        DataType::UInt64 => 9,
        DataType::Float32 => 10,
        DataType::Float64 => 11,
        DataType::Utf8 => 12,
        DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => 13,
        DataType::Date32 => 14,
        DataType::Timestamp(..) => 15,
        DataType::Binary => 16,
        DataType::Decimal128(precision, scale) if is_decimal(*precision, *scale) => 17,
        other => return Err(Fault::new("a type that XDF stores", other)),
    };
    out.push(code);
    if let DataType::Timestamp(unit, zone) = data_type {
        out.push(unit_code(*unit));
        out.extend_from_slice(&[u8::from(zone.is_some()), 0]);
        put_text(out, zone.as_deref().unwrap_or_default())?;
    }
    if let DataType::Decimal128(precision, scale) = data_type {
        out.extend_from_slice(&[*precision, scale.cast_unsigned()]);
    }
    Ok(())
}

/// True for the digits and the scale that a decimal of 128 bits can have.
pub(crate) fn is_decimal(precision: u8, scale: i8) -> bool {
    let most = DECIMAL128_MAX_PRECISION;
    (1..=most).contains(&precision)
        && scale.unsigned_abs() <= most
        && i16::from(scale) <= i16::from(precision)
}

fn parse_type(cursor: &mut Cursor<'_>) -> Result<DataType, Fault> {
    Ok(match cursor.u8()? {
        1 => DataType::Boolean,
        2 => DataType::Int8,
        3 => DataType::Int16,
        4 => DataType::Int32,
        5 => DataType::Int64,
        6 => DataType::UInt8,
        7 => DataType::UInt16,
        8 => DataType::UInt32,
        9 => DataType::UInt64,
        10 => DataType::Float32,
        11 => DataType::Float64,
        12 => DataType::Utf8,
        13 => factor_type(),
        14 => DataType::Date32,
        15 => {
            let unit = match cursor.u8()? {
                0 => TimeUnit::Second,
                1 => TimeUnit::Millisecond,
                2 => TimeUnit::Microsecond,
                3 => TimeUnit::Nanosecond,
                other => return Err(Fault::new("a time unit from 0 to 3", other)),
            };
            let zoned = cursor.u16()? != 0;
            let zone = cursor.text()?;
            DataType::Timestamp(unit, zoned.then(|| Arc::from(zone)))
        }
        16 => DataType::Binary,
        17 => {
            let (precision, scale) = (cursor.u8()?, cursor.u8()?.cast_signed());
            if !is_decimal(precision, scale) {
                return Err(Fault::new(
                    "1 to 38 digits, of which at most as many stand behind the point",
                    format_args!("{precision} digits with scale {scale}"),
                ));
            }
            DataType::Decimal128(precision, scale)
        }
        other => {
            return Err(Fault::unsupported(format!("has a column of the type {other} of a later version")));
        }
    })
}

fn put_entries(
    out: &mut Vec<u8>,
    tag: u16,
    entries: &HashMap<String, String>,
    skip: &[&str],
) -> Result<(), Fault> {
    let mut sorted: Vec<_> = entries.iter().filter(|(key, _)| !skip.contains(&key.as_str())).collect();
    sorted.sort();
    for (key, value) in sorted {
        put_field(out, tag, false, |out| {
            put_text(out, key)?;
            put_text(out, value)
        })?;
    }
    Ok(())
}

/// Appends the schema.
pub(crate) fn put_schema(out: &mut Vec<u8>, stored: &StoredSchema) -> Result<(), Fault> {
    let columns = stored.schema.fields().iter().zip(&stored.levels).zip(&stored.ids);
    for (index, ((field, levels), id)) in columns.enumerate() {
        put_field(out, tag::COLUMN, true, |out| {
            put_field(out, tag::NAME, true, |out| {
                out.extend_from_slice(field.name().as_bytes());
                Ok(())
            })?;
            put_field(out, tag::TYPE, true, |out| put_type(out, field.data_type()))?;
            put_field(out, tag::NULLABLE, false, |out| {
                out.push(u8::from(field.is_nullable()));
                Ok(())
            })?;
            if *id as usize != index {
                put_field(out, tag::IDENTITY, false, |out| {
                    out.extend_from_slice(&id.to_le_bytes());
                    Ok(())
                })?;
            }
            let mut skip = [].as_slice();
            if let Some(levels) = levels {
                skip = &[metadata::LEVELS];
                put_field(out, tag::LEVELS, true, |out| {
                    put_texts(out, levels.iter().map(Option::unwrap_or_default))
                })?;
            }
            put_entries(out, tag::METADATA, field.metadata(), skip)
        })?;
    }
    if stored.next_id != next_identity(&stored.ids)? {
        put_field(out, tag::NEXT_IDENTITY, false, |out| {
            out.extend_from_slice(&stored.next_id.to_le_bytes());
            Ok(())
        })?;
    }
    put_entries(out, tag::FILE_METADATA, stored.schema.metadata(), &[])
}

/// The identity that follows those of all columns.
fn next_identity(ids: &[u32]) -> Result<u32, Fault> {
    let next = ids.iter().max().map_or(Some(0), |id| id.checked_add(1));
    next.ok_or_else(|| Fault::new("identities of columns below 4294967295", u32::MAX))
}

fn parse_entry(entries: &mut HashMap<String, String>, mut cursor: Cursor<'_>) -> Result<(), Fault> {
    let key = cursor.text()?.to_owned();
    entries.insert(key, cursor.text()?.to_owned());
    Ok(())
}

/// Reads what [`put_schema`] wrote.
pub(crate) fn parse_schema(mut cursor: Cursor<'_>) -> Result<StoredSchema, Fault> {
    let mut fields = Vec::new();
    let mut levels = Vec::new();
    let mut ids = Vec::new();
    let mut next_id = 0;
    let mut entries = HashMap::new();
    while let Some(field) = cursor.field()? {
        match field.tag {
            tag::COLUMN => {
                let (column, column_levels, id) = parse_column(field.cursor())?;
                let number = u32::try_from(fields.len());
                let number = number.map_err(|_| Fault::new("fewer than 2^32 columns", fields.len()))?;
                ids.push(id.unwrap_or(number));
                fields.push(column);
                levels.push(column_levels);
            }
            tag::NEXT_IDENTITY => next_id = field.cursor().u32()?,
            tag::FILE_METADATA => parse_entry(&mut entries, field.cursor())?,
            _ => field.skip()?,
        }
    }
    let next_id = next_identity(&ids)?.max(next_id);
    Ok(StoredSchema { schema: Schema::new_with_metadata(fields, entries), levels, ids, next_id })
}

/// A column, its levels, and its identity where that is not its number.
type ParsedColumn = (Field, Option<Arc<StringArray>>, Option<u32>);

fn parse_column(mut cursor: Cursor<'_>) -> Result<ParsedColumn, Fault> {
    let mut id = None;
    let mut name = None;
    let mut data_type = None;
    let mut nullable = true;
    let mut levels = None;
    let mut entries = HashMap::new();
    while let Some(field) = cursor.field()? {
        match field.tag {
            tag::NAME => name = Some(utf8(field.body)?.to_owned()),
            tag::TYPE => data_type = Some(parse_type(&mut field.cursor())?),
            tag::NULLABLE => nullable = field.cursor().u8()? != 0,
            tag::METADATA => parse_entry(&mut entries, field.cursor())?,
            tag::LEVELS => levels = Some(parse_levels(&mut field.cursor())?),
            tag::IDENTITY => id = Some(field.cursor().u32()?),
            _ => field.skip()?,
        }
    }
    let (Some(name), Some(data_type)) = (name, data_type) else {
        return Err(Fault::new("a column with name and type", "one without"));
    };
    let is_factor = matches!(data_type, DataType::Dictionary(..));
    if is_factor != levels.is_some() {
        return Err(Fault::new("levels for a factor and for nothing else", format_args!("column '{name}'")));
    }
    let mut field = Field::new(name, data_type, nullable).with_metadata(entries);
    if let Some(levels) = &levels {
        let texts: Vec<&str> = levels.iter().map(Option::unwrap_or_default).collect();
        field = metadata::set_levels(field, &texts);
    }
    Ok((field, levels, id))
}

fn parse_levels(cursor: &mut Cursor<'_>) -> Result<Arc<StringArray>, Fault> {
    let mut builder = StringBuilder::new();
    let mut bytes = 0_usize;
    texts(cursor, |text| {
        bytes += text.len();
        if i32::try_from(bytes).is_err() {
            return Err(Fault::new("levels of at most 2147483647 bytes", bytes));
        }
        builder.append_value(text);
        Ok(())
    })?;
    Ok(Arc::new(builder.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back() {
        let zone = |zone: &str| Some(Arc::from(zone));
        let types = [
            DataType::Boolean,
            DataType::Int8,
            DataType::Int16,
            DataType::Int32,
            DataType::Int64,
            DataType::UInt8,
            DataType::UInt16,
            DataType::UInt32,
            DataType::UInt64,
            DataType::Float32,
            DataType::Float64,
            DataType::Utf8,
            factor_type(),
            DataType::Date32,
            DataType::Timestamp(TimeUnit::Second, None),
            DataType::Timestamp(TimeUnit::Nanosecond, zone("Europe/Zurich")),
            DataType::Timestamp(TimeUnit::Millisecond, zone("")),
            DataType::Binary,
            DataType::Decimal128(1, 0),
            DataType::Decimal128(38, 38),
            DataType::Decimal128(5, -38),
        ];
        for data_type in types {
            let mut out = Vec::new();
            put_type(&mut out, &data_type).unwrap();
            assert_eq!(parse_type(&mut Cursor::new(&out)).unwrap(), data_type);
        }
        assert!(!is_stored(&DataType::LargeUtf8));
        assert!(parse_type(&mut Cursor::new(&[99])).is_err());
        for (precision, scale) in [(0, 0), (39, 0), (4, 5), (4, -39), (4, i8::MIN)] {
            assert!(!is_stored(&DataType::Decimal128(precision, scale)));
            assert!(parse_type(&mut Cursor::new(&[17, precision, scale.cast_unsigned()])).is_err());
        }
    }

    #[test]
    fn levels_are_stored_once_and_show_as_metadata() {
        let field = metadata::set_levels(Field::new("f", factor_type(), false), &["b", "a"]);
        let field = metadata::set_description(metadata::set_low_high(field, 1.0, 2.0), "text");
        let levels = StringArray::from(vec!["b", "a", "ü"]);
        let schema =
            Schema::new_with_metadata(vec![field], HashMap::from([("k".to_owned(), "v".to_owned())]));
        let stored = StoredSchema::new(schema, vec![Some(Arc::new(levels))]);
        let mut out = Vec::new();
        put_schema(&mut out, &stored).unwrap();
        let back = parse_schema(Cursor::new(&out)).unwrap();
        let field = back.schema.field(0);
        assert_eq!(metadata::levels(field).unwrap(), ["b", "a", "ü"]);
        assert_eq!(metadata::description(field), Some("text"));
        assert_eq!(metadata::low_high(field), Some((1.0, 2.0)));
        assert!(!field.is_nullable());
        assert_eq!(back.schema.metadata()["k"], "v");
        assert_eq!((back.ids, back.next_id), (vec![0], 1));
    }

    #[test]
    fn identities_are_written_only_where_numbers_do_not_tell() {
        let field = |name| Field::new(name, DataType::Int32, true);
        let schema = Schema::new(vec![field("a"), field("b")]);
        let mut stored = StoredSchema::new(schema, vec![None, None]);
        let bytes = |stored: &StoredSchema| {
            let mut out = Vec::new();
            put_schema(&mut out, stored).unwrap();
            out
        };
        let plain = bytes(&stored);
        (stored.ids, stored.next_id) = (vec![0, 5], 7);
        let out = bytes(&stored);
        assert!(out.len() > plain.len());
        let back = parse_schema(Cursor::new(&out)).unwrap();
        assert_eq!((back.ids, back.next_id), (vec![0, 5], 7));
        let back = parse_schema(Cursor::new(&plain)).unwrap();
        assert_eq!((back.ids, back.next_id), (vec![0, 1], 2));
    }
}
