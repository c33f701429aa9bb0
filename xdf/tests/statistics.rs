//! The statistics of the directory equal what the values give, for each block and for the file.

mod tables;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int32Array, RecordBatch, StringArray, UInt64Array,
};
use tables::{folder, write};
use xdf::{ColumnStatistics, File, Scalar, WriteOptions};

fn one(array: ArrayRef, block_rows: usize) -> (tempfile::TempDir, File) {
    let folder = folder();
    let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
    let file = write(&folder, &[batch], WriteOptions::default().with_block_rows(block_rows));
    (folder, file)
}

/// Mean and M2 in twice the precision, by compensated sums.
fn exact(values: &[f64]) -> (f64, f64) {
    let sum = |terms: &mut dyn Iterator<Item = f64>| {
        let (mut total, mut carry) = (0.0_f64, 0.0_f64);
        for term in terms {
            let next = total + term;
            carry += if total.abs() >= term.abs() { (total - next) + term } else { (term - next) + total };
            total = next;
        }
        total + carry
    };
    let mean = sum(&mut values.iter().copied()) / values.len() as f64;
    (mean, sum(&mut values.iter().map(|v| (v - mean) * (v - mean))))
}

fn check(statistics: &ColumnStatistics, values: &[f64]) {
    let (mean, m2) = exact(values);
    assert_eq!(statistics.count(), values.len() as u64);
    assert!((statistics.mean.unwrap() / mean - 1.0).abs() < 1e-13, "{statistics:?} {mean}");
    assert!((statistics.m2.unwrap() / m2 - 1.0).abs() < 1e-9, "{statistics:?} {m2}");
    let extreme = |f: fn(f64, f64) -> f64| values.iter().copied().reduce(f);
    assert_eq!(statistics.min.as_ref().and_then(Scalar::as_f64), extreme(f64::min));
    assert_eq!(statistics.max.as_ref().and_then(Scalar::as_f64), extreme(f64::max));
}

#[test]
fn moments_of_blocks_and_of_the_file() {
    for shift in [0.0, 1e9] {
        let value = |i: i32| (i % 11 != 4).then_some(shift + f64::from(i * 37 % 1001) + 0.25);
        let (_folder, file) = one(Arc::new((0..10_000).map(value).collect::<Float64Array>()), 1234);
        let all: Vec<f64> = (0..10_000).filter_map(value).collect();
        let statistics = file.column_statistics(0).unwrap();
        assert_eq!((statistics.rows, statistics.missing), (10_000, 10_000 - all.len() as u64));
        check(&statistics, &all);
        for block in 0..file.num_blocks() {
            let (start, rows) = (file.block_start(block) as i32, file.block_rows(block) as i32);
            let values: Vec<f64> = (start..start + rows).filter_map(value).collect();
            let statistics = file.segment_statistics(block, 0).unwrap();
            assert_eq!(statistics.rows, rows as u64);
            check(&statistics, &values);
        }
    }
}

#[test]
fn nan_is_missing_to_statistics_and_infinity_leaves_no_moments() {
    let (_folder, file) =
        one(Arc::new(Float32Array::from(vec![Some(f32::NAN), Some(2.0), None, Some(4.0)])), 2);
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.rows, statistics.missing), (4, 2));
    assert_eq!((statistics.min, statistics.max), (Some(Scalar::Float(2.0)), Some(Scalar::Float(4.0))));
    assert_eq!((statistics.mean, statistics.m2), (Some(3.0), Some(2.0)));
    let (_folder, file) = one(Arc::new(Float64Array::from(vec![1.0, f64::INFINITY])), 1);
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.max, statistics.mean), (Some(Scalar::Float(f64::INFINITY)), None));
}

#[test]
fn extremes_in_the_type_of_the_column() {
    let (_folder, file) = one(Arc::new(UInt64Array::from(vec![u64::MAX, u64::MAX - 1])), 1);
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!(
        (statistics.min, statistics.max),
        (Some(Scalar::UInt(u64::MAX - 1)), Some(Scalar::UInt(u64::MAX)))
    );
    let (_folder, file) = one(Arc::new(Date32Array::from(vec![Some(-5), None, Some(20_000)])), 2);
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.min, statistics.max), (Some(Scalar::Int(-5)), Some(Scalar::Int(20_000))));
    let (_folder, file) =
        one(Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)])), 3);
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.min, statistics.max), (Some(Scalar::Bool(false)), Some(Scalar::Bool(true))));
    assert!((statistics.mean.unwrap() - 2.0 / 3.0).abs() < 1e-15);
    assert!((statistics.m2.unwrap() - 2.0 / 3.0).abs() < 1e-15);
    let (_folder, file) = one(Arc::new(StringArray::from(vec![Some("b"), None, Some("Ä"), Some("a")])), 2);
    let statistics = file.column_statistics(0).unwrap();
    let text = |text: &str| Some(Scalar::Text(text.to_owned()));
    assert_eq!((statistics.min, statistics.max, statistics.mean), (text("a"), text("Ä"), None));
}

/// Beyond 64 bits extremes are exact; binary values are only counted.
#[test]
fn decimals_and_binary_values() {
    let unit = i128::from(i64::MAX);
    let values: Vec<Option<i128>> =
        (0..100).map(|i| (i % 7 != 3).then_some(unit * (i * 31 % 53) + i)).collect();
    let array: Decimal128Array = values.iter().copied().collect();
    let (_folder, file) = one(Arc::new(array.with_precision_and_scale(30, 4).unwrap()), 30);
    let statistics = file.column_statistics(0).unwrap();
    let present: Vec<i128> = values.iter().copied().flatten().collect();
    let scalar = |value: Option<&i128>| value.map(|value| Scalar::Decimal { value: *value, scale: 4 });
    assert_eq!(statistics.min, scalar(present.iter().min()));
    assert_eq!(statistics.max, scalar(present.iter().max()));
    check(&statistics, &present.iter().map(|value| *value as f64 / 1e4).collect::<Vec<_>>());
    assert_eq!(Scalar::Decimal { value: -1234, scale: 2 }.to_string(), "-12.34");
    let (_folder, file) = one(Arc::new(BinaryArray::from_opt_vec(vec![Some(b"a"), None, Some(b"\xFF")])), 2);
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.rows, statistics.missing, statistics.min), (3, 1, None));
}

#[test]
fn level_counts_reach_the_levels_that_came_later() {
    let texts: Vec<Option<&str>> =
        (0..1000).map(|i| [Some("a"), None, Some("b"), Some("a")][i % 4]).collect();
    let folder = folder();
    let batch = |texts: &[Option<&str>]| {
        let array: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        RecordBatch::try_from_iter_with_nullable([("f", Arc::new(array) as ArrayRef, true)]).unwrap()
    };
    let batches = [batch(&texts), batch(&[Some("late"), Some("b")])];
    let file = write(&folder, &batches, WriteOptions::default().with_block_rows(500));
    let statistics = file.column_statistics(0).unwrap();
    assert_eq!((statistics.rows, statistics.missing), (1002, 250));
    assert_eq!(statistics.level_counts, Some(vec![500, 251, 1]));
    assert_eq!((statistics.min, statistics.mean), (None, None));
    assert_eq!(file.segment_statistics(0, 0).unwrap().level_counts, Some(vec![250, 125]));
    // Two rows are too few for a list of levels.
    assert_eq!(file.segment_statistics(2, 0).unwrap().level_counts, None);
}

#[test]
fn a_column_without_values() {
    let (_folder, file) = one(Arc::new(Int32Array::from(vec![None; 10])), 4);
    let mut expected = ColumnStatistics::default();
    (expected.rows, expected.missing) = (10, 10);
    expected.sketch = xdf::QuantileSketch::new(&arrow_schema::DataType::Int32);
    assert_eq!(file.column_statistics(0), Some(expected));
    assert_eq!(file.segments(0)[0].missing, Some(4));
}
