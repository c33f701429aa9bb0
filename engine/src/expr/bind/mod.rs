//! Tree and schema to plan.
//!
//! Binding decides all types once, so that evaluation only runs kernels:
//!
//! * whole numbers compute as `Int64` and fail on overflow; `/`, `^` and mathematical functions, and any operation
//!   with a float, compute as `Float64`;
//! * true and false count as 1 and 0 in arithmetic, but a number is not a condition;
//! * a constant takes the type of the column that it meets, when it fits exactly: a date written as text, a number
//!   beside an `Int16` column. A fraction beside a `Float32` column is rounded to it, so that `x == 0.1` finds 0.1;
//! * a factor is text whose values are known beforehand: what is computed from it and constants is computed per
//!   level;
//! * what has only constants below it is computed here, once.

mod calls;
mod compare;
mod types;

use std::cell::Cell;

use arrow_schema::{DataType, Schema};

use self::types::{Class, unify, usable};
use super::ast::{Arithmetic, Ast, Comparison, Connective, Kind, Literal};
use super::error::ExprError;
use super::eval;
use super::plan::{Node, Op};
use crate::syntax::{Span, SyntaxError, closest};

pub(super) type Bound<T = Node> = Result<T, ExprError>;

/// A column that the plan reads.
#[derive(Debug, Clone)]
pub(super) struct BoundColumn {
    pub(super) name: String,
    /// Its place in the schema at the time of binding.
    pub(super) index: usize,
    /// Its type in batches.
    pub(super) raw: DataType,
    /// Its type in the plan.
    pub(super) ty: DataType,
}

/// Binds one expression.
pub(super) struct Binder<'a> {
    pub(super) text: &'a str,
    pub(super) schema: &'a Schema,
    pub(super) columns: Vec<BoundColumn>,
    /// Nodes that were copied, because one value is used in several places.
    pub(super) copied: Cell<usize>,
}

/// The most nodes that may be copied: nested copies double with every level.
const MAX_COPIED: usize = 100_000;

impl Binder<'_> {
    pub(super) fn bind(&mut self, ast: &Ast) -> Bound {
        let span = ast.span;
        match &ast.kind {
            Kind::Column(name) => self.column(name, span),
            Kind::Literal(literal) => Ok(Node::literal(literal, span)),
            Kind::Negate(value) => {
                let value = self.bind(value)?;
                let value = self.number(value, "-")?;
                let ty = value.ty.clone();
                self.node(Op::Negate, vec![value], ty, span)
            }
            Kind::Not(value) => {
                let value = self.bind(value)?;
                let value = self.condition(value, "!")?;
                self.node(Op::Not, vec![value], DataType::Boolean, span)
            }
            Kind::Arithmetic(operator, left, right) => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                self.arithmetic(*operator, left, right, span)
            }
            Kind::Compare(comparison, left, right) => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                self.compare(*comparison, left, right, span)
            }
            Kind::Connect(connective, all) => {
                let spelling = if *connective == Connective::And { "&" } else { "|" };
                let mut args = Vec::with_capacity(all.len());
                for condition in all {
                    let condition = self.bind(condition)?;
                    args.push(self.condition(condition, spelling)?);
                }
                self.node(Op::Connect(*connective), args, DataType::Boolean, span)
            }
            Kind::In(value, list) => {
                let value = self.bind(value)?;
                let list = list.iter().map(|item| self.bind(item)).collect::<Bound<Vec<_>>>()?;
                self.is_in(value, list, span)
            }
            Kind::Between(value, low, high) => {
                let (value, low, high) = (self.bind(value)?, self.bind(low)?, self.bind(high)?);
                self.between(value, low, high, span)
            }
            Kind::Like { value, pattern, ignore_case } => {
                let (value, pattern) = (self.bind(value)?, self.bind(pattern)?);
                let args = vec![self.text_of(value, "like")?, self.text_of(pattern, "like")?];
                self.node(Op::Like { ignore_case: *ignore_case }, args, DataType::Boolean, span)
            }
            Kind::If(test, yes, no) => {
                let test = self.bind(test)?;
                let mut args = vec![self.condition(test, "ifelse")?];
                let values = vec![self.bind(yes)?, self.bind(no)?];
                let (ty, values) = self.common(values, span)?;
                args.extend(values);
                self.node(Op::If, args, ty, span)
            }
            Kind::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref(), span)
            }
            Kind::Cast(value, to) => {
                let value = self.bind(value)?;
                self.convert(value, to, span)
            }
            Kind::Call(function, arguments) => {
                let arguments =
                    arguments.iter().map(|argument| self.bind(argument)).collect::<Bound<Vec<_>>>()?;
                self.call(*function, arguments, span)
            }
        }
    }

    /// A node; its value when all of its arguments are constant.
    fn node(&self, op: Op, args: Vec<Node>, ty: DataType, span: Span) -> Bound {
        let node = Node { op, args, ty, span };
        if node.args.is_empty() || node.args.iter().any(|arg| arg.constant().is_none()) {
            return Ok(node);
        }
        let value = eval::fold(&node, self.text)?;
        let Node { ty, span, .. } = node;
        Ok(Node { op: Op::Literal(value), args: Vec::new(), ty, span })
    }

    /// A copy of a node for another place in the plan.
    fn copy(&self, node: &Node) -> Bound {
        self.copied.set(self.copied.get().saturating_add(node.size()));
        if self.copied.get() > MAX_COPIED {
            return Err(self.error_with(
                node.span,
                "the expression becomes too large",
                "compute this part as a column first",
            ));
        }
        Ok(node.clone())
    }

    fn error(&self, span: Span, message: impl Into<String>) -> ExprError {
        ExprError::Type { at: Box::new(SyntaxError::new(self.text, span, message)) }
    }

    fn error_with(&self, span: Span, message: impl Into<String>, hint: impl Into<String>) -> ExprError {
        ExprError::Type { at: Box::new(SyntaxError::new(self.text, span, message).with_hint(hint)) }
    }

    /// The text under a place.
    fn source(&self, span: Span) -> &str {
        span.of(self.text)
    }

    fn column(&mut self, name: &str, span: Span) -> Bound {
        if let Some(at) = self.columns.iter().position(|column| column.name == name) {
            return Ok(Node { op: Op::Column(at), args: Vec::new(), ty: self.columns[at].ty.clone(), span });
        }
        let Ok(index) = self.schema.index_of(name) else {
            return Err(self.unknown_column(name, span));
        };
        let raw = self.schema.field(index).data_type().clone();
        let Some(ty) = usable(&raw) else {
            return Err(
                self.error(span, format!("column '{name}' has the type {raw}, which expressions cannot use"))
            );
        };
        self.columns.push(BoundColumn { name: name.to_owned(), index, raw, ty: ty.clone() });
        Ok(Node { op: Op::Column(self.columns.len() - 1), args: Vec::new(), ty, span })
    }

    fn unknown_column(&self, name: &str, span: Span) -> ExprError {
        const SHOWN: usize = 5;
        let names = || self.schema.fields().iter().map(|field| field.name().as_str());
        let suggestions: Vec<String> = closest(name, names()).into_iter().map(ToOwned::to_owned).collect();
        let mut hint = String::new();
        if let Some(first) = suggestions.first() {
            hint = format!("did you mean '{first}'? ");
        }
        let shown: Vec<&str> = names().take(SHOWN).collect();
        let count = self.schema.fields().len();
        match count {
            0 => hint.push_str("there are no columns"),
            _ if count > SHOWN => {
                hint.push_str(&["the columns are ", &shown.join(", "), ", ..."].concat());
                hint.push_str(&[" (", &count.to_string(), " in all)"].concat());
            }
            _ => hint.push_str(&["the columns are ", &shown.join(", ")].concat()),
        }
        let at = SyntaxError::new(self.text, span, format!("there is no column '{name}'")).with_hint(hint);
        ExprError::UnknownColumn { column: name.to_owned(), suggestions, at: Box::new(at) }
    }

    /// The node as `to`, without loss.
    fn widen(&self, node: Node, to: &DataType) -> Bound {
        if node.ty == *to {
            return Ok(node);
        }
        let span = node.span;
        self.node(Op::Widen, vec![node], to.clone(), span)
    }

    /// An operand of arithmetic: `Int64` or `Float64`.
    fn number(&self, node: Node, operation: &str) -> Bound {
        let to = match Class::of(&node.ty) {
            Class::Bool | Class::Int => DataType::Int64,
            Class::Float | Class::Null => DataType::Float64,
            class => return Err(self.not_a_number(&node, class, operation)),
        };
        self.widen(node, &to)
    }

    fn float(&self, node: Node, operation: &str) -> Bound {
        let node = self.number(node, operation)?;
        self.widen(node, &DataType::Float64)
    }

    fn not_a_number(&self, node: &Node, class: Class, operation: &str) -> ExprError {
        let source = self.source(node.span);
        let message = format!("'{operation}' needs a number, but this is {}", class.name());
        let hint = match class {
            Class::Factor => {
                format!("codes({source}) is the number of the level, as.character({source}) its text")
            }
            Class::Text if operation == "+" => "texts are joined by paste0(a, b)".to_owned(),
            Class::Text => format!("as.numeric({source}) reads numbers from text"),
            Class::Date => format!("as.integer({source}) is the number of days since 1970"),
            _ => format!("as.numeric({source}) is the number of seconds since 1970"),
        };
        self.error_with(node.span, message, hint)
    }

    /// An operand of a text function. A factor stays a factor below: its levels are texts.
    fn text_of(&self, node: Node, operation: &str) -> Bound {
        let class = Class::of(&node.ty);
        if !class.is_text() {
            let message = format!("'{operation}' needs text, but this is {}", class.name());
            let hint = format!("as.character({}) makes text of it", self.source(node.span));
            return Err(self.error_with(node.span, message, hint));
        }
        self.widen(node, &DataType::Utf8)
    }

    /// An operand of `&`, `|` and `!`, a test.
    fn condition(&self, node: Node, operation: &str) -> Bound {
        match Class::of(&node.ty) {
            Class::Bool | Class::Null => self.widen(node, &DataType::Boolean),
            class => {
                let message = format!("'{operation}' needs a condition, but this is {}", class.name());
                let source = self.source(node.span);
                let hint = match class {
                    Class::Text | Class::Factor if operation == "|" => {
                        "texts are joined by paste0(a, b)".to_owned()
                    }
                    Class::Text | Class::Factor => format!("compare it, for example {source} == \"...\""),
                    Class::Int | Class::Float => format!("compare it, for example {source} != 0"),
                    _ => format!("compare it, for example {source} >= \"2020-01-31\""),
                };
                Err(self.error_with(node.span, message, hint))
            }
        }
    }

    fn arithmetic(&self, operator: Arithmetic, left: Node, right: Node, span: Span) -> Bound {
        let classes = (Class::of(&left.ty), Class::of(&right.ty));
        match (operator, classes) {
            (Arithmetic::Subtract, (Class::Date, Class::Date)) => {
                let args = vec![self.widen(left, &DataType::Int64)?, self.widen(right, &DataType::Int64)?];
                return self.node(Op::Arithmetic(operator), args, DataType::Int64, span);
            }
            (Arithmetic::Add | Arithmetic::Subtract, (Class::Date, Class::Int)) => {
                return self.shift_date(operator, left, right, span);
            }
            (Arithmetic::Add, (Class::Int, Class::Date)) => {
                return self.shift_date(operator, right, left, span);
            }
            _ => {}
        }
        let spelling = operator.spelling();
        let (left, right) = (self.number(left, spelling)?, self.number(right, spelling)?);
        let whole = left.ty == DataType::Int64 && right.ty == DataType::Int64;
        let ty = match operator {
            Arithmetic::Divide | Arithmetic::Power => DataType::Float64,
            _ if whole => DataType::Int64,
            _ => DataType::Float64,
        };
        let args = vec![self.widen(left, &ty)?, self.widen(right, &ty)?];
        self.node(Op::Arithmetic(operator), args, ty, span)
    }

    /// A date some days later or earlier.
    fn shift_date(&self, operator: Arithmetic, date: Node, days: Node, span: Span) -> Bound {
        let args = vec![self.widen(date, &DataType::Int64)?, self.widen(days, &DataType::Int64)?];
        let shifted = self.node(Op::Arithmetic(operator), args, DataType::Int64, span)?;
        self.node(Op::Convert, vec![shifted], DataType::Date32, span)
    }

    /// Brings the values of branches to one type.
    fn common(&self, values: Vec<Node>, span: Span) -> Bound<(DataType, Vec<Node>)> {
        let mut ty = DataType::Null;
        for value in &values {
            ty = unify(&ty, &value.ty).ok_or_else(|| {
                let (a, b) = (Class::of(&ty).name(), Class::of(&value.ty).name());
                self.error_with(
                    span,
                    format!("the values must have one type, but there are {a} and {b}"),
                    "convert one of them, for example with as.character(x)",
                )
            })?;
        }
        match Class::of(&ty) {
            Class::Factor => ty = DataType::Utf8,
            Class::Null => ty = DataType::Float64,
            _ => {}
        }
        let values = values.into_iter().map(|value| self.widen(value, &ty)).collect::<Bound<Vec<_>>>()?;
        Ok((ty, values))
    }

    fn case(
        &mut self,
        operand: Option<&Ast>,
        branches: &[(Ast, Ast)],
        otherwise: Option<&Ast>,
        span: Span,
    ) -> Bound {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        let mut conditions = Vec::with_capacity(branches.len());
        let mut values = Vec::with_capacity(branches.len() + 1);
        for (condition, value) in branches {
            let mut condition = self.bind(condition)?;
            if let Some(operand) = &operand {
                let place = condition.span;
                condition = self.compare(Comparison::Equal, self.copy(operand)?, condition, place)?;
            }
            conditions.push(self.condition(condition, "when")?);
            values.push(self.bind(value)?);
        }
        values.push(match otherwise {
            Some(value) => self.bind(value)?,
            None => Node::literal(&Literal::Null, span),
        });
        let (ty, mut values) = self.common(values, span)?;
        let last = values.pop();
        let mut args: Vec<Node> =
            conditions.into_iter().zip(values).flat_map(|(condition, value)| [condition, value]).collect();
        args.extend(last);
        self.node(Op::Case, args, ty, span)
    }
}
