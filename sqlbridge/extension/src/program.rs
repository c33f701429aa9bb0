//! What is done with the rows: a task, an algorithm, or predictions.

use std::sync::Arc;

use algos::model::{Model, from_bytes, to_bytes};
use algos::predict::{PredictOptions, run};
use algos::task::{Algorithm, Answer, worker};
use arrow_array::{BinaryArray, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::formula::Formula;
use engine::source::MemorySource;
use engine::task::Worker;
use engine::{Block, BlockSink, BlockSource, Local, ScanOptions, Written};

use crate::error::{Error, Result};
use crate::params::Params;
use crate::script::{Kept, Script};
use crate::tables::table;

/// A script that is ready to take rows.
pub enum Program {
    /// A task.
    Task(Box<Worker>),
    /// An algorithm.
    Fit(Box<Fit>),
    /// Predictions.
    Predict(Box<Predict>),
}

/// An algorithm that sees all rows at once.
pub struct Fit {
    algorithm: Algorithm,
    columns: Option<Vec<String>>,
    /// The parameter that takes the model.
    model: Option<usize>,
    /// The columns whose values tell partitions apart.
    partition: Vec<String>,
    /// The columns of the results, once there were some.
    schema: Option<SchemaRef>,
}

/// Predictions of a model.
pub struct Predict {
    model: Box<dyn Model>,
    options: PredictOptions,
}

impl Program {
    /// The program of a script. `part` is the task of the server and how many there are, `partition` the columns that it
    /// partitions by.
    ///
    /// # Errors
    /// A task of another release, parameters that do not fit, a model that cannot be read.
    pub fn new(script: &Script, params: &Params, part: (u32, u32), partition: Vec<String>) -> Result<Self> {
        Ok(match script {
            Script::Task(task) => {
                params.only(&[])?;
                Self::Task(Box::new(worker(task, part.0, part.1)?))
            }
            Script::Fit(algorithm, formula) => {
                if part.1 > 1 && partition.is_empty() {
                    return Err(Error::Script(format!(
                        "{} needs all rows at once; leave out @parallel = 1, or partition the rows",
                        algorithm.name()
                    )));
                }
                Self::Fit(Box::new(Fit::new(algorithm, formula, params, partition)?))
            }
            Script::Predict(kept) => {
                params.only(&["model"])?;
                let model = from_bytes(params.bytes("model")?, "@model")?;
                let mut options = PredictOptions::default();
                match kept {
                    Kept::All => options.all_vars = true,
                    Kept::Columns(names) => options.extra_vars.clone_from(names),
                }
                model.output_schema(&options)?;
                Self::Predict(Box::new(Predict { model, options }))
            }
        })
    }

    /// The columns that it reads, `None` for all.
    pub fn columns(&self) -> Option<Vec<String>> {
        match self {
            Self::Task(worker) => {
                Some(worker.columns().fields().iter().map(|field| field.name().clone()).collect())
            }
            Self::Fit(fit) => fit.columns.clone(),
            Self::Predict(predict) => {
                let Predict { model, options } = predict.as_ref();
                let mut columns = options.extra_vars.clone();
                columns.extend(model.input_columns(options));
                (!options.all_vars).then_some(columns)
            }
        }
    }

    /// Takes a chunk, the first or a later one, and answers it.
    ///
    /// # Errors
    /// The algorithm's; a second chunk for one that needs all rows at once.
    pub fn execute(&mut self, chunk: &RecordBatch, first: bool, params: &mut Params) -> Result<RecordBatch> {
        match self {
            Self::Task(worker) => {
                worker.update(chunk)?;
                let partial = worker.partial()?.to_bytes()?;
                batch(vec![("partial", Arc::new(BinaryArray::from_vec(vec![&partial])))])
            }
            Self::Fit(fit) => fit.execute(chunk, first, params),
            Self::Predict(predict) => predict.execute(chunk),
        }
    }
}

impl Fit {
    fn new(
        algorithm: &Algorithm,
        formula: &Formula,
        params: &Params,
        partition: Vec<String>,
    ) -> Result<Self> {
        let mut algorithm = algorithm.clone();
        params.only(match algorithm {
            Algorithm::Summary(_) | Algorithm::CovCor(_) | Algorithm::Cells(_) => &["pweights", "fweights"],
            Algorithm::LinMod(_) | Algorithm::Logit(_) => &["model", "pweights", "fweights"],
            Algorithm::Glm(_) => &["model", "pweights", "fweights", "family", "link"],
            Algorithm::KMeans(_) => &["model", "clusters", "seed"],
        })?;
        let (probability, frequency) = (params.text("pweights")?, params.text("fweights")?);
        let mut columns = (!formula.dot).then(|| formula.columns());
        if let Some(columns) = &mut columns {
            columns.extend(probability.iter().chain(&frequency).chain(&partition).cloned());
        }
        let weights = algos::design::Weights { probability, frequency };
        match &mut algorithm {
            Algorithm::Summary(request) => {
                request.options.pweights = weights.probability;
                request.options.fweights = weights.frequency;
            }
            Algorithm::LinMod(request) => request.options.weights = weights,
            Algorithm::CovCor(request) => request.options.weights = weights,
            Algorithm::Cells(request) => request.options = weights,
            Algorithm::Logit(request) => request.options.weights = weights,
            Algorithm::Glm(request) => {
                request.options.weights = weights;
                if let Some(family) = params.text("family")? {
                    request.options.family = algos::glm::Family::parse(&family, None, None)?;
                }
                request.options.link = params.text("link")?.map(|link| link.parse()).transpose()?;
            }
            Algorithm::KMeans(request) => {
                if let Some(clusters) = params.count("clusters")? {
                    request.options.clusters = usize::try_from(clusters).unwrap_or(usize::MAX);
                }
                request.options.seed = params.count("seed")?.unwrap_or(request.options.seed);
            }
        }
        let model = params.place_of_bytes("model")?;
        Ok(Self { algorithm, columns, model, partition, schema: None })
    }

    fn execute(&mut self, chunk: &RecordBatch, first: bool, params: &mut Params) -> Result<RecordBatch> {
        if let (false, Some(schema)) = (first, &self.schema) {
            if chunk.num_rows() == 0 {
                return Ok(RecordBatch::new_empty(Arc::clone(schema)));
            }
            if self.partition.is_empty() {
                return Err(Error::Script(format!(
                    "{} needs all rows at once; leave out @{}",
                    self.algorithm.name(),
                    crate::params::ROWS_PER_READ
                )));
            }
        }
        let source = MemorySource::try_new(chunk.schema_ref(), [chunk.clone()])?;
        let answer = self.algorithm.run(&source, &ScanOptions::default(), &Local::default())?;
        if let Some(place) = self.model {
            let model: &dyn Model = match &answer {
                Answer::LinMod(model) => model.as_ref(),
                Answer::Glm(model) => model.as_ref(),
                Answer::KMeans(model) => model.as_ref(),
                Answer::Summary(_) | Answer::CovCor(_) | Answer::Cells(_) => {
                    return Err(Error::Script(format!("{} gives no model", self.algorithm.name())));
                }
            };
            params.set(place, to_bytes(model)?)?;
        }
        let results = self.behind_partition(table(&answer)?, chunk)?;
        self.schema = Some(results.schema());
        Ok(results)
    }

    /// The results behind the values of the columns that the rows are partitioned by.
    fn behind_partition(&self, results: RecordBatch, chunk: &RecordBatch) -> Result<RecordBatch> {
        if self.partition.is_empty() {
            return Ok(results);
        }
        let first = match chunk.num_rows() {
            0 => Int32Array::new_null(results.num_rows()),
            _ => Int32Array::from(vec![0; results.num_rows()]),
        };
        let mut fields: Vec<Arc<Field>> = Vec::new();
        let mut columns = Vec::new();
        for name in &self.partition {
            let at = engine::source::index_of(chunk.schema_ref(), name)?;
            let values = arrow_select::take::take(chunk.column(at), &first, None);
            columns.push(values.map_err(|error| internal(&error))?);
            fields.push(Arc::new(chunk.schema_ref().field(at).clone().with_nullable(true)));
        }
        fields.extend(results.schema_ref().fields().iter().cloned());
        columns.extend(results.columns().iter().cloned());
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| internal(&error))
    }
}

impl Predict {
    fn execute(&mut self, chunk: &RecordBatch) -> Result<RecordBatch> {
        let source = MemorySource::try_new(chunk.schema_ref(), [chunk.clone()])?;
        let (model, options) = (self.model.as_ref(), &self.options);
        let schema = algos::predict::output_schema(model, &source.schema(), options)?;
        let (sender, blocks) = std::sync::mpsc::channel();
        run(model, &source, &ScanOptions::default(), &Local::default(), options, |_| {
            Ok(Box::new(Sent(sender)))
        })?;
        let blocks: Vec<RecordBatch> = blocks.into_iter().collect();
        Ok(engine::factor::concat(&schema, &blocks)?)
    }
}

/// Hands blocks on.
struct Sent(std::sync::mpsc::Sender<RecordBatch>);

impl BlockSink for Sent {
    fn write(&mut self, block: &Block) -> engine::Result<()> {
        // who receives waits until the end
        let _ = self.0.send(block.batch.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> engine::Result<Written> {
        Ok(Written::default())
    }
}

/// Columns as a batch.
pub(crate) fn batch(columns: Vec<(&str, arrow_array::ArrayRef)>) -> Result<RecordBatch> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, DataType::clone(array.data_type()), true))
        .collect();
    let columns = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| internal(&error))
}

fn internal(error: &arrow_schema::ArrowError) -> Error {
    Error::Panic(error.to_string())
}
