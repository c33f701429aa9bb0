//! Reading and writing little-endian values and tagged fields.
//!
//! A field is 8 bytes of head (tag, flags, length of the body) and its body, filled with zeros to a multiple of 8.
//! Flag bit 0 means *critical*: who does not know the tag must refuse the file instead of skipping the field.

use crate::encoding::codec;
use crate::error::Fault;
use crate::raw::round_up;

/// A critical field.
const CRITICAL: u16 = 1;

/// Bytes that are read from the front; remembers how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, position: 0 }
    }

    /// Bytes taken so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Bytes that are left.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(Fault::new(format_args!("{length} more bytes"), format_args!("{}", self.rest.len())));
        };
        self.rest = rest;
        self.position += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Fault> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A LEB128 number: 7 bits a byte, the low ones first.
    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::new("a number of at most 64 bits", "a longer one"))
    }

    /// A text of a length that stands before it in 4 bytes.
    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.u32()? as usize;
        utf8(self.take(length)?)
    }

    /// The next field, or nothing at the end.
    pub(crate) fn field(&mut self) -> Result<Option<FieldRef<'a>>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.u16()?;
        let flags = self.u16()?;
        let length = self.u32()? as usize;
        let start = self.position;
        let body = self.take(length)?;
        self.take(round_up(length, 8) - length)?;
        Ok(Some(FieldRef { tag, critical: flags & CRITICAL != 0, start, body }))
    }
}

/// The bytes as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    str::from_utf8(bytes).map_err(|e| Fault::new("UTF-8 text", e))
}

/// One tagged field.
#[derive(Debug)]
pub(crate) struct FieldRef<'a> {
    pub(crate) tag: u16,
    critical: bool,
    /// Where the body begins, counted from the start of the cursor.
    pub(crate) start: usize,
    pub(crate) body: &'a [u8],
}

impl<'a> FieldRef<'a> {
    pub(crate) fn cursor(&self) -> Cursor<'a> {
        Cursor::new(self.body)
    }

    /// What to do with a tag that is not known: nothing, or refuse when it is critical.
    pub(crate) fn skip(&self) -> Result<(), Fault> {
        if self.critical {
            return Err(Fault::unsupported(format!("needs the field {:#06x} of a later version", self.tag)));
        }
        Ok(())
    }
}

/// Appends a field whose body `write` appends.
pub(crate) fn put_field(
    out: &mut Vec<u8>,
    tag: u16,
    critical: bool,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&(if critical { CRITICAL } else { 0 }).to_le_bytes());
    let place = out.len();
    out.extend_from_slice(&[0; 4]);
    let start = out.len();
    write(out)?;
    let length = u32_len(out.len() - start)?;
    if let Some(slot) = out.get_mut(place..start) {
        slot.copy_from_slice(&length.to_le_bytes());
    }
    pad(out, 8);
    Ok(())
}

/// A length that must fit in 32 bits.
pub(crate) fn u32_len(length: usize) -> Result<u32, Fault> {
    u32::try_from(length).map_err(|_| Fault::new("at most 4294967295 bytes in one field", length))
}

/// Fills with zeros to a multiple of `to` bytes.
pub(crate) fn pad(out: &mut Vec<u8>, to: usize) {
    out.resize(round_up(out.len(), to), 0);
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7F) as u8);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) -> Result<(), Fault> {
    out.extend_from_slice(&u32_len(text.len())?.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Appends a list of texts: count, codec, lengths, then lengths as varints and the bytes, compressed when it pays.
pub(crate) fn put_texts<'a>(
    out: &mut Vec<u8>,
    texts: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), Fault> {
    let mut raw = Vec::new();
    let mut count = 0;
    for text in texts.clone() {
        put_varint(&mut raw, text.len() as u64);
        count += 1;
    }
    for text in texts {
        raw.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(&u32_len(count)?.to_le_bytes());
    codec::with_compressed(1, &raw, |compressed| {
        let stored = compressed.unwrap_or(&raw);
        out.extend_from_slice(&u32::from(compressed.is_some()).to_le_bytes());
        out.extend_from_slice(&u32_len(raw.len())?.to_le_bytes());
        out.extend_from_slice(&u32_len(stored.len())?.to_le_bytes());
        out.extend_from_slice(stored);
        Ok(())
    })
}

/// Reads what [`put_texts`] wrote, into `take` one after the other.
pub(crate) fn texts(
    cursor: &mut Cursor<'_>,
    mut take: impl FnMut(&str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let count = cursor.u32()? as usize;
    let compressed = cursor.u32()?;
    let raw_length = cursor.u32()? as usize;
    let stored_length = cursor.u32()? as usize;
    let stored = cursor.take(stored_length)?;
    let decompressed;
    let raw = match compressed {
        0 => stored,
        1 => {
            decompressed = codec::decompress(stored, raw_length)?;
            &decompressed
        }
        other => return Err(Fault::new("codec 0 (none) or 1 (zstd)", other)),
    };
    if raw.len() != raw_length || count > raw_length {
        return Err(Fault::new(format_args!("{raw_length} bytes with {count} texts"), raw.len()));
    }
    let mut lengths = Cursor::new(raw);
    let mut total = 0_u64;
    for _ in 0..count {
        total = total.saturating_add(lengths.varint()?);
    }
    let mut bytes = lengths.clone();
    if total != bytes.remaining() as u64 {
        return Err(Fault::new(format_args!("{total} bytes of text"), bytes.remaining()));
    }
    let mut lengths = Cursor::new(raw);
    for _ in 0..count {
        let length = lengths.varint()?;
        let length = usize::try_from(length).map_err(|_| Fault::new("a text in memory", length))?;
        take(utf8(bytes.take(length)?)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_of_all_sizes() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(Cursor::new(&out).varint().unwrap(), value);
        }
        assert!(Cursor::new(&[0xFF; 11]).varint().is_err());
    }

    #[test]
    fn texts_come_back_and_lies_are_refused() {
        let many: Vec<String> = (0..1000).map(|i| format!("level {i}")).collect();
        for list in [vec![], vec![String::new()], vec!["é".to_owned(), String::new()], many] {
            let mut out = Vec::new();
            put_texts(&mut out, list.iter().map(String::as_str)).unwrap();
            let mut got = Vec::new();
            texts(&mut Cursor::new(&out), |text| {
                got.push(text.to_owned());
                Ok(())
            })
            .unwrap();
            assert_eq!(got, list);
            out[0] ^= 0x40;
            assert!(texts(&mut Cursor::new(&out), |_| Ok(())).is_err());
        }
    }

    #[test]
    fn unknown_fields_are_skipped_unless_critical() {
        let mut out = Vec::new();
        put_field(&mut out, 0x7000, false, |out| put_text(out, "abc")).unwrap();
        put_field(&mut out, 0x7001, true, |_| Ok(())).unwrap();
        let mut cursor = Cursor::new(&out);
        let first = cursor.field().unwrap().unwrap();
        assert_eq!((first.tag, first.body.len()), (0x7000, 7));
        first.skip().unwrap();
        assert!(cursor.field().unwrap().unwrap().skip().is_err());
        assert!(cursor.field().unwrap().is_none());
    }
}
