//! What the text sink writes, the text source reads back: the same values, missing where they were missing.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_schema::{DataType, Schema, SchemaRef};
use engine::sink::text::TextSinkOptions;
use engine::sink::{self, SinkOptions, Written};
use engine::source::text::{TextOptions, TextSource};
use engine::source::{MemorySource, SourceExt};
use engine::{BlockSource, Error, Project, ScanOptions, factor};
use proptest::prelude::*;

fn write(path: &Path, batches: &[RecordBatch], options: &SinkOptions) -> Result<Written, Error> {
    let source = MemorySource::try_new(&batches[0].schema(), batches.to_vec())?;
    let schema = source.schema();
    sink::transfer(source.open(&ScanOptions::default())?, sink::create(path, &schema, options)?)
}

/// Reads a file with the types of a schema.
fn read(path: &Path, schema: &SchemaRef, options: TextOptions) -> Result<RecordBatch, Error> {
    let typed = schema.fields().iter().fold(options.with_header(true), |options, field| {
        options.with_type(field.name(), field.data_type().clone())
    });
    let source = TextSource::open(vec![path.to_path_buf()], typed)?;
    let read = source.schema();
    let batches: Vec<RecordBatch> =
        Iterator::map(source.open(&ScanOptions::default())?, |block| Ok(block?.batch))
            .collect::<Result<_, Error>>()?;
    factor::concat(&read, &batches)
}

fn text(batch: &RecordBatch, options: TextSinkOptions) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    write(&path, std::slice::from_ref(batch), &SinkOptions { text: options, ..SinkOptions::default() })
        .unwrap();
    std::fs::read_to_string(path).unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn every_type_looks_as_it_should() {
    let days: DictionaryArray<Int32Type> = vec![Some("Mon, day"), None, Some("x")].into_iter().collect();
    let batch = batch(vec![
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("i", Arc::new(Int8Array::from(vec![Some(-128), None, Some(7)]))),
        ("x", Arc::new(Float64Array::from(vec![Some(0.1), Some(f64::NAN), Some(-1e-7)]))),
        ("f", Arc::new(days)),
        ("d", Arc::new(Date32Array::from(vec![Some(0), None, Some(-1)]))),
        ("s", Arc::new(TimestampSecondArray::from(vec![Some(1), None, Some(-1)]).with_timezone("+00:00"))),
        ("a \"b\"", strings(&[Some(""), None, Some("NA")])),
    ]);
    assert_eq!(
        text(&batch, TextSinkOptions::default()),
        "b,i,x,f,d,s,\"a \"\"b\"\"\"\n\
         true,-128,0.1,\"Mon, day\",1970-01-01,1970-01-01 00:00:01Z,\"\"\n\
         false,,,,,,\n\
         ,7,-1e-7,x,1969-12-31,1969-12-31 23:59:59Z,\"NA\"\n"
    );
    let options = TextSinkOptions::default().with_missing("M").with_header(false).with_delimiter(b';');
    assert_eq!(text(&batch, options).lines().nth(1), Some("false;M;M;M;M;M;M"));
}

#[test]
fn missing_is_visible_where_nothing_would_not_be() {
    let single = batch(vec![("s", strings(&[Some("NA"), None, Some(""), Some("x")]))]);
    assert_eq!(text(&single, TextSinkOptions::default()), "s\n\"NA\"\nNA\n\"\"\nx\n");
    let blanks = batch(vec![
        ("s", strings(&[Some("a b"), None])),
        ("t", Arc::new(TimestampSecondArray::from(vec![Some(0), None])) as ArrayRef),
    ]);
    let options = TextSinkOptions::default().with_delimiter(b' ');
    assert_eq!(text(&blanks, options), "s t\n\"a b\" 1970-01-01T00:00:00\nNA NA\n");
}

#[test]
fn digits_are_as_many_as_asked_for() {
    let numbers = batch(vec![
        (
            "x",
            Arc::new(Float64Array::from(vec![1.0 / 3.0, 123_456.789, 1e-10, f64::INFINITY, 2.0])) as ArrayRef,
        ),
        ("y", Arc::new(Float32Array::from(vec![1.0 / 3.0, 2e20, 0.1, -0.0, 1.5]))),
    ]);
    let options = TextSinkOptions::default().with_float_digits(3);
    assert_eq!(text(&numbers, options), "x,y\n0.333,0.333\n123000,2e20\n1e-10,0.1\ninf,-0\n2,1.5\n");
}

#[test]
fn names_decide_delimiter_and_compression() {
    let folder = tempfile::tempdir().unwrap();
    let batch = batch(vec![
        ("a", Arc::new(Int32Array::from_iter_values(0..30_000)) as ArrayRef),
        ("t", Arc::new(StringArray::from_iter_values((0..30_000).map(|row| format!("x{}", row % 7))))),
    ]);
    for (name, magic, delimiter) in [
        ("1.csv", &b"a,t"[..], b','),
        ("2.tsv", b"a\tt", b'\t'),
        ("3.psv.gz", &[0x1F, 0x8B], b'|'),
        ("4.csv.zst", &[0x28, 0xB5, 0x2F, 0xFD], b','),
    ] {
        let path = folder.path().join(name);
        let written = write(&path, std::slice::from_ref(&batch), &SinkOptions::default()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.starts_with(magic), "{name}");
        assert_eq!((written.rows, written.bytes), (30_000, bytes.len() as u64));
        let source = TextSource::open(vec![path.clone()], TextOptions::default()).unwrap();
        assert_eq!(source.delimiter(), delimiter);
        assert_eq!(read(&path, &batch.schema(), TextOptions::default()).unwrap().columns(), batch.columns());
        // nothing is replaced unasked, and nothing is left behind
        let again = write(&path, std::slice::from_ref(&batch), &SinkOptions::default());
        assert!(matches!(again, Err(Error::OutputExists { .. })));
        let replace = SinkOptions { overwrite: true, ..SinkOptions::default() };
        write(&path, std::slice::from_ref(&batch), &replace).unwrap();
    }
    let unfinished =
        sink::create(folder.path().join("5.csv"), &batch.schema(), &SinkOptions::default()).unwrap();
    drop(unfinished);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[test]
fn unwritable_columns_and_delimiters_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let binary = Arc::new(Schema::new(vec![arrow_schema::Field::new("bin", DataType::Binary, true)]));
    let error = sink::create(&path, &binary, &SinkOptions::default()).err().unwrap().to_string();
    assert!(error.contains("column 'bin'") && error.contains("Binary"), "{error}");
    let good = batch(vec![("a", strings(&[Some("x")]))]);
    let text = TextSinkOptions::default().with_delimiter(b'"');
    let options = SinkOptions { text, ..SinkOptions::default() };
    assert!(matches!(sink::create(&path, &good.schema(), &options), Err(Error::InvalidOption { .. })));
    assert!(!path.exists());
}

#[test]
fn a_projected_text_is_written_as_projected() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.csv"), folder.path().join("to.csv"));
    std::fs::write(&from, "a,b,c\n1,x,2.50\n2,y,\n").unwrap();
    let source: Arc<dyn BlockSource> =
        Arc::new(TextSource::open(vec![from], TextOptions::default()).unwrap());
    let source = source.with(Project::new(vec!["c".into(), "a".into()])).unwrap();
    let sink = sink::create(&to, &source.schema(), &SinkOptions::default()).unwrap();
    sink::transfer(source.open(&ScanOptions::default()).unwrap(), sink).unwrap();
    assert_eq!(std::fs::read_to_string(to).unwrap(), "c,a\n2.5,1\n,2\n");
}

fn texts() -> impl Strategy<Value = Option<String>> {
    let special = prop::sample::select(vec![
        "NA", "", ",", "\"", "\n", "\r\n", "\r", "\"\"", " ", "a\"b", "\u{FEFF}", "Zürich",
    ]);
    prop_oneof![
        1 => Just(None),
        3 => special.prop_map(|text| Some(text.to_owned())),
        3 => "[a-c\",;\t\n\r \"é]{0,20}".prop_map(Some),
        1 => any::<String>().prop_map(Some),
    ]
}

/// A float that is not NaN, which is written as missing.
fn floats() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        1 => Just(None),
        2 => any::<f64>().prop_map(Some),
        2 => (any::<i32>(), 0_i32..9).prop_map(|(digits, places)| Some(f64::from(digits) / 10_f64.powi(places))),
        1 => prop::sample::select(vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 5e-324]).prop_map(Some),
    ]
    .prop_map(|value| value.filter(|value| !value.is_nan()))
}

prop_compose! {
    fn tables()(
        rows in prop::collection::vec(
            ((texts(), texts(), floats()), (any::<Option<i32>>(), any::<Option<i64>>(), any::<Option<u64>>()),
             (any::<Option<bool>>(), any::<Option<i64>>(), any::<Option<f32>>(), any::<Option<i32>>())), 1..30),
    ) -> RecordBatch {
        let factor: DictionaryArray<Int32Type> = rows.iter().map(|row| row.0.1.as_deref()).collect();
        let single = |value: Option<f32>| value.filter(|value| !value.is_nan());
        batch(vec![
            ("text", Arc::new(rows.iter().map(|row| row.0.0.as_deref()).collect::<StringArray>()) as ArrayRef),
            ("factor", Arc::new(factor)),
            ("f64", Arc::new(rows.iter().map(|row| row.0.2).collect::<Float64Array>())),
            ("i32", Arc::new(rows.iter().map(|row| row.1.0).collect::<Int32Array>())),
            ("i64", Arc::new(rows.iter().map(|row| row.1.1).collect::<Int64Array>())),
            ("u64", Arc::new(rows.iter().map(|row| row.1.2).collect::<UInt64Array>())),
            ("bool", Arc::new(rows.iter().map(|row| row.2.0).collect::<BooleanArray>())),
            ("time", Arc::new(rows.iter().map(|row| row.2.1).collect::<TimestampNanosecondArray>())),
            ("f32", Arc::new(rows.iter().map(|row| single(row.2.2)).collect::<Float32Array>())),
            ("date", Arc::new(rows.iter().map(|row| row.2.3).collect::<Date32Array>())),
        ])
    }
}

/// Equal bit for bit, factors by their texts: levels may come in another order.
fn same(read: &RecordBatch, written: &RecordBatch) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.num_rows(), written.num_rows());
    for (read, written) in read.columns().iter().zip(written.columns()) {
        if factor::is_factor(written.data_type()) {
            let texts = |array: &ArrayRef| -> Vec<Option<String>> {
                let array = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
                array.into_iter().map(|text| text.map(str::to_owned)).collect()
            };
            prop_assert_eq!(texts(read), texts(written));
        } else {
            prop_assert_eq!(read.to_data(), written.to_data());
            if let Some(read) = read.as_primitive_opt::<arrow_array::types::Float64Type>() {
                let written = written.as_primitive::<arrow_array::types::Float64Type>();
                for (read, written) in read.iter().zip(written).filter_map(|(a, b)| a.zip(b)) {
                    prop_assert_eq!(read.to_bits(), written.to_bits());
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn tables_come_back(
        table in tables(),
        delimiter in prop::sample::select(b",;\t| ".to_vec()),
        chunk_bytes in prop::sample::select(vec![1_usize, 7, 64, 1 << 24]),
        only in prop::option::of(0_usize..10),
    ) {
        let table = only.map_or(table.clone(), |column| table.project(&[column]).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let text = TextSinkOptions::default().with_delimiter(delimiter);
        write(&path, std::slice::from_ref(&table), &SinkOptions { text, ..SinkOptions::default() }).unwrap();
        let options = TextOptions::default().with_delimiter(delimiter).with_chunk_bytes(chunk_bytes);
        same(&read(&path, &table.schema(), options).unwrap(), &table)?;
    }

    #[test]
    fn any_bytes_are_rows_or_an_error(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(prop::sample::select(b"ab1.-,;\t \"\n\r\xFF\xC3\xFE".to_vec()), 0..200),
        ],
        block_rows in 1_usize..5,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.csv");
        std::fs::write(&path, &bytes).unwrap();
        let rows = |chunk_bytes: usize| -> Result<usize, String> {
            let options = TextOptions::default().with_sniff_rows(3).with_chunk_bytes(chunk_bytes);
            let source = TextSource::open(vec![path.clone()], options).map_err(|error| error.to_string())?;
            let scan = ScanOptions::default().with_block_rows(block_rows).with_prefetch(false);
            let mut rows = 0;
            for block in source.open(&scan).map_err(|error| error.to_string())? {
                rows += block.map_err(|error| error.to_string())?.num_rows();
            }
            Ok(rows)
        };
        // of several faults in a text, small chunks may meet another one first than the text as a whole
        let whole = rows(1 << 24).ok();
        prop_assert_eq!(rows(1).ok(), whole);
        prop_assert_eq!(rows(13).ok(), whole);
    }
}
