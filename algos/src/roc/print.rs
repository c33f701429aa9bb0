//! Receiver operating characteristics for people.

use std::fmt::Write as _;

use super::{Curve, RocCurves};
use crate::format::{flush_left, flush_right, format_common, format_count, matrix};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;

impl RocCurves {
    /// The counts and areas, and with `table` the thresholds of each prediction; `data` names the source.
    pub fn render(&self, data: &str, table: bool) -> String {
        let heading = Heading {
            call: None,
            kind: "ROC",
            formula: &self.formula,
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
        let positive = self.positive.as_ref().map(|level| format!(" ({level})")).unwrap_or_default();
        let _ = write!(
            text,
            "Positive observations{positive}: {}\nNegative observations: {}\n\n",
            format_count(self.positives),
            format_count(self.negatives)
        );
        let column = |of: fn(&Curve) -> Option<f64>| -> Vec<String> {
            let values: Vec<f64> = self.curves.iter().filter_map(of).collect();
            flush_right(format_common(&values, DIGITS))
        };
        let names = self.curves.iter().map(|curve| curve.prediction.clone()).collect();
        let mut columns = vec![
            ("predVarName", names),
            ("AUC", column(|curve| Some(curve.auc))),
            ("at most off by", column(|curve| Some(curve.auc_error))),
        ];
        let exact = column(|curve| curve.exact_auc);
        if !exact.is_empty() {
            columns.push(("exact AUC", exact));
        }
        text += &flush_left(&columns);
        if table {
            for curve in &self.curves {
                let _ = write!(text, "\n{}:\n{}", curve.prediction, curve.table());
            }
        }
        text
    }
}

impl Curve {
    fn table(&self) -> String {
        let rows: Vec<String> = (1..=self.thresholds.len()).map(|row| row.to_string()).collect();
        let column = |name: &str, values| (name.to_owned(), format_common(values, DIGITS));
        let columns = [
            column("threshold", &self.thresholds),
            column("sensitivity", &self.sensitivity),
            column("specificity", &self.specificity),
        ];
        matrix(&rows, &columns)
    }
}
