//! Segments back to Arrow arrays.
//!
//! The loops that turn codes into values run over whole blocks without a branch for each value; validity goes to
//! Arrow as it is stored. Nothing that the bytes say is believed: counts, widths, lengths and codes are compared
//! with what the directory promises before memory is reserved or touched.

#![deny(clippy::cast_possible_truncation)]

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, BinaryType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type, Utf8Type,
};
use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray, StringArray, new_null_array};
use arrow_buffer::{Buffer, MutableBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::encoding::alp::{self, AlpFloat};
use crate::encoding::codes::{join_bytes, leaf_bytes};
use crate::encoding::factor::factor;
use crate::encoding::pieces::Pieces;
use crate::encoding::word::Word;
use crate::encoding::{Codec, MAX_DEPTH, Node, bits, codec, decimal, tag, text};
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
    let array = values(&mut cursor, segment, data_type, rows, nulls, levels)?;
    end(&cursor)?;
    Ok(array)
}

/// Decodes the values of `rows` rows, of which some may be missing; their nodes follow in the cursor.
pub(crate) fn values(
    cursor: &mut Cursor<'_>,
    segment: &Bytes,
    data_type: &DataType,
    rows: usize,
    nulls: Option<NullBuffer>,
    levels: Option<&Arc<StringArray>>,
) -> Result<ArrayRef, Fault> {
    let mut reader = Values { cursor, segment, rows };
    Ok(match data_type {
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
        DataType::Utf8 => Arc::new(text::read::<Utf8Type>(reader.cursor, segment, rows, nulls)?),
        DataType::Binary => Arc::new(text::read::<BinaryType>(reader.cursor, segment, rows, nulls)?),
        DataType::Decimal128(precision, scale) => {
            let array = Decimal128Array::new(decimal::read(reader.cursor, rows)?, nulls);
            let array = array.with_precision_and_scale(*precision, *scale);
            Arc::new(array.map_err(|e| Fault::new("a decimal", e))?)
        }
        DataType::Dictionary(..) => {
            let keys = reader.primitive::<Int32Type, u32>(false, nulls)?;
            Arc::new(factor(keys, levels)?)
        }
        other => return Err(Fault::new("a type that XDF stores", other)),
    })
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
            let value = B::low(constant(node)?);
            vec![value; count]
        }
        tag::OFFSET => {
            let base = B::low(Cursor::new(node.payload).u64()?);
            let codes = Pieces::read(cursor, count, B::WIDTH)?;
            values_of(&codes, |code| base.plus(B::low(code)))?
        }
        tag::INTEGER_FLOAT if float => {
            let base = Cursor::new(node.payload).u64()?.cast_signed();
            let base = i32::try_from(base).map_err(|_| Fault::new("a base of 32 bits", base))?;
            let codes = Pieces::read(cursor, count, 4)?;
            values_of(&codes, |code| B::of_integer(base.wrapping_add(u32::low(code).cast_signed())))?
        }
        tag::DICTIONARY => {
            let codes = Pieces::read(cursor, count, 4)?;
            let values = Node::next(cursor)?;
            if values.count > count {
                return Err(Fault::new(format_args!("at most {count} distinct values"), values.count));
            }
            let table = patterns::<B>(&values, cursor, segment, float, depth + 1)?;
            gather::<B>(table.typed_data(), &codes)?
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

fn constant(node: &Node<'_>) -> Result<u64, Fault> {
    let bytes = Cursor::new(node.payload).take(node.width)?;
    Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// `value(code)` of all codes. A piece of codes is in the first-level cache when it becomes values.
fn values_of<B: Copy>(codes: &Pieces<'_>, value: impl Fn(u64) -> B + Copy) -> Result<Vec<B>, Fault> {
    if let Some(code) = codes.constant() {
        return Ok(vec![value(code); codes.count()]);
    }
    match codes.width() {
        1 => values_of_words::<u8, B>(codes, value),
        2 => values_of_words::<u16, B>(codes, value),
        4 => values_of_words::<u32, B>(codes, value),
        _ => values_of_words::<u64, B>(codes, value),
    }
}

fn values_of_words<W: Word, B>(codes: &Pieces<'_>, value: impl Fn(u64) -> B + Copy) -> Result<Vec<B>, Fault> {
    if let Some(bytes) = codes.plain() {
        return Ok(W::split(bytes).iter().map(|code| value(W::of(*code).wide())).collect());
    }
    let mut values = Vec::with_capacity(codes.count());
    codes.for_each::<W>(|codes| {
        values.extend(codes.iter().map(|code| value(code.wide())));
        Ok(())
    })?;
    Ok(values)
}

/// `table[code]` of all codes.
fn gather<B: Pattern>(table: &[B], codes: &Pieces<'_>) -> Result<Vec<B>, Fault> {
    if let Some(code) = codes.constant() {
        let known = usize::try_from(code).ok().and_then(|code| table.get(code));
        return Ok(vec![*known.ok_or_else(|| beyond(table.len(), code))?; codes.count()]);
    }
    match codes.width() {
        1 => {
            // A table of all 256 codes needs no test for each value.
            let mut full = [B::default(); 256];
            full.iter_mut().zip(table).for_each(|(o, value)| *o = *value);
            gather_words::<u8, B>(&full, table.len(), codes)
        }
        2 => gather_words::<u16, B>(table, table.len(), codes),
        _ => gather_words::<u32, B>(table, table.len(), codes),
    }
}

fn gather_words<W: Word, B: Pattern>(table: &[B], known: usize, codes: &Pieces<'_>) -> Result<Vec<B>, Fault> {
    let mut values = Vec::with_capacity(codes.count());
    codes.for_each::<W>(|codes| {
        let max = codes.iter().fold(W::default(), |max, code| max.max(*code)).wide();
        if max >= known as u64 {
            return Err(beyond(known, max));
        }
        values.extend(codes.iter().map(|code| table.get(code.as_usize()).copied().unwrap_or_default()));
        Ok(())
    })?;
    Ok(values)
}

fn beyond(known: usize, code: u64) -> Fault {
    Fault::new(format_args!("a code below {known}"), code)
}

/// A bit pattern of 1, 2, 4 or 8 bytes.
trait Pattern: Word {
    /// Puts values that were copied from a file into the order of this machine.
    fn from_little_endian(values: &mut [Self]) {
        if cfg!(target_endian = "big") {
            for value in values {
                *value = value.swapped();
            }
        }
    }
    /// The value with its bytes in the opposite order.
    fn swapped(self) -> Self;
    /// An integer as a float of this width; there are none of 1 and 2 bytes.
    fn of_integer(integer: i32) -> Self;
}

macro_rules! pattern {
    ($($native:ty: $float:expr;)*) => {$(
        impl Pattern for $native {
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
            #[inline]
            fn of_integer(integer: i32) -> Self {
                let bits: fn(i32) -> Self = $float;
                bits(integer)
            }
        }
    )*};
}

pattern! {
    u8: |_| 0;
    u16: |_| 0;
    u32: |integer| (integer as f32).to_bits();
    u64: |integer| f64::from(integer).to_bits();
}
