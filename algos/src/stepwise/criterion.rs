//! How models are compared: criteria and tests, as `step`, `add1` and `drop1` of R compute them.

use super::{Criterion, StepControl, Test};
use crate::tails;

/// What a search is told of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Score {
    /// How many coefficients it has.
    pub(crate) rank: f64,
    /// Its deviance; NaN where it could not be fitted.
    pub(crate) deviance: f64,
    /// Akaike's criterion with a penalty of 2, for models that have it by likelihood; of no meaning for linear ones.
    pub(crate) aic: f64,
    /// The dispersion, 1 for linear models.
    pub(crate) dispersion: f64,
    /// Coefficients by name, where they are kept.
    pub(crate) coefficients: Vec<(String, f64)>,
}

/// What kind of models are compared, on how many observations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    /// By least squares: the deviance is a sum of squares.
    Squares { observations: f64 },
    /// By likelihood, of the normal distribution: the variance is part of it.
    Normal { observations: f64 },
    /// By another likelihood: the deviance over the dispersion.
    Likelihood {
        observations: f64,
        /// Whether the dispersion is estimated.
        estimated: bool,
    },
}

/// A test of a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tested {
    pub(super) statistic: f64,
    pub(super) p_value: f64,
}

/// The criterion and test of a search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    measure: Measure,
    scale: f64,
    penalty: f64,
    /// The test of each term.
    pub(super) test: Option<Test>,
}

impl Measure {
    fn observations(self) -> f64 {
        match self {
            Self::Squares { observations }
            | Self::Normal { observations }
            | Self::Likelihood { observations, .. } => observations,
        }
    }
}

impl Rules {
    pub(super) fn new(control: &StepControl, measure: Measure) -> Self {
        let penalty = match control.criterion {
            Criterion::Bic => measure.observations().ln(),
            Criterion::Aic | Criterion::SigLevel => control.k,
        };
        let usual = match measure {
            Measure::Likelihood { estimated: false, .. } => Test::Chisq,
            _ => Test::F,
        };
        let needed = (control.criterion == Criterion::SigLevel).then_some(usual);
        Self { measure, scale: control.scale, penalty, test: control.test.or(needed) }
    }

    /// Whether the criterion of a linear model takes a given variance.
    pub(super) fn is_cp(&self) -> bool {
        self.scale > 0.0 && matches!(self.measure, Measure::Squares { .. })
    }

    pub(super) fn residual_df(&self, score: &Score) -> f64 {
        self.measure.observations() - score.rank
    }

    /// The criterion of a model of the search.
    pub(super) fn criterion(&self, score: &Score) -> f64 {
        match self.measure {
            Measure::Squares { .. } => self.fit(score, 1.0) + self.penalty * score.rank,
            _ => score.aic + (self.penalty - 2.0) * score.rank,
        }
    }

    /// The criterion of a model one term away from `current`, whose dispersion counts for both.
    pub(super) fn criterion_beside(&self, current: &Score, score: &Score) -> f64 {
        self.criterion(current)
            + (self.fit(score, current.dispersion) - self.fit(current, current.dispersion))
            + self.penalty * (score.rank - current.rank)
    }

    /// Minus twice the log likelihood, up to a constant.
    fn fit(&self, score: &Score, dispersion: f64) -> f64 {
        let n = self.measure.observations();
        match self.measure {
            Measure::Likelihood { .. } if self.scale > 0.0 => score.deviance / self.scale,
            Measure::Likelihood { .. } => score.deviance / dispersion,
            _ if self.scale > 0.0 => score.deviance / self.scale - n,
            _ => n * (score.deviance / n).ln(),
        }
    }

    /// The test of the terms that two models differ in; NaN where they have equally many coefficients.
    pub(super) fn test(&self, current: &Score, score: &Score) -> Tested {
        let (small, large) = if score.rank < current.rank { (score, current) } else { (current, score) };
        let df = large.rank - small.rank;
        let rest = self.residual_df(large);
        if self.test == Some(Test::Chisq) {
            let fit = |score| self.fit(score, current.dispersion);
            let statistic = (fit(small) - fit(large)).max(0.0);
            return Tested { statistic, p_value: tails::chi_squared_upper(statistic, df) };
        }
        let statistic = if df > 0.0 {
            (small.deviance - large.deviance).max(0.0) / df / (large.deviance / rest)
        } else {
            f64::NAN
        };
        Tested { statistic, p_value: tails::f_upper(statistic, df, rest) }
    }
}
