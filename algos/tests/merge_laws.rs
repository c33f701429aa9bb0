//! The laws of every accumulator of the algorithms: a new partial result is neutral, merging is associative, cutting the
//! rows anywhere changes nothing, and the bytes of a partial result are as good as itself.
//!
//! [`Cut`] runs the passes of any estimator over pieces of the data and merges them in one of these ways, so the laws are
//! those of the numbers that come out at the end. They may differ in their last digits.

mod tables;

use algos::covariance::{CovCor, MatrixKind};
use algos::cube::Cube;
use algos::glm::{Family, Glm, GlmOptions};
use algos::histogram::{HistogramOptions, histogram};
use algos::linear::LinMod;
use algos::lorenz::{LorenzOptions, lorenz};
use algos::naive_bayes::NaiveBayes;
use algos::pca::{Pca, PcaOptions};
use algos::quantile::{QuantileOptions, quantiles};
use algos::roc::{Roc, RocOptions};
use algos::summary::{SummaryOptions, summarize};
use engine::formula::Formula;
use engine::source::MemorySource;
use engine::{Accumulator, BlockSource, Estimator, Executor, ScanOptions};
use proptest::prelude::*;
use serde_json::Value;
use tables::{Column, numbers, table};

/// How pieces become one.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Law {
    Whole,
    NeutralFirst,
    NeutralLast,
    LeftToRight,
    RightToLeft,
    ThroughBytes,
    BytesAlone,
}

const LAWS: [Law; 6] = [
    Law::NeutralFirst,
    Law::NeutralLast,
    Law::LeftToRight,
    Law::RightToLeft,
    Law::ThroughBytes,
    Law::BytesAlone,
];

/// Runs passes over the rows before, between and behind two places.
struct Cut {
    law: Law,
    at: (u64, u64),
}

fn merged<A: Accumulator>(mut first: A, later: A) -> engine::Result<A> {
    first.merge(later)?;
    Ok(first)
}

fn through_bytes<A: Accumulator>(partial: &A) -> A {
    rmp_serde::from_slice(&rmp_serde::to_vec(partial).unwrap()).unwrap()
}

impl Executor for Cut {
    fn pass<E: Estimator>(
        &self,
        estimator: &E,
        state: &E::State,
        source: &dyn BlockSource,
        options: &ScanOptions,
    ) -> Result<E::Partial, E::Error> {
        let over = |from: u64, to: u64| -> Result<E::Partial, E::Error> {
            let mut partial = estimator.partial(state)?;
            if from < to {
                for block in source.open(&options.clone().with_rows(from..to))? {
                    partial.update(&block?)?;
                }
            }
            Ok(partial)
        };
        let rows = source.info().rows.unwrap();
        let (a, b) = (self.at.0.min(self.at.1).min(rows), self.at.0.max(self.at.1).min(rows));
        let parts = || -> Result<_, E::Error> { Ok((over(0, a)?, over(a, b)?, over(b, rows)?)) };
        Ok(match self.law {
            Law::Whole => over(0, rows)?,
            Law::NeutralFirst => merged(over(0, 0)?, over(0, rows)?)?,
            Law::NeutralLast => merged(over(0, rows)?, over(0, 0)?)?,
            Law::LeftToRight => {
                let (first, second, third) = parts()?;
                merged(merged(first, second)?, third)?
            }
            Law::RightToLeft => {
                let (first, second, third) = parts()?;
                merged(first, merged(second, third)?)?
            }
            Law::ThroughBytes => {
                let (first, second, third) = parts()?;
                // into one that was made for the pass: what is read is not in the bytes
                let mut whole = over(0, 0)?;
                for part in [first, second, third] {
                    whole = merged(whole, through_bytes(&part))?;
                }
                whole
            }
            Law::BytesAlone => {
                let (first, second, third) = parts()?;
                let later = through_bytes(&merged(through_bytes(&second), through_bytes(&third))?);
                through_bytes(&merged(through_bytes(&first), later)?)
            }
        })
    }
}

/// Equal but for the last digits of numbers.
fn assert_same(got: &Value, expected: &Value, place: &str) {
    match (got, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let near = (a - b).abs() <= 1e-8 * a.abs().max(b.abs()) || (a - b).abs() < 1e-10;
            assert!(near, "{place}: {a} is not {b}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{place}");
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                assert_same(a, b, &format!("{place}/{i}"));
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>(), "{place}");
            for (key, a) in a {
                assert_same(a, &b[key], &format!("{place}/{key}"));
            }
        }
        _ => assert_eq!(got, expected, "{place}"),
    }
}

/// Checks all laws of an algorithm on one table, cut at two places; errors are to be the same errors.
fn laws(
    source: &MemorySource,
    at: (u64, u64),
    compute: impl Fn(&MemorySource, &ScanOptions, &Cut) -> algos::Result<Value>,
) {
    let scan = ScanOptions::default().with_block_rows(16);
    let see = |law| {
        let found = compute(source, &scan, &Cut { law, at });
        found.unwrap_or_else(|error| Value::from(error.to_string()))
    };
    let whole = see(Law::Whole);
    for law in LAWS {
        assert_same(&see(law), &whole, &format!("{law:?}"));
    }
}

/// A row: two factors, a number far from 0, a small one, a class, a probability, a whole weight.
type Row = (Option<i32>, i32, f64, f64, bool, f64, u8);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::option::weighted(0.9, 0..3i32),
        0..2i32,
        -5.0..5.0_f64,
        prop_oneof![9 => -1.0..1.0_f64, 1 => Just(f64::NAN)],
        any::<bool>(),
        prop_oneof![Just(0.5), 0.0..1.0_f64],
        0..4u8,
    );
    prop::collection::vec(row, 0..120)
}

fn data(rows: &[Row]) -> MemorySource {
    table(vec![
        ("a", Column::Factor(rows.iter().map(|row| row.0).collect(), vec!["x", "y", "z"])),
        ("b", Column::Factor(rows.iter().map(|row| Some(row.1)).collect(), vec!["u", "v"])),
        ("far", numbers(rows.iter().map(|row| 1e6 + row.2))),
        ("y", numbers(rows.iter().map(|row| row.2 + row.3))),
        ("late", numbers(rows.iter().map(|row| f64::from(u8::from(row.4))))),
        ("p", numbers(rows.iter().map(|row| row.5))),
        ("f", numbers(rows.iter().map(|row| f64::from(row.6)))),
        ("id", numbers(rows.iter().map(|row| (row.2 * 300.0).floor()))),
        ("day", numbers(rows.iter().map(|row| (row.5 * 1000.0).floor()))),
    ])
}

fn frequency() -> algos::design::Weights {
    algos::design::Weights { frequency: Some("f".into()), probability: None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cells(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let estimator = Cube::new("cbind(y, far) ~ a:b")?.with_weights(frequency());
            Ok(engine::fit(&estimator, source, scan, cut)?.to_json(false))
        });
    }

    /// 3 million cells, of which those that are met have a place.
    #[test]
    fn cells_that_are_met(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let estimator = Cube::new("cbind(y, far) ~ F(id, -1500, 1500):F(day, 0, 999)")?.with_weights(frequency());
            let cells = engine::fit(&estimator, source, scan, cut)?;
            assert!(cells.counts.len() <= rows.len());
            Ok(cells.to_json(false)["cells"].clone())
        });
    }

    #[test]
    fn levels_and_ranges(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            Ok(engine::fit(&Cube::new("~ a:F(y)")?, source, scan, cut)?.to_json(false))
        });
    }

    #[test]
    fn covariances(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            Ok(engine::fit(&CovCor::new("~ far + y + a")?, source, scan, cut)?.to_json(MatrixKind::Cov))
        });
    }

    #[test]
    fn linear_models(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let model = engine::fit(&LinMod::new("y ~ far + b")?, source, scan, cut)?;
            let numbers = [&model.coefficients, &model.coef_std_error].map(|lists| lists.concat());
            Ok(serde_json::json!([numbers, model.n_valid_obs, model.n_missing_obs]))
        });
    }

    /// A variable and its square, far from 0: 53 bits are not enough, so that there is a pass for sums of 106.
    #[test]
    fn sums_of_twice_the_precision(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let model = engine::fit(&LinMod::new("y ~ far + I(far^2) + a + b:p")?, source, scan, cut)?;
            assert!(rows.len() < 20 || model.condition_number > 1e6, "{}", model.condition_number);
            let numbers = [&model.coefficients, &model.coef_std_error].map(|lists| lists.concat());
            Ok(serde_json::json!([numbers, model.rank, model.n_valid_obs, model.n_missing_obs]))
        });
    }

    #[test]
    fn generalized_linear_models(
        rows in rows(), at in (0..120u64, 0..120u64), cells in prop_oneof![Just(16 << 20), Just(0), 100..2000_usize]
    ) {
        laws(&data(&rows), at, |source, scan, cut| {
            let options = GlmOptions { family: Family::Poisson, cov_data: true, cells, ..GlmOptions::default() };
            let model = engine::fit(&Glm::new("f ~ a + b")?.with_options(options)?, source, scan, cut)?;
            Ok(serde_json::json!([model.coefficients, model.deviance, model.cov_data, model.n_valid_obs]))
        });
    }

    #[test]
    fn naive_bayes(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            Ok(engine::fit(&NaiveBayes::new("b ~ far + a + y + F(f)")?, source, scan, cut)?.to_json())
        });
    }

    /// The sums are those of covariances; that signs and the order of components are fixed is the law here.
    #[test]
    fn principal_components(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let model = engine::fit(&Pca::new("~ far + p + f", PcaOptions::default())?, source, scan, cut)?;
            Ok(serde_json::json!([model.means, model.std_devs, model.n_valid_obs, model.n_missing_obs]))
        });
    }

    #[test]
    fn summaries(rows in rows(), at in (0..120u64, 0..120u64), weighted in any::<bool>()) {
        laws(&data(&rows), at, |source, scan, cut| {
            let fweights = weighted.then(|| "f".to_owned());
            let options = SummaryOptions { fweights, ..SummaryOptions::default() };
            let formula = Formula::parse("~ far + a + y:a:b").unwrap();
            Ok(summarize(&formula, source, &options, scan, cut)?.to_json())
        });
    }

    #[test]
    fn sketches_of_quantiles(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let found = quantiles(&["y".into(), "f".into()], source, &QuantileOptions::default(), scan, cut)?;
            let shown = found.iter().map(|column| format!("{:?} {}", column.values, column.valid));
            Ok(shown.collect())
        });
    }

    #[test]
    fn histograms(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let options = HistogramOptions { num_breaks: Some(5), weights: frequency(), ..HistogramOptions::default() };
            Ok(histogram("~ y | a", source, &options, scan, cut)?.to_json())
        });
    }

    #[test]
    fn lorenz_curves(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let options = LorenzOptions { num_breaks: 5, exact: true, weights: frequency(), ..LorenzOptions::default() };
            Ok(lorenz("p", "far", source, &options, scan, cut)?.to_json())
        });
    }

    #[test]
    fn receiver_operating_characteristics(rows in rows(), at in (0..120u64, 0..120u64)) {
        laws(&data(&rows), at, |source, scan, cut| {
            let options = RocOptions { num_breaks: 8, exact: true, weights: frequency(), ..RocOptions::default() };
            Ok(engine::fit(&Roc::new("late", &["p".into()], options)?, source, scan, cut)?.to_json())
        });
    }
}

/// More different values than a sketch keeps, so that further passes close in on the quantiles.
#[test]
fn exact_quantiles() {
    let value = |i: i64| ((i * 7919) % 10_007) as f64;
    let source = table(vec![("x", numbers((0..10_007).map(value)))]);
    for at in [(0, 3000), (5000, 5001), (10_000, 10_007)] {
        laws(&source, at, |source, scan, cut| {
            let options = QuantileOptions { exact: true, ..QuantileOptions::default() };
            let found = quantiles(&["x".into()], source, &options, &scan.clone().with_block_rows(1000), cut)?;
            Ok(Value::from(format!("{:?}", found[0].values)))
        });
    }
}
