//! The tables of a commit while they grow: blocks, directory, extensions; and the footer made of them.

use crate::assemble::block::{Head, Place};
use crate::assemble::columns::Columns;
use crate::error::Fault;
use crate::raw::directory::Entry;
use crate::raw::footer::{BlockEntry, FooterParts};
use crate::raw::schema::StoredSchema;

/// Blocks and segments of a commit, as the footer will hold them.
#[derive(Default)]
pub(crate) struct Tables {
    blocks: Vec<u8>,
    directory: Vec<u8>,
    extensions: Vec<u8>,
}

impl Tables {
    /// Adds a block that has a segment for each column.
    pub(crate) fn push_block(&mut self, place: &Place, head: &Head) -> Result<(), Fault> {
        for entry in &head.entries {
            entry.with_extensions_moved(self.extensions.len())?.put(&mut self.directory);
        }
        self.extensions.extend_from_slice(&head.extensions);
        BlockEntry { rows: place.rows, offset: place.offset }.put(&mut self.blocks);
        Ok(())
    }

    /// The footer frame of the commit.
    pub(crate) fn footer(
        &mut self,
        sequence: u64,
        stored: &StoredSchema,
        columns: &mut Columns,
        level: i32,
    ) -> Result<Vec<u8>, Fault> {
        let mut statistics = Vec::new();
        for (index, column) in columns.all.iter_mut().enumerate() {
            if let Some(levels) = &column.levels {
                let counts = column.statistics.level_counts.get_or_insert_default();
                counts.resize(levels.len(), 0);
            }
            let mut entry = Entry::new(index as u32, &column.statistics, &mut self.extensions)?;
            entry.length = column.bytes;
            entry.put(&mut statistics);
        }
        FooterParts {
            stored,
            level,
            blocks: &self.blocks,
            directory: &self.directory,
            statistics: &statistics,
            extensions: &self.extensions,
        }
        .build(sequence)
    }
}
