//! The table that the frames of a file describe: which commit, which columns, which blocks, and where each segment is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::StringArray;

use super::walk::{Block, Content, Found, Walk};
use crate::ColumnStatistics;
use crate::raw::directory::Entry;
use crate::raw::footer::{BlockEntry, Footer, MAX_BLOCK_ROWS};
use crate::raw::header::Slot;
use crate::raw::schema::StoredSchema;

/// A segment, and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) entry: Entry,
    pub(super) statistics: ColumnStatistics,
}

/// A table as far as it can be found.
#[derive(Debug)]
pub(super) struct Table {
    /// The newest commit that it holds frames of.
    pub(super) sequence: u64,
    pub(super) stored: StoredSchema,
    /// First row and rows of each block, in row order and without overlap.
    pub(super) blocks: Vec<(u64, u64)>,
    /// Segments by the identity of their column and their first row.
    pub(super) segments: HashMap<(u32, u64), Segment>,
    pub(super) level: i32,
}

impl Table {
    /// Puts together what the frames say; nothing without a schema.
    ///
    /// `slot` is the newest commit slot that counts. Frames of later commits belong to one that was not finished,
    /// unless its footer is there. Without a slot all frames are taken.
    pub(super) fn of(file: &[u8], walk: &Walk, slot: Option<Slot>) -> Option<Self> {
        let footers = walk.frames.iter().filter(|found| matches!(found.content, Content::Footer(_)));
        let newest_footer = footers.max_by_key(|found| found.sequence);
        let last = slot.map(|slot| slot.sequence.max(newest_footer.map_or(0, |footer| footer.sequence)));
        let counts = |found: &&Found| last.is_none_or(|last| found.sequence <= last);
        let frames: Vec<&Found> = walk.frames.iter().filter(counts).collect();

        let mut schema: Option<StoredSchema> = None;
        for found in &frames {
            match &found.content {
                Content::Schema(stored) => schema = Some(stored.clone()),
                Content::Footer(footer) => schema = Some(footer.stored.clone()),
                Content::Block(block) => {
                    if let Some(schema) = &mut schema {
                        add_levels(schema, block);
                    }
                }
            }
        }
        let mut table = Self {
            sequence: frames.iter().map(|found| found.sequence).max().unwrap_or_default(),
            stored: schema?,
            blocks: Vec::new(),
            segments: HashMap::new(),
            level: 1,
        };
        let mut blocks = BTreeMap::new();
        if let Some(Found { offset, content: Content::Footer(footer), .. }) = newest_footer {
            table.level = footer.level;
            let bytes = file.get(usize::try_from(*offset).ok()?..).unwrap_or_default();
            table.add_footer(footer, bytes, &mut blocks);
        }
        for found in &frames {
            if let Content::Block(block) = &found.content {
                table.add_block(block, &mut blocks);
            }
        }
        let mut end = 0;
        for (first, rows) in blocks {
            // Frames that contradict each other are not both believed.
            if first >= end {
                end = first + rows;
                table.blocks.push((first, rows));
            }
        }
        Some(table)
    }

    /// Adds the blocks and segments that a footer lists; `bytes` begin with it.
    fn add_footer(&mut self, footer: &Footer, bytes: &[u8], blocks: &mut BTreeMap<u64, u64>) {
        let part = |range: &std::ops::Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        let columns = footer.stored.ids.len();
        for (block, first) in footer.starts.iter().take(footer.starts.len().saturating_sub(1)).enumerate() {
            let Ok(BlockEntry { rows, .. }) = BlockEntry::at(part(&footer.blocks), block) else { continue };
            insert_block(blocks, *first, rows);
            for (column, id) in footer.stored.ids.iter().enumerate() {
                if let Ok(entry) = Entry::at(part(&footer.directory), block * columns + column) {
                    self.add_segment(*id, *first, entry, part(&footer.extensions));
                }
            }
        }
    }

    fn add_block(&mut self, block: &Block, blocks: &mut BTreeMap<u64, u64>) {
        // Frames of columns that were dropped or replaced tell nothing but where rows were.
        insert_block(blocks, block.first_row, block.rows);
        for entry in &block.entries {
            if entry.rows == block.rows {
                self.add_segment(entry.column, block.first_row, *entry, &block.extensions);
            }
        }
    }

    fn add_segment(&mut self, id: u32, first_row: u64, entry: Entry, extensions: &[u8]) {
        let Some(column) = self.stored.ids.iter().position(|known| *known == id) else { return };
        let data_type = self.stored.schema.field(column).data_type();
        let Ok(statistics) = entry.statistics(data_type, extensions) else { return };
        self.segments.entry((id, first_row)).or_insert(Segment { entry, statistics });
    }
}

fn insert_block(blocks: &mut BTreeMap<u64, u64>, first: u64, rows: u64) {
    if rows > 0 && rows <= MAX_BLOCK_ROWS && first.checked_add(rows).is_some() {
        blocks.entry(first).or_insert(rows);
    }
}

/// Adds the levels that a block brings to those of the schema.
fn add_levels(stored: &mut StoredSchema, block: &Block) {
    for new in &block.new_levels {
        let Some(column) = stored.ids.iter().position(|id| *id == new.column) else { continue };
        let Some(Some(levels)) = stored.levels.get_mut(column) else { continue };
        let mut texts: Vec<String> = levels.iter().flatten().map(str::to_owned).collect();
        fill_levels(&mut texts, new.first);
        let known = texts.len().saturating_sub(new.first);
        texts.extend(new.texts.iter().skip(known).cloned());
        *levels = Arc::new(StringArray::from(texts));
    }
}

/// Tells levels of one name apart, which come about when the names that one of them got are lost; how many there were.
pub(super) fn distinguish_levels(texts: &mut [String]) -> usize {
    let mut taken = HashSet::with_capacity(texts.len());
    let mut renamed = 0;
    for text in texts {
        if !taken.contains(text.as_str()) {
            taken.insert(text.clone());
            continue;
        }
        while !taken.insert(text.clone()) {
            text.push('\'');
        }
        renamed += 1;
    }
    renamed
}

/// Fills up to `count` levels with names for those that are lost. True when some were.
pub(super) fn fill_levels(texts: &mut Vec<String>, count: usize) -> bool {
    /// More lost levels than this are a lie of the file.
    const MOST: usize = 1 << 24;
    if texts.len() >= count || count > MOST {
        return false;
    }
    let mut taken: HashSet<String> = texts.iter().cloned().collect();
    for number in texts.len()..count {
        let mut name = format!("lost level {number}");
        while !taken.insert(name.clone()) {
            name.push('\'');
        }
        texts.push(name);
    }
    true
}
