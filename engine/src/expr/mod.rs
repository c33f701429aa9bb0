//! Row selections and computed columns: one small language that takes the spellings of R, Python and SQL.
//!
//! ```text
//! ArrDelay > 15 & DayOfWeek %in% c("Monday", "Friday")          R
//! ArrDelay > 15 and DayOfWeek in ["Monday", "Friday"]           Python
//! ArrDelay > 15 AND DayOfWeek IN ('Monday', 'Friday')           SQL
//! ```
//!
//! The stages, each with its own type and its own errors:
//!
//! 1. [`Expr::parse`]: text to tree. The three languages share one grammar, because they agree on nearly all of
//!    it; where they do not, the spelling decides (`%%` binds as in R, `%` as in Python), or the language is
//!    stated in `docs/concepts/expressions.md` (`substr` takes a last position, as in R).
//! 2. [`Expr::bind`]: tree and schema to a typed plan. Columns are resolved, numbers are brought to a common
//!    type, constants take the type of the column they meet and are folded.
//! 3. [`BoundExpr::evaluate`] and [`BoundExpr::select`]: plan and batch to a column, on Arrow kernels. Before that,
//!    `prune` says from the statistics of a block whether any of its rows can be selected.
//!
//! Missing values follow three-valued logic: a comparison with a missing value is missing, `missing & FALSE` is
//! false, and a selection keeps only the rows that are true. NaN is missing, too.

mod ast;
mod bind;
mod bound;
mod display;
mod error;
mod eval;
mod functions;
mod kernels;
mod monomial;
mod parser;
mod plan;
mod prune;
mod scalar;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ast::Kind;
pub(crate) use ast::{Ast, Kind as ExprKind};
pub use bound::BoundExpr;
pub use error::ExprError;
pub(crate) use parser::Parser;
pub(crate) use prune::BlockStatistics;

use crate::syntax::{Cursor, Kind as Lexeme, Symbol, SyntaxError};

/// An expression as written.
///
/// Two expressions are equal when they mean the same tree, whatever their spelling. [`Display`](fmt::Display)
/// gives a canonical text that parses to an equal expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// The text in which the places of the tree lie; of a formula, the whole formula.
    text: Arc<str>,
    root: Ast,
}

impl Expr {
    /// Parses a text.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::{Float64Array, RecordBatch};
    /// use engine::expr::Expr;
    ///
    /// let delay = Float64Array::from(vec![Some(20.0), Some(3.0), None]);
    /// let batch = RecordBatch::try_from_iter([("ArrDelay", Arc::new(delay) as _)])?;
    /// let late = Expr::parse("ArrDelay > 15 or ArrDelay is null")?.bind(&batch.schema())?;
    /// assert_eq!(late.select(&batch)?.true_count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A text that is not one expression, with the place and often a hint.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text)?;
        let root = Parser::new(&mut cursor).expression()?;
        cursor.end()?;
        Ok(Self::from_ast(text, root))
    }

    pub(crate) fn from_ast(text: &str, root: Ast) -> Self {
        Self { text: Arc::from(text), root }
    }

    /// The names of the columns it reads, each once, in the order of their first use.
    pub fn columns(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut columns = Vec::new();
        self.root.each_column(&mut |name| {
            if seen.insert(name.to_owned()) {
                columns.push(name.to_owned());
            }
        });
        columns
    }

    /// The text in which it was written: the expression, or the formula or assignment around it.
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The column, when the expression is nothing else.
    pub fn as_column(&self) -> Option<&str> {
        match &self.root.kind {
            Kind::Column(name) => Some(name),
            _ => None,
        }
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)
    }
}

impl FromStr for Expr {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}

/// Parses `name = expression`, as given to compute a column; the name may be quoted.
///
/// # Errors
/// A text without a name and an equals sign in front, or whose rest is not an expression.
pub fn parse_assignment(text: &str) -> Result<(String, Expr), SyntaxError> {
    const FORM: &str = "write name = expression, for example late = ArrDelay > 15";
    let mut cursor = Cursor::new(text)?;
    let first = cursor.advance();
    let Lexeme::Name { name, .. } = first.kind else {
        return Err(cursor.error(first.span, "expected the name of the new column").with_hint(FORM));
    };
    if !cursor.accept(Symbol::Assign) {
        return Err(cursor.unexpected("'='").with_hint(FORM));
    }
    let root = Parser::new(&mut cursor).expression()?;
    cursor.end()?;
    Ok((name, Expr::from_ast(text, root)))
}
