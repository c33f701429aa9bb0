//! The passes of a generalized linear model.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::aggregate::{Aggregated, Server};
use engine::formula::{Formula, Variable};
use engine::{Accumulator, Block, Estimator, Local};
use serde::{Deserialize, Serialize};

use super::cells::{CellPlan, Collapsed};
use super::family::Variance;
use super::fitting::{Fitting, Start, regression};
use super::pass::{Described, PassPlan, Sums, evaluate_all};
use super::response::Responses;
use super::steps::{Next, Steps};
use super::working::Law;
use super::{Family, GlmModel, GlmOptions, Link};
use crate::design::{self, Design, Draft, Extras, Outcome, Part, Stage, VariableKind, columns_read};
use crate::linear::{LinModOptions, lay_out};
use crate::stepwise::{self, Scope};
use crate::{Error, Result};

/// Bytes of the sums of all models that are fitted in the same passes.
const ROOM: usize = 64 << 20;

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
    pub(super) options: GlmOptions,
    /// The columns that are read, `None` for all.
    columns: Option<Vec<String>>,
    /// What iterates on cells.
    executor: Local,
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
        let columns = columns_read(&formula, std::iter::empty());
        let (options, executor) = (GlmOptions::default(), Local::default());
        Ok(Self { formula, logit: false, options, columns, executor })
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
        if options.cube_predictions && !options.cube {
            return refuse("cube_predictions", "it needs cube");
        }
        let further = options.weights.columns().chain(&options.offset);
        self.columns = match &options.variable_selection {
            None => columns_read(&self.formula, further),
            Some(control) => {
                control.check(options.cube)?;
                stepwise::columns_read(&self.formula, control, further)?
            }
        };
        self.options = GlmOptions { family, link, ..options };
        Ok(self)
    }

    /// The same with so many threads for iterations on cells, which are all of the machine's otherwise. The result does
    /// not depend on them.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.executor = Local::new(threads);
        self
    }

    pub(super) fn law(&self) -> Law {
        let family = self.options.family;
        Law { family, link: self.options.link.unwrap_or_else(|| family.default_link()) }
    }
}

/// What a pass of a generalized linear model starts from.
pub struct GlmState {
    stage: Stage<Fits>,
    /// The terms to select from, until the fits have begun.
    scope: Option<Scope>,
}

/// Fits under way: one, or those of the models that a search wants to know about.
struct Fits {
    models: Vec<Fitting>,
    /// What the first pass found of the rows and responses.
    data: Option<Data>,
    steps: Option<Steps>,
}

impl Fits {
    /// The fits that the next pass is for: those that have not ended, as many as there is room for.
    fn active(&self) -> Vec<usize> {
        let mut room = ROOM;
        let open = (0..self.models.len()).filter(|&fit| self.models[fit].ended.is_none());
        let size = |fit: usize| -> usize {
            let tables = &self.models[fit].plan.plan.tables;
            tables.iter().map(|table| table.size() * size_of::<f64>()).sum()
        };
        let fits = |(place, fit): &(usize, usize)| {
            let size = size(*fit);
            let has_room = *place == 0 || size <= room;
            room = room.saturating_sub(size);
            has_room
        };
        open.enumerate().take_while(fits).map(|(_, fit)| fit).collect()
    }
}

/// Counts and sums that do not change from pass to pass.
#[derive(Clone)]
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
    /// The columns, where they are to be described.
    pub(super) columns: Option<Arc<Described>>,
}

/// What a pass of a generalized linear model adds up.
pub type GlmPartial = Part<GlmSums>;

/// The sums of the fits of a pass.
#[derive(Serialize, Deserialize)]
pub struct GlmSums(Vec<Sums>);

impl Accumulator for GlmSums {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.0.iter_mut().try_for_each(|sums| sums.update(block))?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        if self.0.len() != later.0.len() {
            return Err(Error::Mismatch { what: "they are of different passes" }.into());
        }
        Ok(self.0.iter_mut().zip(later.0).try_for_each(|(own, later)| own.merge(later))?)
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        self.0.iter().map(Sums::size).sum()
    }
}

impl Glm {
    /// Starts on a design of all terms.
    fn begin(&self, all: Design, scope: &mut Option<Scope>) -> Result<Fits> {
        let coded = self.is_coded(&all)?;
        let steps = scope.take().map(|scope| Steps::new(all.clone(), scope, coded));
        let mut fit = if let Some(steps) = &steps {
            steps.first_fit(self)?
        } else {
            let terms = (0..all.terms.len()).collect();
            Fitting::new(self, all, terms, coded, Start::Usual)?
        };
        let options = &self.options;
        let upper = steps.as_ref().map_or(&fit.plan.plan.design, Steps::upper);
        let cells = (options.cells > 0)
            .then(|| CellPlan::new(upper, fit.plan.binary, self.law().family.variance(), options.cells))
            .flatten();
        let columns = (options.cov_data || options.cube_predictions)
            .then(|| {
                lay_out(upper.as_ref().clone(), &LinModOptions { cov_data: true, ..regression(options) })
            })
            .transpose()?;
        fit.set_first_pass(cells, columns);
        Ok(Fits { models: vec![fit], data: None, steps })
    }

    /// Whether the response is the codes of a factor of two levels.
    fn is_coded(&self, design: &Design) -> Result<bool> {
        let response = &design.variables[design.responses[0]];
        let (VariableKind::Codes { levels }, [Variable::Column(_)]) =
            (&response.kind, self.formula.response.as_slice())
        else {
            return Ok(false);
        };
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
        Ok(true)
    }

    /// Whether it is a logistic regression.
    pub(super) fn is_logit(&self) -> bool {
        self.logit
    }

    /// Goes on when all fits have ended: the model, or more fits.
    fn next(&self, fits: &mut Fits, data: &Data) -> Result<Option<GlmModel>> {
        let ended: Vec<Option<Box<GlmModel>>> =
            std::mem::take(&mut fits.models).into_iter().map(Fitting::into_model).collect();
        match &mut fits.steps {
            Some(steps) => match steps.take(self, ended, data)? {
                Next::Model(model) => return Ok(Some(*model)),
                Next::Fits(next) => fits.models = next,
            },
            None => return Ok(ended.into_iter().next().flatten().map(|model| *model)),
        }
        Ok(None)
    }

    /// Takes what the first pass alone tells.
    fn first_look(plan: &PassPlan, sums: &Sums) -> Result<Data> {
        let responses = sums.responses.unwrap_or_default();
        if responses.weight <= 0.0 {
            return Err(Error::NoObservations { rows: sums.valid + sums.missing });
        }
        Ok(Data {
            valid: sums.valid,
            missing: sums.missing,
            observations: sums.observations,
            responses,
            counts: sums.counts.clone(),
            within: 0.0,
            cells: None,
            columns: plan.described(sums)?.map(Arc::new),
        })
    }

    /// Iterates on cells until the end.
    fn iterate(&self, mut fits: Fits, mut data: Data, mut collapsed: Collapsed) -> Result<GlmModel> {
        data.within = collapsed.within;
        data.cells = Some(collapsed.cells);
        loop {
            for fit in &mut fits.models {
                while fit.ended.is_none() {
                    let (gram, found) = evaluate_all(&fit.plan, &fit.point, &mut collapsed, &self.executor)?;
                    fit.advance(self, &data, gram, &found)?;
                }
            }
            if let Some(model) = self.next(&mut fits, &data)? {
                return Ok(model);
            }
        }
    }
}

impl Estimator for Glm {
    type State = GlmState;
    type Partial = GlmPartial;
    type Model = GlmModel;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        self.columns.clone()
    }

    fn start(&self, schema: &SchemaRef) -> Result<GlmState> {
        let options = &self.options;
        let extras = Extras {
            factor_responses: options.family.variance() == Variance::Binomial,
            offset: options.offset.clone(),
        };
        let scope = options.variable_selection.as_ref().map(|control| {
            Scope::new(&self.formula, control, schema, &options.weights, options.offset.as_ref())
        });
        let mut scope = scope.transpose()?;
        let formula = scope.as_ref().map_or(&self.formula, Scope::upper);
        let draft = Draft::with_extras(formula, schema, &options.weights, &extras)?;
        let stage = Stage::start(draft, |design| self.begin(design, &mut scope))?;
        Ok(GlmState { stage, scope })
    }

    fn partial(&self, state: &GlmState) -> Result<GlmPartial> {
        Ok(state.stage.partial(|fits| {
            let sums = |fit: usize| {
                let fit = &fits.models[fit];
                Sums::new(Arc::clone(&fit.plan), Arc::clone(&fit.point), fits.data.is_none())
            };
            GlmSums(fits.active().into_iter().map(sums).collect())
        }))
    }

    fn step(&self, state: GlmState, sums: Outcome<GlmSums>) -> Result<ControlFlow<GlmModel, GlmState>> {
        let GlmState { stage, mut scope } = state;
        let (mut fits, GlmSums(sums)) = match stage.step(sums, |design| self.begin(design, &mut scope))? {
            design::Next::Pass(stage) => return Ok(ControlFlow::Continue(GlmState { stage, scope })),
            design::Next::Sums(fits, sums) => (fits, sums),
        };
        let active = fits.active();
        if active.len() != sums.len() {
            return Err(Error::Mismatch { what: "the sums are of other models" });
        }
        let models = active.iter().map(|&fit| &fits.models[fit]);
        let known = |(fit, sums): (&Fitting, Sums)| sums.with_plan(&fit.plan, &fit.point);
        let sums = models.zip(sums).map(known).collect::<Result<Vec<_>>>()?;
        let data = match (fits.data.take(), sums.first(), fits.models.first_mut()) {
            (Some(data), ..) => data,
            (None, Some(first), Some(fit)) => {
                let data = Self::first_look(&fit.plan, first)?;
                fit.settle(self, &data);
                data
            }
            _ => return Err(Error::Mismatch { what: "the sums are of another pass" }),
        };
        if let Some(collapsed) = sums.first().and_then(Sums::collapsed) {
            return Ok(ControlFlow::Break(self.iterate(fits, data, collapsed)?));
        }
        for (fit, sums) in active.into_iter().zip(sums) {
            fits.models[fit].advance(self, &data, sums.gram, &sums.found)?;
        }
        if fits.active().is_empty()
            && let Some(model) = self.next(&mut fits, &data)?
        {
            return Ok(ControlFlow::Break(model));
        }
        fits.data = Some(data);
        Ok(ControlFlow::Continue(GlmState { stage: Stage::Bound(fits), scope }))
    }
}

impl Aggregated for Glm {
    fn gather(&self, state: &GlmState, server: &mut dyn Server) -> Result<GlmPartial> {
        state.stage.gather_with(server, |fits, server| {
            let sums = |fit: usize| {
                let fit = &fits.models[fit];
                Sums::gather(&fit.plan, &fit.point, fits.data.is_none(), server)
            };
            Ok(GlmSums(fits.active().into_iter().map(sums).collect::<Result<_>>()?))
        })
    }
}
