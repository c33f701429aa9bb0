//! Writing integers and floats: as codes (distances from the smallest, places in a dictionary), as decimals (ALP), or
//! as they are.

use crate::encoding::alp::{self, AlpFloat};
use crate::encoding::codes::{self, put_values, width_of};
use crate::encoding::distinct::{self, Distinct};
use crate::encoding::summary::{Float, Integer, extremes};
use crate::encoding::{Codec, choose, put_leaf, put_node, tag};

/// Most distinct values of a dictionary.
const MAX_DISTINCT: usize = 1 << 16;
/// Floats are tested in pieces of this many values, so that a column of fractions is known soon.
const PIECE: usize = 1024;

/// Appends integers. Missing rows hold any value that also occurs, or all of them anything.
pub(crate) fn put_integers<T: Integer>(out: &mut Vec<u8>, values: &[T], level: i32) {
    let count = values.len();
    let Some((min, max)) = extremes(values) else {
        put_node(out, tag::PLAIN, T::WIDTH, 0, Codec::None, &[]);
        return;
    };
    let width = width_of(max.above(min));
    if width == 0 {
        put_constant(out, T::WIDTH, count, min.bits());
        return;
    }
    if width > 1 {
        let limit = if width == 2 { 256 } else { MAX_DISTINCT.min(count / 4) };
        let bits = values.iter().map(|v| v.bits());
        let distinct = distinct::find(bits, limit, T::rank);
        if put_dictionary(out, distinct, count, T::WIDTH, width, level) {
            return;
        }
    }
    let narrow = codes::narrow(values, width, |v: T| v.above(min));
    if width < T::WIDTH || choose::encodes(&narrow, width, level) {
        put_node(out, tag::OFFSET, T::WIDTH, count, Codec::None, &min.bits().to_le_bytes());
        choose::put(out, &narrow, width, level);
    } else {
        put_values(out, &codes::narrow(values, T::WIDTH, T::bits), T::WIDTH, level);
    }
}

/// Appends floats. Missing rows hold any value that also occurs, or all of them anything.
pub(crate) fn put_floats<T: AlpFloat>(out: &mut Vec<u8>, values: &[T], level: i32) {
    let count = values.len();
    let Some(first) = values.first() else {
        put_node(out, tag::PLAIN, T::WIDTH, 0, Codec::None, &[]);
        return;
    };
    let first = first.bits();
    if values.iter().all(|v| v.bits() == first) {
        put_constant(out, T::WIDTH, count, first);
        return;
    }
    if let Some(integers) = as_integers(values)
        && let Some((min, max)) = extremes(&integers)
    {
        let width = width_of(max.above(min));
        if width < T::WIDTH {
            put_node(out, tag::INTEGER_FLOAT, T::WIDTH, count, Codec::None, &min.bits().to_le_bytes());
            choose::put(out, &codes::narrow(&integers, width, |v| v.above(min)), width, level);
            return;
        }
    }
    let bits = values.iter().map(|v| v.bits());
    let distinct = distinct::find(bits, MAX_DISTINCT.min(count / 4), T::rank);
    if put_dictionary(out, distinct, count, T::WIDTH, T::WIDTH, level) {
        return;
    }
    if let Some(scale) = alp::find(values) {
        alp::put(out, values, scale, level);
    } else {
        put_values(out, &codes::narrow(values, T::WIDTH, T::bits), T::WIDTH, level);
    }
}

fn put_constant(out: &mut Vec<u8>, width: usize, count: usize, bits: u64) {
    let bytes = bits.to_le_bytes();
    put_node(out, tag::CONSTANT, width, count, Codec::None, bytes.get(..width).unwrap_or_default());
}

/// The floats as integers of 32 bits, when every one of them comes back bit for bit.
fn as_integers<T: Float>(values: &[T]) -> Option<Vec<i32>> {
    let mut integers = Vec::with_capacity(values.len());
    for piece in values.chunks(PIECE) {
        let exact =
            piece.iter().fold(true, |exact, v| exact & (T::from_integer(v.integer()).bits() == v.bits()));
        if !exact {
            return None;
        }
        integers.extend(piece.iter().map(|v| v.integer()));
    }
    Some(integers)
}

/// Appends a dictionary if there are few distinct values and its codes are narrower than `wide` bytes.
fn put_dictionary(
    out: &mut Vec<u8>,
    distinct: Option<Distinct>,
    count: usize,
    width: usize,
    wide: usize,
    level: i32,
) -> bool {
    let Some(distinct) = distinct else { return false };
    let code_width = width_of(distinct.values.len().saturating_sub(1) as u64).max(1);
    if code_width >= wide {
        return false;
    }
    put_node(out, tag::DICTIONARY, width, count, Codec::None, &[]);
    choose::put(out, &codes::narrow(&distinct.codes, code_width, u64::from), code_width, level);
    let values = codes::narrow(&distinct.values, width, |bits| bits);
    put_leaf(out, tag::PLAIN, width, distinct.values.len(), &values, level);
    true
}
