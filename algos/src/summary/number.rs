//! Numbers as R and pandas print a column of them.
//!
//! R gives all numbers of a column the same decimals (`crate::format`). pandas gives six decimals and takes away the
//! zeros that all of them end in.

use crate::format::{format_common, scientific};

/// A column as R formats it, every text of one width; `NA` where there is no number.
pub fn format_r(values: &[Option<f64>], digits: usize) -> Vec<String> {
    let numbers: Vec<f64> = values.iter().copied().flatten().collect();
    let mut numbers = format_common(&numbers, digits).into_iter();
    let text = |value: &Option<f64>| value.and_then(|_| numbers.next()).unwrap_or_else(|| "NA".to_owned());
    let texts: Vec<String> = values.iter().map(text).collect();
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

/// A column as pandas formats it, without padding; `NaN` where there is no number.
pub fn format_pandas(values: &[Option<f64>]) -> Vec<String> {
    let finite = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let exponents = finite().any(|value| value.abs() >= 1e16 || (value != 0.0 && value.abs() < 1e-6));
    let mut texts: Vec<String> = values
        .iter()
        .map(|value| match value {
            None => "NaN".to_owned(),
            Some(value) if value.is_nan() => "NaN".to_owned(),
            Some(value) if value.is_infinite() => if *value > 0.0 { "inf" } else { "-inf" }.to_owned(),
            Some(value) if exponents => scientific(*value, 6),
            Some(value) => format!("{value:.6}"),
        })
        .collect();
    let number = |text: &String| text.ends_with(|c: char| c.is_ascii_digit());
    if !exponents && texts.iter().any(number) {
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
