//! Files of our writer, read by a reader that shares no line with it: the prototype in `../shared/reference`, in Python.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use flate2::read::GzDecoder;
use xdf::microsoft::MicrosoftWriteOptions;
use xdf::{Generation, metadata};

use crate::writer::write;
use crate::{Stored, read_all};

/// Lines of cells, names first, as the other reader sees them.
struct Decoded {
    lines: Lines<BufReader<std::fs::File>>,
    _folder: tempfile::TempDir,
}

impl Iterator for Decoded {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        Some(self.lines.next()?.unwrap().split(',').map(str::to_owned).collect())
    }
}

/// What the other reader finds in a file; nothing when it is not there.
fn decode(bytes: &[u8]) -> Option<Decoded> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/xdf_microsoft_decode.py");
    let python = Command::new("python3").arg("--version").output();
    if !script.exists() || !python.is_ok_and(|run| run.status.success()) {
        println!("skipped: needs ../shared (reference/xdf_microsoft_decode.py) and python3");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, csv) = (folder.path().join("t.xdf"), folder.path().join("t.csv"));
    std::fs::write(&file, bytes).unwrap();
    // no cache of the compiled script beside it
    let run = Command::new("python3")
        .arg("-B")
        .arg(script)
        .args([file.as_os_str(), "--rows".as_ref(), "0".as_ref(), "--csv".as_ref(), csv.as_os_str()])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = BufReader::new(std::fs::File::open(csv).unwrap()).lines();
    Some(Decoded { lines, _folder: folder })
}

/// Delay, departure and day of each flight of Microsoft's sample, as text.
fn flights() -> Option<impl Iterator<Item = [String; 3]>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/AirlineDemoSmall.csv.gz");
    let Ok(file) = std::fs::File::open(path) else {
        println!("skipped: needs ../shared (AirlineDemoSmall.csv.gz)");
        return None;
    };
    let lines = BufReader::new(GzDecoder::new(file)).lines().skip(1);
    Some(lines.map(|line| {
        let line = line.unwrap();
        let mut cells = line.split(',').map(|cell| cell.trim_matches('"').to_owned());
        std::array::from_fn(|_| cells.next().unwrap())
    }))
}

#[test]
fn the_airline_sample_is_the_same_to_the_other_reader() {
    let Some(mut rows) = flights() else { return };
    let mut batches = Vec::new();
    loop {
        let part: Vec<[String; 3]> = rows.by_ref().take(20_000).collect();
        if part.is_empty() {
            break;
        }
        let delays: Int32Array = part.iter().map(|row| row[0].parse::<i32>().ok()).collect();
        let times: Float32Array = part.iter().map(|row| row[1].parse::<f32>().ok()).collect();
        let days: DictionaryArray<Int32Type> = part.iter().map(|row| row[2].as_str()).collect();
        let columns: [(&str, ArrayRef); 3] =
            [("ArrDelay", Arc::new(delays)), ("CRSDepTime", Arc::new(times)), ("DayOfWeek", Arc::new(days))];
        batches.push(RecordBatch::try_from_iter(columns).unwrap());
    }
    let bytes = write(&batches, MicrosoftWriteOptions::default().with_rows_per_read(500_000)).unwrap();
    let file = Stored::new(&bytes).open().unwrap();
    assert_eq!(
        (file.generation(), file.num_rows(), file.num_blocks()),
        (Generation::Microsoft42, 600_000, 2)
    );
    // The range and the missing values that Microsoft's documentation gives.
    assert_eq!(metadata::low_high(file.schema().field(0)), Some((-86.0, 1490.0)));
    let missing: usize = read_all(&file).unwrap().iter().map(|batch| batch.column(0).null_count()).sum();
    assert_eq!(missing, 17_372);

    let Some(mut decoded) = decode(&bytes) else { return };
    assert_eq!(decoded.next().unwrap(), ["ArrDelay", "CRSDepTime", "DayOfWeek"]);
    for row in flights().unwrap() {
        let cells = decoded.next().unwrap();
        assert_eq!(cells[0], if row[0] == "M" { "NA" } else { &row[0] });
        assert_eq!(cells[1].parse::<f64>().unwrap(), f64::from(row[1].parse::<f32>().unwrap()));
        assert_eq!(cells[2], row[2]);
    }
    assert!(decoded.next().is_none());
}

/// Every type that the container holds or may hold, verified ones first.
fn all_types() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("int32", Arc::new(Int32Array::from(vec![Some(i32::MIN + 1), None, Some(i32::MAX)]))),
        ("float32", Arc::new(Float32Array::from(vec![Some(-0.5), None, Some(f32::MAX)]))),
        ("float64", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(f64::NEG_INFINITY)]))),
        ("text", Arc::new(StringArray::from(vec![Some("Zürich"), None, Some("")]))),
        (
            "factor",
            Arc::new([Some("b"), None, Some("a")].into_iter().collect::<DictionaryArray<Int32Type>>()),
        ),
        ("int8", Arc::new(Int8Array::from(vec![i8::MIN, 0, i8::MAX]))),
        ("uint8", Arc::new(UInt8Array::from(vec![0, 1, u8::MAX]))),
        ("int16", Arc::new(Int16Array::from(vec![i16::MIN, 0, i16::MAX]))),
        ("uint16", Arc::new(UInt16Array::from(vec![0, 1, u16::MAX]))),
        ("uint32", Arc::new(UInt32Array::from(vec![0, 1, u32::MAX]))),
        ("int64", Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX - 1]))),
        ("uint64", Arc::new(UInt64Array::from(vec![0, 1, u64::MAX - 1]))),
        ("logical", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-1), None, Some(11_356)]))),
        (
            "time",
            Arc::new(
                TimestampMillisecondArray::from(vec![Some(1500), None, Some(-250)]).with_timezone("UTC"),
            ),
        ),
        ("ordered", Arc::new(["low", "high", "low"].into_iter().collect::<DictionaryArray<Int32Type>>())),
    ];
    let ordered = HashMap::from([(metadata::ORDERED.to_owned(), "true".to_owned())]);
    let fields = columns.iter().map(|(name, array)| {
        let field = Field::new(*name, array.data_type().clone(), true);
        if *name == "ordered" { field.with_metadata(ordered.clone()) } else { field }
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

const EXPECTED: [[&str; 16]; 3] = [
    [
        "-2147483647",
        "-0.5",
        "0.1",
        "Zürich",
        "b",
        "-128",
        "0",
        "-32768",
        "0",
        "0",
        "-9223372036854775808",
        "0",
        "1",
        "-1.0",
        "1.5",
        "low",
    ],
    ["NA", "NA", "NA", "", "NA", "0", "1", "0", "1", "1", "0", "1", "0", "NA", "NA", "high"],
    [
        "2147483647",
        "3.4028234663852886e+38",
        "-inf",
        "",
        "a",
        "127",
        "255",
        "32767",
        "65535",
        "4294967295",
        "9223372036854775806",
        "18446744073709551614",
        "1",
        "11356.0",
        "-0.25",
        "low",
    ],
];

#[test]
fn every_type_is_the_same_to_both_readers_at_every_level() {
    let batch = all_types();
    let options = MicrosoftWriteOptions::default().with_allow_inferred(true).with_block_rows(2);
    let mut first: Option<Vec<RecordBatch>> = None;
    for level in 0..=9 {
        let bytes = write(std::slice::from_ref(&batch), options.clone().with_level(level)).unwrap();
        let file = Stored::new(&bytes).open().unwrap();
        assert_eq!(file.compression(), if level == 0 { "none" } else { "zlib" });
        assert!(file.verify().unwrap().is_ok());
        let batches = read_all(&file).unwrap();
        let expected = first.get_or_insert_with(|| batches.clone());
        for (got, expected) in batches.iter().zip(&*expected) {
            assert_eq!(got.columns(), expected.columns(), "level {level}");
        }
        if level > 1 {
            continue;
        }
        let Some(cells) = decode(&bytes) else { continue };
        assert!(cells.skip(1).eq(EXPECTED.map(|row| row.map(str::to_owned).to_vec())), "level {level}");
    }
}

#[test]
fn every_type_comes_back_with_its_name() {
    let batch = all_types();
    let bytes =
        write(std::slice::from_ref(&batch), MicrosoftWriteOptions::default().with_allow_inferred(true))
            .unwrap();
    let file = Stored::new(&bytes).open().unwrap();
    let back = &read_all(&file).unwrap()[0];
    for (index, (field, written)) in file.schema().fields().iter().zip(batch.schema().fields()).enumerate() {
        match (field.name().as_str(), written.data_type()) {
            ("logical", _) => {
                assert_eq!(*field.data_type(), DataType::UInt8);
                assert_eq!(field.metadata()[metadata::STORAGE], "uchar");
            }
            ("date", _) => assert_eq!(field.metadata()["microsoft.class"], r#"["Date"]"#),
            ("time", _) => {
                assert_eq!(field.metadata()["microsoft.class"], r#"["POSIXct","POSIXt"]"#);
                assert_eq!(field.metadata()["microsoft.tzone"], r#"["UTC"]"#);
            }
            ("ordered", _) => assert_eq!(field.metadata()["microsoft.class"], r#"["ordered","factor"]"#),
            // A missing text is an empty one.
            ("text", _) => assert_eq!(back.column(index).null_count(), 0),
            (name, _) => assert_eq!(back.column(index), batch.column(index), "{name}"),
        }
    }
    // What was in the file may be written again, and becomes the same bytes.
    let again = write(std::slice::from_ref(back), MicrosoftWriteOptions::default()).unwrap();
    assert!(again == bytes);
}
