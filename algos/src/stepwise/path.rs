//! What a search did: its steps, and what it chose from.

use serde::{Deserialize, Serialize};

use super::Test;

/// The way of a search, the `anova` of RevoScaleR and of R's `step`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// The formula that the search started from.
    pub formula_base: String,
    /// The formula that it ended with.
    pub formula: String,
    /// The name of the criterion: `AIC`, `BIC`, or `Cp` of a linear model with a given variance.
    pub criterion: String,
    /// The test of each term, where there is one.
    pub test: Option<Test>,
    /// The first model, and then a model for each term that was dropped or added.
    pub steps: Vec<Step>,
    /// What could be dropped or added before each further step, and before the end.
    pub trials: Vec<Vec<Trial>>,
    /// The coefficients of each step, where they were kept.
    pub coefficients: Option<StepCoefficients>,
}

/// A step of a search. Numbers that do not exist are NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What was done: `- x`, `+ a:b`; empty for the first model.
    pub change: String,
    /// By how much the residual degrees of freedom grew.
    pub df: f64,
    /// By how much the deviance changed, without a sign.
    pub deviance: f64,
    /// The residual degrees of freedom of the model.
    pub residual_df: f64,
    /// Its deviance; of a linear model the sum of squared residuals.
    pub residual_deviance: f64,
    /// Its criterion.
    pub aic: f64,
    /// The statistic of the test of the term.
    pub statistic: f64,
    /// Its p value.
    pub p_value: f64,
}

/// A model that a search looked at: a row of R's `drop1` and `add1`. Numbers that do not exist are NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What could be done: `- x`, `+ a:b`; `<none>` for the model itself.
    pub change: String,
    /// The degrees of freedom of the term.
    pub df: f64,
    /// The deviance of the model that would come of it; NaN where it could not be fitted.
    pub deviance: f64,
    /// Its criterion.
    pub aic: f64,
    /// The statistic of the test of the term.
    pub statistic: f64,
    /// Its p value.
    pub p_value: f64,
}

/// Coefficients by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepCoefficients {
    /// The names of all coefficients of all steps, in the order in which they first appear.
    pub names: Vec<String>,
    /// For each step a number for each name: 0 for coefficients of terms that are not in the model, NaN for dropped ones.
    pub values: Vec<Vec<f64>>,
}

impl StepCoefficients {
    /// From the coefficients of each step by name.
    pub(super) fn new(steps: &[Vec<(String, f64)>]) -> Self {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in steps.iter().flatten() {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let value = |step: &[(String, f64)], name: &String| {
            step.iter().find(|(own, _)| own == name).map_or(0.0, |(_, value)| *value)
        };
        let values = steps.iter().map(|step| names.iter().map(|name| value(step, name)).collect()).collect();
        Self { names, values }
    }
}

impl Path {
    /// Whether its lists go together.
    pub(crate) fn is_consistent(&self) -> bool {
        self.coefficients.as_ref().is_none_or(|kept| {
            kept.values.len() == self.steps.len()
                && kept.values.iter().all(|values| values.len() == kept.names.len())
        })
    }
}
