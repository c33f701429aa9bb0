//! `xdf roc`: receiver operating characteristics of predictions, and the areas under them.

use algos::roc::{Roc, RocOptions};

use super::fit;
use crate::args::RocArgs;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &RocArgs, session: &Session) -> anyhow::Result<()> {
    let options = RocOptions {
        num_breaks: args.thresholds,
        remove_dups: !args.keep_duplicates,
        exact: args.exact,
        weights: args.rows.weighting.weights(),
        memory: session.memory(),
    };
    let estimator = Roc::new(&args.actual, &args.predictions, options)?;
    let source = input::open_rows(&args.input, &args.rows)?;
    let found = fit::run(&estimator, &source, &args.rows.selecting, "counting", session)?;
    if session.json {
        return print_json(&found.to_json());
    }
    output::print(&found.render(&source.info().name, args.table))
}
