//! The text of statements, of dialects that have no server here too. `UPDATE_SQL=1` writes them anew.

use std::path::Path;
use std::sync::{Arc, Mutex};

use algos::linear::LinMod;
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::aggregate::fit_aggregated;
use engine::expr::Expr;
use sqlbridge::{Dialect, PushDown, Result, RowReader, Session};

/// Keeps what it is asked, and answers zeros.
struct Recorder {
    dialect: Dialect,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Session for Recorder {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn execute(&mut self, _: &str) -> Result<Option<u64>> {
        Ok(None)
    }

    fn describe(&mut self, _: &str) -> Result<SchemaRef> {
        let day = Field::new("day", engine::factor::factor_type(), true);
        Ok(Arc::new(Schema::new(vec![
            Field::new("y", DataType::Float64, true),
            Field::new("n", DataType::Int32, true),
            Field::new("flag", DataType::Boolean, true),
            Field::new("on", DataType::Date32, true),
            xdf::metadata::set_levels(day, &["Mon'day", "Tue]s\"d`ay"]),
            Field::new("times", DataType::Int16, true),
        ])))
    }

    fn query(&mut self, sql: &str) -> Result<RecordBatch> {
        self.asked.lock().unwrap().push(sql.to_owned());
        let head = sql.rsplit("\nSELECT ").next().unwrap().split("\nFROM").next().unwrap();
        let names: Vec<String> = (0..=head.matches(", ").count()).map(|i| format!("c{i}")).collect();
        let zero = || Arc::new(Float64Array::from(vec![0.0])) as ArrayRef;
        Ok(RecordBatch::try_from_iter(names.iter().map(|name| (name, zero()))).unwrap())
    }

    fn stream(self: Box<Self>, _: &str, _: usize) -> Result<Box<dyn RowReader>> {
        unreachable!("sums alone travel")
    }
}

#[test]
fn statements_are_what_they_were() {
    for (dialect, name) in [
        (Dialect::SqlServer, "sql-server"),
        (Dialect::PostgreSql, "postgresql"),
        (Dialect::MariaDb, "mariadb"),
        (Dialect::Sqlite, "sqlite"),
        (Dialect::DuckDb, "duckdb"),
    ] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let session = Recorder { dialect, asked: Arc::clone(&asked) };
        let mut rows = PushDown::table(Box::new(session), "dbo.my table").unwrap();
        rows.select(&Expr::parse("flag & on >= '2020-01-31' & day %in% c(\"Mon'day\")").unwrap()).unwrap();
        rows.compute("scaled", &Expr::parse("log(n) / 2 - exp(y) * sqrt(n)").unwrap()).unwrap();
        let mut options = algos::linear::LinModOptions::default();
        options.weights.frequency = Some("times".into());
        let model = LinMod::new("y ~ scaled + day + F(n, 1, 9)").unwrap().with_options(options).unwrap();
        fit_aggregated(&model, &mut rows).unwrap_err();
        let text = asked.lock().unwrap().join(";\n\n") + ";\n";
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pushdown/golden/{name}.sql"));
        if std::env::var_os("UPDATE_SQL").is_some() {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, &text).unwrap();
        }
        assert_eq!(
            text,
            std::fs::read_to_string(&golden).unwrap_or_default(),
            "{name}; UPDATE_SQL=1 writes it"
        );
    }
}
