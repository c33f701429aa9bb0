//! Sets of XDF files through sources and sinks: parts of whole blocks, partitions, what is left of failures.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int64Array, RecordBatch, StringArray,
    UInt64Array,
};
use engine::sink::{PartitionOptions, PartitionSink, SinkOptions, XdfSetSink};
use engine::source::{MemorySource, XdfSetSource, open};
use engine::{Block, BlockSink, BlockSource, Error, MemoryBudget, ScanOptions, transfer};
use proptest::prelude::*;
use xdf::set::Key;
use xdf::{Scalar, Set};

const ROWS: usize = 600;

/// Rows with a column of every type that can be a key.
fn table() -> RecordBatch {
    let rows = || 0..ROWS as i64;
    let some = |i: i64, every: i64| i % every != every - 1;
    let words = ["b", "", "a", "ß"];
    let word = |i: i64| some(i, 7).then(|| words[(i / 5 % 4) as usize]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("row", Arc::new(Int64Array::from_iter_values(rows()))),
        ("logical", Arc::new(rows().map(|i| some(i, 5).then_some(i % 3 == 0)).collect::<BooleanArray>())),
        ("integer", Arc::new(rows().map(|i| some(i, 9).then_some(i % 4 - 2)).collect::<Int64Array>())),
        (
            "unsigned",
            Arc::new(rows().map(|i| some(i, 11).then_some(u64::MAX - i as u64 % 3)).collect::<UInt64Array>()),
        ),
        ("text", Arc::new(rows().map(word).collect::<StringArray>())),
        ("factor", Arc::new(rows().map(word).collect::<DictionaryArray<Int32Type>>())),
        (
            "date",
            Arc::new(rows().map(|i| some(i, 13).then_some((i % 6) as i32 - 3)).collect::<Date32Array>()),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// The value of a row as a key has it.
fn value(array: &ArrayRef, row: usize) -> Option<Scalar> {
    if array.is_null(row) {
        return None;
    }
    let text = |array: &ArrayRef| arrow_cast::display::array_value_to_string(array, row).unwrap();
    Some(match array.data_type() {
        arrow_schema::DataType::Boolean => Scalar::Bool(array.as_boolean().value(row)),
        arrow_schema::DataType::Int64 => Scalar::Int(array.as_primitive::<Int64Type>().value(row)),
        arrow_schema::DataType::UInt64 => {
            Scalar::UInt(array.as_primitive::<arrow_array::types::UInt64Type>().value(row))
        }
        arrow_schema::DataType::Date32 => {
            Scalar::Int(array.as_primitive::<arrow_array::types::Date32Type>().value(row).into())
        }
        _ => Scalar::Text(text(array)),
    })
}

fn row_numbers(set: &Set) -> Vec<i64> {
    let source = XdfSetSource::from(set.clone());
    let blocks = source.open(&ScanOptions::default().with_columns(["row"])).unwrap();
    blocks
        .flat_map(|block| block.unwrap().batch.column(0).as_primitive::<Int64Type>().values().to_vec())
        .collect()
}

fn write(sink: &mut dyn BlockSink, batch: &RecordBatch, block_rows: usize) {
    for start in (0..batch.num_rows()).step_by(block_rows) {
        let rows = block_rows.min(batch.num_rows() - start);
        let batch = batch.slice(start, rows);
        sink.write(&Block { batch, index: (start / block_rows) as u64, start_row: start as u64 }).unwrap();
    }
}

fn partition(path: &Path, keys: &[&str], memory: Option<usize>, options: &SinkOptions) -> Set {
    let table = table();
    let keys = PartitionOptions {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        memory: MemoryBudget(memory),
    };
    let mut sink = PartitionSink::create(path, &table.schema(), options, &keys).unwrap();
    write(&mut sink, &table, 100);
    let (set, written) = sink.finish_set().unwrap();
    assert_eq!((written.rows, written.blocks), (ROWS as u64, ROWS as u64 / 100));
    set
}

/// Every partition has the rows of its key in their order, and together they have all rows.
fn check(set: &Set, keys: &[&str]) {
    let table = table();
    let key =
        |row: usize| Key(keys.iter().map(|key| value(table.column_by_name(key).unwrap(), row)).collect());
    let mut seen = 0;
    for found in set.partitions() {
        let expected: Vec<i64> =
            (0..ROWS).filter(|row| key(*row) == found.key).map(|row| row as i64).collect();
        assert_eq!(row_numbers(&set.partition(&found.key).unwrap()), expected, "{}", found.key);
        assert_eq!(found.rows, expected.len() as u64);
        seen += expected.len();
    }
    assert_eq!((seen, set.num_rows()), (ROWS, ROWS as u64));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn rows_are_split_by_any_keys_within_any_memory(
        keys in prop::sample::subsequence(vec!["logical", "integer", "unsigned", "text", "factor", "date"], 1..4),
        memory in prop::option::of(5_000_usize..60_000),
        block_rows in 5_usize..300,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = SinkOptions { block_rows, ..SinkOptions::default() };
        check(&partition(&folder.path().join("s"), &keys, memory, &options), &keys);
    }
}

#[test]
fn partitions_come_in_the_order_of_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let options = SinkOptions::default();
    let order = |key: &str| -> Vec<Option<Scalar>> {
        let set = partition(&folder.path().join(key), &[key], None, &options);
        set.partitions().into_iter().map(|partition| partition.key.0[0].clone()).collect()
    };
    let text = |text: &str| Some(Scalar::Text(text.to_owned()));
    assert_eq!(order("logical"), [Some(Scalar::Bool(false)), Some(Scalar::Bool(true)), None]);
    let integers = [Some(-2), Some(-1), Some(0), Some(1), None];
    assert_eq!(order("integer"), integers.map(|value| value.map(Scalar::Int)));
    let (a, b, c) = (u64::MAX - 2, u64::MAX - 1, u64::MAX);
    assert_eq!(order("unsigned"), [Some(a), Some(b), Some(c), None].map(|value| value.map(Scalar::UInt)));
    assert_eq!(order("text"), [text(""), text("a"), text("b"), text("ß"), None]);
    assert_eq!(order("factor"), [text("b"), text(""), text("a"), text("ß"), None]);
    let set = partition(&folder.path().join("two"), &["logical", "integer"], None, &options);
    let keys: Vec<Key> = set.partitions().into_iter().map(|partition| partition.key).collect();
    assert_eq!(keys[0], Key(vec![Some(Scalar::Bool(false)), Some(Scalar::Int(-2))]));
    assert_eq!(keys[1].0[1], Some(Scalar::Int(-1)));
    assert_eq!(keys.last(), Some(&Key(vec![None, None])));
}

#[test]
fn more_keys_than_parts_may_be_open() {
    let folder = tempfile::tempdir().unwrap();
    let set = partition(&folder.path().join("s"), &["row"], Some(20_000), &SinkOptions::default());
    assert_eq!(set.partitions().len(), ROWS);
    assert_eq!(row_numbers(&set), (0..ROWS as i64).collect::<Vec<_>>());
}

#[test]
fn rows_are_added_to_the_partitions_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    partition(&path, &["factor"], None, &SinkOptions::default());
    let append = SinkOptions { append: true, ..SinkOptions::default() };
    let set = partition(&path, &["factor"], None, &append);
    assert_eq!((set.num_rows(), set.version(), set.partitions().len()), (2 * ROWS as u64, 2, 5));
    let one = set.partition(&Key(vec![None])).unwrap();
    let expected: Vec<i64> = (0..ROWS as i64).filter(|row| row % 7 == 6).collect();
    assert_eq!(row_numbers(&one), [expected.clone(), expected].concat());
}

#[test]
fn factors_whose_levels_come_in_another_order_are_one_factor() {
    let folder = tempfile::tempdir().unwrap();
    let batch = |texts: &[&str]| {
        let factor: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        let rows = Int64Array::from_iter_values(0..texts.len() as i64);
        let columns: [(&str, ArrayRef); 2] = [("f", Arc::new(factor)), ("row", Arc::new(rows))];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
    };
    let (one, two) = (batch(&["a", "b", "c"]), batch(&["c", "a"]));
    let keys = PartitionOptions { keys: vec!["f".to_owned()], ..PartitionOptions::default() };
    let path = folder.path().join("s");
    let mut sink = PartitionSink::create(&path, &one.schema(), &SinkOptions::default(), &keys).unwrap();
    write(&mut sink, &one, 3);
    write(&mut sink, &two, 2);
    let (set, _) = sink.finish_set().unwrap();
    let rows = |text: &str| row_numbers(&set.partition(&Key(vec![Some(Scalar::Text(text.into()))])).unwrap());
    assert_eq!([rows("a"), rows("b"), rows("c")], [vec![0, 1], vec![1], vec![2, 0]]);
}

#[test]
fn parts_have_whole_blocks_however_rows_come() {
    let folder = tempfile::tempdir().unwrap();
    for (number, scan_rows) in [1000, 70, 33].into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        let options =
            SinkOptions { block_rows: 90, blocks_per_part: NonZeroUsize::new(2), ..SinkOptions::default() };
        let source = MemorySource::try_new(&table().schema(), [table()]).unwrap();
        let sink = XdfSetSink::create(&path, &source.schema(), &options).unwrap();
        let blocks = source.open(&ScanOptions::default().with_block_rows(scan_rows)).unwrap();
        let written = transfer(blocks, Box::new(sink)).unwrap();
        let set = Set::open(&path).unwrap();
        assert_eq!((written.rows, written.bytes), (ROWS as u64, set.size()));
        let shape: Vec<_> = set.parts().iter().map(|part| (part.rows, part.blocks)).collect();
        assert_eq!(shape, [(180, 2), (180, 2), (180, 2), (60, 1)]);
        assert_eq!(row_numbers(&set), (0..ROWS as i64).collect::<Vec<_>>());
    }
}

#[test]
fn a_sink_that_is_dropped_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let schema = table().schema();
    let options = SinkOptions { block_rows: 10, ..SinkOptions::default() };
    let mut sink = XdfSetSink::create(&path, &schema, &options).unwrap();
    write(&mut sink, &table(), 100);
    drop(sink);
    assert!(!path.exists());
    let before = partition(&path, &["text"], None, &options);
    let overwrite = SinkOptions { overwrite: true, ..options.clone() };
    let mut sink = XdfSetSink::create(&path, &schema, &overwrite).unwrap();
    write(&mut sink, &table(), 100);
    drop(sink);
    let after = Set::open(&path).unwrap();
    assert_eq!((after.version(), after.parts()), (1, before.parts()));
    assert_eq!(std::fs::read_dir(path.join("parts")).unwrap().count(), before.num_parts());
    assert!(matches!(
        XdfSetSink::create(&path, &schema, &options),
        Err(Error::Xdf(xdf::Error::Exists { .. }))
    ));
}

#[test]
fn a_folder_is_opened_as_the_set_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flights.csv");
    partition(&path, &["text"], None, &SinkOptions::default());
    assert_eq!(open(&path).unwrap().info().rows, Some(ROWS as u64));
    let error = open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(error.contains("manifest") && error.contains("make a set"), "{error}");
    let none = PartitionOptions::default();
    let error =
        PartitionSink::create(&folder.path().join("t"), &table().schema(), &SinkOptions::default(), &none);
    assert!(matches!(error.map(drop), Err(Error::InvalidOption { .. })));
}
