//! Linear models: the fit, and the model as bytes, JSON and text.

use algos::design::Weights;
use algos::linear::{LinMod, LinModModel, LinModOptions};
use algos::stepwise::StepControl;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::model;
use crate::run::Pass;
use crate::source::Source;

/// What [`lin_mod`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fit {
    pweights: Option<String>,
    fweights: Option<String>,
    cube: bool,
    cube_predictions: bool,
    drop_first: bool,
    drop_main: bool,
    cov_coef: bool,
    cov_data: bool,
    variable_selection: Option<StepControl>,
    call: String,
    data: String,
}

/// A fitted linear model.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct LinearModel(pub(crate) LinModModel);

#[pymethods]
impl LinearModel {
    /// A model from the bytes of [`LinearModel::to_bytes`].
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> Result<Self, Failure> {
        model::from_bytes(data, "linear model").map(Self)
    }

    /// The model in its envelope, which later releases read.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>, Failure> {
        model::to_bytes(&self.0, py)
    }

    /// The documented fields as JSON; numbers that do not exist are null.
    fn fields(&self) -> String {
        let model = &self.0;
        json!({
            "labels": model.coefficient_names,
            "y_names": model.y_names,
            "coefficients": model.coefficients,
            "coef_std_error": model.coef_std_error,
            "coef_t_value": model.coef_t_value,
            "coef_p_value": model.coef_p_value,
            "aliased": model.aliased,
            "cov_coef": model.cov_coef,
            "cov_data": model.cov_data,
            "condition_number": model.condition_number,
            "rank": model.rank,
            "residual_squares": by_response(&model.residual_squares),
            "total_squares": by_response(&model.total_squares),
            "y_var": by_response(&model.y_var),
            "sigma": by_response(&model.sigma),
            "residual_variance": by_response(&model.residual_variance),
            "r_squared": by_response(&model.r_squared),
            "adj_r_squared": by_response(&model.adj_r_squared),
            "fstatistics": model.fstatistics.as_ref().map(|f| {
                json!({ "value": by_response(&f.value), "numdf": f.numdf, "dendf": f.dendf })
            }),
            "f_pvalue": by_response(&model.f_pvalue),
            "df": model.df,
            "partitions": model::partitions(model.partitions.as_ref()),
            "count_df": model::count_df(model.count_df.as_ref()),
            "n_valid_obs": model.n_valid_obs,
            "n_missing_obs": model.n_missing_obs,
            "deviance": by_response(&model.deviance),
            "formula": model.design.formula,
            "anova": model::anova(model.anova.as_ref()),
            "formula_base": model.anova.as_ref().map(|path| &path.formula_base),
            "step_coefs": model::step_coefs(model.anova.as_ref()),
            "call": model.call,
            "params": model.params,
        })
        .to_string()
    }

    /// The documented print.
    fn text(&self) -> String {
        self.0.to_string()
    }

    /// The documented print of the summary.
    fn summary_text(&self) -> String {
        self.0.summary()
    }
}

/// A number where there is one response, else a list.
fn by_response(values: &[f64]) -> Value {
    match values {
        [one] => json!(one),
        several => json!(several),
    }
}

/// Fits a linear model.
#[pyfunction]
pub(crate) fn lin_mod(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    fit: &str,
    pass: Pass,
) -> PyResult<LinearModel> {
    let fit: Fit = serde_json::from_str(fit).map_err(|error| Failure::Value(error.to_string()))?;
    let options = LinModOptions {
        weights: Weights { probability: fit.pweights, frequency: fit.fweights },
        cube: fit.cube,
        cube_predictions: fit.cube_predictions,
        drop_first: fit.drop_first,
        drop_main: fit.drop_main,
        cov_coef: fit.cov_coef,
        cov_data: fit.cov_data,
        variable_selection: fit.variable_selection,
        ..LinModOptions::default()
    };
    let estimator = LinMod::new(formula).and_then(|fit| fit.with_options(options)).map_err(Failure::from)?;
    model::fit_where_rows_are(py, &estimator, source, pass, fit.call, fit.data).map(LinearModel)
}
