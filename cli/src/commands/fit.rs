//! `xdf fit`: models from any source.

use std::path::{Path, PathBuf};
use std::time::Instant;

use algos::glm::{Family, Glm, GlmOptions, Initial};
use algos::linear::{LinMod, LinModOptions};
use algos::model::{self, Model};
use algos::naive_bayes::NaiveBayes;
use engine::Estimator;
use serde_json::json;

use crate::args::{
    GlmArgs, Likelihood, LinmodArgs, LogitArgs, ModelArgs, NaiveBayesArgs, Reading, Rows, Selecting,
};
use crate::failure::Usage;
use crate::input::{self, Source};
use crate::output::{self, bytes, counted, print_json, rates, seconds};
use crate::session::{Session, command_line};

pub(super) fn linmod(args: &LinmodArgs, session: &Session) -> anyhow::Result<()> {
    let options = regression(&args.model, &args.rows);
    let estimator = LinMod::new(&args.model.formula)?.with_options(options)?;
    fit(&estimator, files(&args.model), &args.rows.selecting, &args.rows.reading, session)
}

/// What linear and generalized linear models have in common.
fn regression(model: &ModelArgs, rows: &Rows) -> LinModOptions {
    LinModOptions {
        weights: rows.weighting.weights(),
        cube: model.cube,
        cube_predictions: model.cube_predictions,
        drop_first: model.drop_first,
        cov_coef: model.cov,
        cov_data: model.cov_data,
        variable_selection: model.stepping.control(),
        ..LinModOptions::default()
    }
}

pub(super) fn naive_bayes(args: &NaiveBayesArgs, session: &Session) -> anyhow::Result<()> {
    let estimator = NaiveBayes::new(&args.formula)?.with_smoothing_factor(args.smoothing_factor)?;
    let files = Files { input: &args.input, output: args.output.as_deref(), overwrite: args.overwrite };
    fit(&estimator, files, &args.selecting, &args.reading, session)
}

pub(super) fn logit(args: &LogitArgs, session: &Session) -> anyhow::Result<()> {
    let options = GlmOptions::from(regression(&args.fit.model, &args.fit.rows));
    likelihood(Glm::logit(&args.fit.model.formula)?, options, &args.fit, session)
}

pub(super) fn glm(args: &GlmArgs, session: &Session) -> anyhow::Result<()> {
    let options = GlmOptions {
        family: Family::parse(&args.family, args.variance.as_deref(), args.variance_power)?,
        link: args.link.as_deref().map(str::parse).transpose()?,
        offset: args.offset.clone(),
        ..GlmOptions::from(regression(&args.fit.model, &args.fit.rows))
    };
    likelihood(Glm::new(&args.fit.model.formula)?, options, &args.fit, session)
}

fn likelihood(model: Glm, options: GlmOptions, args: &Likelihood, session: &Session) -> anyhow::Result<()> {
    let usual = options.cells;
    let options = GlmOptions {
        initial_values: match args.initial_values.as_slice() {
            [] => Initial::Usual,
            values => Initial::Values(values.to_vec()),
        },
        max_iterations: args.max_iterations,
        coefficient_tolerance: args.coefficient_tolerance,
        objective_function_tolerance: args.objective_tolerance,
        // a worker holds a few partial results of this size
        cells: if args.no_cells {
            0
        } else {
            session.memory().0.map_or(usual, |bytes| usual.min(bytes / 16))
        },
        ..options
    };
    let estimator = model.with_options(options)?.with_threads(session.executor().threads());
    fit(&estimator, files(&args.model), &args.rows.selecting, &args.rows.reading, session)
}

/// What a fit reads and writes.
#[derive(Clone, Copy)]
struct Files<'a> {
    input: &'a PathBuf,
    output: Option<&'a Path>,
    overwrite: bool,
}

fn files(args: &ModelArgs) -> Files<'_> {
    Files { input: &args.input, output: args.output.as_deref(), overwrite: args.overwrite }
}

/// Fits a model, whose formula and options are understood before the data are opened, saves and prints it.
fn fit<E: Estimator<Error = algos::Error, Model: Model>>(
    estimator: &E,
    files: Files<'_>,
    selecting: &Selecting,
    reading: &Reading,
    session: &Session,
) -> anyhow::Result<()> {
    check_output(files.output, files.overwrite, files.input)?;
    let source = input::open_selected(files.input, reading, selecting)?;
    let started = Instant::now();
    let mut model = run(estimator, &source, selecting, "fitting", session)?;
    let seconds = started.elapsed().as_secs_f64();
    model.set_origin(command_line(), source.info().name);
    finish(&model, seconds, files.output, files.overwrite, session)
}

/// Finds out before any work is done whether an output can be written.
pub(super) fn check_output(output: Option<&Path>, overwrite: bool, input: &Path) -> anyhow::Result<()> {
    let Some(path) = output else { return Ok(()) };
    free(path, overwrite)?;
    if same_file(path, input) {
        let reason = format!("the output would replace its own data '{}'; name another file", path.display());
        return Err(Usage(reason).into());
    }
    Ok(())
}

/// Saves and prints the model.
pub(super) fn finish(
    model: &dyn Model,
    elapsed: f64,
    output: Option<&Path>,
    overwrite: bool,
    session: &Session,
) -> anyhow::Result<()> {
    let saved = output.map(|path| model::save(model, path, overwrite)).transpose()?;
    if session.json {
        let mut document = model.to_json();
        if let Some(fields) = document.as_object_mut() {
            fields.insert("seconds".into(), json!(elapsed));
            fields.insert("model_file".into(), json!(output));
        }
        return print_json(&document);
    }
    output::print(&model.summary())?;
    if !session.quiet {
        output::print(&format!("\n{}", measures(model.rows(), elapsed)))?;
        if let (Some(path), Some(saved)) = (output, saved) {
            output::print(&format!("Model: {} ({})", path.display(), bytes(saved)))?;
        }
    }
    Ok(())
}

/// Whether two names lead to one existing file.
fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Makes the passes of an estimator, watched by a progress bar that says what they are doing.
pub(super) fn run<E: Estimator<Error = algos::Error>>(
    estimator: &E,
    source: &Source,
    selecting: &Selecting,
    doing: &'static str,
    session: &Session,
) -> anyhow::Result<E::Model> {
    let monitor = session.monitor();
    let _progress = session.progress(doing, &monitor);
    let scan = input::limit(session.scan(&monitor), selecting);
    Ok(engine::fit(estimator, source.as_ref(), &scan, &session.executor())?)
}

/// How long a fit took.
pub(super) fn measures(rows: u64, elapsed: f64) -> String {
    format!("{} in {} ({})", counted(rows, "row"), seconds(elapsed), rates(rows, None, elapsed))
}

fn free(path: &Path, overwrite: bool) -> anyhow::Result<()> {
    if !overwrite && path.exists() {
        return Err(engine::Error::OutputExists { path: path.to_path_buf() }.into());
    }
    Ok(())
}
