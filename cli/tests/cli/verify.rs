//! Damage found: `verify`.

use super::Folder;

/// A sound file and the same with a byte flipped in the middle of two segments.
fn damaged() -> Folder {
    let folder = Folder::new();
    folder.flights();
    let mut bytes = folder.read("flights.xdf");
    let info = folder.xdf(["info", "flights.xdf", "--blocks", "--json"]).json();
    for (block, column) in [(1, 10), (3, 12)] {
        let segment = &info["blocks"][block]["segments"][column];
        let place = segment["offset"].as_u64().unwrap() + segment["bytes"].as_u64().unwrap() / 2;
        bytes[place as usize] ^= 0x10;
    }
    folder.write("flipped.xdf", &bytes);
    folder
}

#[test]
fn every_damaged_segment_is_a_line() {
    let folder = damaged();
    let sound = folder.xdf(["verify", "flights.xdf", "--json"]).json();
    assert_eq!((&sound[0]["ok"], &sound[0]["numBlocks"]), (&true.into(), &5.into()));
    let run = folder.xdf(["verify", "flights.xdf", "flipped.xdf"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stdout);
    assert!(lines[0].starts_with("flights.xdf: sound (5 blocks, 65 segments, "), "{}", run.stdout);
    let first = "flipped.xdf: damaged: column 'ArrDelay', block 1, byte ";
    assert!(lines[1].starts_with(first) && lines[1].contains(": expected checksum "), "{}", lines[1]);
    assert!(lines[2].starts_with("flipped.xdf: damaged: column 'TailNum', block 3, "), "{}", lines[2]);
    let quiet = folder.xdf(["verify", "flights.xdf", "flipped.xdf", "--quiet"]);
    assert_eq!((quiet.code, quiet.stdout.lines().count()), (1, 2));
    let json = folder.xdf(["verify", "flipped.xdf", "--json"]);
    assert_eq!((json.code, json.stderr.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json[0]["ok"], &json[0]["damaged"][1]["block"]), (&false.into(), &3.into()));
}

#[test]
fn files_that_do_not_open_are_damaged_too() {
    let folder = damaged();
    let bytes = folder.read("flights.xdf");
    folder.write("cut.xdf", &bytes[..bytes.len() / 2]);
    let mut header = bytes.clone();
    header[20] ^= 1;
    folder.write("header.xdf", header);
    folder.write("empty.xdf", "");
    let run = folder.xdf(["verify", "cut.xdf", "header.xdf", "empty.xdf", "flights.xdf"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("cut.xdf: damaged: is truncated: "), "{}", lines[0]);
    assert!(
        lines[1].starts_with("header.xdf: damaged: header at byte 0: expected checksum "),
        "{}",
        lines[1]
    );
    assert!(lines[2].starts_with("empty.xdf: damaged: is empty"), "{}", lines[2]);
    assert!(lines[3].starts_with("flights.xdf: sound"), "{}", lines[3]);
}

#[test]
fn what_cannot_be_read_is_exit_code_2_and_stops_nothing() {
    let folder = damaged();
    let mut future = folder.read("flights.xdf");
    future[8] = 9;
    folder.write("future.xdf", future);
    let run = folder.xdf(["verify", "nowhere.xdf", "flipped.xdf", "future.xdf", "flights.xdf"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    assert!(run.stderr.contains("nowhere.xdf") && run.stderr.contains("version 9."), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.stdout);
}
