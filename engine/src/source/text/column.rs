//! Builders of columns: they gather the values of a chunk and become an Arrow array.
//!
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

use super::convert::{Rows, Target, boolean, quick_boolean};
use super::date;
use super::levels::LevelTable;
use super::spec::Spec;
use crate::{Error, Result};

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
    pub(crate) fn missing(&mut self, row: usize) {
        self.missing.push(row as u32);
    }

    #[cold]
    pub(crate) fn bad(&mut self, row: usize, text: &[u8]) {
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
