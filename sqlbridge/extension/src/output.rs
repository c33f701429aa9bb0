//! Columns of results as the host takes them: values of one width, or texts one behind the other, with their lengths.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    UInt8Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_schema::{DataType, TimeUnit};
use engine::source::text::date_of_days;

use crate::error::{Error, Result};
use crate::input::NULL;
use crate::types::CType;

/// The most bytes that a text which is not `varchar(max)` has.
const SHORT: u64 = 8000;

/// A column of results.
#[derive(Debug)]
pub struct Column {
    /// The name, for messages; results have none on the way.
    pub name: String,
    /// The type.
    pub ctype: CType,
    /// Bytes of a value, of the longest where they differ, and at least 1.
    pub size: u64,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// The bytes, aligned for every type.
    pub bytes: Buffer,
    /// The length of each value, or [`NULL`].
    pub lengths: Vec<i32>,
}

/// Rows of results.
#[derive(Debug)]
pub struct Results {
    /// The rows.
    pub rows: usize,
    /// The columns.
    pub columns: Vec<Column>,
}

impl Results {
    /// The columns of a batch. Where more batches will follow, as `streamed` says, the host keeps what it was told of the
    /// first: then every column may have missing values, and texts may become as long as any that is not `max`.
    ///
    /// # Errors
    /// When a column has a type that the interface does not have.
    pub fn new(batch: &RecordBatch, streamed: bool) -> Result<Self> {
        let columns = batch.schema_ref().fields().iter().zip(batch.columns());
        let columns = columns.map(|(field, array)| column(field.name(), array, streamed));
        Ok(Self { rows: batch.num_rows(), columns: columns.collect::<Result<_>>()? })
    }
}

fn column(name: &str, array: &ArrayRef, streamed: bool) -> Result<Column> {
    let refused = |reason: String| Error::Column { column: name.to_owned(), reason };
    let cast = |to: &DataType| {
        arrow_cast::cast(array, to).map_err(|error| refused(format!("it is no column of results: {error}")))
    };
    let mut out = Writer::new(array.len());
    let ctype = match array.data_type() {
        DataType::Boolean => {
            out.each(array.as_boolean().iter(), |value| Some([u8::from(value)]));
            CType::Bit
        }
        DataType::UInt8 => {
            out.each(array.as_primitive::<UInt8Type>().iter(), |value| Some(value.to_le_bytes()));
            CType::TinyInt
        }
        DataType::Int8 | DataType::Int16 => {
            let wide = cast(&DataType::Int16)?;
            out.each(wide.as_primitive::<Int16Type>().iter(), |value| Some(value.to_le_bytes()));
            CType::Short
        }
        DataType::UInt16 | DataType::Int32 => {
            let wide = cast(&DataType::Int32)?;
            out.each(wide.as_primitive::<Int32Type>().iter(), |value| Some(value.to_le_bytes()));
            CType::Long
        }
        DataType::UInt32 | DataType::Int64 => {
            let wide = cast(&DataType::Int64)?;
            out.each(wide.as_primitive::<Int64Type>().iter(), |value| Some(value.to_le_bytes()));
            CType::BigInt
        }
        DataType::Float32 => {
            let finite = |value: f32| value.is_finite().then(|| value.to_le_bytes());
            out.each(array.as_primitive::<Float32Type>().iter(), finite);
            CType::Float
        }
        DataType::Float64 | DataType::UInt64 => {
            let wide = cast(&DataType::Float64)?;
            let finite = |value: f64| value.is_finite().then(|| value.to_le_bytes());
            out.each(wide.as_primitive::<Float64Type>().iter(), finite);
            CType::Double
        }
        DataType::Date32 => {
            out.each(array.as_primitive::<Date32Type>().iter(), |days| date(i64::from(days)));
            CType::Date
        }
        DataType::Timestamp(..) => {
            let wide = cast(&DataType::Timestamp(TimeUnit::Microsecond, None))?;
            out.each(wide.as_primitive::<TimestampMicrosecondType>().iter(), timestamp);
            CType::Timestamp
        }
        DataType::Utf8 | DataType::Dictionary(..) => {
            let plain = cast(&DataType::Utf8)?;
            out.all(plain.as_string::<i32>().iter().map(|text| text.map(str::as_bytes))).map_err(refused)?;
            CType::Char
        }
        DataType::Binary => {
            out.all(array.as_binary::<i32>().iter()).map_err(refused)?;
            CType::Binary
        }
        other => return Err(refused(format!("results cannot have the type {other}"))),
    };
    let longest = out.longest.max(1);
    let size = match ctype.width() {
        Some(width) => width as u64,
        // partial results grow with the rows
        None if streamed && ctype == CType::Binary => longest.max(SHORT + 1).saturating_mul(4),
        None if streamed => longest.max(SHORT),
        None => longest,
    };
    Ok(Column {
        name: name.to_owned(),
        ctype,
        size,
        nullable: streamed || out.lengths.contains(&NULL),
        bytes: out.bytes.into(),
        lengths: out.lengths,
    })
}

struct Writer {
    bytes: MutableBuffer,
    lengths: Vec<i32>,
    longest: u64,
}

impl Writer {
    fn new(rows: usize) -> Self {
        Self { bytes: MutableBuffer::new(rows), lengths: Vec::with_capacity(rows), longest: 0 }
    }

    /// Values of one width; missing ones are zeros.
    fn each<T, const N: usize>(
        &mut self,
        values: impl Iterator<Item = Option<T>>,
        of: impl Fn(T) -> Option<[u8; N]>,
    ) {
        for value in values {
            let value = value.and_then(&of);
            self.lengths.push(value.map_or(NULL, |_| i32::try_from(N).unwrap_or(NULL)));
            self.bytes.extend_from_slice(&value.unwrap_or([0; N]));
        }
    }

    /// Values of any length; missing ones take no place.
    fn all<'a>(&mut self, values: impl Iterator<Item = Option<&'a [u8]>>) -> Result<(), String> {
        for value in values {
            let Some(value) = value else {
                self.lengths.push(NULL);
                continue;
            };
            let length = i32::try_from(value.len())
                .map_err(|_| format!("a value has {} bytes, more than 2147483647", value.len()))?;
            self.lengths.push(length);
            self.longest = self.longest.max(value.len() as u64);
            self.bytes.extend_from_slice(value);
        }
        Ok(())
    }
}

/// `SQL_DATE_STRUCT`; nothing for years that the server does not have.
fn date(days: i64) -> Option<[u8; 6]> {
    let (year, month, day) = date_of_days(days);
    let (year, month, day) = (
        i16::try_from(year).ok().filter(|year| (1..=9999).contains(year))?,
        u16::try_from(month).ok()?,
        u16::try_from(day).ok()?,
    );
    let ([y1, y2], [m1, m2], [d1, d2]) = (year.to_le_bytes(), month.to_le_bytes(), day.to_le_bytes());
    Some([y1, y2, m1, m2, d1, d2])
}

/// `SQL_TIMESTAMP_STRUCT`, whose fraction is in nanoseconds.
fn timestamp(micros: i64) -> Option<[u8; 16]> {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut bytes = [0; 16];
    let (day, clock) = bytes.split_at_mut(6);
    day.copy_from_slice(&date(days)?);
    let parts = [second / 3600, second / 60 % 60, second % 60];
    for (place, part) in clock.chunks_exact_mut(2).zip(parts) {
        place.copy_from_slice(&u16::try_from(part).ok()?.to_le_bytes());
    }
    let [.., a, b, c, d] = &mut bytes;
    [*a, *b, *c, *d] = u32::try_from(fraction * 1000).ok()?.to_le_bytes();
    Some(bytes)
}
