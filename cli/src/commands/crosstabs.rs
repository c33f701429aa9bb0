//! `xdf crosstabs`: counts, sums and means by factors, as tables or as a cube.

use std::sync::Arc;

use algos::contingency::{Tau, Test};
use algos::cube::{CrossTab, Cube, Sections, Statistic};
use engine::source::MemorySource;

use super::{fit, moving};
use crate::args::{CellStatistic, CrosstabsArgs, Selecting, TableTest};
use crate::failure::Usage;
use crate::input::{self, Source};
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &CrosstabsArgs, session: &Session) -> anyhow::Result<()> {
    // The formula is understood before the data are opened.
    let estimator = Cube::new(&args.formula)?.with_weights(args.rows.weighting.weights());
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
    let source = input::open_rows(&args.input, &args.rows)?;
    if let Some(path) = &args.output {
        fit::check_output(Some(path), args.writing.overwrite, &args.input)?;
    }
    let cells = fit::run(&estimator, &source, &args.rows.selecting, "adding up", session)?;
    let data = &source.info().name;
    if let Some(path) = &args.output {
        let table = cells.table(statistic, args.remove_zero_counts)?;
        let table: Source = Arc::new(MemorySource::try_new(&table.schema(), [table])?);
        let options = moving::sink_options(&args.writing);
        let everything = Selecting::default();
        return moving::transfer("writing", &table, path, &options, &everything, session)?
            .report(&source, session);
    }
    if args.cube {
        if session.json {
            return print_json(&cells.to_json(args.remove_zero_counts));
        }
        return output::print(&cells.render(data, statistic, args.remove_zero_counts));
    }
    let tables = cells.cross_tabs()?;
    let tests = tests(args.tests.as_deref(), &tables);
    let ratio = if args.odds { Test::OddsRatio } else { Test::RiskRatio };
    let pairs = args.pairs.then_some((ratio, !args.not_pooled));
    if session.json {
        let sections = Sections { tests, pairs, ..Sections::default() };
        return print_json(&cells.cross_tabs_json(&tables, statistic, &sections));
    }
    let sections = Sections { margins: args.margins, percentages: args.percentages, tests, pairs };
    output::print(&cells.render_cross_tabs(data, &tables, statistic, &sections))
}

/// The tests that were named, or those that tables of this size have.
fn tests(named: Option<&[TableTest]>, tables: &[CrossTab]) -> Vec<Test> {
    let test = |test: &TableTest| match test {
        TableTest::Chisq => Test::ChiSquared,
        TableTest::Fisher => Test::Fisher,
        TableTest::Kendall => Test::Kendall(Tau::B),
        TableTest::KendallA => Test::Kendall(Tau::A),
        TableTest::KendallC => Test::Kendall(Tau::C),
        TableTest::Odds => Test::OddsRatio,
        TableTest::Risk => Test::RiskRatio,
    };
    let small = tables.iter().all(|table| table.rows.levels.len() == 2 && table.columns.levels.len() == 2);
    match named {
        None => Vec::new(),
        Some([]) if small => vec![Test::ChiSquared, Test::Fisher],
        Some([]) => vec![Test::ChiSquared],
        Some(named) => named.iter().map(test).collect(),
    }
}
