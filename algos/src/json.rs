//! Numbers in JSON: what does not exist is null.

use serde_json::{Value, json};

pub(crate) fn number(x: f64) -> Value {
    serde_json::Number::from_f64(x).map_or(Value::Null, Value::Number)
}

pub(crate) fn numbers(values: &[f64]) -> Value {
    values.iter().map(|&x| number(x)).collect()
}

/// A count: whole where it is.
pub(crate) fn count(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 9e15 { json!(x as i64) } else { number(x) }
}

/// A matrix by rows.
pub(crate) fn matrix(values: &[f64], width: usize) -> Value {
    values.chunks_exact(width.max(1)).map(numbers).collect()
}
