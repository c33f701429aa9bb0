//! Proof that reading loses nothing: the metadata, written back from what was kept, are the bytes of the file.
//!
//! A byte-exact writer of container 4.2 stands on this: everything it needs beside the values (read info, tails,
//! the index of the row names, flags, attributes by name) is in [`Metadata`].

use std::path::Path;

use super::container::{HEAD, Layout, TAIL, locate};
use super::metadata::{self, Metadata};
use super::object::{Array, Content, Named, OBJECT_MAGIC};

fn write(metadata: &Metadata, layout: Layout, traits: [u8; 8]) -> Vec<u8> {
    let mut out = layout.metadata_version().to_le_bytes().to_vec();
    if layout == Layout::Header {
        out.extend(1_i64.to_le_bytes());
    }
    for index in [metadata.row_names, metadata.second_index] {
        out.extend(index.map_or(-1, |index| index.cast_signed() as i64).to_le_bytes());
    }
    let (columns, blocks) = (metadata.variables.len(), metadata.block_rows.len());
    let (offsets, lengths): (Vec<u64>, Vec<u64>) =
        metadata.segments.iter().map(|segment| (segment.offset as u64, segment.length as u64)).unzip();
    let block_rows: Vec<u64> = metadata.block_rows.iter().map(|&rows| rows as u64).collect();
    let (free_offsets, free_lengths): (Vec<u64>, Vec<u64>) = metadata.free.iter().copied().unzip();
    table(&mut out, 21, [1, blocks], &block_rows, traits);
    table(&mut out, 2, [columns, blocks], &offsets, traits);
    table(&mut out, 21, [columns, blocks], &lengths, traits);
    table(&mut out, 2, [free_offsets.len(), 1], &free_offsets, traits);
    table(&mut out, 21, [free_lengths.len(), 1], &free_lengths, traits);
    named_head(&mut out, b"", b"");
    array_head(&mut out, [6, 3, 0], [1, columns], traits, metadata.attributes.as_deref());
    list_head(&mut out);
    for variable in &metadata.variables {
        named(&mut out, &variable.stored);
    }
    out.extend(1_i32.to_le_bytes());
    if layout == Layout::Header {
        out.extend(1_i32.to_le_bytes());
    }
    out
}

fn table(out: &mut Vec<u8>, type_id: i32, dimensions: [usize; 2], words: &[u64], traits: [u8; 8]) {
    let (class, flags, unset) =
        if type_id == 2 { (15, 0x0040_0300, i64::MAX.cast_unsigned()) } else { (16, 0x0042_0300, u64::MAX) };
    named_head(out, b"", b"");
    array_head(out, [type_id, class, flags], dimensions, traits, None);
    out.extend(1.0_f32.to_le_bytes());
    out.extend([unset.to_le_bytes(), unset.to_le_bytes()].concat());
    out.extend(0_i32.to_le_bytes());
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn named(out: &mut Vec<u8>, named: &Named) {
    named_head(out, &named.name, &named.description);
    array(out, &named.array);
}

fn named_head(out: &mut Vec<u8>, name: &[u8], description: &[u8]) {
    out.extend(1_i32.to_le_bytes());
    out.extend(1.0_f32.to_le_bytes());
    text(out, name);
    text(out, description);
    out.extend(1_i32.to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(1_i32.to_le_bytes());
    out.extend(i32::try_from(text.len()).unwrap().to_le_bytes());
    out.extend(text);
}

fn array(out: &mut Vec<u8>, array: &Array) {
    let ids = [array.type_id, array.class, array.flags.cast_signed()];
    array_head(out, ids, [array.rows, array.columns], array.traits, array.attributes.as_deref());
    match &array.content {
        Content::Numbers(numbers) => {
            let width = numbers.storage.width();
            out.extend(1.0_f32.to_le_bytes());
            out.extend(&numbers.low[..width]);
            out.extend(&numbers.high[..width]);
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

fn array_head(
    out: &mut Vec<u8>,
    ids: [i32; 3],
    dimensions: [usize; 2],
    traits: [u8; 8],
    attributes: Option<&[Named]>,
) {
    out.extend(OBJECT_MAGIC);
    out.extend(2.0_f32.to_le_bytes());
    out.extend(ids[0].to_le_bytes());
    out.extend(traits);
    out.extend(dimensions.iter().flat_map(|&dimension| (dimension as u64).to_le_bytes()));
    out.extend([ids[1].to_le_bytes(), ids[2].to_le_bytes()].concat());
    out.extend(0_i32.to_le_bytes());
    out.extend(1.0_f32.to_le_bytes());
    out.extend(i32::from(attributes.is_some()).to_le_bytes());
    if let Some(items) = attributes {
        array_head(out, [6, 3, 0], [1, items.len()], traits, None);
        list_head(out);
        for item in items {
            named(out, item);
        }
    }
}

fn list_head(out: &mut Vec<u8>) {
    out.extend(1.1_f32.to_le_bytes());
    out.extend([3_i32.to_le_bytes(), [0; 4], [0; 4]].concat());
}

#[test]
fn metadata_of_real_files_come_back_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/xdf-microsoft");
    for name in ["airports.xdf", "hr-attrition.xdf", "mtcars.xdf", "mtcars-filtered.xdf"] {
        let path = folder.join(name);
        if !path.exists() {
            println!("skipped: needs ../shared ({name})");
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        let frame = locate(&bytes[..HEAD], &bytes[bytes.len() - TAIL..], bytes.len()).unwrap();
        let stored = &bytes[frame.metadata.clone()];
        let metadata = metadata::read(stored, &frame).unwrap();
        let written = write(&metadata, frame.layout, super::container::ZLIB_TRAITS);
        assert!(written == stored, "{name}: the metadata differ");
    }
}

#[test]
fn what_only_a_writer_needs_is_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/xdf-microsoft/mtcars.xdf");
    if !path.exists() {
        println!("skipped: needs ../shared (mtcars.xdf)");
        return;
    }
    let bytes = std::fs::read(path).unwrap();
    let frame = locate(&bytes[..HEAD], &bytes[bytes.len() - TAIL..], bytes.len()).unwrap();
    let metadata = metadata::read(&bytes[frame.metadata.clone()], &frame).unwrap();
    assert_eq!((metadata.row_names, metadata.second_index), (Some(11), None));
    let attributes = metadata.attributes.unwrap();
    assert_eq!((attributes.len(), &*attributes[0].name), (1, b"ReadInfo".as_slice()));
    let Content::Numbers(read_info) = &attributes[0].array.content else { panic!("not numbers") };
    assert_eq!(read_info.words(), Some(vec![1, 1, 32]));
    assert_eq!(metadata.variables[0].stored.array.flags, 0x0040_0600);
    assert_eq!(metadata.variables[0].numbers().unwrap().tail, 0);
}
