//! Whether a design that came from bytes holds together.

use super::{Design, VariableKind};

/// The most coefficients that a model is believed to have.
const MAX_COEFFICIENTS: u128 = 1 << 28;

impl Design {
    /// Checks positions and ranges; the number of columns, with an intercept if `intercept` allows one.
    pub(crate) fn check(&self, intercept: bool) -> Result<usize, String> {
        let variables = self.variables.len();
        let positions =
            self.terms.iter().flat_map(|term| &term.variables).chain(&self.responses).chain(&self.offset);
        if positions.into_iter().any(|&position| position >= variables) {
            return Err("a term names a variable that is not there".into());
        }
        for variable in &self.variables {
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
        if self.responses.iter().chain(&self.offset).any(|&position| self.is_factor(position)) {
            return Err("a response or an offset is a factor".into());
        }
        let mut columns = u128::from(self.intercept && intercept);
        for term in &self.terms {
            columns += self.factors(term).map(|v| self.variables[v].kind.cells() as u128).fold(1, |a, b| {
                // bounded above, and so never near the end of 128 bits
                (a * b).min(MAX_COEFFICIENTS + 1)
            });
        }
        if columns > MAX_COEFFICIENTS {
            return Err(format!("the terms have {columns} columns, more than any model"));
        }
        Ok(columns as usize)
    }
}
