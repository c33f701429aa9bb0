//! Values with a syntax of their own: sizes, counts, `NAME=VALUE`, levels of factors.

use std::ops::Range;
use std::str::FromStr;

/// A number of bytes: `1073741824`, `512MiB`, `2GB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) usize);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a number of bytes such as 512MiB, 2GB or 1073741824";
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: f64 = number.parse().map_err(|_| EXPECTED.to_owned())?;
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            "t" | "tib" => 1 << 40,
            _ => return Err(EXPECTED.into()),
        };
        let bytes = number * factor as f64;
        if (1.0..9e15).contains(&bytes) { Ok(Self(bytes as usize)) } else { Err(EXPECTED.into()) }
    }
}

/// A number of rows: `1000000`, `1_000_000`, `10M`.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    const EXPECTED: &str = "expected a whole number such as 1000000, 500k or 10M";
    let digits = text.replace(['_', ','], "");
    let (digits, factor) = match digits.to_ascii_lowercase().chars().last() {
        Some('k') => (&digits[..digits.len() - 1], 1_000),
        Some('m') => (&digits[..digits.len() - 1], 1_000_000),
        Some('g') => (&digits[..digits.len() - 1], 1_000_000_000),
        _ => (digits.as_str(), 1),
    };
    let number: u64 = digits.parse().map_err(|_| EXPECTED.to_owned())?;
    number.checked_mul(factor).ok_or_else(|| EXPECTED.into())
}

/// Rows from one to another, counted from 1, both included: `11..20`, `11..`, `..20`, `7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowRange {
    first: u64,
    last: u64,
}

impl RowRange {
    /// The rows counted from 0, without the end.
    pub(crate) fn range(self) -> Range<u64> {
        self.first - 1..self.last
    }
}

impl FromStr for RowRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected rows counted from 1, such as 11..20, 11.. or ..20";
        let end = |text: &str, open: u64| match text.trim() {
            "" => Ok(open),
            text => count(text).map_err(|_| EXPECTED.to_owned()),
        };
        let (first, last) = match text.split_once("..").or_else(|| text.split_once(':')) {
            Some((first, last)) => (end(first, 1)?, end(last, u64::MAX)?),
            None => (count(text).map_err(|_| EXPECTED.to_owned())?, count(text)?),
        };
        if first == 0 {
            return Err("rows are counted from 1".into());
        }
        if last < first {
            return Err(format!("the last row, {last}, is before the first, {first}"));
        }
        Ok(Self { first, last })
    }
}

/// A probability between 0 and 1, neither of them.
pub(crate) fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("expected a number between 0 and 1, such as 0.95".into()),
    }
}

/// A number that is not negative.
pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value >= 0.0 && value.is_finite() => Ok(value),
        _ => Err("expected a number that is not negative, such as 1e-9".into()),
    }
}

/// One character of text, by itself or by name.
pub(crate) fn delimiter(text: &str) -> Result<u8, String> {
    Ok(match text {
        "tab" | "\\t" => b'\t',
        "space" | "blank" => b' ',
        "comma" => b',',
        "semicolon" => b';',
        "pipe" => b'|',
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => *byte,
            _ => return Err("expected one ASCII character, or tab, space, comma, semicolon, pipe".into()),
        },
    })
}

/// The quote character of text, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote(pub(crate) Option<u8>);

/// One character, or `none`.
pub(crate) fn quote(text: &str) -> Result<Quote, String> {
    if text == "none" { Ok(Quote(None)) } else { delimiter(text).map(|byte| Quote(Some(byte))) }
}

/// `NAME=VALUE`, both trimmed; the name may be in back quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match split(text) {
            (name, Some(value)) if !name.is_empty() => Ok(Self { name, value: value.trim().to_owned() }),
            _ => Err("expected NAME=VALUE".into()),
        }
    }
}

/// `NAME` or `NAME=L1,L2,...`; a level that holds a comma is put in double quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Factor {
    pub(crate) name: String,
    pub(crate) levels: Option<Vec<String>>,
}

impl FromStr for Factor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, levels) = split(text);
        if name.is_empty() {
            return Err("expected NAME or NAME=LEVEL,LEVEL,...".into());
        }
        let levels = levels.map(split_levels).transpose()?;
        if let Some(levels) = &levels
            && let Some(twice) =
                levels.iter().enumerate().find(|(index, level)| levels[..*index].contains(level))
        {
            return Err(format!("the level '{}' is given twice", twice.1));
        }
        Ok(Self { name, levels })
    }
}

/// The name, without back quotes, and what follows the first `=` after it.
fn split(text: &str) -> (String, Option<&str>) {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('`')
        && let Some(end) = quoted.find('`')
    {
        let rest = quoted[end + 1..].trim_start();
        return (quoted[..end].to_owned(), rest.strip_prefix('='));
    }
    match text.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), Some(value)),
        None => (text.trim().to_owned(), None),
    }
}

fn split_levels(text: &str) -> Result<Vec<String>, String> {
    let mut levels = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                levels.last_mut().into_iter().for_each(|level| level.push('"'));
            }
            ('"', _) => quoted = !quoted,
            (',', false) => levels.push(String::new()),
            (c, _) => levels.last_mut().into_iter().for_each(|level| level.push(c)),
        }
    }
    if quoted { Err("a double quote is not closed".into()) } else { Ok(levels) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        for (text, bytes) in [("1GiB", 1 << 30), ("2GB", 2_000_000_000), ("1.5k", 1536), ("64", 64)] {
            assert_eq!(text.parse::<ByteSize>().unwrap().0, bytes, "{text}");
        }
        for text in ["", "GB", "0", "-1", "3 parsecs"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_have_suffixes() {
        assert_eq!(count("10M"), Ok(10_000_000));
        assert_eq!(count("1_000"), Ok(1000));
        assert!(count("M").is_err());
        assert!(count("-5").is_err());
        assert!(count("99999999999G").is_err());
    }

    #[test]
    fn rows_are_counted_from_one() {
        for (text, range) in
            [("11..20", 10..20), ("11:20", 10..20), ("5..", 4..u64::MAX), ("..1k", 0..1000), ("7", 6..7)]
        {
            assert_eq!(text.parse::<RowRange>().unwrap().range(), range, "{text}");
        }
        for text in ["", "0..5", "9..3", "a..b", "1..2..3", "-1"] {
            assert!(text.parse::<RowRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn levels_may_be_quoted_and_names_too() {
        let factor: Factor = "`a=b`=x,\"y, z\",\"say \"\"so\"\"\",".parse().unwrap();
        assert_eq!(factor.name, "a=b");
        assert_eq!(factor.levels.unwrap(), ["x", "y, z", "say \"so\"", ""]);
        assert_eq!("DayOfWeek".parse(), Ok(Factor { name: "DayOfWeek".into(), levels: None }));
        assert!("x=a,b,a".parse::<Factor>().is_err());
        assert!("=a".parse::<Factor>().is_err());
        let computed: Assignment = "Late = ArrDelay >= 15".parse().unwrap();
        assert_eq!((computed.name.as_str(), computed.value.as_str()), ("Late", "ArrDelay >= 15"));
        assert!("Late".parse::<Assignment>().is_err());
    }
}
