//! What RevoScaleR prints above results: of what they are, of which data, and how many rows counted.

use std::fmt::{self, Write};

use crate::design::Weights;

/// The lines above a result.
pub(crate) struct Heading<'a> {
    pub(crate) call: Option<&'a str>,
    /// `Linear Regression`.
    pub(crate) kind: &'a str,
    pub(crate) formula: &'a str,
    pub(crate) data: Option<&'a str>,
    pub(crate) weights: &'a Weights,
    pub(crate) offset: Option<&'a str>,
    pub(crate) responses: &'a [String],
    /// How many coefficients there are, and how many of them were dropped; none where there are no coefficients.
    pub(crate) coefficients: Option<(usize, usize)>,
    pub(crate) valid: u64,
    pub(crate) missing: u64,
}

impl Heading<'_> {
    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        if let Some(call) = self.call {
            writeln!(out, "Call:\n{call}\n")?;
        }
        writeln!(out, "{} Results for: {}", self.kind, self.formula)?;
        let named = [
            ("File name", self.data),
            ("Probability weights", self.weights.probability.as_deref()),
            ("Frequency weights", self.weights.frequency.as_deref()),
            ("Offset", self.offset),
        ];
        for (what, name) in named {
            if let Some(name) = name {
                writeln!(out, "{what}: {name}")?;
            }
        }
        if !self.responses.is_empty() {
            writeln!(out, "Dependent variable(s): {}", self.responses.join(", "))?;
        }
        if let Some((coefficients, dropped)) = self.coefficients {
            write!(out, "Total independent variables: {coefficients}")?;
            match dropped {
                0 => writeln!(out)?,
                dropped => writeln!(out, " (Including number dropped: {dropped})")?,
            }
        }
        writeln!(out, "Number of valid observations: {}", self.valid)?;
        writeln!(out, "Number of missing observations: {}", self.missing)
    }
}
