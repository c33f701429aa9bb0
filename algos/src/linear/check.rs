//! Whether a model that came from bytes holds together.
//!
//! Predictions index coefficients by codes and terms by variables. A model of our own making is consistent; one from a
//! file may be anything that the decoder accepts, so what indexing relies on is checked once, here.

use super::LinModModel;
use crate::design::VariableKind;

/// The most coefficients that a model is believed to have.
const MAX_COEFFICIENTS: u128 = 1 << 28;

impl LinModModel {
    /// Checks lengths and positions.
    pub(crate) fn check(&self) -> Result<(), String> {
        let design = &self.design;
        let variables = design.variables.len();
        let positions = design.terms.iter().flat_map(|term| &term.variables).chain(&design.responses);
        if positions.into_iter().any(|&position| position >= variables) {
            return Err("a term names a variable that is not there".into());
        }
        for variable in &design.variables {
            match &variable.kind {
                VariableKind::Integers { low, high, .. } => {
                    if high.checked_sub(*low).is_none_or(|span| !(0..1 << 30).contains(&span)) {
                        return Err(format!("the range of '{}' is {low} to {high}", variable.label));
                    }
                }
                VariableKind::Factor { levels, merged } => {
                    if merged.iter().any(|&(_, code)| code as usize >= levels.len()) {
                        return Err(format!("'{}' merges into a level that is not there", variable.label));
                    }
                }
                VariableKind::Numeric | VariableKind::Codes { .. } => {}
            }
        }
        if design.responses.iter().any(|&position| design.is_factor(position)) {
            return Err("a response is a factor".into());
        }
        let mut columns = u128::from(design.intercept && !self.params.cube);
        for term in &design.terms {
            columns +=
                design.factors(term).map(|v| design.variables[v].kind.cells() as u128).fold(1, |a, b| {
                    // bounded above, and so never near the end of 128 bits
                    (a * b).min(MAX_COEFFICIENTS + 1)
                });
        }
        if columns > MAX_COEFFICIENTS || columns != self.coefficient_names.len() as u128 {
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
        let counts = self.count_df.as_ref().is_none_or(|table| {
            let cells = table.counts.len();
            cells <= p
                && table.levels.len() == cells
                && table.levels.iter().all(|levels| levels.len() == table.factors.len())
                && table.means.as_ref().is_none_or(|means| means.iter().all(|means| means.len() == cells))
        });
        if lists && responses && flags && tests && matrices && counts {
            Ok(())
        } else {
            Err("its lists of numbers have lengths that do not go together".into())
        }
    }
}
