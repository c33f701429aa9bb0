//! From data to classes: fit naivebayes, predict.

use serde_json::json;

use super::{Folder, near, number};

#[test]
fn classes_and_their_probabilities() {
    let folder = Folder::new();
    folder.flights();
    let fit =
        ["fit", "naivebayes", "Late ~ DayOfWeek + CRSDepTime", "flights.xdf", "--smoothing-factor", "1"];
    let model = folder.xdf(fit.iter().chain(&["-o", "late.model", "--json"])).json();
    assert_eq!((&model["kind"], &model["levels"]), (&json!("naive_bayes"), &json!(["FALSE", "TRUE"])));
    assert_eq!(number(&model["n_valid_obs"]) + number(&model["n_missing_obs"]), 5000.0);
    let means = folder.xdf(["summary", "CRSDepTime", "flights.xdf", "--where", "Late", "--json"]).json();
    near(&model["tables"][1]["means"][1], number(&means["sDataFrame"][0]["Mean"]), 1e-12);
    near(&model["tables"][1]["std_devs"][1], number(&means["sDataFrame"][0]["StdDev"]), 1e-12);
    let text = folder.xdf(fit).text();
    assert!(text.contains("A priori probabilities:\nLate\n") && text.contains("$CRSDepTime\n"), "{text}");

    let predict = ["predict", "late.model", "flights.xdf", "--quiet", "-o"];
    folder.xdf(predict.iter().chain(&["c.csv"])).text();
    folder.xdf(predict.iter().chain(&["p.csv", "--scale", "prob", "--extra-vars", "Late"])).text();
    let lines = |name: &str| -> Vec<String> {
        String::from_utf8(folder.read(name)).unwrap().lines().map(str::to_owned).collect()
    };
    let (classes, chances) = (lines("c.csv"), lines("p.csv"));
    assert_eq!((classes[0].as_str(), chances[0].as_str()), ("Late_Pred", "Late,FALSE_prob,TRUE_prob"));
    assert_eq!((classes.len(), chances.len()), (5001, 5001));
    for (class, chances) in classes.iter().zip(&chances).skip(1).step_by(97) {
        let chances: Vec<f64> = chances.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect();
        assert!((chances[0] + chances[1] - 1.0).abs() < 1e-12);
        assert_eq!(class.contains("TRUE"), chances[1] > chances[0]);
    }
    let residuals = predict.iter().chain(&["r.csv", "--residuals"]);
    folder.xdf(residuals).fails(2, &["classes have none"]);
    folder
        .xdf(["fit", "naivebayes", "ArrDelay ~ DayOfWeek", "flights.xdf"])
        .fails(1, &["ArrDelay", "condition"]);
}
