//! Cells and cross tables against R 4.2 (`xtabs`, `tapply`, `chisq.test`, `fisher.test`) and the numbers that
//! RevoScaleR's documentation prints, and where they do not exist.

mod tables;

use algos::Error;
use algos::contingency::{Test, chi_squared, fisher};
use algos::cube::{CellTable, Cube, Sections, Statistic};
use algos::design::Weights;
use engine::{BlockSource, Local, ScanOptions};
use proptest::prelude::*;
use tables::{Column, assert_close, csv, numbers, table};

const ADMISSIONS: &str = include_str!("data/UCBAdmissions.csv");
const KYPHOSIS: &str = include_str!("data/kyphosis.csv");

fn compute_with(
    formula: &str,
    source: &dyn BlockSource,
    weights: Weights,
    threads: usize,
    rows: usize,
) -> algos::Result<CellTable> {
    let scan = ScanOptions::default().with_block_rows(rows);
    engine::fit(&Cube::new(formula)?.with_weights(weights), source, &scan, &Local::new(threads))
}

fn compute(formula: &str, source: &dyn BlockSource) -> CellTable {
    compute_with(formula, source, Weights::default(), 2, 7).unwrap()
}

fn fails(formula: &str, source: &dyn BlockSource) -> Error {
    compute_with(formula, source, Weights::default(), 1, 7).unwrap_err()
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for (got, expected) in got.iter().zip(expected) {
        assert_close(*got, *expected, tolerance);
    }
}

#[test]
fn admissions_as_a_cube() {
    let cells = compute("Freq ~ Gender:Admit", &csv(ADMISSIONS));
    assert_eq!(cells.counts, [6.0; 4]);
    assert_eq!(cells.levels(1), ["Female", "Admitted"]);
    assert_all_close(&cells.sums[0], &[1198.0, 557.0, 1493.0, 1278.0], 1e-15);
    // printed in the documentation of rxCube
    assert_all_close(&cells.means[0], &[199.666_666_67, 92.833_333_33, 248.833_333_33, 213.0], 1e-10);
    assert_eq!((cells.valid_obs, cells.missing_obs), (24, 0));
    let text = cells.render("admissions", Statistic::Means, false);
    let expected = "Cube Results for: Freq ~ Gender:Admit
File name: admissions
Dependent variable(s): Freq
Number of valid observations: 24
Number of missing observations: 0
Statistic: Freq means

  Gender Admit    Freq      Counts
1 Male   Admitted 199.66667 6     
2 Female Admitted  92.83333 6     
3 Male   Rejected 248.83333 6     
4 Female Rejected 213.00000 6     
";
    assert_eq!(text, expected);
}

#[test]
fn admissions_as_a_table_with_tests() {
    let cells = compute("Freq ~ Gender:Admit", &csv(ADMISSIONS));
    let tables = cells.cross_tabs().unwrap();
    let [tab] = tables.as_slice() else { panic!("{tables:?}") };
    assert_all_close(&tab.entries(Statistic::Sums), &[1198.0, 1493.0, 557.0, 1278.0], 1e-15);
    let margins = tab.margins(Statistic::Sums);
    assert_all_close(&margins.rows, &[2691.0, 1835.0], 1e-15);
    assert_all_close(&margins.columns, &[1755.0, 2771.0], 1e-15);
    assert_close(margins.grand, 4526.0, 1e-15);
    let means = tab.margins(Statistic::Means);
    assert_all_close(&means.rows, &[224.25, 1835.0 / 12.0], 1e-14);
    assert_close(means.grand, 4526.0 / 24.0, 1e-15);
    let percentages = tab.percentages(Statistic::Means);
    assert_close(percentages.of_rows[0], 119_800.0 / 2691.0, 1e-14);
    assert_close(percentages.of_columns[1], 149_300.0 / 2771.0, 1e-14);
    assert_close(percentages.of_table.iter().sum(), 100.0, 1e-14);

    let test = tab.chi_squared(Statistic::Sums);
    assert_close(test.statistic, 91.609_597_858_121_25, 1e-13);
    assert_close(test.p_value, 1.055_796_808_782_838_9e-21, 1e-11);
    assert_eq!(test.df, 1.0);
    let exact = tab.fisher(Statistic::Sums).unwrap();
    assert_close(exact.p_value, 4.835_903_179_337_284e-22, 1e-9);
    // the equations of fisher.test, solved to 1e-14; its own answer, 1.840856 (1.621356, 2.091246), is within 2e-5
    assert_close(exact.odds_ratio, 1.840_832_304_294_273_1, 1e-10);
    assert_close(exact.interval.0, 1.621_359_668_847_444_3, 1e-10);
    assert_close(exact.interval.1, 2.091_235_657_011_506, 1e-10);

    let sections =
        Sections { margins: true, tests: vec![Test::ChiSquared, Test::Fisher], ..Sections::default() };
    let text = cells.render_cross_tabs("admissions", &tables, Statistic::Sums, &sections);
    let expected = "Cross Tabulation Results for: Freq ~ Gender:Admit
File name: admissions
Dependent variable(s): Freq
Number of valid observations: 24
Number of missing observations: 0
Statistic: sums

Freq (sums):
        Admit
Gender   Admitted Rejected Total
  Male       1198     1493  2691
  Female      557     1278  1835
  Total      1755     2771  4526
";
    assert!(text.starts_with(expected), "{text}");
    // as printed in Microsoft's guide to cross tabulations
    let tests = "
Chi-squared test of independence between Gender and Admit
 X-squared df      p-value
   91.6096  1 1.055797e-21

Fisher's Exact Test for Count Data
 odds ratio 95% CI Lower 95% CI Upper      p-value
   1.840832      1.62136     2.091236 4.835903e-22
  HA: two.sided
  H0: odds ratio = 1
";
    assert!(text.ends_with(tests), "{text}");
}

#[test]
fn further_factors_have_a_table_each() {
    let cells = compute("Freq ~ Admit:Gender:Dept", &csv(ADMISSIONS));
    let tables = cells.cross_tabs().unwrap();
    assert_eq!(tables.len(), 6);
    assert_eq!(tables[5].further, [("Dept".to_owned(), "F".to_owned())]);
    // UCBAdmissions[, , "F"] of R
    assert_all_close(&tables[5].entries(Statistic::Sums), &[22.0, 24.0, 351.0, 317.0], 1e-14);
    let total: f64 = tables.iter().map(|table| table.margins(Statistic::Sums).grand).sum();
    assert_close(total, 4526.0, 1e-15);
    let text = cells.render_cross_tabs("a", &tables, Statistic::Sums, &Sections::default());
    assert!(
        text.contains("\n:::::")
            && text.contains("Freq, Dept = F (sums):\n          Gender\nAdmit      Male Female\n"),
        "{text}"
    );

    let test =
        compute("Freq ~ Dept:Admit", &csv(ADMISSIONS)).cross_tabs().unwrap()[0].chi_squared(Statistic::Sums);
    assert_close(test.statistic, 778.906_531_507_555_3, 1e-13);
    assert_close(test.p_value, 4.229_744_953_946_578e-166, 1e-11);
    assert_eq!(test.df, 5.0);
}

#[test]
fn kyphosis_by_integers() {
    let cells = compute("~ Kyphosis:F(Number)", &csv(KYPHOSIS));
    let counts = [12, 0, 19, 4, 16, 2, 12, 5, 2, 2, 2, 3, 0, 0, 1, 0, 0, 1].map(f64::from);
    assert_eq!(cells.counts, counts);
    assert_eq!(cells.factors[1].name, "F_Number");
    assert_eq!((cells.cells(false).len(), cells.cells(true).len()), (18, 13));
    assert_eq!(cells.levels(17), ["present", "10"]);
    assert_eq!(cells.to_json(true)["cells"].as_array().unwrap().len(), 13);
    // an empty column takes no part in the test
    let test = cells.cross_tabs().unwrap()[0].chi_squared(Statistic::Counts);
    assert_eq!(test.df, 7.0);

    let ages = compute("cbind(Age, Start) ~ F(Number):Kyphosis", &csv(KYPHOSIS));
    let absent =
        [92.25, 68.263_157_894_736_84, 87.0625, 83.166_666_666_666_67, 49.0, 38.5, f64::NAN, 143.0, f64::NAN];
    assert_all_close(&ages.means[0][..9], &absent, 1e-14);
    assert_eq!(ages.responses, ["Age", "Start"]);
    assert_eq!(ages.cross_tabs().unwrap().len(), 2);
    assert!(ages.to_json(false)["cells"][6]["means"][0].is_null());
    assert!(ages.render("k", Statistic::Means, true).contains("Statistic: Age means, Start means\n"));
}

#[test]
fn frequencies_repeat_rows() {
    let weights = Weights { frequency: Some("Freq".into()), ..Weights::default() };
    let cells = compute_with("~ Gender:Admit", &csv(ADMISSIONS), weights, 2, 5).unwrap();
    assert_eq!(cells.counts, [1198.0, 557.0, 1493.0, 1278.0]);
    let by_sums = compute("Freq ~ Gender:Admit", &csv(ADMISSIONS)).cross_tabs().unwrap()[0].clone();
    let by_counts = cells.cross_tabs().unwrap()[0].clone();
    assert_eq!(by_counts.chi_squared(Statistic::Counts), by_sums.chi_squared(Statistic::Sums));
    assert!(cells.render("a", Statistic::Counts, false).contains("Frequency weights: Freq\n"));

    let data = table(vec![
        ("a", Column::Factor(vec![Some(0), Some(0), Some(1)], vec!["x", "y"])),
        ("y", numbers([1.0, 4.0, 5.0])),
        ("w", numbers([0.5, 1.5, 2.0])),
    ]);
    let weights = Weights { probability: Some("w".into()), ..Weights::default() };
    let cells = compute_with("y ~ a", &data, weights, 1, 7).unwrap();
    assert_eq!(
        (cells.counts, cells.sums, cells.means),
        (vec![2.0; 2], vec![vec![6.5, 10.0]], vec![vec![3.25, 5.0]])
    );
}

#[test]
fn missing_values_are_left_out_and_large_means_keep_their_digits() {
    let data = table(vec![
        ("a", Column::Factor(vec![Some(0), Some(1), None, Some(1), Some(0)], vec!["x", "y", "z"])),
        ("y", Column::Numbers(vec![Some(1e12), Some(1e12 + 1.0), Some(2.0), None, Some(1e12 + 3.0)])),
    ]);
    let cells = compute("y ~ a", &data);
    assert_eq!((cells.valid_obs, cells.missing_obs), (3, 2));
    assert_eq!(cells.counts, [2.0, 1.0, 0.0]);
    assert_eq!((cells.means[0][0], cells.means[0][1]), (1e12 + 1.5, 1e12 + 1.0));
    assert!(cells.means[0][2].is_nan() && cells.sums[0][2] == 0.0);
}

#[test]
fn what_does_not_exist() {
    let factor = |codes| Column::Factor(codes, vec!["x", "y"]);
    let row = table(vec![("a", factor(vec![Some(0)])), ("b", factor(vec![Some(1)])), ("y", numbers([3.0]))]);
    let cells = compute("y ~ a:b", &row);
    assert_eq!(cells.counts, [0.0, 0.0, 1.0, 0.0]);
    let tab = &cells.cross_tabs().unwrap()[0];
    let test = tab.chi_squared(Statistic::Counts);
    assert!(test.df == 0.0 && test.statistic.is_nan() && test.p_value.is_nan());
    assert_eq!(tab.fisher(Statistic::Counts).unwrap().p_value, 1.0);
    assert!(compute("y ~ a", &row).cross_tabs().is_err());

    let nothing = table(vec![("a", factor(vec![])), ("b", factor(vec![]))]);
    assert!(matches!(fails("~ a:b", &nothing), Error::NoObservations { rows: 0 }));
    let missing = table(vec![("a", factor(vec![None, None])), ("b", factor(vec![Some(0), None]))]);
    assert!(matches!(fails("~ a:b", &missing), Error::NoObservations { rows: 2 }));
    let infinite = table(vec![("a", factor(vec![Some(0), Some(1)])), ("y", numbers([1.0, f64::INFINITY]))]);
    assert!(matches!(fails("y ~ a", &infinite), Error::NotFinite { .. }));
    assert!(fails("y ~ a:c", &row).to_string().contains("'c'"));
    assert!(fails("~ a:y", &row).to_string().contains("'y' cannot be a factor of cells"));
    for formula in ["y ~ a + b", "y ~ a * b", "y ~ 1", "~"] {
        assert!(Cube::new(formula).is_err(), "{formula}");
    }
    assert!(fails("y ~ .", &row).to_string().contains("one term"));
}

#[test]
fn tables_of_r() {
    // tea tasting, with Yates's correction
    let tea = [3.0, 1.0, 1.0, 3.0];
    let test = chi_squared(&tea, 2);
    assert_close(test.statistic, 0.5, 1e-14);
    assert_close(test.p_value, 0.479_500_122_186_953_5, 1e-13);
    let exact = fisher(&tea, 0.95).unwrap();
    assert_close(exact.p_value, 0.485_714_285_714_285_8, 1e-13);
    assert_close(exact.odds_ratio, 6.408_319_658_199_676, 1e-12);
    assert_close(exact.interval.0, 0.211_735_595_446_578_74, 1e-11);
    assert_close(exact.interval.1, 626.243_530_588_812_7, 1e-11);
    // at the ends
    let high = fisher(&[5.0, 0.0, 2.0, 4.0], 0.95).unwrap();
    assert_close(high.p_value, 0.060_606_060_606_060_61, 1e-13);
    assert_close(high.interval.0, 0.733_164_632_413_299_7, 1e-11);
    assert_eq!((high.odds_ratio, high.interval.1), (f64::INFINITY, f64::INFINITY));
    let low = fisher(&[0.0, 5.0, 4.0, 2.0], 0.95).unwrap();
    assert_close(low.p_value, high.p_value, 1e-13);
    assert_close(low.interval.1, 1.363_950_135_878_548_6, 1e-11);
    assert_eq!((low.odds_ratio, low.interval.0), (0.0, 0.0));

    let test = chi_squared(&[10.0, 20.0, 30.0, 15.0, 25.0, 5.0], 3);
    assert_close(test.statistic, 17.629_629_629_629_633, 1e-14);
    assert_close(test.p_value, 1.485_164_524_699_712_5e-4, 1e-12);
    for bad in [[-1.0, 2.0, 3.0, 4.0], [1.0, f64::INFINITY, 3.0, 4.0]] {
        assert!(chi_squared(&bad, 2).p_value.is_nan() && fisher(&bad, 0.95).is_none());
    }
    assert!(fisher(&[1.5, 2.0, 3.0, 4.0], 0.95).is_none() && fisher(&[1e11, 2.0, 3.0, 4.0], 0.95).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn neither_threads_nor_blocks_change_the_cells(
        rows in prop::collection::vec((prop::option::weighted(0.9, 0..3i32), 0..2i32, -50..50i32), 1..200),
        threads in 1..4usize,
        block in 1..60usize,
    ) {
        prop_assume!(rows.iter().any(|row| row.0.is_some()));
        let data = table(vec![
            ("a", Column::Factor(rows.iter().map(|row| row.0).collect(), vec!["x", "y", "z"])),
            ("b", Column::Factor(rows.iter().map(|row| Some(row.1)).collect(), vec!["u", "v"])),
            ("y", numbers(rows.iter().map(|row| f64::from(row.2)))),
        ]);
        let cells = compute_with("y ~ a:b", &data, Weights::default(), threads, block).unwrap();
        let mut counts = [0.0; 6];
        let mut sums = [0.0; 6];
        for (a, b, y) in rows.iter().filter_map(|row| Some((row.0?, row.1, row.2))) {
            counts[(a + 3 * b) as usize] += 1.0;
            sums[(a + 3 * b) as usize] += f64::from(y);
        }
        prop_assert_eq!(&cells.counts, &counts);
        for (got, expected) in cells.sums[0].iter().zip(&sums) {
            prop_assert!((got - expected).abs() < 1e-10, "{} {}", got, expected);
        }
        let again = compute_with("y ~ a:b", &data, Weights::default(), 1, block).unwrap();
        prop_assert_eq!(again.sums, cells.sums);
    }

    #[test]
    fn exact_tests_do_not_depend_on_how_a_table_is_turned(a in 0..40u32, b in 0..40u32, c in 0..40u32, d in 0..40u32) {
        let [a, b, c, d] = [a, b, c, d].map(f64::from);
        let (one, turned) = (fisher(&[a, b, c, d], 0.9).unwrap(), fisher(&[b, a, d, c], 0.9).unwrap());
        prop_assert!((one.p_value - turned.p_value).abs() < 1e-12);
        let possible = a.min(d) + b.min(c) > 0.0;
        if possible {
            prop_assert!((one.odds_ratio.ln() + turned.odds_ratio.ln()).abs() < 1e-9 || one.odds_ratio == 0.0 || turned.odds_ratio == 0.0);
            prop_assert!(one.interval.0 <= one.odds_ratio && one.odds_ratio <= one.interval.1);
        }
    }
}
