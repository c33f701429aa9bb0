//! Cubes and cross tabulations for people, laid out as `RevoScaleR` prints them.

use std::fmt::Write as _;

use super::{CellTable, CrossTab, Statistic};
use crate::format::{flush_left, format_common, format_count, format_one, matrix};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;
/// The name of a margin.
const TOTAL: &str = "Total";

/// What is printed of cross tabulations beside the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sections {
    /// A column and a row of totals.
    pub margins: bool,
    /// Percentages of rows, columns and the table.
    pub percentages: bool,
    /// The chi-squared test, and Fisher's exact test of 2 × 2 tables.
    pub tests: bool,
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
            let levels = cells.iter().map(|&cell| self.levels(cell)[i].to_owned()).collect();
            columns.push((&factor.name, levels));
        }
        let values = match statistic {
            Statistic::Counts => &[],
            Statistic::Sums => self.sums.as_slice(),
            Statistic::Means => self.means.as_slice(),
        };
        for (name, values) in self.responses.iter().zip(values) {
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
        sections: Sections,
    ) -> String {
        let texts: Vec<String> = tables.iter().map(|table| table.render(statistic, sections)).collect();
        self.head("Cross Tabulation", data, statistic.name()) + &texts.join("\n")
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
    fn render(&self, statistic: Statistic, sections: Sections) -> String {
        let mut text = match &self.response {
            Some(response) if statistic != Statistic::Counts => {
                format!("{response} ({}):\n", statistic.name())
            }
            _ => format!("{}:\n", statistic.name()),
        };
        if !self.further.is_empty() {
            let levels: Vec<String> =
                self.further.iter().map(|(name, level)| format!("{name} = {level}")).collect();
            let _ = writeln!(text, ", , {}\n", levels.join(", "));
        }
        let format = |column: &[f64]| -> Vec<String> {
            match statistic {
                Statistic::Counts => column.iter().map(|&x| format_count(x)).collect(),
                _ => format_common(column, DIGITS),
            }
        };
        let (entries, margins) = (self.entries(statistic), self.margins(statistic));
        text += &self.two_way(&entries, sections.margins.then_some(&margins), format);
        if sections.percentages {
            let percentages = self.percentages(statistic);
            for (name, entries) in [
                ("rows", percentages.of_rows),
                ("columns", percentages.of_columns),
                ("the table", percentages.of_table),
            ] {
                let _ = writeln!(text, "\nPercentages of {name}:");
                text += &self.two_way(&entries, None, |column| format_common(column, DIGITS));
            }
        }
        if sections.tests {
            text += &self.render_tests(statistic);
        }
        text
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

    fn render_tests(&self, statistic: Statistic) -> String {
        let one = |x: f64| vec![format_one(x, DIGITS)];
        let test = self.chi_squared(statistic);
        let mut text = format!(
            "\nChi-squared test of independence between {} and {}\n{}",
            self.rows.name,
            self.columns.name,
            flush_left(&[
                ("X-squared", one(test.statistic)),
                ("df", vec![format_count(test.df)]),
                ("p-value", one(test.p_value))
            ])
        );
        if let Some(test) = self.fisher(statistic) {
            let _ = write!(
                text,
                "\nFisher's exact test of the odds ratio of {} and {}\n{}",
                self.rows.name,
                self.columns.name,
                flush_left(&[
                    ("estimate", one(test.odds_ratio)),
                    ("95% CI lower", one(test.interval.0)),
                    ("95% CI upper", one(test.interval.1)),
                    ("p-value", one(test.p_value))
                ])
            );
        }
        text
    }
}

fn flush_right(texts: Vec<String>) -> Vec<String> {
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}
