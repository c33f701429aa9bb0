//! The header page: who we are, and the two commit slots.
//!
//! A commit is done in this order: everything new is appended, the file is synced, the *older* slot is overwritten
//! with a higher sequence number, the file is synced. Whatever is interrupted, the other slot still points to the
//! footer of the last commit. A slot that was torn while it was written fails its own checksum and does not count.

use std::path::Path;

use crate::error::{Error, Fault, Result};
use crate::raw::wire::Cursor;
use crate::raw::{MAJOR, MINOR, checksum};

/// The first eight bytes. Not ASCII, with both line ends: a transfer as text destroys it visibly.
pub(crate) const MAGIC: [u8; 8] = *b"\x89XDF\r\n\x1a\n";
/// Length of the header page in bytes.
pub(crate) const HEADER_BYTES: usize = HEADER_LENGTH as usize;
const HEADER_LENGTH: u32 = 4096;
/// Where the two commit slots begin.
pub(crate) const SLOT_OFFSETS: [usize; 2] = [512, 1024];
/// Length of a commit slot in bytes.
const SLOT_BYTES: usize = 64;
/// Length of the identity, its checksum included.
const IDENTITY_BYTES: usize = 64;

/// One committed state of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// 1 for the first commit, then counting up; 0 is a slot that was never written.
    pub(crate) sequence: u64,
    /// Where the footer frame begins.
    pub(crate) footer_offset: u64,
    /// Length of the footer frame.
    pub(crate) footer_length: u64,
    /// Checksum of the footer frame.
    pub(crate) footer_checksum: u64,
    /// Length of the file as of this commit; what follows is not committed.
    pub(crate) file_length: u64,
}

impl Slot {
    /// The 64 bytes of the slot.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SLOT_BYTES);
        for value in [
            self.sequence,
            self.footer_offset,
            self.footer_length,
            self.footer_checksum,
            self.file_length,
            0,
            0,
        ] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&checksum(&out).to_le_bytes());
        out
    }

    /// The slot, if it was ever written and is whole.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.split_last_chunk::<8>()?;
        let mut cursor = Cursor::new(content);
        let mut next = || cursor.u64().ok();
        let slot = Self {
            sequence: next()?,
            footer_offset: next()?,
            footer_length: next()?,
            footer_checksum: next()?,
            file_length: next()?,
        };
        (slot.sequence > 0 && checksum(content) == u64::from_le_bytes(*sum)).then_some(slot)
    }
}

/// The header page of a new file, without commits.
pub(crate) fn new_page() -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&MAJOR.to_le_bytes());
    out.extend_from_slice(&MINOR.to_le_bytes());
    out.extend_from_slice(&HEADER_LENGTH.to_le_bytes());
    out.resize(IDENTITY_BYTES - 8, 0);
    out.extend_from_slice(&checksum(&out).to_le_bytes());
    out.resize(HEADER_BYTES, 0);
    out
}

/// What the header page says: minor version and the newest commit.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) minor: u16,
    pub(crate) slot: Slot,
    /// Where the slot is: the next commit goes into the other one.
    pub(crate) slot_offset: usize,
    /// The other slot holds neither a commit nor nothing.
    pub(crate) torn: bool,
}

impl Header {
    /// Reads the header page; `page` are the first bytes of the file, [`HEADER_BYTES`] unless the file is shorter,
    /// and `size` is the length of the file.
    ///
    /// # Errors
    /// When this is no XDF 5 file, one of a newer version, a damaged or a truncated one.
    pub(crate) fn parse(path: &Path, page: &[u8], size: u64) -> Result<Self> {
        if !page.starts_with(&MAGIC) {
            return Err(foreign(path, page));
        }
        let truncated =
            || Error::Truncated { path: path.to_owned(), expected: HEADER_BYTES as u64, got: size };
        let identity = page.get(..IDENTITY_BYTES).ok_or_else(truncated)?;
        let damaged = |fault: Fault, offset| fault.in_file(path, "header", offset);
        let mut cursor = Cursor::new(identity);
        let read = |cursor: &mut Cursor<'_>| {
            cursor.take(MAGIC.len())?;
            Ok((cursor.u16()?, cursor.u16()?))
        };
        let (major, minor) = read(&mut cursor).map_err(|fault| damaged(fault, 0))?;
        if major > MAJOR {
            return Err(Error::NewerVersion { path: path.to_owned(), major, minor, supported: MAJOR });
        }
        let (content, sum) = identity.split_last_chunk::<8>().ok_or_else(truncated)?;
        let expected = u64::from_le_bytes(*sum);
        if checksum(content) != expected {
            return Err(damaged(checksum_fault(expected, checksum(content)), 0));
        }
        if major != MAJOR {
            return Err(damaged(Fault::new(format_args!("major version {MAJOR}"), major), 8));
        }
        if page.len() < HEADER_BYTES {
            return Err(truncated());
        }
        let (slot, slot_offset) = newest_slot(page).ok_or_else(|| {
            let fault = Fault::new("a valid commit slot", "two that are empty or damaged");
            damaged(fault, SLOT_OFFSETS.iter().copied().min().unwrap_or_default() as u64)
        })?;
        if slot.file_length > size {
            return Err(Error::Truncated { path: path.to_owned(), expected: slot.file_length, got: size });
        }
        let torn = SLOT_OFFSETS.iter().filter_map(|at| page.get(*at..at + SLOT_BYTES));
        let torn =
            torn.into_iter().any(|bytes| Slot::parse(bytes).is_none() && bytes.iter().any(|b| *b != 0));
        Ok(Self { minor, slot, slot_offset, torn })
    }
}

/// The newest commit slot of a header page that counts, and where it is.
pub(crate) fn newest_slot(page: &[u8]) -> Option<(Slot, usize)> {
    let slots =
        SLOT_OFFSETS.iter().filter_map(|at| Some((Slot::parse(page.get(*at..at + SLOT_BYTES)?)?, *at)));
    slots.max_by_key(|(slot, _)| slot.sequence)
}

/// The fault of a checksum that does not fit.
pub(crate) fn checksum_fault(expected: u64, got: u64) -> Fault {
    Fault::new(format_args!("checksum {expected:016x}"), format_args!("{got:016x}"))
}

/// What a file that does not begin with our magic seems to be.
fn foreign(path: &Path, page: &[u8]) -> Error {
    let kinds: [(&[u8], &str); 12] = [
        (b"PAR1", "a Parquet file"),
        (b"PK\x03\x04", "a zip archive (or a spreadsheet)"),
        (b"\x1f\x8b", "gzip compressed data"),
        (b"\x28\xb5\x2f\xfd", "zstd compressed data"),
        (b"ARROW1", "an Arrow IPC file"),
        (b"\xff\xff\xff\xff", "an Arrow IPC stream"),
        (b"ORC", "an ORC file"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\x89HDF", "an HDF5 file"),
        (b"$FL2", "an SPSS file"),
        (b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xea\x81\x60", "a SAS data set"),
        (b"<stata_dta>", "a Stata file"),
    ];
    let found = if let Some((_, name)) = kinds.iter().find(|(magic, _)| page.starts_with(magic)) {
        (*name).to_owned()
    } else if MAGIC.starts_with(page) {
        "the first bytes of an XDF file that was cut off".to_owned()
    } else if page.starts_with(b"\x89XDF") {
        "an XDF file that was transferred as text (its line ends were changed); transfer it as binary"
            .to_owned()
    } else if is_text(page) {
        "text; import it first".to_owned()
    } else {
        let first: Vec<String> = page.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("something else, it begins with the bytes {}", first.join(" "))
    };
    Error::NotXdf { path: path.to_owned(), found }
}

/// True for bytes that a text file could begin with.
fn is_text(page: &[u8]) -> bool {
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C);
    let valid = match str::from_utf8(page) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    valid && !page.iter().any(control)
}
