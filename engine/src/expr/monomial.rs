//! Expressions that are products of columns.

use super::Expr;
use super::ast::{Arithmetic, Ast, Kind, Literal};
use super::functions::Function;

/// The most factors of a product.
const MAX_DEGREE: usize = 64;

impl Expr {
    /// The columns whose product the expression is, as often as they are its factors: `a`, `b`, `b` for `a * b^2`. `None`
    /// for any other expression, and for products of more than 64 factors.
    ///
    /// ```
    /// # use engine::expr::Expr;
    /// assert_eq!(Expr::parse("a * b^2")?.monomial().unwrap(), ["a", "b", "b"]);
    /// assert_eq!(Expr::parse("2 * a")?.monomial(), None);
    /// # Ok::<(), engine::syntax::SyntaxError>(())
    /// ```
    pub fn monomial(&self) -> Option<Vec<String>> {
        let mut factors = Vec::new();
        collect(&self.root, &mut factors).then(|| factors.into_iter().map(str::to_owned).collect())
    }
}

/// Appends the factors of a node; false when it is no product of columns.
fn collect<'a>(node: &'a Ast, factors: &mut Vec<&'a str>) -> bool {
    let power = match &node.kind {
        Kind::Column(name) => {
            factors.push(name);
            return factors.len() <= MAX_DEGREE;
        }
        Kind::Arithmetic(Arithmetic::Multiply, a, b) => return collect(a, factors) && collect(b, factors),
        Kind::Arithmetic(Arithmetic::Power, base, exponent) => Some((base.as_ref(), exponent.as_ref())),
        Kind::Call(Function::Power, arguments) => match arguments.as_slice() {
            [base, exponent] => Some((base, exponent)),
            _ => None,
        },
        _ => None,
    };
    let Some((base, Ast { kind: Kind::Literal(exponent), .. })) = power else { return false };
    let exponent = match exponent {
        Literal::Int(exponent) => usize::try_from(*exponent).ok(),
        Literal::Float(exponent) if exponent.fract() == 0.0 && (0.0..=64.0).contains(exponent) => {
            Some(*exponent as usize)
        }
        _ => None,
    };
    matches!(exponent, Some(1..=MAX_DEGREE)) && (0..exponent.unwrap_or(0)).all(|_| collect(base, factors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(text: &str) -> Option<String> {
        Expr::parse(text).unwrap().monomial().map(|factors| factors.concat())
    }

    #[test]
    fn products_and_powers_of_columns() {
        for (text, expected) in
            [("x", "x"), ("x * x", "xx"), ("x^3", "xxx"), ("pow(x, 2.0)", "xx"), ("(x * y)^2 * z", "xyxyz")]
        {
            assert_eq!(factors(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for text in ["x + 1", "2 * x", "x^0", "x^-1", "x^0.5", "2^x", "log(x)", "x^65", "(x^60)^60", "-x"] {
            assert_eq!(factors(text), None, "{text}");
        }
    }
}
