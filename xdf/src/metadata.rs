//! What a variable carries beside its values: description, levels, value labels, low and high.
//!
//! Arrow has one place for this, the string map of a [`Field`]; XDF uses it instead of a schema type of its own.
//! Keys that belong to the format begin with `xdf.`; every other key is the user's and is kept as it is.
//! Lists are JSON, because every language reads that.

use std::collections::HashMap;

use arrow_schema::Field;

/// Text that describes the variable.
pub const DESCRIPTION: &str = "xdf.description";
/// Decimal text of the stored lowest value.
pub const LOW: &str = "xdf.low";
/// Decimal text of the stored highest value.
pub const HIGH: &str = "xdf.high";
/// JSON array of all level texts of a factor, in level order.
pub const LEVELS: &str = "xdf.levels";
/// "true" for an ordered factor.
pub const ORDERED: &str = "xdf.ordered";
/// Unit of measurement.
pub const UNITS: &str = "xdf.units";
/// JSON object from code to label.
pub const VALUE_LABELS: &str = "xdf.value_labels";
/// Microsoft's storage name where it differs from the Arrow type.
pub const STORAGE: &str = "xdf.storage";
/// Key of the schema's own metadata: name of the column that holds the row names.
pub const ROW_NAMES: &str = "xdf.row_names";

/// What a Microsoft file says beyond this schema, as JSON, on fields and on the schema itself; for writing it again.
pub const MICROSOFT: &str = "xdf.microsoft";

/// The description of a variable.
pub fn description(field: &Field) -> Option<&str> {
    field.metadata().get(DESCRIPTION).map(String::as_str)
}

/// The stored low and high of a variable, when both are there and are numbers.
pub fn low_high(field: &Field) -> Option<(f64, f64)> {
    let number = |key| field.metadata().get(key)?.parse::<f64>().ok();
    Some((number(LOW)?, number(HIGH)?))
}

/// All levels of a factor in level order, when the field states them.
pub fn levels(field: &Field) -> Option<Vec<String>> {
    serde_json::from_str(field.metadata().get(LEVELS)?).ok()
}

/// True when the field is an ordered factor.
pub fn is_ordered(field: &Field) -> bool {
    field.metadata().get(ORDERED).is_some_and(|v| v == "true")
}

/// The field with these factor levels.
pub fn set_levels<S: AsRef<str>>(field: Field, levels: &[S]) -> Field {
    let texts: Vec<&str> = levels.iter().map(AsRef::as_ref).collect();
    // Texts always become JSON.
    set(field, LEVELS, serde_json::to_string(&texts).unwrap_or_default())
}

/// The field with this description.
pub fn set_description(field: Field, text: impl Into<String>) -> Field {
    set(field, DESCRIPTION, text)
}

/// The field with this stored low and high.
pub fn set_low_high(field: Field, low: f64, high: f64) -> Field {
    set(set(field, LOW, low.to_string()), HIGH, high.to_string())
}

/// The field with one more metadata entry; an entry of the same key is replaced.
pub fn set(field: Field, key: &str, value: impl Into<String>) -> Field {
    let mut entries: HashMap<String, String> = field.metadata().clone();
    entries.insert(key.to_owned(), value.into());
    field.with_metadata(entries)
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn levels_survive_quotes_and_other_alphabets() {
        let field = Field::new("x", DataType::Int32, true);
        let texts = ["", "a\"b", "Zürich", "日本", "tab\t"];
        let field = set_levels(field, &texts);
        assert_eq!(levels(&field).unwrap(), texts);
    }

    #[test]
    fn low_and_high_come_back_exactly() {
        let field = set_low_high(Field::new("x", DataType::Float64, true), 0.1 + 0.2, f64::MAX);
        assert_eq!(low_high(&field), Some((0.1 + 0.2, f64::MAX)));
    }
}
