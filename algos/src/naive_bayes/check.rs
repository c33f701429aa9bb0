//! Whether a model that came from bytes holds together; see [`crate::linear`]'s check.

use super::{Given, NaiveBayesModel};

impl NaiveBayesModel {
    /// Checks lengths and positions.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.design.check(false)?;
        let classes = self.levels.len();
        if classes == 0 || self.counts.len() != classes || self.tables.len() != self.design.terms.len() {
            return Err("its classes and tables do not go together".into());
        }
        if self.counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count)) != Some(self.n_valid_obs)
        {
            return Err("its classes do not add up to its rows".into());
        }
        for (term, table) in self.design.terms.iter().zip(&self.tables) {
            let &[variable] = term.variables.as_slice() else {
                return Err("a term has several variables".into());
            };
            let kind = &self.design.variables[variable].kind;
            let fits = match &table.given {
                Given::Normal { means, std_devs, .. } => {
                    !kind.is_factor() && means.len() == classes && std_devs.len() == classes
                }
                Given::Levels { levels, probabilities, all } => {
                    let cells = levels.len();
                    kind.is_factor()
                        && kind.cells() == cells
                        && all.len() == cells
                        && classes.checked_mul(cells) == Some(probabilities.len())
                }
            };
            if !fits {
                return Err(format!("the table of '{}' does not fit its variable", table.name));
            }
        }
        Ok(())
    }
}
