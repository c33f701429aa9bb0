//! A model as JSON, with the names of revoscalepy's attributes.
//!
//! Numbers by coefficient are objects by name. What does not exist is null. `coefficient_names` has the order.

use serde_json::{Map, Value, json};

use super::{GlmModel, KINDS};
use crate::json::{count, matrix, number};
use crate::stepwise::StepCoefficients;

impl GlmModel {
    /// The kind of the model in files.
    pub(super) fn kind_name(&self) -> &'static str {
        KINDS[usize::from(self.logit)]
    }

    /// The model as JSON.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| {
            map.insert(key.to_owned(), value);
        };
        put("kind", json!(self.kind_name()));
        put("formula", json!(self.design.formula));
        put("family", json!(self.params.family.to_string()));
        put("link", json!(self.link.to_string()));
        put("call", json!(self.call));
        put("y_names", json!(self.y_names));
        put("event", json!(self.event));
        put("coefficient_names", json!(self.coefficient_names));
        put("coefficients", self.by_name(&self.coefficients));
        put("coef_std_error", self.by_name(&self.coef_std_error));
        put("coef_t_value", self.by_name(&self.coef_t_value));
        put("coef_p_value", self.by_name(&self.coef_p_value));
        put(
            "aliased",
            self.coefficient_names.iter().cloned().zip(self.aliased.iter().map(|&a| json!(a))).collect(),
        );
        put(
            "cov_coef",
            self.cov_coef.as_ref().map_or(Value::Null, |m| matrix(m, self.coefficient_names.len())),
        );
        let others = self.coefficient_names.len().saturating_sub(1);
        put("cov_data", self.cov_data.as_ref().map_or(Value::Null, |m| matrix(m, others)));
        put("condition_number", number(self.condition_number));
        put("rank", json!(self.rank));
        put("deviance", number(self.deviance));
        put("null_deviance", number(self.null_deviance));
        put("pearson", number(self.pearson));
        put("dispersion", number(self.dispersion));
        put("aic", number(self.aic));
        put("df", self.df.iter().map(|&df| count(df)).collect());
        put("df_null", count(self.df_null));
        put(
            "fstatistics",
            self.fstatistics.as_ref().map_or(
                Value::Null,
                |f| json!({ "value": number(f.value[0]), "numdf": count(f.numdf), "dendf": count(f.dendf) }),
            ),
        );
        put("f_pvalue", number(self.f_pvalue));
        put("iterations", json!(self.iterations));
        put("converged", json!(self.converged));
        put("separated", json!(self.separated));
        put("cells", json!(self.cells));
        put("partitions", json!(self.partitions));
        put("count_df", self.count_df.as_ref().map_or(Value::Null, |table| table.to_json(&self.y_names)));
        if let Some(path) = &self.anova {
            put("anova", path.to_json());
            put("formula_base", json!(path.formula_base));
            put("step_coefs", path.coefficients.as_ref().map_or(Value::Null, StepCoefficients::to_json));
        }
        put("n_valid_obs", json!(self.n_valid_obs));
        put("n_missing_obs", json!(self.n_missing_obs));
        put("params", json!(self.params));
        Value::Object(map)
    }

    fn by_name(&self, values: &[f64]) -> Value {
        self.coefficient_names.iter().zip(values).map(|(name, &x)| (name.clone(), number(x))).collect()
    }
}
