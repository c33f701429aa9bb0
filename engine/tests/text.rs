//! Delimited text: what is read, what is refused and how it says so, and that writing and reading are inverse.
//!
//! Every input is read in chunks of many sizes on one to three threads; the rows must always be the same.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, TimeUnit};
use engine::source::text::{OnError, TextError, TextOptions, TextSource};
use engine::{BlockSource, Error, Monitor, ScanOptions, factor};
use tempfile::TempDir;

type Cells = Vec<Vec<String>>;

/// A folder with one file.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// All rows as texts; missing is `null`.
fn cells(batches: &[RecordBatch]) -> Cells {
    let options = FormatOptions::default().with_null("null");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
    }
    rows
}

fn batches(source: &dyn BlockSource, options: &ScanOptions) -> Result<Vec<RecordBatch>, Error> {
    Iterator::map(source.open(options)?, |block| Ok(block?.batch)).collect()
}

/// Reads with chunks of several sizes on several threads and requires the same every time.
fn read_all_ways(paths: &[PathBuf], options: &TextOptions) -> Result<(TextSource, Cells), String> {
    let mut first: Option<Result<(TextSource, Cells), String>> = None;
    for chunk_bytes in [16 << 20, 1, 2, 3, 5, 17, 64, 65, 200] {
        for (threads, block_rows) in [(1, 100_000), (2, 1), (3, 4)] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let read = || {
                let source = TextSource::open(paths.to_vec(), options.clone().with_chunk_bytes(chunk_bytes))?;
                let scan = ScanOptions::default().with_block_rows(block_rows).with_prefetch(false);
                let batches = batches(&source, &scan)?;
                let same_levels = |batch: &RecordBatch| {
                    batch.columns().iter().zip(batches.last().unwrap().columns()).all(|(early, late)| match (
                        factor::codes_and_levels(early),
                        factor::codes_and_levels(late),
                    ) {
                        (Some((_, early)), Some((_, late))) => early.iter().zip(late).all(|(a, b)| a == b),
                        _ => true,
                    })
                };
                assert!(batches.iter().all(same_levels), "levels must only ever grow");
                Ok((source, cells(&batches)))
            };
            let read = pool.install(read).map_err(|error: Error| error.to_string());
            match &first {
                None => first = Some(read),
                Some(Ok((source, rows))) => {
                    let (other, other_rows) = read.expect("the first way succeeded");
                    assert_eq!(rows, &other_rows, "chunks of {chunk_bytes} bytes, {threads} threads");
                    assert_eq!(source.schema(), other.schema());
                    assert_eq!(source.bad_cells(), other.bad_cells());
                }
                Some(Err(error)) => {
                    assert_eq!(Some(error), read.err().as_ref(), "chunks of {chunk_bytes} bytes");
                }
            }
        }
    }
    first.unwrap()
}

fn read(bytes: &[u8], options: &TextOptions) -> Result<(TextSource, Cells), String> {
    let (_folder, path) = file("data.csv", bytes);
    read_all_ways(&[path], options)
}

fn rows(text: &str) -> Cells {
    read(text.as_bytes(), &TextOptions::default()).unwrap().1
}

fn types(source: &TextSource) -> Vec<DataType> {
    source.schema().fields().iter().map(|field| field.data_type().clone()).collect()
}

fn names(source: &TextSource) -> Vec<String> {
    source.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn shapes_of_records() {
    let table: [(&str, &[&[&str]]); 18] = [
        ("a,b\n1,2\n3,4\n", &[&["1", "2"], &["3", "4"]]),
        ("a,b\n1,2\n3,4", &[&["1", "2"], &["3", "4"]]),
        ("a,b\r\n1,2\r\n3,4\r\n", &[&["1", "2"], &["3", "4"]]),
        ("a,b\r\n1,x\r\n3,y\r", &[&["1", "x"], &["3", "y"]]),
        ("a,b\r1,2\r3,4\r", &[&["1", "2"], &["3", "4"]]),
        ("\n\na,b\n\n1,2\n\n\r\n3,4\n\n\n", &[&["1", "2"], &["3", "4"]]),
        ("a,b\n\"x, y\",2\n", &[&["x, y", "2"]]),
        ("a,b\n\"x \"\"y\"\" z\",2\n", &[&["x \"y\" z", "2"]]),
        ("a,b\n\"\"\"\"\"\",2\n\"\"\"\",3\n", &[&["\"\"", "2"], &["\"", "3"]]),
        ("a,b\n\"line 1\nline 2\r\nline 3\",2\nq,3\n", &[&["line 1\nline 2\r\nline 3", "2"], &["q", "3"]]),
        ("a,b\n5\" pipe,2\nx\"\"y,3\n", &[&["5\" pipe", "2"], &["x\"\"y", "3"]]),
        ("a,b\n\"x\"y\"z\",2\n", &[&["xy\"z\"", "2"]]),
        ("a,b\n\"1\",\"2\"\r\n\"3\",\"4\"\r\n", &[&["1", "2"], &["3", "4"]]),
        ("a,b\nx,\"\"\ny,\nz,\"\"", &[&["x", "null"], &["y", "null"], &["z", "null"]]),
        (
            "a,b\n\"\",x\n,\n\"\",\"NA\"\nNA,y\nz,",
            &[&["", "x"], &["null", "null"], &["", "NA"], &["null", "y"], &["z", "null"]],
        ),
        ("a\n1\n\n2\n", &[&["1"], &["2"]]),
        ("a;b\n1;2,5\n", &[&["1", "2,5"]]),
        ("a,b\n 1 ,\t2.5\t\n3, 4\n", &[&["1", "2.5"], &["3", "4.0"]]),
    ];
    for (text, expected) in table {
        assert_eq!(rows(text), expected, "{text:?}");
    }
    assert_eq!(rows("a,b\n"), Cells::new());
    assert_eq!(rows("a,b"), Cells::new());
}

#[test]
fn delimiters_and_blanks() {
    for (text, delimiter) in [("a\tb\n1\t2\n", b'\t'), ("a|b\n1|2\n", b'|'), ("  a   b\n 1  2  \n\n", b' ')] {
        let (source, rows) = read(text.as_bytes(), &TextOptions::default()).unwrap();
        assert_eq!(
            (source.delimiter(), rows),
            (delimiter, vec![vec!["1".to_string(), "2".into()]]),
            "{text:?}"
        );
        assert_eq!(names(&source), ["a", "b"]);
    }
    let options = TextOptions::default().with_delimiter(b'-').with_combine_delimiters(true);
    let (_, rows) = read(b"a---b\n--1-\"x - y\"-\n", &options).unwrap();
    assert_eq!(rows, [["1", "x - y"]]);
    let (source, _) = read(b"\"a b\" c\n1 2\n", &TextOptions::default()).unwrap();
    assert_eq!(names(&source), ["a b", "c"]);
    let unquoted = TextOptions::default().with_quote(None);
    assert_eq!(read(b"a,b\n\"x,2\"\n", &unquoted).unwrap().1, [["\"x", "2\""]]);
}

#[test]
fn headers() {
    let named = |text: &str, options: &TextOptions| {
        let (source, rows) = read(text.as_bytes(), options).unwrap();
        (names(&source), rows.len(), source.has_header())
    };
    let default = TextOptions::default();
    let of = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(named("a,b\n1,2\n", &default), (of(&["a", "b"]), 1, true));
    assert_eq!(named("5,b\n1,2\n", &default), (of(&["V1", "V2"]), 2, false));
    assert_eq!(named("2020-01-01,b\n", &default), (of(&["V1", "V2"]), 1, false));
    assert_eq!(
        named("1980,1990\n1,2\n", &default.clone().with_header(true)),
        (of(&["1980", "1990"]), 1, true)
    );
    assert_eq!(named("a,b\nx,y\n", &default.clone().with_header(false)), (of(&["V1", "V2"]), 2, false));
    assert_eq!(named("\"\", b ,\" c\"\n1,2,3\n", &default), (of(&["V1", "b", " c"]), 1, true));
    assert_eq!(
        named("about \"this\n\na,b\n1,2\n", &default.clone().with_skip_rows(2)),
        (of(&["a", "b"]), 1, true)
    );
    assert_eq!(named("\u{FEFF}a,b\n1,2\n", &default), (of(&["a", "b"]), 1, true));

    let error = read(b"a,b,a\n1,2,3\n", &default).unwrap_err();
    assert!(error.contains("columns 1 and 3 are both named 'a'"), "{error}");
    for empty in ["", "\n\n", "\u{FEFF}"] {
        let error = read(empty.as_bytes(), &default).unwrap_err();
        assert!(error.contains("data.csv") && error.contains("no columns"), "{error}");
    }
}

#[test]
fn types_are_the_narrowest_that_fit() {
    let text = "b,i,l,d,day,time,fine,utc,text,none,tf\n\
                true,1,3000000000,1.5,2020-01-31,2020-01-31 10:00,2020-01-31T10:00:00.123456789,2020-01-31T10:00:00Z,x,,T\n\
                FALSE,-2,4,2,2020-02-01,2020-02-01,2020-01-31,2020-01-31T10:00:00+01:00,5,NA,F\n\
                ,,,inf,,,,,,,\n";
    let (source, rows) = read(text.as_bytes(), &TextOptions::default()).unwrap();
    let time = |unit, zone: Option<&str>| DataType::Timestamp(unit, zone.map(Into::into));
    assert_eq!(
        types(&source),
        [
            DataType::Boolean,
            DataType::Int32,
            DataType::Int64,
            DataType::Float64,
            DataType::Date32,
            time(TimeUnit::Microsecond, None),
            time(TimeUnit::Nanosecond, None),
            time(TimeUnit::Microsecond, Some("+00:00")),
            DataType::Utf8,
            DataType::Float64,
            DataType::Boolean,
        ]
    );
    assert_eq!(
        rows[0][..7],
        [
            "true",
            "1",
            "3000000000",
            "1.5",
            "2020-01-31",
            "2020-01-31T10:00:00",
            "2020-01-31T10:00:00.123456789"
        ]
    );
    assert_eq!(rows[1][..6], ["false", "-2", "4", "2.0", "2020-02-01", "2020-02-01T00:00:00"]);
    assert_eq!(rows[1][7], "2020-01-31T09:00:00Z");
    assert_eq!(
        rows[2],
        ["null", "null", "null", "inf", "null", "null", "null", "null", "null", "null", "null"]
    );

    let options = TextOptions::default()
        .with_default_decimal(DataType::Float32)
        .with_default_missing(DataType::Utf8)
        .with_strings_as_factors(true)
        .with_type("i", DataType::Int16)
        .with_type("day", DataType::Utf8);
    let (source, _) = read(text.as_bytes(), &options).unwrap();
    let types = types(&source);
    assert_eq!(types[1], DataType::Int16);
    assert_eq!(types[3], DataType::Float32);
    assert_eq!(types[4], DataType::Utf8);
    assert_eq!(types[8], factor::factor_type());
    assert_eq!(types[9], DataType::Utf8);

    let german = TextOptions::default().with_decimal(b',', Some(b'.')).with_delimiter(b';');
    let (source, rows) =
        read(b"x;n;t;d\n1.234,5;1.000;a.b,c;2020-01-31\n2;3;x;2020-02-01\n", &german).unwrap();
    assert_eq!(rows[0], ["1234.5", "1000", "a.b,c", "2020-01-31"]);
    assert_eq!(source.schema().field(1).data_type(), &DataType::Int32);
    assert_eq!(source.schema().field(3).data_type(), &DataType::Date32);
}

#[test]
fn missing_values_by_file_and_by_column() {
    let text = b"x,y,t\n-99,1,M\nM,-99,\"M\"\n3,,\n4,5,a\n";
    let options = TextOptions::default().with_missing(["M"]).with_column_missing("x", ["-99", "M"]);
    let (source, rows) = read(text, &options).unwrap();
    assert_eq!(types(&source), [DataType::Int32, DataType::Int32, DataType::Utf8]);
    assert_eq!(rows, [["null", "1", "null"], ["null", "-99", "M"], ["3", "null", ""], ["4", "5", "a"]]);
    let factors = options.with_strings_as_factors(true);
    assert_eq!(
        read(text, &factors).unwrap().1,
        [["null", "1", "null"], ["null", "-99", "M"], ["3", "null", ""], ["4", "5", "a"]]
    );
    let error = read(text, &TextOptions::default().with_column_missing("z", ["."])).unwrap_err();
    assert!(error.contains("no column 'z'"), "{error}");
}

#[test]
fn factors_take_levels_as_they_appear_or_as_given() {
    let text = "f,g\nWednesday afternoon,b\nx,a\nWednesday afternoon,b\n,c\ny,\"NA\"\n";
    let options = TextOptions::default().with_strings_as_factors(true).with_factor("g", ["a", "b"]);
    let (_folder, path) = file("data.csv", text.as_bytes());
    let (source, rows) = read_all_ways(std::slice::from_ref(&path), &options).unwrap();
    assert_eq!(rows.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["b", "a", "b", "null", "null"]);
    assert_eq!(
        rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
        ["Wednesday afternoon", "x", "Wednesday afternoon", "null", "y"]
    );
    assert_eq!(xdf::metadata::levels(source.schema().field(1)).unwrap(), ["a", "b"]);
    assert_eq!(xdf::metadata::levels(source.schema().field(0)), None);

    let batches = batches(&source, &ScanOptions::default().with_block_rows(2)).unwrap();
    let levels = |batch: &RecordBatch, column: usize| {
        let (_, levels) = factor::codes_and_levels(batch.column(column)).unwrap();
        levels.iter().map(|level| level.unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(levels(&batches[2], 0), ["Wednesday afternoon", "x", "y"]);
    assert_eq!(levels(&batches[0], 1), ["a", "b"]);
    let values = |batch: &RecordBatch| Arc::clone(batch.column(1).as_dictionary::<Int32Type>().values());
    assert!(Arc::ptr_eq(&values(&batches[0]), &values(&batches[2])), "fixed levels are shared");

    let bad = source.bad_cells();
    assert_eq!(bad.len(), 1);
    assert_eq!((bad[0].column.as_str(), bad[0].count, bad[0].line, bad[0].text.as_str()), ("g", 2, 5, "c"));

    let all_missing =
        read(b"f,x\n,1\n,2\n", &TextOptions::default().with_type("f", factor::factor_type())).unwrap();
    assert_eq!(all_missing.1, [["null", "1"], ["null", "2"]]);
    let twice = read(text.as_bytes(), &TextOptions::default().with_factor("g", ["a", "a"])).unwrap_err();
    assert!(twice.contains("'a' is given twice"), "{twice}");
}

#[test]
fn many_levels_are_the_same_however_they_are_cut() {
    let mut text = String::from("f,n\n");
    for row in 0..3000_u64 {
        let level = row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
        writeln!(text, "level {level},{row}").unwrap();
    }
    let (_folder, path) = file("data.csv", text.as_bytes());
    let options = TextOptions::default().with_strings_as_factors(true);
    let codes = |chunk_bytes, block_rows| {
        let source =
            TextSource::open(vec![path.clone()], options.clone().with_chunk_bytes(chunk_bytes)).unwrap();
        let batches = batches(&source, &ScanOptions::default().with_block_rows(block_rows)).unwrap();
        batches
            .iter()
            .flat_map(|batch| factor::codes_and_levels(batch.column(0)).unwrap().0.values().to_vec())
            .collect::<Vec<i32>>()
    };
    let levels_of_rows = |chunk_bytes| {
        let source =
            TextSource::open(vec![path.clone()], options.clone().with_chunk_bytes(chunk_bytes)).unwrap();
        let batches = batches(&source, &ScanOptions::default().with_rows(100..120)).unwrap();
        let (codes, levels) = factor::codes_and_levels(batches[0].column(0)).unwrap();
        (codes.values().to_vec(), levels.len())
    };
    let whole = codes(1 << 24, 1 << 20);
    assert_eq!(levels_of_rows(1 << 24).0, whole[100..120], "codes do not depend on where a pass starts");
    assert_eq!(levels_of_rows(100), levels_of_rows(1 << 24), "nor levels on rows behind it");
    assert_eq!(whole[..2], [0, 1]);
    for (chunk_bytes, block_rows) in [(100, 10), (1000, 777), (5000, 1 << 20)] {
        assert_eq!(codes(chunk_bytes, block_rows), whole);
    }
}

#[test]
fn bad_cells_are_errors_that_say_where_and_what_to_do() {
    let sniff = |rows| TextOptions::default().with_sniff_rows(rows);
    let table: [(&str, TextOptions, &[&str]); 12] = [
        (
            "n,x\n1,2\n3,4\n12.5,6\n",
            sniff(2),
            &[
                "data.csv, line 4, column 'n': '12.5' is not an integer (int32)",
                "first 2 rows",
                "--type n=float64",
            ],
        ),
        ("n\n1\n3000000000\n", sniff(1), &["line 3", "'3000000000'", "--type n=int64"]),
        (
            "n,t\n1,\"a\n\nb\"\nM,c\n",
            sniff(1),
            &["line 5", "column 'n'", "'M'", "--missing 'M'", "--type n=string"],
        ),
        (
            "n\n1\n300\n",
            sniff(9).with_type("n", DataType::UInt8),
            &["line 3", "'300' is not an integer of at least 0 (uint8);", "--type n=int64"],
        ),
        ("x\n1.5\nabc\n", sniff(1), &["line 3", "a number (float64)"]),
        ("d\n2020-01-01\n2020-02-30\n", sniff(1), &["line 3", "'2020-02-30' is not a date"]),
        ("b\ntrue\nmaybe\n", sniff(1), &["line 3", "'maybe' is not a logical value"]),
        ("a,b\n1,2\n1,2,3\n", sniff(9), &["line 3", "3 fields where there are 2 columns"]),
        ("a,b\n1,2\n\n5\n", sniff(1), &["line 4", "1 fields where there are 2 columns"]),
        ("a,b\n1,2\n3,\"x\n4,5\n", sniff(1), &["line 3", "a quote opens here and is never closed"]),
        ("a,b\nx,1\r\nq\u{1},y\n", sniff(1), &["line 3, column 'b': 'y'"]),
        ("a,b\n1,x\n2,y\nz,w,v\nu,1\n", sniff(2), &["line 4", "3 fields"]),
    ];
    for (text, options, parts) in table {
        let error = read(text.as_bytes(), &options).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }
    let (_folder, path) = file("data.csv", b"n\n1\nx\n");
    let source = TextSource::open(vec![path.clone()], sniff(1)).unwrap();
    let error = batches(&source, &ScanOptions::default()).unwrap_err();
    let Error::Text(TextError::BadCell(cell)) = error else { panic!("{error}") };
    assert_eq!(
        (cell.path.as_path(), cell.line, cell.column.as_str(), cell.text.as_str()),
        (path.as_path(), 3, "n", "x")
    );
    assert_eq!(cell.inferred_rows, Some(1));
}

#[test]
fn bad_cells_can_become_missing_and_are_counted() {
    let text = b"n,f,t\n1,2.5,a\nx,y,b\n3\nz,4,d\n";
    let options = TextOptions::default()
        .with_type("n", DataType::Int32)
        .with_type("f", DataType::Float64)
        .with_on_error(OnError::Missing { max: None });
    let (_folder, path) = file("data.csv", text);
    let (source, rows) = read_all_ways(&[path], &options).unwrap();
    assert_eq!(rows, [["1", "2.5", "a"], ["null", "null", "b"], ["3", "null", "null"], ["null", "4.0", "d"]]);
    let bad: Vec<(String, u64, u64, String)> =
        source.bad_cells().into_iter().map(|bad| (bad.column, bad.count, bad.line, bad.text)).collect();
    assert_eq!(
        bad,
        [
            ("n".to_string(), 2, 3, "x".to_string()),
            ("f".to_string(), 2, 3, "y".to_string()),
            ("t".to_string(), 1, 4, String::new())
        ]
    );
    // a second pass counts afresh, and only what it reads
    batches(&source, &ScanOptions::default().with_columns(["t"])).unwrap();
    assert_eq!(source.bad_cells().len(), 1);

    let some = |max| options.clone().with_on_error(OnError::Missing { max: Some(max) });
    assert!(read(text, &some(5)).is_ok());
    let error = read(text, &some(0)).unwrap_err();
    assert!(error.contains("more than 0 cells") && error.contains("line 3"), "{error}");
    // too many fields are never repaired
    let any = TextOptions::default().with_on_error(OnError::Missing { max: None });
    assert!(read(b"a,b\n1,2\n1,2,3\n", &any).unwrap_err().contains("3 fields"));
}

#[test]
fn encodings() {
    let latin = b"name,n\nZ\xFCrich,1\n";
    let error = read(latin, &TextOptions::default()).unwrap_err();
    assert!(error.contains("line 2, column 'name'") && error.contains("--encoding"), "{error}");
    assert_eq!(read(latin, &TextOptions::default().with_encoding("latin1")).unwrap().1, [["Zürich", "1"]]);
    // a number column does not mind, nor do columns that are not read
    let numbers = TextOptions::default().with_type("name", DataType::Int32);
    assert!(read(latin, &numbers).unwrap_err().contains("'Z\u{FFFD}rich' is not an integer"));
    let error = read(latin, &TextOptions::default().with_strings_as_factors(true)).unwrap_err();
    assert!(error.contains("line 2, column 'name'"), "{error}");
    // both halves of a character in two cells
    let halves = read(b"a,b\nx\xC3,\xBCy\n", &TextOptions::default()).unwrap_err();
    assert!(halves.contains("line 2, column 'a'"), "{halves}");
    let halves = read(b"a\nx\xC3\n\xBCy\n", &TextOptions::default()).unwrap_err();
    assert!(halves.contains("line 2, column 'a'"), "{halves}");

    let text = "name,n\nZürich 東京 🚆,1\nx,2\n";
    for (mark, to_bytes) in [
        (&b"\xFF\xFE"[..], (|unit: u16| unit.to_le_bytes()) as fn(u16) -> [u8; 2]),
        (&b"\xFE\xFF"[..], |unit: u16| unit.swap_bytes().to_le_bytes()),
    ] {
        let mut bytes = mark.to_vec();
        bytes.extend(text.encode_utf16().flat_map(to_bytes));
        assert_eq!(read(&bytes, &TextOptions::default()).unwrap().1, [["Zürich 東京 🚆", "1"], ["x", "2"]]);
    }
    let error = read(b"a\n1\n", &TextOptions::default().with_encoding("klingon")).unwrap_err();
    assert!(error.contains("'klingon' is not an encoding"), "{error}");
    let error = read(b"a,b\n\x81\x20,1\n", &TextOptions::default().with_encoding("shift_jis")).unwrap_err();
    assert!(error.contains("not valid Shift_JIS"), "{error}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_files_and_many_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let plain = write("1.csv", b"f,n\nx,1\ny,2");
    let members = write("2.csv.gz", &[gzip(b"f,n\r\nz,"), gzip(b"3\r\nx,4\r\n")].concat());
    let frames = write("3.csv.zst", &zstd::encode_all(&b"f,n\ny,5\n"[..], 3).unwrap());
    let options = TextOptions::default().with_strings_as_factors(true);
    let paths = [plain.clone(), members.clone(), frames];
    let (source, rows) = read_all_ways(&paths, &options).unwrap();
    assert_eq!(rows, [["x", "1"], ["y", "2"], ["z", "3"], ["x", "4"], ["y", "5"]]);
    assert!(source.info().name.ends_with("1.csv and 2 more"));
    let monitor = Arc::new(Monitor::default());
    batches(&source, &ScanOptions::default().with_monitor(Arc::clone(&monitor))).unwrap();
    assert_eq!(Some(monitor.progress().bytes), source.info().bytes);
    assert_eq!(monitor.progress().rows, 5);

    let other = write("4.csv", b"f,m\nx,1\n");
    let error = read_all_ways(&[plain.clone(), other], &options).unwrap_err();
    assert!(error.contains("4.csv") && error.contains("1.csv") && error.contains("f, m"), "{error}");
    let bad = write("5.csv", b"f,n\nx,1\nx,q\n");
    let error = read_all_ways(&[plain, bad], &TextOptions::default().with_sniff_rows(2)).unwrap_err();
    assert!(error.contains("5.csv, line 3, column 'n': 'q'"), "{error}");
    let cut = write("6.csv.gz", &std::fs::read(&members).unwrap()[..30]);
    assert!(read_all_ways(&[cut], &options).unwrap_err().contains("6.csv.gz"));
    let absent = TextSource::open(vec![folder.path().join("absent.csv")], options).unwrap_err().to_string();
    assert!(absent.contains("absent.csv"), "{absent}");
    assert!(TextSource::open(Vec::new(), TextOptions::default()).is_err());
}

#[test]
fn a_huge_field_and_many_columns() {
    let huge = "x,\"\n".repeat(300_000).replace('"', "\"\"");
    let text = format!("a,b\n\"{huge}\",1\ny,2\n");
    let (_folder, path) = file("data.csv", text.as_bytes());
    let source = TextSource::open(vec![path], TextOptions::default().with_chunk_bytes(1000)).unwrap();
    let batches = batches(&source, &ScanOptions::default()).unwrap();
    assert_eq!(batches[0].column(0).as_string::<i32>().value(0), huge.replace("\"\"", "\""));
    assert_eq!(batches[0].num_rows(), 2);

    let wide: Vec<String> = (0..5000).map(|column| column.to_string()).collect();
    let header: Vec<String> = (0..5000).map(|column| format!("c{column}")).collect();
    let text = format!("{}\n{}\n{}\n", header.join(","), wide.join(","), wide.join(","));
    let (_folder, path) = file("wide.csv", text.as_bytes());
    let source = TextSource::open(vec![path], TextOptions::default()).unwrap();
    let batches = self::batches(&source, &ScanOptions::default().with_columns(["c4999", "c0"])).unwrap();
    assert_eq!(cells(&batches), [["4999", "0"], ["4999", "0"]]);
}

#[test]
fn columns_and_row_ranges() {
    let text: String = std::iter::once("a,b,t\n".to_string())
        .chain((0..1000).map(|row| format!("{row},{},\"x\n{row}\"\n", row * 2)))
        .collect();
    let (_folder, path) = file("data.csv", text.as_bytes());
    for chunk_bytes in [16 << 20, 100] {
        let options = TextOptions::default().with_chunk_bytes(chunk_bytes);
        let source = TextSource::open(vec![path.clone()], options.clone()).unwrap();
        for range in [0..1, 0..1000, 17..18, 990..5000, 1000..1001, 5..5, 123..777] {
            let scan =
                ScanOptions::default().with_columns(["b", "a"]).with_block_rows(100).with_rows(range.clone());
            let expected: Cells = range
                .clone()
                .take_while(|row| *row < 1000)
                .map(|row| vec![(row * 2).to_string(), row.to_string()])
                .collect();
            assert_eq!(cells(&batches(&source, &scan).unwrap()), expected, "{range:?}");
            let first = source.open(&scan).unwrap().next().map(|block| block.unwrap().start_row);
            assert_eq!(first, (range.start < range.end.min(1000)).then_some(range.start));
        }
        let counted = batches(&source, &ScanOptions::default().with_columns(Vec::<String>::new())).unwrap();
        assert_eq!(counted.iter().map(RecordBatch::num_rows).sum::<usize>(), 1000);
        let source = TextSource::open(vec![path.clone()], options.with_max_rows(7)).unwrap();
        assert_eq!(cells(&batches(&source, &ScanOptions::default()).unwrap()).len(), 7);
    }
    let source = TextSource::open(vec![path], TextOptions::default()).unwrap();
    let error = source.open(&ScanOptions::default().with_columns(["c"])).err().unwrap();
    assert!(error.to_string().contains("no column 'c'"));
}

#[test]
fn a_pass_can_be_cancelled_and_left_early() {
    let text: String =
        std::iter::once("a\n".to_string()).chain((0..50_000).map(|row| format!("{row}\n"))).collect();
    let (_folder, path) = file("data.csv", text.as_bytes());
    let source = TextSource::open(vec![path], TextOptions::default().with_chunk_bytes(1000)).unwrap();
    let monitor = Arc::new(Monitor::default());
    let scan = ScanOptions::default().with_block_rows(10).with_monitor(Arc::clone(&monitor));
    let mut reader = source.open(&scan).unwrap();
    reader.next().unwrap().unwrap();
    monitor.cancel();
    let last = reader.find(Result::is_err).unwrap();
    assert!(matches!(last, Err(Error::Cancelled)));
    drop(source.open(&ScanOptions::default().with_block_rows(10)).unwrap().next());
}

#[test]
fn airline_demo_small() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/AirlineDemoSmall.csv.gz");
    if !path.exists() {
        println!("skipped: needs ../shared");
        return;
    }
    let options = TextOptions::default().with_missing(["M"]).with_strings_as_factors(true);
    let source = TextSource::open(vec![path.clone()], options).unwrap();
    assert_eq!(types(&source), [DataType::Int32, DataType::Float64, factor::factor_type()]);
    let batches = batches(&source, &ScanOptions::default()).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 600_000);
    let missing: usize = batches.iter().map(|batch| batch.column(0).null_count()).sum();
    let total: i64 = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().iter().flatten())
        .map(i64::from)
        .sum();
    let count = 600_000 - missing;
    assert_eq!(count, 582_628);
    assert!((total as f64 / count as f64 - 11.317_94).abs() < 5e-6, "{}", total as f64 / count as f64);
    let hours: f64 = batches
        .iter()
        .map(|batch| batch.column(1).as_primitive::<Float64Type>().iter().flatten().sum::<f64>())
        .sum();
    assert!((hours / 600_000.0 - 13.482_3).abs() < 1e-4, "{}", hours / 600_000.0);
    let (_, days) = factor::codes_and_levels(batches[0].column(2)).unwrap();
    assert_eq!(days.value(0), "Monday");
    assert_eq!(days.len(), 7);

    let options = TextOptions::default().with_strings_as_factors(true);
    let source = TextSource::open(vec![path], options).unwrap();
    let batches = self::batches(&source, &ScanOptions::default()).unwrap();
    let (_, delays) = factor::codes_and_levels(batches.last().unwrap().column(0)).unwrap();
    assert_eq!(delays.len(), 702);
    assert_eq!((0..5).map(|level| delays.value(level)).collect::<Vec<_>>(), ["6", "-8", "-2", "1", "-14"]);
}
