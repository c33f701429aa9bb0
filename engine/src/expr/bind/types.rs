//! The kinds of types that expressions tell apart, and how messages call them.

use arrow_schema::{DataType, TimeUnit};

/// Types that behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Null,
    Bool,
    Int,
    Float,
    Text,
    Factor,
    Date,
    Time,
}

impl Class {
    /// The class of a type in a plan.
    pub(super) fn of(ty: &DataType) -> Self {
        match ty {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool,
            DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Utf8 => Self::Text,
            DataType::Dictionary(..) => Self::Factor,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(..) => Self::Time,
            _ => Self::Int,
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Bool | Self::Int | Self::Float | Self::Null)
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Factor | Self::Null)
    }

    /// How messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "a missing value",
            Self::Bool => "true or false",
            Self::Int | Self::Float => "a number",
            Self::Text => "text",
            Self::Factor => "a factor",
            Self::Date => "a date",
            Self::Time => "a time",
        }
    }
}

/// The type of a factor.
pub(super) fn factor() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The type in which a column takes part in an expression; none when it cannot.
pub(super) fn usable(raw: &DataType) -> Option<DataType> {
    use DataType as T;
    Some(match raw {
        T::Null | T::Boolean | T::Utf8 | T::Date32 | T::Timestamp(..) | T::Float32 | T::Float64 => {
            raw.clone()
        }
        _ if raw.is_integer() => raw.clone(),
        T::LargeUtf8 | T::Utf8View => T::Utf8,
        T::Float16 => T::Float32,
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => T::Float64,
        T::Date64 => T::Timestamp(TimeUnit::Millisecond, None),
        T::Dictionary(_, values) => match usable(values)? {
            T::Utf8 => factor(),
            other => other,
        },
        _ => return None,
    })
}

/// The type that holds the values of both; none when there is none.
pub(super) fn unify(a: &DataType, b: &DataType) -> Option<DataType> {
    let (x, y) = (Class::of(a), Class::of(b));
    Some(match (x, y) {
        (Class::Null, Class::Factor) | (Class::Factor, Class::Null) => DataType::Utf8,
        (Class::Null, _) => b.clone(),
        (_, Class::Null) => a.clone(),
        _ if x.is_text() && y.is_text() => DataType::Utf8,
        _ if a == b => a.clone(),
        _ if x.is_number() && y.is_number() => {
            if x == Class::Float || y == Class::Float {
                DataType::Float64
            } else {
                DataType::Int64
            }
        }
        (Class::Time, Class::Date | Class::Time) => a.clone(),
        (Class::Date, Class::Time) => b.clone(),
        _ => return None,
    })
}
