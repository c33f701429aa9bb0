//! Tables written by bulk loads. The server keeps the statements that it is sent, and gives loaded rows back to a query.

use std::sync::{Arc, Mutex};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    UInt8Array,
};
use engine::{Block, BlockSink};
use sqlbridge::{IfExists, ServerSink, Session};

use super::replay::{Reply, Server, columns, done, error, packets, sql};

#[derive(Default)]
struct Kept {
    statements: Vec<String>,
    loaded: Vec<u8>,
}

/// A server that has the table `old`, and refuses what `refuse` says.
fn server(kept: &Arc<Mutex<Kept>>, refuse: &'static str) -> Server {
    let kept = Arc::clone(kept);
    Server::start(1, move |kind, message| {
        let mut kept = kept.lock().unwrap();
        if kind == 7 {
            kept.loaded = message.to_vec();
            return Reply::Bytes(packets(&done(0, 0), 100));
        }
        let statement = sql(message);
        kept.statements.push(statement.clone());
        let mut tokens = Vec::new();
        if statement.starts_with("SELECT CASE WHEN OBJECT_ID") {
            tokens = columns(&[("x", &[0x38])]);
            tokens.extend_from_slice(&[0xD1, u8::from(statement.contains("[old]")), 0, 0, 0]);
            tokens.extend(done(0x10, 1));
        } else if statement == "SELECT back" {
            return Reply::Bytes(packets(&kept.loaded, 500));
        } else if !refuse.is_empty() && statement.contains(refuse) {
            tokens.extend(error(262, "permission denied"));
            tokens.extend(done(0x02, 0));
        } else {
            tokens.extend(done(0, 0));
        }
        Reply::Bytes(packets(&tokens, 100))
    })
}

fn batch() -> RecordBatch {
    let text = "zwölf\u{1F600}";
    let arrays: Vec<(&str, ArrayRef)> = vec![
        ("bit", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("u8", Arc::new(UInt8Array::from(vec![Some(255), None, Some(0)]))),
        ("i16", Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(1)]))),
        ("i32", Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(1)]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(1)]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(1.5), None, Some(-0.0)]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(1e300), None, Some(0.1)]))),
        ("day", Arc::new(Date32Array::from(vec![Some(-719_162), None, Some(20_000)]))),
        ("us", Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), None, Some(1_234_567)]))),
        (
            "utc",
            Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), None, Some(7)]).with_timezone("UTC")),
        ),
        ("text", Arc::new(StringArray::from(vec![Some(text), None, Some("")]))),
    ];
    RecordBatch::try_from_iter(arrays).unwrap()
}

fn block(batch: RecordBatch) -> Block {
    Block { batch, index: 0, start_row: 0 }
}

#[test]
fn what_is_loaded_is_what_is_read() {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let server = server(&kept, "");
    let batch = batch();
    let sink = ServerSink::create(&server.database(), "new", &batch.schema(), IfExists::Fail).unwrap();
    let mut sink: Box<dyn BlockSink> = Box::new(sink);
    sink.write(&block(batch.clone())).unwrap();
    assert_eq!(sink.finish().unwrap().rows, 3);
    let loaded = kept.lock().unwrap().loaded.clone();
    let reading = Server::start(1, move |_, _| Reply::Bytes(packets(&loaded, 77)));
    let back = reading.database().open().unwrap().query("SELECT back").unwrap();
    assert_eq!(back.columns(), batch.columns());
}

#[test]
fn a_new_table_gets_its_name_last_and_its_widths_from_all_rows() {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let server = server(&kept, "");
    let level: DictionaryArray<arrow_array::types::Int32Type> = vec!["a", "abc", "a"].into_iter().collect();
    let batch = RecordBatch::try_from_iter([
        ("level", Arc::new(level) as ArrayRef),
        ("x]", Arc::new(Int8Array::from(vec![1, 2, 3])) as ArrayRef),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![0, 1, 2])) as ArrayRef),
    ])
    .unwrap();
    let sink = ServerSink::create(&server.database(), "dbo.old", &batch.schema(), IfExists::Replace).unwrap();
    let mut sink: Box<dyn BlockSink> = Box::new(sink);
    sink.write(&block(batch)).unwrap();
    sink.finish().unwrap();
    let statements = kept.lock().unwrap().statements.clone();
    let loading = statements[1].strip_prefix("CREATE TABLE ").unwrap().split(' ').next().unwrap().to_owned();
    assert!(loading.starts_with("[dbo].[old_rxdf_"), "{loading}");
    assert_eq!(
        statements[1..],
        [
            format!(
                "CREATE TABLE {loading} ([level] nvarchar(max) NULL, [x]]] smallint NULL, [ms] datetime2(3) NULL)"
            ),
            format!(
                "INSERT BULK {loading} ([level] nvarchar(max), [x]]] smallint, [ms] datetime2(3)) WITH (TABLOCK)"
            ),
            format!("ALTER TABLE {loading} ALTER COLUMN [level] nvarchar(4)"),
            format!(
                "SET XACT_ABORT ON; BEGIN TRANSACTION; DROP TABLE IF EXISTS [dbo].[old]; \
                 EXEC sp_rename N'{loading}', N'old', N'OBJECT'; COMMIT TRANSACTION"
            ),
        ]
    );
}

#[test]
fn a_table_that_exists_is_not_replaced_unasked() {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let server = server(&kept, "");
    let sink = ServerSink::create(&server.database(), "old", &batch().schema(), IfExists::Fail);
    let message = sink.map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("[old]") && message.contains("exists"), "{message}");
}

#[test]
fn rows_that_are_added_are_one_transaction() {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let server = server(&kept, "");
    let batch = batch();
    let sink = ServerSink::create(&server.database(), "old", &batch.schema(), IfExists::Append).unwrap();
    let mut sink: Box<dyn BlockSink> = Box::new(sink);
    sink.write(&block(batch)).unwrap();
    sink.finish().unwrap();
    let statements = kept.lock().unwrap().statements.clone();
    assert_eq!(statements[1], "SET XACT_ABORT ON; BEGIN TRANSACTION");
    assert!(statements[2].starts_with("INSERT BULK [old] ("));
    assert_eq!(statements[3..], ["COMMIT TRANSACTION"]);
}

#[test]
fn a_load_that_fails_leaves_the_old_table() {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let server = server(&kept, "INSERT BULK");
    let batch = batch();
    let sink = ServerSink::create(&server.database(), "old", &batch.schema(), IfExists::Replace).unwrap();
    let mut sink: Box<dyn BlockSink> = Box::new(sink);
    sink.write(&block(batch)).unwrap();
    let message = sink.finish().unwrap_err().to_string();
    assert!(message.contains("permission denied"), "{message}");
    let statements = kept.lock().unwrap().statements.clone();
    assert!(statements.last().unwrap().starts_with("DROP TABLE IF EXISTS [old_rxdf_"), "{statements:?}");
    assert!(!statements.iter().any(|statement| statement.contains("DROP TABLE IF EXISTS [old]")));
}

#[test]
fn what_a_server_cannot_store_is_named() {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let server = server(&kept, "");
    let infinite = RecordBatch::try_from_iter([(
        "x",
        Arc::new(Float64Array::from(vec![0.0, f64::NAN, f64::INFINITY])) as ArrayRef,
    )])
    .unwrap();
    let sink = ServerSink::create(&server.database(), "new", &infinite.schema(), IfExists::Fail).unwrap();
    let mut sink: Box<dyn BlockSink> = Box::new(sink);
    sink.write(&block(infinite)).unwrap();
    let message = sink.finish().unwrap_err().to_string();
    assert!(message.contains("row 3, column 'x'") && message.contains("infinite"), "{message}");
}
