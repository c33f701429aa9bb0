//! Strings and binary values: lengths and bytes, or codes into a list of the distinct ones.

#![deny(clippy::cast_possible_truncation)]

use arrow_array::types::ByteArrayType;
use arrow_array::{Array, GenericByteArray};
use arrow_buffer::{Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::encoding::codes::{self, CodeSlice, Codes, width_of};
use crate::encoding::decode::leaf_buffer;
use crate::encoding::fsst::{self, Symbols};
use crate::encoding::{Codec, Node, choose, put_leaf, put_node, tag};
use crate::error::Fault;
use crate::mmap::Bytes;
use crate::raw::wire::Cursor;

/// Number of texts that are looked at before the whole column is.
const SAMPLE: usize = 1024;

/// Appends strings or binary values; missing ones have no bytes.
pub(crate) fn put<T: ByteArrayType>(out: &mut Vec<u8>, array: &GenericByteArray<T>, level: i32) {
    let missing = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let bytes = |row| -> &[u8] {
        match missing {
            Some(nulls) if nulls.is_null(row) => &[],
            _ => array.value(row).as_ref(),
        }
    };
    let texts: Vec<&[u8]> = (0..array.len()).map(bytes).collect();
    let same = texts.first().filter(|first| texts.iter().all(|text| text == *first));
    if let Some(first) = same {
        put_node(out, tag::CONSTANT, 0, texts.len(), Codec::None, first);
        return;
    }
    let Some((values, numbers)) = distinct(&texts) else {
        put_texts(out, &texts, level);
        return;
    };
    let width = width_of(values.len().saturating_sub(1) as u64).max(1);
    put_node(out, tag::DICTIONARY, 0, texts.len(), Codec::None, &[]);
    choose::put(out, &codes::narrow(&numbers, width, u64::from), width, level);
    put_texts(out, &values, level);
}

fn put_texts(out: &mut Vec<u8>, texts: &[&[u8]], level: i32) {
    let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
    let total = texts.iter().map(|text| text.len()).sum();
    // Arrow's strings are at most 2 GiB long together.
    let width = width_of(longest as u64).max(1);
    put_node(out, tag::TEXT, 0, texts.len(), Codec::None, &[]);
    choose::put(out, &codes::narrow(texts, width, |text| text.len() as u64), width, level);
    let mut bytes = Vec::with_capacity(total);
    for text in texts {
        bytes.extend_from_slice(text);
    }
    match Symbols::find(&bytes, level) {
        Some(symbols) => symbols.put(out, &bytes),
        None => put_leaf(out, tag::PLAIN, 1, total, &bytes, level),
    }
}

/// The distinct texts in order of appearance and the number of each row's, unless more than half are distinct.
fn distinct<'a>(texts: &[&'a [u8]]) -> Option<(Vec<&'a [u8]>, Vec<u32>)> {
    if texts.len() > 4 * SAMPLE {
        let sample: Vec<&[u8]> = texts.iter().step_by(texts.len() / SAMPLE).copied().collect();
        let (values, _) = number(&sample, usize::MAX)?;
        if values.len() > sample.len() * 3 / 4 {
            return None;
        }
    }
    number(texts, texts.len() / 2)
}

fn number<'a>(texts: &[&'a [u8]], limit: usize) -> Option<(Vec<&'a [u8]>, Vec<u32>)> {
    let state = FixedState::default();
    let mut table: HashTable<(u32, &[u8])> = HashTable::new();
    let mut values = Vec::new();
    let mut numbers = Vec::with_capacity(texts.len());
    for text in texts {
        let hash = state.hash_one(text);
        let entry = table.entry(hash, |(_, known)| known == text, |(_, known)| state.hash_one(known));
        let number = entry.or_insert_with(|| {
            values.push(*text);
            // A block has at most 2^24 rows.
            (u32::try_from(values.len() - 1).unwrap_or(u32::MAX), *text)
        });
        numbers.push(number.get().0);
        if values.len() > limit {
            return None;
        }
    }
    Some((values, numbers))
}

/// Texts side by side: where each begins and ends, and their bytes.
struct Packed {
    offsets: Vec<i32>,
    bytes: Buffer,
}

fn too_long(bytes: u64) -> Fault {
    Fault::new("at most 2147483647 bytes of text in a block", bytes)
}

/// An offset; one that is too large is cut here, and refused when all lengths are added up, which cannot wrap.
#[expect(clippy::cast_possible_truncation, reason = "the last offset is compared with the sum")]
fn offset(end: u64) -> i32 {
    end as i32
}

/// The offsets of texts of these lengths.
fn offsets(lengths: impl Iterator<Item = u32>, count: usize) -> Result<Vec<i32>, Fault> {
    let mut offsets = Vec::with_capacity(count + 1);
    let mut end = 0_u64;
    offsets.push(0);
    for length in lengths {
        end += u64::from(length);
        offsets.push(offset(end));
    }
    if i32::try_from(end).is_err() {
        return Err(too_long(end));
    }
    Ok(offsets)
}

/// Reads a node of texts: exactly `count`, or up to that many.
fn read_packed(cursor: &mut Cursor<'_>, segment: &Bytes, node: &Node<'_>) -> Result<Packed, Fault> {
    let count = node.count;
    let codes = Codes::read(cursor, count, 4)?;
    let offsets = match codes.slice() {
        CodeSlice::Constant(length) => offsets(std::iter::repeat_n(length, count), count),
        CodeSlice::U8(lengths) => offsets(lengths.iter().map(|l| u32::from(*l)), count),
        CodeSlice::U16(lengths) => offsets(lengths.iter().map(|l| u32::from(u16::from_le_bytes(*l))), count),
        CodeSlice::U32(lengths) => offsets(lengths.iter().map(|l| u32::from_le_bytes(*l)), count),
    }?;
    let total = offsets.last().and_then(|end| usize::try_from(*end).ok()).unwrap_or_default();
    let node = Node::next(cursor)?;
    node.expect_count(total)?;
    node.expect_width(1)?;
    let bytes = match node.tag {
        tag::PLAIN => leaf_buffer(&node, segment, total, 1)?,
        tag::FSST => fsst::read(&node, cursor, total)?,
        _ => return Err(node.unexpected("the bytes of texts")),
    };
    Ok(Packed { offsets, bytes })
}

/// Reads `count` strings, which must be UTF-8, or binary values.
pub(crate) fn read<T: ByteArrayType<Offset = i32>>(
    cursor: &mut Cursor<'_>,
    segment: &Bytes,
    count: usize,
    nulls: Option<NullBuffer>,
) -> Result<GenericByteArray<T>, Fault> {
    let node = Node::next(cursor)?;
    node.expect_count(count)?;
    node.expect_width(0)?;
    let packed = match node.tag {
        tag::TEXT => read_packed(cursor, segment, &node)?,
        tag::CONSTANT => {
            let length =
                u32::try_from(node.payload.len()).map_err(|_| too_long(node.payload.len() as u64))?;
            let offsets = offsets(std::iter::repeat_n(length, count), count)?;
            Packed { offsets, bytes: node.payload.repeat(count).into() }
        }
        tag::DICTIONARY => {
            let codes = Codes::read(cursor, count, 4)?;
            let values = Node::next(cursor)?;
            values.expect_width(0)?;
            if values.tag != tag::TEXT {
                return Err(values.unexpected("the texts of a dictionary"));
            }
            if values.count > count {
                return Err(Fault::new(format_args!("at most {count} distinct texts"), values.count));
            }
            let values = read_packed(cursor, segment, &values)?;
            match codes.slice() {
                CodeSlice::Constant(code) => gather(&values, std::iter::repeat_n(code, count), count),
                CodeSlice::U8(codes) => gather(&values, codes.iter().map(|c| u32::from(*c)), count),
                CodeSlice::U16(codes) => {
                    gather(&values, codes.iter().map(|c| u32::from(u16::from_le_bytes(*c))), count)
                }
                CodeSlice::U32(codes) => gather(&values, codes.iter().map(|c| u32::from_le_bytes(*c)), count),
            }?
        }
        _ => return Err(node.unexpected("text")),
    };
    let offsets = OffsetBuffer::new(ScalarBuffer::from(packed.offsets));
    GenericByteArray::try_new(offsets, packed.bytes, nulls).map_err(|e| Fault::new("UTF-8 text", e))
}

/// The text of every code, side by side.
fn gather(values: &Packed, codes: impl Iterator<Item = u32> + Clone, count: usize) -> Result<Packed, Fault> {
    let range = |code: u32| match values.offsets.get(code as usize..).unwrap_or_default() {
        [start, end, ..] => Ok(*start as usize..*end as usize),
        _ => Err(Fault::new(format_args!("a code below {}", values.offsets.len().saturating_sub(1)), code)),
    };
    let mut offsets = Vec::with_capacity(count + 1);
    let mut end = 0_u64;
    offsets.push(0);
    for code in codes.clone() {
        end += range(code)?.len() as u64;
        offsets.push(offset(end));
    }
    let total = i32::try_from(end).map_err(|_| too_long(end))?;
    let mut bytes = MutableBuffer::with_capacity(total as usize);
    for code in codes {
        bytes.extend_from_slice(values.bytes.get(range(code)?).unwrap_or_default());
    }
    Ok(Packed { offsets, bytes: bytes.into() })
}
