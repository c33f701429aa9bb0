//! Predictions: into a table, or into a file without passing through memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use algos::model::Model;
use algos::predict::{PredictOptions, output_schema, run};
use arrow_array::RecordBatch;
use engine::sink::{SinkOptions, Written, create};
use engine::{Block, BlockSink};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow;
use crate::error::Failure;
use crate::glm::GlmModel;
use crate::grouping::{Classifier, Clusters};
use crate::linmod::LinearModel;
use crate::run::Pass;
use crate::source::{Source, microsoft_options};

/// A fitted model of any kind.
#[derive(FromPyObject)]
pub(crate) enum Fitted {
    Linear(Py<LinearModel>),
    Glm(Py<GlmModel>),
    Clusters(Py<Clusters>),
    Classifier(Py<Classifier>),
}

impl Fitted {
    fn get(&self) -> &dyn Model {
        match self {
            Self::Linear(model) => &model.get().0,
            Self::Glm(model) => &model.get().0,
            Self::Clusters(model) => &model.get().0,
            Self::Classifier(model) => &model.get().0,
        }
    }
}

/// Predicts all rows of a source into a table.
#[pyfunction]
pub(crate) fn predict(
    py: Python<'_>,
    model: Fitted,
    source: &Source,
    prediction: &str,
    pass: Pass,
) -> PyResult<PyTable> {
    let options = options(prediction)?;
    let kept = Kept::default();
    let schema = pass.run(py, |pass, monitor| {
        let source = source.inner.as_ref();
        let schema = output_schema(model.get(), &source.schema(), &options)?;
        let sink = kept.clone();
        run(model.get(), source, &pass.scan(monitor), &pass.executor(), &options, |_| Ok(Box::new(sink)))?;
        Ok(schema)
    })?;
    let batches = std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner));
    arrow::export(&schema, &batches)
}

/// Predicts all rows of a source into a file of the format that its name asks for; returns its rows.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "one call from Python, which names them")]
pub(crate) fn predict_to(
    py: Python<'_>,
    model: Fitted,
    source: &Source,
    prediction: &str,
    path: PathBuf,
    level: i32,
    overwrite: bool,
    microsoft: Option<bool>,
    pass: Pass,
) -> PyResult<u64> {
    let options = options(prediction)?;
    let microsoft = microsoft_options(microsoft, level, None);
    let files = SinkOptions { level, overwrite, microsoft, ..SinkOptions::default() };
    pass.run(py, |pass, monitor| {
        let source = source.inner.as_ref();
        let make = |schema: &_| create(&path, schema, &files);
        let report = run(model.get(), source, &pass.scan(monitor), &pass.executor(), &options, make)?;
        Ok(report.written.rows)
    })
}

fn options(prediction: &str) -> Result<PredictOptions, Failure> {
    serde_json::from_str(prediction).map_err(|error| Failure::Value(error.to_string()))
}

/// A sink whose batches can be taken out after it was consumed.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<RecordBatch>>>);

impl BlockSink for Kept {
    fn write(&mut self, block: &Block) -> engine::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block.batch.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> engine::Result<Written> {
        let batches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        Ok(Written { rows, blocks: batches.len() as u64, bytes: 0 })
    }
}
