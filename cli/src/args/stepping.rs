//! How terms of a model are selected.

use algos::stepwise::{Criterion, Method, StepControl, Test};
use clap::{Args, ValueEnum};

/// Options of a search for terms.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection of terms")]
pub(crate) struct Stepping {
    /// Drop and add terms one at a time, as long as the model becomes better
    #[arg(long, value_name = "HOW")]
    step: Option<How>,
    /// All terms that models may have: '~ terms', where . stands for those of FORMULA, or for all columns if it has none [default: those of FORMULA]
    #[arg(long, value_name = "TERMS", requires = "step", allow_hyphen_values = true)]
    scope: Option<String>,
    /// Terms that are never dropped: '~ terms'
    #[arg(long, value_name = "TERMS", requires = "step", allow_hyphen_values = true)]
    lower: Option<String>,
    /// What tells the better model: Akaike's criterion, Schwarz', or the p values of the terms
    #[arg(long, value_name = "NAME", default_value = "aic", requires = "step")]
    criterion: By,
    /// Penalty of a coefficient in Akaike's criterion
    #[arg(long, value_name = "K", default_value_t = 2.0, requires = "step")]
    penalty: f64,
    /// Variance or dispersion that the criterion takes, 0 to estimate it
    #[arg(long, value_name = "X", default_value_t = 0.0, requires = "step")]
    dispersion: f64,
    /// Test of each term that is dropped or added [default: for --criterion p, f if the dispersion is estimated, else chisq]
    #[arg(long, value_name = "NAME", requires = "step")]
    test: Option<Statistic>,
    /// With --criterion p: the largest p value with which a term is added [default: 0.5 forward, 0.15 stepwise]
    #[arg(long, value_name = "P", requires = "step")]
    p_to_add: Option<f64>,
    /// With --criterion p: a term with a larger p value is dropped [default: 0.1 backward, 0.15 stepwise]
    #[arg(long, value_name = "P", requires = "step")]
    p_to_drop: Option<f64>,
    /// The most terms to drop or add
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "step")]
    max_steps: u32,
    /// Keep the coefficients of each step, which --json prints
    #[arg(long, requires = "step")]
    keep_step_coefs: bool,
}

/// Which way to go.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum How {
    /// Drop and add
    #[value(alias = "both")]
    Stepwise,
    /// Only add
    Forward,
    /// Only drop
    Backward,
}

/// What tells the better model.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Aic,
    Bic,
    #[value(alias = "siglevel")]
    P,
}

/// A test of a term.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Statistic {
    F,
    Chisq,
}

impl Stepping {
    /// The search that is wanted, if one is.
    pub(crate) fn control(&self) -> Option<StepControl> {
        let method = match self.step? {
            How::Stepwise => Method::Stepwise,
            How::Forward => Method::Forward,
            How::Backward => Method::Backward,
        };
        Some(StepControl {
            method: Some(method),
            lower: self.lower.clone(),
            upper: self.scope.clone(),
            criterion: match self.criterion {
                By::Aic => Criterion::Aic,
                By::Bic => Criterion::Bic,
                By::P => Criterion::SigLevel,
            },
            k: self.penalty,
            scale: self.dispersion,
            test: self.test.map(|test| match test {
                Statistic::F => Test::F,
                Statistic::Chisq => Test::Chisq,
            }),
            max_sig_level_to_add: self.p_to_add,
            min_sig_level_to_drop: self.p_to_drop,
            max_steps: self.max_steps,
            keep_coefficients: self.keep_step_coefs,
        })
    }
}
