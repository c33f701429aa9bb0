//! Numbers of twice the precision, and what the arithmetic of normal equations needs of a number.
//!
//! A [`Double`] is the unevaluated sum of two `f64`, the second below half a unit in the last place of the first: some 106
//! bits. The algorithms and their error bounds (a few units of 2⁻¹⁰⁴) are those of Joldes, Muller, Popescu, "Tight and
//! rigorous error bounds for basic building blocks of double-word arithmetic", ACM TOMS 44 (2017).

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A number that normal equations can be made of.
pub(crate) trait Real:
    Copy
    + Default
    + PartialOrd
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// The nearest `f64`.
    fn near(self) -> f64;

    /// The square root.
    fn root(self) -> Self;

    /// `right − Σ a·z`, as good as the number's precision or better.
    fn residual(right: Self, terms: impl Iterator<Item = (Self, Self)>) -> Self;
}

impl Real for f64 {
    fn near(self) -> f64 {
        self
    }

    fn root(self) -> Self {
        self.sqrt()
    }

    /// As if in twice the precision (Ogita, Rump, Oishi 2005).
    fn residual(right: Self, terms: impl Iterator<Item = (Self, Self)>) -> Self {
        let (mut sum, mut low) = (right, 0.0);
        for (a, z) in terms {
            let product = two_product(-a, z);
            let next = two_sum(sum, product.high);
            low += next.low + product.low;
            sum = next.high;
        }
        sum + low
    }
}

/// The sum of two `f64` that do not overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(crate) struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// The exact difference of two numbers.
    pub(crate) fn difference(a: f64, b: f64) -> Self {
        two_sum(a, -b)
    }
}

/// The exact sum.
fn two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    let part = high - a;
    Double { high, low: (a - (high - part)) + (b - part) }
}

/// The exact sum of two numbers of which the first is not the smaller one.
fn fast_two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    Double { high, low: b - (high - a) }
}

/// The exact product.
fn two_product(a: f64, b: f64) -> Double {
    let high = a * b;
    Double { high, low: a.mul_add(b, -high) }
}

impl From<f64> for Double {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Add for Double {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let high = two_sum(self.high, other.high);
        let low = two_sum(self.low, other.low);
        let sum = fast_two_sum(high.high, high.low + low.high);
        fast_two_sum(sum.high, low.low + sum.low)
    }
}

impl Neg for Double {
    type Output = Self;

    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Sub for Double {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Double {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = two_product(self.high, other.high);
        let cross = self.low.mul_add(other.high, self.high.mul_add(other.low, self.low * other.low));
        fast_two_sum(product.high, product.low + cross)
    }
}

impl Div for Double {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let high = self.high / other.high;
        let rest = self - other * Self::from(high);
        fast_two_sum(high, rest.high / other.high)
    }
}

impl AddAssign for Double {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Double {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Real for Double {
    fn near(self) -> f64 {
        self.high
    }

    fn root(self) -> Self {
        let high = self.high.sqrt();
        if high <= 0.0 {
            return Self::from(high);
        }
        let rest = self - two_product(high, high);
        fast_two_sum(high, rest.high / (2.0 * high))
    }

    fn residual(right: Self, terms: impl Iterator<Item = (Self, Self)>) -> Self {
        terms.fold(right, |sum, (a, z)| sum - a * z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_keep_what_one_double_loses() {
        let tiny = 2.0_f64.powi(-80);
        let x = Double::from(1.0) + Double::from(tiny);
        assert_eq!((x - Double::from(1.0)).near(), tiny);
        // (1 + ε)² − 1 − 2ε = ε², which 2⁻¹⁰⁴ hides
        let square = x * x - Double::from(1.0) - Double::from(2.0 * tiny);
        assert!(square.near().abs() <= 2.0_f64.powi(-103));
        let third = Double::from(1.0) / Double::from(3.0);
        let one = third + third + third - Double::from(1.0);
        assert!(one.near().abs() <= 2.0_f64.powi(-102));
        let root = Double::from(2.0).root();
        assert!((root * root - Double::from(2.0)).near().abs() <= 2.0_f64.powi(-101));
        assert_eq!(Double::difference(1e16, 0.1).near(), 1e16);
        assert_eq!((Double::difference(1e16, 0.1) - Double::from(1e16)).near(), -0.1);
    }

    #[test]
    fn order_is_that_of_the_numbers() {
        let one = Double::from(1.0);
        assert!(one < one + Double::from(1e-25));
        assert!(one > one - Double::from(1e-25));
        assert_eq!(Double::from(0.0).root().near(), 0.0);
    }
}
