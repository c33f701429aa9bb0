//! The bounds of bins.
//!
//! Round bounds are multiples of 1, 2 or 5 times a power of ten, the step whose bins come nearest to twenty in number.

use engine::formula::{Formula, Variable};
use engine::source::index_of;
use engine::{BlockSource, Executor, ScanOptions};

use super::HistogramOptions;
use crate::extremes::extremes;
use crate::{Error, Result};

/// Bins, where there is no other choice.
const USUAL_BINS: f64 = 20.0;
/// The most bounds.
const MAX_BREAKS: usize = 1_000_001;

/// Equally spaced bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaks {
    /// The first bound.
    pub start: f64,
    /// The last bound.
    pub end: f64,
    /// How many bins.
    pub bins: usize,
}

impl Breaks {
    /// The k-th bound, from 0.
    pub fn bound(&self, k: usize) -> f64 {
        if k >= self.bins {
            return self.end;
        }
        self.start + (self.end - self.start) * (k as f64 / self.bins as f64)
    }

    /// The bin of a value; none outside of the bounds.
    pub fn bin(&self, value: f64) -> Option<usize> {
        if !(value >= self.start && value <= self.end) {
            return None;
        }
        let share = (value - self.start) / (self.end - self.start);
        let mut bin = ((share * self.bins as f64) as usize).min(self.bins - 1);
        // the share is rounded
        while bin > 0 && value < self.bound(bin) {
            bin -= 1;
        }
        while bin + 1 < self.bins && value >= self.bound(bin + 1) {
            bin += 1;
        }
        Some(bin)
    }

    /// Round bounds around two values; `least` is the narrowest step.
    fn round(low: f64, high: f64, least: f64) -> Self {
        let width = high - low;
        if width <= 0.0 {
            // one value: a bin around it
            let half = (0.5 * least).max(f64::EPSILON * low.abs().max(1.0) * 4.0).max(if least > 0.0 {
                0.0
            } else {
                0.5
            });
            return Self { start: low - half, end: high + half, bins: 1 };
        }
        let unit = 10_f64.powf((width / USUAL_BINS).log10().floor());
        let distance = |step: f64| ((width / step).ln() - USUAL_BINS.ln()).abs();
        let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * unit);
        let nearest = steps.into_iter().min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(unit);
        let step = nearest.max(least);
        let (first, mut last) = ((low / step).floor(), (high / step).ceil());
        // whole numbers have a bin of their own at the end
        if least > 0.0 && last * step <= high {
            last += 1.0;
        }
        // multiples of the inverse are exact where those of the step are not: 3 / 10, not 3 · 0.1
        let times = |k: f64| if step < 1.0 { k / (1.0 / step).round() } else { k * step };
        Self { start: times(first), end: times(last), bins: ((last - first) as usize).max(1) }
    }
}

/// The bounds for the variable of a formula; none for a factor.
pub(super) fn of(
    formula: &Formula,
    source: &dyn BlockSource,
    options: &HistogramOptions,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Option<Breaks>> {
    let refuse = |option, reason: String| Err(Error::Option { option, reason });
    if let Some(breaks) = options.num_breaks.filter(|breaks| !(2..=MAX_BREAKS).contains(breaks)) {
        return refuse("num_breaks", format!("{breaks} bounds of bins; give 2 to {MAX_BREAKS}"));
    }
    for (option, bound) in [("start", options.start), ("end", options.end)] {
        if let Some(bound) = bound.filter(|bound| !bound.is_finite()) {
            return refuse(option, format!("{bound} is no bound of a bin; give a finite number"));
        }
    }
    let column = match formula.terms.first().and_then(|term| term.variables.first()) {
        Some(Variable::Column(column)) => column,
        Some(Variable::Factor { .. }) => return Ok(None),
        _ => {
            return Err(Error::Formula {
                formula: formula.text.clone(),
                reason: "a histogram is of a column or of F(column); compute the column before".into(),
            });
        }
    };
    let schema = source.schema();
    let field = schema.field(index_of(&schema, column)?);
    if engine::factor::is_factor(field.data_type()) || *field.data_type() == arrow_schema::DataType::Utf8 {
        return Ok(None);
    }
    let (low, high) = match (options.start, options.end) {
        (Some(start), Some(end)) => (start, end),
        (start, end) => {
            let found = extremes(column, source, scan, executor)?.unwrap_or((0.0, 0.0));
            (start.unwrap_or(found.0), end.unwrap_or(found.1))
        }
    };
    let least = if field.data_type().is_integer() { 1.0 } else { 0.0 };
    let asked = options.num_breaks.is_some() || options.start.is_some() || options.end.is_some();
    if !asked || low == high {
        return Ok(Some(Breaks::round(low, high, least)));
    }
    if low > high {
        return refuse(
            "start",
            format!("the bins would start at {low} and end at {high}; give a start below the end"),
        );
    }
    let bins = options.num_breaks.map_or(USUAL_BINS as usize, |breaks| breaks - 1);
    Ok(Some(Breaks { start: low, end: high, bins }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_bounds() {
        let round = |low, high, least| {
            let breaks = Breaks::round(low, high, least);
            (breaks.start, breaks.end, breaks.bins)
        };
        assert_eq!(round(0.3, 97.0, 0.0), (0.0, 100.0, 20));
        assert_eq!(round(-86.0, 1490.0, 1.0), (-100.0, 1500.0, 16));
        assert_eq!(round(0.0, 1.0, 0.0), (0.0, 1.0, 20));
        assert_eq!(round(1.0, 12.0, 1.0), (1.0, 13.0, 12));
        assert_eq!(round(5.0, 5.0, 1.0), (4.5, 5.5, 1));
        assert_eq!(round(5.0, 5.0, 0.0), (4.5, 5.5, 1));
        let far = Breaks::round(1e15, 1e15 + 40.0, 0.0);
        assert_eq!((far.bin(1e15), far.bin(1e15 + 40.0)), (Some(0), Some(far.bins - 1)));
        let tenths = Breaks { start: 0.0, end: 1.0, bins: 10 };
        for k in 0..10 {
            assert_eq!(tenths.bin(f64::from(k) / 10.0), Some(k as usize));
        }
        assert_eq!((tenths.bin(1.0), tenths.bin(1.01), tenths.bin(f64::NAN)), (Some(9), None, None));
    }
}
