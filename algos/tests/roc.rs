//! Receiver operating characteristics against their definition in R and scikit-learn's areas, and where they do not exist.
//!
//! `golden/roc.R` made the data and the results; `golden/roc_sklearn.py` has checked the areas.

mod tables;

use algos::Error;
use algos::design::Weights;
use algos::roc::{Roc, RocCurves, RocOptions};
use engine::{BlockSource, Local, MemoryBudget, ScanOptions};
use serde::Deserialize;
use tables::{Column, assert_close, csv, numbers, table};

const DATA: &str = include_str!("golden/roc.csv");
const GOLDEN: &str = include_str!("golden/roc.json");

#[derive(Deserialize)]
struct Case {
    prediction: String,
    weight: String,
    breaks: usize,
    threshold: Vec<f64>,
    sensitivity: Vec<f64>,
    specificity: Vec<f64>,
    trapezoids: f64,
    exact: f64,
}

fn weights(column: &str) -> Weights {
    let named = |wanted: &str| (column == wanted).then(|| wanted.to_owned());
    Weights { probability: named("w"), frequency: named("f") }
}

fn compute(
    actual: &str,
    predictions: &[&str],
    options: RocOptions,
    source: &dyn BlockSource,
    threads: usize,
    rows: usize,
) -> algos::Result<RocCurves> {
    let predictions: Vec<String> = predictions.iter().map(|name| (*name).to_owned()).collect();
    let scan = ScanOptions::default().with_block_rows(rows);
    engine::fit(&Roc::new(actual, &predictions, options)?, source, &scan, &Local::new(threads))
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-13, "{got} {expected}");
    }
}

#[test]
fn curves_and_areas_are_those_of_their_definition() {
    let source = csv(DATA);
    for case in serde_json::from_str::<Vec<Case>>(GOLDEN).unwrap() {
        for (threads, rows) in [(1, 1000), (2, 7)] {
            let weights = weights(&case.weight);
            let options =
                RocOptions { num_breaks: case.breaks, exact: true, weights, ..RocOptions::default() };
            // both at once
            let found = compute("late", &["coarse", "fine"], options, &source, threads, rows).unwrap();
            let curve = found.curves.iter().find(|curve| curve.prediction == case.prediction).unwrap();
            assert_all_close(&curve.thresholds, &case.threshold);
            assert_all_close(&curve.sensitivity, &case.sensitivity);
            assert_all_close(&curve.specificity, &case.specificity);
            assert_close(curve.auc, case.trapezoids, 1e-13);
            assert_close(curve.exact_auc.unwrap(), case.exact, 1e-13);
            assert!((curve.auc - case.exact).abs() <= curve.auc_error + 1e-15);
        }
    }
}

/// The example of the documentation of rxRoc.
fn sample() -> engine::source::MemorySource {
    let actual = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1].map(f64::from);
    table(vec![
        ("actual", numbers(actual)),
        ("prediction", numbers([0.6, 0.5, 0.4, 0.3, 0.2, 0.8, 0.7, 0.6, 0.5, 0.4])),
        ("wrong", numbers(actual.map(|y| if y == 1.0 { 0.01 } else { 0.99 }))),
        ("right", numbers(actual.map(|y| if y == 1.0 { 0.99 } else { 0.01 }))),
    ])
}

#[test]
fn the_example_of_the_documentation() {
    let options = RocOptions { num_breaks: 11, exact: true, ..RocOptions::default() };
    let found = compute("actual", &["prediction", "wrong", "right"], options, &sample(), 2, 3).unwrap();
    let areas: Vec<f64> = found.curves.iter().map(|curve| curve.auc).collect();
    assert_eq!(areas, [0.82, 0.0, 1.0]);
    let exact: Vec<f64> = found.curves.iter().filter_map(|curve| curve.exact_auc).collect();
    assert_eq!(exact, [0.82, 0.0, 1.0]);
    let text = found.render("sample", true);
    let expected = "\
ROC Results for: actual ~ prediction + wrong + right
File name: sample
Number of valid observations: 10
Number of missing observations: 0
Positive observations: 5
Negative observations: 5

 predVarName AUC  at most off by exact AUC
 prediction  0.82 0.06           0.82     
 wrong       0.00 0.00           0.00     
 right       1.00 0.00           1.00     

prediction:
  threshold sensitivity specificity
1       0.0         1.0         0.0
2       0.3         1.0         0.2
3       0.4         1.0         0.4
4       0.5         0.8         0.6
5       0.6         0.6         0.8
6       0.7         0.4         1.0
7       0.8         0.2         1.0
8       0.9         0.0         1.0

wrong:
";
    assert!(text.starts_with(expected), "{text}");
    let all = RocOptions { num_breaks: 11, remove_dups: false, ..RocOptions::default() };
    let found = compute("actual", &["right"], all, &sample(), 1, 100).unwrap();
    assert_eq!(found.curves[0].thresholds.len(), 11);
    assert_eq!(found.curves[0].exact_auc, None);
}

#[test]
fn actual_values_are_numbers_logicals_or_two_levels() {
    let levels = vec!["early", "late"];
    let by_level = |levels| {
        table(vec![
            ("late", Column::Factor(vec![Some(0), Some(1), Some(1), None], levels)),
            ("p", numbers([0.1, 0.9, 0.4, 0.5])),
        ])
    };
    let found = compute("late", &["p"], RocOptions::default(), &by_level(levels), 1, 2).unwrap();
    assert_eq!((found.positive.as_deref(), found.positives, found.missing_obs), (Some("late"), 2.0, 1));
    assert_eq!(found.curves[0].auc, 1.0);
    let three = by_level(vec!["early", "late", "never"]);
    let error = compute("late", &["p"], RocOptions::default(), &three, 1, 2).unwrap_err().to_string();
    assert!(error.contains("'late' cannot be the actual values: it has 3 levels"), "{error}");
}

#[test]
fn rows_with_missing_values_are_left_out_of_all_curves() {
    let source = table(vec![
        ("y", numbers([0.0, 1.0, 1.0, 0.0])),
        ("p", Column::Numbers(vec![Some(0.2), Some(0.8), None, Some(f64::NAN)])),
        ("q", numbers([0.5, 0.5, 0.1, 0.9])),
    ]);
    let found = compute("y", &["p", "q"], RocOptions::default(), &source, 2, 1).unwrap();
    assert_eq!((found.valid_obs, found.missing_obs), (2, 2));
    assert_eq!((found.curves[0].auc, found.curves[1].auc), (1.0, 0.5));
}

#[test]
fn what_does_not_exist() {
    let one_class = table(vec![("y", numbers([1.0, 1.0])), ("p", numbers([0.2, 0.8]))]);
    let options = RocOptions { exact: true, ..RocOptions::default() };
    let found = compute("y", &["p"], options, &one_class, 1, 7).unwrap();
    let curve = &found.curves[0];
    assert!(curve.auc.is_nan() && curve.exact_auc.unwrap().is_nan() && curve.specificity[0].is_nan());
    assert_eq!(curve.sensitivity[0], 1.0);
    assert!(found.to_json()["curves"][0]["auc"].is_null());

    let none = table(vec![("y", Column::Numbers(vec![None])), ("p", numbers([0.5]))]);
    let error = compute("y", &["p"], RocOptions::default(), &none, 1, 7).unwrap_err();
    assert!(matches!(error, Error::NoObservations { rows: 1 }), "{error}");

    let fails = |y: [f64; 2], p: [f64; 2], w: [f64; 2], options: RocOptions| {
        let source = table(vec![("y", numbers(y)), ("p", numbers(p)), ("w", numbers(w))]);
        compute("y", &["p"], options, &source, 1, 7).unwrap_err().to_string()
    };
    let plain = RocOptions::default;
    let error = fails([0.0, 2.0], [0.1, 0.2], [1.0, 1.0], plain());
    assert_eq!(error, "response 'y' is 2 in row 2; it must be 0 or 1");
    for wrong in [1.5, -0.1, f64::INFINITY] {
        let error = fails([0.0, 1.0], [0.1, wrong], [1.0, 1.0], plain());
        assert!(error.contains(&format!("'p' cannot be a prediction: it is {wrong} in row 2")), "{error}");
    }
    let error = fails([0.0, 1.0], [0.1, 0.2], [1.0, -1.0], RocOptions { weights: weights("w"), ..plain() });
    assert!(error.contains("weight 'w' is -1"), "{error}");
    let little = RocOptions { exact: true, memory: MemoryBudget::bytes(10), ..plain() };
    let error = fails([0.0, 1.0], [0.1, 0.2], [1.0, 1.0], little);
    assert!(error.contains("memory"), "{error}");
    assert!(Roc::new("y", &[], plain()).is_err());
    assert!(Roc::new("y", &["p".into()], RocOptions { num_breaks: 1, ..plain() }).is_err());
}
