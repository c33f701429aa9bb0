//! Passes that travel as bytes: the models of rows in several parts are those of the rows together.

mod tables;

use std::cell::RefCell;

use algos::glm::{Family, GlmOptions};
use algos::kmeans::KMeansOptions;
use algos::linear::LinModOptions;
use algos::task::{Algorithm, Answer, Request, fit, run_task, worker};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    ArrayRef, Float32Array, Int64Array, RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray,
};
use arrow_schema::SchemaRef;
use engine::source::MemorySource;
use engine::task::{Partial, Task, TaskRunner};
use engine::{BlockSource, Local, ScanOptions};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::Arc;
use tables::{Column, Sequence, numbers, table};

/// Parts of a table in processes of their own, as far as bytes go.
struct Parts {
    rows: Vec<RecordBatch>,
    /// The tasks that were run, by their passes and lengths.
    seen: RefCell<Vec<(usize, usize)>>,
}

impl Parts {
    /// Cuts the one batch of a table before these rows.
    fn new(source: &MemorySource, cuts: &[usize]) -> Self {
        let batch = &source.batches()[0];
        let mut bounds = vec![0];
        bounds.extend(cuts);
        bounds.push(batch.num_rows());
        let rows = bounds.windows(2).map(|pair| batch.slice(pair[0], pair[1] - pair[0])).collect();
        Self { rows, seen: RefCell::default() }
    }
}

fn reader(batch: &RecordBatch, step: usize) -> impl RecordBatchReader {
    let starts = (0..batch.num_rows()).step_by(step);
    let chunks: Vec<_> =
        starts.map(|start| Ok(batch.slice(start, step.min(batch.num_rows() - start)))).collect();
    RecordBatchIterator::new(chunks, batch.schema())
}

impl TaskRunner for Parts {
    fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
        let script = task.to_script()?;
        self.seen.borrow_mut().push((task.pass(), script.len()));
        let bytes = Task::from_script(&script)?.to_bytes()?;
        let parts = self.rows.len() as u32;
        // the last part answers first
        let run =
            |(part, rows): (usize, &RecordBatch)| Ok(run_task(&bytes, part as u32, parts, reader(rows, 97))?);
        self.rows.iter().enumerate().rev().map(run).collect()
    }
}

fn data() -> MemorySource {
    let mut random = Sequence(7);
    let rows = 900;
    let a: Vec<Option<i32>> =
        (0..rows).map(|i| (i % 41 != 5).then(|| (random.next() * 3.0) as i32)).collect();
    let b: Vec<Option<i32>> = (0..rows).map(|_| Some((random.next() * 2.0) as i32)).collect();
    let x: Vec<f64> =
        (0..rows).map(|i| if i % 53 == 7 { f64::NAN } else { 1e3 + random.next() * 4.0 }).collect();
    let y: Vec<f64> =
        x.iter().zip(&b).map(|(x, b)| x * 0.5 + f64::from(b.unwrap()) + random.next()).collect();
    let late: Vec<f64> =
        b.iter().map(|b| f64::from(u8::from(random.next() < 0.3 + 0.3 * f64::from(b.unwrap())))).collect();
    let count: Vec<f64> = (0..rows).map(|_| (random.next() * 5.0).floor()).collect();
    table(vec![
        ("a", Column::Factor(a, vec!["u", "v", "w"])),
        ("b", Column::Factor(b, vec!["no", "yes"])),
        ("x", numbers(x)),
        ("y", numbers(y)),
        ("late", numbers(late)),
        ("count", numbers(count)),
    ])
}

fn algorithms() -> Vec<Algorithm> {
    let with = |name, formula| Algorithm::with_defaults(name, formula).unwrap();
    let request = |formula: &str, options| Request { formula: formula.into(), options };
    vec![
        with("summary", "~ x + a + y:a:b + F(count)"),
        with("lin_mod", "y ~ x + a:b"),
        with("lin_mod", "y ~ x + I(x^2) + F(count)"),
        with("cov_cor", "~ x + y + count"),
        with("cells", "cbind(y, x) ~ a:b:F(count)"),
        with("logit", "late ~ a + b"),
        Algorithm::Logit(request("late ~ x + y", GlmOptions { cells: 0, ..GlmOptions::default() })),
        Algorithm::Glm(Request {
            formula: "count ~ a + y".into(),
            options: GlmOptions { family: Family::Poisson, cells: 0, ..GlmOptions::default() },
        }),
        Algorithm::KMeans(Request {
            formula: "~ x + y + b".into(),
            options: KMeansOptions { clusters: 3, centers: Some(CENTERS.into()), ..KMeansOptions::default() },
        }),
    ]
}

const CENTERS: [f64; 12] = [1000.5, 500.5, 1.0, 0.0, 1002.0, 501.5, 0.0, 1.0, 1003.5, 502.5, 0.5, 0.5];

/// What there is to compare of an answer.
fn shown(answer: &Answer) -> Value {
    match answer {
        Answer::Summary(summary) => summary.to_json(),
        Answer::LinMod(model) => serde_json::json!([
            model.coefficients,
            model.coef_std_error,
            model.r_squared,
            model.n_valid_obs,
            model.n_missing_obs
        ]),
        Answer::CovCor(matrix) => matrix.to_json(algos::covariance::MatrixKind::Cov),
        Answer::Cells(cells) => cells.to_json(false),
        Answer::Glm(model) => serde_json::json!([
            model.coefficients,
            model.coef_std_error,
            model.deviance,
            model.iterations,
            model.n_valid_obs
        ]),
        Answer::KMeans(model) => serde_json::json!([
            model.centers,
            model.withinss,
            model.size,
            model.iterations,
            model.n_missing_obs
        ]),
    }
}

fn assert_same(got: &Value, expected: &Value, place: &str) {
    match (got, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3), "{place}: {a} {b}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{place}");
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| assert_same(a, b, &format!("{place}[{i}]")));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>(), "{place}");
            // the one has its rows in memory, the other has not
            a.iter()
                .filter(|(key, _)| *key != "data")
                .for_each(|(key, a)| assert_same(a, &b[key], &format!("{place}.{key}")));
        }
        _ => assert_eq!(got, expected, "{place}"),
    }
}

fn local(algorithm: &Algorithm, source: &MemorySource) -> Value {
    shown(&algorithm.run(source, &ScanOptions::default(), &Local::new(2)).unwrap())
}

#[test]
fn models_of_parts_are_those_of_all_rows() {
    let source = data();
    for algorithm in algorithms() {
        let expected = local(&algorithm, &source);
        for cuts in [vec![], vec![450], vec![1, 300, 300, 890]] {
            let parts = Parts::new(&source, &cuts);
            let answer = fit(&algorithm, &source.schema(), "memory", &parts).unwrap();
            assert_same(&shown(&answer), &expected, &format!("{algorithm:?} {cuts:?}"));
        }
    }
}

#[test]
fn each_pass_is_a_task_that_knows_those_before() {
    let source = data();
    let passes = |algorithm: &Algorithm| {
        let parts = Parts::new(&source, &[200, 500]);
        fit(algorithm, &source.schema(), "memory", &parts).unwrap();
        let seen = parts.seen.into_inner();
        assert!(seen.iter().enumerate().all(|(pass, task)| task.0 == pass), "{seen:?}");
        seen
    };
    let all: Vec<usize> = algorithms().iter().map(|algorithm| passes(algorithm).len()).collect();
    // F(count) takes a pass for its range, the square one for sums of twice the precision
    assert_eq!(all[..6], [2, 1, 3, 1, 2, 1]);
    assert!(all[6..].iter().all(|&passes| passes > 3), "{all:?}");
    let logit = passes(&algorithms()[6]);
    assert!(logit.windows(2).all(|pair| pair[1].1 > pair[0].1 && pair[1].1 < pair[0].1 + 2000), "{logit:?}");
}

#[test]
fn a_selection_of_terms_travels_too() {
    let source = data();
    let options = LinModOptions {
        variable_selection: Some(algos::stepwise::StepControl::default()),
        ..LinModOptions::default()
    };
    let algorithm = Algorithm::LinMod(Request { formula: "y ~ x + a + b".into(), options });
    let answer = fit(&algorithm, &source.schema(), "memory", &Parts::new(&source, &[100])).unwrap();
    assert_same(&shown(&answer), &local(&algorithm, &source), "selection");
}

/// What a server sends need not have the types, nor the order, of the columns that the client was told of.
#[test]
fn columns_are_found_by_name_and_converted() {
    let source = data();
    let told = source.schema();
    let batch = &source.batches()[0];
    let text = arrow_cast::cast(batch.column(0), &arrow_schema::DataType::Utf8).unwrap();
    let count: Int64Array =
        batch["count"].as_primitive::<Float64Type>().iter().map(|v| v.map(|v| v as i64)).collect();
    let other: ArrayRef = Arc::new(StringArray::from_iter_values((0..900).map(|_| "not asked for")));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("count", Arc::new(count)),
        ("other", other),
        ("y", Arc::clone(&batch["y"])),
        ("a", text),
        ("x", Arc::clone(&batch["x"])),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let algorithm = Algorithm::with_defaults("lin_mod", "y ~ a + count").unwrap();
    let parts = Parts { rows: vec![rows.slice(0, 500), rows.slice(500, 400)], seen: RefCell::default() };
    let answer = fit(&algorithm, &told, "memory", &parts).unwrap();
    assert_same(&shown(&answer), &local(&algorithm, &source), "other types");

    let task = algorithm.task(&told).unwrap();
    let mut worker = worker(&task, 0, 1).unwrap();
    let names: Vec<&String> = worker.columns().fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["y", "a", "count"]);
    let error = worker.update(&rows.project(&[0, 1, 2]).unwrap()).unwrap_err().to_string();
    assert!(error.contains("no column 'a'"), "{error}");
    let y: ArrayRef = Arc::new(StringArray::from(vec!["much"]));
    let a: ArrayRef = Arc::new(StringArray::from(vec!["u"]));
    let count: ArrayRef = Arc::new(Float32Array::from(vec![1.0]));
    let row = RecordBatch::try_from_iter([("y", y), ("a", a), ("count", count)]).unwrap();
    let error = worker.update(&row).unwrap_err().to_string();
    assert!(error.contains("column 'y' as Float64") && error.contains("much"), "{error}");
}

/// A server that streams asks after every chunk; the last answer of a part counts.
#[test]
fn an_answer_after_every_chunk() {
    struct Chunks(RecordBatch);
    impl TaskRunner for Chunks {
        fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
            let mut answers = Vec::new();
            for part in 0..2 {
                let mut worker = worker(task, part, 2)?;
                for chunk in reader(&self.0.slice(part as usize * 450, 450), 100) {
                    worker.update(&chunk.unwrap())?;
                    answers.push(worker.partial()?.to_bytes()?);
                }
            }
            answers.sort();
            Ok(answers)
        }
    }
    let source = data();
    let algorithm = Algorithm::with_defaults("summary", "~ x + a").unwrap();
    let answer = fit(&algorithm, &source.schema(), "memory", &Chunks(source.batches()[0].clone())).unwrap();
    assert_same(&shown(&answer), &local(&algorithm, &source), "chunks");
}

type Answering = Box<dyn Fn(&Task) -> Vec<Vec<u8>>>;

struct Answers(Answering);

impl TaskRunner for Answers {
    fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
        Ok((self.0)(task))
    }
}

#[test]
fn answers_that_are_not_whole_are_refused() {
    let source = data();
    let schema: SchemaRef = source.schema();
    let rows = source.batches()[0].clone();
    let answer = move |task: &Task, part, parts| {
        worker(task, part, parts).unwrap().run(reader(&rows, 400)).unwrap().to_bytes().unwrap()
    };
    let algorithm = Algorithm::with_defaults("lin_mod", "y ~ x").unwrap();
    let other = Algorithm::with_defaults("lin_mod", "x ~ y").unwrap().task(&schema).unwrap();
    let refused = |answers: Answering, expected: &str| {
        let error = fit(&algorithm, &schema, "t", &Answers(answers)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refused(Box::new(|_| vec![]), "the task was not run");
    let ask = answer.clone();
    refused(Box::new(move |task| vec![ask(task, 0, 3), ask(task, 2, 3)]), "part 1 (from 0) is missing");
    let ask = answer.clone();
    refused(Box::new(move |task| vec![ask(task, 0, 2), ask(task, 0, 1)]), "another one is of 2 parts");
    let ask = answer.clone();
    refused(Box::new(move |_| vec![ask(&other, 0, 1)]), "of another task");
    let ask = answer.clone();
    refused(Box::new(move |task| vec![ask(task, 0, 1)[1..].to_vec()]), "does not begin with RXDFPART");
    refused(
        Box::new(move |task| {
            let mut bytes = answer(task, 0, 1);
            let last = bytes.len() - 12;
            bytes[last] ^= 1;
            vec![bytes]
        }),
        "checksum is wrong",
    );
}

#[test]
fn bad_tasks_say_what_is_wrong() {
    let schema = data().schema();
    let task = Algorithm::with_defaults("summary", "~ x").unwrap().task(&schema).unwrap();
    let bytes = task.to_bytes().unwrap();
    assert_eq!(Task::from_bytes(&bytes).unwrap(), task);
    let wrong = |bytes: &[u8]| Task::from_bytes(bytes).unwrap_err().to_string();
    assert!(wrong(b"").contains("0 bytes"));
    assert!(wrong(&bytes[..bytes.len() - 1]).contains("cut off"));
    let mut newer = bytes.clone();
    newer[8] = 9;
    assert!(wrong(&newer).contains("format 9"), "{}", wrong(&newer));
    let mut release = bytes.clone();
    release[16] = b'7';
    assert!(wrong(&release).contains("release 7."), "{}", wrong(&release));
    assert!(Partial::from_bytes(&bytes).unwrap_err().to_string().contains("RXDFPART"));

    let script = task.to_script().unwrap();
    assert!(script.starts_with("rxdf task 1 ") && !script.contains('\n'), "{script}");
    let wrapped = format!("\n  {}\n{}", &script[..40], &script[40..]);
    assert_eq!(Task::from_script(&wrapped).unwrap(), task);
    let wrong = |script: &str| Task::from_script(script).unwrap_err().to_string();
    assert!(wrong("summary ~ x").contains("rxdf task"));
    assert!(wrong(&script.replacen("task 1", "task 2", 1)).contains("format '2'"));
    assert!(wrong("rxdf task 1 ===").contains("base64"));
    assert!(!Task::is_script("summary ~ x") && !Task::is_script("rxdf tasks") && Task::is_script(&script));

    let unknown = Task::new("neural_net", Vec::new(), &schema).unwrap();
    let error = worker(&unknown, 0, 1).err().unwrap().to_string();
    assert!(error.contains("'neural_net' is none") && error.contains("lin_mod"), "{error}");
    let garbled = Task::new("lin_mod", vec![200; 40], &schema).unwrap();
    assert!(worker(&garbled, 0, 1).is_err());
    let error = worker(&task, 2, 2).err().unwrap().to_string();
    assert!(error.contains("part 2 (from 0) of 2"), "{error}");
}

/// Row numbers tell parts apart, so that a sample by row numbers is drawn from all of them.
#[test]
fn starts_are_drawn_from_all_parts() {
    let far = |i: usize| if i < 450 { 0.0 } else { 1000.0 };
    let source = table(vec![("x", numbers((0..900).map(|i| far(i) + (i % 7) as f64)))]);
    let options = KMeansOptions { num_start_rows: 40, ..KMeansOptions::default() };
    let algorithm = Algorithm::KMeans(Request { formula: "~ x".into(), options });
    let answer = fit(&algorithm, &source.schema(), "memory", &Parts::new(&source, &[450])).unwrap();
    let Answer::KMeans(model) = answer else { panic!("{answer:?}") };
    assert_eq!(model.size, [450, 450]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes with a fitting checksum that are no content of a task or partial result.
    #[test]
    fn any_bytes_are_taken_or_refused(at in 0..400_usize, flip in 1..=255_u8, algorithm in 0..9_usize) {
        let schema = data().schema();
        let mut bytes = algorithms()[algorithm].task(&schema).unwrap().to_bytes().unwrap();
        let payload = bytes.len() - 8;
        bytes[at % payload] ^= flip;
        let checksum = twox_hash::XxHash3_64::oneshot(&bytes[..payload]);
        bytes[payload..].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(task) = Task::from_bytes(&bytes) {
            let _ = worker(&task, 0, 1);
        }
    }
}

/// A server that answers with bytes of its own, in an envelope that is whole.
struct Liar {
    rows: RecordBatch,
    pass: usize,
    at: usize,
    flip: u8,
}

impl TaskRunner for Liar {
    fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
        let mut bytes = worker(task, 0, 1)?.run(reader(&self.rows, 400))?.to_bytes()?;
        if task.pass() == self.pass {
            let payload = bytes.len() - 8;
            // behind the head, which is tested above
            let at = 48 + self.at % (payload - 48);
            bytes[at] ^= self.flip;
            let checksum = twox_hash::XxHash3_64::oneshot(&bytes[..payload]);
            bytes[payload..].copy_from_slice(&checksum.to_le_bytes());
        }
        Ok(vec![bytes])
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sums that are none give an error or another model, never a panic.
    #[test]
    fn any_sums_are_taken_or_refused(
        at in any::<usize>(), flip in 1..=255_u8, algorithm in 0..9_usize, pass in 0..3_usize
    ) {
        let source = data();
        let rows = source.batches()[0].clone();
        let _ = fit(&algorithms()[algorithm], &source.schema(), "t", &Liar { rows, pass, at, flip });
    }
}
