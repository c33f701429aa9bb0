//! Cubes, cross tabulations and tests on tables: the choices in; cells as JSON, text and Arrow out.

use algos::contingency::{Alternative, MultiTest, Tau, Test};
use algos::cube::{CellTable, CrossTab, Cube, Factor, Sections, Statistic, test_all, test_pairs};
use algos::design::Weights;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use serde::Deserialize;
use serde_json::json;

use crate::arrow;
use crate::error::Failure;
use crate::in_database;
use crate::run::Pass;
use crate::source::Source;

/// Computed cells, and where they come from.
#[pyclass(frozen, module = "revoscalepy._native")]
pub(crate) struct Cells {
    cells: CellTable,
    data: String,
}

/// A statistic by its name in results.
fn statistic(name: &str) -> Result<Statistic, Failure> {
    match name {
        "counts" => Ok(Statistic::Counts),
        "sums" => Ok(Statistic::Sums),
        "means" => Ok(Statistic::Means),
        other => Err(Failure::Value(format!("there is no '{other}'; choose 'sums', 'counts' or 'means'"))),
    }
}

#[pymethods]
impl Cells {
    /// What was counted: `factors`, `dependentVars`, `validObs`, `missingObs`.
    fn fields(&self) -> String {
        self.cells.head_json().to_string()
    }

    /// The two-way tables as JSON.
    fn cross_tabs(&self, name: &str) -> Result<String, Failure> {
        let tables = self.cells.cross_tabs()?;
        let statistic = statistic(name)?;
        let names: Vec<String> = tables.iter().map(|table| table.name(statistic)).collect();
        let mut fields = self.cells.cross_tabs_json(&tables, statistic, &Sections::default());
        fields["names"] = json!(names);
        Ok(fields.to_string())
    }

    /// The documented print of the two-way tables.
    fn cross_tabs_text(&self, name: &str, margins: bool, percentages: bool) -> Result<String, Failure> {
        let sections = Sections { margins, percentages, ..Sections::default() };
        let tables = self.cells.cross_tabs()?;
        Ok(self.cells.render_cross_tabs(&self.data, &tables, statistic(name)?, &sections))
    }

    /// The documented print of a cube.
    fn cube_text(&self, name: &str, remove_zero_counts: bool) -> Result<String, Failure> {
        Ok(self.cells.render(&self.data, statistic(name)?, remove_zero_counts))
    }

    /// A row for each cell.
    fn table(&self, name: &str, remove_zero_counts: bool) -> PyResult<PyTable> {
        let statistic = statistic(name)?;
        let table = self.cells.table(statistic, remove_zero_counts).map_err(Failure::from)?;
        arrow::export(&table.schema(), std::slice::from_ref(&table))
    }
}

/// Counts, sums and means in the cells of a formula.
#[pyfunction]
#[pyo3(signature = (source, formula, pweights, fweights, data, pass))]
pub(crate) fn cells(
    py: Python<'_>,
    source: &Source,
    formula: &str,
    pweights: Option<String>,
    fweights: Option<String>,
    data: String,
    pass: Pass,
) -> PyResult<Cells> {
    let weights = Weights { probability: pweights, frequency: fweights };
    let estimator = Cube::new(formula).map_err(Failure::from)?.with_weights(weights);
    let cells = in_database::fit(py, source, &pass, &estimator)?;
    Ok(Cells { cells, data })
}

/// What [`table_test`] is asked for; the names are the Python side's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    test: String,
    /// Whether pairs of levels are tested, and others pooled.
    pooled: Option<bool>,
    confidence: f64,
    alternative: String,
    tables: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    further: Vec<(String, String)>,
    rows: (String, Vec<String>),
    columns: (String, Vec<String>),
    /// By rows.
    entries: Vec<f64>,
}

/// A test of tables, as JSON and text.
#[pyfunction]
pub(crate) fn table_test(choices: &str) -> Result<(String, String), Failure> {
    let choices: Choices =
        serde_json::from_str(choices).map_err(|error| Failure::Value(error.to_string()))?;
    let test = match choices.test.as_str() {
        "chi_squared" => Test::ChiSquared,
        "fisher" => Test::Fisher,
        "kendall_a" => Test::Kendall(Tau::A),
        "kendall_b" => Test::Kendall(Tau::B),
        "kendall_c" => Test::Kendall(Tau::C),
        "odds_ratio" => Test::OddsRatio,
        "risk_ratio" => Test::RiskRatio,
        other => return Err(Failure::Value(format!("there is no test '{other}'"))),
    };
    let alternative = match choices.alternative.as_str() {
        "two.sided" => Alternative::TwoSided,
        "less" => Alternative::Less,
        "greater" => Alternative::Greater,
        other => {
            let problem = format!("alternative '{other}': choose 'two.sided', 'less' or 'greater'");
            return Err(Failure::Value(problem));
        }
    };
    if !(choices.confidence > 0.0 && choices.confidence < 1.0) {
        let problem = format!("conf_level {}: give a probability between 0 and 1", choices.confidence);
        return Err(Failure::Value(problem));
    }
    let tables: Vec<CrossTab> = choices.tables.into_iter().map(Table::cross_tab).collect::<Result<_, _>>()?;
    let (confidence, counts) = (choices.confidence, Statistic::Counts);
    let found: MultiTest = match choices.pooled {
        None => test_all(&tables, counts, test, confidence, alternative),
        Some(pooled) => test_pairs(&tables, counts, test, pooled, confidence, alternative),
    };
    Ok((found.to_json().to_string(), found.render()))
}

impl Table {
    fn cross_tab(self) -> Result<CrossTab, Failure> {
        let factor = |(name, levels): (String, Vec<String>)| Factor { name, levels };
        if self.rows.1.len() * self.columns.1.len() != self.entries.len() {
            return Err(Failure::Value("a table has as many entries as rows times columns".into()));
        }
        Ok(CrossTab {
            response: None,
            further: self.further,
            rows: factor(self.rows),
            columns: factor(self.columns),
            counts: self.entries,
            sums: Vec::new(),
        })
    }
}
