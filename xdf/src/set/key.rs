//! Values of the key columns of a partitioned set.

use std::cmp::Ordering;
use std::fmt;

use arrow_schema::DataType;
use serde_json::Value;

use crate::Scalar;
use crate::error::Fault;
use crate::factor::Levels;
use crate::raw::schema::factor_type;

/// One value for each key column: the text of a factor's level, dates and timestamps in their own unit; nothing where
/// it is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key(pub Vec<Option<Scalar>>);

impl Key {
    /// The values as a JSON list, as manifests have them: different for different keys.
    pub fn to_json(&self) -> String {
        self.0.iter().map(|value| to_json(value.as_ref())).collect::<Value>().to_string()
    }
}

impl fmt::Display for Key {
    /// The values in parentheses; `missing` where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, value) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match value {
                Some(Scalar::Text(text)) => write!(f, "'{text}'")?,
                Some(value) => value.fmt(f)?,
                None => f.write_str("missing")?,
            }
        }
        f.write_str(")")
    }
}

/// Whether a column of this type can be a key.
pub(super) fn can_be_key(data_type: &DataType) -> bool {
    let others = [DataType::Boolean, DataType::Utf8, DataType::Date32, factor_type()];
    data_type.is_integer() || matches!(data_type, DataType::Timestamp(..)) || others.contains(data_type)
}

/// A value as JSON: null, true, false, a whole number, a text.
pub(super) fn to_json(value: Option<&Scalar>) -> Value {
    match value {
        None => Value::Null,
        Some(Scalar::Bool(value)) => (*value).into(),
        Some(Scalar::Int(value)) => (*value).into(),
        Some(Scalar::UInt(value)) => (*value).into(),
        Some(Scalar::Float(value)) => (*value).into(),
        Some(Scalar::Text(value)) => value.as_str().into(),
        // no key column is of this type
        Some(value @ Scalar::Decimal { .. }) => value.to_string().into(),
    }
}

/// Reads a value of a key column of this type.
pub(super) fn from_json(value: &Value, data_type: &DataType) -> Result<Option<Scalar>, Fault> {
    let scalar = match data_type {
        _ if value.is_null() => return Ok(None),
        DataType::Boolean => value.as_bool().map(Scalar::Bool),
        DataType::Utf8 => value.as_str().map(|text| Scalar::Text(text.to_owned())),
        other if *other == factor_type() => value.as_str().map(|text| Scalar::Text(text.to_owned())),
        other if other.is_unsigned_integer() => value.as_u64().map(Scalar::UInt),
        _ => value.as_i64().map(Scalar::Int),
    };
    scalar.map(Some).ok_or_else(|| Fault::new(format_args!("a key of type {data_type}"), value))
}

/// Whether a value is one of a column of this type.
pub(super) fn fits(value: Option<&Scalar>, data_type: &DataType) -> bool {
    from_json(&to_json(value), data_type).is_ok_and(|read| read.as_ref() == value)
}

/// The order of partitions: column after column; factors in level order, texts by their bytes, missing last.
pub(super) fn order(a: &Key, b: &Key, levels: &[Option<Levels>]) -> Ordering {
    for ((a, b), levels) in a.0.iter().zip(&b.0).zip(levels) {
        let order = match (a, b) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(Scalar::Text(a)), Some(Scalar::Text(b))) if levels.is_some() => {
                let code = |text| levels.as_ref().and_then(|levels| levels.find(text));
                code(a).cmp(&code(b))
            }
            (Some(a), Some(b)) => a.order(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
