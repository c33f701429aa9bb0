//! Version 5.1: every type, every encoding of the specification, and two commits.
//!
//! The first commit is the first [`BLOCK`] rows of [`table`] in blocks of [`BLOCK`] at level 1, with a column that
//! the second one drops and without the last one, which the second one puts in. That one also appends the other rows,
//! renames a column and describes it.

use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
    UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use xdf::{Editor, Extent, File, Scalar, Usage, WriteOptions, Writer, metadata};

use crate::tables::any::bits;
use crate::tables::{assert_same, encodings, ints, read_all};
use crate::{data, sums};

pub(crate) const NAME: &str = "xdf-5.1.xdf";

const BLOCK: usize = 2060;
const ROWS: usize = 2080;
const CITIES: [&str; 4] = ["Zürich", "", "St. Gallen", "日本"];

/// A number below `limit` that looks random.
fn noise(row: i64, limit: u64) -> i64 {
    (bits(51, row.cast_unsigned()) % limit).cast_signed()
}

/// [`ROWS`] rows; what each column is there for is its name.
fn table() -> RecordBatch {
    let rows = || 0..ROWS as i64;
    let some = |row: i64| row % 7 != 3;
    macro_rules! column {
        ($array:ident, $value:expr) => {
            Arc::new(rows().map($value).collect::<$array>()) as ArrayRef
        };
    }
    let decimals = |value: fn(i64) -> i128| {
        let array: Decimal128Array = rows().map(|i| some(i).then(|| value(i))).collect();
        Arc::new(array.with_precision_and_scale(38, 4).unwrap()) as ArrayRef
    };
    let texts = |value: fn(i64) -> String| -> Vec<Option<String>> {
        rows().map(|i| some(i).then(|| value(i))).collect()
    };
    // The level "later" occurs in the second commit alone.
    let levels = texts(|i| if i < BLOCK as i64 { format!("Stufe {}", (i * i) % 5) } else { "later".into() });
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool, bits", column!(BooleanArray, |i| some(i).then_some(noise(i, 3) == 0))),
        ("int8, plain", column!(Int8Array, |i| Some((noise(i, 256) - 128) as i8))),
        ("int16, packed", column!(Int16Array, |i| some(i).then_some((noise(i, 500) - 250) as i16))),
        ("int32, delta", column!(Int32Array, |i| Some((i * 300) as i32))),
        ("int64, delta", column!(Int64Array, |i| Some(((i << 33) + noise(i, 4)) - (1 << 40)))),
        ("int64, dictionary", column!(Int64Array, |i| Some(noise(i, 3) << 40))),
        ("uint8, runs", column!(UInt8Array, |i| Some(noise(i / 90, 256) as u8))),
        ("uint16, constant", column!(UInt16Array, |_| Some(65_535))),
        ("uint32, all missing", column!(UInt32Array, |_| None::<u32>)),
        ("uint32, bases", column!(UInt32Array, |i| Some((noise(i / 1024, 1 << 30) + noise(i, 600)) as u32))),
        (
            "uint64, patches",
            column!(UInt64Array, |i| Some(
                u64::MAX - noise(i, if i % 90 == 5 { 1 << 30 } else { 600 }) as u64
            )),
        ),
        ("float32, integers", column!(Float32Array, |i| some(i).then_some(noise(i, 90) as f32 - 45.0))),
        (
            "float32, ALP",
            column!(Float32Array, |i| Some(if i % 200 == 9 {
                f32::NAN
            } else {
                noise(i, 600) as f32 / 10.0
            })),
        ),
        ("float32, bytes", column!(Float32Array, |i| Some((i as f32).sqrt()))),
        (
            "float64, dictionary",
            column!(Float64Array, |i| Some(match i % 40 {
                0 => f64::from_bits(0x7FF8_0000_0000_1234),
                1 => -0.0,
                2 => f64::NEG_INFINITY,
                other => 1.0 / other as f64,
            })),
        ),
        (
            "float64, ALP",
            column!(Float64Array, |i| {
                some(i).then_some(if i % 150 == 8 { f64::INFINITY } else { noise(i, 600) as f64 / 100.0 })
            }),
        ),
        (
            "string, dictionary",
            Arc::new(texts(|i| CITIES[noise(i, 4) as usize].to_owned()).into_iter().collect::<StringArray>()),
        ),
        (
            "string, FSST",
            Arc::new(texts(|i| format!("N{:05}ß", noise(i, 100_000))).into_iter().collect::<StringArray>()),
        ),
        ("string, constant", column!(StringArray, |_| Some("the same"))),
        ("factor", Arc::new(levels.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())),
        ("date", column!(Date32Array, |i| some(i).then_some((i / 9) as i32 - 100))),
        ("second", column!(TimestampSecondArray, |i| Some((i / 7 - 150) * 3600))),
        ("millisecond", column!(TimestampMillisecondArray, |i| some(i).then_some(noise(i, 40) * 86_400_000))),
        (
            "microsecond, UTC",
            Arc::new(
                rows().map(|i| Some(i / 50)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"),
            ),
        ),
        (
            "nanosecond, Zurich",
            Arc::new(
                rows()
                    .map(|i| some(i).then_some((i / 4) << 33))
                    .collect::<TimestampNanosecondArray>()
                    .with_timezone("Europe/Zurich"),
            ),
        ),
        (
            "binary",
            Arc::new(
                rows()
                    .map(|i| some(i).then(|| vec![0xFF; (i % 3) as usize]))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(Option::as_deref)
                    .collect::<BinaryArray>(),
            ),
        ),
        ("decimal, offset", decimals(|i| i128::from(i % 900) - 10_i128.pow(30))),
        ("decimal, plain", decimals(|i| i128::from(i % 3 - 1) * 10_i128.pow(37))),
        ("put in", column!(Int32Array, |i| Some(i as i32 % 2))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// The table as it is before its second commit.
fn before(table: &RecordBatch) -> RecordBatch {
    let columns = table.columns().iter().zip(table.schema_ref().fields()).map(|(array, field)| {
        let name = field.name().as_str();
        (if name == "date" { "day" } else { name }, Arc::clone(array), true)
    });
    let dropped = ints("dropped", 0..ROWS as i32);
    let last = table.num_columns() - 1;
    let columns = columns.take(last).chain([("dropped", Arc::clone(dropped.column(0)), true)]);
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn make(path: &Path) {
    let table = table();
    let before = before(&table);
    let options = WriteOptions::default().with_block_rows(BLOCK).with_overwrite(true);
    let mut writer = Writer::create(path, before.schema(), options.clone()).unwrap();
    writer.set_metadata("made by", env!("CARGO_PKG_VERSION"));
    writer.write(&before.slice(0, BLOCK)).unwrap();
    writer.finish().unwrap();
    let mut editor = Editor::open_with(path, &options).unwrap();
    editor.append(&before.slice(BLOCK, ROWS - BLOCK)).unwrap();
    let put = table.project(&[table.num_columns() - 1]).unwrap();
    let mut columns = editor.put_columns(put.schema()).unwrap();
    columns.write(&put).unwrap();
    columns.finish().unwrap();
    editor.drop_columns(&["dropped"]).unwrap();
    editor.rename("day", "date").unwrap();
    editor.set_column_metadata("date", metadata::DESCRIPTION, Some("Tag")).unwrap();
    editor.set_column_metadata("factor", metadata::ORDERED, Some("true")).unwrap();
    editor.commit().unwrap();
}

/// `make golden`, for as long as 5.1 is not released.
#[test]
#[ignore = "writes the file that the other tests read"]
fn make_the_file_of_5_1() {
    make(&data(NAME));
    std::fs::write(data("SHA256SUMS"), sums()).unwrap();
}

#[test]
fn version_5_1() {
    let file = File::open(data(NAME)).unwrap();
    assert_eq!(file.generation().to_string(), "XDF 5.1");
    assert_eq!((0..file.num_blocks()).map(|block| file.block_rows(block)).collect::<Vec<_>>(), [2060, 20]);
    assert_eq!(file.schema().metadata()["made by"], "0.1.0");
    let date = file.schema().field_with_name("date").unwrap();
    assert_eq!(metadata::description(date), Some("Tag"));
    let factor = file.schema().field_with_name("factor").unwrap();
    assert!(metadata::is_ordered(factor));
    assert_eq!(metadata::levels(factor).unwrap(), ["Stufe 0", "Stufe 1", "Stufe 4", "later"]);
    let table = table();
    for (read, field) in table.schema().fields().iter().zip(file.schema().fields()) {
        assert_eq!((read.name(), read.data_type()), (field.name(), field.data_type()));
    }
    assert_same(&[table], &read_all(&file));
    assert!(file.verify().unwrap().is_ok());
}

#[test]
fn statistics_of_5_1() {
    let file = File::open(data(NAME)).unwrap();
    let of = |name: &str| file.column_statistics(file.schema().index_of(name).unwrap()).unwrap();
    let delta = of("int32, delta");
    assert_eq!((delta.rows, delta.missing), (2080, 0));
    assert_eq!(
        (delta.min, delta.max, delta.mean),
        (Some(Scalar::Int(0)), Some(Scalar::Int(623_700)), Some(311_850.0))
    );
    assert_eq!(of("string, dictionary").max, Some(Scalar::Text("日本".into())));
    let counts = of("factor").level_counts.unwrap();
    assert_eq!((counts.len(), counts[3], counts.iter().sum::<u64>()), (4, 17, of("factor").count()));
    assert_eq!(of("binary").min, None);
    assert_eq!(of("date").sketch.as_ref().unwrap().count(), of("date").count());
}

#[test]
fn every_encoding_of_the_specification_occurs_in_5_1() {
    let file = File::open(data(NAME)).unwrap();
    let layout = file.layout();
    for block in 0..file.num_blocks() {
        for segment in file.segments(block) {
            let usage = Usage::Segment { block, column: segment.column };
            assert!(layout.contains(&Extent { offset: segment.offset, bytes: segment.bytes, usage }));
        }
    }
    let used = encodings::used(&file);
    encodings::assert_all(&used);
    assert!(used.iter().any(|text| text.ends_with("bit zstd")), "{used:#?}");
}
