//! Lorenz curves for people.

use std::fmt::Write as _;

use super::Lorenz;
use crate::format::{format_common, format_one, matrix};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;

impl Lorenz {
    /// The counts and coefficients, and with `table` the points of the curve; `data` names the source.
    pub fn render(&self, data: &str, table: bool) -> String {
        let heading = Heading {
            call: None,
            kind: "Lorenz Curve",
            formula: &format!("{} ~ {}", self.value, self.order),
            data: Some(data),
            weights: &self.weights,
            offset: None,
            responses: &[],
            coefficients: None,
            valid: self.valid_obs,
            missing: self.missing_obs,
        };
        let mut text = String::new();
        // writing to a string does not fail
        let _ = heading.write(&mut text);
        let _ = writeln!(text, "\nSum of {}: {}", self.value, format_one(self.total, DIGITS));
        let _ = writeln!(text, "Gini coefficient: {}", format_one(self.gini, DIGITS));
        if let Some(exact) = self.exact_gini {
            let _ = writeln!(text, "Exact Gini coefficient: {}", format_one(exact, DIGITS));
        }
        if table {
            let rows: Vec<String> = (1..=self.percent.len()).map(|row| row.to_string()).collect();
            let columns = [
                ("cumVals".to_owned(), format_common(&self.cum_vals, DIGITS)),
                ("percent".to_owned(), format_common(&self.percent, DIGITS)),
            ];
            let _ = write!(text, "\n{}", matrix(&rows, &columns));
        }
        text
    }
}
