//! Selection of terms: fit --step.

use super::{Folder, near};

/// Children, doses and two groups; x matters, z does not, and the last row lacks z.
const ROWS: &str = "\
y,n,x,z,g
2.1,1,1,5,a
3.9,2,2,1,b
6.2,3,3,4,a
7.8,4,4,2,b
10.1,5,5,7,a
12.2,8,6,3,b
13.8,9,7,6,a
16.1,14,8,1,b
18.0,18,9,9,a
19.8,26,10,2,b
21.0,30,11,,a
";

#[test]
fn linear_models_by_every_criterion() {
    let folder = Folder::new();
    folder.write("in.csv", ROWS);
    let fit = |formula: &str, arguments: &[&str]| {
        folder.xdf(["fit", "linmod", formula, "in.csv", "--strings-as-factors"].iter().chain(arguments))
    };
    let text = fit("y ~ x + z + g", &["--step", "backward", "--quiet"]).text();
    assert!(
        text.contains("Stepwise Model Path") && text.contains("Initial Model:\ny ~ x + z + g\n"),
        "{text}"
    );
    for criterion in ["aic", "bic", "p"] {
        let model =
            fit("y ~ 1", &["--step", "both", "--scope", "~ .", "--criterion", criterion, "--json"]).json();
        assert_eq!(model["formula_base"], "y ~ 1");
        assert_eq!(model["anova"]["Step"][1], "+ x", "{model}");
        // the row without z is left out of all models
        assert_eq!(model["n_missing_obs"], 1);
        assert!(model["coefficients"]["x"].is_number() && model["step_coefs"].is_null());
    }
    let kept =
        fit("y ~ z", &["--step", "stepwise", "--scope", "~ z * x", "--keep-step-coefs", "--json"]).json();
    assert_eq!(
        kept["step_coefs"]["z"].as_array().unwrap().len(),
        kept["anova"]["Step"].as_array().unwrap().len()
    );
    near(&kept["step_coefs"]["x"][0], 0.0, 0.0);
    let lower = fit("y ~ x + z", &["--step", "backward", "--lower", "~ z", "--json"]).json();
    assert!(lower["coefficients"]["z"].is_number());
    let none = fit("y ~ x + z", &["--step", "backward", "--max-steps", "0", "--json"]).json();
    assert_eq!(none["anova"]["Step"].as_array().unwrap().len(), 1);
}

#[test]
fn chances_and_counts() {
    let folder = Folder::new();
    folder.write("in.csv", ROWS);
    let poisson = ["fit", "glm", "n ~ z", "in.csv", "--family", "poisson", "--step", "stepwise"];
    let poisson = poisson.iter().chain(&["--scope", "~ x + z", "--test", "chisq"]);
    let cells = folder.xdf(poisson.clone().chain(&["--json"])).json();
    let rows = folder.xdf(poisson.clone().chain(&["--json", "--no-cells"])).json();
    assert_eq!(cells["anova"]["Step"], rows["anova"]["Step"]);
    assert_eq!(cells["anova"]["Step"][1], "+ x");
    let text = folder.xdf(poisson.chain(&["--quiet"])).text();
    assert!(text.contains("Pr(>Chi)"), "{text}");
    let logit = ["fit", "logit", "y > 9 ~ z", "in.csv", "--step", "forward", "--scope", "~ z + g"];
    let logit = folder.xdf(logit.iter().chain(&["--criterion", "p", "--p-to-add", "1", "--json"])).json();
    assert_eq!(logit["anova"]["Step"][1], "+ g");
}

#[test]
fn a_selected_model_predicts_from_its_own_columns() {
    let folder = Folder::new();
    folder.write("in.csv", ROWS);
    folder.write("new.csv", "x\n3\n");
    let fit =
        ["fit", "linmod", "y ~ 1", "in.csv", "--step", "forward", "--scope", "~ x + z", "--criterion", "bic"];
    folder.xdf(fit.iter().chain(&["-o", "m", "--quiet"])).text();
    folder.xdf(["predict", "m", "new.csv", "-o", "out.csv", "--quiet"]).text();
    let text = String::from_utf8(folder.read("out.csv")).unwrap();
    let predicted: f64 = text.lines().nth(1).unwrap().parse().unwrap();
    assert!((predicted - 6.0).abs() < 0.5, "{text}");
}

#[test]
fn what_cannot_be_searched() {
    let folder = Folder::new();
    folder.write("in.csv", ROWS);
    let fit = |formula: &str, arguments: &[&str]| {
        folder.xdf(["fit", "linmod", formula, "in.csv", "--strings-as-factors"].iter().chain(arguments))
    };
    fit("y ~ x", &["--scope", "~ x"]).fails(2, &["--step"]);
    fit("y ~ x", &["--step", "forward", "--scope", "~ z"]).fails(2, &["the upper scope lacks its term 'x'"]);
    fit("y ~ x", &["--step", "forward", "--lower", "~ z"])
        .fails(2, &["it lacks a term of the lower scope: 'z'"]);
    fit("y ~ x", &["--step", "forward", "--scope", "z ~ x"]).fails(2, &["a scope has terms and no response"]);
    fit("y ~ g", &["--step", "forward", "--cube"]).fails(2, &["terms cannot be selected in a cube"]);
    fit("cbind(y, n) ~ x", &["--step", "backward"]).fails(2, &["terms are selected for one response"]);
    fit("y ~ x", &["--step", "forward", "--penalty", "0"]).fails(2, &["k: a penalty is above 0"]);
    fit("y ~ x", &["--step", "forward", "--p-to-add", "2"]).fails(2, &["a level is a probability"]);
    fit("y ~ x", &["--step", "forward", "--scope", "~ x + nothing"]).fails(1, &["nothing"]);
    let quasi = ["fit", "glm", "n ~ x", "in.csv", "--family", "quasipoisson", "--step", "backward"];
    folder.xdf(quasi).fails(2, &["models of this family have no criterion by likelihood"]);
}
