//! What the bytes of a file are there for: every one of them is told, once.

mod tables;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use tables::{folder, write};
use xdf::{Extent, File, Usage, WriteOptions};

/// Checks that the extents are the whole file, and that the segments are those of the blocks.
fn check(file: &File) -> Vec<Extent> {
    let extents = file.layout();
    let mut next = 0;
    for extent in &extents {
        assert_eq!(extent.offset, next, "{extent:?}");
        assert!(extent.bytes > 0, "{extent:?}");
        next += extent.bytes;
    }
    assert_eq!(next, file.size());
    for block in 0..file.num_blocks() {
        for segment in file.segments(block) {
            let usage = Usage::Segment { block, column: segment.column };
            let extent = Extent { offset: segment.offset, bytes: segment.bytes, usage };
            assert!(extents.contains(&extent), "{extent:?}");
        }
    }
    extents
}

fn bytes(extents: &[Extent], usage: impl Fn(Usage) -> bool) -> u64 {
    extents.iter().filter(|extent| usage(extent.usage)).map(|extent| extent.bytes).sum()
}

fn flights(folder: &tempfile::TempDir) -> File {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(Int32Array::from_iter_values((0..1000).map(|i| i * 7919 % 1013)))),
        ("text", Arc::new(StringArray::from_iter_values((0..1000).map(|i| format!("t{i}"))))),
    ];
    let table = RecordBatch::try_from_iter(columns).unwrap();
    write(folder, &[table], WriteOptions::default().with_block_rows(300))
}

#[test]
fn a_new_file_has_nothing_dead() {
    let folder = folder();
    let extents = check(&flights(&folder));
    assert_eq!(bytes(&extents, |usage| usage == Usage::Header), 4096);
    assert_eq!(bytes(&extents, |usage| usage == Usage::Dead), 0);
    assert!(bytes(&extents, |usage| usage == Usage::Schema) > 0);
    assert!(bytes(&extents, |usage| usage == Usage::Footer) > 0);
    let heads = extents.iter().filter(|extent| matches!(extent.usage, Usage::BlockHead { .. })).count();
    let segments = extents.iter().filter(|extent| matches!(extent.usage, Usage::Segment { .. })).count();
    assert_eq!((heads, segments), (4, 8));
}

#[test]
fn what_was_not_committed_is_dead() {
    let folder = folder();
    let path = flights(&folder).path().to_owned();
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(&[1; 1000]).unwrap();
    let extents = check(&File::open(&path).unwrap());
    assert_eq!(bytes(&extents, |usage| usage == Usage::Dead), 1000);
}

#[test]
fn a_damaged_block_head_is_dead_and_the_rest_is_told() {
    let folder = folder();
    let file = flights(&folder);
    let head = check(&file).into_iter().find(|extent| extent.usage == Usage::BlockHead { block: 2 }).unwrap();
    let mut content = std::fs::read(file.path()).unwrap();
    content[head.offset as usize + 40] ^= 1;
    let path = folder.path().join("flipped.xdf");
    std::fs::write(&path, content).unwrap();
    let extents = check(&File::open(&path).unwrap());
    assert_eq!(bytes(&extents, |usage| usage == Usage::Dead), head.bytes);
}

#[test]
fn microsofts_files_are_told_as_well() {
    let shared = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/xdf-microsoft"));
    if !shared.exists() {
        eprintln!("skipped: needs ../shared");
        return;
    }
    for (name, header) in [("mtcars.xdf", 260), ("airports.xdf", 260), ("hr-attrition.xdf", 260)] {
        let extents = check(&File::open(shared.join(name)).unwrap());
        assert_eq!(bytes(&extents, |usage| usage == Usage::Header), header, "{name}");
        assert_eq!(bytes(&extents, |usage| matches!(usage, Usage::Dead | Usage::Padding)), 0, "{name}");
    }
}
