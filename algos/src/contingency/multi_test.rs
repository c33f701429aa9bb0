//! One test of several tables, laid out as `RevoScaleR`'s `rxMultiTest`: a row for each table.

use serde_json::{Value, json};

use super::{Alternative, Ratio, chi_squared, fisher, kendall, odds_ratio, risk_ratio};
use crate::format::{format_common, format_count, matrix};
use crate::json::number;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;

/// Which of Kendall's coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tau {
    /// By all pairs.
    A,
    /// By pairs that are not tied.
    #[default]
    B,
    /// By the most that a table of the size can have.
    C,
}

/// The names of columns, and rows of values.
type Results = (Vec<String>, Vec<Vec<f64>>);

/// A test of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Pearson's test of independence.
    ChiSquared,
    /// Fisher's exact test of the odds ratio, of tables of two by two.
    Fisher,
    /// Kendall's rank correlation.
    Kendall(Tau),
    /// The odds ratio, of tables of two by two.
    OddsRatio,
    /// The risk ratio, of tables of two by two.
    RiskRatio,
}

/// A table to be tested.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// What sets it apart from the others: `Dept==A`; empty where there is only one.
    pub name: String,
    /// Its entries by rows.
    pub entries: Vec<f64>,
    /// Entries of a row.
    pub width: usize,
}

/// The results of a test, a row for each table.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiTest {
    /// What was tested.
    pub title: String,
    /// The names of the tables.
    pub tables: Vec<String>,
    /// Columns of results: name, a value for each table, NaN where there is none.
    pub columns: Vec<(String, Vec<f64>)>,
    /// What stands against what.
    pub hypotheses: Vec<String>,
}

impl MultiTest {
    /// The test of some tables whose rows and columns have these names, with intervals of probability `confidence`.
    pub fn new(
        test: Test,
        tables: &[Tested],
        of: (&str, &str),
        confidence: f64,
        alternative: Alternative,
    ) -> Self {
        let lower = format!("{}% CI Lower", percent(confidence));
        let upper = format!("{}% CI Upper", percent(confidence));
        let hypothesis = match alternative {
            Alternative::TwoSided => "HA: two.sided",
            Alternative::Less => "HA: less",
            Alternative::Greater => "HA: greater",
        };
        let against = |null: &str| {
            let mut lines = vec![hypothesis.to_owned()];
            lines.extend((!null.is_empty()).then(|| format!("H0: {null}")));
            lines
        };
        let small = |table: &Tested| -> [f64; 4] {
            let entries = <[f64; 4]>::try_from(table.entries.as_slice());
            entries.ok().filter(|_| table.width == 2).unwrap_or([f64::NAN; 4])
        };
        let ratios = |of: fn(&[f64; 4], f64, Alternative) -> Ratio, name: &str| {
            let found = tables.iter().map(|table| of(&small(table), confidence, alternative));
            let rows = found.map(|r| vec![r.estimate, r.interval.0, r.interval.1, r.log, r.p_value]);
            (
                vec![name.to_owned(), lower.clone(), upper.clone(), "Z".into(), "p-value".into()],
                rows.collect(),
            )
        };
        let (title, (names, rows), hypotheses): (String, Results, Vec<String>) = match test {
            Test::ChiSquared => {
                let found = tables.iter().map(|table| chi_squared(&table.entries, table.width));
                let rows = found.map(|t| vec![t.statistic, t.df, t.p_value]).collect();
                let names = ["X-squared", "df", "p-value"].map(str::to_owned).to_vec();
                (
                    format!("Chi-squared test of independence between {} and {}", of.0, of.1),
                    (names, rows),
                    vec![],
                )
            }
            Test::Fisher => {
                let row = |table: &Tested| {
                    let found = fisher(&small(table), confidence);
                    found.map_or(vec![f64::NAN; 4], |t| {
                        vec![t.odds_ratio, t.interval.0, t.interval.1, t.p_value]
                    })
                };
                let names = vec!["odds ratio".to_owned(), lower.clone(), upper.clone(), "p-value".to_owned()];
                let lines = vec!["HA: two.sided".to_owned(), "H0: odds ratio = 1".to_owned()];
                (
                    "Fisher's Exact Test for Count Data".into(),
                    (names, tables.iter().map(row).collect()),
                    lines,
                )
            }
            Test::Kendall(tau) => {
                let found = tables.iter().map(|table| kendall(&table.entries, table.width));
                let (name, of): (&str, fn(super::Kendall) -> f64) = match tau {
                    Tau::A => ("taua", |k| k.tau_a),
                    Tau::B => ("taub", |k| k.tau_b),
                    Tau::C => ("tauc", |k| k.tau_c),
                };
                let rows = found.map(|k| vec![of(k), k.z, k.p_value]).collect();
                let names = [name, "Z", "p-value"].map(str::to_owned).to_vec();
                ("Kendall's rank correlation".into(), (names, rows), vec!["HA: two.sided".to_owned()])
            }
            Test::OddsRatio => {
                ("Odds ratio".into(), ratios(odds_ratio, "oddsRatio"), against("odds ratio = 1"))
            }
            Test::RiskRatio => {
                ("Risk ratio".into(), ratios(risk_ratio, "riskRatio"), against("risk ratio = 1"))
            }
        };
        let column = |(i, name): (usize, String)| (name, rows.iter().map(|row: &Vec<f64>| row[i]).collect());
        Self {
            title,
            tables: tables.iter().map(|table| table.name.clone()).collect(),
            columns: names.into_iter().enumerate().map(column).collect(),
            hypotheses,
        }
    }

    /// The title, the results and the hypotheses.
    pub fn render(&self) -> String {
        let format = |(name, values): &(String, Vec<f64>)| {
            let texts = match name.as_str() {
                "df" => values.iter().map(|&x| format_count(x)).collect(),
                _ => format_common(values, DIGITS),
            };
            (name.clone(), texts)
        };
        let columns: Vec<(String, Vec<String>)> = self.columns.iter().map(format).collect();
        let mut text = format!("{}\n{}", self.title, matrix(&self.tables, &columns));
        for line in &self.hypotheses {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The title and the results of each table; what does not exist is null.
    pub fn to_json(&self) -> Value {
        let columns: serde_json::Map<String, Value> = self
            .columns
            .iter()
            .map(|(name, values)| (name.clone(), values.iter().map(|&x| number(x)).collect()))
            .collect();
        let names: Vec<&String> = self.columns.iter().map(|(name, _)| name).collect();
        json!({ "title": self.title, "tables": self.tables, "names": names, "columns": columns })
    }
}

fn percent(share: f64) -> f64 {
    (share * 1e10).round() / 1e8
}
