//! Calls and conversions.

use std::sync::Arc;

use arrow_arith::temporal::DatePart;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, StringArray};
use arrow_schema::{DataType, TimeUnit};
use foldhash::{HashMap, HashMapExt};

use super::types::{Class, factor};
use super::{Binder, Bound};
use crate::expr::ast::{Arithmetic, Comparison, Literal};
use crate::expr::functions::Function;
use crate::expr::plan::{Levels, Node, Op};
use crate::syntax::Span;

impl Binder<'_> {
    pub(super) fn call(&self, function: Function, args: Vec<Node>, span: Span) -> Bound {
        use Function as F;
        let name = function.name();
        match function {
            F::IsMissing => self.node(Op::IsMissing, args, DataType::Boolean, span),
            F::IsNan | F::IsFinite => {
                let args = self.floats(args, name)?;
                self.node(Op::Math(function), args, DataType::Boolean, span)
            }
            F::Abs | F::Sign | F::Floor | F::Ceiling | F::Trunc => {
                let args = self.numbers_of(args, name)?;
                let ty = args[0].ty.clone();
                if ty == DataType::Int64 && matches!(function, F::Floor | F::Ceiling | F::Trunc) {
                    return Ok(first(args));
                }
                self.node(Op::Math(function), args, ty, span)
            }
            F::Round => self.round(args, span),
            F::Power => self.operator(Arithmetic::Power, args, span),
            F::Modulo => self.operator(Arithmetic::Modulo, args, span),
            F::Least | F::Greatest => {
                let (ty, args) = self.common(args, span)?;
                if let Some(arg) = args.iter().find(|arg| !Class::of(&arg.ty).is_number()) {
                    return Err(self.not_a_number(arg, Class::of(&arg.ty), name));
                }
                let ty = if Class::of(&ty) == Class::Float { DataType::Float64 } else { DataType::Int64 };
                let args = args.into_iter().map(|arg| self.widen(arg, &ty)).collect::<Bound<Vec<_>>>()?;
                self.node(Op::Extreme { greatest: function == F::Greatest }, args, ty, span)
            }
            F::Sqrt
            | F::Exp
            | F::Expm1
            | F::Log
            | F::Log2
            | F::Log10
            | F::Log1p
            | F::Sin
            | F::Cos
            | F::Tan
            | F::Asin
            | F::Acos
            | F::Atan
            | F::Tanh => {
                let args = self.floats(args, name)?;
                self.node(Op::Math(function), args, DataType::Float64, span)
            }
            F::Coalesce => {
                let (ty, args) = self.common(args, span)?;
                self.node(Op::Coalesce, args, ty, span)
            }
            F::NullIf => self.null_if(args, span),
            F::Upper | F::Lower | F::Trim | F::TrimLeft | F::TrimRight | F::Replace => {
                let args = self.texts(args, name)?;
                self.node(Op::Text(function), args, DataType::Utf8, span)
            }
            F::Length => {
                let args = self.texts(args, name)?;
                self.node(Op::Text(function), args, DataType::Int64, span)
            }
            F::StartsWith | F::EndsWith | F::Contains => {
                let args = self.texts(args, name)?;
                self.node(Op::Text(function), args, DataType::Boolean, span)
            }
            F::Substring | F::Left | F::Right => {
                let mut args = args.into_iter();
                let mut bound = Vec::new();
                if let Some(text) = args.next() {
                    bound.push(self.text_of(text, name)?);
                }
                for arg in args {
                    bound.push(self.whole(arg, name)?);
                }
                self.node(Op::Text(function), bound, DataType::Utf8, span)
            }
            F::Concat => {
                let mut texts = Vec::with_capacity(args.len());
                for arg in args {
                    let place = arg.span;
                    texts.push(if Class::of(&arg.ty).is_text() {
                        self.text_of(arg, name)?
                    } else {
                        self.convert(arg, &DataType::Utf8, place)?
                    });
                }
                self.node(Op::Text(function), texts, DataType::Utf8, span)
            }
            F::Year => self.part(DatePart::Year, args, name, span),
            F::Quarter => self.part(DatePart::Quarter, args, name, span),
            F::Month => self.part(DatePart::Month, args, name, span),
            F::Day => self.part(DatePart::Day, args, name, span),
            F::YearDay => self.part(DatePart::DayOfYear, args, name, span),
            F::Weekday => self.part(DatePart::DayOfWeekMonday0, args, name, span),
            F::Hour => self.part(DatePart::Hour, args, name, span),
            F::Minute => self.part(DatePart::Minute, args, name, span),
            F::Second => self.part(DatePart::Second, args, name, span),
            F::Factor => self.make_factor(args, span),
            F::Codes => match Class::of(&args[0].ty) {
                Class::Factor => self.node(Op::Codes, args, DataType::Int64, span),
                class => {
                    let message = format!("'codes' needs a factor, but this is {}", class.name());
                    Err(self.error(args[0].span, message))
                }
            },
            // The parser makes a node of its own of it.
            F::IfElse => Err(self.error(span, "ifelse takes a condition and two values")),
        }
    }

    fn floats(&self, args: Vec<Node>, name: &str) -> Bound<Vec<Node>> {
        args.into_iter().map(|arg| self.float(arg, name)).collect()
    }

    fn numbers_of(&self, args: Vec<Node>, name: &str) -> Bound<Vec<Node>> {
        args.into_iter().map(|arg| self.number(arg, name)).collect()
    }

    fn texts(&self, args: Vec<Node>, name: &str) -> Bound<Vec<Node>> {
        args.into_iter().map(|arg| self.text_of(arg, name)).collect()
    }

    /// A count or a position.
    fn whole(&self, node: Node, name: &str) -> Bound {
        let span = node.span;
        let node = self.number(node, name)?;
        if node.ty == DataType::Int64 {
            return Ok(node);
        }
        if node.constant().is_some_and(|value| value.is_null(0)) {
            return self.widen(Node::literal(&Literal::Null, span), &DataType::Int64);
        }
        let hint = format!("write as.integer({})", self.source(span));
        Err(self.error_with(span, format!("'{name}' needs a whole number here"), hint))
    }

    fn operator(&self, operator: Arithmetic, args: Vec<Node>, span: Span) -> Bound {
        let mut args = args.into_iter();
        match (args.next(), args.next()) {
            (Some(left), Some(right)) => self.arithmetic(operator, left, right, span),
            _ => Err(self.error(span, "two arguments are needed")),
        }
    }

    fn round(&self, args: Vec<Node>, span: Span) -> Bound {
        let digits = match args.get(1) {
            None => 0,
            Some(node) => {
                let value = node.constant().and_then(|value| value.as_primitive_opt::<Int64Type>());
                let value = value.and_then(|value| value.iter().next().flatten());
                match value {
                    Some(digits) if (-18..=18).contains(&digits) => digits as i32,
                    _ => {
                        return Err(self.error_with(
                            node.span,
                            "the number of digits must be a whole number from -18 to 18",
                            "write round(x, 2)",
                        ));
                    }
                }
            }
        };
        let value = self.number(first(args), "round")?;
        if value.ty == DataType::Int64 && digits >= 0 {
            return Ok(value);
        }
        let value = self.widen(value, &DataType::Float64)?;
        self.node(Op::Round(digits), vec![value], DataType::Float64, span)
    }

    fn null_if(&self, args: Vec<Node>, span: Span) -> Bound {
        let mut args = args.into_iter();
        let (Some(value), Some(code)) = (args.next(), args.next()) else {
            return Err(self.error(span, "two arguments are needed"));
        };
        let equal = self.compare(Comparison::Equal, self.copy(&value)?, code, span)?;
        let value =
            if Class::of(&value.ty) == Class::Factor { self.text_of(value, "nullif")? } else { value };
        let ty = value.ty.clone();
        self.node(Op::NullIf, vec![value, equal], ty, span)
    }

    fn part(&self, part: DatePart, args: Vec<Node>, name: &str, span: Span) -> Bound {
        let class = Class::of(&args[0].ty);
        let of_day = matches!(part, DatePart::Hour | DatePart::Minute | DatePart::Second);
        match class {
            Class::Time => {}
            Class::Date if !of_day => {}
            Class::Date => return Err(self.error(args[0].span, format!("a date has no {name}"))),
            _ => {
                let source = self.source(args[0].span);
                let message = format!("'{name}' needs a date, but this is {}", class.name());
                return Err(self.error_with(
                    args[0].span,
                    message,
                    format!("as.Date({source}) makes a date of text"),
                ));
            }
        }
        self.node(Op::Part(part), args, DataType::Int32, span)
    }

    /// A conversion that was asked for.
    pub(super) fn convert(&self, node: Node, to: &DataType, span: Span) -> Bound {
        let (from, target) = (Class::of(&node.ty), Class::of(to));
        let source = self.source(node.span).to_owned();
        match (from, target) {
            _ if node.ty == *to => return Ok(node),
            (Class::Factor, Class::Text) => return self.text_of(node, "as.character"),
            (Class::Factor, Class::Int | Class::Float) => {
                return Err(self.error_with(
                    span,
                    "a factor has two numbers: the place of its level and the number in its text",
                    format!("write codes({source}) or as.numeric(as.character({source}))"),
                ));
            }
            (Class::Factor, _) => {
                let text = self.text_of(node, "as.character")?;
                return self.convert(text, to, span);
            }
            // Through whole numbers: days here and, below, ticks of the time's unit.
            (Class::Int | Class::Float | Class::Bool, Class::Date)
            | (Class::Date, Class::Int | Class::Float)
                if node.ty != DataType::Int64 && *to != DataType::Int64 =>
            {
                let days = self.node(Op::Convert, vec![node], DataType::Int64, span)?;
                return self.node(Op::Convert, vec![days], to.clone(), span);
            }
            (Class::Time, Class::Int | Class::Float) => {
                let ticks = match &node.ty {
                    DataType::Timestamp(TimeUnit::Second, _) => 1,
                    DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
                    DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000_000,
                    _ => 1_000_000_000,
                };
                let count = self.node(Op::Convert, vec![node], DataType::Int64, span)?;
                let ticks = Node::literal(&Literal::Int(ticks), span);
                let operator =
                    if target == Class::Int { Arithmetic::FloorDivide } else { Arithmetic::Divide };
                let seconds = self.arithmetic(operator, count, ticks, span)?;
                return self.convert(seconds, to, span);
            }
            (Class::Int | Class::Float | Class::Bool, Class::Time)
            | (Class::Bool | Class::Date | Class::Time, _)
                if !convertible(from, target) =>
            {
                let message = format!("{} cannot become {}", from.name(), target.name());
                return Err(self.error(span, message));
            }
            _ => {}
        }
        self.node(Op::Convert, vec![node], to.clone(), span)
    }

    /// A factor with given levels, in their order; other texts become missing.
    fn make_factor(&self, args: Vec<Node>, span: Span) -> Bound {
        let mut args = args.into_iter();
        let Some(value) = args.next() else { return Err(self.error(span, "one argument is needed")) };
        let class = Class::of(&value.ty);
        let mut texts: Vec<String> = Vec::new();
        let mut codes = HashMap::new();
        for level in args {
            let text = match level.constant() {
                Some(value) => arrow_cast::cast(value, &DataType::Utf8).ok(),
                None => None,
            };
            let text = text.as_ref().and_then(|text| text.as_string_opt::<i32>());
            let Some(text) = text.filter(|text| text.is_valid(0)) else {
                return Err(self.error(level.span, "a level must be a constant"));
            };
            if codes.insert(text.value(0).to_owned(), texts.len() as i32).is_some() {
                return Err(self.error(level.span, "the level is there already"));
            }
            texts.push(text.value(0).to_owned());
        }
        if texts.is_empty() && class == Class::Factor {
            return Ok(value);
        }
        if texts.is_empty() && class == Class::Bool {
            texts = vec!["false".to_owned(), "true".to_owned()];
            codes.extend([("false".to_owned(), 0), ("true".to_owned(), 1)]);
        }
        let source = self.source(value.span);
        if texts.is_empty() {
            return Err(self.error_with(
                span,
                "the levels must be known before the data is read",
                format!("name them in order: factor({source}, \"a\", \"b\")"),
            ));
        }
        if class == Class::Float {
            let hint = format!("write factor(as.integer({source}), ...)");
            return Err(self.error_with(span, "the text of a fraction makes no good level", hint));
        }
        let place = value.span;
        let value = if class.is_text() {
            self.text_of(value, "factor")?
        } else {
            self.convert(value, &DataType::Utf8, place)?
        };
        let levels = Levels { texts: Arc::new(StringArray::from(texts)), codes: Arc::new(codes) };
        self.node(Op::MakeFactor(levels), vec![value], factor(), span)
    }
}

/// Whether Arrow converts between the two; what is not listed as impossible is.
fn convertible(from: Class, to: Class) -> bool {
    match from {
        Class::Bool => !matches!(to, Class::Time | Class::Factor),
        Class::Date => matches!(to, Class::Int | Class::Text | Class::Time),
        Class::Time => matches!(to, Class::Date | Class::Text | Class::Time),
        _ => to != Class::Time,
    }
}

fn first(args: Vec<Node>) -> Node {
    args.into_iter().next().unwrap_or_else(|| Node::literal(&Literal::Null, Span::default()))
}
