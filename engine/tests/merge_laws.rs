//! The laws of every accumulator of the engine: a new one is neutral, merging is associative, cutting the rows anywhere
//! changes nothing, a later one's rows come after, and the bytes of a partial result are as good as itself.
//!
//! Counts, extremes and orders must be equal; sums may differ in their last digits.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Float64Array, Int16Array, StringArray};
use engine::stats::{LevelCounts, Levels, Moments};
use engine::{Accumulator, Collect};
use proptest::prelude::*;

/// What is compared of a result: what must be equal, and what must be near, each with the size of its terms.
#[derive(Debug)]
struct Seen {
    exact: Vec<String>,
    near: Vec<(f64, f64)>,
}

fn assert_same(left: &Seen, right: &Seen, law: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(&left.exact, &right.exact, "{}", law);
    for (&(a, scale), &(b, _)) in left.near.iter().zip(&right.near) {
        prop_assert!((a - b).abs() <= 1e-11 * scale.max(1e-300), "{}: {} is not near {}", law, a, b);
    }
    Ok(())
}

/// Checks all laws of an accumulator on one sequence of inputs, cut at two places.
fn laws<A: Accumulator, I>(
    new: impl Fn() -> A,
    inputs: &[I],
    give: impl Fn(&I) -> &A::Input,
    cuts: (usize, usize),
    see: impl Fn(A::Output) -> Seen,
) -> Result<(), TestCaseError> {
    let over = |inputs: &[I]| -> A {
        let mut accumulator = new();
        for input in inputs {
            accumulator.update(give(input)).unwrap();
        }
        accumulator
    };
    let merged = |mut first: A, second: A| {
        first.merge(second).unwrap();
        first
    };
    let through_bytes =
        |partial: A| -> A { postcard::from_bytes(&postcard::to_stdvec(&partial).unwrap()).unwrap() };
    let (low, high) = (cuts.0.min(cuts.1).min(inputs.len()), cuts.0.max(cuts.1).min(inputs.len()));
    let parts = || (over(&inputs[..low]), over(&inputs[low..high]), over(&inputs[high..]));
    let whole = see(over(inputs).finish());

    assert_same(&whole, &see(merged(new(), over(inputs)).finish()), "neutral on the left")?;
    assert_same(&whole, &see(merged(over(inputs), new()).finish()), "neutral on the right")?;
    let (a, b, c) = parts();
    let left = see(merged(merged(a, b), c).finish());
    let (a, b, c) = parts();
    let right = see(merged(a, merged(b, c)).finish());
    assert_same(&left, &right, "associative")?;
    assert_same(&whole, &left, "cut anywhere")?;
    let (a, b, c) = parts();
    let sent = merged(merged(through_bytes(a), through_bytes(b)), through_bytes(c));
    assert_same(&whole, &see(sent.finish()), "through bytes")
}

fn see_moments(moments: &Moments) -> Seen {
    let magnitude = moments.max().unwrap_or(0.0).abs().max(moments.min().unwrap_or(0.0).abs());
    let n = moments.count() as f64;
    Seen {
        exact: vec![format!(
            "{} {} {:?} {:?}",
            moments.count(),
            moments.missing(),
            moments.min(),
            moments.max()
        )],
        near: vec![
            (moments.mean().unwrap_or(0.0), magnitude),
            (moments.sum(), magnitude * n),
            (moments.m2(), moments.m2()),
        ],
    }
}

fn numbers() -> impl Strategy<Value = Vec<ArrayRef>> {
    let value = prop_oneof![
        6 => (-1e3..1e3_f64).prop_map(Some),
        2 => (1e9..1.000_001e9_f64).prop_map(Some),
        1 => Just(None),
        1 => Just(Some(f64::NAN)),
    ];
    let array =
        prop::collection::vec(value, 0..300).prop_map(|v| Arc::new(Float64Array::from(v)) as ArrayRef);
    prop::collection::vec(array, 0..8)
}

fn texts() -> impl Strategy<Value = Vec<ArrayRef>> {
    let text = prop::option::weighted(0.8, prop::sample::select(vec!["", "a", "b", "c", "ä", "zz"]));
    let array = (prop::collection::vec(text, 0..40), any::<bool>()).prop_map(|(texts, as_factor)| {
        if as_factor {
            Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>()) as ArrayRef
        } else {
            Arc::new(StringArray::from(texts))
        }
    });
    prop::collection::vec(array, 0..8)
}

fn array(array: &ArrayRef) -> &(dyn Array + 'static) {
    array.as_ref()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moments(inputs in numbers(), cuts in (0_usize..8, 0_usize..8)) {
        laws(Moments::default, &inputs, array, cuts, |moments| see_moments(&moments))?;
    }

    #[test]
    fn moments_of_narrow_integers_are_sums_of_integers(values in prop::collection::vec(any::<i16>(), 1..5000)) {
        let array = Int16Array::from(values.clone());
        let mut moments = Moments::default();
        moments.update(&array).unwrap();
        let sum: i64 = values.iter().map(|&value| i64::from(value)).sum();
        prop_assert_eq!(moments.sum(), sum as f64);
        prop_assert_eq!(moments.min(), values.iter().min().map(|&value| f64::from(value)));
    }

    #[test]
    fn levels(inputs in texts(), cuts in (0_usize..8, 0_usize..8)) {
        let see = |texts: Vec<String>| Seen { exact: texts, near: vec![] };
        laws(Levels::default, &inputs, array, cuts, see)?;
        laws(|| Levels::new(["zz", "a"].map(str::to_owned)), &inputs, array, cuts, see)?;
    }

    #[test]
    fn level_counts(inputs in texts(), cuts in (0_usize..8, 0_usize..8)) {
        let see = |counts: LevelCounts| Seen {
            exact: vec![format!("{:?} {:?} {}", counts.levels(), counts.counts(), counts.missing())],
            near: vec![],
        };
        laws(LevelCounts::default, &inputs, array, cuts, see)?;
    }

    #[test]
    fn collected_inputs_keep_their_order(inputs in prop::collection::vec(any::<i32>(), 0..50), cuts in (0_usize..50, 0_usize..50)) {
        let see = |all: Vec<i32>| Seen { exact: vec![format!("{all:?}")], near: vec![] };
        laws(Collect::<i32>::default, &inputs, |input| input, cuts, see)?;
    }

    #[test]
    fn a_pair_accumulates_both(inputs in texts(), cuts in (0_usize..8, 0_usize..8)) {
        let see = |(texts, counts): (Vec<String>, LevelCounts)| Seen {
            exact: vec![format!("{texts:?} {:?} {}", counts.counts(), counts.missing())],
            near: vec![],
        };
        laws(<(Levels, LevelCounts)>::default, &inputs, array, cuts, see)?;
    }
}

#[test]
fn moments_of_many_parts_equal_those_of_the_whole_to_twelve_digits() {
    let values: Vec<f64> = (0..100_000).map(|i| 1e9 + f64::from(i * 7919 % 1013) / 7.0).collect();
    let whole: Moments = values.iter().copied().collect();
    for size in [1, 999, 1000, 33_333] {
        let mut merged = Moments::default();
        for part in values.chunks(size) {
            merged.merge(part.iter().copied().collect()).unwrap();
        }
        let (found, expected) = (merged.variance().unwrap(), whole.variance().unwrap());
        assert!((found / expected - 1.0).abs() < 1e-11, "parts of {size}: {found} against {expected}");
        assert_eq!((merged.count(), merged.min(), merged.max()), (whole.count(), whole.min(), whole.max()));
    }
}

#[test]
fn the_laws_notice_an_accumulator_that_breaks_them() {
    /// Counts inputs, but forgets what it had when it merges.
    #[derive(Default, serde::Serialize, serde::Deserialize)]
    struct Forgetful(usize);
    impl Accumulator for Forgetful {
        type Input = dyn Array;
        type Output = usize;
        fn update(&mut self, _: &dyn Array) -> engine::Result<()> {
            self.0 += 1;
            Ok(())
        }
        fn merge(&mut self, later: Self) -> engine::Result<()> {
            self.0 = later.0;
            Ok(())
        }
        fn finish(self) -> usize {
            self.0
        }
        fn size(&self) -> usize {
            size_of::<Self>()
        }
    }
    let inputs: Vec<ArrayRef> = (0..3).map(|_| Arc::new(StringArray::from(vec!["a"])) as ArrayRef).collect();
    let see = |count: usize| Seen { exact: vec![count.to_string()], near: vec![] };
    assert!(laws(Forgetful::default, &inputs, array, (1, 2), see).is_err());
}
