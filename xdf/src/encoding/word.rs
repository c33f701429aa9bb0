//! Unsigned words of 1, 2, 4 and 8 bytes, as they stand in a file: what codes and bit patterns are made of.

#![deny(clippy::cast_possible_truncation)]

use arrow_buffer::ArrowNativeType;

/// Values of one piece: the unit in which codes are packed and decoded, small enough for the first-level cache.
pub(crate) const PIECE: usize = 1024;
/// Bytes of one row of packed words.
pub(crate) const ROW: usize = 128;
/// The order of the groups of eight rows, which makes one layout serve words of every width.
const ORDER: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];

/// An unsigned native word.
pub(crate) trait Word: ArrowNativeType + Ord {
    /// Bytes of a word.
    const WIDTH: usize;
    /// The word as it stands in a file.
    type Bytes: Copy + PartialEq + AsRef<[u8]>;
    /// The low bits of a number.
    fn low(bits: u64) -> Self;
    /// The word as a number.
    fn wide(self) -> u64;
    /// The sum modulo the width.
    fn plus(self, other: Self) -> Self;
    /// The difference modulo the width.
    fn minus(self, other: Self) -> Self;
    /// Both words' bits.
    fn or(self, other: Self) -> Self;
    /// From the form in a file.
    fn of(bytes: Self::Bytes) -> Self;
    /// The form in a file.
    fn bytes(self) -> Self::Bytes;
    /// Bytes of a file as words; what is left over is not a word.
    fn split(bytes: &[u8]) -> &[Self::Bytes];
    /// Bytes of a file as words that can be written.
    fn split_mut(bytes: &mut [u8]) -> &mut [Self::Bytes];
    /// Unpacks one piece: `bits` (at most those of a word) of every value, `packed` as many rows.
    fn unpack<W: Word>(packed: &[[u8; ROW]], bits: usize, out: &mut [W; PIECE]);
    /// Packs the low `bits` of the values of one piece.
    fn pack<W: Word>(values: &[W; PIECE], bits: usize, packed: &mut [[u8; ROW]]);
}

/// A row of a piece: where its values stand, and where its bits begin in which word of each lane.
struct PackedRow {
    start: usize,
    word: usize,
    shift: u32,
    /// Bits go on in the next word.
    straddles: bool,
}

/// The rows of a piece of words of `width` bits, whose values take `bits` each.
fn rows(width: usize, bits: usize) -> impl Iterator<Item = PackedRow> {
    (0..width).map(move |row| {
        let (first, lane) = (row * bits, ORDER.get(row / 8).copied().unwrap_or_default() * 16);
        let shift = first % width;
        PackedRow {
            start: lane + row % 8 * ROW,
            word: first / width,
            // Less than 64.
            shift: u32::try_from(shift).unwrap_or_default(),
            straddles: shift + bits > width,
        }
    })
}

macro_rules! word {
    ($($native:ty),*) => {$(
        impl Word for $native {
            const WIDTH: usize = size_of::<$native>();
            type Bytes = [u8; size_of::<$native>()];

            #[inline]
            fn low(bits: u64) -> Self {
                bits as $native
            }
            #[inline]
            fn wide(self) -> u64 {
                u64::from(self)
            }
            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline]
            fn or(self, other: Self) -> Self {
                self | other
            }
            #[inline]
            fn of(bytes: Self::Bytes) -> Self {
                <$native>::from_le_bytes(bytes)
            }
            #[inline]
            fn bytes(self) -> Self::Bytes {
                self.to_le_bytes()
            }
            #[inline]
            fn split(bytes: &[u8]) -> &[Self::Bytes] {
                bytes.as_chunks().0
            }
            #[inline]
            fn split_mut(bytes: &mut [u8]) -> &mut [Self::Bytes] {
                bytes.as_chunks_mut().0
            }

            fn unpack<W: Word>(packed: &[[u8; ROW]], bits: usize, out: &mut [W; PIECE]) {
                const BITS: usize = 8 * size_of::<$native>();
                let mask = <$native>::MAX >> (BITS - bits.clamp(1, BITS));
                for row in rows(BITS, bits) {
                    let Some(out) = out.get_mut(row.start..row.start + PIECE / BITS) else { return };
                    let Some(low) = packed.get(row.word) else { return };
                    let low = Self::split(low);
                    if row.straddles {
                        let Some(high) = packed.get(row.word + 1) else { return };
                        let left = BITS as u32 - row.shift;
                        for ((out, low), high) in out.iter_mut().zip(low).zip(Self::split(high)) {
                            let low = Self::of(*low).wrapping_shr(row.shift);
                            let value = low | Self::of(*high).wrapping_shl(left);
                            *out = W::low(u64::from(value & mask));
                        }
                    } else {
                        for (out, low) in out.iter_mut().zip(low) {
                            *out = W::low(u64::from(Self::of(*low).wrapping_shr(row.shift) & mask));
                        }
                    }
                }
            }

            fn pack<W: Word>(values: &[W; PIECE], bits: usize, packed: &mut [[u8; ROW]]) {
                const BITS: usize = 8 * size_of::<$native>();
                let mask = <$native>::MAX >> (BITS - bits.clamp(1, BITS));
                packed.as_flattened_mut().fill(0);
                for row in rows(BITS, bits) {
                    let values = values.get(row.start..row.start + PIECE / BITS).unwrap_or_default();
                    if let Some(low) = packed.get_mut(row.word) {
                        for (out, value) in Self::split_mut(low).iter_mut().zip(values) {
                            let value = (value.wide() as $native & mask).wrapping_shl(row.shift);
                            *out = (Self::of(*out) | value).to_le_bytes();
                        }
                    }
                    if let Some(high) = packed.get_mut(row.word + 1).filter(|_| row.straddles) {
                        for (out, value) in Self::split_mut(high).iter_mut().zip(values) {
                            let left = BITS as u32 - row.shift;
                            *out = (value.wide() as $native & mask).wrapping_shr(left).to_le_bytes();
                        }
                    }
                }
            }
        }
    )*};
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is meant")]
mod words {
    use super::{PIECE, ROW, Word, rows};
    word!(u8, u16, u32, u64);
}
