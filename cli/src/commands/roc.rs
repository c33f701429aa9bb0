//! `xdf roc`: receiver operating characteristics of predictions, and the areas under them.

use algos::design::Weights;
use algos::roc::{Roc, RocOptions};

use crate::args::RocArgs;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &RocArgs, session: &Session) -> anyhow::Result<()> {
    let options = RocOptions {
        num_breaks: args.thresholds,
        remove_dups: !args.keep_duplicates,
        exact: args.exact,
        weights: Weights {
            probability: args.weighting.pweights.clone(),
            frequency: args.weighting.fweights.clone(),
        },
        memory: session.memory(),
    };
    let estimator = Roc::new(&args.actual, &args.predictions, options)?;
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let monitor = session.monitor();
    let _progress = session.progress("counting", &monitor);
    let scan = input::limit(session.scan(&monitor), &args.selecting);
    let found = engine::fit(&estimator, source.as_ref(), &scan, &session.executor())?;
    if session.json {
        return print_json(&found.to_json());
    }
    output::print(&found.render(&source.info().name, args.table))
}
