//! Any text either parses or is refused; what binds to a table evaluates to one value a row or to an error.
#![no_main]

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use engine::expr::Expr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expr::parse(text) else { return };
    let schema = Arc::new(Schema::new(vec![
        Field::new("x", DataType::Float64, true),
        Field::new("n", DataType::Int32, true),
        Field::new("s", DataType::Utf8, true),
        Field::new("b", DataType::Boolean, true),
    ]));
    let Ok(bound) = expression.bind(&schema) else { return };
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN)])),
            Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(0), None])),
            Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ],
    )
    .expect("a table");
    if let Ok(values) = bound.evaluate(&batch) {
        assert_eq!(values.len(), 3);
    }
});
