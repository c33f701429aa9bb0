//! Where a file keeps its metadata: container 3.1 in front, container 4.2 behind.
//!
//! Both generations start with the same four bytes. The older one follows them with a 40-byte header that holds
//! the offset of the metadata; the metadata run to the end of the file. The newer one was made for appending: the
//! header is 256 zero bytes, and the same facts stand in a 60-byte footer that ends with the magic twice. So the
//! last eight bytes decide, and a 4.2 file that lost its end is told apart from a 3.1 file by the zero version.
//!
//! Invariant of [`Frame`]: `data_start <= metadata.start <= metadata.end <= file length`.

use super::cursor::{Cursor, hexadecimal};
use super::fault::{Fault, Parsed};
use std::ops::Range;

/// The first four bytes of both generations.
pub(super) const MAGIC: [u8; 4] = [0xf4, 0xd3, 0xd2, 0xd1];

/// Eight bytes that every header, footer and array repeats: presumably two flags around a compression type.
pub(super) const ZLIB_TRAITS: [u8; 8] = [0, 0, 1, 0, 0, 0, 0, 0];

/// The same with compression type 0: by inference what a file written without compression holds.
pub(super) const RAW_TRAITS: [u8; 8] = [0; 8];

const RESERVED: usize = 256;
const HEADER_31: usize = 40;

/// Bytes in front of the segments of a 4.2 container, the longer of the two headers.
pub(super) const HEAD: usize = MAGIC.len() + RESERVED;

/// Bytes behind the metadata of a 4.2 container.
pub(super) const TAIL: usize = 60;

/// Which of the two containers a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Container 3.1: facts in a header.
    Header,
    /// Container 4.2: facts in a footer.
    Trailer,
}

impl Layout {
    /// Version of the container.
    pub(super) fn version(self) -> f32 {
        match self {
            Self::Header => 3.1,
            Self::Trailer => 4.2,
        }
    }

    /// Version of the metadata inside.
    pub(super) fn metadata_version(self) -> f32 {
        match self {
            Self::Header => 3.0,
            Self::Trailer => 3.1,
        }
    }
}

/// What header or footer say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Which container.
    pub(super) layout: Layout,
    /// First byte after the header: no segment starts before.
    pub(super) data_start: usize,
    /// Where the metadata are.
    pub(super) metadata: Range<usize>,
    /// Number of columns.
    pub(super) variables: usize,
    /// Number of rows.
    pub(super) rows: usize,
}

/// Finds the metadata by the first [`HEAD`] and the last [`TAIL`] bytes of a file of `size` bytes (all of them
/// when the file is shorter).
pub(super) fn locate(head: &[u8], tail: &[u8], size: usize) -> Parsed<Frame> {
    let mut cursor = Cursor::new(head, 0);
    cursor.expect_bytes(&MAGIC, "magic of a Microsoft XDF file")?;
    let frame = if size >= HEAD.saturating_add(TAIL) && tail.ends_with(&[MAGIC, MAGIC].concat()) {
        trailer(cursor, tail, size)?
    } else {
        header(cursor, tail, size)?
    };
    if frame.metadata.start < frame.data_start || frame.metadata.start > frame.metadata.end {
        let expected =
            format!("an offset of the metadata from {} to {}", frame.data_start, frame.metadata.end);
        let field = match frame.layout {
            Layout::Header => 8,
            Layout::Trailer => size.saturating_sub(48),
        };
        return Err(Fault::damaged(field, expected, frame.metadata.start.to_string()));
    }
    Ok(frame)
}

/// Container 3.1: version, offset of the metadata, counts, in front.
fn header(mut cursor: Cursor<'_>, tail: &[u8], size: usize) -> Parsed<Frame> {
    let version = cursor.f32("container version")?;
    if version == 0.0 {
        let end = tail.get(tail.len().saturating_sub(8)..).unwrap_or_default();
        let expected = "the magic at the end of a 4.2 container (was the file cut short?)";
        return Err(Fault::damaged(size.saturating_sub(8), expected, hexadecimal(end)));
    }
    if version.to_bits() != Layout::Header.version().to_bits() {
        return Err(Fault::unsupported(4, "container version 3.1 or 4.2", format!("{version:?}")));
    }
    let metadata = cursor.size("offset of the metadata")?;
    let variables = cursor.size("number of variables")?;
    let rows = cursor.size("number of rows")?;
    traits(&mut cursor)?;
    Ok(Frame { layout: Layout::Header, data_start: HEADER_31, metadata: metadata..size, variables, rows })
}

/// Container 4.2: the same facts, behind.
fn trailer(mut start: Cursor<'_>, tail: &[u8], size: usize) -> Parsed<Frame> {
    let reserved = start.take(RESERVED, "reserved bytes")?;
    if let Some((place, &byte)) = reserved.iter().enumerate().find(|&(_, &byte)| byte != 0) {
        let offset = place.saturating_add(MAGIC.len());
        return Err(Fault::unsupported(offset, "a reserved byte 0", format!("{byte:#04x}")));
    }
    let footer = size.saturating_sub(TAIL);
    let mut cursor = Cursor::new(tail, footer);
    cursor.expect_f32(Layout::Trailer.version(), "container version")?;
    cursor.expect_i64(1, "footer constant")?;
    let metadata = cursor.size("offset of the metadata")?;
    let variables = cursor.size("number of variables")?;
    let rows = cursor.size("number of rows")?;
    traits(&mut cursor)?;
    cursor.expect_i64(60, "footer length")?;
    Ok(Frame { layout: Layout::Trailer, data_start: HEAD, metadata: metadata..footer, variables, rows })
}

/// The repeated eight bytes, compressed or not.
pub(super) fn traits(cursor: &mut Cursor<'_>) -> Parsed<[u8; 8]> {
    let start = cursor.position();
    let found = cursor.array("traits (compression type)")?;
    if found == ZLIB_TRAITS || found == RAW_TRAITS {
        return Ok(found);
    }
    let expected = format!("traits {} (zlib)", hexadecimal(&ZLIB_TRAITS));
    Err(Fault::unsupported(start, expected, hexadecimal(&found)))
}
