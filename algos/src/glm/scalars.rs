//! Links and variances as values of rows in queries: what `link.rs` and `family.rs` compute, said to a database.

use std::f64::consts::PI;

use engine::aggregate::{Compare, Math, Scalar, Test, not_pushed_down};

use super::link::MARGIN;
use super::{Family, Link, Variance};
use crate::Result;

/// `e` to a value.
pub(super) fn exp(x: Scalar) -> Scalar {
    x.math(Math::Exp)
}

/// The natural logarithm.
pub(super) fn ln(x: Scalar) -> Scalar {
    x.math(Math::Log)
}

/// A number beneath an operator.
pub(super) fn number(x: f64) -> Scalar {
    Scalar::Number(x)
}

/// `x log r`, 0 where x is.
fn times_log(x: &Scalar, ratio: Scalar) -> Scalar {
    Scalar::choose(x.clone().is(Compare::Equal, 0.0), number(0.0), x.clone() * ln(ratio))
}

fn within(mu: Scalar) -> Scalar {
    Scalar::Case(
        vec![
            (mu.clone().is(Compare::Less, MARGIN), number(MARGIN)),
            (mu.clone().is(Compare::Greater, 1.0 - MARGIN), number(1.0 - MARGIN)),
        ],
        Box::new(mu),
    )
}

impl Link {
    /// [`Link::of`] of a value.
    pub(super) fn scalar_of(self, mu: &Scalar) -> Result<Scalar> {
        let mu = mu.clone();
        Ok(match self {
            Self::Identity => mu,
            Self::Log => ln(mu),
            Self::Inverse => number(1.0) / mu,
            Self::InverseSquare => number(1.0) / (mu.clone() * mu),
            Self::Sqrt => mu.math(Math::Sqrt),
            Self::Logit => ln(mu.clone() / (number(1.0) - mu)),
            Self::Cloglog => ln(-ln(number(1.0) - mu)),
            Self::Cauchit => ((mu - 0.5) * PI).math(Math::Tan),
            Self::Power(power) => mu.power(number(power)),
            Self::Probit => return probit(),
        })
    }

    /// [`Link::inverse`] of a value, which should be a name, because it occurs several times.
    ///
    /// # Errors
    /// The probit link, for which databases have no function.
    pub(crate) fn scalar_inverse(self, eta: &Scalar) -> Result<(Scalar, Scalar)> {
        let at = || eta.clone();
        Ok(match self {
            Self::Identity => (at(), number(1.0)),
            Self::Log => {
                let mu = exp(at()).at_least(MARGIN);
                (mu.clone(), mu)
            }
            Self::Inverse => (number(1.0) / at(), number(-1.0) / (at() * at())),
            Self::InverseSquare => {
                let mu = number(1.0) / at().math(Math::Sqrt);
                (mu.clone(), mu * -0.5 / at())
            }
            Self::Sqrt => (at() * at(), at() * 2.0),
            Self::Logit => {
                let e = exp(-at().math(Math::Abs));
                let small = e.clone() / (e.clone() + 1.0);
                let mu = Scalar::choose(
                    at().is(Compare::Greater, 0.0),
                    number(1.0) - small.clone(),
                    small.clone(),
                );
                (within(mu), (small / (e + 1.0)).at_least(MARGIN))
            }
            Self::Cloglog => {
                let e = exp(at().at_most(700.0));
                let mu = number(1.0) - exp(-e.clone());
                (within(mu), (e.clone() * exp(-e)).at_least(MARGIN))
            }
            Self::Cauchit => {
                let mu = at().math(Math::Atan) / PI + 0.5;
                (within(mu), (number(1.0) / ((at() * at() + 1.0) * PI)).at_least(MARGIN))
            }
            Self::Power(power) => {
                let mu = at().power(number(1.0 / power));
                (mu.clone(), mu / (at() * power))
            }
            Self::Probit => return probit(),
        })
    }
}

fn probit<T>() -> Result<T> {
    Err(not_pushed_down("the probit link").into())
}

impl Variance {
    /// [`Variance::of`] of a value.
    pub(super) fn scalar_of(self, mu: &Scalar) -> Scalar {
        let mu = mu.clone();
        match self {
            Self::Binomial => mu.clone() * (number(1.0) - mu),
            Self::Power(0.0) => number(1.0),
            Self::Power(1.0) => mu,
            Self::Power(2.0) => mu.clone() * mu,
            Self::Power(3.0) => mu.clone() * mu.clone() * mu,
            Self::Power(power) => mu.power(number(power)),
        }
    }

    /// [`Variance::deviance`] of two values.
    pub(super) fn scalar_deviance(self, y: &Scalar, mu: &Scalar) -> Scalar {
        let (y, mu) = (|| y.clone(), || mu.clone());
        let one = || number(1.0);
        match self {
            Self::Binomial => {
                (times_log(&y(), y() / mu()) + times_log(&(one() - y()), (one() - y()) / (one() - mu())))
                    * 2.0
            }
            Self::Power(0.0) => (y() - mu()) * (y() - mu()),
            Self::Power(1.0) => (times_log(&y(), y() / mu()) - (y() - mu())) * 2.0,
            Self::Power(2.0) => ((y() - mu()) / mu() - ln(y() / mu())) * 2.0,
            Self::Power(3.0) => (y() - mu()) * (y() - mu()) / (y() * mu() * mu()),
            Self::Power(power) => {
                let (first, second) = (1.0 - power, 2.0 - power);
                let saturated = Scalar::choose(
                    y().is(Compare::Equal, 0.0),
                    number(0.0),
                    y().power(number(second)) / (first * second),
                );
                (saturated - y() * mu().power(number(first)) / first + mu().power(number(second)) / second)
                    * 2.0
            }
        }
    }

    /// [`Variance::takes_mean`] of a value; missing is not taken.
    pub(super) fn test_mean(self, mu: &Scalar) -> Test {
        let above = |least: f64| mu.clone().is(Compare::Greater, least);
        match self {
            Self::Binomial => Test::And(vec![above(0.0), mu.clone().is(Compare::Less, 1.0)]),
            Self::Power(0.0) => Test::Not(Box::new(Test::IsMissing(mu.clone()))),
            Self::Power(_) => above(0.0),
        }
    }

    /// [`Variance::takes_response`] of a value.
    pub(super) fn test_response(self, y: &Scalar) -> Test {
        let least = |compare| y.clone().is(compare, 0.0);
        match self {
            Self::Binomial => {
                Test::And(vec![least(Compare::GreaterEqual), y.clone().is(Compare::LessEqual, 1.0)])
            }
            Self::Power(0.0) => Test::Known(true),
            Self::Power(power) if power < 2.0 => least(Compare::GreaterEqual),
            Self::Power(_) => least(Compare::Greater),
        }
    }
}

impl Family {
    /// [`Family::start`] of a value.
    pub(super) fn scalar_start(self, y: &Scalar, link: Link) -> Result<Scalar> {
        let y = y.clone();
        let mu = match self.variance() {
            Variance::Binomial => (y + 0.5) / 2.0,
            Variance::Power(1.0) => y + 0.1,
            Variance::Power(power) if power > 0.0 => {
                Scalar::choose(y.clone().is(Compare::Equal, 0.0), number(0.1), y)
            }
            Variance::Power(_) => y,
        };
        Ok(Scalar::choose(Test::IsMissing(link.scalar_of(&mu)?), number(0.1), mu))
    }
}
