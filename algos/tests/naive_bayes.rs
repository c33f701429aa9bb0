//! Naive Bayes against base R by the formula (`golden/naive_bayes.R`; `golden/naive_bayes_sklearn.py` has compared what
//! scikit-learn computes the same way), and where the data do not tell.

mod tables;

use algos::Error;
use algos::model::{self, Model};
use algos::naive_bayes::{Given, NaiveBayes, NaiveBayesModel};
use algos::predict::{PredictOptions, Scale};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use engine::{Accumulator, BlockSource, Estimator, Local, ScanOptions};
use proptest::prelude::*;
use serde::Deserialize;
use tables::{Column, Sequence, assert_close, csv, numbers, table};

const GOLDEN: &str = include_str!("golden/naive_bayes.json");
const POLICIES: &str = include_str!("golden/policies.csv");
const KYPHOSIS: &str = include_str!("data/kyphosis.csv");

#[derive(Deserialize)]
struct Case {
    file: String,
    formula: String,
    smoothing: f64,
    levels: Vec<String>,
    counts: Vec<u64>,
    tables: Vec<Vec<f64>>,
    probabilities: Vec<f64>,
    classes: Vec<i32>,
}

fn try_fit(
    formula: &str,
    source: &dyn BlockSource,
    smoothing: f64,
    threads: usize,
) -> algos::Result<NaiveBayesModel> {
    let estimator = NaiveBayes::new(formula)?.with_smoothing_factor(smoothing)?;
    engine::fit(&estimator, source, &ScanOptions::default().with_block_rows(7), &Local::new(threads))
}

fn predict(model: &NaiveBayesModel, source: &dyn BlockSource, scale: Scale) -> RecordBatch {
    let block = source.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
    model.predict(&block, &PredictOptions { scale, ..PredictOptions::default() }).unwrap()
}

fn codes(batch: &RecordBatch) -> Vec<Option<i32>> {
    batch.column(0).as_dictionary::<Int32Type>().keys().iter().collect()
}

#[test]
fn r_and_scikit_learn() {
    for case in serde_json::from_str::<Vec<Case>>(GOLDEN).unwrap() {
        let source = csv(if case.file == "policies" { POLICIES } else { KYPHOSIS });
        let model = try_fit(&case.formula, &source, case.smoothing, 1).unwrap();
        assert_eq!(try_fit(&case.formula, &source, case.smoothing, 3).unwrap(), model);
        assert_eq!((&model.levels, &model.counts), (&case.levels, &case.counts));
        for (table, expected) in model.tables.iter().zip(&case.tables) {
            let got: Vec<f64> = match &table.given {
                Given::Normal { means, std_devs, .. } => means.iter().chain(std_devs).copied().collect(),
                Given::Levels { probabilities, .. } => probabilities.clone(),
            };
            assert_eq!(got.len(), expected.len());
            got.iter().zip(expected).for_each(|(got, expected)| assert_close(*got, *expected, 1e-13));
        }
        let chances = predict(&model, &source, Scale::Probability);
        let (rows, classes) = (chances.num_rows(), case.levels.len());
        for (at, expected) in case.probabilities.iter().enumerate() {
            let got = chances.column(at % classes).as_primitive::<Float64Type>().value(at / classes);
            assert!((got - expected).abs() < 1e-12, "row {}: {got}, expected {expected}", at / classes);
        }
        assert_eq!(chances.schema().field(0).name(), &format!("{}_prob", case.levels[0]));
        let most = predict(&model, &source, Scale::Response);
        let found: Vec<i32> = codes(&most).into_iter().map(|code| code.unwrap() + 1).collect();
        assert_eq!((found.len(), &found), (rows, &case.classes));
    }
}

#[test]
fn layout_and_model_files() {
    let source = csv("y,x,f\nno,1,a\nno,2,b\nno,3,b\nyes,5,a\nyes,8,a\n");
    let mut model = try_fit("y ~ x + f", &source, 1.0, 1).unwrap();
    model.set_origin("rxNaiveBayes(...)".into(), "t.csv".into());
    let expected = "\
Call:
rxNaiveBayes(...)

Naive Bayes Results for: y ~ x + f
File name: t.csv
Dependent variable(s): y
Number of valid observations: 5
Number of missing observations: 0

A priori probabilities:
y
  no yes
 0.6 0.4

Predictor types:
  Variable    Type
1        x numeric
2        f  factor

Conditional probabilities:
$x
    Means  StdDev
no    2.0 1.00000
yes   6.5 2.12132

$f
       a    b
no  0.40 0.60
yes 0.75 0.25

";
    assert_eq!(model.to_string(), expected);
    let bytes = model::to_bytes(&model).unwrap();
    let loaded = model::from_bytes(&bytes, "test").unwrap();
    assert_eq!((loaded.kind(), loaded.to_json()), ("naive_bayes", model.to_json()));
    assert_eq!(loaded.model_columns(), ["y", "x", "f"]);
    for refused in [
        PredictOptions { residuals: true, ..PredictOptions::default() },
        PredictOptions { scale: Scale::Link, ..PredictOptions::default() },
        PredictOptions { predict_names: Some(vec!["a".into(), "b".into()]), ..PredictOptions::default() },
    ] {
        assert!(matches!(loaded.output_schema(&refused), Err(Error::Option { .. })));
    }
}

#[test]
fn conditions_and_factors_of_integers() {
    let source = csv("y,x\n1,1\n2,1\n3,2\n4,3\n5,3\nNaN,3\n");
    let model = try_fit("y > 2 ~ F(x)", &source, 1.0, 2).unwrap();
    assert_eq!(
        (model.levels.as_slice(), model.counts.as_slice()),
        (["FALSE", "TRUE"].map(String::from).as_slice(), [2, 3].as_slice())
    );
    assert_eq!((model.n_valid_obs, model.n_missing_obs), (5, 1));
    let Given::Levels { levels, probabilities, .. } = &model.tables[0].given else { panic!("a number") };
    assert_eq!(levels.as_slice(), ["1", "2", "3"]);
    let expected = [0.6, 0.2, 0.2, 1.0 / 6.0, 2.0 / 6.0, 0.5];
    probabilities.iter().zip(&expected).for_each(|(got, expected)| assert_close(*got, *expected, 1e-15));
    assert_eq!(codes(&predict(&model, &source, Scale::Response)), [0, 0, 1, 1, 1, 1].map(Some));
}

#[test]
fn a_missing_value_says_nothing_of_its_row() {
    let column = |values: &[Option<f64>]| Column::Numbers(values.to_vec());
    let source = table(vec![
        ("y", Column::Factor(vec![Some(0), Some(0), Some(1), Some(1), None], vec!["a", "b"])),
        ("x", column(&[Some(1.0), Some(3.0), Some(11.0), Some(13.0), Some(5.0)])),
        ("z", column(&[Some(1.0), None, Some(2.0), Some(4.0), Some(9.0)])),
    ]);
    let model = try_fit("y ~ x + z", &source, 0.0, 1).unwrap();
    assert_eq!((model.n_valid_obs, model.n_missing_obs, model.counts.as_slice()), (4, 1, [2, 2].as_slice()));
    let Given::Normal { means, std_devs, .. } = &model.tables[1].given else { panic!("a factor") };
    assert_eq!((means.as_slice(), std_devs[0].is_nan()), ([1.0, 3.0].as_slice(), true));
    let new = table(vec![
        ("x", column(&[None, Some(12.0), Some(f64::INFINITY)])),
        ("z", column(&[None, None, Some(1.0)])),
    ]);
    let chances = predict(&model, &new, Scale::Probability);
    let of = |row: usize| chances.column(1).as_primitive::<Float64Type>().value(row);
    // the a priori probability; x alone; an infinite value fits no class
    assert_eq!(of(0), 0.5);
    assert!(of(1) > 0.999);
    assert!(chances.column(1).is_null(2) && codes(&predict(&model, &new, Scale::Response))[2].is_none());
}

#[test]
fn degenerate_data() {
    let error = |formula: &str, text: &str| try_fit(formula, &csv(text), 0.0, 2).unwrap_err().to_string();
    assert!(
        error("y ~ x", "y,x\n").contains("no valid observations")
            || error("y ~ x", "y,x\n").contains("numeric")
    );
    assert!(error("y ~ x", "y,x\n1,2\n").contains("numeric"));
    assert!(error("F(y) ~ x", "y,x\n1,2\n").contains("F() is for terms"));
    assert!(error("~ x", "y,x\na,2\n").contains("one response"));
    assert!(error("y ~ x:z", "y,x,z\na,2,1\n").contains("interactions"));
    assert!(error("y ~ x", "y,x\na,inf\nb,1\n").contains("infinite"));
    assert!(NaiveBayes::new("y ~ x").unwrap().with_smoothing_factor(-1.0).is_err());
    let none = table(vec![("y", Column::Factor(vec![None, None], vec!["a"])), ("x", numbers([1.0, 2.0]))]);
    assert!(matches!(try_fit("y ~ x", &none, 0.0, 1), Err(Error::NoObservations { rows: 2 })));

    // a constant says nothing, one row a class takes the standard deviation of all, 0 deviation is a small one
    let model = try_fit("y ~ c + x", &csv("y,c,x\na,1,0\nb,1,8\n"), 0.0, 1).unwrap();
    let new = csv("c,x\n5,1\n1,7\n");
    assert_eq!(codes(&predict(&model, &new, Scale::Response)), [Some(0), Some(1)]);
    let model = try_fit("y ~ x", &csv("y,x\na,1\na,1\nb,2\nb,3\n"), 0.0, 1).unwrap();
    let new = csv("x\n1\n1.1\n");
    assert_eq!(codes(&predict(&model, &new, Scale::Response)), [Some(0), Some(1)]);

    // a level that no class has with another one
    let model = try_fit("y ~ f + g", &csv("y,f,g\na,p,u\nb,q,v\n"), 0.0, 1).unwrap();
    let new = table(vec![
        ("f", Column::Factor(vec![Some(0), Some(0), Some(2)], vec!["p", "q", "new"])),
        ("g", Column::Factor(vec![Some(0), Some(1), Some(1)], vec!["u", "v"])),
    ]);
    assert_eq!(codes(&predict(&model, &new, Scale::Response)), [Some(0), None, Some(1)]);

    // far from 0
    let far: Vec<f64> = (0..40).map(|i| 1e12 + f64::from(i % 2) * 64.0 + f64::from(i % 5)).collect();
    let class = (0..40).map(|i| Some(i % 2)).collect();
    let source = table(vec![("y", Column::Factor(class, vec!["a", "b"])), ("x", numbers(far))]);
    let model = try_fit("y ~ x", &source, 0.0, 2).unwrap();
    let Given::Normal { std_devs, .. } = &model.tables[0].given else { panic!("a factor") };
    assert_close(std_devs[0], std_devs[1], 1e-4);
    assert!(std_devs[0] > 1.0 && std_devs[0] < 2.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any split, merged in either association, through bytes, with empty partials between.
    #[test]
    fn partial_results_merge(rows in 2_u64..200, a in 0_u64..200, b in 0_u64..200) {
        let mut random = Sequence(rows);
        let mut code = |levels: usize| (0..rows).map(|_| Some(random.below(levels) as i32)).collect::<Vec<_>>();
        let source = table(vec![
            ("y", Column::Factor(code(3), vec!["a", "b", "c"])),
            ("f", Column::Factor(code(4), vec!["p", "q", "r", "s"])),
            ("x", numbers((0..rows).map(|i| f64::from(i as u32 * 7919 % 101)))),
        ]);
        let estimator = NaiveBayes::new("y ~ f + x").unwrap();
        let (a, b) = (a.min(b).min(rows), a.max(b).min(rows));
        let state = || estimator.start(&source.schema()).unwrap();
        let of = |start: u64, end: u64| {
            let mut part = estimator.partial(&state()).unwrap();
            for block in source.open(&ScanOptions::default().with_rows(start..end)).unwrap() {
                part.update(&block.unwrap()).unwrap();
            }
            part
        };
        let finish = |part: <NaiveBayes as Estimator>::Partial| match estimator.step(state(), part.finish()).unwrap() {
            std::ops::ControlFlow::Break(model) => model,
            std::ops::ControlFlow::Continue(_) => panic!("another pass"),
        };
        let sent = |part: <NaiveBayes as Estimator>::Partial| -> <NaiveBayes as Estimator>::Partial {
            rmp_serde::from_slice(&rmp_serde::to_vec_named(&part).unwrap()).unwrap()
        };
        let whole = finish(of(0, rows));
        let mut left = estimator.partial(&state()).unwrap();
        for part in [of(0, a), estimator.partial(&state()).unwrap(), sent(of(a, b)), of(b, rows)] {
            left.merge(part).unwrap();
        }
        let mut right = of(a, b);
        right.merge(sent(of(b, rows))).unwrap();
        let mut first = of(0, a);
        first.merge(right).unwrap();
        for model in [finish(left), finish(first)] {
            // a class without rows has shares that are NaN
            prop_assert_eq!(&model.counts, &whole.counts);
            prop_assert_eq!(format!("{:?}", model.tables[0]), format!("{:?}", whole.tables[0]));
            let (Given::Normal { std_devs, .. }, Given::Normal { std_devs: expected, .. }) =
                (&model.tables[1].given, &whole.tables[1].given) else { panic!("a factor") };
            for (got, expected) in std_devs.iter().zip(expected) {
                assert_close(*got, *expected, 1e-12);
            }
        }
    }
}
