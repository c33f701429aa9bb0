//! A bounds-checked reader of little-endian fields.
//!
//! Invariant: the position never passes the end of the bytes, and nothing is read that was not checked. Every
//! method names the field it reads, so that the fault says what was expected at which offset of the file.

use super::fault::{Fault, Parsed};

/// A position in a part of the file.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    base: usize,
    position: usize,
}

impl<'a> Cursor<'a> {
    /// Reads `bytes`, which stand at `base` in the file.
    pub(super) fn new(bytes: &'a [u8], base: usize) -> Self {
        Self { bytes, base, position: 0 }
    }

    /// Offset of the next byte in the file.
    pub(super) fn position(&self) -> usize {
        self.base.saturating_add(self.position)
    }

    /// Bytes that are left.
    pub(super) fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// The bytes `ahead` of the position, without moving; `None` when fewer than `length` are left.
    pub(super) fn peek(&self, ahead: usize, length: usize) -> Option<&'a [u8]> {
        let start = self.position.checked_add(ahead)?;
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize, what: &'static str) -> Parsed<&'a [u8]> {
        let Some(found) = self.peek(0, length) else {
            let expected = format!("{length} bytes of {what}");
            return Err(Fault::damaged(
                self.position(),
                expected,
                format!("only {} bytes left", self.remaining()),
            ));
        };
        self.position = self.position.saturating_add(length);
        Ok(found)
    }

    /// The next `N` bytes as an array.
    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Parsed<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    /// A signed 32-bit integer.
    pub(super) fn i32(&mut self, what: &'static str) -> Parsed<i32> {
        self.array(what).map(i32::from_le_bytes)
    }

    /// An unsigned 32-bit integer.
    pub(super) fn u32(&mut self, what: &'static str) -> Parsed<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// A signed 64-bit integer.
    pub(super) fn i64(&mut self, what: &'static str) -> Parsed<i64> {
        self.array(what).map(i64::from_le_bytes)
    }

    /// An unsigned 64-bit integer.
    pub(super) fn u64(&mut self, what: &'static str) -> Parsed<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A 32-bit float.
    pub(super) fn f32(&mut self, what: &'static str) -> Parsed<f32> {
        self.array(what).map(f32::from_le_bytes)
    }

    /// Bytes that are the same in every file.
    pub(super) fn expect_bytes(&mut self, expected: &[u8], what: &'static str) -> Parsed<()> {
        let start = self.position();
        let got = self.take(expected.len(), what)?;
        if got == expected {
            return Ok(());
        }
        Err(Fault::damaged(start, format!("{what} ({})", hexadecimal(expected)), hexadecimal(got)))
    }

    /// An integer that is the same in every file.
    pub(super) fn expect_i32(&mut self, expected: i32, what: &'static str) -> Parsed<()> {
        let start = self.position();
        let got = self.i32(what)?;
        if got == expected {
            return Ok(());
        }
        Err(Fault::unsupported(start, format!("{what} = {expected}"), got.to_string()))
    }

    /// A 64-bit integer that is the same in every file.
    pub(super) fn expect_i64(&mut self, expected: i64, what: &'static str) -> Parsed<()> {
        let start = self.position();
        let got = self.i64(what)?;
        if got == expected {
            return Ok(());
        }
        Err(Fault::unsupported(start, format!("{what} = {expected}"), got.to_string()))
    }

    /// A version number that is the same in every file.
    pub(super) fn expect_f32(&mut self, expected: f32, what: &'static str) -> Parsed<()> {
        let start = self.position();
        let got = self.f32(what)?;
        if got.to_bits() == expected.to_bits() {
            return Ok(());
        }
        Err(Fault::unsupported(start, format!("{what} = {expected:?}"), format!("{got:?}")))
    }

    /// A count or offset that has to fit this machine's memory addresses.
    pub(super) fn size(&mut self, what: &'static str) -> Parsed<usize> {
        let start = self.position();
        let got = self.u64(what)?;
        usize::try_from(got).ok().filter(|&size| isize::try_from(size).is_ok()).ok_or_else(|| {
            Fault::damaged(start, format!("{what} that a file can hold"), (got.cast_signed()).to_string())
        })
    }

    /// A text record: `1`, length in bytes, bytes.
    pub(super) fn text(&mut self, what: &'static str) -> Parsed<&'a [u8]> {
        self.expect_i32(1, "tag of a text record")?;
        let start = self.position();
        let length = self.i32(what)?;
        let length = usize::try_from(length)
            .map_err(|_| Fault::damaged(start, "a text length of 0 or more", length.to_string()))?;
        self.take(length, what)
    }
}

/// Bytes as pairs of hexadecimal digits, for messages.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
