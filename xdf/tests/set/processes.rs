//! Real processes that share nothing but the folder.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use xdf::{PartWriter, Set};

use crate::tables::folder;
use crate::{begin, options, row_numbers, rows};

const TASK: &str = "XDF_TEST_PART";

/// What a child process does: it writes the part of `TASK`, "token|number|how".
#[test]
#[ignore = "a process of the tests below"]
fn child() {
    let task = std::env::var(TASK).unwrap();
    let [token, number, how] = task.split('|').collect::<Vec<_>>().try_into().unwrap();
    let number: u64 = number.parse().unwrap();
    let mut writer = PartWriter::create(token, number).unwrap();
    let from = number as i32 * 10;
    for row in from..from + 10 {
        writer.write(&rows(row, row + 1)).unwrap();
        writer.end_block().unwrap();
    }
    match how {
        "hang" => std::thread::sleep(Duration::from_secs(600)),
        "twice" => {
            // as a scheduler that starts a slow task again
            let mut again = PartWriter::create(token, number).unwrap();
            again.write(&rows(from, from + 10)).unwrap();
            writer.finish().unwrap();
            again.finish().unwrap();
        }
        _ => drop(writer.finish().unwrap()),
    }
}

fn start(token: &std::path::Path, number: u64, how: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--ignored"])
        .env(TASK, format!("{}|{number}|{how}", token.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn parts_of_many_processes_are_one_set() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    let mut killed = start(&token, 3, "hang");
    let children: Vec<_> = [0, 1, 2, 4, 5]
        .map(|number| start(&token, number, if number == 2 { "twice" } else { "once" }))
        .into_iter()
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    // one process dies in the middle, another does its work
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(start(&token, 3, "once").wait().unwrap().success());
    let set = Set::commit(&token).unwrap();
    assert_eq!(row_numbers(&set), (0..60).collect::<Vec<_>>());
    assert_eq!((set.num_parts(), set.num_blocks()), (6, 51));
    Set::clean(&path).unwrap();
    assert_eq!(std::fs::read_dir(path.join("parts")).unwrap().count(), 6);
}
