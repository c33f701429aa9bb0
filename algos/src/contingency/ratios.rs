//! Odds ratios and risk ratios of tables of two by two.
//!
//! The logarithm of either is about normal, with variance 1/a + 1/b + 1/c + 1/d for the odds (Woolf 1955) and
//! 1/b − 1/(a + b) + 1/d − 1/(c + d) for the risks (Katz and others 1978). Intervals and tests are Wald's.

use crate::normal;
use crate::tails::{normal_quantile_two_sided, normal_two_sided};

/// What is held against a ratio of 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// Another ratio.
    #[default]
    TwoSided,
    /// A smaller one.
    Less,
    /// A larger one.
    Greater,
}

/// A ratio and its test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio: 0, infinite or NaN where entries are 0.
    pub estimate: f64,
    /// Its logarithm, which `RevoScaleR` prints as Z.
    pub log: f64,
    /// The standard error of the logarithm; infinite or NaN where entries are 0.
    pub std_error: f64,
    /// The interval of the ratio, open to one side for a one-sided alternative.
    pub interval: (f64, f64),
    /// The probability of a ratio as far out, under a ratio of 1.
    pub p_value: f64,
}

/// The odds of the first column in the first row by those in the second: ad / bc of the table a, b; c, d.
///
/// The interval has the ratio with probability `confidence` (0 to 1).
pub fn odds_ratio(table: &[f64; 4], confidence: f64, alternative: Alternative) -> Ratio {
    let [a, b, c, d] = *table;
    ratio((a / b) / (c / d), 1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d, confidence, alternative)
}

/// The probability of the second column in the second row by that in the first: d / (c + d) by b / (a + b) of the table
/// a, b; c, d.
///
/// The interval has the ratio with probability `confidence` (0 to 1).
pub fn risk_ratio(table: &[f64; 4], confidence: f64, alternative: Alternative) -> Ratio {
    let [a, b, c, d] = *table;
    let variance = 1.0 / b - 1.0 / (a + b) + 1.0 / d - 1.0 / (c + d);
    ratio((d / (c + d)) / (b / (a + b)), variance, confidence, alternative)
}

fn ratio(estimate: f64, variance: f64, confidence: f64, alternative: Alternative) -> Ratio {
    let (log, std_error) = (estimate.ln(), variance.sqrt());
    let z = log / std_error;
    let one_sided = |z: f64| if z.is_nan() { f64::NAN } else { normal::upper(z) };
    let limit = |tail: f64| normal_quantile_two_sided(tail) * std_error;
    let (both, one) = (limit(1.0 - confidence), limit(2.0 * (1.0 - confidence)));
    let (interval, p_value) = match alternative {
        Alternative::TwoSided => (((log - both).exp(), (log + both).exp()), normal_two_sided(z)),
        Alternative::Less => ((0.0, (log + one).exp()), one_sided(-z)),
        Alternative::Greater => (((log - one).exp(), f64::INFINITY), one_sided(z)),
    };
    Ratio { estimate, log, std_error, interval, p_value }
}
