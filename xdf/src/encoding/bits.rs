//! Bitmaps: validity and booleans, least significant bit first, as Arrow has them.

#![deny(clippy::cast_possible_truncation)]

use arrow_buffer::{BooleanBuffer, NullBuffer};

use crate::encoding::{Codec, Node, codec, put_leaf, put_node, tag};
use crate::error::Fault;
use crate::mmap::Bytes;
use crate::raw::wire::Cursor;

/// Appends bits: one value when they are all alike, otherwise a bitmap.
pub(crate) fn put(out: &mut Vec<u8>, bits: &BooleanBuffer, level: i32) {
    let set = bits.count_set_bits();
    if set == 0 || set == bits.len() {
        put_node(out, tag::CONSTANT, 1, bits.len(), Codec::None, &[u8::from(set > 0)]);
        return;
    }
    // `sliced` starts at bit 0, and clears what lies beyond the last bit to nothing we rely on.
    let bytes = bits.sliced();
    let bytes = bytes.as_slice();
    put_leaf(out, tag::BITS, 1, bits.len(), bytes.get(..bits.len().div_ceil(8)).unwrap_or(bytes), level);
}

/// Reads `count` bits.
pub(crate) fn read(cursor: &mut Cursor<'_>, segment: &Bytes, count: usize) -> Result<BooleanBuffer, Fault> {
    let node = Node::next(cursor)?;
    node.expect_count(count)?;
    match node.tag {
        tag::CONSTANT => match node.payload {
            [0] => Ok(BooleanBuffer::new_unset(count)),
            [1] => Ok(BooleanBuffer::new_set(count)),
            other => Err(Fault::new("the bit 0 or 1", format_args!("{other:?}"))),
        },
        tag::BITS => {
            let length = count.div_ceil(8);
            let buffer = match node.codec {
                Codec::None => {
                    if node.payload.len() != length {
                        return Err(Fault::new(format_args!("{length} bytes of bits"), node.payload.len()));
                    }
                    match segment.slice(node.payload_offset as u64, length as u64) {
                        Some(bytes) => bytes.buffer(),
                        None => node.payload.into(),
                    }
                }
                Codec::Zstd => codec::decompress(node.payload, length)?.into(),
            };
            Ok(BooleanBuffer::new(buffer, 0, count))
        }
        _ => Err(node.unexpected("bits")),
    }
}

/// Calls `take` with the number of each missing row.
pub(crate) fn for_each_missing(nulls: &NullBuffer, mut take: impl FnMut(usize)) {
    let chunks = nulls.inner().bit_chunks();
    let mut start = 0;
    for chunk in chunks.iter() {
        for_each_unset(chunk, start, 64, &mut take);
        start += 64;
    }
    for_each_unset(chunks.remainder_bits(), start, chunks.remainder_len(), &mut take);
}

fn for_each_unset(chunk: u64, start: usize, length: usize, take: &mut impl FnMut(usize)) {
    let mut missing = !chunk;
    if length < 64 {
        missing &= (1 << length) - 1;
    }
    while missing != 0 {
        take(start + missing.trailing_zeros() as usize);
        missing &= missing - 1;
    }
}

/// The values that are there, one after the other.
pub(crate) fn present<T: Copy>(values: &[T], nulls: &NullBuffer) -> Vec<T> {
    let mut out = Vec::with_capacity(values.len() - nulls.null_count().min(values.len()));
    let mut next = 0;
    for_each_missing(nulls, |row| {
        out.extend_from_slice(values.get(next..row).unwrap_or_default());
        next = row + 1;
    });
    out.extend_from_slice(values.get(next..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_from_any_offset() {
        for (length, offset) in [(0, 0), (1, 0), (8, 3), (1000, 5), (5000, 0), (64, 64)] {
            let all = BooleanBuffer::collect_bool(length + offset, |i| i % 3 == 0 || i % 7 == 1);
            let bits = all.slice(offset, length);
            for level in [0, 1] {
                let mut out = Vec::new();
                put(&mut out, &bits, level);
                let segment = Bytes::from(out.clone());
                assert_eq!(read(&mut Cursor::new(&out), &segment, length).unwrap(), bits);
                assert!(read(&mut Cursor::new(&out), &segment, length + 1).is_err());
            }
        }
    }

    #[test]
    fn missing_rows_are_found() {
        let bits = BooleanBuffer::collect_bool(203, |i| i % 5 != 0).slice(3, 200);
        let nulls = NullBuffer::new(bits);
        let mut rows = Vec::new();
        for_each_missing(&nulls, |row| rows.push(row));
        let expected: Vec<usize> = (0..200).filter(|row| nulls.is_null(*row)).collect();
        assert_eq!(rows, expected);
        let values: Vec<usize> = (0..200).collect();
        let there: Vec<usize> = (0..200).filter(|row| nulls.is_valid(*row)).collect();
        assert_eq!(present(&values, &nulls), there);
    }
}
