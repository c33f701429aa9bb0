//! The table of coefficients, as R's `printCoefmat` makes it and RevoScaleR prints it.

use std::fmt::{self, Write};

use crate::format::{STARS, format_common, format_one, format_p_values, matrix, round, stars};

/// Significant digits of a printed coefficient.
pub(crate) const PRINT_DIGITS: usize = 7;

/// Significant digits in a summary: R's `max(3, getOption("digits") - 3)`.
pub(crate) const DIGITS: usize = 4;

/// In place of the numbers of a coefficient that is not there.
const DROPPED: &str = "Dropped";

/// Coefficients with their errors and tests.
pub(crate) struct Coefficients<'a> {
    pub(crate) names: &'a [String],
    pub(crate) aliased: &'a [bool],
    pub(crate) estimates: &'a [f64],
    pub(crate) errors: &'a [f64],
    pub(crate) statistics: &'a [f64],
    pub(crate) p_values: &'a [f64],
    /// The letter of the test's distribution: t or z.
    pub(crate) test: char,
    /// Counts of the first coefficients' cells.
    pub(crate) counts: Option<&'a [f64]>,
}

impl Coefficients<'_> {
    /// Writes the table and an empty line.
    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let kept: Vec<usize> = (0..self.aliased.len()).filter(|&i| !self.aliased[i]).collect();
        let pick = |numbers: &[f64]| -> Vec<f64> { kept.iter().map(|&i| numbers[i]).collect() };
        // f64::max would make a smallest p value of NaN
        let floor = |p: &f64| if p.is_nan() { f64::NAN } else { p.max(f64::EPSILON) };
        let p: Vec<f64> = pick(self.p_values).iter().map(floor).collect();

        let mut both = pick(self.estimates);
        both.extend(pick(self.errors));
        let decimals = decimals_of(&both);
        let rounded: Vec<f64> = both.iter().map(|&x| round(x, decimals)).collect();
        let mut texts = format_common(&rounded, DIGITS);
        let digits = (DIGITS - 1).min(5) as i32;
        let statistics = pick(self.statistics);
        let statistics_rounded: Vec<f64> = statistics.iter().map(|&t| round(t, digits)).collect();
        texts.extend(format_common(&statistics_rounded, DIGITS));
        both.extend(&statistics);
        restore_zeros(&both, &mut texts);

        let mut cells = texts.chunks_exact(kept.len().max(1));
        let mut column = |head: String| {
            let texts = cells.next().unwrap_or_default();
            (head, at_kept(self.aliased, &kept, texts, DROPPED))
        };
        let test = self.test;
        let mut columns =
            vec![column("Estimate".into()), column("Std. Error".into()), column(format!("{test} value"))];
        let p_texts = format_p_values(&p, DIGITS - 1, f64::EPSILON);
        columns.push((format!("Pr(>|{test}|)"), at_kept(self.aliased, &kept, &p_texts, DROPPED)));
        let starred = p.iter().any(|&p| p < 0.1);
        if starred {
            let marks: Vec<&str> = p.iter().map(|&p| stars(p)).collect();
            let width = marks.iter().map(|mark| mark.len()).max().unwrap_or(0).max(1);
            let padded: Vec<String> = marks.iter().map(|mark| format!("{mark:<width$}")).collect();
            columns.push((String::new(), at_kept(self.aliased, &kept, &padded, "")));
        }
        if let Some(counts) = self.counts {
            let rows = self.names.len();
            let mut counts: Vec<String> = counts.iter().map(|&count| count_text(count)).collect();
            counts.resize(rows, String::new());
            columns.push(("|".to_owned(), vec!["|".to_owned(); rows]));
            columns.push(("Counts".to_owned(), counts));
        }
        out.write_str(&matrix(self.names, &columns))?;
        if starred {
            writeln!(out, "---\n{STARS}")?;
        }
        writeln!(out)
    }
}

/// Numbers by coefficient as texts, with a word in place of those that were dropped.
pub(crate) fn with_dropped(aliased: &[bool], numbers: &[f64], digits: usize) -> Vec<String> {
    let kept: Vec<usize> = (0..aliased.len()).filter(|&i| !aliased[i]).collect();
    let values: Vec<f64> = kept.iter().map(|&i| numbers[i]).collect();
    at_kept(aliased, &kept, &format_common(&values, digits), DROPPED)
}

fn at_kept(aliased: &[bool], kept: &[usize], texts: &[String], otherwise: &str) -> Vec<String> {
    let mut all = vec![otherwise.to_owned(); aliased.len()];
    for (&i, text) in kept.iter().zip(texts) {
        all[i].clone_from(text);
    }
    all
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
