//! Cubes and cross tabulations for people, laid out as `RevoScaleR` prints them.

use std::fmt::Write as _;

use super::{CellTable, CrossTab, Statistic, test_all, test_pairs};
use crate::contingency::{Alternative, MultiTest, Test};
use crate::format::{flush_left, flush_right, format_common, format_count, matrix};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;
/// The name of a margin.
const TOTAL: &str = "Total";

/// Between two tables.
const SEPARATOR: &str =
    "\n::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::\n\n";

/// What is printed of cross tabulations beside the cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sections {
    /// A column and a row of totals.
    pub margins: bool,
    /// Instead of the cells alone, cells with their percentages of rows, columns and the table, and totals.
    pub percentages: bool,
    /// Tests of all tables.
    pub tests: Vec<Test>,
    /// Tests of the tables of two by two within the tables, and whether other levels are pooled.
    pub pairs: Option<(Test, bool)>,
}

/// The probability with which intervals have what they are of.
const CONFIDENCE: f64 = 0.95;

impl Sections {
    /// The tests of some tables, of all of them and of pairs.
    pub(super) fn results(&self, tables: &[CrossTab], statistic: Statistic) -> Vec<MultiTest> {
        let two_sided = Alternative::TwoSided;
        let all = self.tests.iter().map(|&test| test_all(tables, statistic, test, CONFIDENCE, two_sided));
        let pairs = self
            .pairs
            .map(|(test, pooled)| test_pairs(tables, statistic, test, pooled, CONFIDENCE, two_sided));
        all.chain(pairs).collect()
    }
}

impl CellTable {
    /// The cells in long form, with sums or means of the responses, and counts; `data` names the source.
    pub fn render(&self, data: &str, statistic: Statistic, remove_zero_counts: bool) -> String {
        let what = match (statistic, self.responses.is_empty()) {
            (Statistic::Counts, _) | (_, true) => Statistic::Counts.name().to_owned(),
            _ => {
                let each = self.responses.iter().map(|name| format!("{name} {}", statistic.name()));
                each.collect::<Vec<_>>().join(", ")
            }
        };
        let cells = self.cells(remove_zero_counts);
        let mut columns: Vec<(&str, Vec<String>)> = Vec::new();
        for (i, factor) in self.factors.iter().enumerate() {
            let levels = cells.iter().map(|&cell| self.level(cell, i).to_owned()).collect();
            columns.push((&factor.name, levels));
        }
        for (name, values) in self.responses.iter().zip(self.values(statistic)) {
            let chosen: Vec<f64> = cells.iter().map(|&cell| values[cell]).collect();
            columns.push((name, flush_right(format_common(&chosen, DIGITS))));
        }
        let counts = cells.iter().map(|&cell| format_count(self.counts[cell])).collect();
        columns.push(("Counts", flush_right(counts)));
        let mut text = self.head("Cube", data, &what);
        let width = cells.len().to_string().len();
        for (row, line) in flush_left(&columns).lines().enumerate() {
            let number = if row > 0 { row.to_string() } else { String::new() };
            let _ = writeln!(text, "{number:<width$}{line}");
        }
        text
    }

    /// Two-way tables that [`CellTable::cross_tabs`] gave, with margins, percentages and tests.
    pub fn render_cross_tabs(
        &self,
        data: &str,
        tables: &[CrossTab],
        statistic: Statistic,
        sections: &Sections,
    ) -> String {
        let texts: Vec<String> = tables.iter().map(|table| table.render(statistic, sections)).collect();
        let mut text = self.head("Cross Tabulation", data, statistic.name()) + &texts.join(SEPARATOR);
        for found in sections.results(tables, statistic) {
            let _ = write!(text, "\n{}", found.render());
        }
        text
    }

    fn head(&self, kind: &str, data: &str, statistic: &str) -> String {
        let heading = Heading {
            call: None,
            kind,
            formula: &self.formula,
            data: Some(data),
            weights: &self.weights,
            offset: None,
            responses: &self.responses,
            coefficients: None,
            valid: self.valid_obs,
            missing: self.missing_obs,
        };
        let mut text = String::new();
        // writing to a string does not fail
        let _ = heading.write(&mut text);
        let _ = writeln!(text, "Statistic: {statistic}\n");
        text
    }
}

impl CrossTab {
    fn render(&self, statistic: Statistic, sections: &Sections) -> String {
        let name = self.name(statistic);
        let mut text = if name.is_empty() {
            format!("{}:\n", statistic.name())
        } else {
            format!("{name} ({}):\n", statistic.name())
        };
        if sections.percentages {
            return text + &self.with_percentages(statistic);
        }
        let format = |column: &[f64]| -> Vec<String> {
            match statistic {
                Statistic::Counts => column.iter().map(|&x| format_count(x)).collect(),
                _ => format_common(column, DIGITS),
            }
        };
        let (entries, margins) = (self.entries(statistic), self.margins(statistic));
        text += &self.two_way(&entries, sections.margins.then_some(&margins), format);
        text
    }

    /// Each row with its percentages below it, and totals, as `summary` of `RevoScaleR` prints them.
    fn with_percentages(&self, statistic: Statistic) -> String {
        let (m, n) = (self.rows.levels.len(), self.columns.levels.len());
        let (entries, margins) = (self.entries(statistic), self.margins(statistic));
        let shares = self.percentages(statistic);
        let rows: Vec<String> = self
            .rows
            .levels
            .iter()
            .flat_map(|level| [level.clone(), "   Row%".into(), "   Col%".into(), "   Tot%".into()])
            .chain(["Col Total".to_owned(), "Grand Total".to_owned()])
            .collect();
        // a column of numbers has one format, whatever cells stay empty
        let column = |name: &str, cells: Vec<Option<f64>>| -> (String, Vec<String>) {
            let numbers: Vec<f64> = cells.iter().flatten().copied().collect();
            let mut texts = format_common(&numbers, DIGITS).into_iter();
            let text = |cell: &Option<f64>| cell.and_then(|_| texts.next()).unwrap_or_default();
            (name.to_owned(), cells.iter().map(text).collect())
        };
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        for (j, level) in self.columns.levels.iter().enumerate() {
            let of = |i: usize| {
                let at = i * n + j;
                [entries[at], shares.of_rows[at], shares.of_columns[at], shares.of_table[at]].map(Some)
            };
            let grand = (j == 0).then_some(margins.grand);
            columns
                .push(column(level, (0..m).flat_map(of).chain([Some(margins.columns[j]), grand]).collect()));
        }
        let of = |i: usize| {
            let share: f64 = shares.of_table[i * n..(i + 1) * n].iter().sum();
            [Some(margins.rows[i]), None, None, Some(share)]
        };
        columns.push(column("Row Total", (0..m).flat_map(of).chain([None, None]).collect()));
        matrix(&rows, &columns)
    }

    /// The entries under the levels of the columns and beside those of the rows, as R prints a table.
    fn two_way(
        &self,
        entries: &[f64],
        margins: Option<&super::Margins>,
        format: impl Fn(&[f64]) -> Vec<String>,
    ) -> String {
        let n = self.columns.levels.len();
        let mut rows: Vec<String> = self.rows.levels.iter().map(|level| format!("  {level}")).collect();
        rows.extend(margins.map(|_| format!("  {TOTAL}")));
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        for (j, level) in self.columns.levels.iter().enumerate() {
            let mut column: Vec<f64> = entries.iter().skip(j).step_by(n).copied().collect();
            column.extend(margins.map(|margins| margins.columns[j]));
            columns.push((level.clone(), format(&column)));
        }
        if let Some(margins) = margins {
            let column: Vec<f64> = margins.rows.iter().copied().chain([margins.grand]).collect();
            columns.push((TOTAL.to_owned(), format(&column)));
        }
        let name = &self.rows.name;
        let width = rows.iter().chain([name]).map(|row| row.chars().count()).max().unwrap_or(0);
        for row in &mut rows {
            *row = format!("{row:<width$}");
        }
        let table = matrix(&rows, &columns);
        // the corner is blank
        format!("{:width$}{}\n{name:<width$}{}", "", self.columns.name, &table[width..])
    }
}
