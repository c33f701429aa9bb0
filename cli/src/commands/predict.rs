//! `xdf predict`: a model applied to any source.

use std::path::Path;
use std::time::Instant;

use algos::model::{self, Model};
use algos::predict::{self, PredictOptions, Report};
use engine::sink::SinkOptions;
use serde_json::json;

use super::moving;
use crate::args::{Interval, PredictArgs, Scale, Selecting};
use crate::input::{self, Source};
use crate::output::{self, bytes, count, counted, print_json, rates, seconds};
use crate::session::Session;

pub(super) fn run(args: &PredictArgs, session: &Session) -> anyhow::Result<()> {
    let model = model::load(&args.model)?;
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let options = PredictOptions {
        std_errors: args.std_errors,
        interval: match args.interval {
            None => predict::Interval::None,
            Some(Interval::Confidence) => predict::Interval::Confidence,
            Some(Interval::Prediction) => predict::Interval::Prediction,
        },
        level: args.confidence_level,
        residuals: args.residuals,
        scale: match args.scale {
            Scale::Response => predict::Scale::Response,
            Scale::Link => predict::Scale::Link,
            Scale::Distance => predict::Scale::Distance,
            Scale::Probability => predict::Scale::Probability,
        },
        write_model_vars: args.model_vars,
        extra_vars: args.extra_vars.clone(),
        ..PredictOptions::default()
    };
    let started = Instant::now();
    let sink = moving::divided(&args.writing, &args.dividing, &args.output)?;
    let columns = predict::output_schema(model.as_ref(), &source.schema(), &options)?.fields().len();
    let report = compute(model.as_ref(), &source, &options, &args.output, &sink, &args.selecting, session)?;
    let elapsed = started.elapsed().as_secs_f64();
    if moving::is_standard_output(&args.output) {
        return Ok(());
    }
    if session.json {
        return print_json(&json!({
            "fileName": args.output,
            "numRows": report.written.rows,
            "numVars": columns,
            "rowsRead": report.rows,
            "missing": report.missing,
            "bytesWritten": report.written.bytes,
            "seconds": elapsed,
        }));
    }
    if !session.quiet {
        output::print(&format!("{}: {}", args.output.display(), measures(&report, columns, elapsed)))?;
    }
    Ok(())
}

/// Predicts from a source to a file, watched by a progress bar.
pub(super) fn compute(
    model: &dyn Model,
    source: &Source,
    options: &PredictOptions,
    output: &Path,
    sink: &SinkOptions,
    selecting: &Selecting,
    session: &Session,
) -> anyhow::Result<Report> {
    let monitor = session.monitor();
    let _progress = session.progress("predicting", &monitor);
    let scan = input::limit(session.scan(&monitor), selecting);
    let create = |schema: &_| moving::create(output, schema, sink);
    Ok(predict::run(model, source.as_ref(), &scan, &session.executor(), options, create)?)
}

/// What was written and how long it took.
pub(super) fn measures(report: &Report, columns: usize, elapsed: f64) -> String {
    let without = if report.missing > 0 {
        format!(" ({} without a prediction)", count(report.missing))
    } else {
        String::new()
    };
    format!(
        "{}{without}, {}, {} in {} ({})",
        counted(report.written.rows, "row"),
        counted(columns as u64, "column"),
        bytes(report.written.bytes),
        seconds(elapsed),
        rates(report.rows, None, elapsed)
    )
}
