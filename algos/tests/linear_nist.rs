//! Linear models against the certified values of NIST's Statistical Reference Datasets, linear regression
//! (<https://www.itl.nist.gov/div898/strd/lls/lls.shtml>), all eleven sets. `data/nist` has the data and the certified
//! values to 15 digits, which a least squares of 200 digits over the same rows reproduces.

mod tables;

use algos::linear::LinModModel;
use tables::{csv, fit};

const CERTIFIED: &str = include_str!("data/nist/certified.csv");

/// The certified estimates and standard errors of a set, the residual standard deviation last.
fn certified(set: &str) -> Vec<(f64, f64)> {
    let rows = CERTIFIED.lines().filter_map(|line| line.strip_prefix(set)?.strip_prefix(','));
    rows.map(|row| {
        let mut fields = row.split(',').skip(1).map(|field| field.parse().unwrap_or(f64::NAN));
        (fields.next().unwrap(), fields.next().unwrap())
    })
    .collect()
}

/// Correct digits: −log₁₀ of the relative error, of the error itself where the certified value is 0 (NIST's LRE).
fn digits(got: f64, certified: f64) -> f64 {
    let error = if certified == 0.0 { got.abs() } else { ((got - certified) / certified).abs() };
    if got.is_nan() { 0.0 } else { (-error.log10()).min(15.0) }
}

/// Checks that the coefficients, their standard errors and the residual standard deviation have so many digits.
#[track_caller]
fn check(set: &str, model: &LinModModel, least: f64) {
    let expected = certified(set);
    assert_eq!(expected.len(), model.coefficients[0].len() + 1, "{set}");
    let (estimates, errors) = (&model.coefficients[0], &model.coef_std_error[0]);
    for ((&(estimate, error), got), got_error) in expected.iter().zip(estimates).zip(errors) {
        let found = digits(*got, estimate).min(digits(*got_error, error));
        assert!(found >= least, "{set}: {got} ({got_error}), certified {estimate} ({error}): {found} digits");
    }
    let found = digits(model.sigma[0], expected.last().unwrap().0);
    assert!(found >= least, "{set}: residual {}, {found} digits", model.sigma[0]);
}

fn polynomial(degree: usize) -> String {
    let powers: Vec<String> = (2..=degree).map(|power| format!("I(x^{power})")).collect();
    ["y ~ x".to_owned()].into_iter().chain(powers).collect::<Vec<_>>().join(" + ")
}

#[test]
fn lower_difficulty() {
    check("norris", &fit("y ~ x", &csv(include_str!("data/nist/norris.csv"))), 13.5);
    check("pontius", &fit(&polynomial(2), &csv(include_str!("data/nist/pontius.csv"))), 13.0);
}

#[test]
fn average_difficulty() {
    check("noint1", &fit("y ~ x - 1", &csv(include_str!("data/nist/noint1.csv"))), 14.0);
    check("noint2", &fit("y ~ x - 1", &csv(include_str!("data/nist/noint2.csv"))), 14.0);
}

#[test]
fn higher_difficulty() {
    let formula = "y ~ x1 + x2 + x3 + x4 + x5 + x6";
    check("longley", &fit(formula, &csv(include_str!("data/nist/longley.csv"))), 14.0);
    for (set, data, least) in [
        ("wampler1", include_str!("data/nist/wampler1.csv"), 9.0),
        ("wampler2", include_str!("data/nist/wampler2.csv"), 12.5),
        ("wampler3", include_str!("data/nist/wampler3.csv"), 13.5),
        ("wampler4", include_str!("data/nist/wampler4.csv"), 13.5),
        ("wampler5", include_str!("data/nist/wampler5.csv"), 13.5),
    ] {
        check(set, &fit(&polynomial(5), &csv(data)), least);
    }
}

#[test]
fn filip() {
    let model = fit(&polynomial(10), &csv(include_str!("data/nist/filip.csv")));
    assert_eq!(model.rank, 11);
    check("filip", &model, 13.0);
}
