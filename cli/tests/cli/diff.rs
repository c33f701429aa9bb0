//! Two tables compared: `diff`.

use serde_json::json;

use super::Folder;

/// A small table in three formats, and another that differs in two values.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("a.csv", "x,y,g\n1,0.5,u\n2,,v\n3,1.5,u\n");
    folder.write("b.csv", "x,y,g\n1,0.5,u\n2,0,v\n4,1.75,u\n");
    for name in ["a", "b"] {
        let (from, to) = (format!("{name}.csv"), format!("{name}.xdf"));
        let import = ["import", &from, "-o", &to, "--strings-as-factors", "--rows-per-block", "2", "--quiet"];
        folder.xdf(import).text();
    }
    folder.xdf(["export", "a.xdf", "-o", "a.parquet", "--quiet"]).text();
    folder
}

#[test]
fn equal_tables_are_exit_code_0() {
    let folder = folder();
    let text = folder.xdf(["diff", "a.xdf", "a.parquet"]).text();
    assert_eq!(text, "a.xdf and a.parquet are equal: 3 rows, 3 columns\n");
    assert_eq!(folder.xdf(["diff", "a.xdf", "a.xdf", "--quiet"]).text(), "");
    let json = folder.xdf(["diff", "a.xdf", "a.xdf", "--json"]).json();
    assert_eq!((&json["equal"], &json["rows"]), (&json!(true), &json!([])));
    let csv = folder.xdf(["diff", "a.xdf", "a.csv"]);
    assert_eq!((csv.code, csv.stdout.as_str()), (1, "column 'g' is factor in a.xdf, string in a.csv\n"));
    folder.xdf(["diff", "a.xdf", "a.csv", "--ignore", "types"]).text();
    folder.xdf(["diff", "a.xdf", "a.csv", "--columns", "x,y"]).text();
}

#[test]
fn differing_values_are_shown_by_row() {
    let folder = folder();
    let run = folder.xdf(["diff", "a.xdf", "b.xdf"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let expected = "\
Column Rows that differ Of rows Largest distance
x                     1 33.333%                1
y                     2 66.667%             0.25

Row Column a.xdf b.xdf
  2 y      NA    0.0
  3 x      3     4
  3 y      1.5   1.75
";
    assert_eq!(run.stdout, expected);
    let run = folder.xdf(["diff", "a.xdf", "b.xdf", "--limit", "1", "--json"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["rows"], json!([{ "row": 2, "values": [{ "column": "y", "a": null, "b": 0.0 }] }]));
    assert_eq!(json["columns"][0], json!({ "column": "x", "different": 1, "largest": 1.0 }));
    assert_eq!(json["rowsCompared"], 3);
    let near = folder.xdf(["diff", "a.xdf", "b.xdf", "--tolerance", "1", "--limit", "0"]);
    assert_eq!(near.code, 1);
    assert!(
        near.stdout.starts_with("Column Rows that differ Of rows Largest distance\ny "),
        "{}",
        near.stdout
    );
    folder.xdf(["diff", "a.xdf", "b.xdf", "--columns", "x", "--relative-tolerance", "0.25"]).text();
}

#[test]
fn columns_rows_and_metadata_are_named() {
    let folder = folder();
    let import = ["import", "a.csv", "-o", "c.xdf", "--factor", "g=v,u", "--description", "x=a number"];
    folder.xdf(import.iter().chain(&["--drop", "y", "--max-rows", "2", "--quiet"])).text();
    let run = folder.xdf(["diff", "a.xdf", "c.xdf"]);
    let expected = "\
column 'y' (float64) is only in a.xdf
column 'x': description is absent in a.xdf, \"a number\" in c.xdf
column 'g' has its levels in different orders
3 rows in a.xdf, 2 in c.xdf
";
    assert_eq!((run.code, run.stdout.as_str()), (1, expected));
    let run = folder.xdf(["diff", "c.xdf", "a.xdf", "--ignore", "metadata,order", "--columns", "x,g"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, "2 rows in c.xdf, 3 in a.xdf\n"));
}

#[test]
fn what_cannot_be_compared_is_exit_code_2() {
    let folder = folder();
    folder.xdf(["diff", "a.xdf", "nowhere.xdf"]).fails(2, &["nowhere.xdf", "No such file"]);
    folder.xdf(["diff", "a.xdf", "b.xdf", "--columns", "z"]).fails(2, &["'z'"]);
    folder.xdf(["diff", "a.xdf", "b.xdf", "--tolerance=-1"]).fails(2, &["not negative"]);
    folder.xdf(["diff", "a.xdf"]).fails(2, &["<B>"]);
    let mut bytes = folder.read("b.xdf");
    let info = folder.xdf(["info", "b.xdf", "--blocks", "--json"]).json();
    let segment = &info["blocks"][1]["segments"][1];
    bytes[segment["offset"].as_u64().unwrap() as usize] ^= 0x10;
    folder.write("damaged.xdf", bytes);
    folder.xdf(["diff", "a.xdf", "damaged.xdf"]).fails(2, &["'damaged.xdf'", "column 'y'", "block 1"]);
}
