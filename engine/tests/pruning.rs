//! Blocks are left out only when no row of them is selected, and nobody can tell except by the time it takes.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampSecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int16Array, Int64Array, PrimitiveArray, RecordBatch, StringArray, UInt64Array,
};
use engine::expr::Expr;
use engine::source::{MemorySource, XdfSetSource, XdfSource};
use engine::{Block, BlockSource, Compute, Local, Monitor, ScanOptions, SelectRows, SourceExt};
use proptest::prelude::*;
use xdf::set::SetOptions;

/// Rows in blocks of 256 whose columns are sorted, clustered, constant in blocks, missing in blocks, or scattered.
fn batch(rows: i32) -> RecordBatch {
    let block = |i: i32| i / 256;
    let sorted: Int16Array = (0..rows).map(|i| (i % 97 != 3).then_some((i / 50) as i16)).collect();
    let float: Float64Array = (0..rows)
        .map(|i| match i % 71 {
            5 => None,
            6 => Some(f64::NAN),
            7 => Some(-0.0),
            _ if block(i) == 2 => Some(f64::INFINITY),
            _ => Some(f64::from(i) / 8.0 - 100.0),
        })
        .collect();
    let single: Float32Array = (0..rows).map(|i| (block(i) != 1).then_some(0.1 * block(i) as f32)).collect();
    let wide: Int64Array = (0..rows).map(|i| Some(i64::from(i).pow(4) - (1 << 40))).collect();
    let unsigned: UInt64Array = (0..rows).map(|i| Some(u64::from(u32::MAX) + i as u64)).collect();
    let price: Decimal128Array = (0..rows).map(|i| (i % 7 > 0).then(|| 100 * i128::from(i) - 5000)).collect();
    let price = price.with_precision_and_scale(20, 2).unwrap();
    let flag: BooleanArray = (0..rows).map(|i| (i % 9 != 0).then_some(block(i) % 2 == 0)).collect();
    let day: Date32Array = (0..rows).map(|i| Some(18_000 + i / 10)).collect();
    let time: PrimitiveArray<TimestampSecondType> =
        (0..rows).map(|i| Some(1_600_000_000 + i64::from(i) * 600)).collect();
    let name: StringArray = (0..rows).map(|i| (i % 5 > 0).then(|| format!("n{:03}", i / 20))).collect();
    let cities = ["Ulm", "Rom", "Oslo", "Bonn"];
    let city: DictionaryArray<Int32Type> =
        (0..rows).map(|i| (i % 13 > 0).then(|| cities[((block(i) + i % 2) % 4) as usize])).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("sorted", Arc::new(sorted) as ArrayRef, true),
        ("float", Arc::new(float), true),
        ("single", Arc::new(single), true),
        ("wide", Arc::new(wide), true),
        ("unsigned", Arc::new(unsigned), true),
        ("price", Arc::new(price), true),
        ("flag", Arc::new(flag), true),
        ("day", Arc::new(day), true),
        ("time", Arc::new(time), true),
        ("name", Arc::new(name), true),
        ("city", Arc::new(city), true),
    ])
    .unwrap()
}

/// The same rows in stored blocks of up to 256 rows, and in memory, where nothing is left out.
struct Both {
    folder: tempfile::TempDir,
    stored: Arc<dyn BlockSource>,
    memory: Arc<dyn BlockSource>,
}

impl Both {
    fn of(batch: RecordBatch, store: impl Fn(&Path, &RecordBatch) -> Arc<dyn BlockSource>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stored = store(folder.path(), &batch);
        let memory = MemorySource::try_new(&batch.schema(), [batch]).unwrap();
        Self { folder, stored, memory: Arc::new(memory) }
    }

    fn file(rows: i32) -> Self {
        Self::of(batch(rows), in_file)
    }

    fn set(rows: i32) -> Self {
        Self::of(batch(rows), in_set)
    }
}

fn in_file(folder: &Path, batch: &RecordBatch) -> Arc<dyn BlockSource> {
    let options = xdf::WriteOptions::default().with_block_rows(256);
    let mut writer = xdf::Writer::create(folder.join("t.xdf"), batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    Arc::new(XdfSource::from(writer.finish().unwrap()))
}

/// Parts of 600 rows, each of which finds the levels of its factor on its own.
fn in_set(folder: &Path, batch: &RecordBatch) -> Arc<dyn BlockSource> {
    let options = SetOptions { block_rows: 256, ..SetOptions::default() };
    let token = xdf::Set::begin(folder.join("set"), batch.schema(), &options).unwrap();
    for (number, start) in (0..batch.num_rows()).step_by(600).enumerate() {
        let rows = batch.slice(start, 600.min(batch.num_rows() - start));
        let city = rows.column_by_name("city").unwrap().as_dictionary::<Int32Type>();
        let city: DictionaryArray<Int32Type> =
            city.downcast_dict::<StringArray>().unwrap().into_iter().collect();
        let mut columns = rows.columns().to_vec();
        columns[batch.schema().index_of("city").unwrap()] = Arc::new(city);
        let mut part = xdf::PartWriter::create(&token, number as u64).unwrap();
        part.write(&RecordBatch::try_new(batch.schema(), columns).unwrap()).unwrap();
        part.finish().unwrap();
    }
    Arc::new(XdfSetSource::from(xdf::Set::commit(&token).unwrap()))
}

/// What a pass delivers: the place of each block that has rows, and its rows as texts.
fn delivered(source: &Arc<dyn BlockSource>, scan: &ScanOptions) -> Vec<(u64, u64, Vec<String>)> {
    let mut all = Vec::new();
    let work = |block: Block| Ok::<_, engine::Error>(block);
    let collect = |block: Block| {
        if block.num_rows() > 0 {
            let row = |i| {
                let cells = block.batch.columns().iter();
                cells.map(|column| format!("{:?}", column.slice(i, 1))).collect::<Vec<_>>().concat()
            };
            all.push((block.index, block.start_row, (0..block.num_rows()).map(row).collect()));
        }
        Ok(())
    };
    Local::new(2).map_blocks(source.as_ref(), scan, work, collect).unwrap();
    all
}

/// Checks that a selection gives the same from both, and returns how many rows were left out.
fn check(both: &Both, selection: &str, block_rows: usize, rows: Option<std::ops::Range<u64>>) -> u64 {
    let select = |source: &Arc<dyn BlockSource>| {
        let expr = Expr::parse(selection).unwrap();
        Arc::clone(source).with(SelectRows::new(expr)).unwrap()
    };
    let monitor = Arc::new(Monitor::default());
    let mut scan = ScanOptions::default().with_columns(["wide"]).with_block_rows(block_rows);
    scan.rows = rows;
    let watched = scan.clone().with_monitor(Arc::clone(&monitor));
    let expected = delivered(&select(&both.memory), &scan);
    assert_eq!(delivered(&select(&both.stored), &watched), expected, "{selection}");
    let progress = monitor.progress();
    assert_eq!(progress.rows, progress.total_rows.unwrap_or(0), "{selection}");
    progress.skipped_rows
}

#[test]
fn each_kind_of_condition_leaves_blocks_out() {
    let both = Both::file(2560);
    for (selection, least) in [
        ("sorted == 7", 2000),
        ("sorted < 5", 2000),
        ("7 > sorted", 1800),
        ("sorted >= 50.5", 2300),
        ("sorted between 20 and 22", 1900),
        ("sorted in (3, 40)", 1700),
        ("sorted in (1000, 2000)", 2560),
        ("!(sorted < 40)", 1700),
        ("sorted == 7 & float > 0", 2000),
        ("sorted == 7 | sorted == 45", 1900),
        ("is.na(single)", 2304),
        ("single == 0.3", 2304),
        ("float > 1e6", 2304),
        ("float < -99", 2000),
        ("flag", 1280),
        ("!flag", 1280),
        ("day >= '2019-09-20'", 1500),
        ("time < '2020-09-14'", 2000),
        ("name == 'n050'", 2000),
        ("name > 'n120'", 2000),
        ("city == 'Nowhere'", 2560),
        ("unsigned >= 4294969000", 1500),
        ("price < 100", 2304),
        ("price between 20.5 and 21", 2304),
        ("FALSE", 2560),
    ] {
        let skipped = check(&both, selection, 256, None);
        assert!(skipped >= least, "{selection}: {skipped} rows are left out");
    }
    // what nothing is known of is read
    for selection in ["sorted * 2 == 14", "is.nan(float)", "length(name) == 4", "TRUE"] {
        assert_eq!(check(&both, selection, 256, None), 0, "{selection}");
    }
}

#[test]
fn factors_are_known_by_their_level_counts() {
    let rows = 2560;
    let city: DictionaryArray<Int32Type> =
        (0..rows).map(|i| (i % 13 > 0).then_some(if i < 1024 { "Ulm" } else { "Rom" })).collect();
    let wide: Int64Array = (0..rows).map(i64::from).map(Some).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("city", Arc::new(city) as ArrayRef, true),
        ("wide", Arc::new(wide), true),
    ])
    .unwrap();
    let both = Both::of(batch, in_file);
    for (selection, skipped) in [
        ("city == 'Ulm'", 1536),
        ("city != 'Ulm'", 1024),
        ("city in ('Rom', 'Oslo')", 1024),
        ("upper(city) like 'U%'", 1536),
        ("is.na(city)", 0),
        ("!is.na(city)", 0),
    ] {
        assert_eq!(check(&both, selection, 256, None), skipped, "{selection}");
    }
}

#[test]
fn blocks_keep_their_places_whatever_their_size() {
    for both in [Both::file(2000), Both::set(2000)] {
        for block_rows in [100, 256, 700, 5000] {
            for rows in [None, Some(0..2000), Some(130..1490), Some(1999..9999), Some(5..5)] {
                check(&both, "sorted in (9, 30)", block_rows, rows);
            }
        }
    }
}

#[test]
fn the_parts_of_a_set_leave_blocks_out() {
    // parts of 600 rows in blocks of 256, 256 and 88
    let both = Both::set(2000);
    for (selection, skipped) in [
        ("sorted == 7", 2000 - 256),
        ("sorted >= 39", 2000 - 200),
        ("sorted == 11 | sorted == 12", 2000 - 88 - 256),
        ("name == 'n050'", 2000 - 256),
        ("sorted * 2 == 14", 0),
    ] {
        assert_eq!(check(&both, selection, 256, None), skipped, "{selection}");
    }
    // which cities a block has, and the place of each among the levels, is known in terms of the set;
    // blocks of 88 rows do not count them
    assert_eq!(check(&both, "city == 'Nowhere'", 256, None), 2000 - 3 * 88);
    for city in ["Ulm", "Rom", "Oslo", "Bonn"] {
        assert!(check(&both, &format!("city == '{city}'"), 256, None) > 400, "{city}");
    }
    for code in 1..=4 {
        assert!(check(&both, &format!("codes(city) == {code}"), 256, None) > 400, "{code}");
    }
}

/// Overwrites all segments of an XDF file except those of one block, so that whoever reads another one fails.
fn leave_one_block(path: &Path, kept: Option<usize>) {
    let file = xdf::File::open(path).unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    for block in (0..file.num_blocks()).filter(|block| Some(*block) != kept) {
        for segment in file.segments(block) {
            bytes[segment.offset as usize..][..segment.bytes as usize].fill(0xA5);
        }
    }
    drop(file);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn blocks_that_are_left_out_are_not_looked_at() {
    let rows_of = |source: &Arc<dyn BlockSource>, selection: &str| -> engine::Result<usize> {
        let select = SelectRows::new(Expr::parse(selection).unwrap());
        let source = Arc::clone(source).with(select).unwrap();
        let mut rows = 0;
        let count = |block: Block| Ok::<_, engine::Error>(block.num_rows());
        let scan = ScanOptions::default().with_block_rows(256);
        Local::new(2).map_blocks(source.as_ref(), &scan, count, |found| {
            rows += found;
            Ok(())
        })?;
        Ok(rows)
    };
    let file = Both::file(2000);
    let expected = rows_of(&file.memory, "sorted == 7").unwrap();
    assert!(expected > 40);
    let path = file.folder.path().join("t.xdf");
    leave_one_block(&path, Some(1));
    let file_source: Arc<dyn BlockSource> = Arc::new(XdfSource::open(path).unwrap());

    let set = Both::set(2000);
    for part in 0..4 {
        let parts = XdfSetSource::open(set.folder.path().join("set")).unwrap();
        leave_one_block(parts.set().part(part).unwrap().path(), (part == 0).then_some(1));
    }
    let set_source: Arc<dyn BlockSource> =
        Arc::new(XdfSetSource::open(set.folder.path().join("set")).unwrap());

    for source in [file_source, set_source] {
        assert_eq!(rows_of(&source, "sorted == 7").unwrap(), expected);
        // the same rows, but nothing is known of them
        rows_of(&source, "sorted * 1 == 7").unwrap_err();
    }
}

#[test]
fn selections_pass_what_does_not_change_their_columns() {
    let both = Both::file(2560);
    let skipped = |source: Arc<dyn BlockSource>| {
        let monitor = Arc::new(Monitor::default());
        let scan = ScanOptions::default().with_block_rows(256).with_monitor(Arc::clone(&monitor));
        let rows = delivered(&source, &scan).iter().map(|block| block.2.len()).sum::<usize>();
        (rows, monitor.progress().skipped_rows)
    };
    let select = |source: Arc<dyn BlockSource>, text: &str| {
        source.with(SelectRows::new(Expr::parse(text).unwrap())).unwrap()
    };
    let compute = |source: Arc<dyn BlockSource>, name: &str, text: &str| {
        source.with(Compute::new(vec![(name.to_owned(), Expr::parse(text).unwrap())])).unwrap()
    };
    let (plain, left_out) = skipped(select(Arc::clone(&both.stored), "sorted == 7"));
    assert!(plain > 0 && left_out > 2000);
    let beside = compute(Arc::clone(&both.stored), "y", "sorted + 1");
    assert_eq!(skipped(select(beside, "sorted == 7")), (plain, left_out));
    // the column is another one now
    let replaced = compute(Arc::clone(&both.stored), "sorted", "sorted + 1");
    assert_eq!(skipped(select(replaced, "sorted == 8")), (plain, 0));
    let twice = select(select(Arc::clone(&both.stored), "sorted < 8"), "sorted >= 7");
    assert_eq!(skipped(twice), (plain, left_out));
}

/// Conditions of every kind, right in their types.
fn condition() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("sorted"),
        Just("float"),
        Just("single"),
        Just("wide"),
        Just("price"),
        Just("-float")
    ];
    let constant = prop_oneof![
        (-120..120_i32).prop_map(|i| i.to_string()),
        (-120..400_i32).prop_map(|i| format!("{}", f64::from(i) / 8.0)),
    ];
    let comparison = prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")];
    let leaf = prop_oneof![
        (number.clone(), comparison.clone(), constant.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (constant, comparison.clone(), number.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number.clone(), comparison.clone(), number.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number.clone(), -50..50_i32, 0..60_i32)
            .prop_map(|(a, low, by)| format!("{a} between {low} and {}", low + by)),
        (number.clone(), -50..50_i32).prop_map(|(a, b)| format!("{a} in ({b}, {}, 0.5)", b + 7)),
        number.prop_map(|a| format!("is.na({a})")),
        (comparison.clone(), 0..140_i32).prop_map(|(op, i)| format!("name {op} 'n{i:03}'")),
        (comparison, 0..28_u32).prop_map(|(op, day)| format!("day {op} '2019-07-{:02}'", day + 1)),
        prop_oneof![Just("Ulm"), Just("Rom"), Just("None")].prop_map(|city| format!("city == '{city}'")),
        Just("flag".to_owned()),
        Just("is.na(city)".to_owned()),
        Just("is.nan(single)".to_owned()),
        Just("coalesce(single, 1.5) > 1".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) & ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) | ({b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_selection_gives_what_a_full_pass_gives(selection in condition(), rows in 300..1500_i32, block_rows in 90_usize..600) {
        check(&Both::file(rows), &selection, block_rows, None);
        check(&Both::set(rows), &selection, block_rows, None);
    }
}
