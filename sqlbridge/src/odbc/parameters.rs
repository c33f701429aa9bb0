//! Arrow arrays as arrays of parameters: which type a column of a new table has, and how its values are bound.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, PrimitiveArray, StringArray};
use arrow_schema::{DataType, Field, TimeUnit};
use odbc_api::buffers::BoxColumBufferRefMut;
use odbc_api::sys::{Date, Timestamp};
use odbc_api::{BindParamDesc, Bit, Pod};

use super::text;
use crate::{Dialect, Error, Result};

/// How the values of a column are bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Bit,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Date,
    Timestamp,
    /// An instant: a timestamp in UTC.
    Instant,
    Text,
}

impl Writing {
    /// How a column of this type is written.
    ///
    /// # Errors
    /// For a type that no column of a table is made for.
    pub(super) fn of(field: &Field) -> Result<Self> {
        Ok(match field.data_type() {
            DataType::Boolean => Self::Bit,
            DataType::Int8 | DataType::UInt8 | DataType::Int16 => Self::Int16,
            DataType::UInt16 | DataType::Int32 => Self::Int32,
            DataType::UInt32 | DataType::Int64 => Self::Int64,
            DataType::Float32 => Self::Float32,
            DataType::Float64 => Self::Float64,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(_, None) => Self::Timestamp,
            DataType::Timestamp(_, Some(_)) => Self::Instant,
            DataType::Utf8 => Self::Text,
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                Self::Text
            }
            other => {
                return Err(Error::Option {
                    option: format!("column '{}'", field.name()),
                    reason: format!(
                        "its type {other} is not written through ODBC; make it a number or a text"
                    ),
                });
            }
        })
    }

    /// The type of the column in a new table. Texts have any length: widths are known only when all rows are.
    pub(super) fn sql(self, dialect: Dialect) -> &'static str {
        use Dialect::{MariaDb, PostgreSql, SqlServer, Sqlite};
        match (self, dialect) {
            (Self::Bit, SqlServer) => "bit",
            (Self::Bit, _) => "boolean",
            (Self::Int16, _) => "smallint",
            (Self::Int32, _) => "integer",
            (Self::Int64, _) => "bigint",
            (Self::Float32, MariaDb) => "float",
            (Self::Float32, _) => "real",
            (Self::Float64, _) => "double precision",
            (Self::Date, _) => "date",
            (Self::Timestamp | Self::Instant, SqlServer) => "datetime2(6)",
            (Self::Timestamp | Self::Instant, MariaDb) => "datetime(6)",
            (Self::Instant, PostgreSql) => "timestamp(6) with time zone",
            (Self::Timestamp | Self::Instant, Sqlite) => "timestamp",
            (Self::Timestamp | Self::Instant, _) => "timestamp(6)",
            (Self::Text, SqlServer) => "nvarchar(max)",
            (Self::Text, MariaDb) => "longtext",
            (Self::Text, Dialect::Standard) => "varchar(4000)",
            (Self::Text, _) => "text",
        }
    }

    /// How a parameter is bound; a text with room for `units`.
    pub(super) fn parameter(self, dialect: Dialect, units: usize) -> BindParamDesc {
        match self {
            Self::Bit => BindParamDesc::bit(true),
            Self::Int16 => BindParamDesc::i16(true),
            Self::Int32 => BindParamDesc::i32(true),
            Self::Int64 => BindParamDesc::i64(true),
            Self::Float32 => BindParamDesc::f32(true),
            Self::Float64 => BindParamDesc::f64(true),
            Self::Date => BindParamDesc::date(true),
            // SQLite keeps timestamps as texts, with milliseconds
            Self::Timestamp | Self::Instant if dialect == Dialect::Sqlite => {
                BindParamDesc::timestamp(true, 3)
            }
            Self::Timestamp | Self::Instant => BindParamDesc::timestamp(true, 6),
            Self::Text => text::parameter(units),
        }
    }
}

/// The longest text of an array, in units; 0 where it has none.
pub(super) fn longest(array: &dyn Array) -> usize {
    let texts = match array.as_any_dictionary_opt() {
        Some(factor) => factor.values().as_string_opt::<i32>(),
        None => array.as_string_opt::<i32>(),
    };
    texts.map_or(0, |texts| texts.iter().flatten().map(text::units).max().unwrap_or(0))
}

/// Fills a buffer with the values of an array. `None`: the array is not of the type that the buffer was made for.
pub(super) fn fill(buffer: BoxColumBufferRefMut<'_>, array: &dyn Array) -> Option<()> {
    match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean_opt()?.iter();
            buffer.as_nullable_slice::<Bit>()?.write(values.map(|value| value.map(Bit::from_bool)));
        }
        DataType::Int8 => numbers::<Int8Type, i16>(buffer, array, i16::from)?,
        DataType::UInt8 => numbers::<UInt8Type, i16>(buffer, array, i16::from)?,
        DataType::Int16 => numbers::<Int16Type, i16>(buffer, array, |number| number)?,
        DataType::UInt16 => numbers::<UInt16Type, i32>(buffer, array, i32::from)?,
        DataType::Int32 => numbers::<Int32Type, i32>(buffer, array, |number| number)?,
        DataType::UInt32 => numbers::<UInt32Type, i64>(buffer, array, i64::from)?,
        DataType::Int64 => numbers::<Int64Type, i64>(buffer, array, |number| number)?,
        DataType::Float32 => numbers::<Float32Type, f32>(buffer, array, |number| number)?,
        DataType::Float64 => numbers::<Float64Type, f64>(buffer, array, |number| number)?,
        DataType::Date32 => numbers::<Date32Type, Date>(buffer, array, |day| {
            let (year, month, day) = civil(i64::from(day));
            Date { year, month, day }
        })?,
        DataType::Timestamp(TimeUnit::Second, _) => {
            numbers::<TimestampSecondType, _>(buffer, array, |time| moment(time, 1))?;
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers::<TimestampMillisecondType, _>(buffer, array, |time| moment(time, 1000))?;
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers::<TimestampMicrosecondType, _>(buffer, array, |time| moment(time, 1_000_000))?;
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            numbers::<TimestampNanosecondType, _>(buffer, array, |time| moment(time, 1_000_000_000))?;
        }
        DataType::Utf8 => {
            let texts = array.as_string_opt::<i32>()?;
            text::fill(buffer, texts.iter())?;
        }
        DataType::Dictionary(..) => {
            let factor = array.as_dictionary_opt::<Int32Type>()?.downcast_dict::<StringArray>()?;
            text::fill(buffer, factor.into_iter())?;
        }
        _ => return None,
    }
    Some(())
}

fn numbers<T: ArrowPrimitiveType, N: Pod>(
    buffer: BoxColumBufferRefMut<'_>,
    array: &dyn Array,
    number: impl Fn(T::Native) -> N,
) -> Option<()> {
    let values: &PrimitiveArray<T> = array.as_primitive_opt()?;
    buffer.as_nullable_slice::<N>()?.write(values.iter().map(|value| value.map(&number)));
    Some(())
}

/// Year, month and day of a day since 1970-01-01, after Howard Hinnant's `civil_from_days`. Years that ODBC cannot say
/// are its first or last one, which databases refuse.
fn civil(day: i64) -> (i16, u16, u16) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let of_cycle = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_cycle + of_cycle / 4 - of_cycle / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + of_cycle + i64::from(month <= 2);
    let year = i16::try_from(year).unwrap_or(if year < 0 { i16::MIN } else { i16::MAX });
    (year, u16::try_from(month).unwrap_or(0), u16::try_from(day).unwrap_or(0))
}

/// A time since 1970 as ODBC has it, to the microsecond.
fn moment(time: i64, per_second: i64) -> Timestamp {
    let (seconds, rest) = (time.div_euclid(per_second), time.rem_euclid(per_second));
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let clock = seconds.rem_euclid(86_400);
    let part = |number: i64| u16::try_from(number).unwrap_or(0);
    let nanoseconds = rest * (1_000_000_000 / per_second);
    Timestamp {
        year,
        month,
        day,
        hour: part(clock / 3600),
        minute: part(clock / 60 % 60),
        second: part(clock % 60),
        fraction: u32::try_from(nanoseconds / 1000 * 1000).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (day, date) in
            [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (-719_162, (1, 1, 1)), (2_932_896, (9999, 12, 31))]
        {
            assert_eq!(civil(day), date);
        }
        assert_eq!(civil(i64::from(i32::MAX)).0, i16::MAX);
    }

    #[test]
    fn times_before_1970_count_backwards() {
        let moment = moment(-1, 1_000_000_000);
        assert_eq!((moment.year, moment.month, moment.day), (1969, 12, 31));
        assert_eq!((moment.hour, moment.minute, moment.second, moment.fraction), (23, 59, 59, 999_999_000));
    }
}
