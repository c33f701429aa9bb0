//! Generalized linear models against R's `glm` over a grid of family, link, weights, offset and terms.
//!
//! `golden/glm.R` made the data and the results; `golden/glm_statsmodels.py` has checked a part of them with statsmodels.
//! All cases are fitted by cells and by rows.

mod tables;

use algos::design::{LabelStyle, Weights};
use algos::glm::{Family, Glm, GlmModel, GlmOptions};
use algos::model::Model;
use algos::predict::PredictOptions;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use engine::{BlockSource, Local, ScanOptions};
use serde::Deserialize;
use std::collections::BTreeMap;
use tables::{assert_close, policies};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    family: String,
    link: String,
    variance: Option<String>,
    power: Option<f64>,
    formula: String,
    weights: Option<String>,
    offset: Option<String>,
    coefficients: BTreeMap<String, f64>,
    std_errors: BTreeMap<String, f64>,
    p_values: BTreeMap<String, f64>,
    deviance: f64,
    null_deviance: f64,
    aic: Option<f64>,
    dispersion: f64,
    df: [f64; 2],
    fitted: Vec<f64>,
    fitted_errors: Vec<f64>,
}

fn fit(case: &Case, source: &dyn BlockSource, cells: usize) -> GlmModel {
    let options = GlmOptions {
        family: Family::parse(&case.family, case.variance.as_deref(), case.power).unwrap(),
        link: Some(case.link.parse().unwrap()),
        weights: Weights { probability: case.weights.clone(), frequency: None },
        offset: case.offset.clone(),
        // as R drops columns
        drop_first: true,
        drop_main: false,
        labels: LabelStyle::R,
        cov_coef: true,
        coefficient_tolerance: 1e-10,
        objective_function_tolerance: 0.0,
        max_iterations: 200,
        cells,
        ..GlmOptions::default()
    };
    let estimator = Glm::new(&case.formula).unwrap().with_options(options).unwrap();
    engine::fit(&estimator, source, &ScanOptions::default().with_block_rows(100), &Local::new(2)).unwrap()
}

/// Whether our numbers are not R's on purpose.
impl Case {
    /// R rounds the numbers of hits and trials of binomial observations.
    fn has_other_aic(&self) -> bool {
        self.family == "binomial" && (self.weights.is_some() || self.formula.starts_with("prop"))
    }

    /// RevoScaleR tests Poisson's coefficients by t.
    fn has_other_test(&self) -> bool {
        self.family == "poisson"
    }

    fn check(&self, model: &GlmModel, source: &dyn BlockSource) {
        assert!(model.converged, "{}", model.summary());
        let mut kept = 0;
        for (i, name) in model.coefficient_names.iter().enumerate() {
            let Some(&b) = self.coefficients.get(name) else {
                assert!(model.aliased[i], "{name} is not in R's model");
                continue;
            };
            kept += 1;
            assert_close(model.coef_std_error[i], self.std_errors[name], 1e-6);
            // relative to what is known of the coefficient
            assert!((model.coefficients[i] - b).abs() < 1e-6 * (b.abs() + self.std_errors[name]), "{name}");
            if !self.has_other_test() {
                assert_close(model.coef_p_value[i], self.p_values[name], 1e-4);
            }
        }
        assert_eq!(kept, self.coefficients.len());
        assert_close(model.deviance, self.deviance, 1e-9);
        assert_close(model.null_deviance, self.null_deviance, 1e-9);
        assert_close(model.dispersion, self.dispersion, 1e-6);
        assert_eq!([model.df[1], model.df_null], self.df);
        if !self.has_other_aic() {
            assert_close(model.aic, self.aic.unwrap_or(f64::NAN), 1e-9);
        }
        let block = source.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
        let options = PredictOptions { std_errors: true, ..PredictOptions::default() };
        let predicted = model.predict(&block, &options).unwrap();
        let column = |i: usize| predicted.column(i).as_primitive::<Float64Type>().values().to_vec();
        for (got, expected) in
            column(0).iter().zip(&self.fitted).chain(column(1).iter().zip(&self.fitted_errors))
        {
            assert_close(*got, *expected, 1e-6);
        }
    }
}

#[test]
fn the_grid_of_r() {
    let golden: Golden = serde_json::from_str(include_str!("golden/glm.json")).unwrap();
    assert!(golden.cases.len() > 150);
    let source = policies();
    for case in &golden.cases {
        for cells in [16 << 20, 0] {
            println!(
                "{} {} {} weights {:?} offset {:?} cells {cells}",
                case.family, case.link, case.formula, case.weights, case.offset
            );
            case.check(&fit(case, &source, cells), &source);
        }
    }
}
