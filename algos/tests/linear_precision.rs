//! When sums of twice the precision are made, and what they change.

mod tables;

use algos::linear::LinModOptions;
use tables::{Column, Sequence, assert_close, fit, numbers, table, try_fit};

fn column(values: &[f64]) -> Column {
    numbers(values.iter().copied())
}

/// Two columns that differ by little: y = 2 + 3a − b exactly, with an offset that leaves few digits to their difference.
fn near_copies(difference: f64) -> engine::source::MemorySource {
    let mut random = Sequence(5);
    // multiples of 2⁻²⁰, so that all sums are exact
    let mut draw = |scale: f64| (random.normal() * 1_048_576.0).round() / 1_048_576.0 * scale;
    let a: Vec<f64> = (0..3000).map(|_| draw(1.0)).collect();
    let b: Vec<f64> = a.iter().map(|a| a + draw(difference)).collect();
    let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 2.0 + 3.0 * a - b).collect();
    table(vec![("y", column(&y)), ("a", column(&a)), ("b", column(&b))])
}

#[test]
fn nearly_dependent_columns_keep_their_digits() {
    for power in [10, 16, 20] {
        let model = fit("y ~ a + b", &near_copies(2.0_f64.powi(-power)));
        assert_eq!(model.rank, 3, "2^-{power}");
        for (got, expected) in model.coefficients[0].iter().zip([2.0, 3.0, -1.0]) {
            assert_close(*got, expected, 1e-13);
        }
    }
}

#[test]
fn dependences_that_were_rounded_are_still_found() {
    let mut random = Sequence(9);
    let x: Vec<f64> = (0..2000).map(|_| 1e6 + random.normal()).collect();
    let scaled: Vec<f64> = x.iter().map(|x| x * 0.453_592_37).collect();
    let single: Vec<f64> = (0..2000).map(|_| f64::from(random.normal() as f32)).collect();
    let single_scaled: Vec<f64> = single.iter().map(|x| f64::from((x * 0.1) as f32)).collect();
    let total: Vec<f64> = x.iter().zip(&single).map(|(x, z)| x + z).collect();
    let y: Vec<f64> = x.iter().map(|x| x + random.normal()).collect();
    let source = table(vec![
        ("y", column(&y)),
        ("x", column(&x)),
        ("pounds", column(&scaled)),
        ("single", column(&single)),
        ("tenth", column(&single_scaled)),
        ("total", column(&total)),
    ]);
    for (formula, rank) in [
        ("y ~ x + pounds", 2),
        ("y ~ single + tenth", 2),
        ("y ~ x + I(x + 1)", 2),
        ("y ~ single + I(2 * single - 7)", 2),
        ("y ~ single + log(single + 10) + I(3 * log(single + 10))", 3),
        ("y ~ x + single + total", 3),
        ("y ~ x + single + pounds + tenth", 3),
    ] {
        assert_eq!(fit(formula, &source).rank, rank, "{formula}");
    }
}

#[test]
fn powers_start_from_the_column() {
    // (1 + i·2⁻³⁰)² loses its last term in 53 bits
    let x: Vec<f64> = (0..500).map(|i| 1.0 + f64::from(i) * 2.0_f64.powi(-30)).collect();
    let y: Vec<f64> = (0..500).map(|i| f64::from(i) + f64::from(i * i)).collect();
    let model = fit("y ~ x + I(x^2)", &table(vec![("y", column(&y)), ("x", column(&x))]));
    assert_eq!(model.rank, 3);
    // y = i + i² of i = (x − 1)·2³⁰
    let scale = 2.0_f64.powi(30);
    assert_close(model.coefficients[0][2], scale * scale, 1e-9);
    assert_close(model.coefficients[0][1], scale - 2.0 * scale * scale, 1e-9);
}

#[test]
fn threads_and_blocks_change_nothing() {
    let source = near_copies(2.0_f64.powi(-16));
    let fitted =
        |threads, rows| try_fit("y ~ a + b", &source, LinModOptions::default(), threads, rows).unwrap();
    let (one, two, other) = (fitted(1, 100), fitted(2, 100), fitted(2, 777));
    assert_eq!(one.coefficients, two.coefficients);
    assert_eq!(one.coef_std_error, two.coef_std_error);
    for (got, expected) in other.coefficients[0].iter().zip(&one.coefficients[0]) {
        assert_close(*got, *expected, 1e-14);
    }
}

#[test]
fn weights_and_cells_go_the_same_way() {
    let mut random = Sequence(3);
    let n = 600;
    let x: Vec<f64> = (0..n).map(|_| random.normal()).collect();
    let z: Vec<f64> = x.iter().map(|x| x + 1e-6 * random.normal()).collect();
    let y: Vec<f64> = x.iter().zip(&z).map(|(x, z)| x - 2.0 * z + 0.1 * random.normal()).collect();
    let weights: Vec<f64> = (0..n).map(|i| f64::from(i % 4)).collect();
    let codes: Vec<Option<i32>> = (0..n).map(|i| Some(i % 3)).collect();
    // a row of weight 3 stands for three rows
    let repeated = |values: &[f64]| -> Vec<f64> {
        values.iter().enumerate().flat_map(|(i, &value)| vec![value; i % 4]).collect()
    };
    let codes_repeated = codes.iter().enumerate().flat_map(|(i, &code)| vec![code; i % 4]).collect();
    let levels = vec!["a", "b", "c"];
    let weighted = table(vec![
        ("y", column(&y)),
        ("x", column(&x)),
        ("z", column(&z)),
        ("w", column(&weights)),
        ("g", Column::Factor(codes, levels.clone())),
    ]);
    let whole = table(vec![
        ("y", column(&repeated(&y))),
        ("x", column(&repeated(&x))),
        ("z", column(&repeated(&z))),
        ("g", Column::Factor(codes_repeated, levels)),
    ]);
    let frequency = algos::design::Weights { frequency: Some("w".into()), ..Default::default() };
    let options = LinModOptions { weights: frequency, ..LinModOptions::default() };
    let by_weight = try_fit("y ~ x + z + g + g:x", &weighted, options, 2, 50).unwrap();
    let by_row = fit("y ~ x + z + g + g:x", &whole);
    assert!(by_row.condition_number > 1e6, "{}", by_row.condition_number);
    assert_eq!(by_weight.aliased, by_row.aliased);
    for (got, expected) in by_weight.coefficients[0].iter().zip(&by_row.coefficients[0]) {
        assert_close(*got, *expected, 1e-12);
    }
    for (got, expected) in by_weight.coef_std_error[0].iter().zip(&by_row.coef_std_error[0]) {
        assert_close(*got, *expected, 1e-12);
    }
}
