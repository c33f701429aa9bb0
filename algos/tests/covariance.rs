//! Covariances and correlations against R 4 (`cor`, `cov`, `crossprod` of `attitude`; `cov` of the repeated rows of
//! `fourthgraders`; by hand with weights), and where they do not exist.

mod tables;

use std::sync::Arc;

use algos::Error;
use algos::covariance::{CovCor, CovCorMatrix, CovCorOptions, MatrixKind};
use algos::design::Weights;
use engine::{BlockSource, Local, ScanOptions};
use tables::{Column, assert_close, csv, numbers, table};

const ATTITUDE: &str = include_str!("data/attitude.csv");
const FOURTHGRADERS: &str = include_str!("data/fourthgraders.csv");

fn compute_with(
    formula: &str,
    source: &dyn BlockSource,
    options: CovCorOptions,
    threads: usize,
    rows: usize,
) -> algos::Result<CovCorMatrix> {
    let scan = ScanOptions::default().with_block_rows(rows);
    engine::fit(&CovCor::new(formula)?.with_options(options), source, &scan, &Local::new(threads))
}

fn compute(formula: &str, source: &dyn BlockSource) -> CovCorMatrix {
    compute_with(formula, source, CovCorOptions::default(), 2, 7).unwrap()
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert_close(*got, *expected, tolerance);
    }
}

#[test]
fn attitude() {
    let matrix = compute("~ rating + complaints + learning", &csv(ATTITUDE));
    let (a, b, c) = (0.825_417_569_542_146, 0.623_678_164_500_211, 0.596_735_806_267_436);
    assert_eq!(matrix.names, ["rating", "complaints", "learning"]);
    assert_all_close(&matrix.matrix(MatrixKind::Cor).1, &[1.0, a, b, a, 1.0, c, b, c, 1.0], 1e-14);
    let (d, e, f) = (133.779_310_344_827_6, 89.104_597_701_149_4, 93.255_172_413_793_1);
    let expected = [148.171_264_367_816_1, d, e, d, 177.282_758_620_689_7, f, e, f, 137.757_471_264_367_8];
    assert_all_close(&matrix.matrix(MatrixKind::Cov).1, &expected, 1e-14);
    assert_all_close(
        &matrix.standard_deviations(),
        &expected.map(f64::sqrt).chunks(4).map(|row| row[0]).collect::<Vec<_>>(),
        1e-14,
    );
    assert_eq!((matrix.valid_obs, matrix.missing_obs, matrix.sum_of_weights), (30, 0, 30.0));

    let (names, products) = compute("~ rating + complaints", &csv(ATTITUDE)).matrix(MatrixKind::Sscp);
    assert_eq!(names, ["Constant", "rating", "complaints"]);
    let expected = [30.0, 1939.0, 1998.0, 1939.0, 129_621.0, 133_017.0, 1998.0, 133_017.0, 138_208.0];
    assert_all_close(&products, &expected, 1e-14);
}

#[test]
fn factors_have_a_column_for_each_level_and_frequencies_repeat_rows() {
    let options = |keep_all| CovCorOptions {
        weights: Weights { frequency: Some("reps".into()), ..Weights::default() },
        keep_all,
        ..CovCorOptions::default()
    };
    let source = csv(FOURTHGRADERS);
    let matrix = compute_with("~ height + eyecolor", &source, options(true), 2, 7).unwrap();
    assert_eq!(
        matrix.names,
        ["height", "eyecolor=Blue", "eyecolor=Brown", "eyecolor=Green", "eyecolor=Hazel"]
    );
    let expected = [
        3.169_595_959_595_96,
        -0.021_111_111_111_111_1,
        -0.056_565_656_565_656_6,
        0.081_111_111_111_111_1,
        -0.003_434_343_434_343_43,
    ];
    assert_all_close(&matrix.covariances[..5], &expected, 1e-12);
    assert_close(matrix.covariances[3 * 5 + 4], -0.013_939_393_939_393_9, 1e-12);
    assert_eq!((matrix.valid_obs, matrix.sum_of_weights), (44, 100.0));
    // the last level follows from the others
    let fewer = compute_with("~ height + eyecolor", &source, options(false), 2, 7).unwrap();
    assert_eq!((fewer.names.len(), fewer.dropped.as_slice()), (4, &["eyecolor=Hazel".to_owned()][..]));
    assert_all_close(&fewer.covariances[..4], &expected[..4], 1e-12);
}

#[test]
fn probability_weights_do_not_change_the_number_of_rows() {
    let options = CovCorOptions {
        weights: Weights { probability: Some("reps".into()), ..Weights::default() },
        ..CovCorOptions::default()
    };
    let matrix = compute_with("~ height + eyecolor", &csv(FOURTHGRADERS), options, 2, 7).unwrap();
    assert_close(matrix.covariances[0], 3.210_874_418_604_650_5, 1e-13);
    assert_close(matrix.covariances[1], -0.021_386_046_511_627_9, 1e-12);
}

#[test]
fn a_result_depends_neither_on_threads_nor_on_blocks() {
    let source = csv(ATTITUDE);
    let one = compute("~ .", &source);
    for (threads, rows) in [(1, 7), (2, 1), (1, 1000)] {
        let other = compute_with("~ .", &source, CovCorOptions::default(), threads, rows).unwrap();
        assert_all_close(&other.covariances, &one.covariances, 1e-13);
    }
    assert_eq!(compute_with("~ .", &source, CovCorOptions::default(), 1, 7).unwrap(), one);
}

#[test]
fn large_means_cost_no_digits() {
    let x = || (0..1000).map(|i| f64::from(i % 7));
    let source = table(vec![("x", numbers(x())), ("far", numbers(x().map(|x| 1e12 + x)))]);
    let matrix = compute("~ x + far", &source);
    assert_close(matrix.covariances[3], matrix.covariances[0], 1e-12);
    assert_close(matrix.matrix(MatrixKind::Cor).1[1], 1.0, 1e-12);
}

#[test]
fn what_does_not_exist() {
    let constant = table(vec![("x", numbers([1.0, 2.0, 4.0])), ("one", numbers([1.0, 1.0, 1.0]))]);
    let matrix = compute("~ x + one", &constant);
    assert_eq!((matrix.names, matrix.dropped), (vec!["x".to_owned()], vec!["one".to_owned()]));

    let row = table(vec![("x", numbers([3.0])), ("y", numbers([4.0]))]);
    let matrix = compute("~ x + y", &row);
    assert!(matrix.covariances.iter().all(|c| c.is_nan()), "{matrix:?}");
    assert_eq!(matrix.means, [3.0, 4.0]);
    assert!(matrix.to_json(MatrixKind::Cov)["covCor"][0][0].is_null());

    let none = table(vec![("x", Column::Numbers(vec![None, None]))]);
    let error = compute_with("~ x", &none, CovCorOptions::default(), 1, 7).unwrap_err();
    assert!(matches!(error, Error::NoObservations { rows: 2 }), "{error}");
    let infinite = table(vec![("x", numbers([1.0, f64::INFINITY]))]);
    let error = compute_with("~ x", &infinite, CovCorOptions::default(), 1, 7).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }), "{error}");
    for formula in ["y ~ x", "~ x - 1", "~"] {
        assert!(CovCor::new(formula).is_err(), "{formula}");
    }
}

#[test]
fn a_matrix_is_printed_as_r_prints_it() {
    let text = compute("~ rating + complaints", &csv(ATTITUDE)).render(MatrixKind::Cov);
    let expected = "Number of valid observations: 30\nNumber of missing observations: 0\nStatistic: COV\n\n             rating complaints\nrating     148.1713   133.7793\ncomplaints 133.7793   177.2828\n";
    assert_eq!(text, expected);
    let source: Arc<dyn BlockSource> = Arc::new(csv(ATTITUDE));
    let text = compute("~ rating + complaints", source.as_ref()).render(MatrixKind::Cor);
    assert!(text.ends_with("rating     1.0000000  0.8254176\ncomplaints 0.8254176  1.0000000\n"), "{text}");
}
