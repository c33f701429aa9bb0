//! Quantiles without reading: exact where they say so, within the stated bound elsewhere, after any merge.

mod tables;

use std::sync::Arc;

use arrow_array::types::TimestampMillisecondType;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, PrimitiveArray, RecordBatch,
    StringArray,
};
use arrow_schema::DataType;
use proptest::prelude::*;
use tables::{folder, write};
use xdf::{File, QuantileSketch, Scalar, WriteOptions};

fn one(array: ArrayRef, block_rows: usize) -> (tempfile::TempDir, File) {
    let folder = folder();
    let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
    let file = write(&folder, &[batch], WriteOptions::default().with_block_rows(block_rows));
    (folder, file)
}

/// Numbers of a fixed sequence, 0 to 1.
fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / 9_007_199_254_740_992.0
    })
}

/// The largest difference between estimated and true rank over all values, as a share.
fn worst_error(sketch: &QuantileSketch, values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distances = (0..=200).map(|i| {
        let value = sorted[((sorted.len() - 1) * i) / 200];
        let rank = sorted.partition_point(|other| *other <= value) as f64 / n;
        (sketch.rank(value).unwrap() - rank).abs()
    });
    distances.fold(0.0, f64::max)
}

fn sketch_of(values: &[f64], block: usize) -> QuantileSketch {
    let mut sketch = QuantileSketch::new(&DataType::Float64).unwrap();
    for part in values.chunks(block) {
        assert!(sketch.insert(&Float64Array::from(part.to_vec())));
    }
    sketch
}

#[test]
fn few_different_values_are_exact_however_many_rows() {
    let value = |i: i32| (i % 50 != 7).then_some((i % 1000 * 7919 % 1600 - 80) as i16);
    let (_folder, file) = one(Arc::new((0..300_000).map(value).collect::<Int16Array>()), 65_536);
    let sketch = file.column_statistics(0).unwrap().sketch.unwrap();
    let mut sorted: Vec<i16> = (0..300_000).filter_map(value).collect();
    sorted.sort_unstable();
    assert!(sketch.is_exact() && sketch.rank_error() == 0.0);
    assert_eq!(sketch.count(), sorted.len() as u64);
    for rank in (0..sorted.len()).step_by(997).chain([sorted.len() - 1]) {
        assert_eq!(sketch.value_at(rank as u64), Some(Scalar::Int(i64::from(sorted[rank]))));
    }
    assert_eq!(sketch.value_at(sorted.len() as u64), None);
    assert_eq!(sketch.quantile(0.0), Some(Scalar::Int(sorted[0].into())));
    assert_eq!(sketch.quantile(1.0), Some(Scalar::Int(sorted[sorted.len() - 1].into())));
    let below_zero = sorted.partition_point(|value| *value < 0) as f64 / sorted.len() as f64;
    assert_eq!(sketch.rank(-0.5), Some(below_zero));
}

#[test]
fn every_ordered_type_has_quantiles_and_no_other() {
    let median = |array: ArrayRef| one(array, 2).1.column_statistics(0).unwrap().sketch?.quantile(0.5);
    assert_eq!(
        median(Arc::new(Date32Array::from(vec![Some(-3), None, Some(5), Some(9)]))),
        Some(Scalar::Int(5))
    );
    let times = PrimitiveArray::<TimestampMillisecondType>::from(vec![7, 5, 6]).with_timezone("UTC");
    assert_eq!(median(Arc::new(times)), Some(Scalar::Int(6)));
    assert_eq!(
        median(Arc::new(Float32Array::from(vec![f32::NAN, 2.5, f32::NEG_INFINITY, f32::INFINITY]))),
        Some(Scalar::Float(2.5))
    );
    assert_eq!(median(Arc::new(StringArray::from(vec!["a", "b"]))), None);
    assert_eq!(median(Arc::new(BooleanArray::from(vec![true, false]))), None);
    assert_eq!(median(Arc::new(Float64Array::from(vec![None, Some(f64::NAN)]))), None);
}

#[test]
fn blocks_have_none_and_the_same_rows_give_the_same_bytes() {
    let values: Vec<f64> = uniform(3).take(40_000).collect();
    let (_one, first) = one(Arc::new(Float64Array::from(values.clone())), 10_000);
    let (_two, second) = one(Arc::new(Float64Array::from(values.clone())), 10_000);
    assert_eq!(first.segment_statistics(0, 0).unwrap().sketch, None);
    assert_eq!(std::fs::read(first.path()).unwrap(), std::fs::read(second.path()).unwrap());
    let sketch = first.column_statistics(0).unwrap().sketch.unwrap();
    assert_eq!(sketch, sketch_of(&values, 10_000));
    assert!(!sketch.is_exact());
    assert!(sketch.rank_error() > 0.0 && sketch.rank_error() < 0.02, "{}", sketch.rank_error());
    assert!(worst_error(&sketch, &values) <= sketch.rank_error());
}

#[test]
fn the_bound_holds_for_nearly_all_of_many_sketches() {
    let mut exceeded = 0;
    for seed in 0..40 {
        let values: Vec<f64> = uniform(seed).map(|u| u * u).take(60_000).collect();
        let sketch = sketch_of(&values, 20_000);
        exceeded += u32::from(worst_error(&sketch, &values) > sketch.rank_error());
        // the deviation is a bound, not a guess at the error
        assert!(worst_error(&sketch, &values) < 2.0 * sketch.rank_error());
    }
    assert!(exceeded <= 1, "{exceeded} of 40");
}

#[test]
fn a_hundred_appends_do_not_wear_the_bound_out() {
    let values: Vec<f64> = uniform(9).take(200_000).collect();
    let mut all = QuantileSketch::new(&DataType::Float64).unwrap();
    for part in values.chunks(2000) {
        assert!(all.merge(&sketch_of(part, 2000)));
    }
    assert_eq!(all.count(), 200_000);
    assert!(all.rank_error() < 0.025, "{}", all.rank_error());
    assert!(worst_error(&all, &values) <= all.rank_error());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_and_any_order_of_merging_is_within_the_bound(
        seed in any::<u64>(),
        cuts in proptest::collection::vec(1_usize..9000, 1..8),
        backwards in any::<bool>(),
        distinct in prop_oneof![Just(100.0), Just(1e12)],
    ) {
        let total: usize = cuts.iter().sum();
        let values: Vec<f64> = uniform(seed).map(|u| (u * distinct).floor()).take(total).collect();
        let mut rest = values.as_slice();
        let mut parts = Vec::new();
        for cut in &cuts {
            let (part, more) = rest.split_at(*cut);
            parts.push(sketch_of(part, 4096));
            rest = more;
        }
        if backwards {
            parts.reverse();
        }
        let mut merged = parts.remove(0);
        for part in &parts {
            prop_assert!(merged.merge(part));
        }
        prop_assert_eq!(merged.count(), total as u64);
        prop_assert_eq!(merged.rank(f64::INFINITY), Some(1.0));
        prop_assert_eq!(merged.quantile(0.0), values.iter().copied().reduce(f64::min).map(Scalar::Float));
        prop_assert_eq!(merged.quantile(1.0), values.iter().copied().reduce(f64::max).map(Scalar::Float));
        // 201 values are looked at: one of them may be among the 1 %
        prop_assert!(worst_error(&merged, &values) <= 1.5 * merged.rank_error());
        if distinct < 1000.0 {
            prop_assert_eq!(merged, sketch_of(&values, 777));
        }
    }
}

#[test]
fn sketches_of_different_types_do_not_mix() {
    let mut numbers = QuantileSketch::new(&DataType::Float64).unwrap();
    assert!(!numbers.insert(&Float32Array::from(vec![1.0])));
    assert!(!numbers.merge(&QuantileSketch::new(&DataType::Int32).unwrap()));
    assert_eq!((numbers.count(), numbers.quantile(0.5), numbers.rank(0.0)), (0, None, None));
    assert!(QuantileSketch::new(&DataType::Utf8).is_none());
}

#[test]
fn values_between_two_are_sketched_and_those_beside_counted() {
    let values: Vec<f64> = uniform(5).map(|u| (u * 4000.0).floor()).take(20_000).collect();
    let count = |wanted: &dyn Fn(f64) -> bool| values.iter().filter(|value| wanted(**value)).count() as u64;
    let array = Float64Array::from(values.clone());
    for (low, high) in [(1000.0, 1200.0), (1000.0, 1000.0), (-1.0, 5000.0)] {
        let mut sketch = QuantileSketch::new(&DataType::Float64).unwrap();
        let beside = sketch.insert_between(&array, &Scalar::Float(low), &Scalar::Float(high)).unwrap();
        assert_eq!((beside.below, beside.at_low), (count(&|x| x < low), count(&|x| x == low)));
        assert_eq!(beside.at_high, if low == high { 0 } else { count(&|x| x == high) });
        assert_eq!(sketch.count(), count(&|x| low < x && x < high));
        let ends =
            (sketch.quantile(0.0).and_then(|x| x.as_f64()), sketch.quantile(1.0).and_then(|x| x.as_f64()));
        assert!(ends.0.is_none_or(|least| least > low) && ends.1.is_none_or(|most| most < high));
    }
    let mut sketch = QuantileSketch::new(&DataType::Float64).unwrap();
    assert_eq!(sketch.insert_between(&Int16Array::from(vec![1]), &Scalar::Int(0), &Scalar::Int(2)), None);
}
