//! Lists of codes as they stand in a file, decoded a piece at a time.
//!
//! Codes are unsigned numbers: distances from a smallest value, numbers in a dictionary, lengths. What stands in the
//! file is a small tree of nodes; whoever wants the codes asks for one piece of 1024 after the other and finds them
//! in a buffer that never leaves the first-level cache, there to add a base, to convert or to look up:
//!
//! ```text
//! OFFSET ─── PATCHES ─┬─ BIT_PACKED 7 bit     the low bits of all codes
//!                     ├─ BIT_PACKED 6 bit     gaps between codes that need more
//!                     └─ PLAIN u8             the high bits of those
//! ```

#![deny(clippy::cast_possible_truncation)]

use crate::encoding::bitpack::{Packed, mask};
use crate::encoding::codes::{LeafBytes, Scratch, join_bytes, leaf_bytes};
use crate::encoding::frames::Frames;
use crate::encoding::word::{PIECE, Word};
use crate::encoding::{Node, runs, tag};
use crate::error::Fault;
use crate::raw::wire::Cursor;

/// How deep codes may be made of codes: runs, whose values are differences, that have patches, which are packed.
const MAX_DEPTH: usize = 3;

/// Codes in the file.
pub(crate) struct Pieces<'a> {
    count: usize,
    width: usize,
    form: Form<'a>,
}

enum Form<'a> {
    Constant(u64),
    Plain(LeafBytes<'a>),
    Packed(Packed<'a>),
    Frames(Frames<'a>),
    Delta { base: u64, first: &'a [u8], steps: Box<Pieces<'a>> },
    Patches { low: Box<Pieces<'a>>, rows: Vec<u32>, high: Vec<u64> },
}

/// A buffer for one piece of codes.
pub(crate) type Buffer<W> = [W; PIECE];

impl<'a> Pieces<'a> {
    /// Reads `count` codes of at most `max_width` bytes.
    pub(crate) fn read(cursor: &mut Cursor<'a>, count: usize, max_width: usize) -> Result<Self, Fault> {
        Self::read_at(cursor, count, max_width, 0)
    }

    fn read_at(cursor: &mut Cursor<'a>, count: usize, max_width: usize, depth: usize) -> Result<Self, Fault> {
        let node = Node::next(cursor)?;
        node.expect_count(count)?;
        if depth > MAX_DEPTH {
            return Err(Fault::new(format_args!("codes nested at most {MAX_DEPTH} deep"), "more"));
        }
        let width = node.width;
        if !matches!(width, 1 | 2 | 4 | 8) || width > max_width {
            return Err(Fault::new(format_args!("codes of 1, 2, 4 or 8, at most {max_width} bytes"), width));
        }
        let mut below = |count, width| Self::read_at(cursor, count, width, depth + 1);
        let form = match node.tag {
            tag::CONSTANT => Form::Constant(constant(&node)?),
            tag::PLAIN => Form::Plain(leaf_bytes(&node, count * width)?),
            tag::BIT_PACKED => Form::Packed(Packed::read(&node)?),
            tag::FRAMES => Form::Frames(Frames::read(&node)?),
            tag::DELTA => {
                node.expect_plain()?;
                let mut payload = Cursor::new(node.payload);
                let base = payload.u64()?;
                let first = payload.take(count.div_ceil(PIECE) * width)?;
                if payload.remaining() > 0 {
                    return Err(Fault::new("one first value for each piece", "more"));
                }
                Form::Delta { base, first, steps: Box::new(below(count, width)?) }
            }
            tag::PATCHES => {
                let shift = shift(&node)?;
                let low = Box::new(below(count, width)?);
                let patched = Node::next(&mut cursor.clone())?.count;
                if patched > count {
                    return Err(Fault::new(format_args!("at most {count} patches"), patched));
                }
                let gaps = Self::read_at(cursor, patched, 4, depth + 1)?;
                let high = Self::read_at(cursor, patched, width, depth + 1)?;
                let rows = patched_rows(&gaps, count)?;
                let high = high_bits(&high, shift, 8 * width)?;
                Form::Patches { low, rows, high }
            }
            tag::RUN_LENGTH => {
                let runs = Node::next(&mut cursor.clone())?.count;
                if runs > count {
                    return Err(Fault::new(format_args!("at most {count} runs"), runs));
                }
                let lengths = Self::read_at(cursor, runs, 4, depth + 1)?;
                let values = Self::read_at(cursor, runs, width, depth + 1)?;
                Form::Plain(LeafBytes::Unpacked(runs::expand(&lengths, &values, count, width)?))
            }
            tag::BYTE_SPLIT => {
                let mut scratch = Scratch::of(count * width);
                join_bytes(cursor, count, width, scratch.bytes_mut())?;
                Form::Plain(LeafBytes::Unpacked(scratch))
            }
            _ => return Err(node.unexpected("codes")),
        };
        Ok(Self { count, width, form })
    }

    /// Number of codes.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Bytes of a code.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The one code that stands for all.
    pub(crate) fn constant(&self) -> Option<u64> {
        match self.form {
            Form::Constant(code) => Some(code),
            _ => None,
        }
    }

    /// No code is larger than this.
    pub(crate) fn bound(&self) -> u64 {
        match &self.form {
            Form::Constant(code) => *code,
            Form::Packed(packed) => packed.bound(),
            Form::Frames(frames) => frames.bound(self.width),
            Form::Patches { low, high, .. } => high.iter().fold(low.bound(), |bound, high| bound | high),
            Form::Plain(_) | Form::Delta { .. } => mask(8 * self.width),
        }
    }

    /// The codes as they are, when they lie in memory.
    pub(crate) fn plain(&self) -> Option<&[u8]> {
        match &self.form {
            Form::Plain(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The bytes of the codes, if they stand in memory one after the other.
    pub(crate) fn into_leaf(self) -> Result<LeafBytes<'a>, Self> {
        match self.form {
            Form::Plain(bytes) => Ok(bytes),
            form => Err(Self { form, ..self }),
        }
    }

    /// Calls `take` with the codes, in order, a piece at a time. `W` is at least as wide as the codes.
    pub(crate) fn for_each<W: Word>(
        &self,
        mut take: impl FnMut(&[W]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut buffer = [W::default(); PIECE];
        for piece in 0..self.count.div_ceil(PIECE) {
            let count = self.piece(piece, &mut buffer);
            take(buffer.get(..count).unwrap_or_default())?;
        }
        Ok(())
    }

    /// Puts one piece into the buffer and gives the number of its codes. `W` is at least as wide as the codes.
    fn piece<W: Word>(&self, piece: usize, out: &mut Buffer<W>) -> usize {
        let start = piece * PIECE;
        let count = (self.count - start.min(self.count)).min(PIECE);
        match &self.form {
            Form::Constant(code) => out.fill(W::low(*code)),
            Form::Packed(packed) => packed.unpack(piece, count, out),
            Form::Frames(frames) => frames.unpack(piece, self.width, count, out),
            Form::Plain(bytes) => match self.width {
                1 => copy::<u8, W>(bytes, start, out),
                2 => copy::<u16, W>(bytes, start, out),
                4 => copy::<u32, W>(bytes, start, out),
                _ => copy::<u64, W>(bytes, start, out),
            },
            // Sums wrap at the width of the codes, and so they are made at that width.
            Form::Delta { base, first, steps } => match self.width {
                width if width == W::WIDTH => sum_up(steps, *base, first, piece, out),
                1 => widen::<u8, W>(out, |out| sum_up(steps, *base, first, piece, out)),
                2 => widen::<u16, W>(out, |out| sum_up(steps, *base, first, piece, out)),
                _ => widen::<u32, W>(out, |out| sum_up(steps, *base, first, piece, out)),
            },
            Form::Patches { low, rows, high } => {
                low.piece(piece, out);
                let from = rows.partition_point(|row| (*row as usize) < start);
                for (row, high) in rows.iter().zip(high).skip(from) {
                    let Some(code) = (*row as usize).checked_sub(start).and_then(|at| out.get_mut(at)) else {
                        break;
                    };
                    *code = code.or(W::low(*high));
                }
            }
        }
        count
    }
}

fn copy<F: Word, W: Word>(bytes: &[u8], start: usize, out: &mut Buffer<W>) {
    for (out, code) in out.iter_mut().zip(F::split(bytes).get(start..).unwrap_or_default()) {
        *out = W::low(F::of(*code).wide());
    }
}

fn widen<F: Word, W: Word>(out: &mut Buffer<W>, fill: impl FnOnce(&mut Buffer<F>)) {
    let mut buffer = [F::default(); PIECE];
    fill(&mut buffer);
    for (out, code) in out.iter_mut().zip(&buffer) {
        *out = W::low(code.wide());
    }
}

/// The first value of a piece and the sums of its steps, each larger by `base`.
fn sum_up<W: Word>(steps: &Pieces<'_>, base: u64, first: &[u8], piece: usize, out: &mut Buffer<W>) {
    steps.piece(piece, out);
    let base = W::low(base);
    let mut value = W::split(first).get(piece).map_or(W::default(), |first| W::of(*first));
    let mut out = out.iter_mut();
    if let Some(out) = out.next() {
        *out = value;
    }
    for out in out {
        value = value.plus(out.plus(base));
        *out = value;
    }
}

fn constant(node: &Node<'_>) -> Result<u64, Fault> {
    if node.payload.len() != node.width {
        return Err(Fault::new(format_args!("a code of {} bytes", node.width), node.payload.len()));
    }
    Ok(node.payload.iter().rev().fold(0, |code, byte| code << 8 | u64::from(*byte)))
}

/// How far the high bits of patched codes stand to the left.
fn shift(node: &Node<'_>) -> Result<u32, Fault> {
    node.expect_plain()?;
    match node.payload {
        [shift] if usize::from(*shift) < 8 * node.width => Ok(u32::from(*shift)),
        other => Err(Fault::new(format_args!("a shift below {}", 8 * node.width), format_args!("{other:?}"))),
    }
}

/// The rows of patches, each the gap behind the one before; they ascend by construction.
pub(crate) fn patched_rows(gaps: &Pieces<'_>, count: usize) -> Result<Vec<u32>, Fault> {
    let mut rows = Vec::with_capacity(gaps.count());
    let mut next = 0_u64;
    gaps.for_each::<u32>(|gaps| {
        for gap in gaps {
            let row = next + u64::from(*gap);
            match u32::try_from(row) {
                Ok(found) if row < count as u64 => rows.push(found),
                _ => return Err(Fault::new(format_args!("a patch of a row below {count}"), row)),
            }
            next = row + 1;
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The high bits of patched codes, in their place.
fn high_bits(high: &Pieces<'_>, shift: u32, width: usize) -> Result<Vec<u64>, Fault> {
    let mut bits = Vec::with_capacity(high.count());
    let most = mask(width) >> shift;
    high.for_each::<u64>(|high| {
        match high.iter().find(|high| **high > most) {
            Some(high) => return Err(Fault::new(format_args!("high bits of at most {most}"), high)),
            None => bits.extend(high.iter().map(|high| high << shift)),
        }
        Ok(())
    })?;
    Ok(bits)
}
