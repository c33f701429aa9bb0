//! A data source as Python holds it: a handle on the engine's, cheap to make and to transform.

use std::path::PathBuf;
use std::sync::Arc;

use engine::expr::Expr;
use engine::sink::{MemorySink, SinkOptions, create, transfer};
use engine::source::{Format, OpenOptions, SourceExt, XdfSource, open_with};
use engine::{BlockSink, BlockSource, Compute, Project, SelectRows};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;
use xdf::microsoft::MicrosoftWriteOptions;

use crate::annotate::{self, Annotate, Note};
use crate::error::Failure;
use crate::run::Pass;
use crate::{arrow, describe, text};

/// A data set that can be read any number of times. Methods that change what is read return another one.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Source {
    pub(crate) inner: Arc<dyn BlockSource>,
    /// The file itself, where the source has all rows of one XDF file.
    file: Option<xdf::File>,
}

impl Source {
    fn of(inner: Arc<dyn BlockSource>) -> Self {
        Self { inner, file: None }
    }

    /// Another view of the same rows; what the file says of its blocks still holds.
    fn with_same_rows(&self, inner: Arc<dyn BlockSource>) -> Self {
        Self { inner, file: self.file.clone() }
    }
}

#[pymethods]
impl Source {
    /// Opens files as one source: paths or patterns, and what text files need as JSON.
    #[staticmethod]
    fn open(
        py: Python<'_>,
        paths: Vec<PathBuf>,
        text: Option<&str>,
        as_text: bool,
        pass: Pass,
    ) -> PyResult<Self> {
        let options = OpenOptions {
            text: text.map(text::options).transpose()?.unwrap_or_default(),
            format: as_text.then_some(Format::Text),
        };
        pass.run(py, move |_, _| {
            if !as_text
                && let [path] = paths.as_slice()
                && let Ok(file) = xdf::File::open(path)
            {
                return Ok(Self { inner: Arc::new(XdfSource::from(file.clone())), file: Some(file) });
            }
            Ok(Self::of(open_with(&paths, &options)?))
        })
    }

    /// Takes any object with the Arrow `PyCapsule` interface.
    #[staticmethod]
    fn from_arrow(py: Python<'_>, data: AnyRecordBatch, pass: Pass) -> PyResult<Self> {
        Ok(Self::of(arrow::import(py, &pass, data)?))
    }

    /// Only these columns, in this order.
    fn project(&self, columns: Vec<String>) -> Result<Self, Failure> {
        Ok(self.with_same_rows(Arc::clone(&self.inner).with(Project::new(columns))?))
    }

    /// Only the rows for which the expression is true.
    fn select(&self, expression: &str) -> Result<Self, Failure> {
        let expression = Expr::parse(expression).map_err(engine::Error::from)?;
        Ok(Self::of(Arc::clone(&self.inner).with(SelectRows::new(expression))?))
    }

    /// Columns added or replaced by expressions, in order.
    fn compute(&self, columns: Vec<(String, String)>) -> Result<Self, Failure> {
        let columns = columns
            .into_iter()
            .map(|(name, text)| Ok((name, Expr::parse(&text)?)))
            .collect::<Result<Vec<_>, engine::syntax::SyntaxError>>()
            .map_err(engine::Error::from)?;
        Ok(Self::of(Arc::clone(&self.inner).with(Compute::new(columns))?))
    }

    /// Columns renamed and described.
    fn annotate(&self, notes: Vec<Note>) -> Result<Self, Failure> {
        annotate::check(&notes, &self.inner.schema())?;
        Ok(self.with_same_rows(Arc::clone(&self.inner).with(Annotate::new(notes))?))
    }

    /// Names of the columns, in order.
    fn names(&self) -> Vec<String> {
        self.inner.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// What is known without reading: name, rows, bytes, and for one XDF file its blocks.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        describe::source(py, self.inner.as_ref(), self.file.as_ref())
    }

    /// One dictionary a column: name, types, levels, low and high.
    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        describe::variables(py, self.inner.as_ref())
    }

    /// Reads everything (or the rows of the pass) into a table with `__arrow_c_stream__`.
    fn read(&self, py: Python<'_>, pass: Pass) -> PyResult<PyTable> {
        let source = &self.inner;
        let memory = pass.run(py, |pass, monitor| {
            let info = source.info();
            monitor.start(info.rows, info.bytes);
            let reader = source.open(&pass.scan(monitor))?;
            let schema = reader.schema();
            let mut sink = MemorySink::default();
            for block in reader {
                sink.write(&block?)?;
            }
            Ok(sink.into_source(&schema)?)
        })?;
        arrow::export(&memory.schema(), memory.batches())
    }

    /// Writes everything (or the rows of the pass) to a file of the format that its name asks for; returns its rows.
    /// XDF is Microsoft's container 4.2 where `microsoft` says whether inferred types are allowed.
    #[expect(clippy::too_many_arguments, reason = "one call from Python, which names them")]
    fn write(
        &self,
        py: Python<'_>,
        path: PathBuf,
        level: i32,
        block_rows: Option<usize>,
        overwrite: bool,
        microsoft: Option<bool>,
        pass: Pass,
    ) -> PyResult<u64> {
        let source = &self.inner;
        pass.run(py, |pass, monitor| {
            let microsoft = microsoft_options(microsoft, level, block_rows);
            let mut options = SinkOptions { level, overwrite, microsoft, ..SinkOptions::default() };
            if let Some(rows) = block_rows {
                options.block_rows = rows;
            }
            let info = source.info();
            monitor.start(info.rows, info.bytes);
            let reader = source.open(&pass.scan(monitor))?;
            let sink = create(&path, &reader.schema(), &options)?;
            Ok(transfer(reader, sink)?.rows)
        })
    }
}

/// How an XDF file is written as Microsoft's container 4.2: not at all for `None`, else with inferred types or without.
pub(crate) fn microsoft_options(
    allow_inferred: Option<bool>,
    level: i32,
    block_rows: Option<usize>,
) -> Option<MicrosoftWriteOptions> {
    let mut options = MicrosoftWriteOptions::default().with_allow_inferred(allow_inferred?);
    options.level = u32::try_from(level).ok();
    options.block_rows = block_rows;
    Some(options)
}
