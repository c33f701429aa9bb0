//! What a selection of terms does beyond R's numbers: print, missing rows, dots, merges, degenerate data, model files.

mod tables;

use std::ops::ControlFlow;

use algos::glm::{Family, Glm, GlmModel, GlmOptions, GlmPartial, Initial};
use algos::linear::{LinMod, LinModModel, LinModOptions};
use algos::model;
use algos::stepwise::{Criterion, Method, StepControl, Test};
use engine::source::MemorySource;
use engine::{Accumulator, BlockSource, Estimator, Local, ScanOptions};
use proptest::prelude::*;
use tables::{Column, Sequence, assert_close, csv, fit, numbers, table};

fn cars() -> MemorySource {
    csv(include_str!("golden/step/mtcars.csv"))
}

fn upper(text: &str) -> StepControl {
    StepControl { upper: Some(text.into()), ..StepControl::default() }
}

fn select(formula: &str, source: &dyn BlockSource, control: StepControl) -> algos::Result<LinModModel> {
    let options = LinModOptions { variable_selection: Some(control), ..LinModOptions::default() };
    let estimator = LinMod::new(formula)?.with_options(options)?;
    engine::fit(&estimator, source, &ScanOptions::default().with_block_rows(7), &Local::new(2))
}

fn changes(model: &LinModModel) -> Vec<&str> {
    model.anova.as_ref().unwrap().steps.iter().map(|step| step.change.as_str()).collect()
}

#[test]
fn the_table_is_printed_as_r_prints_it() {
    let formula = "mpg ~ cyl + disp + hp + drat + wt + qsec + vs + am + carb";
    let model = select(formula, &cars(), StepControl::default()).unwrap();
    let expected = "\
Stepwise Model Path 
Analysis of Deviance Table

Initial Model:
mpg ~ cyl + disp + hp + drat + wt + qsec + vs + am + carb

Final Model:
mpg ~ wt + qsec + am

    Step Df   Deviance Resid. Df Resid. Dev      AIC
1        NA         NA        22   148.8475 69.18996
2 - carb  1 0.02532375        23   148.8728 67.19541
3   - vs  1 0.21704715        24   149.0899 65.24203
4  - cyl  1 1.00339892        25   150.0933 63.45667
5 - drat  1 3.34455117        26   153.4378 62.16190
6 - disp  1 6.62865369        27   160.0665 61.51530
7   - hp  1 9.21946935        28   169.2859 61.30730
";
    assert_eq!(model.anova.as_ref().unwrap().to_string(), expected);
    assert!(model.summary().ends_with(expected));

    let control = StepControl { scale: 6.0, criterion: Criterion::Bic, ..upper("~ wt + hp + gear") };
    let expected = "
  Step Df  Deviance Resid. Df Resid. Dev        Cp
1      NA        NA        31  1126.0472 159.14027
2 + wt -1 847.72525        30   278.3219  21.31846
3 + hp -1  83.27418        29   195.0478  10.90517
";
    let text = select("mpg ~ 1", &cars(), control).unwrap().anova.unwrap().to_string();
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn the_model_is_that_of_its_formula() {
    let source = cars();
    let control = StepControl { keep_coefficients: true, ..upper("~ (wt + gear + hp + am)^2") };
    let model = select("mpg ~ wt", &source, control).unwrap();
    let path = model.anova.clone().unwrap();
    let plain = fit(&path.formula, &source);
    assert_eq!(model.coefficient_names, plain.coefficient_names);
    for (got, expected) in model.coefficients[0].iter().zip(&plain.coefficients[0]) {
        assert_close(*got, *expected, 1e-10);
    }
    // only what it needs is in it
    let columns = |model: &LinModModel| model.design.term_columns();
    assert_eq!(
        (columns(&model), model.design.variables.len()),
        (columns(&plain), plain.design.variables.len())
    );
    let kept = path.coefficients.as_ref().unwrap();
    assert_eq!(kept.values.len(), path.steps.len());
    let first = fit("mpg ~ wt", &source);
    for (name, value) in kept.names.iter().zip(&kept.values[0]) {
        assert_close(*value, first.coefficient(name).unwrap_or(0.0), 1e-10);
    }
    let bytes = model::to_bytes(&model).unwrap();
    let again = model::from_bytes(&bytes, "memory").unwrap();
    let again = again.as_any().downcast_ref::<LinModModel>().unwrap();
    assert_eq!(format!("{:?}", again.anova), format!("{:?}", model.anova));
    assert_eq!(again.params, model.params);
}

#[test]
fn rows_without_a_variable_of_the_scope_are_in_no_model() {
    let source = csv(include_str!("golden/step/mtcars.csv"));
    let rows = include_str!("golden/step/mtcars.csv").lines().count() - 1;
    let holes: Vec<Option<f64>> =
        (0..rows).map(|row| (row % 5 != 1).then_some((row * row % 7) as f64)).collect();
    let mut blocks = source.open(&ScanOptions::default()).unwrap();
    let batch = blocks.next().unwrap().unwrap().batch;
    let column = |name: &str| -> Vec<Option<f64>> {
        use arrow_array::cast::AsArray;
        batch.column_by_name(name).unwrap().as_primitive::<arrow_array::types::Float64Type>().iter().collect()
    };
    let source = table(vec![
        ("mpg", Column::Numbers(column("mpg"))),
        ("wt", Column::Numbers(column("wt"))),
        ("z", Column::Numbers(holes.clone())),
    ]);
    let missing = holes.iter().filter(|value| value.is_none()).count() as u64;
    let control = StepControl { criterion: Criterion::Bic, ..upper("~ wt + z") };
    let model = select("mpg ~ wt", &source, control.clone()).unwrap();
    assert_eq!((model.n_missing_obs, model.design.term_columns()), (missing, vec!["wt".to_owned()]));
    let options = GlmOptions { variable_selection: Some(control), ..GlmOptions::default() };
    let glm = Glm::new("mpg ~ wt").unwrap().with_options(options).unwrap();
    let glm = engine::fit(&glm, &source, &ScanOptions::default(), &Local::new(1)).unwrap();
    assert_eq!((glm.n_missing_obs, glm.design.variables.len()), (missing, 2));
    assert_close(glm.coefficients[1], model.coefficients[0][1], 1e-8);
}

#[test]
fn dots_interactions_and_dependent_terms() {
    let source = cars();
    let control = |text: &str| StepControl { method: Some(Method::Forward), max_steps: 1, ..upper(text) };
    // the terms of the formula, or all columns
    let model = select("mpg ~ wt + hp", &source, control("~ .^2")).unwrap();
    assert_eq!(changes(&model), ["", "+ wt:hp"]);
    let model = select("mpg ~ 1", &source, control("~ .")).unwrap();
    assert_eq!(changes(&model), ["", "+ wt"]);
    assert_eq!(model.anova.unwrap().trials[0].len(), 11);
    // an interaction waits for its parts, and keeps them
    let trials = |model: LinModModel, round: usize| -> Vec<String> {
        model.anova.unwrap().trials[round].iter().map(|trial| trial.change.clone()).collect()
    };
    let model = select("mpg ~ wt", &source, control("~ wt * hp * am")).unwrap();
    assert_eq!(trials(model, 0), ["<none>", "+ hp", "+ am"]);
    let model = select("mpg ~ wt * hp + am", &source, StepControl::default()).unwrap();
    assert_eq!(trials(model, 0), ["<none>", "- am", "- wt:hp"]);
    // twice the same column: one goes first, and does not come back
    let double = StepControl { k: 1e-6, ..upper("~ wt + I(2 * wt) + hp") };
    let model = select("mpg ~ wt + I(2 * wt)", &source, double).unwrap();
    assert_eq!(changes(&model), ["", "- I(2 * wt)", "+ hp"]);
    assert_eq!(model.anova.as_ref().unwrap().steps[1].df, 0.0);
}

#[test]
fn degenerate_data() {
    let error = |text: &str| select("y ~ x", &csv(text), StepControl::default()).unwrap_err().to_string();
    assert!(error("y,x\n").contains("no valid observations"));
    assert!(error("y,x\nNaN,1\n2,NaN\n").contains("no valid observations"));
    assert!(error("y,x\n1,1\ninf,2\n3,4\n").contains("infinite"));
    assert!(error("y,x\n2,1\n2,2\n2,4\n2,3\n").contains("the criterion is minus infinity"));
    // by p values a constant response has no tests, and nothing goes but what has no degrees of freedom
    let by_p = StepControl { criterion: Criterion::SigLevel, ..StepControl::default() };
    let model = select("y ~ x", &csv("y,x\n2,1\n2,2\n2,4\n2,3\n"), by_p.clone()).unwrap();
    assert_eq!(changes(&model), [""]);
    let model = select("y ~ x", &csv("y,x\n2,3\n"), by_p).unwrap();
    assert_eq!((changes(&model), model.rank), (vec!["", "- x"], 1));
    // far from 0
    let mut next = Sequence(3);
    let x: Vec<f64> = (0..50).map(|_| 1e15 + next.below(1000) as f64 * 8.0).collect();
    let y: Vec<f64> = x.iter().map(|x| (x - 1e15) * 0.5 + next.normal()).collect();
    let z: Vec<f64> = (0..50).map(|_| next.normal()).collect();
    let source = table(vec![("y", numbers(y)), ("x", numbers(x)), ("z", numbers(z))]);
    let bic = StepControl { criterion: Criterion::Bic, ..upper("~ x + z") };
    assert_eq!(changes(&select("y ~ 1", &source, bic).unwrap()), ["", "+ x"]);
}

/// Counts on a factor, a number that matters and one that does not.
fn counts(rows: usize) -> MemorySource {
    let mut next = Sequence(5);
    let (mut n, mut x, mut z, mut g) = (vec![], vec![], vec![], vec![]);
    for row in 0..rows {
        let (own, group) = (next.below(9) as f64 / 4.0, next.below(3));
        let mean = (0.4 * own + 0.3 * group as f64).exp();
        n.push(Some((0..20).filter(|_| next.next() < mean / 20.0).count() as f64));
        x.push(Some(own));
        z.push((row % 31 != 3).then_some(next.below(4) as f64));
        g.push(Some(group as i32));
    }
    table(vec![
        ("n", Column::Numbers(n)),
        ("x", Column::Numbers(x)),
        ("z", Column::Numbers(z)),
        ("g", Column::Factor(g, vec!["a", "b", "c"])),
    ])
}

fn poisson(cells: usize) -> Glm {
    let control = StepControl {
        test: Some(Test::Chisq),
        keep_coefficients: true,
        criterion: Criterion::Bic,
        ..upper("~ x * g + z")
    };
    let options = GlmOptions {
        family: Family::Poisson,
        coefficient_tolerance: 1e-12,
        objective_function_tolerance: 1e-13,
        variable_selection: Some(control),
        cells,
        ..GlmOptions::default()
    };
    Glm::new("n ~ z").unwrap().with_options(options).unwrap()
}

fn assert_same(a: &GlmModel, b: &GlmModel) {
    let (one, other) = (a.anova.as_ref().unwrap(), b.anova.as_ref().unwrap());
    assert_eq!(one.formula, other.formula);
    for (one, other) in one.steps.iter().zip(&other.steps) {
        assert_eq!(one.change, other.change);
        assert_close(one.residual_deviance, other.residual_deviance, 1e-9);
        assert_close(one.aic, other.aic, 1e-9);
    }
    for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
        assert!((a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-7, "{a} {b}");
    }
}

#[test]
fn the_final_model_is_fitted_as_any_other() {
    let source = counts(3000);
    for cells in [0, 16 << 20] {
        let model = engine::fit(&poisson(cells), &source, &ScanOptions::default(), &Local::new(2)).unwrap();
        let path = model.anova.clone().unwrap();
        let order: Vec<&str> = path.steps.iter().map(|step| step.change.as_str()).collect();
        assert_eq!(order, ["", "+ g", "+ x", "- z"], "{path}");
        assert_eq!(path.formula, "n ~ g + x");
        let plain = GlmOptions { variable_selection: None, ..model.params.clone() };
        let plain = Glm::new("n ~ g + x").unwrap().with_options(plain).unwrap();
        // z is missing in some rows, which the search leaves out
        let plain = engine::fit(&plain, &source, &ScanOptions::default(), &Local::new(2)).unwrap();
        assert!(model.n_missing_obs > plain.n_missing_obs);
        assert_eq!(model.coefficient_names, plain.coefficient_names);
        assert_eq!(path.coefficients.unwrap().values.len(), path.steps.len());
    }
}

#[test]
fn starts_and_offsets_are_those_of_the_model() {
    let source = counts(900);
    let fit = |formula: &str, initial_values, selection| {
        let options = GlmOptions {
            family: Family::Poisson,
            offset: Some("z".into()),
            coefficient_tolerance: 1e-12,
            objective_function_tolerance: 1e-13,
            variable_selection: selection,
            initial_values,
            ..GlmOptions::default()
        };
        let estimator = Glm::new(formula).unwrap().with_options(options).unwrap();
        engine::fit(&estimator, &source, &ScanOptions::default(), &Local::new(2)).unwrap()
    };
    let plain = fit("n ~ x", Initial::Usual, None);
    for start in [
        Initial::Usual,
        Initial::Response,
        Initial::Values(vec![0.1]),
        Initial::Values(vec![0.1, 0.0, 0.0, 0.0]),
    ] {
        // four numbers are the coefficients of the first model, not of the last
        let control =
            StepControl { method: Some(Method::Backward), lower: Some("~ 1".into()), ..upper("~ g") };
        let none = fit("n ~ g", start.clone(), Some(StepControl { k: 1e6, ..control }));
        assert_eq!(none.rank, 1);
        assert_close(none.null_deviance, plain.null_deviance, 1e-9);
        assert_close(none.deviance, none.null_deviance, 1e-9);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn partial_results_merge(a in 0_u64..700, b in 0_u64..700, by_cells in any::<bool>()) {
        let (source, rows) = (counts(700), 700);
        let estimator = poisson(if by_cells { 16 << 20 } else { 0 });
        let (a, b) = (a.min(b), a.max(b));
        let scan = || ScanOptions::default().with_block_rows(64);
        let model = |cuts: &[u64], travels: bool| {
            let mut state = estimator.start(&source.schema()).unwrap();
            loop {
                let part = |range: std::ops::Range<u64>| -> GlmPartial {
                    let mut partial = estimator.partial(&state).unwrap();
                    for block in source.open(&scan().with_rows(range)).unwrap() {
                        partial.update(&block.unwrap()).unwrap();
                    }
                    partial
                };
                let mut whole = part(0..cuts[0]);
                for pair in cuts.windows(2) {
                    let later = part(pair[0]..pair[1]);
                    whole.merge(if travels {
                        rmp_serde::from_slice(&rmp_serde::to_vec(&later).unwrap()).unwrap()
                    } else {
                        later
                    }).unwrap();
                }
                match estimator.step(state, whole.finish()).unwrap() {
                    ControlFlow::Break(model) => return model,
                    ControlFlow::Continue(next) => state = next,
                }
            }
        };
        let whole = model(&[rows], false);
        assert_same(&whole, &model(&[0, rows], false));
        assert_same(&whole, &model(&[a, b, rows], false));
        assert_same(&whole, &model(&[a, rows], true));
    }
}
