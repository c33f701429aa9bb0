//! Calls of `sp_execute_external_script`: what a server reads in them is what went in, and models fitted by them are
//! those of the rows.

use std::sync::{Arc, Mutex};

use algos::task::{Algorithm, Answer, fit, worker};
use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use engine::source::MemorySource;
use engine::task::Task;
use engine::{BlockSource, Local, ScanOptions};
use proptest::prelude::*;
use sqlbridge::{Database, Dialect, Error, ExternalScript, InServer, Result, RowReader, Session, SqlValue};

/// The literals of a statement, as SQL Server reads them, and the statement with `?` in their place.
fn read(sql: &str) -> (String, Vec<String>) {
    let (mut rest, mut code, mut literals) = (sql, String::new(), Vec::new());
    while let Some((before, after)) = rest.split_once('\'') {
        code.push_str(before);
        code.push('?');
        let mut literal = String::new();
        rest = after;
        loop {
            let (part, after) = rest.split_once('\'').expect("a literal that ends");
            literal.push_str(part);
            let Some(more) = after.strip_prefix('\'') else {
                rest = after;
                break;
            };
            literal.push('\'');
            rest = more;
        }
        // the continuation of lines
        literals.push(literal.replace("\\\r\n", "").replace("\\\n", ""));
    }
    code.push_str(rest);
    (code, literals)
}

#[test]
fn a_call_with_everything() {
    let call = ExternalScript::new("Python", "OutputDataSet = InputDataSet\nmodel = b'1'")
        .with_input("SELECT [day], delay FROM flights WHERE carrier = 'AA'")
        .partitioned_by(&["day", "a]b"])
        .parallel()
        .with_rows_per_read(5000)
        .with_param("k", SqlValue::Int(Some(-3)))
        .and_then(|call| call.with_param("rate", SqlValue::Float(Some(0.1))))
        .and_then(|call| call.with_param("who", SqlValue::Text(Some("O'Hare".into()))))
        .and_then(|call| call.with_param("none", SqlValue::Text(None)))
        .and_then(|call| call.with_output("model", SqlValue::Binary(None)))
        .and_then(|call| call.with_output("flag", SqlValue::Bit(Some(true))))
        .unwrap()
        .with_results("[day] nvarchar(10), delay float");
    assert_eq!(
        call.to_sql().unwrap(),
        "DECLARE @rx_script nvarchar(max) = N'OutputDataSet = InputDataSet\nmodel = b''1''';\n\
         DECLARE @rx_input nvarchar(max) = N'SELECT [day], delay FROM flights WHERE carrier = ''AA''';\n\
         DECLARE @rx_who nvarchar(max) = N'O''Hare';\n\
         DECLARE @rx_model varbinary(max) = NULL;\n\
         DECLARE @rx_flag bit = 1;\n\
         EXEC sp_execute_external_script @language = N'Python', @script = @rx_script, @input_data_1 = @rx_input, \
         @input_data_1_partition_by_columns = N'[day], [a]]b]', @parallel = 1, \
         @params = N'@r_rowsPerRead int, @k int, @rate float, @who nvarchar(max), @none nvarchar(max), \
         @model varbinary(max) OUTPUT, @flag bit OUTPUT', \
         @r_rowsPerRead = 5000, @k = -3, @rate = 1e-1, @who = @rx_who, @none = NULL, @model = @rx_model OUTPUT, \
         @flag = @rx_flag OUTPUT WITH RESULT SETS (([day] nvarchar(10), delay float));\n\
         SELECT @rx_model AS [model], @rx_flag AS [flag];"
    );
    let plain = ExternalScript::new("R", "print(1)").with_results("NONE").to_sql().unwrap();
    assert!(plain.ends_with("@language = N'R', @script = @rx_script WITH RESULT SETS NONE;"), "{plain}");
}

#[test]
fn names_and_values_that_cannot_be() {
    let refused = |name: &str, value: SqlValue, expected: &str| {
        let error = ExternalScript::new("R", "").with_param(name, value).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    for name in ["", "1a", "a b", "a'; DROP TABLE t--", "é", "@a", &"a".repeat(101)] {
        refused(name, SqlValue::Int(None), "a name is a letter");
    }
    for name in ["Script", "params", "input_data_1_name", "rx_script", "r_rowsperread"] {
        refused(name, SqlValue::Int(None), "is taken");
    }
    refused("x", SqlValue::Float(Some(f64::NAN)), "no float NaN");
    let twice = ExternalScript::new("R", "").with_param("a", SqlValue::Int(None)).unwrap();
    assert!(twice.with_output("A", SqlValue::Int(None)).is_err());
    let error = ExternalScript::new("R", "").with_rows_per_read(5).to_sql().unwrap_err().to_string();
    assert!(error.contains("need a query"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever texts are, the statement around them stays as it is, and the server reads them back.
    #[test]
    fn texts_are_literals(
        script in "([a'\"\\\\\n\r;\\-]|[^\u{0}])*", value in "[b'\\\\\n\r]*", query in ".*"
    ) {
        let sql = ExternalScript::new("Python", &script)
            .with_input(&query)
            .with_param("p", SqlValue::Text(Some(value.clone()))).unwrap()
            .to_sql().unwrap();
        let (code, literals) = read(&sql);
        let code = code.replace("CAST(N? AS nvarchar(max)) + N?", "N?").replace(" + N?", "");
        prop_assert_eq!(
            code,
            "DECLARE @rx_script nvarchar(max) = N?;\nDECLARE @rx_input nvarchar(max) = N?;\n\
             DECLARE @rx_p nvarchar(max) = N?;\nEXEC sp_execute_external_script @language = N?, \
             @script = @rx_script, @input_data_1 = @rx_input, @params = N?, @p = @rx_p;"
        );
        let all = format!("{script}{query}{value}Python@p nvarchar(max)");
        prop_assert_eq!(literals.concat(), all);
    }

    #[test]
    fn bytes_are_literals(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let call = ExternalScript::new("R", "").with_param("b", SqlValue::Binary(Some(bytes.clone()))).unwrap();
        let sql = call.to_sql().unwrap();
        let (_, hex) = sql.trim_end_matches(';').rsplit_once("@b = 0x").unwrap();
        let read = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        prop_assert_eq!((0..hex.len()).step_by(2).map(read).collect::<Vec<_>>(), bytes);
    }
}

/// A server with a table, four processes, of which the last gets no rows and is not asked, and the extension.
#[derive(Clone)]
struct Server {
    rows: RecordBatch,
    asked: Arc<Mutex<Vec<String>>>,
    broken: bool,
}

impl Database for Server {
    fn name(&self) -> String {
        "server".into()
    }

    fn connect(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(self.clone()))
    }
}

impl Session for Server {
    fn dialect(&self) -> Dialect {
        Dialect::SqlServer
    }

    fn execute(&mut self, _: &str) -> Result<Option<u64>> {
        unreachable!("nothing is changed")
    }

    fn describe(&mut self, sql: &str) -> Result<SchemaRef> {
        assert_eq!(sql, "SELECT * FROM flights WHERE carrier = 'AA'");
        Ok(self.rows.schema())
    }

    fn query(&mut self, sql: &str) -> Result<RecordBatch> {
        let (code, literals) = read(sql);
        self.asked.lock().unwrap().push(code);
        assert_eq!(literals[1], "SELECT * FROM flights WHERE carrier = 'AA'");
        if self.broken {
            let message = "a task failed".into();
            return Err(Error::Server { server: "server".into(), code: "39004".into(), message });
        }
        let task = Task::from_script(&literals[0]).unwrap();
        let mut answers = Vec::new();
        for (part, bounds) in [(2, 30..100), (0, 0..10), (1, 10..30)] {
            let mut worker = worker(&task, part, 4).unwrap();
            for row in bounds.step_by(10) {
                worker.update(&self.rows.slice(row, 10)).unwrap();
                answers.push(worker.partial().unwrap().to_bytes().unwrap());
            }
        }
        let partials: ArrayRef = Arc::new(BinaryArray::from_iter_values(answers));
        Ok(RecordBatch::try_from_iter([("partial", partials)]).unwrap())
    }

    fn stream(self: Box<Self>, _: &str, _: usize) -> Result<Box<dyn RowReader>> {
        unreachable!("rows stay where they are")
    }
}

fn server() -> Server {
    let x = |i: usize| (i * 37 % 101) as f64;
    let town: ArrayRef = Arc::new((0..100).map(|i| Some(["a", "b"][i % 3 % 2])).collect::<StringArray>());
    let numbers: ArrayRef = Arc::new((0..100).map(|i| Some(x(i))).collect::<Float64Array>());
    let y: ArrayRef = Arc::new((0..100).map(|i| Some(x(i).sqrt())).collect::<Float64Array>());
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("x", numbers, true),
        ("y", y, true),
        ("town", town, true),
    ]);
    Server { rows: rows.unwrap(), asked: Arc::default(), broken: false }
}

#[test]
fn models_are_fitted_in_the_server() {
    let server = server();
    let query = "SELECT * FROM flights WHERE carrier = 'AA'";
    let inside = InServer::open(&server, query).unwrap().with_rows_per_read(10).with_language("rxdf 2");
    let algorithm = Algorithm::with_defaults("lin_mod", "y ~ x + town").unwrap();
    let Answer::LinMod(model) = fit(&algorithm, &inside.schema(), "flights", &inside).unwrap() else {
        panic!()
    };
    let source = MemorySource::try_new(&server.rows.schema(), [server.rows.clone()]).unwrap();
    let local = algorithm.run(&source, &ScanOptions::default(), &Local::new(1)).unwrap();
    let Answer::LinMod(local) = local else { panic!() };
    assert_eq!((model.n_valid_obs, model.coefficient_names), (100, local.coefficient_names));
    for (got, expected) in model.coefficients[0].iter().zip(&local.coefficients[0]) {
        assert!(got.is_nan() && expected.is_nan() || (got - expected).abs() < 1e-12, "{got} {expected}");
    }
    let asked = server.asked.lock().unwrap();
    // the levels of the texts, then the sums
    assert_eq!(asked.len(), 2);
    let expected = "EXEC sp_execute_external_script @language = N?, @script = @rx_script, @input_data_1 = @rx_input, \
                    @parallel = 1, @params = N?, @r_rowsPerRead = 10 WITH RESULT SETS ((partial varbinary(max)));";
    assert!(asked[0].ends_with(expected), "{}", asked[0]);
    assert_eq!(source.info().rows, Some(100));
}

#[test]
fn what_the_server_says_is_the_error() {
    let server = Server { broken: true, ..server() };
    let inside = InServer::open(&server, "SELECT * FROM flights WHERE carrier = 'AA'").unwrap().sequential();
    let algorithm = Algorithm::with_defaults("summary", "~ x").unwrap();
    let error = fit(&algorithm, &inside.schema(), "flights", &inside).unwrap_err().to_string();
    assert_eq!(error, "server says: a task failed (error 39004)");
    let task = algorithm.task(&inside.schema()).unwrap();
    assert!(!inside.call(&task).unwrap().to_sql().unwrap().contains("@parallel"));
}
