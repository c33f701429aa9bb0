//! Frames of reference: every piece of 1024 codes has a base of its own and as many bits as its distances from it need.
//!
//! What was written in the order of something else (aircraft by carrier, hours by day) stays within a narrow range for
//! a while, and then within another one. The distances are packed as in [`bitpack`]:
//!
//! ```text
//! packed distances of piece 0, piece 1, … │ base 0, base 1, … (words of the codes) │ bits 0, bits 1, … (bytes)
//! ```
//!
//! A piece of one and the same code takes no bits. (Zukowski, Héman, Nes, Boncz: Super-Scalar RAM-CPU Cache
//! Compression, ICDE 2006, there with one frame for each block.)

#![deny(clippy::cast_possible_truncation)]

use crate::encoding::bitpack::{bits_of, mask, packed_bytes, put_packed, unpack};
use crate::encoding::word::{PIECE, Word};
use crate::encoding::{Codec, Node, put_node, tag};
use crate::error::Fault;

/// Smallest and largest code of every piece.
pub(crate) fn ranges<W: Word>(codes: &[W::Bytes]) -> Vec<(W, W)> {
    let range = |piece: &[W::Bytes]| {
        let first = piece.first().map_or(W::default(), |code| W::of(*code));
        piece.iter().fold((first, first), |(min, max), code| (min.min(W::of(*code)), max.max(W::of(*code))))
    };
    codes.chunks(PIECE).map(range).collect()
}

/// Bits that the distances of a piece need.
fn bits_within<W: Word>((min, max): (W, W)) -> usize {
    bits_of(max.minus(min).wide())
}

/// Length of the payload for `count` codes.
pub(crate) fn stored_bytes<W: Word>(ranges: &[(W, W)], count: usize) -> usize {
    let packed = ranges
        .iter()
        .enumerate()
        .map(|(piece, range)| packed_bytes((count - piece * PIECE).min(PIECE), bits_within(*range)));
    packed.sum::<usize>() + ranges.len() * (W::WIDTH + 1)
}

/// Appends the codes.
pub(crate) fn put<W: Word>(out: &mut Vec<u8>, codes: &[W::Bytes]) {
    let ranges = ranges::<W>(codes);
    let mut payload = Vec::with_capacity(stored_bytes(&ranges, codes.len()));
    let mut distances = Vec::with_capacity(PIECE);
    for (piece, (min, max)) in codes.chunks(PIECE).zip(&ranges) {
        distances.clear();
        distances.extend(piece.iter().map(|code| W::of(*code).minus(*min).bytes()));
        put_packed::<W>(&mut payload, &distances, bits_within((*min, *max)));
    }
    for (min, _) in &ranges {
        payload.extend_from_slice(min.bytes().as_ref());
    }
    // At most 64.
    payload.extend(ranges.iter().map(|range| u8::try_from(bits_within(*range)).unwrap_or_default()));
    put_node(out, tag::FRAMES, W::WIDTH, codes.len(), Codec::None, &payload);
}

/// Packed pieces as they stand in a file.
pub(crate) struct Frames<'a> {
    pieces: Vec<Frame<'a>>,
}

struct Frame<'a> {
    base: u64,
    bits: usize,
    packed: &'a [u8],
}

impl<'a> Frames<'a> {
    /// The payload of a node, which must be as long as its values need.
    pub(crate) fn read(node: &Node<'a>) -> Result<Self, Fault> {
        node.expect_plain()?;
        let number = node.count.div_ceil(PIECE);
        let heads = number * (node.width + 1);
        let Some((packed, heads)) =
            node.payload.len().checked_sub(heads).and_then(|at| node.payload.split_at_checked(at))
        else {
            let fault = Fault::new(format_args!("bases and bits of {number} pieces"), node.payload.len());
            return Err(fault);
        };
        let (bases, bits) = heads.split_at(number * node.width);
        let mut left = packed;
        let mut pieces = Vec::with_capacity(number);
        for (piece, (base, bits)) in bases.chunks_exact(node.width.max(1)).zip(bits).enumerate() {
            let bits = usize::from(*bits);
            if bits > 8 * node.width {
                return Err(Fault::new(format_args!("at most {} bits a value", 8 * node.width), bits));
            }
            let length = packed_bytes((node.count - piece * PIECE).min(PIECE), bits);
            let Some((packed, rest)) = left.split_at_checked(length) else {
                return Err(Fault::new(format_args!("{length} bytes of packed values"), left.len()));
            };
            let base = base.iter().rev().fold(0, |base, byte| base << 8 | u64::from(*byte));
            pieces.push(Frame { base, bits, packed });
            left = rest;
        }
        if !left.is_empty() {
            return Err(Fault::new(
                "the end of the packed values",
                format_args!("{} more bytes", left.len()),
            ));
        }
        Ok(Self { pieces })
    }

    /// No code of `width` bytes is larger than this.
    pub(crate) fn bound(&self, width: usize) -> u64 {
        let most = mask(8 * width);
        let bound = |frame: &Frame<'_>| match frame.bits {
            0 => Some(frame.base),
            bits => frame.base.checked_add(mask(bits)).filter(|bound| *bound <= most),
        };
        self.pieces.iter().map(|frame| bound(frame).unwrap_or(most)).max().unwrap_or_default()
    }

    /// Unpacks piece number `piece`, of which `count` values are wanted; sums are those of words of `width` bytes.
    pub(crate) fn unpack<W: Word>(&self, piece: usize, width: usize, count: usize, out: &mut [W; PIECE]) {
        let Some(frame) = self.pieces.get(piece) else { return };
        let base = W::low(frame.base);
        if frame.bits == 0 {
            out.fill(base);
            return;
        }
        unpack(frame.packed, frame.bits, count, out);
        if width == W::WIDTH {
            for code in out {
                *code = code.plus(base);
            }
        } else {
            let mask = mask(8 * width);
            for code in out {
                *code = W::low(code.plus(base).wide() & mask);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::pieces::Pieces;
    use crate::raw::wire::Cursor;

    fn back<W: Word>(codes: &[W]) -> (Vec<W>, usize) {
        let bytes: Vec<W::Bytes> = codes.iter().map(|code| code.bytes()).collect();
        let mut out = Vec::new();
        put::<W>(&mut out, &bytes);
        let mut cursor = Cursor::new(&out);
        let pieces = Pieces::read(&mut cursor, codes.len(), W::WIDTH).unwrap();
        assert_eq!(cursor.remaining(), 0);
        assert!(codes.iter().all(|code| code.wide() <= pieces.bound()));
        let mut all = Vec::new();
        pieces
            .for_each::<W>(|codes| {
                all.extend_from_slice(codes);
                Ok(())
            })
            .unwrap();
        (all, out.len())
    }

    #[test]
    fn codes_come_back_in_all_widths_and_lengths() {
        for count in [1, 5, 1023, 1024, 1025, 5000] {
            let step = |row: usize| (row / 700 * 29 + row * row % 17) as u64;
            let bytes: Vec<u8> = (0..count).map(|row| u8::low(step(row))).collect();
            assert_eq!(back(&bytes).0, bytes);
            let twice: Vec<u16> = (0..count).map(|row| u16::low(step(row) * 251)).collect();
            assert_eq!(back(&twice).0, twice);
            let words: Vec<u32> = (0..count).map(|row| u32::low(step(row) << 21)).collect();
            assert_eq!(back(&words).0, words);
            let long: Vec<u64> = (0..count).map(|row| u64::MAX - (step(row) << 50)).collect();
            assert_eq!(back(&long).0, long);
        }
    }

    #[test]
    fn a_piece_of_one_code_takes_no_bits() {
        let codes: Vec<u32> = (0..10 * 1024).map(|row| row / 1024 * 77_777).collect();
        let (all, length) = back(&codes);
        assert_eq!(all, codes);
        assert_eq!(length, 16 + 56);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let codes: Vec<[u8; 2]> = (0..2000_u16).map(u16::to_le_bytes).collect();
        let mut out = Vec::new();
        put::<u16>(&mut out, &codes);
        let node = |out: &[u8], change: &dyn Fn(&mut Vec<u8>)| {
            let whole = Node::next(&mut Cursor::new(out)).unwrap();
            let mut payload = whole.payload.to_vec();
            change(&mut payload);
            Frames::read(&Node { payload: &payload, ..whole }).err().map(|fault| format!("{fault:?}"))
        };
        assert_eq!(node(&out, &|_| {}), None);
        assert!(node(&out, &|p| p.truncate(5)).unwrap().contains("bases and bits of 2 pieces"));
        assert!(node(&out, &|p| *p.last_mut().unwrap() = 17).unwrap().contains("at most 16 bits"));
        assert!(node(&out, &|p| *p.last_mut().unwrap() = 16).unwrap().contains("packed values"));
        assert!(node(&out, &|p| *p.last_mut().unwrap() = 1).unwrap().contains("more bytes"));
    }
}
