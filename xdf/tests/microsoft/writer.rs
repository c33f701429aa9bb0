//! The writer: Microsoft's own bytes from the same values, and what cannot be written.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema};
use sha2::{Digest, Sha256};
use xdf::microsoft::{MicrosoftWriteOptions, Writer};
use xdf::{Error, File};

use crate::encoder::{Column, Layout, Table, texts_array, words};
use crate::{Stored, read_all, shared, small};

/// R's missing value.
const NA: u64 = 0x7ff0_0000_0000_07a2;

/// A 4.2 file from batches of one schema.
pub(crate) fn write(batches: &[RecordBatch], options: MicrosoftWriteOptions) -> xdf::Result<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.xdf");
    let mut writer = Writer::create(&path, batches[0].schema(), options)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    Ok(std::fs::read(path).unwrap())
}

/// The same, opened.
pub(crate) fn file_of(batches: &[RecordBatch], options: MicrosoftWriteOptions) -> File {
    Stored::new(&write(batches, options).unwrap()).open().unwrap()
}

/// The file that the values of another one become.
pub(crate) fn again(path: &Path) -> Vec<u8> {
    let file = File::open(path).unwrap();
    let mut batches = read_all(&file).unwrap();
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(Arc::clone(file.schema())));
    }
    write(&batches, MicrosoftWriteOptions::default()).unwrap()
}

/// The columns of a small CSV file as text.
fn cells(text: &str) -> Vec<(String, Vec<String>)> {
    let mut lines = text.lines().map(|line| line.split(',').map(|cell| cell.trim_matches('"').to_owned()));
    let mut columns: Vec<(String, Vec<String>)> =
        lines.next().unwrap().map(|name| (name, Vec::new())).collect();
    for line in lines {
        columns.iter_mut().zip(line).for_each(|((_, cells), cell)| cells.push(cell));
    }
    columns
}

fn numbers(cells: &[String]) -> ArrayRef {
    Arc::new(cells.iter().map(|cell| cell.parse::<f64>().unwrap()).collect::<Float64Array>())
}

fn is(bytes: &[u8], sha256: &str) {
    assert_eq!(format!("{:x}", Sha256::digest(bytes)), sha256, "{} bytes", bytes.len());
}

const MTCARS: &str = "876afd6082867f4d621f283a8c5544ef2d1eaae73be24d7e9bd5ad31dbe253ee";
const IRIS: &str = "3f494cbe062aa6eca64d930c82d145769787769c903cbcfc63803e851dda78fd";
const MTCARS_FILTERED: &str = "61c1cabb932d633abab8c6805c0976e09f86619bb636cb15191685ab6a6bcf4e";

/// The row names of R's `mtcars`, which its CSV file leaves out.
const CARS: [&str; 32] = [
    "Mazda RX4",
    "Mazda RX4 Wag",
    "Datsun 710",
    "Hornet 4 Drive",
    "Hornet Sportabout",
    "Valiant",
    "Duster 360",
    "Merc 240D",
    "Merc 230",
    "Merc 280",
    "Merc 280C",
    "Merc 450SE",
    "Merc 450SL",
    "Merc 450SLC",
    "Cadillac Fleetwood",
    "Lincoln Continental",
    "Chrysler Imperial",
    "Fiat 128",
    "Honda Civic",
    "Toyota Corolla",
    "Toyota Corona",
    "Dodge Challenger",
    "AMC Javelin",
    "Camaro Z28",
    "Pontiac Firebird",
    "Fiat X1-9",
    "Porsche 914-2",
    "Lotus Europa",
    "Ford Pantera L",
    "Ferrari Dino",
    "Maserati Bora",
    "Volvo 142E",
];

fn mtcars() -> Option<RecordBatch> {
    let mut columns: Vec<(String, ArrayRef)> =
        cells(&small("mtcars.csv")?).iter().map(|(name, cells)| (name.clone(), numbers(cells))).collect();
    columns.push((".rxRowNames".to_owned(), Arc::new(StringArray::from_iter_values(CARS))));
    Some(RecordBatch::try_from_iter(columns).unwrap())
}

#[test]
fn mtcars_becomes_the_published_file() {
    let Some(batch) = mtcars() else { return };
    let options = MicrosoftWriteOptions::default().with_rows_per_read(32);
    let bytes = write(std::slice::from_ref(&batch), options.clone()).unwrap();
    is(&bytes, MTCARS);
    // However the rows come.
    let pieces = [batch.slice(0, 1), batch.slice(1, 20), batch.slice(21, 0), batch.slice(21, 11)];
    is(&write(&pieces, options).unwrap(), MTCARS);
}

#[test]
fn iris_becomes_the_published_file() {
    let Some(text) = small("iris.csv") else { return };
    let columns = cells(&text).into_iter().map(|(name, cells)| {
        let array: ArrayRef = match name.as_str() {
            "Species" => Arc::new(cells.iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>()),
            _ => numbers(&cells),
        };
        (name, array)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    is(&write(&[batch], MicrosoftWriteOptions::default()).unwrap(), IRIS);
}

#[test]
fn real_files_come_back_byte_for_byte() {
    for name in ["airports.xdf", "hr-attrition.xdf", "mtcars.xdf", "mtcars-filtered.xdf"] {
        let Some(path) = shared(name) else { continue };
        assert!(again(&path) == std::fs::read(&path).unwrap(), "{name} differs");
    }
}

#[test]
fn a_selection_of_rows_is_what_microsoft_made_of_it() {
    let Some(path) = shared("mtcars.xdf") else { return };
    let file = File::open(path).unwrap();
    let batch = &read_all(&file).unwrap()[0];
    let cylinders = batch.column(1).as_any().downcast_ref::<Float64Array>().unwrap();
    let chosen = cylinders.iter().map(|cylinders| cylinders.map(|cylinders| cylinders < 8.0)).collect();
    let batch = arrow_select::filter::filter_record_batch(batch, &chosen).unwrap();
    is(&write(&[batch], MicrosoftWriteOptions::default()).unwrap(), MTCARS_FILTERED);
}

#[test]
fn a_checked_copy_has_the_same_bytes_and_a_damaged_file_is_not_copied() {
    let Some(path) = shared("mtcars.xdf") else { return };
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("copy.xdf");
    let copy = xdf::microsoft::copy(&path, &target, false).unwrap();
    assert_eq!(copy.num_rows(), 32);
    is(&std::fs::read(&target).unwrap(), MTCARS);
    assert!(matches!(xdf::microsoft::copy(&path, &target, false), Err(Error::Exists { .. })));

    let mut bytes = std::fs::read(&path).unwrap();
    bytes[300] ^= 1;
    let damaged = Stored::new(&bytes);
    let error = xdf::microsoft::copy(&damaged.path, &target, true).unwrap_err();
    assert!(matches!(&error, Error::DamagedSegment { column, .. } if column == "mpg"), "{error}");
    is(&std::fs::read(&target).unwrap(), MTCARS);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Everything that only files from elsewhere have: free attributes, a claim instead of low and high, tails, flags.
pub(crate) fn peculiar() -> Table {
    let mut dates = Column::float64("when", -5.0, 99.0, &[0.0, 1.0, f64::from_bits(0x7ff8_0000_0000_0001)]);
    dates.description = b"Tag der Pr\xfcfung".to_vec();
    dates.attributes.push((b"class".to_vec(), texts_array(&[b"Date".to_vec()])));
    dates.attributes.push((b"codes".to_vec(), words(2, 2, 1, &[7, u64::MAX])));
    dates.tail = -1;
    let mut level = Column::factor("n\u{e4}me", &["b", "a"], &[1, u32::MAX, 0]);
    level.name = b"n\xe4me".to_vec();
    level.attributes.insert(0, (b"first".to_vec(), words(21, 1, 1, &[3])));
    let mut bare = Column::factor("bare", &[], &[u32::MAX; 3]);
    bare.attributes.clear();
    let odd = Column::numbers("odd", (9, 9, 0x0040_0300), [[1, 0], [3, 0]], &[[1, 0], [2, 0], [3, 0]]);
    let unset = Column::int32("unset", i32::MAX, i32::MAX, &[1, i32::MIN, 3]);
    let texts = Column::texts("texts", &[b"x", b"", "gr\u{f6}\u{df}e".as_bytes()]);
    let mut table =
        Table::new(Layout::Trailer, &[0, 2, 0, 1, 0, 0], vec![dates, level, bare, odd, unset, texts]);
    table.row_names = 5;
    table.second_index = 3;
    table.read_info = Some([1, 1, 2]);
    table.stock = true;
    table
}

#[test]
fn what_arrow_has_no_place_for_comes_back_also_through_xdf_5() {
    let original = peculiar().encode();
    let stored = Stored::new(&original);
    assert!(again(&stored.path) == original);

    // In between the NaN of a missing value is lost, so this one has R's.
    let mut table = peculiar();
    table.columns[0] = Column {
        cells: Column::float64("", 0.0, 0.0, &[0.0, 1.0, f64::from_bits(NA)]).cells,
        ..table.columns[0].clone()
    };
    let original = table.encode();
    let stored = Stored::new(&original);
    let file = stored.open().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let five = folder.path().join("five.xdf");
    let mut writer =
        xdf::Writer::create(&five, Arc::clone(file.schema()), xdf::WriteOptions::default()).unwrap();
    for batch in read_all(&file).unwrap() {
        writer.write(&batch).unwrap();
    }
    writer.finish().unwrap();
    assert!(again(&five) == original);
}

#[test]
fn a_changed_table_gets_values_of_its_own() {
    let stored = Stored::new(&peculiar().encode());
    let file = stored.open().unwrap();
    let batches = read_all(&file).unwrap();
    // One row fewer: low and high are those of the rest, an empty block stays in front.
    let kept = file_of(&[batches[1].clone()], MicrosoftWriteOptions::default());
    let range = |file: &File, column: usize| xdf::metadata::low_high(file.schema().field(column));
    assert_eq!((range(&file, 0), range(&kept, 0)), (Some((-5.0, 99.0)), Some((0.0, 1.0))));
    assert_eq!((range(&file, 4), range(&kept, 4)), (None, Some((1.0, 1.0))));
    assert_eq!((kept.num_blocks(), kept.block_rows(0), kept.block_rows(1)), (2, 0, 2));
    // Twice the rows: the blocks go on as large as the largest.
    let all: Vec<RecordBatch> = batches.iter().chain(&batches).cloned().collect();
    let twice = file_of(&all, MicrosoftWriteOptions::default());
    let rows: Vec<u64> = (0..twice.num_blocks()).map(|block| twice.block_rows(block)).collect();
    assert_eq!(rows, [0, 2, 0, 1, 0, 0, 2, 1]);
    // Other blocks were asked for; the rows of a read are theirs then.
    let cut = file_of(&batches, MicrosoftWriteOptions::default().with_block_rows(1));
    assert_eq!((cut.num_blocks(), cut.num_rows()), (3, 3));
    assert!(
        cut.schema().metadata()[xdf::metadata::MICROSOFT]
            .contains("010000000000000001000000000000000100000000000000")
    );
    // A column that was replaced: nothing of the old one stays.
    let schema = Schema::new(vec![Field::new("when", DataType::Int32, true)])
        .with_metadata(file.schema().metadata().clone());
    let column: ArrayRef = Arc::new(Int32Array::from(vec![7, 8, 9]));
    let replaced = file_of(
        &[RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap()],
        MicrosoftWriteOptions::default(),
    );
    assert_eq!(range(&replaced, 0), Some((7.0, 9.0)));
    assert!(!replaced.schema().metadata().contains_key(xdf::metadata::ROW_NAMES));
}

#[test]
fn what_the_metadata_claim_is_not_believed() {
    let column: ArrayRef = Arc::new(Int32Array::from(vec![7, 8, 9]));
    let nonsense = [
        "",
        "{",
        "[]",
        "7",
        r#"{"blocks":7,"attributes":"zz","level":77}"#,
        r#"{"blocks":[[0,18446744073709551615]]}"#,
        r#"{"blocks":[[18446744073709551615,18446744073709551615]],"second_index":"gone"}"#,
        r#"{"low":"00","high":"00000000","ids":[6,3,0],"tail":"x","attributes":"0","name":"ff","description":"41"}"#,
        r#"{"low":"00000000","high":"05000000","ids":[4,18,4195840],"attributes":"01000000"}"#,
    ];
    for entry in nonsense {
        let entries = HashMap::from([(xdf::metadata::MICROSOFT.to_owned(), entry.to_owned())]);
        let field = Field::new("x", DataType::Int32, true).with_metadata(entries.clone());
        let schema = Arc::new(Schema::new_with_metadata(vec![field], entries));
        let batch = RecordBatch::try_new(schema, vec![Arc::clone(&column)]).unwrap();
        let file = file_of(&[batch], MicrosoftWriteOptions::default());
        assert!(file.verify().unwrap().is_ok(), "{entry}");
        assert_eq!(file.num_rows(), 3);
        assert_eq!(xdf::metadata::low_high(file.schema().field(0)), Some((7.0, 9.0)), "{entry}");
        assert_eq!(file.schema().field(0).name(), "x");
    }
}

#[test]
fn what_has_no_place_is_refused_by_name() {
    let refusal = |name: &str, array: ArrayRef| {
        let batch = RecordBatch::try_from_iter([(name, array)]).unwrap();
        write(&[batch], MicrosoftWriteOptions::default()).unwrap_err().to_string()
    };
    let decimal = Decimal128Array::from(vec![1]).with_precision_and_scale(5, 2).unwrap();
    let message = refusal("money", Arc::new(decimal));
    assert!(
        message.contains("column 'money'") && message.contains("no place for Decimal128(5, 2)"),
        "{message}"
    );
    let message = refusal("bytes", Arc::new(BinaryArray::from(vec![b"x".as_slice()])));
    assert!(message.contains("no place for Binary"), "{message}");
    let message = refusal("id", Arc::new(Int64Array::from(vec![1])));
    assert!(message.contains("Int64") && message.contains("cast it to int32 or float64"), "{message}");
    let message = refusal("n", Arc::new(Int32Array::from(vec![1, i32::MIN])));
    assert!(message.contains("column 'n', row 2") && message.contains("mark of missing values"), "{message}");

    let batch =
        RecordBatch::try_from_iter([("b", Arc::new(BooleanArray::from(vec![Some(true), None])) as ArrayRef)]);
    let allowed = MicrosoftWriteOptions::default().with_allow_inferred(true);
    let message = write(&[batch.unwrap()], allowed).unwrap_err().to_string();
    assert!(
        message.contains("column 'b', row 2") && message.contains("how uchar marks them is not known"),
        "{message}"
    );

    let none = RecordBatch::try_from_iter([("x", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]).unwrap();
    for options in [
        MicrosoftWriteOptions::default().with_level(0),
        MicrosoftWriteOptions::default().with_level(10).with_allow_inferred(true),
        MicrosoftWriteOptions::default().with_block_rows(0),
    ] {
        assert!(matches!(write(std::slice::from_ref(&none), options), Err(Error::InvalidOption { .. })));
    }
}

#[test]
fn a_writer_that_failed_or_was_dropped_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xdf");
    std::fs::write(&path, "before").unwrap();
    let good = RecordBatch::try_from_iter([("x", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]).unwrap();
    let bad =
        RecordBatch::try_from_iter([("x", Arc::new(Int32Array::from(vec![i32::MIN])) as ArrayRef)]).unwrap();
    assert!(matches!(
        Writer::create(&path, good.schema(), MicrosoftWriteOptions::default()),
        Err(Error::Exists { .. })
    ));
    let options = MicrosoftWriteOptions::default().with_overwrite(true);
    let mut writer = Writer::create(&path, good.schema(), options.clone()).unwrap();
    writer.write(&good).unwrap();
    writer.write(&bad).unwrap_err();
    assert!(matches!(writer.write(&good), Err(Error::WriterFailed { .. })));
    assert!(matches!(writer.finish(), Err(Error::WriterFailed { .. })));
    let other = RecordBatch::try_from_iter([("y", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]).unwrap();
    let mut writer = Writer::create(&path, good.schema(), options).unwrap();
    assert!(matches!(writer.write(&other), Err(Error::SchemaMismatch { .. })));
    drop(writer);
    assert_eq!(std::fs::read(&path).unwrap(), b"before");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
