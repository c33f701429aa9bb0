//! Whether a model that came from bytes holds together; see [`crate::linear`]'s check.

use super::GlmModel;
use crate::stepwise::Path;

impl GlmModel {
    /// Checks lengths and positions.
    pub(crate) fn check(&self) -> Result<(), String> {
        let columns = self.design.check(!self.params.cube)?;
        let p = self.coefficient_names.len();
        if columns != p {
            return Err(format!("the terms have {columns} columns, but there are {p} coefficients"));
        }
        let lists = [&self.coefficients, &self.coef_std_error, &self.coef_t_value, &self.coef_p_value];
        let lists = lists.iter().all(|list| list.len() == p);
        let flags = self.aliased.len() == p && self.observed.len() == p;
        let responses = self.design.responses.len() == 1 && self.y_names.len() == 1;
        let square = |matrix: &Option<Vec<f64>>, side: usize| {
            matrix.as_ref().is_none_or(|matrix| side.checked_mul(side) == Some(matrix.len()))
        };
        let matrices = square(&self.cov_coef, p) && square(&self.cov_data, p.saturating_sub(1));
        let tests = self.fstatistics.as_ref().is_none_or(|f| f.value.len() == 1);
        let counts = self.count_df.as_ref().is_none_or(|table| table.is_consistent(p));
        let path = self.anova.as_ref().is_none_or(Path::is_consistent);
        if lists && flags && responses && matrices && tests && counts && path {
            Ok(())
        } else {
            Err("its lists of numbers have lengths that do not go together".into())
        }
    }
}
