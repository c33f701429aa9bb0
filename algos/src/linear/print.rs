//! A model as text, in the layouts of RevoScaleR: coefficients alone (`print`), or with errors and tests (`summary`).

use std::fmt::{self, Write};

use super::LinModModel;
use crate::format::{STARS, format_c, format_common, format_one, format_p_values, matrix, round, stars};

/// Significant digits of a printed coefficient.
const PRINT_DIGITS: usize = 7;

/// Significant digits in a summary: R's `max(3, getOption("digits") - 3)`.
const DIGITS: usize = 4;

/// In place of the numbers of a coefficient that is not there.
const DROPPED: &str = "Dropped";

impl fmt::Display for LinModModel {
    /// The call, what was counted, and the coefficients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        writeln!(f, "Coefficients:")?;
        let columns: Vec<(String, Vec<String>)> = self
            .y_names
            .iter()
            .zip(&self.coefficients)
            .map(|(name, coefficients)| (name.clone(), self.with_dropped(coefficients, PRINT_DIGITS)))
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
        if let Some(call) = &self.call {
            writeln!(out, "Call:\n{call}\n")?;
        }
        let cube = if self.params.cube { "Cube " } else { "" };
        writeln!(out, "{cube}Linear Regression Results for: {}", self.design.formula)?;
        if let Some(data) = &self.data {
            writeln!(out, "File name: {data}")?;
        }
        if let Some(weight) = &self.params.weights.probability {
            writeln!(out, "Probability weights: {weight}")?;
        }
        if let Some(weight) = &self.params.weights.frequency {
            writeln!(out, "Frequency weights: {weight}")?;
        }
        writeln!(out, "Dependent variable(s): {}", self.y_names.join(", "))?;
        write!(out, "Total independent variables: {}", self.coefficient_names.len())?;
        match self.dropped() {
            0 => writeln!(out)?,
            dropped => writeln!(out, " (Including number dropped: {dropped})")?,
        }
        writeln!(out, "Number of valid observations: {}", self.n_valid_obs)?;
        writeln!(out, "Number of missing observations: {}", self.n_missing_obs)?;
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
            self.write_coefficients(out, response)?;
            self.write_fit(out, response)?;
        }
        writeln!(out, "Condition number: {}", format_one(round(self.condition_number, 4), PRINT_DIGITS))
    }

    /// The table of coefficients, as R's `printCoefmat` makes it.
    fn write_coefficients(&self, out: &mut dyn Write, response: usize) -> fmt::Result {
        let kept: Vec<usize> = (0..self.aliased.len()).filter(|&i| !self.aliased[i]).collect();
        let pick = |numbers: &[f64]| -> Vec<f64> { kept.iter().map(|&i| numbers[i]).collect() };
        let estimates = pick(&self.coefficients[response]);
        let errors = pick(&self.coef_std_error[response]);
        let t = pick(&self.coef_t_value[response]);
        // f64::max would make a smallest p value of NaN
        let floor = |p: &f64| if p.is_nan() { f64::NAN } else { p.max(f64::EPSILON) };
        let p: Vec<f64> = pick(&self.coef_p_value[response]).iter().map(floor).collect();

        let mut both = estimates.clone();
        both.extend(&errors);
        let decimals = decimals_of(&both);
        let rounded: Vec<f64> = both.iter().map(|&x| round(x, decimals)).collect();
        let mut texts = format_common(&rounded, DIGITS);
        let t_digits = (DIGITS - 1).min(5) as i32;
        let t_rounded: Vec<f64> = t.iter().map(|&t| round(t, t_digits)).collect();
        texts.extend(format_common(&t_rounded, DIGITS));
        both.extend(&t);
        restore_zeros(&both, &mut texts);

        let mut cells = texts.chunks_exact(kept.len().max(1));
        let mut column = |head: &str| {
            let texts = cells.next().unwrap_or_default();
            (head.to_owned(), self.at_kept(&kept, texts, DROPPED))
        };
        let mut columns = vec![column("Estimate"), column("Std. Error"), column("t value")];
        let p_texts = format_p_values(&p, DIGITS - 1, f64::EPSILON);
        columns.push(("Pr(>|t|)".to_owned(), self.at_kept(&kept, &p_texts, DROPPED)));
        let starred = p.iter().any(|&p| p < 0.1);
        if starred {
            let marks: Vec<&str> = p.iter().map(|&p| stars(p)).collect();
            let width = marks.iter().map(|mark| mark.len()).max().unwrap_or(0).max(1);
            let padded: Vec<String> = marks.iter().map(|mark| format!("{mark:<width$}")).collect();
            columns.push((String::new(), self.at_kept(&kept, &padded, "")));
        }
        if let Some(table) = &self.count_df {
            let rows = self.coefficient_names.len();
            let mut counts: Vec<String> = table.counts.iter().map(|&count| count_text(count)).collect();
            counts.resize(rows, String::new());
            columns.push(("|".to_owned(), vec!["|".to_owned(); rows]));
            columns.push(("Counts".to_owned(), counts));
        }
        out.write_str(&matrix(&self.coefficient_names, &columns))?;
        if starred {
            writeln!(out, "---\n{STARS}")?;
        }
        writeln!(out)
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

    fn with_dropped(&self, numbers: &[f64], digits: usize) -> Vec<String> {
        let kept: Vec<usize> = (0..self.aliased.len()).filter(|&i| !self.aliased[i]).collect();
        let values: Vec<f64> = kept.iter().map(|&i| numbers[i]).collect();
        self.at_kept(&kept, &format_common(&values, digits), DROPPED)
    }

    fn at_kept(&self, kept: &[usize], texts: &[String], otherwise: &str) -> Vec<String> {
        let mut all = vec![otherwise.to_owned(); self.aliased.len()];
        for (&i, text) in kept.iter().zip(texts) {
            all[i].clone_from(text);
        }
        all
    }
}

/// Decimals to which estimates and errors are rounded before they are formatted together.
fn decimals_of(numbers: &[f64]) -> i32 {
    let magnitudes = numbers.iter().map(|x| x.abs()).filter(|x| x.is_finite() && *x > 0.0);
    let least = magnitudes.fold(f64::INFINITY, f64::min);
    if least.is_finite() { (DIGITS as i32 - 1 - least.log10().floor() as i32).max(1) } else { 1 }
}

/// Numbers that rounding made 0 are written with digits of their own.
fn restore_zeros(numbers: &[f64], texts: &mut [String]) {
    let lost: Vec<usize> = numbers
        .iter()
        .zip(texts.iter())
        .enumerate()
        .filter(|(_, (number, text))| **number != 0.0 && text.parse::<f64>().is_ok_and(|shown| shown == 0.0))
        .map(|(i, _)| i)
        .collect();
    let values: Vec<f64> = lost.iter().map(|&i| numbers[i]).collect();
    for (i, text) in lost.into_iter().zip(format_common(&values, DIGITS - 1)) {
        texts[i] = text;
    }
}

/// A weight as a count.
fn count_text(count: f64) -> String {
    if count.fract() == 0.0 { format!("{count:.0}") } else { format_one(count, PRINT_DIGITS) }
}

/// `signif(x, 4)`.
fn parse_rounded(x: f64) -> f64 {
    format!("{x:.*e}", DIGITS - 1).parse().unwrap_or(x)
}
