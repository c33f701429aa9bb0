//! Whether a model that came from bytes holds together.
//!
//! Predictions index coefficients by codes and terms by variables. A model of our own making is consistent; one from a
//! file may be anything that the decoder accepts, so what indexing relies on is checked once, here.

use super::{CountTable, LinModModel};
use crate::stepwise::Path;

impl LinModModel {
    /// Checks lengths and positions.
    pub(crate) fn check(&self) -> Result<(), String> {
        let design = &self.design;
        let columns = design.check(!self.params.cube)?;
        if columns != self.coefficient_names.len() {
            return Err(format!(
                "the terms have {columns} columns, but there are {} coefficients",
                self.coefficient_names.len()
            ));
        }
        let p = self.coefficient_names.len();
        let r = self.y_names.len();
        let by_coefficient =
            [&self.coefficients, &self.coef_std_error, &self.coef_t_value, &self.coef_p_value];
        let lists =
            by_coefficient.iter().all(|lists| lists.len() == r && lists.iter().all(|list| list.len() == p));
        let by_response = [
            &self.residual_squares,
            &self.total_squares,
            &self.y_var,
            &self.sigma,
            &self.residual_variance,
            &self.r_squared,
            &self.adj_r_squared,
            &self.f_pvalue,
            &self.deviance,
        ];
        let responses =
            r > 0 && r == design.responses.len() && by_response.iter().all(|list| list.len() == r);
        let flags = self.aliased.len() == p && self.observed.len() == p;
        let tests = self.fstatistics.as_ref().is_none_or(|f| f.value.len() == r);
        let square = |matrix: &Option<Vec<f64>>, side: usize| {
            matrix.as_ref().is_none_or(|matrix| side.checked_mul(side) == Some(matrix.len()))
        };
        let matrices = square(&self.cov_coef, p) && square(&self.cov_data, p.saturating_sub(1));
        let counts = self.count_df.as_ref().is_none_or(|table| table.is_consistent(p));
        let path = self.anova.as_ref().is_none_or(Path::is_consistent);
        if lists && responses && flags && tests && matrices && counts && path {
            Ok(())
        } else {
            Err("its lists of numbers have lengths that do not go together".into())
        }
    }
}

impl CountTable {
    /// Whether its columns have one length, not above that of `p` coefficients.
    pub(crate) fn is_consistent(&self, p: usize) -> bool {
        let cells = self.counts.len();
        cells <= p
            && self.levels.len() == cells
            && self.levels.iter().all(|levels| levels.len() == self.factors.len())
            && self.means.as_ref().is_none_or(|means| means.iter().all(|means| means.len() == cells))
    }
}
