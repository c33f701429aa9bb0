//! Fisher's exact test of a table of two by two.
//!
//! Given its margins, the first entry of the table is of Fisher's noncentral hypergeometric distribution, with the odds
//! ratio as parameter. Probabilities come by their ratios from the mode outwards until they vanish, so the work grows with
//! the root of the counts, and no logarithms of factorials cancel. The odds ratio is the one with which the entry is
//! expected (the conditional maximum likelihood estimate), the limits of the interval those with which a value as far out
//! has half the probability that is left (Cornfield 1956; R's `fisher.test`).

/// The largest sum of a table that is tested: its terms are some hundred thousand.
const MAX_TOTAL: f64 = 1e10;
/// Terms that add nothing to a sum.
const NEGLIGIBLE: f64 = 1e-20;
/// Probabilities within this factor are as likely as that observed, as in R.
const AS_LIKELY: f64 = 1.0 + 1e-7;

/// Fisher's exact test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fisher {
    /// The probability of tables that are at most as likely as that observed, two-sided.
    pub p_value: f64,
    /// The conditional maximum likelihood estimate of the odds ratio; 0 or infinite at the ends.
    pub odds_ratio: f64,
    /// The interval of the odds ratio.
    pub interval: (f64, f64),
}

/// The exact test of a table by rows, with an interval that has the odds ratio with probability `confidence` (0 to 1).
///
/// None of entries that are negative, not whole or more than 10¹⁰ together.
pub fn fisher(table: &[f64; 4], confidence: f64) -> Option<Fisher> {
    let total: f64 = table.iter().sum();
    let whole = table.iter().all(|x| *x >= 0.0 && x.fract() == 0.0);
    if !whole || total > MAX_TOTAL || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let [a, b, c, d] = table.map(|x| x as i64);
    let entry =
        Entry { row: a + b, column: a + c, others: b + d, low: (a - d).max(0), high: (a + b).min(a + c) };
    let tail = 0.5 * (1.0 - confidence);
    let centre = ((a as f64 + 0.5) * (d as f64 + 0.5) / (b as f64 + 0.5) / (c as f64 + 0.5)).ln();
    let solve = |of: &dyn Fn(f64) -> f64| solve(centre, |ln| of(f64::exp(ln)));
    let (at_low, at_high) = (a == entry.low, a == entry.high);
    let limit = |at_end: bool, end: f64, of: &dyn Fn(f64) -> f64| if at_end { end } else { solve(of) };
    let odds_ratio =
        if at_low { 0.0 } else { limit(at_high, f64::INFINITY, &|odds| entry.mean(odds) - a as f64) };
    Some(Fisher {
        p_value: entry.two_sided(a),
        odds_ratio,
        interval: (
            limit(at_low, 0.0, &|odds| entry.at_least(a, odds) - tail),
            limit(at_high, f64::INFINITY, &|odds| tail - entry.at_most(a, odds)),
        ),
    })
}

/// The first entry of a table with these margins, from `low` to `high`.
struct Entry {
    row: i64,
    column: i64,
    /// The second column.
    others: i64,
    low: i64,
    high: i64,
}

impl Entry {
    /// The probability of `x + 1` by that of `x`.
    fn ratio(&self, x: i64, odds: f64) -> f64 {
        let above = (self.column - x) as f64 * (self.row - x) as f64;
        let below = (x + 1) as f64 * (self.others - self.row + x + 1) as f64;
        above / below * odds
    }

    /// Where ratios fall below 1.
    fn mode(&self, odds: f64) -> i64 {
        let (mut low, mut high) = (self.low, self.high);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ratio(middle, odds) >= 1.0 { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Hands over values and their probabilities relative to the mode's, down to `least`.
    fn walk(&self, odds: f64, least: f64, mut visit: impl FnMut(i64, f64)) {
        let mode = self.mode(odds);
        visit(mode, 1.0);
        let mut weight = 1.0;
        for x in mode..self.high {
            weight *= self.ratio(x, odds);
            if weight <= least {
                break;
            }
            visit(x + 1, weight);
        }
        weight = 1.0;
        for x in (self.low..mode).rev() {
            weight /= self.ratio(x, odds);
            if weight <= least {
                break;
            }
            visit(x, weight);
        }
    }

    fn mean(&self, odds: f64) -> f64 {
        let (mode, mut total, mut sum) = (self.mode(odds), 0.0, 0.0);
        self.walk(odds, NEGLIGIBLE, |x, weight| {
            total += weight;
            sum += weight * (x - mode) as f64;
        });
        mode as f64 + sum / total
    }

    fn probability(&self, odds: f64, least: f64, of: impl Fn(i64, f64) -> bool) -> f64 {
        let (mut total, mut sum) = (0.0, 0.0);
        self.walk(odds, least, |x, weight| {
            total += weight;
            sum += if of(x, weight) { weight } else { 0.0 };
        });
        sum / total
    }

    fn at_least(&self, value: i64, odds: f64) -> f64 {
        self.probability(odds, NEGLIGIBLE, |x, _| x >= value)
    }

    fn at_most(&self, value: i64, odds: f64) -> f64 {
        self.probability(odds, NEGLIGIBLE, |x, _| x <= value)
    }

    fn two_sided(&self, value: i64) -> f64 {
        let mut observed = 0.0;
        self.walk(1.0, 0.0, |x, weight| observed = if x == value { weight } else { observed });
        self.probability(1.0, 0.0, |_, weight| weight <= observed * AS_LIKELY).min(1.0)
    }
}

/// The exponential of where a rising function is 0, searched for from `start`, to the last bits.
fn solve(start: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high, mut step) = (start, start, 1.0);
    while of(low) > 0.0 && step < 1e4 {
        low -= step;
        step *= 2.0;
    }
    step = 1.0;
    while of(high) < 0.0 && step < 1e4 {
        high += step;
        step *= 2.0;
    }
    while high - low > 1e-14 * (1.0 + high.abs()) {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if of(middle) < 0.0 { low = middle } else { high = middle }
    }
    (0.5 * (low + high)).exp()
}
