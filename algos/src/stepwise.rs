//! Stepwise selection of the terms of a model: `rxStepControl`, R's `step`.
//!
//! A search goes from the model of a formula to better ones by dropping or adding one term at a time, within the terms of
//! a scope. The models are compared by Akaike's criterion or a multiple of its penalty, or terms come and go by their
//! p values. Terms respect marginality: no term is dropped that is part of an interaction in the model, and none is
//! added before the terms that are part of it (`scope.rs`, the rules of R's `factor.scope`).
//!
//! All models are compared on the same rows: a row with a missing value in any variable of the scope is left out of all.
//!
//! `search.rs` knows nothing of data. It says which models it wants to know about, and is told their ranks and deviances;
//! linear models find those by factoring parts of one matrix of cross products ([`crate::linear`]), generalized ones by
//! fitting each of them ([`crate::glm`]).

mod criterion;
mod json;
mod path;
mod print;
mod scope;
mod search;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

pub(crate) use criterion::{Measure, Score};
pub use path::{Path, Step, StepCoefficients, Trial};
pub(crate) use scope::{Scope, columns_read};
pub(crate) use search::Search;

/// Which way a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Terms are dropped and added.
    Stepwise,
    /// Terms are dropped.
    Backward,
    /// Terms are added.
    Forward,
}

/// What tells the better of two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Criterion {
    /// Akaike's criterion: minus twice the log likelihood plus [`StepControl::k`] for each coefficient. Smaller is better.
    #[default]
    Aic,
    /// The same with the logarithm of the number of observations as the penalty (Schwarz).
    Bic,
    /// The p values of the terms, as in SAS: a term comes when its p value is small, and goes when it is large.
    SigLevel,
}

/// A test of one term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// F, with the residual variance of the larger of the two models.
    F,
    /// The ratio of likelihoods.
    Chisq,
}

/// How terms are selected; the defaults are those of `rxStepControl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepControl {
    /// Which way; `None` is [`Method::Stepwise`] if there is a scope, else [`Method::Backward`].
    pub method: Option<Method>,
    /// Terms that all models have, as a formula without a response; `None` for none but the intercept of the formula.
    pub lower: Option<String>,
    /// All terms that models may have, as a formula without a response; `None` for those of the formula. `.` stands for
    /// the terms of the formula, and for all columns where it has none.
    pub upper: Option<String>,
    /// What tells the better model.
    pub criterion: Criterion,
    /// The penalty for a coefficient in Akaike's criterion, above 0.
    pub k: f64,
    /// The variance or dispersion that the criterion is to take, above 0; 0 to estimate it. With a variance, the criterion of a linear model
    /// is Mallows' Cp.
    pub scale: f64,
    /// The test of each term; `None` for none, or where terms go by p values, for F in models whose dispersion is
    /// estimated and the ratio of likelihoods in others.
    pub test: Option<Test>,
    /// The largest p value with which a term is added; `None` for 0.50 forward and 0.15 stepwise.
    pub max_sig_level_to_add: Option<f64>,
    /// A term with a larger p value is dropped; `None` for 0.10 backward and 0.15 stepwise.
    pub min_sig_level_to_drop: Option<f64>,
    /// The most terms to drop or add.
    pub max_steps: u32,
    /// Keep the coefficients of each step.
    pub keep_coefficients: bool,
}

impl Default for StepControl {
    fn default() -> Self {
        Self {
            method: None,
            lower: None,
            upper: None,
            criterion: Criterion::Aic,
            k: 2.0,
            scale: 0.0,
            test: None,
            max_sig_level_to_add: None,
            min_sig_level_to_drop: None,
            max_steps: 1000,
            keep_coefficients: false,
        }
    }
}

impl StepControl {
    /// The method, chosen or by default.
    pub(crate) fn method(&self) -> Method {
        let has_scope = self.lower.is_some() || self.upper.is_some();
        self.method.unwrap_or(if has_scope { Method::Stepwise } else { Method::Backward })
    }

    /// The largest p value with which a term is added.
    fn level_to_add(&self) -> f64 {
        self.max_sig_level_to_add.unwrap_or(if self.method() == Method::Forward { 0.50 } else { 0.15 })
    }

    /// The largest p value with which a term stays.
    fn level_to_drop(&self) -> f64 {
        self.min_sig_level_to_drop.unwrap_or(if self.method() == Method::Backward { 0.10 } else { 0.15 })
    }

    /// Checks the numbers, and that a cube is not wanted together with a search.
    pub(crate) fn check(&self, cube: bool) -> Result<()> {
        let refuse =
            |option, reason: &str| -> Result<()> { Err(Error::Option { option, reason: reason.to_owned() }) };
        if cube {
            return refuse("variable_selection", "terms cannot be selected in a cube; leave out 'cube'");
        }
        if !(self.k > 0.0 && self.k.is_finite()) {
            return refuse("k", "a penalty is above 0");
        }
        if !(self.scale >= 0.0 && self.scale.is_finite()) {
            return refuse("scale", "a scale is 0, to be estimated, or above");
        }
        for (option, level) in [
            ("max_sig_level_to_add", self.max_sig_level_to_add),
            ("min_sig_level_to_drop", self.min_sig_level_to_drop),
        ] {
            if level.is_some_and(|level| !(0.0..=1.0).contains(&level)) {
                return refuse(option, "a level is a probability, from 0 to 1");
            }
        }
        Ok(())
    }
}
