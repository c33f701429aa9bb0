//! A classifier as text, in RevoScaleR's layout: a priori probabilities, types, a table for each predictor.

use std::fmt;

use super::{Given, NaiveBayesModel};
use crate::format::{format_common, matrix};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;

impl fmt::Display for NaiveBayesModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let responses = [self.response.clone()];
        let heading = Heading {
            call: self.call.as_deref(),
            kind: "Naive Bayes",
            formula: &self.design.formula,
            data: self.data.as_deref(),
            weights: &self.design.weights,
            offset: None,
            responses: &responses,
            coefficients: None,
            valid: self.n_valid_obs,
            missing: self.n_missing_obs,
        };
        heading.write(f)?;
        writeln!(f, "\nA priori probabilities:\n{}", self.response)?;
        let shares = format_common(&self.apriori(), DIGITS);
        let shares: Vec<_> =
            self.levels.iter().zip(shares).map(|(level, share)| (level.clone(), vec![share])).collect();
        f.write_str(&matrix(&[String::new()], &shares))?;
        writeln!(f, "\nPredictor types:")?;
        let kind = |given: &Given| match given {
            Given::Normal { .. } => "numeric".to_owned(),
            Given::Levels { .. } => "factor".to_owned(),
        };
        let columns = [
            ("Variable".to_owned(), self.tables.iter().map(|table| table.name.clone()).collect()),
            ("Type".to_owned(), self.tables.iter().map(|table| kind(&table.given)).collect()),
        ];
        let numbers: Vec<String> = (1..=self.tables.len()).map(|number| number.to_string()).collect();
        f.write_str(&matrix(&numbers, &columns))?;
        writeln!(f, "\nConditional probabilities:")?;
        for table in &self.tables {
            writeln!(f, "${}", table.name)?;
            let columns = match &table.given {
                Given::Normal { means, std_devs, .. } => vec![
                    ("Means".to_owned(), format_common(means, DIGITS)),
                    ("StdDev".to_owned(), format_common(std_devs, DIGITS)),
                ],
                Given::Levels { levels, probabilities, .. } => {
                    let column = |at: usize| -> Vec<f64> {
                        probabilities.iter().skip(at).step_by(levels.len()).copied().collect()
                    };
                    let format =
                        |(at, level): (usize, &String)| (level.clone(), format_common(&column(at), DIGITS));
                    levels.iter().enumerate().map(format).collect()
                }
            };
            writeln!(f, "{}", matrix(&self.levels, &columns))?;
        }
        Ok(())
    }
}
