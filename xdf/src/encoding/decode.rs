//! Segments back to Arrow arrays.
//!
//! The loops that turn codes into values run over whole blocks without a branch for each value; validity goes to
//! Arrow as it is stored. Nothing that the bytes say is believed: counts, widths, lengths and codes are compared
//! with what the directory promises before memory is reserved or touched.

#![deny(clippy::cast_possible_truncation)]

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, BooleanArray, DictionaryArray, PrimitiveArray, StringArray, new_null_array};
use arrow_buffer::{ArrowNativeType, Buffer, MutableBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::encoding::alp::{self, AlpFloat};
use crate::encoding::codes::{CodeSlice, Codes, join_bytes, leaf_bytes};
use crate::encoding::{Codec, MAX_DEPTH, Node, bits, codec, tag, text};
use crate::error::Fault;
use crate::mmap::Bytes;
use crate::raw::wire::Cursor;

/// Decodes a segment of `rows` values; a factor needs its levels.
pub(crate) fn decode(
    segment: &Bytes,
    data_type: &DataType,
    rows: usize,
    levels: Option<&Arc<StringArray>>,
) -> Result<ArrayRef, Fault> {
    let mut cursor = Cursor::new(segment);
    let first = Node::next(&mut cursor.clone())?;
    first.expect_count(rows)?;
    let nulls = match first.tag {
        tag::ALL_MISSING => {
            Node::next(&mut cursor)?;
            end(&cursor)?;
            return all_missing(data_type, rows, levels);
        }
        tag::MASKED => {
            Node::next(&mut cursor)?;
            Some(NullBuffer::new(bits::read(&mut cursor, segment, rows)?))
        }
        _ => None,
    };
    let mut reader = Values { cursor: &mut cursor, segment, rows };
    let array: ArrayRef = match data_type {
        DataType::Boolean => Arc::new(BooleanArray::new(bits::read(reader.cursor, segment, rows)?, nulls)),
        DataType::Int8 => Arc::new(reader.primitive::<Int8Type, u8>(false, nulls)?),
        DataType::Int16 => Arc::new(reader.primitive::<Int16Type, u16>(false, nulls)?),
        DataType::Int32 => Arc::new(reader.primitive::<Int32Type, u32>(false, nulls)?),
        DataType::Int64 => Arc::new(reader.primitive::<Int64Type, u64>(false, nulls)?),
        DataType::UInt8 => Arc::new(reader.primitive::<UInt8Type, u8>(false, nulls)?),
        DataType::UInt16 => Arc::new(reader.primitive::<UInt16Type, u16>(false, nulls)?),
        DataType::UInt32 => Arc::new(reader.primitive::<UInt32Type, u32>(false, nulls)?),
        DataType::UInt64 => Arc::new(reader.primitive::<UInt64Type, u64>(false, nulls)?),
        DataType::Float32 => Arc::new(reader.primitive::<Float32Type, u32>(true, nulls)?),
        DataType::Float64 => Arc::new(reader.primitive::<Float64Type, u64>(true, nulls)?),
        DataType::Date32 => Arc::new(reader.primitive::<Date32Type, u32>(false, nulls)?),
        DataType::Timestamp(unit, zone) => {
            let zone = zone.clone();
            match unit {
                TimeUnit::Second => Arc::new(
                    reader.primitive::<TimestampSecondType, u64>(false, nulls)?.with_timezone_opt(zone),
                ),
                TimeUnit::Millisecond => Arc::new(
                    reader.primitive::<TimestampMillisecondType, u64>(false, nulls)?.with_timezone_opt(zone),
                ),
                TimeUnit::Microsecond => Arc::new(
                    reader.primitive::<TimestampMicrosecondType, u64>(false, nulls)?.with_timezone_opt(zone),
                ),
                TimeUnit::Nanosecond => Arc::new(
                    reader.primitive::<TimestampNanosecondType, u64>(false, nulls)?.with_timezone_opt(zone),
                ),
            }
        }
        DataType::Utf8 => Arc::new(text::read(reader.cursor, segment, rows, nulls)?),
        DataType::Dictionary(..) => {
            let keys = reader.primitive::<Int32Type, u32>(false, nulls)?;
            Arc::new(factor(keys, levels)?)
        }
        other => return Err(Fault::new("a type that XDF stores", other)),
    };
    end(&cursor)?;
    Ok(array)
}

fn end(cursor: &Cursor<'_>) -> Result<(), Fault> {
    match cursor.remaining() {
        0 => Ok(()),
        more => Err(Fault::new("the end of the segment", format_args!("{more} more bytes"))),
    }
}

fn all_missing(
    data_type: &DataType,
    rows: usize,
    levels: Option<&Arc<StringArray>>,
) -> Result<ArrayRef, Fault> {
    match data_type {
        DataType::Dictionary(..) => {
            let nulls = Some(NullBuffer::new_null(rows));
            let keys = PrimitiveArray::<Int32Type>::new(ScalarBuffer::from(vec![0; rows]), nulls);
            Ok(Arc::new(factor(keys, levels)?))
        }
        other => Ok(new_null_array(other, rows)),
    }
}

fn factor(
    keys: PrimitiveArray<Int32Type>,
    levels: Option<&Arc<StringArray>>,
) -> Result<DictionaryArray<Int32Type>, Fault> {
    let levels = levels.ok_or_else(|| Fault::new("the levels of the factor", "none"))?;
    DictionaryArray::try_new(keys, Arc::clone(levels) as ArrayRef)
        .map_err(|e| Fault::new("codes of levels", e))
}

/// The bytes of a leaf as an Arrow buffer: from the file itself when they are plain and aligned, else unpacked.
pub(crate) fn leaf_buffer(
    node: &Node<'_>,
    segment: &Bytes,
    length: usize,
    align: usize,
) -> Result<Buffer, Fault> {
    match node.codec {
        Codec::None => {
            if node.payload.len() != length {
                return Err(Fault::new(format_args!("{length} bytes of values"), node.payload.len()));
            }
            let aligned =
                cfg!(target_endian = "little") && node.payload.as_ptr().addr().is_multiple_of(align);
            match segment.slice(node.payload_offset as u64, length as u64) {
                Some(bytes) if aligned => Ok(bytes.buffer()),
                _ => Ok(Buffer::from(node.payload)),
            }
        }
        Codec::Zstd => {
            codec::expect_length(node.payload, length)?;
            let mut buffer = MutableBuffer::from_len_zeroed(length);
            codec::decompress_into(node.payload, buffer.as_slice_mut())?;
            Ok(buffer.into())
        }
    }
}

struct Values<'a, 'b> {
    cursor: &'b mut Cursor<'a>,
    segment: &'b Bytes,
    rows: usize,
}

impl Values<'_, '_> {
    /// An array of `T`, whose bit patterns are `B`.
    fn primitive<T: ArrowPrimitiveType, B: Pattern>(
        &mut self,
        float: bool,
        nulls: Option<NullBuffer>,
    ) -> Result<PrimitiveArray<T>, Fault> {
        let node = Node::next(self.cursor)?;
        node.expect_count(self.rows)?;
        let buffer = patterns::<B>(&node, self.cursor, self.segment, float, 0)?;
        let values = ScalarBuffer::<T::Native>::new(buffer, 0, self.rows);
        PrimitiveArray::try_new(values, nulls).map_err(|e| Fault::new("an array", e))
    }
}

/// The values of a node as bit patterns of their width.
fn patterns<'a, B: Pattern>(
    node: &Node<'a>,
    cursor: &mut Cursor<'a>,
    segment: &Bytes,
    float: bool,
    depth: usize,
) -> Result<Buffer, Fault> {
    let count = node.count;
    node.expect_width(B::WIDTH)?;
    if depth > MAX_DEPTH {
        return Err(Fault::new(format_args!("at most {MAX_DEPTH} nested encodings"), "more"));
    }
    let length = count * B::WIDTH;
    match node.tag {
        tag::PLAIN if cfg!(target_endian = "little") => return leaf_buffer(node, segment, length, B::WIDTH),
        tag::ALP if float => {
            return match B::WIDTH {
                4 => scaled::<B, f32>(node, cursor, segment, depth),
                _ => scaled::<B, f64>(node, cursor, segment, depth),
            };
        }
        tag::PLAIN | tag::CONSTANT | tag::OFFSET | tag::INTEGER_FLOAT | tag::DICTIONARY | tag::BYTE_SPLIT => {
        }
        _ => return Err(node.unexpected("numbers")),
    }
    let values = match node.tag {
        tag::CONSTANT => {
            let value = B::from_bytes(Cursor::new(node.payload).take(B::WIDTH)?);
            vec![value; count]
        }
        tag::OFFSET => {
            let base = Cursor::new(node.payload).u64()?;
            B::offset(base, Codes::read(cursor, count, B::WIDTH)?.slice(), count)
        }
        tag::INTEGER_FLOAT if float => {
            let base = Cursor::new(node.payload).u64()?.cast_signed();
            let base = i32::try_from(base).map_err(|_| Fault::new("a base of 32 bits", base))?;
            B::integer_float(base, Codes::read(cursor, count, 4)?.slice(), count)
        }
        tag::DICTIONARY => {
            let codes = Codes::read(cursor, count, 4)?;
            let values = Node::next(cursor)?;
            if values.count > count {
                return Err(Fault::new(format_args!("at most {count} distinct values"), values.count));
            }
            let table = patterns::<B>(&values, cursor, segment, float, depth + 1)?;
            B::gather(table.typed_data(), codes.slice(), count)?
        }
        tag::BYTE_SPLIT => {
            let mut buffer = MutableBuffer::from_len_zeroed(length);
            join_bytes(cursor, count, B::WIDTH, buffer.as_slice_mut())?;
            B::from_little_endian(buffer.typed_data_mut());
            return Ok(buffer.into());
        }
        tag::PLAIN => {
            let mut buffer = MutableBuffer::from_len_zeroed(length);
            buffer.as_slice_mut().copy_from_slice(&leaf_bytes(node, length)?);
            B::from_little_endian(buffer.typed_data_mut());
            return Ok(buffer.into());
        }
        _ => return Err(node.unexpected("integers")),
    };
    Ok(Buffer::from_vec(values))
}

/// The floats of an ALP node.
fn scaled<'a, B: Pattern, T: AlpFloat>(
    node: &Node<'a>,
    cursor: &mut Cursor<'a>,
    segment: &Bytes,
    depth: usize,
) -> Result<Buffer, Fault> {
    let head = alp::Head::parse::<T>(node)?;
    let integers = Node::next(cursor)?;
    integers.expect_count(node.count)?;
    let integers = patterns::<B>(&integers, cursor, segment, false, depth + 1)?;
    alp::read::<T>(head, integers, cursor)
}

/// A bit pattern of 1, 2, 4 or 8 bytes.
trait Pattern: ArrowNativeType {
    const WIDTH: usize;
    /// The pattern of exactly this many bytes.
    fn from_bytes(bytes: &[u8]) -> Self;
    /// Puts values that were copied from a file into the order of this machine.
    fn from_little_endian(values: &mut [Self]);
    /// `base + code`; a constant code `count` times.
    fn offset(base: u64, codes: CodeSlice<'_>, count: usize) -> Vec<Self>;
    /// `base + code` as a float.
    fn integer_float(base: i32, codes: CodeSlice<'_>, count: usize) -> Vec<Self>;
    /// `table[code]`.
    fn gather(table: &[Self], codes: CodeSlice<'_>, count: usize) -> Result<Vec<Self>, Fault>;
}

/// Patterns of floats of 32 and 64 bits; narrower ones do not exist.
fn float_pattern<const WIDTH: usize>(integer: i32) -> u64 {
    match WIDTH {
        4 => u64::from((integer as f32).to_bits()),
        _ => f64::from(integer).to_bits(),
    }
}

macro_rules! pattern {
    ($($native:ty),*) => {$(
        impl Pattern for $native {
            const WIDTH: usize = size_of::<$native>();

            fn from_bytes(bytes: &[u8]) -> Self {
                bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)) as $native
            }

            fn from_little_endian(values: &mut [Self]) {
                if cfg!(target_endian = "big") {
                    for value in values {
                        *value = value.swap_bytes();
                    }
                }
            }

            fn offset(base: u64, codes: CodeSlice<'_>, count: usize) -> Vec<Self> {
                let base = base as $native;
                match codes {
                    CodeSlice::Constant(code) => vec![base.wrapping_add(code as $native); count],
                    CodeSlice::U8(codes) => codes.iter().map(|c| base.wrapping_add(*c as $native)).collect(),
                    CodeSlice::U16(codes) => {
                        codes.iter().map(|c| base.wrapping_add(u16::from_le_bytes(*c) as $native)).collect()
                    }
                    CodeSlice::U32(codes) => {
                        codes.iter().map(|c| base.wrapping_add(u32::from_le_bytes(*c) as $native)).collect()
                    }
                }
            }

            fn integer_float(base: i32, codes: CodeSlice<'_>, count: usize) -> Vec<Self> {
                let float = |code: i32| float_pattern::<{ size_of::<$native>() }>(base.wrapping_add(code)) as $native;
                match codes {
                    CodeSlice::Constant(code) => vec![float(code.cast_signed()); count],
                    CodeSlice::U8(codes) => codes.iter().map(|c| float(i32::from(*c))).collect(),
                    CodeSlice::U16(codes) => codes.iter().map(|c| float(i32::from(u16::from_le_bytes(*c)))).collect(),
                    CodeSlice::U32(codes) => codes.iter().map(|c| float(i32::from_le_bytes(*c))).collect(),
                }
            }

            fn gather(table: &[Self], codes: CodeSlice<'_>, count: usize) -> Result<Vec<Self>, Fault> {
                let known = |code: u32| {
                    let beyond = || Fault::new(format_args!("a code below {}", table.len()), code);
                    table.get(code as usize).copied().ok_or_else(beyond)
                };
                match codes {
                    CodeSlice::Constant(code) => Ok(vec![known(code)?; count]),
                    CodeSlice::U8(codes) => {
                        // A table of all 256 codes needs no test for each value.
                        let mut full = [0; 256];
                        full.iter_mut().zip(table).for_each(|(o, value)| *o = *value);
                        known(u32::from(codes.iter().fold(0, |max, code| (*code).max(max))))?;
                        Ok(codes.iter().map(|c| full.get(usize::from(*c)).copied().unwrap_or_default()).collect())
                    }
                    CodeSlice::U16(codes) => {
                        known(codes.iter().fold(0, |max, c| u16::from_le_bytes(*c).max(max)).into())?;
                        let value = |c: &[u8; 2]| table.get(usize::from(u16::from_le_bytes(*c))).copied();
                        Ok(codes.iter().map(|c| value(c).unwrap_or_default()).collect())
                    }
                    CodeSlice::U32(codes) => codes.iter().map(|c| known(u32::from_le_bytes(*c))).collect(),
                }
            }
        }
    )*};
}

#[expect(clippy::cast_possible_truncation, reason = "arithmetic modulo the width is how offsets are defined")]
mod pattern {
    use super::{CodeSlice, Fault, Pattern, float_pattern};
    pattern!(u8, u16, u32, u64);
}
