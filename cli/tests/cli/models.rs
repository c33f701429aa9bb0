//! From data to predictions: summary, fit linmod, predict, demo.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Folder, near, number};

/// Delays by day of the week, and time, delay and day of every row, straight from the text.
struct Plain {
    by_day: BTreeMap<String, Vec<f64>>,
    rows: Vec<(f64, Option<f64>, String)>,
}

fn plain(text: &str) -> Plain {
    let mut plain = Plain { by_day: BTreeMap::new(), rows: Vec::new() };
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let delay: Option<f64> = (!cells[10].is_empty()).then(|| cells[10].parse().unwrap());
        plain.by_day.entry(cells[3].to_owned()).or_default().extend(delay);
        plain.rows.push((cells[4].parse().unwrap(), delay, cells[3].to_owned()));
    }
    plain
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn generated_flights_are_summarised_fitted_predicted_and_exported() {
    let folder = Folder::new();
    folder.xdf(["generate", "airline", "--rows", "60k", "-o", "flights.csv", "--quiet"]).text();
    let plain = plain(&String::from_utf8(folder.read("flights.csv")).unwrap());
    let delays: Vec<f64> = plain.rows.iter().filter_map(|row| row.1).collect();
    folder.xdf(["import", "flights.csv", "-o", "flights.xdf", "--strings-as-factors", "--quiet"]).text();

    let summary = folder
        .xdf(["summary", "~ ArrDelay + DayOfWeek + ArrDelay:DayOfWeek", "flights.xdf", "--json"])
        .json();
    let first = &summary["sDataFrame"][0];
    assert_eq!(first["Name"], "ArrDelay");
    near(&first["Mean"], mean(&delays), 1e-12);
    assert_eq!(number(&first["ValidObs"]), delays.len() as f64);
    assert_eq!(number(&first["MissingObs"]), (60_000 - delays.len()) as f64);
    let text = folder.xdf(["summary", "ArrDelay + DayOfWeek", "flights.xdf"]).text();
    assert!(text.starts_with("Call:\nxdf summary 'ArrDelay + DayOfWeek' flights.xdf\n"), "{text}");
    assert!(text.contains("Summary Statistics Results for: ~ArrDelay + DayOfWeek\n"), "{text}");
    assert!(text.contains("Category Counts for DayOfWeek\n"), "{text}");

    let cube =
        ["fit", "linmod", "ArrDelay ~ DayOfWeek", "flights.xdf", "--cube", "--json", "-o", "cube.model"];
    let cube = folder.xdf(cube).json();
    for (day, delays) in &plain.by_day {
        near(&cube["coefficients"][format!("DayOfWeek={day}")], mean(delays), 1e-10);
    }
    assert_eq!(number(&cube["n_valid_obs"]), delays.len() as f64);

    let formula = "ArrDelay ~ DayOfWeek + CRSDepTime";
    let fit = ["fit", "linmod", formula, "flights.xdf", "-o", "delay.model", "--cov"];
    let text = folder.xdf(fit).text();
    assert!(text.contains("CRSDepTime") && text.contains("Dropped"), "{text}");
    let call = "xdf fit linmod 'ArrDelay ~ DayOfWeek + CRSDepTime' flights.xdf -o delay.model --cov\n";
    assert!(text.contains(call), "{text}");
    assert!(text.contains("\n60,000 rows in ") && text.contains("\nModel: delay.model ("), "{text}");
    let fitted = folder.xdf(fit.iter().chain(&["--overwrite", "--json"])).json();
    let coefficient = |name: &str| fitted["coefficients"][name].as_f64().unwrap_or(0.0);

    let predict = [
        "predict",
        "delay.model",
        "flights.xdf",
        "-o",
        "predicted.xdf",
        "--residuals",
        "--std-errors",
        "--interval",
        "confidence",
        "--extra-vars",
        "DayOfWeek",
    ];
    let report = folder.xdf(predict.iter().chain(&["--json"])).json();
    assert_eq!((&report["numRows"], &report["numVars"]), (&json!(60_000), &json!(6)));
    folder.xdf(["export", "predicted.xdf", "-o", "predicted.csv", "--quiet"]).text();
    let predicted = String::from_utf8(folder.read("predicted.csv")).unwrap();
    assert_eq!(
        predicted.lines().next().unwrap(),
        "DayOfWeek,ArrDelay_Pred,ArrDelay_StdErr,ArrDelay_Lower,ArrDelay_Upper,ArrDelay_Resid"
    );
    for (line, (time, delay, day)) in predicted.lines().skip(1).zip(&plain.rows).step_by(997) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[0], day);
        let Some(delay) = delay else {
            assert!(
                cells[1..].iter().all(|cell| cell.is_empty()),
                "without a response there are no residuals"
            );
            continue;
        };
        let expected = coefficient("(Intercept)")
            + coefficient(&format!("DayOfWeek={day}"))
            + time * coefficient("CRSDepTime");
        let predicted: f64 = cells[1].parse().unwrap();
        // CRSDepTime is read as float64 from the text
        assert!((predicted - expected).abs() < 1e-9, "{line}: {expected}");
        assert!((cells[5].parse::<f64>().unwrap() - (delay - predicted)).abs() < 1e-9);
    }
    let to_stdout =
        folder.xdf(["predict", "delay.model", "flights.xdf", "-o", "-", "--max-rows", "3"]).text();
    assert_eq!(to_stdout.lines().count(), 4);
}

#[test]
fn every_format_and_number_of_threads_gives_the_same_model() {
    let folder = Folder::new();
    for name in ["a.csv", "a.xdf", "a.parquet", "a.arrow", "a.arrows"] {
        folder.xdf(["generate", "airline", "--rows", "30k", "-o", name, "--quiet"]).text();
    }
    let fit = |name: &str, threads: &str| -> Value {
        let levels = "DayOfWeek=Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday";
        let text = ["--factor", levels, "--type", "CRSDepTime=float32", "--type", "ArrDelay=int32"];
        let fit =
            ["fit", "linmod", "ArrDelay ~ DayOfWeek + CRSDepTime", name, "--json", "--threads", threads];
        let text: &[&str] = if name == "a.csv" { &text } else { &[] };
        let mut model = folder.xdf(fit.iter().chain(text)).json();
        for key in ["call", "seconds"] {
            model.as_object_mut().unwrap().remove(key);
        }
        model
    };
    let expected = fit("a.xdf", "1");
    assert!(number(&expected["coefficients"]["CRSDepTime"]) > 0.0);
    for (name, threads) in [
        ("a.xdf", "2"),
        ("a.csv", "2"),
        ("a.csv", "1"),
        ("a.parquet", "2"),
        ("a.arrow", "1"),
        ("a.arrows", "2"),
    ] {
        assert_eq!(fit(name, threads), expected, "{name} with {threads} threads");
    }
}

#[test]
fn weights_selections_and_computed_columns_reach_the_model() {
    let folder = Folder::new();
    folder.write("in.csv", "x,y,n\n1,2,1\n2,4.5,2\n3,5.5,3\n4,9,0\n5,100,1\n");
    folder.write("long.csv", "x,y\n1,2\n2,4.5\n2,4.5\n3,5.5\n3,5.5\n3,5.5\n");
    let fit =
        |arguments: &[&str]| folder.xdf(["fit", "linmod"].iter().chain(arguments).chain(&["--json"])).json();
    let weighted = fit(&["y ~ x", "in.csv", "--fweights", "n", "--where", "x < 5"]);
    let long = fit(&["y ~ x", "long.csv"]);
    near(&weighted["coefficients"]["x"], number(&long["coefficients"]["x"]), 1e-12);
    near(&weighted["sigma"][0], number(&long["sigma"][0]), 1e-12);
    let halved = fit(&["y ~ h", "long.csv", "--compute", "h = x / 2"]);
    near(&halved["coefficients"]["h"], 2.0 * number(&long["coefficients"]["x"]), 1e-12);
    let first = fit(&["y ~ F(x)", "long.csv", "--drop-first", "--cov"]);
    assert!(first["cov_coef"].is_array());
    let both = ["fit", "linmod", "y ~ x", "in.csv", "--fweights", "n", "--pweights", "n"];
    assert_eq!(folder.xdf(both).code, 2);
    let summary =
        folder.xdf(["summary", "~ y", "in.csv", "--fweights", "n", "--where", "x < 5", "--json"]).json();
    assert_eq!(number(&summary["sDataFrame"][0]["ValidObs"]), 6.0);
    near(&summary["sDataFrame"][0]["Mean"], 27.5 / 6.0, 1e-12);
}

#[test]
fn the_airline_numbers_of_the_documentation_come_out() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/AirlineDemoSmall.csv.gz");
    if !std::path::Path::new(shared).exists() {
        eprintln!("skipped: needs ../shared");
        return;
    }
    let folder = Folder::new();
    let import = [
        "import",
        shared,
        "-o",
        "airline.xdf",
        "--missing",
        "M",
        "--type",
        "CRSDepTime=float32",
        "--factor",
        "DayOfWeek=Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday",
        "--rows-per-block",
        "200000",
    ];
    assert!(folder.xdf(import).text().starts_with("airline.xdf: 600,000 rows, 3 columns, "));
    let info = folder.xdf(["info", "airline.xdf", "--vars"]).text();
    for line in [
        "Number of observations: 600000",
        "Number of variables: 3",
        "Number of blocks: 3",
        "Var 1: ArrDelay, Type: integer, Storage: int32, Low/High: (-86, 1490)",
        "Var 2: CRSDepTime, Type: numeric, Storage: float32, Low/High: (0.0167, 23.9833)",
        "       7 factor levels: Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    ] {
        assert!(info.lines().any(|found| found == line), "'{line}' is not in:\n{info}");
    }
    let summary = folder.xdf(["summary", "~ ArrDelay + CRSDepTime + DayOfWeek", "airline.xdf"]).text();
    for text in ["11.31794", "40.688536", "582628", "17372", "13.48227", "97975", "94975"] {
        assert!(summary.contains(text), "{text} is not in:\n{summary}");
    }
    let fit = ["fit", "linmod", "ArrDelay ~ DayOfWeek", "airline.xdf", "-o", "day.model"];
    let model = folder.xdf(fit.iter().chain(&["--json"])).json();
    for (name, value) in
        [("(Intercept)", 10.331_805_8), ("DayOfWeek=Monday", 1.693_798_1), ("DayOfWeek=Friday", 4.472_529)]
    {
        near(&model["coefficients"][name], value, 1e-7);
    }
    assert_eq!(model["coefficients"]["DayOfWeek=Sunday"], Value::Null);
    folder.xdf(["predict", "day.model", "airline.xdf", "-o", "predicted.xdf", "--quiet"]).text();
    let summary = folder.xdf(["summary", "ArrDelay_Pred", "predicted.xdf", "--json"]).json();
    near(&summary["sDataFrame"][0]["Mean"], 11.323_407, 1e-7);
    near(&summary["sDataFrame"][0]["StdDev"], 1.760_001, 1e-6);
    assert_eq!(number(&summary["sDataFrame"][0]["ValidObs"]), 600_000.0);
}

#[test]
fn the_demo_shows_every_step_and_cleans_up() {
    let folder = Folder::new();
    let text = folder.xdf(["demo", "--rows", "20k"]).text();
    for part in
        ["== Generate 20,000 rows", "Number of observations: 20000", "== Fit a linear model", "predict "]
    {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(folder.contents().is_empty());
    let steps = folder.xdf(["demo", "--rows", "20k", "--dir", "files", "--json"]).json();
    let names: Vec<&str> =
        steps["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["generate", "import", "summary", "fit", "predict"]);
    assert!(folder.path("files/predicted.xdf").exists());
    folder.xdf(["demo", "--rows", "10k", "--dir", "files", "--json"]).json();
}
