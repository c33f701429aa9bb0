//! Rows to a SQL Server: `INSERT BULK` ([MS-TDS] 2.2.6.1).

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, RecordBatch, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::connection::Connection;
use super::login::utf16;
use super::packet::{HEADER, Kind};
use crate::{Error, Result};

/// Days from the year 1 to 1970.
const EPOCH: i64 = 719_162;
/// Days from the year 1 to the year 10000.
const END: i64 = 3_652_059;
/// Seconds of a day.
const SECONDS: i64 = 86_400;
/// A missing value of a type with chunks.
const NO_CHUNKS: u64 = u64::MAX;

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Real,
    Float,
    /// `decimal(20, 0)`
    Wide,
    Date,
    /// `datetime2`, with so many digits of a second
    DateTime {
        digits: u8,
    },
    /// `datetimeoffset` in UTC
    Instant {
        digits: u8,
    },
    Text,
    Binary,
}

impl Encoding {
    /// The encoding of a column.
    ///
    /// # Errors
    /// [`Error::Option`] for a type that no SQL type holds.
    pub(crate) fn of(field: &Field) -> Result<Self> {
        let digits = |unit: &TimeUnit| match unit {
            TimeUnit::Second => 0,
            TimeUnit::Millisecond => 3,
            TimeUnit::Microsecond => 6,
            TimeUnit::Nanosecond => 7,
        };
        Ok(match field.data_type() {
            DataType::Boolean => Self::Bit,
            DataType::UInt8 => Self::TinyInt,
            DataType::Int8 | DataType::Int16 => Self::SmallInt,
            DataType::UInt16 | DataType::Int32 => Self::Int,
            DataType::UInt32 | DataType::Int64 => Self::BigInt,
            DataType::UInt64 => Self::Wide,
            DataType::Float32 => Self::Real,
            DataType::Float64 => Self::Float,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(unit, None) => Self::DateTime { digits: digits(unit) },
            DataType::Timestamp(unit, Some(_)) => Self::Instant { digits: digits(unit) },
            DataType::Utf8 => Self::Text,
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => Self::Text,
            DataType::Binary => Self::Binary,
            other => {
                return Err(Error::Option {
                    option: format!("column '{}'", field.name()),
                    reason: format!("type {other} has no SQL type; convert it first"),
                });
            }
        })
    }

    /// The type of the table's column. Texts have no limit.
    pub(crate) fn sql(self) -> String {
        match self {
            Self::Bit => "bit".into(),
            Self::TinyInt => "tinyint".into(),
            Self::SmallInt => "smallint".into(),
            Self::Int => "int".into(),
            Self::BigInt => "bigint".into(),
            Self::Real => "real".into(),
            Self::Float => "float".into(),
            Self::Wide => "decimal(20, 0)".into(),
            Self::Date => "date".into(),
            Self::DateTime { digits } => format!("datetime2({digits})"),
            Self::Instant { digits } => format!("datetimeoffset({digits})"),
            Self::Text => "nvarchar(max)".into(),
            Self::Binary => "varbinary(max)".into(),
        }
    }

    fn type_info(self, collation: [u8; 5]) -> Vec<u8> {
        let [a, b, c, d, e] = collation;
        match self {
            Self::Bit => vec![0x68, 1],
            Self::TinyInt => vec![0x26, 1],
            Self::SmallInt => vec![0x26, 2],
            Self::Int => vec![0x26, 4],
            Self::BigInt => vec![0x26, 8],
            Self::Real => vec![0x6D, 4],
            Self::Float => vec![0x6D, 8],
            Self::Wide => vec![0x6C, 13, 20, 0],
            Self::Date => vec![0x28],
            Self::DateTime { digits } => vec![0x2A, digits],
            Self::Instant { digits } => vec![0x2B, digits],
            Self::Text => vec![0xE7, 0xFF, 0xFF, a, b, c, d, e],
            Self::Binary => vec![0xA5, 0xFF, 0xFF],
        }
    }
}

/// A statement that takes rows until it is finished.
pub(crate) struct Load<'a> {
    connection: &'a mut Connection,
    encodings: Vec<Encoding>,
    pending: Vec<u8>,
    number: u8,
    rows: u64,
    finished: bool,
}

impl<'a> Load<'a> {
    /// Starts a load into a table, whose name is quoted already, with these columns.
    pub(crate) fn start(connection: &'a mut Connection, table: &str, schema: &Schema) -> Result<Self> {
        let encodings =
            schema.fields().iter().map(|field| Encoding::of(field)).collect::<Result<Vec<_>>>()?;
        let columns: Vec<String> = schema
            .fields()
            .iter()
            .zip(&encodings)
            .map(|(field, encoding)| {
                format!("{} {}", crate::Dialect::SqlServer.quoted(field.name()), encoding.sql())
            })
            .collect();
        connection.run(&format!("INSERT BULK {table} ({}) WITH (TABLOCK)", columns.join(", ")))?;
        let collation = connection.collation();
        let mut pending = vec![0x81];
        pending.extend_from_slice(&u16::try_from(encodings.len()).unwrap_or(u16::MAX).to_le_bytes());
        for (field, encoding) in schema.fields().iter().zip(&encodings) {
            // may be missing, may be written
            pending.extend_from_slice(&[0, 0, 0, 0, 0x09, 0]);
            pending.extend_from_slice(&encoding.type_info(collation));
            let name = utf16(field.name());
            pending.push(u8::try_from(name.len() / 2).map_err(|_| Error::Option {
                option: format!("column '{}'", field.name()),
                reason: "its name is longer than 128 characters; rename it".into(),
            })?);
            pending.extend_from_slice(&name);
        }
        Ok(Self { connection, encodings, pending, number: 1, rows: 0, finished: false })
    }

    /// Adds rows.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch
            .columns()
            .iter()
            .zip(&self.encodings)
            .map(|(array, &encoding)| Cells::new(array, encoding))
            .collect::<Option<Vec<_>>>();
        let columns = columns.ok_or_else(|| Error::Option {
            option: "bulk load".into(),
            reason: "the columns are not those that the load was made for".into(),
        })?;
        for row in 0..batch.num_rows() {
            self.pending.push(0xD1);
            for (index, column) in columns.iter().enumerate() {
                if let Err(reason) = column.put(row, &mut self.pending) {
                    let name = batch.schema_ref().fields().get(index).map_or("", |field| field.name());
                    return Err(Error::Option {
                        option: format!("row {}, column '{name}'", self.rows + row as u64 + 1),
                        reason: reason.into(),
                    });
                }
            }
            self.flush(false)?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Sends the full packets.
    fn flush(&mut self, last: bool) -> Result<()> {
        let room = self.connection.packet_size() - HEADER;
        if self.pending.len() <= 8 * room && !last {
            return Ok(());
        }
        let mut at = 0;
        // the last packet holds what is left, and something is left
        while self.pending.len() - at > room {
            let piece = self.pending.get(at..at + room).unwrap_or_default();
            self.connection.packets().send_piece(Kind::Bulk, self.number, piece, false)?;
            self.number = self.number.wrapping_add(1);
            at += room;
        }
        if last {
            let piece = self.pending.get(at..).unwrap_or_default();
            self.connection.packets().send_piece(Kind::Bulk, self.number, piece, true)?;
            self.pending.clear();
        } else {
            self.pending.drain(..at);
        }
        Ok(())
    }

    /// Ends the load, and gives the number of rows that the server took.
    pub(crate) fn finish(mut self) -> Result<u64> {
        self.pending.push(0xFD);
        self.pending.extend_from_slice(&[0; 12]);
        self.finished = true;
        self.flush(true)?;
        let taken = self.connection.confirmed()?;
        match taken {
            Some(taken) if taken != self.rows => Err(Error::Connection {
                server: self.connection.server().to_owned(),
                doing: "loading rows",
                reason: format!("the server took {taken} of {} rows", self.rows),
            }),
            _ => Ok(self.rows),
        }
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // the server forgets the rows; an error here means that the connection is gone, and they with it
            let _ = self.connection.packets().abandon(Kind::Bulk, self.number);
            let _ = self.connection.confirmed();
        }
    }
}

/// The values of one array, ready to be written.
struct Cells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Bool(&'a BooleanArray),
    U8(&'a [u8]),
    I8(&'a [i8]),
    I16(&'a [i16]),
    U16(&'a [u16]),
    I32(&'a [i32]),
    U32(&'a [u32]),
    I64(&'a [i64]),
    U64(&'a [u64]),
    F32(&'a [f32]),
    F64(&'a [f64]),
    Days(&'a [i32]),
    /// Counts of a unit, units of a day, units of a written one, bytes of the written count, whether an offset follows
    Moments {
        counts: &'a [i64],
        day: i64,
        divisor: i64,
        width: u8,
        offset: bool,
    },
    Text(&'a StringArray),
    /// Codes, and the texts of the levels in UTF-16, each made once
    Levels(&'a [i32], Vec<Vec<u8>>),
    Binary(&'a BinaryArray),
}

type Reason = &'static str;

impl<'a> Cells<'a> {
    /// `None` when the array is not of the type that the load was made for.
    fn new(array: &'a ArrayRef, encoding: Encoding) -> Option<Self> {
        let field = Field::new("", array.data_type().clone(), true);
        if Encoding::of(&field).ok() != Some(encoding) {
            return None;
        }
        let moments = |counts, per_second: i64, divisor, width, zone: bool| Values::Moments {
            counts,
            day: SECONDS * per_second,
            divisor,
            width,
            offset: zone,
        };
        let values = match array.data_type() {
            DataType::Boolean => Values::Bool(array.as_boolean_opt()?),
            DataType::UInt8 => Values::U8(slice::<UInt8Type>(array)?),
            DataType::Int8 => Values::I8(slice::<Int8Type>(array)?),
            DataType::Int16 => Values::I16(slice::<Int16Type>(array)?),
            DataType::UInt16 => Values::U16(slice::<UInt16Type>(array)?),
            DataType::Int32 => Values::I32(slice::<Int32Type>(array)?),
            DataType::UInt32 => Values::U32(slice::<UInt32Type>(array)?),
            DataType::Int64 => Values::I64(slice::<Int64Type>(array)?),
            DataType::UInt64 => Values::U64(slice::<UInt64Type>(array)?),
            DataType::Float32 => Values::F32(slice::<Float32Type>(array)?),
            DataType::Float64 => Values::F64(slice::<Float64Type>(array)?),
            DataType::Date32 => Values::Days(slice::<Date32Type>(array)?),
            DataType::Timestamp(TimeUnit::Second, zone) => {
                moments(slice::<TimestampSecondType>(array)?, 1, 1, 3, zone.is_some())
            }
            DataType::Timestamp(TimeUnit::Millisecond, zone) => {
                moments(slice::<TimestampMillisecondType>(array)?, 1_000, 1, 4, zone.is_some())
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                moments(slice::<TimestampMicrosecondType>(array)?, 1_000_000, 1, 5, zone.is_some())
            }
            // digits after the seventh are cut off
            DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
                moments(slice::<TimestampNanosecondType>(array)?, 1_000_000_000, 100, 5, zone.is_some())
            }
            DataType::Utf8 => Values::Text(array.as_string_opt::<i32>()?),
            DataType::Dictionary(..) => {
                let dictionary = array.as_dictionary_opt::<Int32Type>()?;
                let texts = dictionary.values().as_string_opt::<i32>()?;
                let levels = texts.iter().map(|text| utf16(text.unwrap_or_default())).collect();
                Values::Levels(dictionary.keys().values(), levels)
            }
            DataType::Binary => Values::Binary(array.as_binary_opt::<i32>()?),
            _ => return None,
        };
        Some(Self { nulls: array.nulls(), values })
    }

    #[inline]
    fn put(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Reason> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            match self.values {
                Values::Text(_) | Values::Levels(..) | Values::Binary(_) => {
                    out.extend_from_slice(&NO_CHUNKS.to_le_bytes());
                }
                _ => out.push(0),
            }
            return Ok(());
        }
        match &self.values {
            Values::I32(values) => sized(out, &at(values, row).to_le_bytes()),
            Values::F64(values) => {
                let value = at(values, row);
                real(out, value, &value.to_le_bytes())?;
            }
            Values::Bool(values) => sized(out, &[u8::from(values.value(row))]),
            Values::U8(values) => sized(out, &[at(values, row)]),
            Values::I8(values) => sized(out, &i16::from(at(values, row)).to_le_bytes()),
            Values::I16(values) => sized(out, &at(values, row).to_le_bytes()),
            Values::U16(values) => sized(out, &i32::from(at(values, row)).to_le_bytes()),
            Values::U32(values) => sized(out, &i64::from(at(values, row)).to_le_bytes()),
            Values::I64(values) => sized(out, &at(values, row).to_le_bytes()),
            Values::U64(values) => {
                out.extend_from_slice(&[13, 1]);
                out.extend_from_slice(&at(values, row).to_le_bytes());
                out.extend_from_slice(&[0; 4]);
            }
            Values::F32(values) => {
                let value = at(values, row);
                real(out, f64::from(value), &value.to_le_bytes())?;
            }
            Values::Days(values) => {
                out.push(3);
                put_days(out, i64::from(at(values, row)) + EPOCH)?;
            }
            &Values::Moments { counts, day, divisor, width, offset } => {
                let count = at(counts, row);
                out.push(width + if offset { 5 } else { 3 });
                let time = count.rem_euclid(day) / divisor;
                out.extend_from_slice(time.to_le_bytes().get(..usize::from(width)).unwrap_or_default());
                put_days(out, count.div_euclid(day) + EPOCH)?;
                if offset {
                    out.extend_from_slice(&[0, 0]);
                }
            }
            Values::Text(values) => text(out, values.value(row)),
            Values::Levels(codes, levels) => {
                let level = usize::try_from(at(codes, row)).ok().and_then(|code| levels.get(code));
                chunks(out, level.ok_or("a code has no level")?);
            }
            Values::Binary(values) => chunks(out, values.value(row)),
        }
        Ok(())
    }
}

fn slice<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<&[T::Native]> {
    array.as_primitive_opt::<T>().map(|array| array.values().as_ref())
}

/// The value of a row; rows are those of the batch.
#[inline]
fn at<T: Copy + Default>(values: &[T], row: usize) -> T {
    values.get(row).copied().unwrap_or_default()
}

#[inline]
fn sized<const N: usize>(out: &mut Vec<u8>, value: &[u8; N]) {
    out.push(
        const {
            assert!(N < 256);
            N.to_le_bytes()[0]
        },
    );
    out.extend_from_slice(value);
}

/// A server has neither NaN, which becomes missing, nor infinite numbers.
#[inline]
fn real<const N: usize>(out: &mut Vec<u8>, value: f64, bytes: &[u8; N]) -> Result<(), Reason> {
    if value.is_finite() {
        sized(out, bytes);
    } else if value.is_nan() {
        out.push(0);
    } else {
        return Err("it is infinite, which SQL Server cannot store; make it missing or bound it first");
    }
    Ok(())
}

fn put_days(out: &mut Vec<u8>, days: i64) -> Result<(), Reason> {
    if !(0..END).contains(&days) {
        return Err("the date is not between the years 1 and 9999, which are those of SQL Server");
    }
    out.extend_from_slice(days.to_le_bytes().get(..3).unwrap_or_default());
    Ok(())
}

/// A value as one chunk.
fn chunks(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    if !value.is_empty() {
        // a value of an Arrow array has less than 2 GiB
        out.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(value);
    }
    out.extend_from_slice(&[0; 4]);
}

/// A text as one chunk of UTF-16, whose length is written when it is known.
fn text(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    out.extend_from_slice(&[0; 12]);
    if text.is_ascii() {
        let end = out.len();
        out.resize(end + 2 * text.len(), 0);
        let units = out.get_mut(end..).unwrap_or_default().as_chunks_mut::<2>().0;
        for (unit, byte) in units.iter_mut().zip(text.bytes()) {
            unit[0] = byte;
        }
    } else {
        out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }
    let length = out.len() - start - 12;
    if length == 0 {
        out.truncate(start + 8);
    } else if let Some(head) = out.get_mut(start..start + 12) {
        let (total, chunk) = head.split_at_mut(8);
        total.copy_from_slice(&(length as u64).to_le_bytes());
        chunk.copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }
    out.extend_from_slice(&[0; 4]);
}
