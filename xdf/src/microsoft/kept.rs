//! What a Microsoft file says beyond Arrow's schema, carried from reader to writer in the metadata of the schema.
//!
//! Under the key `xdf.microsoft` the schema keeps the cut into blocks, the compression level and the attributes of the
//! file (such as `ReadInfo`); each field keeps low and high, tail, ids and attributes of its column. With them a file
//! that is written again from its values has the same bytes, also when the values went through XDF 5 or Parquet in
//! between. The entries are JSON objects; what JSON cannot hold (records, numbers of any width, names that are not
//! UTF-8) stands there as hexadecimal digits.
//!
//! Nothing in them is believed: the key may come from any file and the table may have been changed meanwhile. An entry
//! that cannot be understood, or that contradicts name, levels or storage of the column, is left out, and the writer
//! does what it does for a new column.

use arrow_schema::Field;
use serde_json::{Map, Value, json};

use super::columns::texts;
use super::container::Layout;
use super::encode;
use super::metadata::{LABELS, Metadata, Variable};
use super::object::{Content, Named};
use super::text;
use super::types::{Meaning, Storage, candidates, ids, meaning};
use crate::metadata::MICROSOFT;

/// Set in all flags of the older container, and in those of its unsigned columns.
const FLAGS_OF_31: u32 = 0x0200_0800;

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct KeptFile {
    /// Runs of blocks: rows of each, and how many there are.
    pub(super) blocks: Vec<(u64, u64)>,
    /// Compression level, as far as the segments show it.
    pub(super) level: Option<u32>,
    /// Name of the column with the second index.
    pub(super) second_index: Option<String>,
    /// Attributes of the list of columns.
    pub(super) attributes: Option<Vec<Named>>,
}

impl KeptFile {
    /// What there is to keep of a file.
    pub(super) fn of(metadata: &Metadata, level: Option<u32>) -> Self {
        let mut blocks: Vec<(u64, u64)> = Vec::new();
        for &rows in &metadata.block_rows {
            match blocks.last_mut() {
                Some((last, count)) if *last == rows as u64 => *count = count.saturating_add(1),
                _ => blocks.push((rows as u64, 1)),
            }
        }
        let second_index = metadata.second_index.and_then(|index| metadata.variables.get(index));
        Self {
            blocks,
            level,
            second_index: second_index.map(|variable| variable.name.clone()),
            attributes: metadata.attributes.clone(),
        }
    }

    /// The entry of a schema's metadata.
    pub(super) fn to_json(&self) -> String {
        let mut entry = Map::from_iter([("blocks".to_owned(), json!(self.blocks))]);
        entry.extend(self.level.map(|level| ("level".to_owned(), level.into())));
        entry
            .extend(self.second_index.as_ref().map(|name| ("second_index".to_owned(), name.as_str().into())));
        entry.extend(self.attributes.as_deref().map(|list| ("attributes".to_owned(), records(list).into())));
        Value::Object(entry).to_string()
    }

    /// Reads the entry; what is not understood is left out.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        let entry: Value = serde_json::from_str(entry).ok()?;
        let runs = entry.get("blocks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let run = |run: &Value| Some((run.get(0)?.as_u64()?, run.get(1)?.as_u64()?));
        Some(Self {
            blocks: runs.iter().map(run).collect::<Option<_>>().unwrap_or_default(),
            level: entry.get("level").and_then(Value::as_u64).and_then(|level| u32::try_from(level).ok()),
            second_index: entry.get("second_index").and_then(Value::as_str).map(str::to_owned),
            attributes: entry.get("attributes").and_then(parse_records),
        })
    }

    /// Rows of all blocks.
    pub(super) fn rows(&self) -> u64 {
        self.blocks.iter().fold(0, |sum, (rows, count)| sum.saturating_add(rows.saturating_mul(*count)))
    }
}

/// What a column says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct KeptColumn {
    /// Low and high as stored.
    pub(super) range: Option<(Vec<u8>, Vec<u8>)>,
    /// The four bytes behind them.
    pub(super) tail: i32,
    /// Type id, class id and flags, where they are not those of a verified storage.
    pub(super) ids: Option<(i32, i32, u32)>,
    /// All attributes, where they are not just the levels.
    pub(super) attributes: Option<Vec<Named>>,
    name: Option<Vec<u8>>,
    description: Option<Vec<u8>>,
}

impl KeptColumn {
    /// What there is to keep of a column; nothing for most texts.
    pub(super) fn of(variable: &Variable, layout: Layout) -> Option<Self> {
        let array = &variable.stored.array;
        let mut kept = Self::default();
        if let Some(numbers) = variable.numbers() {
            let width = numbers.storage.width();
            let bytes = |number: [u8; 8]| number.into_iter().take(width).collect::<Vec<u8>>();
            let range = (bytes(numbers.low), bytes(numbers.high));
            let of_levels = (vec![0; 4], last_code(variable.levels.len()).to_le_bytes().to_vec());
            kept.range =
                Some(range).filter(|range| variable.storage != Storage::Factor || *range != of_levels);
            kept.tail = numbers.tail;
        }
        let flags = match layout {
            Layout::Header => array.flags & !FLAGS_OF_31,
            Layout::Trailer => array.flags,
        };
        let stored = (array.type_id, array.class, flags);
        let telling = variable.storage.is_inferred() || stored != ids(variable.storage);
        kept.ids = telling.then_some(stored);
        let usual = usual_attributes(variable.storage, &variable.levels);
        if array.attributes.as_deref().unwrap_or_default() != usual {
            kept.attributes = Some(array.attributes.clone().unwrap_or_default());
        }
        let odd = |bytes: &[u8]| std::str::from_utf8(bytes).is_err().then(|| bytes.to_vec());
        kept.name = odd(&variable.stored.name);
        kept.description = odd(&variable.stored.description);
        (kept != Self::default()).then_some(kept)
    }

    /// The entry of a field's metadata.
    pub(super) fn to_json(&self) -> String {
        let mut entry = Map::new();
        let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
        if let Some((low, high)) = &self.range {
            put("low", digits(low).into());
            put("high", digits(high).into());
        }
        if self.tail != 0 {
            put("tail", self.tail.into());
        }
        if let Some((type_id, class, flags)) = self.ids {
            put("ids", json!([type_id, class, flags]));
        }
        if let Some(list) = &self.attributes {
            put("attributes", records(list).into());
        }
        for (key, bytes) in [("name", &self.name), ("description", &self.description)] {
            if let Some(bytes) = bytes {
                put(key, digits(bytes).into());
            }
        }
        Value::Object(entry).to_string()
    }

    /// What the metadata of a field say; nothing where the key is absent or not understood.
    pub(super) fn parse(field: &Field) -> Self {
        let entry = field.metadata().get(MICROSOFT);
        let Some(entry) = entry.and_then(|entry| serde_json::from_str::<Value>(entry).ok()) else {
            return Self::default();
        };
        let bytes = |key| entry.get(key).and_then(parse_digits);
        let ids = entry.get("ids").and_then(|ids| {
            let id = |index: usize| ids.get(index)?.as_i64();
            Some((i32::try_from(id(0)?).ok()?, i32::try_from(id(1)?).ok()?, u32::try_from(id(2)?).ok()?))
        });
        let tail = entry.get("tail").and_then(Value::as_i64).and_then(|tail| i32::try_from(tail).ok());
        Self {
            range: bytes("low").zip(bytes("high")),
            tail: tail.unwrap_or_default(),
            ids,
            attributes: entry.get("attributes").and_then(parse_records),
            name: bytes("name"),
            description: bytes("description"),
        }
    }

    /// Whether all this can be said of a column of this storage.
    pub(super) fn fits(&self, storage: Storage) -> bool {
        let width = storage.width();
        let range = self.range.as_ref().is_none_or(|(low, high)| low.len() == width && high.len() == width);
        let ids = self.ids.is_none_or(|(type_id, class, flags)| match meaning(type_id, class) {
            Meaning::Known(known) => known == storage,
            Meaning::Unknown => candidates(class, flags).contains(&storage),
            Meaning::List | Meaning::Contradiction { .. } => false,
        });
        range && ids
    }

    /// The bytes of the name: as they were, if they still read as it.
    pub(super) fn name(&self, now: &str) -> Box<[u8]> {
        original(self.name.as_deref(), now)
    }

    /// The bytes of the description, in the same way.
    pub(super) fn description(&self, now: &str) -> Box<[u8]> {
        original(self.description.as_deref(), now)
    }

    /// The attributes of a column with these levels; levels that changed are replaced, the rest stays.
    pub(super) fn attributes(&self, storage: Storage, levels: &[String]) -> Option<Vec<Named>> {
        let usual = usual_attributes(storage, levels);
        let Some(mut kept) = self.attributes.clone() else { return some(usual) };
        for attribute in usual {
            match kept.iter_mut().find(|kept| kept.name == attribute.name) {
                Some(kept) if read_levels(kept).as_deref() == Some(levels) => {}
                Some(kept) => *kept = attribute,
                None if levels.is_empty() => {}
                None => kept.push(attribute),
            }
        }
        some(kept)
    }
}

fn original(bytes: Option<&[u8]>, now: &str) -> Box<[u8]> {
    bytes.filter(|bytes| text::decode(bytes) == now).unwrap_or(now.as_bytes()).into()
}

/// The code of the last of so many levels; all ones without levels.
pub(super) fn last_code(levels: usize) -> u32 {
    u32::try_from(levels).unwrap_or_default().wrapping_sub(1)
}

/// What a column has that nothing special is known about: the levels of a factor.
fn usual_attributes(storage: Storage, levels: &[String]) -> Vec<Named> {
    match storage {
        Storage::Factor => vec![texts(&String::from_utf8_lossy(LABELS), levels)],
        _ => Vec::new(),
    }
}

fn read_levels(attribute: &Named) -> Option<Vec<String>> {
    match &attribute.array.content {
        Content::Texts(texts) => Some(texts.iter().map(|level| text::decode(level).into_owned()).collect()),
        Content::Numbers(_) | Content::List(_) => None,
    }
}

fn some(list: Vec<Named>) -> Option<Vec<Named>> {
    Some(list).filter(|list| !list.is_empty())
}

fn records(list: &[Named]) -> String {
    let mut bytes = Vec::new();
    for item in list {
        encode::named(&mut bytes, item);
    }
    digits(&bytes)
}

fn parse_records(value: &Value) -> Option<Vec<Named>> {
    Named::read_all(&parse_digits(value)?).ok()
}

fn digits(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(digit.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte.wrapping_shr(4)), digit(byte & 15)]).collect()
}

fn parse_digits(value: &Value) -> Option<Vec<u8>> {
    let (pairs, rest) = value.as_str()?.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |&[high, low]: &[u8; 2]| Some(digit(high)?.wrapping_shl(4) | digit(low)?);
    pairs.iter().map(byte).collect::<Option<_>>().filter(|_| rest.is_empty())
}
