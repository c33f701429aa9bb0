//! Values of one column on their way into segments.
//!
//! Rows are turned into stored bytes as they come, and compressed when a block is full. The extremes of the present
//! values are followed on the way, for the low and high of the column.
//!
//! Missing values are written as section "Missing values" of the specification has them: the smallest int32, a factor
//! code of all ones, R's NA, an empty text. What lies beneath a missing float stays when it is a NaN, so that a file
//! that was read comes back bit by bit. A present int32 that is the mark of missing ones cannot be written.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, Float64Array, PrimitiveArray, UInt8Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::columns::Conversion;
use super::deflate::deflate;
use super::encode;
use super::types::{Storage, filled};
use crate::factor::Levels;

/// R's `NA_real_`: a NaN with the payload 1954.
const NA_FLOAT64: u64 = 0x7ff0_0000_0000_07a2;
/// What a C compiler makes of R's NA as a single (inferred: no public file has a missing single).
const NA_FLOAT32: u32 = 0x7fc0_0000;
/// The code of a missing factor value.
const NA_CODE: u32 = u32::MAX;

/// Stored bytes of one column, collected until a block is full.
pub(super) struct Collector {
    storage: Storage,
    conversion: Conversion,
    /// Levels of a factor, those of the schema first.
    levels: Option<Levels>,
    bytes: Vec<u8>,
    /// Little-endian lowest and highest present value.
    extremes: Option<([u8; 8], [u8; 8])>,
}

/// A value without a place in the container.
#[derive(Debug)]
pub(super) struct Unfit {
    /// Row of the array, from 0.
    pub(super) row: usize,
    /// What is wrong with it and what to do.
    pub(super) problem: String,
}

impl Collector {
    /// A column without rows.
    pub(super) fn new(storage: Storage, conversion: Conversion, levels: Option<Levels>) -> Self {
        Self { storage, conversion, levels, bytes: Vec::new(), extremes: None }
    }

    /// The levels of a factor so far.
    pub(super) fn levels(&self) -> Vec<&str> {
        self.levels.iter().flat_map(|levels| levels.since(0)).collect()
    }

    /// Lowest and highest value so far, filled up to eight bytes; none without a present value.
    pub(super) fn extremes(&self) -> Option<([u8; 8], [u8; 8])> {
        self.extremes
    }

    /// Takes the values of an array of the column's Arrow type.
    pub(super) fn append(&mut self, array: &ArrayRef) -> Result<(), Unfit> {
        match self.storage {
            Storage::Text => self.texts(array),
            Storage::Factor => self.codes(array),
            Storage::Int8 => self.primitive::<Int8Type>(array),
            Storage::Int16 => self.primitive::<Int16Type>(array),
            Storage::Int32 => self.primitive::<Int32Type>(array),
            Storage::Int64 => self.primitive::<Int64Type>(array),
            Storage::UInt16 => self.primitive::<UInt16Type>(array),
            Storage::UInt32 => self.primitive::<UInt32Type>(array),
            Storage::UInt64 => self.primitive::<UInt64Type>(array),
            Storage::Float32 => self.primitive::<Float32Type>(array),
            Storage::UInt8 => match self.conversion {
                Conversion::Bits => {
                    let bits = array.as_boolean();
                    let values = bits.values().iter().map(u8::from).collect::<Vec<u8>>();
                    self.numbers(&UInt8Array::new(values.into(), bits.nulls().cloned()))
                }
                _ => self.primitive::<UInt8Type>(array),
            },
            Storage::Float64 => match self.conversion {
                Conversion::Days => {
                    let days = array.as_primitive::<Date32Type>();
                    let values: Vec<f64> = days.values().iter().map(|&day| f64::from(day)).collect();
                    self.numbers(&Float64Array::new(values.into(), days.nulls().cloned()))
                }
                Conversion::Time(unit) => {
                    let values: Vec<f64> = ticks(array).iter().map(|&tick| tick as f64 / unit).collect();
                    self.numbers(&Float64Array::new(values.into(), array.nulls().cloned()))
                }
                _ => self.primitive::<Float64Type>(array),
            },
        }
    }

    /// The segment of the rows since the last one; level 0 stores them plain.
    pub(super) fn segment(&mut self, level: u32) -> std::io::Result<Vec<u8>> {
        let bytes = std::mem::take(&mut self.bytes);
        if level == 0 {
            return Ok(bytes);
        }
        let mut segment = deflate(&bytes, level)?;
        if self.storage == Storage::Text {
            segment.extend((bytes.len() as u64).to_le_bytes());
        }
        Ok(segment)
    }

    fn primitive<T: ArrowPrimitiveType<Native: Number>>(&mut self, array: &ArrayRef) -> Result<(), Unfit> {
        self.numbers(array.as_primitive::<T>())
    }

    fn numbers<T: ArrowPrimitiveType<Native: Number>>(
        &mut self,
        array: &PrimitiveArray<T>,
    ) -> Result<(), Unfit> {
        let mut extremes: Option<(T::Native, T::Native)> =
            self.extremes.map(|(low, high)| (Number::from_filled(low), Number::from_filled(high)));
        self.bytes.reserve(size_of_val(&**array.values()));
        for (row, &value) in array.values().iter().enumerate() {
            if is_missing(array.nulls(), row) {
                let Some(mark) = value.missing() else {
                    let problem = format!(
                        "a missing value, and how {} marks them is not known; cast the column to float64",
                        self.storage.name()
                    );
                    return Err(Unfit { row, problem });
                };
                mark.put(&mut self.bytes);
                continue;
            }
            if value.is_mark() {
                let problem =
                    "-2147483648 is the mark of missing values; cast the column to float64".to_owned();
                return Err(Unfit { row, problem });
            }
            value.put(&mut self.bytes);
            extremes = match extremes {
                _ if value.partial_cmp(&value).is_none() => extremes,
                None => Some((value, value)),
                Some((low, _)) if value < low => extremes.map(|(_, high)| (value, high)),
                Some((low, high)) if value > high => Some((low, value)),
                unchanged => unchanged,
            };
        }
        self.extremes = extremes.map(|(low, high)| (low.filled(), high.filled()));
        Ok(())
    }

    fn codes(&mut self, array: &ArrayRef) -> Result<(), Unfit> {
        let Some(levels) = &mut self.levels else { return Ok(()) };
        let codes = levels
            .codes(array)
            .map_err(|_| Unfit { row: 0, problem: "more than 2147483647 levels".into() })?;
        for (row, code) in codes.values().iter().enumerate() {
            let code = if is_missing(codes.nulls(), row) { NA_CODE } else { code.cast_unsigned() };
            code.put(&mut self.bytes);
        }
        Ok(())
    }

    fn texts(&mut self, array: &ArrayRef) -> Result<(), Unfit> {
        let texts: Box<dyn Iterator<Item = Option<&str>>> = match array.data_type() {
            DataType::LargeUtf8 => Box::new(array.as_string::<i64>().iter()),
            DataType::Utf8View => Box::new(array.as_string_view().iter()),
            _ => Box::new(array.as_string::<i32>().iter()),
        };
        for (row, text) in texts.enumerate() {
            encode::text(&mut self.bytes, text.unwrap_or_default().as_bytes());
            if i32::try_from(self.bytes.len()).is_err() {
                let problem = "more than 2 GiB of text in one block; write smaller blocks".to_owned();
                return Err(Unfit { row, problem });
            }
        }
        Ok(())
    }
}

fn is_missing(nulls: Option<&NullBuffer>, row: usize) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(row))
}

/// The counts of a date or timestamp.
fn ticks(array: &ArrayRef) -> Vec<i64> {
    let array = Arc::clone(array);
    match array.data_type() {
        DataType::Date64 => array.as_primitive::<Date64Type>().values().to_vec(),
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().values().to_vec()
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().values().to_vec()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().values().to_vec()
        }
        _ => array.as_primitive::<TimestampNanosecondType>().values().to_vec(),
    }
}

/// A number as it is stored.
trait Number: Copy + PartialOrd {
    /// The mark of a missing value with `self` beneath; none where no mark is known.
    fn missing(self) -> Option<Self>;

    /// Whether a present value reads as missing without being a NaN.
    fn is_mark(self) -> bool;

    /// Appends the little-endian bytes.
    fn put(self, out: &mut Vec<u8>);

    /// The little-endian bytes, filled up to eight.
    fn filled(self) -> [u8; 8] {
        let mut bytes = Vec::with_capacity(8);
        self.put(&mut bytes);
        filled(&bytes)
    }

    /// The other direction of [`Number::filled`].
    fn from_filled(bytes: [u8; 8]) -> Self;
}

macro_rules! number {
    ($type:ty, $beneath:ident => $missing:expr, $value:ident => $mark:expr) => {
        impl Number for $type {
            fn missing(self) -> Option<Self> {
                let $beneath = self;
                $missing
            }

            fn is_mark(self) -> bool {
                let $value = self;
                $mark
            }

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn from_filled(bytes: [u8; 8]) -> Self {
                let bytes = bytes.first_chunk().copied().unwrap_or_default();
                Self::from_le_bytes(bytes)
            }
        }
    };
}

number!(i8, _beneath => None, _value => false);
number!(u8, _beneath => None, _value => false);
number!(i16, _beneath => None, _value => false);
number!(u16, _beneath => None, _value => false);
number!(u32, _beneath => None, _value => false);
number!(i64, _beneath => None, _value => false);
number!(u64, _beneath => None, _value => false);
number!(i32, _beneath => Some(i32::MIN), value => value == i32::MIN);
number!(f32, beneath => Some(if beneath.is_nan() { beneath } else { f32::from_bits(NA_FLOAT32) }), _value => false);
number!(f64, beneath => Some(if beneath.is_nan() { beneath } else { f64::from_bits(NA_FLOAT64) }), _value => false);
