//! Values of a row, and conditions on it.

use std::ops::{Add, Div, Mul, Neg, Sub};

use arrow_schema::DataType;

/// A value of a row: a number in double precision, or a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A column of the table: as a number, where it is one (logicals are 0 and 1, dates days and timestamps seconds since
    /// 1970-01-01), else as a text.
    Column(String, DataType),
    /// A column of an earlier stage.
    Named(String),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// Missing.
    Null,
    /// Arithmetic.
    Binary(Binary, Box<Self>, Box<Self>),
    /// A function of numbers.
    Math(Math, Box<Self>),
    /// A power, missing where the base is negative and the exponent is not whole.
    Power(Box<Self>, Box<Self>),
    /// The value of the first condition that is true, else the last value.
    Case(Vec<(Test, Self)>, Box<Self>),
}

/// Arithmetic of two numbers. A division by 0 is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A function of a number, missing where it has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Math {
    Exp,
    /// The natural logarithm.
    Log,
    Sqrt,
    Abs,
    Floor,
    Ceiling,
    Sign,
    Sin,
    Cos,
    Tan,
    Atan,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// A condition on a row, true, false or missing by three-valued logic.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A logical column.
    Column(String),
    /// Always the same.
    Known(bool),
    /// A comparison of numbers, or of texts by their bytes.
    Compare(Compare, Scalar, Scalar),
    /// Whether a value is missing; never missing itself.
    IsMissing(Scalar),
    /// Whether a text is one of these.
    In(Scalar, Vec<String>),
    /// All of these; true of none.
    And(Vec<Self>),
    /// One of these; false of none.
    Or(Vec<Self>),
    /// The contrary.
    Not(Box<Self>),
}

impl Scalar {
    /// A column of an earlier stage.
    pub fn named(name: impl Into<String>) -> Self {
        Self::Named(name.into())
    }

    /// A function of it.
    #[must_use]
    pub fn math(self, function: Math) -> Self {
        Self::Math(function, Box::new(self))
    }

    /// A power of it.
    #[must_use]
    pub fn power(self, exponent: Self) -> Self {
        Self::Power(Box::new(self), Box::new(exponent))
    }

    /// This value where a condition is true, another where it is false or missing.
    pub fn choose(test: Test, yes: Self, no: Self) -> Self {
        Self::Case(vec![(test, yes)], Box::new(no))
    }

    /// A comparison with another value.
    pub fn is(self, compare: Compare, other: impl Into<Self>) -> Test {
        Test::Compare(compare, self, other.into())
    }

    /// The smaller of this and a number; missing stays missing.
    #[must_use]
    pub fn at_most(self, most: f64) -> Self {
        Self::choose(self.clone().is(Compare::Greater, most), most.into(), self)
    }

    /// The larger of this and a number; missing stays missing.
    #[must_use]
    pub fn at_least(self, least: f64) -> Self {
        Self::choose(self.clone().is(Compare::Less, least), least.into(), self)
    }
}

impl From<f64> for Scalar {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $binary:ident) => {
        impl<T: Into<Scalar>> $trait<T> for Scalar {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                Self::Binary(Binary::$binary, Box::new(self), Box::new(other.into()))
            }
        }
    };
}

operator!(Add, add, Add);
operator!(Sub, sub, Subtract);
operator!(Mul, mul, Multiply);
operator!(Div, div, Divide);

impl Neg for Scalar {
    type Output = Self;

    fn neg(self) -> Self {
        Self::Number(0.0) - self
    }
}
