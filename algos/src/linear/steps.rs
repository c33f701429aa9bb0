//! Selection of terms: every model of the search from one matrix.
//!
//! The normal equations of a model are rows and columns of those of all terms of the scope, and its residual sum of squares is what
//! a Cholesky factor of them leaves of the response. The current model's factor is kept: a term that is added extends
//! it, and one that is dropped keeps the rows before it.

use super::factor::{Factor, Rounding, scales};
use super::inference::{Fit, noise, with_fit, with_normal};
use super::partition::partition_of;
use super::{LinModModel, LinModOptions};
use crate::design::Design;
use crate::gram::exact::ExactGram;
use crate::gram::normal::{Normal, pick};
use crate::gram::plan::Plan;
use crate::gram::{Gram, Real, Totals};
use crate::stepwise::{Measure, Scope, Score, Search};
use crate::{Error, Result};

/// The most columns of a scope that are searched in twice the precision.
const EXACT_COLUMNS: usize = 200;

/// Searches and fits the model that was found, from the sums of all terms of the scope; `None` when these may have lost
/// digits that sums of twice the precision have.
pub(super) fn select(
    plan: &Plan,
    gram: &Gram,
    options: &LinModOptions,
    scope: &Scope,
) -> Result<Option<LinModModel>> {
    let columns: usize = plan.terms.iter().map(|columns| columns.cells).sum();
    if columns <= EXACT_COLUMNS && with_fit(plan, gram, options, |fit| fit.loses_digits(plan))? {
        return Ok(None);
    }
    search(&plan.design, plan, &gram.totals, None, options, scope).map(Some)
}

/// The same from sums of twice the precision. `design` is as written, that of `plan` has its powers taken apart.
pub(super) fn select_exactly(
    design: &Design,
    plan: &Plan,
    gram: &ExactGram,
    options: &LinModOptions,
    scope: &Scope,
) -> Result<LinModModel> {
    search(design, plan, &gram.totals, Some(&gram.units(plan)), options, scope)
}

fn search<T: Real>(
    design: &Design,
    plan: &Plan,
    totals: &Totals<T>,
    units: Option<&[f64]>,
    options: &LinModOptions,
    scope: &Scope,
) -> Result<LinModModel> {
    if design.responses.len() > 1 {
        return Err(Error::Option {
            option: "variable_selection",
            reason: "terms are selected for one response; fit one model for each".into(),
        });
    }
    let normal = Normal::new(plan, totals, partition_of(design, options))?;
    let noise = units.map(|units| noise(plan, &normal, units));
    let equations =
        Equations { design, plan, totals, options, scales: scales(&normal), noise, normal, scope };
    let measure = Measure::Squares { observations: totals.observations };
    let mut search = Search::new(scope.clone(), measure);
    while !search.wanted().is_empty() {
        let current = equations.factor(search.model());
        let scores = search.wanted().iter().map(|wanted| equations.score(&current, &wanted.model)).collect();
        search.take(scores)?;
    }
    let kept = search.keeps_coefficients().then(|| {
        let named = |fit: &Fit<'_, T>| fit.names().into_iter().zip(fit.coefficients(0)).collect();
        search.models().map(|model| equations.fit(model, named)).collect()
    });
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over both lifetimes"
    )]
    let mut model = equations.fit(search.model(), |fit| fit.model());
    model.anova = Some(search.into_path(kept));
    Ok(model)
}

/// The equations of all terms of a scope.
struct Equations<'a, T> {
    design: &'a Design,
    plan: &'a Plan,
    totals: &'a Totals<T>,
    options: &'a LinModOptions,
    normal: Normal<T>,
    scales: Vec<T>,
    /// For each column the share of its square that is rounding, where the sums have twice the precision.
    noise: Option<Vec<f64>>,
    scope: &'a Scope,
}

/// A model's factor, grown term by term.
struct Grown<T> {
    factor: Factor<T>,
    /// `L⁻¹ X'y`: its squares are what the columns explain.
    explained: Vec<T>,
    /// The terms, and how many columns were kept when each of them had been added.
    terms: Vec<(usize, usize)>,
}

impl<T: Real> Equations<'_, T> {
    fn factor(&self, model: &[usize]) -> Grown<T> {
        let mut grown = Grown { factor: Factor::default(), explained: Vec::new(), terms: Vec::new() };
        self.grow(&mut grown, model);
        grown
    }

    fn grow(&self, grown: &mut Grown<T>, terms: &[usize]) {
        let rounding = self.noise.as_deref().map_or(Rounding::Sums, Rounding::Data);
        for &term in terms {
            for column in self.normal.columns_of(self.plan, term) {
                grown.factor.push(&self.normal, &self.scales, rounding, column);
            }
            grown.terms.push((term, grown.factor.kept.len()));
        }
        let right = |column: usize| self.normal.right[column] * self.scales[column];
        grown.factor.forward(right, &mut grown.explained);
    }

    /// The score of a model that has most terms of the current one.
    fn score(&self, current: &Grown<T>, model: &[usize]) -> Score {
        let common = current.terms.iter().take_while(|(term, _)| model.contains(term)).count();
        let kept = current.terms[..common].last().map_or(0, |&(_, kept)| kept);
        let mut grown = Grown {
            factor: current.factor.first(kept),
            explained: current.explained[..kept].to_vec(),
            terms: current.terms[..common].to_vec(),
        };
        let is_there = |term: &usize| current.terms[..common].iter().any(|(known, _)| known == term);
        let rest: Vec<usize> = model.iter().copied().filter(|term| !is_there(term)).collect();
        self.grow(&mut grown, &rest);
        let constants = usize::from(self.design.intercept);
        let explained = grown.explained.iter().fold(T::default(), |sum, &u| sum + u * u);
        Score {
            rank: (constants + grown.factor.kept.len()) as f64,
            deviance: (self.normal.within[0] - explained).near().max(0.0),
            aic: f64::NAN,
            dispersion: 1.0,
            coefficients: Vec::new(),
        }
    }

    /// Solves for the coefficients of a model.
    fn fit<R>(&self, model: &[usize], take: impl FnOnce(&Fit<'_, T>) -> R) -> R {
        let formula = self.scope.formula(model);
        let design = self.design.with_terms(model, formula.text.trim()).pruned();
        let mut columns: Vec<usize> = Vec::new();
        let mut blocks = Vec::with_capacity(model.len());
        for (position, &term) in model.iter().enumerate() {
            blocks.push((position, columns.len()));
            columns.extend(self.normal.columns_of(self.plan, term));
        }
        let normal = self.normal.of_columns(&columns, blocks);
        let noise = self.noise.as_ref().map(|noise| pick(noise, &columns));
        let rounding = noise.as_deref().map_or(Rounding::Sums, Rounding::Data);
        with_normal(&design, self.totals, &normal, rounding, self.options, take)
    }
}
