//! Logistic regression and generalized linear models: the fit, and the model as bytes, JSON and text.

use algos::design::{LabelStyle, Weights};
use algos::glm::{Family, Glm, GlmModel as Model, GlmOptions, Initial};
use algos::stepwise::StepControl;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Deserialize;
use serde_json::json;

use crate::error::Failure;
use crate::model;
use crate::run::Pass;
use crate::source::Source;

/// What [`glm`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fit {
    /// Absent for logistic regression.
    family: Option<String>,
    variance: Option<String>,
    power: Option<f64>,
    link: Option<String>,
    link_power: Option<f64>,
    offset: Option<String>,
    pweights: Option<String>,
    fweights: Option<String>,
    cube: bool,
    cube_predictions: bool,
    drop_first: bool,
    drop_main: bool,
    cov_coef: bool,
    cov_data: bool,
    labels: LabelStyle,
    initial_values: Initial,
    max_iterations: u32,
    coefficient_tolerance: f64,
    objective_function_tolerance: f64,
    variable_selection: Option<StepControl>,
    call: String,
    data: String,
}

/// A fitted generalized linear model.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct GlmModel(pub(crate) Model);

#[pymethods]
impl GlmModel {
    /// A model from the bytes of [`GlmModel::to_bytes`].
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> Result<Self, Failure> {
        model::from_bytes(data, "generalized linear model").map(Self)
    }

    /// The model in its envelope, which later releases read.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>, Failure> {
        model::to_bytes(&self.0, py)
    }

    /// Whether the model is a logistic regression.
    fn is_logit(&self) -> bool {
        self.0.logit
    }

    /// The documented fields as JSON; numbers that do not exist are null.
    fn fields(&self) -> String {
        let model = &self.0;
        json!({
            "labels": model.coefficient_names,
            "y_names": model.y_names,
            "event": model.event,
            "family": model.params.family.to_string(),
            "link": model.link.to_string(),
            "coefficients": [model.coefficients],
            "coef_std_error": [model.coef_std_error],
            "coef_t_value": [model.coef_t_value],
            "coef_p_value": [model.coef_p_value],
            "aliased": model.aliased,
            "cov_coef": model.cov_coef,
            "cov_data": model.cov_data,
            "condition_number": model.condition_number,
            "rank": model.rank,
            "deviance": model.deviance,
            "null_deviance": model.null_deviance,
            "pearson": model.pearson,
            "dispersion": model.dispersion,
            "aic": model.aic,
            "df": model.df,
            "df_null": model.df_null,
            "fstatistics": model.fstatistics.as_ref().map(|f| {
                json!({ "value": f.value[0], "numdf": f.numdf, "dendf": f.dendf })
            }),
            "f_pvalue": model.f_pvalue,
            "iterations": model.iterations,
            "converged": model.converged,
            "separated": model.separated,
            "partitions": model::partitions(model.partitions.as_ref()),
            "count_df": model::count_df(model.count_df.as_ref()),
            "n_valid_obs": model.n_valid_obs,
            "n_missing_obs": model.n_missing_obs,
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

/// Fits a generalized linear model, or without a family a logistic regression.
#[pyfunction]
pub(crate) fn glm(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    fit: &str,
    pass: Pass,
) -> PyResult<GlmModel> {
    let fit: Fit = serde_json::from_str(fit).map_err(|error| Failure::Value(error.to_string()))?;
    let estimator = estimator(formula, &fit).map_err(Failure::from)?;
    model::fit_where_rows_are(py, &estimator, source, pass, fit.call, fit.data).map(GlmModel)
}

fn estimator(formula: &str, fit: &Fit) -> algos::Result<Glm> {
    let named = fit.link.as_deref().map(str::parse).transpose()?;
    let options = GlmOptions {
        link: named.or(fit.link_power.map(algos::glm::Link::power)),
        offset: fit.offset.clone(),
        weights: Weights { probability: fit.pweights.clone(), frequency: fit.fweights.clone() },
        cube: fit.cube,
        cube_predictions: fit.cube_predictions,
        drop_first: fit.drop_first,
        drop_main: fit.drop_main,
        cov_coef: fit.cov_coef,
        cov_data: fit.cov_data,
        labels: fit.labels,
        initial_values: fit.initial_values.clone(),
        max_iterations: fit.max_iterations,
        coefficient_tolerance: fit.coefficient_tolerance,
        objective_function_tolerance: fit.objective_function_tolerance,
        variable_selection: fit.variable_selection.clone(),
        ..GlmOptions::default()
    };
    match &fit.family {
        None => Glm::logit(formula)?.with_options(options),
        Some(name) => {
            let family = Family::parse(name, fit.variance.as_deref(), fit.power)?;
            Glm::new(formula)?.with_options(GlmOptions { family, ..options })
        }
    }
}
