//! The tables of a commit while they grow: blocks, directory, extensions; and the footer made of them.

use crate::assemble::block::{Head, Place};
use crate::assemble::columns::Columns;
use crate::error::Fault;
use crate::raw::directory::{ENTRY_BYTES, Entry};
use crate::raw::footer::{BLOCK_BYTES, BlockEntry, FooterParts};
use crate::raw::schema::StoredSchema;

/// Blocks and segments of a commit, as the footer will hold them.
#[derive(Default)]
pub(crate) struct Tables {
    blocks: Vec<u8>,
    directory: Vec<u8>,
    extensions: Vec<u8>,
}

/// Segments of columns that come into a file that has blocks already, block by block.
#[derive(Debug, Default)]
pub(crate) struct NewColumns {
    directory: Vec<u8>,
    extensions: Vec<u8>,
}

impl NewColumns {
    /// Adds the segments of one frame.
    pub(crate) fn push(&mut self, head: &Head) -> Result<(), Fault> {
        for entry in &head.entries {
            entry.with_extensions_moved(self.extensions.len())?.put(&mut self.directory);
        }
        self.extensions.extend_from_slice(&head.extensions);
        Ok(())
    }
}

/// Where a column of a rearranged directory comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// It was this column before.
    Old(usize),
    /// It is this one of the new columns.
    New(usize),
}

/// The extension of an entry, copied behind others.
fn with_extension_copied(mut entry: Entry, from: &[u8], to: &mut Vec<u8>) -> Result<Entry, Fault> {
    let extension = entry.extension(from)?;
    let start = to.len();
    to.extend_from_slice(extension);
    entry.move_extension(start)?;
    Ok(entry)
}

impl Tables {
    /// The tables of a commit that others build on.
    pub(crate) fn of(blocks: &[u8], directory: &[u8], extensions: &[u8]) -> Result<Self, Fault> {
        let mut tables = Self { blocks: blocks.to_vec(), ..Self::default() };
        // What the statistics of the whole file point to is not taken over.
        for index in 0..directory.len() / ENTRY_BYTES {
            let entry = Entry::at(directory, index)?;
            with_extension_copied(entry, extensions, &mut tables.extensions)?.put(&mut tables.directory);
            if tables.extensions.len() > extensions.len() {
                return Err(Fault::new("extensions that do not overlap", "others"));
            }
        }
        Ok(tables)
    }

    /// Number of blocks.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len() / BLOCK_BYTES
    }

    /// Rows of a block that exists.
    pub(crate) fn block_rows(&self, block: usize) -> Result<u64, Fault> {
        Ok(BlockEntry::at(&self.blocks, block)?.rows)
    }

    /// Entries of the directory: block by block, column by column.
    pub(crate) fn entry(&self, index: usize) -> Result<Entry, Fault> {
        Entry::at(&self.directory, index)
    }

    /// Gives the directory other columns. There were `columns` before; `added` has `new_columns` for each block.
    pub(crate) fn rearrange(
        &mut self,
        columns: usize,
        added: &NewColumns,
        new_columns: usize,
        sources: &[Source],
    ) -> Result<(), Fault> {
        let (mut directory, mut extensions) = (Vec::new(), Vec::new());
        for block in 0..self.blocks() {
            for (number, source) in (0..).zip(sources) {
                let (entry, from) = match source {
                    Source::Old(column) => {
                        (Entry::at(&self.directory, block * columns + column)?, &self.extensions)
                    }
                    Source::New(column) => {
                        (Entry::at(&added.directory, block * new_columns + column)?, &added.extensions)
                    }
                };
                let mut entry = with_extension_copied(entry, from, &mut extensions)?;
                entry.column = number;
                entry.put(&mut directory);
            }
        }
        (self.directory, self.extensions) = (directory, extensions);
        Ok(())
    }

    /// Adds a block that has a segment for each column.
    pub(crate) fn push_block(&mut self, place: &Place, head: &Head) -> Result<(), Fault> {
        for (number, entry) in (0..).zip(&head.entries) {
            let mut entry = entry.with_extensions_moved(self.extensions.len())?;
            entry.column = number;
            entry.put(&mut self.directory);
        }
        self.extensions.extend_from_slice(&head.extensions);
        BlockEntry { rows: place.rows, offset: place.offset }.put(&mut self.blocks);
        Ok(())
    }

    /// The footer frame of the commit.
    pub(crate) fn footer(
        &self,
        sequence: u64,
        stored: &StoredSchema,
        columns: &mut Columns,
        level: i32,
    ) -> Result<Vec<u8>, Fault> {
        let mut statistics = Vec::new();
        let mut extensions = self.extensions.clone();
        for (index, column) in columns.all.iter_mut().enumerate() {
            if let Some(levels) = &column.levels {
                if column.statistics.rows == 0 {
                    column.statistics.level_counts = Some(Vec::new());
                }
                if let Some(counts) = &mut column.statistics.level_counts {
                    counts.resize(levels.len(), 0);
                }
            }
            let mut entry = Entry::new(index as u32, &column.statistics, &mut extensions)?;
            entry.length = column.bytes;
            entry.put(&mut statistics);
        }
        FooterParts {
            stored,
            level,
            blocks: &self.blocks,
            directory: &self.directory,
            statistics: &statistics,
            extensions: &extensions,
        }
        .build(sequence)
    }
}
