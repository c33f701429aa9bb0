//! ODBC against real databases: SQLite, PostgreSQL and MariaDB, where they are installed.
#![cfg(all(unix, feature = "odbc"))]

mod servers;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use servers::Server;
use sqlbridge::odbc::{OdbcDatabase, OdbcOptions};
use sqlbridge::{Database, Dialect, Error};

/// A query for the numbers from 1 to `rows` as `n`.
fn numbers(server: &Server, rows: u32) -> String {
    match server.dialect {
        Dialect::PostgreSql => format!("select n from generate_series(1, {rows}) as t(n)"),
        Dialect::MariaDb => format!("select seq as n from seq_1_to_{rows}"),
        _ => format!(
            "with recursive t(n) as (select 1 union all select n + 1 from t limit {rows}) select n from t"
        ),
    }
}

fn types(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.data_type().to_string()).collect()
}

#[test]
fn every_type_arrives_as_the_table_says_with_its_missing_values() {
    for server in servers::all() {
        let timestamp = if server.dialect == Dialect::MariaDb { "datetime" } else { "timestamp" };
        server.table("kinds",
            &format!(
                "si smallint, i integer, b bigint, r real, d double precision, n numeric(12, 2), c char(3), s varchar(20), \
             dt date, ts {timestamp}, tm time, tx text"
            ),
            &[
                "insert into kinds values (-7, 2147483647, 9007199254740993, 0.5, 0.1, 1234567.25, 'abc', 'Zürich 🚂', \
                 '2020-02-29', '1969-12-31 23:59:58', '12:34:56', '')",
                "insert into kinds values (null, null, null, null, null, null, null, null, null, null, null, null)",
            ],
        );
        let batch = server.query("select * from kinds order by coalesce(i, 0) desc");
        let mut expected = [
            "Int16",
            "Int32",
            "Int64",
            "Float32",
            "Float64",
            "Float64",
            "Utf8",
            "Utf8",
            "Date32",
            "Timestamp(ms)",
            "Float64",
            "Utf8",
        ];
        match server.dialect {
            Dialect::Sqlite => (expected[1], expected[3]) = ("Int64", "Float64"),
            Dialect::PostgreSql => expected[9] = "Timestamp(µs)",
            // its REAL is a DOUBLE
            _ => expected[3] = "Float64",
        }
        assert_eq!(types(&batch), expected, "{:?}", server.dialect);
        for column in batch.columns() {
            assert_eq!(
                (column.is_null(0), column.is_null(1)),
                (false, true),
                "{:?} {column:?}",
                server.dialect
            );
        }
        assert_eq!(batch.column(0).as_primitive::<Int16Type>().value(0), -7);
        assert_eq!(batch.column(2).as_primitive::<Int64Type>().value(0), 9_007_199_254_740_993);
        assert_eq!(batch.column(4).as_primitive::<Float64Type>().value(0).to_bits(), 0.1f64.to_bits());
        assert_eq!(batch.column(5).as_primitive::<Float64Type>().value(0), 1_234_567.25);
        assert_eq!(batch.column(7).as_string::<i32>().value(0), "Zürich 🚂");
        assert_eq!(batch.column(8).as_primitive::<Date32Type>().value(0), 18_321);
        let moment = arrow_cast::cast(batch.column(9), &DataType::Int64).unwrap();
        let unit = if server.dialect == Dialect::PostgreSql { 1_000_000 } else { 1000 };
        assert_eq!(moment.as_primitive::<Int64Type>().value(0), -2 * unit);
        assert_eq!(batch.column(10).as_primitive::<Float64Type>().value(0), 45_296.0);
        assert_eq!(batch.column(11).as_string::<i32>().value(0), "");
    }
}

#[test]
fn a_description_is_that_of_the_answer() {
    for server in servers::all() {
        server.table(
            "described",
            "a integer, b varchar(7), c date",
            &["insert into described values (1, 'x', null)"],
        );
        let sql = "select a, b, c from described";
        let described = server.database().connect().unwrap().describe(sql).unwrap();
        assert_eq!(described, server.query(sql).schema(), "{:?}", server.dialect);
    }
}

#[test]
fn a_stream_brings_every_row_once_in_batches_that_fit() {
    for server in servers::all() {
        server.table("streamed", "n integer, s varchar(40)", &[]);
        let fill = format!(
            "insert into streamed {}",
            numbers(server, 20_000).replace("select n from", "select n, n from")
        );
        let fill = fill.replace("select seq as n from", "select seq, seq from");
        server.database().connect().unwrap().execute(&fill).unwrap();
        let options = OdbcOptions { fetch_bytes: 1 << 20, ..OdbcOptions::default() };
        for (options, rows) in [(options, 65_536), (OdbcOptions::default(), 1000)] {
            let session = server.database_with(options).connect().unwrap();
            let reader = session.stream("select n, s from streamed order by n", rows).unwrap();
            let schema = reader.schema();
            let mut next = 0;
            for batch in reader {
                let batch = batch.unwrap();
                assert!(batch.num_rows() <= rows && batch.schema() == schema);
                let number = arrow_cast::cast(batch.column(0), &DataType::Int64).unwrap();
                for (number, text) in
                    number.as_primitive::<Int64Type>().iter().zip(batch.column(1).as_string::<i32>())
                {
                    next += 1;
                    assert_eq!((number, text), (Some(next), Some(next.to_string().as_str())));
                }
            }
            assert_eq!(next, 20_000, "{:?}", server.dialect);
        }
        // a reader may be left early
        let session = server.database().connect().unwrap();
        let mut reader = session.stream("select n, s from streamed", 100).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().num_rows(), 100);
    }
}

#[test]
fn a_text_that_is_longer_than_its_room_is_never_cut() {
    for server in servers::all() {
        let long = "é".repeat(30_000);
        let insert = |id: i32, text: &str| format!("insert into long_texts values ({id}, '{text}')");
        server.table("long_texts", "id integer, body text", &[&insert(1, "short"), &insert(2, &long)]);
        // among the first rows: asked for again with room
        let batch = server.query("select body from long_texts order by id");
        assert_eq!(batch.column(0).as_string::<i32>().value(1), long, "{:?}", server.dialect);
        // after rows that were handed over: an error
        let session = server.database().connect().unwrap();
        let mut reader = session.stream("select body from long_texts order by id", 1).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().column(0).as_string::<i32>().value(0), "short");
        let error = reader.next().unwrap().unwrap_err().to_string();
        assert!(error.contains("after row 1 column 'body'") && error.contains("max_text_size"), "{error}");
        assert!(reader.next().is_none());
        let options = OdbcOptions { max_text_size: 100_000, ..OdbcOptions::default() };
        let session = server.database_with(options).connect().unwrap();
        let reader = session.stream("select body from long_texts order by id", 1).unwrap();
        assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 2);
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_column() {
    for server in servers::all() {
        let binary = if server.dialect == Dialect::PostgreSql { "bytea" } else { "blob" };
        server.table("refused", &format!("id integer, photo {binary}"), &[]);
        let mut session = server.database().connect().unwrap();
        let message = session.describe("select * from refused").unwrap_err().to_string();
        assert!(message.contains("'photo'") && message.contains("CAST"), "{:?}: {message}", server.dialect);
        let message = session.query("select id, id from refused").unwrap_err().to_string();
        assert!(message.contains("two of its columns are named 'id'"), "{message}");
        let message = session.query("insert into refused (id) values (1)").unwrap_err().to_string();
        assert!(message.contains("no columns"), "{message}");
    }
}

#[test]
fn errors_are_the_servers_own_without_passwords() {
    for server in servers::all() {
        let mut session = server.database().connect().unwrap();
        let error = session.query("select * from no_such_table").unwrap_err();
        let Error::Server { code, message, .. } = &error else { panic!("{error}") };
        assert_eq!(code.len(), 5, "an SQLSTATE: {error}");
        assert!(message.contains("no_such_table"), "{error}");
        assert_eq!(
            session
                .execute("create table if not exists after_error (n integer)")
                .err()
                .map(|e| e.to_string()),
            None
        );
        if server.connection_string.contains(servers::PASSWORD) {
            let wrong = server.connection_string.replace(servers::PASSWORD, "wr0ng-secret");
            let error = OdbcDatabase::new(&wrong, OdbcOptions::default()).unwrap().connect().err().unwrap();
            assert!(matches!(error, Error::Connection { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("wr0ng-secret"), "{error}");
            assert!(!server.database().name().contains(servers::PASSWORD));
            let bare = server.connection_string.replace(&format!("PWD={}", servers::PASSWORD), "");
            let bare = OdbcDatabase::new(&bare, OdbcOptions::default()).unwrap();
            assert!(!bare.has_secret());
            let with = bare.with_password(servers::PASSWORD);
            assert!(with.has_secret() && with.connect().is_ok(), "{:?}", server.dialect);
        }
    }
}

#[test]
fn a_statement_ends_with_its_time() {
    for server in servers::all() {
        let sleep = match server.dialect {
            Dialect::PostgreSql => "select cast(pg_sleep(20) as varchar(3)) as slept",
            Dialect::MariaDb => {
                "select count(*) as n from seq_1_to_1000000000 where seq % 7 = 3 and sha1(seq) = 'x'"
            }
            _ => continue,
        };
        let options = OdbcOptions { query_timeout: 1, ..OdbcOptions::default() };
        let started = std::time::Instant::now();
        let error = server.database_with(options).connect().unwrap().query(sleep).unwrap_err();
        assert!(matches!(error, Error::Server { .. }), "{error}");
        assert!(started.elapsed().as_secs() < 15, "{error}");
    }
}

#[test]
fn a_driver_that_is_not_there_is_named() {
    if servers::all().is_empty() {
        return;
    }
    let database =
        OdbcDatabase::new("Driver=/nowhere/libx.so;UID=a;PWD=hidden-one", OdbcOptions::default()).unwrap();
    let message = database.connect().err().unwrap().to_string();
    assert!(message.contains("/nowhere/libx.so") && !message.contains("hidden-one"), "{message}");
}

#[test]
fn integers_without_a_sign_keep_their_values() {
    for server in servers::all().iter().filter(|server| server.dialect == Dialect::MariaDb) {
        server.table(
            "unsigned_ones",
            "t tinyint unsigned, s smallint unsigned, i int unsigned, b bigint unsigned",
            &["insert into unsigned_ones values (255, 65535, 4294967295, 9223372036854775807), (1, 2, 3, 4)"],
        );
        let batch = server.query("select * from unsigned_ones order by t desc");
        assert_eq!(types(&batch), ["UInt8", "Int32", "Int64", "Int64"]);
        assert_eq!(batch.column(1).as_primitive::<Int32Type>().value(0), 65_535);
        assert_eq!(batch.column(2).as_primitive::<Int64Type>().value(0), 4_294_967_295);
        assert_eq!(batch.column(3).as_primitive::<Int64Type>().value(0), i64::MAX);
        for (column, expected) in batch.columns().iter().zip([1, 2, 3, 4]) {
            let column = arrow_cast::cast(column, &DataType::Int64).unwrap();
            assert_eq!(column.as_primitive::<Int64Type>().value(1), expected);
        }
        let mut session = server.database().connect().unwrap();
        session.execute("insert into unsigned_ones values (0, 0, 0, 9223372036854775808)").unwrap();
        let message = session.query("select b from unsigned_ones order by b").unwrap_err().to_string();
        assert!(message.contains("row 3 of column 'b' is '9223372036854775808'"), "{message}");
    }
}

#[test]
fn expressions_of_sqlite_have_the_type_of_their_values() {
    for server in servers::all().iter().filter(|server| server.dialect == Dialect::Sqlite) {
        server.table(
            "loose",
            "n integer, x double",
            &["insert into loose values (9007199254740993, 0.1), (null, 2.5)"],
        );
        let sql = "select sum(n) as s, avg(x) as a, max(n) > 1 as b, 'it' as t, null as z, coalesce(n, x) as m \
                   from loose group by x order by x;";
        let batch = server.query(sql);
        assert_eq!(types(&batch), ["Int64", "Float64", "Int64", "Utf8", "Float64", "Float64"]);
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 9_007_199_254_740_993);
        assert_eq!(batch.column(1).as_primitive::<Float64Type>().value(0).to_bits(), 0.1f64.to_bits());
        assert!(batch.column(0).is_null(1) && batch.column(4).is_null(0));
        assert_eq!(server.database().connect().unwrap().describe(sql).unwrap(), batch.schema());
        let message =
            server.database().connect().unwrap().query("select x'00ff' as photo").unwrap_err().to_string();
        assert!(message.contains("'photo'") && message.contains("CAST"), "{message}");
    }
}
