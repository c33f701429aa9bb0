//! A block frame: a head that describes segments, and the segments.

use std::io;

use crate::assemble::columns::Column;
use crate::encoding::encode::Segment;
use crate::encoding::summary::keeps_level_counts;
use crate::error::Fault;
use crate::raw::directory::{ENTRY_BYTES, Entry};
use crate::raw::footer::tag;
use crate::raw::frame::{self, FRAME_ALIGN, Kind};
use crate::raw::wire::{put_field, put_texts};
use crate::raw::{checksum, round_up};
use crate::storage::Storage;

/// The place of a block frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The commit that it belongs to.
    pub(crate) sequence: u64,
    /// Where the frame begins in the file.
    pub(crate) offset: u64,
    /// Number of its first row.
    pub(crate) first_row: u64,
    /// Number of its rows.
    pub(crate) rows: u64,
}

/// The head of a block frame, and what the directory takes over from it.
pub(crate) struct Head {
    pub(crate) bytes: Vec<u8>,
    /// One entry for each segment.
    pub(crate) entries: Vec<Entry>,
    /// What the entries point into.
    pub(crate) extensions: Vec<u8>,
}

impl Place {
    /// The head of a frame of one segment for each of the columns, which it calls by their identities.
    pub(crate) fn head(
        &self,
        columns: &mut [Column],
        ids: &[u32],
        segments: &[Segment],
    ) -> Result<Head, Fault> {
        let mut fields = Vec::new();
        put_field(&mut fields, tag::ROWS, true, |out| {
            out.extend_from_slice(&self.first_row.to_le_bytes());
            out.extend_from_slice(&self.rows.to_le_bytes());
            Ok(())
        })?;
        for (id, column) in ids.iter().zip(columns) {
            let Some(levels) = column.levels.as_ref().filter(|levels| levels.len() > column.levels_written)
            else {
                continue;
            };
            put_field(&mut fields, tag::NEW_LEVELS, false, |out| {
                // Levels are counted in 31 bits.
                out.extend_from_slice(&id.to_le_bytes());
                out.extend_from_slice(&(column.levels_written as u32).to_le_bytes());
                put_texts(out, levels.since(column.levels_written))
            })?;
            column.levels_written = levels.len();
        }
        let mut extensions = Vec::new();
        let mut entries = Vec::with_capacity(segments.len());
        for (id, segment) in ids.iter().zip(segments) {
            let mut statistics = segment.statistics.clone();
            let kept = |counts: &Vec<u64>| keeps_level_counts(self.rows, counts.len());
            statistics.level_counts = statistics.level_counts.filter(kept);
            let mut entry = Entry::new(*id, &statistics, &mut extensions)?;
            entry.length = segment.bytes.len() as u64;
            entry.checksum = checksum(&segment.bytes);
            entry.encoding = segment.encoding;
            entries.push(entry);
        }
        put_field(&mut fields, tag::EXTENSIONS, false, |out| {
            out.extend_from_slice(&extensions);
            Ok(())
        })?;
        // The place of the segments depends on the length of the head, which is known before its last field.
        let table_length = 8 + round_up(entries.len() * ENTRY_BYTES, 8);
        let head_length = frame::head_length(fields.len() + table_length) as u64;
        let mut body_length = 0;
        for entry in &mut entries {
            entry.offset = self.offset + head_length + body_length as u64;
            body_length += round_up(entry.length as usize, FRAME_ALIGN);
        }
        put_field(&mut fields, tag::SEGMENTS, true, |out| {
            for entry in &entries {
                entry.put(out);
            }
            Ok(())
        })?;
        let bytes = frame::build(Kind::Block, self.sequence, &fields, body_length);
        Ok(Head { bytes, entries, extensions })
    }
}

/// Appends the frame.
pub(crate) fn put(storage: &mut Storage, head: &Head, segments: &[Segment]) -> io::Result<()> {
    storage.append(&head.bytes)?;
    for segment in segments {
        storage.append(&segment.bytes)?;
        let filler = round_up(segment.bytes.len(), FRAME_ALIGN) - segment.bytes.len();
        storage.append([0; FRAME_ALIGN].get(..filler).unwrap_or_default())?;
    }
    Ok(())
}
