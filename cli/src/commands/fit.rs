//! `xdf fit`: models from any source.

use std::path::Path;
use std::time::Instant;

use algos::design::Weights;
use algos::linear::{LinMod, LinModModel, LinModOptions};
use algos::model;
use serde_json::json;

use crate::args::{LinmodArgs, Selecting};
use crate::failure::Usage;
use crate::input::{self, Source};
use crate::output::{self, bytes, counted, print_json, rates, seconds};
use crate::session::{Session, command_line};

pub(super) fn linmod(args: &LinmodArgs, session: &Session) -> anyhow::Result<()> {
    if let Some(path) = &args.output {
        // known before any work is done
        free(path, args.overwrite)?;
        if same_file(path, &args.input) {
            let reason =
                format!("the model would replace its own data '{}'; name another file", path.display());
            return Err(Usage(reason).into());
        }
    }
    let options = LinModOptions {
        weights: Weights {
            probability: args.weighting.pweights.clone(),
            frequency: args.weighting.fweights.clone(),
        },
        cube: args.cube,
        drop_first: args.drop_first,
        cov_coef: args.cov,
        ..LinModOptions::default()
    };
    // the formula is understood before the data are opened
    let estimator = LinMod::new(&args.formula)?.with_options(options)?;
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let started = Instant::now();
    let model = run(&estimator, &source, &args.selecting, session)?;
    let model = model.with_call(command_line()).with_data(source.info().name);
    let elapsed = started.elapsed().as_secs_f64();
    let saved = args.output.as_ref().map(|path| model::save(&model, path, args.overwrite)).transpose()?;
    if session.json {
        let mut document = model.to_json();
        if let Some(fields) = document.as_object_mut() {
            fields.insert("seconds".into(), json!(elapsed));
            fields.insert("model_file".into(), json!(args.output));
        }
        return print_json(&document);
    }
    output::print(&model.summary())?;
    if !session.quiet {
        let rows = model.n_valid_obs + model.n_missing_obs;
        output::print(&format!("\n{}", measures(rows, elapsed)))?;
        if let (Some(path), Some(saved)) = (&args.output, saved) {
            output::print(&format!("Model: {} ({})", path.display(), bytes(saved)))?;
        }
    }
    Ok(())
}

/// Whether two names lead to one existing file.
fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Fits, watched by a progress bar.
pub(super) fn run(
    estimator: &LinMod,
    source: &Source,
    selecting: &Selecting,
    session: &Session,
) -> anyhow::Result<LinModModel> {
    let monitor = session.monitor();
    let _progress = session.progress("fitting", &monitor);
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
