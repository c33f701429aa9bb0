//! Numbers as R prints them: seven significant digits, one format for a column.
//!
//! A column gets as many decimals as its most demanding value needs to show seven significant digits, and no trailing
//! zeros beyond that; the scientific notation is taken when it is narrower (R's `formatReal` with `scipen = 0`).

/// Significant digits.
const DIGITS: usize = 7;

/// One number.
pub(crate) fn number(value: f64) -> String {
    column(&[Some(value)]).swap_remove(0)
}

/// The numbers of one column in one format; `None` is printed as `NA`.
pub(crate) fn column(values: &[Option<f64>]) -> Vec<String> {
    let format = Format::of(values.iter().flatten().copied());
    values.iter().map(|value| value.map_or_else(|| "NA".to_owned(), |value| format.text(value))).collect()
}

enum Format {
    Fixed { decimals: usize },
    Scientific { decimals: usize },
}

impl Format {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut left, mut right, mut significant, mut exponent_digits) = (1, 0, 1, 2);
        let mut negative = 0;
        for value in values.filter(|value| value.is_finite()) {
            let (exponent, digits) = scientific(value);
            let sign = usize::from(value < 0.0);
            negative = negative.max(sign);
            left = left.max(sign + usize::try_from(exponent + 1).unwrap_or(0).max(1));
            right = right.max(usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0));
            significant = significant.max(digits);
            if exponent.abs() >= 100 {
                exponent_digits = 3;
            }
        }
        let point = |decimals: usize| if decimals > 0 { decimals + 1 } else { 0 };
        let fixed = left + point(right);
        let scientific = negative + 1 + point(significant - 1) + 2 + exponent_digits;
        if fixed <= scientific {
            Self::Fixed { decimals: right }
        } else {
            Self::Scientific { decimals: significant - 1 }
        }
    }

    fn text(&self, value: f64) -> String {
        if value.is_nan() {
            return "NaN".into();
        }
        if value.is_infinite() {
            return if value > 0.0 { "Inf" } else { "-Inf" }.into();
        }
        match self {
            Self::Fixed { decimals } => {
                let text = format!("{value:.decimals$}");
                // no minus before nothing but zeros
                if value == 0.0 { text.trim_start_matches('-').to_owned() } else { text }
            }
            Self::Scientific { decimals } => {
                let text = format!("{value:.decimals$e}");
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                format!("{mantissa}e{sign}{exponent:0>2}")
            }
        }
    }
}

/// The decimal exponent, and how many of the seven digits are left without trailing zeros.
fn scientific(value: f64) -> (i32, usize) {
    let text = format!("{:.*e}", DIGITS - 1, value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.trim_end_matches('0').trim_end_matches('.').len();
    // the point is not a digit
    (exponent.parse().unwrap_or(0), if digits > 1 { digits - 1 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_numbers_are_as_in_r() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (11.317_94, "11.31794"),
            (40.688_536_12, "40.68854"),
            (123_456_789.0, "123456789"),
            (1e5, "1e+05"),
            (100_000.5, "100000.5"),
            (123_456.0, "123456"),
            (0.000_1, "1e-04"),
            (0.000_123_4, "0.0001234"),
            (1e-300, "1e-300"),
            (-0.001_858, "-0.001858"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
            (-0.0, "0"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_column_has_one_number_of_decimals() {
        assert_eq!(column(&[Some(9.666_666), Some(19.916_666), None]), ["9.666666", "19.916666", "NA"]);
        assert_eq!(column(&[Some(1.0), Some(0.5), Some(10.25)]), ["1.00", "0.50", "10.25"]);
        assert_eq!(column(&[Some(1e10), Some(1.0)]), ["1e+10", "1e+00"]);
    }
}
