//! The extension in a host that plays SQL Server's sequence of calls on the real library.

#![allow(unsafe_code, reason = "a host of a C interface")]

#[rustfmt::skip]
mod host;

use std::sync::Arc;

use algos::glm::GlmOptions;
use algos::kmeans::KMeansOptions;
use algos::task::{Algorithm, Answer, Request, fit};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use engine::source::MemorySource;
use engine::task::{Task, TaskRunner};
use engine::{BlockSource, Local, ScanOptions};
use host::{Input, Session, callbacks, fresh_id, host};
use rxdf_ext::border::ERROR;
use rxdf_ext::types::CType;

const ROWS: usize = 1200;

fn x(row: usize) -> f64 {
    if row % 37 == 5 { f64::NAN } else { 50.0 + ((row * 7919) % 1000) as f64 / 100.0 }
}

fn y(row: usize) -> f64 {
    x(row) * 0.25 + ((row * 104_729) % 97) as f64 / 50.0
}

fn late(row: usize) -> f64 {
    f64::from(u8::from((row * 31) % 17 < 8))
}

fn town(row: usize) -> Option<&'static str> {
    (row % 41 != 3).then(|| ["Zürich", "Łódź", "Oslo", "東京"][row * 5 % 13 % 4])
}

/// The rows as the server has them.
fn rows() -> Vec<Input> {
    vec![
        Input::texts("town", (0..ROWS).map(town)),
        Input::doubles("x", (0..ROWS).map(x)),
        Input::doubles("y", (0..ROWS).map(y)),
        Input::doubles("late", (0..ROWS).map(late)),
    ]
}

/// The same rows here.
fn source() -> MemorySource {
    let numbers = |of: fn(usize) -> f64| -> ArrayRef {
        Arc::new((0..ROWS).map(|row| Some(of(row))).collect::<Float64Array>())
    };
    let town: ArrayRef = Arc::new((0..ROWS).map(town).collect::<StringArray>());
    let columns = [("town", town), ("x", numbers(x)), ("y", numbers(y)), ("late", numbers(late))];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    MemorySource::try_new(&batch.schema(), [batch]).unwrap()
}

fn slice(columns: &[Input], rows: std::ops::Range<usize>) -> Vec<Input> {
    columns.iter().map(|column| column.slice(rows.clone())).collect()
}

/// A server that runs a task in parallel, each part of the rows in chunks.
struct Server {
    cuts: Vec<usize>,
    chunk: usize,
}

impl TaskRunner for Server {
    fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
        let (script, columns, id) = (task.to_script()?, rows(), fresh_id());
        let tasks = u16::try_from(self.cuts.len() - 1).unwrap();
        let one = |number: u16| {
            let bounds = &self.cuts[usize::from(number)..][..2];
            let part = slice(&columns, bounds[0]..bounds[1]);
            let session = Session::begin_task(id, (number, tasks), &script, &columns, 1).unwrap();
            session.param(0, "@r_rowsPerRead", CType::Long, Some(&[100, 0, 0, 0]), 1).unwrap();
            let mut answers = Vec::new();
            for start in (0..part[0].rows().max(1)).step_by(self.chunk) {
                let end = part[0].rows().min(start + self.chunk);
                let results = session.run(&slice(&part, start..end)).unwrap();
                assert_eq!((results.len(), results[0].ctype, results[0].nullable), (1, CType::Binary, true));
                answers.extend(results.into_iter().next().unwrap().values.into_iter().flatten());
            }
            answers
        };
        let answers = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..tasks).map(|number| scope.spawn(move || one(number))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        Ok(answers)
    }
}

fn numbers(answer: &Answer) -> Vec<f64> {
    match answer {
        Answer::Summary(summary) => {
            let rows = summary.s_data_frame.iter();
            let mut all: Vec<f64> = rows
                .flat_map(|row| [row.mean, row.std_dev, row.min, row.max])
                .map(|v| v.unwrap_or(-1.0))
                .collect();
            all.extend([summary.nobs_valid, summary.nobs_missing]);
            for table in &summary.categorical {
                let mut counts: Vec<(&Vec<String>, f64)> =
                    table.rows.iter().map(|row| (&row.levels, row.counts)).collect();
                counts.sort_by(|a, b| a.0.cmp(b.0));
                all.extend(counts.iter().map(|count| count.1));
            }
            all
        }
        Answer::LinMod(model) => {
            [model.coefficients.concat(), model.coef_std_error.concat(), vec![model.n_missing_obs as f64]]
                .concat()
        }
        Answer::CovCor(matrix) => matrix.covariances.clone(),
        Answer::Cells(cells) => [cells.counts.clone(), cells.means.concat()].concat(),
        Answer::Glm(model) => {
            [model.coefficients.clone(), model.coef_std_error.clone(), vec![model.deviance]].concat()
        }
        Answer::KMeans(model) => [model.centers.clone(), model.withinss.clone()].concat(),
    }
}

fn assert_close(got: &[f64], expected: &[f64], place: &str) {
    assert_eq!(got.len(), expected.len(), "{place}");
    for (got, expected) in got.iter().zip(expected) {
        let same =
            got.is_nan() && expected.is_nan() || (got - expected).abs() <= 1e-9 * expected.abs().max(1e-3);
        assert!(same, "{place}: {got}, expected {expected}");
    }
}

#[test]
fn tasks_of_the_server_give_the_models_of_local_fits() {
    let source = source();
    let request = |formula: &str, options| Request { formula: formula.into(), options };
    let algorithms = [
        Algorithm::with_defaults("summary", "~ x + town + y:town").unwrap(),
        Algorithm::with_defaults("lin_mod", "y ~ x + late").unwrap(),
        Algorithm::with_defaults("cov_cor", "~ x + y + late").unwrap(),
        Algorithm::with_defaults("cells", "y ~ F(late)").unwrap(),
        Algorithm::Logit(request("late ~ x + y", GlmOptions { cells: 0, ..GlmOptions::default() })),
        Algorithm::KMeans(Request {
            formula: "~ x + y".into(),
            options: KMeansOptions {
                centers: Some(vec![52.0, 13.0, 58.0, 15.0]),
                ..KMeansOptions::default()
            },
        }),
    ];
    for algorithm in algorithms {
        let local = algorithm.run(&source, &ScanOptions::default(), &Local::new(2)).unwrap();
        for server in [
            Server { cuts: vec![0, ROWS], chunk: ROWS },
            Server { cuts: vec![0, 500, 500, 1100, ROWS], chunk: 170 },
        ] {
            let answer = fit(&algorithm, &source.schema(), "flights", &server).unwrap();
            assert_close(
                &numbers(&answer),
                &numbers(&local),
                &format!("{} {:?}", algorithm.name(), server.cuts),
            );
        }
    }
}

#[test]
fn factors_by_the_levels_of_the_task() {
    let levels = ["東京", "Oslo", "Zürich", "Łódź"].map(str::to_owned).to_vec();
    let source = engine::source::retype(
        Arc::new(source()),
        vec![("town".into(), engine::source::Wanted::Levels(levels))],
    )
    .unwrap();
    let algorithm = Algorithm::with_defaults("lin_mod", "y ~ town + x:town").unwrap();
    let local = algorithm.run(source.as_ref(), &ScanOptions::default(), &Local::new(2)).unwrap();
    let server = Server { cuts: vec![0, 7, ROWS], chunk: 400 };
    let answer = fit(&algorithm, &source.schema(), "flights", &server).unwrap();
    let (Answer::LinMod(answer), Answer::LinMod(local)) = (&answer, &local) else { panic!() };
    assert_eq!(answer.coefficient_names, local.coefficient_names);
    assert_close(&answer.coefficients[0], &local.coefficients[0], "factors");
}

/// A model whose file is a parameter: y = 1 + 2 x without doubt.
fn line() -> Vec<u8> {
    let columns = [
        Input::doubles("x", (0..20).map(f64::from)),
        Input::doubles("y", (0..20).map(|x| 1.0 + 2.0 * f64::from(x))),
    ];
    let session = Session::begin("lin_mod y ~ x", &columns, 1).unwrap();
    session.param(0, "@model", CType::Binary, None, 4).unwrap();
    let results = session.run(&columns).unwrap();
    assert_eq!(results[1].texts(), [Some("(Intercept)".into()), Some("x".into())]);
    assert_close(&results[2].doubles(), &[1.0, 2.0], "estimates");
    session.output_param(0).unwrap().unwrap()
}

#[test]
fn every_type_comes_in_and_goes_out() {
    let le16 = |parts: &[i16]| parts.iter().flat_map(|part| part.to_le_bytes()).collect::<Vec<u8>>();
    let numeric = |digits: u128, scale: u8, sign: u8| {
        let mut bytes = vec![38, scale, sign];
        bytes.extend(digits.to_le_bytes());
        bytes
    };
    let stamp = |parts: &[i16], fraction: u32| [le16(parts), fraction.to_le_bytes().to_vec()].concat();
    let raw = |bytes: Vec<u8>| bytes;
    let guid = [0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 1, 2, 3, 4, 5, 6, 7, 0xA8].to_vec();
    let columns = vec![
        Input::new("bit", CType::Bit, [Some(1), None, Some(0), Some(b'0')], |v: u8| vec![v]),
        Input::new("tiny", CType::TinyInt, [Some(255_u8), Some(0), None, Some(7)], |v| vec![v]),
        Input::new("small", CType::Short, [None, Some(-32768_i16), Some(32767), Some(0)], |v| {
            v.to_le_bytes().to_vec()
        }),
        Input::new("int", CType::Long, [Some(i32::MIN), Some(i32::MAX), None, Some(0)], |v| {
            v.to_le_bytes().to_vec()
        }),
        Input::new("big", CType::BigInt, [Some(i64::MIN), Some(i64::MAX), None, Some(0)], |v| {
            v.to_le_bytes().to_vec()
        }),
        Input::new("real", CType::Float, [Some(1.5_f32), Some(-0.1), None, Some(f32::MAX)], |v| {
            v.to_le_bytes().to_vec()
        }),
        Input::doubles("x", [1e300, f64::NAN, -0.1, 3.0]),
        Input::new("text", CType::Char, [Some("naïve"), Some(""), None, Some("a")], |v| {
            v.as_bytes().to_vec()
        }),
        Input::texts("wide", [Some("🦀 東"), None, Some(""), Some("b")]),
        Input::new("guid", CType::Guid, [Some(guid), None, Some(vec![0; 16]), None], raw),
        Input::new(
            "day",
            CType::Date,
            [Some(le16(&[1, 1, 1])), Some(le16(&[9999, 12, 31])), None, Some(le16(&[2024, 2, 29]))],
            raw,
        ),
        Input::new("time", CType::Time, [Some(le16(&[23, 59, 58])), None, Some(le16(&[0, 0, 0])), None], raw),
        Input::new(
            "stamp",
            CType::Timestamp,
            [
                Some(stamp(&[1753, 1, 1, 0, 0, 0], 0)),
                Some(stamp(&[1969, 12, 31, 23, 59, 59], 997_000_000)),
                None,
                Some(stamp(&[2026, 11, 22, 1, 2, 3], 456_789_000)),
            ],
            raw,
        ),
        Input::new(
            "num",
            CType::Numeric,
            [
                Some(numeric(12345, 2, 1)),
                Some(numeric(10_u128.pow(38) - 1, 38, 0)),
                None,
                Some(numeric(1 << 60, 0, 1)),
            ],
            raw,
        ),
        Input::new("photo", CType::Binary, [Some(vec![1, 2]), None, Some(vec![]), Some(vec![9; 300])], raw),
    ];
    let model = line();
    let session = Session::begin("predict *", &columns, 1).unwrap();
    session.param(0, "@model", CType::Binary, Some(&model), 1).unwrap();
    let results = session.run(&columns).unwrap();
    // all but the binary one, and the prediction
    assert_eq!(results.len(), columns.len());
    let same = |place: usize, expected: [Option<Vec<u8>>; 4]| {
        assert_eq!(results[place].values, expected, "{}", columns[place].name);
        assert!(results[place].nullable);
    };
    assert_eq!(results[0].ctype, CType::Bit);
    same(0, [Some(vec![1]), None, Some(vec![0]), Some(vec![0])]);
    same(1, [Some(vec![255]), Some(vec![0]), None, Some(vec![7])]);
    let types: Vec<CType> = results.iter().map(|column| column.ctype).collect();
    let expected = [
        CType::Bit,
        CType::TinyInt,
        CType::Short,
        CType::Long,
        CType::BigInt,
        CType::Float,
        CType::Double,
        CType::Char,
        CType::Char,
        CType::Char,
        CType::Date,
        CType::Double,
        CType::Timestamp,
        CType::Double,
        CType::Double,
    ];
    assert_eq!(types, expected);
    for place in [2, 3, 4, 5, 10, 12] {
        let sent = columns[place].slice(0..4);
        let back: Vec<_> = results[place].values.clone();
        assert_eq!(Input::new(&sent.name, sent.ctype, back, raw).values, sent.values, "{}", sent.name);
    }
    assert_close(&results[6].doubles(), &[1e300, f64::NAN, -0.1, 3.0], "x");
    let texts = |place: usize| results[place].texts();
    assert_eq!(texts(7), [Some("naïve".into()), Some(String::new()), None, Some("a".into())]);
    assert_eq!((texts(8)[0].as_deref(), texts(8)[1].as_deref(), results[8].size), (Some("🦀 東"), None, 8));
    assert_eq!(texts(9)[0].as_deref(), Some("76543210-BA98-FEDC-0102-0304050607A8"));
    assert_close(&results[11].doubles(), &[86398.0, f64::NAN, 0.0, f64::NAN], "time");
    assert_close(&results[13].doubles(), &[123.45, -1.0, f64::NAN, (1_u64 << 60) as f64], "num");
    assert_eq!(results[13].doubles()[0], 123.45);
    assert_close(&results[14].doubles(), &[2e300, f64::NAN, 0.8, 7.0], "predictions");

    let error = Session::begin("predict photo", &columns, 1).and_then(|session| {
        session.param(0, "@model", CType::Binary, Some(&model), 1)?;
        session.run(&columns).map(drop)
    });
    let error = error.unwrap_err();
    assert!(error.contains("'photo'") && error.contains("CAST"), "{error}");
}

#[test]
fn values_that_are_none_are_refused_with_column_and_row() {
    let refused = |column: Input, expected: &str| {
        let columns = [column];
        let session = Session::begin(&format!("summary ~ {}", columns[0].name), &columns, 0).unwrap();
        let error = session.run(&columns).unwrap_err();
        assert!(error.contains(expected) && error.contains(&columns[0].name), "{error}");
        // the session takes nothing more
        assert!(session.run(&columns).unwrap_err().contains("an earlier call"));
    };
    let le16 = |parts: [i16; 3]| parts.iter().flat_map(|part| part.to_le_bytes()).collect::<Vec<u8>>();
    let raw = |bytes: Vec<u8>| bytes;
    refused(
        Input::new("d", CType::Date, [Some(le16([2024, 1, 1])), Some(le16([2023, 2, 29]))], raw),
        "row 2 of the chunk",
    );
    refused(Input::new("t", CType::Char, [Some(vec![0xFF])], raw), "CAST it to nvarchar");
    refused(Input::new("w", CType::WChar, [Some(vec![0x00, 0xD8])], raw), "not UTF-16");
    refused(Input::new("w", CType::WChar, [Some(vec![65])], raw), "not UTF-16");
    refused(Input::new("n", CType::Numeric, [Some(vec![0xFF; 19])], raw), "precision");
    refused(Input::new("b", CType::Binary, [Some(vec![1])], raw), "CAST");
}

#[test]
fn summaries_for_people() {
    let columns = rows();
    let session = Session::begin("  summary ~ x + town\n", &columns, 0).unwrap();
    let results = session.run(&columns).unwrap();
    let Answer::Summary(local) = Algorithm::with_defaults("summary", "~ x + town")
        .unwrap()
        .run(&source(), &ScanOptions::default(), &Local::new(1))
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(results[0].texts()[0].as_deref(), Some("x"));
    assert_eq!(results[1].texts()[..2], [None, Some(town(0).unwrap().to_owned())]);
    assert_close(&[results[2].doubles()[0]], &[local.s_data_frame[0].mean.unwrap()], "mean");
    assert_close(
        &[results[7].doubles()[0]],
        &[(0..ROWS).filter(|&row| x(row).is_nan()).count() as f64],
        "missing",
    );
    assert!(results[2].values[1].is_none() && results[2].nullable && !results[6].nullable);
    assert_close(
        &results[6].doubles()[1..],
        &local.categorical[0].rows.iter().map(|row| row.counts).collect::<Vec<_>>(),
        "counts",
    );
}

#[test]
fn other_programs_for_people() {
    let columns = rows();
    let run = |script: &str, params: &[(&str, CType, &[u8])]| {
        let session = Session::begin(script, &columns, u16::try_from(params.len()).unwrap()).unwrap();
        for (number, (name, ctype, value)) in params.iter().enumerate() {
            session.param(u16::try_from(number).unwrap(), name, *ctype, Some(value), 1).unwrap();
        }
        session.run(&columns)
    };
    let matrix = run("cov_cor ~ x + y", &[]).unwrap();
    assert_eq!((matrix[0].values.len(), matrix[3].doubles()[0]), (4, 1.0));
    let cells = run("cells y ~ town:F(late)", &[]).unwrap();
    assert_eq!((cells.len(), cells[0].values.len()), (5, 8));
    let clusters = run("kmeans ~ x + y", &[("@clusters", CType::Long, &3_i32.to_le_bytes())]).unwrap();
    let sizes = clusters[1]
        .values
        .iter()
        .flatten()
        .map(|size| i64::from_le_bytes(size.as_slice().try_into().unwrap()));
    let complete = (0..ROWS).filter(|&row| !x(row).is_nan()).count();
    assert_eq!((clusters.len(), clusters[1].ctype, sizes.sum::<i64>()), (5, CType::BigInt, complete as i64));
    let logit = run("logit late ~ x + y", &[]).unwrap();
    let glm =
        run("glm late ~ x + y", &[("@family", CType::Char, b"binomial"), ("@link", CType::Char, b"logit")])
            .unwrap();
    // they start elsewhere and end within the tolerances of each other
    let pairs: Vec<_> = glm[2].doubles().into_iter().zip(logit[2].doubles()).collect();
    assert!(pairs.len() == 3 && pairs.iter().all(|(a, b)| (a - b).abs() < 1e-6), "{pairs:?}");
    let weighted = run("lin_mod y ~ x", &[("@fweights", CType::Char, b"late")]).unwrap();
    assert_eq!(weighted.len(), 6);

    let refused = |script: &str, params: &[(&str, CType, &[u8])], expected: &str| {
        let error = run(script, params).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    refused("summary ~ z", &[], "no column 'z'");
    refused("lin_mod ~ x", &[], "needs a response");
    refused(
        "summary ~ x",
        &[("@clusters", CType::Long, &[1, 0, 0, 0])],
        "'@clusters': the program does not have it",
    );
    refused("kmeans ~ x", &[("@clusters", CType::Long, &[255; 4])], "it is -1");
    refused("kmeans ~ x", &[("@clusters", CType::Char, b"3")], "must be int");
    refused("glm late ~ x", &[("@family", CType::Char, b"normal?")], "normal?");
    refused("lin_mod y ~ x", &[("@model", CType::Binary, b"")], "varbinary(max) OUTPUT");
    refused("predict", &[("@model", CType::Binary, b"XDFMODEL")], "@model: not a readable model");
    refused("predict", &[], "@model");
}

#[test]
fn partitions_and_chunks_of_programs() {
    let mut columns = rows();
    let stream = |script: &str, columns: &[Input]| {
        let session = Session::begin(script, columns, 1).unwrap();
        session.param(0, "@r_rowsPerRead", CType::Long, Some(&[100, 0, 0, 0]), 1).unwrap();
        session
    };
    let session = stream("lin_mod y ~ x", &columns);
    assert_eq!(session.run(&slice(&columns, 0..900)).unwrap()[0].values.len(), 2);
    assert!(session.run(&slice(&columns, 0..0)).unwrap()[0].values.is_empty());
    let error = session.run(&slice(&columns, 900..ROWS)).unwrap_err();
    assert!(error.contains("needs all rows at once") && error.contains("@r_rowsPerRead"), "{error}");
    let session = Session::begin_task(fresh_id(), (1, 2), "lin_mod y ~ x", &columns, 0).unwrap();
    assert!(session.run(&columns).unwrap_err().contains("@parallel"));

    // the server hands over one partition at a time
    columns[0].partition = 0;
    let session = Session::begin_task(fresh_id(), (0, 2), "lin_mod y ~ x", &columns, 0).unwrap();
    for part in 0..3 {
        let rows: Vec<usize> = (0..ROWS).filter(|row| row % 3 == part).collect();
        let name = ["a", "b", "c"][part];
        let input = [
            Input { partition: 0, ..Input::texts("town", rows.iter().map(|_| Some(name))) },
            Input::doubles("x", rows.iter().map(|&row| x(row))),
            Input::doubles("y", rows.iter().map(|&row| y(row))),
            Input::doubles("late", rows.iter().map(|&row| late(row))),
        ];
        let results = session.run(&input).unwrap();
        assert_eq!(results[0].texts(), [Some(name.to_owned()), Some(name.to_owned())]);
        assert!(results.iter().all(|column| column.nullable) && results[0].size >= 8000);
        assert!(results[3].doubles().iter().all(|estimate| estimate.is_finite()));
    }

    let model = line();
    let session = Session::begin_task(fresh_id(), (3, 4), "predict [town], y", &columns, 2).unwrap();
    session.param(0, "@r_rowsPerRead", CType::Long, Some(&[100, 0, 0, 0]), 1).unwrap();
    session.param(1, "@Model", CType::Binary, Some(&model), 1).unwrap();
    for start in (0..ROWS).step_by(250) {
        let chunk = start..ROWS.min(start + 250);
        let results = session.run(&slice(&columns, chunk.clone())).unwrap();
        assert_eq!(
            results[0].texts(),
            chunk.clone().map(|row| town(row).map(str::to_owned)).collect::<Vec<_>>()
        );
        assert_close(
            &results[2].doubles(),
            &chunk.map(|row| 1.0 + 2.0 * x(row)).collect::<Vec<_>>(),
            "predictions",
        );
    }
}

#[test]
fn empty_input() {
    let columns = slice(&rows(), 0..0);
    let session = Session::begin("summary ~ x", &columns, 0).unwrap();
    let null = [std::ptr::null(); 4];
    let count = session.execute_raw(0, &null, &[std::ptr::null(); 4]).unwrap();
    let results = session.results(count).unwrap();
    assert!(results[2].values == [None] && results[6].doubles() == [0.0]);
    let session = Session::begin("lin_mod y ~ x", &columns, 0).unwrap();
    assert!(session.run(&columns).unwrap_err().contains("no valid observations"));
    let session = Session::begin("predict town", &columns, 1).unwrap();
    session.param(0, "@model", CType::Binary, Some(&line()), 1).unwrap();
    let results = session.run(&columns).unwrap();
    assert!(results.len() == 2 && results.iter().all(|column| column.values.is_empty()));
    let session = Session::begin("summary ~ x", &[], 0).unwrap();
    assert!(session.run(&[]).unwrap_err().contains("no column 'x'"));
}

#[test]
fn bad_scripts() {
    let columns = rows();
    let refused = |script: &str, expected: &str| {
        let error = Session::begin(script, &columns, 0).err().unwrap();
        assert!(error.contains(expected), "{error}");
    };
    refused("", "there are 0");
    refused("import os; os.system('id')", "'import' is no program");
    refused("rxdf task 1 AAAA", "not a usable task");
    refused("rxdf task 7 AAAA", "format '7'");
    refused("lin_mod y ~ ((x", "(");
    refused("predict [a", "has no end");
    let mut session = Session::begin("summary ~ x", &[], 0).unwrap();
    session.cleanup().unwrap();
    assert!(session.init(1, &[0xFF, 0xFE], 0, 0).unwrap_err().contains("not UTF-8"));
    assert!(session.init(1, b"summary ~ x\0", 0, 0).is_ok());

    let task = Algorithm::with_defaults("lin_mod", "y ~ z").unwrap().task(&source().schema()).unwrap();
    let session = Session::begin(&task.to_script().unwrap(), &columns, 0).unwrap();
    assert!(session.run(&columns).unwrap_err().contains("no column 'z'"));
    let schema =
        arrow_schema::Schema::new(vec![arrow_schema::Field::new("q", arrow_schema::DataType::Float64, true)]);
    let task = Algorithm::with_defaults("summary", "~ q").unwrap().task(&Arc::new(schema)).unwrap();
    let session = Session::begin(&task.to_script().unwrap(), &columns, 0).unwrap();
    assert!(session.run(&columns).unwrap_err().contains("no column 'q'"));
}

#[test]
fn calls_in_a_wrong_order() {
    let columns = rows();
    let contains = |result: Result<(), String>, expected: &str| {
        let error = result.unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    let mut gone = Session::begin("summary ~ x", &columns, 0).unwrap();
    gone.cleanup().unwrap();
    contains(gone.cleanup(), "InitSession was not called");
    contains(gone.execute(&columns).map(drop), "InitSession was not called");
    contains(gone.column(0, "x", 8, -1), "InitSession was not called");
    contains(gone.output_param(0).map(drop), "InitSession was not called");

    let begin = || Session::begin("summary ~ x", &columns, 0).unwrap();
    let twice = begin();
    contains(Session::handle(twice.id, twice.task).init(1, b"summary ~ x", 1, 0), "open already");
    contains(twice.column(0, "z", 8, -1), "announced before");
    contains(begin().column(4, "z", 8, -1), "there are 4 columns");
    contains(begin().result_column(0).map(drop), "Execute has not been called");
    contains(begin().results(0).map(drop), "Execute has not been called");
    contains(begin().output_param(0).map(drop), "Execute has not been called");
    contains(begin().param(0, "@p", CType::Long, None, 1), "there are 0 parameters");
    let ran = begin();
    let count = ran.execute(&columns).unwrap();
    contains(ran.result_column(count).map(drop), "there are 8 columns");
    contains(ran.column(0, "late", 8, -1), "an earlier call");
    let ran = begin();
    ran.execute(&columns).unwrap();
    contains(ran.column(0, "late", 8, -1), "rows have come");

    let mut short = Session::begin("summary ~ x", &[], 0).unwrap();
    short.cleanup().unwrap();
    short.init(1, b"summary ~ x", 2, 1).unwrap();
    short.column(1, "x", 8, -1).unwrap();
    contains(short.execute(&columns[..2]).map(drop), "column 0 was not announced");
    let unannounced = Session::begin("summary ~ x", &columns, 1).unwrap();
    contains(unannounced.execute(&columns).map(drop), "parameter 0 was not announced");
    let doubled = Session::begin("summary ~ x", &[columns[1].clone(), columns[1].clone()], 0);
    contains(doubled.map(drop), "two columns have this name");
    let strange = Session::begin("summary ~ x", &[], 0).unwrap();
    contains(strange.column(0, "x", 999, -1), "the C type 999");
    let directed = Session::begin("summary ~ x", &[], 1).unwrap();
    contains(directed.param(0, "@p", CType::Long, None, 3), "3 is no direction");
    let task = Session::begin_task(fresh_id(), (4, 4), "summary ~ x", &columns, 0);
    contains(task.map(drop), "task 4 (from 0) of 4");
}

#[test]
fn wrong_memory_is_refused_where_it_can_be_seen() {
    let columns = [Input::doubles("x", [1.0]), Input::texts("town", [Some("a")])];
    let begin = || Session::begin("summary ~ x + town", &columns, 0).unwrap();
    let number = 1.0_f64;
    let text = "a\0".as_bytes();
    let (number, text) = ((&raw const number).cast(), text.as_ptr().cast());
    let (null, none) = (std::ptr::null(), std::ptr::null());
    let refused = |rows, data: [_; 2], lengths: [*const i32; 2], expected: &str| {
        let error = begin().execute_raw(rows, &data, &lengths).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    let length = [2_i32];
    refused(1, [number, null], [none, length.as_ptr()], "values of a column are NULL");
    refused(1, [number, text], [none, none], "without their lengths");
    refused(1, [number, text], [none, [-7].as_ptr()], "the length -7");
    refused(u64::MAX, [number, text], [none, none], "NULL");
    assert_eq!(begin().execute_raw(1, &[number, null], &[none, [-1].as_ptr()]).unwrap(), 8);

    assert_eq!(host().callbacks(std::ptr::null()), ERROR);
    let mut small = callbacks(None);
    small.size_in_bytes = 8;
    assert_eq!(host().callbacks(&raw const small), ERROR);
    small.version = 0;
    assert_eq!(host().callbacks(&raw const small), ERROR);
}

#[test]
fn many_sessions_and_tasks_at_once() {
    let columns = rows();
    let sessions: Vec<Session> = (0..12)
        .map(|number| Session::begin_task(fresh_id(), (number % 3, 3), "predict", &columns, 1).unwrap())
        .collect();
    let model = line();
    std::thread::scope(|scope| {
        for (number, session) in sessions.iter().enumerate() {
            let (columns, model) = (&columns, &model);
            scope.spawn(move || {
                session.param(0, "@model", CType::Binary, Some(model), 1).unwrap();
                for round in 0..5 {
                    let rows = number * 50..number * 50 + 40 + round;
                    let results = session.run(&slice(columns, rows.clone())).unwrap();
                    // the memory stays until the next call
                    assert_eq!(session.results(1).unwrap(), results);
                    assert_close(
                        &results[0].doubles(),
                        &rows.map(|row| 1.0 + 2.0 * x(row)).collect::<Vec<_>>(),
                        "predictions",
                    );
                }
            });
        }
    });
}

#[test]
fn parameters_in_and_out() {
    let columns = [Input::doubles("x", [1.0, 2.0, 4.0]), Input::doubles("y", [1.0, 3.0, 2.0])];
    let begin = |direction: i16, ctype: CType| {
        let session = Session::begin("lin_mod y ~ x", &columns, 1).unwrap();
        session.param(0, "@model", ctype, None, direction).unwrap();
        session
    };
    let session = begin(2, CType::Binary);
    session.run(&columns).unwrap();
    let bytes = session.output_param(0).unwrap().unwrap();
    let model = algos::model::from_bytes(&bytes, "@model").unwrap();
    assert_eq!((model.kind(), model.rows()), ("lin_mod", 3));
    assert!(session.output_param(1).unwrap_err().contains("there are 1 parameters"));
    for (direction, ctype) in [(1, CType::Binary), (4, CType::WChar)] {
        assert!(begin(direction, ctype).run(&columns).unwrap_err().contains("varbinary(max) OUTPUT"));
    }
    let session = Session::begin("lin_mod y ~ x", &columns, 1).unwrap();
    session.param(0, "@r_rowsPerRead", CType::Long, Some(&[9, 0, 0, 0]), 1).unwrap();
    session.run(&columns).unwrap();
    assert!(session.output_param(0).unwrap_err().contains("not OUTPUT"));
}

/// The other tests once more, under valgrind where that is installed: no bad access, and nothing that is lost.
#[test]
fn memory_under_valgrind() {
    const INSIDE: &str = "RXDF_UNDER_VALGRIND";
    if std::env::var_os(INSIDE).is_some() {
        return;
    }
    let found = std::process::Command::new("valgrind").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        println!("skipped: needs valgrind");
        return;
    }
    let output = std::process::Command::new("valgrind")
        .args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"])
        .arg(std::env::current_exe().unwrap())
        .args(["every_type", "parameters", "empty", "wrong", "many_sessions", "partitions", "factors_by"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}
