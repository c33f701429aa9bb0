//! Tables in and out by the Arrow C data interface, without copies where the types agree.
//!
//! In: anything with `__arrow_c_stream__` or `__arrow_c_array__` (polars, pyarrow, duckdb, pandas). A stream can be read
//! once and an algorithm may need several passes, so its batches are kept; they share the producer's memory. Out: a
//! table object whose only face is `__arrow_c_stream__`.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{Field, FieldRef, Schema, SchemaRef};
use engine::source::MemorySource;
use engine::{BlockSource, Monitor};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::error::Failure;
use crate::run::Pass;

/// Reads a Python object's stream into a source.
///
/// # Errors
/// When the stream fails, or a column has a type without a counterpart.
pub(crate) fn import(py: Python<'_>, pass: &Pass, data: AnyRecordBatch) -> PyResult<Arc<dyn BlockSource>> {
    let reader = data.into_reader()?;
    let source = pass.run(py, move |_, monitor| collect(reader, monitor))?;
    Ok(Arc::new(source))
}

fn collect(reader: Box<dyn RecordBatchReader + Send>, monitor: &Monitor) -> Result<MemorySource, Failure> {
    let schema = with_order(&reader.schema());
    let mut batches = Vec::new();
    for batch in reader {
        monitor.check()?;
        batches
            .push(batch.map_err(|source| engine::Error::Arrow { doing: "reading the data".into(), source })?);
    }
    Ok(MemorySource::try_new(&schema, batches)?)
}

/// Arrow keeps the order flag of a dictionary in the field; ours stands in the metadata.
pub(crate) fn with_order(schema: &Schema) -> SchemaRef {
    let fields: Vec<FieldRef> = schema
        .fields()
        .iter()
        .map(|field| match field.dict_is_ordered() {
            Some(true) => Arc::new(xdf::metadata::set(Field::clone(field), xdf::metadata::ORDERED, "true")),
            _ => Arc::clone(field),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Hands batches to Python.
///
/// # Errors
/// When a batch is not of the schema.
pub(crate) fn export(schema: &SchemaRef, batches: &[RecordBatch]) -> PyResult<PyTable> {
    // transforms may refine metadata (levels) between the schema that was promised and the batches
    let schema = batches.first().map_or_else(|| Arc::clone(schema), RecordBatch::schema);
    PyTable::try_new(batches.to_vec(), schema)
}
