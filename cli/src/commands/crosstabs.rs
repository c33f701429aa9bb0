//! `xdf crosstabs`: counts, sums and means by factors, as tables or as a cube.

use algos::cube::{Cube, Sections, Statistic};

use super::fit;
use crate::args::{CellStatistic, CrosstabsArgs};
use crate::failure::Usage;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &CrosstabsArgs, session: &Session) -> anyhow::Result<()> {
    // The formula is understood before the data are opened.
    let estimator = Cube::new(&args.formula)?.with_weights(args.weighting.weights());
    let statistic = match args.statistic {
        Some(CellStatistic::Sums | CellStatistic::Means) if !estimator.has_response() => {
            return Err(Usage(format!(
                "--statistic: '{}' has no variable on the left; write y ~ a:b",
                args.formula
            ))
            .into());
        }
        Some(CellStatistic::Counts) => Statistic::Counts,
        Some(CellStatistic::Means) => Statistic::Means,
        None if !estimator.has_response() => Statistic::Counts,
        None if args.cube => Statistic::Means,
        Some(CellStatistic::Sums) | None => Statistic::Sums,
    };
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let cells = fit::run(&estimator, &source, &args.selecting, "adding up", session)?;
    let data = &source.info().name;
    if args.cube {
        if session.json {
            return print_json(&cells.to_json(args.remove_zero_counts));
        }
        return output::print(&cells.render(data, statistic, args.remove_zero_counts));
    }
    let tables = cells.cross_tabs()?;
    if session.json {
        return print_json(&cells.cross_tabs_json(&tables, statistic));
    }
    let sections = Sections { margins: args.margins, percentages: args.percentages, tests: args.tests };
    output::print(&cells.render_cross_tabs(data, &tables, statistic, sections))
}
