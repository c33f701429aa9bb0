//! Builders of columns: from the cells of an index to an Arrow array, one type at a time.
//!
//! Every builder has a quick way for plain cells, which is nearly all of them, and one thorough way for the rest: quoted
//! cells, blanks around numbers, missing values, other decimal points, and cells that are none of these, which are bad.
//! Missing rows are kept as a list of row numbers, since most columns have few.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use super::levels::{LevelTable, NONE, SHORT, key, short_key};
use super::number::{Number, localized, word};
use super::scan::{ABSENT, Cell, Index, QUOTED, resolve};
use super::split::Chunk;
use super::{date, types};
use crate::{Error, Result};

/// What a column is to become.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) name: String,
    /// Place in the file.
    pub(crate) place: usize,
    pub(crate) data_type: DataType,
    /// Rows over which the type was inferred; `None` when the caller gave it.
    pub(crate) inferred_rows: Option<u64>,
    pub(crate) missing: Missing,
    pub(crate) decimal: u8,
    pub(crate) thousands: Option<u8>,
    pub(crate) levels: Option<FixedLevels>,
}

/// The levels of a factor that the caller gave.
#[derive(Debug, Clone)]
pub(crate) struct FixedLevels {
    pub(crate) table: LevelTable,
    pub(crate) values: ArrayRef,
}

/// The texts that mean missing in a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missing {
    texts: Vec<Vec<u8>>,
    /// Keys of the short ones.
    keys: Vec<u128>,
    /// A bit for the length of each; 63 for all longer ones.
    lengths: u64,
    /// Whether one of them could also be a value, so that they come first.
    first: bool,
}

impl Missing {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let texts: Vec<Vec<u8>> = texts.into_iter().map(|text| text.clone().into_bytes()).collect();
        let lengths = texts.iter().fold(0, |lengths, text| lengths | length_bit(text.len()));
        let first = texts.iter().any(|text| {
            text.iter().any(u8::is_ascii_digit) || boolean(text).is_some() || f64::thorough(text).is_ok()
        });
        let keys = texts.iter().filter_map(|text| short_key(text)).collect();
        Self { texts, keys, lengths, first }
    }

    #[inline]
    fn may_be(&self, len: usize) -> bool {
        self.lengths & length_bit(len) != 0
    }

    /// Whether the short text of a length and a key is one.
    #[inline]
    fn is_key(&self, len: usize, key: u128) -> bool {
        self.may_be(len) && self.keys.contains(&key)
    }

    pub(crate) fn is(&self, text: &[u8]) -> bool {
        self.may_be(text.len()) && self.texts.iter().any(|missing| missing == text)
    }
}

#[inline]
fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

/// Bytes of a text column that are not UTF-8, and the row of the chunk in which they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotUtf8 {
    pub(crate) row: usize,
}

/// The rows of a column that have no value, and why.
#[derive(Debug, Default)]
pub(crate) struct Log {
    missing: Vec<u32>,
    /// Cells that should have had one.
    pub(crate) bad: u64,
    /// The first of them: its row in the chunk and its text.
    pub(crate) first_bad: Option<(usize, Vec<u8>)>,
}

impl Log {
    fn missing(&mut self, row: usize) {
        self.missing.push(row as u32);
    }

    #[cold]
    fn bad(&mut self, row: usize, text: &[u8]) {
        self.missing.push(row as u32);
        self.bad += 1;
        if self.first_bad.is_none() {
            let kept = text.get(..text.len().min(400)).unwrap_or_default();
            self.first_bad = Some((row, kept.to_vec()));
        }
    }

    fn nulls(&self, rows: usize) -> Option<NullBuffer> {
        if self.missing.is_empty() {
            return None;
        }
        let mut valid = BooleanBufferBuilder::new(rows);
        valid.append_n(rows, true);
        for &row in &self.missing {
            valid.set_bit(row as usize, false);
        }
        Some(NullBuffer::new(valid.finish()))
    }
}

/// A column of a chunk while it is read.
#[derive(Debug)]
pub(crate) struct Builder {
    values: Values,
    pub(crate) log: Log,
    rows: usize,
    scratch: Vec<u8>,
}

#[derive(Debug)]
enum Values {
    Bool(Vec<bool>),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    UInt8(Vec<u8>),
    UInt16(Vec<u16>),
    UInt32(Vec<u32>),
    UInt64(Vec<u64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Date(Vec<i32>),
    Timestamp { values: Vec<i64>, unit: TimeUnit, zone: Option<Arc<str>> },
    Text { bytes: Vec<u8>, offsets: Vec<i32> },
    Factor { codes: Vec<i32>, table: LevelTable, levels: Vec<String> },
}

/// A column of a chunk.
#[derive(Debug)]
pub(crate) enum Column {
    Array(ArrayRef),
    /// Codes in the chunk's own levels, in the order in which they appear.
    Factor {
        codes: Vec<i32>,
        nulls: Option<NullBuffer>,
        levels: Vec<String>,
    },
}

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

impl Builder {
    /// A builder for about `rows` rows.
    pub(crate) fn new(spec: &Spec, rows: usize) -> Self {
        let values = match &spec.data_type {
            DataType::Boolean => Values::Bool(Vec::with_capacity(rows)),
            DataType::Int8 => Values::Int8(Vec::with_capacity(rows)),
            DataType::Int16 => Values::Int16(Vec::with_capacity(rows)),
            DataType::Int32 => Values::Int32(Vec::with_capacity(rows)),
            DataType::Int64 => Values::Int64(Vec::with_capacity(rows)),
            DataType::UInt8 => Values::UInt8(Vec::with_capacity(rows)),
            DataType::UInt16 => Values::UInt16(Vec::with_capacity(rows)),
            DataType::UInt32 => Values::UInt32(Vec::with_capacity(rows)),
            DataType::UInt64 => Values::UInt64(Vec::with_capacity(rows)),
            DataType::Float32 => Values::Float32(Vec::with_capacity(rows)),
            DataType::Float64 => Values::Float64(Vec::with_capacity(rows)),
            DataType::Date32 => Values::Date(Vec::with_capacity(rows)),
            DataType::Timestamp(unit, zone) => {
                Values::Timestamp { values: Vec::with_capacity(rows), unit: *unit, zone: zone.clone() }
            }
            DataType::Dictionary(..) => {
                let table = spec.levels.as_ref().map(|levels| levels.table.clone()).unwrap_or_default();
                Values::Factor { codes: Vec::with_capacity(rows), table, levels: Vec::new() }
            }
            // `types::readable` lets nothing else through
            _ => {
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                Values::Text { bytes: Vec::new(), offsets }
            }
        };
        Self { values, log: Log::default(), rows: 0, scratch: Vec::new() }
    }

    /// Reads the column's cells of some rows.
    pub(crate) fn append(&mut self, spec: &Spec, cells: &Rows<'_>) -> Result<(), NotUtf8> {
        let mut to = Target { spec, cells, first: self.rows, log: &mut self.log, scratch: &mut self.scratch };
        self.rows += cells.index.rows();
        match &mut self.values {
            Values::Bool(values) => {
                to.values(values, quick_boolean, |text| boolean(text).map(Some).ok_or(()));
            }
            Values::Int8(values) => to.numbers(values),
            Values::Int16(values) => to.numbers(values),
            Values::Int32(values) => to.numbers(values),
            Values::Int64(values) => to.numbers(values),
            Values::UInt8(values) => to.numbers(values),
            Values::UInt16(values) => to.numbers(values),
            Values::UInt32(values) => to.numbers(values),
            Values::UInt64(values) => to.numbers(values),
            Values::Float32(values) => to.numbers(values),
            Values::Float64(values) => to.numbers(values),
            Values::Date(values) => {
                let quick = |bytes: &[u8], start, len| date::date(bytes.get(start..start + len)?);
                to.values(values, quick, |text| date::date(text).map(Some).ok_or(()));
            }
            Values::Timestamp { values, unit, zone } => {
                let (per_second, utc) = (date::per_second(*unit), zone.is_some());
                let parse = |text: &[u8]| {
                    date::timestamp(text)
                        .filter(|instant| instant.with_offset == utc)
                        .and_then(|instant| instant.in_units(per_second))
                };
                let quick = |bytes: &[u8], start, len| parse(bytes.get(start..start + len)?);
                to.values(values, quick, |text| parse(text).map(Some).ok_or(()));
            }
            Values::Text { bytes, offsets } => return to.texts(bytes, offsets),
            Values::Factor { codes, table, levels } => return to.codes(codes, table, levels),
        }
        Ok(())
    }

    /// The column, and what went wrong in it.
    ///
    /// # Errors
    /// When Arrow refuses the parts, which it does not.
    pub(crate) fn finish(self) -> Result<(Column, Log)> {
        let nulls = self.log.nulls(self.rows);
        let array: ArrayRef = match self.values {
            Values::Bool(values) => Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)),
            Values::Int8(values) => primitive::<Int8Type>(values, nulls),
            Values::Int16(values) => primitive::<Int16Type>(values, nulls),
            Values::Int32(values) => primitive::<Int32Type>(values, nulls),
            Values::Int64(values) => primitive::<Int64Type>(values, nulls),
            Values::UInt8(values) => primitive::<UInt8Type>(values, nulls),
            Values::UInt16(values) => primitive::<UInt16Type>(values, nulls),
            Values::UInt32(values) => primitive::<UInt32Type>(values, nulls),
            Values::UInt64(values) => primitive::<UInt64Type>(values, nulls),
            Values::Float32(values) => primitive::<Float32Type>(values, nulls),
            Values::Float64(values) => primitive::<Float64Type>(values, nulls),
            Values::Date(values) => primitive::<Date32Type>(values, nulls),
            Values::Timestamp { values, unit, zone } => {
                let values = ScalarBuffer::from(values);
                match unit {
                    TimeUnit::Second => Arc::new(
                        PrimitiveArray::<TimestampSecondType>::new(values, nulls).with_timezone_opt(zone),
                    ),
                    TimeUnit::Millisecond => Arc::new(
                        PrimitiveArray::<TimestampMillisecondType>::new(values, nulls)
                            .with_timezone_opt(zone),
                    ),
                    TimeUnit::Microsecond => Arc::new(
                        PrimitiveArray::<TimestampMicrosecondType>::new(values, nulls)
                            .with_timezone_opt(zone),
                    ),
                    TimeUnit::Nanosecond => Arc::new(
                        PrimitiveArray::<TimestampNanosecondType>::new(values, nulls).with_timezone_opt(zone),
                    ),
                }
            }
            Values::Text { bytes, offsets } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let array = StringArray::try_new(offsets, bytes.into(), nulls)
                    .map_err(Error::arrow("reading text"))?;
                Arc::new(array)
            }
            Values::Factor { codes, levels, .. } => {
                return Ok((Column::Factor { codes, nulls, levels }, self.log));
            }
        };
        Ok((Column::Array(array), self.log))
    }
}

fn primitive<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls))
}

/// Where the cells of some rows go.
struct Target<'a> {
    spec: &'a Spec,
    cells: &'a Rows<'a>,
    /// Row of the chunk of the first cell.
    first: usize,
    log: &'a mut Log,
    scratch: &'a mut Vec<u8>,
}

impl Target<'_> {
    fn numbers<T: Number>(&mut self, values: &mut Vec<T>) {
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
    fn values<T: Copy + Default>(
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

    fn texts(&mut self, bytes: &mut Vec<u8>, offsets: &mut Vec<i32>) -> Result<(), NotUtf8> {
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

    fn codes(
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
fn quick_boolean(bytes: &[u8], start: usize, len: usize) -> Option<bool> {
    const TRUE: u64 = u64::from_le_bytes(*b"true\0\0\0\0");
    const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");
    const LOWER: u64 = super::scan::repeat(0x20);
    match len {
        4 => (((word(bytes, start) | LOWER) & 0xFFFF_FFFF) == TRUE).then_some(true),
        5 => (((word(bytes, start) | LOWER) & 0xFF_FFFF_FFFF) == FALSE).then_some(false),
        1 => boolean(bytes.get(start..=start)?),
        _ => None,
    }
}

impl Spec {
    /// What to do about a cell that does not fit.
    pub(crate) fn remedy(&self, text: &[u8]) -> String {
        let name = &self.name;
        let trimmed = text.trim_ascii();
        let integers = matches!(
            self.data_type,
            DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::UInt8
                | DataType::UInt16
                | DataType::UInt32
                | DataType::UInt64
        );
        if integers && self.data_type != DataType::Int64 && i64::thorough(trimmed).is_ok() {
            return format!("read the column as int64 (--type {name}=int64)");
        }
        if integers && f64::thorough(trimmed).is_ok() {
            return format!("read the column as float64 (--type {name}=float64)");
        }
        if trimmed.is_empty() {
            return "complete the row".into();
        }
        let shown = super::error::shown(trimmed);
        format!(
            "if that means missing, say so (--missing '{shown}'), else read the column as text (--type {name}=string)"
        )
    }

    /// The type in words.
    pub(crate) fn expected(&self) -> String {
        types::described(&self.data_type)
    }
}
