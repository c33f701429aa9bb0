//! `xdf lorenz`: a Lorenz curve and its Gini coefficient.

use algos::lorenz::{LorenzOptions, lorenz};

use crate::args::LorenzArgs;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &LorenzArgs, session: &Session) -> anyhow::Result<()> {
    let options = LorenzOptions {
        num_breaks: args.breaks,
        exact: args.exact,
        weights: args.rows.weighting.weights(),
        memory: session.memory(),
    };
    let value = args.value.as_ref().unwrap_or(&args.order);
    let source = input::open_rows(&args.input, &args.rows)?;
    let monitor = session.monitor();
    let _progress = session.progress("adding up", &monitor);
    let scan = input::limit(session.scan(&monitor), &args.rows.selecting);
    let found = lorenz(&args.order, value, source.as_ref(), &options, &scan, &session.executor())?;
    if session.json {
        return print_json(&found.to_json());
    }
    output::print(&found.render(&source.info().name, args.table))
}
