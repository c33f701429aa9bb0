//! How much memory a pass may take.
//!
//! What a pass holds is: blocks in flight (reading ahead, being computed on) and one partial result a thread. Both are
//! known before the pass starts, the first from the schema, the second from [`Accumulator::size`](crate::Accumulator).
//! Within the budget the executor runs fewer threads and reads less ahead; when not even one thread fits it refuses,
//! and says what would fit. It never changes the block size by itself, because results would change in the last digits.

use arrow_schema::{DataType, Schema};

use crate::{Error, Result};

/// An upper bound in bytes for the blocks and partial results of a pass; `None` is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryBudget(pub Option<usize>);

impl MemoryBudget {
    /// A bound of `bytes`.
    pub fn bytes(bytes: usize) -> Self {
        Self(Some(bytes))
    }

    /// How many workers of `each` bytes fit beside `fixed` bytes, at most `wanted`.
    ///
    /// # Errors
    /// [`Error::MemoryBudget`] when not one fits.
    pub fn workers(self, wanted: usize, fixed: usize, each: usize) -> Result<usize> {
        let Some(budget) = self.0 else { return Ok(wanted.max(1)) };
        let left = budget.saturating_sub(fixed);
        let fit = left / each.max(1);
        if fit == 0 {
            return Err(Error::MemoryBudget { needed: fixed + each, budget });
        }
        Ok(fit.min(wanted.max(1)))
    }
}

/// Bytes that a block of `rows` rows takes in memory, estimated from the types (texts count 24 bytes a value).
pub(crate) fn block_bytes(schema: &Schema, rows: usize) -> usize {
    let row: usize = schema.fields().iter().map(|field| value_bytes(field.data_type())).sum();
    // a bit of validity a value, and never nothing
    rows.saturating_mul(row + schema.fields().len().div_ceil(8)).max(1024)
}

fn value_bytes(data_type: &DataType) -> usize {
    match data_type {
        DataType::Dictionary(keys, _) => value_bytes(keys),
        DataType::Boolean => 1,
        other => other.primitive_width().unwrap_or(24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_workers_within_the_budget_and_a_refusal_below_it() {
        let budget = MemoryBudget::bytes(1000);
        assert_eq!(budget.workers(8, 100, 300).unwrap(), 3);
        assert_eq!(MemoryBudget::default().workers(8, 100, 300).unwrap(), 8);
        let error = budget.workers(1, 900, 300).unwrap_err().to_string();
        assert!(error.contains("1200") || error.contains("1.2"), "{error}");
    }
}
