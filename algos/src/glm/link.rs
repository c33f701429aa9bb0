//! Links: what of a mean is linear.
//!
//! `g(μ) = η`. Every link has its inverse and the slope `dμ/dη` of the inverse, each computed from η directly, so that
//! tails keep their digits. References: McCullagh and Nelder, *Generalized Linear Models*, 2nd edition, 2.2.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, normal};

/// A function of the mean that is linear in the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Link {
    /// `μ`
    Identity,
    /// `log μ`
    Log,
    /// `1/μ`
    Inverse,
    /// `1/μ²`
    InverseSquare,
    /// `√μ`
    Sqrt,
    /// `log(μ/(1 − μ))`
    Logit,
    /// The standard normal quantile of μ.
    Probit,
    /// `log(−log(1 − μ))`
    Cloglog,
    /// The standard Cauchy quantile of μ.
    Cauchit,
    /// `μ` to a power other than 0.
    Power(f64),
}

/// The names that [`Link::from_str`] takes, as R writes them; a number stands for a power.
pub const LINKS: [&str; 9] =
    ["identity", "log", "inverse", "1/mu^2", "sqrt", "logit", "probit", "cloglog", "cauchit"];

/// The least and largest probabilities that are computed with.
pub(super) const MARGIN: f64 = f64::EPSILON;

impl Link {
    /// A power of the mean; 0 is the logarithm.
    pub fn power(power: f64) -> Self {
        match power {
            0.0 => Self::Log,
            1.0 => Self::Identity,
            -1.0 => Self::Inverse,
            -2.0 => Self::InverseSquare,
            0.5 => Self::Sqrt,
            _ => Self::Power(power),
        }
    }

    /// `g(μ)`.
    pub fn of(self, mu: f64) -> f64 {
        match self {
            Self::Identity => mu,
            Self::Log => mu.ln(),
            Self::Inverse => 1.0 / mu,
            Self::InverseSquare => 1.0 / (mu * mu),
            Self::Sqrt => mu.sqrt(),
            Self::Logit => (mu / (1.0 - mu)).ln(),
            Self::Probit => normal::quantile(mu),
            Self::Cloglog => (-(-mu).ln_1p()).ln(),
            Self::Cauchit => (PI * (mu - 0.5)).tan(),
            Self::Power(power) => mu.powf(power),
        }
    }

    /// The mean and the slope `dμ/dη` at a linear predictor; NaN where the link has no inverse.
    pub fn inverse(self, eta: f64) -> (f64, f64) {
        match self {
            Self::Identity => (eta, 1.0),
            Self::Log => {
                let mu = eta.exp().max(MARGIN);
                (mu, mu)
            }
            Self::Inverse => (1.0 / eta, -1.0 / (eta * eta)),
            Self::InverseSquare => {
                let mu = 1.0 / eta.sqrt();
                (mu, -0.5 * mu / eta)
            }
            Self::Sqrt => (eta * eta, 2.0 * eta),
            Self::Logit => {
                let e = (-eta.abs()).exp();
                let small = e / (1.0 + e);
                let mu = if eta > 0.0 { 1.0 - small } else { small };
                (within(mu), (small / (1.0 + e)).max(MARGIN))
            }
            Self::Probit => {
                let mu = normal::upper(-eta);
                let slope = (-0.5 * eta * eta).exp() / (2.0 * PI).sqrt();
                (within(mu), slope.max(MARGIN))
            }
            Self::Cloglog => {
                // beyond this the exponential of the exponential is 0
                let e = eta.min(700.0).exp();
                (within(-(-e).exp_m1()), (e * (-e).exp()).max(MARGIN))
            }
            Self::Cauchit => {
                let mu = 0.5 + eta.atan() / PI;
                (within(mu), (1.0 / (PI * (1.0 + eta * eta))).max(MARGIN))
            }
            Self::Power(power) => {
                let mu = eta.powf(1.0 / power);
                (mu, mu / (power * eta))
            }
        }
    }
}

fn within(mu: f64) -> f64 {
    mu.clamp(MARGIN, 1.0 - MARGIN)
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Log => "log",
            Self::Inverse => "inverse",
            Self::InverseSquare => "1/mu^2",
            Self::Sqrt => "sqrt",
            Self::Logit => "logit",
            Self::Probit => "probit",
            Self::Cloglog => "cloglog",
            Self::Cauchit => "cauchit",
            Self::Power(power) => return write!(f, "mu^{power}"),
        })
    }
}

impl FromStr for Link {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "identity" => Self::Identity,
            "log" => Self::Log,
            "inverse" => Self::Inverse,
            "1/mu^2" => Self::InverseSquare,
            "sqrt" => Self::Sqrt,
            "logit" => Self::Logit,
            "probit" => Self::Probit,
            "cloglog" => Self::Cloglog,
            "cauchit" => Self::Cauchit,
            other => match other.trim_start_matches("mu^").parse::<f64>() {
                Ok(power) if power.is_finite() => Self::power(power),
                _ => {
                    return Err(Error::Option {
                        option: "link",
                        reason: format!(
                            "'{other}' is not known; there are {} and powers of the mean such as mu^0.5",
                            LINKS.join(", ")
                        ),
                    });
                }
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_and_slopes() {
        let links = LINKS.iter().map(|name| name.parse::<Link>().unwrap());
        for link in links.chain([Link::power(0.3), Link::power(-0.5)]) {
            for mu in [0.02, 0.3, 0.5, 0.77, 0.999] {
                let eta = link.of(mu);
                let (back, slope) = link.inverse(eta);
                assert!((back / mu - 1.0).abs() < 1e-11, "{link} {mu} {back}");
                let h = 1e-5 * eta.abs().max(1e-3);
                let numeric = (link.inverse(eta + h).0 - link.inverse(eta - h).0) / (2.0 * h);
                assert!((slope / numeric - 1.0).abs() < 1e-5, "{link} {mu} {slope} {numeric}");
            }
            assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
        }
        assert!("logarithm".parse::<Link>().is_err());
    }

    #[test]
    fn tails_stay_inside() {
        for link in [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit] {
            for eta in [-1e4, -40.0, 40.0, 1e4] {
                let (mu, slope) = link.inverse(eta);
                assert!(mu > 0.0 && mu < 1.0 && slope > 0.0, "{link} {eta}: {mu} {slope}");
            }
        }
    }
}
