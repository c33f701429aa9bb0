//! Factors of so many levels that their cells are solved for beforehand, and tables of so many cells that only those with
//! rows have a place.

mod tables;

use std::collections::BTreeMap;

use algos::cube::{CellTable, Cube, Statistic};
use algos::design::Weights;
use algos::glm::{Family, Glm, GlmModel, GlmOptions};
use algos::linear::{LinModModel, LinModOptions};
use engine::source::MemorySource;
use engine::{Local, ScanOptions};
use tables::{Column, Sequence, assert_close, numbers, table, try_fit};

/// Rows of `ids` ids, `days` days, two numbers, an event and a whole weight; the largest id may be left out.
struct Data {
    id: Vec<i32>,
    day: Vec<i32>,
    x: Vec<f64>,
    y: Vec<f64>,
    late: Vec<f64>,
    weight: Vec<f64>,
}

impl Data {
    fn new(rows: usize, ids: usize, days: usize) -> Self {
        let mut random = Sequence(11);
        let mut data = Self { id: vec![], day: vec![], x: vec![], y: vec![], late: vec![], weight: vec![] };
        for row in 0..rows {
            // every id and every day occurs
            let id = if row < ids { row } else { random.below(ids) };
            let day = if row < days { row } else { random.below(days) };
            let x = 1000.0 + random.normal();
            let y = (id % 17) as f64 - 0.1 * (day % 5) as f64 + 0.5 * x + random.normal();
            data.id.push(id as i32);
            data.day.push(day as i32);
            data.x.push(x);
            data.y.push(y);
            data.late.push(f64::from(u8::from(random.next() < 0.4 + 0.02 * (id % 9) as f64)));
            data.weight.push(random.below(4) as f64);
        }
        data
    }

    fn source(&self) -> MemorySource {
        let whole = |codes: &[i32]| numbers(codes.iter().map(|&code| f64::from(code)).collect::<Vec<_>>());
        let groups = self.day.iter().map(|day| Some(day % 4)).collect();
        table(vec![
            ("id", whole(&self.id)),
            ("day", whole(&self.day)),
            ("g", Column::Factor(groups, vec!["a", "b", "c", "d", "empty"])),
            ("x", numbers(self.x.iter().copied())),
            ("y", numbers(self.y.iter().copied())),
            ("late", numbers(self.late.iter().copied())),
            ("w", numbers(self.weight.iter().copied())),
        ])
    }
}

/// Nearly equal, or both missing, one for one.
#[track_caller]
fn same(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    let scale = expected.iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    for (place, (got, expected)) in got.iter().zip(expected).enumerate() {
        let near = (got - expected).abs() <= tolerance * scale || (got.is_nan() && expected.is_nan());
        assert!(near, "{place}: {got} is not {expected}");
    }
}

/// All digits of the coefficients and their standard errors.
fn bits(model: &LinModModel) -> Vec<u64> {
    let numbers = model.coefficients.iter().chain(&model.coef_std_error).flatten();
    numbers.map(|number| number.to_bits()).collect()
}

/// A matrix of all columns, which covariances need, leads to the same model.
#[test]
fn cells_of_a_large_term_are_solved_for_beforehand() {
    let source = Data::new(4000, 1010, 20).source();
    for (formula, drop_first, weighted) in [
        ("y ~ F(id) + x + g", false, false),
        ("y ~ F(id) + x:g", true, true),
        ("cbind(y, x) ~ F(id, -3, 1005) + F(day) - 1", false, false),
    ] {
        let fit = |cov_coef| -> LinModModel {
            let frequency = weighted.then(|| "w".to_owned());
            let weights = Weights { frequency, probability: None };
            let options = LinModOptions { cov_coef, drop_first, weights, ..LinModOptions::default() };
            try_fit(formula, &source, options, 2, 700).unwrap()
        };
        let (by_term, whole) = (fit(false), fit(true));
        println!("{formula} {drop_first}: {} of {}", by_term.rank, by_term.coefficient_names.len());
        assert_eq!(by_term.coefficient_names, whole.coefficient_names);
        assert_eq!((&by_term.aliased, &by_term.observed), (&whole.aliased, &whole.observed));
        assert_eq!((by_term.rank, by_term.df), (whole.rank, whole.df));
        for response in 0..by_term.y_names.len() {
            same(&by_term.coefficients[response], &whole.coefficients[response], 1e-9);
            same(&by_term.coef_std_error[response], &whole.coef_std_error[response], 1e-8);
        }
        same(&by_term.r_squared, &whole.r_squared, 1e-10);
        same(&by_term.fstatistics.unwrap().value, &whole.fstatistics.unwrap().value, 1e-9);
    }
}

#[test]
fn a_term_that_is_too_large_for_a_matrix_may_stand_anywhere() {
    let data = Data::new(40_000, 10_100, 7);
    let source = data.source();
    let fit = |threads| try_fit("y ~ x + F(id)", &source, LinModOptions::default(), threads, 4000).unwrap();
    let (one, two) = (fit(1), fit(2));
    assert_eq!(bits(&one), bits(&two));
    // the slope of deviations from the means of ids
    let mut means: Vec<(f64, f64, f64)> = vec![(0.0, 0.0, 0.0); 10_100];
    for ((&id, x), y) in data.id.iter().zip(&data.x).zip(&data.y) {
        let mean = &mut means[id as usize];
        *mean = (mean.0 + 1.0, mean.1 + x, mean.2 + y);
    }
    let (mut xx, mut xy) = (0.0, 0.0);
    for ((&id, x), y) in data.id.iter().zip(&data.x).zip(&data.y) {
        let (n, sum_x, sum_y) = means[id as usize];
        xx += (x - sum_x / n).powi(2);
        xy += (x - sum_x / n) * (y - sum_y / n);
    }
    let slope = xy / xx;
    assert_eq!(one.coefficient_names[..3], ["(Intercept)", "x", "F_id=0"]);
    assert_close(one.coefficients[0][1], slope, 1e-10);
    let level = |id: usize| means[id].2 / means[id].0 - slope * means[id].1 / means[id].0;
    assert_close(one.coefficients[0][0], level(10_099), 1e-9);
    for id in [0, 77, 10_098] {
        assert_close(one.coefficients[0][2 + id], level(id) - level(10_099), 1e-7);
    }
    assert!(one.coefficients[0][2 + 10_099].is_nan() && one.aliased[2 + 10_099]);
    assert_eq!(one.rank, 10_101);
}

/// Residuals have no sum in any level, and none with the number.
#[test]
fn pairs_of_levels_have_a_place_when_they_are_met() {
    let data = Data::new(60_000, 9_000, 300);
    let source = data.source();
    for cube in [false, true] {
        let fit = |threads| {
            let options = LinModOptions { cube, ..LinModOptions::default() };
            try_fit("y ~ F(id) + x + F(day)", &source, options, threads, 5000).unwrap()
        };
        let (one, two) = (fit(1), fit(2));
        assert_eq!(bits(&one), bits(&two));
        let b: Vec<f64> = one.coefficients[0].iter().map(|b| if b.is_nan() { 0.0 } else { *b }).collect();
        let (constant, b) = if cube { (0.0, b.as_slice()) } else { (b[0], &b[1..]) };
        let (mut by_id, mut by_day, mut by_x) = (vec![0.0; 9_000], vec![0.0; 300], 0.0);
        for row in 0..data.y.len() {
            let (id, day) = (data.id[row] as usize, data.day[row] as usize);
            let rest = data.y[row] - constant - b[id] - b[9_000] * data.x[row] - b[9_001 + day];
            by_id[id] += rest;
            by_day[day] += rest;
            by_x += rest * (data.x[row] - 1000.0);
        }
        let most = by_id.iter().chain(&by_day).fold(by_x.abs(), |most, sum: &f64| most.max(sum.abs()));
        assert!(most < 1e-6, "{most}");
        assert_eq!(one.rank, 9_000 + 1 + 299);
    }
}

#[test]
fn likelihoods_of_many_levels_by_rows_and_by_cells() {
    let source = Data::new(9000, 1010, 8).source();
    for (formula, cells) in [("late ~ F(id) + F(day)", 16 << 20), ("late ~ F(id) + x", 0)] {
        let fit = |cov_coef| -> GlmModel {
            let options = GlmOptions {
                family: Family::Poisson,
                cells,
                cov_coef,
                max_iterations: 1,
                coefficient_tolerance: 0.0,
                objective_function_tolerance: 0.0,
                ..GlmOptions::default()
            };
            let estimator = Glm::new(formula).unwrap().with_options(options).unwrap();
            engine::fit(&estimator, &source, &ScanOptions::default(), &Local::new(2)).unwrap()
        };
        let (by_term, whole) = (fit(false), fit(true));
        assert_eq!(by_term.cells.is_some(), cells > 0);
        assert_eq!((&by_term.aliased, by_term.rank), (&whole.aliased, whole.rank));
        same(&by_term.coefficients, &whole.coefficients, 1e-9);
        same(&by_term.coef_std_error, &whole.coef_std_error, 1e-8);
        assert_close(by_term.deviance, whole.deviance, 1e-11);
    }
}

fn cells(formula: &str, source: &MemorySource, threads: usize) -> algos::Result<CellTable> {
    let scan = ScanOptions::default().with_block_rows(3000);
    engine::fit(&Cube::new(formula)?, source, &scan, &Local::new(threads))
}

#[test]
fn cubes_leave_out_what_was_not_met() {
    let data = Data::new(20_000, 9_000, 300);
    let source = data.source();
    let mut expected: BTreeMap<(i32, i32), (f64, f64)> = BTreeMap::new();
    for ((&id, &day), y) in data.id.iter().zip(&data.day).zip(&data.y) {
        let cell = expected.entry((day, id)).or_default();
        *cell = (cell.0 + 1.0, cell.1 + y);
    }
    let found = cells("y ~ F(id):F(day)", &source, 2).unwrap();
    assert_eq!(found, cells("y ~ F(id):F(day)", &source, 1).unwrap());
    assert_eq!(found.counts.len(), expected.len());
    assert!(found.numbers.is_some());
    for (cell, (&(day, id), &(count, sum))) in expected.iter().enumerate() {
        assert_eq!(found.levels(cell), [id.to_string(), day.to_string()]);
        assert_eq!(found.counts[cell], count);
        assert_close(found.sums[0][cell], sum, 1e-12);
        assert_close(found.means[0][cell], sum / count, 1e-12);
    }
    // the same turned around, and as a table with all cells
    let turned = cells("y ~ F(day):F(id)", &source, 2).unwrap();
    assert_eq!(turned.counts.len(), expected.len());
    let tables = found.cross_tabs().unwrap();
    let counts = tables[0].entries(Statistic::Counts);
    assert_eq!(counts.len(), 9_000 * 300);
    for (&(day, id), &(count, _)) in &expected {
        assert_eq!(counts[id as usize * 300 + day as usize], count);
    }
    assert_eq!(counts.iter().sum::<f64>(), 20_000.0);
}

#[test]
fn what_cannot_be_done_says_so_with_sizes() {
    let source = Data::new(30_000, 12_000, 11_000).source();
    let message =
        |formula: &str, options| try_fit(formula, &source, options, 2, 4000).unwrap_err().to_string();
    let crossed = message("y ~ F(id) + F(day)", LinModOptions::default());
    assert!(crossed.contains("11000") || crossed.contains("11,000"), "{crossed}");
    assert!(crossed.contains("only one factor can have so many levels"), "{crossed}");
    let covariances = LinModOptions { cov_coef: true, ..LinModOptions::default() };
    let message = message("y ~ F(id) + x", covariances);
    assert!(message.contains("without covariances"), "{message}");
    let table = cells("~ F(id):F(day)", &source, 2).unwrap();
    assert_eq!(table.counts.iter().sum::<f64>(), 30_000.0);
    let message = table.cross_tabs().unwrap_err().to_string();
    assert!(message.contains("132000000") && message.contains("cube"), "{message}");
}

#[test]
fn threads_that_iterate_on_cells_change_nothing() {
    let source = Data::new(120_000, 9000, 7).source();
    let fit = |threads, cells| -> GlmModel {
        let options = GlmOptions { cells, ..GlmOptions::default() };
        let estimator = Glm::new("y ~ F(id) + F(day)").unwrap().with_options(options).unwrap();
        let scan = ScanOptions::default().with_block_rows(50_000);
        engine::fit(&estimator.with_threads(threads), &source, &scan, &Local::new(2)).unwrap()
    };
    let (one, two, rows) = (fit(1, 64 << 20), fit(2, 64 << 20), fit(2, 0));
    assert!(one.cells.unwrap() > 45_000, "{:?}", one.cells);
    let bits = |model: &GlmModel| model.coefficients.iter().map(|b| b.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&one), one.deviance), (bits(&two), two.deviance));
    same(&one.coefficients, &rows.coefficients, 1e-10);
}
