//! Columns whose codes are distances from a base: integers, dates, timestamps, factors, and floats that hold integers.
//!
//! The format adds base and code modulo the width, so a code may wrap; no writer makes such codes, but a file may have
//! them. A shortcut is taken only where the sum is the value for every code.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;

use crate::Scalar;
use crate::encoded::codes::{Codes, Totals};
use crate::encoded::predicate::{Predicate, Ranges, Unfit};
use crate::encoded::{EncodedColumn, decoded};
use crate::encoding::{Node, tag};
use crate::error::Fault;

/// What an integer column of a width can hold.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    bits: u32,
    signed: bool,
}

impl Limits {
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        let signed = match data_type {
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => false,
            DataType::Date32 | DataType::Timestamp(..) | DataType::Dictionary(..) => true,
            other if other.is_signed_integer() => true,
            _ => return None,
        };
        let bits = match data_type {
            DataType::Dictionary(..) => 32,
            other => u32::try_from(other.primitive_width()? * 8).ok()?,
        };
        Some(Self { bits, signed })
    }

    fn largest(self) -> i128 {
        (1 << (self.bits - u32::from(self.signed))) - 1
    }

    /// The integer whose low bits these are.
    pub(super) fn value(self, bits: u64) -> i128 {
        let value = i128::from(bits) & ((1 << self.bits) - 1);
        if value > self.largest() { value - (1 << self.bits) } else { value }
    }
}

impl EncodedColumn {
    /// The codes of distances from a base.
    fn distances(&self) -> Result<Codes<'_>, Fault> {
        let mut cursor = self.cursor()?;
        let node = Node::next(&mut cursor)?;
        Codes::read(&mut cursor, self.rows, if node.tag == tag::OFFSET { node.width } else { 4 })
    }

    /// The largest code that makes a value of the column together with the base; larger ones wrap or are rounded.
    fn largest_code(&self, base: i128) -> u64 {
        let (least, largest) = match self.data_type {
            // Integers that a float of 32 bits holds exactly.
            DataType::Float32 => (-(1 << 24), 1 << 24),
            DataType::Float64 => (i128::from(i32::MIN), i128::from(i32::MAX)),
            ref other => (i128::MIN, Limits::of(other).map_or(-1, Limits::largest)),
        };
        if base < least { 0 } else { u64::try_from(largest - base).unwrap_or_default() }
    }

    /// The rows whose values fulfil a predicate, missing ones as they come; nothing when there is no shortcut.
    pub(super) fn distances_that(
        &self,
        base: i128,
        predicate: &Predicate,
    ) -> Result<Result<Option<BooleanBuffer>, Unfit>, Fault> {
        let Some(levels) = &self.levels else {
            return match self.wanted(predicate) {
                Ok(wanted) => self.within(base, &wanted).map(Ok),
                Err(unfit) => Ok(Err(unfit)),
            };
        };
        match decoded::filter(&(Arc::clone(levels) as ArrayRef), predicate) {
            Ok(matching) => self.levels_within(base, &matching.iter().collect::<Vec<bool>>()).map(Ok),
            Err(unfit) => Ok(Err(unfit)),
        }
    }

    /// Sum and extremes of the codes, unless base and codes do not simply add up.
    pub(super) fn totals(&self, base: i128) -> Result<Option<Totals>, Fault> {
        let totals = self.distances()?.totals(self.validity.as_ref())?;
        Ok((totals.max <= self.largest_code(base)).then_some(totals))
    }

    /// The integers that a predicate means.
    fn wanted(&self, predicate: &Predicate) -> Result<Ranges<i128>, Unfit> {
        if !self.data_type.is_floating() {
            return predicate.integers(0);
        }
        let Ranges { ranges, others } = predicate.floats()?;
        // Casts stop at the ends, which no integer of the column reaches.
        let ranges = ranges.iter().map(|(low, high)| (low.ceil() as i128, high.floor() as i128)).collect();
        Ok(Ranges { ranges, others })
    }

    /// The rows whose distances make a value in the ranges, unless base and codes do not simply add up.
    fn within(&self, base: i128, wanted: &Ranges<i128>) -> Result<Option<BooleanBuffer>, Fault> {
        let (codes, largest) = (self.distances()?, self.largest_code(base));
        if codes.bound() > largest && codes.totals(None)?.max > largest {
            return Ok(None);
        }
        let code = |(low, high): &(i128, i128)| {
            let high = u64::try_from(high.saturating_sub(base).min(u64::MAX.into())).ok()?;
            let low = u64::try_from(low.saturating_sub(base).max(0)).ok()?;
            (low <= high).then_some((low, high))
        };
        let ranges: Vec<(u64, u64)> = wanted.ranges.iter().filter_map(code).collect();
        let chosen = codes.within(&ranges)?;
        Ok(Some(if wanted.others { !&chosen } else { chosen }))
    }

    /// The rows of a factor whose levels match, when its codes are distances.
    fn levels_within(&self, base: i128, levels: &[bool]) -> Result<Option<BooleanBuffer>, Fault> {
        let Some(levels) = usize::try_from(base).ok().and_then(|base| levels.get(base..)) else {
            return Ok(None);
        };
        let codes = self.distances()?;
        if codes.totals(None)?.max >= levels.len() as u64 {
            return Ok(None);
        }
        codes.chosen(levels).map(Some)
    }

    pub(super) fn scalar(&self, value: i128) -> Scalar {
        match self.data_type {
            DataType::Float32 | DataType::Float64 => Scalar::Float(value as f64),
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
                Scalar::UInt(u64::try_from(value).unwrap_or_default())
            }
            _ => Scalar::Int(i64::try_from(value).unwrap_or_default()),
        }
    }
}
