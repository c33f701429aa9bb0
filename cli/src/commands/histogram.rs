//! `xdf histogram`: bars of characters, or the counts as JSON.

use algos::histogram::{HistogramOptions, histogram};

use crate::args::HistogramArgs;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

/// Characters of a line.
const WIDTH: usize = 80;

pub(super) fn run(args: &HistogramArgs, session: &Session) -> anyhow::Result<()> {
    let options = HistogramOptions {
        num_breaks: args.breaks,
        start: args.start,
        end: args.end,
        levels_to_keep: args.levels.clone(),
        levels_to_drop: args.without_levels.clone(),
        max_panels: args.max_panels,
        weights: args.rows.weighting.weights(),
    };
    let source = input::open_rows(&args.input, &args.rows)?;
    let monitor = session.monitor();
    let _progress = session.progress("counting", &monitor);
    let scan = input::limit(session.scan(&monitor), &args.rows.selecting);
    let found = histogram(&args.formula, source.as_ref(), &options, &scan, &session.executor())?;
    if session.json {
        return print_json(&found.to_json());
    }
    output::print(&found.render(&source.info().name, args.percent, WIDTH))
}
