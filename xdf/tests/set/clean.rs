//! Leftovers go; what a version, a session or another program has stays.

use std::fs;

use xdf::set::{SetMode, SetOptions};
use xdf::{Error, PartWriter, Set};

use crate::tables::{assert_same, folder};
use crate::{begin, files, hundred, options, read_all, row_numbers, rows, write};

#[test]
fn parts_of_older_versions_and_of_dead_processes_go() {
    let folder = folder();
    let path = folder.path().join("s");
    let first = hundred(&path);
    let token = begin(&path, &SetOptions { mode: SetMode::Overwrite, ..options() });
    write(&token, 0, &rows(0, 8));
    Set::commit(&token).unwrap();
    let parts = path.join("parts");
    // as a killed writer leaves it
    fs::write(parts.join(".part-00004-0123456789abcdef-0123456789abcdef.xdf.Zz12.tmp"), [0; 100]).unwrap();
    fs::write(parts.join("notes.txt"), "precious").unwrap();

    let open = begin(&path, &SetOptions { mode: SetMode::Append, ..options() });
    write(&open, 3, &rows(8, 9));
    let mut writing = PartWriter::create(&open, 4).unwrap();
    writing.write(&rows(9, 10)).unwrap();
    let report = Set::clean(&path).unwrap();
    assert_eq!(report.files, 3 + 1, "three parts of the first version and the killed writer's");
    assert_eq!(files(&path).iter().filter(|name| name.starts_with("manifest")).count(), 2);
    let sessions = Set::sessions(&path).unwrap();
    assert_eq!((sessions.len(), sessions[0].parts), (1, 1));
    assert_eq!(sessions[0].token, open);

    writing.finish().unwrap();
    let set = Set::commit(&sessions[0].token).unwrap();
    assert_eq!(row_numbers(&set), (0..10).collect::<Vec<_>>());
    let report = Set::clean(&path).unwrap();
    assert_eq!(report.files, 2, "older manifests");
    assert_eq!(files(&path), ["manifest-00000003.json", "parts", "sessions"]);
    assert_eq!(files(&parts).len(), 3 + 1);
    assert!(parts.join("notes.txt").exists());
    assert_eq!(Set::clean(&path).unwrap().files, 0);
    assert_same(&read_all(&set), &read_all(&Set::open(&path).unwrap()));
    // a small set has its parts open, so that it goes on without their names
    if cfg!(unix) {
        assert_same(&[rows(0, 100)], &read_all(&first));
    }
}

/// As a process leaves it that died between the last step of its commit and the removal of its session.
#[test]
fn parts_of_a_commit_that_was_interrupted_are_not_given_up() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    write(&token, 0, &rows(0, 8));
    let records: Vec<_> = files(&token).iter().map(|name| token.join(name)).collect();
    let records: Vec<_> = records.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    Set::commit(&token).unwrap();
    fs::create_dir(&token).unwrap();
    for (bytes, path) in &records {
        fs::write(path, bytes).unwrap();
    }
    assert!(matches!(Set::abandon(&token), Err(Error::NoSession { .. })));
    assert_same(&[rows(0, 8)], &read_all(&Set::open(&path).unwrap()));
    assert!(!token.exists());
}

#[test]
fn a_session_that_is_given_up_leaves_nothing() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    write(&token, 0, &rows(0, 8));
    let mut writing = PartWriter::create(&token, 1).unwrap();
    writing.write(&rows(0, 8)).unwrap();
    assert!(matches!(Set::clean(&path), Err(Error::NotASet { .. })));
    Set::abandon(&token).unwrap();
    assert!(matches!(writing.finish(), Err(Error::NoSession { .. })));
    assert!(files(&path.join("parts")).is_empty() && files(&path.join("sessions")).is_empty());
    assert!(Set::sessions(&path).unwrap().is_empty());
    // and its folder can be taken again
    assert_eq!(hundred(&path).num_rows(), 100);
}
