//! `xdf fit kmeans`: clusters of any source, and the cluster of each row.

use std::time::Instant;

use algos::kmeans::{KMeans, KMeansOptions};
use algos::model::Model;
use algos::predict::PredictOptions;

use super::{fit, moving, predict};
use crate::args::KMeansArgs;
use crate::failure::Usage;
use crate::input;
use crate::output;
use crate::session::{Session, command_line};

pub(super) fn run(args: &KMeansArgs, session: &Session) -> anyhow::Result<()> {
    let kmeans = KMeans::new(&args.formula)?.with_options(options(args, session)?)?;
    fit::check_output(args.output.as_deref(), args.writing.overwrite, &args.input)?;
    fit::check_output(args.clusters_file.as_deref(), args.writing.overwrite, &args.input)?;
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let started = Instant::now();
    let mut model = {
        let monitor = session.monitor();
        let _progress = session.progress("clustering", &monitor);
        let scan = input::limit(session.scan(&monitor), &args.selecting);
        kmeans.fit(source.as_ref(), &scan, &session.executor())?
    };
    let seconds = started.elapsed().as_secs_f64();
    model.set_origin(command_line(), source.info().name);
    fit::finish(&model, seconds, args.output.as_deref(), args.writing.overwrite, session)?;
    let Some(path) = &args.clusters_file else { return Ok(()) };
    let prediction = PredictOptions {
        predict_names: Some(vec![args.clusters_column.clone()]),
        write_model_vars: args.model_vars,
        extra_vars: args.extra_vars.clone(),
        ..PredictOptions::default()
    };
    let sink = moving::sink_options(&args.writing);
    let started = Instant::now();
    let report = predict::compute(&model, &source, &prediction, path, &sink, &args.selecting, session)?;
    let columns = algos::predict::output_schema(&model, &source.schema(), &prediction)?.fields().len();
    if !session.quiet && !session.json {
        let measures = predict::measures(&report, columns, started.elapsed().as_secs_f64());
        output::print(&format!("Clusters: {}: {measures}", path.display()))?;
    }
    Ok(())
}

fn options(args: &KMeansArgs, session: &Session) -> anyhow::Result<KMeansOptions> {
    let usual = KMeansOptions::default();
    let dimensions = args.center.first().map_or(0, |center| center.0.len());
    if let Some(other) = args.center.iter().find(|center| center.0.len() != dimensions) {
        let reason = format!(
            "--center: a center has {} numbers, another {dimensions}; all need one for each column",
            other.0.len()
        );
        return Err(Usage(reason).into());
    }
    let centers: Vec<f64> = args.center.iter().flat_map(|center| center.0.iter().copied()).collect();
    Ok(KMeansOptions {
        clusters: args.clusters.unwrap_or(args.center.len()),
        centers: (!centers.is_empty()).then_some(centers),
        max_iterations: args.max_iterations,
        num_starts: args.starts,
        num_start_rows: args.start_rows,
        seed: args.seed,
        memory: if args.no_rows_in_memory {
            0
        } else {
            session.memory().0.map_or(usual.memory, |bytes| usual.memory.min(bytes / 2))
        },
    })
}
