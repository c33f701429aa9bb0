//! Principal components against R's `prcomp` and `princomp` (`golden/pca.R`), and where they do not exist.

mod tables;

use algos::model::{Model, from_bytes, to_bytes};
use algos::pca::{Pca, PcaModel, PcaOptions};
use algos::predict::{PredictOptions, Scale};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use engine::{BlockSource, Local, ScanOptions};
use tables::{Column, assert_close, csv, numbers, table};

const ATTITUDE: &str = include_str!("data/attitude.csv");
const FORMULA: &str = "~ rating + complaints + learning + raises";

fn compute(formula: &str, options: PcaOptions, source: &dyn BlockSource) -> algos::Result<PcaModel> {
    let scan = ScanOptions::default().with_block_rows(7);
    engine::fit(&Pca::new(formula, options)?, source, &scan, &Local::new(2))
}

fn correlations() -> PcaOptions {
    PcaOptions { correlations: true, ..PcaOptions::default() }
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for (got, expected) in got.iter().zip(expected) {
        assert_close(*got, *expected, tolerance);
    }
}

/// The components of the first rows, each with the first loading positive.
fn scores(model: &PcaModel, source: &dyn BlockSource, row: usize) -> Vec<f64> {
    let block = source.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
    let batch = model.predict(&block, &PredictOptions::default()).unwrap();
    batch.columns().iter().map(|column| column.as_primitive::<Float64Type>().value(row)).collect()
}

#[test]
fn components_of_covariances() {
    let source = csv(ATTITUDE);
    let model = compute(FORMULA, PcaOptions::default(), &source).unwrap();
    let deviations =
        [20.770_490_143_447_36, 8.349_565_516_255_25, 6.725_582_796_527_275, 4.995_180_080_960_224];
    assert_all_close(&model.std_devs, &deviations, 1e-12);
    assert_all_close(
        &model.loadings[..8],
        &[
            0.529_100_798_330_31,
            0.592_291_094_683_790_4,
            0.455_622_204_082_270_1,
            0.402_059_711_375_958_9,
            0.377_590_867_990_625_9,
            0.453_702_970_031_875_6,
            -0.736_244_586_251_831_3,
            -0.330_942_080_444_917_9,
        ],
        1e-11,
    );
    assert_close(model.proportions().iter().sum(), 1.0, 1e-14);
    let first =
        [-30.059_410_909_840_91, -1.257_778_236_504_457, -10.886_523_493_300_77, -1.580_110_510_140_353];
    assert_all_close(&scores(&model, &source, 0), &first, 1e-11);
}

#[test]
fn components_of_correlations() {
    let source = csv(ATTITUDE);
    let model = compute(FORMULA, correlations(), &source).unwrap();
    let deviations =
        [1.725_220_084_017_487_8, 0.701_079_734_039_716, 0.610_845_873_684_787_5, 0.398_710_655_518_208_6];
    assert_all_close(&model.std_devs, &deviations, 1e-12);
    assert_all_close(
        &model.loadings[12..],
        &[
            0.652_166_891_515_672_3,
            -0.710_766_985_223_462_5,
            -0.146_275_878_504_868_6,
            0.219_298_895_790_116_5,
        ],
        1e-11,
    );
    let second = [
        -0.343_400_168_250_445_5,
        0.031_938_310_749_732_36,
        -0.019_576_578_939_298_77,
        0.046_329_056_862_657_25,
    ];
    assert_all_close(&scores(&model, &source, 1), &second, 1e-10);
}

#[test]
fn some_components_are_kept_printed_saved_and_read() {
    let source = csv(ATTITUDE);
    let model = compute(FORMULA, PcaOptions { components: Some(2), ..correlations() }, &source).unwrap();
    assert_eq!((model.std_devs.len(), model.loadings.len()), (2, 8));
    assert_close(model.proportions()[0], 1.725_220_084_017_487_8_f64.powi(2) / 4.0, 1e-12);
    let text = model.to_string();
    let expected = "\
Importance of components:
                          Comp.1    Comp.2
Standard deviation     1.7252201 0.7010797
Proportion of Variance 0.7440961 0.1228782
Cumulative Proportion  0.7440961 0.8669743

Loadings:
              Comp.1     Comp.2
rating     0.5136990  0.5116628
";
    assert!(text.contains(expected), "{text}");
    let read = from_bytes(&to_bytes(&model).unwrap(), "memory").unwrap();
    assert_eq!(read.as_any().downcast_ref::<PcaModel>(), Some(&model));
    let schema = read.output_schema(&PredictOptions::default()).unwrap();
    assert_eq!(schema.field(1).name(), "Comp.2");
    let link = PredictOptions { scale: Scale::Link, ..PredictOptions::default() };
    assert!(read.output_schema(&link).is_err());
}

#[test]
fn factors_constants_missing_values_and_offsets() {
    let source = table(vec![
        ("x", Column::Numbers((0..40).map(|i| (i != 5).then(|| 1e9 + f64::from(i * 7 % 11))).collect())),
        ("one", numbers((0..40).map(|_| 3.0))),
        ("g", Column::Factor((0..40).map(|i| Some(i % 3)).collect(), vec!["a", "b", "c"])),
    ]);
    let model = compute("~ x + one + g", PcaOptions::default(), &source).unwrap();
    assert_eq!(model.names, ["x", "one", "g=a", "g=b", "g=c"]);
    assert_eq!((model.scale[1], model.loadings[1], model.std_devs.len()), (0.0, 0.0, 4));
    // the three columns of g add up to 1
    assert!(model.std_devs[3] < 1e-7, "{:?}", model.std_devs);
    assert_eq!((model.n_valid_obs, model.n_missing_obs), (39, 1));
    let block = source.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
    let batch = model.predict(&block, &PredictOptions::default()).unwrap();
    assert_eq!(batch.column(0).null_count(), 1);
    let first = batch.column(0).as_primitive::<Float64Type>();
    let squares: f64 = first.iter().flatten().map(|x| x * x).sum();
    assert_close((squares / 38.0).sqrt(), model.std_devs[0], 1e-10);
}

#[test]
fn what_does_not_exist() {
    let row = table(vec![("x", numbers([1.0])), ("y", numbers([2.0]))]);
    assert!(compute("~ x + y", PcaOptions::default(), &row).is_err());
    let constant = table(vec![("x", numbers([1.0, 1.0]))]);
    let error = compute("~ x", PcaOptions::default(), &constant).unwrap_err().to_string();
    assert!(error.contains("not constant"), "{error}");
    let source = csv(ATTITUDE);
    assert!(compute("rating ~ raises", PcaOptions::default(), &source).is_err());
    assert!(compute(FORMULA, PcaOptions { components: Some(0), ..PcaOptions::default() }, &source).is_err());
    let many = PcaOptions { components: Some(99), ..PcaOptions::default() };
    assert_eq!(compute(FORMULA, many, &source).unwrap().std_devs.len(), 4);
}
