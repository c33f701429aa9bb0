//! Clusters as JSON, with the names of `rxKmeans`'s components.

use serde_json::{Value, json};

use super::{KIND, KMeansModel};
use crate::json::{matrix, number, numbers};

impl KMeansModel {
    /// The model as JSON; `centers` by rows, with `names` for its columns.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": KIND,
            "formula": self.design.formula,
            "call": self.call,
            "names": self.names,
            "means": numbers(&self.means),
            "centers": matrix(&self.centers, self.names.len()),
            "withinss": numbers(&self.withinss),
            "totss": number(self.totss),
            "tot_withinss": number(self.tot_withinss),
            "betweenss": number(self.betweenss),
            "size": self.size,
            "valid_obs": self.n_valid_obs,
            "missing_obs": self.n_missing_obs,
            "num_iterations": self.iterations,
            "converged": self.converged,
            "params": self.params,
        })
    }
}
