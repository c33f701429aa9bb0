//! One pass over a source, a block at a time, in the hands of Python.

use std::sync::{Mutex, PoisonError};

use arrow_schema::SchemaRef;
use engine::{BlockReader, BlockSource};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow;
use crate::run::Pass;

/// Blocks in order; made by `Source.reader`.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Reader {
    blocks: Mutex<Option<BlockReader>>,
    schema: SchemaRef,
}

impl Reader {
    pub(crate) fn open(py: Python<'_>, source: &dyn BlockSource, pass: &Pass) -> PyResult<Self> {
        let blocks = pass.run(py, |pass, monitor| Ok(source.open(&pass.scan(monitor))?))?;
        Ok(Self { schema: blocks.schema(), blocks: Mutex::new(Some(blocks)) })
    }
}

#[pymethods]
impl Reader {
    /// The next block and the row, from 0, at which it starts; `None` at the end.
    fn next(&self, py: Python<'_>, pass: Pass) -> PyResult<Option<(PyTable, u64)>> {
        let block = pass.run(py, |_, _| {
            let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(match blocks.as_mut() {
                None => Err(PyValueError::new_err("the data source is closed; open it first")),
                Some(blocks) => Ok(blocks.next().transpose()?),
            })
        })??;
        block
            .map(|block| {
                Ok((arrow::export(&self.schema, std::slice::from_ref(&block.batch))?, block.start_row))
            })
            .transpose()
    }

    /// Ends the pass.
    fn close(&self, py: Python<'_>) {
        // a thread that reads ahead may wait for the interpreter
        py.detach(|| drop(self.blocks.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        Python::attach(|py| self.close(py));
    }
}
