//! Frames: the schema, a block, the footer; each begins with its kind and its length.
//!
//! Because every frame says how long it is, a program that has lost the footer can walk from one to the next,
//! starting behind the header page, and find every block with its rows, its segments and their checksums.

use crate::error::Fault;
use crate::raw::header::checksum_fault;
use crate::raw::wire::{Cursor, pad};
use crate::raw::{checksum, round_up};

/// The first four bytes of every frame.
const FRAME: [u8; 4] = *b"\xb5XDF";
/// Frames begin at, and fill up to, a multiple of this many bytes.
pub(crate) const FRAME_ALIGN: usize = 64;
/// Bytes before the fields of a frame.
const HEAD_BYTES: usize = 32;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The schema as it was when the file was begun.
    Schema,
    /// Rows.
    Block,
    /// The footer of a commit.
    Footer,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Schema, Self::Block, Self::Footer];

    const fn code(self) -> [u8; 4] {
        match self {
            Self::Schema => *b"SCHM",
            Self::Block => *b"BLCK",
            Self::Footer => *b"FOOT",
        }
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// Length of the frame in bytes, segments included.
    pub(crate) length: u64,
    /// The commit that the frame belongs to.
    pub(crate) sequence: u64,
    /// The tagged fields.
    pub(crate) fields: &'a [u8],
    /// Length of head, fields and checksum.
    pub(crate) head_length: usize,
}

/// Where the fields of a frame begin, counted from its first byte.
pub(crate) const FIELDS_OFFSET: usize = HEAD_BYTES;

/// Head and fields of a frame, checksum included; `body_length` bytes follow at the next multiple of 64.
pub(crate) fn build(kind: Kind, sequence: u64, fields: &[u8], body_length: usize) -> Vec<u8> {
    let head_length = HEAD_BYTES + fields.len() + 8;
    let length = round_up(round_up(head_length, FRAME_ALIGN) + body_length, FRAME_ALIGN);
    let mut out = Vec::with_capacity(round_up(head_length, FRAME_ALIGN));
    out.extend_from_slice(&FRAME);
    out.extend_from_slice(&kind.code());
    out.extend_from_slice(&(length as u64).to_le_bytes());
    out.extend_from_slice(&(head_length as u64).to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(fields);
    out.extend_from_slice(&checksum(&out).to_le_bytes());
    pad(&mut out, FRAME_ALIGN);
    out
}

/// Bytes that [`build`] gives for fields of this length.
pub(crate) fn head_length(fields_length: usize) -> usize {
    round_up(HEAD_BYTES + fields_length + 8, FRAME_ALIGN)
}

/// Whether bytes begin as every frame does.
pub(crate) fn starts_frame(bytes: &[u8]) -> bool {
    bytes.starts_with(&FRAME)
}

/// The length of the head of the frame whose first bytes these are, before anything is verified.
pub(crate) fn peek_head_length(bytes: &[u8]) -> Result<u64, Fault> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(16)?;
    cursor.u64()
}

impl<'a> Frame<'a> {
    /// Reads the head of a frame of this kind; `bytes` may go on behind it.
    pub(crate) fn parse(kind: Kind, bytes: &'a [u8]) -> Result<Self, Fault> {
        let (found, frame) = Self::read(bytes)?;
        if found != Some(kind) {
            return Err(Fault::new(format_args!("a frame of the kind {kind:?}"), format_args!("{found:?}")));
        }
        Ok(frame)
    }

    /// Reads the head of a frame of any kind, nothing for one of a later version; `bytes` may go on behind it.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Option<Kind>, Self), Fault> {
        let mut cursor = Cursor::new(bytes);
        let magic = cursor.take(4)?;
        if magic != FRAME {
            return Err(Fault::new(format_args!("a frame {FRAME:02x?}"), format_args!("{magic:02x?}")));
        }
        let code = cursor.take(4)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code);
        let length = cursor.u64()?;
        let head_length = cursor.u64()?;
        let sequence = cursor.u64()?;
        let head = usize::try_from(head_length).ok().and_then(|end| bytes.get(..end));
        let (content, sum) = head
            .and_then(<[u8]>::split_last_chunk::<8>)
            .ok_or_else(|| Fault::new(format_args!("a frame head of {head_length} bytes"), bytes.len()))?;
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(checksum_fault(u64::from_le_bytes(*sum), checksum(content)));
        }
        let fields = content.get(HEAD_BYTES..);
        let fields = fields.ok_or_else(|| Fault::new("a frame head of 40 bytes or more", head_length))?;
        Ok((kind, Self { length, sequence, fields, head_length: content.len() + 8 }))
    }
}
