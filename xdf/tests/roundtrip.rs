//! What is written is read again, bit for bit: all types, patterns of missing values, sizes of blocks and batches.

mod tables;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tables::{assert_same, factor, folder, read_all, write};
use xdf::{File, OpenOptions, WriteOptions, Writer, metadata};

/// How the values of a column look.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Constant,
    Few,
    SmallRange,
    WideRange,
    Decimal,
    Wild,
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Constant),
        Just(Shape::Few),
        Just(Shape::SmallRange),
        Just(Shape::WideRange),
        Just(Shape::Decimal),
        Just(Shape::Wild),
    ]
}

/// A generator of 64 bits that is the same everywhere.
fn bits(seed: u64, row: u64) -> u64 {
    let mut x = seed.wrapping_add(row.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn number(shape: Shape, seed: u64, row: u64) -> i64 {
    let x = bits(seed, row);
    match shape {
        Shape::Constant => bits(seed, 0) as i64,
        Shape::Few => bits(seed, x % 5) as i64,
        Shape::SmallRange => (bits(seed, 1) as i64).wrapping_add((x % 200) as i64),
        Shape::WideRange => (bits(seed, 1) as i64).wrapping_add((x % 50_000) as i64),
        Shape::Decimal | Shape::Wild => x as i64,
    }
}

fn float(shape: Shape, seed: u64, row: u64) -> f64 {
    let x = bits(seed, row);
    match shape {
        Shape::Constant => 0.1,
        Shape::Few => {
            [0.0, -0.0, f64::NAN, f64::INFINITY, f64::from_bits(0x7FF8_0000_0000_1234)][(x % 5) as usize]
        }
        Shape::SmallRange => (x % 200) as f64 - 100.0,
        Shape::WideRange => (x % 50_000) as f64 - 100.0,
        // one in 64 is no decimal
        Shape::Decimal if x >> 58 == 0 => f64::from_bits(x),
        Shape::Decimal => (x % 1_000_000) as f64 / 100.0 - 1000.0,
        Shape::Wild => f64::from_bits(x),
    }
}

fn text(shape: Shape, seed: u64, row: u64) -> String {
    match shape {
        Shape::Constant => "same".to_owned(),
        Shape::Few => {
            ["", "a", "Zürich", "日本語", "a much longer text"][(bits(seed, row) % 5) as usize].to_owned()
        }
        Shape::Decimal => {
            let words = ["flight", "delayed", "by", "weather", "Zürich", "gate"];
            (0..8).map(|i| words[(bits(seed ^ i, row) % 6) as usize]).collect::<Vec<_>>().join(" ")
        }
        _ => format!("{}{}", "ß".repeat((bits(seed, row) % 7) as usize), number(shape, seed, row)),
    }
}

/// One column of each type.
fn batch(shape: Shape, missing: u64, seed: u64, rows: usize) -> RecordBatch {
    let value = |column: u64, row: usize| {
        let row = row as u64;
        // 0: none, 100: all.
        (bits(seed ^ 0xABCD ^ column, row) % 100 >= missing).then(|| number(shape, seed ^ column, row))
    };
    macro_rules! ints {
        ($array:ident, $native:ty, $column:literal) => {
            Arc::new((0..rows).map(|row| value($column, row).map(|v| v as $native)).collect::<$array>())
                as ArrayRef
        };
    }
    let floats = |column, row: usize| value(column, row).map(|_| float(shape, seed ^ column, row as u64));
    let texts = |column, row: usize| value(column, row).map(|_| text(shape, seed ^ column, row as u64));
    let factor: DictionaryArray<Int32Type> = {
        let texts: Vec<_> = (0..rows).map(|row| texts(12, row)).collect();
        texts.iter().map(|t| t.as_deref()).collect()
    };
    let columns = vec![
        (
            "bool",
            Arc::new((0..rows).map(|row| value(0, row).map(|v| v & 1 == 1)).collect::<BooleanArray>())
                as ArrayRef,
        ),
        ("i8", ints!(Int8Array, i8, 1)),
        ("i16", ints!(Int16Array, i16, 2)),
        ("i32", ints!(Int32Array, i32, 3)),
        ("i64", ints!(Int64Array, i64, 4)),
        ("u8", ints!(UInt8Array, u8, 5)),
        ("u16", ints!(UInt16Array, u16, 6)),
        ("u32", ints!(UInt32Array, u32, 7)),
        ("u64", ints!(UInt64Array, u64, 8)),
        ("f32", Arc::new((0..rows).map(|row| floats(9, row).map(|v| v as f32)).collect::<Float32Array>())),
        ("f64", Arc::new((0..rows).map(|row| floats(10, row)).collect::<Float64Array>())),
        ("text", Arc::new((0..rows).map(|row| texts(11, row)).collect::<StringArray>())),
        ("factor", Arc::new(factor)),
        ("date", ints!(Date32Array, i32, 13)),
        ("second", ints!(TimestampSecondArray, i64, 14)),
        ("micro", {
            let array: TimestampMicrosecondArray = (0..rows).map(|row| value(15, row)).collect();
            Arc::new(array.with_timezone("Europe/Zurich"))
        }),
        ("binary", {
            let bytes: Vec<_> = (0..rows).map(|row| texts(16, row).map(String::into_bytes)).collect();
            let tail = |bytes: &Option<Vec<u8>>| Some(bytes.as_ref()?.get(1..).unwrap_or(b"\xFF").to_vec());
            Arc::new(bytes.iter().map(tail).collect::<BinaryArray>())
        }),
        ("decimal", {
            let spread = if matches!(shape, Shape::Wild) { 1_i128 << 60 } else { 1 };
            let array: Decimal128Array =
                (0..rows).map(|row| value(17, row).map(|v| i128::from(v) * spread)).collect();
            Arc::new(array.with_precision_and_scale(38, 2).unwrap())
        }),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_table(
        shape in shape(),
        missing in prop_oneof![Just(0_u64), Just(100), 1..99_u64],
        seed in any::<u64>(),
        sizes in prop::collection::vec(0..700_usize, 0..5),
        block_rows in prop_oneof![1..40_usize, 200..2000_usize],
        level in 0..4_i32,
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

/// Blocks of the usual size, where dictionaries, samples and byte splitting come into play.
#[test]
fn large_blocks() {
    let mut runner = TestRunner::deterministic();
    for level in [0, 1, 9] {
        for shape in
            [Shape::Constant, Shape::Few, Shape::SmallRange, Shape::WideRange, Shape::Decimal, Shape::Wild]
        {
            let seed = any::<u64>().new_tree(&mut runner).unwrap().current();
            let batches = [batch(shape, 10, seed, 20_000), batch(shape, 0, seed, 7_000)];
            let folder = folder();
            let options = WriteOptions::default().with_level(level).with_block_rows(27_000);
            let file = write(&folder, &batches, options);
            assert_eq!(file.num_blocks(), 1);
            assert_same(&batches, &read_all(&file));
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
    assert_eq!((file.num_rows(), file.num_blocks(), file.schema().fields().len()), (0, 0, 18));
    assert!(read_all(&file).is_empty());
    let file = write(&folder, &[RecordBatch::new_empty(Arc::new(Schema::empty()))], WriteOptions::default());
    assert_eq!((file.num_rows(), file.num_blocks()), (0, 0));
}
