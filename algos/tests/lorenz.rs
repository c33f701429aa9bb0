//! Lorenz curves against their definition in R (`golden/lorenz.R`), and where they do not exist.

mod tables;

use algos::Error;
use algos::design::Weights;
use algos::lorenz::{Lorenz, LorenzOptions, lorenz};
use engine::{BlockSource, Local, MemoryBudget, ScanOptions};
use tables::{Column, assert_close, csv, numbers, table};

const DATA: &str = include_str!("golden/roc.csv");

fn compute(
    order: &str,
    value: &str,
    options: &LorenzOptions,
    source: &dyn BlockSource,
) -> algos::Result<Lorenz> {
    let scan = ScanOptions::default().with_block_rows(7);
    lorenz(order, value, source, options, &scan, &Local::new(2))
}

fn options(num_breaks: usize, weights: Weights) -> LorenzOptions {
    LorenzOptions { num_breaks, exact: true, weights, ..LorenzOptions::default() }
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-11, "{got} {expected}");
    }
}

#[test]
fn curves_and_coefficients_are_those_of_their_definition() {
    let source = csv(DATA);
    let found = compute("fine", "fine", &options(6, Weights::default()), &source).unwrap();
    assert_all_close(&found.percent, &[0.0, 9.5, 31.5, 65.5, 87.0, 100.0]);
    assert_all_close(
        &found.cum_vals,
        &[0.0, 3.314_290_673_331_691, 18.169_748_968_111_27, 51.729_647_316_03, 79.589_566_285_030_33, 100.0],
    );
    assert_close(found.gini, 0.196_125_843_870_260_9, 1e-12);
    // also by 1 / (n Σx) Σ (2i - n - 1) x of sorted values
    assert_close(found.exact_gini.unwrap(), 0.208_720_361_626_092_1, 1e-12);
    let found = compute("fine", "fine", &LorenzOptions::default(), &source).unwrap();
    assert_close(found.gini, 0.208_720_199_074_841_7, 1e-12);
    assert_eq!(found.exact_gini, None);

    let frequency = Weights { frequency: Some("f".into()), probability: None };
    let found = compute("w", "fine", &options(6, frequency), &source).unwrap();
    assert_close(found.gini, 0.010_654_539_945_431_42, 1e-10);
    assert_close(found.exact_gini.unwrap(), 0.017_266_014_363_759_52, 1e-10);
    let probability = Weights { probability: Some("w".into()), frequency: None };
    let found = compute("fine", "fine", &options(101, probability), &source).unwrap();
    assert_close(found.gini, 0.200_110_110_738_143_6, 1e-12);
    assert_close(found.exact_gini.unwrap(), 0.200_139_877_067_390_8, 1e-12);
}

/// The examples of the documentation of rxLorenz.
#[test]
fn complete_equality_and_extreme_inequality() {
    let equal = table(vec![("income", numbers([100.0; 10]))]);
    let found = compute("income", "income", &options(100, Weights::default()), &equal).unwrap();
    assert_eq!((found.percent.as_slice(), found.cum_vals.as_slice()), (&[0.0, 100.0][..], &[0.0, 100.0][..]));
    assert_eq!((found.gini, found.exact_gini), (0.0, Some(0.0)));

    let one = table(vec![("income", numbers((0..100).map(|i| if i == 42 { 100.0 } else { 0.0 })))]);
    let found = compute("income", "income", &options(100, Weights::default()), &one).unwrap();
    assert_close(found.gini, 0.99, 1e-14);
    assert_close(found.exact_gini.unwrap(), 0.99, 1e-14);
    let text = found.render("incomes", true);
    let expected = "\
Lorenz Curve Results for: income ~ income
File name: incomes
Number of valid observations: 100
Number of missing observations: 0

Sum of income: 100
Gini coefficient: 0.99
Exact Gini coefficient: 0.99

  cumVals percent
1       0       0
2       0      99
3     100     100
";
    assert_eq!(text, expected);
}

#[test]
fn what_does_not_exist() {
    let zeros = table(vec![("x", numbers([-1.0, 1.0]))]);
    let found = compute("x", "x", &options(3, Weights::default()), &zeros).unwrap();
    assert!(found.cum_vals[0].is_nan() && !found.gini.is_finite(), "{found:?}");
    assert!(found.to_json()["gini"].is_null());
    let missing = table(vec![("x", Column::Numbers(vec![Some(1.0), None, Some(3.0)]))]);
    let found = compute("x", "x", &options(3, Weights::default()), &missing).unwrap();
    assert_eq!((found.valid_obs, found.missing_obs), (2, 1));
    assert_close(found.gini, 0.25, 1e-14);

    let plain = LorenzOptions::default();
    let none = table(vec![("x", Column::Numbers(vec![None]))]);
    assert!(matches!(compute("x", "x", &plain, &none).unwrap_err(), Error::NoObservations { rows: 1 }));
    let infinite = table(vec![("x", numbers([1.0, f64::INFINITY])), ("y", numbers([1.0, 2.0]))]);
    for (order, value) in [("x", "y"), ("y", "x")] {
        let error = compute(order, value, &plain, &infinite).unwrap_err();
        assert!(matches!(&error, Error::NotFinite { variable } if variable == "x"), "{error}");
    }
    let few = LorenzOptions { num_breaks: 1, ..plain.clone() };
    assert!(matches!(compute("x", "x", &few, &missing).unwrap_err(), Error::Option { .. }));
    let little = LorenzOptions { exact: true, memory: MemoryBudget::bytes(10), ..plain };
    let error = compute("x", "x", &little, &missing).unwrap_err().to_string();
    assert!(error.contains("memory"), "{error}");
    let factor = table(vec![("g", Column::Factor(vec![Some(0)], vec!["a"]))]);
    let error = compute("g", "g", &LorenzOptions::default(), &factor).unwrap_err().to_string();
    assert!(error.contains("'g' cannot be a variable of a Lorenz curve"), "{error}");
}
