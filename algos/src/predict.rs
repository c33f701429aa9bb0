//! From a model and rows to predictions.
//!
//! [`run`] goes from any source to any sink, block by block, in parallel and in order. The output has the columns that are
//! kept of the input and then the predictions. Rows that lack an input, or have a level that the model does not know, get
//! missing predictions and are counted; rows without a response are predicted like any other, unless residuals are asked
//! for: then nothing is predicted for them.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchOptions};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use engine::{Block, BlockSink, BlockSource, Local, ScanOptions, Written};
use serde::{Deserialize, Serialize};

use crate::model::{Model, Predictor};
use crate::{Error, Result};

/// What is predicted, and what is written with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PredictOptions {
    /// Standard errors of the predictions: `<y>_StdErr`. The model must have been fitted with `cov_coef`.
    pub std_errors: bool,
    /// Bounds of an interval: `<y>_Lower`, `<y>_Upper`.
    pub interval: Interval,
    /// The probability that the interval covers, between 0 and 1.
    pub level: f64,
    /// Residuals: `<y>_Resid`, responses less predicted responses.
    pub residuals: bool,
    /// The scale of predictions, their errors and bounds.
    pub scale: Scale,
    /// Names for the predictions, one for each response.
    pub predict_names: Option<Vec<String>>,
    /// Names for the standard errors, one for each response.
    pub std_error_names: Option<Vec<String>>,
    /// Names for the bounds, lower and upper for each response.
    pub interval_names: Option<Vec<String>>,
    /// Names for the residuals, one for each response.
    pub residual_names: Option<Vec<String>>,
    /// Whether the model's own columns are written, too.
    pub write_model_vars: bool,
    /// Further columns of the input that are written.
    pub extra_vars: Vec<String>,
    /// Whether all columns of the input are written.
    pub all_vars: bool,
    /// Whether rows with a missing value in any written column are left out.
    pub remove_missings: bool,
}

/// Which interval is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Interval {
    /// None.
    #[default]
    None,
    /// For the expected value.
    Confidence,
    /// For a further observation.
    Prediction,
}

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Scale {
    /// The mean of the response; of clusters, the cluster; of classes, the most probable one.
    #[default]
    Response,
    /// The linear predictor; the same for linear models.
    Link,
    /// The distance from each center, beside the cluster: [`crate::kmeans`] only.
    Distance,
    /// The probability of each class, in place of the most probable one: [`crate::naive_bayes`] only.
    Probability,
}

impl Default for PredictOptions {
    fn default() -> Self {
        Self {
            std_errors: false,
            interval: Interval::None,
            level: 0.95,
            residuals: false,
            scale: Scale::default(),
            predict_names: None,
            std_error_names: None,
            interval_names: None,
            residual_names: None,
            write_model_vars: false,
            extra_vars: Vec::new(),
            all_vars: false,
            remove_missings: false,
        }
    }
}

impl PredictOptions {
    /// Whether covariances of the coefficients are needed.
    pub(crate) fn needs_errors(&self) -> bool {
        self.std_errors || self.interval != Interval::None
    }

    /// Checks that nothing is asked for that only models of a numeric response have.
    pub(crate) fn check_plain(&self, what: &str) -> Result<()> {
        if self.needs_errors() || self.residuals {
            let reason = format!("{what} have none");
            return Err(Error::Option { option: "standard errors, intervals and residuals", reason });
        }
        Ok(())
    }

    /// Checks the options against a model of so many responses, with or without covariances.
    pub(crate) fn check(&self, responses: usize, has_covariances: bool) -> Result<()> {
        let refuse = |option, reason: &str| Err(Error::Option { option, reason: reason.to_owned() });
        if !matches!(self.scale, Scale::Response | Scale::Link) {
            return refuse("scale", "models of a numeric response have the scales response and link");
        }
        if self.needs_errors() && !has_covariances {
            return refuse(
                "standard errors and intervals",
                "the model has no covariance matrix; fit it with cov_coef, without cube, for one response",
            );
        }
        if self.interval != Interval::None && !(self.level > 0.0 && self.level < 1.0) {
            return refuse("level", "the confidence level must be between 0 and 1, such as 0.95");
        }
        check_names(self.predict_names.as_ref(), &[responses])?;
        check_names(self.std_error_names.as_ref(), &[responses])?;
        check_names(self.interval_names.as_ref(), &[2 * responses])?;
        check_names(self.residual_names.as_ref(), &[responses])
    }

    /// Checks that names of predictions, if they are given, are as many as one of `wanted`.
    pub(crate) fn check_names(&self, wanted: &[usize]) -> Result<()> {
        check_names(self.predict_names.as_ref(), wanted)
    }

    /// The columns of predictions, in their order: for each response its prediction, error, bounds, residual.
    pub(crate) fn fields(&self, responses: &[String]) -> SchemaRef {
        let mut fields = Vec::new();
        for (i, name) in responses.iter().enumerate() {
            let mut add = |names: &Option<Vec<String>>, at: usize, suffix: &str| {
                let given = names.as_ref().and_then(|names| names.get(at)).cloned();
                let name = given.unwrap_or_else(|| format!("{name}_{suffix}"));
                fields.push(Field::new(name, DataType::Float64, true));
            };
            add(&self.predict_names, i, "Pred");
            if self.std_errors {
                add(&self.std_error_names, i, "StdErr");
            }
            if self.interval != Interval::None {
                add(&self.interval_names, 2 * i, "Lower");
                add(&self.interval_names, 2 * i + 1, "Upper");
            }
            if self.residuals {
                add(&self.residual_names, i, "Resid");
            }
        }
        Arc::new(Schema::new(fields))
    }
}

fn check_names(names: Option<&Vec<String>>, wanted: &[usize]) -> Result<()> {
    let Some(names) = names.filter(|names| !wanted.contains(&names.len())) else { return Ok(()) };
    let wanted: Vec<String> = wanted.iter().map(usize::to_string).collect();
    let reason = format!("{} are needed, but {} are given", wanted.join(" or "), names.len());
    Err(Error::Option { option: "names of predictions", reason })
}

/// How many rows are not valid, and that as Arrow has it.
pub(crate) fn missing(valid: Vec<bool>) -> (u64, Option<NullBuffer>) {
    let missing = valid.iter().filter(|&&valid| !valid).count() as u64;
    (missing, (missing > 0).then(|| NullBuffer::from(valid)))
}

/// A column of predictions.
pub(crate) fn numbers(values: Vec<f64>, nulls: Option<&NullBuffer>) -> ArrayRef {
    Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls.cloned()))
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Rows that were read.
    pub rows: u64,
    /// Rows without a prediction.
    pub missing: u64,
    /// What the sink wrote.
    pub written: Written,
}

/// Where a run takes the columns that it keeps from, and which predictions it appends.
struct Layout {
    scan: Vec<String>,
    kept: Vec<String>,
    schema: SchemaRef,
}

impl Layout {
    fn new(model: &dyn Model, source: &SchemaRef, options: &PredictOptions) -> Result<Self> {
        let mut kept: Vec<String> = Vec::new();
        let mut keep = |names: Vec<String>| {
            for name in names {
                if !kept.contains(&name) {
                    kept.push(name);
                }
            }
        };
        if options.all_vars {
            keep(source.fields().iter().map(|field| field.name().clone()).collect());
        }
        if options.write_model_vars {
            // new data need not have a response
            keep(model.model_columns().into_iter().filter(|name| source.index_of(name).is_ok()).collect());
        }
        keep(options.extra_vars.clone());
        let mut fields: Vec<FieldRef> = Vec::new();
        for name in &kept {
            fields.push(Arc::clone(&source.fields()[engine::source::index_of(source, name)?]));
        }
        for field in model.output_schema(options)?.fields() {
            if fields.iter().any(|kept| kept.name() == field.name()) {
                return Err(Error::Option {
                    option: "names of predictions",
                    reason: format!(
                        "the output would have two columns '{}'; give the prediction another name",
                        field.name()
                    ),
                });
            }
            fields.push(Arc::clone(field));
        }
        let mut scan = kept.clone();
        scan.extend(model.input_columns(options).into_iter().filter(|name| !kept.contains(name)));
        for name in &scan {
            engine::source::index_of(source, name)?;
        }
        Ok(Self {
            scan,
            kept,
            schema: Arc::new(Schema::new_with_metadata(fields, source.metadata().clone())),
        })
    }
}

/// The schema that [`run`] writes.
///
/// # Errors
/// When a column is missing, or the options ask for what the model cannot give.
pub fn output_schema(model: &dyn Model, source: &SchemaRef, options: &PredictOptions) -> Result<SchemaRef> {
    Ok(Layout::new(model, source, options)?.schema)
}

/// Predicts all rows of a source and writes them to the sink that `make_sink` makes for their schema.
///
/// # Errors
/// The source's, the model's and the sink's; nothing is left behind then.
pub fn run(
    model: &dyn Model,
    source: &dyn BlockSource,
    scan: &ScanOptions,
    executor: &Local,
    options: &PredictOptions,
    make_sink: impl FnOnce(&SchemaRef) -> engine::Result<Box<dyn BlockSink>> + Send,
) -> Result<Report> {
    let layout = Layout::new(model, &source.schema(), options)?;
    let scan = ScanOptions { columns: Some(layout.scan.clone()), ..scan.clone() };
    let idle: Mutex<Vec<Box<dyn Predictor>>> = Mutex::new(vec![model.predictor(options)?]);
    // the sink is made when the first block is predicted, so that what cannot be predicted creates nothing
    let mut make_sink = Some(make_sink);
    let mut sink: Option<Box<dyn BlockSink>> = None;
    let mut report = Report::default();
    let work = |block: Block| -> Result<(Block, u64, u64)> {
        let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut predictor = match waiting {
            Some(predictor) => predictor,
            None => model.predictor(options)?,
        };
        let rows = block.num_rows();
        let predicted = predictor.predict(&block)?;
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(predictor);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(layout.schema.fields().len());
        for index in 0..layout.kept.len() {
            columns.push(Arc::clone(block.batch.column(index)));
        }
        columns.extend(predicted.columns);
        let mut batch = batch(&layout.schema, columns, rows)?;
        if options.remove_missings {
            batch = complete(&batch)?;
        }
        Ok((block.with_batch(batch), rows as u64, predicted.missing))
    };
    executor.map_blocks(source, &scan, work, |(block, rows, missing)| {
        report.rows += rows;
        report.missing += missing;
        if let Some(make_sink) = make_sink.take() {
            sink = Some(make_sink(&layout.schema)?);
        }
        sink.as_mut().map_or(Ok(()), |sink| sink.write(&block))?;
        Ok::<(), Error>(())
    })?;
    let sink = match (sink, make_sink) {
        (None, Some(make_sink)) => Some(make_sink(&layout.schema)?),
        (sink, _) => sink,
    };
    report.written = sink.map(BlockSink::finish).transpose()?.unwrap_or_default();
    Ok(report)
}

/// Columns as a batch.
pub(crate) fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|source| engine::Error::Arrow { doing: "joining predictions".into(), source }.into())
}

/// The rows without missing values.
fn complete(batch: &RecordBatch) -> Result<RecordBatch> {
    let mut keep = vec![true; batch.num_rows()];
    for column in batch.columns() {
        if let Some(nulls) = column.nulls() {
            keep.iter_mut().zip(nulls.iter()).for_each(|(keep, valid)| *keep &= valid);
        }
    }
    arrow_select::filter::filter_record_batch(batch, &BooleanArray::from(keep))
        .map_err(|source| engine::Error::Arrow { doing: "removing missing rows".into(), source }.into())
}
