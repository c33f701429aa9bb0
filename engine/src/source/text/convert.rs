//! From cells to values, a column at a time.
//!
//! There is a quick way for plain cells, which is nearly all of them, and one thorough way for the rest: quotes to take
//! off, blanks around numbers, missing values, other decimal points, and cells that are none of these, which are bad.

use super::column::{Log, NotUtf8};
use super::levels::{LevelTable, NONE, SHORT, key};
use super::number::{Number, localized, word};
use super::scan::{ABSENT, Cell, Index, QUOTED, repeat, resolve};
use super::spec::{Spec, length_bit};
use super::split::Chunk;

/// The cells of some rows of a chunk.
pub(crate) struct Rows<'a> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) index: &'a Index,
}

enum Outcome<T> {
    Value(T),
    Missing,
    Bad,
}

/// Where the cells of some rows go.
pub(crate) struct Target<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) cells: &'a Rows<'a>,
    /// Row of the chunk of the first cell.
    pub(crate) first: usize,
    pub(crate) log: &'a mut Log,
    pub(crate) scratch: &'a mut Vec<u8>,
}

impl Target<'_> {
    pub(crate) fn numbers<T: Number>(&mut self, values: &mut Vec<T>) {
        let local = self.spec.decimal != b'.' || self.spec.thousands.is_some();
        if !local {
            return self.values(values, T::quick, |text| T::thorough(text).map_err(|_| ()));
        }
        let (decimal, thousands) = (self.spec.decimal, self.spec.thousands);
        let mut plain = Vec::new();
        self.values(
            values,
            |_, _, _| None,
            |text| {
                if !localized(text, decimal, thousands, &mut plain) {
                    return Err(());
                }
                T::thorough(&plain).map_err(|_| ())
            },
        );
    }

    /// Values of a type that blanks may surround and that quotes do not change.
    #[inline]
    pub(crate) fn values<T: Copy + Default>(
        &mut self,
        values: &mut Vec<T>,
        quick: impl Fn(&[u8], usize, usize) -> Option<T>,
        mut thorough: impl FnMut(&[u8]) -> Result<Option<T>, ()>,
    ) {
        let cells = self.cells;
        let bytes = cells.chunk.bytes.as_slice();
        let missing_first = if self.spec.missing.first { self.spec.missing.lengths } else { 0 };
        let from = values.len();
        values.resize(from + cells.index.rows(), T::default());
        let slots = values.get_mut(from..).unwrap_or_default();
        for ((row, cell), slot) in cells.index.column(self.spec.place).enumerate().zip(slots) {
            if let Some((start, len)) = cell.plain()
                && missing_first & length_bit(len) == 0
            {
                if len == 0 {
                    self.log.missing(self.first + row);
                    continue;
                }
                if let Some(value) = quick(bytes, start, len) {
                    *slot = value;
                    continue;
                }
            }
            match self.outcome(cell, &mut thorough) {
                Outcome::Value(value) => *slot = value,
                Outcome::Missing => self.log.missing(self.first + row),
                Outcome::Bad => {
                    let text = resolve(cells.chunk, cell, self.scratch);
                    self.log.bad(self.first + row, text);
                }
            }
        }
    }

    #[cold]
    fn outcome<T>(
        &mut self,
        cell: Cell,
        parse: &mut impl FnMut(&[u8]) -> Result<Option<T>, ()>,
    ) -> Outcome<T> {
        if cell.flags & ABSENT != 0 {
            return Outcome::Bad;
        }
        let text = resolve(self.cells.chunk, cell, self.scratch);
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() || self.spec.missing.is(trimmed) || self.spec.missing.is(text) {
            return Outcome::Missing;
        }
        match parse(trimmed) {
            Ok(Some(value)) => Outcome::Value(value),
            Ok(None) => Outcome::Missing,
            Err(()) => Outcome::Bad,
        }
    }

    pub(crate) fn texts(&mut self, bytes: &mut Vec<u8>, offsets: &mut Vec<i32>) -> Result<(), NotUtf8> {
        let chunk = self.cells.chunk;
        let (from, first_offset) = (bytes.len(), offsets.len());
        for (row, cell) in self.cells.index.column(self.spec.place).enumerate() {
            if cell.flags == 0 {
                let text = chunk.bytes.get(cell.start..cell.start + cell.len).unwrap_or_default();
                if self.spec.missing.is(text) {
                    self.log.missing(self.first + row);
                } else {
                    bytes.extend_from_slice(text);
                }
            } else if cell.flags & ABSENT != 0 {
                self.log.bad(self.first + row, b"");
            } else {
                let text = resolve(chunk, cell, self.scratch);
                if cell.flags & QUOTED == 0 && self.spec.missing.is(text) {
                    self.log.missing(self.first + row);
                } else {
                    bytes.extend_from_slice(text);
                }
            }
            offsets.push(bytes.len() as i32);
        }
        let added = bytes.get(from..).unwrap_or_default();
        let ends = offsets.get(first_offset..).unwrap_or_default();
        let whole = std::str::from_utf8(added)
            .is_ok_and(|text| ends.iter().all(|&end| text.is_char_boundary(end as usize - from)));
        if whole {
            return Ok(());
        }
        let mut start = from;
        for (row, &end) in ends.iter().enumerate() {
            if std::str::from_utf8(bytes.get(start..end as usize).unwrap_or_default()).is_err() {
                return Err(NotUtf8 { row: self.first + row });
            }
            start = end as usize;
        }
        Ok(())
    }

    pub(crate) fn codes(
        &mut self,
        codes: &mut Vec<i32>,
        table: &mut LevelTable,
        levels: &mut Vec<String>,
    ) -> Result<(), NotUtf8> {
        let chunk = self.cells.chunk;
        let bytes = chunk.bytes.as_slice();
        let missing = &self.spec.missing;
        let from = codes.len();
        codes.resize(from + self.cells.index.rows(), 0);
        let slots = codes.get_mut(from..).unwrap_or_default();
        for ((row, cell), slot) in self.cells.index.column(self.spec.place).enumerate().zip(slots) {
            let row = self.first + row;
            let bare = cell.flags & QUOTED == 0;
            let (code, new) = match cell.plain() {
                Some((start, len)) if len <= SHORT => {
                    let key = key(bytes, start, len);
                    if bare && missing.is_key(len, key) {
                        self.log.missing(row);
                        continue;
                    }
                    table.code_of_key(key)
                }
                _ if cell.flags & ABSENT != 0 => {
                    self.log.bad(row, b"");
                    continue;
                }
                _ => {
                    let text = resolve(chunk, cell, self.scratch);
                    if bare && missing.is(text) {
                        self.log.missing(row);
                        continue;
                    }
                    table.code_of(text)
                }
            };
            if new {
                let text = resolve(chunk, cell, self.scratch);
                levels.push(std::str::from_utf8(text).map_err(|_| NotUtf8 { row })?.to_owned());
            }
            if code == NONE {
                let text = resolve(chunk, cell, self.scratch);
                self.log.bad(row, text);
            } else {
                *slot = code;
            }
        }
        Ok(())
    }
}

/// A logical value: `true`, `false`, `T`, `F` in any case, `1`, `0`.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    match text.len() {
        1 => match text.first()? {
            b'T' | b't' | b'1' => Some(true),
            b'F' | b'f' | b'0' => Some(false),
            _ => None,
        },
        4 => text.eq_ignore_ascii_case(b"true").then_some(true),
        5 => text.eq_ignore_ascii_case(b"false").then_some(false),
        _ => None,
    }
}

#[inline]
pub(crate) fn quick_boolean(bytes: &[u8], start: usize, len: usize) -> Option<bool> {
    const TRUE: u64 = u64::from_le_bytes(*b"true\0\0\0\0");
    const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");
    const LOWER: u64 = repeat(0x20);
    match len {
        4 => (((word(bytes, start) | LOWER) & 0xFFFF_FFFF) == TRUE).then_some(true),
        5 => (((word(bytes, start) | LOWER) & 0xFF_FFFF_FFFF) == FALSE).then_some(false),
        1 => boolean(bytes.get(start..=start)?),
        _ => None,
    }
}
