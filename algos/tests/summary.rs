//! Summaries against known answers of R, against brute force, and against themselves cut in other ways.

use std::sync::Arc;

use algos::summary::{CategoricalType, Layout, Statistic, Summary, SummaryOptions, summarize};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int16Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampSecondArray,
};
use engine::expr::Expr;
use engine::formula::Formula;
use engine::source::{ConcatSource, MemorySource, XdfSource};
use engine::{BlockSource, Local, ScanOptions, SelectRows, Transformed};

const MPG: [f64; 32] = [
    21.0, 21.0, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7,
    32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4,
];
const CYL: [i32; 32] =
    [6, 6, 4, 6, 8, 6, 8, 4, 4, 6, 6, 8, 8, 8, 8, 8, 8, 4, 4, 4, 4, 8, 8, 8, 8, 4, 4, 4, 8, 6, 8, 4];
const AM: [bool; 32] = {
    let mut am = [false; 32];
    let manual = [0, 1, 2, 17, 18, 19, 25, 26, 27, 28, 29, 30, 31];
    let mut i = 0;
    while i < manual.len() {
        am[manual[i]] = true;
        i += 1;
    }
    am
};

fn factor<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>())
}

fn memory(columns: Vec<(&str, ArrayRef)>) -> Arc<dyn BlockSource> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    Arc::new(MemorySource::try_new(&batch.schema(), [batch]).unwrap())
}

fn mtcars() -> Arc<dyn BlockSource> {
    let names = CYL.map(|cyl| {
        Some(match cyl {
            4 => "four",
            6 => "six",
            _ => "eight",
        })
    });
    memory(vec![
        ("mpg", Arc::new(Float64Array::from(MPG.to_vec()))),
        ("cyl", Arc::new(Int16Array::from_iter_values(CYL.map(|cyl| cyl as i16)))),
        ("am", Arc::new(BooleanArray::from(AM.to_vec()))),
        ("engine", factor(names)),
        ("name", Arc::new(StringArray::from_iter(names))),
    ])
}

fn run(formula: &str, source: &Arc<dyn BlockSource>, options: &SummaryOptions) -> algos::Result<Summary> {
    run_with(formula, source.as_ref(), options, &ScanOptions::default(), 2)
}

fn run_with(
    formula: &str,
    source: &dyn BlockSource,
    options: &SummaryOptions,
    scan: &ScanOptions,
    threads: usize,
) -> algos::Result<Summary> {
    let formula = Formula::parse(formula).unwrap();
    summarize(&formula, source, options, scan, &Local::new(threads))
}

fn summary(formula: &str, source: &Arc<dyn BlockSource>) -> Summary {
    run(formula, source, &SummaryOptions::default()).unwrap()
}

fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.expect("a value");
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1e-300),
        "{found} is not near {expected}"
    );
}

#[test]
fn numbers_factors_and_logicals_of_mtcars_as_r_has_them() {
    let result = summary("~ mpg + engine + am + cyl", &mtcars());
    let rows = &result.s_data_frame;
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["mpg", "engine", "am", "cyl"]);
    near(rows[0].mean, 20.090_625, 1e-14);
    near(rows[0].std_dev, 6.026_948_052_089_105, 1e-14);
    assert_eq!((rows[0].min, rows[0].max, rows[0].valid_obs), (Some(10.4), Some(33.9), 32.0));
    near(rows[0].sum, 642.9, 1e-14);
    assert!(rows[1].categorical && rows[1].mean.is_none() && rows[1].valid_obs == 32.0);
    // a logical is a number, 0 or 1
    near(rows[2].mean, 0.406_25, 1e-14);
    near(rows[2].std_dev, 0.498_990_917_235_847_7, 1e-12);
    near(rows[3].mean, 6.1875, 1e-14);
    let counts: Vec<(&str, f64)> =
        result.categorical[0].rows.iter().map(|row| (row.levels[0].as_str(), row.counts)).collect();
    assert_eq!(counts, [("six", 7.0), ("four", 11.0), ("eight", 14.0)]);
    assert_eq!(result.categorical_type, CategoricalType::Counts);
    assert_eq!((result.nobs_valid, result.nobs_missing), (32.0, 0.0));
}

#[test]
fn by_groups_of_mtcars_as_r_has_them() {
    let expected = [
        ("six", 19.742_857_142_857_144, 1.453_567, 7.0),
        ("four", 26.663_636_363_636_364, 4.509_828, 11.0),
        ("eight", 15.1, 2.560_048, 14.0),
    ];
    // a response is crossed with the terms
    for formula in ["~ mpg:engine", "mpg ~ engine", "mpg:engine", "~ engine:mpg", "mpg ~ name"] {
        let result = summary(formula, &mtcars());
        near(result.s_data_frame[0].mean, 20.090_625, 1e-14);
        let table = &result.categorical[0];
        assert_eq!(table.variable.as_deref(), Some("mpg"));
        for (row, (level, mean, std_dev, n)) in table.rows.iter().zip(expected) {
            let cell = row.statistics.as_ref().unwrap();
            assert_eq!(cell.name, format!("mpg for {}={level}", table.factors[0]));
            near(cell.mean, mean, 1e-14);
            near(cell.std_dev, std_dev, 1e-6);
            assert_eq!((cell.valid_obs, row.counts), (n, n));
        }
        assert_eq!(result.categorical_type, CategoricalType::Cube);
    }
}

#[test]
fn factors_made_of_integers_and_their_ranges() {
    let result = summary("~ F(cyl) + mpg:F(cyl, 4, 6)", &mtcars());
    let counts: Vec<(&str, f64)> =
        result.categorical[0].rows.iter().map(|row| (row.levels[0].as_str(), row.counts)).collect();
    assert_eq!(counts, [("4", 11.0), ("5", 0.0), ("6", 7.0), ("7", 0.0), ("8", 14.0)]);
    assert_eq!(result.categorical[0].factors, ["F_cyl"]);
    let limited = &result.categorical[1];
    assert_eq!(limited.rows.len(), 3);
    assert_eq!(limited.rows[1].statistics.as_ref().unwrap().mean, None);
    // what is outside of the range is missing
    assert_eq!((result.s_data_frame[1].valid_obs, result.s_data_frame[1].missing_obs), (18.0, 14.0));
    let without = SummaryOptions { remove_zero_counts: true, ..SummaryOptions::default() };
    let result = run("~ F(cyl)", &mtcars(), &without).unwrap();
    assert_eq!(result.categorical[0].rows.len(), 3);
    // levels of a factor by position, and its codes as numbers
    let result = summary("~ F(engine, 2, 3) + N(engine)", &mtcars());
    assert_eq!(result.categorical[0].levels, [["four", "eight"]]);
    assert_eq!((result.categorical[0].valid_obs, result.categorical[0].missing_obs), (25.0, 7.0));
    near(result.s_data_frame[1].mean, (7.0 + 22.0 + 42.0) / 32.0, 1e-14);
}

#[test]
fn crossings_against_brute_force() {
    let rows = 5000;
    let x: Vec<Option<f64>> =
        (0..rows).map(|i| (i % 13 != 0).then(|| f64::from(i * 37 % 211) / 7.0)).collect();
    let z: Vec<f64> = (0..rows).map(|i| f64::from(i % 5)).collect();
    let a: Vec<Option<&str>> =
        (0..rows).map(|i| (i % 17 != 0).then(|| ["p", "q", "r"][i as usize % 3])).collect();
    let b: Vec<Option<&str>> = (0..rows).map(|i| Some(["u", "v", "w", "x"][(i / 7) as usize % 4])).collect();
    let source = memory(vec![
        ("x", Arc::new(Float64Array::from(x.clone()))),
        ("z", Arc::new(Float64Array::from(z.clone()))),
        ("a", factor(a.clone())),
        ("b", factor(b.clone())),
        ("t", Arc::new(StringArray::from(b.clone()))),
    ]);
    // grid numbering, numbering by appearance (text levels are not known before reading), products of numbers
    for (formula, product) in [("~ x:a:b", false), ("~ x:a:t", false), ("x ~ z:a:b", true)] {
        let scan = ScanOptions::default().with_block_rows(311);
        let result = run_with(formula, source.as_ref(), &SummaryOptions::default(), &scan, 2).unwrap();
        let table = &result.categorical[0];
        assert_eq!(table.rows.len(), 12);
        let mut total = 0.0;
        for row in &table.rows {
            let values: Vec<f64> = (0..rows as usize)
                .filter(|&i| a[i] == Some(&row.levels[0]) && b[i] == Some(&row.levels[1]))
                .filter_map(|i| Some(x[i]? * if product { z[i] } else { 1.0 }))
                .collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let cell = row.statistics.as_ref().unwrap();
            assert_eq!(cell.valid_obs, n);
            near(cell.mean, mean, 1e-13);
            near(cell.std_dev, variance.sqrt(), 1e-12);
            total += n;
        }
        let whole = &result.s_data_frame[0];
        assert_eq!((whole.valid_obs, whole.missing_obs), (total, f64::from(rows) - total));
        // the first factor runs fastest
        assert_ne!(table.rows[0].levels[0], table.rows[1].levels[0]);
        assert_eq!(table.rows[0].levels[1], table.rows[1].levels[1]);
    }
    let counts = summary("~ a:b", &source);
    let table = &counts.categorical[0];
    let missing = a.iter().filter(|level| level.is_none()).count() as f64;
    assert_eq!((table.valid_obs, table.missing_obs), (f64::from(rows) - missing, missing));
    for row in &table.rows {
        let n = (0..rows as usize)
            .filter(|&i| a[i] == Some(&row.levels[0]) && b[i] == Some(&row.levels[1]))
            .count();
        assert_eq!(row.counts, n as f64);
    }
}

#[test]
fn frequency_weights_are_repeated_rows() {
    let weights = [2_i64, 0, 3, 1, 5, 1, 0, 4];
    let x = [Some(1.0), Some(99.0), None, Some(4.0), Some(-2.5), Some(8.0), None, Some(0.5)];
    let g = [Some("a"), Some("z"), Some("b"), Some("b"), None, Some("a"), Some("a"), Some("b")];
    let weighted = memory(vec![
        ("x", Arc::new(Float64Array::from(x.to_vec()))),
        ("g", factor(g)),
        ("w", Arc::new(Int64Array::from(weights.to_vec()))),
    ]);
    let index: Vec<usize> = (0..8).flat_map(|i| std::iter::repeat_n(i, weights[i] as usize)).collect();
    let repeated = memory(vec![
        ("x", Arc::new(index.iter().map(|&i| x[i]).collect::<Float64Array>())),
        ("g", factor(index.iter().map(|&i| g[i]))),
    ]);
    let options = SummaryOptions { fweights: Some("w".into()), ..SummaryOptions::default() };
    for by_term in [true, false] {
        let options = SummaryOptions { by_term, ..options.clone() };
        let plain = SummaryOptions { by_term, ..SummaryOptions::default() };
        let found = run("~ x + g + x:g", &weighted, &options).unwrap();
        let expected = run("~ x + g + x:g", &repeated, &plain).unwrap();
        for (found, expected) in found.s_data_frame.iter().zip(&expected.s_data_frame) {
            assert_eq!(
                (found.valid_obs, found.missing_obs, found.min, found.max),
                (expected.valid_obs, expected.missing_obs, expected.min, expected.max),
                "{}",
                found.name
            );
            for (found, expected) in [(found.mean, expected.mean), (found.std_dev, expected.std_dev)] {
                assert_eq!(found.is_some(), expected.is_some());
                if let Some(expected) = expected {
                    near(found, expected, 1e-14);
                }
            }
        }
        // a level that only rows of weight 0 have is still a level
        let counts = |summary: &Summary| -> Vec<(String, f64)> {
            let rows = summary.categorical[0].rows.iter().filter(|row| row.counts > 0.0);
            rows.map(|row| (row.levels[0].clone(), row.counts)).collect()
        };
        let sorted = |mut counts: Vec<(String, f64)>| {
            counts.sort_by(|a, b| a.0.cmp(&b.0));
            counts
        };
        assert_eq!(sorted(counts(&found)), sorted(counts(&expected)));
        assert_eq!(found.categorical[0].missing_obs, expected.categorical[0].missing_obs);
    }
}

#[test]
fn probability_weights_do_not_depend_on_their_scale() {
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), Some(4.0), None]));
    let g = || factor([Some("a"), Some("b"), Some("a"), Some("a")]);
    let of = |weights: Vec<Option<f64>>| {
        let source =
            memory(vec![("x", Arc::clone(&x)), ("g", g()), ("w", Arc::new(Float64Array::from(weights)))]);
        run("~ x + g", &source, &SummaryOptions { pweights: Some("w".into()), ..SummaryOptions::default() })
            .unwrap()
    };
    let equal = of(vec![Some(7.0); 4]);
    near(equal.s_data_frame[0].mean, 7.0 / 3.0, 1e-15);
    near(equal.s_data_frame[0].std_dev, (7.0_f64 / 3.0).sqrt(), 1e-14);
    assert_eq!((equal.s_data_frame[0].valid_obs, equal.s_data_frame[0].missing_obs), (3.0, 1.0));
    assert_eq!(equal.s_data_frame[0].sum_of_weights, Some(21.0));
    assert_eq!(equal.categorical[0].rows[0].counts, 21.0);
    let (one, ten) =
        (of([1.0, 2.0, 3.0, 4.0].map(Some).to_vec()), of([10.0, 20.0, 30.0, 40.0].map(Some).to_vec()));
    near(one.s_data_frame[0].mean, 17.0 / 6.0, 1e-15);
    // sum(w (x - m)^2) / sum(w) * n / (n - 1), m = 17/6
    let m = 17.0 / 6.0;
    let m2: f64 =
        [(1.0, 1.0), (2.0, 2.0), (3.0, 4.0)].iter().map(|&(w, x): &(f64, f64)| w * (x - m).powi(2)).sum();
    near(one.s_data_frame[0].std_dev, (m2 / 6.0 * 1.5).sqrt(), 1e-14);
    near(ten.s_data_frame[0].std_dev, one.s_data_frame[0].std_dev.unwrap(), 1e-14);
    // a missing weight takes the row out of everything
    let part = of(vec![Some(7.0), None, Some(7.0), Some(7.0)]);
    assert_eq!((part.nobs_valid, part.nobs_missing, part.s_data_frame[0].valid_obs), (3.0, 1.0, 2.0));
}

#[test]
fn bad_weights_are_errors_that_say_what_is_wrong() {
    let of = |weights: Vec<f64>, options: SummaryOptions| {
        let n = weights.len();
        let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0; n]));
        let source = memory(vec![("x", x), ("w", Arc::new(Float64Array::from(weights)))]);
        run("~ x", &source, &options).unwrap_err().to_string()
    };
    let frequency = || SummaryOptions { fweights: Some("w".into()), ..SummaryOptions::default() };
    let probability = || SummaryOptions { pweights: Some("w".into()), ..SummaryOptions::default() };
    assert!(of(vec![1.0, 2.5], frequency()).contains("2.5"));
    assert!(of(vec![1.0, -1.0], probability()).contains("-1"));
    let both = SummaryOptions { fweights: Some("w".into()), ..probability() };
    assert!(of(vec![1.0], both).contains("exclude each other"));
    let text = SummaryOptions { pweights: Some("name".into()), ..SummaryOptions::default() };
    assert!(run("~ mpg", &mtcars(), &text).unwrap_err().to_string().contains("weights are numbers"));
    let missing = SummaryOptions { pweights: Some("wt".into()), ..SummaryOptions::default() };
    assert!(run("~ mpg", &mtcars(), &missing).unwrap_err().to_string().contains("no column 'wt'"));
}

#[test]
fn listwise_leaves_out_every_row_with_a_missing_value() {
    let source = memory(vec![
        ("x", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.0), Some(f64::NAN), Some(5.0)]))),
        ("y", Arc::new(Int32Array::from(vec![None, Some(2), Some(3), Some(4), Some(6)]))),
        ("g", factor([Some("a"), Some("a"), Some("b"), Some("b"), None])),
    ]);
    let by_term = summary("~ x + y + g", &source);
    assert_eq!((by_term.nobs_valid, by_term.nobs_missing), (5.0, 0.0));
    let seen: Vec<(f64, f64)> =
        by_term.s_data_frame.iter().map(|row| (row.valid_obs, row.missing_obs)).collect();
    assert_eq!(seen, [(3.0, 2.0), (4.0, 1.0), (4.0, 1.0)]);
    let options = SummaryOptions { by_term: false, ..SummaryOptions::default() };
    let listwise = run("~ x + y + g", &source, &options).unwrap();
    assert_eq!((listwise.nobs_valid, listwise.nobs_missing), (1.0, 4.0));
    assert!(listwise.s_data_frame.iter().all(|row| (row.valid_obs, row.missing_obs) == (1.0, 0.0)));
    assert_eq!(listwise.s_data_frame[0].mean, Some(3.0));
    assert_eq!(listwise.s_data_frame[0].std_dev, None);
}

#[test]
fn no_row_one_row_and_nothing_but_missing_values() {
    let of = |x: Vec<Option<f64>>| {
        let g = factor(x.iter().map(|_| None));
        memory(vec![("x", Arc::new(Float64Array::from(x)) as ArrayRef), ("g", g)])
    };
    let empty = summary("~ x + g + x:g", &of(vec![]));
    assert_eq!(
        (empty.nobs_valid, empty.s_data_frame[0].mean, empty.s_data_frame[0].valid_obs),
        (0.0, None, 0.0)
    );
    assert!(empty.categorical.iter().all(|table| table.rows.is_empty()));
    let one = summary("~ x", &of(vec![Some(4.0)]));
    let row = &one.s_data_frame[0];
    assert_eq!((row.mean, row.std_dev, row.min, row.max), (Some(4.0), None, Some(4.0), Some(4.0)));
    let missing = summary("~ x + g", &of(vec![None, Some(f64::NAN)]));
    assert_eq!((missing.s_data_frame[0].mean, missing.s_data_frame[0].missing_obs), (None, 2.0));
    assert_eq!(missing.s_data_frame[1].missing_obs, 2.0);
    for layout in [Layout::R, Layout::Python] {
        assert!(missing.render(layout).contains(if layout == Layout::R { "NA" } else { "NaN" }));
        assert!(!empty.render(layout).is_empty());
    }
}

#[test]
fn dates_and_timestamps_are_dates_and_times() {
    let source = memory(vec![
        ("day", Arc::new(Date32Array::from(vec![Some(0), Some(1), None]))),
        ("time", Arc::new(TimestampSecondArray::from(vec![Some(0), Some(86_400), Some(3)]))),
    ]);
    let json = summary("~ day + time", &source).to_json();
    assert_eq!(json["sDataFrame"][0]["Min"], "1970-01-01");
    assert_eq!(json["sDataFrame"][0]["Max"], "1970-01-02");
    assert_eq!(json["sDataFrame"][0]["Mean"], "1970-01-01");
    assert_eq!(json["sDataFrame"][1]["Max"], "1970-01-02T00:00:00");
    assert!(json["sDataFrame"][0]["StdDev"].is_f64());
    let text = summary("~ day", &source).render(Layout::R);
    assert!(text.contains(" day  1970-01-01 0.7071068 1970-01-01 1970-01-02 2        1"), "{text}");
}

#[test]
fn dot_is_every_column_but_texts() {
    let names = |formula: &str| -> Vec<String> {
        summary(formula, &mtcars()).s_data_frame.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(names("~ ."), ["mpg", "cyl", "am", "engine"]);
    assert_eq!(names("mpg ~ . - cyl"), ["mpg:am", "mpg:engine"]);
    assert_eq!(names("mpg ~ 1"), ["mpg"]);
    assert_eq!(summary("~ .", &mtcars()).formula, "~.");
    assert_eq!(summary("mpg + name", &mtcars()).formula, "~mpg + name");
}

#[test]
fn computed_variables_and_the_logarithm_of_nothing() {
    let source =
        memory(vec![("income", Arc::new(Int32Array::from(vec![Some(0), Some(1), Some(100), None])))]);
    let result = summary("~ log(income)", &source);
    let row = &result.s_data_frame[0];
    assert_eq!(row.name, "log(income)");
    assert_eq!((row.valid_obs, row.missing_obs, row.min), (2.0, 2.0, Some(0.0)));
    near(row.mean, 100_f64.ln() / 2.0, 1e-15);
}

#[test]
fn what_cannot_be_summarized_is_said_before_reading() {
    let error = |formula: &str| run(formula, &mtcars(), &SummaryOptions::default()).unwrap_err().to_string();
    assert!(error("~ mgp").contains("did you mean 'mpg'"));
    assert!(error("cbind(mpg, cyl) ~ am").contains("one response"));
    assert!(error("~ 1").contains("nothing to summarize"));
    assert!(error("~ N(name)").contains("N() takes a factor or a number"));
    let options = SummaryOptions { max_cells: 6, ..SummaryOptions::default() };
    let many = |formula: &str| run(formula, &mtcars(), &options).unwrap_err().to_string();
    assert!(many("~ engine:F(cyl)").contains("15 levels"), "{}", many("~ engine:F(cyl)"));
    assert!(many("~ F(mpg)").contains("F(x, 1, 10)"), "{}", many("~ F(mpg)"));
    assert!(many("~ F(cyl):name").contains("more than the 6"), "{}", many("~ F(cyl):name"));
    // cells that do not occur need no room
    let options = SummaryOptions { remove_zero_counts: true, ..options };
    assert_eq!(run("~ engine:F(cyl)", &mtcars(), &options).unwrap().categorical[0].rows.len(), 3);
}

fn large(rows: i32) -> Arc<dyn BlockSource> {
    let x = (0..rows).map(|i| (i % 11 != 3).then(|| 1e6 + f64::from(i) * 1.1)).collect::<Float64Array>();
    let k = (0..rows).map(|i| (i % 29 != 5).then_some(i % 23)).collect::<Int32Array>();
    let g =
        factor((0..rows).map(|i| (i % 31 != 0).then(|| ["a", "b", "c", "d", "e"][(i as usize * 7 / 3) % 5])));
    let texts: Vec<String> = (0..rows).map(|i| format!("t{}", i / 1000 % 7)).collect();
    let t = StringArray::from_iter_values(texts);
    let w = Int32Array::from_iter_values((0..rows).map(|i| i % 4));
    memory(vec![("x", Arc::new(x)), ("k", Arc::new(k)), ("g", g), ("t", Arc::new(t)), ("w", Arc::new(w))])
}

#[test]
fn threads_change_nothing_and_blocks_only_the_last_digits() {
    let source = large(60_000);
    let formula = "~ x + k + g + t + x:g + x:t:g + g:t + F(k):g";
    for options in
        [SummaryOptions::default(), SummaryOptions { fweights: Some("w".into()), ..Default::default() }]
    {
        let at = |block_rows: usize, threads: usize| {
            let scan = ScanOptions::default().with_block_rows(block_rows);
            run_with(formula, source.as_ref(), &options, &scan, threads).unwrap()
        };
        let base = at(1000, 1);
        assert_eq!(base, at(1000, 2), "threads");
        assert_eq!(base, at(1000, 5), "threads");
        for other in [at(999, 2), at(1_000_000, 1)] {
            for (found, expected) in other.s_data_frame.iter().zip(&base.s_data_frame) {
                assert_eq!((found.valid_obs, found.missing_obs), (expected.valid_obs, expected.missing_obs));
                assert_eq!((found.min, found.max), (expected.min, expected.max));
                if let (Some(mean), Some(std_dev)) = (expected.mean, expected.std_dev) {
                    near(found.mean, mean, 1e-13);
                    near(found.std_dev, std_dev, 1e-12);
                }
            }
            for (found, expected) in other.categorical.iter().zip(&base.categorical) {
                assert_eq!((&found.levels, found.rows.len()), (&expected.levels, expected.rows.len()));
                for (found, expected) in found.rows.iter().zip(&expected.rows) {
                    assert_eq!((&found.levels, found.counts), (&expected.levels, expected.counts));
                    if let Some(expected) = expected.statistics.as_ref().and_then(|cell| cell.std_dev) {
                        near(found.statistics.as_ref().unwrap().std_dev, expected, 1e-12);
                    }
                }
            }
        }
    }
}

#[test]
fn levels_that_grow_from_part_to_part_keep_the_order_of_the_rows() {
    let part = |levels: &[&'static str]| -> Arc<dyn BlockSource> {
        let n = levels.len() as i32;
        memory(vec![
            ("g", factor(levels.iter().map(|&level| Some(level)))),
            ("x", Arc::new(Int32Array::from_iter_values(0..n))),
        ])
    };
    let parts = vec![part(&["b", "a", "b"]), part(&["c", "b"]), part(&["a", "d", "c", "c"])];
    let source = ConcatSource::try_new(parts).unwrap();
    for block_rows in [1, 2, 100] {
        let scan = ScanOptions::default().with_block_rows(block_rows);
        let result =
            run_with("~ g + x:g + g:F(x, 0, 3)", &source, &SummaryOptions::default(), &scan, 2).unwrap();
        let counts: Vec<(&str, f64)> =
            result.categorical[0].rows.iter().map(|row| (row.levels[0].as_str(), row.counts)).collect();
        assert_eq!(counts, [("b", 3.0), ("a", 2.0), ("c", 3.0), ("d", 1.0)]);
        for (row, mean) in result.categorical[1].rows.iter().zip([1.0, 0.5, 5.0 / 3.0, 1.0]) {
            near(row.statistics.as_ref().unwrap().mean, mean, 1e-15);
        }
        assert_eq!(result.categorical[2].rows.len(), 16);
    }
}

#[test]
fn stored_statistics_agree_with_a_pass_and_only_answer_what_they_know() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xdf");
    let source = large(50_000);
    let reader = source.open(&ScanOptions::default()).unwrap();
    let options = engine::sink::SinkOptions { block_rows: 7000, ..Default::default() };
    let sink = engine::sink::create(&path, &source.schema(), &options).unwrap();
    engine::transfer(reader, sink).unwrap();
    let stored: Arc<dyn BlockSource> = Arc::new(XdfSource::open(&path).unwrap());
    let pass = SummaryOptions { use_stored_statistics: false, ..SummaryOptions::default() };
    let answers = summary("~ x + k + g + w", &stored);
    let computed = run("~ x + k + g + w", &stored, &pass).unwrap();
    assert_eq!(answers.categorical, computed.categorical);
    assert_eq!(answers.nobs_valid, computed.nobs_valid);
    for (found, expected) in answers.s_data_frame.iter().zip(&computed.s_data_frame) {
        assert_eq!((found.valid_obs, found.missing_obs), (expected.valid_obs, expected.missing_obs));
        assert_eq!((found.min, found.max), (expected.min, expected.max));
        if let (Some(mean), Some(std_dev)) = (expected.mean, expected.std_dev) {
            near(found.mean, mean, 1e-13);
            near(found.std_dev, std_dev, 1e-12);
        }
    }
    // without reading: a damaged block goes unnoticed by what is stored, not by a pass
    let mut bytes = std::fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    for byte in bytes[4096..half].iter_mut().step_by(256) {
        *byte ^= 0xFF;
    }
    let damaged = folder.path().join("damaged.xdf");
    std::fs::write(&damaged, bytes).unwrap();
    let damaged: Arc<dyn BlockSource> = Arc::new(XdfSource::open(&damaged).unwrap());
    assert_eq!(summary("~ x + k + g + w", &damaged).s_data_frame, answers.s_data_frame);
    assert!(run("~ x + k + g + w", &damaged, &pass).is_err());
    assert!(run("~ x + x:g + k:g + t + F(k) + w:t", &damaged, &SummaryOptions::default()).is_err());
    // selected rows are not the whole column
    let selection = SelectRows::new(Expr::parse("k < 3").unwrap());
    let selected: Arc<dyn BlockSource> = Arc::new(Transformed::try_new(stored, Arc::new(selection)).unwrap());
    let selected = summary("~ k", &selected);
    assert_eq!(selected.s_data_frame[0].max, Some(2.0));
    assert!(selected.nobs_valid < 50_000.0);
}

#[test]
fn json_has_the_keys_of_the_attributes() {
    let options = SummaryOptions {
        statistics: vec![Statistic::Mean, Statistic::Sum, Statistic::ValidObs],
        ..SummaryOptions::default()
    };
    let json = run("~ mpg + engine + mpg:engine", &mtcars(), &options).unwrap().to_json();
    assert_eq!(json["nobs.valid"], 32);
    assert_eq!(json["nobs.missing"], 0);
    assert_eq!(json["categorical.type"], "cube");
    assert_eq!(json["formula"], "~mpg + engine + mpg:engine");
    let keys: Vec<&String> = json["sDataFrame"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4);
    assert!(json["sDataFrame"][1]["Mean"].is_null());
    assert_eq!(json["categorical"][0][1]["engine"], "four");
    assert_eq!(json["categorical"][0][1]["Counts"], 11);
    assert_eq!(json["categorical"][1][2]["Category"], "mpg for engine=eight");
    assert_eq!(json["categorical"][1][2]["Means"].as_f64().map(|mean| (mean * 1e9).round()), Some(15.1e9));
    assert!(json["call"].as_str().unwrap().contains("summary_stats"));
    assert!("stddev".parse::<Statistic>().is_ok());
    assert!("median".parse::<Statistic>().unwrap_err().to_string().contains("StdDev"));
}

#[test]
fn printed_as_r_and_as_pandas_print() {
    let result = summary("~ mpg + engine + mpg:engine", &mtcars());
    let r = result.render(Layout::R);
    let expected = "\
Call:
rx_summary(formula = \"~ mpg + engine + mpg:engine\", data = \"memory\")

Summary Statistics Results for: ~mpg + engine + mpg:engine
File name: memory
Number of valid observations: 32
Number of missing observations: 0

 Name       Mean     StdDev   Min  Max  ValidObs MissingObs
 mpg        20.09062 6.026948 10.4 33.9 32       0         
 mpg:engine 20.09062 6.026948 10.4 33.9 32       0         

Category Counts for engine
Number of categories: 3
Number of valid observations: 32
Number of missing observations: 0

 engine Counts
 six     7    
 four   11    
 eight  14    

Statistics by category (3 categories):

 Category             engine Means    StdDev   Min  Max  ValidObs
 mpg for engine=six   six    19.74286 1.453567 17.8 21.4  7      
 mpg for engine=four  four   26.66364 4.509828 21.4 33.9 11      
 mpg for engine=eight eight  15.10000 2.560048 10.4 19.2 14      
";
    assert_eq!(r, expected);
    let python = summary("mpg + engine", &mtcars()).to_string();
    let expected = "\
Number of valid observations: 32.0
Number of missing observations: 0.0

   Name       Mean    StdDev   Min   Max  ValidObs  MissingObs
0   mpg  20.090625  6.026948  10.4  33.9      32.0         0.0

Category Counts for engine
Number of categories: 3
Number of valid observations: 32.0
Number of missing observations: 0.0

        Counts
engine
six          7
four        11
eight       14
";
    assert!(python.ends_with(expected), "{python}");
}

#[test]
fn groups_as_tables() {
    let result = summary("~ F(cyl):engine + mpg:F(cyl):engine + mpg:engine", &mtcars());
    let tables = result.by_group().unwrap();
    assert_eq!(tables.len(), 2);
    let names: Vec<&str> =
        tables[0].schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names[..4], ["F_cyl", "engine", "Counts", "mpg_Mean"]);
    assert_eq!((tables[0].num_rows(), tables[1].num_rows()), (15, 3));
    assert_eq!(tables[1].column(0).data_type(), &engine::factor::factor_type());
}
