//! Linear models against numbers that others published: R and the documentation of RevoScaleR.

mod tables;

use std::fmt::Write;

use algos::design::Weights;
use algos::linear::LinModOptions;
use tables::{assert_close, csv, fit, fit_with};

const CARS: &str = include_str!("data/cars.csv");
const FOURTHGRADERS: &str = include_str!("data/fourthgraders.csv");
const ATTITUDE: &str = include_str!("data/attitude.csv");

/// The printed digits are those of the value.
#[track_caller]
fn printed(got: f64, text: &str) {
    let decimals = text.split('.').nth(1).map_or(0, str::len);
    let expected: f64 = text.parse().unwrap();
    assert!(
        (got - expected).abs() <= 0.5 * 10.0_f64.powi(-(decimals as i32)) + 1e-12,
        "got {got}, printed {text}"
    );
}

#[test]
fn cars() {
    let model = fit("dist ~ speed", &csv(CARS));
    printed(model.coefficients[0][0], "-17.579095");
    printed(model.coefficients[0][1], "3.932409");
    assert_eq!(model.n_valid_obs, 50);
    assert_eq!(model.df, [2.0, 48.0, 2.0]);
    // summary(lm(dist ~ speed, cars)) in R
    printed(model.sigma[0], "15.38");
    printed(model.r_squared[0], "0.6511");
    printed(model.adj_r_squared[0], "0.6438");
    printed(model.fstatistics.as_ref().unwrap().value[0], "89.57");
    assert_close(model.f_pvalue[0], 1.489_836e-12, 1e-6);
    printed(model.coef_std_error[0][0], "6.7584");
    printed(model.coef_p_value[0][0], "0.0123");
    assert_eq!(model.condition_number, 1.0);
}

#[test]
fn attitude() {
    let model = fit("rating ~ complaints", &csv(ATTITUDE));
    printed(model.coefficients[0][0], "14.37632");
    printed(model.coefficients[0][1], "0.75461");
    printed(model.coef_std_error[0][0], "6.61999");
    printed(model.coef_std_error[0][1], "0.09753");
    printed(model.r_squared[0], "0.6813");
    printed(model.fstatistics.unwrap().value[0], "59.86");
}

#[test]
fn attitude_with_all_columns() {
    let by_name =
        fit("rating ~ complaints + privileges + learning + raises + critical + advance", &csv(ATTITUDE));
    let by_dot = fit("rating ~ .", &csv(ATTITUDE));
    assert_eq!(by_name.coefficient_names, by_dot.coefficient_names);
    assert_eq!(by_name.coefficients, by_dot.coefficients);
    // R: lm(rating ~ ., attitude)
    printed(by_dot.coefficient("learning").unwrap(), "0.32033");
    printed(by_dot.r_squared[0], "0.7326");
}

#[test]
fn fourthgraders_by_frequency() {
    let options = LinModOptions {
        weights: Weights { frequency: Some("reps".into()), ..Weights::default() },
        ..LinModOptions::default()
    };
    let model = fit_with("height ~ eyecolor", &csv(FOURTHGRADERS), options);
    let names: Vec<&str> = model.coefficient_names.iter().map(String::as_str).collect();
    assert_eq!(names, ["(Intercept)", "eyecolor=Blue", "eyecolor=Brown", "eyecolor=Green", "eyecolor=Hazel"]);
    for (got, text) in
        model.coefficients[0].iter().zip(["47.33333333", "-0.01075269", "-0.08333333", "0.40579710"])
    {
        printed(*got, text);
    }
    assert!(model.coefficients[0][4].is_nan());
    assert_eq!(model.aliased, [false, false, false, false, true]);
    assert_eq!(model.n_valid_obs, 44);
    assert_eq!(model.df, [4.0, 96.0, 5.0]);
}

/// The made-up table of the guide to linear models: y is not published, but its means within cells are, and with five
/// rows a cell at the mean the printed coefficients follow.
fn income() -> engine::source::MemorySource {
    let mut text = String::from("income,region,sex\n");
    for (mean, region, sex) in [
        (970.7522, "Rural", "Female"),
        (1480.4378, "Rural", "Male"),
        (2501.8303, "Urban", "Female"),
        (3944.5127, "Urban", "Male"),
    ] {
        for deviation in [-2.0, -1.0, 0.0, 1.0, 2.0] {
            writeln!(text, "{},{region},{sex}", mean + 50.0 * deviation).unwrap();
        }
    }
    csv(&text)
}

#[test]
fn crossed_factors_in_a_cube() {
    let options = LinModOptions { cube: true, ..LinModOptions::default() };
    let model = fit_with("income ~ region:sex", &income(), options.clone());
    let names: Vec<&str> = model.coefficient_names.iter().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "region=Rural, sex=Female",
            "region=Urban, sex=Female",
            "region=Rural, sex=Male",
            "region=Urban, sex=Male"
        ]
    );
    for (got, text) in model.coefficients[0].iter().zip(["970.7522", "2501.8303", "1480.4378", "3944.5127"]) {
        printed(*got, text);
    }
    let table = model.count_df.unwrap();
    assert_eq!(table.counts, [5.0; 4]);
    assert_eq!(table.levels[1], ["Urban", "Female"]);
    printed(table.means.unwrap()[0][2], "1480.4378");

    let model = fit_with("income ~ region * sex", &income(), options);
    let expected =
        [Some(1480.4378), Some(3944.5127), Some(-1442.6824), None, Some(932.9968), None, None, None];
    for (got, expected) in model.coefficients[0].iter().zip(expected) {
        match expected {
            Some(value) => assert!((got - value).abs() < 2e-4, "{got} {value}"),
            None => assert!(got.is_nan(), "{got}"),
        }
    }
}

#[test]
fn main_effects_or_interactions_are_dropped() {
    // documented: R's lm() is reproduced by dropping first levels and keeping main effects
    let like_r = LinModOptions { drop_first: true, drop_main: false, ..LinModOptions::default() };
    let model = fit_with("income ~ region * sex", &income(), like_r);
    assert!((model.coefficient("(Intercept)").unwrap() - 970.7522).abs() < 1e-4);
    assert!((model.coefficient("region=Urban").unwrap() - 1531.0781).abs() < 1e-3);
    assert!((model.coefficient("sex=Male").unwrap() - 509.6856).abs() < 1e-3);
    assert!((model.coefficient("region=Urban, sex=Male").unwrap() - 932.9968).abs() < 1e-3);
    assert_eq!(model.dropped(), 5);

    let model = fit("income ~ region * sex", &income());
    assert_eq!(model.coefficient("region=Rural"), None);
    assert_eq!(model.coefficient("sex=Female"), None);
    assert!((model.coefficient("(Intercept)").unwrap() - 3944.5127).abs() < 1e-4);
    assert!((model.coefficient("region=Rural, sex=Female").unwrap() - (970.7522 - 3944.5127)).abs() < 1e-3);
    assert_eq!(model.coefficient("region=Urban, sex=Male"), None);
}
