//! Python functions as functions of chunks.
//!
//! A pass runs without the interpreter; a function of the caller needs it, so each call takes it for as long as the call
//! lasts. An exception travels through the engine as it is and comes out with its traceback.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use engine::source::MemorySource;
use engine::{Block, ChunkFunction, Error};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::arrow;

/// A function that calls `callable` with a table, the number of the chunk from 0, and the row, from 0, at which it
/// starts. It returns an object with the Arrow `PyCapsule` interface, or `None`.
pub(crate) fn chunk_function(callable: Py<PyAny>) -> Arc<ChunkFunction> {
    Arc::new(move |block: &Block| {
        Python::attach(|py| call(py, &callable, block)).map_err(|exception| Error::Upper(Box::new(exception)))
    })
}

fn call(py: Python<'_>, callable: &Py<PyAny>, block: &Block) -> PyResult<Option<RecordBatch>> {
    let table = arrow::export(&block.batch.schema(), std::slice::from_ref(&block.batch))?;
    let result = callable.call1(py, (table, block.index, block.start_row))?;
    if result.is_none(py) {
        return Ok(None);
    }
    let reader = result.extract::<AnyRecordBatch>(py)?.into_reader()?;
    joined(reader).map(Some).map_err(|error| crate::error::Failure::from(error).into())
}

/// One batch of all that a stream has, in the engine's types.
fn joined(reader: Box<dyn RecordBatchReader + Send>) -> engine::Result<RecordBatch> {
    let schema = arrow::with_order(&reader.schema());
    let batches = reader.collect::<Result<Vec<_>, _>>();
    let batches = batches
        .map_err(|source| Error::Arrow { doing: "taking over what the function returns".into(), source })?;
    let memory = MemorySource::try_new(&schema, batches)?;
    engine::factor::concat(&engine::BlockSource::schema(&memory), memory.batches())
}
