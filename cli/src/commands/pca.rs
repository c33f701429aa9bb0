//! `xdf pca`: principal components of variables.

use std::time::Instant;

use algos::model::Model;
use algos::pca::{Pca, PcaOptions};

use super::fit;
use crate::args::PcaArgs;
use crate::input;
use crate::session::{Session, command_line};

pub(super) fn run(args: &PcaArgs, session: &Session) -> anyhow::Result<()> {
    let options = PcaOptions {
        correlations: args.correlations,
        components: args.components,
        weights: args.rows.weighting.weights(),
    };
    let estimator = Pca::new(&args.formula, options)?;
    fit::check_output(args.output.as_deref(), args.overwrite, &args.input)?;
    let source = input::open_rows(&args.input, &args.rows)?;
    let started = Instant::now();
    let mut model = fit::run(&estimator, &source, &args.rows.selecting, "adding up", session)?;
    let seconds = started.elapsed().as_secs_f64();
    model.set_origin(command_line(), source.info().name);
    fit::finish(&model, seconds, args.output.as_deref(), args.overwrite, session)
}
