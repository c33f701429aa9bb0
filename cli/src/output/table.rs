//! Tables: columns aligned, numbers to the right.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use comfy_table::{CellAlignment, ContentArrangement, presets};
use serde_json::Value;

/// Significant digits of decimal numbers, as R prints them.
const DIGITS: usize = 7;

/// Rows of texts under a header.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table with these column names.
    pub(crate) fn new<S: ToString>(header: impl IntoIterator<Item = S>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header.into_iter().map(|name| name.to_string()).collect::<Vec<_>>());
        Self(table)
    }

    /// Adds a row.
    pub(crate) fn row<S: ToString>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.0.add_row(cells.into_iter().map(|cell| cell.to_string()).collect::<Vec<_>>());
    }

    /// The text, with all columns for which `right` holds aligned to the right.
    pub(crate) fn text(mut self, right: impl Fn(usize) -> bool) -> String {
        for (index, column) in self.0.column_iter_mut().enumerate() {
            column.set_padding((0, 1));
            if right(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.0.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

/// Whether values of a type are aligned to the right.
pub(crate) fn is_right(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// The values of a column as texts in one format; missing ones are `NA`.
pub(crate) fn cell_texts(array: &ArrayRef) -> anyhow::Result<Vec<String>> {
    let floats: Option<Vec<Option<f64>>> = match array.data_type() {
        DataType::Float64 => Some(array.as_primitive::<Float64Type>().iter().collect()),
        DataType::Float32 => {
            Some(array.as_primitive::<Float32Type>().iter().map(|value| value.map(f64::from)).collect())
        }
        _ => None,
    };
    if let Some(floats) = floats {
        let texts = algos::summary::format_r(&floats, DIGITS);
        return Ok(texts.into_iter().map(|text| text.trim_start().to_owned()).collect());
    }
    let options = FormatOptions::default().with_null("NA");
    let formatter = ArrayFormatter::try_new(array, &options)?;
    let text = |row| {
        let text = formatter.value(row).to_string();
        match array.data_type() {
            DataType::Boolean if array.is_valid(row) => text.to_uppercase(),
            _ => text,
        }
    };
    Ok((0..array.len()).map(text).collect())
}

/// One value as JSON: numbers and logicals as such, everything else as text, missing as null.
pub(crate) fn cell_value(array: &ArrayRef, row: usize) -> anyhow::Result<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Float64 => Value::from(array.as_primitive::<Float64Type>().value(row)),
        // the shortest decimal that is this float32, not the nearest float64
        DataType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(row);
            value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
        }
        data_type => {
            let text = arrow_cast::display::array_value_to_string(array, row)?;
            if data_type.is_integer() {
                text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from))?
            } else {
                Value::String(text)
            }
        }
    })
}
