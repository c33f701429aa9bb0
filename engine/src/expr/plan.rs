//! The plan of a bound expression: a tree of typed operations whose operands already have the types they need.

use std::sync::Arc;

use arrow_arith::temporal::DatePart;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, NullArray, StringArray};
use arrow_schema::DataType;
use foldhash::HashMap;

use super::ast::{Arithmetic, Comparison, Connective, Literal};
use super::functions::Function;
use crate::syntax::Span;

/// What a node does with the values of its arguments.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// The column in this place of [`BoundExpr::columns`](super::BoundExpr).
    Column(usize),
    /// One value for all rows.
    Literal(ArrayRef),
    /// To a wider type, where nothing can be lost; what does not fit is an error.
    Widen,
    /// A conversion that was asked for; what does not fit becomes missing.
    Convert,
    Arithmetic(Arithmetic),
    Negate,
    Compare(Comparison),
    /// An ordered factor against a level, by the order of the levels.
    CompareLevel(Comparison, String),
    Connect(Connective),
    Not,
    In(Set),
    Like {
        ignore_case: bool,
    },
    /// Test, yes, no; a missing test gives a missing value.
    If,
    /// Condition, value, condition, value, ..., otherwise; a missing condition is not met.
    Case,
    Coalesce,
    /// A value and a condition that makes it missing.
    NullIf,
    IsMissing,
    Math(Function),
    Round(i32),
    Extreme {
        greatest: bool,
    },
    Text(Function),
    Part(DatePart),
    MakeFactor(Levels),
    Codes,
}

/// The elements of a list, for looking up.
#[derive(Debug, Clone)]
pub(super) enum Set {
    Ints(Vec<i64>),
    /// Zero has no sign here and NaN does not occur.
    Floats(Vec<f64>),
    Texts(Vec<String>),
}

/// The levels of a factor that is made.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    pub(super) texts: Arc<StringArray>,
    pub(super) codes: Arc<HashMap<String, i32>>,
}

/// An operation, its arguments, its type and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) args: Vec<Node>,
    pub(super) ty: DataType,
    pub(super) span: Span,
}

impl Node {
    pub(super) fn literal(literal: &Literal, span: Span) -> Self {
        let (array, ty): (ArrayRef, _) = match literal {
            Literal::Null => (Arc::new(NullArray::new(1)), DataType::Null),
            Literal::Bool(value) => (Arc::new(BooleanArray::from(vec![*value])), DataType::Boolean),
            Literal::Int(value) => (Arc::new(Int64Array::from(vec![*value])), DataType::Int64),
            Literal::Float(value) => (Arc::new(Float64Array::from(vec![*value])), DataType::Float64),
            Literal::Text(value) => (Arc::new(StringArray::from(vec![value.as_str()])), DataType::Utf8),
        };
        Self { op: Op::Literal(array), args: Vec::new(), ty, span }
    }

    /// Nodes of the tree.
    pub(super) fn size(&self) -> usize {
        1 + self.args.iter().map(Self::size).sum::<usize>()
    }

    /// The value, when it is the same for all rows.
    pub(super) fn constant(&self) -> Option<&ArrayRef> {
        match &self.op {
            Op::Literal(array) => Some(array),
            _ => None,
        }
    }
}
