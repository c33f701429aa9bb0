//! Naive Bayes classification: `rxNaiveBayes`.
//!
//! Given the class of a row, its variables are taken to be independent: P(class | x) ∝ P(class) · ∏ P(x(j) | class)
//! (Hastie, Tibshirani, Friedman 2009, "The Elements of Statistical Learning", 6.6.3). A number is normal with the mean
//! and standard deviation that it has in the class; a level has its share of the class's rows, smoothed by Laplace's
//! rule: (n + a) / (N + a·levels).
//!
//! One pass counts; another goes before it where levels or ranges are not known from the schema. Rows without a class
//! are left out and counted. A missing value leaves its row out of that variable only.
//!
//! # What the data do not tell
//! A standard deviation is at least 10⁻⁴·⁵ of that of all rows, so that values that are equal in a class do not decide
//! alone. A class with one value of a variable takes the standard deviation of all rows, one with none their
//! distribution. Without smoothing a level that a class never has rules the class out; a row for which all classes are
//! ruled out has no prediction.

mod check;
mod counts;
mod json;
mod predict;
mod print;

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use engine::Estimator;
use engine::formula::{Formula, Variable as Written};
use engine::stats::Moments;
use serde::{Deserialize, Serialize};

use crate::design::{Design, Draft, Extras, Next, Outcome, Part, Stage, VariableKind, Weights, columns_read};
use crate::{Error, Result};
use counts::Plan;
pub use counts::{Counts, PredictorCounts};

/// The kind of these models in files.
pub(crate) const KIND: &str = "naive_bayes";

/// Naive Bayes classification of a formula's response.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// let source = engine::source::open("kyphosis.xdf")?;
/// let estimator = algos::naive_bayes::NaiveBayes::new("Kyphosis ~ Age + Start + Number")?;
/// let model = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{model}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct NaiveBayes {
    formula: Formula,
    smoothing_factor: f64,
}

/// A fitted classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NaiveBayesModel {
    /// The variables.
    pub design: Design,
    /// The response.
    pub response: String,
    /// Whether the response is logical; its levels are then FALSE and TRUE.
    pub logical: bool,
    /// The K classes.
    pub levels: Vec<String>,
    /// How many rows each class has.
    pub counts: Vec<u64>,
    /// What is known of each predictor, in the order of the formula.
    pub tables: Vec<Table>,
    /// The number that is added to the count of each level of a factor.
    pub smoothing_factor: f64,
    /// Rows with a class.
    pub n_valid_obs: u64,
    /// Rows without.
    pub n_missing_obs: u64,
    /// The call as text.
    pub call: Option<String>,
    /// The name of the data.
    pub data: Option<String>,
}

/// A predictor by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The variable.
    pub name: String,
    /// Its distribution in each class.
    pub given: Given,
}

/// The distribution of a predictor, given the class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Given {
    /// Of a number; NaN where a class has too few values.
    Normal {
        /// K means.
        means: Vec<f64>,
        /// K standard deviations, with n − 1.
        std_devs: Vec<f64>,
        /// The mean of all rows with a class.
        mean: f64,
        /// Their standard deviation.
        std_dev: f64,
    },
    /// Of a factor with L levels.
    Levels {
        /// L levels.
        levels: Vec<String>,
        /// K × L probabilities, by rows; NaN where a class has no values.
        probabilities: Vec<f64>,
        /// The probabilities of all rows with a class.
        all: Vec<f64>,
    },
}

/// What a pass starts from.
#[derive(Debug)]
pub struct State {
    logical: bool,
    stage: Stage<Arc<Plan>>,
}

impl NaiveBayes {
    /// The classifier of a formula given as text: `class ~ a + b`.
    ///
    /// # Errors
    /// When the text is no formula, has not one response, or a term of several variables.
    pub fn new(formula: &str) -> Result<Self> {
        let formula = Formula::parse(formula).map_err(engine::Error::from)?;
        let wrong =
            |reason: &str| Err(Error::Formula { formula: formula.text.clone(), reason: reason.to_owned() });
        match formula.response.as_slice() {
            [Written::Factor { .. }] => {
                wrong("the response must be a factor, texts or a condition; F() is for terms")
            }
            [_] => Ok(Self { formula, smoothing_factor: 0.0 }),
            _ => wrong("naive Bayes has one response; write class ~ terms"),
        }
    }

    /// The same with Laplace smoothing: this number is added to the count of each level of a factor in each class.
    ///
    /// # Errors
    /// When it is negative or not finite.
    pub fn with_smoothing_factor(mut self, factor: f64) -> Result<Self> {
        if !(factor >= 0.0 && factor.is_finite()) {
            let reason = format!("it is {factor}, but must be 0 or more");
            return Err(Error::Option { option: "smoothing_factor", reason });
        }
        self.smoothing_factor = factor;
        Ok(self)
    }

    fn model(&self, plan: &Plan, counts: Counts) -> Result<NaiveBayesModel> {
        if counts.valid == 0 {
            return Err(Error::NoObservations { rows: counts.missing });
        }
        let design = plan.design.as_ref().clone();
        let tables = plan.predictors.iter().zip(&counts.predictors).map(|(&variable, counts)| {
            let variable = &design.variables[variable];
            let given = match counts {
                PredictorCounts::Numbers(cells) => normal(cells, &variable.label)?,
                PredictorCounts::Levels(cells) => {
                    let levels: Vec<String> =
                        (0..variable.kind.cells()).map(|code| variable.kind.level(code)).collect();
                    shares(levels, cells, self.smoothing_factor)
                }
            };
            Ok(Table { name: variable.label.clone(), given })
        });
        let tables = tables.collect::<Result<_>>()?;
        Ok(NaiveBayesModel {
            response: design.variables[plan.response].label.clone(),
            logical: plan.logical,
            levels: plan.levels.clone(),
            counts: counts.classes,
            tables,
            smoothing_factor: self.smoothing_factor,
            n_valid_obs: counts.valid,
            n_missing_obs: counts.missing,
            call: None,
            data: None,
            design,
        })
    }
}

impl NaiveBayesModel {
    /// K a priori probabilities: the shares of the classes.
    pub fn apriori(&self) -> Vec<f64> {
        self.counts.iter().map(|&count| count as f64 / self.n_valid_obs as f64).collect()
    }
}

fn normal(cells: &[Moments], label: &str) -> Result<Given> {
    let mut all = Moments::default();
    for cell in cells {
        all.merge_from(cell);
    }
    if !all.m2().is_finite() {
        return Err(Error::NotFinite { variable: label.to_owned() });
    }
    let deviation = |cell: &Moments| cell.variance().map_or(f64::NAN, f64::sqrt);
    let mean = |cell: &Moments| cell.mean().unwrap_or(f64::NAN);
    Ok(Given::Normal {
        means: cells.iter().map(mean).collect(),
        std_devs: cells.iter().map(deviation).collect(),
        mean: mean(&all),
        std_dev: deviation(&all),
    })
}

fn shares(levels: Vec<String>, cells: &[u64], smoothing: f64) -> Given {
    let width = levels.len().max(1);
    let share = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>() as f64 + smoothing * counts.len() as f64;
        counts.iter().map(|&count| (count as f64 + smoothing) / total).collect()
    };
    let mut all = vec![0; levels.len()];
    for class in cells.chunks_exact(width) {
        all.iter_mut().zip(class).for_each(|(all, count)| *all += count);
    }
    Given::Levels {
        probabilities: cells.chunks_exact(width).flat_map(share).collect(),
        all: share(&all),
        levels,
    }
}

/// Whether the response is logical.
fn is_logical(written: &Written, schema: &Schema) -> Result<bool> {
    Ok(match written {
        Written::Column(column) => {
            let index = engine::source::index_of(schema, column)?;
            *schema.field(index).data_type() == DataType::Boolean
        }
        Written::Computed { expr, .. } => {
            *expr.bind(schema).map_err(engine::Error::from)?.data_type() == DataType::Boolean
        }
        _ => false,
    })
}

fn plan(design: Design, logical: bool) -> Result<Arc<Plan>> {
    let response = design.responses[0];
    let levels = match &design.variables[response].kind {
        VariableKind::Codes { levels } => levels.clone(),
        _ if logical => vec!["FALSE".to_owned(), "TRUE".to_owned()],
        _ => {
            return Err(Error::Variable {
                variable: design.variables[response].label.clone(),
                role: "the response of naive Bayes",
                reason: "it is numeric; make it a factor, or write a condition such as x > 0".into(),
            });
        }
    };
    let mut predictors = Vec::with_capacity(design.terms.len());
    for term in &design.terms {
        let &[variable] = term.variables.as_slice() else {
            let reason = format!("naive Bayes has no interactions, such as {}", design.term_label(term));
            return Err(Error::Formula { formula: design.formula, reason });
        };
        predictors.push(variable);
    }
    Ok(Arc::new(Plan { design: Arc::new(design), response, logical, levels, predictors }))
}

impl Estimator for NaiveBayes {
    type State = State;
    type Partial = Part<Counts>;
    type Model = NaiveBayesModel;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, std::iter::empty())
    }

    fn start(&self, schema: &SchemaRef) -> Result<State> {
        let logical = is_logical(&self.formula.response[0], schema)?;
        let extras = Extras { factor_responses: true, offset: None };
        let draft = Draft::with_extras(&self.formula, schema, &Weights::default(), &extras)?;
        Ok(State { logical, stage: Stage::start(draft, |design| plan(design, logical))? })
    }

    fn partial(&self, state: &State) -> Result<Part<Counts>> {
        Ok(state.stage.partial(Counts::new))
    }

    fn step(&self, state: State, sums: Outcome<Counts>) -> Result<ControlFlow<NaiveBayesModel, State>> {
        let State { logical, stage } = state;
        Ok(match stage.step(sums, |design| plan(design, logical))? {
            Next::Pass(stage) => ControlFlow::Continue(State { logical, stage }),
            Next::Sums(plan, counts) => ControlFlow::Break(self.model(&plan, counts)?),
        })
    }
}
