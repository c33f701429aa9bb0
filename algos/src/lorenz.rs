//! Lorenz curves and Gini coefficients: `rxLorenz`, `rxGini`.
//!
//! Rows in the order of one variable, from the lowest, have a share of the rows and a share of the sum of another variable,
//! mostly the same. The curve goes through these shares (Lorenz 1905), the Gini coefficient is the area between it and the
//! diagonal, by that below the diagonal: 0 where all have the same, near 1 where one has all.
//!
//! One pass adds up rows and values in bins of the ordering variable, equally wide from its least to its largest value; a pass
//! goes before it when these are not known from the source. Within a bin the curve is a straight line, so of one variable
//! the coefficient is at most the exact one. That takes the distinct values in order (`crate::runs`). A row with a missing
//! value in either variable is left out and counted.

mod estimator;
mod print;

use engine::formula::Formula;
use engine::{BlockSource, Executor, MemoryBudget, ScanOptions};
use serde_json::{Value, json};

use crate::design::Weights;
use crate::histogram::Breaks;
use crate::json::{count, number, numbers};
use crate::{Error, Result};

/// The most bounds.
const MAX_BREAKS: usize = 10_000_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct LorenzOptions {
    /// How many bounds of bins, both ends included: 2 to 10 000 000. Default: 1000.
    pub num_breaks: usize,
    /// Whether the exact Gini coefficient is computed too, which holds the distinct values of the ordering variable in
    /// memory: 24 bytes each. Default: false.
    pub exact: bool,
    /// The columns that weigh the rows.
    pub weights: Weights,
    /// The memory that distinct values may take; more is an error. Default: no bound.
    pub memory: MemoryBudget,
}

impl Default for LorenzOptions {
    fn default() -> Self {
        Self { num_breaks: 1000, exact: false, weights: Weights::default(), memory: MemoryBudget::default() }
    }
}

/// A Lorenz curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Lorenz {
    /// The variable that orders the rows.
    pub order: String,
    /// The variable that is added up.
    pub value: String,
    /// Percentages of the rows, or of their weights, from 0 to 100, one for each bin with rows and one before them.
    pub percent: Vec<f64>,
    /// For each of them the percentage of the sum of the values; NaN where that sum is 0.
    pub cum_vals: Vec<f64>,
    /// The Gini coefficient of the curve, by trapezoids.
    pub gini: f64,
    /// The exact coefficient, where it was asked for.
    pub exact_gini: Option<f64>,
    /// The sum of the values.
    pub total: f64,
    /// Rows without missing values.
    pub valid_obs: u64,
    /// Rows with a missing value.
    pub missing_obs: u64,
    /// The columns that weighed the rows.
    pub weights: Weights,
}

/// The Lorenz curve of a column of values in the order of another, which may be the same.
///
/// # Errors
/// A column that is missing or not numeric, infinite values, no rows, and whatever the source says.
pub fn lorenz(
    order: &str,
    value: &str,
    source: &dyn BlockSource,
    options: &LorenzOptions,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Lorenz> {
    if !(2..=MAX_BREAKS).contains(&options.num_breaks) {
        let reason = format!("{} bounds of bins; give 2 to {MAX_BREAKS}", options.num_breaks);
        return Err(Error::Option { option: "num_breaks", reason });
    }
    let text = format!("{} ~ {}", engine::syntax::quote_name(value), engine::syntax::quote_name(order));
    let formula = Formula::parse(&text).map_err(engine::Error::from)?;
    let schema = source.schema();
    for column in [order, value] {
        let field = schema.field(engine::source::index_of(&schema, column)?);
        if !field.data_type().is_numeric() {
            return Err(Error::Variable {
                variable: column.to_owned(),
                role: "a variable of a Lorenz curve",
                reason: format!("it is of type {}, not numeric", field.data_type()),
            });
        }
    }
    let (start, end) = crate::extremes::extremes(order, source, scan, executor)?.unwrap_or((0.0, 0.0));
    let bins = if start == end { 1 } else { options.num_breaks - 1 };
    let estimator = estimator::Adding { formula, breaks: Breaks { start, end, bins }, options };
    engine::fit(&estimator, source, scan, executor)
}

impl Lorenz {
    /// The curve and the coefficients; what does not exist is null.
    pub fn to_json(&self) -> Value {
        json!({
            "orderVarName": self.order,
            "valueVarName": self.value,
            "percent": numbers(&self.percent),
            "cumVals": numbers(&self.cum_vals),
            "gini": number(self.gini),
            "exactGini": self.exact_gini.map(number),
            "total": count(self.total),
            "validObs": self.valid_obs,
            "missingObs": self.missing_obs,
        })
    }
}

/// The shares of rows and values, cumulated from 0, and the coefficient of the curve through them.
fn curve(groups: impl Iterator<Item = [f64; 2]> + Clone) -> (Vec<f64>, Vec<f64>, f64) {
    let [weight, total] = groups.clone().fold([0.0, 0.0], |sum, [w, v]| [sum[0] + w, sum[1] + v]);
    let (mut rows, mut values, mut below) = (vec![0.0], vec![0.0], 0.0);
    let mut sum = [0.0, 0.0];
    for [w, v] in groups.filter(|[w, _]| *w > 0.0) {
        let before = sum[1];
        sum = [sum[0] + w, sum[1] + v];
        below += w * (before + sum[1]);
        rows.push(sum[0] / weight);
        values.push(sum[1] / total);
    }
    if total == 0.0 {
        values.fill(f64::NAN);
    }
    (rows, values, 1.0 - below / weight / total)
}
