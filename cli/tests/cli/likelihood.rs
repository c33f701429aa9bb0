//! From data to chances: fit logit, fit glm, predict.

use super::{Folder, near, number};

#[test]
fn chances_of_being_late() {
    let folder = Folder::new();
    folder.flights();
    let formula = "Late ~ DayOfWeek + CRSDepTime + UniqueCarrier";
    let fit = ["fit", "logit", formula, "flights.xdf"];
    let cells = folder.xdf(fit.iter().chain(&["-o", "late.model", "--cov", "--json"])).json();
    assert_eq!((&cells["kind"], &cells["converged"]), (&"logit".into(), &true.into()));
    assert!(number(&cells["cells"]) < number(&cells["n_valid_obs"]));
    let tight = ["--objective-tolerance", "1e-14", "--json"];
    let rows = folder.xdf(fit.iter().chain(&tight).chain(&["--no-cells"])).json();
    let binomial = ["fit", "glm", formula, "flights.xdf", "--family", "binomial"];
    let binomial = folder.xdf(binomial.iter().chain(&tight)).json();
    assert!(rows["cells"].is_null());
    for (name, b) in rows["coefficients"].as_object().unwrap() {
        if b.is_null() {
            assert!(cells["coefficients"][name].is_null());
            continue;
        }
        near(&binomial["coefficients"][name], number(b), 1e-6);
        near(&cells["coefficients"][name], number(b), 1e-3);
    }
    let text = folder.xdf(fit).text();
    assert!(text.contains("Logistic Regression Results for: Late ~ DayOfWeek + CRSDepTime"), "{text}");
    assert!(text.contains("-2*LogLikelihood: ") && text.contains("z value"), "{text}");
    assert!(text.contains("Condition number of final variance-covariance matrix: "), "{text}");

    let predict = ["predict", "late.model", "flights.xdf", "--std-errors", "--interval", "confidence"];
    folder.xdf(predict.iter().chain(&["-o", "p.csv", "--quiet"])).text();
    folder.xdf(predict.iter().chain(&["-o", "eta.csv", "--scale", "link", "--quiet"])).text();
    let rows = |name: &str| -> Vec<Vec<Option<f64>>> {
        let text = String::from_utf8(folder.read(name)).unwrap();
        assert_eq!(text.lines().next().unwrap(), "Late_Pred,Late_StdErr,Late_Lower,Late_Upper");
        text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().ok()).collect()).collect()
    };
    let (chances, predictors) = (rows("p.csv"), rows("eta.csv"));
    assert_eq!(chances.len(), 5000);
    for (p, eta) in chances.iter().zip(&predictors).step_by(97) {
        let (Some(p), Some(eta)) = (p[0], eta[0]) else { continue };
        assert!((p - 1.0 / (1.0 + (-eta).exp())).abs() < 1e-6, "{p} {eta}");
    }
}

#[test]
fn families_links_and_what_is_none() {
    let folder = Folder::new();
    folder.write("in.csv", "n,x,e\n1,1,0\n3,2,0.1\n2,3,0\n6,4,0.2\n9,5,0\n7,6,0.1\n");
    let fit = |arguments: &[&str]| folder.xdf(["fit", "glm", "n ~ x", "in.csv"].iter().chain(arguments));
    let text = fit(&["--family", "poisson", "--offset", "e", "--quiet"]).text();
    assert!(text.contains("Offset: e\n") && text.contains("Family-link: poisson-log\n"), "{text}");
    let power = fit(&["--family", "tweedie", "--variance-power", "1.5", "--link", "log", "--json"]).json();
    assert_eq!(power["family"], "Tweedie");
    assert!(power["aic"].is_null());
    let start = fit(&["--family", "Gamma", "--link", "log", "--initial-values", "-1,0.5", "--json"]).json();
    assert_eq!(start["converged"], true);
    let described = fit(&["--cov-data", "--json"]).json();
    near(&described["cov_data"][0][0], 3.5, 1e-12);
    fit(&["--cube-predictions"]).fails(2, &["--cube"]);
    fit(&["--family", "normal"]).fails(2, &["family: 'normal' is not known; there are gaussian, binomial"]);
    fit(&["--link", "lag"]).fails(2, &["link: 'lag' is not known"]);
    fit(&["--family", "binomial"]).fails(1, &["response 'n' is 3 in row 2; it must be between 0 and 1"]);
    fit(&["--max-iterations", "0"]).fails(2, &["max_iterations"]);
    fit(&["--offset", "f"]).fails(1, &["'f'"]);
    folder.write("apart.csv", "y,x\n0,1\n0,2\n1,3\n1,4\n");
    let text = folder.xdf(["fit", "logit", "y ~ x", "apart.csv", "--quiet"]).text();
    assert!(text.contains("Warning: some terms predict the response without fault (separation)"), "{text}");
}
