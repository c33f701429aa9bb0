//! Summaries, in all and by cells.

use algos::summary::{Statistic, SummaryOptions, summarize, summarize_aggregated};
use engine::formula::Formula;
use engine::{Local, ScanOptions};

use crate::rows::{rows, sorted};
use crate::servers;
use crate::{Both, assert_close};

#[test]
fn summaries() {
    for server in servers::all() {
        let mut both = Both::new(server, "summaries", &sorted(&rows(600), "size"));
        let statistics = [&Statistic::DEFAULT[..], &[Statistic::Sum, Statistic::SumOfWeights][..]].concat();
        let options = |pweights: Option<&str>, fweights: Option<&str>| SummaryOptions {
            pweights: pweights.map(str::to_owned),
            fweights: fweights.map(str::to_owned),
            statistics: statistics.clone(),
            ..SummaryOptions::default()
        };
        for (formula, options) in [
            ("~ x + far + n + flag + y", options(None, None)),
            ("~ x:n + I(x * 2) + log(n) + N(day)", options(None, None)),
            ("~ day + size + day:size + F(n)", options(None, None)),
            ("y ~ day + size:F(n, -1, 3) + x", options(None, None)),
            ("~ y:day + x:day:F(n, -1, 3, exclude = FALSE)", options(None, None)),
            ("~ x + day + y:size", options(Some("weight"), None)),
            ("~ x + day + y:size", options(None, Some("times"))),
            ("~ x + day + y:size", SummaryOptions { by_term: false, ..options(None, Some("times")) }),
            (
                "~ x + y:day:size",
                SummaryOptions { remove_zero_counts: true, by_term: false, ..options(None, None) },
            ),
        ] {
            let formula = Formula::parse(formula).unwrap();
            let remote = summarize_aggregated(&formula, &mut both.database, "memory", &options).unwrap();
            let source = both.source.as_ref();
            let local =
                summarize(&formula, source, &options, &ScanOptions::default(), &Local::new(2)).unwrap();
            assert_close(
                &remote.to_json(),
                &local.to_json(),
                &format!("{:?} {}", server.dialect, formula.text),
            );
        }
    }
}
