//! The footer: schema, blocks, directory and statistics of one commit.
//!
//! It is read where it lies: the tables stay bytes (mapped from the file), and an entry is decoded when it is
//! asked for. Only the schema and the rows of the blocks are turned into values on opening.

use std::ops::Range;

use crate::error::Fault;
use crate::raw::directory::ENTRY_BYTES;
use crate::raw::frame::{self, Frame, Kind};
use crate::raw::schema::{StoredSchema, parse_schema, put_schema};
use crate::raw::wire::{Cursor, put_field};

/// Tags of the fields of a frame.
pub(crate) mod tag {
    pub(crate) const SCHEMA: u16 = 0x01;
    pub(crate) const WRITER: u16 = 0x02;
    pub(crate) const BLOCKS: u16 = 0x03;
    pub(crate) const DIRECTORY: u16 = 0x04;
    pub(crate) const EXTENSIONS: u16 = 0x05;
    pub(crate) const STATISTICS: u16 = 0x06;
    pub(crate) const LEVEL: u16 = 0x07;
    pub(crate) const ROWS: u16 = 0x08;
    pub(crate) const SEGMENTS: u16 = 0x09;
    pub(crate) const NEW_LEVELS: u16 = 0x0A;

    /// All of them with their names in the specification.
    #[cfg(test)]
    pub(crate) const ALL: &[(u16, &str)] = &[
        (SCHEMA, "SCHEMA"),
        (WRITER, "WRITER"),
        (BLOCKS, "BLOCKS"),
        (DIRECTORY, "DIRECTORY"),
        (EXTENSIONS, "EXTENSIONS"),
        (STATISTICS, "STATISTICS"),
        (LEVEL, "LEVEL"),
        (ROWS, "ROWS"),
        (SEGMENTS, "SEGMENTS"),
        (NEW_LEVELS, "NEW_LEVELS"),
    ];
}

/// Length of an entry of the block table: rows, and the place of the frame.
pub(crate) const BLOCK_BYTES: usize = 16;
/// Most rows of a block: what a reader accepts and a writer writes. A few bytes can stand for a whole block of one
/// value, so this bounds the memory that a small file can make a reader take: 128 MiB for each column of numbers.
pub(crate) const MAX_BLOCK_ROWS: u64 = 1 << 24;

/// One block in the block table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockEntry {
    pub(crate) rows: u64,
    pub(crate) offset: u64,
}

impl BlockEntry {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
    }

    /// Block `index` of the table.
    pub(crate) fn at(table: &[u8], index: usize) -> Result<Self, Fault> {
        let start = index.checked_mul(BLOCK_BYTES).ok_or_else(|| Fault::new("a block", index))?;
        let mut cursor = Cursor::new(table.get(start..).unwrap_or_default());
        Ok(Self { rows: cursor.u64()?, offset: cursor.u64()? })
    }
}

/// What a footer is made of, ready to be written.
#[derive(Debug)]
pub(crate) struct FooterParts<'a> {
    pub(crate) stored: &'a StoredSchema,
    pub(crate) level: i32,
    pub(crate) blocks: &'a [u8],
    pub(crate) directory: &'a [u8],
    pub(crate) statistics: &'a [u8],
    pub(crate) extensions: &'a [u8],
}

impl FooterParts<'_> {
    /// The bytes of the footer frame.
    pub(crate) fn build(&self, sequence: u64) -> Result<Vec<u8>, Fault> {
        let mut fields = Vec::new();
        let raw = |fields: &mut Vec<u8>, tag, critical, bytes: &[u8]| {
            put_field(fields, tag, critical, |out| {
                out.extend_from_slice(bytes);
                Ok(())
            })
        };
        put_field(&mut fields, tag::SCHEMA, true, |out| put_schema(out, self.stored))?;
        raw(&mut fields, tag::BLOCKS, true, self.blocks)?;
        raw(&mut fields, tag::DIRECTORY, true, self.directory)?;
        raw(&mut fields, tag::STATISTICS, false, self.statistics)?;
        raw(&mut fields, tag::EXTENSIONS, false, self.extensions)?;
        raw(&mut fields, tag::LEVEL, false, &self.level.to_le_bytes())?;
        raw(&mut fields, tag::WRITER, false, writer_name().as_bytes())?;
        Ok(frame::build(Kind::Footer, sequence, &fields, 0))
    }
}

/// Name and version of this library, as files carry it.
pub(crate) fn writer_name() -> String {
    format!("rxdf {}", env!("CARGO_PKG_VERSION"))
}

/// A schema frame: before the first block the schema as the file was begun with, before a footer what it has become.
pub(crate) fn build_schema_frame(stored: &StoredSchema, sequence: u64) -> Result<Vec<u8>, Fault> {
    let mut fields = Vec::new();
    put_field(&mut fields, tag::SCHEMA, true, |out| put_schema(out, stored))?;
    put_field(&mut fields, tag::WRITER, false, |out| {
        out.extend_from_slice(writer_name().as_bytes());
        Ok(())
    })?;
    Ok(frame::build(Kind::Schema, sequence, &fields, 0))
}

/// The schema in a schema frame.
pub(crate) fn read_schema(frame: &Frame<'_>) -> Result<StoredSchema, Fault> {
    let mut cursor = Cursor::new(frame.fields);
    let mut stored = None;
    while let Some(field) = cursor.field()? {
        match field.tag {
            tag::SCHEMA => stored = Some(parse_schema(field.cursor())?),
            _ => field.skip()?,
        }
    }
    stored.ok_or_else(|| Fault::new("a frame with a schema", "one without"))
}

/// A footer, taken apart. Ranges count from the first byte of its frame.
#[derive(Debug)]
pub(crate) struct Footer {
    pub(crate) stored: StoredSchema,
    /// First row of every block, then the number of rows.
    pub(crate) starts: Vec<u64>,
    pub(crate) level: i32,
    pub(crate) blocks: Range<usize>,
    pub(crate) directory: Range<usize>,
    pub(crate) statistics: Option<Range<usize>>,
    pub(crate) extensions: Range<usize>,
}

impl Footer {
    /// Takes a footer frame apart and compares its tables with each other.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let frame = Frame::parse(Kind::Footer, bytes)?;
        let mut cursor = Cursor::new(frame.fields);
        let (mut stored, mut blocks, mut directory, mut statistics) = (None, None, None, None);
        let mut extensions = 0..0;
        let mut level = 1;
        while let Some(field) = cursor.field()? {
            let start = frame::FIELDS_OFFSET + field.start;
            let range = start..start + field.body.len();
            match field.tag {
                tag::SCHEMA => stored = Some(parse_schema(field.cursor())?),
                tag::BLOCKS => blocks = Some(range),
                tag::DIRECTORY => directory = Some(range),
                tag::STATISTICS => statistics = Some(range),
                tag::EXTENSIONS => extensions = range,
                tag::LEVEL => level = field.cursor().u32()?.cast_signed(),
                _ => field.skip()?,
            }
        }
        let (Some(stored), Some(blocks), Some(directory)) = (stored, blocks, directory) else {
            return Err(Fault::new("a footer with schema, blocks and directory", "one without"));
        };
        let columns = stored.levels.len();
        let (count, rest) = (blocks.len() / BLOCK_BYTES, blocks.len() % BLOCK_BYTES);
        let entries = columns.checked_mul(count).and_then(|n| n.checked_mul(ENTRY_BYTES));
        if rest != 0 || entries != Some(directory.len()) {
            return Err(Fault::new(
                format_args!("{count} blocks of {columns} segments"),
                format_args!("{} and {} bytes of tables", blocks.len(), directory.len()),
            ));
        }
        let statistics = statistics.filter(|range| range.len() == columns * ENTRY_BYTES);
        let table = bytes.get(blocks.clone()).unwrap_or_default();
        let mut starts = Vec::with_capacity(count + 1);
        let mut row = 0_u64;
        starts.push(row);
        for index in 0..count {
            let rows = BlockEntry::at(table, index)?.rows;
            if rows > MAX_BLOCK_ROWS {
                return Err(Fault::new(format_args!("at most {MAX_BLOCK_ROWS} rows in block {index}"), rows));
            }
            row = row.checked_add(rows).ok_or_else(|| Fault::new("fewer than 2^64 rows", "more"))?;
            starts.push(row);
        }
        Ok(Self { stored, starts, level, blocks, directory, statistics, extensions })
    }
}
