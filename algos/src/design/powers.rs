//! Computed powers, taken apart.

use super::{Design, Input, Variable, VariableKind};

impl Design {
    /// The same design, whose terms have the factors of products of columns in place of variables computed as such: `x`,
    /// `x`, `x` for `I(x^3)`. Arithmetic of higher precision then need not start from a power that was rounded. The
    /// columns of the design stay the same, and so do the rows that count, because the computed variables stay too.
    pub(crate) fn with_powers(&self) -> Self {
        let mut design = self.clone();
        let mut factors: Vec<Vec<usize>> = Vec::with_capacity(self.variables.len());
        for (position, variable) in self.variables.iter().enumerate() {
            factors.push(design.factors_of(variable).unwrap_or_else(|| vec![position]));
        }
        for term in &mut design.terms {
            term.variables = term.variables.iter().flat_map(|&variable| factors[variable].clone()).collect();
        }
        design
    }

    /// The columns whose product a variable is, as variables, which are added where there are none.
    fn factors_of(&mut self, variable: &Variable) -> Option<Vec<usize>> {
        let (Input::Expression(text), VariableKind::Numeric) = (&variable.input, &variable.kind) else {
            return None;
        };
        let columns = engine::expr::Expr::parse(text).ok()?.monomial()?;
        Some(columns.into_iter().map(|column| self.number(column)).collect())
    }

    fn number(&mut self, column: String) -> usize {
        let is_it = |known: &Variable| {
            known.kind == VariableKind::Numeric && known.input == Input::Column(column.clone())
        };
        self.variables.iter().position(is_it).unwrap_or_else(|| {
            self.variables.push(Variable {
                label: column.clone(),
                input: Input::Column(column),
                kind: VariableKind::Numeric,
            });
            self.variables.len() - 1
        })
    }
}
