//! Numbers in text as R writes them.
//!
//! R's `format` gives all numbers of a column one number of decimals: the fewest with which the number that needs most of
//! them still shows `digits` significant digits. It writes all of them in scientific notation when that is shorter.
//! `print`, `format.pval` and `printCoefmat` are built on it (R's `format.c`, `format.R`, `printCoefmat.R`), and with them
//! the tables that RevoScaleR prints.

use std::fmt::Write as _;

/// A number rounded to significant digits: its sign, how many digits are left without trailing zeros, its power of ten.
struct Parts {
    negative: bool,
    digits: usize,
    exponent: i32,
}

fn parts(x: f64, digits: usize) -> Parts {
    let text = format!("{:.*e}", digits.max(1) - 1, x.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let trimmed = mantissa.trim_end_matches('0');
    let used = trimmed.chars().filter(char::is_ascii_digit).count();
    Parts { negative: x < 0.0, digits: used.max(1), exponent: exponent.parse().unwrap_or(0) }
}

/// Numbers in the common format of a column, each without padding. Not-a-number is `NaN`.
pub(crate) fn format_common(numbers: &[f64], digits: usize) -> Vec<String> {
    let finite: Vec<Parts> = numbers.iter().filter(|x| x.is_finite()).map(|&x| parts(x, digits)).collect();
    let negative = usize::from(finite.iter().any(|part| part.negative));
    let decimals =
        finite.iter().map(|part| (part.digits as i32 - part.exponent - 1).max(0)).max().unwrap_or(0) as usize;
    let left = |part: &Parts| usize::from(part.negative) + part.exponent.max(0) as usize + 1;
    let fixed_width =
        finite.iter().map(left).max().unwrap_or(1) + if decimals > 0 { decimals + 1 } else { 0 };
    let mantissa = finite.iter().map(|part| part.digits).max().unwrap_or(1) - 1;
    let long = finite.iter().any(|part| part.exponent.abs() >= 100);
    let scientific_width =
        negative + 1 + if mantissa > 0 { mantissa + 1 } else { 0 } + if long { 5 } else { 4 };
    let fixed = fixed_width <= scientific_width;
    numbers
        .iter()
        .map(|&x| {
            if !x.is_finite() {
                special(x)
            } else if fixed {
                format!("{x:.decimals$}")
            } else {
                scientific(x, mantissa)
            }
        })
        .collect()
}

fn special(x: f64) -> String {
    if x.is_nan() {
        "NaN".into()
    } else if x > 0.0 {
        "Inf".into()
    } else {
        "-Inf".into()
    }
}

/// `1.5e-06`: the exponent has a sign and two digits or more.
pub(crate) fn scientific(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// One number as `format(x, digits)` or `cat(x)`.
pub(crate) fn format_one(x: f64, digits: usize) -> String {
    format_common(&[x], digits).pop().unwrap_or_default()
}

/// A count, or a sum of weights: written out, with decimals only if it has some.
pub(crate) fn format_count(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).to_string() } else { format!("{value}") }
}

/// C's `%.{digits}g`, as `formatC(x, digits)` gives it: at least one column wider than the digits.
pub(crate) fn format_c(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return special(x);
    }
    let exponent = parts(x, digits).exponent;
    let text = if exponent < -4 || exponent >= digits as i32 {
        let text = scientific(x, digits - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        let mantissa = if mantissa.contains('.') {
            mantissa.trim_end_matches('0').trim_end_matches('.')
        } else {
            mantissa
        };
        format!("{mantissa}e{exponent}")
    } else {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        let text = format!("{x:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    format!("{text:>width$}", width = digits + 1)
}

/// `round(x, decimals)`; more decimals than a number has leave it alone.
pub(crate) fn round(x: f64, decimals: i32) -> f64 {
    if !x.is_finite() || decimals > 15 {
        return x;
    }
    if decimals < 0 {
        let unit = 10.0_f64.powi(-decimals);
        return (x / unit).round() * unit;
    }
    format!("{x:.*}", decimals as usize).parse().unwrap_or(x)
}

/// `format.pval(p, digits, eps)`: values that fixed notation shows and those that it does not have a format each.
pub(crate) fn format_p_values(p: &[f64], digits: usize, epsilon: f64) -> Vec<String> {
    let least = if digits > 1 { -4.0 } else { -3.0 };
    let shows = |p: f64| p == 0.0 || p.log10().floor() >= least;
    let of = |wanted: bool| {
        let chosen: Vec<f64> =
            p.iter().copied().filter(|&p| !p.is_nan() && p >= epsilon && shows(p) == wanted).collect();
        format_common(&chosen, digits)
    };
    let (mut fixed, mut small) = (of(true).into_iter(), of(false).into_iter());
    p.iter()
        .map(|&p| {
            if p.is_nan() {
                "NaN".into()
            } else if p < epsilon {
                format!("< {}", format_one(epsilon, digits.max(3) - 2))
            } else if shows(p) {
                fixed.next().unwrap_or_default()
            } else {
                small.next().unwrap_or_default()
            }
        })
        .collect()
}

/// The stars of a p value.
pub(crate) fn stars(p: f64) -> &'static str {
    match p {
        p if p <= 0.001 => "***",
        p if p <= 0.01 => "**",
        p if p <= 0.05 => "*",
        p if p <= 0.1 => ".",
        _ => "",
    }
}

/// What the stars mean.
pub(crate) const STARS: &str = "Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1";

/// Columns of a table, right-justified under their headings beside left-justified row names, as R prints a matrix.
pub(crate) fn matrix(row_names: &[String], columns: &[(String, Vec<String>)]) -> String {
    let width =
        |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let names = width(&mut row_names.iter());
    let widths: Vec<usize> =
        columns.iter().map(|(head, cells)| width(&mut std::iter::once(head).chain(cells))).collect();
    let mut text = " ".repeat(names);
    for ((head, _), width) in columns.iter().zip(&widths) {
        text.push_str(&format_cell(head, *width));
    }
    text.push('\n');
    for (row, name) in row_names.iter().enumerate() {
        text.push_str(name);
        text.push_str(&" ".repeat(names - name.chars().count()));
        for ((_, cells), width) in columns.iter().zip(&widths) {
            text.push_str(&format_cell(cells.get(row).map_or("", String::as_str), *width));
        }
        text.push('\n');
    }
    text
}

/// Numbers as R prints a vector: lines of at most 80 characters, each with the number of its first one in brackets.
pub(crate) fn vector(numbers: &[f64], digits: usize) -> String {
    let cells = format_common(numbers, digits);
    let width = cells.iter().map(String::len).max().unwrap_or(0) + 1;
    let label = format!("[{}]", cells.len()).len();
    let line = ((80 - label) / width).max(1);
    let mut text = String::new();
    for (at, cells) in cells.chunks(line).enumerate() {
        let _ = write!(text, "{:>label$}", format!("[{}]", at * line + 1));
        for cell in cells {
            text.push_str(&format_cell(cell, width - 1));
        }
        text.push('\n');
    }
    text
}

fn format_cell(text: &str, width: usize) -> String {
    format!(" {}{text}", " ".repeat(width.saturating_sub(text.chars().count())))
}

/// A table as R prints a data frame with `right = FALSE, row.names = FALSE`.
pub(crate) fn flush_left(columns: &[(&str, Vec<String>)]) -> String {
    let widths: Vec<usize> = columns.iter().map(column_width).collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (cell, &width) in cells.zip(&widths) {
            let _ = write!(text, " {cell:<width$}");
        }
        text.push('\n');
    };
    line(&mut columns.iter().map(|(name, _)| *name));
    for row in 0..columns.first().map_or(0, |(_, cells)| cells.len()) {
        line(&mut columns.iter().map(|(_, cells)| cells[row].as_str()));
    }
    text
}

/// Texts padded on the left to one width.
pub(crate) fn flush_right(texts: Vec<String>) -> Vec<String> {
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

/// The width of a column with its heading.
pub(crate) fn column_width((name, cells): &(&str, Vec<String>)) -> usize {
    cells.iter().map(|cell| cell.chars().count()).chain([name.chars().count()]).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_decimals() {
        // coefficients of AirlineDemoSmall and of fourthgraders as printed
        let numbers = [10.331_805_81, 1.693_798_13, 0.962_001_9, -0.175_266_77];
        assert_eq!(format_common(&numbers, 7), ["10.3318058", "1.6937981", "0.9620019", "-0.1752668"]);
        let numbers = [47.333_333_333_3, -0.010_752_688, -0.083_333_333, 0.405_797_101];
        assert_eq!(format_common(&numbers, 7), ["47.33333333", "-0.01075269", "-0.08333333", "0.40579710"]);
        assert_eq!(format_common(&[91.317_1, 103.099, 77.673], 4), ["91.32", "103.10", "77.67"]);
        assert_eq!(format_common(&[1e10, 1.0], 7), ["1e+10", "1e+00"]);
        assert_eq!(format_common(&[123_456.0, 0.5], 7), ["123456.0", "0.5"]);
        assert_eq!(format_common(&[0.000_012_345], 7), ["1.2345e-05"]);
        // a sign takes room beside the number that it belongs to, not beside the longest one
        assert_eq!(format_common(&[100_000.0, -1.0], 7), ["100000", "-1"]);
        assert_eq!(format_common(&[], 7), Vec::<String>::new());
        assert_eq!(format_one(180_800.0, 7), "180800");
        assert_eq!(format_one(10.5595, 7), "10.5595");
        assert_eq!(format_one(11_904_202.0, 7), "11904202");
        assert_eq!(format_one(f64::NAN, 7), "NaN");
    }

    #[test]
    fn vectors_are_numbered() {
        assert_eq!(vector(&[15.151, 39.820_968, 23.879_474], 7), "[1] 15.15100 39.82097 23.87947\n");
        let text = vector(&(0..30).map(f64::from).collect::<Vec<_>>(), 7);
        assert_eq!(text.lines().last(), Some("[26] 25 26 27 28 29"));
        assert!(text.starts_with(" [1]  0  1"), "{text}");
    }

    #[test]
    fn formats_of_c() {
        assert_eq!(format_c(0.001_868_9, 4), "0.001869");
        assert_eq!(format_c(181.84, 4), "181.8");
        assert_eq!(format_c(9_284.3, 4), " 9284");
        assert_eq!(format_c(12_819.0, 4), "1.282e+04");
        assert_eq!(format_c(0.000_164, 4), "0.000164");
    }

    #[test]
    fn p_values() {
        let eps = f64::EPSILON;
        assert_eq!(
            format_p_values(&[eps, 9.16e-5, 0.276_42, 0.084_13, 8.68e-12], 3, eps),
            ["2.22e-16", "9.16e-05", "0.2764", "0.0841", "8.68e-12"]
        );
        // format.pval of R 4.2
        assert_eq!(
            format_p_values(&[0.230_843, 0.000_304, 1.36e-7, 0.009_375], 3, eps),
            ["0.230843", "0.000304", "1.36e-07", "0.009375"]
        );
        assert_eq!(format_p_values(&[1e-200], 4, eps), ["< 2.2e-16"]);
        assert_eq!(format_p_values(&[0.000_998], 4, eps), ["0.000998"]);
    }
}
