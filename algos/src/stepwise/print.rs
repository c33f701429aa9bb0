//! The way of a search as text: the heading and the table that R's `step` leaves in `$anova`.

use std::fmt;

use super::{Path, Step, Test};
use crate::format::{format_common, matrix};

/// Significant digits of a printed data frame.
const DIGITS: usize = 7;

/// Numbers of a column; those that do not exist are `NA`.
fn column(numbers: &[f64]) -> Vec<String> {
    let known: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
    let mut texts = format_common(&known, DIGITS).into_iter();
    let next = |x: &f64| if x.is_nan() { "NA".to_owned() } else { texts.next().unwrap_or_default() };
    numbers.iter().map(next).collect()
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Stepwise Model Path \nAnalysis of Deviance Table\n")?;
        writeln!(f, "Initial Model:\n{}\n", self.formula_base)?;
        writeln!(f, "Final Model:\n{}\n", self.formula)?;
        let numbers = |number: fn(&Step) -> f64| column(&self.steps.iter().map(number).collect::<Vec<_>>());
        let mut columns = vec![
            ("Step".to_owned(), self.steps.iter().map(|step| step.change.clone()).collect()),
            ("Df".to_owned(), numbers(|step| step.df)),
            ("Deviance".to_owned(), numbers(|step| step.deviance)),
            ("Resid. Df".to_owned(), numbers(|step| step.residual_df)),
            ("Resid. Dev".to_owned(), numbers(|step| step.residual_deviance)),
            (self.criterion.clone(), numbers(|step| step.aic)),
        ];
        if let Some(test) = self.test {
            let (statistic, p_value) = test.columns();
            columns.push((statistic.to_owned(), numbers(|step| step.statistic)));
            columns.push((p_value.to_owned(), numbers(|step| step.p_value)));
        }
        let rows: Vec<String> = (1..=self.steps.len()).map(|row| row.to_string()).collect();
        f.write_str(&matrix(&rows, &columns))
    }
}

impl Test {
    /// The headings of its columns, as R's `drop1` has them.
    pub fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::F => ("F value", "Pr(>F)"),
            Self::Chisq => ("LRT", "Pr(>Chi)"),
        }
    }
}
