//! Whatever is interrupted, and wherever: the file is what it was before the commit, or what it is after it.
//!
//! Sequences of changes are recorded step by step; for every step the states are built that a crash there may
//! leave, and each of them is opened, compared, verified and changed again. `make crash` does a hundred thousand.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use support::disk::{Choices, Disk, Recorder, Step};
use support::folder;
use support::model::{Draw, Model};
use support::operations::{Run, columns, operations};
use xdf::storage::observed;
use xdf::{Editor, Error, File, ReadOptions, WriteOptions, Writer};

/// A state of the file that was committed.
struct State {
    model: Model,
    /// Steps before the commit was begun, and before it was reported as done.
    begun: usize,
    done: usize,
}

/// Bytes that become operations.
fn bytes_of(sequence: u64) -> Vec<u8> {
    let mut choices = Choices(sequence);
    (0..60 + choices.below(60)).map(|_| choices.below(256) as u8).collect()
}

/// Runs a sequence and records it; the error when a step was made to fail.
fn record(path: &Path, bytes: &[u8], recorder: &Arc<Recorder>) -> (Vec<State>, xdf::Result<()>) {
    let (kinds, draw, operations) = operations(bytes);
    let mut states = Vec::new();
    let observer: Arc<dyn xdf::storage::Observer> = Arc::clone(recorder) as _;
    let result = observed(observer, || {
        let mut run = match Run::begin(path, kinds, draw) {
            Ok(run) => run,
            Err(error) => {
                states.push(State { model: columns(kinds, draw), begun: 0, done: usize::MAX });
                return Err(error);
            }
        };
        states.push(State { model: run.committed.clone(), begun: 0, done: recorder.len() });
        for operation in &operations {
            let begun = recorder.len();
            let next = run.next_state(operation);
            let result = run.step(operation);
            if let Some(model) = next
                && recorder.len() > begun
            {
                let done = if result.is_ok() { recorder.len() } else { usize::MAX };
                states.push(State { model, begun, done });
            }
            result?;
        }
        Ok(())
    });
    (states, result)
}

/// The states that may be found when the first `steps` steps were begun.
fn allowed(states: &[State], steps: usize) -> Vec<Option<&Model>> {
    let done = states.iter().rposition(|state| state.done <= steps);
    let mut allowed = vec![done.map(|state| &states[state].model)];
    let next = done.map_or(0, |done| done + 1);
    allowed.extend(states.get(next).filter(|state| state.begun < steps).map(|state| Some(&state.model)));
    allowed
}

/// Opens what a crash left: it must be one of the states, sound, and it must be possible to go on.
fn check(path: &Path, content: Option<&[u8]>, allowed: &[Option<&Model>], place: &str) {
    let Some(content) = content else {
        assert!(allowed.contains(&None), "{place}: the file is gone");
        return;
    };
    fs::write(path, content).unwrap();
    let file = File::open(path).unwrap_or_else(|error| panic!("{place}: {error}"));
    let found = Model::of(&file);
    assert!(allowed.contains(&Some(&found)), "{place}: neither the old state nor the new one");
    found.assert_is(&file);
    let mut after = found.clone();
    let (batch, values) = found.batch(Draw { seed: 7, rows: 3, missing: false });
    let mut editor = Editor::open(path).unwrap();
    editor.append(&batch).unwrap();
    for (column, values) in after.columns.iter_mut().zip(values) {
        column.extend(values);
    }
    after.assert_is(&editor.commit().unwrap());
    found.assert_is(&file);
}

/// All crashes of one sequence; their number.
fn crash_everywhere(folder: &Path, sequence: u64, samples: usize) -> usize {
    let recorder = Arc::new(Recorder::default());
    let (states, result) = record(&folder.join("recorded.xdf"), &bytes_of(sequence), &recorder);
    result.unwrap();
    let path = folder.join("crashed.xdf");
    let (mut disk, mut choices, mut points) = (Disk::default(), Choices(sequence), 0);
    for (number, step) in recorder.steps().iter().enumerate() {
        disk.step(step);
        let allowed = allowed(&states, number + 1);
        for content in disk.crashes(samples, &mut choices) {
            let place = format!("sequence {sequence}, after step {number} of {}", recorder.len());
            check(&path, content.as_deref(), &allowed, &place);
            points += 1;
        }
    }
    points
}

#[test]
fn a_crash_leaves_the_old_state_or_the_new_one() {
    let folder = folder();
    let points: usize = (1..=3).map(|sequence| crash_everywhere(folder.path(), sequence, 2)).sum();
    println!("{points} crash points");
    assert!(points > 1500, "only {points} crash points");
}

#[test]
#[ignore = "takes a minute; `make crash` runs it"]
fn a_hundred_thousand_crashes() {
    let folder = folder();
    let (mut points, mut sequence) = (0, 100);
    while points < 100_000 {
        points += crash_everywhere(folder.path(), sequence, 6);
        sequence += 1;
    }
    println!("{points} crash points in {} sequences", sequence - 100);
}

#[test]
fn a_step_that_fails_leaves_the_old_state_or_the_new_one() {
    let folder = folder();
    let path = folder.path().join("t.xdf");
    let bytes = bytes_of(3);
    let whole = Arc::new(Recorder::default());
    record(&path, &bytes, &whole).1.unwrap();
    let steps = whole.len();
    let mut failed = 0;
    for (step, later_too) in (0..steps).step_by(3).map(|step| (step, step % 2 == 0)) {
        let _ = fs::remove_file(&path);
        let recorder = Arc::new(Recorder::failing_at(step, later_too));
        let (states, result) = record(&path, &bytes, &recorder);
        match result {
            Err(Error::Io { .. } | Error::WriterFailed { .. }) => failed += 1,
            Err(other) => panic!("step {step}: {other}"),
            // Giving a change up needs no disk: what is behind the committed end does not count.
            Ok(()) => assert!(matches!(whole.steps()[step], Step::SetLength { .. }), "step {step}"),
        }
        let left = fs::read(&path).ok();
        // Whoever gets an error may find the change done nevertheless, as after a crash.
        check(&path, left.as_deref(), &allowed(&states, usize::MAX - 1), &format!("step {step} fails"));
        let others = fs::read_dir(folder.path()).unwrap().count();
        assert!(others <= 1, "step {step}: a temporary file is left");
    }
    assert!(failed > 30, "{failed} of {steps}");
}

/// Rows of one append of the process that is killed.
const ROWS: i64 = 50;

fn rows_from(first: i64) -> RecordBatch {
    let x: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + ROWS));
    RecordBatch::try_from_iter([("x", x)]).unwrap()
}

/// Appends and says how many rows are committed, until it is killed. Run only by the test below.
#[test]
fn child_that_is_killed() {
    let Ok(path) = std::env::var("XDF_TEST_APPEND_TO") else { return };
    loop {
        let mut editor = Editor::open_with(&path, &WriteOptions::default().with_block_rows(20)).unwrap();
        editor.append(&rows_from(editor.file().num_rows() as i64)).unwrap();
        println!("committed {}", editor.commit().unwrap().num_rows());
    }
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_it_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xdf");
    Writer::create(&path, rows_from(0).schema(), WriteOptions::default()).unwrap().finish().unwrap();
    let mut reported = 0;
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env("XDF_TEST_APPEND_TO", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut commits = 0;
        while commits < 3 + round {
            let line = lines.next().unwrap().unwrap();
            if let Some(rows) = line.split("committed ").nth(1) {
                reported = rows.parse().unwrap();
                commits += 1;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(700 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it reported before it was killed, but nobody has read yet.
        for line in lines.map_while(Result::ok) {
            if let Some(rows) = line.split("committed ").nth(1).and_then(|rows| rows.parse().ok()) {
                reported = rows;
            }
        }
        let file = File::open(&path).unwrap();
        assert!(
            (reported..=reported + ROWS as u64).contains(&file.num_rows()),
            "{reported}: {}",
            file.num_rows()
        );
        assert_eq!(file.num_rows() % ROWS as u64, 0);
        assert_eq!(file.verify().unwrap().damaged, []);
        let mut expected = 0;
        for batch in file.reader(&ReadOptions::default()).unwrap() {
            for value in batch.unwrap().column(0).as_primitive::<Int64Type>().values() {
                assert_eq!(*value, expected);
                expected += 1;
            }
        }
    }
    assert!(reported >= 6 * 3 * ROWS as u64);
}
