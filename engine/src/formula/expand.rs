//! Multiplying out: tree to terms.
//!
//! Variables are numbered by their canonical text, and a term is a list of numbers; two terms are the same when
//! they are the same set. The rules, with `A`, `B` lists of terms:
//!
//! | | |
//! |---|---|
//! | `A + B` | A, then what is new in B |
//! | `A - B` | A without what is in B |
//! | `A : B` | each of A joined with each of B |
//! | `A * B` | A, B, A : B |
//! | `A ^ k` | A, then k - 1 times: what is new in the list joined with A (`x^2` is `x`, as in R) |
//!
//! The work is counted in numbers copied and bounded, because `(a+b+c)^30` is a short text.

use std::collections::{HashMap, HashSet};

use super::tree::{Node, Tree};
use super::{Term, Variable};
use crate::syntax::{Span, SyntaxError};

/// The most terms that a formula may multiply out to.
pub const MAX_TERMS: usize = 10_000;

/// The most numbers that may be copied on the way.
const MAX_WORK: usize = 2_000_000;

/// The result of multiplying out.
pub(super) struct Expansion {
    pub(super) terms: Vec<Term>,
    pub(super) intercept: bool,
    pub(super) dot: bool,
}

/// Multiplies out; `meaning` is what `.` stands for, where that is known.
pub(super) fn expand(text: &str, tree: &Tree, meaning: Option<&[Term]>) -> Result<Expansion, SyntaxError> {
    let mut expander =
        Expander { text, meaning, variables: Vec::new(), numbers: HashMap::new(), work: 0, dot: false };
    let list = expander.expand(tree)?;
    let variables = expander.variables;
    let terms = list
        .terms
        .iter()
        .map(|term| Term {
            variables: term.iter().map(|&number| variables[number as usize].clone()).collect(),
        })
        .collect();
    Ok(Expansion { terms, intercept: list.intercept.unwrap_or(true), dot: expander.dot })
}

/// A list of terms without duplicates.
#[derive(Default)]
struct List {
    terms: Vec<Vec<u32>>,
    seen: HashSet<Vec<u32>>,
    /// What `1` and `0` in it said last.
    intercept: Option<bool>,
}

impl List {
    fn push(&mut self, term: Vec<u32>) {
        if self.seen.insert(key(&term)) {
            self.terms.push(term);
        }
    }
}

fn key(term: &[u32]) -> Vec<u32> {
    let mut key = term.to_vec();
    key.sort_unstable();
    key
}

struct Expander<'a> {
    text: &'a str,
    /// What `.` stands for.
    meaning: Option<&'a [Term]>,
    variables: Vec<Variable>,
    numbers: HashMap<String, u32>,
    work: usize,
    /// A `.` was met whose meaning is not known.
    dot: bool,
}

impl Expander<'_> {
    fn number(&mut self, variable: &Variable) -> u32 {
        let next = self.variables.len() as u32;
        let number = *self.numbers.entry(variable.to_string()).or_insert(next);
        if number == next {
            self.variables.push(variable.clone());
        }
        number
    }

    fn spend(&mut self, work: usize, terms: usize, span: Span) -> Result<(), SyntaxError> {
        self.work = self.work.saturating_add(work);
        if terms <= MAX_TERMS && self.work <= MAX_WORK {
            return Ok(());
        }
        let message = format!("this multiplies out to too many terms: at most {MAX_TERMS} are possible");
        Err(SyntaxError::new(self.text, span, message).with_hint("name the interactions that are needed"))
    }

    fn expand(&mut self, tree: &Tree) -> Result<List, SyntaxError> {
        let mut list = List::default();
        match &tree.node {
            Node::Variable(variable) => {
                let number = self.number(variable);
                list.push(vec![number]);
            }
            Node::Intercept(one) => list.intercept = Some(*one),
            Node::Dot => match self.meaning {
                None => self.dot = true,
                Some(terms) => {
                    for term in terms {
                        let numbers = term.variables.iter().map(|variable| self.number(variable)).collect();
                        list.push(numbers);
                    }
                    self.spend(terms.len(), list.terms.len(), tree.span)?;
                }
            },
            Node::Sum(all) => {
                let mut removed = HashSet::new();
                for (minus, summand) in all {
                    let part = self.expand(summand)?;
                    let intercept = part.intercept.map(|one| one != *minus);
                    list.intercept = intercept.or(list.intercept);
                    if *minus {
                        removed.clear();
                        removed.extend(part.seen);
                        self.spend(list.terms.len(), 0, summand.span)?;
                        list.terms.retain(|term| !removed.contains(&key(term)));
                        list.seen.retain(|term| !removed.contains(term));
                    } else {
                        self.append(&mut list, part.terms, summand.span)?;
                    }
                }
            }
            Node::Interaction(all) => {
                for (i, factor) in all.iter().enumerate() {
                    let part = self.factor(factor)?;
                    list = if i == 0 { part } else { self.join(&list.terms, &part.terms, tree.span)? };
                }
            }
            Node::Cross(all) => {
                for factor in all {
                    let part = self.factor(factor)?;
                    let joined = self.join(&list.terms, &part.terms, tree.span)?;
                    self.append(&mut list, part.terms, tree.span)?;
                    self.append(&mut list, joined.terms, tree.span)?;
                }
            }
            Node::Power(base, exponent) => {
                let base = self.factor(base)?;
                self.append(&mut list, base.terms.clone(), tree.span)?;
                let mut fresh = 0;
                for _ in 1..*exponent {
                    let before = list.terms.len();
                    let joined = self.join(&list.terms[fresh..], &base.terms, tree.span)?;
                    self.append(&mut list, joined.terms, tree.span)?;
                    if list.terms.len() == before {
                        break;
                    }
                    fresh = before;
                }
            }
        }
        Ok(list)
    }

    /// Expands an operand of `:`, `*` or `^`, in which an intercept has no meaning.
    fn factor(&mut self, tree: &Tree) -> Result<List, SyntaxError> {
        let list = self.expand(tree)?;
        if list.intercept.is_none() {
            return Ok(list);
        }
        Err(SyntaxError::new(self.text, tree.span, "the intercept cannot be part of an interaction")
            .with_hint("write + 0 or - 1 at the end of the formula"))
    }

    fn append(&mut self, list: &mut List, terms: Vec<Vec<u32>>, span: Span) -> Result<(), SyntaxError> {
        let work = terms.iter().map(Vec::len).sum();
        self.spend(work, 0, span)?;
        for term in terms {
            list.push(term);
        }
        self.spend(0, list.terms.len(), span)
    }

    fn join(&mut self, left: &[Vec<u32>], right: &[Vec<u32>], span: Span) -> Result<List, SyntaxError> {
        let sizes = |terms: &[Vec<u32>]| terms.iter().map(Vec::len).sum::<usize>();
        let work =
            sizes(left).saturating_mul(right.len()).saturating_add(sizes(right).saturating_mul(left.len()));
        self.spend(work, 0, span)?;
        let mut list = List::default();
        for a in left {
            for b in right {
                let mut term = a.clone();
                term.extend(b.iter().filter(|number| !a.contains(number)));
                list.push(term);
            }
        }
        Ok(list)
    }
}
