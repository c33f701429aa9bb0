//! `xdf summary`: `rx_summary` on any source.

use algos::summary::{Layout, Summary, SummaryOptions, summarize};
use engine::formula::Formula;

use crate::args::{Selecting, SummaryArgs};
use crate::input::{self, Source};
use crate::output::{self, print_json};
use crate::session::{Session, command_line};

pub(super) fn run(args: &SummaryArgs, session: &Session) -> anyhow::Result<()> {
    let source = input::open_rows(&args.input, &args.rows)?;
    let options = SummaryOptions {
        pweights: args.rows.weighting.pweights.clone(),
        fweights: args.rows.weighting.fweights.clone(),
        ..SummaryOptions::default()
    };
    let mut summary = compute(&args.formula, &source, &options, &args.rows.selecting, session)?;
    summary.call = command_line();
    if session.json { print_json(&summary.to_json()) } else { output::print(&summary.render(Layout::R)) }
}

/// Summarises the variables of a formula, watched by a progress bar.
pub(super) fn compute(
    formula: &str,
    source: &Source,
    options: &SummaryOptions,
    selecting: &Selecting,
    session: &Session,
) -> anyhow::Result<Summary> {
    let formula = Formula::parse(formula).map_err(engine::Error::from)?;
    let monitor = session.monitor();
    let _progress = session.progress("summarising", &monitor);
    let scan = input::limit(session.scan(&monitor), selecting);
    Ok(summarize(&formula, source.as_ref(), options, &scan, &session.executor())?)
}
