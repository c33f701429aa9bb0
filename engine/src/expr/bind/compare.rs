//! Comparisons, lists and ranges: which types meet, and in which type they are compared.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float32Array};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;

use super::types::{Class, unify};
use super::{Binder, Bound};
use crate::expr::ast::{Comparison, Connective};
use crate::expr::plan::{Node, Op, Set};
use crate::syntax::Span;

impl Binder<'_> {
    pub(super) fn compare(&self, comparison: Comparison, left: Node, right: Node, span: Span) -> Bound {
        let (a, b) = (Class::of(&left.ty), Class::of(&right.ty));
        let ordering = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if ordering && (a == Class::Factor || b == Class::Factor) {
            return self.compare_levels(comparison, left, right, span);
        }
        if a.is_text() && b.is_text() {
            let args = vec![self.widen(left, &DataType::Utf8)?, self.widen(right, &DataType::Utf8)?];
            return self.node(Op::Compare(comparison), args, DataType::Boolean, span);
        }
        if a == Class::Bool && b == Class::Bool {
            return self.node(Op::Compare(comparison), vec![left, right], DataType::Boolean, span);
        }
        let (left, right) = if a.is_number() && b.is_number() {
            self.numbers(left, right)?
        } else if matches!(a, Class::Date | Class::Time) || matches!(b, Class::Date | Class::Time) {
            self.times(left, right, span)?
        } else {
            return Err(self.cannot_compare(&left, &right, span));
        };
        self.node(Op::Compare(comparison), vec![left, right], DataType::Boolean, span)
    }

    /// Two numbers in the type in which they are compared.
    fn numbers(&self, left: Node, right: Node) -> Bound<(Node, Node)> {
        if left.ty == right.ty && left.ty != DataType::Null {
            return Ok((left, right));
        }
        if let Some(right) = narrowed(&right, &left) {
            return Ok((left, right));
        }
        if let Some(left) = narrowed(&left, &right) {
            return Ok((left, right));
        }
        let ty = match unify(&left.ty, &right.ty) {
            Some(DataType::Null) | None => DataType::Float64,
            Some(DataType::Boolean) => DataType::Int64,
            Some(ty) => ty,
        };
        Ok((self.widen(left, &ty)?, self.widen(right, &ty)?))
    }

    /// Two dates or times in one type; a text constant is read as one.
    fn times(&self, left: Node, right: Node, span: Span) -> Bound<(Node, Node)> {
        let read = |node: Node, to: &DataType| -> Bound {
            let Some(text) = node.constant().filter(|_| Class::of(&node.ty) == Class::Text) else {
                return Ok(node);
            };
            let options = CastOptions { safe: false, ..CastOptions::default() };
            if let Ok(value) = cast_with_options(text, to, &options) {
                return Ok(Node { op: Op::Literal(value), ty: to.clone(), ..node });
            }
            let (what, form) = match to {
                DataType::Date32 => ("date", "\"2020-01-31\""),
                _ => ("time", "\"2020-01-31 23:59:59\""),
            };
            Err(self.error_with(node.span, format!("this is not a {what}"), format!("write {form}")))
        };
        let (left_ty, right_ty) = (left.ty.clone(), right.ty.clone());
        let left = if Class::of(&right_ty) == Class::Text { left } else { read(left, &right_ty)? };
        let right = if Class::of(&left_ty) == Class::Text { right } else { read(right, &left_ty)? };
        let time = |node: &Node| matches!(Class::of(&node.ty), Class::Date | Class::Time | Class::Null);
        match unify(&left.ty, &right.ty) {
            Some(ty) if time(&left) && time(&right) => Ok((self.widen(left, &ty)?, self.widen(right, &ty)?)),
            _ => Err(self.cannot_compare(&left, &right, span)),
        }
    }

    fn cannot_compare(&self, left: &Node, right: &Node, span: Span) -> crate::expr::ExprError {
        let (a, b) = (Class::of(&left.ty), Class::of(&right.ty));
        let message = format!("cannot compare {} with {}", a.name(), b.name());
        let constant_text = [left, right].into_iter().find_map(|node| {
            let text = node.constant().and_then(|value| value.as_string_opt::<i32>())?;
            (text.len() == 1 && text.is_valid(0)).then(|| text.value(0).to_owned())
        });
        let constant = if left.constant().is_some() { left } else { right };
        let other = if left.constant().is_some() { right } else { left };
        let source = self.source(other.span);
        let hint = match (constant_text, Class::of(&other.ty)) {
            (Some(text), Class::Int | Class::Float) if text.trim().parse::<f64>().is_ok() => {
                format!("write {} without quotes", text.trim())
            }
            (Some(_), Class::Bool) => format!("write {source} == TRUE, or only {source}"),
            (None, Class::Factor | Class::Text) if constant.constant().is_some() => {
                format!("write \"{}\" in quotes", self.source(constant.span))
            }
            _ => format!("convert one of them, for example as.character({source})"),
        };
        self.error_with(span, message, hint)
    }

    /// `<` and its like on factors: only an ordered factor and one of its levels have an order.
    fn compare_levels(&self, comparison: Comparison, left: Node, right: Node, span: Span) -> Bound {
        let (factor, other, comparison) = if Class::of(&left.ty) == Class::Factor {
            (left, right, comparison)
        } else {
            (right, left, comparison.flipped())
        };
        let level = other.constant().and_then(|value| value.as_string_opt::<i32>());
        let level = level.filter(|value| value.is_valid(0)).map(|value| value.value(0).to_owned());
        let ordered = match &factor.op {
            Op::Column(at) => xdf::metadata::is_ordered(self.schema.field(self.columns[*at].index)),
            _ => false,
        };
        if !Class::of(&other.ty).is_text() {
            return Err(self.cannot_compare(&factor, &other, span));
        }
        let source = self.source(factor.span);
        match level {
            Some(level) if ordered => {
                self.node(Op::CompareLevel(comparison, level), vec![factor], DataType::Boolean, span)
            }
            _ => Err(self.error_with(
                span,
                "the levels of a factor have no order",
                format!("compare as.character({source}) by the alphabet, or codes({source}) by place"),
            )),
        }
    }

    pub(super) fn between(&self, value: Node, low: Node, high: Node, span: Span) -> Bound {
        let above = self.compare(Comparison::GreaterEqual, self.copy(&value)?, low, span)?;
        let below = self.compare(Comparison::LessEqual, value, high, span)?;
        self.node(Op::Connect(Connective::And), vec![above, below], DataType::Boolean, span)
    }

    pub(super) fn is_in(&self, value: Node, list: Vec<Node>, span: Span) -> Bound {
        if let Some(missing) = list.iter().find(|item| item.ty == DataType::Null) {
            let source = self.source(value.span);
            return Err(self.error_with(
                missing.span,
                "a missing value in a list never matches",
                format!("leave it out and add | is.na({source})"),
            ));
        }
        let class = Class::of(&value.ty);
        let constant = list.iter().all(|item| item.constant().is_some_and(|item| item.is_valid(0)));
        let fits =
            |wanted: fn(Class) -> bool| constant && list.iter().all(|item| wanted(Class::of(&item.ty)));
        if class.is_text() && fits(Class::is_text) {
            let texts = list.iter().filter_map(|item| item.constant()?.as_string_opt::<i32>());
            let texts = texts.map(|text| text.value(0).to_owned()).collect();
            let value = self.widen(value, &DataType::Utf8)?;
            return self.node(Op::In(Set::Texts(texts)), vec![value], DataType::Boolean, span);
        }
        if matches!(class, Class::Int | Class::Float) && fits(Class::is_number) {
            let single = value.ty == DataType::Float32;
            let value = self.number(value, "in")?;
            let items = list.into_iter().map(|item| self.number(item, "in")).collect::<Bound<Vec<_>>>()?;
            let set = if value.ty == DataType::Int64 { int_set(&items) } else { float_set(&items, single) };
            return self.node(Op::In(set), vec![value], DataType::Boolean, span);
        }
        let mut equal = Vec::with_capacity(list.len());
        for item in list {
            let place = item.span;
            equal.push(self.compare(Comparison::Equal, self.copy(&value)?, item, place)?);
        }
        self.node(Op::Connect(Connective::Or), equal, DataType::Boolean, span)
    }
}

/// The constant in the type of the column beside it, when it keeps its value.
fn narrowed(constant: &Node, beside: &Node) -> Option<Node> {
    let value = constant.constant()?;
    if beside.constant().is_some() || !matches!(Class::of(&beside.ty), Class::Int | Class::Float) {
        return None;
    }
    let number = match &constant.ty {
        DataType::Int64 => value.as_primitive::<Int64Type>().iter().next().flatten()? as f64,
        DataType::Float64 => value.as_primitive::<Float64Type>().iter().next().flatten()?,
        _ => return None,
    };
    let array: ArrayRef = if beside.ty == DataType::Float32 {
        let single = number as f32;
        let fraction = constant.ty == DataType::Float64 && number.fract() != 0.0;
        if !(f64::from(single) == number || (fraction && single.is_finite())) {
            return None;
        }
        Arc::new(Float32Array::from(vec![single]))
    } else {
        // There and back again: what survives has its value.
        let there = arrow_cast::cast(value, &beside.ty).ok()?;
        let back = arrow_cast::cast(&there, &constant.ty).ok()?;
        if there.is_null(0) || back.to_data() != value.to_data() {
            return None;
        }
        there
    };
    Some(Node { op: Op::Literal(array), args: Vec::new(), ty: beside.ty.clone(), span: constant.span })
}

fn int_set(items: &[Node]) -> Set {
    let mut set = Vec::new();
    for item in items.iter().filter_map(Node::constant) {
        if let Some(ints) = item.as_primitive_opt::<Int64Type>() {
            set.extend(ints.iter().flatten());
        } else if let Some(floats) = item.as_primitive_opt::<Float64Type>() {
            // A fraction equals no whole number, and beyond 2^53 a float names no single one.
            let whole =
                floats.iter().flatten().filter(|x| x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0);
            set.extend(whole.map(|x| x as i64));
        }
    }
    Set::Ints(set)
}

fn float_set(items: &[Node], single: bool) -> Set {
    let mut set = Vec::new();
    for item in items.iter().filter_map(Node::constant) {
        if let Some(ints) = item.as_primitive_opt::<Int64Type>() {
            set.extend(ints.iter().flatten().map(|x| x as f64));
        } else if let Some(floats) = item.as_primitive_opt::<Float64Type>() {
            set.extend(floats.iter().flatten().filter(|x| !x.is_nan()));
        }
    }
    if single {
        for x in &mut set {
            *x = f64::from(*x as f32);
        }
    }
    // Adding zero turns -0 into 0.
    for x in &mut set {
        *x += 0.0;
    }
    Set::Floats(set)
}
