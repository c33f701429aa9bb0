//! Nothing is visible before a commit, everything after it, and of two commits one wins.

use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use xdf::set::{SetMode, SetOptions};
use xdf::{Error, PartWriter, Set};

use crate::tables::{assert_same, folder};
use crate::{begin, files, hundred, options, read_all, row_numbers, rows, write};

fn with(mode: SetMode) -> SetOptions {
    SetOptions { mode, ..options() }
}

#[test]
fn nothing_is_visible_before_the_commit_and_nothing_is_left_of_the_session_after_it() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    write(&token, 1, &rows(10, 20));
    assert!(!Set::recognises(&path));
    write(&token, 0, &rows(0, 10));
    // a writer that is dropped leaves nothing
    drop(PartWriter::create(&token, 2).unwrap());
    let set = Set::commit(&token).unwrap();
    assert_eq!(row_numbers(&set), (0..20).collect::<Vec<_>>());
    assert_eq!(files(&path), ["manifest-00000001.json", "parts", "sessions"]);
    assert_eq!(files(&path.join("parts")).len(), 2);
    assert!(files(&path.join("sessions")).is_empty());
    for over in [
        Set::commit(&token).map(drop),
        Set::abandon(&token),
        PartWriter::create(&token, 0).map(drop),
        Set::commit(folder.path()).map(drop),
    ] {
        assert!(matches!(over, Err(Error::NoSession { .. })));
    }
}

#[test]
fn of_two_attempts_at_one_part_the_last_that_finishes_counts() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    let mut slow = PartWriter::create(&token, 7).unwrap();
    slow.write(&rows(0, 5)).unwrap();
    write(&token, 7, &rows(100, 103));
    slow.finish().unwrap();
    write(&token, 8, &rows(5, 8));
    let mut late = PartWriter::create(&token, 8).unwrap();
    late.write(&rows(5, 8)).unwrap();
    let set = Set::commit(&token).unwrap();
    assert_eq!(row_numbers(&set), (0..8).collect::<Vec<_>>());
    // whoever comes after the commit fails and leaves nothing
    assert!(matches!(late.finish(), Err(Error::NoSession { .. })));
    let names = files(&path.join("parts"));
    assert_eq!(names.len(), 2, "{names:?}");
    assert_same(&read_all(&set), &read_all(&Set::open(&path).unwrap()));
}

#[test]
fn parts_are_chosen_by_number_where_the_caller_knows_them() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    for number in [0, 1, 2] {
        write(&token, number, &rows(number as i32, number as i32 + 1));
    }
    let error = Set::commit_parts(&token, &[0, 3]).unwrap_err().to_string();
    assert!(error.contains("number 3") && error.contains("not finished"), "{error}");
    let set = Set::commit_parts(&token, &[2, 0]).unwrap();
    assert_eq!(row_numbers(&set), [0, 2]);
    assert_eq!(files(&path.join("parts")).len(), 2);
}

#[test]
fn a_new_version_adds_or_replaces_and_readers_of_the_old_one_go_on() {
    let folder = folder();
    let path = folder.path().join("s");
    let first = hundred(&path);
    assert!(matches!(Set::begin(&path, rows(0, 1).schema(), &options()), Err(Error::Exists { .. })));

    let token = begin(&path, &with(SetMode::Append));
    write(&token, 0, &rows(100, 110));
    assert_eq!(Set::open(&path).unwrap().version(), 1);
    let second = Set::commit(&token).unwrap();
    assert_eq!((second.version(), second.num_parts()), (2, 4));
    assert_same(&[rows(0, 110)], &read_all(&second));

    let token = begin(&path, &with(SetMode::Overwrite));
    write(&token, 0, &rows(500, 501));
    let third = Set::commit(&token).unwrap();
    assert_eq!(row_numbers(&third), [500]);
    assert_same(&[rows(0, 100)], &read_all(&first));
    assert_same(&[rows(0, 110)], &read_all(&second));
    // levels that no part has any more are not carried on
    assert_eq!(xdf::metadata::levels(third.schema().field(2)).unwrap(), ["level 8"]);
}

#[test]
fn of_two_commits_one_wins_and_the_other_can_be_repeated() {
    let folder = folder();
    let path = folder.path().join("s");
    let (one, two) = (begin(&path, &options()), begin(&path, &options()));
    write(&one, 0, &rows(0, 3));
    write(&two, 0, &rows(3, 6));
    Set::commit(&two).unwrap();
    assert!(matches!(Set::commit(&one), Err(Error::Exists { .. })));

    // whoever replaces must know what is replaced
    let (one, two) = (begin(&path, &with(SetMode::Overwrite)), begin(&path, &with(SetMode::Append)));
    write(&one, 0, &rows(0, 3));
    write(&two, 0, &rows(6, 9));
    Set::commit(&two).unwrap();
    let error = Set::commit(&one).unwrap_err();
    assert!(matches!(error, Error::Conflict { version: 2, .. }), "{error}");
    assert_eq!(row_numbers(&Set::open(&path).unwrap()), [3, 4, 5, 6, 7, 8]);
    Set::abandon(&one).unwrap();
    assert_eq!(files(&path.join("parts")).len(), 3, "the first session's part is still there");
}

#[test]
fn commits_at_the_same_moment_lose_nothing() {
    let folder = folder();
    let path = folder.path().join("s");
    hundred(&path);
    let tokens: Vec<_> = (0..8).map(|_| begin(&path, &with(SetMode::Append))).collect();
    for (number, token) in (0..).zip(&tokens) {
        write(token, 0, &rows(100 + number, 101 + number));
    }
    let conflicts: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = tokens
            .iter()
            .map(|token| {
                scope.spawn(move || {
                    let mut conflicts = 0;
                    loop {
                        match Set::commit(token) {
                            Ok(_) => return conflicts,
                            Err(Error::Conflict { .. }) => conflicts += 1,
                            Err(other) => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let set = Set::open(&path).unwrap();
    assert_eq!(set.version(), 9, "{conflicts} conflicts");
    let mut numbers = row_numbers(&set);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..108).collect::<Vec<_>>());
}

#[test]
fn a_commit_that_died_after_publishing_is_completed_not_repeated() {
    let folder = folder();
    let path = folder.path().join("s");
    hundred(&path);
    let token = begin(&path, &with(SetMode::Append));
    write(&token, 0, &rows(100, 105));
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in files(&token) {
        fs::copy(token.join(&name), copy.join(&name)).unwrap();
    }
    Set::commit(&token).unwrap();
    // the session is back, as if the process had died before it removed it
    fs::rename(&copy, &token).unwrap();
    let set = Set::commit(&token).unwrap();
    assert_eq!((set.version(), set.num_rows()), (2, 105));
    assert!(!token.exists());
}

#[test]
fn columns_that_differ_are_refused_by_name() {
    let folder = folder();
    let path = folder.path().join("s");
    hundred(&path);
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("row", other)]).unwrap();
    let error = Set::begin(&path, other.schema(), &with(SetMode::Append)).unwrap_err().to_string();
    assert!(error.contains("'row' Int32") && error.contains("'row' Int64"), "{error}");
    let token = begin(&path, &with(SetMode::Append));
    let mut writer = PartWriter::create(&token, 0).unwrap();
    assert!(matches!(writer.write(&other), Err(Error::SchemaMismatch { .. })));
}

#[test]
fn a_set_does_not_mix_with_other_files() {
    let folder = folder();
    fs::write(folder.path().join("notes.txt"), "precious").unwrap();
    for mode in [SetMode::Create, SetMode::Append, SetMode::Overwrite] {
        let error = Set::begin(folder.path(), rows(0, 1).schema(), &with(mode)).unwrap_err().to_string();
        assert!(error.contains("notes.txt"), "{error}");
        let file = folder.path().join("notes.txt");
        assert!(matches!(Set::begin(&file, rows(0, 1).schema(), &with(mode)), Err(Error::Exists { .. })));
    }
    assert_eq!(files(folder.path()), ["notes.txt"]);
}

#[test]
fn files_that_exist_become_parts_by_copying_them() {
    let folder = folder();
    let one = crate::tables::write(&folder, &[rows(0, 30)], xdf::WriteOptions::default());
    let path = folder.path().join("s");
    let token = Set::begin(&path, Arc::clone(one.schema()), &options()).unwrap();
    assert_eq!(Set::adopt(&token, 1, one.path()).unwrap(), one.size());
    write(&token, 2, &rows(30, 40));
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("row", other)]).unwrap();
    let other = crate::tables::write(&folder, &[other], xdf::WriteOptions::default());
    assert!(matches!(Set::adopt(&token, 3, other.path()), Err(Error::SchemaMismatch { index: 0, .. })));
    assert!(Set::adopt(&token, 3, folder.path().join("absent.xdf")).is_err());
    let set = Set::commit(&token).unwrap();
    assert_eq!(row_numbers(&set), (0..40).collect::<Vec<_>>());
    assert!(other.path().exists());
    assert_eq!(files(&path.join("parts")).len(), 2);
}
