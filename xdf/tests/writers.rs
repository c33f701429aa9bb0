//! Who may change a file while others have it: one writer at a time, readers at any time.

mod tables;

use std::sync::atomic::{AtomicBool, Ordering};

use tables::{assert_same, folder, ints, write};
use xdf::{CompactOptions, Editor, Error, File, OpenOptions, WriteOptions, Writer, compact};

#[test]
fn a_second_writer_is_told_and_readers_are_not_concerned() {
    let folder = folder();
    let path = write(&folder, &[ints("x", 0..5)], WriteOptions::default()).path().to_owned();
    let mut editor = Editor::open(&path).unwrap();
    editor.append(&ints("x", 5..6)).unwrap();
    let error = Editor::open(&path).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("t.xdf") && text.contains("try again"), "{text}");
    assert!(matches!(compact(&path, &CompactOptions::default()), Err(Error::Locked { .. })));
    let options = WriteOptions::default().with_overwrite(true);
    let mut writer = Writer::create(&path, ints("x", 0..0).schema(), options).unwrap();
    writer.write(&ints("x", 0..1)).unwrap();
    assert!(matches!(writer.finish(), Err(Error::Locked { .. })));
    assert_eq!(File::open(&path).unwrap().num_rows(), 5);
    let file = editor.commit().unwrap();
    // The lock goes with the editor, not with the files that it opened.
    drop(Editor::open(&path).unwrap());
    assert_eq!(file.num_rows(), 6);
}

#[test]
fn whoever_opens_while_commits_are_made_sees_one_of_them() {
    let folder = folder();
    let path = write(&folder, &[ints("x", 0..5)], WriteOptions::default()).path().to_owned();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for first in 1..120 {
                let mut editor = Editor::open(&path).unwrap();
                editor.append(&ints("x", first * 5..first * 5 + 5)).unwrap();
                editor.commit().unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let (mut rows, mut opened) = (0, 0);
        while !done.load(Ordering::Acquire) {
            let file = File::open_with(&path, &OpenOptions::default().with_mmap(opened % 2 == 0)).unwrap();
            assert!(
                file.num_rows() >= rows && file.num_rows().is_multiple_of(5),
                "{rows}, then {}",
                file.num_rows()
            );
            rows = file.num_rows();
            let last = file.read_block(file.num_blocks() - 1, &[0]).unwrap();
            assert_same(&[ints("x", rows as i32 - 5..rows as i32)], &[last]);
            opened += 1;
        }
    });
    assert_eq!(File::open(&path).unwrap().num_rows(), 600);
}
