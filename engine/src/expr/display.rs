//! Tree to text: canonical, in the spelling of R, and read back to the same tree.
//!
//! The canonical text is also the name of a computed variable (`log(x)`, `I(x^2)`), hence the spacing of R.

use std::fmt::{self, Formatter, Write};

use super::ast::{Arithmetic, Ast, Connective, Kind, Literal};
use super::functions::{conversion_name, type_name};
use crate::syntax::{quote_name, quote_text};

/// How tightly the outermost operator binds; see the table of the parser.
fn binding(ast: &Ast) -> u8 {
    match &ast.kind {
        Kind::Connect(Connective::Or, _) => 10,
        Kind::Connect(Connective::And, _) => 20,
        Kind::Not(_) => 30,
        Kind::Compare(..) | Kind::In(..) | Kind::Between(..) | Kind::Like { .. } => 40,
        Kind::Arithmetic(operator, ..) => binding_of(*operator),
        Kind::Negate(_) => 80,
        _ => 100,
    }
}

fn binding_of(operator: Arithmetic) -> u8 {
    match operator {
        Arithmetic::Add | Arithmetic::Subtract => 50,
        Arithmetic::Multiply | Arithmetic::Divide => 60,
        Arithmetic::Modulo | Arithmetic::FloorDivide => 70,
        Arithmetic::Power => 90,
    }
}

impl fmt::Display for Ast {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Column(name) => f.write_str(&quote_name(name)),
            Kind::Literal(literal) => write!(f, "{literal}"),
            Kind::Negate(value) => {
                f.write_char('-')?;
                operand(f, value, 80)
            }
            Kind::Not(value) => {
                f.write_char('!')?;
                operand(f, value, 30)
            }
            Kind::Arithmetic(operator, left, right) => {
                let power = binding_of(*operator);
                if *operator == Arithmetic::Power {
                    operand(f, left, power + 1)?;
                    f.write_char('^')?;
                    return operand(f, right, 80);
                }
                operand(f, left, power)?;
                write!(f, " {} ", operator.spelling())?;
                operand(f, right, power + 1)
            }
            Kind::Compare(comparison, left, right) => {
                operand(f, left, 41)?;
                write!(f, " {} ", comparison.spelling())?;
                operand(f, right, 41)
            }
            Kind::Connect(connective, all) => {
                let (power, spelling) = match connective {
                    Connective::Or => (11, " | "),
                    Connective::And => (21, " & "),
                };
                for (i, condition) in all.iter().enumerate() {
                    if i > 0 {
                        f.write_str(spelling)?;
                    }
                    operand(f, condition, power)?;
                }
                Ok(())
            }
            Kind::In(value, items) => {
                operand(f, value, 41)?;
                f.write_str(" %in% c(")?;
                list(f, items)?;
                f.write_char(')')
            }
            Kind::Between(value, low, high) => {
                operand(f, value, 41)?;
                f.write_str(" between ")?;
                operand(f, low, 50)?;
                f.write_str(" and ")?;
                operand(f, high, 50)
            }
            Kind::Like { value, pattern, ignore_case } => {
                operand(f, value, 41)?;
                f.write_str(if *ignore_case { " ilike " } else { " like " })?;
                operand(f, pattern, 50)
            }
            Kind::If(test, yes, no) => write!(f, "ifelse({test}, {yes}, {no})"),
            Kind::Case { operand, branches, otherwise } => {
                f.write_str("case")?;
                if let Some(operand) = operand {
                    write!(f, " {operand}")?;
                }
                for (condition, value) in branches {
                    write!(f, " when {condition} then {value}")?;
                }
                if let Some(value) = otherwise {
                    write!(f, " else {value}")?;
                }
                f.write_str(" end")
            }
            Kind::Cast(value, to) => match conversion_name(to) {
                Some(name) => write!(f, "{name}({value})"),
                None => write!(f, "cast({value} as {})", type_name(to)),
            },
            Kind::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                list(f, arguments)?;
                f.write_char(')')
            }
        }
    }
}

/// Writes an operand, in parentheses when it binds less tightly than `least`.
fn operand(f: &mut Formatter<'_>, ast: &Ast, least: u8) -> fmt::Result {
    if binding(ast) < least { write!(f, "({ast})") } else { write!(f, "{ast}") }
}

fn list(f: &mut Formatter<'_>, items: &[Ast]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NA"),
            Self::Bool(true) => f.write_str("TRUE"),
            Self::Bool(false) => f.write_str("FALSE"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_nan() => f.write_str("NaN"),
            Self::Float(value) if value.is_infinite() => f.write_str("Inf"),
            Self::Float(value) if *value == std::f64::consts::PI => f.write_str("pi"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) => f.write_str(&quote_text(value)),
        }
    }
}
