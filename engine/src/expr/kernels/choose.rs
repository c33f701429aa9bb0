//! One of several values per row.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_select::filter::prep_null_mask_filter;
use arrow_select::zip::zip;

use super::compare::is_missing;
use super::{Kernel, booleans};
use crate::expr::eval::Operand;

/// `yes` where the test is true, `no` where it is false, missing where it is missing.
pub(super) fn if_else(test: &Operand, yes: &Operand, no: &Operand, rows: usize) -> Kernel {
    let test = test.expand(rows)?;
    let test = booleans(&test)?;
    let chosen = zip(&filled(test), yes, no)?;
    if test.null_count() == 0 {
        return Ok(chosen);
    }
    arrow_select::nullif::nullif(&chosen, &arrow_arith::boolean::is_null(test)?)
}

/// The first value whose condition is true, from pairs of condition and value and a last value.
pub(super) fn case(args: &[Operand], rows: usize) -> Kernel {
    let (branches, otherwise) = args.split_at(args.len().saturating_sub(1));
    let mut chosen = match otherwise {
        [otherwise] => otherwise.expand(rows)?,
        _ => return Err(arrow_schema::ArrowError::InvalidArgumentError("a case without values".into())),
    };
    for branch in branches.chunks_exact(2).rev() {
        let condition = branch[0].expand(rows)?;
        chosen = zip(&filled(booleans(&condition)?), &branch[1], &whole(chosen))?;
    }
    Ok(chosen)
}

/// The first value that is not missing.
pub(super) fn coalesce(args: &[Operand], rows: usize) -> Kernel {
    let (first, last) = args.split_at(args.len().saturating_sub(1));
    let mut chosen = match last {
        [last] => last.expand(rows)?,
        _ => return Err(arrow_schema::ArrowError::InvalidArgumentError("nothing to choose from".into())),
    };
    for arg in first.iter().rev() {
        let value = arg.expand(rows)?;
        chosen = zip(&is_missing(&value)?, &whole(chosen), &whole(value))?;
    }
    Ok(chosen)
}

fn whole(array: ArrayRef) -> Operand {
    Operand { array, scalar: false }
}

/// The condition with false for missing.
fn filled(condition: &BooleanArray) -> BooleanArray {
    if condition.null_count() == 0 { condition.clone() } else { prep_null_mask_filter(condition) }
}
