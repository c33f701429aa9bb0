//! A set reads as one file with the same blocks.

use std::fs;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch};
use xdf::set::SetOptions;
use xdf::{Error, File, ReadOptions, Set, WriteOptions, Writer};

use crate::tables::{assert_same, folder};
use crate::{begin, hundred, read_all, rows, write};

#[test]
fn blocks_come_in_the_order_of_the_parts_with_the_levels_of_all() {
    let folder = folder();
    let set = hundred(&folder.path().join("s"));
    assert_eq!((set.num_parts(), set.num_rows(), set.num_blocks()), (3, 100, 3 + 3 + 2));
    assert_eq!(set.part_rows(1), 40..75);
    assert_eq!(set.locate(3), Some((1, 0)));
    assert_eq!((set.locate(7), set.locate(8)), (Some((2, 1)), None));
    assert_same(&[rows(0, 100)], &read_all(&set));
    let levels = xdf::metadata::levels(set.schema().field(2)).unwrap();
    let expected: Vec<String> = (0..9).map(|level| format!("level {level}")).collect();
    assert_eq!(levels, expected);
    // one dictionary for all batches, so that a code means one level everywhere
    for batch in read_all(&set) {
        let factor: &DictionaryArray<Int32Type> = batch.column(2).as_any().downcast_ref().unwrap();
        assert_eq!(factor.values().len(), 9);
    }
    let blocks: Vec<_> = (0..8).map(|block| set.read_block(block, &[2, 0]).unwrap()).collect();
    let expected = rows(0, 100).project(&[2, 0]).unwrap();
    assert_same(&[expected], &blocks);
}

#[test]
fn any_range_of_rows_and_choice_of_columns_is_that_of_the_table() {
    let folder = folder();
    let set = hundred(&folder.path().join("s"));
    for (from, to) in [(0, 0), (0, 1), (39, 41), (40, 75), (10, 90), (74, 100), (99, 100), (100, 100)] {
        let options = ReadOptions::default().with_rows(from as u64..to as u64).with_columns(vec![2, 1]);
        let got: Vec<_> = set.reader(&options).unwrap().map(Result::unwrap).collect();
        let expected = rows(from, to).project(&[2, 1]).unwrap();
        if from < to {
            assert_same(&[expected], &got);
        }
        assert_eq!(got.iter().map(RecordBatch::num_rows).sum::<usize>() as i32, to - from);
    }
    assert!(matches!(
        set.reader(&ReadOptions::default().with_columns(vec![3])),
        Err(Error::NoSuchColumn { index: 3, .. })
    ));
    assert!(matches!(set.read_block(8, &[0]), Err(Error::NoSuchBlock { index: 8, .. })));
}

#[test]
fn statistics_are_those_of_a_file_with_the_same_blocks_bit_for_bit() {
    let folder = folder();
    let set = hundred(&folder.path().join("s"));
    let schema = rows(0, 1).schema();
    let options = WriteOptions::default().with_block_rows(16);
    let mut writer = Writer::create(folder.path().join("one.xdf"), schema, options).unwrap();
    for (from, to) in [(0, 40), (40, 75), (75, 100)] {
        writer.write(&rows(from, to)).unwrap();
        writer.end_block().unwrap();
    }
    let file = writer.finish().unwrap();
    assert_eq!(file.num_blocks(), set.num_blocks());
    for column in 0..3 {
        assert_eq!(set.column_statistics(column), file.column_statistics(column));
        assert!(set.column_statistics(column).is_some());
        for block in 0..=set.num_blocks() {
            assert_eq!(set.segment_statistics(block, column), file.segment_statistics(block, column));
        }
        assert_eq!(set.levels(column), file.levels(column));
    }
    for block in 0..=set.num_blocks() {
        assert_eq!(set.block_start(block).unwrap(), file.block_start(block));
    }
    for row in 0..=100 {
        assert_eq!(set.block_of(row).unwrap(), file.block_of(row), "{row}");
    }
}

#[test]
fn level_counts_of_blocks_are_in_the_order_of_the_sets_levels() {
    let folder = folder();
    let batch = |levels: [&str; 2]| {
        let factor: DictionaryArray<Int32Type> = (0..200).map(|i| Some(levels[i % 2])).collect();
        RecordBatch::try_from_iter_with_nullable([("f", Arc::new(factor) as ArrayRef, true)]).unwrap()
    };
    let schema = batch(["a", "b"]).schema();
    let token = Set::begin(folder.path().join("s"), schema, &SetOptions::default()).unwrap();
    write(&token, 0, &batch(["a", "b"]));
    write(&token, 1, &batch(["c", "a"]));
    let set = Set::commit(&token).unwrap();
    assert_eq!(set.levels(0).unwrap().iter().flatten().collect::<Vec<_>>(), ["a", "b", "c"]);
    let counts = |block| set.segment_statistics(block, 0).unwrap().level_counts.unwrap();
    assert_eq!((counts(0), counts(1)), (vec![100, 100], vec![100, 0, 100]));
    assert_eq!(set.segment_statistics(2, 0), None);
}

#[test]
fn a_folder_is_no_file_and_a_file_no_set() {
    let folder = folder();
    let path = folder.path().join("s");
    let set = hundred(&path);
    assert!(Set::recognises(&path));
    let error = File::open(&path).unwrap_err();
    assert!(matches!(error, Error::Folder { is_set: true, .. }), "{error}");
    assert!(error.to_string().contains("set of XDF files"), "{error}");
    assert!(matches!(File::open(folder.path()), Err(Error::Folder { is_set: false, .. })));
    let part = path.join("parts").join(&set.parts()[0].file);
    assert_eq!(File::open(&part).unwrap().num_rows(), 40);
    for (path, problem) in [(part.as_path(), "open it as one"), (folder.path(), "no manifest")] {
        let error = Set::open(path).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!Set::recognises(path));
    }
    assert!(matches!(Set::open(folder.path().join("absent")), Err(Error::Io { .. })));
}

#[test]
fn a_set_without_rows_and_one_of_many_parts() {
    let folder = folder();
    let path = folder.path().join("empty");
    let token = begin(&path, &SetOptions::default());
    write(&token, 0, &rows(0, 0));
    let set = Set::commit(&token).unwrap();
    assert_eq!((set.num_parts(), set.num_rows(), set.num_blocks()), (0, 0, 0));
    assert!(read_all(&set).is_empty());
    assert_eq!(set.schema().fields().len(), 3);

    // more than are opened at once or stay open
    let path = folder.path().join("many");
    let token = begin(&path, &SetOptions::default());
    for number in 0..520 {
        write(&token, number as u64, &rows(number, number + 1));
    }
    let set = Set::commit(&token).unwrap();
    assert_same(&[rows(0, 520)], &read_all(&set));
    let part = path.join("parts").join(&set.parts()[519].file);
    fs::remove_file(part).unwrap();
    let error = Set::open(&path).unwrap_err().to_string();
    assert!(error.contains("part-00519") && error.contains("missing"), "{error}");
}
