//! Column buffers as Arrow arrays. What a driver writes into them is checked before it is believed.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, UInt8Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, PrimitiveArray, RecordBatch, RecordBatchOptions,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::SchemaRef;
use odbc_api::buffers::{AnyColumnBufferSlice, ColumnarDynBuffer, TextColumnSlice};
use odbc_api::sys::{Date, NULL_DATA, Timestamp};
use odbc_api::{Bit, Pod};

use super::columns::{Column, Reading};
use super::text::{self, Unit};
use crate::{Error, Result};

/// How rows are converted.
pub(super) struct How {
    /// Rows that came before, for messages.
    pub(super) before: u64,
    /// Whether blanks at the end of texts are left out.
    pub(super) trim: bool,
}

/// The rows of a buffer.
pub(super) fn batch(
    buffer: &ColumnarDynBuffer,
    columns: &[Column],
    schema: &SchemaRef,
    how: &How,
) -> Result<RecordBatch> {
    let arrays = columns
        .iter()
        .enumerate()
        .map(|(index, column)| array(buffer.column(index), column, how))
        .collect::<Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(buffer.num_rows()));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), arrays, &options)
        .map_err(|source| Error::Engine(engine::Error::Arrow { doing: "reading rows".into(), source }))
}

fn array(values: AnyColumnBufferSlice<'_>, column: &Column, how: &How) -> Result<ArrayRef> {
    let before = how.before;
    Ok(match column.reading {
        Reading::Bit => {
            let (values, valid) = cells::<Bit>(values, column)?;
            let bits = BooleanBuffer::collect_bool(values.len(), |row| {
                values.get(row).is_some_and(|bit| bit.0 != 0)
            });
            Arc::new(BooleanArray::new(bits, valid))
        }
        Reading::Int8 => numbers::<Int8Type>(values, column)?,
        Reading::UInt8 => numbers::<UInt8Type>(values, column)?,
        Reading::Int16 => numbers::<Int16Type>(values, column)?,
        Reading::Int32 => numbers::<Int32Type>(values, column)?,
        Reading::Int64 => numbers::<Int64Type>(values, column)?,
        Reading::Float32 => {
            let (values, valid) = cells::<f64>(values, column)?;
            #[expect(clippy::cast_possible_truncation, reason = "the column holds 32 bits")]
            let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            Arc::new(Float32Array::new(ScalarBuffer::from(values), valid))
        }
        Reading::Float64 => numbers::<Float64Type>(values, column)?,
        Reading::Date => moments::<Date32Type, Date>(values, column, before, |date| {
            let day = (date.year, date.month, date.day);
            (day, days(day).and_then(|day| i32::try_from(day).ok()))
        })?,
        Reading::Milliseconds => {
            moments::<TimestampMillisecondType, Timestamp>(values, column, before, |moment| {
                let day = (moment.year, moment.month, moment.day);
                (day, microseconds(moment).map(|micros| micros.div_euclid(1000)))
            })?
        }
        Reading::Microseconds => {
            moments::<TimestampMicrosecondType, Timestamp>(values, column, before, |moment| {
                ((moment.year, moment.month, moment.day), microseconds(moment))
            })?
        }
        Reading::Text { .. } => texts(&cells_of_text(values, column)?, column, how)?,
        Reading::Unsigned64 => {
            parsed::<Int64Type>(&cells_of_text(values, column)?, column, before, |text| text.parse().ok())?
        }
        Reading::Time => parsed::<Float64Type>(&cells_of_text(values, column)?, column, before, seconds)?,
        Reading::Instant => {
            let array =
                parsed::<TimestampMicrosecondType>(&cells_of_text(values, column)?, column, before, instant)?;
            let micros = array.to_data();
            Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(micros).with_timezone("UTC"))
        }
    })
}

/// Values and which of them are there.
fn cells<'a, T: Pod>(
    values: AnyColumnBufferSlice<'a>,
    column: &Column,
) -> Result<(&'a [T], Option<NullBuffer>)> {
    let cells = values.as_nullable_slice::<T>().ok_or_else(|| other_buffer(column))?;
    let (values, indicators) = cells.raw_values();
    let valid = indicators
        .contains(&NULL_DATA)
        .then(|| indicators.iter().map(|&indicator| indicator != NULL_DATA).collect::<NullBuffer>());
    Ok((values, valid))
}

type Texts<'a> = TextColumnSlice<'a, Unit>;

fn cells_of_text<'a>(values: AnyColumnBufferSlice<'a>, column: &Column) -> Result<Texts<'a>> {
    text::cells(values).ok_or_else(|| other_buffer(column))
}

fn other_buffer(column: &Column) -> Error {
    Error::ColumnType {
        column: column.name.clone(),
        sql_type: "other than was described",
        remedy: "report this as a defect",
    }
}

fn numbers<T>(values: AnyColumnBufferSlice<'_>, column: &Column) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Pod,
{
    let (values, valid) = cells::<T::Native>(values, column)?;
    Ok(Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values.to_vec()), valid)))
}

/// Year, month and day.
type Day = (i16, u16, u16);

/// Dates and timestamps. `number` gives the day, and no number for a moment that does not exist. The day 0000-00-00 is a
/// missing value: MariaDB has it.
fn moments<T, M>(
    values: AnyColumnBufferSlice<'_>,
    column: &Column,
    before: u64,
    number: impl Fn(&M) -> (Day, Option<T::Native>),
) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    M: Pod + std::fmt::Debug,
{
    let (values, valid) = cells::<M>(values, column)?;
    let numbers = values.iter().enumerate().map(|(row, moment)| {
        if valid.as_ref().is_some_and(|valid| valid.is_null(row)) {
            return Ok(None);
        }
        match number(moment) {
            ((0, 0, 0), _) => Ok(None),
            (_, Some(number)) => Ok(Some(number)),
            (_, None) => Err(wrong(column, before, row, &format!("{moment:?}, which is no date"))),
        }
    });
    Ok(Arc::new(numbers.collect::<Result<PrimitiveArray<T>>>()?))
}

/// Texts that stand for numbers.
fn parsed<T: ArrowPrimitiveType>(
    values: &Texts<'_>,
    column: &Column,
    before: u64,
    number: impl Fn(&str) -> Option<T::Native>,
) -> Result<ArrayRef> {
    let numbers = (0..values.len()).map(|row| {
        let Some(units) = values.get(row) else { return Ok(None) };
        let text = text::decode(units).unwrap_or_default();
        match number(text.trim()) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(column, before, row, &format!("'{text}', which its type cannot hold"))),
        }
    });
    Ok(Arc::new(numbers.collect::<Result<PrimitiveArray<T>>>()?))
}

fn texts(values: &Texts<'_>, column: &Column, how: &How) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(values.len(), values.len().saturating_mul(8));
    for row in 0..values.len() {
        match values.get(row).map(text::decode) {
            None => builder.append_null(),
            Some(Some(text)) if how.trim => builder.append_value(text.trim_end_matches(' ')),
            Some(Some(text)) => builder.append_value(text),
            Some(None) => {
                return Err(wrong(
                    column,
                    how.before,
                    row,
                    "a text that is not Unicode; cast it in the query",
                ));
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn wrong(column: &Column, before: u64, row: usize, what: &str) -> Error {
    Error::Option {
        option: "query".into(),
        reason: format!("row {} of column '{}' is {what}", before + row as u64 + 1, column.name),
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, after Howard Hinnant's `days_from_civil`.
fn days((year, month, day): Day) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + u16::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    let (month, day) = (i64::from(month), i64::from(day));
    let shifted = i64::from(year) - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

const DAY: i64 = 86_400_000_000;

fn microseconds(moment: &Timestamp) -> Option<i64> {
    let day = days((moment.year, moment.month, moment.day))?;
    if moment.hour > 23 || moment.minute > 59 || moment.second > 59 || moment.fraction > 999_999_999 {
        return None;
    }
    let seconds = i64::from(moment.hour) * 3600 + i64::from(moment.minute) * 60 + i64::from(moment.second);
    Some(day * DAY + seconds * 1_000_000 + i64::from(moment.fraction / 1000))
}

/// Seconds since midnight of `HH:MM:SS[.fraction]`.
fn seconds(text: &str) -> Option<f64> {
    let mut parts = text.splitn(3, ':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    let known = hours < 24 && minutes < 60 && (0.0..60.0).contains(&seconds);
    known.then(|| f64::from(hours * 3600 + minutes * 60) + seconds)
}

/// Microseconds since 1970 UTC of `YYYY-MM-DD HH:MM:SS[.fraction] +HH:MM`.
fn instant(text: &str) -> Option<i64> {
    let mut parts = text.split_ascii_whitespace();
    let (date, time, offset) = (parts.next()?, parts.next()?, parts.next()?);
    let mut date = date.splitn(3, '-');
    let (year, month, day) =
        (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let fraction: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset.trim_start_matches(['+', '-']).split_once(':')?;
    let shift = sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?) * 60_000_000;
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of a day")]
    let clock = seconds(whole)? as i64;
    Some(days((year, month, day))? * DAY + clock * 1_000_000 + fraction - shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(days((1970, 1, 1)), Some(0));
        assert_eq!(days((2000, 3, 1)), Some(11_017));
        assert_eq!(days((1, 1, 1)), Some(-719_162));
        assert_eq!(days((9999, 12, 31)), Some(2_932_896));
        for day in [(2001, 2, 29), (2000, 13, 1), (2000, 4, 31), (2000, 0, 1), (1900, 2, 29), (0, 0, 0)] {
            assert_eq!(days(day), None, "{day:?}");
        }
    }

    #[test]
    fn times_and_instants_are_parsed_or_refused() {
        assert_eq!(seconds("23:59:59.25"), Some(86_399.25));
        assert_eq!(seconds("24:00:00"), None);
        assert_eq!(seconds("12:00"), None);
        assert_eq!(instant("1970-01-01 01:00:00.5 +01:00"), Some(500_000));
        assert_eq!(instant("1969-12-31 23:59:59.9999999 -00:01"), Some(59_999_999));
        assert_eq!(instant("1970-01-01 00:00:00"), None);
    }
}
