//! One model on its way: where it starts, what an evaluation makes of it, and how it ends.

use std::sync::Arc;

use super::cells::CellPlan;
use super::estimator::{Data, Glm};
use super::inference::{End, infer};
use super::irls::{Iteration, Limits, Next};
use super::pass::PassPlan;
use super::working::{Found, LOGIT_START, NullPoint, Point};
use super::{GlmModel, GlmOptions, Initial, Link};
use crate::design::Design;
use crate::gram::Gram;
use crate::gram::plan::Plan;
use crate::linear::inference::with_fit;
use crate::linear::{LinModOptions, lay_out};
use crate::{Error, Result};

/// Where a fit starts.
pub(super) enum Start {
    /// As the options say; that it cannot start there is an error.
    Usual,
    /// At these coefficients, 0 where dropped; that it cannot start there is an error.
    At(Vec<f64>),
    /// A trial, at these coefficients; as the options say, if that fails. If that fails, too, there is no model.
    Near(Vec<f64>),
}

/// A fit under way.
pub(super) struct Fitting {
    pub(super) plan: Arc<PassPlan>,
    pub(super) point: Arc<Point>,
    iteration: Iteration,
    /// The equations that the coefficients at `point` solve, and what was found with them.
    equations: Option<(Gram, Found)>,
    /// Whether it is one of a search's models, of which some may fail.
    is_trial: bool,
    /// Whether it started near another model.
    is_near: bool,
    /// What came of it.
    pub(super) ended: Option<Ended>,
}

/// The end of a fit.
pub(super) enum Ended {
    Model(Box<GlmModel>),
    /// A trial that no coefficients were found for.
    Failed,
}

impl Fitting {
    /// A fit of a design whose terms have these places among those of the first pass.
    pub(super) fn new(
        glm: &Glm,
        design: Design,
        terms: Vec<usize>,
        coded: bool,
        start: Start,
    ) -> Result<Self> {
        let options = &glm.options;
        let law = glm.law();
        let plan = lay_out(design, &regression(options))?;
        let design = &plan.design;
        let (is_trial, coefficients) = match start {
            Start::Usual => (false, usual(options, width(&plan.design, options.cube))?),
            Start::At(coefficients) => (false, Some(coefficients)),
            Start::Near(coefficients) => (true, Some(coefficients)),
        };
        // the deviance of no term is not asked of a trial
        let null = design
            .offset
            .filter(|_| !is_trial)
            .map(|_| if design.intercept || options.cube { NullPoint::Start } else { NullPoint::Fixed });
        let iteration = Iteration::new(limits(options), coefficients, null);
        let point = Arc::new(iteration.point().clone());
        let binary = glm.is_logit() || coded;
        let plan =
            PassPlan { plan, law, cube: options.cube, binary, coded, terms, cells: None, columns: None };
        Ok(Self {
            plan: Arc::new(plan),
            point,
            iteration,
            equations: None,
            is_trial,
            is_near: is_trial,
            ended: None,
        })
    }

    /// Says how the first pass is to collapse rows, and whether it describes the columns of a plan.
    pub(super) fn set_first_pass(&mut self, cells: Option<CellPlan>, columns: Option<Arc<Plan>>) {
        if let Some(plan) = Arc::get_mut(&mut self.plan) {
            plan.cells = cells;
            plan.columns = columns;
        }
    }

    /// Takes what the first pass told of the responses.
    pub(super) fn settle(&mut self, glm: &Glm, data: &Data) {
        let design = &self.plan.plan.design;
        let constant = self.plan.law.link.of(data.responses.mean());
        self.iteration.set_constant(constant);
        if design.intercept && !glm.options.cube && constant.is_finite() {
            let mut refuge = vec![0.0; width(design, false)];
            refuge[0] = constant;
            self.iteration.set_refuge(refuge);
        }
    }

    /// The model, where it has come to one.
    pub(super) fn into_model(self) -> Option<Box<GlmModel>> {
        match self.ended {
            Some(Ended::Model(model)) => Some(model),
            Some(Ended::Failed) | None => None,
        }
    }

    /// Goes on from an evaluation.
    ///
    /// # Errors
    /// When the equations cannot be solved, or there are no coefficients to start from.
    pub(super) fn advance(&mut self, glm: &Glm, data: &Data, gram: Gram, found: &Found) -> Result<()> {
        let plan = Arc::clone(&self.plan);
        let options = &glm.options;
        let regression = regression(options);
        let first = self.point.coefficients.is_none();
        let linear = (first && glm.is_logit() && options.initial_values == Initial::Usual)
            .then(|| LinearStart::new(&plan, data.responses.mean()))
            .flatten();
        let solve = || {
            with_fit(&plan.plan, &gram, &regression, |fit| {
                let mut coefficients: Vec<f64> = fit.coefficients(0).into_iter().map(known).collect();
                if let Some(linear) = linear {
                    linear.apply(&mut coefficients);
                }
                coefficients
            })
        };
        let deviance = found.deviance + data.within;
        match self.iteration.advance(found, deviance, data.within, solve)? {
            Next::Solved => self.equations = Some((gram, *found)),
            Next::Again => {}
            Next::End(ending) => {
                let coefficients = self.point.coefficients.as_deref().unwrap_or_default();
                let (gram, found) =
                    self.equations.as_ref().map_or((&gram, found), |(gram, found)| (gram, found));
                let end = End { data, found, ending: &ending, coefficients, logit: glm.is_logit() };
                let model = infer(&plan, gram, &regression, options, &end)?;
                self.ended = Some(Ended::Model(Box::new(model)));
                return Ok(());
            }
            Next::Stuck if self.is_near => {
                self.is_near = false;
                self.equations = None;
                self.iteration = Iteration::new(limits(options), None, None);
                self.settle(glm, data);
            }
            Next::Stuck if self.is_trial => {
                self.ended = Some(Ended::Failed);
                return Ok(());
            }
            Next::Stuck => {
                return Err(Error::Option {
                    option: "initial_values",
                    reason: format!(
                        "no coefficients were found whose means the {} family takes with the {} link; give others",
                        plan.law.family, plan.law.link
                    ),
                });
            }
        }
        self.point = Arc::new(self.iteration.point().clone());
        Ok(())
    }
}

fn limits(options: &GlmOptions) -> Limits {
    Limits {
        iterations: options.max_iterations,
        coefficients: options.coefficient_tolerance,
        objective: options.objective_function_tolerance,
    }
}

/// How many coefficients a design has.
fn width(design: &Design, cube: bool) -> usize {
    let cells = design.terms.iter().map(|term| design.cells(term)).sum::<usize>();
    usize::from(design.intercept && !cube) + cells
}

/// The coefficients that the options give.
fn usual(options: &GlmOptions, width: usize) -> Result<Option<Vec<f64>>> {
    match &options.initial_values {
        Initial::Usual | Initial::Response => Ok(None),
        Initial::Values(values) if values.len() == 1 && width != 1 => Ok(Some(vec![known(values[0]); width])),
        Initial::Values(values) if values.len() == width => {
            Ok(Some(values.iter().copied().map(known).collect()))
        }
        Initial::Values(values) => Err(Error::Option {
            option: "initial_values",
            reason: format!("there are {}, but the model has {width} coefficients", values.len()),
        }),
    }
}

/// The options of the regression that each iteration is.
pub(super) fn regression(options: &GlmOptions) -> LinModOptions {
    LinModOptions {
        cube: options.cube,
        drop_first: options.drop_first,
        drop_main: options.drop_main,
        cov_coef: options.cov_coef,
        cov_data: options.cov_data,
        labels: options.labels,
        ..LinModOptions::default()
    }
}

/// From the first step near the responses to a linear regression of them.
///
/// At means of ¾ and ¼ the working responses are `±a` with equal weights, so the first equations are those of a linear
/// regression of the response, in another unit. The step from the constant model is, too: its working responses are
/// `logit m + (y − m)/(m (1 − m))`, m the mean. RevoScaleR's logistic regression starts from there.
#[derive(Clone, Copy)]
struct LinearStart {
    /// What multiplies all coefficients, and what is then added to those of the constant.
    factor: f64,
    addend: f64,
    /// The first coefficients, which stand for the constant.
    constants: usize,
}

impl LinearStart {
    /// Nothing where no coefficients stand for the constant, or the response is one.
    fn new(plan: &PassPlan, mean: f64) -> Option<Self> {
        let design = &plan.plan.design;
        let constants =
            if plan.cube { design.cells(&design.terms[0]) } else { usize::from(design.intercept) };
        let spread = mean * (1.0 - mean);
        if constants == 0 || spread <= 0.0 || design.offset.is_some() {
            return None;
        }
        let factor = 0.5 / (LOGIT_START * spread);
        Some(Self { factor, addend: factor * LOGIT_START + Link::Logit.of(mean) - mean / spread, constants })
    }

    fn apply(self, coefficients: &mut [f64]) {
        for (position, b) in coefficients.iter_mut().enumerate() {
            *b = *b * self.factor + if position < self.constants { self.addend } else { 0.0 };
        }
    }
}

/// A coefficient to compute with: 0 where there is none.
pub(super) fn known(coefficient: f64) -> f64 {
    if coefficient.is_nan() { 0.0 } else { coefficient }
}
