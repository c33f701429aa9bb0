//! What the public files do not show: container 3.1, several blocks, types and attributes that are only inferred.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use xdf::{Error, File, Generation, ReadOptions, metadata};

use crate::encoder::{Column, Layout, Table, texts_array, words};
use crate::{Stored, read_all};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A table shaped like `AirlineDemoSmall`: delays with missing ones, departure times, days.
struct Airline {
    delays: Vec<i32>,
    times: Vec<f32>,
    days: Vec<u32>,
}

impl Airline {
    fn new(rows: u32) -> Self {
        let delay = |row: u32| {
            if row.is_multiple_of(34) { i32::MIN } else { i32::try_from(row * 7919 % 1577).unwrap() - 86 }
        };
        let time = |row: u32| if row % 50 == 7 { f32::NAN } else { (row * 104_729 % 1440) as f32 / 60.0 };
        let day = |row: u32| if row % 91 == 3 { u32::MAX } else { row * 31 % 7 };
        Self {
            delays: (0..rows).map(delay).collect(),
            times: (0..rows).map(time).collect(),
            days: (0..rows).map(day).collect(),
        }
    }

    fn table(&self, layout: Layout, block_rows: &[usize]) -> Table {
        let columns = vec![
            Column::int32("ArrDelay", -86, 1490, &self.delays),
            Column::float32("CRSDepTime", 0.016_667, 23.983_334, &self.times),
            Column::factor("DayOfWeek", &DAYS, &self.days),
        ];
        Table::new(layout, block_rows, columns)
    }

    fn check(&self, batch: &RecordBatch, first: usize) {
        let delays = batch.column(0).as_primitive::<Int32Type>();
        let times = batch.column(1).as_primitive::<Float32Type>();
        let days = batch.column(2).as_dictionary::<Int32Type>();
        for row in 0..batch.num_rows() {
            let delay = self.delays[first + row];
            let time = self.times[first + row];
            let day = self.days[first + row];
            assert_eq!(delays.is_valid(row).then(|| delays.value(row)), (delay != i32::MIN).then_some(delay));
            assert_eq!(times.is_valid(row).then(|| times.value(row)), (!time.is_nan()).then_some(time));
            let code = days.is_valid(row).then(|| days.keys().value(row).cast_unsigned());
            assert_eq!(code, (day != u32::MAX).then_some(day));
        }
    }
}

#[test]
fn the_older_container_with_uneven_blocks_and_missing_values() {
    let airline = Airline::new(6000);
    for layout in [Layout::Header, Layout::Trailer] {
        let stored = Stored::new(&airline.table(layout, &[2500, 2500, 0, 1000]).encode());
        let file = stored.open().unwrap();
        let generation = match layout {
            Layout::Header => Generation::Microsoft31,
            Layout::Trailer => Generation::Microsoft42,
        };
        assert_eq!(file.generation(), generation);
        assert_eq!((file.num_rows(), file.num_blocks()), (6000, 4));
        let blocks: Vec<(u64, u64)> =
            (0..4).map(|block| (file.block_start(block), file.block_rows(block))).collect();
        assert_eq!(blocks, [(0, 2500), (2500, 2500), (5000, 0), (5000, 1000)]);
        let batches = read_all(&file).unwrap();
        let mut first = 0;
        for batch in &batches {
            airline.check(batch, first);
            first += batch.num_rows();
        }
        assert_eq!(first, 6000);
        let report = file.verify().unwrap();
        assert!(report.is_ok());
        assert_eq!((report.blocks, report.segments, report.bytes), (4, 12, file.size()));

        let dictionary =
            |batch: &RecordBatch| Arc::clone(batch.column(2).as_dictionary::<Int32Type>().values());
        assert!(Arc::ptr_eq(&dictionary(&batches[0]), &dictionary(&batches[3])));
        let schema = file.schema();
        assert_eq!(metadata::levels(schema.field(2)).unwrap(), DAYS);
        assert_eq!(schema.field(1).metadata()["xdf.low"], "0.016667");
        assert_eq!(metadata::low_high(schema.field(0)), Some((-86.0, 1490.0)));
        assert!(file.column_statistics(0).is_none());
    }
}

#[test]
fn they_are_not_changed_in_place() {
    let airline = Airline::new(50);
    for layout in [Layout::Header, Layout::Trailer] {
        let bytes = airline.table(layout, &[50]).encode();
        let stored = Stored::new(&bytes);
        let refused = [
            xdf::Editor::open(&stored.path).map(|_| ()),
            xdf::compact(&stored.path, &xdf::CompactOptions::default()).map(|_| ()),
        ];
        for result in refused {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::NotEditable { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("Microsoft XDF") && text.contains("import it to XDF 5"), "{text}");
        }
        let target = stored.path.with_extension("saved");
        assert!(matches!(xdf::repair(&stored.path, &target, false), Err(Error::Irreparable { .. })));
        assert!(std::fs::read(&stored.path).unwrap() == bytes && !target.exists());
    }
}

#[test]
fn ranges_of_rows_across_blocks() {
    let airline = Airline::new(500);
    let stored = Stored::new(&airline.table(Layout::Header, &[120, 230, 150]).encode());
    let file = stored.open().unwrap();
    let reader = file.reader(&ReadOptions::default().with_rows(100..400)).unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [20, 230, 50]);
    airline.check(&batches[0], 100);
    airline.check(&batches[1], 120);
    airline.check(&batches[2], 350);
}

#[test]
fn plain_segments_are_read_as_they_are() {
    let airline = Airline::new(300);
    for layout in [Layout::Header, Layout::Trailer] {
        let mut table = airline.table(layout, &[200, 100]);
        let texts: Vec<String> = (0..300).map(|row| "x".repeat(row % 5)).collect();
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        table.columns.push(Column::texts("text", &texts));
        // Values that start like a zlib stream.
        let like_zlib = vec![i32::from_le_bytes([0x78, 0x01, 0, 0]); 300];
        table.columns.push(Column::int32("like_zlib", 0, 376, &like_zlib));
        table.compressed = false;
        let stored = Stored::new(&table.encode());
        let file = stored.open().unwrap();
        assert_eq!(file.compression(), "none");
        let batches = read_all(&file).unwrap();
        airline.check(&batches[0], 0);
        airline.check(&batches[1], 200);
        let got: Vec<&str> = batches[1].column(3).as_string::<i32>().iter().flatten().collect();
        assert_eq!(
            got.iter().map(|text| text.len()).collect::<Vec<_>>(),
            (200..300).map(|row| row % 5).collect::<Vec<_>>()
        );
        assert_eq!(batches[1].column(4).as_primitive::<Int32Type>().values().to_vec(), like_zlib[..100]);
        assert!(file.verify().unwrap().is_ok());
    }
}

const SIGNED: u32 = 0x0040_0300;
const UNSIGNED: u32 = 0x0042_0300;
const FLOAT: u32 = 0x0040_0600;

/// One column per inferred type, under type ids that no public file has.
fn never_seen() -> Vec<Column> {
    vec![
        Column::numbers("int8", (7, 6, SIGNED), [[0x80], [3]], &[[0x80], [0xff], [3]]),
        Column::numbers("logical", (8, 7, UNSIGNED), [[0], [1]], &[[0], [1], [0xff]]),
        Column::numbers("int16", (9, 9, SIGNED), [[0xfe, 0xff], [7, 0]], &[[0xfe, 0xff], [0, 0], [7, 0]]),
        Column::numbers(
            "uint16",
            (10, 10, UNSIGNED),
            [[0, 0], [0xff, 0xfe]],
            &[[0, 0], [0xff, 0xfe], [1, 0]],
        ),
        Column::numbers(
            "uint32",
            (11, 14, UNSIGNED),
            [[1, 0, 0, 0], [0, 0, 0, 0xf0]],
            &[[1, 0, 0, 0], [0, 0, 0, 0xf0], [2, 0, 0, 0]],
        ),
        Column::numbers(
            "int64",
            (2, 15, SIGNED),
            [i64::MAX.to_le_bytes(); 2],
            &[(-5_i64).to_le_bytes(), i64::MAX.to_le_bytes(), [0; 8]],
        ),
        Column::numbers(
            "uint64",
            (21, 16, UNSIGNED),
            [[0; 8], u64::MAX.to_le_bytes()],
            &[[0; 8], u64::MAX.to_le_bytes(), [1; 8]],
        ),
        Column::numbers(
            "float",
            (12, 99, FLOAT),
            [[0; 8], 1.5_f64.to_le_bytes()],
            &[[0; 8], 1.5_f64.to_le_bytes(), f64::NAN.to_le_bytes()],
        ),
    ]
}

fn check_never_seen(file: &File) {
    let batch = &read_all(file).unwrap()[0];
    assert_eq!(batch.column(0).as_primitive::<Int8Type>().values().to_vec(), [-128, -1, 3]);
    assert_eq!(batch.column(1).as_primitive::<UInt8Type>().values().to_vec(), [0, 1, 255]);
    assert_eq!(batch.column(2).as_primitive::<Int16Type>().values().to_vec(), [-2, 0, 7]);
    assert_eq!(batch.column(3).as_primitive::<UInt16Type>().values().to_vec(), [0, 65279, 1]);
    assert_eq!(batch.column(4).as_primitive::<UInt32Type>().values().to_vec(), [1, 0xf000_0000, 2]);
    assert_eq!(batch.column(5).as_primitive::<Int64Type>().values().to_vec(), [-5, i64::MAX, 0]);
    assert_eq!(
        batch.column(6).as_primitive::<UInt64Type>().values().to_vec(),
        [0, u64::MAX, 0x0101_0101_0101_0101]
    );
    let floats: Vec<Option<f64>> = batch.column(7).as_primitive::<Float64Type>().iter().collect();
    assert_eq!(floats, [Some(0.0), Some(1.5), None]);
    // Raw integers: what means missing there is not known, so nothing is made missing.
    assert!((0..7).all(|column| batch.column(column).null_count() == 0));
    let schema = file.schema();
    assert_eq!(schema.field(1).metadata()[metadata::STORAGE], "uchar");
    assert_eq!(schema.field(2).metadata()[metadata::STORAGE], "int16");
    assert!(!schema.field(5).metadata().contains_key(metadata::STORAGE));
    assert_eq!(metadata::low_high(schema.field(0)), Some((-128.0, 3.0)));
    assert_eq!(metadata::low_high(schema.field(5)), None);
    assert_eq!(schema.field(6).metadata()["xdf.high"], "18446744073709551615");
}

#[test]
fn unknown_numeric_types_keep_their_raw_values() {
    for layout in [Layout::Header, Layout::Trailer] {
        let stored = Stored::new(&Table::new(layout, &[3], never_seen()).encode());
        check_never_seen(&stored.open().unwrap());
        // The same columns last in the list, where the end tag follows instead of another column.
        for index in [0, 1, 2, 3, 4, 7] {
            let table = Table::new(layout, &[3], vec![never_seen().swap_remove(index)]);
            let file = Stored::new(&table.encode()).open().unwrap();
            assert_eq!(read_all(&file).unwrap()[0].num_rows(), 3);
        }
        // The class id says another width than the bytes that follow: the bytes are right.
        let mut columns = never_seen();
        columns[0].class = 18;
        columns[3].class = 7;
        columns[4].class = 1000;
        check_never_seen(&Stored::new(&Table::new(layout, &[3], columns).encode()).open().unwrap());
    }
}

#[test]
fn low_and_high_that_were_not_computed_are_absent() {
    let columns = vec![
        Column::int32("unset", i32::MAX, i32::MAX, &[1]),
        Column::int32("missing", i32::MIN, i32::MIN, &[1]),
        Column::float64("nan", f64::NAN, f64::NAN, &[1.0]),
        Column::float64("inverted", f64::INFINITY, f64::NEG_INFINITY, &[1.0]),
        Column::float32("unset32", f32::MAX, f32::MAX, &[1.0]),
        Column::float64("constant", 2.5, 2.5, &[2.5]),
    ];
    let file = Stored::new(&Table::new(Layout::Trailer, &[1], columns).encode()).open().unwrap();
    let known: Vec<bool> =
        file.schema().fields().iter().map(|field| field.metadata().contains_key(metadata::LOW)).collect();
    assert_eq!(known, [false, false, false, false, false, true]);
}

#[test]
fn descriptions_row_names_and_unknown_attributes_are_kept() {
    let mut dates = Column::float64("when", 0.0, 1.0, &[0.0, 1.0]);
    dates.description = b"Tag der Pr\xfcfung".to_vec();
    dates.attributes.push((b"class".to_vec(), texts_array(&[b"Date".to_vec()])));
    dates.attributes.push((b"codes".to_vec(), words(2, 2, 1, &[7, u64::MAX])));
    dates.tail = -1;
    let mut names = Column::texts(".rxRowNames", &[b"first", b"second"]);
    names.description = "größe".as_bytes().to_vec();
    let mut table = Table::new(Layout::Trailer, &[2], vec![dates, names]);
    table.row_names = 1;
    table.free = vec![(260, 0), (1 << 40, 8)];
    let file = Stored::new(&table.encode()).open().unwrap();
    let schema = file.schema();
    assert_eq!(metadata::description(schema.field(0)), Some("Tag der Prüfung"));
    assert_eq!(metadata::description(schema.field(1)), Some("größe"));
    assert_eq!(schema.field(0).metadata()["microsoft.class"], r#"["Date"]"#);
    assert_eq!(schema.field(0).metadata()["microsoft.codes"], "[7,-1]");
    assert_eq!(schema.metadata()[metadata::ROW_NAMES], ".rxRowNames");
    assert_eq!(*schema.field(0).data_type(), DataType::Float64);
}

#[test]
fn texts_in_two_encodings_in_one_segment() {
    let texts: [&[u8]; 5] = [b"plain", b"", "Zürich".as_bytes(), b"Z\xfcrich", b"\x80 5"];
    let file = Stored::new(&Table::new(Layout::Trailer, &[5], vec![Column::texts("t", &texts)]).encode())
        .open()
        .unwrap();
    let batch = &read_all(&file).unwrap()[0];
    let got: Vec<&str> = batch.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(got, ["plain", "", "Zürich", "Zürich", "€ 5"]);
}

#[test]
fn factors_without_levels_and_files_without_rows() {
    let factor = Column::factor("f", &[], &[u32::MAX, u32::MAX]);
    let mut bare = factor.clone();
    bare.attributes.clear();
    let file = Stored::new(&Table::new(Layout::Trailer, &[2], vec![factor, bare]).encode()).open().unwrap();
    let batch = &read_all(&file).unwrap()[0];
    assert_eq!((batch.column(0).null_count(), batch.column(1).null_count()), (2, 2));

    for layout in [Layout::Header, Layout::Trailer] {
        for blocks in [&[][..], &[0]] {
            let columns = vec![
                Column::int32("i", 0, 0, &[]),
                Column::texts("t", &[]),
                Column::factor("f", &["a"], &[]),
            ];
            let file = Stored::new(&Table::new(layout, blocks, columns).encode()).open().unwrap();
            assert_eq!((file.num_rows(), file.num_blocks()), (0, blocks.len()));
            assert_eq!(read_all(&file).unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
            assert!(file.verify().unwrap().is_ok());
        }
    }
}
