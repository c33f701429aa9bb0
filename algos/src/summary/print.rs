//! The summary for people, laid out as `RevoScaleR` or as `revoscalepy` prints it.

use std::fmt::{self, Write as _};

use super::{Categorical, Statistic, Summary, SummaryRow, format_pandas, format_r};
use crate::format::{column_width as width, flush_left, format_count as count};

/// Whose layout is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// As `RevoScaleR`: seven significant digits, columns flush left. Counts are always written out.
    R,
    /// As `revoscalepy`: pandas frames.
    #[default]
    Python,
}

impl fmt::Display for Summary {
    /// In the layout of `revoscalepy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Layout::Python))
    }
}

impl Summary {
    /// The text of the summary, ending in a line break.
    pub fn render(&self, layout: Layout) -> String {
        let mut text = format!("Call:\n{}\n\nSummary Statistics Results for: {}\n", self.call, self.formula);
        let _ = writeln!(text, "File name: {}", self.data);
        if let Some(column) = &self.params.pweights {
            let _ = writeln!(text, "Probability weights: {column}");
        }
        if let Some(column) = &self.params.fweights {
            let _ = writeln!(text, "Frequency weights: {column}");
        }
        text.push_str(&observations(self.nobs_valid, self.nobs_missing, layout));
        let numeric: Vec<&SummaryRow> = self.s_data_frame.iter().filter(|row| !row.categorical).collect();
        if !numeric.is_empty() {
            let mut columns = vec![("Name", numeric.iter().map(|row| row.name.clone()).collect())];
            for &statistic in &self.params.statistics {
                columns.push((statistic.name(), cells(&numeric, statistic, layout)));
            }
            text.push('\n');
            text.push_str(&match layout {
                Layout::R => flush_left(&columns),
                Layout::Python => frame(&columns, false),
            });
        }
        for table in &self.categorical {
            text.push('\n');
            text.push_str(&table.render(&self.params.statistics, layout));
        }
        text
    }
}

impl Categorical {
    fn render(&self, statistics: &[Statistic], layout: Layout) -> String {
        let level = |factor: usize| -> Vec<String> {
            self.rows.iter().map(|row| row.levels.get(factor).cloned().unwrap_or_default()).collect()
        };
        let factors: Vec<(&str, Vec<String>)> =
            self.factors.iter().enumerate().map(|(i, factor)| (factor.as_str(), level(i))).collect();
        let by_cell: Vec<&SummaryRow> = self.rows.iter().filter_map(|row| row.statistics.as_ref()).collect();
        let lay_out = |columns: &[(&str, Vec<String>)]| match layout {
            Layout::R => flush_left(columns),
            Layout::Python => frame(columns, false),
        };
        if self.variable.is_some() {
            let mut columns = vec![("Category", by_cell.iter().map(|row| row.name.clone()).collect())];
            columns.extend(factors);
            for (name, statistic) in Self::columns(statistics) {
                columns.push((name, cells(&by_cell, statistic, layout)));
            }
            let head = format!("Statistics by category ({} categories):\n\n", self.rows.len());
            return head + &lay_out(&columns);
        }
        let mut text =
            format!("Category Counts for {}\nNumber of categories: {}\n", self.name, self.rows.len());
        text.push_str(&observations(self.valid_obs, self.missing_obs, layout));
        text.push('\n');
        let counts: Vec<String> = self.rows.iter().map(|row| count(row.counts)).collect();
        let mut columns = factors;
        if layout == Layout::R {
            let width = counts.iter().map(String::len).max().unwrap_or(0);
            columns.push(("Counts", counts.into_iter().map(|count| format!("{count:>width$}")).collect()));
            text.push_str(&flush_left(&columns));
        } else {
            let indexed = columns.len() == 1;
            columns.push(("Counts", counts));
            text.push_str(&frame(&columns, indexed));
        }
        text
    }
}

fn observations(valid: f64, missing: f64, layout: Layout) -> String {
    let text = |value: f64| match layout {
        Layout::R => count(value),
        Layout::Python => format!("{value:?}"),
    };
    format!(
        "Number of valid observations: {}\nNumber of missing observations: {}\n",
        text(valid),
        text(missing)
    )
}

/// A column of statistics; dates as texts.
fn cells(rows: &[&SummaryRow], statistic: Statistic, layout: Layout) -> Vec<String> {
    let values: Vec<Option<f64>> = rows.iter().map(|row| row.get(statistic)).collect();
    let counted = matches!(statistic, Statistic::ValidObs | Statistic::MissingObs);
    let mut texts = match layout {
        Layout::R if counted => values.iter().map(|value| value.map_or("NA".to_owned(), count)).collect(),
        Layout::R => {
            // dates must not decide how the numbers beside them are written
            let numbers: Vec<Option<f64>> = rows
                .iter()
                .zip(&values)
                .map(|(row, value)| value.filter(|_| row.unit.text(0.0).is_none()))
                .collect();
            let calendar = matches!(statistic, Statistic::Mean | Statistic::Min | Statistic::Max);
            format_r(if calendar { &numbers } else { &values }, 7)
        }
        Layout::Python => format_pandas(&values),
    };
    if matches!(statistic, Statistic::Mean | Statistic::Min | Statistic::Max) {
        for ((text, row), value) in texts.iter_mut().zip(rows).zip(&values) {
            if let Some(date) = value.and_then(|value| row.unit.text(value)) {
                *text = date;
            }
        }
    }
    if layout == Layout::R {
        let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        for text in &mut texts {
            *text = format!("{text:>width$}");
        }
    }
    texts
}

/// A table as pandas prints a data frame; with `indexed`, the first column is its index.
fn frame(columns: &[(&str, Vec<String>)], indexed: bool) -> String {
    let rows = columns.first().map_or(0, |(_, cells)| cells.len());
    let positions: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
    let (index, columns) = match columns {
        [index, rest @ ..] if indexed => (index.clone(), rest),
        _ => (("", positions), columns),
    };
    let index_width = width(&index);
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let mut text = " ".repeat(index_width);
    for ((name, _), &width) in columns.iter().zip(&widths) {
        let _ = write!(text, "  {name:>width$}");
    }
    text.push('\n');
    if indexed {
        let _ = writeln!(text, "{:<index_width$}", index.0);
    }
    for row in 0..rows {
        let _ = write!(text, "{:<index_width$}", index.1[row]);
        for ((_, cells), &width) in columns.iter().zip(&widths) {
            let _ = write!(text, "  {:>width$}", cells[row]);
        }
        text.push('\n');
    }
    text
}
