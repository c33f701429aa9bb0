//! The passes of a linear regression.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::Estimator;
use engine::aggregate::{Aggregated, Server};
use engine::formula::Formula;

use super::inference::{infer, infer_exactly};
use super::partition::check_size;
use super::steps::{select, select_exactly};
use super::{LinModModel, LinModOptions};
use crate::design::{Design, Draft, columns_read};
use crate::gram::passes::{GramPartial, GramState, GramSums};
use crate::gram::plan::Plan;
use crate::stepwise::{self, Scope};
use crate::{Error, Result};

/// Linear regression of a formula.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// let source = engine::source::open("flights.xdf")?;
/// let estimator = algos::linear::LinMod::new("ArrDelay ~ DayOfWeek + CRSDepTime")?;
/// let model = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{}", model.summary());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct LinMod {
    formula: Formula,
    options: LinModOptions,
    /// The columns that are read, `None` for all.
    columns: Option<Vec<String>>,
}

/// What a pass of a linear regression starts from.
#[derive(Debug)]
pub struct LinModState {
    passes: GramState,
    /// The terms to select from.
    scope: Option<Scope>,
}

impl LinMod {
    /// Regression of a formula given as text, with default options.
    ///
    /// # Errors
    /// When the text is no formula or has no response.
    pub fn new(formula: &str) -> Result<Self> {
        let formula = Formula::parse(formula).map_err(engine::Error::from)?;
        if formula.response.is_empty() {
            return Err(Error::Formula {
                formula: formula.text.clone(),
                reason: "a linear model needs a response; write y ~ terms".into(),
            });
        }
        let columns = columns_read(&formula, std::iter::empty());
        Ok(Self { formula, options: LinModOptions::default(), columns })
    }

    /// The same with these options.
    ///
    /// # Errors
    /// When options contradict each other.
    pub fn with_options(mut self, options: LinModOptions) -> Result<Self> {
        if options.cube_predictions && !options.cube {
            return Err(Error::Option { option: "cube_predictions", reason: "it needs cube".into() });
        }
        let weights = options.weights.columns();
        self.columns = match &options.variable_selection {
            None => columns_read(&self.formula, weights),
            Some(control) => {
                control.check(options.cube)?;
                stepwise::columns_read(&self.formula, control, weights)?
            }
        };
        self.options = options;
        Ok(self)
    }
}

/// The sums of a design that is to be solved for.
///
/// # Errors
/// When there are more columns than can be solved for, or `cube` and the first term is not categorical.
pub(crate) fn lay_out(design: Design, options: &LinModOptions) -> Result<Arc<Plan>> {
    if options.cube && !design.terms.first().is_some_and(|term| design.is_categorical(term)) {
        return Err(Error::Option {
            option: "cube",
            reason: format!(
                "the first term of '{}' must be a factor or an interaction of factors",
                design.formula
            ),
        });
    }
    let plan = Plan::new(Arc::new(design))?;
    check_size(&plan.design, options)?;
    Ok(Arc::new(plan))
}

impl Estimator for LinMod {
    type State = LinModState;
    type Partial = GramPartial;
    type Model = LinModModel;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        self.columns.clone()
    }

    fn start(&self, schema: &SchemaRef) -> Result<LinModState> {
        let weights = &self.options.weights;
        let selection = self.options.variable_selection.as_ref();
        let scope =
            selection.map(|control| Scope::new(&self.formula, control, schema, weights, None)).transpose()?;
        let formula = scope.as_ref().map_or(&self.formula, Scope::upper);
        let draft = Draft::new(formula, schema, weights)?;
        let passes = GramState::of(draft, |design| lay_out(design, &self.options))?;
        Ok(LinModState { passes, scope })
    }

    fn partial(&self, state: &LinModState) -> Result<GramPartial> {
        Ok(state.passes.gram())
    }

    fn step(&self, state: LinModState, sums: GramSums) -> Result<ControlFlow<LinModModel, LinModState>> {
        let LinModState { passes, scope } = state;
        let options = &self.options;
        let next = passes.step_exactly(
            sums,
            |design| lay_out(design, options),
            |plan, gram| match &scope {
                Some(scope) => select(plan, gram, options, scope),
                None => infer(plan, gram, options),
            },
            |design, plan, gram| match &scope {
                Some(scope) => select_exactly(design, plan, gram, options, scope),
                None => infer_exactly(design, plan, gram, options),
            },
        )?;
        Ok(next.map_continue(|passes| LinModState { passes, scope }))
    }
}

impl Aggregated for LinMod {
    fn gather(&self, state: &LinModState, server: &mut dyn Server) -> Result<GramPartial> {
        state.passes.gather(server)
    }
}
