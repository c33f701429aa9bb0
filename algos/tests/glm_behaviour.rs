//! What generalized linear models do beyond numbers: cells and rows, threads and merges, degenerate data, predictions.

mod tables;

use std::ops::ControlFlow;

use algos::design::Weights;
use algos::glm::{Family, Glm, GlmModel, GlmOptions, GlmPartial, Initial, Link, Variance};
use algos::linear::{LinMod, LinModOptions};
use algos::model::{self, Model};
use algos::predict::{Interval, PredictOptions, Scale};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use engine::source::MemorySource;
use engine::{Accumulator, BlockSource, Estimator, Local, ScanOptions};
use proptest::prelude::*;
use tables::{Column, Sequence, assert_close, csv, table};

/// Responses of every kind on two factors, a rounded number, weights and an offset.
fn mixed(rows: usize, step: f64) -> MemorySource {
    let mut next = Sequence(11);
    let mut columns: Vec<Vec<Option<f64>>> = vec![Vec::new(); 7];
    let (mut day, mut sex) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let (d, s) = (next.below(5), next.below(2));
        let x = (next.next() * 4.0 / step).round() * step;
        let eta = 0.3 * d as f64 - 0.5 * s as f64 + 0.25 * x - 0.6;
        day.push((row % 97 != 5).then_some(d as i32));
        sex.push(Some(s as i32));
        let hit = next.next() < 1.0 / (1.0 + (-eta).exp());
        let count = (0..6).filter(|_| next.next() < 0.2 * eta.exp().min(4.0)).count();
        let size = (eta + 0.4 * next.normal()).exp();
        let values = [
            x,
            f64::from(u8::from(hit)),
            count as f64,
            size,
            (next.next() * 3.0).round() / 2.0,
            next.below(4) as f64,
            (next.below(3) as f64 - 1.0) / 4.0,
        ];
        for (i, (column, value)) in columns.iter_mut().zip(values).enumerate() {
            column.push((row % 89 != 7 + i).then_some(value));
        }
    }
    let names = ["x", "hit", "count", "size", "w", "f", "o"];
    let mut all = vec![
        ("day", Column::Factor(day, vec!["Mon", "Tue", "Wed", "Thu", "Fri"])),
        ("sex", Column::Factor(sex, vec!["F", "M"])),
    ];
    all.extend(names.into_iter().zip(columns.into_iter().map(Column::Numbers)));
    table(all)
}

fn fit_with(
    formula: &str,
    source: &dyn BlockSource,
    options: GlmOptions,
    threads: usize,
    rows: usize,
) -> algos::Result<GlmModel> {
    let estimator = Glm::new(formula)?.with_options(options)?;
    engine::fit(&estimator, source, &ScanOptions::default().with_block_rows(rows), &Local::new(threads))
}

fn logit(formula: &str, source: &dyn BlockSource) -> algos::Result<GlmModel> {
    let estimator = Glm::logit(formula)?;
    engine::fit(&estimator, source, &ScanOptions::default().with_block_rows(64), &Local::new(2))
}

/// Tight enough that where an iteration started does not show.
fn exact(family: Family) -> GlmOptions {
    GlmOptions {
        family,
        objective_function_tolerance: 0.0,
        coefficient_tolerance: 1e-9,
        max_iterations: 50,
        ..GlmOptions::default()
    }
}

#[track_caller]
fn assert_same(a: &GlmModel, b: &GlmModel, tolerance: f64) {
    for (a, b) in [(&a.coefficients, &b.coefficients), (&a.coef_std_error, &b.coef_std_error)] {
        for (a, b) in a.iter().zip(b.iter()) {
            assert_close(*a, *b, tolerance);
        }
    }
    for (a, b) in [
        (a.deviance, b.deviance),
        (a.null_deviance, b.null_deviance),
        (a.pearson, b.pearson),
        (a.aic, b.aic),
        (a.condition_number, b.condition_number),
    ] {
        assert_close(a, b, tolerance);
    }
    assert_eq!((a.n_valid_obs, a.n_missing_obs, a.df), (b.n_valid_obs, b.n_missing_obs, b.df));
    assert!(a.converged && b.converged);
}

#[test]
fn cells_and_rows_give_the_same() {
    let source = mixed(6000, 0.25);
    let weights = Weights { probability: Some("w".into()), frequency: None };
    let frequencies = Weights { probability: None, frequency: Some("f".into()) };
    for (formula, family) in [
        ("hit ~ day + sex + x", Family::Binomial),
        ("hit ~ day:x + sex", Family::QuasiBinomial),
        ("count ~ day * sex + x", Family::Poisson),
        ("size ~ day + log(x + 1)", Family::Gamma),
        ("size ~ F(x, 0, 4) + sex", Family::Gaussian),
        ("count ~ day + x", Family::Tweedie { power: 1.4 }),
        ("count ~ day + x", Family::Quasi(Variance::Power(1.0))),
    ] {
        for weights in [Weights::default(), weights.clone(), frequencies.clone()] {
            for offset in [None, Some("o".to_owned())] {
                let link = matches!(family, Family::Gamma | Family::Tweedie { .. } | Family::Quasi(_))
                    .then_some(Link::Log);
                let options = GlmOptions { link, weights: weights.clone(), offset, ..exact(family) };
                let cells = fit_with(formula, &source, options.clone(), 2, 700).unwrap();
                let rows = fit_with(formula, &source, GlmOptions { cells: 0, ..options }, 2, 700).unwrap();
                assert!(cells.cells.is_some_and(|cells| cells < 3000) && rows.cells.is_none());
                assert_same(&cells, &rows, 1e-8);
            }
        }
    }
}

#[test]
fn rows_that_do_not_repeat_are_not_collapsed() {
    let source = mixed(20_000, 1e-9);
    let model = fit_with("count ~ day + x", &source, exact(Family::Poisson), 2, 1000).unwrap();
    assert_eq!(model.cells, None);
    let rows =
        fit_with("count ~ day + x", &source, GlmOptions { cells: 0, ..exact(Family::Poisson) }, 2, 1000);
    assert_same(&model, &rows.unwrap(), 1e-9);
    // too little memory for the cells of a design is no error either
    let source = mixed(3000, 0.25);
    let model =
        fit_with("count ~ day + x", &source, GlmOptions { cells: 4000, ..exact(Family::Poisson) }, 2, 1000);
    assert_eq!(model.unwrap().cells, None);
}

#[test]
fn threads_change_nothing_and_block_sizes_only_the_last_digits() {
    let source = mixed(600_000, 1e-9);
    let run =
        |threads, rows| fit_with("hit ~ day + x", &source, exact(Family::Binomial), threads, rows).unwrap();
    let bits = |model: &GlmModel| -> Vec<u64> {
        model.coefficients.iter().chain(&model.coef_std_error).map(|x| x.to_bits()).collect()
    };
    let one = run(1, 100_000);
    assert_eq!(bits(&one), bits(&run(2, 100_000)));
    assert_same(&one, &run(2, 1_000), 1e-10);
}

/// Partials of any cut merge to the sums of the whole, an empty one is neutral, and bytes are as good as memory.
fn merge_laws(source: &MemorySource, options: &GlmOptions, cuts: (u64, u64)) {
    let estimator = Glm::new("count ~ day + x").unwrap().with_options(options.clone()).unwrap();
    let partial = |rows: std::ops::Range<u64>| -> GlmPartial {
        let state = estimator.start(&source.schema()).unwrap();
        let mut partial = estimator.partial(&state).unwrap();
        let scan = ScanOptions::default().with_rows(rows).with_block_rows(256).with_prefetch(false);
        for block in source.open(&scan).unwrap() {
            partial.update(&block.unwrap()).unwrap();
        }
        partial
    };
    let model = |partial: GlmPartial| {
        let mut state = estimator.start(&source.schema()).unwrap();
        let mut sums = partial.finish();
        loop {
            match estimator.step(state, sums).unwrap() {
                ControlFlow::Break(model) => return model,
                ControlFlow::Continue(next) => {
                    let mut partial = estimator.partial(&next).unwrap();
                    for block in source.open(&ScanOptions::default().with_block_rows(256)).unwrap() {
                        partial.update(&block.unwrap()).unwrap();
                    }
                    (state, sums) = (next, partial.finish());
                }
            }
        }
    };
    let merged = |mut first: GlmPartial, second: GlmPartial| {
        first.merge(second).unwrap();
        first
    };
    let travelled = |partial: GlmPartial| -> GlmPartial {
        rmp_serde::from_slice(&rmp_serde::to_vec(&partial).unwrap()).unwrap()
    };
    let rows = source.info().rows.unwrap();
    let (a, b) = (cuts.0.min(cuts.1).min(rows), cuts.0.max(cuts.1).min(rows));
    let whole = model(partial(0..rows));
    assert_same(&whole, &model(merged(partial(0..0), partial(0..rows))), 1e-10);
    assert_same(&whole, &model(merged(partial(0..rows), partial(0..0))), 1e-10);
    assert_same(&whole, &model(merged(merged(partial(0..a), partial(a..b)), partial(b..rows))), 1e-9);
    assert_same(&whole, &model(merged(partial(0..a), merged(partial(a..b), partial(b..rows)))), 1e-9);
    assert_same(&whole, &model(merged(partial(0..a), travelled(partial(a..rows)))), 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn partial_results_merge(a in 0_u64..3000, b in 0_u64..3000, cells in any::<bool>(), fine in any::<bool>()) {
        let source = mixed(3000, if fine { 1e-9 } else { 0.5 });
        let options = exact(Family::Poisson);
        let options = if cells { options } else { GlmOptions { cells: 0, ..options } };
        merge_laws(&source, &options, (a, b));
    }
}

#[test]
fn degenerate_data() {
    let error = |formula: &str, text: &str| logit(formula, &csv(text)).unwrap_err().to_string();
    assert!(error("y ~ x", "y,x\n").contains("no valid observations"));
    assert!(error("y ~ x", "y,x\nNaN,1\nNaN,2\n").contains("no valid observations"));
    assert!(error("y ~ x", "y,x\n0.5,1\n1,2\n").contains("'y' is 0.5 in row 1; it must be 0 or 1"));
    assert!(error("y ~ x", "y,x\na,1\nb,2\nc,3\n").contains("3 levels, not 2"));
    assert!(error("N(y) ~ x", "y,x\na,1\nb,2\na,3\n").contains("must be 0 or 1"));
    assert!(error("y ~ x", "y,x\n0,1\n1,inf\n0,2\n1,3\n").contains("infinite"));
    assert!(error("cbind(y, x) ~ x", "y,x\n0,1\n1,2\n").contains("one response"));

    let one = logit("y ~ x", &csv("y,x\n1,3\n")).unwrap();
    assert_eq!((one.rank, one.df[1]), (1, 0.0));
    assert!(one.coefficients[1].is_nan() && one.aliased[1]);

    let constant = logit("y ~ x", &csv("y,x\n1,1\n1,2\n1,4\n1,3\n")).unwrap();
    assert!(constant.separated || !constant.converged, "{}", constant.summary());
    assert_eq!(constant.null_deviance, 0.0);

    let collinear = logit("y ~ x + z", &csv("y,x,z\n0,1,2\n1,2,4\n1,1,2\n0,2,4\n1,5,10\n0,3,6\n")).unwrap();
    assert_eq!((collinear.rank, collinear.dropped()), (2, 1));
    assert!(collinear.converged && !collinear.separated);

    let separated = logit("y ~ x", &csv("y,x\n0,1\n0,2\n0,3\n1,4\n1,5\n1,6\n")).unwrap();
    assert!(separated.separated, "{}", separated.summary());
    assert!(separated.summary().contains("separation"));
    let quasi = "y,g,x\n0,a,1\n1,a,2\n0,a,3\n1,a,1\n0,a,2\n1,b,3\n1,b,1\n1,b,2\n0,a,1\n1,a,3\n";
    assert!(logit("y ~ g + x", &csv(quasi)).unwrap().separated);

    let unfinished = Glm::logit("y ~ x").unwrap();
    let options = GlmOptions { max_iterations: 1, ..GlmOptions::default() };
    let source = csv("y,x\n0,1\n1,2\n0,3\n1,9\n");
    let scan = ScanOptions::default();
    let model =
        engine::fit(&unfinished.with_options(options).unwrap(), &source, &scan, &Local::new(1)).unwrap();
    assert!(!model.converged && model.iterations == 1);
    assert!(model.summary().contains("did not converge"));
}

#[test]
fn weights_of_zero_and_below() {
    let text = "y,x,w\n0,1,1\n1,2,2\n0,3,1\n1,4,1\n1,1,0\n0,5,3\n";
    let weights = Weights { probability: Some("w".into()), frequency: None };
    let options = GlmOptions { weights: weights.clone(), ..exact(Family::Binomial) };
    let model = fit_with("y ~ x", &csv(text), options.clone(), 1, 3).unwrap();
    let without = csv("y,x,w\n0,1,1\n1,2,2\n0,3,1\n1,4,1\n0,5,3\n");
    let expected = fit_with("y ~ x", &without, options, 1, 3).unwrap();
    for (a, b) in model.coefficients.iter().zip(&expected.coefficients) {
        assert_close(*a, *b, 1e-10);
    }
    assert_eq!((model.n_valid_obs, model.n_observations), (6, 5.0));
    let options = GlmOptions { weights, ..exact(Family::Binomial) };
    let negative = fit_with("y ~ x", &csv("y,x,w\n0,1,1\n1,2,-2\n"), options, 1, 3).unwrap_err();
    assert!(negative.to_string().contains("weight 'w' is -2 near row 2"), "{negative}");
}

#[test]
fn starts_and_limits() {
    let source = mixed(2000, 0.5);
    let plain = fit_with("count ~ x", &source, exact(Family::Poisson), 1, 500).unwrap();
    for initial_values in [Initial::Values(vec![0.0]), Initial::Values(vec![0.1, 0.2]), Initial::Response] {
        let options = GlmOptions { initial_values, ..exact(Family::Poisson) };
        assert_same(&plain, &fit_with("count ~ x", &source, options, 1, 500).unwrap(), 1e-8);
    }
    let options = GlmOptions { initial_values: Initial::Values(vec![1.0; 3]), ..exact(Family::Poisson) };
    let error = fit_with("count ~ x", &source, options, 1, 500).unwrap_err().to_string();
    assert!(error.contains("there are 3, but the model has 2"), "{error}");
    for options in [
        GlmOptions { max_iterations: 0, ..GlmOptions::default() },
        GlmOptions { objective_function_tolerance: -1.0, ..GlmOptions::default() },
    ] {
        assert!(Glm::new("y ~ x").unwrap().with_options(options).is_err());
    }
    // a start that leads outside of the means of the family is taken back
    let identity = GlmOptions { link: Some(Link::Identity), ..exact(Family::Poisson) };
    let model = fit_with("count ~ day + x", &source, identity, 1, 500).unwrap();
    assert!(model.converged && model.deviance < model.null_deviance);
}

#[test]
fn a_cube_has_the_proportions_of_its_cells() {
    let source = mixed(3000, 0.5);
    let options = GlmOptions { cube: true, ..exact(Family::Binomial) };
    let model = fit_with("hit ~ day", &source, options, 2, 500).unwrap();
    let table = model.count_df.as_ref().unwrap();
    let means = &table.means.as_ref().unwrap()[0];
    for (b, mean) in model.coefficients.iter().zip(means) {
        assert_close(1.0 / (1.0 + (-b).exp()), *mean, 1e-12);
    }
    assert!(model.summary().contains("Cube Generalized Linear Model Results for: hit ~ day"));
    assert_eq!(table.counts.iter().sum::<f64>(), model.n_observations);
}

fn predicted(model: &dyn Model, source: &MemorySource, options: &PredictOptions) -> Vec<Vec<Option<f64>>> {
    let block = source.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
    let batch = model.predict(&block, options).unwrap();
    (batch.columns().iter()).map(|column| column.as_primitive::<Float64Type>().iter().collect()).collect()
}

#[test]
fn predictions_on_both_scales() {
    let source = mixed(500, 0.5);
    let options = GlmOptions { cov_coef: true, offset: Some("o".into()), ..exact(Family::Gamma) };
    let options = GlmOptions { link: Some(Link::Log), ..options };
    let model = fit_with("size ~ sex + x", &source, options, 1, 500).unwrap();
    let model = model::from_bytes(&model::to_bytes(&model).unwrap(), "memory").unwrap();
    assert_eq!(model.kind(), "glm");
    let wanted = PredictOptions {
        std_errors: true,
        interval: Interval::Confidence,
        residuals: true,
        ..PredictOptions::default()
    };
    let response = predicted(model.as_ref(), &source, &wanted);
    let link = predicted(model.as_ref(), &source, &PredictOptions { scale: Scale::Link, ..wanted.clone() });
    let (mut seen, mut missing) = (0, 0);
    for row in 0..500 {
        let (Some(eta), Some(mu)) = (link[0][row], response[0][row]) else {
            assert!(response.iter().all(|column| column[row].is_none()));
            missing += 1;
            continue;
        };
        seen += 1;
        assert_close(eta.exp(), mu, 1e-13);
        assert_close(link[1][row].unwrap() * mu, response[1][row].unwrap(), 1e-12);
        assert_close(link[2][row].unwrap().exp(), response[2][row].unwrap(), 1e-12);
        assert!(response[2][row] < response[0][row] && response[0][row] < response[3][row]);
        assert_close(link[4][row].unwrap(), response[4][row].unwrap(), 1e-12);
    }
    assert!(seen > 400 && missing > 10);
    let wanted = PredictOptions { interval: Interval::Prediction, ..PredictOptions::default() };
    assert!(model.output_schema(&wanted).unwrap_err().to_string().contains("confidence intervals only"));
}

#[test]
fn residuals_of_a_factor_response_are_those_of_its_event() {
    let source = csv("y,x\nno,1\nyes,2\nno,3\nyes,5\nyes,4\nno,2\n");
    let model = logit("y ~ x", &source).unwrap();
    assert_eq!((model.event.as_deref(), model.kind()), (Some("yes"), "logit"));
    let options = PredictOptions { residuals: true, ..PredictOptions::default() };
    let columns = predicted(&model, &source, &options);
    for (row, y) in [0.0, 1.0, 0.0, 1.0, 1.0, 0.0].into_iter().enumerate() {
        assert_close(columns[1][row].unwrap(), y - columns[0][row].unwrap(), 1e-15);
    }
    let sum: f64 = columns[1].iter().flatten().sum();
    assert!(sum.abs() < 1e-6, "the likelihood equations hold");
}

#[test]
fn columns_are_described_by_prior_weights() {
    let source = mixed(900, 0.5);
    let weights = Weights { probability: Some("w".into()), frequency: None };
    let linear = LinModOptions { weights: weights.clone(), cov_data: true, ..LinModOptions::default() };
    let expected = LinMod::new("hit ~ day + x").unwrap().with_options(linear).unwrap();
    let scan = ScanOptions::default().with_block_rows(100);
    let expected = engine::fit(&expected, &source, &scan, &Local::new(2)).unwrap();
    for cells in [0, 16 << 20] {
        let options = GlmOptions { weights: weights.clone(), cov_data: true, cells, ..GlmOptions::default() };
        let model = Glm::logit("hit ~ day + x").unwrap().with_options(options).unwrap();
        let model = engine::fit(&model, &source, &scan, &Local::new(2)).unwrap();
        for (got, expected) in model.cov_data.unwrap().iter().zip(expected.cov_data.as_ref().unwrap()) {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
    }
    let options = GlmOptions { cov_data: true, ..GlmOptions::default() };
    let none = Glm::logit("hit ~ day + x - 1").unwrap().with_options(options).unwrap();
    assert!(engine::fit(&none, &source, &scan, &Local::new(2)).unwrap().cov_data.is_none());
}

#[test]
fn cells_of_a_cube_are_predicted_at_the_means() {
    let source = mixed(900, 0.5);
    let scan = ScanOptions::default();
    let options = LinModOptions { cube: true, cube_predictions: true, ..LinModOptions::default() };
    let linear = LinMod::new("hit ~ day + x + sex").unwrap().with_options(options).unwrap();
    let linear = engine::fit(&linear, &source, &scan, &Local::new(2)).unwrap();
    for cells in [0, 16 << 20] {
        let options = GlmOptions { cube: true, cube_predictions: true, cells, ..GlmOptions::default() };
        let normal = Glm::new("hit ~ day + x + sex").unwrap().with_options(options.clone()).unwrap();
        let normal = engine::fit(&normal, &source, &scan, &Local::new(2)).unwrap().count_df.unwrap();
        let expected = linear.count_df.as_ref().unwrap().means.as_ref().unwrap();
        for (got, expected) in normal.means.as_ref().unwrap()[0].iter().zip(&expected[0]) {
            assert_close(*got, *expected, 1e-9);
        }
        let logit = Glm::logit("hit ~ day + x").unwrap().with_options(options).unwrap();
        let logit = engine::fit(&logit, &source, &scan, &Local::new(2)).unwrap();
        let alone = LinModOptions { cov_data: true, ..LinModOptions::default() };
        let rows = LinMod::new("x ~ hit + day").unwrap().with_options(alone).unwrap();
        let rows = engine::fit(&rows, &source, &scan, &Local::new(2)).unwrap();
        let spread = (rows.total_squares[0] - rows.y_var[0]) / rows.n_observations;
        let eta = logit.coefficients[0] + logit.coefficients[5] * spread.sqrt();
        let predicted = logit.count_df.unwrap().means.unwrap()[0][0];
        assert_close(predicted, 1.0 / (1.0 + (-eta).exp()), 1e-9);
    }
    let options = GlmOptions { cube_predictions: true, ..GlmOptions::default() };
    assert!(Glm::logit("hit ~ day").unwrap().with_options(options).is_err());
}
