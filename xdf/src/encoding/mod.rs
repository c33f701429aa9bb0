//! How the values of one column in one block become bytes, and back.
//!
//! A segment is a tree of *nodes*, written in prefix order. A node says how its values follow from its own payload
//! and from the nodes below it:
//!
//! ```text
//! int32 with missing      MASKED ─┬─ BITS                       which rows are there
//!                                 └─ OFFSET ─── BIT_PACKED      value − smallest value
//! timestamps in order     OFFSET ─── DELTA ─── BIT_PACKED       steps from row to row
//! float32, few values     DICTIONARY ─┬─ PLAIN u8, zstd         number of the value
//!                                     └─ PLAIN f32              the distinct values
//! float64, two decimals   ALP ─── OFFSET ─── BIT_PACKED        value × 100
//! strings                 TEXT ─┬─ BIT_PACKED                   lengths
//!                               └─ PLAIN u8, zstd               bytes
//! ```
//!
//! Numbers become unsigned *codes* first: distances from the smallest, places in a dictionary, lengths. Codes are
//! packed, patched, differenced, counted in runs, or given to zstd, whichever costs least ([`choose`]); only the
//! leaves `PLAIN` and `BITS` are ever compressed. Encoders look at the values of one block only; decoders trust
//! nothing.

pub(crate) mod alp;
pub(crate) mod bitpack;
pub(crate) mod bits;
pub(crate) mod choose;
#[cfg(feature = "zstd")]
pub(crate) mod codec;
#[cfg(not(feature = "zstd"))]
#[path = "codec_absent.rs"]
pub(crate) mod codec;
pub(crate) mod codes;
pub(crate) mod decimal;
pub(crate) mod decode;
pub(crate) mod describe;
pub(crate) mod distinct;
pub(crate) mod encode;
pub(crate) mod factor;
pub(crate) mod frames;
pub(crate) mod fsst;
pub(crate) mod numbers;
pub(crate) mod pieces;
pub(crate) mod runs;
pub(crate) mod summary;
pub(crate) mod text;
pub(crate) mod word;

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::error::Fault;
use crate::raw::round_up;
use crate::raw::wire::{Cursor, pad};

/// The encodings, by the number that stands for them in a file.
pub(crate) mod tag {
    /// Every value is missing.
    pub(crate) const ALL_MISSING: u8 = 1;
    /// A validity bitmap, then the values.
    pub(crate) const MASKED: u8 = 2;
    /// One value, for all rows.
    pub(crate) const CONSTANT: u8 = 3;
    /// The values one after the other.
    pub(crate) const PLAIN: u8 = 4;
    /// One bit a value.
    pub(crate) const BITS: u8 = 5;
    /// Narrow codes that are added to a base.
    pub(crate) const OFFSET: u8 = 6;
    /// Floats that hold integers: narrow codes that are added to a base, then converted.
    pub(crate) const INTEGER_FLOAT: u8 = 7;
    /// Codes into a list of distinct values.
    pub(crate) const DICTIONARY: u8 = 8;
    /// Lengths and bytes of texts.
    pub(crate) const TEXT: u8 = 9;
    /// The first bytes of all values, then the second bytes, and so on.
    pub(crate) const BYTE_SPLIT: u8 = 10;
    /// Codes of so many bits each.
    pub(crate) const BIT_PACKED: u8 = 32;
    /// Differences between neighbours, from a first value for each piece.
    pub(crate) const DELTA: u8 = 33;
    /// Lengths of runs, and a code for each.
    pub(crate) const RUN_LENGTH: u8 = 34;
    /// Floats that are decimals: integers and two powers of ten.
    pub(crate) const ALP: u8 = 35;
    /// Bytes of texts as numbers of frequent symbols.
    pub(crate) const FSST: u8 = 36;
    /// Low bits of all codes, and the high bits of those that have some.
    pub(crate) const PATCHES: u8 = 37;
    /// For each piece of codes a base, and distances of so many bits each.
    pub(crate) const FRAMES: u8 = 38;
}

/// Length of the head of a node in bytes.
pub(crate) const NODE_BYTES: usize = 16;
/// Payloads of at least this many bytes that are not compressed begin at a multiple of 64.
const ALIGNED_FROM: usize = 256;
/// How deep nodes may be nested: validity, dictionary, offset, leaf.
pub(crate) const MAX_DEPTH: usize = 4;

/// How the payload of a leaf is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Zstd,
}

/// One node with its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) tag: u8,
    /// Bytes of a value, 0 for text.
    pub(crate) width: usize,
    pub(crate) codec: Codec,
    /// Number of values.
    pub(crate) count: usize,
    pub(crate) payload: &'a [u8],
    /// Where the payload begins in the segment.
    pub(crate) payload_offset: usize,
}

impl<'a> Node<'a> {
    /// Reads the next node; the nodes below it follow in the cursor.
    pub(crate) fn next(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (tag, width, codec, padding) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
        let count = cursor.u32()? as usize;
        let length = cursor.u64()?;
        let codec = match codec {
            0 => Codec::None,
            1 => Codec::Zstd,
            other => return Err(Fault::unsupported(format!("uses the codec {other}"))),
        };
        cursor.take(usize::from(padding))?;
        let payload_offset = cursor.position();
        let length =
            usize::try_from(length).map_err(|_| Fault::new("a payload within the segment", length))?;
        let payload = cursor.take(length)?;
        cursor.take(round_up(cursor.position(), 8) - cursor.position())?;
        Ok(Self { tag, width: usize::from(width), codec, count, payload, payload_offset })
    }

    /// Demands this number of values.
    pub(crate) fn expect_count(&self, count: usize) -> Result<(), Fault> {
        if self.count == count {
            return Ok(());
        }
        Err(Fault::new(format_args!("{count} values in {}", name(self.tag)), self.count))
    }

    /// Demands this width of values.
    pub(crate) fn expect_width(&self, width: usize) -> Result<(), Fault> {
        if self.width == width {
            return Ok(());
        }
        Err(Fault::new(
            format_args!("{} of {width} bytes", name(self.tag)),
            format_args!("{} bytes", self.width),
        ))
    }

    /// Demands a payload that is not compressed.
    pub(crate) fn expect_plain(&self) -> Result<(), Fault> {
        if self.codec == Codec::None {
            return Ok(());
        }
        Err(Fault::new(format_args!("{} without a codec", name(self.tag)), format_args!("{:?}", self.codec)))
    }

    /// The error for a node that may not stand where it stands.
    pub(crate) fn unexpected(&self, place: &str) -> Fault {
        if known(self.tag).is_none() {
            return Fault::unsupported(format!("uses the unknown encoding {}", self.tag));
        }
        Fault::new(format_args!("an encoding of {place}"), name(self.tag))
    }
}

/// Appends the head of a node and its payload. `out` begins where the segment begins.
pub(crate) fn put_node(out: &mut Vec<u8>, tag: u8, width: usize, count: usize, codec: Codec, payload: &[u8]) {
    let aligned = codec == Codec::None && payload.len() >= ALIGNED_FROM;
    let start = out.len() + NODE_BYTES;
    let padding = if aligned { round_up(start, 64) - start } else { 0 };
    // Widths are at most 16, the padding less than 64, and blocks have at most 2^24 rows.
    out.extend_from_slice(&[tag, width as u8, u8::from(codec == Codec::Zstd), padding as u8]);
    out.extend_from_slice(&(count as u32).to_le_bytes());
    out.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    out.resize(out.len() + padding, 0);
    out.extend_from_slice(payload);
    pad(out, 8);
}

/// Appends a leaf, compressed when it pays.
pub(crate) fn put_leaf(out: &mut Vec<u8>, tag: u8, width: usize, count: usize, payload: &[u8], level: i32) {
    codec::with_compressed(level, payload, |compressed| match compressed {
        Some(compressed) => put_node(out, tag, width, count, Codec::Zstd, compressed),
        None => put_node(out, tag, width, count, Codec::None, payload),
    });
}

/// Bytes of the values of a column when they are read, without validity; `read` is asked only for texts, whose length
/// no number of rows tells.
pub(crate) fn decoded_bytes(data_type: &DataType, rows: u64, read: impl FnOnce() -> Option<ArrayRef>) -> u64 {
    match data_type {
        DataType::Boolean => rows.div_ceil(8),
        DataType::Dictionary(key, _) => decoded_bytes(key, rows, read),
        other => match other.primitive_width() {
            Some(width) => rows.saturating_mul(width as u64),
            None => read().map_or(0, |array| array.to_data().buffers().iter().map(|b| b.len() as u64).sum()),
        },
    }
}

/// The encodings that are written, by number and name.
const KNOWN: [(u8, &str); 17] = [
    (tag::ALL_MISSING, "all missing"),
    (tag::MASKED, "masked"),
    (tag::CONSTANT, "constant"),
    (tag::PLAIN, "plain"),
    (tag::BITS, "bits"),
    (tag::OFFSET, "offset"),
    (tag::INTEGER_FLOAT, "integer float"),
    (tag::DICTIONARY, "dictionary"),
    (tag::TEXT, "text"),
    (tag::BYTE_SPLIT, "byte split"),
    (tag::BIT_PACKED, "bit packed"),
    (tag::DELTA, "delta"),
    (tag::RUN_LENGTH, "run length"),
    (tag::ALP, "ALP"),
    (tag::FSST, "FSST"),
    (tag::PATCHES, "patches"),
    (tag::FRAMES, "frames"),
];

fn known(tag: u8) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == tag).map(|(_, name)| *name)
}

/// The name of an encoding, for people.
pub(crate) fn name(tag: u8) -> String {
    known(tag).map_or_else(|| format!("encoding {tag}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of encodings in the specification has the tags of the code, and no others.
    #[test]
    fn tags_are_those_of_the_specification() {
        let text = include_str!("../../../docs/spec/xdf5.md");
        let table = text.split("## 7.").nth(1).unwrap().split("Which node").next().unwrap();
        let mut rows = Vec::new();
        for line in table.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let Some(Ok(number)) = cells.get(1).map(|cell| cell.parse::<u8>()) {
                rows.push((number, cells[2].to_lowercase().replace('_', " ")));
            }
        }
        let expected: Vec<_> = KNOWN.iter().map(|(tag, name)| (*tag, name.to_lowercase())).collect();
        assert_eq!(rows, expected);
    }
}
