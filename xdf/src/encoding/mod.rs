//! How the values of one column in one block become bytes, and back.
//!
//! A segment is a tree of *nodes*, written in prefix order. A node says how its values follow from its own payload
//! and from the nodes below it; only the leaves (`PLAIN`, `BITS`) are as long as the data, and only they are
//! compressed, each when it pays:
//!
//! ```text
//! int32 with missing      MASKED ─┬─ BITS                    which rows are there
//!                                 └─ OFFSET ─── PLAIN u16    value − smallest value
//! float32, few values     DICTIONARY ─┬─ PLAIN u8            number of the value
//!                                     └─ PLAIN f32           the distinct values
//! float64, two decimals   ALP ─── OFFSET ─── PLAIN u16    value × 100
//! strings                 TEXT ─┬─ PLAIN u8                  lengths
//!                               └─ PLAIN u8                  bytes
//! ```
//!
//! Integers, and floats that hold integers, are narrowed *before* zstd sees them: that is smaller and decodes
//! faster than zstd on the wide values. Encoders look at the values of one block only; decoders trust nothing.

pub(crate) mod alp;
pub(crate) mod bits;
#[cfg(feature = "zstd")]
pub(crate) mod codec;
#[cfg(not(feature = "zstd"))]
#[path = "codec_absent.rs"]
pub(crate) mod codec;
pub(crate) mod codes;
pub(crate) mod decode;
pub(crate) mod distinct;
pub(crate) mod encode;
pub(crate) mod fsst;
pub(crate) mod numbers;
pub(crate) mod summary;
pub(crate) mod text;

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
    /// Floats that are decimals: integers and two powers of ten.
    pub(crate) const ALP: u8 = 35;
    /// Bytes of texts as numbers of frequent symbols.
    pub(crate) const FSST: u8 = 36;
    /// Reserved: not written yet, a reader refuses.
    pub(crate) const RESERVED: [(u8, &str); 4] =
        [(32, "bit-packing"), (33, "delta"), (34, "run-length"), (37, "patches")];
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

    /// The error for a node that may not stand where it stands.
    pub(crate) fn unexpected(&self, place: &str) -> Fault {
        if let Some((tag, name)) = tag::RESERVED.iter().find(|(tag, _)| *tag == self.tag) {
            return Fault::unsupported(format!("uses the encoding {tag} ({name}) of a later version"));
        }
        if self.tag > tag::BYTE_SPLIT && !matches!(self.tag, tag::ALP | tag::FSST) {
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
    // Widths are at most 8, the padding less than 64, and blocks have at most 2^24 rows.
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

/// The name of an encoding, for people.
pub(crate) fn name(tag: u8) -> String {
    match tag {
        tag::ALL_MISSING => "all missing".to_owned(),
        tag::MASKED => "masked".to_owned(),
        tag::CONSTANT => "constant".to_owned(),
        tag::PLAIN => "plain".to_owned(),
        tag::BITS => "bits".to_owned(),
        tag::OFFSET => "offset".to_owned(),
        tag::INTEGER_FLOAT => "integer float".to_owned(),
        tag::DICTIONARY => "dictionary".to_owned(),
        tag::TEXT => "text".to_owned(),
        tag::BYTE_SPLIT => "byte split".to_owned(),
        tag::ALP => "ALP".to_owned(),
        tag::FSST => "FSST".to_owned(),
        other => match tag::RESERVED.iter().find(|(tag, _)| *tag == other) {
            Some((_, name)) => (*name).to_owned(),
            None => format!("encoding {other}"),
        },
    }
}

/// How a segment is encoded, for people: "offset of plain u16 zstd".
pub(crate) fn describe(segment: &[u8]) -> String {
    let mut cursor = Cursor::new(segment);
    let mut parts = Vec::new();
    let mut below_dictionary = 0;
    while cursor.remaining() > 0 {
        let Ok(node) = Node::next(&mut cursor) else {
            return "damaged".to_owned();
        };
        // Of a dictionary only the codes are told, not how its few values are kept.
        if below_dictionary == 1 && node.tag != tag::BYTE_SPLIT {
            parts.push(leaf_text(&node));
            break;
        }
        match node.tag {
            tag::MASKED => {
                let _ = Node::next(&mut cursor);
                parts.push("masked".to_owned());
            }
            tag::DICTIONARY => {
                below_dictionary = 1;
                parts.push("dictionary".to_owned());
            }
            tag::PLAIN | tag::BITS => {
                parts.push(leaf_text(&node));
                if parts.iter().any(|part| part == "byte split") {
                    break;
                }
            }
            other => parts.push(name(other)),
        }
    }
    parts.join(" + ")
}

fn leaf_text(node: &Node<'_>) -> String {
    let zstd = if node.codec == Codec::Zstd { " zstd" } else { "" };
    match node.tag {
        tag::PLAIN => format!("{} bit{zstd}", 8 * node.width),
        other => format!("{}{zstd}", name(other)),
    }
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
        let known = [
            tag::ALL_MISSING,
            tag::MASKED,
            tag::CONSTANT,
            tag::PLAIN,
            tag::BITS,
            tag::OFFSET,
            tag::INTEGER_FLOAT,
            tag::DICTIONARY,
            tag::TEXT,
            tag::BYTE_SPLIT,
        ];
        let known = known.into_iter().chain([tag::ALP, tag::FSST]).chain(tag::RESERVED.map(|(tag, _)| tag));
        let mut expected: Vec<_> = known.map(|tag| (tag, name(tag).to_lowercase())).collect();
        expected.sort();
        assert_eq!(rows, expected);
    }
}
