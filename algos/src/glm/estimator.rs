//! The passes of a generalized linear model.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::formula::{Formula, Variable};
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::cells::CellPlan;
use super::family::Variance;
use super::inference::{End, infer};
use super::irls::{Iteration, Limits, Next};
use super::pass::{PassPlan, Sums, evaluate};
use super::response::Responses;
use super::working::{Found, LOGIT_START, Law, NullPoint, Point};
use super::{Family, GlmModel, GlmOptions, Initial, Link};
use crate::design::{Draft, Extras, Survey, VariableKind, columns_read};
use crate::gram::Gram;
use crate::linear::inference::with_fit;
use crate::linear::{LinModOptions, lay_out};
use crate::{Error, Result};

/// A generalized linear model of a formula.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// use algos::glm::{Family, Glm, GlmOptions};
///
/// let source = engine::source::open("claims.xdf")?;
/// let options = GlmOptions { family: Family::Gamma, ..GlmOptions::default() };
/// let estimator = Glm::new("cost ~ age + type")?.with_options(options)?;
/// let model = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{}", model.summary());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Glm {
    formula: Formula,
    logit: bool,
    options: GlmOptions,
}

impl Glm {
    /// A model of a formula given as text, with default options: Gaussian, identity link.
    ///
    /// # Errors
    /// When the text is no formula, or has no response or several.
    pub fn new(formula: &str) -> Result<Self> {
        let formula = Formula::parse(formula).map_err(engine::Error::from)?;
        if formula.response.len() != 1 {
            return Err(Error::Formula {
                formula: formula.text.clone(),
                reason: "this model needs one response; write y ~ terms".into(),
            });
        }
        Ok(Self { formula, logit: false, options: GlmOptions::default() })
    }

    /// Logistic regression: a binomial model with logit link, whose response is 0 or 1, a logical, or a factor of two
    /// levels, of which the second is the event.
    ///
    /// # Errors
    /// As [`Glm::new`].
    pub fn logit(formula: &str) -> Result<Self> {
        let model = Self::new(formula)?;
        let options = GlmOptions { family: Family::Binomial, link: Some(Link::Logit), ..model.options };
        Ok(Self { logit: true, options, ..model })
    }

    /// The same with these options; logistic regression keeps its family and link.
    ///
    /// # Errors
    /// When options contradict each other.
    pub fn with_options(mut self, options: GlmOptions) -> Result<Self> {
        let refuse = |option, reason: &str| Err(Error::Option { option, reason: reason.to_owned() });
        if options.max_iterations == 0 {
            return refuse("max_iterations", "at least one iteration is needed");
        }
        for (option, tolerance) in [
            ("coefficient_tolerance", options.coefficient_tolerance),
            ("objective_function_tolerance", options.objective_function_tolerance),
        ] {
            if !(tolerance >= 0.0 && tolerance.is_finite()) {
                return refuse(option, "a tolerance is 0 or more");
            }
        }
        let (family, link) =
            if self.logit { (Family::Binomial, Some(Link::Logit)) } else { (options.family, options.link) };
        self.options = GlmOptions { family, link, ..options };
        Ok(self)
    }

    fn law(&self) -> Law {
        let family = self.options.family;
        Law { family, link: self.options.link.unwrap_or_else(|| family.default_link()) }
    }
}

/// What a pass of a generalized linear model starts from.
pub struct GlmState(Stage);

enum Stage {
    Survey(Draft),
    Pass(Box<Fitting>),
}

/// A fit under way.
struct Fitting {
    plan: Arc<PassPlan>,
    iteration: Iteration,
    point: Arc<Point>,
    /// The equations that the coefficients at `point` solve, and what was found with them.
    equations: Option<(Gram, Found)>,
    /// What the first pass found of the rows and responses.
    data: Option<Data>,
}

/// Counts and sums that do not change from pass to pass.
#[derive(Debug, Clone)]
pub(super) struct Data {
    pub(super) valid: u64,
    pub(super) missing: u64,
    pub(super) observations: f64,
    pub(super) responses: Responses,
    /// The weights of the cells of a cube.
    pub(super) counts: Vec<f64>,
    /// The deviance within cells, and how many there are, where rows were collapsed.
    pub(super) within: f64,
    pub(super) cells: Option<u64>,
}

/// What a pass of a generalized linear model adds up.
#[derive(Serialize, Deserialize)]
pub struct GlmPartial(Part);

#[derive(Serialize, Deserialize)]
enum Part {
    Survey(Survey),
    Sums(Box<Sums>),
}

/// The sums of a pass of a generalized linear model.
pub struct GlmSums(Part);

impl Accumulator for GlmPartial {
    type Input = Block;
    type Output = GlmSums;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        match &mut self.0 {
            Part::Survey(survey) => survey.update(block),
            Part::Sums(sums) => Ok(sums.update(block)?),
        }
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        match (&mut self.0, later.0) {
            (Part::Survey(survey), Part::Survey(later)) => survey.merge(later),
            (Part::Sums(sums), Part::Sums(later)) => Ok(sums.merge(*later)?),
            _ => Err(Error::Mismatch { what: "they are of different passes" }.into()),
        }
    }

    fn finish(self) -> GlmSums {
        GlmSums(self.0)
    }

    fn size(&self) -> usize {
        match &self.0 {
            Part::Survey(survey) => survey.size(),
            Part::Sums(sums) => sums.size(),
        }
    }
}

impl Glm {
    fn fitting(&self, draft: Draft, found: &[crate::design::Found]) -> Result<GlmState> {
        let design = draft.bind(found)?;
        let law = self.law();
        let options = &self.options;
        let response = &design.variables[design.responses[0]];
        let mut coded = false;
        if let (VariableKind::Codes { levels }, [Variable::Column(_)]) =
            (&response.kind, self.formula.response.as_slice())
        {
            if levels.len() != 2 {
                return Err(Error::Variable {
                    variable: response.label.clone(),
                    role: "a binary response",
                    reason: format!(
                        "it has {} levels, not 2; write a condition, such as f == \"yes\"",
                        levels.len()
                    ),
                });
            }
            coded = true;
        }
        let plan = lay_out(design, options.cube)?;
        let design = &plan.design;
        let width = usize::from(design.intercept && !options.cube)
            + plan.terms.iter().map(|columns| columns.cells).sum::<usize>();
        let start = match &options.initial_values {
            Initial::Usual | Initial::Response => None,
            Initial::Values(values) if values.len() == 1 && width != 1 => Some(vec![known(values[0]); width]),
            Initial::Values(values) if values.len() == width => {
                Some(values.iter().copied().map(known).collect())
            }
            Initial::Values(values) => {
                return Err(Error::Option {
                    option: "initial_values",
                    reason: format!("there are {}, but the model has {width} coefficients", values.len()),
                });
            }
        };
        let binary = self.logit || coded;
        let cells = (options.cells > 0)
            .then(|| CellPlan::new(design, binary, law.family.variance(), options.cells))
            .flatten();
        let null = design
            .offset
            .map(|_| if design.intercept || options.cube { NullPoint::Start } else { NullPoint::Fixed });
        let limits = Limits {
            iterations: options.max_iterations,
            coefficients: options.coefficient_tolerance,
            objective: options.objective_function_tolerance,
        };
        let iteration = Iteration::new(limits, start, null);
        let point = Arc::new(iteration.point().clone());
        let plan = PassPlan { plan, law, cube: options.cube, binary, coded, cells };
        Ok(GlmState(Stage::Pass(Box::new(Fitting {
            plan: Arc::new(plan),
            iteration,
            point,
            equations: None,
            data: None,
        }))))
    }

    /// The options of the regression that each iteration is.
    fn regression(&self) -> LinModOptions {
        let options = &self.options;
        LinModOptions {
            cube: options.cube,
            drop_first: options.drop_first,
            drop_main: options.drop_main,
            labels: options.labels,
            ..LinModOptions::default()
        }
    }

    /// Goes on from an evaluation; the model, if it was the last one.
    fn advance(
        &self,
        fitting: &mut Fitting,
        data: &Data,
        gram: Gram,
        found: &Found,
    ) -> Result<Option<GlmModel>> {
        let plan = Arc::clone(&fitting.plan);
        let regression = self.regression();
        let first = fitting.point.coefficients.is_none();
        let linear = (first && self.logit && self.options.initial_values == Initial::Usual)
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
        match fitting.iteration.advance(found, deviance, data.within, solve)? {
            Next::Solved => fitting.equations = Some((gram, *found)),
            Next::Again => {}
            Next::End(ending) => {
                let coefficients = fitting.point.coefficients.as_deref().unwrap_or_default();
                let (gram, found) =
                    fitting.equations.as_ref().map_or((&gram, found), |(gram, found)| (gram, found));
                let end = End { data, found, ending: &ending, coefficients, logit: self.logit };
                return infer(&plan, gram, &regression, &self.options, &end).map(Some);
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
        fitting.point = Arc::new(fitting.iteration.point().clone());
        Ok(None)
    }

    /// Takes what the first pass alone tells.
    fn first_look(&self, fitting: &mut Fitting, sums: &Sums) -> Result<Data> {
        let responses = sums.responses.unwrap_or_default();
        if responses.weight <= 0.0 {
            return Err(Error::NoObservations { rows: sums.valid + sums.missing });
        }
        let design = &fitting.plan.plan.design;
        let constant = fitting.plan.law.link.of(responses.mean());
        fitting.iteration.set_constant(constant);
        if design.intercept && !self.options.cube {
            let width = 1 + fitting.plan.plan.terms.iter().map(|columns| columns.cells).sum::<usize>();
            let mut refuge = vec![0.0; width];
            refuge[0] = constant;
            if constant.is_finite() {
                fitting.iteration.set_refuge(refuge);
            }
        }
        Ok(Data {
            valid: sums.valid,
            missing: sums.missing,
            observations: sums.observations,
            responses,
            counts: sums.counts.clone(),
            within: 0.0,
            cells: None,
        })
    }

    /// Iterates on cells until the end.
    fn iterate(&self, mut fitting: Box<Fitting>, mut data: Data, sums: &Sums) -> Result<GlmModel> {
        let plan = Arc::clone(&fitting.plan);
        let (Some(cells), Some(how)) = (&sums.cells, &plan.cells) else {
            return Err(Error::Mismatch { what: "the sums have no cells" });
        };
        let mut collapsed = cells.collapse(how);
        data.within = collapsed.within;
        data.cells = Some(collapsed.cells);
        let mut working = plan.working();
        loop {
            let mut gram = Gram::weighted(Arc::clone(&plan.plan));
            let point = Arc::clone(&fitting.point);
            let found = evaluate(&mut gram, &mut working, &point, &mut collapsed)?;
            if let Some(model) = self.advance(&mut fitting, &data, gram, &found)? {
                return Ok(model);
            }
        }
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
fn known(coefficient: f64) -> f64 {
    if coefficient.is_nan() { 0.0 } else { coefficient }
}

impl Estimator for Glm {
    type State = GlmState;
    type Partial = GlmPartial;
    type Model = GlmModel;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, self.options.weights.columns().chain(&self.options.offset))
    }

    fn start(&self, schema: &SchemaRef) -> Result<GlmState> {
        let extras = Extras {
            factor_responses: self.options.family.variance() == Variance::Binomial,
            offset: self.options.offset.clone(),
        };
        let draft = Draft::with_extras(&self.formula, schema, &self.options.weights, &extras)?;
        if draft.survey().is_some() {
            return Ok(GlmState(Stage::Survey(draft)));
        }
        self.fitting(draft, &[])
    }

    fn partial(&self, state: &GlmState) -> Result<GlmPartial> {
        Ok(GlmPartial(match &state.0 {
            Stage::Survey(draft) => Part::Survey(draft.survey().unwrap_or_default()),
            Stage::Pass(fitting) => {
                let (plan, point) = (Arc::clone(&fitting.plan), Arc::clone(&fitting.point));
                Part::Sums(Box::new(Sums::new(plan, point, fitting.data.is_none())))
            }
        }))
    }

    fn step(&self, state: GlmState, sums: GlmSums) -> Result<ControlFlow<GlmModel, GlmState>> {
        match (state.0, sums.0) {
            (Stage::Survey(draft), Part::Survey(survey)) => {
                Ok(ControlFlow::Continue(self.fitting(draft, &survey.finish())?))
            }
            (Stage::Pass(mut fitting), Part::Sums(sums)) => {
                let data = match fitting.data.take() {
                    Some(data) => data,
                    None => self.first_look(&mut fitting, &sums)?,
                };
                if sums.cells.is_some() {
                    return Ok(ControlFlow::Break(self.iterate(fitting, data, &sums)?));
                }
                if let Some(model) = self.advance(&mut fitting, &data, sums.gram, &sums.found)? {
                    return Ok(ControlFlow::Break(model));
                }
                fitting.data = Some(data);
                Ok(ControlFlow::Continue(GlmState(Stage::Pass(fitting))))
            }
            _ => Err(Error::Mismatch { what: "the sums are of another pass" }),
        }
    }
}
