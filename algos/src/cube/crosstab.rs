//! Cells as two-way tables, with margins, percentages and tests.

use serde_json::{Value, json};

use super::{CellTable, Factor};
use crate::contingency::{
    Alternative, ChiSquared, Fisher, Kendall, MultiTest, Test, Tested, chi_squared, fisher, kendall, pairs,
};
use crate::json::{count, matrix, number, numbers};
use crate::{Error, Result};

/// The most cells of two-way tables.
const MAX_CELLS: u64 = 1 << 24;

/// What stands in the cells of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// How many rows, or the sum of their weights.
    Counts,
    /// The weighted sum of the response.
    Sums,
    /// The weighted mean of the response; NaN of no rows.
    Means,
}

/// A table of two factors: m rows, n columns.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossTab {
    /// The response; none where rows are counted.
    pub response: Option<String>,
    /// The level of each further factor: name, level.
    pub further: Vec<(String, String)>,
    /// The factor of the m rows.
    pub rows: Factor,
    /// The factor of the n columns.
    pub columns: Factor,
    /// m × n counts, by rows.
    pub counts: Vec<f64>,
    /// m × n sums of the response, by rows; empty without one.
    pub sums: Vec<f64>,
}

/// The statistic of whole rows, columns and the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    /// Of each of m rows.
    pub rows: Vec<f64>,
    /// Of each of n columns.
    pub columns: Vec<f64>,
    /// Of the table.
    pub grand: f64,
}

/// The cells as percentages, m × n by rows; NaN of a total of 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentages {
    /// Of the total of the row.
    pub of_rows: Vec<f64>,
    /// Of the total of the column.
    pub of_columns: Vec<f64>,
    /// Of the total of the table.
    pub of_table: Vec<f64>,
}

impl Statistic {
    /// Its name in results: `counts`, `sums`, `means`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Sums => "sums",
            Self::Means => "means",
        }
    }
}

impl CellTable {
    /// The cells as two-way tables: the levels of the first factor by those of the second, a table for each response and
    /// each combination of levels of further factors, the first of those varying fastest.
    ///
    /// # Errors
    /// With less than two factors, and with more than 16 million cells, most of which are empty.
    pub fn cross_tabs(&self) -> Result<Vec<CrossTab>> {
        let [rows, columns, ..] = self.factors.as_slice() else {
            return Err(Error::Formula {
                formula: self.formula.clone(),
                reason: "a cross tabulation has two factors or more; a cube can have one".into(),
            });
        };
        let all = self.all_cells();
        if all > MAX_CELLS {
            return Err(Error::TooManyLevels {
                variable: self.formula.clone(),
                levels: all,
                limit: MAX_CELLS,
                remedy: "tables have all cells, also those without rows; make a cube, which leaves them out",
            });
        }
        let (m, n) = (rows.levels.len(), columns.levels.len());
        let tables = all as usize / (m * n).max(1);
        let by_rows = |cells: &[f64], table: usize| -> Vec<f64> {
            let mut by_rows = vec![0.0; m * n];
            let start = (table * m * n) as u64;
            let found = self.place(start)..self.place(start + (m * n) as u64);
            for (cell, &value) in found.clone().zip(&cells[found]) {
                let at = (self.number(cell) - start) as usize;
                by_rows[at % m * n + at / m] = value;
            }
            by_rows
        };
        let responses: Vec<(Option<&String>, Option<&Vec<f64>>)> = if self.responses.is_empty() {
            vec![(None, None)]
        } else {
            self.responses.iter().map(Some).zip(self.sums.iter().map(Some)).collect()
        };
        let mut all = Vec::with_capacity(responses.len() * tables);
        for (response, sums) in responses {
            for table in 0..tables {
                let mut rest = table;
                let further = self.factors[2..].iter().map(|factor| {
                    let levels = factor.levels.len().max(1);
                    let code = rest % levels;
                    rest /= levels;
                    (factor.name.clone(), factor.levels.get(code).cloned().unwrap_or_default())
                });
                all.push(CrossTab {
                    response: response.cloned(),
                    further: further.collect(),
                    rows: rows.clone(),
                    columns: columns.clone(),
                    counts: by_rows(&self.counts, table),
                    sums: sums.map(|sums| by_rows(sums, table)).unwrap_or_default(),
                });
            }
        }
        Ok(all)
    }
}

/// A test of all tables of one formula.
pub fn test_all(
    tables: &[CrossTab],
    statistic: Statistic,
    test: Test,
    confidence: f64,
    alternative: Alternative,
) -> MultiTest {
    let tested: Vec<Tested> = tables.iter().map(|table| table.tested(statistic)).collect();
    let of = tables.first().map_or(("", ""), |table| (table.rows.name.as_str(), table.columns.name.as_str()));
    MultiTest::new(test, &tested, of, confidence, alternative)
}

/// A test of the tables of two by two within all tables of one formula, as [`pairs`] makes them.
pub fn test_pairs(
    tables: &[CrossTab],
    statistic: Statistic,
    test: Test,
    pooled: bool,
    confidence: f64,
    alternative: Alternative,
) -> MultiTest {
    let within = |table: &CrossTab| -> Vec<Tested> {
        let all = table.tested(statistic);
        let found = pairs(&all.entries, &table.rows.levels, &table.columns.levels, pooled);
        let named = found.into_iter().map(|pair| {
            let [above, below] = &pair.rows;
            let [left, right] = &pair.columns;
            let own = format!("{below} vs. {above}: {right} vs. {left}");
            let name = if all.name.is_empty() { own } else { format!("{}, {own}", all.name) };
            Tested { name, entries: pair.table.to_vec(), width: 2 }
        });
        named.collect()
    };
    let tested: Vec<Tested> = tables.iter().flat_map(within).collect();
    let of = tables.first().map_or(("", ""), |table| (table.rows.name.as_str(), table.columns.name.as_str()));
    let mut found = MultiTest::new(test, &tested, of, confidence, alternative);
    found.title = format!("{} of pairs of levels of {} and {}", found.title, of.0, of.1);
    found
}

impl CrossTab {
    /// The statistic of the cells, m × n by rows; sums and means are NaN without a response.
    pub fn entries(&self, statistic: Statistic) -> Vec<f64> {
        (0..self.counts.len()).map(|cell| self.statistic(statistic, &std::iter::once(cell))).collect()
    }

    /// The statistic of rows, columns and the table.
    pub fn margins(&self, statistic: Statistic) -> Margins {
        let (m, n) = self.size();
        Margins {
            rows: (0..m).map(|i| self.statistic(statistic, &(i * n..(i + 1) * n))).collect(),
            columns: (0..n).map(|j| self.statistic(statistic, &(0..m).map(|i| i * n + j))).collect(),
            grand: self.statistic(statistic, &(0..m * n)),
        }
    }

    /// Percentages of the sums of a response, or of the counts.
    pub fn percentages(&self, statistic: Statistic) -> Percentages {
        let (m, n) = self.size();
        let totals = additive(statistic);
        let (entries, margins) = (self.entries(totals), self.margins(totals));
        let of = |total: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..m * n).map(|cell| 100.0 * entries[cell] / total(cell / n, cell % n)).collect()
        };
        Percentages {
            of_rows: of(&|i, _| margins.rows[i]),
            of_columns: of(&|_, j| margins.columns[j]),
            of_table: of(&|_, _| margins.grand),
        }
    }

    /// Pearson's test that rows and columns are independent, of the counts or, where the statistic is not counts, of the
    /// sums: a response that says how often a row was seen.
    pub fn chi_squared(&self, statistic: Statistic) -> ChiSquared {
        chi_squared(&self.entries(additive(statistic)), self.columns.levels.len())
    }

    /// Fisher's exact test of the same; none of tables that are not 2 × 2 or not of whole numbers.
    pub fn fisher(&self, statistic: Statistic) -> Option<Fisher> {
        if self.size() != (2, 2) {
            return None;
        }
        fisher(self.entries(additive(statistic)).as_slice().try_into().ok()?, 0.95)
    }

    /// Kendall's rank correlations of the same, of levels in their order.
    pub fn kendall(&self, statistic: Statistic) -> Kendall {
        kendall(&self.entries(additive(statistic)), self.columns.levels.len())
    }

    /// The table's name among those of a formula: `Freq, Dept = A`; empty where there is nothing to tell apart.
    pub fn name(&self, statistic: Statistic) -> String {
        let response = self.response.clone().filter(|_| statistic != Statistic::Counts);
        let levels = self.further.iter().map(|(name, level)| format!("{name} = {level}"));
        response.into_iter().chain(levels).collect::<Vec<_>>().join(", ")
    }

    /// The table as it is tested, named by what sets it apart: `Dept==A`.
    pub fn tested(&self, statistic: Statistic) -> Tested {
        let levels = self.further.iter().map(|(name, level)| format!("{name}=={level}"));
        Tested {
            name: levels.collect::<Vec<_>>().join(", "),
            entries: self.entries(additive(statistic)),
            width: self.columns.levels.len(),
        }
    }

    fn size(&self) -> (usize, usize) {
        (self.rows.levels.len(), self.columns.levels.len())
    }

    fn statistic(&self, statistic: Statistic, cells: &(impl Iterator<Item = usize> + Clone)) -> f64 {
        let count = || cells.clone().map(|cell| self.counts[cell]).sum::<f64>();
        let sum = || cells.clone().map(|cell| self.sums.get(cell).copied().unwrap_or(f64::NAN)).sum::<f64>();
        match statistic {
            Statistic::Counts => count(),
            Statistic::Sums => sum(),
            Statistic::Means => sum() / count(),
        }
    }

    pub(super) fn to_json(&self, statistic: Statistic) -> Value {
        let n = self.columns.levels.len();
        let further: serde_json::Map<String, Value> =
            self.further.iter().map(|(name, level)| (name.clone(), json!(level))).collect();
        let (margins, percentages) = (self.margins(statistic), self.percentages(statistic));
        let test = self.chi_squared(statistic);
        let rank = self.kendall(statistic);
        let exact = self.fisher(statistic).map(|test| {
            json!({
                "pValue": number(test.p_value),
                "oddsRatio": number(test.odds_ratio),
                "confidenceInterval": numbers(&[test.interval.0, test.interval.1]),
            })
        });
        json!({
            "response": self.response,
            "further": further,
            "rows": {"name": self.rows.name, "levels": self.rows.levels},
            "columns": {"name": self.columns.name, "levels": self.columns.levels},
            "entries": matrix(&self.entries(statistic), n),
            "margins": {
                "rows": numbers(&margins.rows),
                "columns": numbers(&margins.columns),
                "grand": number(margins.grand),
            },
            "percentages": {
                "ofRows": matrix(&percentages.of_rows, n),
                "ofColumns": matrix(&percentages.of_columns, n),
                "ofTable": matrix(&percentages.of_table, n),
            },
            "chiSquared": {
                "statistic": number(test.statistic),
                "df": count(test.df),
                "pValue": number(test.p_value),
            },
            "fisher": exact,
            "kendall": {
                "tauA": number(rank.tau_a),
                "tauB": number(rank.tau_b),
                "tauC": number(rank.tau_c),
                "z": number(rank.z),
                "pValue": number(rank.p_value),
            },
        })
    }
}

/// The statistic that can be added up: means go by their sums.
fn additive(statistic: Statistic) -> Statistic {
    match statistic {
        Statistic::Counts => Statistic::Counts,
        Statistic::Sums | Statistic::Means => Statistic::Sums,
    }
}
