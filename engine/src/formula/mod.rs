//! The formula language: what is modelled by what.
//!
//! ```text
//! ArrDelay ~ DayOfWeek * F(CRSDepTime, 5, 23) + log(Distance) - 1
//! ^response  ^terms
//! ```
//!
//! A formula is parsed to a tree and the tree is multiplied out to [`Term`]s: `a*b` is `a + b + a:b`, `(a+b+c)^2`
//! is all main effects and interactions of two. The order is the order of writing: unlike R, interactions are not
//! moved behind the main effects, because the columns of a design, and so the printed coefficients, follow it.
//! A term that is there already is not added again; `a:b` and `b:a` are the same term.
//!
//! `.` stands for all columns that are not in the response. It is multiplied out when the columns are known:
//! [`Formula::expand`].
//!
//! Formulas are untrusted: nesting ([`MAX_DEPTH`](crate::syntax::MAX_DEPTH)), the number of terms ([`MAX_TERMS`])
//! and the work of multiplying out are bounded, each with an error that says so.

mod expand;
mod parser;
mod term;
mod tree;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use crate::syntax::SyntaxError;
use tree::Tree;

pub use expand::MAX_TERMS;
pub use term::{Term, Variable};

/// A formula, multiplied out.
///
/// Two formulas are equal when they have the same response, the same terms in the same order and the same
/// intercept. [`Display`](fmt::Display) gives a canonical text that parses to an equal formula.
#[derive(Debug, Clone)]
pub struct Formula {
    /// The text as written.
    pub text: String,
    /// The responses: none, one, or those of `cbind(y1, y2)`.
    pub response: Vec<Variable>,
    /// The terms in written order, without duplicates; what `.` stands for is in it only after
    /// [`expand`](Self::expand).
    pub terms: Vec<Term>,
    /// Whether there is an intercept: true unless `- 1` or `+ 0` removes it.
    pub intercept: bool,
    /// Whether a `.` waits for the columns.
    pub dot: bool,
    tree: Tree,
}

impl Formula {
    /// Parses `response ~ terms`, `~ terms` or only `terms`.
    ///
    /// ```
    /// use engine::formula::Formula;
    ///
    /// let formula = Formula::parse("ArrDelay ~ DayOfWeek * F(CRSDepTime) - 1")?;
    /// let labels: Vec<String> = formula.terms.iter().map(|term| term.label()).collect();
    /// assert_eq!(labels, ["DayOfWeek", "F_CRSDepTime", "DayOfWeek:F_CRSDepTime"]);
    /// assert!(!formula.intercept);
    /// # Ok::<(), engine::syntax::SyntaxError>(())
    /// ```
    ///
    /// # Errors
    /// A text that is not a formula, or one that multiplies out to too many terms, with the place.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (response, tree) = parser::parse(text)?;
        Self::build(text, response, tree, None)
    }

    /// The formula with `.` replaced by all of `schema_names` that are not in the response, in their order.
    ///
    /// # Errors
    /// Too many terms.
    pub fn expand(&self, schema_names: &[&str]) -> Result<Self, SyntaxError> {
        let taken: HashSet<String> = self.response.iter().flat_map(Variable::columns).collect();
        let terms: Vec<Term> = schema_names
            .iter()
            .filter(|name| !taken.contains(**name))
            .map(|name| Term { variables: vec![Variable::Column((*name).to_owned())] })
            .collect();
        self.expand_to(&terms)
    }

    /// The formula with `.` replaced by these terms, as R's `update` does with those of another formula.
    ///
    /// # Errors
    /// Too many terms.
    pub fn expand_to(&self, terms: &[Term]) -> Result<Self, SyntaxError> {
        if !self.dot {
            return Ok(self.clone());
        }
        Self::build(&self.text, self.response.clone(), self.tree.clone(), Some(terms))
    }

    /// The formula with the same response and intercept and these terms; its text is the canonical one.
    #[must_use]
    pub fn with_terms(&self, terms: Vec<Term>) -> Self {
        let mut formula = Self { terms, dot: false, ..self.clone() };
        formula.text = formula.to_string();
        formula
    }

    fn build(
        text: &str,
        response: Vec<Variable>,
        tree: Tree,
        dot: Option<&[Term]>,
    ) -> Result<Self, SyntaxError> {
        let expansion = expand::expand(text, &tree, dot)?;
        Ok(Self {
            text: text.to_owned(),
            response,
            terms: expansion.terms,
            intercept: expansion.intercept,
            dot: expansion.dot,
            tree,
        })
    }

    /// The names of the columns it reads, each once: those of the response, then those of the terms.
    pub fn columns(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut columns: Vec<String> = Vec::new();
        for variable in self.response.iter().chain(self.terms.iter().flat_map(|term| &term.variables)) {
            for column in variable.columns() {
                if seen.insert(column.clone()) {
                    columns.push(column);
                }
            }
        }
        columns
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.response == other.response
            && self.terms == other.terms
            && self.intercept == other.intercept
            && self.dot == other.dot
            && (!self.dot || self.tree == other.tree)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.response.as_slice() {
            [] => {}
            [single] => write!(f, "{single} ")?,
            several => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                write!(f, "cbind({}) ", several.join(", "))?;
            }
        }
        f.write_str("~ ")?;
        if self.dot {
            return write!(f, "{}", self.tree);
        }
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_str(" + ")?;
            }
            write!(f, "{term}")?;
        }
        match (self.terms.is_empty(), self.intercept) {
            (true, true) => f.write_str("1"),
            (true, false) => f.write_str("0"),
            (false, true) => Ok(()),
            (false, false) => f.write_str(" - 1"),
        }
    }
}

impl FromStr for Formula {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}
