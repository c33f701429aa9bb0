//! Linear models against a dense least squares of another kind (Gram–Schmidt on written-out columns), on random tables
//! with factors, interactions, weights, missing values, collinear columns and empty levels.

mod tables;

use algos::design::Weights;
use algos::linear::{LinModModel, LinModOptions};
use engine::source::MemorySource;
use tables::{Column, Sequence, assert_close, table, try_fit};

/// The rows of a random table, in plain vectors.
struct Rows {
    y: Vec<Option<f64>>,
    x: Vec<Option<f64>>,
    z: Vec<f64>,
    a: Vec<Option<i32>>,
    b: Vec<Option<i32>>,
    w: Vec<f64>,
}

const A: [&str; 3] = ["one", "two", "three"];
const B: [&str; 4] = ["p", "q", "r", "s"];

fn rows(seed: u64, n: usize, b_used: usize) -> Rows {
    let mut next = Sequence(seed);
    let mut rows = Rows { y: vec![], x: vec![], z: vec![], a: vec![], b: vec![], w: vec![] };
    for _ in 0..n {
        let a = next.below(3);
        let b = next.below(b_used);
        let x = 100.0 + 3.0 * next.normal() + a as f64;
        let y = 5.0 + 0.7 * x - 2.0 * a as f64 + 1.5 * b as f64 * x / 50.0 + next.normal();
        rows.y.push((next.below(13) > 0).then_some(y));
        rows.x.push((next.below(11) > 0).then_some(x));
        rows.z.push(2.0 * x - 1.0);
        rows.a.push((next.below(17) > 0).then_some(a as i32));
        rows.b.push(Some(b as i32));
        rows.w.push(next.below(4) as f64);
    }
    rows
}

fn source(rows: &Rows) -> MemorySource {
    table(vec![
        ("y", Column::Numbers(rows.y.clone())),
        ("x", Column::Numbers(rows.x.clone())),
        // the double of x, missing where x is
        ("z", Column::Numbers(rows.x.iter().zip(&rows.z).map(|(x, &z)| x.map(|_| z)).collect())),
        ("a", Column::Factor(rows.a.clone(), A.to_vec())),
        ("b", Column::Factor(rows.b.clone(), B.to_vec())),
        ("w", Column::Numbers(rows.w.iter().copied().map(Some).collect())),
    ])
}

/// The written-out columns of a design, in the order of coefficients, and the order in which they are kept.
struct Dense {
    columns: Vec<Vec<f64>>,
    priority: Vec<usize>,
    y: Vec<f64>,
    w: Vec<f64>,
}

/// Least squares by modified Gram–Schmidt with reorthogonalization, leaving out dependent columns.
fn least_squares(dense: &Dense) -> (Vec<f64>, f64, Vec<f64>) {
    let roots: Vec<f64> = dense.w.iter().map(|w| w.sqrt()).collect();
    let scaled = |column: &[f64]| -> Vec<f64> { column.iter().zip(&roots).map(|(x, w)| x * w).collect() };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut triangle: Vec<Vec<f64>> = Vec::new();
    let mut kept = Vec::new();
    for &index in &dense.priority {
        let original = scaled(&dense.columns[index]);
        let mut column = original.clone();
        let mut factors = vec![0.0; basis.len()];
        for _ in 0..3 {
            for (q, factor) in basis.iter().zip(&mut factors) {
                let part = dot(q, &column);
                *factor += part;
                column.iter_mut().zip(q).for_each(|(x, q)| *x -= part * q);
            }
        }
        let norm = dot(&column, &column).sqrt();
        if norm > 1e-8 * dot(&original, &original).sqrt() {
            for x in &mut column {
                *x /= norm;
            }
            basis.push(column);
            factors.push(norm);
            triangle.push(factors);
            kept.push(index);
        }
    }
    let mut residual = scaled(&dense.y);
    let mut right = vec![0.0; basis.len()];
    for _ in 0..2 {
        for (q, right) in basis.iter().zip(&mut right) {
            let part = dot(q, &residual);
            *right += part;
            residual.iter_mut().zip(q).for_each(|(x, q)| *x -= part * q);
        }
    }
    let k = kept.len();
    // back substitution for the coefficients and for the columns of the inverse of R
    let solve = |mut right: Vec<f64>| {
        for j in (0..k).rev() {
            right[j] /= triangle[j][j];
            let value = right[j];
            for i in 0..j {
                right[i] -= triangle[j][i] * value;
            }
        }
        right
    };
    let beta = solve(right);
    let mut coefficients = vec![f64::NAN; dense.columns.len()];
    let mut errors = vec![f64::NAN; dense.columns.len()];
    let inverse: Vec<Vec<f64>> =
        (0..k).map(|j| solve((0..k).map(|i| f64::from(u8::from(i == j))).collect())).collect();
    let squares = dot(&residual, &residual);
    let n = dense.w.iter().filter(|&&w| w > 0.0).count() as f64;
    let variance = squares / (n - k as f64);
    for (position, &index) in kept.iter().enumerate() {
        coefficients[index] = beta[position];
        let unscaled: f64 = inverse.iter().map(|column| column[position] * column[position]).sum();
        errors[index] = (variance * unscaled).sqrt();
    }
    (coefficients, squares, errors)
}

/// Writes out the columns of the terms; a term is its numbers' product in the cells of its factors.
fn dense(
    rows: &Rows,
    terms: &[(&str, bool)],
    intercept: bool,
    weighted: bool,
    priority_terms: &[usize],
) -> Dense {
    let uses = |name: char| terms.iter().any(|(term, _)| term.contains(name));
    let complete: Vec<usize> = (0..rows.y.len())
        .filter(|&i| {
            rows.y[i].is_some()
                && (!(uses('x') || uses('z')) || rows.x[i].is_some())
                && (!uses('a') || rows.a[i].is_some())
        })
        .collect();
    let mut columns = Vec::new();
    let mut starts = Vec::new();
    if intercept {
        columns.push(vec![1.0; complete.len()]);
    }
    for (term, _) in terms {
        let variables: Vec<&str> = term.split(':').collect();
        let levels: Vec<usize> = variables
            .iter()
            .map(|v| {
                if *v == "a" {
                    3
                } else if *v == "b" {
                    4
                } else {
                    1
                }
            })
            .collect();
        let cells: usize = levels.iter().product();
        let first = columns.len();
        for cell in 0..cells {
            columns.push(
                complete
                    .iter()
                    .map(|&i| {
                        let (mut rest, mut value) = (cell, 1.0);
                        for (variable, levels) in variables.iter().zip(&levels) {
                            let code = rest % levels;
                            rest /= levels;
                            value *= match *variable {
                                "a" => f64::from(u8::from(rows.a[i] == Some(code as i32))),
                                "b" => f64::from(u8::from(rows.b[i] == Some(code as i32))),
                                "x" => rows.x[i].unwrap(),
                                _ => rows.z[i],
                            };
                        }
                        value
                    })
                    .collect(),
            );
        }
        starts.push(first..columns.len());
    }
    let mut priority: Vec<usize> = if intercept { vec![0] } else { vec![] };
    for &term in priority_terms {
        priority.extend(starts[term].clone());
    }
    Dense {
        columns,
        priority,
        y: complete.iter().map(|&i| rows.y[i].unwrap()).collect(),
        w: complete.iter().map(|&i| if weighted { rows.w[i] } else { 1.0 }).collect(),
    }
}

#[track_caller]
fn compare(model: &LinModModel, dense: &Dense, tolerance: f64, context: &str) {
    let (coefficients, squares, errors) = least_squares(dense);
    let context = &format!("{context}: {:?} against {coefficients:?}", model.coefficients[0]);
    for (i, name) in model.coefficient_names.iter().enumerate() {
        let (got, expected) = (model.coefficients[0][i], coefficients[i]);
        assert_eq!(got.is_nan(), expected.is_nan(), "{context}: {name} is {got}, expected {expected}");
        if !got.is_nan() {
            let scale = errors[i].max(expected.abs());
            assert!(
                (got - expected).abs() <= tolerance * scale,
                "{context}: {name} is {got}, expected {expected}"
            );
            assert_close(model.coef_std_error[0][i], errors[i], 10.0 * tolerance);
        }
    }
    assert_close(model.residual_squares[0], squares, 1e-8);
}

#[test]
fn random_tables() {
    // formula, terms in written order, their order of priority
    let cases: [(&str, &[&str], &[usize]); 10] = [
        ("y ~ x", &["x"], &[0]),
        ("y ~ a + x", &["a", "x"], &[0, 1]),
        ("y ~ x + z + a", &["x", "z", "a"], &[0, 1, 2]),
        ("y ~ a + b", &["a", "b"], &[0, 1]),
        ("y ~ a * b", &["a", "b", "a:b"], &[2, 0, 1]),
        ("y ~ a:b + x", &["a:b", "x"], &[0, 1]),
        ("y ~ a + a:x", &["a", "a:x"], &[1, 0]),
        ("y ~ x + x:a", &["x", "x:a"], &[1, 0]),
        ("y ~ a:b:x + b", &["a:b:x", "b"], &[0, 1]),
        ("y ~ x:z + a:x + b", &["x:z", "a:x", "b"], &[0, 1, 2]),
    ];
    for seed in 0..6 {
        let rows = rows(seed, 150, 4);
        let source = source(&rows);
        for (formula, terms, priority) in &cases {
            let terms: Vec<(&str, bool)> = terms.iter().map(|term| (*term, true)).collect();
            for weighted in [false, true] {
                let weights = Weights { probability: weighted.then(|| "w".to_owned()), ..Weights::default() };
                for (suffix, intercept) in [("", true), (" - 1", false)] {
                    let formula = format!("{formula}{suffix}");
                    let options = LinModOptions { weights: weights.clone(), ..LinModOptions::default() };
                    let model = try_fit(&formula, &source, options, 2, 11).unwrap();
                    let dense = dense(&rows, &terms, intercept, weighted, priority);
                    // without an intercept x and its double are nearly one direction
                    let tolerance = if intercept { 1e-9 } else { 1e-6 };
                    compare(
                        &model,
                        &dense,
                        tolerance,
                        &format!("seed {seed}, weighted {weighted}: {formula}"),
                    );
                }
            }
        }
    }
}

#[test]
fn main_effects_kept_and_first_levels_dropped() {
    for seed in 10..14 {
        let rows = rows(seed, 120, 4);
        let source = source(&rows);
        let options = LinModOptions { drop_main: false, ..LinModOptions::default() };
        let model = try_fit("y ~ a * b", &source, options.clone(), 1, 50).unwrap();
        let terms = [("a", true), ("b", true), ("a:b", true)];
        let mut dense = dense(&rows, &terms, true, false, &[0, 1, 2]);
        compare(&model, &dense, 1e-8, "main effects kept");
        // columns: intercept, a 1..4, b 4..8, cells 8..20 with a fastest
        let turned: Vec<usize> = [1, 2, 3, 0].iter().flat_map(|b| [1, 2, 0].map(|a| 8 + a + 3 * b)).collect();
        dense.priority = [vec![0, 2, 3, 1, 5, 6, 7, 4], turned].concat();
        let options = LinModOptions { drop_first: true, ..options };
        let model = try_fit("y ~ a * b", &source, options, 1, 50).unwrap();
        compare(&model, &dense, 1e-8, "first levels dropped");
    }
}

#[test]
fn an_empty_last_level_makes_the_first_the_reference() {
    let rows = rows(3, 200, 3);
    let source = source(&rows);
    let model = try_fit("y ~ b + a", &source, LinModOptions::default(), 1, 64).unwrap();
    let mut dense = dense(&rows, &[("b", true), ("a", true)], true, false, &[0, 1]);
    dense.priority = vec![0, 2, 3, 4, 1, 6, 7, 5];
    compare(&model, &dense, 1e-8, "empty last level");
    assert_eq!(model.coefficient("b=p"), None);
    assert_eq!(model.coefficient("b=s"), None);
    assert_eq!(model.coefficient("a=one"), None);
    assert!(model.coefficient("a=three").is_some());
}

#[test]
fn cubes_are_models_without_intercept() {
    for (cube, plain, first, rest) in [
        ("y ~ a + x", "y ~ a + x - 1", "a", "x"),
        ("y ~ a:b + x", "y ~ a:b + x - 1", "a:b", "x"),
        ("y ~ b + a:x", "y ~ b + a:x - 1", "b", "a:x"),
    ] {
        let rows = rows(21, 300, 4);
        let source = source(&rows);
        let cube =
            try_fit(cube, &source, LinModOptions { cube: true, ..LinModOptions::default() }, 2, 64).unwrap();
        let options = LinModOptions { drop_main: false, ..LinModOptions::default() };
        let plain = try_fit(plain, &source, options, 2, 64).unwrap();
        let dense = dense(&rows, &[(first, true), (rest, true)], false, false, &[0, 1]);
        compare(&cube, &dense, 1e-8, "cube");
        compare(&plain, &dense, 1e-8, "no intercept");
        assert_eq!(cube.df, plain.df);
        // but only the cube is measured against an intercept
        assert!(cube.r_squared[0] < plain.r_squared[0]);
        let f = cube.fstatistics.unwrap();
        assert_eq!(f.numdf, cube.df[0] - 1.0);
        assert!(cube.count_df.unwrap().means.is_none());
    }
}
