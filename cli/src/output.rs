//! How results look: aligned tables and numbers as R prints them for people, JSON for machines.

mod json;
mod table;
pub(crate) mod variables;

use std::io::{StdoutLock, Write};

pub(crate) use json::{Ordered, print_json};
pub(crate) use table::{Table, cell_texts, cell_value, is_right};

/// The standard output, locked.
pub(crate) fn stdout() -> StdoutLock<'static> {
    std::io::stdout().lock()
}

/// Prints a text for people, ending in exactly one line break.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout();
    writeln!(out, "{}", text.trim_end_matches('\n'))?;
    Ok(out.flush()?)
}

/// A count with separated thousands.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted, with an s unless it is one.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A number of bytes in decimal units.
pub(crate) fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, &["bytes", "kB", "MB", "GB", "TB"])
}

/// A rate, as `1.25 M rows/s` or `310 MB/s`.
pub(crate) fn rates(rows: u64, bytes: Option<u64>, seconds: f64) -> String {
    let seconds = seconds.max(1e-9);
    let rows = format!("{}rows/s", scaled(rows as f64 / seconds, &["", "k ", "M ", "G "]));
    match bytes.filter(|&bytes| bytes > 0) {
        Some(bytes) => {
            format!("{rows}, {}/s", scaled(bytes as f64 / seconds, &["bytes", "kB", "MB", "GB", "TB"]))
        }
        None => rows,
    }
}

/// Seconds with a sensible number of decimals.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds < 0.0995 { format!("{seconds:.3} s") } else { format!("{seconds:.2} s") }
}

/// Three digits and a unit.
fn scaled(mut value: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if unit == 0 || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.decimals$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_rates_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "block"), "1 block");
        assert_eq!(counted(2000, "row"), "2,000 rows");
        assert_eq!(bytes(512), "512 bytes");
        assert_eq!(bytes(738_912_345), "739 MB");
        assert_eq!(bytes(1_250_000_000), "1.25 GB");
        assert_eq!(rates(5_000_000, None, 2.0), "2.50 M rows/s");
        assert_eq!(rates(10, Some(2_000_000), 1.0), "10 rows/s, 2.00 MB/s");
    }
}
