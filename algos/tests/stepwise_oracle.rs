//! Selection of terms against R's `step`, `add1` and `drop1`, and a search by p values on top of them.
//!
//! `golden/step.R` made the data and the results. Generalized linear models are searched by cells and by rows.

use std::path::Path as File;

use algos::design::Weights;
use algos::glm::{Family, Glm, GlmOptions};
use algos::linear::{LinMod, LinModOptions};
use algos::stepwise::{Criterion, Method, Path, Step, StepControl, Test, Trial};
use engine::source::text::{TextOptions, TextSource};
use engine::{Local, ScanOptions};
use serde::Deserialize;

mod tables;
use tables::assert_close;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    data: String,
    formula: String,
    direction: String,
    upper: Option<String>,
    lower: Option<String>,
    family: Option<String>,
    bic: bool,
    k: f64,
    scale: f64,
    test: Option<String>,
    weights: Option<String>,
    offset: Option<String>,
    levels: Option<[f64; 2]>,
    change: Vec<String>,
    df: Option<Column>,
    deviance: Option<Column>,
    residual_df: Vec<f64>,
    residual_deviance: Vec<f64>,
    aic: Option<Column>,
    p: Option<Column>,
    first: Vec<First>,
}

/// A number for each step.
type Column = Vec<Option<f64>>;

type Number = fn(&Step) -> f64;

/// A row of R's `drop1` or `add1` of the first model.
#[derive(Deserialize)]
struct First {
    term: String,
    df: f64,
    deviance: f64,
    aic: f64,
    statistic: Option<f64>,
    p: Option<f64>,
}

fn cases() -> Vec<Case> {
    let golden: Golden = serde_json::from_str(include_str!("golden/step.json")).unwrap();
    golden.cases
}

fn source(name: &str) -> TextSource {
    let folder = File::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let path = if name == "policies" { "policies.csv".into() } else { format!("step/{name}.csv") };
    let options = TextOptions { missing: vec!["NA".into()], ..TextOptions::default() };
    TextSource::open(vec![folder.join(path)], options).unwrap()
}

impl Case {
    fn control(&self) -> StepControl {
        StepControl {
            method: Some(match self.direction.as_str() {
                "both" => Method::Stepwise,
                "backward" => Method::Backward,
                _ => Method::Forward,
            }),
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            criterion: match (self.bic, self.levels) {
                (_, Some(_)) => Criterion::SigLevel,
                (true, None) => Criterion::Bic,
                (false, None) => Criterion::Aic,
            },
            k: self.k,
            scale: self.scale,
            test: self.test.as_deref().map(|test| if test == "F" { Test::F } else { Test::Chisq }),
            max_sig_level_to_add: self.levels.map(|[add, _]| add),
            min_sig_level_to_drop: self.levels.map(|[_, drop]| drop),
            ..StepControl::default()
        }
    }

    fn weights(&self) -> Weights {
        Weights { probability: self.weights.clone(), frequency: None }
    }

    fn linear(&self, threads: usize) -> Path {
        let options = LinModOptions {
            weights: self.weights(),
            variable_selection: Some(self.control()),
            ..LinModOptions::default()
        };
        let estimator = LinMod::new(&self.formula).unwrap().with_options(options).unwrap();
        let scan = ScanOptions::default().with_block_rows(17);
        let model = engine::fit(&estimator, &source(&self.data), &scan, &Local::new(threads)).unwrap();
        let path = model.anova.clone().unwrap();
        // the table and the model are of one computation each
        let last = path.steps.last().unwrap();
        assert_close(model.deviance[0], last.residual_deviance, 1e-10);
        assert_eq!(model.df[1], last.residual_df);
        assert_eq!(model.design.formula, path.formula);
        path
    }

    fn likelihood(&self, family: &str, cells: usize) -> Path {
        let options = GlmOptions {
            family: Family::parse(family, None, None).unwrap(),
            weights: self.weights(),
            offset: self.offset.clone(),
            coefficient_tolerance: 1e-10,
            objective_function_tolerance: 1e-13,
            max_iterations: 100,
            variable_selection: Some(self.control()),
            cells,
            ..GlmOptions::default()
        };
        let estimator = Glm::new(&self.formula).unwrap().with_options(options).unwrap();
        let scan = ScanOptions::default().with_block_rows(50);
        let model = engine::fit(&estimator, &source(&self.data), &scan, &Local::new(2)).unwrap();
        assert!(model.converged, "{}", model.summary());
        assert_eq!(model.cells.is_some(), cells > 0);
        let path = model.anova.clone().unwrap();
        let last = path.steps.last().unwrap();
        assert_close(model.deviance, last.residual_deviance, 1e-9);
        assert_eq!(model.df[1], last.residual_df);
        assert_eq!(model.design.formula, path.formula);
        path
    }

    fn check(&self, path: &Path) {
        let changes: Vec<String> = path.steps.iter().map(|step| sorted(&step.change)).collect();
        let expected: Vec<String> = self.change.iter().map(|change| sorted(change)).collect();
        assert_eq!(changes, expected, "{path}");
        let numbers = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        let columns: [(Option<Column>, Number); 6] = [
            (self.df.clone(), |step| step.df),
            (self.deviance.clone(), |step| step.deviance),
            (Some(numbers(&self.residual_df)), |step| step.residual_df),
            (Some(numbers(&self.residual_deviance)), |step| step.residual_deviance),
            (self.aic.clone(), |step| step.aic),
            (self.p.clone(), |step| step.p_value),
        ];
        for (expected, number) in columns {
            for (step, expected) in path.steps.iter().zip(expected.into_iter().flatten()) {
                close(number(step), expected, self.tolerance());
            }
        }
        for first in &self.first {
            let found = path.trials[0].iter().find(|trial| sorted(&trial.change[2..]) == sorted(&first.term));
            self.check_trial(found.unwrap(), first);
        }
        if !self.first.is_empty() {
            // and the model itself
            assert_eq!(path.trials[0].len(), self.first.len() + 1);
            assert_eq!(path.trials[0][0].change, "<none>");
        }
    }

    fn check_trial(&self, trial: &Trial, first: &First) {
        assert_eq!(trial.df, first.df);
        close(trial.deviance, Some(first.deviance), self.tolerance());
        close(trial.aic, Some(first.aic), self.tolerance());
        if first.statistic.is_some() {
            close(trial.statistic, first.statistic, self.tolerance());
        }
        if self.test.is_some() {
            close(trial.p_value, first.p, self.tolerance());
        }
    }

    /// How near to R's numbers ours are to be; iterations end at a tolerance.
    fn tolerance(&self) -> f64 {
        if self.family.is_some() { 1e-6 } else { 1e-9 }
    }
}

/// Both nothing, or near relative to the larger, or to 1: a criterion may be near 0.
#[track_caller]
fn close(got: f64, expected: Option<f64>, tolerance: f64) {
    match expected {
        None => assert!(got.is_nan(), "{got}"),
        Some(expected) => {
            assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{got} {expected}");
        }
    }
}

/// A change with the variables of its term in alphabetical order and without blanks.
fn sorted(change: &str) -> String {
    let text: String = change.split_whitespace().collect();
    let mut parts: Vec<&str> = text.split(':').collect();
    if let Some(first) = parts.first_mut() {
        *first = first.trim_start_matches(['+', '-']);
    }
    parts.sort_unstable();
    let sign = text.chars().next().filter(|sign| "+-".contains(*sign));
    sign.into_iter().collect::<String>() + &parts.join(":")
}

#[test]
fn linear_models() {
    for case in cases().iter().filter(|case| case.family.is_none()) {
        case.check(&case.linear(2));
        assert_eq!(format!("{:?}", case.linear(1)), format!("{:?}", case.linear(3)));
    }
}

#[test]
fn generalized_linear_models() {
    for case in cases() {
        let Some(family) = &case.family else { continue };
        case.check(&case.likelihood(family, 16 << 20));
        case.check(&case.likelihood(family, 0));
    }
}
