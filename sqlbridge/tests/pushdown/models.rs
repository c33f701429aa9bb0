//! Linear models, covariances and cubes.

use algos::covariance::{CovCor, CovCorOptions, MatrixKind};
use algos::cube::Cube;
use algos::design::Weights;
use algos::linear::{LinMod, LinModOptions};
use serde_json::to_value;

use crate::rows::{rows, sorted};
use crate::servers;
use crate::{Both, assert_close};

#[test]
fn linear_models() {
    for server in servers::all() {
        let mut both = Both::new(server, "linear models", &rows(800));
        let weighted = |probability: Option<&str>, frequency: Option<&str>| LinModOptions {
            weights: Weights {
                probability: probability.map(str::to_owned),
                frequency: frequency.map(str::to_owned),
            },
            cov_coef: true,
            ..LinModOptions::default()
        };
        for (formula, options) in [
            ("y ~ x + n", weighted(None, None)),
            ("y ~ x + far + flag", weighted(None, None)),
            ("y ~ x - 1", weighted(None, None)),
            ("y ~ x:n + I(x^2) + log(n + 10)", weighted(None, None)),
            ("y ~ day + x", weighted(None, None)),
            ("y ~ day * x + F(n)", weighted(None, None)),
            ("y ~ day:F(n, -2, 2) - 1", weighted(None, None)),
            ("y ~ day + N(day):x", weighted(None, None)),
            ("y ~ F(n, -1, 3, exclude = FALSE):x", weighted(None, None)),
            ("y ~ x + day", weighted(Some("weight"), None)),
            ("y ~ x + day", weighted(None, Some("times"))),
            ("y ~ x + day", weighted(Some("weight"), Some("times"))),
        ] {
            let estimator = LinMod::new(formula).unwrap().with_options(options).unwrap();
            let (remote, local) = both.fit(&estimator);
            assert!(local.n_missing_obs > 0 || !formula.contains('n'), "{formula}");
            let path = format!("{:?} {formula}", server.dialect);
            assert_close(&to_value(&remote).unwrap(), &to_value(&local).unwrap(), &path);
        }
    }
}

#[test]
fn covariances() {
    for server in servers::all() {
        let mut both = Both::new(server, "covariances", &rows(600));
        for (weights, keep_all) in [
            (Weights::default(), true),
            (Weights { probability: Some("weight".into()), frequency: None }, true),
            (Weights { probability: None, frequency: Some("times".into()) }, false),
        ] {
            let options = CovCorOptions { weights, keep_all, ..CovCorOptions::default() };
            let estimator = CovCor::new("~ x + far + n + day + flag").unwrap().with_options(options);
            let (remote, local) = both.fit(&estimator);
            assert!(local.missing_obs > 0);
            for kind in [MatrixKind::Cor, MatrixKind::Cov, MatrixKind::Sscp] {
                let path = format!("{:?} {kind:?}", server.dialect);
                assert_close(&remote.to_json(kind), &local.to_json(kind), &path);
            }
        }
    }
}

#[test]
fn cubes_of_selected_and_computed_rows() {
    for server in servers::all() {
        for (formula, weights) in [
            ("y ~ day:F(n)", Weights::default()),
            ("~ day:size", Weights { probability: None, frequency: Some("times".into()) }),
            ("y ~ F(late):day", Weights { probability: Some("weight".into()), frequency: None }),
        ] {
            let mut both = Both::new(server, "cubes", &sorted(&rows(600), "size"))
                .compute("late", "ifelse(flag == 1 & n > 1, 2, n %/% 3)")
                .select("(day %in% c('Any', \"Mon'day\") or n >= 0) & !(x < -0.9 & flag == 1)");
            let (remote, local) = both.fit(&Cube::new(formula).unwrap().with_weights(weights));
            assert_close(&remote.to_json(false), &local.to_json(false), formula);
        }
    }
}
