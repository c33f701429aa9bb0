//! Rows to a SQL Server: `INSERT BULK` ([MS-TDS] 2.2.6.1).

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::connection::Connection;
use super::login::utf16;
use super::packet::{HEADER, Kind};
use crate::{Error, Result};

/// Days from the year 1 to 1970.
const EPOCH: i64 = 719_162;
/// Days from the year 1 to the year 10000.
const END: i64 = 3_652_059;
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
        if self.pending.len() <= room && !last {
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
    array: &'a ArrayRef,
    encoding: Encoding,
    /// Texts of a dictionary, in UTF-16, each once.
    levels: Vec<Vec<u8>>,
    keys: Option<&'a [i32]>,
}

type Reason = &'static str;

impl<'a> Cells<'a> {
    fn new(array: &'a ArrayRef, encoding: Encoding) -> Option<Self> {
        let mut cells = Self { array, encoding, levels: Vec::new(), keys: None };
        if matches!(array.data_type(), DataType::Dictionary(..)) {
            let dictionary = array.as_dictionary_opt::<Int32Type>()?;
            let texts = dictionary.values().as_string_opt::<i32>()?;
            cells.levels = texts.iter().map(|text| utf16(text.unwrap_or_default())).collect();
            cells.keys = Some(dictionary.keys().values());
        }
        let field = Field::new("", array.data_type().clone(), true);
        (Encoding::of(&field).ok() == Some(encoding)).then_some(cells)
    }

    fn put(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Reason> {
        let array = self.array;
        if array.is_null(row) {
            match self.encoding {
                Encoding::Text | Encoding::Binary => out.extend_from_slice(&NO_CHUNKS.to_le_bytes()),
                _ => out.push(0),
            }
            return Ok(());
        }
        match self.encoding {
            Encoding::Bit => out.extend_from_slice(&[1, u8::from(array.as_boolean().value(row))]),
            Encoding::TinyInt => sized(out, &[array.as_primitive::<UInt8Type>().value(row)]),
            Encoding::SmallInt => {
                let value = match array.data_type() {
                    DataType::Int8 => i16::from(array.as_primitive::<Int8Type>().value(row)),
                    _ => array.as_primitive::<Int16Type>().value(row),
                };
                sized(out, &value.to_le_bytes());
            }
            Encoding::Int => {
                let value = match array.data_type() {
                    DataType::UInt16 => i32::from(array.as_primitive::<UInt16Type>().value(row)),
                    _ => array.as_primitive::<Int32Type>().value(row),
                };
                sized(out, &value.to_le_bytes());
            }
            Encoding::BigInt => {
                let value = match array.data_type() {
                    DataType::UInt32 => i64::from(array.as_primitive::<UInt32Type>().value(row)),
                    _ => array.as_primitive::<Int64Type>().value(row),
                };
                sized(out, &value.to_le_bytes());
            }
            Encoding::Wide => {
                let value = u128::from(array.as_primitive::<UInt64Type>().value(row));
                out.extend_from_slice(&[13, 1]);
                out.extend_from_slice(value.to_le_bytes().get(..12).unwrap_or_default());
            }
            Encoding::Real => {
                let value = array.as_primitive::<Float32Type>().value(row);
                real(out, f64::from(value), &value.to_le_bytes())?;
            }
            Encoding::Float => {
                let value = array.as_primitive::<Float64Type>().value(row);
                real(out, value, &value.to_le_bytes())?;
            }
            Encoding::Date => {
                let days = i64::from(array.as_primitive::<Date32Type>().value(row)) + EPOCH;
                out.push(3);
                put_days(out, days)?;
            }
            Encoding::DateTime { digits } | Encoding::Instant { digits } => {
                let offset = matches!(self.encoding, Encoding::Instant { .. });
                let (day, count) = self.moment(row);
                let width: u8 = match digits {
                    0 => 3,
                    3 => 4,
                    _ => 5,
                };
                out.push(width + if offset { 5 } else { 3 });
                out.extend_from_slice(count.to_le_bytes().get(..usize::from(width)).unwrap_or_default());
                put_days(out, day + EPOCH)?;
                if offset {
                    out.extend_from_slice(&[0, 0]);
                }
            }
            Encoding::Text => match self.keys {
                Some(keys) => {
                    let level = keys.get(row).and_then(|&key| self.levels.get(usize::try_from(key).ok()?));
                    chunks(out, level.ok_or("a code has no level")?);
                }
                None => text(out, array.as_string::<i32>().value(row)),
            },
            Encoding::Binary => chunks(out, array.as_binary::<i32>().value(row)),
        }
        Ok(())
    }

    /// Day from 1970, and the count of units since its midnight. Digits after the seventh are cut off.
    fn moment(&self, row: usize) -> (i64, i64) {
        fn split<T: ArrowPrimitiveType<Native = i64>>(
            array: &ArrayRef,
            row: usize,
            units: i64,
        ) -> (i64, i64) {
            let value = array.as_primitive::<T>().value(row);
            (value.div_euclid(units), value.rem_euclid(units))
        }
        const DAY: i64 = 86_400;
        match self.array.data_type() {
            DataType::Timestamp(TimeUnit::Second, _) => split::<TimestampSecondType>(self.array, row, DAY),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                split::<TimestampMillisecondType>(self.array, row, DAY * 1_000)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                split::<TimestampMicrosecondType>(self.array, row, DAY * 1_000_000)
            }
            _ => {
                let (day, count) = split::<TimestampNanosecondType>(self.array, row, DAY * 1_000_000_000);
                (day, count / 100)
            }
        }
    }
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
        out.extend(text.bytes().flat_map(|byte| [byte, 0]));
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
