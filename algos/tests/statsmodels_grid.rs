//! Linear and generalized linear models against statsmodels, over a grid of family, link, weights and terms.
//!
//! `golden/statsmodels_grid.py` made the values from `golden/policies.csv`.

mod tables;

use std::collections::BTreeMap;

use algos::design::{LabelStyle, Weights};
use algos::glm::{Family, Glm, GlmOptions};
use algos::linear::LinModOptions;
use engine::{Local, ScanOptions};
use serde::Deserialize;
use tables::{assert_close, policies, try_fit};

#[derive(Deserialize)]
struct Golden {
    glm: Vec<Generalized>,
    linear: Vec<Linear>,
}

#[derive(Deserialize)]
struct Generalized {
    family: String,
    link: String,
    formula: String,
    weights: Option<String>,
    coefficients: BTreeMap<String, f64>,
    std_errors: BTreeMap<String, f64>,
    deviance: f64,
    null_deviance: f64,
    dispersion: f64,
    pearson: f64,
    df_residual: f64,
    aic: f64,
}

#[derive(Deserialize)]
struct Linear {
    formula: String,
    weights: Option<String>,
    coefficients: BTreeMap<String, f64>,
    std_errors: BTreeMap<String, f64>,
    p_values: BTreeMap<String, f64>,
    residual_squares: f64,
    r_squared: f64,
    adj_r_squared: f64,
    f: f64,
    f_pvalue: f64,
    df_residual: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/statsmodels.json")).unwrap()
}

fn weights(name: Option<&str>) -> Weights {
    Weights {
        frequency: (name == Some("frequency")).then(|| "z".into()),
        probability: (name == Some("probability")).then(|| "w".into()),
    }
}

/// All values of statsmodels by name, relative to the larger one; other coefficients were dropped.
fn check(names: &[String], got: &[f64], expected: &BTreeMap<String, f64>, tolerance: f64) {
    let mut known = 0;
    for (name, &got) in names.iter().zip(got) {
        match expected.get(name) {
            Some(&expected) => {
                assert_close(got, expected, tolerance);
                known += 1;
            }
            None => assert!(got.is_nan(), "{name}: {got}"),
        }
    }
    assert_eq!(known, expected.len());
}

#[test]
fn generalized_linear_models() {
    let cases = golden().glm;
    assert!(cases.len() > 280);
    let source = policies();
    for case in &cases {
        println!("{} {} {} {:?}", case.family, case.link, case.formula, case.weights);
        let options = GlmOptions {
            family: Family::parse(&case.family, None, None).unwrap(),
            link: Some(case.link.parse().unwrap()),
            weights: weights(case.weights.as_deref()),
            drop_first: true,
            drop_main: false,
            labels: LabelStyle::R,
            coefficient_tolerance: 1e-12,
            objective_function_tolerance: 0.0,
            max_iterations: 200,
            ..GlmOptions::default()
        };
        let estimator = Glm::new(&case.formula).unwrap().with_options(options).unwrap();
        let scan = ScanOptions::default().with_block_rows(100);
        let model = engine::fit(&estimator, &source, &scan, &Local::new(2)).unwrap();
        // the deviance is flat at its least: half of the digits, and more where steps shrink quadratically
        check(&model.coefficient_names, &model.coefficients, &case.coefficients, 1e-6);
        // as in R, those of the equations that the coefficients came from, which are one step behind
        check(&model.coefficient_names, &model.coef_std_error, &case.std_errors, 1e-6);
        assert_close(model.deviance, case.deviance, 1e-10);
        // without an intercept ours is that of no term at all
        if !case.formula.ends_with("- 1") {
            assert_close(model.null_deviance, case.null_deviance, 1e-10);
        }
        assert_close(model.dispersion, case.dispersion, 1e-6);
        assert_close(model.pearson, case.pearson, 1e-6);
        assert_eq!(model.df[1], case.df_residual);
        let is_whole = case.weights.as_deref() != Some("probability") && !case.formula.starts_with("prop");
        if is_whole && ["binomial", "poisson"].contains(&case.family.as_str()) {
            assert_close(model.aic, case.aic, 1e-10);
        }
    }
}

#[test]
fn linear_models() {
    let cases = golden().linear;
    assert_eq!(cases.len(), 42);
    let source = policies();
    for case in &cases {
        println!("{} {:?}", case.formula, case.weights);
        let options = LinModOptions {
            weights: weights(case.weights.as_deref()),
            drop_first: true,
            drop_main: false,
            labels: LabelStyle::R,
            ..LinModOptions::default()
        };
        let model = try_fit(&case.formula, &source, options, 2, 100).unwrap();
        let names = &model.coefficient_names;
        check(names, &model.coefficients[0], &case.coefficients, 1e-11);
        check(names, &model.coef_std_error[0], &case.std_errors, 1e-11);
        check(names, &model.coef_p_value[0], &case.p_values, 1e-9);
        assert_close(model.residual_squares[0], case.residual_squares, 1e-12);
        assert_eq!(model.df[1], case.df_residual);
        // statsmodels sees the constant in the levels of a factor, R and RevoScaleR look for the intercept
        if !case.formula.ends_with("- 1") {
            assert_close(model.r_squared[0], case.r_squared, 1e-12);
            assert_close(model.adj_r_squared[0], case.adj_r_squared, 1e-11);
            let test = model.fstatistics.unwrap();
            assert_close(test.value[0], case.f, 1e-10);
            assert_close(model.f_pvalue[0], case.f_pvalue, 1e-8);
        }
    }
}
