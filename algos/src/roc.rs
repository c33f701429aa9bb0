//! Receiver operating characteristics: `rxRoc`, `rxAuc`, `rxRocCurve`.
//!
//! A prediction calls a row positive where it reaches a threshold. Of the rows that are positive the share that is called
//! so is the sensitivity; of those that are negative the share that is not is the specificity. One pass counts the rows,
//! or adds up their weights, between n thresholds equally spaced from 0 to 1, of several predictions at once. A row with a
//! missing value in any of them, in the actual value or in a weight is left out and counted.
//!
//! The area under the curve through the thresholds, closed at (0, 0) and (1, 1), is that of its trapezoids. It takes rows
//! between two thresholds for ties, and is off by at most half of the pairs among these ([`Curve::auc_error`]). The
//! exact area is the probability that a positive row is above a negative one, ties counting half (Hanley and `McNeil` 1982,
//! "The meaning and use of the area under a receiver operating characteristic curve"); it takes the distinct
//! predictions in order (`crate::runs`).

mod estimator;
mod print;

use std::sync::Arc;

use engine::MemoryBudget;
use engine::formula::Formula;
use serde_json::{Value, json};

use crate::design::Weights;
use crate::json::{count, number, numbers};
use crate::{Error, Result};

pub use estimator::{RocPlan, RocSums};

/// The most thresholds.
const MAX_BREAKS: usize = 1_000_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RocOptions {
    /// How many thresholds, from 0 to 1 with both: 2 to 1 000 000. Default: 100.
    pub num_breaks: usize,
    /// Whether thresholds that change neither sensitivity nor specificity are left out. Default: true.
    pub remove_dups: bool,
    /// Whether the exact area under the curve is computed too, which holds the distinct predictions in memory: 24 bytes
    /// each. Default: false.
    pub exact: bool,
    /// The columns that weigh the rows.
    pub weights: Weights,
    /// The memory that distinct predictions may take; more is an error. Default: no bound.
    pub memory: MemoryBudget,
}

impl Default for RocOptions {
    fn default() -> Self {
        Self {
            num_breaks: 100,
            remove_dups: true,
            exact: false,
            weights: Weights::default(),
            memory: MemoryBudget::default(),
        }
    }
}

/// Receiver operating characteristics of predictions.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// use algos::roc::{Roc, RocOptions};
/// let source = engine::source::open("predicted.xdf")?;
/// let estimator = Roc::new("Late", &["Late_Pred".to_owned()], RocOptions::default())?;
/// let result = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{}", result.curves[0].auc);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Roc {
    formula: Formula,
    options: Arc<RocOptions>,
}

impl Roc {
    /// Of the column of actual values (0 and 1, logical, or a factor of two levels, of which the second is positive) and
    /// columns of predictions in 0 to 1.
    ///
    /// # Errors
    /// Without a prediction, or with too few or too many thresholds.
    pub fn new(actual: &str, predictions: &[String], options: RocOptions) -> Result<Self> {
        if !(2..=MAX_BREAKS).contains(&options.num_breaks) {
            let reason = format!("{} thresholds; give 2 to {MAX_BREAKS}", options.num_breaks);
            return Err(Error::Option { option: "num_breaks", reason });
        }
        if predictions.is_empty() {
            let reason = "there is none; name a column of predictions".to_owned();
            return Err(Error::Option { option: "predictions", reason });
        }
        let quoted: Vec<String> = predictions.iter().map(|name| engine::syntax::quote_name(name)).collect();
        let text = format!("{} ~ {}", engine::syntax::quote_name(actual), quoted.join(" + "));
        let formula = Formula::parse(&text).map_err(engine::Error::from)?;
        Ok(Self { formula, options: Arc::new(options) })
    }
}

/// The characteristics of some predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurves {
    /// The column of actual values.
    pub actual: String,
    /// The positive level, where the actual values are a factor.
    pub positive: Option<String>,
    /// One for each prediction, in the order asked for.
    pub curves: Vec<Curve>,
    /// Rows without missing values.
    pub valid_obs: u64,
    /// Rows with a missing value.
    pub missing_obs: u64,
    /// The weights of the positive rows; their number without weights.
    pub positives: f64,
    /// The weights of the negative rows.
    pub negatives: f64,
    /// The columns that weighed the rows.
    pub weights: Weights,
    /// The call as a formula: `Late ~ Late_Pred`.
    pub formula: String,
}

/// The characteristic of one prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The column of predictions.
    pub prediction: String,
    /// Thresholds, ascending.
    pub thresholds: Vec<f64>,
    /// For each threshold the share of the positive rows that reach it; NaN without positive rows.
    pub sensitivity: Vec<f64>,
    /// For each threshold the share of the negative rows that do not reach it; NaN without negative rows.
    pub specificity: Vec<f64>,
    /// The area under the curve by trapezoids, 0 to 1; NaN without positive or without negative rows.
    pub auc: f64,
    /// By how much the exact area can differ from that.
    pub auc_error: f64,
    /// The exact area, where it was asked for.
    pub exact_auc: Option<f64>,
}

impl Curve {
    /// From the weights of negative and positive rows between thresholds, `bins[k]` of those that reach `thresholds[k]` and
    /// not the next.
    fn new(prediction: String, thresholds: &[f64], bins: &[[f64; 2]], remove_dups: bool) -> Self {
        let [negatives, positives] = sum(bins);
        let mut below = [0.0, 0.0];
        // pairs of a positive and a negative row between the same thresholds, and pairs in which the positive one is above
        let (mut tied, mut ordered) = (0.0, 0.0);
        let mut curve = Self {
            prediction,
            thresholds: Vec::with_capacity(bins.len()),
            sensitivity: Vec::with_capacity(bins.len()),
            specificity: Vec::with_capacity(bins.len()),
            auc: f64::NAN,
            auc_error: f64::NAN,
            exact_auc: None,
        };
        let mut last = None;
        for (&threshold, bin) in thresholds.iter().zip(bins) {
            let duplicate = last == Some(below);
            if !(remove_dups && duplicate) {
                curve.thresholds.push(threshold);
                curve.sensitivity.push((positives - below[1]) / positives);
                curve.specificity.push(below[0] / negatives);
            }
            last = Some(below);
            tied += bin[0] * bin[1];
            ordered += below[0] * bin[1];
            below = [below[0] + bin[0], below[1] + bin[1]];
        }
        if positives > 0.0 && negatives > 0.0 {
            curve.auc = (ordered + 0.5 * tied) / positives / negatives;
            curve.auc_error = 0.5 * tied / positives / negatives;
        }
        curve
    }
}

/// The weights of negative and positive rows.
fn sum(bins: &[[f64; 2]]) -> [f64; 2] {
    bins.iter().fold([0.0, 0.0], |sum, bin| [sum[0] + bin[0], sum[1] + bin[1]])
}

impl RocCurves {
    /// The curves and areas; what does not exist is null.
    pub fn to_json(&self) -> Value {
        let curve = |curve: &Curve| {
            json!({
                "predVarName": curve.prediction,
                "threshold": numbers(&curve.thresholds),
                "sensitivity": numbers(&curve.sensitivity),
                "specificity": numbers(&curve.specificity),
                "auc": number(curve.auc),
                "aucError": number(curve.auc_error),
                "exactAuc": curve.exact_auc.map(number),
            })
        };
        json!({
            "actualVarName": self.actual,
            "positive": self.positive,
            "validObs": self.valid_obs,
            "missingObs": self.missing_obs,
            "positives": count(self.positives),
            "negatives": count(self.negatives),
            "curves": self.curves.iter().map(curve).collect::<Vec<_>>(),
        })
    }
}
