//! Bound expressions as scalars of queries: what a database can compute.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::BoundExpr;
use super::ast::{Arithmetic, Comparison, Connective};
use super::functions::Function;
use super::plan::{Node, Op, Set};
use crate::Result;
use crate::aggregate::{Compare, Math, Scalar, Test, not_pushed_down, per_second};

impl BoundExpr {
    /// The expression as a value of a row in a query. Whole numbers are computed in double precision, exactly up to 2⁵³;
    /// a division by 0 is missing.
    ///
    /// # Errors
    /// When it has a function that databases do not share; the message names it.
    pub fn scalar(&self) -> Result<Scalar> {
        self.scalar_of(&self.root)
    }

    /// The expression as a condition on a row in a query.
    ///
    /// # Errors
    /// As [`scalar`](Self::scalar) and [`check_selection`](Self::check_selection).
    pub fn test(&self) -> Result<Test> {
        self.check_selection()?;
        self.test_of(&self.root)
    }

    fn refuse<T>(&self, node: &Node) -> Result<T> {
        Err(not_pushed_down(format!("'{}'", node.span.of(&self.text))))
    }

    fn arg<'a>(&self, node: &'a Node, place: usize) -> Result<&'a Node> {
        node.args.get(place).map_or_else(|| self.refuse(node), Ok)
    }

    fn scalar_of(&self, node: &Node) -> Result<Scalar> {
        let scalar = |place: usize| self.scalar_of(self.arg(node, place)?);
        if node.ty == DataType::Boolean {
            let test = self.test_of(node)?;
            let no = Test::Not(Box::new(test.clone()));
            return Ok(Scalar::Case(vec![(test, 1.0.into()), (no, 0.0.into())], Box::new(Scalar::Null)));
        }
        Ok(match &node.op {
            Op::Column(at) => match self.columns.get(*at) {
                Some(column) => Scalar::Column(column.name.clone(), column.raw.clone()),
                None => return self.refuse(node),
            },
            Op::Literal(array) => literal(array).map_or_else(|| self.refuse(node), Ok)?,
            Op::Widen | Op::Convert => self.converted(node)?,
            Op::Arithmetic(operator) => self.arithmetic(*operator, node)?,
            Op::Negate => -scalar(0)?,
            Op::If => {
                let test = self.test_of(self.arg(node, 0)?)?;
                let no = Test::Not(Box::new(test.clone()));
                Scalar::Case(vec![(test, scalar(1)?), (no, scalar(2)?)], Box::new(Scalar::Null))
            }
            Op::Case => {
                let pairs = node.args.chunks_exact(2);
                let otherwise =
                    pairs.remainder().first().map_or(Ok(Scalar::Null), |last| self.scalar_of(last))?;
                let branches = pairs
                    .map(|pair| Ok((self.test_of(&pair[0])?, self.scalar_of(&pair[1])?)))
                    .collect::<Result<_>>()?;
                Scalar::Case(branches, Box::new(otherwise))
            }
            Op::Coalesce => {
                let mut values =
                    node.args.iter().map(|arg| self.scalar_of(arg)).collect::<Result<Vec<_>>>()?;
                let last = values.pop().unwrap_or(Scalar::Null);
                let present = |value: Scalar| (Test::Not(Box::new(Test::IsMissing(value.clone()))), value);
                Scalar::Case(values.into_iter().map(present).collect(), Box::new(last))
            }
            Op::NullIf => Scalar::choose(self.test_of(self.arg(node, 1)?)?, Scalar::Null, scalar(0)?),
            Op::Math(function) => self.math(*function, node)?,
            Op::Extreme { greatest } => {
                let compare = if *greatest { Compare::Greater } else { Compare::Less };
                let mut values = node.args.iter().map(|arg| self.scalar_of(arg));
                let first = values.next().unwrap_or(Ok(Scalar::Null))?;
                values.try_fold(first, |best, next| {
                    let next = next?;
                    let missing =
                        Test::Or(vec![Test::IsMissing(best.clone()), Test::IsMissing(next.clone())]);
                    let better = (next.clone().is(compare, best.clone()), next);
                    Ok::<_, crate::Error>(Scalar::Case(vec![(missing, Scalar::Null), better], Box::new(best)))
                })?
            }
            _ => return self.refuse(node),
        })
    }

    fn converted(&self, node: &Node) -> Result<Scalar> {
        let arg = self.arg(node, 0)?;
        let value = self.scalar_of(arg)?;
        let is_number = |ty: &DataType| ty.is_numeric() || *ty == DataType::Boolean;
        match (&arg.ty, &node.ty) {
            // whole numbers are cut off towards 0
            (from, to) if from.is_floating() && to.is_integer() => Ok(truncated(value)),
            (DataType::Date32, DataType::Timestamp(..)) => Ok(value * 86_400.0),
            (from, to)
                if from == to
                    || (is_number(from) && is_number(to))
                    || matches!(
                        (from, to),
                        (DataType::Timestamp(..), DataType::Timestamp(..))
                            | (DataType::Dictionary(..), DataType::Utf8)
                    ) =>
            {
                Ok(value)
            }
            _ => self.refuse(node),
        }
    }

    fn arithmetic(&self, operator: Arithmetic, node: &Node) -> Result<Scalar> {
        let (a, b) = (self.scalar_of(self.arg(node, 0)?)?, self.scalar_of(self.arg(node, 1)?)?);
        let quotient = |a: &Scalar, b: &Scalar| (a.clone() / b.clone()).math(Math::Floor);
        Ok(match operator {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
            Arithmetic::FloorDivide => quotient(&a, &b),
            Arithmetic::Modulo => a.clone() - b.clone() * quotient(&a, &b),
            Arithmetic::Power => match b {
                Scalar::Number(2.0) => a.clone() * a,
                Scalar::Number(3.0) => a.clone() * a.clone() * a,
                b => a.power(b),
            },
        })
    }

    fn math(&self, function: Function, node: &Node) -> Result<Scalar> {
        let x = self.scalar_of(self.arg(node, 0)?)?;
        Ok(match function {
            Function::Abs => x.math(Math::Abs),
            Function::Sqrt => x.math(Math::Sqrt),
            Function::Exp => x.math(Math::Exp),
            Function::Log => match node.args.get(1) {
                None => x.math(Math::Log),
                Some(base) => x.math(Math::Log) / self.scalar_of(base)?.math(Math::Log),
            },
            Function::Log2 => x.math(Math::Log) / std::f64::consts::LN_2,
            Function::Log10 => x.math(Math::Log) / std::f64::consts::LN_10,
            Function::Floor => x.math(Math::Floor),
            Function::Ceiling => x.math(Math::Ceiling),
            Function::Trunc => truncated(x),
            Function::Sign => x.math(Math::Sign),
            Function::Sin => x.math(Math::Sin),
            Function::Cos => x.math(Math::Cos),
            Function::Tan => x.math(Math::Tan),
            Function::Atan => x.math(Math::Atan),
            _ => return self.refuse(node),
        })
    }

    fn test_of(&self, node: &Node) -> Result<Test> {
        Ok(match &node.op {
            Op::Column(at) => match self.columns.get(*at) {
                Some(column) => Test::Column(column.name.clone()),
                None => return self.refuse(node),
            },
            Op::Literal(array) => match array.as_boolean_opt() {
                Some(known) if known.is_valid(0) => Test::Known(known.value(0)),
                // neither true nor false
                _ => Scalar::Null.is(Compare::Equal, 0.0),
            },
            Op::Compare(comparison) => {
                let (a, b) = (self.scalar_of(self.arg(node, 0)?)?, self.scalar_of(self.arg(node, 1)?)?);
                a.is(compare(*comparison), b)
            }
            Op::Connect(connective) => {
                let all = node.args.iter().map(|arg| self.test_of(arg)).collect::<Result<Vec<_>>>()?;
                match connective {
                    Connective::And => Test::And(all),
                    Connective::Or => Test::Or(all),
                }
            }
            Op::Not => Test::Not(Box::new(self.test_of(self.arg(node, 0)?)?)),
            Op::In(set) => {
                let value = self.scalar_of(self.arg(node, 0)?)?;
                let any = |numbers: Vec<f64>| {
                    Test::Or(numbers.into_iter().map(|x| value.clone().is(Compare::Equal, x)).collect())
                };
                match set {
                    Set::Ints(numbers) => any(numbers.iter().map(|&x| x as f64).collect()),
                    Set::Floats(numbers) => any(numbers.clone()),
                    Set::Texts(texts) => Test::In(value, texts.clone()),
                }
            }
            Op::IsMissing => {
                let arg = self.arg(node, 0)?;
                Test::IsMissing(self.scalar_of(arg)?)
            }
            _ => return self.refuse(node),
        })
    }
}

/// A number without its fraction.
fn truncated(x: Scalar) -> Scalar {
    let (down, up) = (x.clone().math(Math::Floor), x.clone().math(Math::Ceiling));
    Scalar::choose(x.is(Compare::Less, 0.0), up, down)
}

fn compare(comparison: Comparison) -> Compare {
    match comparison {
        Comparison::Equal => Compare::Equal,
        Comparison::NotEqual => Compare::NotEqual,
        Comparison::Less => Compare::Less,
        Comparison::LessEqual => Compare::LessEqual,
        Comparison::Greater => Compare::Greater,
        Comparison::GreaterEqual => Compare::GreaterEqual,
    }
}

/// A constant of one value.
fn literal(array: &ArrayRef) -> Option<Scalar> {
    if *array.data_type() == DataType::Null || array.is_null(0) {
        return Some(Scalar::Null);
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        return Some(Scalar::Text(texts.value(0).to_owned()));
    }
    let mut numbers = Vec::new();
    crate::stats::widen(array.as_ref(), &mut numbers).ok()?;
    let per_second = match array.data_type() {
        DataType::Timestamp(unit, _) => per_second(*unit),
        _ => 1.0,
    };
    let number = numbers.first()? / per_second;
    Some(if number.is_finite() { Scalar::Number(number) } else { Scalar::Null })
}
