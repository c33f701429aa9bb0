//! What may be said about a file and its columns: the metadata keys of the format have rules, all others have none.

use arrow_schema::{Field, Schema};

use crate::metadata;

/// Sets or removes a key of a column's metadata; what is wrong with it otherwise.
pub(crate) fn set_column(field: &Field, key: &str, value: Option<&str>) -> Result<Field, String> {
    if let Some(value) = value {
        check_column(field, key, value)?;
    } else if key == metadata::LEVELS {
        return Err(levels_are_set_elsewhere(field));
    }
    let mut entries = field.metadata().clone();
    match value {
        Some(value) => entries.insert(key.to_owned(), value.to_owned()),
        None => entries.remove(key),
    };
    Ok(field.clone().with_metadata(entries))
}

fn levels_are_set_elsewhere(field: &Field) -> String {
    format!("the levels of '{}' are not metadata; rename them with set_levels", field.name())
}

fn check_column(field: &Field, key: &str, value: &str) -> Result<(), String> {
    let name = field.name();
    match key {
        metadata::LOW | metadata::HIGH if value.parse::<f64>().is_ok_and(|v| !v.is_nan()) => Ok(()),
        metadata::LOW | metadata::HIGH => {
            Err(format!("low and high of '{name}' must be numbers, got '{value}'"))
        }
        metadata::LEVELS => Err(levels_are_set_elsewhere(field)),
        metadata::ORDERED if !matches!(field.data_type(), arrow_schema::DataType::Dictionary(..)) => {
            Err(format!("'{name}' is {}; only factors are ordered", field.data_type()))
        }
        metadata::ORDERED if !matches!(value, "true" | "false") => {
            Err(format!("whether '{name}' is ordered must be 'true' or 'false', got '{value}'"))
        }
        metadata::VALUE_LABELS => {
            let object = serde_json::from_str::<std::collections::BTreeMap<String, String>>(value);
            object.map(|_| ()).map_err(|e| {
                format!(
                    "value labels of '{name}' must be a JSON object of texts, such as {{\"1\": \"yes\"}}: {e}"
                )
            })
        }
        metadata::DESCRIPTION | metadata::UNITS | metadata::STORAGE | metadata::ORDERED => Ok(()),
        other if other.starts_with("xdf.") => {
            Err(format!("'{other}' is no key of the format; keys that begin with 'xdf.' are reserved"))
        }
        _ => Ok(()),
    }
}

/// Sets or removes a key of the file's own metadata; what is wrong with it otherwise.
pub(crate) fn set_file(schema: &mut Schema, key: &str, value: Option<&str>) -> Result<(), String> {
    if let Some(value) = value {
        if key == metadata::ROW_NAMES {
            if schema.field_with_name(value).is_err() {
                return Err(format!("there is no column '{value}' that could hold the row names"));
            }
        } else if key.starts_with("xdf.") && !schema.metadata.contains_key(key) {
            return Err(format!("'{key}' is no key of the format; keys that begin with 'xdf.' are reserved"));
        }
        schema.metadata.insert(key.to_owned(), value.to_owned());
    } else {
        schema.metadata.remove(key);
    }
    Ok(())
}

/// The field with low and high that hold these values too; unchanged when it states none, or they are no numbers.
pub(crate) fn widened(field: &Field, smallest: f64, largest: f64) -> Field {
    let Some((low, high)) = metadata::low_high(field) else { return field.clone() };
    if smallest >= low && largest <= high {
        return field.clone();
    }
    metadata::set_low_high(field.clone(), low.min(smallest), high.max(largest))
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn keys_of_the_format_have_rules() {
        let number = Field::new("x", DataType::Int32, true);
        for (key, good, bad) in [
            (metadata::LOW, "-1.5e3", "low"),
            (metadata::HIGH, "7", "NaN"),
            (metadata::VALUE_LABELS, r#"{"1": "yes"}"#, "1=yes"),
        ] {
            assert_eq!(set_column(&number, key, Some(good)).unwrap().metadata()[key], good);
            assert!(set_column(&number, key, Some(bad)).unwrap_err().contains("'x'"));
        }
        for (key, value) in [(metadata::ORDERED, "true"), (metadata::LEVELS, "[]"), ("xdf.other", "")] {
            assert!(set_column(&number, key, Some(value)).is_err(), "{key}");
        }
        let field = set_column(&number, "mine", Some("any")).unwrap();
        assert!(set_column(&field, "mine", None).unwrap().metadata().is_empty());
    }

    #[test]
    fn low_and_high_only_grow() {
        let field = metadata::set_low_high(Field::new("x", DataType::Float64, true), 0.0, 10.0);
        assert_eq!(metadata::low_high(&widened(&field, 3.0, 10.0)), Some((0.0, 10.0)));
        assert_eq!(metadata::low_high(&widened(&field, -2.5, 4.0)), Some((-2.5, 10.0)));
        assert_eq!(metadata::low_high(&widened(&field, 3.0, 11.0)), Some((0.0, 11.0)));
        let plain = Field::new("x", DataType::Float64, true);
        assert_eq!(widened(&plain, 0.0, 1.0), plain);
    }
}
