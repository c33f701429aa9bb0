//! Comparisons.
//!
//! Arrow compares floats by their total order, in which NaN equals itself and exceeds every number, and -0 is less
//! than 0. Here a comparison with NaN is missing, as in R, and zero has no sign; so floats are compared by own loops.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_ord::cmp;
use arrow_schema::{ArrowError, DataType};
use foldhash::HashSet;

use super::{Kernel, pack, pack_pairs};
use crate::expr::ast::Comparison;
use crate::expr::eval::Operand;
use crate::expr::plan::Set;

pub(in crate::expr) fn compare(
    comparison: Comparison,
    left: &Operand,
    right: &Operand,
    rows: usize,
) -> Kernel<BooleanArray> {
    match left.array.data_type() {
        DataType::Float64 => floats::<Float64Type>(comparison, left, right, rows),
        DataType::Float32 => floats::<Float32Type>(comparison, left, right, rows),
        _ => match comparison {
            Comparison::Equal => cmp::eq(left, right),
            Comparison::NotEqual => cmp::neq(left, right),
            Comparison::Less => cmp::lt(left, right),
            Comparison::LessEqual => cmp::lt_eq(left, right),
            Comparison::Greater => cmp::gt(left, right),
            Comparison::GreaterEqual => cmp::gt_eq(left, right),
        },
    }
}

fn floats<T>(comparison: Comparison, left: &Operand, right: &Operand, rows: usize) -> Kernel<BooleanArray>
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    let (a, b) = (primitive::<T>(left)?, primitive::<T>(right)?);
    match (left.scalar, right.scalar) {
        (false, false) => Ok(BooleanArray::new(
            match comparison {
                Comparison::Equal => pack_pairs(a.values(), b.values(), |a, b| a == b),
                Comparison::NotEqual => pack_pairs(a.values(), b.values(), |a, b| a != b),
                Comparison::Less => pack_pairs(a.values(), b.values(), |a, b| a < b),
                Comparison::LessEqual => pack_pairs(a.values(), b.values(), |a, b| a <= b),
                Comparison::Greater => pack_pairs(a.values(), b.values(), |a, b| a > b),
                Comparison::GreaterEqual => pack_pairs(a.values(), b.values(), |a, b| a >= b),
            },
            NullBuffer::union(numbers(a).as_ref(), numbers(b).as_ref()),
        )),
        (false, true) => Ok(against(comparison, a, single(b), rows)),
        (true, _) => Ok(against(comparison.flipped(), b, single(a), rows)),
    }
}

/// Each element against one number; without the number all is missing.
fn against<T>(
    comparison: Comparison,
    array: &PrimitiveArray<T>,
    number: Option<T::Native>,
    rows: usize,
) -> BooleanArray
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    let Some(b) = number else { return BooleanArray::new_null(rows) };
    let values = array.values();
    let bits = match comparison {
        Comparison::Equal => pack(values, |a| a == b),
        Comparison::NotEqual => pack(values, |a| a != b),
        Comparison::Less => pack(values, |a| a < b),
        Comparison::LessEqual => pack(values, |a| a <= b),
        Comparison::Greater => pack(values, |a| a > b),
        Comparison::GreaterEqual => pack(values, |a| a >= b),
    };
    BooleanArray::new(bits, numbers(array))
}

fn primitive<T: ArrowPrimitiveType>(operand: &Operand) -> Kernel<&PrimitiveArray<T>> {
    let array = operand.array.as_primitive_opt::<T>();
    array.ok_or_else(|| ArrowError::InvalidArgumentError("the sides have different types".into()))
}

#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn single<T>(array: &PrimitiveArray<T>) -> Option<T::Native>
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    array.iter().next().flatten().filter(|number| number == number)
}

/// Where there is a number: neither missing nor NaN. None when that is everywhere.
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn numbers<T>(array: &PrimitiveArray<T>) -> Option<NullBuffer>
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    let numbers = NullBuffer::new(pack(array.values(), |x| x == x));
    let numbers = Some(numbers).filter(|numbers| numbers.null_count() > 0);
    NullBuffer::union(array.nulls(), numbers.as_ref())
}

/// Where there is no value; NaN is none.
pub(super) fn is_missing(array: &ArrayRef) -> Kernel<BooleanArray> {
    let valid = match array.data_type() {
        DataType::Float64 => numbers(array.as_primitive::<Float64Type>()),
        DataType::Float32 => numbers(array.as_primitive::<Float32Type>()),
        _ => return arrow_arith::boolean::is_null(array),
    };
    Ok(match valid {
        Some(valid) => BooleanArray::new(!valid.inner(), None),
        None => BooleanArray::new(BooleanBuffer::new_unset(array.len()), None),
    })
}

/// Lists up to this length are searched from the front, longer ones by hashing.
const SHORT: usize = 8;

pub(super) fn is_in(set: &Set, array: &ArrayRef) -> Kernel {
    let wrong = || ArrowError::InvalidArgumentError("the list has another type".into());
    let (bits, nulls) = match set {
        Set::Ints(set) => {
            let array = array.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
            let bits = if set.len() <= SHORT {
                pack(array.values(), |x| set.contains(&x))
            } else {
                let set: HashSet<i64> = set.iter().copied().collect();
                pack(array.values(), |x| set.contains(&x))
            };
            (bits, array.nulls().cloned())
        }
        Set::Floats(set) => {
            let array = array.as_primitive_opt::<Float64Type>().ok_or_else(wrong)?;
            let bits = if set.len() <= SHORT {
                pack(array.values(), |x| set.contains(&x))
            } else {
                let set: HashSet<u64> = set.iter().map(|x| x.to_bits()).collect();
                pack(array.values(), |x| set.contains(&(x + 0.0).to_bits()))
            };
            (bits, numbers(array))
        }
        Set::Texts(set) => {
            let array = array.as_string_opt::<i32>().ok_or_else(wrong)?;
            let bits = if set.len() <= SHORT {
                BooleanBuffer::collect_bool(array.len(), |i| set.iter().any(|text| text == array.value(i)))
            } else {
                let set: HashSet<&str> = set.iter().map(String::as_str).collect();
                BooleanBuffer::collect_bool(array.len(), |i| set.contains(array.value(i)))
            };
            (bits, array.nulls().cloned())
        }
    };
    Ok(Arc::new(BooleanArray::new(bits, nulls)))
}
