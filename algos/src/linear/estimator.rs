//! The passes of a linear regression.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::formula::Formula;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::inference::infer;
use super::{LinModModel, LinModOptions};
use crate::design::{Design, Draft, Found, Survey};
use crate::gram::Gram;
use crate::gram::plan::{Columns, Plan};
use crate::{Error, Result};

/// The most columns beside a partition: their cross products and the inverse take 8 bytes for each pair of them.
const MAX_COLUMNS: u64 = 10_000;

/// The most cross products of columns with the cells of a cube.
const MAX_CROSS: u64 = 1 << 27;

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
        Ok(Self { formula, options: LinModOptions::default() })
    }

    /// The same with these options.
    ///
    /// # Errors
    /// When options contradict each other.
    pub fn with_options(mut self, options: LinModOptions) -> Result<Self> {
        if options.cube_predictions && !options.cube {
            return Err(Error::Option { option: "cube_predictions", reason: "it needs cube".into() });
        }
        self.options = options;
        Ok(self)
    }
}

/// What a pass of a linear regression starts from.
#[derive(Debug)]
pub struct LinModState(Stage);

#[derive(Debug)]
enum Stage {
    Survey(Draft),
    Gram(Arc<Plan>),
}

/// What a pass of a linear regression adds up.
#[derive(Serialize, Deserialize)]
pub struct LinModPartial(Part);

#[derive(Serialize, Deserialize)]
enum Part {
    Survey(Survey),
    Gram(Box<Gram>),
}

/// The sums of a pass of a linear regression.
pub struct LinModSums(Sums);

enum Sums {
    Found(Vec<Found>),
    Gram(Box<Gram>),
}

impl Accumulator for LinModPartial {
    type Input = Block;
    type Output = LinModSums;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        match &mut self.0 {
            Part::Survey(survey) => survey.update(block),
            Part::Gram(gram) => gram.update(block),
        }
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        match (&mut self.0, later.0) {
            (Part::Survey(survey), Part::Survey(later)) => survey.merge(later),
            (Part::Gram(gram), Part::Gram(later)) => gram.merge(*later),
            _ => Err(Error::Mismatch { what: "they are of different passes" }.into()),
        }
    }

    fn finish(self) -> LinModSums {
        LinModSums(match self.0 {
            Part::Survey(survey) => Sums::Found(survey.finish()),
            Part::Gram(gram) => Sums::Gram(gram),
        })
    }

    fn size(&self) -> usize {
        match &self.0 {
            Part::Survey(survey) => survey.size(),
            Part::Gram(gram) => gram.size(),
        }
    }
}

impl LinMod {
    fn gram_stage(&self, draft: Draft, found: &[Found]) -> Result<LinModState> {
        let plan = lay_out(draft.bind(found)?, self.options.cube)?;
        Ok(LinModState(Stage::Gram(plan)))
    }
}

/// The sums of a design that is to be solved for.
///
/// # Errors
/// When there are more columns than can be solved for, or `cube` and the first term is not categorical.
pub(crate) fn lay_out(design: Design, cube: bool) -> Result<Arc<Plan>> {
    if cube && !design.terms.first().is_some_and(|term| design.is_categorical(term)) {
        return Err(Error::Option {
            option: "cube",
            reason: format!(
                "the first term of '{}' must be a factor or an interaction of factors",
                design.formula
            ),
        });
    }
    let plan = Plan::new(Arc::new(design))?;
    let cells = |terms: &[Columns]| terms.iter().map(|columns| columns.cells as u64).sum::<u64>();
    let (partition, others) = plan.terms.split_at(usize::from(cube));
    let (cube, columns) = (cells(partition).max(1), cells(others));
    if columns > MAX_COLUMNS || columns.saturating_mul(cube) > MAX_CROSS {
        return Err(Error::TooManyLevels {
            variable: plan.design.formula.clone(),
            levels: columns,
            limit: MAX_COLUMNS.min(MAX_CROSS / cube),
            remedy: "use factors with fewer levels, or cube with the largest factor as the first term",
        });
    }
    Ok(Arc::new(plan))
}

impl Estimator for LinMod {
    type State = LinModState;
    type Partial = LinModPartial;
    type Model = LinModModel;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        if self.formula.dot {
            return None;
        }
        let mut columns = self.formula.columns();
        for weight in self.options.weights.columns() {
            if !columns.contains(weight) {
                columns.push(weight.clone());
            }
        }
        Some(columns)
    }

    fn start(&self, schema: &SchemaRef) -> Result<LinModState> {
        let draft = Draft::new(&self.formula, schema, &self.options.weights)?;
        if draft.survey().is_some() {
            return Ok(LinModState(Stage::Survey(draft)));
        }
        self.gram_stage(draft, &[])
    }

    fn partial(&self, state: &LinModState) -> Result<LinModPartial> {
        Ok(LinModPartial(match &state.0 {
            Stage::Survey(draft) => Part::Survey(draft.survey().unwrap_or_default()),
            Stage::Gram(plan) => Part::Gram(Box::new(Gram::of(Arc::clone(plan)))),
        }))
    }

    fn step(&self, state: LinModState, sums: LinModSums) -> Result<ControlFlow<LinModModel, LinModState>> {
        match (state.0, sums.0) {
            (Stage::Survey(draft), Sums::Found(found)) => {
                Ok(ControlFlow::Continue(self.gram_stage(draft, &found)?))
            }
            (Stage::Gram(plan), Sums::Gram(gram)) => {
                Ok(ControlFlow::Break(infer(&plan, &gram, &self.options)?))
            }
            _ => Err(Error::Mismatch { what: "the sums are of another pass" }),
        }
    }
}
