//! A data source as Python holds it: a handle on the engine's, cheap to make and to transform.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::expr::Expr;
use engine::sink::text::TextSinkOptions;
use engine::sink::{
    DEFAULT_BLOCKS_PER_PART, MemorySink, PartitionOptions, PartitionSink, SinkOptions, create, transfer,
};
use engine::source::text::parse_type;
use engine::source::{
    Format, OpenOptions, RowsSource, SourceExt, Wanted, XdfSetSource, XdfSource, open_with, retype,
};
use engine::{BlockSink, BlockSource, CallOptions, Called, Compute, DEFAULT_BLOCK_ROWS, Project, SelectRows};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;
use xdf::microsoft::MicrosoftWriteOptions;

use crate::annotate::{self, Annotate, Note};
use crate::error::Failure;
use crate::in_database::{InDatabase, Step};
use crate::reader::Reader;
use crate::run::Pass;
use crate::{arrow, call, describe, edit, text};

/// A data set that can be read any number of times. Methods that change what is read return another one.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Source {
    pub(crate) inner: Arc<dyn BlockSource>,
    /// What is stored, where the source has all its rows.
    stored: Option<Stored>,
    /// Of rows that are to stay in their database: how sums over them are asked for, or why they cannot be.
    pub(crate) database: Option<Result<InDatabase, &'static str>>,
}

/// One XDF file, or a set of them.
#[derive(Clone)]
pub(crate) enum Stored {
    File(xdf::File),
    Set(xdf::Set),
}

impl Stored {
    /// What a path leads to, if that is XDF.
    fn open(path: &Path) -> Result<Option<Self>, Failure> {
        if xdf::Set::recognises(path) {
            return Ok(Some(Self::Set(xdf::Set::open(path)?)));
        }
        Ok(xdf::File::open(path).ok().map(Self::File))
    }

    fn source(&self) -> Arc<dyn BlockSource> {
        match self {
            Self::File(file) => Arc::new(XdfSource::from(file.clone())),
            Self::Set(set) => Arc::new(XdfSetSource::from(set.clone())),
        }
    }
}

impl Source {
    pub(crate) fn of(inner: Arc<dyn BlockSource>) -> Self {
        Self { inner, stored: None, database: None }
    }

    /// The same rows, which stay in their database.
    pub(crate) fn staying(self, database: InDatabase) -> Self {
        Self { database: Some(Ok(database)), ..self }
    }

    /// Another view of the rows, which the database can still add up when it does these steps.
    fn followed(&self, source: Self, steps: Result<Vec<Step>, &'static str>) -> Self {
        let database = self.database.clone().map(|database| Ok(database?.with(steps?)));
        Self { database, ..source }
    }

    /// Another view of the same rows; what is known of their blocks still holds.
    fn with_same_rows(&self, inner: Arc<dyn BlockSource>) -> Self {
        Self { inner, stored: self.stored.clone(), database: None }
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
                && let Some(stored) = Stored::open(path)?
            {
                return Ok(Self { inner: stored.source(), stored: Some(stored), database: None });
            }
            Ok(Self::of(open_with(&paths, &options)?))
        })
    }

    /// Takes any object with the Arrow `PyCapsule` interface.
    #[staticmethod]
    fn from_arrow(py: Python<'_>, data: AnyRecordBatch, pass: Pass) -> PyResult<Self> {
        Ok(Self::of(arrow::import(py, &pass, data)?))
    }

    /// The partitions of a partitioned set: a table of the values of the key columns, and the name of each partition.
    fn partitions(&self) -> PyResult<(PyTable, Vec<String>)> {
        let set = self.set()?;
        let keys = engine::partition_keys(set).map_err(Failure::from)?;
        let names = set.partitions().iter().map(|partition| partition.key.to_json()).collect();
        Ok((arrow::export(&keys.schema(), std::slice::from_ref(&keys))?, names))
    }

    /// The partition of a name.
    fn partition(&self, name: &str) -> PyResult<Self> {
        let set = self.set()?;
        let found = set.partitions().into_iter().find(|partition| partition.key.to_json() == name);
        let Some(found) = found else {
            let problem = format!("'{}' has no partition {name} any more", set.path().display());
            return Err(PyValueError::new_err(problem));
        };
        let set = set.partition(&found.key).map_err(Failure::from)?;
        let stored = Stored::Set(set);
        Ok(Self { inner: stored.source(), stored: Some(stored), database: None })
    }

    /// Only these columns, in this order.
    fn project(&self, columns: Vec<String>) -> Result<Self, Failure> {
        let source = self.with_same_rows(Arc::clone(&self.inner).with(Project::new(columns))?);
        Ok(self.followed(source, Ok(Vec::new())))
    }

    /// Only these rows, from `first`, counted from 0, to before `end`; of the rows before any selection.
    fn rows(&self, first: u64, end: u64) -> Self {
        let source = Self::of(Arc::new(RowsSource::new(Arc::clone(&self.inner), first..end.max(first))));
        self.followed(source, Err("tables of databases have no order, so there is no range of rows"))
    }

    /// Only the rows for which the expression is true.
    fn select(&self, expression: &str) -> Result<Self, Failure> {
        let expression = Expr::parse(expression).map_err(engine::Error::from)?;
        let step = Step::Select(expression.clone());
        let source = Self::of(Arc::clone(&self.inner).with(SelectRows::new(expression))?);
        Ok(self.followed(source, Ok(vec![step])))
    }

    /// Columns added or replaced by expressions, in order.
    fn compute(&self, columns: Vec<(String, String)>) -> Result<Self, Failure> {
        let columns = columns
            .into_iter()
            .map(|(name, text)| Ok((name, Expr::parse(&text)?)))
            .collect::<Result<Vec<_>, engine::syntax::SyntaxError>>()
            .map_err(engine::Error::from)?;
        let steps = columns
            .iter()
            .map(|(name, expression)| Step::Compute(name.clone(), expression.clone()))
            .collect();
        let source = Self::of(Arc::clone(&self.inner).with(Compute::new(columns))?);
        Ok(self.followed(source, Ok(steps)))
    }

    /// Chunks computed by a function, of which the rows are those of the pass where they begin. The function sees the
    /// columns `sees` (all for `None`); with `replaces` those that it does not return are left out.
    fn call(
        &self,
        py: Python<'_>,
        function: Py<PyAny>,
        sees: Option<Vec<String>>,
        replaces: bool,
        pass: Pass,
    ) -> PyResult<Self> {
        let source = Arc::clone(&self.inner);
        let function = call::chunk_function(function);
        let called = pass.run(py, move |pass, monitor| {
            let chunk_rows = pass.block_rows.unwrap_or(DEFAULT_BLOCK_ROWS);
            let rows = pass.rows.map(|(first, end)| first..end.max(first));
            let options = CallOptions { sees, replaces, chunk_rows, rows };
            Ok(Called::try_new(source, function, &options, monitor)?)
        })?;
        Ok(self.followed(Self::of(Arc::new(called)), Err("functions of the caller run on this machine")))
    }

    /// Columns in other types, each with the name of its type and, for factors, all levels or none.
    fn retype(&self, columns: Vec<(String, String, Option<Vec<String>>)>) -> Result<Self, Failure> {
        let wanted = columns.into_iter().map(|(name, kind, levels)| {
            let kind = parse_type(&kind).map_err(engine::Error::from)?;
            let wanted = match levels {
                Some(levels) => Wanted::Levels(levels),
                None if engine::factor::is_factor(&kind) => Wanted::Factor,
                None => Wanted::Type(kind),
            };
            Ok((name, wanted))
        });
        let wanted = wanted.collect::<engine::Result<Vec<_>>>()?;
        // a database is told of factors with known levels; it adds numbers up as doubles, whatever their width
        let mut steps = Ok(Vec::new());
        for (name, wanted) in &wanted {
            match (wanted, &mut steps) {
                (Wanted::Levels(levels), Ok(steps)) => steps.push(Step::Levels(name.clone(), levels.clone())),
                (Wanted::Type(data_type), _) if data_type.is_numeric() => {}
                (Wanted::Factor, _) => steps = Err("the levels of a factor are not given in column_info"),
                _ => steps = Err("a column is converted to another type"),
            }
        }
        let source = self.with_same_rows(retype(Arc::clone(&self.inner), wanted)?);
        Ok(self.followed(source, steps))
    }

    /// Begins a pass that is read block by block.
    fn reader(&self, py: Python<'_>, pass: Pass) -> PyResult<Reader> {
        Reader::open(py, self.inner.as_ref(), &pass)
    }

    /// Adds the rows to an XDF file, in its columns and types; returns how many.
    fn append_rows(&self, py: Python<'_>, path: PathBuf, writing: Writing, pass: Pass) -> PyResult<u64> {
        edit::append_rows(py, self, &path, writing.level, writing.block_rows, &pass)
    }

    /// Puts the columns into an XDF file with as many rows; returns these.
    fn put_columns(&self, py: Python<'_>, path: PathBuf, replace: bool, pass: Pass) -> PyResult<u64> {
        edit::put_columns(py, self, &path, replace, &pass)
    }

    /// Columns renamed and described.
    fn annotate(&self, notes: Vec<Note>) -> Result<Self, Failure> {
        annotate::check(&notes, &self.inner.schema())?;
        let source = self.with_same_rows(Arc::clone(&self.inner).with(Annotate::new(notes))?);
        Ok(self.followed(source, Err("columns are renamed or described")))
    }

    /// Names of the columns, in order.
    fn names(&self) -> Vec<String> {
        self.inner.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// What is known without reading: name, rows, bytes, and of XDF files their blocks.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        describe::source(py, self.inner.as_ref(), self.stored.as_ref())
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

    /// Writes everything (or the rows of the pass) to a file of the format that its name asks for, or to a set; returns
    /// the rows written.
    fn write(&self, py: Python<'_>, path: PathBuf, writing: Writing, pass: Pass) -> PyResult<u64> {
        let options = writing.options();
        self.write_to(py, &pass, |schema| create(&path, schema, &options))
    }

    /// Writes everything to a set that is partitioned by key columns; returns the rows written.
    fn write_partitioned(
        &self,
        py: Python<'_>,
        path: PathBuf,
        keys: Vec<String>,
        writing: Writing,
        pass: Pass,
    ) -> PyResult<u64> {
        let options = writing.options();
        let keys = PartitionOptions { keys, ..PartitionOptions::default() };
        self.write_to(py, &pass, |schema| {
            Ok(Box::new(PartitionSink::create(&path, schema, &options, &keys)?))
        })
    }
}

impl Source {
    /// The set that the source is.
    fn set(&self) -> PyResult<&xdf::Set> {
        match &self.stored {
            Some(Stored::Set(set)) if !set.keys().is_empty() => Ok(set),
            _ => Err(PyValueError::new_err(format!(
                "'{}' is no partitioned set; rx_partition makes one",
                self.inner.info().name
            ))),
        }
    }

    pub(crate) fn write_to(
        &self,
        py: Python<'_>,
        pass: &Pass,
        make_sink: impl FnOnce(&SchemaRef) -> engine::Result<Box<dyn BlockSink>> + Send,
    ) -> PyResult<u64> {
        let source = &self.inner;
        pass.run(py, |pass, monitor| {
            let info = source.info();
            monitor.start(info.rows, info.bytes);
            let reader = source.open(&pass.scan(monitor))?;
            let sink = make_sink(&reader.schema())?;
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

/// How an output is written.
#[derive(FromPyObject)]
struct Writing {
    #[pyo3(item)]
    level: i32,
    #[pyo3(item)]
    block_rows: Option<usize>,
    #[pyo3(item)]
    overwrite: bool,
    /// Whether a set is written, and rows are added to one that is there.
    #[pyo3(item)]
    composite: bool,
    #[pyo3(item)]
    append: bool,
    #[pyo3(item)]
    blocks_per_part: usize,
    /// For Microsoft's container 4.2, whether inferred types are allowed.
    #[pyo3(item)]
    microsoft: Option<bool>,
    #[pyo3(item)]
    text: Option<TextWriting>,
}

/// How text is written.
#[derive(FromPyObject)]
struct TextWriting {
    #[pyo3(item)]
    delimiter: Option<char>,
    #[pyo3(item)]
    missing: String,
    #[pyo3(item)]
    header: bool,
    #[pyo3(item)]
    digits: Option<usize>,
}

impl TextWriting {
    fn options(&self) -> TextSinkOptions {
        let mut options =
            TextSinkOptions::default().with_missing(self.missing.clone()).with_header(self.header);
        // a character that is not of ASCII is refused where the sink is made
        options.delimiter = self.delimiter.map(|delimiter| u8::try_from(delimiter).unwrap_or(u8::MAX));
        options.float_digits = self.digits;
        options
    }
}

impl Writing {
    fn options(&self) -> SinkOptions {
        let mut options = SinkOptions {
            level: self.level,
            overwrite: self.overwrite,
            append: self.append,
            microsoft: microsoft_options(self.microsoft, self.level, self.block_rows),
            ..SinkOptions::default()
        };
        if let Some(rows) = self.block_rows {
            options.block_rows = rows;
        }
        if let Some(text) = &self.text {
            options.text = text.options();
            // of a name that tells no format
            options.format = options.format.or(Some(Format::Text));
        }
        if self.composite {
            options.format = Some(Format::Xdf);
            options.blocks_per_part =
                Some(NonZeroUsize::new(self.blocks_per_part).unwrap_or(DEFAULT_BLOCKS_PER_PART));
        }
        options
    }
}
