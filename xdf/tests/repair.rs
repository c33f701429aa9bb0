//! Compaction and repair: nothing that is alive gets lost, and what is lost is named.

mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch};
use tables::{assert_same, folder, read_all, write};
use xdf::{CompactOptions, Editor, Error, File, WriteOptions, compact, metadata, repair};

fn table(rows: std::ops::Range<i32>, levels: &[&str]) -> RecordBatch {
    let texts: Vec<&str> = rows.clone().map(|row| levels[row as usize % levels.len()]).collect();
    let factor: DictionaryArray<Int32Type> = texts.into_iter().collect();
    let x: ArrayRef = Arc::new(Int32Array::from_iter_values(rows.map(|v| v.wrapping_mul(7919) % 1000)));
    RecordBatch::try_from_iter_with_nullable([("x", x, true), ("f", Arc::new(factor) as ArrayRef, true)])
        .unwrap()
}

/// A file of six commits: rows twice, a replaced, a dropped and a new column, other names.
fn many_commits(folder: &tempfile::TempDir) -> PathBuf {
    let options = WriteOptions::default().with_block_rows(100);
    let path = write(folder, &[table(0..250, &["a", "b"])], options.clone()).path().to_owned();
    let commit = |change: &dyn Fn(&mut Editor)| {
        let mut editor = Editor::open_with(&path, &options).unwrap();
        change(&mut editor);
        editor.commit().unwrap();
    };
    let put = |editor: &mut Editor, name: &str, rows: std::ops::Range<i32>| {
        let array: ArrayRef = Arc::new(Int32Array::from_iter_values(rows));
        let batch = RecordBatch::try_from_iter([(name, array)]).unwrap();
        let mut columns = editor.put_columns(batch.schema()).unwrap();
        columns.write(&batch).unwrap();
        columns.finish().unwrap();
    };
    commit(&|editor| editor.append(&table(250..420, &["b", "c"])).unwrap());
    commit(&|editor| put(editor, "y", 0..420));
    commit(&|editor| put(editor, "x", 1000..1420));
    commit(&|editor| {
        editor.drop_columns(&["y"]).unwrap();
        put(editor, "z", 0..420);
        editor.rename("x", "new x").unwrap();
        editor.set_column_metadata("new x", metadata::LOW, Some("0")).unwrap();
        editor.set_column_metadata("new x", metadata::HIGH, Some("5000")).unwrap();
        editor.set_file_metadata("note", Some("last but one")).unwrap();
    });
    commit(&|editor| {
        editor.set_levels("f", &["A", "B", "C"]).unwrap();
        let more = table(0..30, &["D", "A"]);
        let x: ArrayRef = Arc::new(Int32Array::from_iter_values(0..30));
        let columns = [("new x", Arc::clone(&x)), ("f", Arc::clone(more.column(1))), ("z", x)];
        editor.append(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    });
    path
}

/// Same rows, schema, levels, statistics and cut.
fn assert_same_file(expected: &File, got: &File) {
    assert_eq!(expected.schema(), got.schema());
    assert_same(&read_all(expected), &read_all(got));
    for column in 0..expected.schema().fields().len() {
        // quantiles stand in the footer alone
        let statistics = |file: &File| {
            let mut statistics = file.column_statistics(column).unwrap();
            statistics.sketch = None;
            statistics
        };
        assert_eq!(statistics(expected), statistics(got), "column {column}");
    }
    let blocks = |file: &File| (0..file.num_blocks()).map(|block| file.block_rows(block)).collect::<Vec<_>>();
    assert_eq!(blocks(expected), blocks(got));
    assert_eq!(got.verify().unwrap().damaged, []);
}

fn u64_at(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// What happens to the bytes of a file.
type Damage<'a> = dyn Fn(&mut Vec<u8>) + 'a;

/// Place and length of the newest footer.
fn footer(bytes: &[u8]) -> std::ops::Range<usize> {
    let slot = if u64_at(bytes, 512) > u64_at(bytes, 1024) { 512 } else { 1024 };
    let start = u64_at(bytes, slot + 8);
    start..start + u64_at(bytes, slot + 16)
}

#[test]
fn compaction_keeps_what_is_alive_and_nothing_else() {
    let folder = folder();
    let path = many_commits(&folder);
    let before = File::open(&path).unwrap();
    let report = compact(&path, &CompactOptions::default()).unwrap();
    let after = File::open(&path).unwrap();
    assert_same_file(&before, &after);
    assert_eq!((report.bytes_before, report.bytes_after), (before.size(), after.size()));
    assert!(report.bytes_after < report.bytes_before);
    assert_eq!((report.segments_copied, report.segments_encoded), (6 * 3, 0));
    // What is compact stays as it is, byte for byte.
    let bytes = fs::read(&path).unwrap();
    compact(&path, &CompactOptions::default()).unwrap();
    assert!(fs::read(&path).unwrap() == bytes);
}

#[test]
fn compaction_joins_small_blocks_and_encodes_again() {
    let folder = folder();
    let path = many_commits(&folder);
    let before = File::open(&path).unwrap();
    let rows = |file: &File| (0..file.num_blocks()).map(|block| file.block_rows(block)).collect::<Vec<_>>();
    assert_eq!(rows(&before), [100, 100, 50, 100, 70, 30]);
    let report = compact(&path, &CompactOptions::default().with_merge_up_to(150)).unwrap();
    let after = File::open(&path).unwrap();
    assert_eq!(rows(&after), [100, 150, 100, 100]);
    assert_eq!((report.segments_copied, report.segments_encoded), (2 * 3, 4 * 3));
    compact(&path, &CompactOptions::default().with_block_rows(90).with_level(0)).unwrap();
    let again = File::open(&path).unwrap();
    assert_eq!(rows(&again), [90, 90, 90, 90, 90]);
    assert_eq!(again.compression(), "none");
    for file in [&after, &again] {
        assert_same(&read_all(&before), &read_all(file));
        assert_eq!(before.schema(), file.schema());
        assert_eq!(
            file.column_statistics(1).unwrap().level_counts,
            before.column_statistics(1).unwrap().level_counts
        );
    }
    let wrong = CompactOptions::default().with_level(10);
    assert!(matches!(compact(&path, &wrong), Err(Error::InvalidOption { .. })));
}

#[cfg(unix)]
#[test]
fn compaction_keeps_permissions_and_links() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = many_commits(&folder);
    let link = folder.path().join("link.xdf");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    compact(&link, &CompactOptions::default()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn compaction_of_a_damaged_file_changes_nothing() {
    let folder = folder();
    let path = many_commits(&folder);
    let mut bytes = fs::read(&path).unwrap();
    let place = File::open(&path).unwrap().segments(1)[1].offset as usize;
    bytes[place + 20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = compact(&path, &CompactOptions::default()).unwrap_err();
    assert!(matches!(error, Error::DamagedSegment { block: 1, .. }), "{error}");
    assert!(fs::read(&path).unwrap() == bytes);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Damages the file, repairs it; the repaired file and the report.
fn repaired(path: &Path, damage: impl FnOnce(&mut Vec<u8>)) -> (File, xdf::RepairReport) {
    let mut bytes = fs::read(path).unwrap();
    damage(&mut bytes);
    let (damaged, target) = (path.with_file_name("damaged.xdf"), path.with_file_name("saved.xdf"));
    fs::write(&damaged, &bytes).unwrap();
    let report = repair(&damaged, &target, true).unwrap();
    assert!(fs::read(&damaged).unwrap() == bytes, "the damaged file was changed");
    let file = File::open(&target).unwrap();
    assert_eq!(file.verify().unwrap().damaged, []);
    assert_eq!((report.rows, report.blocks), (file.num_rows(), file.num_blocks()));
    (file, report)
}

#[test]
fn without_the_header_page_or_the_footer_nothing_is_lost() {
    let folder = folder();
    let path = many_commits(&folder);
    let before = File::open(&path).unwrap();
    let lose_header = |bytes: &mut Vec<u8>| bytes[..4096].fill(0xAA);
    let lose_footer = |bytes: &mut Vec<u8>| {
        let footer = footer(bytes);
        bytes[footer].fill(0);
    };
    let cut_footer = |bytes: &mut Vec<u8>| {
        let footer = footer(bytes);
        bytes.truncate(footer.start + 16);
    };
    let lose_all_footers = |bytes: &mut Vec<u8>| {
        let places: Vec<usize> =
            (0..bytes.len() - 8).step_by(64).filter(|at| &bytes[*at..at + 8] == b"\xb5XDFFOOT").collect();
        assert_eq!(places.len(), 6);
        for place in places {
            bytes[place..place + 64].fill(0);
        }
    };
    let damages: [&Damage<'_>; 6] = [
        &lose_header,
        &lose_footer,
        &cut_footer,
        &lose_all_footers,
        &|bytes| {
            lose_footer(bytes);
            lose_header(bytes);
        },
        &|bytes| {
            lose_all_footers(bytes);
            lose_header(bytes);
        },
    ];
    for (number, damage) in damages.iter().enumerate() {
        let (file, report) = repaired(&path, damage);
        assert!(report.is_complete(), "damage {number}: {:?}", report.lost);
        assert_eq!(report.commit, 6);
        assert_same_file(&before, &file);
    }
}

#[test]
fn a_commit_that_was_not_finished_is_not_repaired_into_the_file() {
    let folder = folder();
    let path = many_commits(&folder);
    let before = File::open(&path).unwrap();
    let committed = fs::read(&path).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    editor.append(&read_all(&before)[0]).unwrap();
    drop(editor.commit().unwrap());
    let longer = fs::read(&path).unwrap();
    // The blocks of commit 7 are there, its footer and its slot are not.
    let (file, report) = repaired(&path, |bytes| {
        let start = footer(bytes).start;
        *bytes = longer[..start].to_vec();
        bytes[..4096].copy_from_slice(&committed[..4096]);
        let last = footer(bytes);
        bytes[last].fill(0);
    });
    assert!(report.is_complete());
    assert_eq!(report.commit, 6);
    assert_same_file(&before, &file);
}

#[test]
fn damaged_segments_become_missing_values_and_are_named() {
    let folder = folder();
    let path = many_commits(&folder);
    let before = File::open(&path).unwrap();
    let place = |block: usize, column: usize| before.segments(block)[column].offset as usize;
    let places = [place(1, 0), place(3, 1), place(5, 0), place(5, 1), place(5, 2)];
    let (file, report) = repaired(&path, |bytes| {
        for place in places {
            bytes[place + 9] ^= 0x10;
        }
    });
    let lost: Vec<_> = report.lost.iter().map(|lost| (lost.block, lost.column.as_deref())).collect();
    let expected = [
        (Some(1), Some("new x")),
        (Some(3), Some("f")),
        (Some(5), Some("new x")),
        (Some(5), Some("f")),
        (Some(5), Some("z")),
        (Some(5), None),
    ];
    assert_eq!(lost, expected);
    assert_eq!(report.lost[0].offset, places[0] as u64);
    assert!(report.lost[0].problem.contains("checksum"), "{:?}", report.lost[0]);
    assert!(report.lost[5].problem.contains("rows 420 to 449"), "{:?}", report.lost[5]);
    assert_eq!((report.rows, report.segments), (420, 6 * 3 - 5));
    assert_eq!(file.column_statistics(0).unwrap().missing, 100);
    let all = read_all(&before);
    let z = |batches: &[RecordBatch]| -> Vec<RecordBatch> {
        batches.iter().take(5).map(|batch| batch.project(&[2]).unwrap()).collect()
    };
    assert_same(&z(&all), &z(&read_all(&file)));
}

#[test]
fn lost_block_heads_lose_their_rows_only_without_a_footer() {
    let folder = folder();
    let path = many_commits(&folder);
    let before = File::open(&path).unwrap();
    let lose_head = |bytes: &mut Vec<u8>| {
        let heads: Vec<usize> =
            (0..bytes.len() - 8).step_by(64).filter(|at| &bytes[*at..at + 8] == b"\xb5XDFBLCK").collect();
        bytes[heads[1] + 40] ^= 1;
    };
    let (file, report) = repaired(&path, |bytes| {
        lose_head(bytes);
        bytes[..4096].fill(0);
    });
    assert!(report.is_complete(), "{:?}", report.lost);
    assert_eq!(report.unread.len(), 1);
    assert_same_file(&before, &file);
    let (file, report) = repaired(&path, |bytes| {
        lose_head(bytes);
        for place in (0..bytes.len() - 8).step_by(64) {
            if &bytes[place..place + 8] == b"\xb5XDFFOOT" {
                bytes[place + 40] ^= 1;
            }
        }
    });
    // The rows are known from the columns that came later; the factor of that block is lost.
    let lost: Vec<_> = report.lost.iter().map(|lost| (lost.block, lost.column.as_deref())).collect();
    assert_eq!(lost, [(Some(1), Some("f"))]);
    assert_eq!(file.num_rows(), 450);
    assert_eq!(file.column_statistics(1).unwrap().missing, 100);
}

#[test]
fn levels_whose_names_are_lost_are_told_apart() {
    let folder = folder();
    let path = write(&folder, &[table(0..6, &["a", "b"])], WriteOptions::default()).path().to_owned();
    let mut editor = Editor::open(&path).unwrap();
    editor.set_levels("f", &["A", "B"]).unwrap();
    drop(editor.commit().unwrap());
    let mut editor = Editor::open(&path).unwrap();
    editor.append(&table(6..8, &["a", "c"])).unwrap();
    drop(editor.commit().unwrap());
    let frames = |bytes: &[u8], kind: &[u8]| -> Vec<usize> {
        (0..bytes.len() - 8).step_by(64).filter(|at| &bytes[*at + 4..at + 8] == kind).collect()
    };
    let (file, report) = repaired(&path, |bytes| {
        let schemas = frames(bytes, b"SCHM");
        assert_eq!(schemas.len(), 2);
        for place in frames(bytes, b"FOOT").into_iter().chain(schemas.into_iter().skip(1)) {
            bytes[place + 40] ^= 1;
        }
    });
    assert_eq!(metadata::levels(file.schema().field(1)).unwrap(), ["a", "b", "a'", "c"]);
    assert_eq!(report.lost.len(), 1);
    assert_eq!(report.lost[0].column.as_deref(), Some("f"));
    assert_eq!(file.column_statistics(1).unwrap().level_counts, Some(vec![3, 3, 1, 1]));
    // A block head with new levels that is lost leaves codes without names.
    let (file, report) = repaired(&path, |bytes| {
        let heads = frames(bytes, b"BLCK");
        let footers = frames(bytes, b"FOOT");
        bytes[heads[0] + 40] ^= 1;
        for place in footers.into_iter().take(2) {
            bytes[place + 40] ^= 1;
        }
    });
    assert!(report.is_complete(), "{:?}", report.lost);
    assert_eq!(metadata::levels(file.schema().field(1)).unwrap(), ["A", "B", "a", "c"]);
}

#[test]
fn what_cannot_be_repaired_is_said() {
    let folder = folder();
    let path = many_commits(&folder);
    let target = folder.path().join("saved.xdf");
    let nothing = folder.path().join("nothing.xdf");
    fs::write(&nothing, vec![7; 10_000]).unwrap();
    let error = repair(&nothing, &target, false).unwrap_err();
    assert!(matches!(error, Error::Irreparable { .. }), "{error}");
    assert!(matches!(repair(&path, &path, true), Err(Error::InvalidEdit { .. })));
    fs::write(&target, "precious").unwrap();
    assert!(matches!(repair(&path, &target, false), Err(Error::Exists { .. })));
    assert_eq!(fs::read(&target).unwrap(), b"precious");
}

#[test]
fn any_cut_of_a_file_is_repaired_to_a_prefix() {
    let folder = folder();
    let path = many_commits(&folder);
    let bytes = fs::read(&path).unwrap();
    let before = File::open(&path).unwrap();
    let target = folder.path().join("saved.xdf");
    let mut rows = Vec::new();
    for length in (4096..bytes.len()).step_by(331) {
        let damaged = folder.path().join("damaged.xdf");
        fs::write(&damaged, &bytes[..length]).unwrap();
        match repair(&damaged, &target, true) {
            Ok(report) => {
                let file = File::open(&target).unwrap();
                assert_eq!(file.verify().unwrap().damaged, []);
                rows.push(report.rows);
            }
            Err(error) => assert!(matches!(error, Error::Irreparable { .. }) && rows.is_empty(), "{error}"),
        }
    }
    assert!(rows.is_sorted(), "{rows:?}");
    assert!(rows.contains(&100) && rows.last() == Some(&before.num_rows()), "{rows:?}");
}
