//! Histograms as bars of characters.

use std::fmt::Write as _;

use super::{Bars, Histogram, Panel};
use crate::format::{flush_right, format_common, format_count};
use crate::heading::Heading;

/// Significant digits, as R prints them.
const DIGITS: usize = 7;
/// Eighths of a character, from none to seven.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Characters of the longest bar at least.
const LEAST: usize = 10;

impl Histogram {
    /// The counts of rows and a line for each bar, up to `width` characters wide, with counts or percentages; `data` names
    /// the source.
    pub fn render(&self, data: &str, percent: bool, width: usize) -> String {
        let heading = Heading {
            call: None,
            kind: "Histogram",
            formula: &self.formula,
            data: Some(data),
            weights: &self.weights,
            offset: None,
            responses: &[],
            coefficients: None,
            valid: self.valid_obs,
            missing: self.missing_obs,
        };
        let mut text = String::new();
        // writing to a string does not fail
        let _ = heading.write(&mut text);
        if self.outside != 0.0 {
            let _ = writeln!(text, "Not in any bar: {}", format_count(self.outside));
        }
        let _ = writeln!(text, "Statistic: {}", if percent { "percent" } else { "counts" });
        let labels = self.labels();
        let values: Vec<Vec<f64>> = self
            .panels
            .iter()
            .map(|panel| if percent { panel.percentages() } else { panel.counts.clone() })
            .collect();
        let most = values.iter().flatten().copied().filter(|x| x.is_finite()).fold(0.0, f64::max);
        for (panel, values) in self.panels.iter().zip(&values) {
            text.push('\n');
            if !panel.levels.is_empty() {
                let _ = writeln!(text, "{}:", panel.title());
            }
            let numbers = if percent {
                values.iter().map(|x| format!("{x:.2}")).collect()
            } else if values.iter().all(|x| x.fract() == 0.0) {
                values.iter().map(|&x| format_count(x)).collect()
            } else {
                format_common(values, DIGITS)
            };
            let numbers = flush_right(numbers);
            let beside = labels.first().map_or(0, |label| label.chars().count())
                + numbers.first().map_or(0, |number| number.chars().count())
                + 2;
            let room = width.saturating_sub(beside).max(LEAST);
            for ((label, number), value) in labels.iter().zip(&numbers).zip(values) {
                let line = format!("{label} {number} {}", bar(value / most, room));
                text += line.trim_end();
                text.push('\n');
            }
        }
        text
    }

    /// What the bars stand for, all of one width.
    fn labels(&self) -> Vec<String> {
        match &self.bars {
            Bars::Levels(levels) => {
                let width = levels.iter().map(|level| level.chars().count()).max().unwrap_or(0);
                levels.iter().map(|level| format!("{level:<width$}")).collect()
            }
            Bars::Bins(breaks) => {
                let bounds = flush_right(format_common(breaks, DIGITS));
                let last = bounds.len().saturating_sub(2);
                let pairs = bounds.windows(2).enumerate();
                let closing = |bin| if bin == last { ']' } else { ')' };
                pairs.map(|(bin, pair)| format!("[{}, {}{}", pair[0], pair[1], closing(bin))).collect()
            }
        }
    }
}

impl Panel {
    /// The levels that it is of: `sex = Male, state = Washington`.
    pub fn title(&self) -> String {
        let levels: Vec<String> =
            self.levels.iter().map(|(name, level)| format!("{name} = {level}")).collect();
        levels.join(", ")
    }
}

/// A bar of a share of the room.
fn bar(share: f64, room: usize) -> String {
    if !(share > 0.0 && share <= 1.0) {
        return String::new();
    }
    let eighths = (share * (8 * room) as f64).round() as usize;
    // what is there can be seen
    let eighths = eighths.max(1);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}
