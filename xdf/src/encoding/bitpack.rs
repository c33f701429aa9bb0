//! Bit-packing: every value takes the same number of bits.
//!
//! The layout is that of `FastLanes` (Afroozeh, Boncz: The `FastLanes` Compression Layout, PVLDB 16, 2023), which a
//! compiler turns into SIMD instructions of any machine. A piece of 1024 values is packed into `bits` rows of 128
//! bytes; a row is 128 / w words side by side, each the next word of its own *lane*. All lanes shift alike, so one
//! loop over a row has neither branches nor dependencies:
//!
//! ```text
//! words of 16 bits in 64 lanes l, 5 bits a value:      bit 15         14 … 10   9 … 5    4 … 0
//!                                       row 0, word l │ 384+l: bit 0 │ 256+l   │ 128+l  │ l            │
//!                                       row 1, word l │ 768+l: 1, 0  │ 640+l   │ 512+l  │ 384+l: 4 … 1 │
//! ```
//!
//! The values of the last piece, when they are fewer, stand one after the other, low bits first.

#![deny(clippy::cast_possible_truncation)]

use crate::encoding::codes::width_of_bits;
use crate::encoding::word::{PIECE, ROW, Word};
use crate::encoding::{Codec, Node, put_node, tag};
use crate::error::Fault;

/// Bits that a number needs.
pub(crate) fn bits_of(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()) as usize
}

/// Bytes of packed values.
pub(crate) fn packed_bytes(count: usize, bits: usize) -> usize {
    count / PIECE * bits * ROW + (count % PIECE * bits).div_ceil(8)
}

/// Appends the low `bits` (1 to 64) of the codes.
pub(crate) fn put<W: Word>(out: &mut Vec<u8>, codes: &[W::Bytes], bits: usize) {
    let mut payload = Vec::with_capacity(packed_bytes(codes.len(), bits) + 1);
    put_packed::<W>(&mut payload, codes, bits);
    // At most 64.
    payload.push(u8::try_from(bits).unwrap_or_default());
    put_node(out, tag::BIT_PACKED, width_of_bits(bits), codes.len(), Codec::None, &payload);
}

/// Appends the low `bits` (0 to 64) of the codes without saying how many.
pub(crate) fn put_packed<W: Word>(payload: &mut Vec<u8>, codes: &[W::Bytes], bits: usize) {
    let mut rows = [[0_u8; ROW]; 64];
    let (pieces, tail) = codes.as_chunks::<PIECE>();
    let rows = rows.get_mut(..bits).unwrap_or_default();
    let mut values = [W::default(); PIECE];
    for piece in pieces.iter().filter(|_| bits > 0) {
        values.iter_mut().zip(piece).for_each(|(value, code)| *value = W::of(*code));
        match width_of_bits(bits) {
            1 => u8::pack(&values, bits, rows),
            2 => u16::pack(&values, bits, rows),
            4 => u32::pack(&values, bits, rows),
            _ => u64::pack(&values, bits, rows),
        }
        payload.extend_from_slice(rows.as_flattened());
    }
    put_tail::<W>(payload, tail, bits);
}

fn put_tail<W: Word>(payload: &mut Vec<u8>, codes: &[W::Bytes], bits: usize) {
    if bits == 0 {
        return;
    }
    let (mut waiting, mut have) = (0_u128, 0);
    for code in codes {
        waiting |= u128::from(W::of(*code).wide() & mask(bits)) << have;
        have += bits;
        while have >= 8 {
            payload.extend(waiting.to_le_bytes().first());
            waiting >>= 8;
            have -= 8;
        }
    }
    if have > 0 {
        payload.extend(waiting.to_le_bytes().first());
    }
}

/// The low bits that are set.
pub(crate) fn mask(bits: usize) -> u64 {
    u64::MAX >> (64 - bits.clamp(1, 64))
}

/// Packed values as they stand in a file.
pub(crate) struct Packed<'a> {
    bits: usize,
    width: usize,
    pieces: &'a [[u8; ROW]],
    tail: &'a [u8],
}

impl<'a> Packed<'a> {
    /// The payload of a node, which must be as long as its values need.
    pub(crate) fn read(node: &Node<'a>) -> Result<Self, Fault> {
        node.expect_plain()?;
        let (bits, packed) = node.payload.split_last().unwrap_or((&0, &[]));
        let bits = usize::from(*bits);
        if !(1..=8 * node.width).contains(&bits) {
            return Err(Fault::new(format_args!("1 to {} bits a value", 8 * node.width), bits));
        }
        let expected = packed_bytes(node.count, bits);
        if packed.len() != expected {
            return Err(Fault::new(format_args!("{expected} bytes of packed values"), packed.len()));
        }
        let (pieces, tail) = packed.split_at(node.count / PIECE * bits * ROW);
        Ok(Self { bits, width: node.width, pieces: pieces.as_chunks().0, tail })
    }

    /// No value is larger than this.
    pub(crate) fn bound(&self) -> u64 {
        mask(self.bits)
    }

    /// Unpacks piece number `piece`, of which `count` values are wanted.
    pub(crate) fn unpack<W: Word>(&self, piece: usize, count: usize, out: &mut [W; PIECE]) {
        match self.pieces.get(piece * self.bits..(piece + 1) * self.bits) {
            Some(rows) => unpack_rows(rows, self.width, self.bits, out),
            None => unpack_tail(self.tail, self.bits, out.get_mut(..count).unwrap_or_default()),
        }
    }
}

/// Unpacks one piece, of which `count` values are wanted, in words as narrow as `bits` (1 to 64) allow.
pub(crate) fn unpack<W: Word>(packed: &[u8], bits: usize, count: usize, out: &mut [W; PIECE]) {
    if count == PIECE {
        unpack_rows(packed.as_chunks().0, width_of_bits(bits), bits, out);
    } else {
        unpack_tail(packed, bits, out.get_mut(..count).unwrap_or_default());
    }
}

fn unpack_rows<W: Word>(rows: &[[u8; ROW]], width: usize, bits: usize, out: &mut [W; PIECE]) {
    match width {
        1 => u8::unpack(rows, bits, out),
        2 => u16::unpack(rows, bits, out),
        4 => u32::unpack(rows, bits, out),
        _ => u64::unpack(rows, bits, out),
    }
}

fn unpack_tail<W: Word>(packed: &[u8], bits: usize, out: &mut [W]) {
    let (mut waiting, mut have) = (0_u128, 0);
    let mut bytes = packed.iter();
    let mask = mask(bits);
    for out in out {
        while have < bits {
            waiting |= u128::from(bytes.next().copied().unwrap_or_default()) << have;
            have += 8;
        }
        *out = W::low(u64::try_from(waiting & u128::from(mask)).unwrap_or_default());
        waiting >>= bits;
        have -= bits;
    }
}
