//! Clusters as text: RevoScaleR's heading, and R's print of `kmeans`.

use std::fmt;

use super::KMeansModel;
use crate::format::{format_common, matrix, vector};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;

impl fmt::Display for KMeansModel {
    /// The call, what was counted, sizes, centers and sums of squares.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = Heading {
            call: self.call.as_deref(),
            kind: "K-means Clustering",
            formula: &self.design.formula,
            data: self.data.as_deref(),
            weights: &self.design.weights,
            offset: None,
            responses: &[],
            coefficients: None,
            valid: self.n_valid_obs,
            missing: self.n_missing_obs,
        };
        heading.write(f)?;
        let sizes: Vec<String> = self.size.iter().map(u64::to_string).collect();
        let clusters = sizes.len();
        let plural = if clusters == 1 { "" } else { "s" };
        let of = if clusters == 1 { "size" } else { "sizes" };
        writeln!(f, "\nK-means clustering with {clusters} cluster{plural} of {of} {}\n", sizes.join(", "))?;
        writeln!(f, "Cluster means:")?;
        let p = self.names.len();
        let column = |j: usize| -> Vec<f64> { self.centers.iter().skip(j).step_by(p).copied().collect() };
        let columns: Vec<_> = self
            .names
            .iter()
            .enumerate()
            .map(|(j, name)| (name.clone(), format_common(&column(j), DIGITS)))
            .collect();
        let rows: Vec<String> = (1..=clusters).map(|cluster| cluster.to_string()).collect();
        f.write_str(&matrix(&rows, &columns))?;
        writeln!(f, "\nWithin cluster sum of squares by cluster:")?;
        f.write_str(&vector(&self.withinss, DIGITS))?;
        writeln!(f, " (between_SS / total_SS = {:5.1} %)", 100.0 * self.betweenss / self.totss)?;
        writeln!(f, "\nNumber of iterations: {}", self.iterations)?;
        if !self.converged {
            writeln!(f, "Warning: rows still moved in the last iteration; allow more iterations")?;
        }
        match self.size.iter().filter(|&&size| size == 0).count() {
            0 => Ok(()),
            empty => writeln!(
                f,
                "Warning: {empty} of the clusters have no rows; ask for fewer clusters or other starts"
            ),
        }
    }
}
