//! The names of columns in results.
//!
//! RevoScaleR writes `DayOfWeek=Monday`, crossed cells `a=x, b=y`, and slopes by level `age for sex=Male`. R writes
//! `DayOfWeekMonday`, `ax:by`, `sexMale:age`. The order of the parts is the order of writing.

use serde::{Deserialize, Serialize};

use super::{Design, Term};

/// The name of the intercept.
pub(crate) const INTERCEPT: &str = "(Intercept)";

/// How coefficients are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum LabelStyle {
    /// `DayOfWeek=Monday`
    #[default]
    Revo,
    /// `DayOfWeekMonday`
    R,
}

impl Design {
    /// The labels of a term's columns.
    pub fn labels(&self, term: &Term, style: LabelStyle) -> Vec<String> {
        (0..self.cells(term)).map(|cell| self.label(term, cell, style)).collect()
    }

    /// The term as in the formula: `a:b`.
    pub fn term_label(&self, term: &Term) -> String {
        let labels: Vec<&str> = term.variables.iter().map(|&v| self.variables[v].label.as_str()).collect();
        labels.join(":")
    }

    fn label(&self, term: &Term, cell: usize, style: LabelStyle) -> String {
        let codes = self.codes_of(term, cell);
        let levels = self.factors(term).zip(codes).map(|(variable, code)| {
            let variable = &self.variables[variable];
            (variable.label.as_str(), variable.kind.level(code))
        });
        match style {
            LabelStyle::Revo => {
                let cells: Vec<String> = levels.map(|(name, level)| format!("{name}={level}")).collect();
                let numbers: Vec<&str> =
                    self.numbers(term).map(|v| self.variables[v].label.as_str()).collect();
                match (numbers.is_empty(), cells.is_empty()) {
                    (true, _) => cells.join(", "),
                    (false, true) => numbers.join(":"),
                    (false, false) => format!("{} for {}", numbers.join(":"), cells.join(", ")),
                }
            }
            LabelStyle::R => {
                let mut levels = levels;
                let parts: Vec<String> = term
                    .variables
                    .iter()
                    .map(|&variable| {
                        if self.is_factor(variable) {
                            levels.next().map(|(name, level)| format!("{name}{level}")).unwrap_or_default()
                        } else {
                            self.variables[variable].label.clone()
                        }
                    })
                    .collect();
                parts.join(":")
            }
        }
    }
}
