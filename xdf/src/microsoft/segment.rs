//! From the bytes of one segment to one Arrow array.
//!
//! A segment of numbers is one zlib stream of `rows * width` bytes, so it inflates straight into the array's
//! buffer; missing values are found by one scan and become the null bitmap. A segment of texts is one zlib stream
//! of records (tag, length, bytes) and the inflated length behind it; the records are packed in place, so that
//! the inflated bytes become the array's values without a second copy.
//!
//! A file written without compression should hold the same bytes plain (inferred, no sample is public). A plain
//! segment is as long as its values, so it is taken as plain when it does not start like a zlib stream, or when
//! it fails to inflate and nothing in the whole file proves compression.
//!
//! Untrusted input: a length is compared with what deflate can squeeze into the segment before it is allocated;
//! the stream must fill it exactly, match its Adler-32 checksum and end where the segment ends.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{
    ArrowNativeType, BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer,
};
use libdeflater::{DecompressionError, Decompressor, adler32};

use super::fault::{Fault, Parsed};
use super::metadata::most_inflated;
use super::text;
use super::types::Storage;

/// Missing factor code: all ones, that is -1.
const MISSING_CODE: i32 = -1;

/// The stored bytes of one column in one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    /// The segment.
    pub(super) bytes: &'a [u8],
    /// Bytes from the start of the file.
    pub(super) offset: usize,
    /// Rows of the block.
    pub(super) rows: usize,
    /// True when nothing in the file proves that segments are compressed.
    pub(super) maybe_plain: bool,
}

/// Decodes a segment; `levels` are the dictionary of a factor.
pub(super) fn decode(stored: Stored<'_>, storage: Storage, levels: &ArrayRef) -> Parsed<ArrayRef> {
    Ok(match storage {
        Storage::Int8 => Arc::new(Int8Array::new(stored.values()?, None)),
        Storage::UInt8 => Arc::new(UInt8Array::new(stored.values()?, None)),
        Storage::Int16 => Arc::new(Int16Array::new(stored.values()?, None)),
        Storage::UInt16 => Arc::new(UInt16Array::new(stored.values()?, None)),
        Storage::UInt32 => Arc::new(UInt32Array::new(stored.values()?, None)),
        Storage::Int64 => Arc::new(Int64Array::new(stored.values()?, None)),
        Storage::UInt64 => Arc::new(UInt64Array::new(stored.values()?, None)),
        Storage::Int32 => {
            let values = stored.values::<i32>()?;
            let nulls = nulls(&values, |&value| value != i32::MIN);
            Arc::new(Int32Array::new(values, nulls))
        }
        Storage::Float32 => {
            let values = stored.values::<f32>()?;
            let nulls = nulls(&values, |value| !value.is_nan());
            Arc::new(Float32Array::new(values, nulls))
        }
        Storage::Float64 => {
            let values = stored.values::<f64>()?;
            let nulls = nulls(&values, |value| !value.is_nan());
            Arc::new(Float64Array::new(values, nulls))
        }
        Storage::Factor => Arc::new(stored.factor(levels)?),
        Storage::Text => Arc::new(stored.texts()?),
    })
}

/// The bitmap of values that are there; none when all are.
fn nulls<T>(values: &[T], present: impl Fn(&T) -> bool) -> Option<NullBuffer> {
    if values.iter().all(&present) {
        return None;
    }
    Some(NullBuffer::new(values.iter().map(present).collect::<BooleanBuffer>()))
}

impl Stored<'_> {
    /// Numbers in their own width.
    fn values<T: ArrowNativeType>(self) -> Parsed<ScalarBuffer<T>> {
        let buffer = self.numbers(size_of::<T>())?;
        Ok(ScalarBuffer::new(buffer.into(), 0, self.rows))
    }

    /// `rows * width` bytes, inflated or copied.
    fn numbers(self, width: usize) -> Parsed<MutableBuffer> {
        let length = self.rows.saturating_mul(width);
        self.check_inflated(length, self.bytes.len())?;
        let mut buffer = MutableBuffer::from_len_zeroed(length);
        let plain = self.bytes.len() == length;
        if plain && !starts_like_zlib(self.bytes) {
            buffer.copy_from_slice(self.bytes);
            return Ok(buffer);
        }
        match self.inflate(self.bytes, &mut buffer) {
            Err(_) if plain && self.maybe_plain => buffer.copy_from_slice(self.bytes),
            outcome => outcome?,
        }
        Ok(buffer)
    }

    /// Factor codes become dictionary keys; missing ones are null, with key 0 beneath.
    fn factor(self, levels: &ArrayRef) -> Parsed<DictionaryArray<Int32Type>> {
        let mut buffer = self.numbers(size_of::<i32>())?;
        let keys: &mut [i32] = buffer.typed_data_mut();
        let wrong =
            |&key: &i32| key != MISSING_CODE && usize::try_from(key).map_or(true, |key| key >= levels.len());
        if let Some(row) = keys.iter().position(wrong) {
            let expected = format!("factor codes below {} or all ones", levels.len());
            let code = keys.get(row).map_or(0, |key| key.cast_unsigned());
            return Err(Fault::damaged(
                self.offset,
                expected,
                format!("code {code} in row {row} of the block"),
            ));
        }
        let nulls = nulls(keys, |&key| key != MISSING_CODE);
        if nulls.is_some() {
            for key in keys {
                *key = (*key).max(0);
            }
        }
        let keys = Int32Array::new(ScalarBuffer::new(buffer.into(), 0, self.rows), nulls);
        DictionaryArray::try_new(keys, Arc::clone(levels))
            .map_err(|cause| Fault::damaged(self.offset, "factor codes of known levels", cause.to_string()))
    }

    /// Text records; an empty one is an empty text, because the format does not tell it from a missing one.
    fn texts(self) -> Parsed<StringArray> {
        let (stream, length) = match self.bytes.split_last_chunk::<8>() {
            Some((stream, length)) => {
                (stream, usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX))
            }
            None => (self.bytes, self.bytes.len()),
        };
        let records = if starts_like_zlib(self.bytes) {
            self.check_inflated(length, stream.len())?;
            self.text_offset(length.saturating_sub(self.rows.saturating_mul(Storage::Text.least_width())))?;
            let mut records = vec![0; length];
            self.inflate(stream, &mut records)?;
            records
        } else if length == stream.len() {
            stream.to_vec()
        } else {
            self.bytes.to_vec()
        };
        let (offsets, values) = self.pack(records)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let values = Buffer::from_vec(values);
        match StringArray::try_new(offsets.clone(), values.clone(), None) {
            Ok(array) => Ok(array),
            Err(_) => self.decode_each(&offsets, &values),
        }
    }

    /// Moves the texts of the records together; returns where each starts, and the texts.
    fn pack(self, mut records: Vec<u8>) -> Parsed<(Vec<i32>, Vec<u8>)> {
        if self.rows.saturating_mul(Storage::Text.least_width()) > records.len() {
            let got = format!("{} bytes", records.len());
            return Err(Fault::damaged(self.offset, format!("{} text records", self.rows), got));
        }
        let mut offsets = Vec::with_capacity(self.rows.saturating_add(1));
        offsets.push(0);
        let (mut from, mut to) = (0, 0_usize);
        for row in 0..self.rows {
            let Some(text) = record(&records, from) else {
                let expected = "a text record (1, length, bytes)";
                let got = format!("something else at byte {from} of the texts, row {row} of the block");
                return Err(Fault::damaged(self.offset, expected, got));
            };
            from = text.end;
            let start = to;
            to = to.saturating_add(text.len());
            records.copy_within(text, start);
            offsets.push(self.text_offset(to)?);
        }
        if from != records.len() {
            let got = format!("{} more bytes", records.len().saturating_sub(from));
            return Err(Fault::damaged(
                self.offset,
                format!("the end after {} text records", self.rows),
                got,
            ));
        }
        records.truncate(to);
        records.shrink_to_fit();
        Ok((offsets, records))
    }

    /// The slow way, when some text is not UTF-8: each text on its own.
    fn decode_each(self, offsets: &[i32], values: &[u8]) -> Parsed<StringArray> {
        let mut decoded = String::with_capacity(values.len());
        let mut ends = Vec::with_capacity(offsets.len());
        ends.push(0);
        for pair in offsets.windows(2) {
            let (start, end) = (pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0));
            let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
            decoded.push_str(&text::decode(values.get(range).unwrap_or_default()));
            ends.push(self.text_offset(decoded.len())?);
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        StringArray::try_new(offsets, Buffer::from_vec(decoded.into_bytes()), None)
            .map_err(|cause| Fault::damaged(self.offset, "texts", cause.to_string()))
    }

    fn text_offset(self, length: usize) -> Parsed<i32> {
        i32::try_from(length).map_err(|_| {
            Fault::unsupported(
                self.offset,
                "less than 2 GiB of text in a block",
                format!("{length} bytes so far"),
            )
        })
    }

    /// Refuses a length that deflate cannot reach, before it is allocated.
    fn check_inflated(self, length: usize, stream: usize) -> Parsed<()> {
        if length <= most_inflated(stream) {
            return Ok(());
        }
        let expected = format!("at most {} bytes out of {stream} compressed ones", most_inflated(stream));
        Err(Fault::damaged(self.offset, expected, length.to_string()))
    }

    /// Inflates one zlib stream that must fill `target` and end with `stream`.
    fn inflate(self, stream: &[u8], target: &mut [u8]) -> Parsed<()> {
        let expected = format!("a zlib stream of {} values in {} bytes", self.rows, target.len());
        let got = match Decompressor::new().zlib_decompress(stream, target) {
            Ok(length) if length == target.len() => {
                return if ends_with_checksum(stream, target) {
                    Ok(())
                } else {
                    Err(Fault::damaged(self.offset, "the end of the zlib stream", "more bytes"))
                };
            }
            Ok(length) => format!("{length} bytes"),
            Err(DecompressionError::InsufficientSpace) => "more bytes".to_owned(),
            Err(DecompressionError::BadData) => "a broken stream or a wrong checksum".to_owned(),
        };
        Err(Fault::damaged(self.offset, expected, got))
    }
}

/// The text of the record at `start`, as a range.
fn record(records: &[u8], start: usize) -> Option<std::ops::Range<usize>> {
    let (tag, rest) = records.get(start..)?.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    if i32::from_le_bytes(*tag) != 1 || length > rest.len() {
        return None;
    }
    let text = start.checked_add(8)?;
    Some(text..text.checked_add(length)?)
}

/// The first two bytes of a zlib stream (RFC 1950): method 8, and a header sum divisible by 31.
fn starts_like_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => {
            method & 0x0f == 8 && (u16::from(*method).wrapping_shl(8) | u16::from(*flags)).is_multiple_of(31)
        }
        _ => false,
    }
}

/// The compression level as far as the first bytes of a segment show it: zlib marks its streams as fastest (level 1, also
/// 0), fast (2 to 5), default (6) or best (7 to 9), and one level of each stands for it. 0 for plain values.
pub(super) fn level(head: &[u8], maybe_plain: bool) -> Option<u32> {
    if starts_like_zlib(head) {
        let marks = head.get(1)?.wrapping_shr(6);
        return [1, 5, 6, 9].get(usize::from(marks)).copied();
    }
    maybe_plain.then_some(0)
}

/// The checksum is the last thing in a stream, so a stream that ends early shows here.
#[expect(clippy::big_endian_bytes, reason = "zlib stores its checksum most significant byte first")]
fn ends_with_checksum(stream: &[u8], inflated: &[u8]) -> bool {
    stream.last_chunk::<4>() == Some(&adler32(inflated).to_be_bytes())
}
