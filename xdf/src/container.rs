//! The XDF 5 container, read.
//!
//! Opening reads the header page and the footer, verifies both, and turns the schema into values; the directory
//! stays where it is. A block is read segment by segment: look up the entry, take the bytes, compare the checksum,
//! decode.

#![deny(clippy::cast_possible_truncation)]

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{Field, SchemaRef};

use crate::encoded::{EncodedColumn, Place};
use crate::encoding::encode::Segment;
use crate::encoding::{self, decode};
use crate::error::Fault;
use crate::mmap::{Bytes, Source};
use crate::parallel::prelude::*;
use crate::raw::checksum;
use crate::raw::directory::Entry;
use crate::raw::footer::{BlockEntry, Footer, read_schema, tag};
use crate::raw::frame::{FRAME_ALIGN, Frame, Kind, peek_head_length};
use crate::raw::header::{HEADER_BYTES, Header, Slot, checksum_fault};
use crate::raw::schema::StoredSchema;
use crate::raw::wire::Cursor;
use crate::raw::{MAJOR, directory::ENTRY_BYTES};
use crate::{ColumnStatistics, Damage, Error, Extent, Generation, Result, SegmentInfo, Usage, VerifyReport};

/// An open XDF 5 file.
pub(crate) struct Xdf5 {
    path: PathBuf,
    source: Source,
    /// Compare checksums of segments.
    verify: bool,
    minor: u16,
    slot: Slot,
    /// Where the slot is in the header page.
    slot_offset: u64,
    /// The other slot is torn.
    torn: bool,
    schema: SchemaRef,
    footer: Footer,
    /// The footer frame.
    bytes: Bytes,
}

/// What is wrong, without the place, which the report has beside it.
fn problem(error: &Error) -> String {
    match error {
        Error::DamagedSegment { expected, got, .. } => format!("expected {expected}, got {got}"),
        Error::Damaged { what, expected, got, .. } => format!("{what}: expected {expected}, got {got}"),
        error => error.to_string(),
    }
}

impl Xdf5 {
    /// Opens the file and gives the first row of every block, with the number of rows behind; `page` is its header
    /// page as [`Header::parse`] takes it.
    pub(crate) fn open(
        path: &Path,
        page: &[u8],
        source: Source,
        size: u64,
        verify: bool,
    ) -> Result<(Self, Vec<u64>)> {
        let io = |e| Error::io(path, "read", e);
        let Header { minor, slot, slot_offset, torn } = Header::parse(path, page, size)?;
        let damaged = |fault: Fault| fault.in_file(path, "footer", slot.footer_offset);
        let end = slot.footer_offset.checked_add(slot.footer_length);
        if slot.footer_offset < HEADER_BYTES as u64 || end.is_none_or(|end| end > slot.file_length) {
            return Err(damaged(Fault::new(
                format_args!("a footer within {} bytes", slot.file_length),
                format_args!("{} bytes at {}", slot.footer_length, slot.footer_offset),
            )));
        }
        let bytes = source.read(slot.footer_offset, slot.footer_length).map_err(io)?;
        let sum = checksum(&bytes);
        if sum != slot.footer_checksum {
            return Err(damaged(checksum_fault(slot.footer_checksum, sum)));
        }
        let mut footer = Footer::parse(&bytes).map_err(damaged)?;
        let starts = std::mem::take(&mut footer.starts);
        let schema = Arc::new(footer.stored.schema.clone());
        let slot_offset = slot_offset as u64;
        let path = path.to_owned();
        Ok((Self { path, source, verify, minor, slot, slot_offset, torn, schema, footer, bytes }, starts))
    }

    pub(crate) fn generation(&self) -> Generation {
        Generation::Xdf5 { major: MAJOR, minor: self.minor }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn compression(&self) -> &'static str {
        if self.footer.level > 0 { "zstd" } else { "none" }
    }

    pub(crate) fn levels(&self, column: usize) -> Option<&Arc<StringArray>> {
        self.footer.stored.levels.get(column).and_then(Option::as_ref)
    }

    pub(crate) fn footer_checksum(&self) -> u64 {
        self.slot.footer_checksum
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The commit that was opened, and where its slot is.
    pub(crate) fn slot(&self) -> (Slot, u64) {
        (self.slot, self.slot_offset)
    }

    pub(crate) fn stored(&self) -> &StoredSchema {
        &self.footer.stored
    }

    /// The compression level that the last writer used.
    pub(crate) fn level(&self) -> i32 {
        self.footer.level.clamp(0, 9)
    }

    /// The tables of blocks, of segments, and what segments point into.
    pub(crate) fn tables(&self) -> (&[u8], &[u8], &[u8]) {
        let Footer { blocks, directory, extensions, .. } = &self.footer;
        (self.table(blocks), self.table(directory), self.table(extensions))
    }

    fn table(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    fn columns(&self) -> usize {
        self.schema.fields().len()
    }

    fn field(&self, column: usize) -> Option<&Field> {
        self.schema.fields().get(column).map(|field| &**field)
    }

    fn blocks(&self) -> usize {
        // The footer was refused unless the directory has this many entries for each block.
        self.footer.directory.len().checked_div(self.columns() * ENTRY_BYTES).unwrap_or_default()
    }

    fn entry(&self, block: usize, column: usize) -> Result<Entry, Fault> {
        let entry = Entry::at(self.table(&self.footer.directory), block * self.columns() + column)?;
        let rows = self.block(block)?.rows;
        if entry.column as usize != column || entry.rows != rows {
            return Err(Fault::new(
                format_args!("the entry of column number {column} with {rows} rows"),
                format_args!("column number {} with {} rows", entry.column, entry.rows),
            ));
        }
        Ok(entry)
    }

    fn block(&self, block: usize) -> Result<BlockEntry, Fault> {
        BlockEntry::at(self.table(&self.footer.blocks), block)
    }

    pub(crate) fn column_statistics(&self, column: usize) -> Option<ColumnStatistics> {
        let data_type = self.field(column)?.data_type();
        if let Some(table) = &self.footer.statistics {
            let entry = Entry::at(self.table(table), column).ok()?;
            return entry.statistics(data_type, self.table(&self.footer.extensions)).ok();
        }
        let mut all = ColumnStatistics::default();
        for block in 0..self.blocks() {
            all.merge(&self.segment_statistics(block, column)?);
        }
        Some(all)
    }

    pub(crate) fn segment_statistics(&self, block: usize, column: usize) -> Option<ColumnStatistics> {
        let data_type = self.field(column)?.data_type();
        self.entry(block, column).ok()?.statistics(data_type, self.table(&self.footer.extensions)).ok()
    }

    pub(crate) fn segments(&self, block: usize) -> Vec<SegmentInfo> {
        let info = |column| {
            let entry = self.entry(block, column).ok()?;
            let bytes = self.segment_bytes(block, column, &entry);
            let decode = || self.read_column(block, column, false).ok();
            Some(SegmentInfo {
                column,
                offset: entry.offset,
                bytes: entry.length,
                decoded_bytes: encoding::decoded_bytes(self.field(column)?.data_type(), entry.rows, decode),
                encoding: bytes.map_or_else(
                    |_| encoding::name(entry.encoding),
                    |bytes| encoding::describe::describe(&bytes),
                ),
                rows: entry.rows,
                missing: Some(entry.missing),
            })
        };
        (0..self.columns()).filter_map(info).collect()
    }

    /// What this commit needs: header page, first schema, block heads, segments, footer.
    pub(crate) fn extents(&self) -> Vec<Extent> {
        let slot = &self.slot;
        let mut extents = vec![
            Extent { offset: 0, bytes: HEADER_BYTES as u64, usage: Usage::Header },
            Extent { offset: slot.footer_offset, bytes: slot.footer_length, usage: Usage::Footer },
        ];
        let mut frame = |kind, offset: u64, usage| {
            if let Some(bytes) = self.head_bytes(kind, offset) {
                extents.push(Extent { offset, bytes, usage });
            }
        };
        frame(Kind::Schema, HEADER_BYTES as u64, Usage::Schema);
        for number in 0..self.blocks() {
            if let Ok(block) = self.block(number) {
                frame(Kind::Block, block.offset, Usage::BlockHead { block: number });
            }
        }
        for block in 0..self.blocks() {
            for column in 0..self.columns() {
                if let Ok(entry) = self.entry(block, column) {
                    let usage = Usage::Segment { block, column };
                    extents.push(Extent { offset: entry.offset, bytes: entry.length, usage });
                }
            }
        }
        extents
    }

    /// Length of the head of a frame of this kind with its padding, if there is one.
    fn head_bytes(&self, kind: Kind, offset: u64) -> Option<u64> {
        let within = |length: u64| offset.checked_add(length).is_some_and(|end| end <= self.slot.file_length);
        let read = |length: u64| within(length).then(|| self.source.read(offset, length).ok()).flatten();
        let bytes = read(peek_head_length(&read(32)?).ok()?)?;
        let frame = Frame::parse(kind, &bytes).ok()?;
        (frame.head_length as u64).checked_next_multiple_of(FRAME_ALIGN as u64)
    }

    /// The stored bytes of a segment, as they are.
    fn segment_bytes(&self, block: usize, column: usize, entry: &Entry) -> Result<Bytes> {
        let end = entry.offset.checked_add(entry.length);
        if end.is_none_or(|end| end > self.slot.file_length) {
            let fault = Fault::new(
                format_args!("a segment within {} bytes", self.slot.file_length),
                format_args!("{} bytes at {}", entry.length, entry.offset),
            );
            return Err(self.damaged(fault, block, column, entry.offset));
        }
        self.source.read(entry.offset, entry.length).map_err(|e| Error::io(&self.path, "read", e))
    }

    fn damaged(&self, fault: Fault, block: usize, column: usize, offset: u64) -> Error {
        let name = self.field(column).map(Field::name).map_or("", String::as_str);
        fault.in_segment(&self.path, name, block, offset)
    }

    /// The entry of a segment and its bytes, whose checksum is compared.
    fn checked_bytes(&self, block: usize, column: usize, verify: bool) -> Result<(Entry, Bytes)> {
        let entry = self.entry(block, column);
        let entry = entry.map_err(|fault| self.damaged(fault, block, column, self.slot.footer_offset))?;
        let bytes = self.segment_bytes(block, column, &entry)?;
        if verify {
            let sum = checksum(&bytes);
            if sum != entry.checksum {
                let fault = checksum_fault(entry.checksum, sum);
                return Err(self.damaged(fault, block, column, entry.offset));
            }
        }
        Ok((entry, bytes))
    }

    /// A segment as it is, for another file.
    pub(crate) fn copy_segment(&self, block: usize, column: usize) -> Result<Segment> {
        let (entry, bytes) = self.checked_bytes(block, column, true)?;
        let statistics = self.segment_statistics(block, column).ok_or_else(|| {
            let fault = Fault::new("statistics of the segment", "others");
            self.damaged(fault, block, column, self.slot.footer_offset)
        })?;
        Ok(Segment { bytes: bytes.to_vec(), statistics, encoding: entry.encoding })
    }

    /// What decoding a segment takes: where it is, its bytes, its column, its rows.
    fn segment(&self, block: usize, column: usize, verify: bool) -> Result<(Entry, Bytes, &Field, usize)> {
        let (entry, bytes) = self.checked_bytes(block, column, verify)?;
        let field = self.field(column).ok_or_else(|| Error::NoSuchColumn {
            path: self.path.clone(),
            index: column,
            columns: self.columns(),
        })?;
        let rows = usize::try_from(entry.rows).map_err(|_| {
            self.damaged(Fault::new("a block in memory", entry.rows), block, column, entry.offset)
        })?;
        Ok((entry, bytes, field, rows))
    }

    fn read_column(&self, block: usize, column: usize, verify: bool) -> Result<ArrayRef> {
        let (entry, bytes, field, rows) = self.segment(block, column, verify)?;
        decode::decode(&bytes, field.data_type(), rows, self.levels(column))
            .map_err(|fault| self.damaged(fault, block, column, entry.offset))
    }

    /// A column of a block that exists, as it is stored.
    pub(crate) fn read_encoded(&self, block: usize, column: usize) -> Result<EncodedColumn> {
        let (entry, bytes, field, rows) = self.segment(block, column, self.verify)?;
        let place =
            Place { path: self.path.clone(), column: field.name().clone(), block, offset: entry.offset };
        EncodedColumn::parse(place, bytes, field.data_type(), rows, self.levels(column).cloned())
    }

    /// Reads columns that exist of a block that exists.
    pub(crate) fn read_block(
        &self,
        block: usize,
        columns: &[usize],
        schema: SchemaRef,
    ) -> Result<RecordBatch> {
        let arrays = columns.iter().map(|column| self.read_column(block, *column, self.verify));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let rows = self
            .block(block)
            .map_err(|fault| fault.in_file(&self.path, "footer", self.slot.footer_offset))?;
        let options = RecordBatchOptions::new().with_row_count(usize::try_from(rows.rows).ok());
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|source| Error::Arrow { path: self.path.clone(), source })
    }

    /// Tells the kernel that these columns of a block are read next.
    pub(crate) fn will_need(&self, block: usize, columns: &[usize]) {
        if block >= self.blocks() {
            return;
        }
        for column in columns {
            if let Ok(bytes) =
                self.entry(block, *column).map(|entry| self.segment_bytes(block, *column, &entry))
                && let Ok(bytes) = bytes
            {
                bytes.will_need();
            }
        }
    }

    /// Reads everything that the newest commit needs; header and footer were verified on opening.
    pub(crate) fn verify(&self) -> Result<VerifyReport> {
        let bytes = HEADER_BYTES as u64 + self.slot.footer_length;
        let mut report = VerifyReport { bytes, torn_slot: self.torn, ..Default::default() };
        match self.verify_schema() {
            Ok(length) => report.bytes = report.bytes.saturating_add(length),
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => report.damaged.push(Damage {
                block: None,
                column: None,
                offset: HEADER_BYTES as u64,
                problem: problem(&error),
            }),
        }
        let parts: Vec<VerifyReport> = (0..self.blocks())
            .into_par_iter()
            .map(|block| self.verify_block(block))
            .collect::<Result<_>>()?;
        for part in parts {
            report.blocks += part.blocks;
            report.segments += part.segments;
            report.bytes = report.bytes.saturating_add(part.bytes);
            report.damaged.extend(part.damaged);
        }
        Ok(report)
    }

    fn verify_block(&self, block: usize) -> Result<VerifyReport> {
        let mut report = VerifyReport { blocks: 1, ..Default::default() };
        let mut note = |error: Error, column: Option<usize>, offset| match error {
            // What the system or this build refuses is no damage of the file.
            error @ (Error::Io { .. } | Error::FeatureOff { .. }) => Err(error),
            error => {
                let column = column.and_then(|column| self.field(column)).map(|field| field.name().clone());
                report.damaged.push(Damage { block: Some(block), column, offset, problem: problem(&error) });
                Ok(())
            }
        };
        let mut bytes = 0_u64;
        let offset = self.block(block).map(|block| block.offset).unwrap_or_default();
        match self.verify_head(block, offset) {
            Ok(length) => bytes = length,
            Err(error) => note(error, None, offset)?,
        }
        for column in 0..self.columns() {
            let entry = self.entry(block, column).unwrap_or_default();
            bytes = bytes.saturating_add(entry.length);
            if let Err(error) = self.read_column(block, column, true) {
                note(error, Some(column), entry.offset)?;
            }
        }
        report.bytes = bytes;
        report.segments = self.columns() as u64;
        Ok(report)
    }

    /// Reads the schema that the file was begun with, which repairs start from; gives the length of its frame's head.
    fn verify_schema(&self) -> Result<u64> {
        let offset = HEADER_BYTES as u64;
        let bytes = self.read_head(offset, "schema frame")?;
        let read = || {
            let frame = Frame::parse(Kind::Schema, &bytes)?;
            read_schema(&frame)?;
            Ok(frame.head_length as u64)
        };
        read().map_err(|fault: Fault| fault.in_file(&self.path, "schema frame", offset))
    }

    /// Compares what a block says about itself with the directory; gives the length of its head.
    fn verify_head(&self, block: usize, offset: u64) -> Result<u64> {
        let damaged = |fault: Fault| fault.in_file(&self.path, "block head", offset);
        let bytes = self.read_head(offset, "block head")?;
        let frame = Frame::parse(Kind::Block, &bytes).map_err(damaged)?;
        self.compare_head(block, offset, &frame).map_err(damaged)?;
        Ok(frame.head_length as u64)
    }

    /// The head of the frame at `offset`, which `what` names, as long as it says.
    fn read_head(&self, offset: u64, what: &'static str) -> Result<Bytes> {
        let damaged = |fault: Fault| fault.in_file(&self.path, what, offset);
        let read = |length: u64| {
            let end = offset.checked_add(length).filter(|end| *end <= self.slot.file_length);
            end.ok_or_else(|| {
                damaged(Fault::new(format_args!("a {what} within the file"), format_args!("{length} bytes")))
            })?;
            self.source.read(offset, length).map_err(|e| Error::io(&self.path, "read", e))
        };
        read(peek_head_length(&read(32)?).map_err(damaged)?)
    }

    fn compare_head(&self, block: usize, offset: u64, frame: &Frame<'_>) -> Result<(), Fault> {
        let mut cursor = Cursor::new(frame.fields);
        let end = offset.saturating_add(frame.length);
        while let Some(field) = cursor.field()? {
            match field.tag {
                tag::ROWS => {
                    let (mut body, expected) = (field.cursor(), self.block(block)?.rows);
                    let (_first, rows) = (body.u64()?, body.u64()?);
                    if rows != expected {
                        return Err(Fault::new(format_args!("{expected} rows"), rows));
                    }
                }
                tag::SEGMENTS => {
                    let own = (0..field.body.len() / ENTRY_BYTES).map(|index| Entry::at(field.body, index));
                    let place = |e: &Entry| (e.offset, e.length, e.checksum, e.rows);
                    let own = own.map(|own| own.map(|own| place(&own)));
                    let own = own.collect::<Result<HashSet<_>, _>>()?;
                    // Columns that came later lie elsewhere, and those that were dropped are not listed any more.
                    for column in 0..self.columns() {
                        let listed = self.entry(block, column)?;
                        if (offset..end).contains(&listed.offset) && !own.contains(&place(&listed)) {
                            let expected =
                                format!("{} bytes at {} in the head", listed.length, listed.offset);
                            return Err(Fault::new(expected, "other segments"));
                        }
                    }
                }
                tag::EXTENSIONS | tag::NEW_LEVELS => {}
                _ => field.skip()?,
            }
        }
        Ok(())
    }
}
