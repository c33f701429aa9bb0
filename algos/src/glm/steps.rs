//! Selection of terms: the models of a search, fitted together.
//!
//! All models of a step are fitted in the same passes, or on the same cells, which are those of all terms of the scope. Each
//! starts at the coefficients of the model that it is one term away from, so that it takes a few evaluations. The
//! model at the end is fitted as if there had been no search.

use std::sync::Arc;

use super::estimator::{Data, Glm};
use super::fitting::{Fitting, Start, known};
use super::{Family, GlmModel, Initial};
use crate::design::Design;
use crate::stepwise::{Measure, Scope, Score, Search};
use crate::{Error, Result};

/// A search under way.
pub(super) struct Steps {
    /// The design of all terms.
    upper: Arc<Design>,
    scope: Scope,
    /// Whether the response is the codes of a factor.
    coded: bool,
    /// The search, once the first pass has told how many observations there are.
    search: Option<Search>,
    /// The model that the search is at.
    current: Option<Box<GlmModel>>,
    /// Whether the chosen model is being fitted.
    is_over: bool,
}

/// What follows when all fits have ended.
pub(super) enum Next {
    Fits(Vec<Fitting>),
    Model(Box<GlmModel>),
}

impl Steps {
    pub(super) fn new(upper: Design, scope: Scope, coded: bool) -> Self {
        let upper = Arc::new(upper);
        Self { upper, scope, coded, search: None, current: None, is_over: false }
    }

    /// The design of all terms.
    pub(super) fn upper(&self) -> &Arc<Design> {
        &self.upper
    }

    /// The fit of the model that the search starts from.
    pub(super) fn first_fit(&self, glm: &Glm) -> Result<Fitting> {
        let model = self.scope.model();
        Fitting::new(glm, self.design(model), model.to_vec(), self.coded, Start::Usual)
    }

    /// The design of a model, with the variables of all: a row that lacks one of them is left out of every model.
    fn design(&self, model: &[usize]) -> Design {
        self.upper.with_terms(model, self.scope.formula(model).text.trim())
    }

    /// Goes on from the models that were fitted.
    pub(super) fn take(&mut self, glm: &Glm, ended: Vec<Option<Box<GlmModel>>>, data: &Data) -> Result<Next> {
        let measure = measure(glm.options.family, data.observations);
        let mut search = match self.search.take() {
            Some(search) => search,
            None => Search::new(self.scope.clone(), measure),
        };
        if self.is_over {
            self.current = ended.into_iter().next().flatten();
            return self.finish(search);
        }
        let wanted: Vec<Vec<usize>> = search.wanted().iter().map(|wanted| wanted.model.clone()).collect();
        let keep = search.keeps_coefficients();
        search.take(ended.iter().map(|model| score(model.as_deref(), keep)).collect())?;
        let chosen = wanted.iter().position(|model| model == search.model());
        if let Some(model) = chosen.and_then(|chosen| ended.into_iter().nth(chosen).flatten()) {
            self.current = Some(model);
        }
        let is_first = search.model() == self.scope.model();
        let fits = match (search.wanted(), &self.current) {
            ([], _) if is_first => return self.finish(search),
            ([], current) => {
                self.is_over = true;
                let start = match (&glm.options.initial_values, current) {
                    // they are those of the first model
                    (Initial::Values(values), Some(model)) if values.len() > 1 => {
                        Start::At(model.coefficients.iter().copied().map(known).collect())
                    }
                    _ => Start::Usual,
                };
                vec![self.fit(glm, data, search.model(), start)?]
            }
            (wanted, current) => {
                let start = |model: &[usize]| self.near(search.model(), current.as_deref(), model);
                let fit = |model: &[usize]| self.fit(glm, data, model, Start::Near(start(model)));
                wanted.iter().map(|wanted| fit(&wanted.model)).collect::<Result<_>>()?
            }
        };
        self.search = Some(search);
        Ok(Next::Fits(fits))
    }

    fn fit(&self, glm: &Glm, data: &Data, model: &[usize], start: Start) -> Result<Fitting> {
        let mut fit = Fitting::new(glm, self.design(model), model.to_vec(), self.coded, start)?;
        fit.settle(glm, data);
        Ok(fit)
    }

    /// The coefficients of the current model for the columns of another; 0 for terms that it does not have.
    fn near(&self, own: &[usize], current: Option<&GlmModel>, model: &[usize]) -> Vec<f64> {
        let coefficients = current.map_or(&[][..], |current| &current.coefficients);
        let constants = usize::from(self.upper.intercept);
        let cells = |term: usize| self.upper.cells(&self.upper.terms[term]);
        let mut start: Vec<f64> = coefficients.iter().take(constants).copied().map(known).collect();
        start.resize(constants, 0.0);
        for &term in model {
            let place = own.iter().position(|&known| known == term);
            let first =
                place.map(|place| constants + own[..place].iter().map(|&term| cells(term)).sum::<usize>());
            let values = first.and_then(|first| coefficients.get(first..first + cells(term)));
            match values {
                Some(values) => start.extend(values.iter().copied().map(known)),
                None => start.resize(start.len() + cells(term), 0.0),
            }
        }
        start
    }

    fn finish(&mut self, search: Search) -> Result<Next> {
        let Some(mut model) = self.current.take() else {
            return Err(Error::Option {
                option: "variable_selection",
                reason: "the selected model could not be fitted from the usual start".into(),
            });
        };
        model.design = model.design.pruned();
        model.anova = Some(search.into_path(None));
        Ok(Next::Model(model))
    }
}

fn measure(family: Family, observations: f64) -> Measure {
    match family {
        Family::Gaussian => Measure::Normal { observations },
        _ => Measure::Likelihood { observations, estimated: family.dispersion().is_none() },
    }
}

/// The score of a model, or that there is none.
fn score(model: Option<&GlmModel>, keep: bool) -> Score {
    let none = Score {
        rank: f64::NAN,
        deviance: f64::NAN,
        aic: f64::NAN,
        dispersion: f64::NAN,
        coefficients: vec![],
    };
    model.map_or(none, |model| Score {
        rank: model.rank as f64,
        deviance: model.deviance,
        aic: model.aic,
        dispersion: model.dispersion,
        coefficients: if keep {
            model.coefficient_names.iter().cloned().zip(model.coefficients.iter().copied()).collect()
        } else {
            Vec::new()
        },
    })
}
