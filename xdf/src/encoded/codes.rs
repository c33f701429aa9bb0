//! Codes as they stand in a segment, and what can be learned from them without making values.
//!
//! Runs are looked at once each. All other codes come by in pieces that stay in the first-level cache, so that a sum
//! or a comparison reads the file once and writes nothing but its answer. Rows that are missing hold some code, which
//! is replaced by one that is there before a piece is looked at.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};

use crate::encoding::pieces::Pieces;
use crate::encoding::word::{PIECE, Word};
use crate::encoding::{Node, bits, tag};
use crate::error::Fault;
use crate::raw::wire::Cursor;

/// Codes of the rows of a block.
pub(super) enum Codes<'a> {
    Pieces(Pieces<'a>),
    Runs(Runs),
}

/// Each code with the number of rows that it holds for, one after the other.
pub(super) struct Runs {
    runs: Vec<(u64, usize)>,
    rows: usize,
}

/// What the codes of the rows that are not missing come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Number of rows that are not missing.
    pub(super) present: usize,
    pub(super) sum: u128,
    /// Of no row: the largest number.
    pub(super) min: u64,
    pub(super) max: u64,
}

/// Calls `$body` with `$word` for the width of codes.
macro_rules! by_width {
    ($width:expr, $word:ident => $body:expr) => {
        match $width {
            1 => {
                type $word = u8;
                $body
            }
            2 => {
                type $word = u16;
                $body
            }
            4 => {
                type $word = u32;
                $body
            }
            _ => {
                type $word = u64;
                $body
            }
        }
    };
}

impl<'a> Codes<'a> {
    /// Reads `count` codes of at most `max_width` bytes.
    pub(super) fn read(cursor: &mut Cursor<'a>, count: usize, max_width: usize) -> Result<Self, Fault> {
        let node = Node::next(&mut cursor.clone())?;
        if node.tag != tag::RUN_LENGTH {
            return Ok(Self::Pieces(Pieces::read(cursor, count, max_width)?));
        }
        Node::next(cursor)?;
        node.expect_count(count)?;
        if !matches!(node.width, 1 | 2 | 4 | 8) || node.width > max_width {
            return Err(Fault::new(format_args!("codes of at most {max_width} bytes"), node.width));
        }
        let number = Node::next(&mut cursor.clone())?.count;
        if number > count {
            return Err(Fault::new(format_args!("at most {count} runs"), number));
        }
        let lengths = Pieces::read(cursor, number, 4)?;
        let codes = Pieces::read(cursor, number, node.width)?;
        let mut runs = Vec::with_capacity(number);
        let mut rows = 0_u64;
        lengths.for_each::<u32>(|lengths| {
            for length in lengths {
                rows += u64::from(*length) + 1;
                runs.push((0, (*length as usize).saturating_add(1)));
            }
            Ok(())
        })?;
        if rows != count as u64 {
            return Err(Fault::new(format_args!("runs of {count} rows together"), rows));
        }
        let mut places = runs.iter_mut();
        codes.for_each::<u64>(|codes| {
            codes.iter().zip(&mut places).for_each(|(code, (place, _))| *place = *code);
            Ok(())
        })?;
        Ok(Self::Runs(Runs { runs, rows: count }))
    }

    /// The code 0 for all rows.
    pub(super) fn same(rows: usize) -> Self {
        Self::Runs(Runs { runs: vec![(0, rows)], rows })
    }

    /// No code is larger than this.
    pub(super) fn bound(&self) -> u64 {
        match self {
            Self::Pieces(pieces) => pieces.bound(),
            Self::Runs(runs) => runs.runs.iter().map(|(code, _)| *code).max().unwrap_or_default(),
        }
    }

    /// Sum and extremes of the codes that are not missing.
    pub(super) fn totals(&self, validity: Option<&NullBuffer>) -> Result<Totals, Fault> {
        let mut all = Totals { min: u64::MAX, ..Totals::default() };
        match self {
            Self::Runs(runs) => runs.for_each(validity, |code, present| {
                all.present += present;
                all.sum += u128::from(code) * present as u128;
                all.min = all.min.min(code);
                all.max = all.max.max(code);
            }),
            Self::Pieces(pieces) => by_width!(pieces.width(), W => {
                for_each_piece::<W>(pieces, validity, |codes, fill, missing| {
                    let (sum, min, max) = totals(codes);
                    all.present += codes.len() - missing;
                    all.sum += sum - u128::from(fill.wide()) * missing as u128;
                    all.min = all.min.min(min.wide());
                    all.max = all.max.max(max.wide());
                    Ok(())
                })?;
            }),
        }
        Ok(all)
    }

    /// How many rows that are not missing hold each code below `known`; a larger code is an error.
    pub(super) fn tally(&self, validity: Option<&NullBuffer>, known: usize) -> Result<Vec<u64>, Fault> {
        let mut counts = vec![0_u64; known];
        let beyond = |code: u64| Fault::new(format_args!("a code below {known}"), code);
        let mut wrong = None;
        let mut add = |code: u64, rows: u64| match usize::try_from(code).ok().and_then(|c| counts.get_mut(c))
        {
            Some(count) => *count = count.wrapping_add(rows),
            None => wrong = Some(code),
        };
        match self {
            Self::Runs(runs) => runs.for_each(validity, |code, present| add(code, present as u64)),
            Self::Pieces(pieces) => by_width!(pieces.width(), W => {
                for_each_piece::<W>(pieces, validity, |codes, fill, missing| {
                    for code in codes {
                        add(code.wide(), 1);
                    }
                    // what was filled in is there, so this cannot go below 0
                    add(fill.wide(), (missing as u64).wrapping_neg());
                    Ok(())
                })?;
            }),
        }
        wrong.map_or(Ok(counts), |code| Err(beyond(code)))
    }

    /// The rows whose codes lie in one of the ranges, ends included.
    pub(super) fn within(&self, ranges: &[(u64, u64)]) -> Result<BooleanBuffer, Fault> {
        match self {
            Self::Runs(runs) => {
                Ok(runs.select(|code| ranges.iter().any(|(low, high)| (*low..=*high).contains(&code))))
            }
            Self::Pieces(pieces) => by_width!(pieces.width(), W => {
                let most = u64::MAX >> (64 - 8 * W::WIDTH);
                let fitting = ranges.iter().filter(|(low, _)| *low <= most);
                // `code - low`, which wraps, is at most the span of the range.
                let range = |(low, high): &(u64, u64)| (W::low(*low), W::low((*high).min(most) - low));
                let ranges: Vec<(W, W)> = fitting.map(range).collect();
                match ranges.as_slice() {
                    [(low, span)] => select::<W>(pieces, |code| code.minus(*low) <= *span),
                    many => select::<W>(pieces, |code| many.iter().any(|(low, span)| code.minus(*low) <= *span)),
                }
            }),
        }
    }

    /// The rows whose codes are chosen; a code beyond the choice is an error.
    pub(super) fn chosen(&self, chosen: &[bool]) -> Result<BooleanBuffer, Fault> {
        let mut largest = 0;
        let mut choice = |code: u64| {
            largest = code.max(largest);
            usize::try_from(code).is_ok_and(|code| chosen.get(code) == Some(&true))
        };
        let selected = match self {
            Self::Runs(runs) => runs.select(choice),
            Self::Pieces(pieces) => {
                by_width!(pieces.width(), W => select::<W>(pieces, |code| choice(code.wide())))?
            }
        };
        if !selected.is_empty() && largest >= chosen.len() as u64 {
            return Err(Fault::new(format_args!("a code below {}", chosen.len()), largest));
        }
        Ok(selected)
    }

    /// The codes of all rows, missing ones too; one that is not below `known` is an error.
    pub(super) fn to_vec(&self, known: usize) -> Result<Vec<u32>, Fault> {
        let narrow = |code: u64| u32::try_from(code).unwrap_or(u32::MAX);
        let mut all = Vec::new();
        match self {
            Self::Runs(runs) => {
                runs.runs.iter().for_each(|(code, rows)| all.resize(all.len() + rows, narrow(*code)));
            }
            Self::Pieces(pieces) => by_width!(pieces.width(), W => pieces.for_each::<W>(|codes| {
                all.extend(codes.iter().map(|code| narrow(code.wide())));
                Ok(())
            }))?,
        }
        match all.iter().max() {
            Some(code) if *code as usize >= known => {
                Err(Fault::new(format_args!("a code below {known}"), code))
            }
            _ => Ok(all),
        }
    }
}

impl Runs {
    /// Calls `take` with each code and the number of its rows that are not missing, when there are any.
    fn for_each(&self, validity: Option<&NullBuffer>, mut take: impl FnMut(u64, usize)) {
        let mut start = 0;
        for (code, rows) in &self.runs {
            let present = validity.map_or(*rows, |v| v.inner().slice(start, *rows).count_set_bits());
            if present > 0 {
                take(*code, present);
            }
            start += rows;
        }
    }

    fn select(&self, mut choice: impl FnMut(u64) -> bool) -> BooleanBuffer {
        let mut selected = arrow_buffer::BooleanBufferBuilder::new(self.rows);
        self.runs.iter().for_each(|(code, rows)| selected.append_n(*rows, choice(*code)));
        selected.finish()
    }
}

/// Calls `take` with the codes of each piece of which some are there, the code that was put in the place of the
/// missing ones, and their number.
fn for_each_piece<W: Word>(
    pieces: &Pieces<'_>,
    validity: Option<&NullBuffer>,
    mut take: impl FnMut(&[W], W, usize) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut start = 0;
    let mut filled = [W::default(); PIECE];
    pieces.for_each::<W>(|codes| {
        let rows = codes.len();
        let nulls = validity.map(|validity| validity.slice(start, rows));
        start += rows;
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else {
            return take(codes, W::default(), 0);
        };
        let Some(fill) = nulls.valid_indices().next().and_then(|row| codes.get(row)) else { return Ok(()) };
        let Some(copy) = filled.get_mut(..rows) else { return Ok(()) };
        copy.copy_from_slice(codes);
        bits::for_each_missing(&nulls, |row| {
            if let Some(code) = copy.get_mut(row) {
                *code = *fill;
            }
        });
        take(copy, *fill, nulls.null_count())
    })
}

/// Sum, smallest and largest of at most a piece of codes, of which there is one.
fn totals<W: Word>(codes: &[W]) -> (u128, W, W) {
    let first = codes.first().copied().unwrap_or_default();
    let min = codes.iter().fold(first, |min, code| min.min(*code));
    let max = codes.iter().fold(first, |max, code| max.max(*code));
    let sum = match W::WIDTH {
        // 1024 codes of 16 bits add up to less than 2^26.
        1 | 2 => u128::from(codes.iter().map(|code| code.wide() as u32).sum::<u32>()),
        4 => u128::from(codes.iter().map(|code| code.wide()).sum::<u64>()),
        _ => {
            let low: u64 = codes.iter().map(|code| code.wide() & 0xFFFF_FFFF).sum();
            let high: u64 = codes.iter().map(|code| code.wide() >> 32).sum();
            (u128::from(high) << 32) + u128::from(low)
        }
    };
    (sum, min, max)
}

/// The rows whose codes pass.
fn select<W: Word>(pieces: &Pieces<'_>, mut passes: impl FnMut(W) -> bool) -> Result<BooleanBuffer, Fault> {
    let mut words = Vec::with_capacity(pieces.count().div_ceil(64));
    pieces.for_each::<W>(|codes| {
        // All pieces but the last are multiples of 64.
        put_flags(&mut words, codes, &mut passes);
        Ok(())
    })?;
    Ok(BooleanBuffer::new(Buffer::from_vec(words), 0, pieces.count()))
}

/// The rows whose values pass.
pub(super) fn select_values<T: Copy>(values: &[T], passes: impl FnMut(T) -> bool) -> BooleanBuffer {
    let mut words = Vec::with_capacity(values.len().div_ceil(64));
    put_flags(&mut words, values, passes);
    BooleanBuffer::new(Buffer::from_vec(words), 0, values.len())
}

fn put_flags<T: Copy>(words: &mut Vec<u64>, values: &[T], mut passes: impl FnMut(T) -> bool) {
    for values in values.chunks(64) {
        let mut flags = [0_u8; 64];
        flags.iter_mut().zip(values).for_each(|(flag, value)| *flag = u8::from(passes(*value)));
        words.push(pack(&flags));
    }
}

/// 64 bytes of 0 or 1 as bits, the first in the lowest.
fn pack(flags: &[u8; 64]) -> u64 {
    let (groups, _) = flags.as_chunks::<8>();
    groups.iter().rev().fold(0, |word, group| {
        // Each byte moves its bit into the highest byte of the product, where the eight stand side by side.
        word << 8 | u64::from_le_bytes(*group).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_bits_in_order() {
        for seed in [0_u64, 1, 1 << 63, u64::MAX, 0x9E37_79B9_7F4A_7C15] {
            let mut flags = [0; 64];
            flags.iter_mut().enumerate().for_each(|(bit, flag)| *flag = u8::from(seed >> bit & 1 == 1));
            assert_eq!(pack(&flags), seed);
        }
    }
}
