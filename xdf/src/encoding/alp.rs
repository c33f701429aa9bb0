//! ALP: floats that are decimals in disguise, as integers.
//!
//! A price of 19.99 is a float of 53 bits of which most are the noise of writing a decimal in base 2. ALP finds one
//! pair of powers of ten for the column (`exponent` e and `factor` f, e ≥ f) such that
//!
//! ```text
//! integer = round(value × 10^e × 10^-f)        value = integer × 10^f × 10^-e, bit for bit
//! ```
//!
//! for nearly all values. The integers are small and go on to the encodings of integers. Values that do not come
//! back exactly (NaN, infinities, −0.0, other decimals) are *exceptions*: their rows and bit patterns follow (as those of patches do),
//! and the place among the integers holds the integer before. Decoding is a loop of two multiplications.
//!
//! The pair is found on two samples, as in the source: all pairs on a few values, the best of them on more.
//! Both widths compute in 64 bits; a float of 32 bits is rounded once at the end, so that it has few exceptions.
//!
//! ALP for real doubles (ALP-RD) is not written: on normally distributed values it comes to the same 56 to 57 bits
//! as bytes that are split and compressed.
//!
//! Source: A. Afroozeh, L. Kuffó, P. Boncz, "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024,
//! doi:10.1145/3626717, sections 3.1 and 3.2.

#![deny(clippy::cast_possible_truncation)]

use arrow_buffer::{ArrowNativeType, Buffer};

use crate::encoding::codes::{self, leaf_bytes, width_of};
use crate::encoding::numbers::put_integers;
use crate::encoding::pieces::{Pieces, patched_rows};
use crate::encoding::summary::{Float, Integer};
use crate::encoding::{Codec, Node, choose, put_leaf, put_node, tag};
use crate::error::Fault;
use crate::raw::wire::Cursor;

const POWERS: [f64; 19] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];
const FRACTIONS: [f64; 19] = [
    1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15,
    1e-16, 1e-17, 1e-18,
];
/// 2^52 + 2^51. Added to a float it leaves the nearest integer in the low bits of the pattern.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// Integers of 64 bits are at least −2^51 and below 2^51.
const LIMIT: i64 = 1 << 51;
/// Bits that an exception costs beside its value: its row.
const POSITION_BITS: usize = 32;
/// Values on which all pairs are tried, and on which the best of them are.
const SAMPLES: [usize; 2] = [32, 1024];
/// Pairs that are tried on the second sample.
const BEST: usize = 5;
/// Values are compared in pieces of this many, most of which have no exception.
const PIECE: usize = 1024;

/// The pair of powers of ten of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    exponent: u8,
    factor: u8,
}

impl Scale {
    /// 10^exponent and 10^-factor, or the other way round.
    fn powers(self) -> ([f64; 2], [f64; 2]) {
        let of = |table: &[f64; 19], power: u8| table.get(usize::from(power)).copied().unwrap_or(1.0);
        (
            [of(&POWERS, self.exponent), of(&FRACTIONS, self.factor)],
            [of(&POWERS, self.factor), of(&FRACTIONS, self.exponent)],
        )
    }
}

/// A float that ALP encodes.
pub(crate) trait AlpFloat: Float {
    /// Signed integers of the same width.
    type Integer: Integer;
    /// Bit patterns of the same width.
    type Pattern: ArrowNativeType;
    /// Largest exponent.
    const MAX_EXPONENT: u8;
    /// The nearest integer; any when there is none in range.
    fn nearest(scaled: f64) -> Self::Integer;
    /// The value of an integer.
    fn value(integer: Self::Integer, down: [f64; 2]) -> Self;
    /// The bit pattern of the value of an integer that stands in the file as this bit pattern.
    fn restore(pattern: Self::Pattern, down: [f64; 2]) -> Self::Pattern;
    /// The pattern of exactly this many bytes.
    fn pattern(bytes: &[u8]) -> Self::Pattern;
}

impl AlpFloat for f32 {
    type Integer = i32;
    type Pattern = u32;
    const MAX_EXPONENT: u8 = 10;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit does not come back, and is told so"
    )]
    fn nearest(scaled: f64) -> i32 {
        // the low half of the pattern of SHIFT is 0
        (scaled + SHIFT).to_bits() as i32
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounds")]
    fn value(integer: i32, [power, fraction]: [f64; 2]) -> f32 {
        (f64::from(integer) * power * fraction) as f32
    }

    fn restore(pattern: u32, down: [f64; 2]) -> u32 {
        Self::value(pattern.cast_signed(), down).to_bits()
    }

    fn pattern(bytes: &[u8]) -> u32 {
        bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }
}

impl AlpFloat for f64 {
    type Integer = i64;
    type Pattern = u64;
    const MAX_EXPONENT: u8 = 18;

    fn nearest(scaled: f64) -> i64 {
        let integer = (scaled + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()).cast_signed();
        if (-LIMIT..LIMIT).contains(&integer) { integer } else { 0 }
    }

    fn value(integer: i64, [power, fraction]: [f64; 2]) -> f64 {
        // exact within the limit, and a vector instruction where the conversion of 64 bits is none
        (f64::from_bits(SHIFT.to_bits().wrapping_add(integer.cast_unsigned())) - SHIFT) * power * fraction
    }

    fn restore(pattern: u64, down: [f64; 2]) -> u64 {
        Self::value(pattern.cast_signed(), down).to_bits()
    }

    fn pattern(bytes: &[u8]) -> u64 {
        bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// The integer of a value, and whether the value comes back from it bit for bit.
fn encoded<T: AlpFloat>(value: T, [power, fraction]: [f64; 2], down: [f64; 2]) -> (T::Integer, bool) {
    let integer = T::nearest(value.float() * power * fraction);
    (integer, T::value(integer, down).bits() == value.bits())
}

/// Bits that the values of a sample take with this pair: integers of one width, and exceptions.
fn cost<T: AlpFloat>(sample: impl Iterator<Item = T>, scale: Scale) -> usize {
    let (up, down) = scale.powers();
    let (mut exact, mut exceptions) = (0, 0);
    let mut extremes: Option<(T::Integer, T::Integer)> = None;
    for value in sample {
        match encoded(value, up, down) {
            (integer, true) => {
                exact += 1;
                let (min, max) = extremes.unwrap_or((integer, integer));
                extremes = Some((min.min(integer), max.max(integer)));
            }
            (_, false) => exceptions += 1,
        }
    }
    let range = extremes.map_or(0, |(min, max)| max.above(min));
    let bits = (u64::BITS - range.leading_zeros()) as usize;
    exact * bits + exceptions * (8 * T::WIDTH + POSITION_BITS)
}

/// Values that are spread evenly over all.
fn sample<T: Copy>(values: &[T], size: usize) -> impl ExactSizeIterator<Item = T> + Clone {
    values.iter().step_by(values.len().div_ceil(size).max(1)).copied()
}

/// The best pair for the values, when they then take at most three quarters of their width.
pub(crate) fn find<T: AlpFloat>(values: &[T]) -> Option<Scale> {
    if values.is_empty() {
        return None;
    }
    let [few, more] = SAMPLES.map(|size| sample(values, size));
    let pays = |bits: usize, size: usize| bits * 4 <= size * 8 * T::WIDTH * 3;
    let mut tried = Vec::new();
    for exponent in (0..=T::MAX_EXPONENT).rev() {
        for factor in (0..=exponent).rev() {
            let scale = Scale { exponent, factor };
            tried.push((cost(few.clone(), scale), scale));
        }
    }
    tried.sort_by_key(|(bits, _)| *bits);
    if !pays(tried.first()?.0, few.len()) {
        return None;
    }
    let best = tried.iter().take(BEST).map(|(_, scale)| (cost(more.clone(), *scale), *scale));
    let (bits, scale) = best.min_by_key(|(bits, _)| *bits)?;
    pays(bits, more.len()).then_some(scale)
}

/// Appends floats as integers and exceptions.
pub(crate) fn put<T: AlpFloat>(out: &mut Vec<u8>, values: &[T], scale: Scale, level: i32) {
    let (up, down) = scale.powers();
    let mut integers: Vec<T::Integer> = Vec::with_capacity(values.len());
    let mut exceptions = Vec::new();
    for (piece, start) in values.chunks(PIECE).zip((0..).step_by(PIECE)) {
        let begin = integers.len();
        let mut exact = true;
        integers.extend(piece.iter().map(|value| {
            let (integer, comes_back) = encoded(*value, up, down);
            exact &= comes_back;
            integer
        }));
        if exact {
            continue;
        }
        let mut before = begin.checked_sub(1).and_then(|last| integers.get(last)).copied();
        if before.is_none() {
            let first = values.iter().map(|value| encoded(*value, up, down)).find(|(_, exact)| *exact);
            before = first.map(|(integer, _)| integer);
        }
        for ((row, value), integer) in (start..).zip(piece).zip(integers.iter_mut().skip(begin)) {
            if T::value(*integer, down).bits() == value.bits() {
                before = Some(*integer);
            } else {
                *integer = before.unwrap_or_default();
                exceptions.push((row, value.bits()));
            }
        }
    }
    let mut payload = [scale.exponent, scale.factor, 0, 0, 0, 0, 0, 0];
    if let Some((_, number)) = payload.split_last_chunk_mut() {
        // A block has at most 2^24 rows.
        *number = u32::try_from(exceptions.len()).unwrap_or(u32::MAX).to_le_bytes();
    }
    put_node(out, tag::ALP, T::WIDTH, values.len(), Codec::None, &payload);
    put_integers(out, &integers, level);
    if !exceptions.is_empty() {
        let mut next = 0;
        let gap = |(row, _): &(usize, u64)| {
            let gap = row - next;
            next = row + 1;
            gap as u64
        };
        let gaps: Vec<u64> = exceptions.iter().map(gap).collect();
        let width = width_of(gaps.iter().copied().max().unwrap_or_default()).max(1);
        choose::put(out, &codes::narrow(&gaps, width, |gap| gap), width, level);
        let bits = codes::narrow(&exceptions, T::WIDTH, |(_, bits)| bits);
        put_leaf(out, tag::PLAIN, T::WIDTH, exceptions.len(), &bits, level);
    }
}

/// The payload of an ALP node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    scale: Scale,
    exceptions: usize,
}

impl Head {
    pub(crate) fn parse<T: AlpFloat>(node: &Node<'_>) -> Result<Self, Fault> {
        let mut payload = Cursor::new(node.payload);
        let (exponent, factor) = (payload.u8()?, payload.u8()?);
        payload.u16()?;
        let exceptions = payload.u32()? as usize;
        if factor > exponent || exponent > T::MAX_EXPONENT {
            return Err(Fault::new(
                format_args!("a factor up to the exponent, and that up to {}", T::MAX_EXPONENT),
                format_args!("factor {factor}, exponent {exponent}"),
            ));
        }
        if exceptions > node.count {
            return Err(Fault::new(format_args!("at most {} exceptions", node.count), exceptions));
        }
        Ok(Self { scale: Scale { exponent, factor }, exceptions })
    }
}

/// Turns integers into floats; the nodes of the exceptions follow in the cursor.
pub(crate) fn read<T: AlpFloat>(
    head: Head,
    integers: Buffer,
    cursor: &mut Cursor<'_>,
) -> Result<Buffer, Fault> {
    let mut values = integers.into_vec::<T::Pattern>().unwrap_or_else(|shared| shared.typed_data().to_vec());
    let (_, down) = head.scale.powers();
    for value in &mut values {
        *value = T::restore(*value, down);
    }
    if head.exceptions > 0 {
        let gaps = Pieces::read(cursor, head.exceptions, 4)?;
        let rows = patched_rows(&gaps, values.len())?;
        let node = Node::next(cursor)?;
        node.expect_count(head.exceptions)?;
        node.expect_width(T::WIDTH)?;
        if node.tag != tag::PLAIN {
            return Err(node.unexpected("exceptions"));
        }
        let bits = leaf_bytes(&node, head.exceptions * T::WIDTH)?;
        for (row, bits) in rows.iter().zip(bits.chunks_exact(T::WIDTH)) {
            if let Some(value) = values.get_mut(*row as usize) {
                *value = T::pattern(bits);
            }
        }
    }
    Ok(Buffer::from_vec(values))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "floats of 32 bits are made from those of 64")]
mod tests {
    use arrow_schema::DataType;

    use super::*;
    use crate::encoding::decode::decode;
    use crate::mmap::Bytes;

    fn decimals(count: u32) -> Vec<f64> {
        (0..count).map(|i| f64::from(i.wrapping_mul(0x9E37_79B1) % 1_000_000) / 100.0).collect()
    }

    /// The bytes of the values after a way through a segment.
    fn back<T: AlpFloat>(values: &[T], scale: Scale, level: i32) -> Buffer {
        let mut out = Vec::new();
        put(&mut out, values, scale, level);
        let data_type = if T::WIDTH == 4 { DataType::Float32 } else { DataType::Float64 };
        let array = decode(&Bytes::from(out), &data_type, values.len(), None).unwrap();
        array.to_data().buffers()[0].clone()
    }

    #[test]
    fn decimals_are_found_and_have_no_exceptions() {
        let values = decimals(10_000);
        let scale = find(&values).unwrap();
        assert_eq!(scale.exponent - scale.factor, 2);
        let mut out = Vec::new();
        put(&mut out, &values, scale, 0);
        assert_eq!(out[20..24], [0; 4], "{scale:?}");
        let single: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        let scale = find(&single).unwrap();
        assert_eq!(scale.exponent - scale.factor, 2);
    }

    #[test]
    fn noise_is_left_alone() {
        let noise: Vec<f64> = (1..5000).map(|i| f64::from(i).sqrt().sin()).collect();
        assert_eq!(find(&noise), None);
        assert_eq!(find(&noise.iter().map(|v| *v as f32).collect::<Vec<_>>()), None);
        assert_eq!(find::<f64>(&[]), None);
    }

    #[test]
    fn every_pattern_comes_back_with_every_pair() {
        let odd = [
            0.0,
            -0.0,
            f64::NAN,
            f64::from_bits(0x7FF0_0000_0000_0001),
            f64::from_bits(0xFFF8_0000_DEAD_BEEF),
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            f64::MAX,
            0.1 + 0.2,
            1e18,
            2_251_799_813_685_248.0,
            -2_251_799_813_685_248.0,
            2_251_799_813_685_247.0,
            -1.5,
        ];
        let mut values = decimals(3000);
        for (row, value) in odd.iter().cycle().take(200).enumerate() {
            values[row * 13] = *value;
        }
        let single: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        for (exponent, factor) in [(0, 0), (2, 0), (14, 12), (18, 0), (18, 18), (10, 3)] {
            let scale = Scale { exponent, factor };
            for level in [0, 1] {
                assert_eq!(back(&values, scale, level), Buffer::from_slice_ref(&values));
                if exponent <= 10 {
                    assert_eq!(back(&single, scale, level), Buffer::from_slice_ref(&single));
                }
            }
        }
    }
}
