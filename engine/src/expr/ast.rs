//! The tree of an expression as written: no types, no columns resolved, every node with its place.

use arrow_schema::DataType;

use super::functions::Function;
use crate::syntax::{MAX_DEPTH, Span};

/// A value written in the text.
#[derive(Debug, Clone)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl PartialEq for Literal {
    /// Floats are equal by their bits, so that NaN equals itself.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => false,
        }
    }
}

/// Operators on numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    FloorDivide,
    Power,
}

impl Arithmetic {
    /// The canonical spelling, which is R's.
    pub(crate) fn spelling(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%%",
            Self::FloorDivide => "%/%",
            Self::Power => "^",
        }
    }
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    /// The canonical spelling.
    pub(crate) fn spelling(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

impl Comparison {
    /// The same comparison with its sides exchanged.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            same => same,
        }
    }
}

/// Connectives of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connective {
    And,
    Or,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Column(String),
    Literal(Literal),
    Negate(Box<Ast>),
    Not(Box<Ast>),
    Arithmetic(Arithmetic, Box<Ast>, Box<Ast>),
    Compare(Comparison, Box<Ast>, Box<Ast>),
    /// A chain of two or more conditions; flat, so that a long chain is not a deep tree.
    Connect(Connective, Vec<Ast>),
    In(Box<Ast>, Vec<Ast>),
    Between(Box<Ast>, Box<Ast>, Box<Ast>),
    Like {
        value: Box<Ast>,
        pattern: Box<Ast>,
        ignore_case: bool,
    },
    /// `ifelse`: a missing test gives a missing value.
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    /// `case`: with an operand the branches give values to compare it with; a missing condition is not met.
    Case {
        operand: Option<Box<Ast>>,
        branches: Vec<(Ast, Ast)>,
        otherwise: Option<Box<Ast>>,
    },
    Cast(Box<Ast>, DataType),
    Call(Function, Vec<Ast>),
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub(crate) struct Ast {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    /// Levels below and including this node.
    pub(crate) height: usize,
}

impl PartialEq for Ast {
    /// Two trees are equal when they mean the same, wherever they were written.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Ast {
    pub(crate) fn new(kind: Kind, span: Span) -> Self {
        let mut below = 0;
        each_child(&kind, &mut |child: &Ast| below = below.max(child.height));
        Self { kind, span, height: below + 1 }
    }

    /// Whether the tree is deeper than recursion may safely go.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.height > MAX_DEPTH
    }

    /// Calls `found` with the name of each column, in the order of use.
    pub(crate) fn each_column(&self, found: &mut dyn FnMut(&str)) {
        if let Kind::Column(name) = &self.kind {
            found(name);
        }
        each_child(&self.kind, &mut |child: &Ast| child.each_column(found));
    }
}

/// Calls `visit` with the direct children, in the order of the text.
fn each_child(kind: &Kind, visit: &mut dyn FnMut(&Ast)) {
    match kind {
        Kind::Column(_) | Kind::Literal(_) => {}
        Kind::Negate(a) | Kind::Not(a) | Kind::Cast(a, _) => visit(a),
        Kind::Arithmetic(_, a, b) | Kind::Compare(_, a, b) | Kind::Like { value: a, pattern: b, .. } => {
            visit(a);
            visit(b);
        }
        Kind::Connect(_, all) | Kind::Call(_, all) => all.iter().for_each(visit),
        Kind::In(a, list) => {
            visit(a);
            list.iter().for_each(visit);
        }
        Kind::Between(a, b, c) | Kind::If(a, b, c) => {
            visit(a);
            visit(b);
            visit(c);
        }
        Kind::Case { operand, branches, otherwise } => {
            if let Some(operand) = operand {
                visit(operand);
            }
            for (condition, value) in branches {
                visit(condition);
                visit(value);
            }
            if let Some(value) = otherwise {
                visit(value);
            }
        }
    }
}
