//! Rows on the standard output: `cat`.

use serde_json::{Value, json};

use super::Folder;

const CSV: &str = "\
name,size,born,kind,late
ann,1.5,2001-02-03,b,true
\"say \"\"hi\"\"\",NA,2002-03-04,a,false
\"cy, jr\",-2.25,,b,
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("in.csv", CSV);
    folder.xdf(["import", "in.csv", "-o", "a.xdf", "--factor", "kind=a,b", "--quiet"]).text();
    folder
}

#[test]
fn every_format_has_the_same_rows() {
    let folder = folder();
    assert_eq!(folder.xdf(["cat", "a.xdf"]).text(), CSV.replace("NA", ""));
    let rows = folder.xdf(["cat", "a.xdf", "--no-names", "--columns", "kind,size"]).text();
    assert_eq!(rows, "b,1.5\na,\nb,-2.25\n");
    let rows = folder.xdf(["cat", "a.xdf", "--format", "tsv", "--columns", "name,size"]).text();
    assert_eq!(rows, "name\tsize\nann\t1.5\n\"say \"\"hi\"\"\"\t\ncy, jr\t-2.25\n");
    let lines = folder.xdf(["cat", "a.xdf", "--json"]).text();
    assert!(lines.starts_with(
        "{\"name\":\"ann\",\"size\":1.5,\"born\":\"2001-02-03\",\"kind\":\"b\",\"late\":true}\n"
    ));
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[1]["name"], "say \"hi\"");
    let last = json!({"name": "cy, jr", "size": -2.25, "born": null, "kind": "b", "late": null});
    assert_eq!((rows.len(), &rows[2]), (3, &last));
    folder.xdf(["export", "a.xdf", "-o", "a.jsonl", "--quiet"]).text();
    assert_eq!(folder.read("a.jsonl"), lines.as_bytes());
    folder.xdf(["head", "a.jsonl"]).fails(1, &["a.jsonl", "not read"]);
}

#[test]
fn an_arrow_stream_can_be_read_again() {
    use std::process::Command;
    let folder = folder();
    let cat = |name: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_xdf"))
            .args(["cat", name, "--format", "arrows"])
            .current_dir(folder.path("."))
            .output()
            .unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
        output.stdout
    };
    folder.write("b.arrows", cat("a.xdf"));
    assert_eq!(folder.xdf(["cat", "b.arrows"]).text(), CSV.replace("NA", ""));
    assert_eq!(cat("b.arrows"), folder.read("b.arrows"));
}

#[test]
fn several_files_are_one_table() {
    let folder = Folder::new();
    folder.write("one.csv", "x,g\n1,b\n2,a\n");
    folder.write("two.csv", "x,g\n3,c\n4,a\n");
    for name in ["one", "two"] {
        let (from, to) = (format!("{name}.csv"), format!("{name}.xdf"));
        folder.xdf(["import", &from, "-o", &to, "--strings-as-factors", "--quiet"]).text();
    }
    let rows = folder.xdf(["cat", "one.xdf", "two.xdf"]).text();
    assert_eq!(rows, "x,g\n1,b\n2,a\n3,c\n4,a\n");
    assert_eq!(folder.xdf(["cat", "*.csv", "--where", "g == 'a'"]).text(), "x,g\n2,a\n4,a\n");
    folder.write("other.csv", "x,h\n3,c\n");
    folder.xdf(["cat", "one.csv", "other.csv"]).fails(1, &["other.csv"]);
}

#[test]
fn rows_are_counted_from_one() {
    let folder = Folder::new();
    folder.write("in.csv", "x\n1\n2\n3\n4\n5\n");
    folder.xdf(["import", "in.csv", "-o", "in.xdf", "--rows-per-block", "2", "--quiet"]).text();
    for name in ["in.csv", "in.xdf"] {
        let rows = |range: &str| folder.xdf(["cat", name, "--no-names", "--rows", range]).text();
        assert_eq!(rows("2..4"), "2\n3\n4\n", "{name}");
        assert_eq!(rows("4.."), "4\n5\n");
        assert_eq!(rows("..1"), "1\n");
        assert_eq!(rows("5:9"), "5\n");
        assert_eq!(rows("9.."), "");
    }
    let few = folder.xdf(["cat", "in.xdf", "--no-names", "--rows", "2..", "--max-rows", "2"]).text();
    assert_eq!(few, "2\n3\n");
    folder.xdf(["cat", "in.xdf", "--rows", "0..2"]).fails(2, &["counted from 1"]);
    folder.xdf(["cat", "in.xdf", "--rows", "4..2"]).fails(2, &["before the first"]);
    folder.xdf(["cat", "in.xdf", "--format", "parquet"]).fails(2, &["parquet", "arrows"]);
    folder.xdf(["cat", "in.xdf", "--columns", "y"]).fails(1, &["'y'"]);
}
