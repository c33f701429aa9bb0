//! Principal components for people, as R's `summary` of `princomp` prints them.

use std::fmt;

use super::PcaModel;
use crate::format::{format_common, matrix};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;
/// Components beside each other.
const ACROSS: usize = 6;

impl fmt::Display for PcaModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = Heading {
            call: self.call.as_deref(),
            kind: "Principal Components",
            formula: &self.design.formula,
            data: self.data.as_deref(),
            weights: &self.params.weights,
            offset: None,
            responses: &[],
            coefficients: None,
            valid: self.n_valid_obs,
            missing: self.n_missing_obs,
        };
        heading.write(f)?;
        let of = if self.params.correlations { "correlations" } else { "covariances" };
        writeln!(f, "Components of: {of}\n\nImportance of components:")?;
        let (names, proportions) = (self.component_names(), self.proportions());
        let cumulated: Vec<f64> = proportions
            .iter()
            .scan(0.0, |sum, share| {
                *sum += share;
                Some(*sum)
            })
            .collect();
        // numbers of a row have one format
        let rows = [&self.std_devs, &proportions, &cumulated].map(|row| format_common(row, DIGITS));
        let labels =
            ["Standard deviation", "Proportion of Variance", "Cumulative Proportion"].map(str::to_owned);
        for start in (0..names.len()).step_by(ACROSS) {
            let column = |j: usize| (names[j].clone(), rows.iter().map(|row| row[j].clone()).collect());
            let columns: Vec<(String, Vec<String>)> =
                (start..names.len().min(start + ACROSS)).map(column).collect();
            f.write_str(&matrix(&labels, &columns))?;
        }
        writeln!(f, "\nLoadings:")?;
        let vectors: Vec<&[f64]> = self.loadings.chunks_exact(self.names.len()).collect();
        for start in (0..names.len()).step_by(ACROSS) {
            let column = |j: usize| (names[j].clone(), format_common(vectors[j], DIGITS));
            let columns: Vec<(String, Vec<String>)> =
                (start..names.len().min(start + ACROSS)).map(column).collect();
            f.write_str(&matrix(&self.names, &columns))?;
        }
        Ok(())
    }
}
