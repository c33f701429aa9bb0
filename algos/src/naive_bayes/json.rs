//! A classifier as JSON, with the names of `rxNaiveBayes`'s components.

use serde_json::{Value, json};

use super::{Given, KIND, NaiveBayesModel, Table};
use crate::json::{matrix, numbers};

impl NaiveBayesModel {
    /// The model as JSON; tables in the order of the formula, rows in the order of `levels`.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": KIND,
            "formula": self.design.formula,
            "call": self.call,
            "response": self.response,
            "levels": self.levels,
            "counts": self.counts,
            "apriori": numbers(&self.apriori()),
            "tables": self.tables.iter().map(table).collect::<Vec<_>>(),
            "smoothing_factor": self.smoothing_factor,
            "n_valid_obs": self.n_valid_obs,
            "n_missing_obs": self.n_missing_obs,
        })
    }
}

fn table(table: &Table) -> Value {
    match &table.given {
        Given::Normal { means, std_devs, .. } => {
            json!({ "name": table.name, "means": numbers(means), "std_devs": numbers(std_devs) })
        }
        Given::Levels { levels, probabilities, .. } => {
            let rows = matrix(probabilities, levels.len());
            json!({ "name": table.name, "levels": levels, "probabilities": rows })
        }
    }
}
