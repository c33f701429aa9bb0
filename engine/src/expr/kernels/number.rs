//! Arithmetic and mathematical functions.
//!
//! Whole numbers fail on overflow; a whole-number division or remainder by zero is missing, and both round down, as
//! in R and Python. Floats follow IEEE 754.

use std::sync::Arc;

use arrow_arith::{arity, numeric};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int64Array, PrimitiveArray,
};
use arrow_schema::{ArrowError, DataType};

use super::{Kernel, pack};
use crate::expr::ast::Arithmetic;
use crate::expr::eval::Operand;
use crate::expr::functions::Function;

pub(super) fn arithmetic(
    operator: Arithmetic,
    left: &Operand,
    right: &Operand,
    ty: &DataType,
    rows: usize,
) -> Kernel {
    match operator {
        Arithmetic::Add => numeric::add(left, right),
        Arithmetic::Subtract => numeric::sub(left, right),
        Arithmetic::Multiply => numeric::mul(left, right),
        Arithmetic::Divide => numeric::div(left, right),
        Arithmetic::Power => power(left, right, rows),
        Arithmetic::Modulo if *ty == DataType::Int64 => {
            whole_division(left, right, rows, |a, b| Some(floored_remainder(a, b)))
        }
        Arithmetic::FloorDivide if *ty == DataType::Int64 => {
            whole_division(left, right, rows, floored_quotient)
        }
        Arithmetic::Modulo => each_pair::<Float64Type>(left, right, rows, remainder),
        Arithmetic::FloorDivide => each_pair::<Float64Type>(left, right, rows, quotient),
    }
}

fn typed<T: ArrowPrimitiveType>(array: &ArrayRef) -> Kernel<&PrimitiveArray<T>> {
    array
        .as_primitive_opt::<T>()
        .ok_or_else(|| ArrowError::InvalidArgumentError("not a number of this type".into()))
}

fn single<T: ArrowPrimitiveType>(operand: &Operand) -> Kernel<Option<T::Native>> {
    Ok(typed::<T>(&operand.array)?.iter().next().flatten())
}

/// A function of each pair of values.
fn each_pair<T: ArrowPrimitiveType>(
    left: &Operand,
    right: &Operand,
    rows: usize,
    f: impl Fn(T::Native, T::Native) -> T::Native,
) -> Kernel {
    let result: PrimitiveArray<T> = match (left.scalar, right.scalar) {
        (false, false) => arity::binary(typed::<T>(&left.array)?, typed::<T>(&right.array)?, f)?,
        (false, true) => match single::<T>(right)? {
            Some(b) => typed::<T>(&left.array)?.unary(|a| f(a, b)),
            None => PrimitiveArray::new_null(rows),
        },
        (true, _) => match single::<T>(left)? {
            Some(a) => typed::<T>(&right.array)?.unary(|b| f(a, b)),
            None => PrimitiveArray::new_null(rows),
        },
    };
    Ok(Arc::new(result))
}

fn power(left: &Operand, right: &Operand, rows: usize) -> Kernel {
    if right.scalar && single::<Float64Type>(right)? == Some(2.0) {
        return Ok(Arc::new(typed::<Float64Type>(&left.array)?.unary::<_, Float64Type>(|x| x * x)));
    }
    each_pair::<Float64Type>(left, right, rows, f64::powf)
}

/// The remainder with the sign of the divisor.
fn remainder(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

fn quotient(a: f64, b: f64) -> f64 {
    if b == 0.0 {
        return a / b;
    }
    ((a - remainder(a, b)) / b).round()
}

fn floored_quotient(a: i64, b: i64) -> Option<i64> {
    let q = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q })
}

fn floored_remainder(a: i64, b: i64) -> i64 {
    let r = a.wrapping_rem(b);
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}

/// A division of whole numbers: missing by zero, an error on overflow (of which there is one).
fn whole_division(
    left: &Operand,
    right: &Operand,
    rows: usize,
    f: impl Fn(i64, i64) -> Option<i64>,
) -> Kernel {
    let by = |a: i64, b: i64| match b {
        0 => Ok(0),
        _ => f(a, b).ok_or_else(|| ArrowError::ArithmeticOverflow(format!("{a} / {b}"))),
    };
    let divisor = typed::<Int64Type>(&right.array)?;
    let result: Int64Array = match (left.scalar, right.scalar) {
        (false, false) => arity::try_binary(typed::<Int64Type>(&left.array)?, divisor, by)?,
        (false, true) => match single::<Int64Type>(right)? {
            Some(b) if b != 0 => typed::<Int64Type>(&left.array)?.try_unary(|a| by(a, b))?,
            _ => return Ok(Arc::new(Int64Array::new_null(rows))),
        },
        (true, _) => match single::<Int64Type>(left)? {
            Some(a) => divisor.try_unary(|b| by(a, b))?,
            None => return Ok(Arc::new(Int64Array::new_null(rows))),
        },
    };
    if right.scalar || !divisor.values().contains(&0) {
        return Ok(Arc::new(result));
    }
    let zero = BooleanArray::new(pack(divisor.values(), |b| b == 0), None);
    arrow_select::nullif::nullif(&result, &zero)
}

pub(super) fn math(function: Function, args: &[Operand], rows: usize) -> Kernel {
    use Function as F;
    let Some(first) = args.first() else {
        return Err(ArrowError::InvalidArgumentError("an argument is missing".into()));
    };
    if *first.array.data_type() == DataType::Int64 {
        let array = typed::<Int64Type>(&first.array)?;
        return Ok(Arc::new(match function {
            F::Sign => array.unary::<_, Int64Type>(i64::signum),
            _ => array.try_unary::<_, Int64Type, _>(|x| {
                x.checked_abs().ok_or_else(|| ArrowError::ArithmeticOverflow(format!("abs({x})")))
            })?,
        }));
    }
    if let [value, base] = args {
        return logarithm(value, base, rows);
    }
    let x = typed::<Float64Type>(&first.array)?;
    let apply = |f: fn(f64) -> f64| -> Kernel { Ok(Arc::new(x.unary::<_, Float64Type>(f))) };
    match function {
        F::IsNan => Ok(Arc::new(valid_and(x, f64::is_nan))),
        F::IsFinite => Ok(Arc::new(valid_and(x, f64::is_finite))),
        F::Abs => apply(f64::abs),
        F::Sqrt => apply(f64::sqrt),
        F::Exp => apply(f64::exp),
        F::Expm1 => apply(f64::exp_m1),
        F::Log => apply(f64::ln),
        F::Log2 => apply(f64::log2),
        F::Log10 => apply(f64::log10),
        F::Log1p => apply(f64::ln_1p),
        F::Sin => apply(f64::sin),
        F::Cos => apply(f64::cos),
        F::Tan => apply(f64::tan),
        F::Asin => apply(f64::asin),
        F::Acos => apply(f64::acos),
        F::Atan => apply(f64::atan),
        F::Tanh => apply(f64::tanh),
        F::Floor => apply(f64::floor),
        F::Ceiling => apply(f64::ceil),
        F::Trunc => apply(f64::trunc),
        F::Sign => apply(|x| if x == 0.0 || x.is_nan() { x } else { x.signum() }),
        other => {
            Err(ArrowError::InvalidArgumentError(format!("{} is not a function of numbers", other.name())))
        }
    }
}

/// A test of each number that is there; what is missing does not pass.
fn valid_and(array: &Float64Array, test: fn(f64) -> bool) -> BooleanArray {
    let bits = pack(array.values(), test);
    BooleanArray::new(array.nulls().map_or_else(|| bits.clone(), |nulls| &bits & nulls.inner()), None)
}

fn logarithm(value: &Operand, base: &Operand, rows: usize) -> Kernel {
    each_pair::<Float64Type>(value, base, rows, |x, base| {
        if base == 10.0 {
            x.log10()
        } else if base == 2.0 {
            x.log2()
        } else {
            x.ln() / base.ln()
        }
    })
}

/// Rounds to `digits` decimals, a half to the even digit, of the exact binary value, as Python and R do.
pub(super) fn round(digits: i32, operand: &Operand) -> Kernel {
    let x = typed::<Float64Type>(&operand.array)?;
    if digits == 0 {
        return Ok(Arc::new(x.unary::<_, Float64Type>(f64::round_ties_even)));
    }
    let scale = 10f64.powi(digits.abs());
    if digits < 0 {
        return Ok(Arc::new(x.unary::<_, Float64Type>(|x| (x / scale).round_ties_even() * scale)));
    }
    Ok(Arc::new(x.unary::<_, Float64Type>(|x| round_decimals(x, digits as usize, scale))))
}

/// Scaling rounds once too often when the scaled number falls next to a half; only then is the exact decimal
/// expansion consulted. Beyond 2^52 / scale there are no such decimals.
fn round_decimals(x: f64, digits: usize, scale: f64) -> f64 {
    let scaled = x * scale;
    if !scaled.is_finite() || scaled.abs() >= 4_503_599_627_370_496.0 {
        return x;
    }
    let rounded = scaled.round_ties_even();
    if ((scaled - scaled.floor()) - 0.5).abs() > 1e-6 * scaled.abs().max(1.0) * f64::EPSILON.sqrt() {
        return rounded / scale;
    }
    format!("{x:.digits$}").parse().unwrap_or(rounded / scale)
}

/// The least or the greatest of several numbers; missing or NaN when one of them is.
pub(super) fn extreme(greatest: bool, args: &[Operand], rows: usize) -> Kernel {
    let (Some(first), rest) = (args.first(), args.get(1..).unwrap_or_default()) else {
        return Err(ArrowError::InvalidArgumentError("an argument is missing".into()));
    };
    let mut result = Operand { array: first.expand(rows)?, scalar: false };
    for next in rest {
        let array = if *next.array.data_type() == DataType::Int64 {
            each_pair::<Int64Type>(&result, next, rows, |a, b| if greatest { a.max(b) } else { a.min(b) })?
        } else {
            each_pair::<Float64Type>(&result, next, rows, |a, b| {
                if a.is_nan() || b.is_nan() {
                    f64::NAN
                } else if greatest {
                    a.max(b)
                } else {
                    a.min(b)
                }
            })?
        };
        result = Operand { array, scalar: false };
    }
    Ok(result.array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down() {
        for (a, b, q, r) in
            [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, 3, 2, 0), (-6, 3, -2, 0)]
        {
            assert_eq!((floored_quotient(a, b), floored_remainder(a, b)), (Some(q), r), "{a} by {b}");
            assert_eq!(
                (quotient(a as f64, b as f64), remainder(a as f64, b as f64)),
                (q as f64, r as f64),
                "{a} by {b}"
            );
        }
        assert_eq!(floored_quotient(i64::MIN, -1), None);
        assert_eq!(floored_remainder(i64::MIN, -1), 0);
        assert_eq!(quotient(1.0, 0.0), f64::INFINITY);
        assert!(remainder(1.0, 0.0).is_nan());
    }

    #[test]
    fn rounding_is_of_the_exact_value() {
        for (x, digits, expected) in [
            (2.675, 2, 2.67),
            (0.15, 1, 0.1),
            (0.25, 1, 0.2),
            (1.005, 2, 1.0),
            (-1.55, 1, -1.6),
            (1234.5678, 2, 1234.57),
            (1e300, 2, 1e300),
            (0.1 + 0.2, 15, 0.3),
        ] {
            assert_eq!(
                round_decimals(x, digits, 10f64.powi(digits as i32)),
                expected,
                "round({x}, {digits})"
            );
        }
    }
}
