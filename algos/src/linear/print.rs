//! A model as text, in the layouts of RevoScaleR: coefficients alone (`print`), or with errors and tests (`summary`).

use std::fmt::{self, Write};

use super::LinModModel;
use crate::coefficients::{Coefficients, DIGITS, PRINT_DIGITS, with_dropped};
use crate::format::{format_c, format_one, format_p_values, matrix, round};
use crate::heading::Heading;

impl fmt::Display for LinModModel {
    /// The call, what was counted, and the coefficients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        writeln!(f, "Coefficients:")?;
        let columns: Vec<(String, Vec<String>)> = self
            .y_names
            .iter()
            .zip(&self.coefficients)
            .map(|(name, coefficients)| {
                (name.clone(), with_dropped(&self.aliased, coefficients, PRINT_DIGITS))
            })
            .collect();
        f.write_str(&matrix(&self.coefficient_names, &columns))
    }
}

impl LinModModel {
    /// The model with standard errors, tests and measures of fit, in the layout of RevoScaleR's `summary`.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // writing to a string does not fail
        let _ = self.write_summary(&mut text);
        text
    }

    fn head(&self, out: &mut dyn Write) -> fmt::Result {
        let heading = Heading {
            call: self.call.as_deref(),
            kind: if self.params.cube { "Cube Linear Regression" } else { "Linear Regression" },
            formula: &self.design.formula,
            data: self.data.as_deref(),
            weights: &self.params.weights,
            offset: None,
            responses: &self.y_names,
            coefficients: Some((self.coefficient_names.len(), self.dropped())),
            valid: self.n_valid_obs,
            missing: self.n_missing_obs,
        };
        heading.write(out)?;
        writeln!(out)
    }

    fn write_summary(&self, out: &mut dyn Write) -> fmt::Result {
        self.head(out)?;
        for (response, name) in self.y_names.iter().enumerate() {
            if self.y_names.len() > 1 {
                writeln!(out, "{}Response: {name}", if response > 0 { "\n" } else { "" })?;
            }
            match self.dropped() {
                0 => writeln!(out, "Coefficients:")?,
                dropped => {
                    writeln!(out, "Coefficients: ({dropped} not defined because of singularities)")?;
                }
            }
            self.table(response).write(out)?;
            self.write_fit(out, response)?;
        }
        writeln!(out, "Condition number: {}", format_one(round(self.condition_number, 4), PRINT_DIGITS))?;
        self.anova.as_ref().map_or(Ok(()), |path| write!(out, "\n{path}"))
    }

    fn table(&self, response: usize) -> Coefficients<'_> {
        Coefficients {
            names: &self.coefficient_names,
            aliased: &self.aliased,
            estimates: &self.coefficients[response],
            errors: &self.coef_std_error[response],
            statistics: &self.coef_t_value[response],
            p_values: &self.coef_p_value[response],
            test: 't',
            counts: self.count_df.as_ref().map(|table| table.counts.as_slice()),
        }
    }

    fn write_fit(&self, out: &mut dyn Write, response: usize) -> fmt::Result {
        let df = format_one(self.df[1], 15);
        let sigma = self.sigma[response];
        let sigma =
            if sigma.is_nan() { "NaN".into() } else { format_one(parse_rounded(sigma), PRINT_DIGITS) };
        writeln!(out, "Residual standard error: {sigma} on {df} degrees of freedom")?;
        let suffix = if self.params.cube { " (as if intercept included)" } else { "" };
        writeln!(
            out,
            "Multiple R-squared: {}{suffix}",
            format_c(self.r_squared[response], DIGITS).trim_start()
        )?;
        writeln!(out, "Adjusted R-squared: {}", format_c(self.adj_r_squared[response], DIGITS).trim_start())?;
        if let Some(f) = &self.fstatistics {
            let p =
                format_p_values(&[self.f_pvalue[response]], DIGITS, f64::EPSILON).pop().unwrap_or_default();
            let value = format_c(f.value[response], DIGITS);
            let numdf = format_one(f.numdf, 15);
            writeln!(out, "F-statistic: {value} on {numdf} and {df} DF,  p-value: {p}")?;
        }
        Ok(())
    }
}

/// `signif(x, 4)`.
fn parse_rounded(x: f64) -> f64 {
    format!("{x:.*e}", DIGITS - 1).parse().unwrap_or(x)
}
