//! Files changed in place: append, add-columns, compute, rename, drop, set, compact, repair.

use serde_json::{Value, json};

use super::Folder;

/// A small table with a factor, in two blocks.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("in.csv", "x,y,g\n1,0.5,b\n2,,a\n3,1.5,b\n");
    let import = ["import", "in.csv", "-o", "t.xdf", "--rows-per-block", "2", "--quiet"];
    folder
        .xdf(import.iter().chain(&["--factor", "g=b,a", "--type", "x=int32", "--type", "y=float32"]))
        .text();
    folder
}

fn rows(folder: &Folder, name: &str) -> String {
    folder.xdf(["cat", name]).text()
}

fn variables(folder: &Folder, name: &str) -> Value {
    folder.xdf(["info", name, "--vars", "--json"]).json()["varInfo"].clone()
}

#[test]
fn rows_of_any_format_are_appended() {
    let folder = folder();
    folder.write("more.csv", "g,y,x\nc,2.5,4\na,,5\n");
    let text = folder.xdf(["append", "t.xdf", "more.csv"]).text();
    assert!(text.starts_with("t.xdf: 2 rows appended, 5 now (3 columns, "), "{text}");
    let expected = "x,y,g\n1,0.5,b\n2,,a\n3,1.5,b\n4,2.5,c\n5,,a\n";
    assert_eq!(rows(&folder, "t.xdf"), expected);
    let variables = variables(&folder, "t.xdf");
    assert_eq!(variables["g"]["levels"], json!(["b", "a", "c"]));
    assert_eq!(
        (&variables["x"]["storage"], &variables["y"]["storage"]),
        (&json!("int32"), &json!("float32"))
    );
    folder.xdf(["export", "t.xdf", "-o", "t.parquet", "--quiet"]).text();
    let report = folder.xdf(["append", "t.xdf", "t.parquet", "in.csv", "--where", "x < 2", "--json"]).json();
    assert_eq!((&report["rowsAppended"], &report["numRows"]), (&json!(2), &json!(7)));
    assert_eq!(rows(&folder, "t.xdf"), format!("{expected}1,0.5,b\n1,0.5,b\n"));
    // itself, as it was
    folder.xdf(["append", "t.xdf", "t.xdf", "--rows", "2..3", "--quiet"]).text();
    assert_eq!(rows(&folder, "t.xdf"), format!("{expected}1,0.5,b\n1,0.5,b\n2,,a\n3,1.5,b\n"));
    folder.xdf(["verify", "t.xdf", "--quiet"]).text();
}

#[test]
fn rows_that_do_not_fit_change_nothing() {
    let folder = folder();
    folder.write("few.csv", "x,g\n4,b\n");
    folder.write("many.csv", "x,y,g,z\n4,1,b,1\n");
    folder.write("large.csv", "x,y,g\n1,1,b\n9999999999,1,b\n");
    folder.write("texts.csv", "x,y,g\none,1,b\n");
    let before = folder.contents();
    let append = |input: &str| folder.xdf(["append", "t.xdf", input]);
    append("few.csv").fails(1, &["few.csv", "no column 'y'", "t.xdf"]);
    append("many.csv").fails(1, &["t.xdf", "no column 'z'", "--drop"]);
    append("large.csv").fails(1, &["large.csv", "'x'", "9999999999"]);
    append("texts.csv").fails(1, &["texts.csv", "'x'", "'one'"]);
    append("nowhere.csv").fails(1, &["nowhere.csv", "No such file"]);
    folder.xdf(["append", "in.csv", "few.csv"]).fails(1, &["in.csv"]);
    assert!(folder.contents() == before);
    folder.xdf(["append", "t.xdf", "many.csv", "--drop", "z", "--quiet"]).text();
    folder.xdf(["append", "t.xdf", "few.csv", "--compute", "y = x / 2", "--quiet"]).text();
    assert!(rows(&folder, "t.xdf").ends_with("\n4,1,b\n4,2,b\n"));
}

#[test]
fn columns_are_added_computed_and_replaced() {
    let folder = folder();
    folder.write("more.csv", "name,x\nann,7\nbob,8\ncy,9\n");
    let add = ["add-columns", "t.xdf", "more.csv"];
    folder.xdf(add).fails(2, &["column 'x' already", "--replace"]);
    folder.xdf(add.iter().chain(&["--columns", "name", "--quiet"])).text();
    assert_eq!(rows(&folder, "t.xdf"), "x,y,g,name\n1,0.5,b,ann\n2,,a,bob\n3,1.5,b,cy\n");
    folder.xdf(add.iter().chain(&["--replace", "--quiet"])).text();
    let text = folder.xdf(["compute", "t.xdf", "z = x * 2", "big = z > 14"]).text();
    assert!(text.starts_with("t.xdf: 2 columns computed (6 columns, "), "{text}");
    let expected = "x,y,g,name,z,big\n7,0.5,b,ann,14,false\n8,,a,bob,16,true\n9,1.5,b,cy,18,true\n";
    assert_eq!(rows(&folder, "t.xdf"), expected);
    let before = folder.contents();
    folder.xdf(["compute", "t.xdf", "z = 1"]).fails(2, &["column 'z' already", "--replace"]);
    folder.xdf(["compute", "t.xdf", "w = q + 1"]).fails(1, &["q"]);
    folder.xdf(["compute", "t.xdf", "w = x +"]).fails(2, &["at character"]);
    folder.write("short.csv", "n\n1\n");
    folder.xdf(["add-columns", "t.xdf", "short.csv"]).fails(1, &["t.xdf", "3"]);
    assert_eq!(folder.read("t.xdf"), before[&folder.path("t.xdf")]);
    folder.xdf(["compute", "t.xdf", "z = -z", "--replace", "--quiet"]).text();
    assert!(rows(&folder, "t.xdf").contains("\n8,,a,bob,-16,true\n"));
}

#[test]
fn columns_are_renamed_dropped_and_described() {
    let folder = folder();
    let text = folder.xdf(["rename", "t.xdf", "x=number", "y = value"]).text();
    assert!(text.starts_with("t.xdf: 2 columns renamed (3 columns, "), "{text}");
    folder.xdf(["rename", "t.xdf", "numbre=n"]).fails(1, &["'numbre'", "did you mean 'number'"]);
    folder.xdf(["rename", "t.xdf", "number=g"]).fails(1, &["'g'"]);
    let set = ["set", "t.xdf", "--units", "value=km", "--levels", "g=blue,amber", "--metadata", "source=me"];
    let more = ["--description", "number=a = b, perhaps", "--low", "value=0", "--high", "value=10"];
    folder.xdf(set.iter().chain(&more).chain(&["--quiet"])).text();
    let info = variables(&folder, "t.xdf");
    assert_eq!(info["value"]["units"], "km");
    assert_eq!(info["number"]["description"], "a = b, perhaps");
    assert_eq!((&info["value"]["low"], &info["value"]["high"]), (&json!(0.0), &json!(10.0)));
    assert_eq!(rows(&folder, "t.xdf"), "number,value,g\n1,0.5,blue\n2,,amber\n3,1.5,blue\n");
    folder.xdf(["set", "t.xdf", "--units", "value=", "--quiet"]).text();
    assert_eq!(variables(&folder, "t.xdf")["value"]["units"], Value::Null);
    let before = folder.contents();
    folder.xdf(["set", "t.xdf"]).fails(2, &["--description"]);
    folder.xdf(["set", "t.xdf", "--levels", "g=one"]).fails(1, &["'g' has 2 levels"]);
    folder.xdf(["set", "t.xdf", "--units", "vaule=m"]).fails(1, &["did you mean 'value'"]);
    folder.xdf(["set", "t.xdf", "--labels", "number=yes"]).fails(1, &["'number'", "JSON"]);
    folder.xdf(["drop", "t.xdf", "number", "value", "g"]).fails(1, &["at least one column"]);
    folder.xdf(["drop", "t.xdf", "valeu"]).fails(1, &["did you mean 'value'"]);
    assert!(folder.contents() == before);
    folder.xdf(["drop", "t.xdf", "value", "--quiet"]).text();
    assert_eq!(rows(&folder, "t.xdf"), "number,g\n1,blue\n2,amber\n3,blue\n");
}

#[test]
fn compacting_gives_back_what_is_dead() {
    let folder = Folder::new();
    folder.flights();
    let dead = || folder.xdf(["layout", "flights.xdf", "--json"]).json()["other"]["dead"].as_u64().unwrap();
    assert_eq!(dead(), 0);
    folder.xdf(["drop", "flights.xdf", "TailNum", "--quiet"]).text();
    folder.write("old.xdf", folder.read("flights.xdf"));
    assert!(dead() > 0);
    let report = folder.xdf(["compact", "flights.xdf", "--json"]).json();
    assert!(report[0]["bytesBefore"].as_u64() > report[0]["bytesAfter"].as_u64(), "{report}");
    assert_eq!(dead(), 0);
    folder.xdf(["diff", "old.xdf", "flights.xdf", "--quiet"]).text();
    folder.xdf(["compact", "flights.xdf", "--rows-per-block", "5000", "--level", "9", "--quiet"]).text();
    folder.xdf(["diff", "old.xdf", "flights.xdf", "--quiet"]).text();
    let layout = folder.xdf(["layout", "flights.xdf", "--json"]).json();
    assert_eq!(layout["numBlocks"], 1);
    folder.xdf(["append", "flights.xdf", "old.xdf", "--rows-per-block", "500", "--quiet"]).text();
    let text = folder.xdf(["compact", "flights.xdf", "--merge", "5000"]).text();
    assert!(text.starts_with("flights.xdf: ") && text.ends_with(", 2 blocks\n"), "{text}");
}

#[test]
fn repairing_tells_what_is_lost() {
    let folder = Folder::new();
    folder.flights();
    let bytes = folder.read("flights.xdf");
    // without its footer
    let layout = folder.xdf(["layout", "flights.xdf", "--segments", "--json"]).json();
    let places = layout["segments"].as_array().unwrap();
    let footer = places.iter().find(|place| place["usage"] == "footer").unwrap();
    folder.write("cut.xdf", &bytes[..footer["offset"].as_u64().unwrap() as usize]);
    let text = folder.xdf(["repair", "cut.xdf", "-o", "whole.xdf"]).text();
    assert!(
        text.starts_with("whole.xdf: 5,000 rows, 5 blocks, ") && text.ends_with(", nothing lost\n"),
        "{text}"
    );
    folder.xdf(["diff", "flights.xdf", "whole.xdf", "--quiet"]).text();
    // and with a damaged segment
    let mut flipped = folder.read("cut.xdf");
    let segment = places.iter().find(|place| place["block"] == 2 && place["name"] == "Distance").unwrap();
    flipped[segment["offset"].as_u64().unwrap() as usize + 1] ^= 1;
    folder.write("flipped.xdf", flipped);
    let run = folder.xdf(["repair", "flipped.xdf", "-o", "part.xdf"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(run.stdout.starts_with("flipped.xdf: lost: column 'Distance', block 2, byte "), "{}", run.stdout);
    let run = folder.xdf(["diff", "flights.xdf", "part.xdf", "--limit", "0", "--json"]);
    let diff: Value = serde_json::from_str(&run.stdout).unwrap();
    let different =
        diff["columns"].as_array().unwrap().iter().map(|column| column["different"].as_u64().unwrap());
    assert_eq!(different.sum::<u64>(), 1000);
    folder.xdf(["repair", "flipped.xdf", "-o", "part.xdf"]).fails(2, &["part.xdf", "exists"]);
    folder.write("text.xdf", "no XDF file at all");
    folder.xdf(["repair", "text.xdf", "-o", "out.xdf"]).fails(2, &["text.xdf"]);
}

/// Every command that changes a file.
fn changes(file: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["append", file, "in.csv"],
        vec!["add-columns", file, "in.csv", "--replace"],
        vec!["compute", file, "z = 1"],
        vec!["rename", file, "x=z"],
        vec!["drop", file, "x"],
        vec!["set", file, "--units", "x=m"],
        vec!["compact", file],
    ]
}

#[test]
fn microsofts_files_are_refused_with_advice() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/xdf-microsoft/mtcars.xdf");
    if !std::path::Path::new(shared).exists() {
        eprintln!("skipped: needs ../shared");
        return;
    }
    let folder = folder();
    folder.write("old.xdf", std::fs::read(shared).unwrap());
    for command in changes("old.xdf") {
        folder.xdf(command).fails(1, &["'old.xdf'", "Microsoft XDF 4.2", "import it"]);
    }
}

#[test]
fn a_second_writer_is_told_to_wait() {
    let folder = folder();
    let before = folder.contents();
    let editor = xdf::Editor::open(folder.path("t.xdf")).unwrap();
    for command in changes("t.xdf") {
        folder.xdf(&command).fails(1, &["t.xdf", "being changed by another program", "try again"]);
    }
    drop(editor);
    assert!(folder.contents() == before);
    folder.xdf(["set", "t.xdf", "--units", "x=m", "--quiet"]).text();
}
