//! Principal components: `princomp(covmat = rxCovCor(...))` in RevoScaleR's documentation.
//!
//! The eigenvectors of the covariance or correlation matrix ([`crate::covariance`]: one pass, weights, factors as columns
//! of 0 and 1), by decreasing eigenvalue. The j-th component of a row is the product of its columns less their means, by
//! correlations also by their standard deviations, and the j-th vector of loadings; its variance is the eigenvalue.
//!
//! Each vector has length 1. Its sign is such that its first loading that is not 0 is positive (R's `princomp` with
//! `fix_sign`). Variances are by n − 1, as in `rxCovCor` and R's `prcomp`; those of R's `princomp` of data are by n.

mod estimator;
mod predict;
mod print;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::covariance::{CovCorMatrix, MatrixKind};
use crate::design::{Design, Weights};
use crate::json::{matrix, numbers};
use crate::{Error, Result};

pub use estimator::Pca;

/// The kind of these models in files.
pub(crate) const KIND: &str = "pca";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PcaOptions {
    /// Whether columns count by correlations, so that their units do not matter. Default: covariances.
    pub correlations: bool,
    /// How many components are kept. Default: one for each column.
    pub components: Option<usize>,
    /// The columns that weigh the rows.
    pub weights: Weights,
}

/// Principal components of p columns, k of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PcaModel {
    /// The variables and columns.
    pub design: Design,
    /// The p columns: `x`, `DayOfWeek=Monday`.
    pub names: Vec<String>,
    /// The means of the columns.
    pub means: Vec<f64>,
    /// What the columns are divided by: standard deviations, or 1; 0 for columns that are constant and left out.
    pub scale: Vec<f64>,
    /// The standard deviations of the k components, descending.
    pub std_devs: Vec<f64>,
    /// k vectors of p loadings, one behind the other; 0 for columns that are left out.
    pub loadings: Vec<f64>,
    /// The sum of the variances of all components, kept or not.
    pub total_variance: f64,
    /// Rows without missing values.
    pub n_valid_obs: u64,
    /// Rows with a missing value.
    pub n_missing_obs: u64,
    /// What was asked for.
    pub params: PcaOptions,
    /// The call as text.
    pub call: Option<String>,
    /// The name of the data.
    pub data: Option<String>,
}

impl PcaModel {
    fn new(design: Design, all: Vec<String>, found: &CovCorMatrix, params: PcaOptions) -> Result<Self> {
        let (kept, entries) =
            found.matrix(if params.correlations { MatrixKind::Cor } else { MatrixKind::Cov });
        let n = kept.len();
        if n == 0 || entries.iter().any(|x| !x.is_finite()) {
            return Err(Error::Formula {
                formula: design.formula.clone(),
                reason: "components need two rows, and a column that is not constant".into(),
            });
        }
        let symmetric = faer::MatRef::from_row_major_slice(&entries, n, n);
        let eigen = symmetric
            .self_adjoint_eigen(faer::Side::Lower)
            .map_err(|_| Error::NotFinite { variable: design.formula.clone() })?;
        let (values, vectors) = (eigen.S(), eigen.U());
        let k = params.components.unwrap_or(n).min(n);
        let place = |name: &String| all.iter().position(|other| other == name);
        let places: Vec<usize> = kept.iter().filter_map(place).collect();
        let mut loadings = vec![0.0; k * all.len()];
        for (component, out) in loadings.chunks_exact_mut(all.len()).enumerate() {
            // eigenvalues ascend
            let vector = n - 1 - component;
            let column = |i: usize| vectors[(i, vector)];
            let first = (0..n).map(column).find(|x| x.abs() > 1e-12).unwrap_or(1.0);
            for (i, &place) in places.iter().enumerate() {
                out[place] = column(i) * first.signum();
            }
        }
        let (deviations, mut means, mut scale) =
            (found.standard_deviations(), vec![0.0; all.len()], vec![0.0; all.len()]);
        for (i, &place) in places.iter().enumerate() {
            means[place] = found.means[i];
            scale[place] = if params.correlations { deviations[i] } else { 1.0 };
        }
        // what rounding makes of 0
        let variance = |component: usize| f64::max(values[n - 1 - component], 0.0);
        Ok(Self {
            design,
            names: all,
            means,
            scale,
            std_devs: (0..k).map(|component| variance(component).sqrt()).collect(),
            loadings,
            total_variance: (0..n).map(variance).sum(),
            n_valid_obs: found.valid_obs,
            n_missing_obs: found.missing_obs,
            params,
            call: None,
            data: None,
        })
    }

    /// The share of the total variance that each component has.
    pub fn proportions(&self) -> Vec<f64> {
        self.std_devs.iter().map(|deviation| deviation * deviation / self.total_variance).collect()
    }

    /// `Comp.1` and so on.
    pub fn component_names(&self) -> Vec<String> {
        (1..=self.std_devs.len()).map(|component| format!("Comp.{component}")).collect()
    }

    /// The components, with the names of R's `princomp`; `loadings` has a list of loadings for each component.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": KIND,
            "formula": self.design.formula,
            "call": self.call,
            "names": self.names,
            "sdev": numbers(&self.std_devs),
            "proportion": numbers(&self.proportions()),
            "loadings": matrix(&self.loadings, self.names.len()),
            "center": numbers(&self.means),
            "scale": numbers(&self.scale),
            "valid_obs": self.n_valid_obs,
            "missing_obs": self.n_missing_obs,
            "params": self.params,
        })
    }

    /// Checks lengths and positions of a model that came from bytes; see [`crate::linear`]'s check.
    pub(crate) fn check(&self) -> Result<(), String> {
        let columns = self.design.check(false)?;
        let (p, k) = (self.names.len(), self.std_devs.len());
        if columns != p || p == 0 {
            return Err(format!("the terms have {columns} columns, but there are {p} names"));
        }
        let loadings = k.checked_mul(p) == Some(self.loadings.len());
        if !loadings || self.means.len() != p || self.scale.len() != p {
            return Err("its lists of numbers have lengths that do not go together".into());
        }
        Ok(())
    }
}
