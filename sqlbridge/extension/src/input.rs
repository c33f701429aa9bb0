//! Values of the host as Arrow arrays. The bytes are borrowed for one call; arrays own what they keep.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    UInt8Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringArray};
use engine::source::text::days_of_date;

use crate::types::CType;

/// `SQL_NULL_DATA`
pub const NULL: i32 = -1;

/// The values of a column or parameter, as they lie in the memory of the host.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The type.
    pub ctype: CType,
    /// How many there are.
    pub rows: usize,
    /// The bytes: all of one width, or of the lengths of `lengths` one behind the other.
    pub bytes: &'a [u8],
    /// For each value its length in bytes or [`NULL`]; `None` where none is missing.
    pub lengths: Option<&'a [i32]>,
}

impl<'a> Values<'a> {
    /// Each value's bytes, `None` where it is missing. Missing values of fixed width have a place, others have none.
    fn each(&self) -> impl Iterator<Item = Option<&'a [u8]>> + '_ {
        let mut rest = self.bytes;
        (0..self.rows).map(move |row| {
            let length = self.lengths.and_then(|lengths| lengths.get(row)).copied();
            let width = match self.ctype.width() {
                Some(width) => width,
                None => length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0),
            };
            // the border has counted the bytes
            let (value, later) = rest.split_at_checked(width).unwrap_or((rest, &[]));
            rest = later;
            (length != Some(NULL)).then_some(value)
        })
    }

    /// The values as an array.
    ///
    /// # Errors
    /// When a value is none of its type; the message says which row of the chunk, from 1. Binary values are no array.
    pub fn array(&self) -> Result<ArrayRef, String> {
        Ok(match self.ctype {
            CType::Bit => {
                let bit = |value: Option<&[u8]>| value.map(|value| !matches!(value.first(), Some(0 | b'0')));
                Arc::new(self.each().map(bit).collect::<BooleanArray>())
            }
            CType::TinyInt => self.numbers::<UInt8Type, 1>(u8::from_le_bytes),
            CType::Short => self.numbers::<Int16Type, 2>(i16::from_le_bytes),
            CType::Long => self.numbers::<Int32Type, 4>(i32::from_le_bytes),
            CType::BigInt => self.numbers::<Int64Type, 8>(i64::from_le_bytes),
            CType::Float => self.numbers::<Float32Type, 4>(f32::from_le_bytes),
            CType::Double => self.numbers::<Float64Type, 8>(f64::from_le_bytes),
            CType::Numeric => self.converted::<Float64Type, 19>(numeric)?,
            CType::Date => self.converted::<Date32Type, 6>(|value| {
                let [y1, y2, m1, m2, d1, d2] = *value;
                date([y1, y2], [m1, m2], [d1, d2]).and_then(|days| i32::try_from(days).ok())
            })?,
            CType::Time => self.converted::<Float64Type, 6>(|value| {
                let [h1, h2, m1, m2, s1, s2] = *value;
                clock([h1, h2], [m1, m2], [s1, s2]).map(|seconds| seconds as f64)
            })?,
            CType::Timestamp => self.converted::<TimestampMicrosecondType, 16>(timestamp)?,
            CType::Char => self.texts(|bytes| String::from_utf8(bytes.to_vec()).ok())?,
            CType::WChar => self.texts(utf16)?,
            CType::Guid => self.texts(|bytes| bytes.try_into().ok().map(guid))?,
            CType::Binary => return Err("binary values are no column".into()),
        })
    }

    /// The one value of a parameter.
    pub fn single(&self) -> Option<&'a [u8]> {
        self.each().next().flatten()
    }

    fn numbers<T: ArrowPrimitiveType, const N: usize>(&self, of: impl Fn([u8; N]) -> T::Native) -> ArrayRef {
        let number = |value: Option<&[u8]>| value.and_then(|value| value.try_into().ok()).map(&of);
        Arc::new(self.each().map(number).collect::<PrimitiveArray<T>>())
    }

    fn converted<T: ArrowPrimitiveType, const N: usize>(
        &self,
        of: impl Fn(&[u8; N]) -> Option<T::Native>,
    ) -> Result<ArrayRef, String> {
        let value = |(row, value): (usize, Option<&[u8]>)| match value {
            None => Ok(None),
            Some(value) => value.try_into().ok().and_then(&of).map(Some).ok_or_else(|| self.refused(row)),
        };
        Ok(Arc::new(self.each().enumerate().map(value).collect::<Result<PrimitiveArray<T>, _>>()?))
    }

    fn texts(&self, of: impl Fn(&[u8]) -> Option<String>) -> Result<ArrayRef, String> {
        let text = |(row, value): (usize, Option<&[u8]>)| match value {
            None => Ok(None),
            Some(value) => of(value).map(Some).ok_or_else(|| self.refused(row)),
        };
        Ok(Arc::new(self.each().enumerate().map(text).collect::<Result<StringArray, _>>()?))
    }

    fn refused(&self, row: usize) -> String {
        let what = match self.ctype {
            CType::Char => "text that is not UTF-8; CAST it to nvarchar",
            CType::WChar => "text that is not UTF-16",
            CType::Numeric => "a numeric of a precision above 38",
            _ => "no date or time of the calendar",
        };
        format!("row {} of the chunk has {what}", row.saturating_add(1))
    }
}

/// `SQL_NUMERIC_STRUCT`: precision, scale, sign (1 for positive), and the digits as an integer.
fn numeric(value: &[u8; 19]) -> Option<f64> {
    let [_, scale, sign, digits @ ..] = value;
    let (digits, scale) = (u128::from_le_bytes(*digits), i32::from(scale.cast_signed()));
    if digits >= 10_u128.pow(38) || !(0..=38).contains(&scale) {
        return None;
    }
    // both exact, so that the quotient is rounded once; else by the digits
    let size = if digits < 1 << 53 && scale <= 22 {
        digits as f64 / 10_f64.powi(scale)
    } else {
        format!("{digits}e-{scale}").parse().ok()?
    };
    Some(if *sign == 0 { -size } else { size })
}

fn date(year: [u8; 2], month: [u8; 2], day: [u8; 2]) -> Option<i64> {
    let year = i64::from(i16::from_le_bytes(year));
    let [month, day] = [month, day].map(|part| i64::from(u16::from_le_bytes(part)));
    days_of_date(year, month, day)
}

fn clock(hour: [u8; 2], minute: [u8; 2], second: [u8; 2]) -> Option<i64> {
    let [hour, minute, second] = [hour, minute, second].map(|part| i64::from(u16::from_le_bytes(part)));
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `SQL_TIMESTAMP_STRUCT`, whose fraction is in nanoseconds, in microseconds.
fn timestamp(value: &[u8; 16]) -> Option<i64> {
    let [y1, y2, m1, m2, d1, d2, h1, h2, i1, i2, s1, s2, fraction @ ..] = *value;
    let fraction = u32::from_le_bytes(fraction);
    let (days, seconds) = (date([y1, y2], [m1, m2], [d1, d2])?, clock([h1, h2], [i1, i2], [s1, s2])?);
    (fraction < 1_000_000_000).then(|| (days * 86_400 + seconds) * 1_000_000 + i64::from(fraction / 1000))
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit))).collect::<Result<_, _>>().ok()
}

/// A GUID as the server writes it.
fn guid(bytes: [u8; 16]) -> String {
    let [a1, a2, a3, a4, b1, b2, c1, c2, d1, d2, rest @ ..] = bytes;
    let (a, b, c) =
        (u32::from_le_bytes([a1, a2, a3, a4]), u16::from_le_bytes([b1, b2]), u16::from_le_bytes([c1, c2]));
    let rest = rest.iter().fold(0_u64, |rest, byte| rest << 8 | u64::from(*byte));
    format!("{a:08X}-{b:04X}-{c:04X}-{d1:02X}{d2:02X}-{rest:012X}")
}
