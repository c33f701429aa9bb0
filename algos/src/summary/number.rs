//! Numbers as R and pandas print a column of them.
//!
//! R gives all numbers of a column the same decimals, as many as the number that needs most of them to show seven
//! significant digits, and changes to scientific notation where that is narrower. pandas gives six decimals and takes
//! away the zeros that all of them end in.

/// A column as R formats it, every text of one width; `NA` where there is no number.
pub fn format_r(values: &[Option<f64>], digits: usize) -> Vec<String> {
    let parts: Vec<Scientific> = values
        .iter()
        .flatten()
        .filter(|value| value.is_finite())
        .map(|&value| Scientific::of(value, digits))
        .collect();
    let decimals =
        parts.iter().map(|part| part.digits - part.exponent - 1).max().unwrap_or(0).max(0) as usize;
    let whole = parts.iter().map(|part| part.negative + part.exponent.max(0) + 1).max().unwrap_or(0);
    let fixed_width = whole + if decimals > 0 { decimals as i32 + 1 } else { 0 };
    let digits_shown = parts.iter().map(|part| part.digits).max().unwrap_or(1);
    let negative = parts.iter().map(|part| part.negative).max().unwrap_or(0);
    let exponent_width = if parts.iter().any(|part| part.exponent.abs() >= 100) { 5 } else { 4 };
    let mantissa = if digits_shown > 1 { digits_shown + 1 } else { 1 };
    let scientific = fixed_width > negative + mantissa + exponent_width;
    let texts: Vec<String> = values
        .iter()
        .map(|value| match value {
            None => "NA".to_owned(),
            Some(value) if value.is_nan() => "NaN".to_owned(),
            Some(value) if value.is_infinite() => if *value > 0.0 { "Inf" } else { "-Inf" }.to_owned(),
            Some(value) if scientific => exponential(*value, digits_shown as usize - 1),
            Some(value) => format!("{value:.decimals$}"),
        })
        .collect();
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

/// A column as pandas formats it, without padding; `NaN` where there is no number.
pub fn format_pandas(values: &[Option<f64>]) -> Vec<String> {
    let finite = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let scientific = finite().any(|value| value.abs() >= 1e16 || (value != 0.0 && value.abs() < 1e-6));
    let mut texts: Vec<String> = values
        .iter()
        .map(|value| match value {
            None => "NaN".to_owned(),
            Some(value) if value.is_nan() => "NaN".to_owned(),
            Some(value) if value.is_infinite() => if *value > 0.0 { "inf" } else { "-inf" }.to_owned(),
            Some(value) if scientific => exponential(*value, 6),
            Some(value) => format!("{value:.6}"),
        })
        .collect();
    let number = |text: &String| text.ends_with(|c: char| c.is_ascii_digit());
    if !scientific && texts.iter().any(number) {
        while texts
            .iter()
            .filter(|text| number(text))
            .all(|text| text.ends_with('0') && !text.ends_with(".0"))
        {
            texts.iter_mut().filter(|text| number(text)).for_each(|text| {
                text.pop();
            });
        }
    }
    texts
}

/// The significant digits that are needed of a number, and its decimal exponent.
struct Scientific {
    negative: i32,
    exponent: i32,
    digits: i32,
}

impl Scientific {
    fn of(value: f64, digits: usize) -> Self {
        let negative = i32::from(value < 0.0);
        let text = format!("{:.*e}", digits.saturating_sub(1), value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let needed = mantissa.trim_end_matches('0').bytes().filter(u8::is_ascii_digit).count().max(1);
        Self { negative, exponent: exponent.parse().unwrap_or(0), digits: needed as i32 }
    }
}

/// With at least two digits of exponent and its sign.
fn exponential(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => match exponent.strip_prefix('-') {
            Some(digits) => format!("{mantissa}e-{digits:0>2}"),
            None => format!("{mantissa}e+{exponent:0>2}"),
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(values: &[f64]) -> Vec<String> {
        format_r(&values.iter().map(|&value| Some(value)).collect::<Vec<_>>(), 7)
    }

    #[test]
    fn columns_of_microsofts_documentation() {
        assert_eq!(r(&[11.317_935_5, 13.482_268_2]), ["11.31794", "13.48227"]);
        assert_eq!(r(&[40.688_535_9, 4.697_565_65]), ["40.688536", " 4.697566"]);
        assert_eq!(r(&[-86.0, f64::from(0.016_667_f32)]), ["-86.000000", "  0.016667"]);
        assert_eq!(r(&[1490.0, f64::from(23.983_334_f32)]), ["1490.00000", "  23.98333"]);
        assert_eq!(
            r(&[5_000_001.2, 1.382_177, 0.059_601_4]),
            ["5.000001e+06", "1.382177e+00", "5.960140e-02"]
        );
        assert_eq!(r(&[20.0, 0.0, 2.0, 21.0]), ["20", " 0", " 2", "21"]);
        assert_eq!(r(&[65.0, 354_000.0]), ["    65", "354000"]);
        assert_eq!(r(&[600_000.0]), ["6e+05"]);
        assert_eq!(r(&[0.828_066_1, 0.435_866_3, 1.765_298_1]), ["0.8280661", "0.4358663", "1.7652981"]);
    }

    #[test]
    fn what_is_not_a_number() {
        assert_eq!(format_r(&[None, Some(1.5), Some(f64::NEG_INFINITY)], 7), ["  NA", " 1.5", "-Inf"]);
        assert_eq!(format_r(&[], 7), Vec::<String>::new());
        assert_eq!(format_r(&[None], 7), ["NA"]);
        assert_eq!(format_pandas(&[None, Some(2.0)]), ["NaN", "2.0"]);
        assert_eq!(format_pandas(&[None]), ["NaN"]);
    }

    #[test]
    fn pandas_columns() {
        let format =
            |values: &[f64]| format_pandas(&values.iter().map(|&value| Some(value)).collect::<Vec<_>>());
        assert_eq!(format(&[3.758_666_67]), ["3.758667"]);
        assert_eq!(format(&[1.764_42]), ["1.76442"]);
        assert_eq!(format(&[150.0, 1.0]), ["150.0", "1.0"]);
        assert_eq!(format(&[1e-9]), ["1.000000e-09"]);
    }
}
