//! Histograms against counting by hand, and where they do not exist.

mod tables;

use algos::Error;
use algos::design::Weights;
use algos::histogram::{Bars, Histogram, HistogramOptions, histogram};
use engine::{BlockSource, Local, ScanOptions};
use proptest::prelude::*;
use tables::{Column, csv, numbers, table};

const KYPHOSIS: &str = include_str!("data/kyphosis.csv");

fn compute(formula: &str, options: &HistogramOptions, source: &dyn BlockSource) -> algos::Result<Histogram> {
    let scan = ScanOptions::default().with_block_rows(7);
    histogram(formula, source, options, &scan, &Local::new(2))
}

fn bins(breaks: usize, start: f64, end: f64) -> HistogramOptions {
    HistogramOptions {
        num_breaks: Some(breaks),
        start: Some(start),
        end: Some(end),
        ..HistogramOptions::default()
    }
}

/// hist(Age, breaks = seq(0, 210, 30), right = FALSE) and table(Kyphosis, Number) of R.
#[test]
fn kyphosis() {
    let source = csv(KYPHOSIS);
    let found = compute("~ Age", &bins(8, 0.0, 210.0), &source).unwrap();
    assert_eq!(found.bars, Bars::Bins(vec![0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 210.0]));
    assert_eq!(found.panels[0].counts, AGES.map(f64::from));
    assert_eq!((found.valid_obs, found.missing_obs, found.outside), (81, 0, 0.0));

    let found = compute("~ F(Number) | Kyphosis", &HistogramOptions::default(), &source).unwrap();
    assert_eq!(found.variable, "F_Number");
    assert_eq!(found.panels[0].levels, [("Kyphosis".to_owned(), "absent".to_owned())]);
    assert_eq!(found.panels[0].counts, [12, 19, 16, 12, 2, 2, 0, 1, 0].map(f64::from));
    assert_eq!(found.panels[1].counts, [0, 4, 2, 5, 2, 3, 0, 0, 1].map(f64::from));
    assert_eq!(found.panels[1].percentages()[3], 500.0 / 17.0);

    let some = HistogramOptions { levels_to_drop: vec!["absent".into()], ..HistogramOptions::default() };
    let found = compute("~ Kyphosis", &some, &source).unwrap();
    assert_eq!((found.bars, found.outside), (Bars::Levels(vec!["present".into()]), 64.0));
}

const AGES: [u32; 7] = [22, 8, 11, 12, 17, 9, 2];

#[test]
fn bars_are_drawn_to_an_eighth_of_a_character() {
    let factor = Column::Factor([0, 0, 0, 0, 1, 1, 2, 2, 2].map(Some).to_vec(), vec!["a", "bb", "c", "d"]);
    let source = table(vec![("g", factor)]);
    let found = compute("~ g", &HistogramOptions::default(), &source).unwrap();
    let expected = "\
Histogram Results for: ~ g
File name: letters
Number of valid observations: 9
Number of missing observations: 0
Statistic: counts

a  4 ██████████
bb 2 █████
c  3 ███████▌
d  0
";
    assert_eq!(found.render("letters", false, 15), expected);
    let percent = found.render("letters", true, 80);
    assert!(percent.contains("\na  44.44 ████"), "{percent}");
}

#[test]
fn bounds_are_closed_on_the_left_and_the_last_on_both_sides() {
    let x = [0.0, 0.1, 0.2, 0.3, 0.7, 1.0, 1.1, -0.1];
    let source =
        table(vec![("x", numbers(x)), ("w", numbers([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]))]);
    let weights = Weights { probability: Some("w".into()), frequency: None };
    let options = HistogramOptions { weights, ..bins(11, 0.0, 1.0) };
    let found = compute("~ x", &options, &source).unwrap();
    assert_eq!(found.panels[0].counts, [1.0, 2.0, 4.0, 8.0, 0.0, 0.0, 0.0, 16.0, 0.0, 32.0]);
    assert_eq!(found.outside, 192.0);
    let text = found.render("x", false, 60);
    assert!(text.contains("Not in any bar: 192\n") && text.contains("[0.9, 1.0] 32 ██"), "{text}");
}

#[test]
fn what_does_not_exist() {
    let plain = HistogramOptions::default();
    let source = table(vec![
        ("x", Column::Numbers(vec![Some(1.0), None, Some(f64::NAN)])),
        ("bad", numbers([1.0, f64::NEG_INFINITY, 2.0])),
        ("g", Column::Factor(vec![Some(0), Some(1), None], vec!["a", "b"])),
        ("none", Column::Numbers(vec![None, None, None])),
    ]);
    let one = compute("~ x", &plain, &source).unwrap();
    assert_eq!((one.valid_obs, one.missing_obs, one.bars), (1, 2, Bars::Bins(vec![0.5, 1.5])));
    assert!(matches!(compute("~ bad", &plain, &source).unwrap_err(), Error::NotFinite { .. }));
    assert!(matches!(compute("~ none", &plain, &source).unwrap_err(), Error::NoObservations { rows: 3 }));
    for formula in ["~ x + g", "x ~ g", "~ log(x)", "~ x | ", "~ ."] {
        assert!(compute(formula, &plain, &source).is_err(), "{formula}");
    }
    let error = compute("~ g | x", &plain, &source).unwrap_err().to_string();
    assert!(error.contains("'x' cannot be a factor of panels: it is numeric"), "{error}");
    for options in [
        bins(1, 0.0, 1.0),
        bins(3, 2.0, 1.0),
        bins(3, f64::NAN, 1.0),
        HistogramOptions { max_panels: 1, ..plain.clone() },
        HistogramOptions { levels_to_keep: vec!["z".into()], ..plain },
    ] {
        let formula = if options.num_breaks.is_some() { "~ x" } else { "~ g | g2" };
        let two = table(vec![
            ("x", numbers([1.0])),
            ("g", Column::Factor(vec![Some(0)], vec!["a", "b"])),
            ("g2", Column::Factor(vec![Some(0)], vec!["u", "v"])),
        ]);
        let error = compute(formula, &options, &two).unwrap_err();
        assert!(matches!(error, Error::Option { .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value_is_in_the_bin_whose_bounds_hold_it(
        values in prop::collection::vec(-1e3..1e3_f64, 1..60),
        breaks in prop::option::of(2..40usize),
        scale in prop_oneof![Just(1.0), Just(1e-9), Just(1e12)],
    ) {
        let values: Vec<f64> = values.into_iter().map(|x| x * scale).collect();
        let options = HistogramOptions { num_breaks: breaks, ..HistogramOptions::default() };
        let found = compute("~ x", &options, &table(vec![("x", numbers(values.clone()))])).unwrap();
        let Bars::Bins(bounds) = &found.bars else { panic!("{found:?}") };
        prop_assert_eq!(found.outside, 0.0);
        let last = bounds.len() - 2;
        for (bin, pair) in bounds.windows(2).enumerate() {
            let holds = |x: &&f64| **x >= pair[0] && (**x < pair[1] || bin == last && **x == pair[1]);
            prop_assert_eq!(found.panels[0].counts[bin], values.iter().filter(holds).count() as f64);
        }
    }
}
