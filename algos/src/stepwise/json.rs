//! The way of a search as JSON: columns as a data frame has them, null for what does not exist.

use serde_json::{Map, Value, json};

use super::{Path, Step, StepCoefficients};
use crate::json::{count, numbers};

impl Path {
    /// The steps by column.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| {
            map.insert(key.to_owned(), value);
        };
        let counts = |number: fn(&Step) -> f64| -> Value {
            self.steps.iter().map(|step| count(number(step))).collect()
        };
        let column = |number: fn(&Step) -> f64| -> Value {
            numbers(&self.steps.iter().map(number).collect::<Vec<_>>())
        };
        put("Step", self.steps.iter().map(|step| json!(step.change)).collect());
        put("Df", counts(|step| step.df));
        put("Deviance", column(|step| step.deviance));
        put("Resid. Df", counts(|step| step.residual_df));
        put("Resid. Dev", column(|step| step.residual_deviance));
        put(&self.criterion, column(|step| step.aic));
        if let Some(test) = self.test {
            let (statistic, p_value) = test.columns();
            put(statistic, column(|step| step.statistic));
            put(p_value, column(|step| step.p_value));
        }
        Value::Object(map)
    }
}

impl StepCoefficients {
    /// For each coefficient its values by step.
    pub fn to_json(&self) -> Value {
        let of =
            |position: usize| numbers(&self.values.iter().map(|step| step[position]).collect::<Vec<_>>());
        self.names.iter().enumerate().map(|(position, name)| (name.clone(), of(position))).collect()
    }
}
