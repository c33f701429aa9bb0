//! From data to clusters: fit kmeans, predict.

use serde_json::json;

use super::{Folder, near, number};

#[test]
fn clusters_are_found_saved_and_written() {
    let folder = Folder::new();
    folder.flights();
    let fit = ["fit", "kmeans", "~ ArrDelay + CRSDepTime", "flights.xdf", "-k", "4", "--starts", "3"];
    let model = folder.xdf(fit.iter().chain(&["-o", "delays.model", "--json"])).json();
    assert_eq!((&model["kind"], &model["names"]), (&json!("kmeans"), &json!(["ArrDelay", "CRSDepTime"])));
    assert_eq!((&model["params"]["num_starts"], &model["converged"]), (&json!(3), &json!(true)));
    let size: Vec<f64> = model["size"].as_array().unwrap().iter().map(number).collect();
    assert_eq!(size.iter().sum::<f64>(), number(&model["valid_obs"]));
    assert_eq!(number(&model["valid_obs"]) + number(&model["missing_obs"]), 5000.0);
    let passes = folder.xdf(fit.iter().chain(&["--no-rows-in-memory", "--json"])).json();
    near(&passes["tot_withinss"], number(&model["tot_withinss"]), 1e-12);

    let more = ["--clusters-file", "c.csv", "--clusters-column", "c", "--extra-vars", "ArrDelay"];
    let text = folder.xdf(fit.iter().chain(&more)).text();
    assert!(text.contains("K-means clustering with 4 clusters of sizes "), "{text}");
    assert!(text.contains("\nClusters: c.csv: 5,000 rows ("), "{text}");
    let rows = String::from_utf8(folder.read("c.csv")).unwrap();
    assert_eq!(rows.lines().next(), Some("ArrDelay,c"));
    for (cluster, size) in (1..).zip(&size) {
        let own = rows.lines().skip(1).filter(|row| row.split(',').nth(1) == Some(&cluster.to_string()));
        assert_eq!(own.count() as f64, *size);
    }
    folder
        .xdf(["predict", "delays.model", "flights.xdf", "-o", "p.csv", "--scale", "distance", "--quiet"])
        .text();
    let predicted = String::from_utf8(folder.read("p.csv")).unwrap();
    assert_eq!(
        predicted.lines().next(),
        Some(".rxCluster,.rxDistance1,.rxDistance2,.rxDistance3,.rxDistance4")
    );
    for row in predicted.lines().skip(1).step_by(97) {
        let cells: Vec<Option<f64>> = row.split(',').map(|cell| cell.parse().ok()).collect();
        let Some(cluster) = cells[0] else { continue };
        let least = cells[1..].iter().flatten().fold(f64::INFINITY, |a, &b| a.min(b));
        assert_eq!(cells[cluster as usize], Some(least));
    }
}

#[test]
fn centers_can_be_given_and_mistakes_are_told() {
    let folder = Folder::new();
    folder.write("t.csv", "x,y\n1,0\n2,0\n-10,5\n-12,5\n");
    let fit = ["fit", "kmeans", "~ x + y", "t.csv"];
    let model = folder.xdf(fit.iter().chain(&["--center", "-10,5", "--center", "1,0", "--json"])).json();
    assert_eq!(
        (&model["centers"], &model["num_iterations"]),
        (&json!([[-11.0, 5.0], [1.5, 0.0]]), &json!(2))
    );
    let fails = |more: &[&str], code, text: &str| folder.xdf(fit.iter().chain(more)).fails(code, &[text]);
    fails(&["--center", "1,2", "--center", "1"], 2, "--center: a center has 1 numbers, another 2");
    fails(&["--center", "1", "--center", "2"], 2, "take 4 numbers, but there are 2");
    fails(&["-k", "5"], 2, "only 4 complete rows");
    fails(&["-k", "2", "--clusters-file", "t.csv", "--overwrite"], 2, "would replace its own data");
    folder.write("c.csv", "keep");
    fails(&["-k", "2", "--clusters-file", "c.csv"], 1, "c.csv");
    assert_eq!(folder.read("c.csv"), b"keep");
}
