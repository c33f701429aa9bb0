//! Damaged, cut, foreign and future files: always an error that says so, never a panic, never wrong data.

mod tables;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    RecordBatch, StringArray,
};
use tables::{assert_same, folder, read_all, write};
use twox_hash::XxHash3_64;
use xdf::{Editor, Error, File, OpenOptions, Result, Usage, WriteOptions};

/// A table whose columns make the writer use every encoding.
fn table() -> RecordBatch {
    let rows = 200_i64;
    let some = |row: i64| row % 7 != 3;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("constant", Arc::new(Int32Array::from_iter_values((0..rows).map(|_| 42)))),
        ("offset", Arc::new((0..rows).map(|i| some(i).then_some(i as i32 * 100)).collect::<Int32Array>())),
        (
            "plain",
            Arc::new(Int64Array::from_iter_values(
                (0..rows).map(|i| (i * i * i).wrapping_mul(0x1234_5678_9ABC)),
            )),
        ),
        ("runs", Arc::new(Int32Array::from_iter_values((0..rows).map(|i| (i / 40 * 7919) as i32)))),
        (
            "patched",
            Arc::new(Int16Array::from_iter_values((0..rows).map(|i| match i % 66 {
                65 => 30_000 + i as i16,
                _ => (i * i % 13) as i16,
            }))),
        ),
        ("few", Arc::new(Int64Array::from_iter_values((0..rows).map(|i| (i % 3) << 40)))),
        ("narrow", Arc::new((0..rows).map(|i| some(i).then_some((i % 90) as f32)).collect::<Float32Array>())),
        ("fractions", Arc::new(Float64Array::from_iter_values((0..rows).map(|i| 1.0 / (1 + i % 50) as f64)))),
        ("missing", Arc::new((0..rows).map(|_| None::<i16>).collect::<Int16Array>())),
        ("logical", Arc::new((0..rows).map(|i| some(i).then_some(i % 5 == 0)).collect::<BooleanArray>())),
        (
            "words",
            Arc::new((0..rows).map(|i| some(i).then(|| format!("word {}", i % 9))).collect::<StringArray>()),
        ),
        ("texts", Arc::new((0..rows).map(|i| Some(format!("{i} {}", i * i))).collect::<StringArray>())),
        ("factor", {
            let texts: Vec<_> = (0..rows).map(|i| some(i).then(|| format!("level {}", i % 4))).collect();
            Arc::new(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())
        }),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// Everything that can be read of the file.
fn read(path: &Path, verify_checksums: bool) -> Result<Vec<RecordBatch>> {
    let file = File::open_with(
        path,
        &OpenOptions::default().with_verify_checksums(verify_checksums).with_mmap(false),
    )?;
    for column in 0..file.schema().fields().len() {
        let _ = file.column_statistics(column);
        for block in 0..file.num_blocks() {
            let _ = file.segment_statistics(block, column);
        }
    }
    let mut batches = Vec::new();
    let all: Vec<usize> = (0..file.schema().fields().len()).collect();
    for block in 0..file.num_blocks() {
        let _ = file.segments(block);
        batches.push(file.read_block(block, &all)?);
    }
    Ok(batches)
}

fn small_file(level: i32) -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
    let folder = folder();
    let file = write(&folder, &[table()], WriteOptions::default().with_block_rows(150).with_level(level));
    let path = file.path().to_owned();
    let bytes = fs::read(&path).unwrap();
    assert_same(&[table()], &read(&path, true).unwrap());
    (folder, path, bytes)
}

/// Writes over a file in place, which is many times faster than making it anew.
fn put(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

#[test]
fn every_flipped_byte_is_noticed_or_harmless() {
    let expected = [table()];
    for level in [0, 1] {
        let (_folder, path, bytes) = small_file(level);
        let mut refused = 0;
        for at in (0..bytes.len()).filter(|at| bytes[*at] != 0 || at % 8 == 0) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            put(&path, &damaged);
            match read(&path, true) {
                Ok(batches) => assert_same(&expected, &batches),
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    assert!(text.contains("t.xdf"), "{text}");
                }
            }
            // Without checksums the values may be wrong, but the decoders must survive.
            let _ = read(&path, false);
        }
        assert!(refused > bytes.len() / 8, "only {refused} of {} bytes matter", bytes.len());
    }
}

/// Differences need more rows than fit a test of every byte: the bytes in front and every hundredth behind.
#[test]
fn damaged_differences_are_noticed_or_harmless() {
    let keys = Int64Array::from_iter_values((0..3000).map(|i| (i << 20) + i * i % 7));
    let batch =
        RecordBatch::try_from_iter_with_nullable([("key", Arc::new(keys) as ArrayRef, true)]).unwrap();
    let folder = folder();
    let file = write(&folder, std::slice::from_ref(&batch), WriteOptions::default().with_level(0));
    let segment = file.segments(0).remove(0);
    assert!(segment.encoding.starts_with("offset + delta"), "{}", segment.encoding);
    let path = file.path().to_owned();
    let bytes = fs::read(&path).unwrap();
    for at in (0..segment.bytes as usize).filter(|at| *at < 200 || at % 100 == 0) {
        for value in [0, 1, 9, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[segment.offset as usize + at] = value;
            put(&path, &damaged);
            if let Ok(batches) = read(&path, true) {
                assert_same(std::slice::from_ref(&batch), &batches);
            }
            if let Ok(batches) = read(&path, false) {
                assert_eq!(batches[0].num_rows(), 3000);
            }
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let (_folder, path, bytes) = small_file(1);
    for length in (0..bytes.len()).rev().filter(|n| n % 7 == 0 || n + 70 > bytes.len()) {
        put(&path, &bytes[..length]);
        let error = read(&path, true).unwrap_err();
        match length {
            0 => assert!(matches!(error, Error::Empty { .. }), "{error}"),
            1..8 => assert!(matches!(error, Error::NotXdf { .. }), "{error}"),
            _ => assert!(matches!(error, Error::Truncated { .. }), "{length}: {error}"),
        }
    }
    // What lies behind the committed end belongs to nobody.
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"an append that was interrupted");
    put(&path, &longer);
    assert_same(&[table()], &read(&path, true).unwrap());
}

fn u64_at(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

fn put_u64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// Makes all checksums of the header and the footer right again, so that what is behind them is tested.
fn seal(bytes: &mut [u8]) {
    let (slot, footer, length) = (512, u64_at(bytes, 520), u64_at(bytes, 528));
    let head = u64_at(bytes, footer + 16).clamp(40, length);
    let sum = XxHash3_64::oneshot(&bytes[footer..footer + head - 8]);
    put_u64(bytes, footer + head - 8, sum);
    let sum = XxHash3_64::oneshot(&bytes[footer..footer + length]);
    put_u64(bytes, slot + 24, sum);
    let sum = XxHash3_64::oneshot(&bytes[slot..slot + 56]);
    put_u64(bytes, slot + 56, sum);
    let sum = XxHash3_64::oneshot(&bytes[..56]);
    put_u64(bytes, 56, sum);
}

#[test]
fn a_footer_that_lies_under_right_checksums_does_no_harm() {
    let (_folder, path, bytes) = small_file(1);
    let (footer, length) = (u64_at(&bytes, 520), u64_at(&bytes, 528));
    for at in footer..footer + length {
        for value in [bytes[at] ^ 1, 0xFF] {
            let mut lying = bytes.clone();
            lying[at] = value;
            seal(&mut lying);
            put(&path, &lying);
            let _ = read(&path, true);
            let _ = read(&path, false);
        }
    }
}

#[test]
fn verify_reports_all_damage_and_not_only_the_first() {
    let (_folder, path, mut bytes) = small_file(1);
    let file = File::open(&path).unwrap();
    assert!(file.verify().unwrap().is_ok());
    let places: Vec<u64> = [(0, 1), (0, 11), (1, 6)]
        .iter()
        .map(|(block, column)| file.segments(*block)[*column as usize].offset)
        .collect();
    drop(file);
    for place in &places {
        bytes[*place as usize + 20] ^= 4;
    }
    put(&path, &bytes);
    let file = File::open(&path).unwrap();
    let report = file.verify().unwrap();
    let found: Vec<_> = report.damaged.iter().map(|d| (d.block, d.column.as_deref(), d.offset)).collect();
    let expected = [
        (Some(0), Some("offset"), places[0]),
        (Some(0), Some("texts"), places[1]),
        (Some(1), Some("narrow"), places[2]),
    ];
    assert_eq!(found, expected);
    assert_eq!((report.blocks, report.segments), (2, 26));
    let error = file.read_block(0, &[1]).unwrap_err().to_string();
    for part in ["t.xdf", "column 'offset'", "block 0", "byte", "expected checksum", "got"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(file.read_block(0, &[0, 2]).is_ok());
}

#[test]
fn verify_finds_a_damaged_block_head() {
    let (_folder, path, mut bytes) = small_file(1);
    let start = bytes.windows(8).position(|bytes| bytes == b"\xb5XDFBLCK").unwrap();
    bytes[start + 60] ^= 1;
    put(&path, &bytes);
    let file = File::open(&path).unwrap();
    let report = file.verify().unwrap();
    assert_eq!(report.damaged.len(), 1);
    assert_eq!((report.damaged[0].block, report.damaged[0].offset), (Some(0), start as u64));
    assert_same(&[table()], &read_all(&file));
}

/// Filler and reserved bytes are zeros, so that a byte that is not zero counts, or is dead.
#[test]
fn verify_notices_every_byte_that_counts() {
    let (_folder, path, _) = small_file(1);
    let mut editor = Editor::open(&path).unwrap();
    editor.append(&table().slice(0, 20)).unwrap();
    let columns: Vec<String> = table().schema().fields().iter().map(|field| field.name().clone()).collect();
    editor.drop_columns(&columns[3..].iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let layout = editor.commit().unwrap().layout();
    let dead = |at: usize| {
        let extent = layout.iter().find(|extent| (at as u64) < extent.offset + extent.bytes);
        extent.unwrap().usage == Usage::Dead
    };
    let bytes = fs::read(&path).unwrap();
    let report = File::open(&path).unwrap().verify().unwrap();
    assert!(report.is_ok() && !report.torn_slot);
    assert!(report.dead > 1000 && report.dead < bytes.len() as u64);
    let mut noticed = 0;
    for at in (0..bytes.len()).filter(|at| bytes[*at] != 0 && !dead(*at)) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        put(&path, &damaged);
        let Ok(file) = File::open(&path) else {
            noticed += 1;
            continue;
        };
        let report = file.verify().unwrap();
        assert!(!report.is_ok() || report.torn_slot, "byte {at}");
        noticed += usize::from(!report.is_ok());
    }
    assert!(noticed > 1000, "{noticed}");
}

#[test]
fn verify_tells_that_the_newest_commit_was_lost() {
    let (_folder, path, _) = small_file(1);
    let mut editor = Editor::open(&path).unwrap();
    editor.append(&table()).unwrap();
    editor.commit().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[1024] ^= 1;
    put(&path, &bytes);
    let file = File::open(&path).unwrap();
    let report = file.verify().unwrap();
    assert_eq!((file.num_rows(), report.is_ok(), report.torn_slot), (200, true, true));
}

#[test]
fn foreign_and_future_files_are_named() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let message = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        File::open(&path).unwrap_err().to_string()
    };
    for (bytes, expected) in [
        (b"".as_slice(), "is empty (0 bytes)"),
        (b"PAR1\x15\x04\x15\x10", "a Parquet file"),
        (b"PK\x03\x04\x14\0\0\0", "a zip archive"),
        (b"ArrDelay,CRSDepTime,DayOfWeek\n6,9.66,Monday\n", "text; import it first"),
        ("Größe;Länge\n".as_bytes(), "text; import it first"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x28\xb5\x2f\xfd....", "zstd"),
        (b"ARROW1\0\0", "an Arrow IPC file"),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08\x09", "begins with the bytes 01 02 03 04 05 06 07 08"),
        (b"\x89XDF\n\x1a\n", "transferred as text"),
        (b"\x89XDF", "cut off"),
    ] {
        let message = message(bytes);
        assert!(message.contains(expected) && message.contains("t.xdf"), "{message}");
    }
    let (_other, _, mut bytes) = small_file(1);
    bytes[8] = 6;
    bytes[10] = 3;
    let future = message(&bytes);
    assert!(future.contains("XDF version 6.3") && future.contains("reads up to 5"), "{future}");
    // A later minor version is read.
    bytes[8] = 5;
    seal(&mut bytes);
    put(&path, &bytes);
    assert_eq!(File::open(&path).unwrap().generation().to_string(), "XDF 5.3");
}

#[test]
fn encodings_of_later_versions_are_refused_by_name() {
    let (_folder, path, mut bytes) = small_file(0);
    let place = File::open(&path).unwrap().segments(0)[0].offset as usize;
    for (tag, expected) in [(99, "unknown encoding 99"), (200, "unknown encoding 200")] {
        bytes[place] = tag;
        put(&path, &bytes);
        let error = read(&path, false).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("column 'constant'"), "{text}");
    }
}

#[test]
fn the_older_commit_is_read_when_the_newer_slot_is_torn() {
    let (_folder, path, mut bytes) = small_file(1);
    // A second commit of the same footer, in the other slot.
    bytes.copy_within(512..576, 1024);
    put_u64(&mut bytes, 1024, 2);
    let sum = XxHash3_64::oneshot(&bytes[1024..1080]);
    put_u64(&mut bytes, 1080, sum);
    for torn in [512, 1024] {
        let mut bytes = bytes.clone();
        bytes[torn + 20] ^= 1;
        put(&path, &bytes);
        assert_same(&[table()], &read(&path, true).unwrap());
    }
    bytes[512] ^= 1;
    bytes[1024] ^= 1;
    put(&path, &bytes);
    assert!(read(&path, true).unwrap_err().to_string().contains("commit slot"));
}
