//! FSST: texts as codes of one byte for symbols of up to eight.
//!
//! A table of at most 255 frequent pieces of text (*symbols*, 1 to 8 bytes) is made for a segment; its bytes become
//! the numbers of symbols, and what no symbol begins with is *escaped*: code 255, then the byte itself. Decoding
//! looks a code up and writes eight bytes of which as many count as the symbol has; it needs nothing of what came
//! before, no window and no bits.
//!
//! The table is made by the crate `fsst-rs`, which sees bytes that we hold; tables and codes from a file are checked
//! and decoded here: the length of the output is known before, and must come out exactly.
//!
//! Source: P. Boncz, T. Neumann, V. Leis, "FSST: Fast Random Access String Compression", PVLDB 13(11), 2020,
//! pages 2649-2661.

#![deny(clippy::cast_possible_truncation)]

use arrow_buffer::{Buffer, MutableBuffer};
use fsst::Compressor;

use crate::encoding::codes::leaf_bytes;
use crate::encoding::{Codec, Node, codec, put_leaf, put_node, tag};
use crate::error::Fault;
use crate::raw::wire::Cursor;

/// The code that says that the next byte stands for itself.
const ESCAPE: u8 = 255;
/// Longest symbol in bytes.
const LONGEST: usize = 8;
/// Fewer bytes than this are not worth a table.
const WORTH_FROM: usize = 2048;
/// Stretches of a sample, and bytes of each.
const STRETCHES: usize = 4;
const STRETCH: usize = 1 << 13;

/// Nanoseconds of decoding a byte of text, one core.
mod nanoseconds {
    pub(super) const SYMBOLS: f64 = 0.8;
    pub(super) const ZSTD: f64 = 1.0;
}

/// Texts with the table of their symbols.
pub(crate) struct Symbols {
    compressor: Compressor,
    /// The compression level of the codes.
    level: i32,
}

impl Symbols {
    /// A table for these bytes, when codes are the better way to keep them at this compression level.
    ///
    /// Without zstd they must save a quarter. With it, a sample tells the bytes of either and of both, and the time of
    /// decoding counts: a byte of the file is worth 2^level nanoseconds.
    pub(crate) fn find(bytes: &[u8], level: i32) -> Option<Self> {
        if bytes.len() < WORTH_FROM {
            return None;
        }
        let compressor = Compressor::train(&vec![bytes]);
        let length = STRETCH.min(bytes.len() / STRETCHES);
        let last = bytes.len() - length;
        let stretches = (0..STRETCHES).map(|i| last * i / (STRETCHES - 1));
        let sample: Vec<u8> = stretches
            .flat_map(|start| bytes.get(start..start + length).unwrap_or_default())
            .copied()
            .collect();
        let codes = compressor.compress(&sample);
        if level <= 0 {
            return (codes.len() * 4 <= sample.len() * 3).then_some(Self { compressor, level: 0 });
        }
        let (from, by_codes) = (sample.len() as f64, codes.len() as f64);
        let score = |bytes: f64, nanoseconds: f64| bytes + nanoseconds / 2_f64.powi(level);
        let plain = score(codec::compressed_length(level, &sample) as f64, nanoseconds::ZSTD * from);
        let symbols = nanoseconds::SYMBOLS * from;
        let alone = score(by_codes, symbols);
        let both =
            score(codec::compressed_length(level, &codes) as f64, symbols + nanoseconds::ZSTD * by_codes);
        let level = if both < alone { level } else { 0 };
        (alone.min(both) < plain).then_some(Self { compressor, level })
    }

    /// Appends the bytes as codes.
    pub(crate) fn put(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let lengths = self.compressor.symbol_lengths();
        // A table has at most 255 symbols.
        let mut payload = vec![u8::try_from(lengths.len()).unwrap_or(ESCAPE)];
        payload.extend_from_slice(lengths);
        for (symbol, length) in self.compressor.symbol_table().iter().zip(lengths) {
            payload.extend(symbol.to_u64().to_le_bytes().iter().take(usize::from(*length)));
        }
        put_node(out, tag::FSST, 1, bytes.len(), Codec::None, &payload);
        let codes = self.compressor.compress(bytes);
        put_leaf(out, tag::PLAIN, 1, codes.len(), &codes, self.level);
    }
}

/// Symbols from a file.
struct Table {
    /// The bytes of each symbol, the first in the lowest, and zeros.
    symbols: [[u8; LONGEST]; 256],
    /// Their lengths; 0 where there is none.
    lengths: [u8; 256],
}

impl Table {
    fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let mut cursor = Cursor::new(payload);
        let count = usize::from(cursor.u8()?);
        let lengths = cursor.take(count)?;
        let mut table = Self { symbols: [[0; LONGEST]; 256], lengths: [0; 256] };
        let places = table.symbols.iter_mut().zip(&mut table.lengths);
        for (length, (symbol, place)) in lengths.iter().zip(places) {
            let Some(symbol) = symbol.get_mut(..usize::from(*length)).filter(|symbol| !symbol.is_empty())
            else {
                return Err(Fault::new("symbols of 1 to 8 bytes", length));
            };
            symbol.copy_from_slice(cursor.take(symbol.len())?);
            *place = *length;
        }
        match cursor.remaining() {
            0 => Ok(table),
            more => Err(Fault::new("the end of the symbols", format_args!("{more} more bytes"))),
        }
    }

    /// Writes what the codes stand for, which must fill `out` but for its last 8 bytes.
    fn decode(&self, codes: &[u8], out: &mut [u8]) -> Result<(), Fault> {
        let length = out.len().saturating_sub(LONGEST);
        let wrong = |got: &str| Fault::new(format_args!("codes of {length} bytes"), got);
        let mut codes = codes.iter();
        let mut at = 0;
        while let Some(code) = codes.next() {
            // A place beyond the length is within the last 8 bytes, or else there are too many codes.
            let Some(place) = out.get_mut(at..at + LONGEST) else {
                return Err(wrong("more"));
            };
            let symbol = usize::from(*code);
            let (Some(symbol), Some(taken)) = (self.symbols.get(symbol), self.lengths.get(symbol)) else {
                return Err(wrong("an unknown one"));
            };
            place.copy_from_slice(symbol);
            at += usize::from(*taken);
            if *taken == 0 {
                let (ESCAPE, Some(byte), Some(first)) = (*code, codes.next(), place.first_mut()) else {
                    return Err(wrong("a code without a symbol"));
                };
                *first = *byte;
                at += 1;
            }
        }
        if at == length { Ok(()) } else { Err(wrong(&format!("codes of {at}"))) }
    }
}

/// Decodes exactly `length` bytes; the node of the codes follows in the cursor.
pub(crate) fn read(node: &Node<'_>, cursor: &mut Cursor<'_>, length: usize) -> Result<Buffer, Fault> {
    let table = Table::parse(node.payload)?;
    let codes = Node::next(cursor)?;
    codes.expect_width(1)?;
    if codes.tag != tag::PLAIN {
        return Err(codes.unexpected("codes of symbols"));
    }
    // A code makes at most 8 bytes and each byte needs at most 2 codes: neither side is believed alone.
    if length > codes.count.saturating_mul(LONGEST) || codes.count > length.saturating_mul(2) {
        return Err(Fault::new(
            format_args!("codes of {length} bytes"),
            format_args!("{} codes", codes.count),
        ));
    }
    let bytes = leaf_bytes(&codes, codes.count)?;
    let mut out = MutableBuffer::from_len_zeroed(length + LONGEST);
    table.decode(&bytes, out.as_slice_mut())?;
    out.truncate(length);
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise() -> Vec<u8> {
        (0..10_000_u32).map(|i| i.wrapping_mul(0x9E37_79B1).to_le_bytes()[2]).collect()
    }

    fn back(bytes: &[u8], level: i32) -> Result<Vec<u8>, Fault> {
        let symbols = Symbols { compressor: Compressor::train(&vec![bytes]), level };
        let mut out = Vec::new();
        symbols.put(&mut out, bytes);
        let mut cursor = Cursor::new(&out);
        let node = Node::next(&mut cursor)?;
        let read = read(&node, &mut cursor, bytes.len())?;
        assert_eq!(cursor.remaining(), 0);
        Ok(read.to_vec())
    }

    #[test]
    fn any_bytes_come_back() {
        let text = "https://www.example.org/articles/2020/07/a-fine-day?page=".repeat(100);
        for bytes in [text.as_bytes(), &noise(), &[ESCAPE; 3000], b"a", b""] {
            for level in [0, 1] {
                assert_eq!(back(bytes, level).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn noise_is_not_worth_a_table() {
        assert!(Symbols::find(&noise(), 0).is_none());
        assert!(Symbols::find(b"too short", 0).is_none());
        let text = "the quick brown fox jumps over the lazy dog ".repeat(100);
        assert!(Symbols::find(text.as_bytes(), 0).is_some());
        // Repetition is the business of zstd, digits at random are not.
        #[cfg(feature = "zstd")]
        assert!(Symbols::find(text.as_bytes(), 9).is_none_or(|symbols| symbols.level == 9));
        let tails: Vec<String> =
            (0..5000_u32).map(|i| format!("N{:05}", i.wrapping_mul(0x9E37_79B1) >> 16)).collect();
        assert!(Symbols::find(tails.concat().as_bytes(), 1).is_some());
    }

    #[test]
    fn tables_and_codes_from_a_file_are_not_believed() {
        assert!(Table::parse(&[]).is_err());
        assert!(Table::parse(&[1, 0]).is_err());
        assert!(Table::parse(&[1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1]).is_err());
        assert!(Table::parse(&[1, 2, 65]).is_err());
        assert!(Table::parse(&[1, 1, 65, 66]).is_err());
        let table = Table::parse(&[2, 1, 2, 65, 66, 67]).unwrap();
        let decode = |codes: &[u8], length: usize| {
            let mut out = vec![0; length + LONGEST];
            table.decode(codes, &mut out).map(|()| out[..length].to_vec())
        };
        assert_eq!(decode(&[0, 1, ESCAPE, 7], 4).unwrap(), [65, 66, 67, 7]);
        assert!(decode(&[0, 1], 2).is_err());
        assert!(decode(&[0, 1], 4).is_err());
        assert!(decode(&[1; 100], 4).is_err());
        assert!(decode(&[2], 1).is_err());
        assert!(decode(&[ESCAPE], 1).is_err());
    }
}
