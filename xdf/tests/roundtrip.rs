//! What is written is read again, bit for bit: all types, patterns of missing values, sizes of blocks and batches.

mod tables;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt8Array};
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tables::any::{SHAPES, Shape, batch, shape};
use tables::{assert_same, encodings, factor, folder, read_all, write};
use xdf::{File, OpenOptions, WriteOptions, Writer, metadata};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_table(
        shape in shape(),
        missing in prop_oneof![Just(0_u64), Just(100), 1..99_u64],
        seed in any::<u64>(),
        sizes in prop::collection::vec(0..700_usize, 0..5),
        block_rows in prop_oneof![1..40_usize, 200..2000_usize],
        level in 0..=9_i32,
        mmap in any::<bool>(),
    ) {
        let batches: Vec<_> =
            sizes.iter().enumerate().map(|(i, rows)| batch(shape, missing, seed ^ i as u64, *rows)).collect();
        let folder = folder();
        let path = folder.path().join("t.xdf");
        let schema = batch(shape, missing, seed, 0).schema();
        let options = WriteOptions::default().with_level(level).with_block_rows(block_rows);
        let mut writer = Writer::create(&path, schema, options).unwrap();
        for batch in &batches {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap();
        let file = File::open_with(&path, &OpenOptions::default().with_mmap(mmap)).unwrap();
        let rows: usize = sizes.iter().sum();
        prop_assert_eq!(file.num_rows(), rows as u64);
        prop_assert_eq!(file.num_blocks(), rows.div_ceil(block_rows));
        assert_same(&batches, &read_all(&file));
        let report = file.verify().unwrap();
        prop_assert!(report.is_ok(), "{:?}", report.damaged);
    }
}

/// Blocks large enough for every encoding, of which level 1 uses each.
#[test]
fn large_blocks() {
    let mut runner = TestRunner::deterministic();
    for level in [0, 1, 9] {
        let mut used = Vec::new();
        for shape in SHAPES {
            let seed = any::<u64>().new_tree(&mut runner).unwrap().current();
            let batches = [batch(shape, 10, seed, 9_000), batch(shape, 0, seed, 4_000)];
            let folder = folder();
            let options = WriteOptions::default().with_level(level).with_block_rows(13_000);
            let file = write(&folder, &batches, options);
            assert_eq!(file.num_blocks(), 1);
            assert_same(&batches, &read_all(&file));
            if matches!(shape, Shape::Decimal) {
                let alp = |name: &str| {
                    let column = file.schema().index_of(name).unwrap();
                    file.segments(0)[column].encoding.starts_with("masked + ALP")
                };
                assert!(alp("f32") && alp("f64"), "level {level}");
            }
            used.extend(encodings::used(&file));
        }
        let folder = folder();
        let missing = write(&folder, &[batch(Shape::Few, 100, 1, 10)], WriteOptions::default());
        used.extend(encodings::used(&missing));
        if level == 1 && cfg!(feature = "zstd") {
            encodings::assert_all(&used);
        }
    }
}

#[test]
fn schema_and_metadata_come_back() {
    let field = Field::new("x", DataType::Int32, false);
    let field = metadata::set(metadata::set_description(field, "Länge"), "mine", "kept");
    let levels =
        metadata::set_levels(Field::new("f", factor().data_type().clone(), true), &["c", "a", "b", "unused"]);
    let schema = Schema::new_with_metadata(vec![field, levels], [("k".to_owned(), "v".to_owned())].into());
    let schema = Arc::new(schema);
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let mut writer = Writer::create(&path, Arc::clone(&schema), WriteOptions::default()).unwrap();
    writer.set_metadata("added", "late");
    writer.set_metadata("k", "new");
    let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(vec![1, 2, 3])), Arc::new(factor())];
    writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()).unwrap();
    let file = writer.finish().unwrap();
    assert_eq!(file.schema().fields(), schema.fields());
    assert_eq!(file.schema().metadata()["added"], "late");
    assert_eq!(file.schema().metadata()["k"], "new");
    let batch = file.read_block(0, &[1]).unwrap();
    let read = batch.column(0).as_any().downcast_ref::<DictionaryArray<Int32Type>>().unwrap();
    assert_eq!(read.values().len(), 4);
    assert_eq!(read.keys(), &Int32Array::from(vec![Some(1), None, Some(0)]));
}

/// Levels that grow from batch to batch, in other orders, with other key types and with missing values inside.
#[test]
fn levels_of_many_dictionaries_become_one() {
    let schema = Arc::new(Schema::new(vec![Field::new("f", factor().data_type().clone(), true)]));
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let mut writer =
        Writer::create(&path, Arc::clone(&schema), WriteOptions::default().with_block_rows(4)).unwrap();
    let narrow = |keys: Vec<Option<u8>>, values: Vec<Option<&str>>| {
        let array = DictionaryArray::new(UInt8Array::from(keys), Arc::new(StringArray::from(values)));
        RecordBatch::try_from_iter_with_nullable([("f", Arc::new(array) as ArrayRef, true)]).unwrap()
    };
    writer.write(&narrow(vec![Some(1), Some(0), None], vec![Some("b"), Some("a")])).unwrap();
    writer
        .write(&narrow(vec![Some(0), Some(1), Some(2), Some(3)], vec![Some("a"), None, Some("c"), Some("a")]))
        .unwrap();
    let file = writer.finish().unwrap();
    assert_eq!(metadata::levels(file.schema().field(0)).unwrap(), ["b", "a", "c"]);
    let texts: Vec<Option<String>> = read_all(&file)
        .iter()
        .flat_map(|batch| {
            let array = batch.column(0).as_any().downcast_ref::<DictionaryArray<Int32Type>>().unwrap();
            let values = array.downcast_dict::<StringArray>().unwrap();
            values.into_iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
        })
        .collect();
    let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
    assert_eq!(texts, [Some("a"), Some("b"), None, Some("a"), None, Some("c"), Some("a")]);
    let values = |block: usize| {
        let batch = file.read_block(block, &[0]).unwrap();
        let array = batch.column(0).as_any().downcast_ref::<DictionaryArray<Int32Type>>().unwrap();
        Arc::clone(array.values())
    };
    assert!(Arc::ptr_eq(&values(0), &values(1)), "batches share the levels");
}

#[test]
fn blocks_can_be_ended_early() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let one = batch(Shape::Few, 5, 1, 10);
    let mut writer = Writer::create(&path, one.schema(), WriteOptions::default()).unwrap();
    for rows in [3, 10, 1] {
        writer.write(&one.slice(0, rows)).unwrap();
        writer.end_block().unwrap();
        writer.end_block().unwrap();
    }
    let file = writer.finish().unwrap();
    let rows: Vec<u64> = (0..file.num_blocks()).map(|block| file.block_rows(block)).collect();
    assert_eq!(rows, [3, 10, 1]);
    assert_same(&[one.slice(0, 3), one.clone(), one.slice(0, 1)], &read_all(&file));
}

#[test]
fn tables_without_rows_or_without_columns() {
    let folder = folder();
    let file = write(&folder, &[batch(Shape::Few, 0, 1, 0)], WriteOptions::default());
    assert_eq!((file.num_rows(), file.num_blocks(), file.schema().fields().len()), (0, 0, 20));
    assert!(read_all(&file).is_empty());
    let file = write(&folder, &[RecordBatch::new_empty(Arc::new(Schema::empty()))], WriteOptions::default());
    assert_eq!((file.num_rows(), file.num_blocks()), (0, 0));
}
