//! A model as text, in the layouts of RevoScaleR's `rxLogit` and `rxGlm`.
//!
//! What RevoScaleR does not print comes behind its lines: that an iteration did not converge, or found separation.

use std::fmt::{self, Write};

use super::GlmModel;
use crate::coefficients::{Coefficients, PRINT_DIGITS, with_dropped};
use crate::format::{format_one, matrix, round};
use crate::heading::Heading;

impl fmt::Display for GlmModel {
    /// The call, what was counted, and the coefficients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        writeln!(f, "\nCoefficients:")?;
        let column = with_dropped(&self.aliased, &self.coefficients, PRINT_DIGITS);
        f.write_str(&matrix(&self.coefficient_names, &[(self.y_names.join(", "), column)]))?;
        self.warnings(f)
    }
}

impl GlmModel {
    /// The model with standard errors, tests and measures of fit, in the layout of RevoScaleR's `summary`.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // writing to a string does not fail
        let _ = self.write_summary(&mut text);
        text
    }

    fn head(&self, out: &mut dyn Write) -> fmt::Result {
        let cube = if self.params.cube { "Cube " } else { "" };
        let kind = if self.logit { "Logistic Regression" } else { "Generalized Linear Model" };
        let heading = Heading {
            call: self.call.as_deref(),
            kind: &format!("{cube}{kind}"),
            formula: &self.design.formula,
            data: self.data.as_deref(),
            weights: &self.params.weights,
            offset: self.params.offset.as_deref(),
            responses: &self.y_names,
            coefficients: Some((self.coefficient_names.len(), self.dropped())),
            valid: self.n_valid_obs,
            missing: self.n_missing_obs,
        };
        heading.write(out)?;
        if !self.logit {
            writeln!(out, "Family-link: {}-{}", self.params.family, self.link)?;
        }
        Ok(())
    }

    fn write_summary(&self, out: &mut dyn Write) -> fmt::Result {
        self.head(out)?;
        let deviance = format_one(round(self.deviance, 4), 15);
        let df = format_one(self.df[1], 15);
        if self.logit {
            writeln!(out, "-2*LogLikelihood: {deviance} (Residual deviance on {df} degrees of freedom)")?;
        } else {
            writeln!(out, "\nResidual deviance: {deviance} (on {df} degrees of freedom)")?;
        }
        writeln!(out, "\nCoefficients:")?;
        let test = if Self::is_tested_by_normal(self.params.family) { 'z' } else { 't' };
        let table = Coefficients {
            names: &self.coefficient_names,
            aliased: &self.aliased,
            estimates: &self.coefficients,
            errors: &self.coef_std_error,
            statistics: &self.coef_t_value,
            p_values: &self.coef_p_value,
            test,
            counts: self.count_df.as_ref().map(|table| table.counts.as_slice()),
        };
        table.write(out)?;
        if !self.logit {
            let dispersion = format_one(self.dispersion, PRINT_DIGITS);
            writeln!(
                out,
                "(Dispersion parameter for {} family taken to be {dispersion})\n",
                self.params.family
            )?;
        }
        let condition = format_one(round(self.condition_number, 4), PRINT_DIGITS);
        writeln!(out, "Condition number of final variance-covariance matrix: {condition}")?;
        writeln!(out, "Number of iterations: {}", self.iterations)?;
        self.warnings(out)?;
        self.anova.as_ref().map_or(Ok(()), |path| write!(out, "\n{path}"))
    }

    fn warnings(&self, out: &mut dyn Write) -> fmt::Result {
        if !self.converged {
            writeln!(
                out,
                "Warning: the iteration did not converge; allow more iterations, or look for terms that predict the response without fault"
            )?;
        }
        if self.separated {
            writeln!(
                out,
                "Warning: some terms predict the response without fault (separation); their coefficients have no finite maximum"
            )?;
        }
        Ok(())
    }
}
