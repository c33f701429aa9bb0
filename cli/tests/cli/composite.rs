//! Composite and partitioned sets: import, partition, composite, and every reading command on a set.

use std::fs;

use serde_json::json;

use super::{Folder, number};

/// The names of the parts of a set.
fn parts(folder: &Folder, set: &str) -> Vec<String> {
    let list = folder.xdf(["composite", "list", set, "--json"]).json();
    let files = list["files"].as_array().unwrap().iter();
    files.map(|file| file["fileName"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_set_answers_every_command_as_one_file_does() {
    let folder = Folder::new();
    folder.flights();
    let import = ["import", "flights.xdf", "-o", "set", "--composite", "--rows-per-block", "1000", "--quiet"];
    folder.xdf(import.iter().chain(&["--blocks-per-part", "2"])).text();
    assert_eq!(parts(&folder, "set").len(), 3);
    let info = folder.xdf(["info", "set", "--json", "--blocks", "--vars"]).json();
    let file = folder.xdf(["info", "flights.xdf", "--json", "--blocks", "--vars"]).json();
    assert_eq!((number(&info["numCompositeFiles"]), number(&info["numBlocks"])), (3.0, 5.0));
    for key in ["numRows", "numVars", "varInfo", "rowsPerBlock"] {
        assert_eq!(info[key], file[key], "{key}");
    }
    let text = folder.xdf(["info", "set"]).text();
    assert!(text.contains("Number of composite data files: 3\nNumber of observations: 5000\n"), "{text}");
    assert_eq!(info["blocks"][4]["startRow"], 4001);
    for command in [
        &["head", "-n", "3"][..],
        &["summary", "~ ArrDelay + DayOfWeek + ArrDelay:DayOfWeek"],
        &["fit", "linmod", "ArrDelay ~ DayOfWeek + CRSDepTime", "--quiet"],
        &["export", "-o", "-", "--where", "ArrDelay > 60"],
    ] {
        let of = |name: &str| folder.xdf(command.iter().chain(&[name])).text().replace(name, "DATA");
        assert_eq!(of("set"), of("flights.xdf"), "{command:?}");
    }
    folder.xdf(import).fails(1, &["'", "set' already exists"]);
    let overwrite = folder.xdf(import.iter().chain(&["--overwrite"])).text();
    assert_eq!((overwrite.as_str(), parts(&folder, "set").len()), ("", 2));
}

#[test]
fn files_become_a_set_that_grows_and_is_cleaned() {
    let folder = Folder::new();
    for (name, text) in [("a", "x,f\n1,b\n2,a\n"), ("b", "x,f\n3,c\n4,a\n"), ("c", "x,f\n5,d\n6,\n")] {
        folder.write(&format!("{name}.csv"), text);
        let (csv, xdf) = (format!("{name}.csv"), format!("{name}.xdf"));
        folder.xdf(["import", &csv, "-o", &xdf, "--strings-as-factors", "--quiet"]).text();
    }
    let text = folder.xdf(["composite", "create", "set", "a.xdf", "b.xdf"]).text();
    assert!(text.starts_with("set: 2 files copied, 2 files, 4 rows"), "{text}");
    folder.xdf(["composite", "append", "set", "c.xdf", "--quiet"]).text();
    let rows = folder.xdf(["export", "set", "-o", "-"]).text();
    assert_eq!(rows, "x,f\n1,b\n2,a\n3,c\n4,a\n5,d\n6,\n");
    let info = folder.xdf(["info", "set", "--vars", "--json"]).json();
    assert_eq!(info["varInfo"]["f"]["levels"], json!(["b", "a", "c", "d"]));
    let cleaned = folder.xdf(["composite", "clean", "set"]).text();
    assert!(cleaned.starts_with("set: 1 file removed ("), "the manifest of the first version: {cleaned}");

    folder.xdf(["append", "set", "a.csv", "--quiet"]).text();
    assert_eq!(folder.xdf(["export", "set", "-o", "-"]).text(), format!("{rows}1,b\n2,a\n"));

    folder.write("other.csv", "x,g\n1,b\n");
    folder.xdf(["import", "other.csv", "-o", "other.xdf", "--quiet"]).text();
    folder.xdf(["composite", "append", "set", "other.xdf"]).fails(1, &["other.xdf", "'f'", "'g'"]);
    folder.xdf(["composite", "append", "set", "a.csv"]).fails(1, &["a.csv", "not an XDF file"]);
    folder.xdf(["composite", "append", "none", "a.xdf"]).fails(1, &["none"]);
    folder.xdf(["composite", "create", "set", "a.xdf"]).fails(1, &["already exists"]);
    assert_eq!(parts(&folder, "set").len(), 4);
    assert_eq!(fs::read_dir(folder.path("set/parts")).unwrap().count(), 4);
    assert_eq!(fs::read_dir(folder.path("set/sessions")).unwrap().count(), 0);
}

#[test]
fn a_table_is_partitioned_by_key_columns() {
    let folder = Folder::new();
    folder.write(
        "in.csv",
        "x,g,day\n1,b,2020-01-02\n2,a,2020-01-01\n3,b,2020-01-02\n4,,2020-01-01\n5,b,2020-01-01\n",
    );
    let partition = ["partition", "in.csv", "--strings-as-factors", "--by", "g,day", "-o", "set"];
    let report = folder.xdf(partition.iter().chain(&["--json"])).json();
    assert_eq!(report["numRows"], 5);
    assert_eq!(folder.xdf(["export", "set", "-o", "-", "--keep", "x"]).text(), "x\n5\n1\n3\n2\n4\n");
    let list = folder.xdf(["composite", "list", "set", "--json"]).json();
    assert_eq!(list["keys"], json!(["g", "day"]));
    assert_eq!(
        list["partitions"][1],
        json!({"key": {"g": "b", "day": "2020-01-02"}, "numRows": 2, "files": 1})
    );
    assert_eq!(list["partitions"][3]["key"]["g"], json!(null));
    let text = folder.xdf(["composite", "list", "set"]).text();
    let table = "g  day        Rows Files\nb  2020-01-01    1     1\nb  2020-01-02    2     1\na  2020-01-01    1     1\nNA 2020-01-01    1     1\n";
    assert!(text.ends_with(table), "{text}");
    assert!(folder.xdf(["info", "set"]).text().contains("Partitioned by: g, day\n"));

    folder.xdf(partition).fails(1, &["already exists"]);
    let appended = folder.xdf(["append", "set", "in.csv", "in.csv"]).text();
    assert!(appended.starts_with("set: 10 rows appended, 15 now in "), "{appended}");
    assert_eq!(folder.xdf(["composite", "list", "set", "--json"]).json()["partitions"][1]["numRows"], 6);
    assert_eq!(folder.xdf(["info", "set", "--json"]).json()["numRows"], 15);
    folder.xdf(["partition", "in.csv", "--by", "nothing", "-o", "new"]).fails(1, &["'nothing'", "x, g, day"]);
    folder.write("floats.csv", "x\n1.5\n");
    folder.xdf(["partition", "floats.csv", "--by", "x", "-o", "new"]).fails(1, &["'x' Float64"]);
    assert!(!folder.path("new").exists());
}

#[test]
fn what_is_wrong_with_a_set_is_said() {
    let folder = Folder::new();
    folder.flights();
    folder
        .xdf(["import", "flights.xdf", "-o", "set", "--composite", "--rows-per-block", "1000", "--quiet"])
        .text();
    let sound = folder.xdf(["verify", "set"]).text();
    assert_eq!(sound.matches(": sound (").count(), 2, "{sound}");
    let part = folder.path("set/parts").join(&parts(&folder, "set")[1]);
    let info = folder.xdf(["info", "set", "--blocks", "--json"]).json();
    let segment = number(&info["blocks"][3]["segments"][0]["offset"]) as usize;
    let mut bytes = fs::read(&part).unwrap();
    bytes[segment] ^= 1;
    fs::write(&part, &bytes).unwrap();
    let run = folder.xdf(["verify", "set"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("part-00001") && run.stdout.contains(": damaged: "), "{}", run.stdout);
    fs::remove_file(&part).unwrap();
    folder.xdf(["head", "set"]).fails(1, &["part-00001", "is missing"]);
    let run = folder.xdf(["verify", "set"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("is missing"), "{}{}", run.stdout, run.stderr);
    folder.xdf(["head", "set/parts"]).fails(1, &["folder", "manifest"]);
    for command in ["layout", "compact"] {
        folder.xdf([command, "set"]).fails(1, &["a set of XDF files, where one file is needed", "set/parts"]);
    }
    for output in ["-", "out.csv"] {
        folder.xdf(["export", "flights.xdf", "-o", output, "--composite"]).fails(2, &["set is a folder"]);
    }
    folder.xdf(["import", "flights.xdf", "-o", "x", "--blocks-per-part", "2"]).fails(2, &["--composite"]);
}
