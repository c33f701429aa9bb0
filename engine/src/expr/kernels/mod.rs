//! The operations on arrays: Arrow's kernels, and what they lack.
//!
//! Every kernel gets arguments whose types were settled by binding, at least one of which has a value per row.

mod choose;
pub(super) mod compare;
mod number;
mod text;

use std::sync::Arc;

use arrow_arith::boolean;
use arrow_arith::temporal::date_part;
use arrow_array::builder::PrimitiveBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, DictionaryArray};
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType};

use super::ast::Connective;
use super::eval::Operand;
use super::plan::{Levels, Node, Op};

type Kernel<T = ArrayRef> = Result<T, ArrowError>;

/// Applies the operation of `node` to its arguments, of `rows` rows.
pub(super) fn apply(node: &Node, args: &[Operand], rows: usize) -> Kernel {
    let arg = |at: usize| {
        args.get(at).ok_or_else(|| ArrowError::InvalidArgumentError("an argument is missing".into()))
    };
    match &node.op {
        Op::Widen => cast(arg(0)?, &node.ty, false),
        Op::Convert => cast(arg(0)?, &node.ty, true),
        Op::Arithmetic(operator) => number::arithmetic(*operator, arg(0)?, arg(1)?, &node.ty, rows),
        Op::Negate => arrow_arith::numeric::neg(arg(0)?.array.as_ref()),
        Op::Compare(comparison) => Ok(Arc::new(compare::compare(*comparison, arg(0)?, arg(1)?, rows)?)),
        Op::Connect(connective) => connect(*connective, args, rows),
        Op::Not => Ok(Arc::new(boolean::not(booleans(&arg(0)?.array)?)?)),
        Op::In(set) => compare::is_in(set, &arg(0)?.array),
        Op::Like { ignore_case: false } => Ok(Arc::new(arrow_string::like::like(arg(0)?, arg(1)?)?)),
        Op::Like { ignore_case: true } => Ok(Arc::new(arrow_string::like::ilike(arg(0)?, arg(1)?)?)),
        Op::If => choose::if_else(arg(0)?, arg(1)?, arg(2)?, rows),
        Op::Case => choose::case(args, rows),
        Op::Coalesce => choose::coalesce(args, rows),
        Op::NullIf => {
            let value = arg(0)?.expand(rows)?;
            let equal = arg(1)?.expand(rows)?;
            arrow_select::nullif::nullif(&value, booleans(&equal)?)
        }
        Op::IsMissing => Ok(Arc::new(compare::is_missing(&arg(0)?.array)?)),
        Op::Math(function) => number::math(*function, args, rows),
        Op::Round(digits) => number::round(*digits, arg(0)?),
        Op::Extreme { greatest } => number::extreme(*greatest, args, rows),
        Op::Text(function) => text::text(*function, args, rows),
        Op::Part(part) => date_part(&arg(0)?.array, *part),
        Op::MakeFactor(levels) => make_factor(levels, arg(0)?),
        Op::Column(_) | Op::Literal(_) | Op::CompareLevel(..) | Op::Codes => {
            Err(ArrowError::InvalidArgumentError("not an operation on arrays".into()))
        }
    }
}

fn cast(operand: &Operand, to: &DataType, safe: bool) -> Kernel {
    let array = &operand.array;
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, to, &CastOptions { safe, ..CastOptions::default() })
}

fn booleans(array: &ArrayRef) -> Kernel<&BooleanArray> {
    array.as_boolean_opt().ok_or_else(|| ArrowError::InvalidArgumentError("not a condition".into()))
}

/// Three-valued `and` and `or`.
fn connect(connective: Connective, args: &[Operand], rows: usize) -> Kernel {
    let mut all: Option<BooleanArray> = None;
    for arg in args {
        let next = arg.expand(rows)?;
        let next = booleans(&next)?;
        all = Some(match (all, connective) {
            (None, _) => next.clone(),
            (Some(all), Connective::And) => boolean::and_kleene(&all, next)?,
            (Some(all), Connective::Or) => boolean::or_kleene(&all, next)?,
        });
    }
    Ok(Arc::new(all.unwrap_or_else(|| BooleanArray::new_null(rows))))
}

/// Bits of a condition on each element. Whole words at a time, so that the loop has no bounds to check.
pub(super) fn pack<T: Copy>(values: &[T], condition: impl Fn(T) -> bool) -> BooleanBuffer {
    let words: Vec<u64> = values
        .chunks(64)
        .map(|chunk| {
            chunk
                .iter()
                .enumerate()
                .fold(0, |word, (bit, value)| word | (u64::from(condition(*value)) << bit))
        })
        .collect();
    BooleanBuffer::new(Buffer::from_vec(words), 0, values.len())
}

/// Bits of a condition on each pair.
fn pack_pairs<T: Copy>(left: &[T], right: &[T], condition: impl Fn(T, T) -> bool) -> BooleanBuffer {
    let words: Vec<u64> = left
        .chunks(64)
        .zip(right.chunks(64))
        .map(|(left, right)| {
            let pairs = left.iter().zip(right).enumerate();
            pairs.fold(0, |word, (bit, (a, b))| word | (u64::from(condition(*a, *b)) << bit))
        })
        .collect();
    BooleanBuffer::new(Buffer::from_vec(words), 0, left.len().min(right.len()))
}

fn make_factor(levels: &Levels, operand: &Operand) -> Kernel {
    let texts = operand.array.as_string_opt::<i32>();
    let texts = texts.ok_or_else(|| ArrowError::InvalidArgumentError("not a text".into()))?;
    let mut codes = PrimitiveBuilder::<Int32Type>::with_capacity(texts.len());
    for text in texts {
        codes.append_option(text.and_then(|text| levels.codes.get(text).copied()));
    }
    let levels: ArrayRef = Arc::clone(&levels.texts) as ArrayRef;
    Ok(Arc::new(DictionaryArray::try_new(codes.finish(), levels)?))
}
