//! A variable as `rx_get_var_info` describes it.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::{DataType, Field};
use serde::Serialize;
use serde_json::Value;
use xdf::{ColumnStatistics, Scalar, metadata};

/// Characters of a line that the levels of a factor may fill.
const WIDTH: usize = 90;

/// The description of a variable; the JSON keys are those of `rx_get_var_info`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variable {
    var_type: &'static str,
    storage: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_info_codes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_info_labels: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<u64>,
}

impl Variable {
    /// Describes a column from its field and, where they are stored, its statistics.
    pub(crate) fn new(field: &Field, statistics: Option<&ColumnStatistics>) -> Self {
        let data_type = field.data_type();
        let is_factor = engine::factor::is_factor(data_type);
        let (low, high) = if is_factor { (None, None) } else { range(field, statistics) };
        let labels = field.metadata().get(metadata::VALUE_LABELS);
        let labels =
            labels.and_then(|text| serde_json::from_str::<serde_json::Map<String, Value>>(text).ok());
        let (codes, labels) = match labels {
            Some(labels) => {
                (Some(labels.keys().cloned().collect()), Some(labels.values().cloned().collect()))
            }
            None => (None, None),
        };
        let stored = field.metadata().get(metadata::STORAGE).cloned();
        Self {
            var_type: if is_factor && metadata::is_ordered(field) { "ordered" } else { type_name(data_type) },
            storage: stored.unwrap_or_else(|| storage(data_type)),
            description: metadata::description(field).map(ToOwned::to_owned),
            units: field.metadata().get(metadata::UNITS).cloned(),
            low,
            high,
            levels: if is_factor { metadata::levels(field) } else { None },
            value_info_codes: codes,
            value_info_labels: labels,
            missing: statistics.map(|statistics| statistics.missing),
        }
    }

    /// The lines that `rx_get_info` prints for variable `number` (from 1).
    pub(crate) fn text(&self, number: usize, name: &str) -> String {
        let mut text = format!("Var {number}: {name}");
        if let Some(description) = &self.description {
            let _ = write!(text, ", {description}\n       ");
        } else {
            text.push_str(", ");
        }
        if self.var_type == "factor" || self.var_type == "ordered" {
            let count =
                self.levels.as_ref().map_or_else(|| "unknown".to_owned(), |levels| levels.len().to_string());
            let kind = if self.var_type == "ordered" { "ordered factor" } else { "factor" };
            // without a description the levels follow on a line of their own, as in R
            text.truncate(text.trim_end().trim_end_matches(',').len());
            let _ = write!(text, "\n       {count} {kind} levels{}", self.shown_levels());
        } else {
            let _ = write!(text, "Type: {}, Storage: {}", self.var_type, self.storage);
            if let (Some(low), Some(high)) = (&self.low, &self.high) {
                let _ = write!(text, ", Low/High: ({}, {})", shown(low), shown(high));
            }
        }
        if let Some(units) = &self.units {
            let _ = write!(text, "\n       Units: {units}");
        }
        if let (Some(codes), Some(labels)) = (&self.value_info_codes, &self.value_info_labels) {
            let pairs = codes.iter().zip(labels).map(|(code, label)| format!("{code}={}", shown(label)));
            let _ = write!(text, "\n       Value labels: {}", pairs.collect::<Vec<_>>().join(" "));
        }
        text.push('\n');
        text
    }

    fn shown_levels(&self) -> String {
        let Some(levels) = &self.levels else { return String::new() };
        let mut text = String::from(":");
        for level in levels {
            if text.chars().count() + level.chars().count() > WIDTH {
                text.push_str(" ...");
                break;
            }
            text.push(' ');
            text.push_str(level);
        }
        text
    }
}

/// The name of a type in R and revoscalepy.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "logical",
        DataType::Float32 | DataType::Float64 => "numeric",
        DataType::Utf8 => "character",
        DataType::Date32 => "Date",
        DataType::Timestamp(..) => "POSIXct",
        DataType::Dictionary(..) => "factor",
        _ => "integer",
    }
}

/// The name of the stored type.
fn storage(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "bool".into(),
        DataType::Utf8 => "string".into(),
        DataType::Date32 | DataType::Dictionary(..) => "int32".into(),
        DataType::Timestamp(..) => "int64".into(),
        other => other.to_string().to_ascii_lowercase(),
    }
}

/// Low and high: as they are stored with the variable, else the smallest and largest value.
fn range(field: &Field, statistics: Option<&ColumnStatistics>) -> (Option<Value>, Option<Value>) {
    if let Some((low, high)) = metadata::low_high(field) {
        let value = |number: f64| {
            if field.data_type().is_integer() && number.fract() == 0.0 && number.abs() < 9e15 {
                Value::from(number as i64)
            } else {
                float_value(number)
            }
        };
        return (Some(value(low)), Some(value(high)));
    }
    let value = |scalar: &Scalar| scalar_value(field.data_type(), scalar);
    let statistic = |pick: fn(&ColumnStatistics) -> Option<&Scalar>| statistics.and_then(pick).map(value);
    (statistic(|statistics| statistics.min.as_ref()), statistic(|statistics| statistics.max.as_ref()))
}

/// A value of a column of this type as JSON: dates and times as texts, as are infinite numbers, which JSON lacks.
pub(crate) fn scalar_value(data_type: &DataType, scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Bool(value) => Value::from(*value),
        Scalar::Int(value) => moment(data_type, *value).map_or_else(|| Value::from(*value), Value::from),
        Scalar::UInt(value) => Value::from(*value),
        Scalar::Float(value) => float_value(*value),
        other => Value::from(other.to_string()),
    }
}

fn float_value(number: f64) -> Value {
    match number {
        f64::INFINITY => Value::from("Inf"),
        f64::NEG_INFINITY => Value::from("-Inf"),
        finite => Value::from(finite),
    }
}

/// The text of a date or a timestamp, which statistics store as the integer that it is.
fn moment(data_type: &DataType, value: i64) -> Option<String> {
    if !data_type.is_temporal() {
        return None;
    }
    let array: ArrayRef = Arc::new(Int64Array::from(vec![value]));
    let array = match data_type {
        DataType::Date32 => arrow_cast::cast(&array, &DataType::Int32).ok()?,
        _ => array,
    };
    let moment = arrow_cast::cast(&array, data_type).ok()?;
    arrow_cast::display::array_value_to_string(&moment, 0).ok()
}

/// A low, a high or a label, for people: decimals as RevoScaleR prints them.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => format!("{:.4}", number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_print_as_in_revoscaler() {
        let field = metadata::set_low_high(Field::new("ArrDelay", DataType::Int32, true), -86.0, 1490.0);
        let text = Variable::new(&field, None).text(1, "ArrDelay");
        assert_eq!(text, "Var 1: ArrDelay, Type: integer, Storage: int32, Low/High: (-86, 1490)\n");
        let field = metadata::set_low_high(Field::new("t", DataType::Float32, true), 0.016_667, 23.983_33);
        let text = Variable::new(&field, None).text(2, "CRSDepTime");
        assert_eq!(text, "Var 2: CRSDepTime, Type: numeric, Storage: float32, Low/High: (0.0167, 23.9833)\n");
        let field = Field::new("DayOfWeek", engine::factor::factor_type(), true);
        let field = metadata::set_levels(field, &["Monday", "Tuesday"]);
        let text = Variable::new(&field, None).text(3, "DayOfWeek");
        assert_eq!(text, "Var 3: DayOfWeek\n       2 factor levels: Monday Tuesday\n");
        let field = metadata::set_description(field, "day of the week");
        let text = Variable::new(&field, None).text(3, "DayOfWeek");
        assert_eq!(text, "Var 3: DayOfWeek, day of the week\n       2 factor levels: Monday Tuesday\n");
    }

    #[test]
    fn dates_have_ranges_that_are_dates() {
        let field = Field::new("d", DataType::Date32, true);
        let mut statistics = ColumnStatistics::default();
        statistics.rows = 2;
        statistics.min = Some(Scalar::Int(0));
        statistics.max = Some(Scalar::Int(11_016));
        let text = Variable::new(&field, Some(&statistics)).text(1, "d");
        assert_eq!(text, "Var 1: d, Type: Date, Storage: int32, Low/High: (1970-01-01, 2000-02-29)\n");
    }
}
