//! Decimals: integers of 128 bits, most of which are small.
//!
//! A decimal of 38 digits takes 16 bytes, but the values of a block lie close together: as distances from the smallest
//! they nearly always fit in 64 bits and are codes like any other. The few that do not are kept as they are.

#![deny(clippy::cast_possible_truncation)]

use arrow_buffer::ScalarBuffer;

use crate::encoding::codes::{leaf_bytes, narrow, width_of};
use crate::encoding::pieces::Pieces;
use crate::encoding::{Codec, Node, choose, put_leaf, put_node, tag};
use crate::error::Fault;
use crate::raw::wire::Cursor;

/// Bytes of a value.
const WIDTH: usize = 16;

/// Appends decimals without their points.
pub(crate) fn put(out: &mut Vec<u8>, values: &[i128], level: i32) {
    let count = values.len();
    let min = values.iter().copied().min().unwrap_or_default();
    let max = values.iter().copied().max().unwrap_or_default();
    let base = min.to_le_bytes();
    match u64::try_from(max.wrapping_sub(min).cast_unsigned()) {
        Ok(0) if count > 0 => put_node(out, tag::CONSTANT, WIDTH, count, Codec::None, &base),
        Ok(range) if count > 0 => {
            put_node(out, tag::OFFSET, WIDTH, count, Codec::None, &base);
            // No distance is above the range.
            let above = |value: i128| u64::try_from(value.wrapping_sub(min)).unwrap_or(range);
            let width = width_of(range);
            choose::put(out, &narrow(values, width, above), width, level);
        }
        _ => {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            put_leaf(out, tag::PLAIN, WIDTH, count, &bytes, level);
        }
    }
}

/// Reads `count` decimals without their points.
pub(crate) fn read(cursor: &mut Cursor<'_>, count: usize) -> Result<ScalarBuffer<i128>, Fault> {
    let node = Node::next(cursor)?;
    node.expect_count(count)?;
    node.expect_width(WIDTH)?;
    let value = |bytes: &[u8]| {
        let bytes = bytes.try_into();
        bytes.map(i128::from_le_bytes).map_err(|_| Fault::new("a value of 16 bytes", node.payload.len()))
    };
    match node.tag {
        tag::CONSTANT => Ok(vec![value(node.payload)?; count].into()),
        tag::OFFSET => {
            let base = value(node.payload)?;
            let codes = Pieces::read(cursor, count, 8)?;
            let mut values = Vec::with_capacity(count);
            codes.for_each::<u64>(|codes| {
                values.extend(codes.iter().map(|code| base.wrapping_add(i128::from(*code))));
                Ok(())
            })?;
            Ok(values.into())
        }
        tag::PLAIN => {
            let bytes = leaf_bytes(&node, count * WIDTH)?;
            let values = bytes.as_chunks().0.iter().map(|bytes| i128::from_le_bytes(*bytes));
            Ok(values.collect::<Vec<_>>().into())
        }
        _ => Err(node.unexpected("decimals")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_come_back() {
        let far = [i128::MIN, -1, 0, 1, i128::MAX];
        let near = [i128::MAX, i128::MAX - 70_000];
        let cases: [&[i128]; 6] = [&far, &near, &[], &[-5; 9], &[-128, 127], &[0, i128::from(u64::MAX)]];
        for values in cases {
            for level in [0, 1] {
                let mut out = Vec::new();
                put(&mut out, values, level);
                assert_eq!(*read(&mut Cursor::new(&out), values.len()).unwrap(), *values);
                assert!(read(&mut Cursor::new(&out), values.len() + 1).is_err());
            }
        }
    }
}
