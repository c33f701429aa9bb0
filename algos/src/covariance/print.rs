//! Matrices for people, as R prints them.

use std::fmt::Write as _;

use super::{CovCorMatrix, MatrixKind};
use crate::format::format_common;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;

impl CovCorMatrix {
    /// The counts of rows and the matrix, each column in a format of its own, ending in a line break.
    pub fn render(&self, kind: MatrixKind) -> String {
        let what = match kind {
            MatrixKind::Cor => "COR",
            MatrixKind::Cov => "COV",
            MatrixKind::Sscp => "SSCP",
        };
        let mut text = format!(
            "Number of valid observations: {}\nNumber of missing observations: {}\n",
            self.valid_obs, self.missing_obs
        );
        if !self.dropped.is_empty() {
            let _ = writeln!(text, "Columns left out: {}", self.dropped.join(", "));
        }
        let _ = writeln!(text, "Statistic: {what}\n");
        let (names, entries) = self.matrix(kind);
        let p = names.len();
        let width_of = |text: &str| text.chars().count();
        let first = names.iter().map(|name| width_of(name)).max().unwrap_or_default();
        let mut lines = vec![" ".repeat(first)];
        lines.extend(names.iter().map(|name| format!("{name:<first$}")));
        for (j, name) in names.iter().enumerate() {
            let column: Vec<f64> = (0..p).map(|i| entries[i * p + j]).collect();
            let mut cells = vec![name.clone()];
            cells.extend(format_common(&column, DIGITS));
            let width = cells.iter().map(|cell| width_of(cell)).max().unwrap_or_default();
            for (line, cell) in lines.iter_mut().zip(&cells) {
                let _ = write!(line, " {cell:>width$}");
            }
        }
        text + &lines.join("\n") + "\n"
    }
}
