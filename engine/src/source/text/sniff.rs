//! What a text says about itself: delimiter, header, and the types of its columns.
//!
//! The delimiter is the one that cuts the first records into equally many fields, more than one. The first record is a
//! header unless it has a number or a date. The type of a column is the narrowest that takes every value of the sample:
//! logical, int32, int64, decimal, date, timestamp, or else text. Missing values and empty cells say nothing.

use arrow_schema::{DataType, TimeUnit};

use super::convert::boolean;
use super::number::{Number, localized};
use super::scan::{Index, QUOTED, resolve};
use super::spec::Missing;
use super::split::{Chunk, Dialect};
use super::{Record, TextOptions, date};
use crate::factor::factor_type;

/// Delimiters that are looked for, the likeliest first.
const CANDIDATES: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Records that are looked at for the delimiter.
const RECORDS: usize = 500;

/// The delimiter of a text that begins with `head`.
pub(crate) fn delimiter(head: &[u8], whole: bool, options: &TextOptions, terminator: u8) -> u8 {
    let dialect =
        |delimiter| Dialect { delimiter, combine: delimiter == b' ', quote: options.quote, terminator };
    let score = |delimiter: u8| {
        let counts = field_counts(head, whole, dialect(delimiter), RECORDS);
        let mut sorted = counts.clone();
        sorted.sort_unstable();
        let runs = sorted.chunk_by(|a, b| a == b).filter(|run| run.first().is_some_and(|&fields| fields > 1));
        let usual = runs.max_by_key(|run| run.len())?;
        Some((usual.len() as f64 / counts.len() as f64, usual.first().copied()?, delimiter))
    };
    let usable = |delimiter: &u8| *delimiter != options.decimal && Some(*delimiter) != options.quote;
    let mut best: Option<(f64, usize, u8)> = None;
    for found in CANDIDATES.into_iter().filter(usable).filter_map(score) {
        if best.is_none_or(|best| (found.0, found.1) > (best.0, best.1)) {
            best = Some(found);
        }
    }
    match (best, score(b' ')) {
        (Some((share, _, delimiter)), _) if share >= 0.5 => delimiter,
        (_, Some((share, _, blank))) if share >= 0.9 => blank,
        (Some((_, _, delimiter)), _) => delimiter,
        _ => b',',
    }
}

/// How many fields the first `most` records have; blank lines are none.
fn field_counts(head: &[u8], whole: bool, dialect: Dialect, most: usize) -> Vec<usize> {
    let Dialect { delimiter, combine, quote, terminator } = dialect;
    let mut counts = Vec::new();
    let (mut ended, mut start, mut record) = (0, 0, 0);
    let (mut in_quotes, mut quoted, mut closed) = (false, false, None);
    for (at, &byte) in head.iter().enumerate() {
        if Some(byte) == quote {
            if in_quotes {
                (in_quotes, closed) = (false, Some(at));
            } else if at == start || closed == at.checked_sub(1) && quoted {
                (in_quotes, quoted) = (true, true);
            }
        } else if !in_quotes && (byte == delimiter || byte == terminator) {
            let last = byte == terminator;
            let end = if last && at > start && head.get(at - 1) == Some(&b'\r') { at - 1 } else { at };
            let empty = end == start && !quoted;
            if !(combine && empty) {
                ended += 1;
            }
            (start, quoted) = (at + 1, false);
            if last {
                if !(empty && ended <= 1 && end == record) && ended > 0 {
                    counts.push(ended);
                }
                if counts.len() == most {
                    return counts;
                }
                (ended, record) = (0, at + 1);
            }
        }
    }
    let open = start < head.len() || ended > 0;
    // what may go on behind the head says nothing, unless it is all there is
    if open && (whole || counts.is_empty()) {
        let empty = start == head.len() && !quoted;
        counts.push(ended + usize::from(!(combine && empty)));
    }
    counts
}

/// The fields of a chunk that is one record, and whether each was quoted.
pub(crate) fn fields_of(chunk: &Chunk) -> Record {
    let Some(&fields) = field_counts(chunk.text(), true, chunk.dialect, 1).first() else { return Vec::new() };
    let mut index = Index::new(fields, 1, true);
    index.fill(chunk, 0);
    let mut scratch = Vec::new();
    (0..fields)
        .filter_map(|column| index.column(column).next())
        .map(|cell| (resolve(chunk, cell, &mut scratch).to_vec(), cell.flags & QUOTED != 0))
        .collect()
}

/// Whether a first record names columns: none of its fields is a number or a date, and they are not all empty.
pub(crate) fn is_header(fields: &[(Vec<u8>, bool)]) -> bool {
    let named = |text: &[u8]| {
        let text = text.trim_ascii();
        !matches!(
            Kind::of(text),
            Kind::Int32 | Kind::Int64 | Kind::Decimal | Kind::Date | Kind::Time | Kind::FineTime
        ) || text.iter().all(u8::is_ascii_alphabetic)
    };
    fields.iter().all(|(text, _)| named(text)) && fields.iter().any(|(text, _)| !text.trim_ascii().is_empty())
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Int32,
    Int64,
    Decimal,
    Date,
    Time,
    /// Finer than microseconds.
    FineTime,
    /// With an offset from UTC.
    UtcTime,
    Text,
}

impl Kind {
    fn of(text: &[u8]) -> Self {
        // nothing else starts as numbers do
        if text.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')) {
            if i32::thorough(text).is_ok() {
                return Self::Int32;
            }
            if i64::thorough(text).is_ok() {
                return Self::Int64;
            }
            if f64::thorough(text).is_ok() {
                return Self::Decimal;
            }
            if date::date(text).is_some() {
                return Self::Date;
            }
            return match date::timestamp(text) {
                Some(instant) if instant.in_units(1_000_000).is_none() => Self::FineTime,
                Some(instant) if instant.with_offset => Self::UtcTime,
                Some(_) => Self::Time,
                None => Self::Text,
            };
        }
        if boolean(text).is_some() {
            return Self::Bool;
        }
        if f64::thorough(text).is_ok() { Self::Decimal } else { Self::Text }
    }
}

/// The kinds of values that a column had so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen(u16);

impl Seen {
    fn add(&mut self, kind: Kind) {
        self.0 |= 1 << kind as u16;
    }

    fn only(self, kinds: &[Kind]) -> bool {
        kinds.iter().fold(self.0, |left, &kind| left & !(1 << kind as u16)) == 0
    }

    fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    /// Looks at the values of a column.
    pub(crate) fn look(
        &mut self,
        chunk: &Chunk,
        index: &Index,
        place: usize,
        missing: &Missing,
        options: &TextOptions,
    ) {
        let local = options.decimal != b'.' || options.thousands.is_some();
        let (mut scratch, mut plain) = (Vec::new(), Vec::new());
        for cell in index.column(place) {
            if self.has(Kind::Text) {
                return;
            }
            let text = resolve(chunk, cell, &mut scratch).trim_ascii();
            if text.is_empty() || missing.is(text) {
                continue;
            }
            let number = |kind: Kind| matches!(kind, Kind::Int32 | Kind::Int64 | Kind::Decimal);
            let kind = if local {
                let local = if localized(text, options.decimal, options.thousands, &mut plain) {
                    Kind::of(&plain)
                } else {
                    Kind::Text
                };
                if number(local) {
                    local
                } else {
                    Some(Kind::of(text)).filter(|kind| !number(*kind)).unwrap_or(Kind::Text)
                }
            } else {
                Kind::of(text)
            };
            self.add(kind);
        }
    }

    /// The narrowest type for all of them.
    pub(crate) fn data_type(self, options: &TextOptions) -> DataType {
        use Kind::{Bool, Date, Decimal, FineTime, Int32, Int64, Time, UtcTime};
        if self.0 == 0 {
            options.default_missing.clone()
        } else if self.only(&[Bool]) {
            DataType::Boolean
        } else if self.only(&[Int32]) {
            DataType::Int32
        } else if self.only(&[Int32, Int64]) {
            DataType::Int64
        } else if self.only(&[Int32, Int64, Decimal]) {
            options.default_decimal.clone()
        } else if self.only(&[Date]) {
            DataType::Date32
        } else if self.only(&[Date, Time]) {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        } else if self.only(&[Date, Time, FineTime]) {
            DataType::Timestamp(TimeUnit::Nanosecond, None)
        } else if self.only(&[UtcTime]) {
            DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
        } else if options.strings_as_factors {
            factor_type()
        } else {
            DataType::Utf8
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(text: &str) -> char {
        char::from(delimiter(text.as_bytes(), true, &TextOptions::default(), b'\n'))
    }

    #[test]
    fn delimiters() {
        assert_eq!(sniffed("a,b\n1,2\n"), ',');
        assert_eq!(sniffed("a\tb\n1,5\t2\n"), '\t');
        assert_eq!(sniffed("a;b\n1,5;2,5\n2,5;3,5\n"), ';');
        assert_eq!(sniffed("a|b|c\n1|2|3"), '|');
        assert_eq!(sniffed("  a   b\n 1.0   2\n10.5   3\n"), ' ');
        assert_eq!(sniffed("name\nJohn Smith\nJane Doe\n"), ',');
        assert_eq!(sniffed("x\n1\n2\n"), ',');
        assert_eq!(sniffed("\"a;b\",c\n\"1;2;3\",4\n"), ',');
        assert_eq!(sniffed("text,n\n\"several words, and a\nline end\",4\n"), ',');
        assert_eq!(sniffed(""), ',');
    }

    #[test]
    fn field_counts_skip_blank_lines_and_the_cut_end() {
        let dialect = Dialect { delimiter: b',', combine: false, quote: Some(b'"'), terminator: b'\n' };
        assert_eq!(field_counts(b"a,b\r\n\r\n\n1,2,\n\"x,\"\"y\"", true, dialect, 9), [2, 3, 1]);
        assert_eq!(field_counts(b"a,b\n1", false, dialect, 9), [2]);
        assert_eq!(field_counts(b",\n,,", true, dialect, 9), [2, 3]);
        assert_eq!(field_counts(b"a", false, dialect, 9), [1]);
    }

    #[test]
    fn headers_have_no_numbers() {
        let header = |fields: &[&str]| {
            is_header(&fields.iter().map(|text| (text.as_bytes().to_vec(), false)).collect::<Vec<_>>())
        };
        assert!(header(&["a", "b"]));
        assert!(header(&["", "b"]));
        assert!(header(&["inf", "nan"]));
        assert!(!header(&["a", "1.5"]));
        assert!(!header(&["a", "2020-01-31"]));
        assert!(!header(&["", ""]));
    }
}
