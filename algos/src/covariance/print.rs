//! Matrices for people, as R prints them.

use std::fmt::Write as _;

use super::{CovCorMatrix, MatrixKind};
use crate::format::{format_common, matrix};

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
        let column =
            |j: usize| format_common(&entries.iter().skip(j).step_by(p).copied().collect::<Vec<_>>(), DIGITS);
        let columns: Vec<_> = names.iter().enumerate().map(|(j, name)| (name.clone(), column(j))).collect();
        text + &matrix(&names, &columns)
    }
}
