//! Cuts a stream of text into chunks that begin and end with whole records.
//!
//! This is the sequential part of reading, so it does little: it searches line ends and quotes with SIMD and never looks
//! at fields. A quote opens a quoted text only where a field starts, that is after a delimiter or a line end; the next
//! quote closes it; a quote directly after a closing one opens it again, which makes `""` stay inside without looking
//! ahead. [`Index`](super::scan::Index) follows the same rule, so that both always agree on what a record is.
//!
//! A chunk ends after a wanted number of records where the bytes allow, so that chunks can be blocks without copying.

use std::path::Path;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use super::TextError;
use super::decode::Input;
use super::scan::{matches, repeat};
use crate::{Error, Result};

/// Zero bytes after the text of a chunk, so that words can be loaded at any of its bytes.
pub(crate) const PADDING: usize = 64;

/// Bytes that a record may have. Positions in a chunk, at most this and [`TextOptions::chunk_bytes`] together, leave
/// the upper bits of a `u32` for flags.
///
/// [`TextOptions::chunk_bytes`]: super::TextOptions::chunk_bytes
pub(crate) const LONGEST_RECORD: usize = 64 << 20;

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// The characters that give a text its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) combine: bool,
    pub(crate) quote: Option<u8>,
    /// Line feed (a carriage return before it is not part of the record), or carriage return in files without any.
    pub(crate) terminator: u8,
}

/// Whole records.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The text and [`PADDING`] zeros, perhaps more bytes after them.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of text.
    pub(crate) len: usize,
    /// About how many records there are.
    pub(crate) records: usize,
    /// Whether any text is quoted.
    pub(crate) quoted: bool,
    pub(crate) dialect: Dialect,
    pub(crate) path: Arc<Path>,
    /// Line of the file at which the chunk starts, from 1.
    pub(crate) first_line: u64,
}

impl Chunk {
    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The line of the file on which a byte of the chunk stands, from 1.
    pub(crate) fn line_of(&self, position: usize) -> u64 {
        let before = self.text().get(..position).unwrap_or(self.text());
        self.first_line + memchr_iter(self.dialect.terminator, before).count() as u64
    }
}

/// Reads one file chunk by chunk.
pub(crate) struct Splitter {
    input: Input,
    path: Arc<Path>,
    dialect: Dialect,
    buffer: Vec<u8>,
    len: usize,
    ended: bool,
    line: u64,
    state: State,
}

/// How far the buffer has been looked through.
#[derive(Debug, Default, Clone, Copy)]
struct State {
    scanned: usize,
    records: usize,
    /// End of the last whole record.
    boundary: usize,
    in_quotes: bool,
    opened: usize,
    closed: Option<usize>,
    any_quotes: bool,
}

impl Splitter {
    /// Starts to read; the terminator of `dialect` is replaced by that of the file.
    pub(crate) fn open(input: Input, path: Arc<Path>, dialect: Dialect) -> Result<Self> {
        let mut splitter = Self {
            input,
            path,
            dialect,
            buffer: Vec::new(),
            len: 0,
            ended: false,
            line: 1,
            state: State::default(),
        };
        let head = splitter.peek(64 << 10)?;
        let lone_returns = memchr(b'\n', head).is_none() && memchr(b'\r', head).is_some();
        splitter.dialect.terminator = if lone_returns { b'\r' } else { b'\n' };
        Ok(splitter)
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// At least `bytes` bytes of what comes next, fewer only at the end of the file.
    pub(crate) fn peek(&mut self, bytes: usize) -> Result<&[u8]> {
        while self.len < bytes && !self.ended {
            self.read(bytes)?;
        }
        Ok(self.buffer.get(..self.len).unwrap_or_default())
    }

    fn read(&mut self, most: usize) -> Result<()> {
        let wanted = self.len + most.clamp(1, PIECE);
        if self.buffer.len() < wanted + PADDING {
            self.buffer.resize(wanted + PADDING, 0);
        }
        let Some(free) = self.buffer.get_mut(self.len..wanted) else { return Ok(()) };
        loop {
            match self.input.read(free) {
                Ok(read) => {
                    self.len += read;
                    self.ended = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io(&self.path)(error)),
            }
        }
    }

    /// Leaves out physical lines, whatever is in them.
    pub(crate) fn skip_lines(&mut self, lines: usize) -> Result<()> {
        let quote = self.dialect.quote.take();
        let mut left = lines;
        let mut spare = Vec::new();
        while left > 0
            && let Some(chunk) = self.next_chunk(left, PIECE, std::mem::take(&mut spare))?
        {
            left = left.saturating_sub(chunk.records.max(1));
            spare = chunk.bytes;
        }
        self.dialect.quote = quote;
        Ok(())
    }

    /// The next chunk: `records` records, or fewer where the file or about `most` bytes end before. `spare` is a buffer
    /// to use again.
    pub(crate) fn next_chunk(
        &mut self,
        records: usize,
        most: usize,
        spare: Vec<u8>,
    ) -> Result<Option<Chunk>> {
        loop {
            if let Some(cut) = self.scan(records) {
                return Ok(Some(self.cut(cut, records, spare)));
            }
            if self.len >= most && self.state.boundary > 0 {
                return Ok(Some(self.cut(self.state.boundary, self.state.records, spare)));
            }
            if self.ended {
                if self.state.in_quotes {
                    let line = self.line_of(self.state.opened);
                    return Err(TextError::OpenQuote { path: self.path.to_path_buf(), line }.into());
                }
                if self.len == 0 {
                    return Ok(None);
                }
                let last = usize::from(self.state.boundary < self.len);
                return Ok(Some(self.cut(self.len, self.state.records + last, spare)));
            }
            if self.len - self.state.boundary > LONGEST_RECORD {
                let line = self.line_of(self.state.boundary);
                let path = self.path.to_path_buf();
                return Err(TextError::RecordTooLong { path, line, limit: LONGEST_RECORD }.into());
            }
            self.read(most)?;
        }
    }

    fn line_of(&self, position: usize) -> u64 {
        let before = self.buffer.get(..position).unwrap_or_default();
        self.line + memchr_iter(self.dialect.terminator, before).count() as u64
    }

    /// Looks through new bytes until `records` records end; returns where the last of them does.
    fn scan(&mut self, records: usize) -> Option<usize> {
        let Self { buffer, len, dialect, state, .. } = self;
        let fresh = buffer.get(state.scanned..*len).unwrap_or_default();
        if fresh.is_empty() {
            return None;
        }
        if state.in_quotes || dialect.quote.is_some_and(|quote| memchr(quote, fresh).is_some()) {
            return state.scan_quoted(buffer, *len, *dialect, records);
        }
        let found = memchr_iter(dialect.terminator, fresh).count();
        if found > 0 && state.records + found >= records {
            let nth = records.saturating_sub(state.records).max(1) - 1;
            if let Some(end) = memchr_iter(dialect.terminator, fresh).nth(nth) {
                return Some(state.scanned + end + 1);
            }
        }
        state.records += found;
        if let Some(last) = memrchr(dialect.terminator, fresh) {
            state.boundary = state.scanned + last + 1;
        }
        state.scanned = *len;
        None
    }

    /// Hands out the text before `cut`; what is behind it moves to the start of the next buffer.
    fn cut(&mut self, cut: usize, records: usize, mut spare: Vec<u8>) -> Chunk {
        let rest = self.buffer.get(cut..self.len).unwrap_or_default();
        if spare.len() < rest.len() + PADDING {
            spare.resize(rest.len() + PADDING, 0);
        }
        if let Some(start) = spare.get_mut(..rest.len()) {
            start.copy_from_slice(rest);
        }
        let rest = rest.len();
        let mut bytes = std::mem::replace(&mut self.buffer, spare);
        if bytes.len() < cut + PADDING {
            bytes.resize(cut + PADDING, 0);
        }
        if let Some(padding) = bytes.get_mut(cut..cut + PADDING) {
            padding.fill(0);
        }
        let quoted = self.state.any_quotes;
        let chunk = Chunk {
            bytes,
            len: cut,
            records,
            quoted,
            dialect: self.dialect,
            path: Arc::clone(&self.path),
            first_line: self.line,
        };
        self.line += if quoted {
            memchr_iter(self.dialect.terminator, chunk.text()).count() as u64
        } else {
            records as u64
        };
        self.len = rest;
        self.state = State::default();
        chunk
    }
}

impl State {
    /// The same where there are quotes: 64 bytes at a time, visiting quotes and line ends only.
    fn scan_quoted(&mut self, buffer: &[u8], len: usize, dialect: Dialect, records: usize) -> Option<usize> {
        let Dialect { delimiter, quote, terminator, .. } = dialect;
        let (quotes, terminators) = (quote.map(repeat), repeat(terminator));
        while self.scanned < len {
            // the buffer has padding behind its text
            let block = buffer.get(self.scanned..).and_then(|rest| rest.first_chunk::<64>())?;
            let marks = quotes.map_or(0, |quotes| matches(block, quotes));
            let mut any = marks | matches(block, terminators);
            while any != 0 {
                let bit = any.trailing_zeros();
                any &= any - 1;
                let at = self.scanned + bit as usize;
                if at >= len {
                    break;
                }
                if (marks >> bit) & 1 == 0 {
                    if !self.in_quotes {
                        self.records += 1;
                        self.boundary = at + 1;
                        if self.records >= records {
                            return Some(at + 1);
                        }
                    }
                } else if self.in_quotes {
                    self.in_quotes = false;
                    self.closed = Some(at);
                } else {
                    let opens = at.checked_sub(1).is_none_or(|before| {
                        let byte = buffer.get(before).copied().unwrap_or_default();
                        byte == delimiter || byte == terminator || self.closed == Some(before)
                    });
                    if opens {
                        self.in_quotes = true;
                        self.any_quotes = true;
                        self.opened = at;
                    }
                }
            }
            self.scanned = (self.scanned + 64).min(len);
        }
        None
    }
}
