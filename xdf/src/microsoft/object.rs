//! The one object that Microsoft's metadata are made of: a named array.
//!
//! `NAMED` is a name, a description and an `ARRAY`; an array is numbers, texts or a list of `NAMED`, and may carry
//! an attribute list, which is again an array. Rows per block, the tables of segments, the variables and the
//! levels of a factor are all the same object, so that one recursive reader reads all metadata.
//!
//! Untrusted input: the depth is bounded, a count is compared with the bytes that are left before anything is
//! allocated for it (a text needs 8 bytes, a named array 84), and numbers are copied as bytes, so that memory
//! stays within a small multiple of the file's size.
//!
//! An array whose type id was never seen has an unknown width. Definitions of variables hold no values, only low
//! and high, so the width can be found again: it is the one after which the next object (or the end of the
//! metadata) follows. Everything read is kept, also what nothing here needs, because the writer of the same
//! format has to put it back.

use super::container::{ZLIB_TRAITS, traits};
use super::cursor::{Cursor, hexadecimal};
use super::fault::{Fault, Parsed};
use super::text;
use super::types::{LIST, Meaning, Storage, candidates, filled, ids, meaning};

/// First four bytes of an array.
pub(super) const OBJECT_MAGIC: [u8; 4] = [0xf4, 0xf3, 0xf2, 0xf1];

/// What `NAMED` starts with: tag 1, version 1.0.
const NAMED_HEAD: [u8; 8] = [1, 0, 0, 0, 0, 0, 0x80, 0x3f];

/// Real metadata nest four deep: variables, a variable, its attributes, its labels.
const MAX_DEPTH: usize = 16;

/// How deep the variables are.
const VARIABLES: usize = 1;

/// How deep the attributes of a variable are.
const ATTRIBUTES: usize = 3;

const LEAST_TEXT: usize = 8;
const LEAST_NAMED: usize = 84;

/// An array with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Name as stored.
    pub(super) name: Box<[u8]>,
    /// Description as stored (that this slot is the description is inferred).
    pub(super) description: Box<[u8]>,
    /// What has the name.
    pub(super) array: Array,
}

/// Numbers, texts or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Array {
    /// Bytes from the start of the file.
    pub(super) offset: usize,
    /// Type id.
    pub(super) type_id: i32,
    /// The repeated eight bytes.
    pub(super) traits: [u8; 8],
    /// First dimension.
    pub(super) rows: usize,
    /// Second dimension.
    pub(super) columns: usize,
    /// Class id.
    pub(super) class: i32,
    /// Kind bits.
    pub(super) flags: u32,
    /// The attribute list, if any.
    pub(super) attributes: Option<Vec<Named>>,
    /// What it holds.
    pub(super) content: Content,
}

/// The values of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Numbers of one storage.
    Numbers(Numbers),
    /// Texts as stored.
    Texts(Vec<Box<[u8]>>),
    /// Named arrays.
    List(Vec<Named>),
}

/// Numbers with their low and high.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbers {
    /// How a number is stored.
    pub(super) storage: Storage,
    /// True when the type id is unknown and the storage was found by the rules of [`types`](super::types).
    pub(super) inferred: bool,
    /// Little-endian low, filled up with zero bytes.
    pub(super) low: [u8; 8],
    /// Little-endian high, filled up with zero bytes.
    pub(super) high: [u8; 8],
    /// Four bytes of unknown use: 0, or -1 in columns imported from delimited text by the newer importer.
    pub(super) tail: i32,
    /// Values, little-endian, the first dimension running fastest.
    pub(super) values: Box<[u8]>,
}

impl Named {
    /// Reads a named array that must not be nested deeper than the format nests.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        named(cursor, 0)
    }
}

impl Named {
    /// Named arrays one after the other up to the end of `bytes`, as [`encode::named`](super::encode::named) makes them.
    pub(super) fn read_all(bytes: &[u8]) -> Parsed<Vec<Self>> {
        // The end tag of the metadata lets an array of unknown type find its width.
        let closed = [bytes, &1_i32.to_le_bytes()].concat();
        let mut cursor = Cursor::new(&closed, 0);
        let mut found = Vec::new();
        while cursor.remaining() > 4 {
            found.push(named(&mut cursor, ATTRIBUTES)?);
        }
        cursor.expect_i32(1, "end tag")?;
        Ok(found)
    }
}

impl Array {
    /// An array of one of the storages, `rows` x 1, not compressed by anything but zlib.
    pub(super) fn new(storage: Storage, rows: usize, content: Content) -> Self {
        let (type_id, class, flags) = ids(storage);
        let traits = ZLIB_TRAITS;
        Self { offset: 0, type_id, traits, rows, columns: 1, class, flags, attributes: None, content }
    }
}

impl Numbers {
    /// The values of an array of 64-bit integers.
    pub(super) fn words(&self) -> Option<Vec<u64>> {
        matches!(self.storage, Storage::Int64 | Storage::UInt64)
            .then(|| self.values.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}

fn named(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Named> {
    cursor.expect_i32(1, "tag of a named array")?;
    cursor.expect_f32(1.0, "version of a named array")?;
    let name = cursor.text("name")?;
    let description = cursor.text("description")?;
    cursor.expect_i32(1, "tag of an array")?;
    let array = array(cursor, depth).map_err(|fault| match depth {
        VARIABLES => fault.in_column(&text::decode(name)),
        _ => fault,
    })?;
    Ok(Named { name: name.into(), description: description.into(), array })
}

fn array(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Array> {
    let offset = cursor.position();
    if depth > MAX_DEPTH {
        let expected = format!("at most {MAX_DEPTH} levels of nested arrays");
        return Err(Fault::damaged(offset, expected, "a deeper one"));
    }
    cursor.expect_bytes(&OBJECT_MAGIC, "magic of an array")?;
    cursor.expect_f32(2.0, "version of an array")?;
    let type_id = cursor.i32("type id")?;
    let traits = traits(cursor)?;
    let dimensions = cursor.position();
    let rows = cursor.size("first dimension")?;
    let columns = cursor.size("second dimension")?;
    let class = cursor.i32("class id")?;
    let flags = cursor.u32("flags")?;
    cursor.expect_i32(0, "array constant")?;
    cursor.expect_f32(1.0, "array constant")?;
    let count = rows.checked_mul(columns).ok_or_else(|| {
        Fault::damaged(dimensions, "dimensions that a file can hold", format!("{rows} x {columns}"))
    })?;
    let attributes = attributes(cursor, depth)?;
    let content = match meaning(type_id, class) {
        Meaning::Known(Storage::Text) => texts(cursor, count)?,
        Meaning::Known(storage) => Content::Numbers(numbers(cursor, storage, false, count)?),
        Meaning::List => list(cursor, count, depth)?,
        Meaning::Contradiction { class: its_class } => {
            let expected = format!("class id {its_class} for type id {type_id}");
            return Err(Fault::unsupported(offset, expected, format!("class id {class}")));
        }
        Meaning::Unknown => {
            let storage = resynchronise(cursor, type_id, class, flags, count)?;
            Content::Numbers(numbers(cursor, storage, true, count)?)
        }
    };
    Ok(Array { offset, type_id, traits, rows, columns, class, flags, attributes, content })
}

/// The flag "has attributes" and the list that follows it.
fn attributes(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Option<Vec<Named>>> {
    let start = cursor.position();
    match cursor.i32("attribute flag")? {
        0 => Ok(None),
        1 => {
            let offset = cursor.position();
            let found = array(cursor, depth.saturating_add(1))?;
            match found.content {
                Content::List(items) => Ok(Some(items)),
                Content::Numbers(_) | Content::Texts(_) => Err(Fault::damaged(
                    offset,
                    format!("attributes as a list (type id {LIST})"),
                    format!("type id {}", found.type_id),
                )),
            }
        }
        other => Err(Fault::unsupported(start, "attribute flag 0 or 1", other.to_string())),
    }
}

fn texts(cursor: &mut Cursor<'_>, count: usize) -> Parsed<Content> {
    bounded(cursor, count, LEAST_TEXT, "texts")?;
    (0..count).map(|_| Ok(cursor.text("text length")?.into())).collect::<Parsed<_>>().map(Content::Texts)
}

fn list(cursor: &mut Cursor<'_>, count: usize, depth: usize) -> Parsed<Content> {
    cursor.expect_f32(1.1, "version of a list")?;
    cursor.expect_i32(3, "list constant")?;
    cursor.expect_i32(0, "list constant")?;
    cursor.expect_i32(0, "list constant")?;
    bounded(cursor, count, LEAST_NAMED, "named arrays")?;
    (0..count).map(|_| named(cursor, depth.saturating_add(1))).collect::<Parsed<_>>().map(Content::List)
}

/// Refuses a count that the bytes left cannot hold.
fn bounded(cursor: &Cursor<'_>, count: usize, least: usize, what: &str) -> Parsed<()> {
    if count.checked_mul(least).is_some_and(|bytes| bytes <= cursor.remaining()) {
        return Ok(());
    }
    let got = format!("{count} {what} in {} bytes", cursor.remaining());
    Err(Fault::damaged(cursor.position(), format!("{what} that fit into the file"), got))
}

fn numbers(cursor: &mut Cursor<'_>, storage: Storage, inferred: bool, count: usize) -> Parsed<Numbers> {
    cursor.expect_f32(1.0, "version of numbers")?;
    let low = number(cursor, storage, "low")?;
    let high = number(cursor, storage, "high")?;
    let tail = cursor.i32("tail")?;
    let start = cursor.position();
    let length = count
        .checked_mul(storage.width())
        .ok_or_else(|| Fault::damaged(start, "values that fit into the file", format!("{count} values")))?;
    let values = cursor.take(length, "values")?.into();
    Ok(Numbers { storage, inferred, low, high, tail, values })
}

/// One number, filled up to eight bytes.
fn number(cursor: &mut Cursor<'_>, storage: Storage, what: &'static str) -> Parsed<[u8; 8]> {
    cursor.take(storage.width(), what).map(filled)
}

/// Finds the width of an unknown number type: after version, low, high and tail something known must follow.
fn resynchronise(cursor: &Cursor<'_>, type_id: i32, class: i32, flags: u32, count: usize) -> Parsed<Storage> {
    let found = candidates(class, flags).into_iter().find(|storage| {
        let tail = storage.width().saturating_mul(2).saturating_add(4);
        let next = tail.saturating_add(4);
        let tail_fits = cursor.peek(tail, 4).is_some_and(|tail| tail == [0; 4] || tail == [0xff; 4]);
        let next_fits = match cursor.peek(next, NAMED_HEAD.len()) {
            Some(head) if head == NAMED_HEAD => true,
            Some(tags) => tags == [1, 0, 0, 0, 1, 0, 0, 0] && cursor.remaining() == next.saturating_add(8),
            None => {
                cursor.peek(next, 4) == Some([1, 0, 0, 0].as_slice())
                    && cursor.remaining() == next.saturating_add(4)
            }
        };
        tail_fits && next_fits
    });
    found.filter(|_| count == 0).ok_or_else(|| {
        let got = format!(
            "type id {type_id} (class id {class}, flags {flags:#x}, {count} values), next bytes {}",
            hexadecimal(cursor.peek(0, cursor.remaining().min(16)).unwrap_or_default())
        );
        Fault::unsupported(cursor.position(), "a column type with a known layout", got)
    })
}
