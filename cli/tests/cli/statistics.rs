//! What the directory of a file answers: no segment is read for it.

use serde_json::{Value, json};

use super::{Folder, number};

/// Flights in three blocks, and the same file with zeros for its segments: whoever reads one of them fails.
fn flights_without_data() -> Folder {
    let folder = Folder::new();
    let rows = ["--rows", "20000", "--rows-per-block", "7000"];
    folder.xdf(["generate", "airline", "-o", "flights.xdf", "--quiet"].iter().chain(&rows)).text();
    let mut bytes = folder.read("flights.xdf");
    let file = xdf::File::open(folder.path("flights.xdf")).unwrap();
    assert_eq!(file.num_blocks(), 3);
    for block in 0..file.num_blocks() {
        for segment in file.segments(block) {
            bytes[segment.offset as usize..][..segment.bytes as usize].fill(0);
        }
    }
    folder.write("nothing.xdf", bytes);
    folder
}

#[test]
fn summaries_descriptions_and_quantiles_of_a_whole_file_read_no_segment() {
    let folder = flights_without_data();
    for command in [
        vec!["info", "FILE"],
        vec!["info", "FILE", "--vars"],
        vec!["info", "FILE", "--vars", "--json"],
        vec!["summary", "~ .", "FILE"],
        vec!["summary", "~ ArrDelay + DayOfWeek", "FILE", "--json"],
        vec!["quantile", "FILE"],
        vec!["quantile", "FILE", "ArrDelay", "CRSDepTime", "--probs", "0.01,0.5", "--json"],
    ] {
        let answer = |file: &str| {
            let arguments: Vec<&str> =
                command.iter().map(|part| if *part == "FILE" { file } else { *part }).collect();
            folder.xdf(&arguments).text().replace(file, "FILE")
        };
        assert_eq!(answer("nothing.xdf"), answer("flights.xdf"), "{command:?}");
    }
    // a selection that no row can meet
    let none = ["--where", "ArrDelay > 1000000"];
    let found = folder.xdf(["quantile", "nothing.xdf", "ArrDelay", "--json"].iter().chain(&none)).json();
    assert_eq!((&found["ArrDelay"]["validObs"], &found["ArrDelay"]["values"][0]), (&json!(0), &Value::Null));
    // what must be read is, and is found to be damaged
    for command in [
        ["summary", "~ ArrDelay", "nothing.xdf", "--where", "ArrDelay > 0"],
        ["summary", "~ ArrDelay:DayOfWeek", "nothing.xdf", "--rows", "1..20000"],
        ["quantile", "nothing.xdf", "ArrDelay", "--where", "ArrDelay > 0"],
    ] {
        folder.xdf(command).fails(1, &["'nothing.xdf'", "block 0", "damaged"]);
    }
}

#[test]
fn quantiles_are_estimated_with_their_error_or_exact() {
    let folder = Folder::new();
    // 0 to 5999, each three times, and 0 to 9, in no order
    let rows = (0..18_000_u32).map(|i| format!("{},{}\n", (i * 7919) % 6000, i % 10));
    folder.write("t.csv", format!("x,few\n{}", rows.collect::<String>()));
    folder.xdf(["import", "t.csv", "-o", "t.xdf", "--rows-per-block", "7000", "--quiet"]).text();
    let quantile = |more: &[&str]| folder.xdf(["quantile", "t.xdf"].iter().chain(more));

    let exact = quantile(&["--exact", "--json"]).json();
    let shares = json!([0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(
        exact["x"],
        json!({"probabilities": shares, "values": [0.0, 1499.75, 2999.5, 4499.25, 5999.0], "validObs": 18000,
            "exact": true, "rankError": 0.0})
    );
    let estimated = quantile(&["--json"]).json();
    // few values differ
    assert_eq!(estimated["few"], exact["few"]);
    assert_eq!((&estimated["x"]["probabilities"], &estimated["x"]["exact"]), (&shares, &json!(false)));
    let error = number(&estimated["x"]["rankError"]);
    assert!(error > 0.0 && error < 0.02, "{error}");
    let values: Vec<f64> = estimated["x"]["values"].as_array().unwrap().iter().map(number).collect();
    // the ends are exact in any case
    assert_eq!((values[0], values[4]), (0.0, 5999.0));
    for (value, p) in values.iter().zip([0.0, 0.25, 0.5, 0.75, 1.0]) {
        assert!((value / 6000.0 - p).abs() <= error + 0.001, "{value} for {p}");
    }

    let text = quantile(&[]).text();
    assert!(text.starts_with("File name: t.xdf\n\nName "), "{text}");
    assert!(text.contains("x is estimated: ") && !text.contains("few is"), "{text}");
    let text = quantile(&["x", "--exact", "--probs", "0.001,0.5"]).text();
    let cells: Vec<&str> = text.lines().skip(2).flat_map(str::split_whitespace).collect();
    // (18 000 - 1) / 1000 = 17.999: between 5 and 6
    assert_eq!(cells, ["Name", "0.1%", "50%", "ValidObs", "x", "5.999", "2999.5", "18000"]);
}

#[test]
fn quantiles_of_what_has_none_are_refused() {
    let folder = flights_without_data();
    let quantile = |more: &[&str]| folder.xdf(["quantile", "flights.xdf"].iter().chain(more));
    quantile(&["arrdelay"])
        .fails(1, &["no column 'arrdelay'; did you mean 'ArrDelay'? the columns are: Year, "]);
    quantile(&["DayOfWeek"]).fails(1, &["'DayOfWeek'", "factor", "choose numbers, dates or timestamps"]);
    quantile(&["ArrDelay", "--probs", "1.5"]).fails(2, &["1.5 is no probability", "from 0 to 1"]);
    quantile(&["ArrDelay", "--probs", "-0.5"]).fails(2, &["-0.5 is no probability"]);
    folder.write("texts.csv", "name\nann\nbob\n");
    folder.xdf(["quantile", "texts.csv"]).fails(1, &["texts.csv", "no numbers, dates or timestamps"]);
}

/// Admissions at Berkeley, 1973, over all departments.
#[test]
fn cross_tabulations_have_margins_and_tests_and_cubes_a_line_for_each_cell() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "Gender,Admit,Freq\nMale,Admitted,1198\nMale,Rejected,1493\nFemale,Admitted,557\nFemale,Rejected,1278\n",
    );
    let crosstabs = |more: &[&str]| {
        folder.xdf(["crosstabs", more[0], "a.csv", "--strings-as-factors"].iter().chain(&more[1..]))
    };
    let text = crosstabs(&["Freq ~ Gender:Admit", "--margins", "--tests"]).text();
    for part in ["Cross Tabulation Results for: Freq ~ Gender:Admit", "1198", "2691", "4526", "91.6096"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = crosstabs(&["Freq ~ Gender:Admit", "--percentages", "--tests=kendall,odds", "--pairs"]).text();
    for part in
        ["   Row%", "Grand Total", "taub", "0.1427318", "oddsRatio", "1.84108", "riskRatio", "1.255303"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let cube = crosstabs(&["Freq ~ Gender:Admit", "--cube"]).text();
    assert!(cube.starts_with("Cube Results for: Freq ~ Gender:Admit\n"), "{cube}");
    assert!(cube.lines().any(|line| line.contains("Female") && line.contains("1278")), "{cube}");
    let written = crosstabs(&["Freq ~ Gender:Admit", "--cube", "-o", "cells.csv"]).text();
    assert!(written.starts_with("cells.csv: 4 rows, 4 columns"), "{written}");
    let rows = String::from_utf8(folder.read("cells.csv")).unwrap();
    assert!(rows.starts_with("Gender,Admit,Freq,Counts\nMale,Admitted,1198"), "{rows}");
    crosstabs(&["Freq ~ Gender:Admit", "--cube", "-o", "cells.csv"]).fails(1, &["cells.csv", "exists"]);
    crosstabs(&["Freq ~ Gender:Admit", "-o", "other.csv"]).fails(2, &["--cube"]);
    let counts = crosstabs(&["~ Gender", "--cube", "--json"]).json();
    assert_eq!(counts["validObs"], json!(4), "{counts}");

    crosstabs(&["~ Gender:Admit", "--statistic", "means"]).fails(2, &["no variable on the left", "y ~ a:b"]);
    crosstabs(&["~ Gender:Freq"]).fails(1, &["Freq"]);
    crosstabs(&["~ Gender:Admit", "--cube", "--tests"]).fails(2, &["--cube"]);
}

/// The example of the documentation of rxRoc.
#[test]
fn receiver_operating_characteristics_have_areas_and_thresholds() {
    let folder = Folder::new();
    let predictions = [0.6, 0.5, 0.4, 0.3, 0.2, 0.8, 0.7, 0.6, 0.5, 0.4];
    let row = |(i, p): (usize, &f64)| format!("{},{p},{}\n", i / 5, 1 - i / 5);
    let rows: String = predictions.iter().enumerate().map(row).collect();
    folder.write("p.csv", format!("actual,p,wrong\n{rows}"));
    let roc = |more: &[&str]| folder.xdf(["roc", "actual", "p"].iter().chain(more));
    let found = roc(&["wrong", "p.csv", "--thresholds", "11", "--exact", "--json"]).json();
    let areas: Vec<f64> =
        found["curves"].as_array().unwrap().iter().map(|curve| number(&curve["exactAuc"])).collect();
    assert_eq!(areas, [0.82, 0.0]);
    assert_eq!(found["curves"][0]["threshold"].as_array().unwrap().len(), 8);
    let text = roc(&["p.csv", "--thresholds", "11", "--table", "--keep-duplicates"]).text();
    assert!(text.starts_with("ROC Results for: actual ~ p\nFile name: p.csv\n"), "{text}");
    assert!(text.ends_with("11       1.0         0.0         1.0\n"), "{text}");

    roc(&["p.csv", "--thresholds", "1"]).fails(2, &["1 thresholds", "give 2"]);
    roc(&["p.csv", "--exact", "--memory", "100"]).fails(1, &["memory"]);
    folder.xdf(["roc", "p", "actual", "p.csv"]).fails(1, &["response 'p' is 0.6 in row 1", "0 or 1"]);
    folder.xdf(["roc", "actual", "p.csv"]).fails(2, &["PRED"]);
}

#[test]
fn histograms_lorenz_curves_and_components() {
    let folder = Folder::new();
    let rows = (0..200).map(|i| format!("{},{},{}\n", i % 20, i * 7 % 23, ["u", "v"][i % 2]));
    folder.write("t.csv", format!("x,y,g\n{}", rows.collect::<String>()));
    let found = folder.xdf([
        "histogram",
        "~ x | g",
        "t.csv",
        "--breaks",
        "5",
        "--start",
        "0",
        "--end",
        "20",
        "--json",
    ]);
    let found = found.json();
    assert_eq!(found["breaks"], json!([0.0, 5.0, 10.0, 15.0, 20.0]));
    assert_eq!(
        (&found["panels"][0]["levels"]["g"], &found["panels"][0]["counts"]),
        (&json!("u"), &json!([30, 20, 30, 20]))
    );
    let text = folder.xdf(["histogram", "~ F(x)", "t.csv", "--percent"]).text();
    assert!(
        text.starts_with("Histogram Results for: ~ F(x)\nFile name: t.csv\n")
            && text.contains("\n19 5.00 ███"),
        "{text}"
    );
    folder.xdf(["histogram", "~ x", "t.csv", "--breaks", "1"]).fails(2, &["1 bounds of bins"]);

    let found = folder.xdf(["lorenz", "x", "t.csv", "--exact", "--json"]).json();
    // 0 to 19, ten times each: (n + 1) / 3n of n values 0 to n - 1
    assert!(
        (number(&found["exactGini"]) - 0.35).abs() < 1e-12 && (number(&found["gini"]) - 0.35).abs() < 1e-12
    );
    let text = folder.xdf(["lorenz", "x", "t.csv", "--breaks", "2", "--table"]).text();
    assert!(text.contains("Gini coefficient: 0\n") && text.ends_with("2     100     100\n"), "{text}");

    let text = folder.xdf(["pca", "~ x + y", "t.csv", "--cor", "-o", "t.model"]).text();
    assert!(text.contains("Importance of components:") && text.contains("Comp.2"), "{text}");
    folder.xdf(["predict", "t.model", "t.csv", "-o", "scores.csv", "--quiet"]).text();
    let scores = String::from_utf8(folder.read("scores.csv")).unwrap();
    assert!(scores.starts_with("Comp.1,Comp.2\n") && scores.lines().count() == 201, "{scores}");
}
