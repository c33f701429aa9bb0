//! Covariances, correlations and cross products of columns: `rxCovCor`, `rxCov`, `rxCor`, `rxSSCP`.
//!
//! One pass adds up cross products ([`crate::gram`]), of numbers about their mean in the first rows, so that means of
//! 10⁹ cost no digits (Chan, Golub, `LeVeque` 1983, "Algorithms for computing the sample variance"). A pass goes before it
//! when levels or ranges are not known from the schema. A factor has a column of 0 and 1 for each of its levels. A row with
//! a missing value in any variable is left out and counted.
//!
//! With centred cross products S of W weighted rows the covariances are S / (W − 1), where a frequency says how many
//! equal rows a row stands for, and S / W · n / (n − 1) of n rows with probability weights.

mod estimator;
mod print;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::design::Weights;
use crate::json::{count, matrix, number};

pub use estimator::CovCor;

/// Which matrix is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatrixKind {
    /// Correlations (Pearson's).
    #[default]
    Cor,
    /// Covariances.
    Cov,
    /// Sums of squares and cross products, raw, with a first column of ones.
    Sscp,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CovCorOptions {
    /// The columns that weigh the rows.
    pub weights: Weights,
    /// Whether columns that depend on those before them stay, as the last level of a factor does. Default: true.
    pub keep_all: bool,
    /// A column whose variance is not larger than this is left out. Default: 1e-12.
    pub variance_tolerance: f64,
}

impl Default for CovCorOptions {
    fn default() -> Self {
        Self { weights: Weights::default(), keep_all: true, variance_tolerance: 1e-12 }
    }
}

/// Covariances of p columns, and what makes correlations and cross products of them.
#[derive(Debug, Clone, PartialEq)]
pub struct CovCorMatrix {
    /// p names: `x`, `DayOfWeek=Monday`.
    pub names: Vec<String>,
    /// p means.
    pub means: Vec<f64>,
    /// p × p covariances, by rows; NaN below two rows.
    pub covariances: Vec<f64>,
    /// p × p sums of squares and cross products about the means, by rows.
    pub centred: Vec<f64>,
    /// Columns that were left out: constant ones, and with `keep_all` off those that depend on others.
    pub dropped: Vec<String>,
    /// Rows without missing values.
    pub valid_obs: u64,
    /// Rows with a missing value.
    pub missing_obs: u64,
    /// The sum of the weights; the number of valid rows without weights.
    pub sum_of_weights: f64,
}

impl CovCorMatrix {
    /// p standard deviations.
    pub fn standard_deviations(&self) -> Vec<f64> {
        let p = self.names.len();
        (0..p).map(|i| self.covariances[i * p + i].sqrt()).collect()
    }

    /// The matrix of a kind with the names of its columns: p × p by rows, SSCP (p + 1) × (p + 1).
    pub fn matrix(&self, kind: MatrixKind) -> (Vec<String>, Vec<f64>) {
        match kind {
            MatrixKind::Cov => (self.names.clone(), self.covariances.clone()),
            MatrixKind::Cor => (self.names.clone(), self.correlations()),
            MatrixKind::Sscp => {
                let names = std::iter::once("Constant".to_owned()).chain(self.names.iter().cloned());
                (names.collect(), self.cross_products())
            }
        }
    }

    fn correlations(&self) -> Vec<f64> {
        let p = self.names.len();
        let scale = |i: usize| self.centred[i * p + i].sqrt();
        let entry = |i: usize, j: usize| {
            if i == j && scale(i) > 0.0 {
                return 1.0;
            }
            (self.centred[i * p + j] / scale(i) / scale(j)).clamp(-1.0, 1.0)
        };
        (0..p * p).map(|at| entry(at / p, at % p)).collect()
    }

    fn cross_products(&self) -> Vec<f64> {
        let p = self.names.len();
        let mean = |i: usize| if i == 0 { 1.0 } else { self.means[i - 1] };
        let entry = |i: usize, j: usize| {
            let centred = if i == 0 || j == 0 { 0.0 } else { self.centred[(i - 1) * p + j - 1] };
            centred + self.sum_of_weights * mean(i) * mean(j)
        };
        (0..(p + 1) * (p + 1)).map(|at| entry(at / (p + 1), at % (p + 1))).collect()
    }

    /// As `rxCovCor` gives it: `CovCor`, `StdDevs`, `Means`, `valid.obs` and more; what does not exist is null.
    pub fn to_json(&self, kind: MatrixKind) -> Value {
        let (names, entries) = self.matrix(kind);
        let named = |values: &[f64]| -> Value {
            self.names
                .iter()
                .zip(values)
                .map(|(name, x)| (name.clone(), number(*x)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        json!({
            "type": kind,
            "names": names,
            "covCor": matrix(&entries, names.len()),
            "stdDevs": named(&self.standard_deviations()),
            "means": named(&self.means),
            "validObs": self.valid_obs,
            "missingObs": self.missing_obs,
            "sumOfWeights": count(self.sum_of_weights),
            "droppedVars": self.dropped,
        })
    }
}
