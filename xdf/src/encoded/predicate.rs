//! Conditions on one column, and the ranges of values that they mean.
//!
//! Every comparison with numbers becomes a list of ranges, ends included: `< 5` is everything up to 4 in integers and
//! up to the float before 5 in floats. A constant between two values of the column (2.5 among integers, 2^53 + 1 among
//! floats) is replaced by its neighbours, so nothing is rounded. Ranges are what kernels translate into codes.

use crate::Scalar;

/// A condition on the values of a column. Missing values (nulls, and NaN in floats) fulfil only [`Predicate::Missing`].
///
/// Numbers compare by value whatever the types: integers with floats too, without rounding. A comparison with NaN
/// matches nothing. Dates and timestamps compare as integers in their own unit, decimals with decimals and integers,
/// booleans as 0 and 1. Texts, levels of factors and binary values compare with texts, by their bytes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Predicate {
    /// The value is this one.
    Equal(Scalar),
    /// The value is another one.
    NotEqual(Scalar),
    /// The value is less.
    Less(Scalar),
    /// The value is less, or this one.
    LessOrEqual(Scalar),
    /// The value is greater.
    Greater(Scalar),
    /// The value is greater, or this one.
    GreaterOrEqual(Scalar),
    /// The value lies between these two, or is one of them.
    Between(Scalar, Scalar),
    /// The value is one of these.
    In(Vec<Scalar>),
    /// The value is missing.
    Missing,
}

/// A scalar that cannot be compared with the values of a column.
pub(super) struct Unfit(pub(super) Scalar);

/// Values in ranges, or all others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranges<T> {
    /// Smallest and largest value of each.
    pub(super) ranges: Vec<(T, T)>,
    /// The values outside of the ranges are meant.
    pub(super) others: bool,
}

impl<T: Copy + PartialOrd> Ranges<T> {
    pub(super) fn contains(&self, value: T) -> bool {
        self.ranges.iter().any(|(low, high)| *low <= value && value <= *high) != self.others
    }
}

/// Numbers with a next one on either side.
pub(super) trait Ordered: Copy + PartialOrd {
    const LOWEST: Self;
    const HIGHEST: Self;
    /// The next smaller number.
    fn below(self) -> Option<Self>;
    /// The next larger number.
    fn above(self) -> Option<Self>;
}

impl Ordered for i128 {
    const LOWEST: Self = Self::MIN;
    const HIGHEST: Self = Self::MAX;
    fn below(self) -> Option<Self> {
        self.checked_sub(1)
    }
    fn above(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Ordered for f64 {
    const LOWEST: Self = Self::NEG_INFINITY;
    const HIGHEST: Self = Self::INFINITY;
    fn below(self) -> Option<Self> {
        (self > Self::LOWEST).then(|| self.next_down())
    }
    fn above(self) -> Option<Self> {
        (self < Self::HIGHEST).then(|| self.next_up())
    }
}

/// The nearest numbers at most and at least as large as a scalar; nothing for NaN.
type Neighbours<T> = Result<Option<(T, T)>, Unfit>;

/// Neighbours among integers of this scale.
fn integers(scalar: &Scalar, scale: i8) -> Neighbours<i128> {
    let unfit = || Unfit(scalar.clone());
    let (value, of) = match scalar {
        Scalar::Bool(value) => (i128::from(*value), 0),
        Scalar::Int(value) => (i128::from(*value), 0),
        Scalar::UInt(value) => (i128::from(*value), 0),
        Scalar::Decimal { value, scale } => (*value, *scale),
        Scalar::Float(value) if scale == 0 => {
            // Casts stop at the ends, which no column reaches.
            let near = (value.floor() as i128, value.ceil() as i128);
            return Ok((!value.is_nan()).then_some(near));
        }
        Scalar::Float(_) | Scalar::Text(_) => return Err(unfit()),
    };
    let power = |digits: i16| 10_i128.checked_pow(u32::try_from(digits).ok()?);
    let digits = i16::from(scale) - i16::from(of);
    let near = if digits >= 0 {
        power(digits).and_then(|power| value.checked_mul(power)).map(|value| (value, value))
    } else {
        power(-digits).map(|power| {
            let floor = value.div_euclid(power);
            (floor, floor + i128::from(value.rem_euclid(power) != 0))
        })
    };
    near.map(Some).ok_or_else(unfit)
}

/// Neighbours among floats.
fn floats(scalar: &Scalar) -> Neighbours<f64> {
    let value = match scalar {
        Scalar::Float(value) => return Ok((!value.is_nan()).then_some((*value, *value))),
        Scalar::Bool(value) => i128::from(*value),
        Scalar::Int(value) => i128::from(*value),
        Scalar::UInt(value) => i128::from(*value),
        Scalar::Decimal { .. } | Scalar::Text(_) => return Err(Unfit(scalar.clone())),
    };
    let near = value as f64;
    Ok(Some(match (near as i128).cmp(&value) {
        std::cmp::Ordering::Less => (near, near.next_up()),
        std::cmp::Ordering::Equal => (near, near),
        std::cmp::Ordering::Greater => (near.next_down(), near),
    }))
}

impl Predicate {
    /// The ranges in a column of integers, or of decimals of this scale.
    pub(super) fn integers(&self, scale: i8) -> Result<Ranges<i128>, Unfit> {
        self.ranges(|scalar| integers(scalar, scale))
    }

    /// The ranges in a column of floats.
    pub(super) fn floats(&self) -> Result<Ranges<f64>, Unfit> {
        self.ranges(floats)
    }

    fn ranges<T: Ordered>(&self, near: impl Fn(&Scalar) -> Neighbours<T>) -> Result<Ranges<T>, Unfit> {
        let range = |low: Option<T>, high: Option<T>| low.zip(high).filter(|(low, high)| low <= high);
        let equal = |scalar| Ok(near(scalar)?.and_then(|(floor, ceil)| range(Some(ceil), Some(floor))));
        let one = match self {
            Self::Equal(value) => equal(value)?,
            Self::NotEqual(value) => {
                let others = near(value)?.is_some();
                return Ok(Ranges { ranges: equal(value)?.into_iter().collect(), others });
            }
            Self::Less(value) => near(value)?.and_then(|(_, ceil)| range(Some(T::LOWEST), ceil.below())),
            Self::LessOrEqual(value) => {
                near(value)?.and_then(|(floor, _)| range(Some(T::LOWEST), Some(floor)))
            }
            Self::Greater(value) => {
                near(value)?.and_then(|(floor, _)| range(floor.above(), Some(T::HIGHEST)))
            }
            Self::GreaterOrEqual(value) => {
                near(value)?.and_then(|(_, ceil)| range(Some(ceil), Some(T::HIGHEST)))
            }
            Self::Between(low, high) => {
                near(low)?.zip(near(high)?).and_then(|((_, low), (high, _))| range(Some(low), Some(high)))
            }
            Self::In(values) => {
                let ranges: Result<Vec<_>, Unfit> = values.iter().map(equal).collect();
                return Ok(Ranges { ranges: ranges?.into_iter().flatten().collect(), others: false });
            }
            Self::Missing => None,
        };
        Ok(Ranges { ranges: one.into_iter().collect(), others: false })
    }

    /// Whether a text fulfils the condition.
    pub(super) fn holds(&self, text: &[u8]) -> Result<bool, Unfit> {
        let bytes = |scalar: &'_ Scalar| match scalar {
            Scalar::Text(value) => Ok(text.cmp(value.as_bytes())),
            other => Err(Unfit(other.clone())),
        };
        Ok(match self {
            Self::Equal(value) => bytes(value)?.is_eq(),
            Self::NotEqual(value) => bytes(value)?.is_ne(),
            Self::Less(value) => bytes(value)?.is_lt(),
            Self::LessOrEqual(value) => bytes(value)?.is_le(),
            Self::Greater(value) => bytes(value)?.is_gt(),
            Self::GreaterOrEqual(value) => bytes(value)?.is_ge(),
            Self::Between(low, high) => bytes(low)?.is_ge() & bytes(high)?.is_le(),
            Self::In(values) => {
                let mut found = false;
                for value in values {
                    found |= bytes(value)?.is_eq();
                }
                found
            }
            Self::Missing => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(predicate: &Predicate) -> Vec<(i128, i128)> {
        predicate.integers(0).ok().unwrap().ranges
    }

    #[test]
    fn constants_between_two_integers_are_not_rounded() {
        let float = Scalar::Float;
        assert_eq!(whole(&Predicate::Less(float(2.5))), [(i128::MIN, 2)]);
        assert_eq!(whole(&Predicate::GreaterOrEqual(float(-2.5))), [(-2, i128::MAX)]);
        assert_eq!(whole(&Predicate::Equal(float(2.5))), []);
        assert_eq!(whole(&Predicate::Between(float(0.5), float(3.5))), [(1, 3)]);
        let any = Predicate::NotEqual(float(2.5)).integers(0).ok().unwrap();
        assert!(any.contains(2) && any.contains(3));
        assert!(!Predicate::NotEqual(float(f64::NAN)).integers(0).ok().unwrap().contains(3));
        assert_eq!(whole(&Predicate::Less(float(f64::INFINITY))).len(), 1);
        let decimal = Scalar::Decimal { value: -1255, scale: 2 };
        assert_eq!(whole(&Predicate::Greater(decimal.clone())), [(-12, i128::MAX)]);
        assert_eq!(Predicate::Equal(decimal).integers(3).ok().unwrap().ranges, [(-12550, -12550)]);
        assert!(Predicate::Equal(Scalar::Text("1".to_owned())).integers(0).is_err());
    }

    #[test]
    fn integers_between_two_floats_are_not_rounded() {
        let odd = Scalar::Int((1 << 53) + 1);
        let exact = 9_007_199_254_740_992.0;
        assert_eq!(Predicate::Equal(odd.clone()).floats().ok().unwrap().ranges, []);
        assert!(Predicate::Less(odd.clone()).floats().ok().unwrap().contains(exact));
        assert!(!Predicate::Greater(odd).floats().ok().unwrap().contains(exact));
        let zero = Predicate::Less(Scalar::Float(0.0)).floats().ok().unwrap();
        assert!(!zero.contains(-0.0) && zero.contains(-f64::from_bits(1)));
        assert!(!zero.contains(f64::NAN));
        assert!(Predicate::Less(Scalar::Float(f64::NEG_INFINITY)).floats().ok().unwrap().ranges.is_empty());
    }
}
