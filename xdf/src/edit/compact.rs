//! A file written again without the bytes that no commit needs any more.

use std::path::Path;

use crate::edit::lock;
use crate::raw::footer::MAX_BLOCK_ROWS;
use crate::writer::Writer;
use crate::{Error, File, Result, WriteOptions};

/// What [`compact`] does beside removing dead bytes. The default copies every segment as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompactOptions {
    /// Encode everything again with this level, 0 to 9.
    pub level: Option<i32>,
    /// Encode everything again in blocks of this many rows.
    pub block_rows: Option<usize>,
    /// Join neighbouring blocks as long as they have at most this many rows together. Blocks that are joined are
    /// encoded again, all others are copied. Many small appends make many small blocks, which this undoes.
    pub merge_up_to: Option<usize>,
}

impl CompactOptions {
    /// Encodes everything again with this level.
    #[must_use]
    pub fn with_level(mut self, level: i32) -> Self {
        self.level = Some(level);
        self
    }

    /// Encodes everything again in blocks of this many rows.
    #[must_use]
    pub fn with_block_rows(mut self, block_rows: usize) -> Self {
        self.block_rows = Some(block_rows);
        self
    }

    /// Joins small neighbouring blocks up to this many rows.
    #[must_use]
    pub fn with_merge_up_to(mut self, rows: usize) -> Self {
        self.merge_up_to = Some(rows);
        self
    }
}

/// What [`compact`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompactReport {
    /// Length of the file before, in bytes.
    pub bytes_before: u64,
    /// Length of the file after, in bytes.
    pub bytes_after: u64,
    /// Blocks before.
    pub blocks_before: usize,
    /// Blocks after.
    pub blocks_after: usize,
    /// Segments that were copied as they are.
    pub segments_copied: u64,
    /// Segments that were read for being encoded again.
    pub segments_encoded: u64,
}

/// Writes a file again without what is dead in it: replaced and dropped columns, footers of earlier commits.
///
/// The new file takes the place of the old one when it is complete and on the disk; a crash leaves one of both.
/// Readers that have the file open keep reading the old one. It is locked for other writers meanwhile.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::sync::Arc;
/// # use arrow_array::{ArrayRef, Int32Array, RecordBatch};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("t.xdf");
/// # let column = || Arc::new(Int32Array::from((0..10_000).map(|i| i * i % 7919).collect::<Vec<_>>())) as ArrayRef;
/// # let batch = RecordBatch::try_from_iter([("x", column()), ("y", column())])?;
/// # let mut writer = xdf::Writer::create(&path, batch.schema(), Default::default())?;
/// # writer.write(&batch)?;
/// # writer.finish()?;
/// let mut editor = xdf::Editor::open(&path)?;
/// editor.drop_columns(&["y"])?;
/// editor.commit()?;
/// let report = xdf::compact(&path, &xdf::CompactOptions::default())?;
/// assert!(report.bytes_after < report.bytes_before);
/// assert_eq!(report.segments_copied, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Locked`] while an editor has the file, [`Error::NotEditable`] for Microsoft's files, when an option is
/// out of range, a segment is damaged (then [`repair`](crate::repair) it), or the disk is full. The file stays as
/// it was.
pub fn compact(path: impl AsRef<Path>, options: &CompactOptions) -> Result<CompactReport> {
    let path = path.as_ref();
    let lock = lock::open_locked(path)?;
    let permissions = lock.file().metadata().map_err(|e| Error::io(path, "read", e))?.permissions();
    let file = File::open(path)?;
    let xdf = file.xdf5()?;
    let write = WriteOptions {
        level: options.level.unwrap_or_else(|| xdf.level()),
        block_rows: options.block_rows.unwrap_or(MAX_BLOCK_ROWS as usize),
        overwrite: true,
    };
    write.check()?;
    let mut report = CompactReport {
        bytes_before: file.size(),
        blocks_before: file.num_blocks(),
        ..CompactReport::default()
    };
    let mut writer = Writer::copying(path, xdf.stored().clone(), write, Some(lock))?;
    writer.set_permissions(permissions)?;
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    for blocks in groups(&file, options) {
        let count = (blocks.len() * columns.len()) as u64;
        if let ([block], None, None) = (blocks.as_slice(), options.level, options.block_rows) {
            let segments = columns.iter().map(|column| xdf.copy_segment(*block, *column));
            writer.copy_block(file.block_rows(*block), &segments.collect::<Result<Vec<_>>>()?)?;
            report.segments_copied += count;
            continue;
        }
        for block in blocks {
            writer.write(&file.read_block(block, &columns)?)?;
        }
        if options.block_rows.is_none() {
            writer.end_block()?;
        }
        report.segments_encoded += count;
    }
    if report.segments_copied > 0 {
        let statistics = columns.iter().map(|column| file.column_statistics(*column));
        writer.set_statistics(statistics.collect());
    }
    let compacted = writer.finish()?;
    report.bytes_after = compacted.size();
    report.blocks_after = compacted.num_blocks();
    Ok(report)
}

/// Blocks that are joined, in order; those without rows are left out.
fn groups(file: &File, options: &CompactOptions) -> Vec<Vec<usize>> {
    let most = options.merge_up_to.map_or(0, |rows| (rows as u64).min(MAX_BLOCK_ROWS));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut rows_of_last = 0;
    for block in 0..file.num_blocks() {
        let rows = file.block_rows(block);
        if rows == 0 {
            continue;
        }
        match groups.last_mut() {
            Some(last) if rows_of_last + rows <= most => {
                last.push(block);
                rows_of_last += rows;
            }
            _ => {
                groups.push(vec![block]);
                rows_of_last = rows;
            }
        }
    }
    groups
}
