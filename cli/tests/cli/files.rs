//! Files in and out: import, export, info, head.

use serde_json::json;

use super::{Folder, number};

const CSV: &str = "\
name,size,born,kind,late
ann,1.5,2001-02-03,b,true
bob,NA,2002-03-04,a,false
\"cy, jr\",-2.25,,b,
";

#[test]
fn a_text_file_is_imported_described_and_exported_unchanged() {
    let folder = Folder::new();
    folder.write("in.csv", CSV);
    let import =
        ["import", "in.csv", "-o", "out.xdf", "--factor", "kind=a,b", "--description", "size=in metres"];
    let report = folder.xdf(import.iter().chain(&["--json"])).json();
    assert_eq!(report["numRows"], 3);
    assert_eq!(report["numVars"], 5);
    assert_eq!(report["badCells"], json!([]));

    let info = folder.xdf(["info", "out.xdf", "--vars", "--blocks", "--json"]).json();
    assert_eq!(info["numRows"], 3);
    assert_eq!(info["numBlocks"], 1);
    assert_eq!(info["rowsPerBlock"], json!([3]));
    assert_eq!(info["varInfo"]["kind"]["levels"], json!(["a", "b"]));
    assert_eq!(info["varInfo"]["kind"]["varType"], "factor");
    assert_eq!(info["varInfo"]["size"]["description"], "in metres");
    assert_eq!(
        (number(&info["varInfo"]["size"]["low"]), number(&info["varInfo"]["size"]["high"])),
        (-2.25, 1.5)
    );
    assert_eq!(info["varInfo"]["born"]["varType"], "Date");
    assert_eq!(info["varInfo"]["born"]["low"], "2001-02-03");
    assert_eq!(info["blocks"][0]["segments"][1]["missing"], 1);
    let text = folder.xdf(["info", "out.xdf", "--vars"]).text();
    assert!(
        text.starts_with("File name: out.xdf\nNumber of observations: 3\nNumber of variables: 5\n"),
        "{text}"
    );
    assert!(text.contains("Var 4: kind\n       2 factor levels: a b\n"), "{text}");

    let head = folder.xdf(["head", "out.xdf", "--json"]).json();
    assert_eq!(
        head["data"][2],
        json!({"name": "cy, jr", "size": -2.25, "born": null, "kind": "b", "late": null})
    );
    let head = folder.xdf(["head", "out.xdf", "-n", "2", "--keep", "kind,size"]).text();
    assert_eq!(head, "kind size\nb     1.5\na      NA\n");

    for name in ["a.parquet", "a.arrow", "a.arrows", "a.csv.gz", "a.tsv", "again.xdf"] {
        folder.xdf(["export", "out.xdf", "-o", name, "--quiet"]).text();
        let back = folder.xdf(["export", name, "-o", "-"]).text();
        assert_eq!(back, CSV.replace("NA", ""), "{name}");
    }
}

#[test]
fn rows_and_columns_are_selected_and_computed() {
    let folder = Folder::new();
    folder.write("one.csv", "x,y,g\n1,10,a\n2,20,b\n3,30,a\n");
    folder.write("two.csv", "x,y,g\n4,40,c\n5,,b\n");
    let import = [
        "import",
        "one.csv",
        "two.csv",
        "-o",
        "out.xdf",
        "--strings-as-factors",
        "--compute",
        "z = x * y",
        "--where",
        "z > 10 & g != 'b'",
        "--keep",
        "g,z",
        "--rows-per-block",
        "1",
        "--level",
        "0",
    ];
    let text = folder.xdf(import).text();
    assert!(text.starts_with("out.xdf: 2 of 5 rows, 2 columns, "), "{text}");
    let head = folder.xdf(["head", "out.xdf", "--json"]).json();
    assert_eq!(head["data"], json!([{"g": "a", "z": 90}, {"g": "c", "z": 160}]));
    let info = folder.xdf(["info", "out.xdf", "--blocks", "--json"]).json();
    assert_eq!(info["rowsPerBlock"], json!([1, 1]));
    let dropped = folder.xdf(["export", "one.csv", "-o", "-", "--drop", "y,g", "--max-rows", "2"]).text();
    assert_eq!(dropped, "x\n1\n2\n");
    let pattern = folder.xdf(["info", "*.csv", "--count", "--json"]).json();
    assert_eq!(pattern["numRows"], 5);
}

#[test]
fn columns_of_typed_files_are_converted() {
    let folder = Folder::new();
    folder.write("in.csv", "x,g,h\n1,b,u\n2,a,v\n3,c,u\n");
    folder.xdf(["export", "in.csv", "-o", "in.parquet", "--quiet"]).text();
    let import = [
        "import",
        "in.parquet",
        "-o",
        "out.xdf",
        "--strings-as-factors",
        "--factor",
        "g=a,b",
        "--type",
        "x=int16",
        "--quiet",
    ];
    folder.xdf(import).text();
    let info = folder.xdf(["info", "out.xdf", "--vars", "--json"]).json();
    assert_eq!(info["varInfo"]["x"]["storage"], "int16");
    assert_eq!(info["varInfo"]["g"]["levels"], json!(["a", "b"]));
    assert_eq!(info["varInfo"]["h"]["levels"], json!(["u", "v"]));
    let rows = folder.xdf(["export", "out.xdf", "-o", "-"]).text();
    assert_eq!(rows, "x,g,h\n1,b,u\n2,a,v\n3,,u\n");
    let models = ["in.csv", "in.parquet", "out.xdf"].map(|name| {
        let fit = ["fit", "linmod", "x ~ h", name, "--strings-as-factors", "--json"];
        folder.xdf(fit).json()["coefficients"].clone()
    });
    assert_eq!((number(&models[0]["(Intercept)"]), &models[0]), (2.0, &models[1]));
    assert_eq!(models[0], models[2]);
    folder.xdf(["head", "in.parquet", "--type", "g=int32"]).fails(1, &["column 'g'"]);
}

#[test]
fn cells_that_do_not_fit_are_counted_when_they_may_be() {
    let folder = Folder::new();
    folder.write("in.csv", "x,g\n1,a\nM,b\ntwo,a\n3,z\n");
    let import = [
        "import",
        "in.csv",
        "-o",
        "out.xdf",
        "--missing-in",
        "x=M",
        "--type",
        "x=int16",
        "--factor",
        "g=a,b",
        "--bad-cells",
        "missing",
    ];
    let report = folder.xdf(import.iter().chain(&["--json"])).json();
    let cells = report["badCells"].as_array().unwrap();
    assert_eq!(cells.len(), 2, "{report}");
    assert_eq!(
        (&cells[0]["column"], &cells[0]["count"], &cells[0]["text"]),
        (&json!("x"), &json!(1), &json!("two"))
    );
    assert_eq!(cells[0]["line"], 4);
    assert_eq!((&cells[1]["column"], &cells[1]["text"]), (&json!("g"), &json!("z")));
    let text = folder.xdf(import.iter().chain(&["--overwrite"])).text();
    assert!(
        text.contains("\n  x: 1 cell that does not fit became missing, the first 'two' in in.csv, line 4\n"),
        "{text}"
    );
    let info = folder.xdf(["info", "out.xdf", "--vars", "--json"]).json();
    assert_eq!(info["varInfo"]["x"]["storage"], "int16");
    assert_eq!(info["varInfo"]["x"]["missing"], 2);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_xdf"))
        .args(["generate", "airline", "--rows", "1M"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
