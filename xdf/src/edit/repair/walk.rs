//! The frames of a file, found one behind the other from the header page on.
//!
//! A frame whose head is whole says how long it is, and the next one stands behind it. Where a head is not whole,
//! the next is looked for at every multiple of 64 bytes. Heads are believed only with their checksum; a block
//! head found by looking must also place its segments within itself, so that bytes of another file that are
//! stored as values are not taken for frames.

use crate::error::Fault;
use crate::raw::directory::{ENTRY_BYTES, Entry};
use crate::raw::footer::{Footer, read_schema, tag};
use crate::raw::frame::{FRAME_ALIGN, Frame, Kind, peek_head_length, starts_frame};
use crate::raw::header::HEADER_BYTES;
use crate::raw::schema::StoredSchema;
use crate::raw::wire::{Cursor, texts};

/// A frame whose head is whole.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) sequence: u64,
    pub(super) content: Content,
}

/// What a frame says.
#[derive(Debug)]
pub(super) enum Content {
    Schema(StoredSchema),
    Block(Block),
    Footer(Box<Footer>),
}

/// The head of a block frame.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) first_row: u64,
    pub(super) rows: u64,
    /// The segments of this frame, each of the column of this identity.
    pub(super) entries: Vec<Entry>,
    /// What the entries point into.
    pub(super) extensions: Vec<u8>,
    pub(super) new_levels: Vec<NewLevels>,
}

/// Levels that a block adds to a factor.
#[derive(Debug)]
pub(super) struct NewLevels {
    /// Identity of the column.
    pub(super) column: u32,
    /// Number of the first of them.
    pub(super) first: usize,
    pub(super) texts: Vec<String>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Frames in the order in which they stand in the file.
    pub(super) frames: Vec<Found>,
    /// Places where bytes belong to no frame: offset and length.
    pub(super) gaps: Vec<(u64, u64)>,
}

/// How often all bytes of a file are read, at most, to compare the checksums of heads.
const SEARCHED: usize = 8;

/// Finds all frames of a file.
pub(super) fn walk(file: &[u8]) -> Walk {
    let mut walk = Walk::default();
    let mut at = HEADER_BYTES;
    // Where the bytes begin that belong to no frame.
    let mut lost = None;
    // A head may claim to be as long as the rest of the file, and there may be one at every place.
    let mut budget = file.len().saturating_mul(SEARCHED);
    while let Some(rest) = file.get(at..).filter(|rest| !rest.is_empty()) {
        let frame = affordable(rest, &mut budget).then(|| frame_at(rest, at as u64, lost.is_some()));
        let Some((found, length)) = frame.flatten() else {
            lost.get_or_insert(at);
            at += FRAME_ALIGN;
            continue;
        };
        if let Some(start) = lost.take() {
            walk.gaps.push((start as u64, (at - start) as u64));
        }
        walk.frames.extend(found);
        at += length;
    }
    if let Some(start) = lost {
        walk.gaps.push((start as u64, file.len().saturating_sub(start) as u64));
    }
    walk
}

/// Whether the head at the beginning of `bytes`, if there seems to be one, may still be read.
fn affordable(bytes: &[u8], budget: &mut usize) -> bool {
    let head = peek_head_length(bytes).ok().and_then(|length| usize::try_from(length).ok());
    let Some(head) = head.filter(|head| *head <= bytes.len() && starts_frame(bytes)) else { return false };
    let left = budget.checked_sub(head);
    *budget = left.unwrap_or(*budget);
    left.is_some()
}

/// The frame at the beginning of `bytes`, and how far the next one is; of a kind of a later version only the latter.
fn frame_at(bytes: &[u8], offset: u64, searched: bool) -> Option<(Option<Found>, usize)> {
    let (kind, frame) = Frame::read(bytes).ok()?;
    let length = usize::try_from(frame.length).ok()?;
    if length < frame.head_length || length % FRAME_ALIGN != 0 {
        return None;
    }
    let content = match kind {
        Some(Kind::Schema) => Content::Schema(read_schema(&frame).ok()?),
        Some(Kind::Block) => {
            let block = block(&frame).ok()?;
            let end = offset.checked_add(frame.length)?;
            let within = |e: &Entry| e.offset > offset && e.offset.saturating_add(e.length) <= end;
            if searched && !block.entries.iter().all(within) {
                return None;
            }
            Content::Block(block)
        }
        Some(Kind::Footer) => Content::Footer(Box::new(Footer::parse(bytes).ok()?)),
        None => return Some((None, length)),
    };
    Some((Some(Found { offset, sequence: frame.sequence, content }), length))
}

fn block(frame: &Frame<'_>) -> Result<Block, Fault> {
    let mut cursor = Cursor::new(frame.fields);
    let mut block = Block::default();
    while let Some(field) = cursor.field()? {
        match field.tag {
            tag::ROWS => {
                let mut body = field.cursor();
                (block.first_row, block.rows) = (body.u64()?, body.u64()?);
            }
            tag::SEGMENTS => {
                let entries = (0..field.body.len() / ENTRY_BYTES).map(|index| Entry::at(field.body, index));
                block.entries = entries.collect::<Result<_, _>>()?;
            }
            tag::EXTENSIONS => block.extensions = field.body.to_vec(),
            tag::NEW_LEVELS => {
                let mut body = field.cursor();
                let (column, first) = (body.u32()?, body.u32()? as usize);
                let mut list = Vec::new();
                texts(&mut body, |text| {
                    list.push(text.to_owned());
                    Ok(())
                })?;
                block.new_levels.push(NewLevels { column, first, texts: list });
            }
            _ => field.skip()?,
        }
    }
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of the heads says that it is as long as the rest of the file: to compare all their checksums would take
    /// as many reads of the file as it has places.
    #[test]
    fn a_file_of_lying_heads_is_searched_in_time() {
        let mut file = vec![0; 8 << 20];
        let length = file.len();
        for (place, head) in file.chunks_exact_mut(FRAME_ALIGN).enumerate() {
            head[..8].copy_from_slice(b"\xb5XDFBLCK");
            let rest = (length - place * FRAME_ALIGN) as u64;
            head[8..16].copy_from_slice(&rest.to_le_bytes());
            head[16..24].copy_from_slice(&rest.to_le_bytes());
        }
        let walk = walk(&file);
        assert!(walk.frames.is_empty());
        assert_eq!(walk.gaps, [(HEADER_BYTES as u64, (length - HEADER_BYTES) as u64)]);
    }

    #[test]
    fn heads_that_are_whole_are_found_behind_others() {
        let head = crate::raw::frame::build(Kind::Block, 1, &[], 0);
        let mut file = vec![0; HEADER_BYTES + 1000 * FRAME_ALIGN];
        file.extend_from_slice(&head);
        let walk = walk(&file);
        assert_eq!(walk.frames.len(), 1);
        assert_eq!(walk.frames[0].offset, (HEADER_BYTES + 1000 * FRAME_ALIGN) as u64);
    }
}
