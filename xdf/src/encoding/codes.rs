//! Narrow unsigned codes: what offsets, dictionaries and lengths are made of.
//!
//! A list of codes is a leaf of 1, 2 or 4 bytes a value, one constant, or split into its bytes when that compresses
//! clearly better (codes of high entropy whose upper byte repeats, such as numbers of tails of aircraft).

#![deny(clippy::cast_possible_truncation)]

use std::cell::RefCell;
use std::ops::Deref;

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
        let mut plane = Vec::with_capacity(count);
        for byte in 0..width {
            plane.clear();
            plane.extend(values.iter().skip(byte).step_by(width));
            put_leaf(out, tag::PLAIN, 1, count, &plane, level);
        }
        return;
    }
    put_leaf(out, tag::PLAIN, width, count, values, level);
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
    let mut plane = Vec::with_capacity(length / width);
    for byte in 0..width {
        plane.clear();
        plane.extend(sample.iter().skip(byte).step_by(width));
        split += codec::compressed_length(level, &plane);
    }
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

    fn bytes_mut(&mut self) -> &mut [u8] {
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

/// Codes as they come from the file.
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
    /// Reads `count` codes of at most `max_width` bytes.
    pub(crate) fn read(cursor: &mut Cursor<'a>, count: usize, max_width: usize) -> Result<Self, Fault> {
        let node = Node::next(cursor)?;
        node.expect_count(count)?;
        if !matches!(node.width, 1 | 2 | 4) || node.width > max_width {
            return Err(Fault::new(
                format_args!("codes of 1, 2 or 4, at most {max_width} bytes"),
                node.width,
            ));
        }
        let width = node.width;
        match node.tag {
            tag::PLAIN => Ok(Self::Narrow { width, bytes: leaf_bytes(&node, count * width)? }),
            tag::CONSTANT => {
                let mut value = [0; 4];
                let (Some(target), true) = (value.get_mut(..width), node.payload.len() == width) else {
                    return Err(Fault::new(format_args!("a code of {width} bytes"), node.payload.len()));
                };
                target.copy_from_slice(node.payload);
                Ok(Self::Constant(u32::from_le_bytes(value)))
            }
            tag::BYTE_SPLIT => {
                let mut scratch = Scratch::of(count * width);
                join_bytes(cursor, count, width, scratch.bytes_mut())?;
                Ok(Self::Narrow { width, bytes: LeafBytes::Unpacked(scratch) })
            }
            _ => Err(node.unexpected("codes")),
        }
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

/// Appends codes of `width` bytes (1, 2 or 4), or one of them when they are all alike.
pub(crate) fn put(out: &mut Vec<u8>, codes: &[u8], width: usize, level: i32) {
    let first = codes.get(..width).unwrap_or_default();
    if !codes.is_empty() && codes.chunks_exact(width).all(|code| code == first) {
        put_node(out, tag::CONSTANT, width, codes.len() / width, Codec::None, first);
        return;
    }
    put_values(out, codes, width, level);
}
