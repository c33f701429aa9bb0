//! Counts, sums and means in the cells of factors: `rxCube`, `rxCrossTabs`, `rxMarginals`.
//!
//! The formula is `y ~ A:B:F(x)` or `cbind(y1, y2) ~ A:B`, one term of factors; without a response there are only
//! counts. One pass adds up weights and responses in the cells ([`crate::gram`]), of responses less their mean in the first rows, so that means of
//! 10¹² keep their digits. A pass goes before it when levels or ranges are not known from the schema. A row with a
//! missing value in any factor, response or weight is left out and counted.
//!
//! A [`CellTable`] has the cells in long form; [`CellTable::cross_tabs`] is the same sums as two-way tables, one for each
//! combination of the levels of the factors behind the first two. In the cells the first factor varies fastest.

mod crosstab;
mod estimator;
mod frame;
mod print;

use serde_json::{Value, json};

use crate::contingency::MultiTest;
use crate::design::Weights;
use crate::json::{count, numbers};

pub use crosstab::{CrossTab, Margins, Percentages, Statistic, test_all, test_pairs};
pub use estimator::Cube;
pub use print::Sections;

/// A factor of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its name: `Gender`, `F_age`.
    pub name: String,
    /// The levels in order.
    pub levels: Vec<String>,
}

/// What k cells have: counts, and of each response sums and means.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTable {
    /// The formula as written.
    pub formula: String,
    /// The columns that weighed the rows.
    pub weights: Weights,
    /// The factors in written order; their numbers of levels multiply to k.
    pub factors: Vec<Factor>,
    /// The names of the responses.
    pub responses: Vec<String>,
    /// k counts: rows, or the sum of their weights.
    pub counts: Vec<f64>,
    /// For each response k weighted sums.
    pub sums: Vec<Vec<f64>>,
    /// For each response k weighted means, NaN where the count is 0.
    pub means: Vec<Vec<f64>>,
    /// Rows without missing values.
    pub valid_obs: u64,
    /// Rows with a missing value.
    pub missing_obs: u64,
}

impl CellTable {
    /// The codes of a cell, from 0, one for each factor.
    pub(crate) fn codes(&self, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let code = |factor: &Factor| {
            let levels = factor.levels.len().max(1);
            let code = rest % levels;
            rest /= levels;
            code
        };
        self.factors.iter().map(code).collect()
    }

    /// The levels of a cell, one for each factor.
    pub fn levels(&self, cell: usize) -> Vec<&str> {
        self.factors
            .iter()
            .zip(self.codes(cell))
            .map(|(factor, code)| factor.levels.get(code).map_or("", String::as_str))
            .collect()
    }

    /// Sums or means of the responses, none where rows are counted.
    pub(crate) fn values(&self, statistic: Statistic) -> &[Vec<f64>] {
        match statistic {
            Statistic::Counts => &[],
            Statistic::Sums => &self.sums,
            Statistic::Means => &self.means,
        }
    }

    /// The cells in their order, those with a count of 0 left out if so asked.
    pub fn cells(&self, remove_zero_counts: bool) -> Vec<usize> {
        (0..self.counts.len()).filter(|&cell| !remove_zero_counts || self.counts[cell] != 0.0).collect()
    }

    /// The cells in long form, each with its levels, count, sums and means; a mean of nothing is null.
    pub fn to_json(&self, remove_zero_counts: bool) -> Value {
        let cell = |cell: usize| {
            let of = |values: &[Vec<f64>]| numbers(&values.iter().map(|v| v[cell]).collect::<Vec<_>>());
            json!({
                "levels": self.levels(cell),
                "count": count(self.counts[cell]),
                "sums": of(&self.sums),
                "means": of(&self.means),
            })
        };
        let mut value = self.head_json();
        value["cells"] = self.cells(remove_zero_counts).into_iter().map(cell).collect();
        value
    }

    /// The cross tabulations with margins, percentages and tests, what was counted, and the tests of `sections`.
    pub fn cross_tabs_json(&self, tables: &[CrossTab], statistic: Statistic, sections: &Sections) -> Value {
        let mut value = self.head_json();
        value["statistic"] = json!(statistic.name());
        value["tables"] = tables.iter().map(|table| table.to_json(statistic)).collect();
        value["tests"] = sections.results(tables, statistic).iter().map(MultiTest::to_json).collect();
        value
    }

    /// The formula, the factors with their levels, and what was counted.
    pub fn head_json(&self) -> Value {
        let factors: Vec<Value> =
            self.factors.iter().map(|factor| json!({"name": factor.name, "levels": factor.levels})).collect();
        json!({
            "formula": self.formula,
            "factors": factors,
            "dependentVars": self.responses,
            "validObs": self.valid_obs,
            "missingObs": self.missing_obs,
            "sumOfWeights": count(self.counts.iter().sum()),
        })
    }
}
