//! Where the bytes are: `layout`.

use serde_json::Value;

use super::{Folder, number};

fn sum(parts: &Value) -> u64 {
    parts.as_object().unwrap().values().map(|bytes| bytes.as_u64().unwrap()).sum()
}

/// Checks that all parts of a file add up to its size, and gives the document.
fn adds_up(folder: &Folder, name: &str) -> Value {
    let layout = folder.xdf(["layout", name, "--segments", "--json"]).json();
    let size = std::fs::metadata(folder.path(name)).unwrap().len();
    assert_eq!(layout["size"], size);
    let columns = layout["columns"].as_array().unwrap();
    let stored: u64 = columns.iter().map(|column| column["stored"].as_u64().unwrap()).sum();
    assert_eq!(stored + sum(&layout["other"]), size);
    let mut next = 0;
    for place in layout["segments"].as_array().unwrap() {
        assert_eq!(place["offset"], next, "{place}");
        next += place["bytes"].as_u64().unwrap();
    }
    assert_eq!(next, size);
    let shares: f64 = columns.iter().map(|column| number(&column["share"])).sum();
    assert!((shares - stored as f64 / size as f64).abs() < 1e-9);
    layout
}

#[test]
fn the_parts_of_a_file_add_up_to_its_size() {
    let folder = Folder::new();
    folder.flights();
    let layout = adds_up(&folder, "flights.xdf");
    assert_eq!((&layout["numRows"], &layout["numBlocks"]), (&Value::from(5000), &Value::from(5)));
    assert_eq!(layout["other"]["header"], 4096);
    assert_eq!(layout["other"]["dead"], 0);
    let year = &layout["columns"][0];
    assert_eq!(year["name"], "Year");
    let shares = year["encodings"].as_array().unwrap().iter().map(|encoding| number(&encoding["share"]));
    assert!((shares.sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((number(&year["ratio"]) - number(&year["decoded"]) / number(&year["stored"])).abs() < 1e-12);
    let segments = layout["segments"].as_array().unwrap();
    assert_eq!(segments.iter().filter(|place| place["usage"] == "segment").count(), 65);
    assert_eq!(segments.iter().filter(|place| place["usage"] == "block head").count(), 5);
}

#[test]
fn the_table_has_a_line_for_each_column_and_part() {
    let folder = Folder::new();
    folder.flights();
    let text = folder.xdf(["layout", "flights.xdf"]).text();
    let size = folder.read("flights.xdf").len();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("flights.xdf: XDF 5.") && lines[0].contains(", 5,000 rows in 5 blocks, "));
    let names: Vec<&str> = lines[2..].iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!((names[0], names[1], names[13]), ("Column", "Year", "TailNum"));
    assert_eq!(names[14..], ["(header)", "(schema)", "(block", "(footer)", "(padding)", "Total"]);
    let total: Vec<&str> = lines.last().unwrap().split_whitespace().collect();
    assert_eq!((total[1].replace(',', ""), total[2]), (size.to_string(), "100.0%"));
    let text = folder.xdf(["layout", "flights.xdf", "--segments"]).text();
    let second = text.lines().nth(3).unwrap();
    assert_eq!(second.split_whitespace().collect::<Vec<_>>(), ["0", "4096", "(header)"]);
    // a title, a blank, names, header, schema, heads, segments, footer; padding is after most
    assert!(text.lines().count() >= 2 + 1 + 3 + 5 + 65, "{text}");
}

#[test]
fn microsofts_files_add_up_too() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/xdf-microsoft");
    if !std::path::Path::new(shared).exists() {
        eprintln!("skipped: needs ../shared");
        return;
    }
    let folder = Folder::new();
    for name in ["mtcars.xdf", "mtcars-filtered.xdf", "airports.xdf", "hr-attrition.xdf"] {
        let layout = adds_up(&folder, &format!("{shared}/{name}"));
        assert_eq!(layout["format"], "Microsoft XDF 4.2", "{name}");
        assert_eq!(layout["other"]["dead"], 0, "{name}");
    }
}

#[test]
fn only_xdf_files_have_a_layout() {
    let folder = Folder::new();
    folder.write("in.csv", "x\n1\n");
    folder.xdf(["layout", "in.csv"]).fails(1, &["'in.csv' is not an XDF file"]);
    folder.xdf(["layout", "nowhere.xdf"]).fails(1, &["nowhere.xdf", "No such file"]);
}
