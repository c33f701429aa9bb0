//! Finds the fields of records: an index of where they end.
//!
//! For every 64 bytes two or three bit masks say where delimiters, line ends and quotes stand; the bits are then visited
//! one by one. The masks are made of 8-byte words with integer arithmetic ("SIMD within a register"). What comes out is
//! a table of positions, one row per record, which the columns then read one at a time: a loop over one type with
//! lengths known beforehand branches far less than a loop over the fields of a record.
//!
//! An entry is the position after a field and its delimiter, with flags in the upper bits; the first entry of a record
//! is where it starts. So field `c` of a record has the bytes from `entries[c]` to `entries[c + 1] - 1`.

use super::split::{Chunk, Dialect};

/// The field is in quotes, which are not part of it.
pub(crate) const QUOTED: u32 = 1 << 31;
/// The field has doubled quotes, or text after its closing quote.
pub(crate) const ESCAPED: u32 = 1 << 30;
/// The field has combined delimiters before it.
pub(crate) const LEADING: u32 = 1 << 29;
/// The record ended before this field.
pub(crate) const ABSENT: u32 = 1 << 28;
const FLAGS: u32 = QUOTED | ESCAPED | LEADING | ABSENT;

/// A record whose number of fields is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ragged {
    pub(crate) start: usize,
    pub(crate) fields: usize,
}

/// The fields of consecutive records of a chunk.
#[derive(Debug)]
pub(crate) struct Index {
    columns: usize,
    entries: Vec<u32>,
    used: usize,
    row_start: usize,
    rows: usize,
    most_rows: usize,
    /// Whether short records are filled up.
    fill: bool,
    ragged: Option<Ragged>,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) start: usize,
    pub(crate) len: usize,
    pub(crate) flags: u32,
}

impl Cell {
    /// Where its text stands in the chunk, if it stands there as it is.
    #[inline]
    pub(crate) fn plain(self) -> Option<(usize, usize)> {
        match self.flags {
            0 => Some((self.start, self.len)),
            QUOTED => Some((self.start + 1, self.len.saturating_sub(2))),
            _ => None,
        }
    }
}

impl Index {
    /// An index for up to `most_rows` records of `columns` fields.
    pub(crate) fn new(columns: usize, most_rows: usize, fill: bool) -> Self {
        let most_rows = most_rows.max(1);
        let entries = vec![0; (columns + 1).saturating_mul(most_rows)];
        Self { columns, entries, used: 0, row_start: 0, rows: 0, most_rows, fill, ragged: None }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The wrong record that ended the index, if one did.
    pub(crate) fn ragged(&self) -> Option<Ragged> {
        self.ragged
    }

    /// Where a record starts.
    pub(crate) fn start_of(&self, row: usize) -> usize {
        self.entries.get(row * (self.columns + 1)).map_or(0, |entry| (entry & !FLAGS) as usize)
    }

    /// The fields of one column.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Cell> + '_ {
        let stride = self.columns + 1;
        self.entries.chunks_exact(stride).take(self.rows).map(move |row| {
            let start = row.get(column).map_or(0, |entry| entry & !FLAGS);
            let end = row.get(column + 1).copied().unwrap_or(1);
            let len = (end & !FLAGS).wrapping_sub(start + 1);
            Cell { start: start as usize, len: len as usize, flags: end & FLAGS }
        })
    }

    /// Indexes records from `from` on, up to its capacity; returns where the next one starts.
    pub(crate) fn fill(&mut self, chunk: &Chunk, from: usize) -> usize {
        self.used = 0;
        self.row_start = 0;
        self.rows = 0;
        self.ragged = None;
        self.push(from as u32);
        if chunk.quoted || chunk.dialect.combine {
            self.careful(chunk, from)
        } else {
            self.plain(chunk, from)
        }
    }

    #[inline]
    fn push(&mut self, entry: u32) {
        if let Some(slot) = self.entries.get_mut(self.used) {
            *slot = entry;
        }
        self.used += 1;
    }

    /// Ends a record after its last entry; true when no more can be taken.
    #[inline]
    fn end_record(&mut self, blank: bool, next: usize) -> bool {
        let fields = self.used - self.row_start - 1;
        if fields != self.columns || blank {
            if blank {
                self.used = self.row_start;
            } else {
                self.wrong_fields(fields);
                if self.ragged.is_some() {
                    return true;
                }
                self.rows += 1;
            }
        } else {
            self.rows += 1;
        }
        self.row_start = self.used;
        if self.rows == self.most_rows {
            return true;
        }
        self.push(next as u32);
        false
    }

    #[cold]
    fn wrong_fields(&mut self, fields: usize) {
        if fields < self.columns && self.fill {
            let last = self.entries.get(self.used - 1).map_or(0, |entry| entry & !FLAGS);
            for _ in fields..self.columns {
                // an empty field after the last one
                self.push((last + 1) | ABSENT);
            }
        } else {
            let start = self.entries.get(self.row_start).map_or(0, |entry| (entry & !FLAGS) as usize);
            self.ragged = Some(Ragged { start, fields });
        }
    }

    /// Without quotes: every delimiter ends a field, every line end a record.
    fn plain(&mut self, chunk: &Chunk, from: usize) -> usize {
        let Dialect { delimiter, terminator, .. } = chunk.dialect;
        let (delimiters, terminators) = (repeat(delimiter), repeat(terminator));
        let returns = terminator == b'\n';
        let bytes = chunk.bytes.as_slice();
        // what the loop needs stays in registers; `self` has it again when a record is not as it should be
        let mut entries = std::mem::take(&mut self.entries);
        let (mut used, mut row_start, mut rows) = (self.used, self.row_start, self.rows);
        let mut record = from;
        let mut base = from;
        'blocks: while base < chunk.len {
            let Some(block) = bytes.get(base..).and_then(|rest| rest.first_chunk::<64>()) else { break };
            let ends = matches(block, terminators);
            let mut any = matches(block, delimiters) | ends;
            while any != 0 {
                let bit = any.trailing_zeros();
                any &= any - 1;
                let at = base + bit as usize;
                if (ends >> bit) & 1 == 0 {
                    if let Some(slot) = entries.get_mut(used) {
                        *slot = at as u32 + 1;
                    }
                    used += 1;
                    continue;
                }
                let end = before_return(bytes, record, at, returns);
                if let Some(slot) = entries.get_mut(used) {
                    *slot = end as u32 + 1;
                }
                used += 1;
                let blank = end == record;
                record = at + 1;
                if used - row_start - 1 == self.columns && !blank && rows + 1 < self.most_rows {
                    rows += 1;
                    row_start = used;
                    if let Some(slot) = entries.get_mut(used) {
                        *slot = record as u32;
                    }
                    used += 1;
                    continue;
                }
                (self.entries, self.used, self.row_start, self.rows) = (entries, used, row_start, rows);
                let full = self.end_record(blank, record);
                entries = std::mem::take(&mut self.entries);
                (used, row_start, rows) = (self.used, self.row_start, self.rows);
                if full {
                    break 'blocks;
                }
            }
            base += 64;
        }
        (self.entries, self.used, self.row_start, self.rows) = (entries, used, row_start, rows);
        if base < chunk.len {
            return record;
        }
        if record < chunk.len {
            let end = before_return(bytes, record, chunk.len, returns);
            self.push(end as u32 + 1);
            self.end_record(end == record, chunk.len);
        }
        chunk.len
    }

    /// With quotes or combined delimiters: the rules of `split`, field by field.
    fn careful(&mut self, chunk: &Chunk, from: usize) -> usize {
        let Dialect { delimiter, terminator, combine, quote } = chunk.dialect;
        let (delimiters, terminators, quotes) = (repeat(delimiter), repeat(terminator), quote.map(repeat));
        let returns = terminator == b'\n';
        let bytes = chunk.bytes.as_slice();
        let mut record = from;
        // where the field starts, behind combined delimiters
        let mut field = from;
        let mut flags = 0;
        let mut in_quotes = false;
        let mut closed = 0;
        let mut base = from;
        while base < chunk.len {
            let Some(block) = bytes.get(base..).and_then(|rest| rest.first_chunk::<64>()) else { break };
            let ends = matches(block, terminators);
            let marks = quotes.map_or(0, |quotes| matches(block, quotes));
            let mut any = matches(block, delimiters) | ends | marks;
            if in_quotes {
                // nothing but a quote matters
                any &= if marks == 0 { 0 } else { u64::MAX << marks.trailing_zeros() };
            }
            while any != 0 {
                let bit = any.trailing_zeros();
                any &= any - 1;
                let at = base + bit as usize;
                if at >= chunk.len {
                    break;
                }
                let is = |mask: u64| (mask >> bit) & 1 != 0;
                if is(marks) {
                    if in_quotes {
                        in_quotes = false;
                        closed = at;
                    } else if flags & QUOTED != 0 {
                        if at == closed + 1 {
                            in_quotes = true;
                            flags |= ESCAPED;
                        }
                    } else if at == field {
                        in_quotes = true;
                        flags |= QUOTED;
                    }
                    continue;
                }
                if in_quotes {
                    continue;
                }
                let ended = is(ends);
                let end = if ended { before_return(bytes, record, at, returns) } else { at };
                let empty = end <= field && flags & QUOTED == 0;
                if flags & QUOTED != 0 && closed + 1 != end {
                    flags |= ESCAPED;
                }
                if !ended {
                    if combine && empty {
                        flags = LEADING;
                    } else {
                        self.push((at as u32 + 1) | flags);
                        flags = 0;
                    }
                    field = at + 1;
                    continue;
                }
                let blank = empty && self.used == self.row_start + 1;
                if !(combine && empty) || blank {
                    self.push((end as u32 + 1) | flags);
                }
                flags = 0;
                record = at + 1;
                field = record;
                if self.end_record(blank, record) {
                    return record;
                }
            }
            base += 64;
        }
        if record < chunk.len {
            let end = before_return(bytes, record, chunk.len, returns);
            let empty = end <= field && flags & QUOTED == 0;
            if flags & QUOTED != 0 && closed + 1 != end {
                flags |= ESCAPED;
            }
            let blank = empty && self.used == self.row_start + 1;
            if !(combine && empty) || blank {
                self.push((end as u32 + 1) | flags);
            }
            self.end_record(blank, chunk.len);
        }
        chunk.len
    }
}

/// The end of a record without the carriage return before its line feed.
#[inline]
fn before_return(bytes: &[u8], record: usize, end: usize, returns: bool) -> usize {
    let strip = returns && end > record && bytes.get(end - 1) == Some(&b'\r');
    end - usize::from(strip)
}

/// A byte in all places of a word.
pub(crate) const fn repeat(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// The upper bit of every byte of `word` that equals the byte repeated in `pattern`.
#[inline]
pub(crate) const fn equal_bytes(word: u64, pattern: u64) -> u64 {
    const LOW: u64 = repeat(0x7F);
    let differing = word ^ pattern;
    !(((differing & LOW) + LOW) | differing | LOW)
}

/// A bit for each of 64 bytes: whether it equals the byte repeated in `pattern`.
#[inline]
pub(crate) fn matches(block: &[u8; 64], pattern: u64) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    let mut square = 0;
    for (index, word) in words.iter().enumerate() {
        // the byte i of word k sets bit k of byte i
        square |= equal_bytes(u64::from_le_bytes(*word), pattern) >> (7 - index);
    }
    transposed(square)
}

/// Bit k of byte i becomes bit i of byte k: the transposition of an 8 by 8 matrix of bits, in blocks of 1, 2 and 4
/// (Hacker's Delight, section 7-3).
#[inline]
const fn transposed(square: u64) -> u64 {
    let ones = (square ^ (square >> 7)) & 0x00AA_00AA_00AA_00AA;
    let square = square ^ ones ^ (ones << 7);
    let twos = (square ^ (square >> 14)) & 0x0000_CCCC_0000_CCCC;
    let square = square ^ twos ^ (twos << 14);
    let fours = (square ^ (square >> 28)) & 0x0000_0000_F0F0_F0F0;
    square ^ fours ^ (fours << 28)
}

/// The text of a cell, its quotes and combined delimiters removed.
pub(crate) fn resolve<'a>(chunk: &'a Chunk, cell: Cell, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let mut text = chunk.bytes.get(cell.start..cell.start + cell.len).unwrap_or_default();
    if cell.flags & LEADING != 0 {
        while let Some((first, rest)) = text.split_first()
            && *first == chunk.dialect.delimiter
        {
            text = rest;
        }
    }
    if cell.flags & QUOTED == 0 {
        return text;
    }
    let quote = chunk.dialect.quote.unwrap_or(b'"');
    if cell.flags & ESCAPED == 0 {
        return text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    }
    scratch.clear();
    let mut rest = text.iter().copied().skip(1).peekable();
    while let Some(byte) = rest.next() {
        if byte != quote {
            scratch.push(byte);
        } else if rest.next_if_eq(&quote).is_some() {
            scratch.push(quote);
        } else {
            // closed: what follows up to the delimiter is text as it stands
            scratch.extend(rest);
            break;
        }
    }
    scratch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_have_a_bit_for_every_match() {
        let mut block = [b'x'; 64];
        for at in [0, 1, 7, 8, 9, 31, 32, 62, 63] {
            block[at] = b',';
        }
        let expected = [0, 1, 7, 8, 9, 31, 32, 62, 63].iter().fold(0, |mask, at| mask | 1u64 << at);
        assert_eq!(matches(&block, repeat(b',')), expected);
        for byte in 0..=255 {
            assert_eq!(matches(&[byte; 64], repeat(byte)), u64::MAX);
            assert_eq!(matches(&[byte; 64], repeat(byte ^ 1)), 0);
            assert_eq!(matches(&[byte; 64], repeat(byte ^ 0x80)), 0);
        }
    }
}
