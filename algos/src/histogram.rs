//! Histograms: `rxHistogram`.
//!
//! The formula is `~ x`, or `~ x | g + h` for a panel for each combination of the levels of factors. The values of a number
//! are counted, or their weights added up, in bins of equal width; those of a factor, or of `F(x)`, by level. One pass
//! counts. A pass goes before it when the range of the number is not known from the source, or levels are not. A row with
//! a missing value in any variable is left out and counted.
//!
//! A bin has its lower bound and not its upper one, but for the last, which has both. Where nothing else is asked for the
//! bounds are round numbers, some twenty bins (`breaks.rs`); for whole numbers no bin is narrower than 1.

mod breaks;
mod estimator;
mod print;

use engine::formula::Formula;
use engine::{BlockSource, Executor, ScanOptions};
use serde_json::{Value, json};

use crate::design::Weights;
use crate::json::{count, numbers};
use crate::{Error, Result};

pub use breaks::Breaks;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramOptions {
    /// How many bounds of bins, both ends included: 2 to 1 000 001. Default: round numbers, some 21 of them.
    pub num_breaks: Option<usize>,
    /// The lower bound of the first bin. Default: the least value, or a round number below it.
    pub start: Option<f64>,
    /// The upper bound of the last bin. Default: the largest value, or a round number above it.
    pub end: Option<f64>,
    /// The levels of a factor that are shown, in its own order. Default: all.
    pub levels_to_keep: Vec<String>,
    /// The levels of a factor that are not shown.
    pub levels_to_drop: Vec<String>,
    /// The most panels. Default: 100.
    pub max_panels: usize,
    /// The columns that weigh the rows.
    pub weights: Weights,
}

impl Default for HistogramOptions {
    fn default() -> Self {
        Self {
            num_breaks: None,
            start: None,
            end: None,
            levels_to_keep: Vec::new(),
            levels_to_drop: Vec::new(),
            max_panels: 100,
            weights: Weights::default(),
        }
    }
}

/// What the bars stand for.
#[derive(Debug, Clone, PartialEq)]
pub enum Bars {
    /// k + 1 bounds of k bins, ascending.
    Bins(Vec<f64>),
    /// k levels.
    Levels(Vec<String>),
}

/// The bars of one combination of levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The level of each conditioning factor: name, level.
    pub levels: Vec<(String, String)>,
    /// For each bar how many rows, or the sum of their weights.
    pub counts: Vec<f64>,
}

/// A histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The formula as written.
    pub formula: String,
    /// The name of the variable.
    pub variable: String,
    /// What the bars stand for.
    pub bars: Bars,
    /// One without conditioning factors; else the first factor varies fastest.
    pub panels: Vec<Panel>,
    /// Rows, or their weights, whose values are not in any bar.
    pub outside: f64,
    /// Rows without missing values.
    pub valid_obs: u64,
    /// Rows with a missing value.
    pub missing_obs: u64,
    /// The columns that weighed the rows.
    pub weights: Weights,
}

impl Panel {
    /// The counts as percentages of the panel's total; NaN of a total of 0.
    pub fn percentages(&self) -> Vec<f64> {
        let total: f64 = self.counts.iter().sum();
        self.counts.iter().map(|count| 100.0 * count / total).collect()
    }
}

/// The histogram of `~ x`, `~ F(x)` or `~ x | g + h`.
///
/// # Errors
/// When the formula is none of these, when bounds do not fit, when there are too many panels or no rows, and whatever the
/// source says.
pub fn histogram(
    formula: &str,
    source: &dyn BlockSource,
    options: &HistogramOptions,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Histogram> {
    let parsed = parse(formula)?;
    let breaks = breaks::of(&parsed, source, options, scan, executor)?;
    let estimator =
        estimator::Counting { formula: parsed, written: formula.trim().to_owned(), breaks, options };
    engine::fit(&estimator, source, scan, executor)
}

/// The formula as one term: the variable, then the conditioning factors.
fn parse(text: &str) -> Result<Formula> {
    let wrong = |reason: &str| Error::Formula { formula: text.to_owned(), reason: reason.to_owned() };
    let (variable, given) = match text.split_once('|') {
        Some((variable, given)) => (variable, Some(given)),
        None => (text, None),
    };
    let parse = |text: &str| Formula::parse(text).map_err(engine::Error::from);
    let mut formula = parse(variable)?;
    let [term] = formula.terms.as_mut_slice() else {
        return Err(wrong("a histogram is of one variable: ~ x"));
    };
    if term.variables.len() != 1 || !formula.response.is_empty() || formula.dot {
        return Err(wrong("a histogram is of one variable: ~ x, or ~ x | g + h for a panel each"));
    }
    for condition in given.map(parse).transpose()?.into_iter().flat_map(|given| given.terms) {
        for variable in condition.variables {
            if !term.variables.contains(&variable) {
                term.variables.push(variable);
            }
        }
    }
    Ok(formula)
}

impl Histogram {
    /// The bars and counts, with percentages of each panel; what does not exist is null.
    pub fn to_json(&self) -> Value {
        let panel = |panel: &Panel| {
            let levels: serde_json::Map<String, Value> =
                panel.levels.iter().map(|(name, level)| (name.clone(), json!(level))).collect();
            json!({
                "levels": levels,
                "counts": panel.counts.iter().map(|&x| count(x)).collect::<Vec<_>>(),
                "percent": numbers(&panel.percentages()),
            })
        };
        let mut value = json!({
            "formula": self.formula,
            "variable": self.variable,
            "panels": self.panels.iter().map(panel).collect::<Vec<_>>(),
            "outside": count(self.outside),
            "validObs": self.valid_obs,
            "missingObs": self.missing_obs,
        });
        match &self.bars {
            Bars::Bins(breaks) => value["breaks"] = numbers(breaks),
            Bars::Levels(levels) => value["levels"] = json!(levels),
        }
        value
    }
}
