//! Narrow unsigned codes: what offsets, dictionaries and lengths are made of.
//!
//! Here are the parts that all lists of codes share: their widths, memory for decoding them, leaves in the file and
//! values split into their bytes. [`choose`](crate::encoding::choose) says how they are written,
//! [`pieces`](crate::encoding::pieces) how they are read a piece at a time.

#![deny(clippy::cast_possible_truncation)]

use std::cell::RefCell;
use std::ops::Deref;

use crate::encoding::pieces::Pieces;
use crate::encoding::word::Word;
use crate::encoding::{Codec, Node, codec, put_leaf, put_node, tag};
use crate::error::Fault;
use crate::raw::wire::Cursor;

/// Bytes of a sample on which layouts are tried.
const SAMPLE: usize = 1 << 14;

/// Bytes needed for codes up to `max`: 0 for a constant, then 1, 2, 4 or 8.
pub(crate) fn width_of(max: u64) -> usize {
    match max {
        0 => 0,
        1..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFFFF_FFFF => 4,
        _ => 8,
    }
}

/// Bytes of the words that codes of so many bits are packed into.
pub(crate) fn width_of_bits(bits: usize) -> usize {
    bits.div_ceil(8).next_power_of_two().min(8)
}

/// `code(value)` of every value, in `width` bytes each, little-endian; `code` gives what fits.
#[expect(clippy::cast_possible_truncation, reason = "the width was chosen for the largest code")]
pub(crate) fn narrow<T: Copy>(values: &[T], width: usize, code: impl Fn(T) -> u64) -> Vec<u8> {
    let mut out = vec![0; values.len() * width];
    match width {
        1 => out.iter_mut().zip(values).for_each(|(o, v)| *o = code(*v) as u8),
        2 => out
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(values)
            .for_each(|(o, v)| *o = (code(*v) as u16).to_le_bytes()),
        4 => out
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(values)
            .for_each(|(o, v)| *o = (code(*v) as u32).to_le_bytes()),
        _ => out.as_chunks_mut().0.iter_mut().zip(values).for_each(|(o, v)| *o = code(*v).to_le_bytes()),
    }
    out
}

/// Appends values of `width` bytes each as they are, or split into their bytes when a sample says that it pays.
pub(crate) fn put_values(out: &mut Vec<u8>, values: &[u8], width: usize, level: i32) {
    let count = values.len().checked_div(width).unwrap_or_default();
    if level > 0 && width > 1 && split_pays(values, width, level) {
        put_node(out, tag::BYTE_SPLIT, width, count, Codec::None, &[]);
        for_each_plane(values, width, |plane| put_leaf(out, tag::PLAIN, 1, count, plane, level));
        return;
    }
    put_leaf(out, tag::PLAIN, width, count, values, level);
}

/// Calls `take` with the first bytes of all values, then with the second ones, and so on.
pub(crate) fn for_each_plane(values: &[u8], width: usize, mut take: impl FnMut(&[u8])) {
    let mut plane = Vec::with_capacity(values.len() / width.max(1));
    for byte in 0..width {
        plane.clear();
        plane.extend(values.iter().skip(byte).step_by(width));
        take(&plane);
    }
}

/// True when splitting values into their bytes saves a sixteenth or more of a sample from the middle.
fn split_pays(values: &[u8], width: usize, level: i32) -> bool {
    if values.len() < SAMPLE / 4 {
        return false;
    }
    let length = SAMPLE.min(values.len()) / width * width;
    let start = (values.len() - length) / 2 / width * width;
    let sample = values.get(start..start + length).unwrap_or_default();
    let whole = codec::compressed_length(level, sample);
    let mut split = 0;
    for_each_plane(sample, width, |plane| split += codec::compressed_length(level, plane));
    split < whole - whole / 16
}

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Memory for one decode, that goes back to its thread for the next one.
pub(crate) struct Scratch {
    bytes: Vec<u8>,
    length: usize,
}

impl Scratch {
    /// Memory of this length; what it holds is left over from before.
    pub(crate) fn of(length: usize) -> Self {
        let mut bytes = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        if bytes.len() < length {
            bytes.resize(length, 0);
        }
        Self { bytes, length }
    }

    /// The memory to write to.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }
}

impl Deref for Scratch {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        SPARE.with_borrow_mut(|spare| {
            // A few buffers of a few blocks each are kept, not the memory of one huge block.
            if spare.len() < 4 && bytes.len() <= 1 << 22 {
                spare.push(bytes);
            }
        });
    }
}

/// The bytes of a leaf: in the file, or decompressed.
pub(crate) enum LeafBytes<'a> {
    Stored(&'a [u8]),
    Unpacked(Scratch),
}

impl Deref for LeafBytes<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Stored(bytes) => bytes,
            Self::Unpacked(scratch) => scratch,
        }
    }
}

/// The bytes of a leaf, which must be this many.
pub(crate) fn leaf_bytes<'a>(node: &Node<'a>, length: usize) -> Result<LeafBytes<'a>, Fault> {
    match node.codec {
        Codec::None if node.payload.len() == length => Ok(LeafBytes::Stored(node.payload)),
        Codec::None => Err(Fault::new(format_args!("{length} bytes of values"), node.payload.len())),
        Codec::Zstd => {
            codec::expect_length(node.payload, length)?;
            let mut scratch = Scratch::of(length);
            codec::decompress_into(node.payload, scratch.bytes_mut())?;
            Ok(LeafBytes::Unpacked(scratch))
        }
    }
}

/// Puts split bytes together again into `out`, values of `width` bytes. The nodes of the bytes follow in the cursor.
pub(crate) fn join_bytes(
    cursor: &mut Cursor<'_>,
    count: usize,
    width: usize,
    out: &mut [u8],
) -> Result<(), Fault> {
    if width == 2 {
        let (low, high) = (read_plane(cursor, count)?, read_plane(cursor, count)?);
        for ((o, low), high) in out.as_chunks_mut::<2>().0.iter_mut().zip(low.iter()).zip(high.iter()) {
            *o = [*low, *high];
        }
        return Ok(());
    }
    for byte in 0..width {
        let plane = read_plane(cursor, count)?;
        for (o, value) in out.iter_mut().skip(byte).step_by(width).zip(plane.iter()) {
            *o = *value;
        }
    }
    Ok(())
}

fn read_plane<'a>(cursor: &mut Cursor<'a>, count: usize) -> Result<LeafBytes<'a>, Fault> {
    let node = Node::next(cursor)?;
    node.expect_count(count)?;
    node.expect_width(1)?;
    match node.tag {
        tag::PLAIN => leaf_bytes(&node, count),
        _ => Err(node.unexpected("one byte of each value")),
    }
}

/// Codes of at most 4 bytes, all in memory.
pub(crate) enum Codes<'a> {
    Constant(u32),
    Narrow { width: usize, bytes: LeafBytes<'a> },
}

/// Codes of a known width, ready for a loop.
#[derive(Clone, Copy)]
pub(crate) enum CodeSlice<'a> {
    Constant(u32),
    U8(&'a [u8]),
    U16(&'a [[u8; 2]]),
    U32(&'a [[u8; 4]]),
}

impl<'a> Codes<'a> {
    /// Reads `count` codes of at most `max_width` bytes, which is at most 4.
    pub(crate) fn read(cursor: &mut Cursor<'a>, count: usize, max_width: usize) -> Result<Self, Fault> {
        let pieces = Pieces::read(cursor, count, max_width.min(4))?;
        let width = pieces.width();
        if let Some(code) = pieces.constant() {
            return Ok(Self::Constant(u32::try_from(code).unwrap_or(u32::MAX)));
        }
        let pieces = match pieces.into_leaf() {
            Ok(bytes) => return Ok(Self::Narrow { width, bytes }),
            Err(pieces) => pieces,
        };
        let mut scratch = Scratch::of(count * width);
        match width {
            1 => collect::<u8>(&pieces, scratch.bytes_mut()),
            2 => collect::<u16>(&pieces, scratch.bytes_mut()),
            _ => collect::<u32>(&pieces, scratch.bytes_mut()),
        }?;
        Ok(Self::Narrow { width, bytes: LeafBytes::Unpacked(scratch) })
    }

    /// The codes with their width.
    pub(crate) fn slice(&self) -> CodeSlice<'_> {
        match self {
            Self::Constant(code) => CodeSlice::Constant(*code),
            Self::Narrow { width: 1, bytes } => CodeSlice::U8(bytes),
            Self::Narrow { width: 2, bytes } => CodeSlice::U16(bytes.as_chunks().0),
            Self::Narrow { bytes, .. } => CodeSlice::U32(bytes.as_chunks().0),
        }
    }
}

fn collect<W: Word>(pieces: &Pieces<'_>, out: &mut [u8]) -> Result<(), Fault> {
    let mut out = W::split_mut(out).iter_mut();
    pieces.for_each::<W>(|codes| {
        codes.iter().zip(&mut out).for_each(|(code, out)| *out = code.bytes());
        Ok(())
    })
}
