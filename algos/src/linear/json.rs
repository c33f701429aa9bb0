//! A model as JSON, with the names of revoscalepy's attributes.
//!
//! Numbers by coefficient are objects by name; with several responses, each entry is a list in the order of `y_names`.
//! What does not exist is null. `coefficient_names` has the order.

use serde_json::{Map, Value, json};

use super::{CountTable, LinModModel};
use crate::json::{count, matrix, number, numbers};
use crate::stepwise::StepCoefficients;

impl LinModModel {
    /// The model as JSON.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| {
            map.insert(key.to_owned(), value);
        };
        put("kind", json!(super::KIND));
        put("formula", json!(self.design.formula));
        put("call", json!(self.call));
        put("y_names", json!(self.y_names));
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
        put("residual_squares", numbers(&self.residual_squares));
        put("total_squares", numbers(&self.total_squares));
        put("y_var", numbers(&self.y_var));
        put("sigma", numbers(&self.sigma));
        put("residual_variance", numbers(&self.residual_variance));
        put("r_squared", numbers(&self.r_squared));
        put("adj_r_squared", numbers(&self.adj_r_squared));
        put(
            "fstatistics",
            self.fstatistics.as_ref().map_or(
                Value::Null,
                |f| json!({ "value": numbers(&f.value), "numdf": count(f.numdf), "dendf": count(f.dendf) }),
            ),
        );
        put("f_pvalue", numbers(&self.f_pvalue));
        put("df", self.df.iter().map(|&df| count(df)).collect());
        put("partitions", json!(self.partitions));
        put("count_df", self.count_df.as_ref().map_or(Value::Null, |table| table.to_json(&self.y_names)));
        put("n_valid_obs", json!(self.n_valid_obs));
        put("n_missing_obs", json!(self.n_missing_obs));
        put("deviance", numbers(&self.deviance));
        if let Some(path) = &self.anova {
            put("anova", path.to_json());
            put("formula_base", json!(path.formula_base));
            put("step_coefs", path.coefficients.as_ref().map_or(Value::Null, StepCoefficients::to_json));
        }
        put("params", json!(self.params));
        Value::Object(map)
    }

    fn by_name(&self, values: &[Vec<f64>]) -> Value {
        let entry = |i: usize| match values {
            [single] => number(single[i]),
            several => several.iter().map(|values| number(values[i])).collect(),
        };
        self.coefficient_names.iter().enumerate().map(|(i, name)| (name.clone(), entry(i))).collect()
    }
}

impl CountTable {
    /// Columns as a data frame has them: the factors, the responses' means if there are any, `Counts`.
    pub(crate) fn to_json(&self, responses: &[String]) -> Value {
        let mut columns = Map::new();
        for (i, factor) in self.factors.iter().enumerate() {
            let levels: Vec<&str> = self.levels.iter().map(|levels| levels[i].as_str()).collect();
            columns.insert(factor.clone(), json!(levels));
        }
        for (name, means) in responses.iter().zip(self.means.iter().flatten()) {
            columns.insert(name.clone(), numbers(means));
        }
        columns.insert("Counts".to_owned(), self.counts.iter().map(|&c| count(c)).collect());
        Value::Object(columns)
    }
}
