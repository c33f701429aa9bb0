//! Quantiles against sorted values, and answers that come from the directory of a file alone.

use std::sync::Arc;

use algos::quantile::{ColumnQuantiles, QuantileOptions, quantiles};
use algos::summary::{Layout, Summary, SummaryOptions, summarize};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int16Array, Int64Array, RecordBatch,
    StringArray,
};
use engine::expr::Expr;
use engine::formula::Formula;
use engine::source::{MemorySource, XdfSource};
use engine::{BlockSource, Local, ScanOptions, SelectRows, SourceExt};
use xdf::Scalar;

const ROWS: i64 = 60_000;

/// Values in no order.
fn scattered(i: i64) -> f64 {
    ((i * 1_103_515_245 + 12_345) % 2_147_483_647) as f64 / 1000.0 - 5e5
}

fn batch() -> RecordBatch {
    let wide: Float64Array = (0..ROWS).map(|i| (i % 17 != 0).then(|| scattered(i))).collect();
    let huge: Int64Array = (0..ROWS).map(|i| Some(i64::MAX - (i * 7919 % ROWS))).collect();
    let few: Int16Array = (0..ROWS).map(|i| (i % 5 != 0).then_some((i % 300) as i16 - 80)).collect();
    let day: Date32Array = (0..ROWS).map(|i| Some((i % 4001) as i32)).collect();
    let flag: BooleanArray = (0..ROWS).map(|i| Some(i % 3 == 0)).collect();
    let city: DictionaryArray<Int32Type> =
        (0..ROWS).map(|i| ["Ulm", "Rom"].get((i % 3) as usize).copied()).collect();
    let name: StringArray = (0..ROWS).map(|i| Some(if i % 2 == 0 { "a" } else { "b" })).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("wide", Arc::new(wide) as ArrayRef, true),
        ("huge", Arc::new(huge), true),
        ("few", Arc::new(few), true),
        ("day", Arc::new(day), true),
        ("flag", Arc::new(flag), true),
        ("city", Arc::new(city), true),
        ("name", Arc::new(name), true),
    ])
    .unwrap()
}

fn memory() -> Arc<dyn BlockSource> {
    Arc::new(MemorySource::try_new(&batch().schema(), [batch()]).unwrap())
}

fn write(folder: &tempfile::TempDir) -> xdf::File {
    let options = xdf::WriteOptions::default().with_block_rows(10_000);
    let mut writer = xdf::Writer::create(folder.path().join("t.xdf"), batch().schema(), options).unwrap();
    writer.write(&batch()).unwrap();
    writer.finish().unwrap()
}

/// A file whose segments are all zeros: whoever reads one fails.
fn without_data(folder: &tempfile::TempDir) -> Arc<dyn BlockSource> {
    let file = write(folder);
    let mut bytes = std::fs::read(file.path()).unwrap();
    for block in 0..file.num_blocks() {
        for segment in file.segments(block) {
            bytes[segment.offset as usize..][..segment.bytes as usize].fill(0);
        }
    }
    let path = folder.path().join("empty.xdf");
    std::fs::write(&path, bytes).unwrap();
    Arc::new(XdfSource::open(path).unwrap())
}

fn find(
    columns: &[&str],
    source: &Arc<dyn BlockSource>,
    probabilities: &[f64],
    exact: bool,
) -> Vec<ColumnQuantiles> {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let scan = ScanOptions::default().with_block_rows(7000);
    let with = |max_kept: usize| {
        let options = QuantileOptions { probabilities: probabilities.to_vec(), exact, max_kept };
        quantiles(&columns, source.as_ref(), &options, &scan, &Local::new(2)).unwrap()
    };
    let found = with(usize::MAX);
    if exact {
        // values are kept, not kept, or kept until they are too many
        assert_eq!(found, with(0));
        for few in [30_000, 6000, 3000] {
            assert_eq!(found, with(few), "{few}");
        }
    }
    found
}

fn summary(formula: &str, source: &Arc<dyn BlockSource>) -> algos::Result<Summary> {
    let formula = Formula::parse(formula).unwrap();
    summarize(&formula, source.as_ref(), &SummaryOptions::default(), &ScanOptions::default(), &Local::new(2))
}

/// Type 7, by the arithmetic of R's `quantile`: between the neighbours of (n - 1) p.
fn expected(mut values: Vec<f64>, p: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = p * (values.len() - 1) as f64;
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    if low == high { low } else { (1.0 - place.fract()) * low + place.fract() * high }
}

#[test]
fn exact_quantiles_are_those_of_the_sorted_values() {
    let folder = tempfile::tempdir().unwrap();
    let file: Arc<dyn BlockSource> = Arc::new(XdfSource::from(write(&folder)));
    let values: Vec<f64> = (0..ROWS).filter(|i| i % 17 != 0).map(scattered).collect();
    let probabilities = [0.0, 0.001, 0.25, 0.5, 0.9, 1.0];
    for source in [&file, &memory()] {
        let found = find(&["wide", "few"], source, &probabilities, true);
        assert_eq!((found[0].valid, found[0].rank_error), (values.len() as u64, 0.0));
        for (p, value) in probabilities.iter().zip(&found[0].values) {
            assert_eq!(*value, Some(Scalar::Float(expected(values.clone(), *p))), "{p}");
        }
        let few: Vec<f64> = (0..ROWS).filter(|i| i % 5 != 0).map(|i| (i % 300) as f64 - 80.0).collect();
        assert_eq!(found[1].values[3], Some(Scalar::Float(expected(few, 0.5))));
    }
}

#[test]
fn estimates_are_within_the_error_that_they_state() {
    let folder = tempfile::tempdir().unwrap();
    let source = without_data(&folder);
    let mut values: Vec<f64> = (0..ROWS).filter(|i| i % 17 != 0).map(scattered).collect();
    values.sort_unstable_by(f64::total_cmp);
    let found = &find(&["wide"], &source, &[0.1, 0.5, 0.75], false)[0];
    assert!(found.rank_error > 0.0 && found.rank_error < 0.02);
    for (p, value) in [0.1, 0.5, 0.75].iter().zip(&found.values) {
        let value = value.as_ref().and_then(Scalar::as_f64).unwrap();
        let rank = values.partition_point(|other| *other <= value) as f64 / values.len() as f64;
        assert!((rank - p).abs() <= found.rank_error, "{p} {rank}");
    }
}

/// A value that fills most of a column is at an end of the interval again and again.
#[test]
fn exact_quantiles_beside_a_value_that_most_rows_have() {
    let rare = |i: i64| if i % 100 < 2 { scattered(i) } else { 0.0 };
    for shift in [0.0, 1e7, -1e7] {
        let value = |i: i64| if rare(i) == 0.0 { 0.0 } else { rare(i) + shift };
        let values: Vec<f64> = (0..10 * ROWS).map(value).collect();
        let array: ArrayRef = Arc::new(Float64Array::from(values.clone()));
        let batch = RecordBatch::try_from_iter([("x", array)]).unwrap();
        let source: Arc<dyn BlockSource> = Arc::new(MemorySource::try_new(&batch.schema(), [batch]).unwrap());
        let probabilities = [0.0, 0.005, 0.02, 0.5, 0.985, 0.999, 1.0];
        let found = find(&["x"], &source, &probabilities, true);
        for (p, value) in probabilities.iter().zip(&found[0].values) {
            assert_eq!(*value, Some(Scalar::Float(expected(values.clone(), *p))), "{p}, {shift}");
        }
    }
}

#[test]
fn infinite_neighbours_are_interpolated_as_r_does() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![f64::NEG_INFINITY, 1.0, 3.0, f64::INFINITY]));
    let batch = RecordBatch::try_from_iter([("x", array)]).unwrap();
    let source: Arc<dyn BlockSource> = Arc::new(MemorySource::try_new(&batch.schema(), [batch]).unwrap());
    let found = find(&["x"], &source, &[0.1, 0.5, 0.9], false);
    let expected = [f64::NEG_INFINITY, 2.0, f64::INFINITY];
    assert_eq!(found[0].values, expected.map(|value| Some(Scalar::Float(value))));
}

#[test]
fn whole_numbers_beyond_the_floats_and_dates_are_found() {
    let found = find(&["huge", "day"], &memory(), &[0.0, 0.5, 1.0], true);
    assert_eq!(found[0].values[2], Some(Scalar::Float(i64::MAX as f64)));
    assert_eq!(found[0].rank_error, 0.0);
    // rank 29 999.5: each of the first days is there 15 times
    assert_eq!(found[1].values, [0, 1999, 4000].map(|day| Some(Scalar::Int(day))));
}

#[test]
fn selected_rows_have_their_own_quantiles() {
    let folder = tempfile::tempdir().unwrap();
    let file: Arc<dyn BlockSource> = Arc::new(XdfSource::from(write(&folder)));
    let source = file.with(SelectRows::new(Expr::parse("few == 7").unwrap())).unwrap();
    let found = find(&["few"], &source, &[0.0, 0.5], false);
    assert_eq!(found[0].values, [7.0, 7.0].map(|value| Some(Scalar::Float(value))));
    let nothing = source.with(SelectRows::new(Expr::parse("few == 8").unwrap())).unwrap();
    let found = find(&["few"], &nothing, &[0.5], true);
    assert_eq!((found[0].valid, found[0].values.as_slice()), (0, &[None][..]));
}

#[test]
fn what_has_no_quantiles_is_refused() {
    let scan = ScanOptions::default();
    let ask = |column: &str, p: f64| {
        let options = QuantileOptions { probabilities: vec![p], ..QuantileOptions::default() };
        quantiles(&[column.to_owned()], memory().as_ref(), &options, &scan, &Local::new(1))
            .unwrap_err()
            .to_string()
    };
    assert!(ask("name", 0.5).contains("'name' cannot be sorted for quantiles"));
    assert!(ask("flag", 0.5).contains("it is logical; choose numbers, dates or timestamps"));
    assert!(ask("city", 0.5).contains("it is a factor"));
    assert!(ask("wide", 1.5).contains("1.5 is no probability"));
    assert!(ask("nix", 0.5).contains("nix"));
}

#[test]
fn a_summary_and_quantiles_of_a_whole_file_read_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    let source = without_data(&folder);
    // it can tell: whatever has to be read fails
    assert!(summary("~ wide:city", &source).is_err());
    let stored = summary("~ wide + few + day + flag + city", &source).unwrap();
    let computed = summary("~ wide + few + day + flag + city", &memory()).unwrap();
    let lines = |summary: &Summary| {
        let text = summary.render(Layout::R);
        let named = |line: &&str| !line.contains("memory") && !line.contains("empty.xdf");
        text.lines().filter(named).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&stored), lines(&computed));
    summary("~ F(few)", &source).unwrap_err();
    assert_eq!(find(&["few"], &source, &[0.5], true), find(&["few"], &memory(), &[0.5], true));
}
