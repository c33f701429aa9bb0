//! Algorithms by name, for [tasks](engine::task): what was asked for as bytes, and who answers.
//!
//! [`fit`] is the side of the one who wants a model, [`worker`] and [`run_task`] that of who has the rows. Both run the same
//! [`Algorithm`]; models agree with those of a local fit to rounding, since the rows are divided in another way.
//!
//! | algorithm | passes as tasks |
//! |---|---|
//! | summary | 1; one more where `F(x)` leaves a bound open |
//! | linear models, covariances, cells | 1; one more where levels or ranges are not known, one where sums need twice the precision |
//! | logistic and other generalized linear models | 1 where rows collapse into cells, else 1 for each iteration |
//! | k-means | 1, and 1 for each iteration: rows stay where they are |
//!
//! Every task carries the sums of the passes before, so tasks grow with the iterations; all the other state follows from
//! those sums.

use arrow_array::RecordBatchReader;
use arrow_schema::SchemaRef;
use engine::formula::Formula;
use engine::task::{ColumnsSource, Remote, Task, TaskRunner, Worker, decode, encode};
use engine::{BlockSource, Executor, Local, ScanOptions};
use serde::{Deserialize, Serialize};

use crate::covariance::{CovCor, CovCorMatrix, CovCorOptions};
use crate::cube::{CellTable, Cube};
use crate::design::Weights;
use crate::glm::{Glm, GlmModel, GlmOptions};
use crate::kmeans::{KMeans, KMeansModel, KMeansOptions};
use crate::linear::{LinMod, LinModModel, LinModOptions};
use crate::summary::{Summary, SummaryOptions, summarize};
use crate::{Error, Result};

/// A formula and options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request<O> {
    /// The formula as text.
    pub formula: String,
    /// The options.
    pub options: O,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Algorithm {
    /// A summary.
    Summary(Request<SummaryOptions>),
    /// A linear model.
    LinMod(Request<LinModOptions>),
    /// A covariance matrix.
    CovCor(Request<CovCorOptions>),
    /// Counts and sums of cells, of which cubes and cross tabulations are made.
    Cells(Request<Weights>),
    /// A logistic regression.
    Logit(Request<GlmOptions>),
    /// A generalized linear model.
    Glm(Request<GlmOptions>),
    /// k-means clusters; the memory that the options allow is not used.
    KMeans(Request<KMeansOptions>),
}

/// What comes out.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Of a summary.
    Summary(Box<Summary>),
    /// Of a linear regression.
    LinMod(Box<LinModModel>),
    /// Of covariances.
    CovCor(Box<CovCorMatrix>),
    /// Of cells.
    Cells(Box<CellTable>),
    /// Of a logistic regression or a generalized linear model.
    Glm(Box<GlmModel>),
    /// Of k-means.
    KMeans(Box<KMeansModel>),
}

impl Algorithm {
    /// The names of all algorithms.
    pub const NAMES: [&'static str; 7] = ["summary", "lin_mod", "cov_cor", "cells", "logit", "glm", "kmeans"];

    /// The name in tasks.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Summary(_) => "summary",
            Self::LinMod(_) => "lin_mod",
            Self::CovCor(_) => "cov_cor",
            Self::Cells(_) => "cells",
            Self::Logit(_) => "logit",
            Self::Glm(_) => "glm",
            Self::KMeans(_) => "kmeans",
        }
    }

    /// The algorithm of this name with default options.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn with_defaults(name: &str, formula: &str) -> Result<Self> {
        let formula = formula.to_owned();
        Ok(match name {
            "summary" => Self::Summary(Request { formula, options: SummaryOptions::default() }),
            "lin_mod" => Self::LinMod(Request { formula, options: LinModOptions::default() }),
            "cov_cor" => Self::CovCor(Request { formula, options: CovCorOptions::default() }),
            "cells" => Self::Cells(Request { formula, options: Weights::default() }),
            "logit" => Self::Logit(Request { formula, options: GlmOptions::default() }),
            "glm" => Self::Glm(Request { formula, options: GlmOptions::default() }),
            "kmeans" => Self::KMeans(Request { formula, options: KMeansOptions::default() }),
            _ => return Err(unknown(name)),
        })
    }

    /// The first pass over rows of these columns.
    ///
    /// # Errors
    /// When a column has a type that blocks do not have.
    pub fn task(&self, schema: &SchemaRef) -> Result<Task> {
        let arguments = match self {
            Self::Summary(request) => encode(request),
            Self::LinMod(request) => encode(request),
            Self::CovCor(request) => encode(request),
            Self::Cells(request) => encode(request),
            Self::Logit(request) | Self::Glm(request) => encode(request),
            Self::KMeans(request) => encode(request),
        };
        Ok(Task::new(self.name(), arguments?, schema)?)
    }

    /// What a task asks for.
    ///
    /// # Errors
    /// When this release has no such algorithm, or the arguments are not its own.
    pub fn of(task: &Task) -> Result<Self> {
        let arguments = &task.arguments;
        Ok(match task.algorithm.as_str() {
            "summary" => Self::Summary(decode(arguments)?),
            "lin_mod" => Self::LinMod(decode(arguments)?),
            "cov_cor" => Self::CovCor(decode(arguments)?),
            "cells" => Self::Cells(decode(arguments)?),
            "logit" => Self::Logit(decode(arguments)?),
            "glm" => Self::Glm(decode(arguments)?),
            "kmeans" => Self::KMeans(decode(arguments)?),
            other => return Err(unknown(other)),
        })
    }

    /// Runs all passes.
    ///
    /// # Errors
    /// A formula or options that cannot be used, the executor's and the algorithm's errors.
    pub fn run(
        &self,
        source: &dyn BlockSource,
        scan: &ScanOptions,
        executor: &impl Executor,
    ) -> Result<Answer> {
        Ok(match self {
            Self::Summary(Request { formula, options }) => {
                let formula = Formula::parse(formula).map_err(engine::Error::from)?;
                Answer::Summary(Box::new(summarize(&formula, source, options, scan, executor)?))
            }
            Self::LinMod(Request { formula, options }) => {
                let estimator = LinMod::new(formula)?.with_options(options.clone())?;
                Answer::LinMod(Box::new(engine::fit(&estimator, source, scan, executor)?))
            }
            Self::CovCor(Request { formula, options }) => {
                let estimator = CovCor::new(formula)?.with_options(options.clone());
                Answer::CovCor(Box::new(engine::fit(&estimator, source, scan, executor)?))
            }
            Self::Cells(Request { formula, options }) => {
                let estimator = Cube::new(formula)?.with_weights(options.clone());
                Answer::Cells(Box::new(engine::fit(&estimator, source, scan, executor)?))
            }
            Self::Logit(Request { formula, options }) => {
                let estimator = Glm::logit(formula)?.with_options(options.clone())?;
                Answer::Glm(Box::new(engine::fit(&estimator, source, scan, executor)?))
            }
            Self::Glm(Request { formula, options }) => {
                let estimator = Glm::new(formula)?.with_options(options.clone())?;
                Answer::Glm(Box::new(engine::fit(&estimator, source, scan, executor)?))
            }
            Self::KMeans(Request { formula, options }) => {
                // rows that are kept would travel
                let options = KMeansOptions { memory: 0, ..options.clone() };
                let kmeans = KMeans::new(formula)?.with_options(options)?;
                let here = Local::new(1);
                Answer::KMeans(Box::new(kmeans.fit_by(source, scan, executor, &here)?))
            }
        })
    }
}

fn unknown(name: &str) -> Error {
    let name: String = name.chars().take(40).collect();
    Error::Option {
        option: "algorithm",
        reason: format!("'{name}' is none; the algorithms are {}", Algorithm::NAMES.join(", ")),
    }
}

/// Runs an algorithm over rows that are elsewhere: `schema` has their columns, `name` is what reports call them, and
/// `runner` gets the task of every pass.
///
/// # Errors
/// The runner's and the algorithm's; partial results that are not those of the tasks.
pub fn fit(
    algorithm: &Algorithm,
    schema: &SchemaRef,
    name: &str,
    runner: &impl TaskRunner,
) -> Result<Answer> {
    let remote = Remote::new(algorithm.task(schema)?, runner);
    let source = ColumnsSource::new(algorithm.task(schema)?.schema(), name);
    algorithm.run(&source, &ScanOptions::default(), &remote)
}

/// What adds up the rows of part `part` of `parts` for a task.
///
/// # Errors
/// When the task cannot be run by this release.
pub fn worker(task: &Task, part: u32, parts: u32) -> Result<Worker> {
    let algorithm = Algorithm::of(task)?;
    Worker::new(task, (part, parts), |source, replay| {
        algorithm.run(source, &ScanOptions::default(), replay).map(drop)
    })
}

/// Runs a task on the rows of a reader, which are part `part` of `parts`: bytes in, bytes out.
///
/// ```
/// # use std::sync::Arc;
/// # use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchIterator};
/// use algos::task::{Algorithm, Answer, fit, run_task};
/// use engine::task::{Task, TaskRunner};
///
/// /// Two processes with half of the rows each, as they would be.
/// struct Halves([RecordBatch; 2]);
///
/// impl TaskRunner for Halves {
///     fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
///         let bytes = task.to_bytes()?;
///         let part = |part: usize| {
///             let rows = RecordBatchIterator::new([Ok(self.0[part].clone())], self.0[part].schema());
///             Ok(run_task(&bytes, part as u32, 2, rows)?)
///         };
///         (0..2).map(part).collect()
///     }
/// }
///
/// let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 4.0, 7.0]));
/// let y: ArrayRef = Arc::new(Float64Array::from(vec![3.0, 5.0, 9.0, 15.0]));
/// let rows = RecordBatch::try_from_iter([("x", x), ("y", y)])?;
/// let halves = Halves([rows.slice(0, 2), rows.slice(2, 2)]);
/// let algorithm = Algorithm::with_defaults("lin_mod", "y ~ x")?;
/// let Answer::LinMod(model) = fit(&algorithm, &rows.schema(), "two halves", &halves)? else { unreachable!() };
/// assert!((model.coefficients[0][1] - 2.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the task cannot be run by this release, and the errors of the reader and the algorithm.
pub fn run_task(task: &[u8], part: u32, parts: u32, rows: impl RecordBatchReader) -> Result<Vec<u8>> {
    let task = Task::from_bytes(task)?;
    Ok(worker(&task, part, parts)?.run(rows)?.to_bytes()?)
}
