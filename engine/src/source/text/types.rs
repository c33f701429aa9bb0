//! Names of types, as people write them: those of `column_classes` in revoscalepy, Arrow's, and the usual others.

use arrow_schema::{DataType, TimeUnit};

use super::TextError;
use crate::factor::{factor_type, is_block_type, is_factor};

const KNOWN: &str = "bool, int8, int16, int32 (integer), int64, uint8, uint16, uint32, uint64, float32, float64 \
                     (numeric), string (character), factor, date, timestamp";

/// The type that a name means: `integer`, `numeric`, `character`, `factor`, `Date`, `POSIXct`, `int16`, `float32`, ...
///
/// # Errors
/// [`TextError::UnknownType`].
pub fn parse_type(name: &str) -> Result<DataType, TextError> {
    Ok(match name.trim().to_ascii_lowercase().as_str() {
        "bool" | "boolean" | "logical" => DataType::Boolean,
        "int8" => DataType::Int8,
        "int16" | "short" => DataType::Int16,
        "int32" | "integer" | "int" => DataType::Int32,
        "int64" | "long" | "bigint" => DataType::Int64,
        "uint8" | "uchar" => DataType::UInt8,
        "uint16" | "ushort" => DataType::UInt16,
        "uint32" | "uint" => DataType::UInt32,
        "uint64" | "ulong" => DataType::UInt64,
        "float32" | "float" | "single" => DataType::Float32,
        "float64" | "double" | "numeric" | "number" => DataType::Float64,
        "string" | "str" | "character" | "text" | "utf8" => DataType::Utf8,
        "factor" | "ordered" | "category" | "categorical" => factor_type(),
        "date" | "date32" => DataType::Date32,
        "timestamp" | "datetime" | "posixct" | "timestamp[us]" => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        "timestamptz" => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        "timestamp[s]" => DataType::Timestamp(TimeUnit::Second, None),
        "timestamp[ms]" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "timestamp[ns]" => DataType::Timestamp(TimeUnit::Nanosecond, None),
        _ => return Err(TextError::UnknownType { name: name.to_owned(), known: KNOWN }),
    })
}

/// The name by which [`parse_type`] knows a type.
pub fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "bool",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        DataType::Date32 => "date",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp",
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamptz",
        DataType::Timestamp(TimeUnit::Second, _) => "timestamp[s]",
        DataType::Timestamp(TimeUnit::Millisecond, _) => "timestamp[ms]",
        DataType::Timestamp(TimeUnit::Nanosecond, _) => "timestamp[ns]",
        DataType::Dictionary(..) => "factor",
        DataType::Binary => "binary",
        DataType::Decimal128(..) => "decimal",
        _ => "string",
    }
}

/// A type in words, for messages: "'x' is not ...".
pub(crate) fn described(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "a logical value (true or false)".into(),
        DataType::Date32 => "a date (such as 2020-01-31)".into(),
        DataType::Timestamp(_, None) => "a timestamp (such as 2020-01-31 23:59:59.5)".into(),
        DataType::Timestamp(_, Some(_)) => {
            "a timestamp with its offset (such as 2020-01-31T23:59:59Z)".into()
        }
        DataType::Float32 | DataType::Float64 => format!("a number ({})", type_name(data_type)),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            format!("an integer ({})", type_name(data_type))
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            format!("an integer of at least 0 ({})", type_name(data_type))
        }
        other if is_factor(other) => "one of the factor's levels".into(),
        _ => "a text".into(),
    }
}

/// Whether text can be read as a type.
///
/// # Errors
/// [`TextError::UnknownType`] when not.
pub(crate) fn readable(data_type: &DataType) -> Result<(), TextError> {
    if is_block_type(data_type) {
        return Ok(());
    }
    Err(TextError::UnknownType { name: data_type.to_string(), known: KNOWN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        for name in KNOWN.split(", ") {
            let short = name.split(' ').next().unwrap();
            let data_type = parse_type(short).unwrap();
            assert_eq!(type_name(&data_type), short);
            readable(&data_type).unwrap();
        }
        assert_eq!(parse_type("POSIXct").unwrap(), DataType::Timestamp(TimeUnit::Microsecond, None));
        assert!(parse_type("complex").unwrap_err().to_string().contains("float64"));
    }
}
