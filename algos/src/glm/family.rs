//! Families: how the variance of a response depends on its mean.
//!
//! Every family here has a variance function `V(μ)`, a power of μ or `μ(1 − μ)`. What estimation needs follows from it:
//! with `θ(μ) = ∫ dμ/V(μ)` and `κ(μ) = ∫ μ dμ/V(μ)` the deviance of an observation y from μ is
//! `d(y, μ) = 2 [y (θ(y) − θ(μ)) − κ(y) + κ(μ)]` (McCullagh and Nelder, 9.2.2). It is a Bregman divergence, and so, for a
//! weighted sum over observations of mean m and total weight w, `Σ d(y, μ) = Σ d(y, m) + w d(m, μ)`: observations with
//! equal designs may be replaced by their mean ([`super::cells`]).
//!
//! Sources: R's `family` objects for starting values, domains and AIC; Dunn and Smyth 2005 for Tweedie's.

use std::fmt;

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::Link;
use crate::{Error, Result};

/// A distribution of the response, or only its variance function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Family {
    /// Variance constant.
    Gaussian,
    /// Variance `μ(1 − μ)`, responses between 0 and 1.
    Binomial,
    /// Variance μ, responses 0 and above.
    Poisson,
    /// Variance μ², responses above 0.
    Gamma,
    /// Variance μ³, responses above 0.
    InverseGaussian,
    /// As binomial, with a dispersion that is estimated.
    QuasiBinomial,
    /// As Poisson, with a dispersion that is estimated.
    QuasiPoisson,
    /// A variance function without a distribution.
    Quasi(Variance),
    /// Variance a power of μ: 0, or 1 and above.
    Tweedie {
        /// The power.
        power: f64,
    },
}

/// A variance as a function of the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Variance {
    /// `μ` to a power: 0, or 1 and above.
    Power(f64),
    /// `μ(1 − μ)`
    Binomial,
}

/// The families that [`Family::parse`] knows, as R writes them.
pub const FAMILIES: [&str; 9] = [
    "gaussian",
    "binomial",
    "poisson",
    "Gamma",
    "inverse.gaussian",
    "quasi",
    "quasibinomial",
    "quasipoisson",
    "tweedie",
];

impl Family {
    /// A family by its name in R, upper or lower case. `variance` is that of `quasi` (`constant`, `mu(1-mu)`, `mu`, `mu^2`,
    /// `mu^3`), `power` that of `tweedie`, 0 without one.
    ///
    /// # Errors
    /// A name that is not known, or a variance or power that does not belong to the family.
    pub fn parse(name: &str, variance: Option<&str>, power: Option<f64>) -> Result<Self> {
        let refuse = |option, reason: String| Err(Error::Option { option, reason });
        let family = match name.to_ascii_lowercase().as_str() {
            "gaussian" => Self::Gaussian,
            "binomial" => Self::Binomial,
            "poisson" => Self::Poisson,
            "gamma" => Self::Gamma,
            "inverse.gaussian" | "inverse-gaussian" => Self::InverseGaussian,
            "quasibinomial" => Self::QuasiBinomial,
            "quasipoisson" => Self::QuasiPoisson,
            "quasi" => Self::Quasi(match variance.unwrap_or("constant") {
                "constant" => Variance::Power(0.0),
                "mu(1-mu)" => Variance::Binomial,
                "mu" => Variance::Power(1.0),
                "mu^2" => Variance::Power(2.0),
                "mu^3" => Variance::Power(3.0),
                other => {
                    let known = "constant, mu(1-mu), mu, mu^2 and mu^3";
                    return refuse("variance", format!("'{other}' is not known; there are {known}"));
                }
            }),
            "tweedie" => Self::Tweedie { power: power.unwrap_or(0.0) },
            _ => {
                return refuse("family", format!("'{name}' is not known; there are {}", FAMILIES.join(", ")));
            }
        };
        if variance.is_some() && !matches!(family, Self::Quasi(_)) {
            return refuse("variance", format!("{family} has its own; only quasi takes one"));
        }
        if power.is_some() && !matches!(family, Self::Tweedie { .. }) {
            return refuse("variance power", format!("{family} has its own; only tweedie takes one"));
        }
        if let Self::Tweedie { power } = family
            && !(power == 0.0 || (power >= 1.0 && power.is_finite()))
        {
            let reason = format!("no family has the variance mu^{power}; the power is 0, or 1 and above");
            return refuse("variance power", reason);
        }
        Ok(family)
    }

    /// The variance function.
    pub fn variance(self) -> Variance {
        match self {
            Self::Gaussian => Variance::Power(0.0),
            Self::Binomial | Self::QuasiBinomial => Variance::Binomial,
            Self::Poisson | Self::QuasiPoisson => Variance::Power(1.0),
            Self::Gamma => Variance::Power(2.0),
            Self::InverseGaussian => Variance::Power(3.0),
            Self::Quasi(variance) => variance,
            Self::Tweedie { power } => Variance::Power(power),
        }
    }

    /// The link that is taken when none is given; Tweedie's is `μ^(1 − power)`, as in RevoScaleR.
    pub fn default_link(self) -> Link {
        match self {
            Self::Gaussian | Self::Quasi(_) => Link::Identity,
            Self::Binomial | Self::QuasiBinomial => Link::Logit,
            Self::Poisson | Self::QuasiPoisson => Link::Log,
            Self::Gamma => Link::Inverse,
            Self::InverseGaussian => Link::InverseSquare,
            Self::Tweedie { power } => Link::power(1.0 - power),
        }
    }

    /// The dispersion, where it is not estimated.
    pub fn dispersion(self) -> Option<f64> {
        matches!(self, Self::Binomial | Self::Poisson).then_some(1.0)
    }

    /// Where a mean to start from lies, near the response (R's `mustart`).
    pub(crate) fn start(self, y: f64, link: Link) -> f64 {
        let mu = match self.variance() {
            Variance::Binomial => f64::midpoint(y, 0.5),
            Variance::Power(1.0) => y + 0.1,
            Variance::Power(power) if power > 0.0 => {
                if y == 0.0 {
                    0.1
                } else {
                    y
                }
            }
            Variance::Power(_) => y,
        };
        // a normal response may be where the link is not
        if link.of(mu).is_finite() { mu } else { 0.1 }
    }

    /// −2 times the terms of an observation's log likelihood that only the response has a part in, for [`Family::aic`].
    pub(crate) fn constant(self, y: f64, weight: f64) -> f64 {
        match self {
            Self::Gaussian => -weight.ln(),
            Self::Binomial if y > 0.0 && y < 1.0 => {
                let (hits, misses) = (weight * y, weight * (1.0 - y));
                -2.0 * (ln_gamma(weight + 1.0) - ln_gamma(hits + 1.0) - ln_gamma(misses + 1.0))
                    - weight * (Variance::Binomial.deviance(y, 0.5) - 2.0 * std::f64::consts::LN_2)
            }
            Self::Poisson => {
                let saturated = if y > 0.0 { y * y.ln() - y } else { 0.0 };
                2.0 * weight * (ln_gamma(y + 1.0) - saturated)
            }
            Self::Gamma | Self::InverseGaussian => weight * y.ln(),
            _ => 0.0,
        }
    }

    /// Akaike's criterion as R counts it, less twice the rank; NaN without a distribution.
    ///
    /// `constant` is the sum of [`Family::constant`], `rows` and `weight` count observations and their weights.
    pub(crate) fn aic(self, deviance: f64, rows: f64, weight: f64, constant: f64) -> f64 {
        let tau = 2.0 * std::f64::consts::PI;
        match self {
            Self::Gaussian => rows * ((tau * deviance / rows).ln() + 1.0) + 2.0 + constant,
            Self::Binomial | Self::Poisson => deviance + constant,
            Self::Gamma => {
                let shape = weight / deviance;
                let fitted = shape * (-0.5 * deviance - weight - constant) + (shape - 1.0) * constant;
                -2.0 * (fitted + weight * (shape * shape.ln() - ln_gamma(shape))) + 2.0
            }
            Self::InverseGaussian => weight * ((deviance / weight * tau).ln() + 1.0) + 3.0 * constant + 2.0,
            _ => f64::NAN,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gaussian => "gaussian",
            Self::Binomial => "binomial",
            Self::Poisson => "poisson",
            Self::Gamma => "Gamma",
            Self::InverseGaussian => "inverse.gaussian",
            Self::QuasiBinomial => "quasibinomial",
            Self::QuasiPoisson => "quasipoisson",
            Self::Quasi(_) => "quasi",
            Self::Tweedie { .. } => "Tweedie",
        })
    }
}

impl Variance {
    /// `V(μ)`.
    pub fn of(self, mu: f64) -> f64 {
        match self {
            Self::Binomial => mu * (1.0 - mu),
            Self::Power(0.0) => 1.0,
            Self::Power(1.0) => mu,
            Self::Power(2.0) => mu * mu,
            Self::Power(3.0) => mu * mu * mu,
            Self::Power(power) => mu.powf(power),
        }
    }

    /// `d(y, μ)`.
    pub fn deviance(self, y: f64, mu: f64) -> f64 {
        match self {
            Self::Binomial => 2.0 * (times_log(y, y / mu) + times_log(1.0 - y, (1.0 - y) / (1.0 - mu))),
            Self::Power(0.0) => (y - mu) * (y - mu),
            Self::Power(1.0) => 2.0 * (times_log(y, y / mu) - (y - mu)),
            Self::Power(2.0) => 2.0 * ((y - mu) / mu - (y / mu).ln()),
            Self::Power(3.0) => (y - mu) * (y - mu) / (y * mu * mu),
            Self::Power(power) => {
                let (first, second) = (1.0 - power, 2.0 - power);
                let saturated = if y == 0.0 { 0.0 } else { y.powf(second) / (first * second) };
                2.0 * (saturated - y * mu.powf(first) / first + mu.powf(second) / second)
            }
        }
    }

    /// `θ(μ)`.
    pub(crate) fn canonical(self, mu: f64) -> f64 {
        match self {
            Self::Binomial => (mu / (1.0 - mu)).ln(),
            Self::Power(0.0) => mu,
            Self::Power(1.0) => mu.ln(),
            Self::Power(power) => mu.powf(1.0 - power) / (1.0 - power),
        }
    }

    /// Whether a mean may be here.
    pub(crate) fn takes_mean(self, mu: f64) -> bool {
        match self {
            Self::Binomial => mu > 0.0 && mu < 1.0,
            Self::Power(0.0) => mu.is_finite(),
            Self::Power(_) => mu > 0.0 && mu.is_finite(),
        }
    }

    /// Whether a response may be here.
    pub(crate) fn takes_response(self, y: f64) -> bool {
        y.is_finite()
            && match self {
                Self::Binomial => (0.0..=1.0).contains(&y),
                Self::Power(0.0) => true,
                Self::Power(power) if power < 2.0 => y >= 0.0,
                Self::Power(_) => y > 0.0,
            }
    }

    /// Where deviances are taken from: near a mean of responses, and well inside of the range of means.
    pub(crate) fn middle(self, mean: f64) -> f64 {
        match self {
            Self::Binomial => 0.5,
            _ if self.takes_mean(mean) => mean,
            Self::Power(0.0) => 0.0,
            Self::Power(_) => 1.0,
        }
    }

    /// A mean of responses that rounding may have moved out of their range.
    pub(crate) fn nearest(self, mean: f64) -> f64 {
        match self {
            Self::Binomial => mean.clamp(0.0, 1.0),
            Self::Power(0.0) => mean,
            Self::Power(_) => mean.max(0.0),
        }
    }

    /// What responses are taken, in words.
    pub(crate) fn responses(self) -> &'static str {
        match self {
            Self::Binomial => "between 0 and 1",
            Self::Power(0.0) => "finite",
            Self::Power(power) if power < 2.0 => "0 or more",
            Self::Power(_) => "above 0",
        }
    }
}

/// `x log r`, 0 where x is.
fn times_log(x: f64, ratio: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * ratio.ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIANCES: [Variance; 7] = [
        Variance::Binomial,
        Variance::Power(0.0),
        Variance::Power(1.0),
        Variance::Power(1.5),
        Variance::Power(2.0),
        Variance::Power(2.5),
        Variance::Power(3.0),
    ];

    #[test]
    fn deviances_grow_by_the_variance_function() {
        // ∂d/∂μ = −2 (y − μ) / V(μ)
        for variance in VARIANCES {
            for (y, mu) in [(0.2, 0.6), (0.9, 0.3), (0.5, 0.5)] {
                let h = 1e-6;
                let numeric = (variance.deviance(y, mu + h) - variance.deviance(y, mu - h)) / (2.0 * h);
                let exact = -2.0 * (y - mu) / variance.of(mu);
                assert!((numeric - exact).abs() < 1e-7, "{variance:?} {numeric} {exact}");
                let slope = (variance.canonical(mu + h) - variance.canonical(mu - h)) / (2.0 * h);
                assert!((slope * variance.of(mu) - 1.0).abs() < 1e-7, "{variance:?}");
            }
        }
    }

    #[test]
    fn observations_may_be_replaced_by_their_mean() {
        let (ys, weights) = ([0.2, 0.7, 0.4], [1.0, 2.0, 0.5]);
        let total: f64 = weights.iter().sum();
        let mean = ys.iter().zip(weights).map(|(y, w)| y * w).sum::<f64>() / total;
        for variance in VARIANCES {
            let sum =
                |mu: f64| ys.iter().zip(weights).map(|(&y, w)| w * variance.deviance(y, mu)).sum::<f64>();
            let split = sum(mean) + total * variance.deviance(mean, 0.35);
            assert!((sum(0.35) - split).abs() < 1e-13, "{variance:?}");
        }
    }

    #[test]
    fn names() {
        for name in FAMILIES {
            let family = Family::parse(name, None, None).unwrap();
            assert_eq!(family.to_string().to_lowercase(), name.to_lowercase());
        }
        let tweedie = Family::parse("Tweedie", None, Some(1.5)).unwrap();
        assert_eq!(tweedie.default_link(), Link::Power(-0.5));
        for (name, variance, power) in [
            ("normal", None, None),
            ("gamma", Some("mu"), None),
            ("tweedie", None, Some(0.5)),
            ("poisson", None, Some(1.0)),
        ] {
            assert!(Family::parse(name, variance, power).is_err(), "{name}");
        }
    }
}
