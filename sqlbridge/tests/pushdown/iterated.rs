//! Models of several passes: each pass is a query.

use algos::design::Weights;
use algos::glm::{Family, Glm, GlmOptions, Initial, Link};
use algos::kmeans::{KMeans, KMeansOptions};
use engine::{Local, ScanOptions};
use serde_json::to_value;

use crate::rows::rows;
use crate::servers;
use crate::{Both, assert_close};

fn options() -> GlmOptions {
    // by rows, as a database does it
    GlmOptions { cells: 0, cov_coef: true, ..GlmOptions::default() }
}

fn weights(probability: Option<&str>, frequency: Option<&str>) -> Weights {
    Weights { probability: probability.map(str::to_owned), frequency: frequency.map(str::to_owned) }
}

#[test]
fn logistic_models() {
    for server in servers::all() {
        let mut both = Both::new(server, "logistic models", &rows(800));
        for (formula, options) in [
            ("event ~ x + n", options()),
            ("event ~ day + x:day + F(n)", options()),
            ("event ~ x + day - 1", GlmOptions { weights: weights(Some("weight"), None), ..options() }),
            ("event ~ x + F(n)", GlmOptions { weights: weights(None, Some("times")), ..options() }),
            ("event ~ x + day", GlmOptions { offset: Some("y".into()), ..options() }),
            (
                "event ~ day + x",
                GlmOptions { cube: true, cov_coef: false, cube_predictions: true, ..options() },
            ),
            ("event ~ x + n", GlmOptions { cov_data: true, initial_values: Initial::Response, ..options() }),
        ] {
            let estimator = Glm::logit(formula).unwrap().with_options(options).unwrap();
            let (remote, local) = both.fit(&estimator);
            assert!(local.converged && local.n_missing_obs > 0, "{formula}");
            let path = format!("{:?} {formula}", server.dialect);
            assert_close(&to_value(&remote).unwrap(), &to_value(&local).unwrap(), &path);
        }
    }
}

#[test]
fn generalized_linear_models() {
    for server in servers::all() {
        let mut both = Both::new(server, "generalized linear models", &rows(500))
            .compute("positive", "exp(y / 4)")
            .compute("share", "(times + 1) / 5");
        let of = |family: Family, link: Option<Link>| GlmOptions { family, link, ..options() };
        for (formula, options) in [
            ("y ~ x + day", of(Family::Gaussian, None)),
            (
                "y ~ x + day",
                GlmOptions { weights: weights(Some("times"), None), ..of(Family::Gaussian, None) },
            ),
            ("times ~ x + day", of(Family::Poisson, None)),
            (
                "times ~ x + day",
                GlmOptions { offset: Some("share".into()), ..of(Family::QuasiPoisson, None) },
            ),
            ("positive ~ x + n", of(Family::Gamma, Some(Link::Log))),
            ("positive ~ x + n", of(Family::InverseGaussian, Some(Link::Log))),
            ("positive ~ x + day", of(Family::Tweedie { power: 1.5 }, Some(Link::Log))),
            ("positive ~ x", of(Family::Gamma, None)),
            ("share ~ x + day", of(Family::QuasiBinomial, None)),
            (
                "share ~ x + day",
                GlmOptions { weights: weights(Some("times"), None), ..of(Family::Binomial, None) },
            ),
            ("event ~ x + n", of(Family::Binomial, Some(Link::Cloglog))),
            ("event ~ x + n", of(Family::Binomial, Some(Link::Cauchit))),
        ] {
            let estimator = Glm::new(formula).unwrap().with_options(options).unwrap();
            let (remote, local) = both.fit(&estimator);
            let path = format!("{:?} {formula} {} {}", server.dialect, local.params.family, local.link);
            assert_close(&to_value(&remote).unwrap(), &to_value(&local).unwrap(), &path);
        }
    }
}

#[test]
fn clusters() {
    for server in servers::all() {
        let mut both = Both::new(server, "clusters", &rows(600)).select("day != 'Any'");
        for (formula, centers) in [
            ("~ x + n + y", vec![0.0, 0.0, 0.0, 1.0, 3.0, 2.0, -1.0, -2.0, -3.0]),
            ("~ far + y", vec![1e9, 0.0, 1e9 + 1.0, 1.0]),
            ("~ x + day", [[0.0; 5], [1.0; 5], [-1.0; 5]].concat()),
        ] {
            let clusters = if formula.contains("far") { 2 } else { 3 };
            let options = KMeansOptions { clusters, centers: Some(centers), ..KMeansOptions::default() };
            let kmeans = KMeans::new(formula).unwrap().with_options(options).unwrap();
            let remote = kmeans.fit_aggregated(&mut both.database).unwrap();
            let local = kmeans.fit(both.source.as_ref(), &ScanOptions::default(), &Local::new(2)).unwrap();
            assert!(local.iterations > 3, "{formula}");
            let path = format!("{:?} {formula}", server.dialect);
            assert_close(&to_value(&remote).unwrap(), &to_value(&local).unwrap(), &path);
        }
    }
    let mut any = servers::all().iter().map(|server| Both::new(server, "clusters", &rows(50)));
    if let Some(both) = any.next().as_mut() {
        let error = KMeans::new("~ x").unwrap().fit_aggregated(&mut both.database).unwrap_err().to_string();
        assert!(error.contains("centers"), "{error}");
    }
}
