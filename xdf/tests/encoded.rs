//! What kernels say of a column as it is stored equals what its values say.

mod tables;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, TimeUnit};
use proptest::prelude::*;
use tables::any::{batch, shape};
use tables::{factor, folder, write};
use xdf::encoded::{Predicate, Shortcut, Sum};
use xdf::{EncodedColumn, Scalar, WriteOptions};

fn primitive<T: ArrowPrimitiveType>(
    array: &dyn Array,
    of: impl Fn(T::Native) -> Scalar,
) -> Vec<Option<Scalar>> {
    array.as_primitive::<T>().iter().map(|value| value.map(&of)).collect()
}

/// The values one by one; what is missing is nothing.
fn scalars(array: &ArrayRef) -> Vec<Option<Scalar>> {
    let text = |text: Option<&str>| text.map(|text| Scalar::Text(text.to_owned()));
    match array.data_type() {
        DataType::Boolean => array.as_boolean().iter().map(|value| value.map(Scalar::Bool)).collect(),
        DataType::Int8 => primitive::<Int8Type>(array, |v| Scalar::Int(v.into())),
        DataType::Int16 => primitive::<Int16Type>(array, |v| Scalar::Int(v.into())),
        DataType::Int32 => primitive::<Int32Type>(array, |v| Scalar::Int(v.into())),
        DataType::Int64 => primitive::<Int64Type>(array, Scalar::Int),
        DataType::UInt8 => primitive::<UInt8Type>(array, |v| Scalar::UInt(v.into())),
        DataType::UInt16 => primitive::<UInt16Type>(array, |v| Scalar::UInt(v.into())),
        DataType::UInt32 => primitive::<UInt32Type>(array, |v| Scalar::UInt(v.into())),
        DataType::UInt64 => primitive::<UInt64Type>(array, Scalar::UInt),
        DataType::Float32 => numbers(primitive::<Float32Type>(array, |v| Scalar::Float(v.into()))),
        DataType::Float64 => numbers(primitive::<Float64Type>(array, Scalar::Float)),
        DataType::Date32 => primitive::<Date32Type>(array, |v| Scalar::Int(v.into())),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => primitive::<TimestampSecondType>(array, Scalar::Int),
            TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(array, Scalar::Int),
            TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, Scalar::Int),
            TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array, Scalar::Int),
        },
        DataType::Decimal128(_, scale) => {
            primitive::<Decimal128Type>(array, |value| Scalar::Decimal { value, scale: *scale })
        }
        DataType::Utf8 => array.as_string::<i32>().iter().map(text).collect(),
        DataType::Dictionary(..) => {
            let texts = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
            texts.into_iter().map(text).collect()
        }
        other => panic!("{other}"),
    }
}

fn numbers(values: Vec<Option<Scalar>>) -> Vec<Option<Scalar>> {
    let number = |value: &Scalar| !value.as_f64().unwrap().is_nan();
    values.into_iter().map(|value| value.filter(number)).collect()
}

fn order(a: &Scalar, b: &Scalar) -> Ordering {
    match (a, b) {
        (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
        (Scalar::Int(a), Scalar::Int(b)) => a.cmp(b),
        (Scalar::UInt(a), Scalar::UInt(b)) => a.cmp(b),
        (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(b).unwrap(),
        (Scalar::Text(a), Scalar::Text(b)) => a.cmp(b),
        (Scalar::Decimal { value: a, .. }, Scalar::Decimal { value: b, .. }) => a.cmp(b),
        _ => panic!("{a:?} and {b:?}"),
    }
}

fn holds(predicate: &Predicate, value: Option<&Scalar>) -> bool {
    let Some(value) = value else { return *predicate == Predicate::Missing };
    match predicate {
        Predicate::Equal(c) => order(value, c).is_eq(),
        Predicate::NotEqual(c) => order(value, c).is_ne(),
        Predicate::Less(c) => order(value, c).is_lt(),
        Predicate::LessOrEqual(c) => order(value, c).is_le(),
        Predicate::Greater(c) => order(value, c).is_gt(),
        Predicate::GreaterOrEqual(c) => order(value, c).is_ge(),
        Predicate::Between(a, b) => order(value, a).is_ge() && order(value, b).is_le(),
        Predicate::In(list) => list.iter().any(|c| order(value, c).is_eq()),
        _ => false,
    }
}

/// Compares every answer with the values.
fn check(column: &EncodedColumn, pick: usize) {
    let array = column.to_array().unwrap();
    let name = format!("{column:?} {}", array.data_type());
    if *array.data_type() == DataType::Binary {
        assert_eq!(column.missing().unwrap(), array.null_count());
        assert_eq!((column.sum().unwrap(), column.min_max().unwrap()), (None, None));
        return;
    }
    let values = scalars(&array);
    let present: Vec<&Scalar> = values.iter().flatten().collect();
    assert_eq!(column.rows(), values.len());
    assert_eq!(column.missing().unwrap(), values.len() - present.len(), "{name}");

    match column.sum().unwrap() {
        Some(Sum::Integer(sum)) => {
            let whole = |value: &&Scalar| match value {
                Scalar::Bool(value) => i128::from(*value),
                Scalar::Int(value) => i128::from(*value),
                Scalar::UInt(value) => i128::from(*value),
                other => panic!("{other:?}"),
            };
            assert_eq!(sum, present.iter().map(whole).sum(), "{name}");
        }
        Some(Sum::Float(sum)) => {
            let floats = || present.iter().map(|value| value.as_f64().unwrap());
            let (expected, size) = (floats().sum::<f64>(), floats().map(f64::abs).sum::<f64>());
            let near = (sum - expected).abs() <= 1e-12 * size;
            assert!(near || !size.is_finite(), "{name}: {sum} is not {expected}");
        }
        None => {
            assert!(!array.data_type().is_numeric() || matches!(array.data_type(), DataType::Decimal128(..)));
        }
    }

    let extreme =
        |wanted| present.iter().copied().reduce(|a, b| if order(b, a) == wanted { b } else { a }).cloned();
    let expected = extreme(Ordering::Less).zip(extreme(Ordering::Greater));
    match array.data_type() {
        DataType::Dictionary(..) => assert_eq!(column.min_max().unwrap(), None),
        _ => assert_eq!(column.min_max().unwrap(), expected, "{name}"),
    }

    let at = |i: usize| present.get((pick + i * 7919) % present.len().max(1)).copied().cloned();
    let mut predicates = vec![Predicate::Missing, Predicate::In(Vec::new())];
    if let (Some(a), Some(b), Some(c)) = (at(0), at(1), at(2)) {
        predicates.extend([
            Predicate::Equal(a.clone()),
            Predicate::NotEqual(a.clone()),
            Predicate::Less(a.clone()),
            Predicate::LessOrEqual(b.clone()),
            Predicate::Greater(a.clone()),
            Predicate::GreaterOrEqual(c.clone()),
            Predicate::Between(a.clone(), b.clone()),
            Predicate::In(vec![a, b, c]),
        ]);
    }
    for predicate in &predicates {
        let got = column.filter(predicate).unwrap();
        let expected: Vec<bool> = values.iter().map(|value| holds(predicate, value.as_ref())).collect();
        assert_eq!(got.iter().collect::<Vec<bool>>(), expected, "{name} {predicate:?}");
        assert_eq!(column.count(predicate).unwrap(), expected.iter().filter(|v| **v).count());
    }

    let Some(groups) = column.group_codes().unwrap() else {
        assert!(!matches!(column.shortcut(), Shortcut::Dictionary | Shortcut::Constant), "{name}");
        return;
    };
    let distinct = scalars(&groups.values);
    let codes = groups.codes.iter();
    let back: Vec<Option<Scalar>> =
        codes.map(|code| code.and_then(|code| distinct[code as usize].clone())).collect();
    assert_eq!(back, values, "{name}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_column(
        shape in shape(),
        missing in prop_oneof![Just(0_u64), Just(100), 1..99_u64],
        seed in any::<u64>(),
        rows in prop_oneof![1..80_usize, 1000..5000_usize],
        level in 0..4_i32,
    ) {
        let folder = folder();
        let options = WriteOptions::default().with_level(level).with_block_rows(3000);
        let file = write(&folder, &[batch(shape, missing, seed, rows)], options);
        for block in 0..file.num_blocks() {
            for column in 0..file.schema().fields().len() {
                check(&file.read_encoded(block, column).unwrap(), seed as usize);
            }
        }
    }
}

fn one(array: ArrayRef, level: i32) -> EncodedColumn {
    let folder = folder();
    let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
    write(&folder, &[batch], WriteOptions::default().with_level(level)).read_encoded(0, 0).unwrap()
}

#[test]
fn shortcuts_are_taken() {
    let noise = |i: i32| i.wrapping_mul(0x1E37_79B1) >> 8;
    let ints = |of: fn(i32) -> i32| Arc::new((0..20_000).map(of).collect::<Int32Array>()) as ArrayRef;
    let floats: Float64Array = (0..20_000).map(|i| f64::from(noise(i) % 100_000)).collect();
    let texts: Vec<String> = (0..20_000).map(|i| format!("text {}", noise(i) % 50)).collect();
    let truth: BooleanArray = vec![Some(true); 100].into_iter().collect();
    let cases: [(ArrayRef, Shortcut); 8] = [
        (ints(|_| 7), Shortcut::Constant),
        (Arc::new(truth), Shortcut::Constant),
        (Arc::new(Int32Array::from(vec![None; 10])), Shortcut::AllMissing),
        (ints(|i| (i.wrapping_mul(0x1E37_79B1) >> 8) % 100_000), Shortcut::Offset),
        (ints(|i| i / 500), Shortcut::Runs),
        (Arc::new(floats), Shortcut::Offset),
        (Arc::new(StringArray::from(texts)), Shortcut::Dictionary),
        (Arc::new((1..20_000).map(|i| f64::from(i).sqrt()).collect::<Float64Array>()), Shortcut::Decode),
    ];
    for (array, shortcut) in cases {
        let column = one(array, 0);
        assert_eq!(column.shortcut(), shortcut, "{column:?}");
        check(&column, 1);
    }
}

#[test]
fn numbers_of_other_types_compare_by_value() {
    let column = one(Arc::new(Int32Array::from_iter_values(-1000..1000)), 1);
    let count = |predicate: &Predicate| column.count(predicate).unwrap();
    assert_eq!(count(&Predicate::Less(Scalar::Float(0.5))), 1001);
    assert_eq!(count(&Predicate::GreaterOrEqual(Scalar::UInt(u64::MAX))), 0);
    assert_eq!(count(&Predicate::NotEqual(Scalar::Float(f64::NAN))), 0);
    assert_eq!(count(&Predicate::NotEqual(Scalar::Float(0.5))), 2000);
    assert_eq!(count(&Predicate::LessOrEqual(Scalar::Float(f64::INFINITY))), 2000);
    assert_eq!(count(&Predicate::Between(Scalar::Decimal { value: -15, scale: 1 }, Scalar::Bool(true))), 3);
    let refused = column.filter(&Predicate::Equal(Scalar::Text("1".to_owned()))).unwrap_err().to_string();
    assert!(refused.contains("Text") && refused.contains("Int32"), "{refused}");
}

#[test]
fn levels_of_factors_compare_as_texts() {
    let column = one(Arc::new(factor()), 1);
    let text = |text: &str| Scalar::Text(text.to_owned());
    assert_eq!(column.count(&Predicate::Equal(text("a"))).unwrap(), 1);
    assert_eq!(column.count(&Predicate::In(vec![text("a"), text("c"), text("?")])).unwrap(), 2);
    let groups = column.group_codes().unwrap().unwrap();
    assert_eq!(groups.codes.iter().collect::<Vec<_>>(), [Some(1), None, Some(0)]);
    assert_eq!(groups.values.len(), 3);
}
