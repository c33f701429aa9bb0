//! The terms that a search may use, and which of them can go or come.
//!
//! A term can be dropped when no other term of the model has all of its variables; it can be added when all terms of the
//! scope that are part of it are in the model. These are the rules of R's `drop.scope` and `add.scope`.

use std::collections::BTreeSet;

use arrow_schema::Schema;
use engine::formula::{Formula, Term, Variable};

use super::StepControl;
use crate::design::{self, Weights, usable};
use crate::{Error, Result};

/// The terms of all models of a search. A model is a list of their positions, in the order of its formula.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The formula with all terms, those with fewer variables first.
    upper: Formula,
    /// The formula that the search starts from.
    base: Formula,
    model: Vec<usize>,
    /// Which terms are in all models.
    fixed: Vec<bool>,
    /// The variables of each term.
    variables: Vec<BTreeSet<String>>,
    control: StepControl,
}

fn variables(term: &Term) -> BTreeSet<String> {
    term.variables.iter().map(ToString::to_string).collect()
}

/// A formula of a scope, which has no response.
fn parse(text: &str) -> Result<Formula> {
    let formula = Formula::parse(text).map_err(engine::Error::from)?;
    if !formula.response.is_empty() {
        return Err(Error::Formula {
            formula: text.to_owned(),
            reason: "a scope has terms and no response; write ~ terms".into(),
        });
    }
    Ok(formula)
}

/// The columns of a formula, of the terms that may be added to it, and further ones, each once; `None` where all columns
/// are taken.
///
/// # Errors
/// When a scope is no formula or has a response.
pub(crate) fn columns_read<'a>(
    formula: &Formula,
    control: &StepControl,
    further: impl Iterator<Item = &'a String>,
) -> Result<Option<Vec<String>>> {
    let mut columns: Vec<String> = further.cloned().collect();
    let mut all = formula.dot;
    for text in control.lower.iter().chain(&control.upper) {
        let scope = parse(text)?;
        all |= scope.dot && formula.terms.is_empty();
        columns.extend(scope.columns());
    }
    Ok(if all { None } else { design::columns_read(formula, columns.iter()) })
}

impl Scope {
    /// The scope of a formula. `schema` has the columns that `.` may stand for, beside weights and offset.
    ///
    /// # Errors
    /// When a text is no formula, a scope has a response, or the scopes and the formula do not contain each other.
    pub(crate) fn new(
        formula: &Formula,
        control: &StepControl,
        schema: &Schema,
        weights: &Weights,
        offset: Option<&String>,
    ) -> Result<Self> {
        let mut names = usable(schema, weights, offset);
        let base = formula.expand(&names).map_err(engine::Error::from)?;
        let responses: Vec<String> = base.response.iter().flat_map(Variable::columns).collect();
        names.retain(|name| !responses.iter().any(|response| response == name));
        let expand = |text: &String| -> Result<Formula> {
            let scope = parse(text)?;
            let expanded =
                if base.terms.is_empty() { scope.expand(&names) } else { scope.expand_to(&base.terms) };
            Ok(expanded.map_err(engine::Error::from)?)
        };
        let mut upper = match &control.upper {
            Some(text) => expand(text)?.terms,
            None => base.terms.clone(),
        };
        upper.sort_by_key(|term| term.variables.len());
        let sets: Vec<BTreeSet<String>> = upper.iter().map(variables).collect();
        let find = |term: &Term| sets.iter().position(|set| *set == variables(term));
        let missing = |term: &Term, reason: &str| Error::Formula {
            formula: base.text.clone(),
            reason: format!("{reason} '{term}'"),
        };
        let mut model = Vec::with_capacity(base.terms.len());
        for term in &base.terms {
            model.push(find(term).ok_or_else(|| missing(term, "the upper scope lacks its term"))?);
        }
        let mut fixed = vec![false; upper.len()];
        if let Some(text) = &control.lower {
            for term in expand(text)?.terms {
                let position = find(&term).filter(|position| model.contains(position));
                let position =
                    position.ok_or_else(|| missing(&term, "it lacks a term of the lower scope:"))?;
                fixed[position] = true;
            }
        }
        Ok(Self {
            upper: base.with_terms(upper),
            base,
            model,
            fixed,
            variables: sets,
            control: control.clone(),
        })
    }

    /// How terms are selected.
    pub(super) fn control(&self) -> &StepControl {
        &self.control
    }

    /// The formula with all terms.
    pub(crate) fn upper(&self) -> &Formula {
        &self.upper
    }

    /// The model that a search starts from.
    pub(crate) fn model(&self) -> &[usize] {
        &self.model
    }

    /// The formula of a model.
    pub(crate) fn formula(&self, model: &[usize]) -> Formula {
        if model == self.model {
            return self.base.clone();
        }
        self.upper.with_terms(model.iter().map(|&term| self.upper.terms[term].clone()).collect())
    }

    /// A term as it is written.
    pub(super) fn label(&self, term: usize) -> String {
        self.upper.terms[term].to_string()
    }

    fn is_part(&self, term: usize, of: usize) -> bool {
        term != of && self.variables[term].is_subset(&self.variables[of])
    }

    /// The terms that can be dropped from a model, those with fewer variables first.
    pub(super) fn droppable(&self, model: &[usize]) -> Vec<usize> {
        let is_margin = |term: usize| model.iter().any(|&other| self.is_part(term, other));
        let mut terms: Vec<usize> =
            model.iter().copied().filter(|&term| !self.fixed[term] && !is_margin(term)).collect();
        terms.sort_by_key(|&term| self.variables[term].len());
        terms
    }

    /// The terms that can be added to a model, in the order of the upper scope.
    pub(super) fn addable(&self, model: &[usize]) -> Vec<usize> {
        let absent: Vec<usize> = (0..self.fixed.len()).filter(|term| !model.contains(term)).collect();
        let is_early = |term: usize| absent.iter().any(|&other| self.is_part(other, term));
        absent.iter().copied().filter(|&term| !is_early(term)).collect()
    }

    /// A model without a term.
    pub(super) fn without(model: &[usize], term: usize) -> Vec<usize> {
        model.iter().copied().filter(|&other| other != term).collect()
    }

    /// A model with one term more: behind those with as many variables, as R's `update` orders them.
    pub(super) fn with(&self, model: &[usize], term: usize) -> Vec<usize> {
        let mut model = [model, &[term]].concat();
        model.sort_by_key(|&term| self.variables[term].len());
        model
    }
}
