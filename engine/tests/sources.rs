//! One suite for every source: the same rows come out whatever they are stored in and however they are asked for.
//!
//! The table has a column of every type, missing values in each, levels that appear late, texts with delimiters, quotes
//! and line breaks, and the extreme values of the integers. Every source of it is read with many block sizes, row ranges
//! and projections, and must give these rows, in these types, with the guarantees that blocks come with.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, Int32Array, PrimitiveArray,
    RecordBatch, StringArray,
};
use arrow_schema::{DataType, Schema, SchemaRef};
use engine::expr::Expr;
use engine::sink::{self, SinkOptions};
use engine::source::text::{TextOptions, TextSource};
use engine::source::{ConcatSource, IpcSource, MemorySource, ParquetSource, SourceExt, XdfSource, open};
use engine::{Block, BlockSource, Compute, Project, ScanOptions, SelectRows, factor, transfer};
use tempfile::TempDir;

const ROWS: usize = 1203;

fn numbers<T: ArrowPrimitiveType>(value: impl Fn(i64) -> T::Native) -> ArrayRef {
    let of = |i: usize| if (i * 7 + 3).is_multiple_of(11) { None } else { Some(value(i as i64)) };
    Arc::new((0..ROWS).map(of).collect::<PrimitiveArray<T>>())
}

/// The table, in one batch.
fn table() -> RecordBatch {
    let texts = ["plain", "", "a,b", "say \"no\"", "two\nlines", "ä€😀", " spaces ", "NA", "1.5"];
    let level = |i: usize| match i {
        900.. if i.is_multiple_of(3) => Some("late"),
        _ if i.is_multiple_of(13) => None,
        _ => Some(["north", "south", "east, or so", "west"][i * i % 4]),
    };
    let extreme = |i: i64, low: i64, high: i64| match i % 40 {
        0 => low,
        1 => high,
        _ => i % 100,
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("flag", Arc::new((0..ROWS).map(|i| (i % 5 != 2).then_some(i % 3 == 0)).collect::<BooleanArray>())),
        ("i8", numbers::<Int8Type>(|i| extreme(i, -128, 127) as i8)),
        ("i16", numbers::<Int16Type>(|i| extreme(i, -32768, 32767) as i16)),
        ("i32", numbers::<Int32Type>(|i| extreme(i, i32::MIN.into(), i32::MAX.into()) as i32)),
        ("i64", numbers::<Int64Type>(|i| extreme(i, i64::MIN, i64::MAX))),
        ("u8", numbers::<UInt8Type>(|i| extreme(i, 0, 255) as u8)),
        ("u16", numbers::<UInt16Type>(|i| extreme(i, 0, 65535) as u16)),
        ("u32", numbers::<UInt32Type>(|i| extreme(i, 0, u32::MAX.into()) as u32)),
        ("u64", numbers::<UInt64Type>(|i| if i % 40 == 1 { u64::MAX } else { i as u64 })),
        ("f32", numbers::<Float32Type>(|i| (i as f32 - 600.0) / 7.0)),
        ("f64", numbers::<Float64Type>(|i| (i as f64 - 600.0) * 1e10 / 3.0)),
        ("text", Arc::new((0..ROWS).map(|i| (i % 17 != 4).then(|| texts[i % 9])).collect::<StringArray>())),
        ("level", Arc::new((0..ROWS).map(level).collect::<DictionaryArray<Int32Type>>())),
        ("day", numbers::<Date32Type>(|i| (i as i32 - 600) * 29)),
        ("s", numbers::<TimestampSecondType>(|i| (i - 600) * 86_399)),
        ("ms", numbers::<TimestampMillisecondType>(|i| (i - 600) * 86_399_999)),
        ("us", numbers::<TimestampMicrosecondType>(|i| (i - 600) * 86_399_999_999)),
        ("ns", numbers::<TimestampNanosecondType>(|i| (i - 600) * 86_399_999_999_999)),
        ("nothing", Arc::new((0..ROWS).map(|_| None::<f64>).collect::<PrimitiveArray<Float64Type>>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// The rows in batches of these sizes, over and over.
fn cut(batch: &RecordBatch, sizes: &[usize]) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    let mut start = 0;
    for &size in sizes.iter().cycle() {
        let rows = size.min(batch.num_rows() - start);
        batches.push(batch.slice(start, rows));
        start += rows;
        if start == batch.num_rows() {
            return batches;
        }
    }
    batches
}

fn memory(batch: &RecordBatch, sizes: &[usize]) -> Arc<dyn BlockSource> {
    Arc::new(MemorySource::try_new(&batch.schema(), cut(batch, sizes)).unwrap())
}

fn write(source: &dyn BlockSource, path: &Path, block_rows: usize) {
    let options = SinkOptions { block_rows, ..SinkOptions::default() };
    let reader = source.open(&ScanOptions::default().with_block_rows(251)).unwrap();
    let written = transfer(reader, sink::create(path, &source.schema(), &options).unwrap()).unwrap();
    assert_eq!(written.rows, source.info().rows.unwrap(), "{}", path.display());
    assert_eq!(written.bytes, std::fs::metadata(path).unwrap().len(), "{}", path.display());
}

/// How the text file is to be read: every type as it was.
fn text_options(schema: &Schema) -> TextOptions {
    let mut options = TextOptions::default();
    for field in schema.fields() {
        if factor::is_factor(field.data_type()) {
            options.factors.insert(field.name().clone(), xdf::metadata::levels(field).unwrap());
        } else {
            options.types.insert(field.name().clone(), field.data_type().clone());
        }
    }
    options
}

type Named = (&'static str, Arc<dyn BlockSource>);

/// Every source of the rows of a batch.
fn sources(batch: &RecordBatch) -> (TempDir, Vec<Named>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let whole = memory(batch, &[usize::MAX]);
    let names = ["t.xdf", "t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz", "t.tsv.zst"];
    for name in names {
        write(whole.as_ref(), &path(name), 400);
    }
    let text = |name: &str| -> Arc<dyn BlockSource> {
        Arc::new(TextSource::open(vec![path(name)], text_options(&whole.schema())).unwrap())
    };
    let half = batch.num_rows() / 2;
    let parts = || {
        vec![
            memory(&batch.slice(0, half), &[100]),
            memory(&batch.slice(half, 0), &[1]),
            memory(&batch.slice(half, batch.num_rows() - half), &[90, 1]),
        ]
    };
    for (part, name) in parts().iter().zip(["part-1.parquet", "part-2.parquet", "part-3.parquet"]) {
        write(part.as_ref(), &path(name), 100);
        write(part.as_ref(), &path(&name.replace("parquet", "arrow")), 100);
    }
    let all: Vec<String> = whole.schema().fields().iter().map(|field| field.name().clone()).collect();
    let selected =
        Arc::clone(&whole).with(SelectRows::new(Expr::parse("i32 == i32 | TRUE").unwrap())).unwrap();
    let doubled = Expr::parse("i16 * 2").unwrap();
    let computed = memory(batch, &[77])
        .with(Compute::new(vec![("doubled".into(), doubled)]))
        .unwrap()
        .with(Project::new(all))
        .unwrap();
    let options =
        SinkOptions { block_rows: 100, blocks_per_part: NonZeroUsize::new(2), ..SinkOptions::default() };
    let sink = sink::create(path("set.xdf"), &whole.schema(), &options).unwrap();
    transfer(whole.open(&ScanOptions::default().with_block_rows(70)).unwrap(), sink).unwrap();
    let set = open(path("set.xdf")).unwrap();
    let list: Vec<Named> = vec![
        ("memory", Arc::clone(&whole)),
        ("memory in uneven batches", memory(batch, &[1, 300, 0, 7])),
        ("xdf", Arc::new(XdfSource::open(path("t.xdf")).unwrap())),
        ("set of xdf files", set),
        ("parquet", Arc::new(ParquetSource::open(path("t.parquet")).unwrap())),
        ("ipc file", Arc::new(IpcSource::open(path("t.arrow"), false).unwrap())),
        ("ipc stream", Arc::new(IpcSource::open(path("t.arrows"), true).unwrap())),
        ("csv", text("t.csv")),
        ("csv.gz", text("t.csv.gz")),
        ("tsv.zst", text("t.tsv.zst")),
        ("concatenated memory", Arc::new(ConcatSource::try_new(parts()).unwrap())),
        ("many parquet files", open(path("part-*.parquet")).unwrap()),
        ("many ipc files", open(path("part-*.arrow")).unwrap()),
        ("selected", selected),
        ("computed and projected", computed),
    ];
    (folder, list)
}

/// All rows of a scan in one batch, after checking what every block promises.
fn scan(name: &str, source: &dyn BlockSource, options: &ScanOptions) -> RecordBatch {
    let reader = source.open(options).unwrap_or_else(|error| panic!("{name}: {error}"));
    let schema = reader.schema();
    let blocks: Vec<Block> =
        reader.map(|block| block.unwrap_or_else(|error| panic!("{name} {options:?}: {error}"))).collect();
    let mut row = options.rows.as_ref().map_or(0, |rows| rows.start);
    for (position, block) in blocks.iter().enumerate() {
        let rows = block.num_rows();
        assert_eq!(block.batch.schema(), schema, "{name}: the schema of a block is that of the reader");
        assert_eq!(block.start_row, row, "{name}: blocks follow each other");
        assert_eq!(
            block.index,
            row / options.block_rows as u64,
            "{name}: blocks are numbered by their place"
        );
        assert!(rows > 0, "{name}: no block is empty");
        assert!(
            rows == options.block_rows || position == blocks.len() - 1,
            "{name}: only the last is shorter"
        );
        row += rows as u64;
    }
    for (column, field) in schema.fields().iter().enumerate() {
        if factor::is_factor(field.data_type()) {
            let levels = |block: &Block| -> Vec<String> {
                let dictionary = block.batch.column(column).as_dictionary::<Int32Type>().values().clone();
                dictionary.as_string::<i32>().iter().map(|level| level.unwrap().to_owned()).collect()
            };
            for pair in blocks.windows(2) {
                assert!(
                    levels(&pair[1]).starts_with(&levels(&pair[0])),
                    "{name}: later levels extend earlier ones"
                );
            }
            if let Some(stated) = xdf::metadata::levels(field) {
                assert!(
                    blocks.iter().all(|block| levels(block) == stated),
                    "{name}: levels are those stated"
                );
            }
        }
    }
    let batches: Vec<RecordBatch> = blocks.into_iter().map(|block| block.batch).collect();
    factor::concat(&schema, &batches).unwrap()
}

/// Equal types and equal values; factors are compared by their texts.
fn assert_rows(name: &str, found: &RecordBatch, expected: &RecordBatch) {
    assert_eq!(found.num_rows(), expected.num_rows(), "{name}: rows");
    let schema = expected.schema();
    assert_eq!(found.num_columns(), schema.fields().len(), "{name}: columns");
    for (index, field) in schema.fields().iter().enumerate() {
        assert_eq!(found.schema().field(index).name(), field.name(), "{name}: names");
        assert_eq!(
            found.schema().field(index).data_type(),
            field.data_type(),
            "{name}: type of {}",
            field.name()
        );
        let (found, expected) = (found.column(index), expected.column(index));
        if factor::is_factor(field.data_type()) {
            let texts = |array: &ArrayRef| -> Vec<Option<String>> {
                let (codes, levels) = factor::codes_and_levels(array.as_ref()).unwrap();
                codes.iter().map(|code| code.map(|code| levels.value(code as usize).to_owned())).collect()
            };
            assert_eq!(texts(found), texts(expected), "{name}: values of {}", field.name());
        } else {
            assert!(found == expected, "{name}: values of {}\n{found:?}\n{expected:?}", field.name());
        }
    }
}

#[test]
fn every_source_gives_the_same_rows_in_blocks_of_any_size() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    for (name, source) in &sources {
        for block_rows in [1, 7, 250, 1000, 100_000] {
            for prefetch in [true, false] {
                let options = ScanOptions::default().with_block_rows(block_rows).with_prefetch(prefetch);
                assert_rows(name, &scan(name, source.as_ref(), &options), &batch);
            }
        }
    }
}

#[test]
fn every_source_gives_any_range_of_rows() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    let ranges = [
        0..0,
        0..1,
        3..10,
        599..604,
        400..800,
        1100..1203,
        1202..1203,
        1203..1203,
        500..99_999,
        5000..6000,
        0..1203,
    ];
    for (name, source) in &sources {
        for range in &ranges {
            for block_rows in [7, 1000] {
                let options = ScanOptions::default().with_block_rows(block_rows).with_rows(range.clone());
                let start = (range.start as usize).min(ROWS);
                let end = (range.end as usize).min(ROWS).max(start);
                let found = scan(name, source.as_ref(), &options);
                assert_rows(&format!("{name}, rows {range:?}"), &found, &batch.slice(start, end - start));
            }
        }
    }
}

#[test]
fn every_source_gives_the_wanted_columns_in_the_wanted_order() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    let projections: [&[&str]; 5] = [
        &["f64"],
        &["text", "i8"],
        &["level", "flag", "day"],
        &["nothing"],
        &["ns", "us", "ms", "s", "level", "u64", "text"],
    ];
    for (name, source) in &sources {
        for wanted in projections {
            let options = ScanOptions::default().with_block_rows(100).with_columns(wanted.iter().copied());
            let order: Vec<usize> =
                wanted.iter().map(|column| batch.schema().index_of(column).unwrap()).collect();
            let found = scan(name, source.as_ref(), &options);
            assert_rows(&format!("{name}, {wanted:?}"), &found, &batch.project(&order).unwrap());
            // and a part of the rows of it
            let found = scan(name, source.as_ref(), &options.with_rows(777..940));
            let expected = batch.project(&order).unwrap().slice(777, 163);
            assert_rows(&format!("{name}, {wanted:?} of some rows"), &found, &expected);
        }
        let none = scan(name, source.as_ref(), &ScanOptions::default().with_columns(Vec::<String>::new()));
        assert_eq!((none.num_rows(), none.num_columns()), (ROWS, 0), "{name}: rows without columns");
        let error = source.open(&ScanOptions::default().with_columns(["i33"])).err().unwrap().to_string();
        assert!(error.contains("'i33'") && error.contains("i32"), "{name}: {error}");
    }
}

#[test]
fn every_source_says_what_it_is_and_opens_again() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    for (name, source) in &sources {
        let names = |schema: &SchemaRef| -> Vec<(String, DataType)> {
            schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
        };
        assert_eq!(names(&source.schema()), names(&batch.schema()), "{name}");
        let info = source.info();
        assert!(!info.name.is_empty(), "{name}");
        assert!(info.rows.is_none_or(|rows| rows == ROWS as u64), "{name}: {info:?}");
        let options = ScanOptions::default().with_block_rows(500);
        // an unfinished pass, and two at once, do not disturb later ones
        let mut unfinished = source.open(&options).unwrap();
        assert_eq!(unfinished.next().unwrap().unwrap().num_rows(), 500, "{name}");
        let mut second = source.open(&options).unwrap();
        drop(unfinished);
        assert_eq!(second.next().unwrap().unwrap().start_row, 0, "{name}");
        assert_eq!(second.next().unwrap().unwrap().start_row, 500, "{name}");
        drop(second);
        let parallel: Vec<RecordBatch> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..3).map(|_| scope.spawn(|| scan(name, source.as_ref(), &options))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        for found in &parallel {
            assert_rows(name, found, &batch);
        }
    }
}

#[test]
fn every_source_can_be_without_rows() {
    let batch = table().slice(0, 0);
    let (_folder, sources) = sources(&batch);
    for (name, source) in &sources {
        let found = scan(name, source.as_ref(), &ScanOptions::default());
        assert_rows(name, &found, &batch);
        assert!(source.info().rows.is_none_or(|rows| rows == 0), "{name}");
        let found = scan(name, source.as_ref(), &ScanOptions::default().with_rows(0..10));
        assert_eq!(found.num_rows(), 0, "{name}");
    }
}

#[test]
fn a_cancelled_pass_ends_with_one_error() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    for (name, source) in &sources {
        let options = ScanOptions::default().with_block_rows(10).with_prefetch(false);
        let mut reader = source.open(&options).unwrap();
        reader.next().unwrap().unwrap();
        options.monitor.cancel();
        let error = reader.find_map(Result::err).unwrap_or_else(|| panic!("{name} goes on"));
        assert!(matches!(error, engine::Error::Cancelled), "{name}: {error}");
        assert!(reader.next().is_none(), "{name}");
    }
}

#[test]
fn progress_counts_every_row_once() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    for (name, source) in &sources {
        let options = ScanOptions::default().with_block_rows(100);
        options.monitor.start(source.info().rows, source.info().bytes);
        scan(name, source.as_ref(), &options);
        let progress = options.monitor.progress();
        assert_eq!((progress.rows, progress.blocks), (ROWS as u64, 13), "{name}");
        assert!(progress.fraction().is_none_or(|fraction| (0.0..=1.0).contains(&fraction)), "{name}");
    }
}

#[test]
fn selections_shrink_blocks_and_leave_their_place() {
    let batch = table();
    let (_folder, sources) = sources(&batch);
    for (name, source) in &sources {
        let few = Arc::clone(source).with(SelectRows::new(Expr::parse("i16 > 50").unwrap())).unwrap();
        let values = batch.column_by_name("i16").unwrap().as_primitive::<Int16Type>();
        let mut rows = 0;
        for block in few.open(&ScanOptions::default().with_block_rows(100).with_columns(["i32"])).unwrap() {
            let block = block.unwrap();
            let place = block.start_row as usize..(block.start_row as usize + 100).min(ROWS);
            let kept = place.clone().filter(|&row| values.is_valid(row) && values.value(row) > 50).count();
            assert_eq!(block.num_rows(), kept, "{name}");
            assert_eq!(block.start_row, block.index * 100, "{name}");
            assert_eq!(block.batch.num_columns(), 1, "{name}");
            rows += kept;
        }
        assert!(rows > 0 && rows < ROWS, "{name}");
        assert!(few.statistics("i16").is_none(), "{name}: statistics are of all rows");
    }
}

#[test]
fn formats_are_told_by_their_bytes_before_their_names() {
    let batch = table();
    let (folder, _) = sources(&batch);
    for name in ["t.xdf", "t.parquet", "t.arrow", "t.arrows"] {
        let strange = folder.path().join(format!("{name}.backup"));
        std::fs::copy(folder.path().join(name), &strange).unwrap();
        let source = open(&strange).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_rows(name, &scan(name, source.as_ref(), &ScanOptions::default()), &batch);
    }
    let error = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let found = open(&path)
            .and_then(|source| source.open(&ScanOptions::default())?.try_for_each(|block| block.map(|_| ())));
        found.err().map_or_else(|| panic!("{name} opens"), |error| error.to_string())
    };
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("empty.xdf", b""),
        ("binary", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("short.parquet", b"PAR1"),
        ("short.arrow", b"ARROW1\0\0"),
    ] {
        let message = error(name, bytes);
        assert!(message.contains(name), "{name}: {message}");
    }
    for name in ["t.xdf", "t.parquet", "t.arrow", "t.arrows"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        let cut = format!("cut-{name}");
        let message = error(&cut, &bytes[..bytes.len() / 2]);
        assert!(message.contains(&cut), "{cut}: {message}");
    }
    assert!(open(folder.path().join("absent.csv")).err().unwrap().to_string().contains("absent.csv"));
    assert!(open(folder.path().join("absent-*.csv")).err().unwrap().to_string().contains("absent-*.csv"));
    assert!(open(folder.path()).err().unwrap().to_string().contains("folder"));
}

#[test]
fn sinks_leave_what_was_there_until_they_are_finished() {
    let batch = table();
    let source = memory(&batch, &[100]);
    let folder = tempfile::tempdir().unwrap();
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    for name in ["t.xdf", "t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz"] {
        let path = folder.path().join(name);
        let create = |overwrite| {
            sink::create(&path, &source.schema(), &SinkOptions { overwrite, ..SinkOptions::default() })
        };
        let before = entries();
        let mut unfinished = create(false).unwrap();
        for block in source.open(&ScanOptions::default().with_block_rows(100)).unwrap() {
            unfinished.write(&block.unwrap()).unwrap();
        }
        assert!(!path.exists(), "{name} appears before it is finished");
        drop(unfinished);
        assert_eq!(entries(), before, "{name} leaves something behind");
        std::fs::write(&path, "mine").unwrap();
        assert!(create(false).err().unwrap().to_string().contains(name), "{name} exists");
        drop(create(true).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine", "{name} was replaced too early");
        let reader = source.open(&ScanOptions::default()).unwrap();
        transfer(reader, create(true).unwrap()).unwrap();
        assert_ne!(std::fs::read(&path).unwrap(), b"mine", "{name} was not replaced");
        assert_eq!(entries(), before + 1, "{name}");
    }
    let error =
        sink::create(folder.path().join("t.doc"), &source.schema(), &SinkOptions::default()).err().unwrap();
    assert!(error.to_string().contains(".parquet"), "{error}");
    assert!(File::open(folder.path().join("t.doc")).is_err());
    let nowhere = folder.path().join("no").join("where.xdf");
    assert!(sink::create(nowhere, &source.schema(), &SinkOptions::default()).is_err());
}

#[test]
fn foreign_types_become_ours() {
    use arrow_array::{Decimal128Array, LargeStringArray, StringViewArray};
    let small: DictionaryArray<Int8Type> = vec![Some("x"), None, Some("y")].into_iter().collect();
    let decimal =
        Decimal128Array::from(vec![Some(150), None, Some(-25)]).with_precision_and_scale(10, 2).unwrap();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("large", Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("b")])) as ArrayRef, true),
        ("view", Arc::new(StringViewArray::from(vec![Some("a"), None, Some("b")])), true),
        ("small", Arc::new(small), true),
        ("decimal", Arc::new(decimal), true),
    ])
    .unwrap();
    let expected = RecordBatch::try_from_iter_with_nullable([
        ("large", Arc::new(StringArray::from(vec![Some("a"), None, Some("b")])) as ArrayRef, true),
        ("view", Arc::new(StringArray::from(vec![Some("a"), None, Some("b")])), true),
        (
            "small",
            Arc::new(vec![Some("x"), None, Some("y")].into_iter().collect::<DictionaryArray<Int32Type>>()),
            true,
        ),
        ("decimal", Arc::new(PrimitiveArray::<Float64Type>::from(vec![Some(1.5), None, Some(-0.25)])), true),
    ])
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.parquet");
    let file = File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let sources: [(&str, Arc<dyn BlockSource>); 2] =
        [("memory", memory(&batch, &[2])), ("parquet", open(&path).unwrap())];
    for (name, source) in sources {
        assert_rows(
            name,
            &scan(name, source.as_ref(), &ScanOptions::default().with_block_rows(2)),
            &expected,
        );
    }
}

#[test]
fn joined_parts_state_the_range_of_all_parts_or_none() {
    let part = |range: Option<(f64, f64)>| -> Arc<dyn BlockSource> {
        let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        let field = arrow_schema::Field::new("x", DataType::Int32, true);
        let field = match range {
            Some((low, high)) => xdf::metadata::set_low_high(field, low, high),
            None => field,
        };
        let schema = Arc::new(Schema::new(vec![field]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
        Arc::new(MemorySource::try_new(&schema, [batch]).unwrap())
    };
    let joined = |ranges: &[Option<(f64, f64)>]| {
        let parts = ranges.iter().map(|range| part(*range)).collect();
        xdf::metadata::low_high(ConcatSource::try_new(parts).unwrap().schema().field(0))
    };
    assert_eq!(joined(&[Some((1.0, 6.0)), Some((0.0, 3.0)), Some((2.0, 8.0))]), Some((0.0, 8.0)));
    assert_eq!(joined(&[Some((1.0, 6.0)), Some((1.0, 6.0))]), Some((1.0, 6.0)));
    assert_eq!(joined(&[Some((1.0, 6.0)), None]), None);
    assert_eq!(joined(&[None, Some((1.0, 6.0))]), None);
}

/// A file may have types that blocks do not: decimals are read as floats, binary values are refused by name.
#[test]
fn types_of_files_that_blocks_do_not_have() {
    let folder = TempDir::new().unwrap();
    let price =
        Decimal128Array::from(vec![Some(1999), None, Some(-5)]).with_precision_and_scale(9, 2).unwrap();
    let key = BinaryArray::from_vec(vec![b"a", b"\xFF", b""]);
    let batch = RecordBatch::try_from_iter([
        ("price", Arc::new(price) as ArrayRef),
        ("key", Arc::new(key)),
        ("n", Arc::new(Int32Array::from(vec![1, 2, 3]))),
    ])
    .unwrap();
    let path = folder.path().join("t.xdf");
    let mut writer = xdf::Writer::create(&path, batch.schema(), xdf::WriteOptions::default()).unwrap();
    writer.write(&batch).unwrap();
    let source = XdfSource::from(writer.finish().unwrap());
    assert_eq!(*source.schema().field(0).data_type(), DataType::Float64);
    let options = ScanOptions::default().with_columns(["n", "price"]);
    let block = source.open(&options).unwrap().next().unwrap().unwrap();
    let prices: Vec<Option<f64>> = block.batch.column(1).as_primitive::<Float64Type>().iter().collect();
    assert_eq!(prices, [Some(19.99), None, Some(-0.05)]);
    let refused = source.open(&ScanOptions::default()).err().unwrap().to_string();
    assert!(refused.contains("'key'") && refused.contains("Binary"), "{refused}");
}
