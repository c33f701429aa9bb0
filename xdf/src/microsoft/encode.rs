//! The bytes of a 4.2 container around its segments: head, metadata, footer.
//!
//! The other direction of [`metadata`](super::metadata) and [`object`](super::object), from the same types, so that
//! what was read and kept (read info, tails, flags, attributes by name) is written back as it was. Every number is
//! little-endian and nothing is aligned.

use super::container::{HEAD, Layout, MAGIC, TAIL, ZLIB_TRAITS};
use super::metadata::Metadata;
use super::object::{Array, Content, Named, OBJECT_MAGIC};
use super::types::{LIST, LIST_CLASS, Storage, ids};

/// The first bytes of a file.
pub(super) fn head() -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.resize(HEAD, 0);
    out
}

/// The last bytes of a file whose metadata begin at byte `start`.
pub(super) fn footer(start: u64, metadata: &Metadata, traits: [u8; 8]) -> Vec<u8> {
    let rows: u64 = metadata.block_rows.iter().map(|&rows| rows as u64).sum();
    let mut out = Layout::Trailer.version().to_le_bytes().to_vec();
    out.extend(1_i64.to_le_bytes());
    for fact in [start, metadata.variables.len() as u64, rows] {
        out.extend(fact.to_le_bytes());
    }
    out.extend(traits);
    out.extend((TAIL as u64).to_le_bytes());
    out.extend([MAGIC, MAGIC].concat());
    out
}

/// Everything between the last segment and the footer.
pub(super) fn metadata(metadata: &Metadata) -> Vec<u8> {
    let mut out = Layout::Trailer.metadata_version().to_le_bytes().to_vec();
    for index in [metadata.row_names, metadata.second_index] {
        out.extend(index.map_or(-1, |index| (index as u64).cast_signed()).to_le_bytes());
    }
    let (columns, blocks) = (metadata.variables.len(), metadata.block_rows.len());
    let (offsets, lengths): (Vec<u64>, Vec<u64>) =
        metadata.segments.iter().map(|segment| (segment.offset as u64, segment.length as u64)).unzip();
    let block_rows: Vec<u64> = metadata.block_rows.iter().map(|&rows| rows as u64).collect();
    let (free_offsets, free_lengths): (Vec<u64>, Vec<u64>) = metadata.free.iter().copied().unzip();
    table(&mut out, Storage::UInt64, [1, blocks], &block_rows);
    table(&mut out, Storage::Int64, [columns, blocks], &offsets);
    table(&mut out, Storage::UInt64, [columns, blocks], &lengths);
    table(&mut out, Storage::Int64, [free_offsets.len(), 1], &free_offsets);
    table(&mut out, Storage::UInt64, [free_lengths.len(), 1], &free_lengths);
    named_head(&mut out, b"", b"");
    list_array(&mut out, columns, metadata.attributes.as_deref(), |out| {
        for variable in &metadata.variables {
            named(out, &variable.stored);
        }
    });
    out.extend(1_i32.to_le_bytes());
    out
}

/// A named array.
pub(super) fn named(out: &mut Vec<u8>, named: &Named) {
    named_head(out, &named.name, &named.description);
    array(out, &named.array);
}

/// A text record: `1`, length, bytes. No text is longer than Arrow's 2 GiB of text in one array.
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(1_i32.to_le_bytes());
    out.extend(i32::try_from(text.len()).unwrap_or(i32::MAX).to_le_bytes());
    out.extend(text);
}

/// An array of 64-bit integers whose low and high are "not computed": the greatest value of the type.
fn table(out: &mut Vec<u8>, storage: Storage, dimensions: [usize; 2], words: &[u64]) {
    let unset = if storage == Storage::Int64 { i64::MAX.cast_unsigned() } else { u64::MAX };
    named_head(out, b"", b"");
    array_head(out, ids(storage), dimensions, ZLIB_TRAITS, None);
    out.extend(1.0_f32.to_le_bytes());
    out.extend([unset.to_le_bytes(), unset.to_le_bytes()].concat());
    out.extend(0_i32.to_le_bytes());
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn named_head(out: &mut Vec<u8>, name: &[u8], description: &[u8]) {
    out.extend(1_i32.to_le_bytes());
    out.extend(1.0_f32.to_le_bytes());
    text(out, name);
    text(out, description);
    out.extend(1_i32.to_le_bytes());
}

fn array(out: &mut Vec<u8>, array: &Array) {
    let ids = (array.type_id, array.class, array.flags);
    array_head(out, ids, [array.rows, array.columns], array.traits, array.attributes.as_deref());
    match &array.content {
        Content::Numbers(numbers) => {
            let width = numbers.storage.width();
            out.extend(1.0_f32.to_le_bytes());
            out.extend(numbers.low.iter().take(width));
            out.extend(numbers.high.iter().take(width));
            out.extend(numbers.tail.to_le_bytes());
            out.extend(&numbers.values);
        }
        Content::Texts(texts) => texts.iter().for_each(|bytes| text(out, bytes)),
        Content::List(items) => {
            list_head(out);
            for item in items {
                named(out, item);
            }
        }
    }
}

/// A list of `length` items, which `items` writes.
fn list_array(
    out: &mut Vec<u8>,
    length: usize,
    attributes: Option<&[Named]>,
    items: impl FnOnce(&mut Vec<u8>),
) {
    array_head(out, (LIST, LIST_CLASS, 0), [1, length], ZLIB_TRAITS, attributes);
    list_head(out);
    items(out);
}

/// Everything of an array up to its values, with its attribute list.
fn array_head(
    out: &mut Vec<u8>,
    (type_id, class, flags): (i32, i32, u32),
    dimensions: [usize; 2],
    traits: [u8; 8],
    attributes: Option<&[Named]>,
) {
    out.extend(OBJECT_MAGIC);
    out.extend(2.0_f32.to_le_bytes());
    out.extend(type_id.to_le_bytes());
    out.extend(traits);
    out.extend(dimensions.iter().flat_map(|&dimension| (dimension as u64).to_le_bytes()));
    out.extend(class.to_le_bytes());
    out.extend(flags.to_le_bytes());
    out.extend(0_i32.to_le_bytes());
    out.extend(1.0_f32.to_le_bytes());
    out.extend(i32::from(attributes.is_some()).to_le_bytes());
    if let Some(items) = attributes {
        list_array(out, items.len(), None, |out| {
            for item in items {
                named(out, item);
            }
        });
    }
}

fn list_head(out: &mut Vec<u8>) {
    out.extend(1.1_f32.to_le_bytes());
    out.extend([3_i32.to_le_bytes(), [0; 4], [0; 4]].concat());
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::container::locate;
    use super::super::metadata::read;
    use super::*;

    fn real_file(name: &str) -> Option<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/xdf-microsoft");
        let bytes = std::fs::read(folder.join(name)).ok();
        if bytes.is_none() {
            println!("skipped: needs ../shared ({name})");
        }
        bytes
    }

    fn read_metadata(bytes: &[u8]) -> (Metadata, std::ops::Range<usize>) {
        let tail = bytes.last_chunk::<TAIL>().unwrap();
        let frame = locate(&bytes[..HEAD], tail, bytes.len()).unwrap();
        (read(&bytes[frame.metadata.clone()], &frame).unwrap(), frame.metadata)
    }

    #[test]
    fn all_but_the_segments_of_real_files_comes_back_byte_for_byte() {
        for name in ["airports.xdf", "hr-attrition.xdf", "mtcars.xdf", "mtcars-filtered.xdf"] {
            let Some(bytes) = real_file(name) else { continue };
            let (found, place) = read_metadata(&bytes);
            assert!(metadata(&found) == bytes[place.clone()], "{name}: the metadata differ");
            assert_eq!(footer(place.start as u64, &found, ZLIB_TRAITS), bytes[place.end..], "{name}");
            assert_eq!(head(), bytes[..HEAD], "{name}");
        }
    }

    #[test]
    fn what_only_a_writer_needs_is_kept() {
        let Some(bytes) = real_file("mtcars.xdf") else { return };
        let (found, _) = read_metadata(&bytes);
        assert_eq!((found.row_names, found.second_index), (Some(11), None));
        let attributes = found.attributes.unwrap();
        assert_eq!((attributes.len(), &*attributes[0].name), (1, b"ReadInfo".as_slice()));
        let Content::Numbers(read_info) = &attributes[0].array.content else { panic!("not numbers") };
        assert_eq!(read_info.words(), Some(vec![1, 1, 32]));
        assert_eq!(found.variables[0].stored.array.flags, 0x0040_0600);
        assert_eq!(found.variables[0].numbers().unwrap().tail, 0);
    }
}
