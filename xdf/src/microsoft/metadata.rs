//! From named arrays to blocks, segments and variables.
//!
//! The metadata are six named arrays between a few integers: rows per block, offset and length of every segment,
//! two tables that are empty in every file seen (presumably free space), and the list of variables. The list must
//! end exactly where the metadata end.
//!
//! Invariants of [`Metadata`], all checked here, because nothing else protects the tables (only the segments have
//! a checksum): the rows of the blocks add up to the rows of the file; there is one segment per block and
//! variable; every segment lies between the header and the metadata, no two share a byte, and none promises more
//! values than deflate can squeeze into its length, so that the number of rows can be trusted for allocations.

use super::container::{Frame, Layout};
use super::cursor::Cursor;
use super::fault::{Fault, Parsed};
use super::object::{Array, Content, Named, Numbers};
use super::text;
use super::types::Storage;

/// Deflate spends at least 2 bits on a copy of at most 258 bytes.
const DEFLATE_LIMIT: usize = 1032;

/// Most rows of one block: an array of them fills 2 GiB.
pub(super) const MAX_BLOCK_ROWS: usize = 1 << 28;

/// Everything the metadata say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    /// Number of the variable that holds the row names.
    pub(super) row_names: Option<usize>,
    /// A second variable number of unknown use, absent in every file seen.
    pub(super) second_index: Option<usize>,
    /// Rows of each block.
    pub(super) block_rows: Vec<usize>,
    /// Segments, all variables of block 0, then of block 1, and so on.
    pub(super) segments: Vec<Segment>,
    /// Offset and length of unused parts of the file (inferred; empty in every file seen).
    pub(super) free: Vec<(u64, u64)>,
    /// The columns.
    pub(super) variables: Vec<Variable>,
    /// Attributes of the file by name; `ReadInfo` holds 1, 1 and the rows per read of the import.
    pub(super) attributes: Option<Vec<Named>>,
}

/// Where the data of one variable in one block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Bytes from the start of the file.
    pub(super) offset: usize,
    /// Length in bytes, with the trailing length of text segments.
    pub(super) length: usize,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Name as text.
    pub(super) name: String,
    /// Description as text, empty when there is none.
    pub(super) description: String,
    /// How values are stored.
    pub(super) storage: Storage,
    /// True when the type was never seen and the storage is inferred.
    pub(super) inferred: bool,
    /// Level texts of a factor.
    pub(super) levels: Vec<String>,
    /// The object as stored: low and high, tail, flags, attributes by name.
    pub(super) stored: Named,
}

impl Variable {
    /// Low, high and tail; absent for text.
    pub(super) fn numbers(&self) -> Option<&Numbers> {
        match &self.stored.array.content {
            Content::Numbers(numbers) => Some(numbers),
            Content::Texts(_) | Content::List(_) => None,
        }
    }

    /// Attributes other than the levels.
    pub(super) fn other_attributes(&self) -> impl Iterator<Item = &Named> {
        let all = self.stored.array.attributes.as_deref().unwrap_or_default();
        all.iter().filter(|attribute| &*attribute.name != LABELS)
    }
}

/// Name of the attribute with a factor's levels.
pub(super) const LABELS: &[u8] = b"Labels";

/// Reads and checks the metadata, `bytes` of the file at `frame.metadata`.
pub(super) fn read(bytes: &[u8], frame: &Frame) -> Parsed<Metadata> {
    let mut cursor = Cursor::new(bytes, frame.metadata.start);
    cursor.expect_f32(frame.layout.metadata_version(), "metadata version")?;
    if frame.layout == Layout::Header {
        cursor.expect_i64(1, "metadata constant")?;
    }
    let row_names = index(&mut cursor, frame, "index of the row names")?;
    let second_index = index(&mut cursor, frame, "second index")?;
    let block_rows = block_rows(&Named::read(&mut cursor)?.array, frame)?;
    let offsets = table(&Named::read(&mut cursor)?.array, "offsets of the segments")?;
    let lengths = table(&Named::read(&mut cursor)?.array, "lengths of the segments")?;
    let free_offsets = table(&Named::read(&mut cursor)?.array, "offsets of free space")?;
    let free_lengths = table(&Named::read(&mut cursor)?.array, "lengths of free space")?;
    let list = Named::read(&mut cursor)?.array;
    cursor.expect_i32(1, "end tag")?;
    if frame.layout == Layout::Header {
        cursor.expect_i32(1, "second end tag")?;
    }
    if cursor.remaining() > 0 {
        let got = format!("{} more bytes", cursor.remaining());
        return Err(Fault::damaged(cursor.position(), "the end of the metadata", got));
    }
    if free_offsets.words.len() != free_lengths.words.len() {
        let expected = format!("{} lengths of free space", free_offsets.words.len());
        return Err(Fault::damaged(free_lengths.offset, expected, free_lengths.words.len().to_string()));
    }
    let attributes = list.attributes.clone();
    let variables = variables(list, frame)?;
    let segments = segments(&offsets, &lengths, frame, block_rows.len())?;
    check_capacity(&segments, &block_rows, &variables)?;
    Ok(Metadata {
        row_names,
        second_index,
        block_rows,
        segments,
        free: free_offsets.words.into_iter().zip(free_lengths.words).collect(),
        variables,
        attributes,
    })
}

/// A variable number, or -1 for none.
fn index(cursor: &mut Cursor<'_>, frame: &Frame, what: &'static str) -> Parsed<Option<usize>> {
    let start = cursor.position();
    let got = cursor.i64(what)?;
    if got == -1 {
        return Ok(None);
    }
    usize::try_from(got).ok().filter(|&index| index < frame.variables).map(Some).ok_or_else(|| {
        let expected =
            format!("{what} from -1 to {}", (frame.variables as u64).cast_signed().saturating_sub(1));
        Fault::damaged(start, expected, got.to_string())
    })
}

/// An internal array of 64-bit integers.
struct Table {
    offset: usize,
    words: Vec<u64>,
}

fn table(array: &Array, what: &str) -> Parsed<Table> {
    let words = match &array.content {
        Content::Numbers(numbers) => numbers.words(),
        Content::Texts(_) | Content::List(_) => None,
    };
    let words = words.ok_or_else(|| {
        let expected = format!("{what} as 64-bit integers (type id 2 or 21)");
        Fault::damaged(array.offset, expected, format!("type id {}", array.type_id))
    })?;
    Ok(Table { offset: array.offset, words })
}

fn block_rows(array: &Array, frame: &Frame) -> Parsed<Vec<usize>> {
    let table = table(array, "rows per block")?;
    let mut sum = Some(0_usize);
    let mut found = Vec::with_capacity(table.words.len());
    for &word in &table.words {
        let rows = usize::try_from(word).ok();
        sum = sum.zip(rows).and_then(|(sum, rows)| sum.checked_add(rows));
        found.push(rows.unwrap_or(usize::MAX));
    }
    if frame.variables == 0 && frame.rows > 0 {
        let got = format!("{} rows", frame.rows);
        return Err(Fault::damaged(table.offset, "no rows in a file without columns", got));
    }
    if let Some(rows) = found.iter().find(|rows| **rows > MAX_BLOCK_ROWS) {
        let expected = format!("at most {MAX_BLOCK_ROWS} rows in a block");
        return Err(Fault::unsupported(table.offset, expected, rows.to_string()));
    }
    if sum == Some(frame.rows) {
        return Ok(found);
    }
    let expected = format!("rows per block that add up to {}", frame.rows);
    let got = sum.map_or_else(|| "more than a file can hold".to_owned(), |sum| sum.to_string());
    Err(Fault::damaged(table.offset, expected, got))
}

fn segments(offsets: &Table, lengths: &Table, frame: &Frame, blocks: usize) -> Parsed<Vec<Segment>> {
    for table in [offsets, lengths] {
        if frame.variables.checked_mul(blocks) != Some(table.words.len()) {
            let expected = format!("{} segments x {blocks} blocks", frame.variables);
            return Err(Fault::damaged(table.offset, expected, table.words.len().to_string()));
        }
    }
    let mut found = Vec::with_capacity(offsets.words.len());
    for (&offset, &length) in offsets.words.iter().zip(&lengths.words) {
        let segment = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
        let inside = segment.filter(|&(offset, length)| {
            offset >= frame.data_start
                && offset.checked_add(length).is_some_and(|end| end <= frame.metadata.start)
        });
        let Some((offset, length)) = inside else {
            let expected =
                format!("segments between bytes {} and {}", frame.data_start, frame.metadata.start);
            let got = format!("{} bytes at {}", length.cast_signed(), offset.cast_signed());
            return Err(Fault::damaged(offsets.offset, expected, got));
        };
        found.push(Segment { offset, length });
    }
    check_overlap(&found, offsets.offset)?;
    Ok(found)
}

/// No byte may belong to two segments: a damaged offset would otherwise read as another column's data.
fn check_overlap(segments: &[Segment], table: usize) -> Parsed<()> {
    let mut sorted: Vec<Segment> = segments.iter().copied().filter(|segment| segment.length > 0).collect();
    sorted.sort_unstable_by_key(|segment| segment.offset);
    let mut end = 0;
    for segment in sorted {
        if segment.offset < end {
            let got = format!("one at byte {} inside of another that ends at {end}", segment.offset);
            return Err(Fault::damaged(table, "segments that do not overlap", got));
        }
        end = segment.offset.saturating_add(segment.length);
    }
    Ok(())
}

/// The most bytes that a deflate stream of this length can hold.
pub(super) fn most_inflated(length: usize) -> usize {
    length.saturating_mul(DEFLATE_LIMIT)
}

/// No segment may promise more values than its bytes can hold.
fn check_capacity(segments: &[Segment], block_rows: &[usize], variables: &[Variable]) -> Parsed<()> {
    if variables.is_empty() {
        return Ok(());
    }
    for (block, &rows) in segments.chunks(variables.len()).zip(block_rows) {
        for (segment, variable) in block.iter().zip(variables) {
            let least = rows.saturating_mul(variable.storage.least_width());
            if least > most_inflated(segment.length) {
                let expected = format!("bytes for {rows} rows");
                let got = format!("a segment of {} bytes", segment.length);
                return Err(Fault::damaged(segment.offset, expected, got).in_column(&variable.name));
            }
        }
    }
    Ok(())
}

fn variables(list: Array, frame: &Frame) -> Parsed<Vec<Variable>> {
    let Content::List(items) = list.content else {
        return Err(Fault::damaged(list.offset, "variables as a list", format!("type id {}", list.type_id)));
    };
    if items.len() != frame.variables {
        let expected = format!("{} variables", frame.variables);
        return Err(Fault::damaged(list.offset, expected, items.len().to_string()));
    }
    items.into_iter().map(variable).collect()
}

fn variable(stored: Named) -> Parsed<Variable> {
    let name = text::decode(&stored.name).into_owned();
    let array = &stored.array;
    let (storage, inferred) = match &array.content {
        Content::Numbers(numbers) => (numbers.storage, numbers.inferred),
        Content::Texts(_) => (Storage::Text, false),
        Content::List(_) => {
            let got = format!("a list (type id {})", array.type_id);
            return Err(Fault::unsupported(array.offset, "a column of numbers or text", got).in_column(&name));
        }
    };
    if array.rows.saturating_mul(array.columns) > 0 {
        let got = format!("{} x {} values", array.rows, array.columns);
        return Err(Fault::unsupported(array.offset, "a definition without values", got).in_column(&name));
    }
    let levels = match storage {
        Storage::Factor => levels(array).map_err(|fault| fault.in_column(&name))?,
        _ => Vec::new(),
    };
    let description = text::decode(&stored.description).into_owned();
    Ok(Variable { name, description, storage, inferred, levels, stored })
}

/// The texts of the attribute `Labels`; a factor without it has no levels.
fn levels(array: &Array) -> Parsed<Vec<String>> {
    let attributes = array.attributes.as_deref().unwrap_or_default();
    let Some(labels) = attributes.iter().find(|attribute| &*attribute.name == LABELS) else {
        return Ok(Vec::new());
    };
    match &labels.array.content {
        Content::Texts(texts) if i32::try_from(texts.len()).is_ok() => {
            Ok(texts.iter().map(|level| text::decode(level).into_owned()).collect())
        }
        Content::Texts(texts) => {
            Err(Fault::unsupported(labels.array.offset, "at most 2147483647 levels", texts.len().to_string()))
        }
        Content::Numbers(_) | Content::List(_) => {
            let got = format!("type id {}", labels.array.type_id);
            Err(Fault::unsupported(labels.array.offset, "levels as texts (type id 5)", got))
        }
    }
}
