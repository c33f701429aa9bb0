//! Values to text.
//!
//! Integers are written two digits at a time. A decimal number that is an integer divided by 100, 10^4 or 10^6, as most
//! measured ones are, is written as that integer with a point in it: with at most 15 digits (6 for single precision)
//! no shorter text gives the same number. The others go to the standard library, which finds the shortest digits.
//!
//! JSON lines differ in what stands between the values: names before them, other quotes, `null` for what is missing.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use crate::factor::{codes_and_levels, is_block_type};
use crate::source::text::date::{write_date, write_timestamp};
use crate::{Error, Result};

/// How values look in the file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    delimiter: u8,
    missing: Vec<u8>,
    float_digits: Option<usize>,
    /// Bytes for which a text is quoted.
    special: [bool; 256],
    /// For JSON lines: what stands before the value of each column.
    keys: Option<Vec<Vec<u8>>>,
}

impl Layout {
    pub(crate) fn new(delimiter: u8, missing: &str, float_digits: Option<usize>) -> Self {
        let mut special = [false; 256];
        for byte in [delimiter, b'"', b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        Self { delimiter, missing: missing.as_bytes().to_vec(), float_digits, special, keys: None }
    }

    /// One JSON object a row, with the names of the columns for keys.
    pub(crate) fn json_lines(schema: &Schema, float_digits: Option<usize>) -> Self {
        let keys = schema.fields().iter().enumerate().map(|(index, field)| {
            let mut key = vec![if index == 0 { b'{' } else { b',' }];
            json_text(field.name().as_bytes(), &mut key);
            key.push(b':');
            key
        });
        Self { keys: Some(keys.collect()), ..Self::new(b',', "null", float_digits) }
    }

    fn is_json(&self) -> bool {
        self.keys.is_some()
    }

    /// Writes a text, quoted if it needs it.
    pub(crate) fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        if self.is_json() {
            return json_text(text, out);
        }
        let blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        let mark = text.starts_with("\u{FEFF}".as_bytes());
        let quoted = text.iter().any(|&byte| self.special[usize::from(byte)])
            || blank(text.first())
            || blank(text.last())
            || text == self.missing
            || text == b"NA"
            || mark;
        if !quoted {
            out.extend_from_slice(text);
            return;
        }
        out.push(b'"');
        for &byte in text {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        out.push(b'"');
    }
}

/// Refuses types that are not written as text.
pub(crate) fn check(field: &Field) -> Result<()> {
    if is_block_type(field.data_type()) {
        return Ok(());
    }
    Err(Error::ColumnType {
        column: field.name().clone(),
        found: field.data_type().to_string(),
        expected: "text files have numbers, logicals, texts, factors, dates and timestamps; leave it out"
            .into(),
    })
}

/// The columns of a batch, ready to be written row by row.
pub(crate) struct Row<'a> {
    columns: Vec<(&'a dyn Array, Values<'a>)>,
    layout: &'a Layout,
}

enum Values<'a> {
    Bool(&'a BooleanArray),
    Int8(&'a ScalarBuffer<i8>),
    Int16(&'a ScalarBuffer<i16>),
    Int32(&'a ScalarBuffer<i32>),
    Int64(&'a ScalarBuffer<i64>),
    UInt8(&'a ScalarBuffer<u8>),
    UInt16(&'a ScalarBuffer<u16>),
    UInt32(&'a ScalarBuffer<u32>),
    UInt64(&'a ScalarBuffer<u64>),
    Float32(&'a ScalarBuffer<f32>),
    Float64(&'a ScalarBuffer<f64>),
    Text(&'a StringArray),
    Factor { codes: &'a Int32Array, levels: Vec<Vec<u8>> },
    Date(&'a ScalarBuffer<i32>),
    Timestamp { values: &'a ScalarBuffer<i64>, unit: TimeUnit, utc: bool },
}

impl<'a> Row<'a> {
    /// # Errors
    /// When a column has a type that [`check`] refuses.
    pub(crate) fn new(batch: &'a RecordBatch, layout: &'a Layout) -> Result<Self> {
        let schema = batch.schema_ref();
        let columns = batch.columns().iter().zip(schema.fields()).map(|(array, field)| {
            let array = array.as_ref();
            let values = values(array, layout);
            match values {
                Some(values) => Ok((array, values)),
                None => check(field).and(Err(Error::ColumnType {
                    column: field.name().clone(),
                    found: array.data_type().to_string(),
                    expected: "the schema says otherwise".into(),
                })),
            }
        });
        Ok(Self { columns: columns.collect::<Result<_>>()?, layout })
    }

    /// Writes a row and its line end.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let keys = self.layout.keys.as_deref();
        for (index, (array, values)) in self.columns.iter().enumerate() {
            match keys.and_then(|keys| keys.get(index)) {
                Some(key) => out.extend_from_slice(key),
                None if index > 0 => out.push(self.layout.delimiter),
                None => {}
            }
            if array.is_null(row) {
                out.extend_from_slice(&self.layout.missing);
            } else {
                self.value(values, row, out);
            }
        }
        if keys.is_some() {
            out.extend_from_slice(if self.columns.is_empty() { b"{}" } else { b"}" });
        }
        out.push(b'\n');
    }

    fn value(&self, values: &Values<'_>, row: usize, out: &mut Vec<u8>) {
        match values {
            Values::Bool(values) => out.extend_from_slice(if values.value(row) { b"true" } else { b"false" }),
            Values::Int8(values) => signed(i64::from(values[row]), out),
            Values::Int16(values) => signed(i64::from(values[row]), out),
            Values::Int32(values) => signed(i64::from(values[row]), out),
            Values::Int64(values) => signed(values[row], out),
            Values::UInt8(values) => unsigned(u64::from(values[row]), out),
            Values::UInt16(values) => unsigned(u64::from(values[row]), out),
            Values::UInt32(values) => unsigned(u64::from(values[row]), out),
            Values::UInt64(values) => unsigned(values[row], out),
            Values::Float32(values) => self.float32(values[row], out),
            Values::Float64(values) => self.float64(values[row], out),
            Values::Text(texts) => self.layout.text(texts.value(row).as_bytes(), out),
            Values::Factor { codes, levels } => {
                let level = usize::try_from(codes.value(row)).ok().and_then(|code| levels.get(code));
                out.extend_from_slice(level.map_or(self.layout.missing.as_slice(), Vec::as_slice));
            }
            Values::Date(values) => self.quoted(out, |out| write_date(i64::from(values[row]), out)),
            Values::Timestamp { values, unit, utc } => self.quoted(out, |out| {
                let separator = if self.layout.delimiter == b' ' { 'T' } else { ' ' };
                write_timestamp(values[row], *unit, separator, *utc, out);
            }),
        }
    }

    /// In the quotes that JSON wants around what is no number.
    fn quoted(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let quote: &[u8] = if self.layout.is_json() { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        write(out);
        out.extend_from_slice(quote);
    }

    /// Whether a number is written as missing; JSON has no infinity either.
    fn is_missing(&self, is_nan: bool, is_infinite: bool) -> bool {
        is_nan || is_infinite && self.layout.is_json()
    }

    fn float64(&self, value: f64, out: &mut Vec<u8>) {
        let value = match self.layout.float_digits {
            Some(digits) if value.is_finite() => {
                format!("{value:.*e}", digits.clamp(1, 17) - 1).parse().unwrap_or(value)
            }
            _ => value,
        };
        if self.is_missing(value.is_nan(), value.is_infinite()) {
            out.extend_from_slice(&self.layout.missing);
        } else {
            float64(value, out);
        }
    }

    fn float32(&self, value: f32, out: &mut Vec<u8>) {
        let value = match self.layout.float_digits {
            Some(digits) if value.is_finite() => {
                format!("{value:.*e}", digits.clamp(1, 9) - 1).parse().unwrap_or(value)
            }
            _ => value,
        };
        if self.is_missing(value.is_nan(), value.is_infinite()) {
            out.extend_from_slice(&self.layout.missing);
        } else {
            float32(value, out);
        }
    }
}

fn values<'a>(array: &'a dyn Array, layout: &Layout) -> Option<Values<'a>> {
    Some(match array.data_type() {
        DataType::Boolean => Values::Bool(array.as_boolean()),
        DataType::Int8 => Values::Int8(array.as_primitive::<Int8Type>().values()),
        DataType::Int16 => Values::Int16(array.as_primitive::<Int16Type>().values()),
        DataType::Int32 => Values::Int32(array.as_primitive::<Int32Type>().values()),
        DataType::Int64 => Values::Int64(array.as_primitive::<Int64Type>().values()),
        DataType::UInt8 => Values::UInt8(array.as_primitive::<UInt8Type>().values()),
        DataType::UInt16 => Values::UInt16(array.as_primitive::<UInt16Type>().values()),
        DataType::UInt32 => Values::UInt32(array.as_primitive::<UInt32Type>().values()),
        DataType::UInt64 => Values::UInt64(array.as_primitive::<UInt64Type>().values()),
        DataType::Float32 => Values::Float32(array.as_primitive::<Float32Type>().values()),
        DataType::Float64 => Values::Float64(array.as_primitive::<Float64Type>().values()),
        DataType::Utf8 => Values::Text(array.as_string::<i32>()),
        DataType::Date32 => Values::Date(array.as_primitive::<Date32Type>().values()),
        DataType::Timestamp(unit, zone) => {
            let values = match unit {
                TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
                TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
                TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
                TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
            };
            Values::Timestamp { values, unit: *unit, utc: zone.is_some() }
        }
        _ => {
            let (codes, levels) = codes_and_levels(array)?;
            let levels = (0..levels.len()).map(|code| {
                let mut text = Vec::new();
                if levels.is_null(code) {
                    text.extend_from_slice(&layout.missing);
                } else {
                    layout.text(levels.value(code).as_bytes(), &mut text);
                }
                text
            });
            Values::Factor { codes, levels: levels.collect() }
        }
    })
}

/// A JSON string.
fn json_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // writing to a vector cannot fail
            0..0x20 => drop(write!(out, "\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    unsigned(value.unsigned_abs(), out);
}

/// All pairs of digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut pair = 0;
    while pair < 100 {
        pairs[pair] = [b'0' + (pair / 10) as u8, b'0' + (pair % 10) as u8];
        pair += 1;
    }
    pairs
};

fn unsigned(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while value >= 10 {
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    if value > 0 || start == digits.len() {
        start -= 1;
        digits[start] = b'0' + value as u8;
    }
    out.extend_from_slice(&digits[start..]);
}

/// An integer with so many digits behind the point, without trailing zeros.
fn with_point(mut value: u64, mut behind: u32, out: &mut Vec<u8>) {
    while behind > 0 && value.is_multiple_of(10) {
        value /= 10;
        behind -= 1;
    }
    let scale = 10_u64.pow(behind);
    unsigned(value / scale, out);
    if behind > 0 {
        out.push(b'.');
        let fraction = value % scale;
        for place in (0..behind).rev() {
            out.push(b'0' + (fraction / 10_u64.pow(place) % 10) as u8);
        }
    }
}

fn float64(value: f64, out: &mut Vec<u8>) {
    let size = value.abs();
    if value.is_sign_negative() {
        out.push(b'-');
    }
    for (scale, behind) in [(1.0, 0), (1e2, 2), (1e4, 4), (1e6, 6)] {
        let scaled = (size * scale).round();
        if scaled < 1e15 && scaled / scale == size {
            return with_point(scaled as u64, behind, out);
        }
    }
    // writing to a vector cannot fail
    let _ = if size.is_infinite() || (1e-5..1e16).contains(&size) {
        write!(out, "{size}")
    } else {
        write!(out, "{size:e}")
    };
}

fn float32(value: f32, out: &mut Vec<u8>) {
    let size = value.abs();
    if value.is_sign_negative() {
        out.push(b'-');
    }
    for (scale, behind) in [(1.0, 0), (1e2, 2), (1e4, 4)] {
        let scaled = (size * scale).round();
        if scaled < 1e6 && scaled / scale == size {
            return with_point(scaled as u64, behind, out);
        }
    }
    // as above
    let _ = if size.is_infinite() || (1e-5..1e9).contains(&size) {
        write!(out, "{size}")
    } else {
        write!(out, "{size:e}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers() {
        for value in [0, 1, 9, 10, 99, 100, 101, 12_345, 1_000_000, u64::MAX, u64::MAX / 3, 9_999_999_999] {
            assert_eq!(text(|out| unsigned(value, out)), value.to_string());
        }
        for value in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(text(|out| signed(value, out)), value.to_string());
        }
    }

    #[test]
    fn floats_are_short_and_exact() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-0.25, "-0.25"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9.666_666, "9.666666"),
            (1e15, "1000000000000000"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (0.001, "0.001"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(|out| float64(value, out)), expected);
        }
        assert_eq!(text(|out| float32(0.1, out)), "0.1");
        assert_eq!(text(|out| float32(16_777_216.0, out)), "16777216");
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (double, single) = (f64::from_bits(state), f32::from_bits((state >> 32) as u32));
            let decimal = (state >> 40) as f64 / 1e3;
            for value in [double, decimal] {
                if !value.is_nan() {
                    let written = text(|out| float64(value, out));
                    assert_eq!(written.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{written}");
                }
            }
            for value in [single, decimal as f32] {
                if !value.is_nan() {
                    let written = text(|out| float32(value, out));
                    assert_eq!(written.parse::<f32>().unwrap().to_bits(), value.to_bits(), "{written}");
                }
            }
        }
    }

    #[test]
    fn texts_are_quoted_where_they_need_it() {
        let layout = Layout::new(b',', "", None);
        for (value, expected) in [
            ("plain", "plain"),
            ("two words", "two words"),
            ("", "\"\""),
            ("NA", "\"NA\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "\"a\nb\""),
            (" x", "\" x\""),
            ("a;b", "a;b"),
        ] {
            assert_eq!(text(|out| layout.text(value.as_bytes(), out)), expected);
        }
    }
}
