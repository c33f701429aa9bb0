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
///
/// Where there are millions of cells, those that no row is in are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTable {
    /// The formula as written.
    pub formula: String,
    /// The columns that weighed the rows.
    pub weights: Weights,
    /// The factors in written order.
    pub factors: Vec<Factor>,
    /// The numbers of the k cells, ascending, where cells without rows are left out. `None` where there are all, and the
    /// numbers of levels multiply to k.
    pub numbers: Option<Vec<u64>>,
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
    /// The number of one of the k cells among all cells.
    pub(crate) fn number(&self, cell: usize) -> u64 {
        self.numbers.as_ref().map_or(cell as u64, |numbers| numbers[cell])
    }

    /// The first of the k cells whose number is not below this one.
    pub(crate) fn place(&self, number: u64) -> usize {
        match &self.numbers {
            None => number as usize,
            Some(numbers) => numbers.partition_point(|&known| known < number),
        }
    }

    /// The code, from 0, of a factor in one of the k cells.
    pub(crate) fn code(&self, cell: usize, factor: usize) -> usize {
        let levels = |factor: &Factor| factor.levels.len().max(1) as u64;
        let step: u64 = self.factors[..factor].iter().map(levels).product();
        (self.number(cell) / step % levels(&self.factors[factor])) as usize
    }

    /// The levels of one of the k cells, one for each factor.
    pub fn levels(&self, cell: usize) -> Vec<&str> {
        (0..self.factors.len()).map(|factor| self.level(cell, factor)).collect()
    }

    /// The level of a factor in one of the k cells.
    pub(crate) fn level(&self, cell: usize, factor: usize) -> &str {
        self.factors[factor].levels.get(self.code(cell, factor)).map_or("", String::as_str)
    }

    /// How many cells there are with those that were left out.
    pub(crate) fn all_cells(&self) -> u64 {
        self.factors.iter().fold(1, |cells: u64, factor| cells.saturating_mul(factor.levels.len() as u64))
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
