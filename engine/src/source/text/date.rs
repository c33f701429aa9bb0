//! Dates and timestamps in ISO 8601, both ways.
//!
//! Days are counted from 1970-01-01 in the proleptic Gregorian calendar, by the arithmetic of H. Hinnant
//! ("chrono-compatible low-level date algorithms"): years start in March, so that the leap day comes last, and 400
//! years have the same number of days always.

use arrow_schema::TimeUnit;

/// Units of a second.
pub(crate) const fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// A point in time as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    /// Wide enough for any day that can be written.
    seconds: i128,
    nanoseconds: i64,
    /// Whether an offset from UTC is given; the time is then in UTC.
    pub(crate) with_offset: bool,
}

impl Instant {
    /// In units of `1 / per_second` seconds; `None` when it is too far away or has finer parts.
    pub(crate) fn in_units(self, per_second: i64) -> Option<i64> {
        let finer = 1_000_000_000 / per_second;
        if self.nanoseconds % finer != 0 {
            return None;
        }
        let value = self.seconds * i128::from(per_second) + i128::from(self.nanoseconds / finer);
        i64::try_from(value).ok()
    }
}

/// Days from 1970-01-01 to a `YYYY-MM-DD` or `YYYY/MM/DD`.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let (days, rest) = leading_date(text)?;
    rest.is_empty().then_some(days).and_then(|days| i32::try_from(days).ok())
}

/// A date, or a date and a time of day after `T` or a blank: `HH:MM[:SS[.fraction]]`, then perhaps `Z` or `+HH:MM`.
pub(crate) fn timestamp(text: &[u8]) -> Option<Instant> {
    let (days, rest) = leading_date(text)?;
    let midnight = i128::from(days) * 86_400;
    let Some((separator, rest)) = rest.split_first() else {
        return Some(Instant { seconds: midnight, nanoseconds: 0, with_offset: false });
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (hour, rest) = two_digits(rest)?;
    let (minute, mut rest) = two_digits(rest.strip_prefix(b":")?)?;
    let (mut second, mut nanoseconds) = (0, 0);
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = two_digits(after)?;
        if let Some(after) = rest.strip_prefix(b".") {
            let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            let (fraction, after) = after.split_at(digits);
            nanoseconds = number(fraction)? * 10_i64.pow(9 - digits as u32);
            rest = after;
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = if rest.is_empty() { None } else { Some(offset_seconds(rest)?) };
    let seconds = midnight + i128::from(hour * 3600 + minute * 60 + second - offset.unwrap_or(0));
    Some(Instant { seconds, nanoseconds, with_offset: offset.is_some() })
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text.split_first()? {
        (b'Z' | b'z', []) => return Some(0),
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = two_digits(rest)?;
    let minutes = match rest.strip_prefix(b":").unwrap_or(rest) {
        [] => 0,
        rest => two_digits(rest).filter(|(minutes, rest)| *minutes < 60 && rest.is_empty())?.0,
    };
    (hours < 24).then_some(sign * (hours * 3600 + minutes * 60))
}

fn leading_date(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, unsigned) = match text.first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let digits = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(4..=12).contains(&digits) {
        return None;
    }
    let (year, rest) = unsigned.split_at(digits);
    let year = number(year)? * if negative { -1 } else { 1 };
    let (separator, rest) = rest.split_first().filter(|(byte, _)| matches!(byte, b'-' | b'/'))?;
    let (month, rest) = two_digits(rest)?;
    let (day, rest) = two_digits(rest.strip_prefix(&[*separator])?)?;
    Some((days_of_date(year, month, day)?, rest))
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar; nothing where there is no such date.
pub fn days_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=longest).contains(&day).then(|| days_from_civil(year, month, day))
}

fn two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    Some((number(digits)?, rest))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0_i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn date_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Writes a date as `YYYY-MM-DD`; years outside of 0 to 9999 get a sign.
pub(crate) fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = date_of_days(days);
    let text = match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+05}-{month:02}-{day:02}"),
    };
    out.extend_from_slice(text.as_bytes());
}

/// Writes a timestamp; the fraction of the second has only the digits that it needs.
pub(crate) fn write_timestamp(value: i64, unit: TimeUnit, separator: char, utc: bool, out: &mut Vec<u8>) {
    let per_second = per_second(unit);
    let (seconds, fraction) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    write_date(seconds.div_euclid(86_400), out);
    let of_day = seconds.rem_euclid(86_400);
    let mut text = format!("{separator}{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
    if fraction != 0 {
        let nanoseconds = fraction * (1_000_000_000 / per_second);
        let digits = format!(".{nanoseconds:09}");
        text.push_str(digits.trim_end_matches('0'));
    }
    if utc {
        text.push('Z');
    }
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_known_dates() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2026/11/20", Some(20_777)),
            ("0000-03-01", Some(-719_468)),
            ("1900-02-29", None),
            ("2001-13-01", None),
            ("2001-00-01", None),
            ("2001-01-32", None),
            ("2001-01/02", None),
            ("2001-1-2", None),
            ("01-01-2001", None),
            ("2001-01-01x", None),
        ] {
            assert_eq!(date(text.as_bytes()), days, "{text}");
        }
    }

    #[test]
    fn every_day_comes_back() {
        for days in (-1_000_000..1_000_000).step_by(37).chain([i64::from(i32::MIN), i64::from(i32::MAX)]) {
            let mut out = Vec::new();
            write_date(days, &mut out);
            assert_eq!(date(&out).map(i64::from), Some(days), "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn timestamps_in_every_unit_come_back() {
        for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
            for value in [0, 1, -1, 1_234_567_890_123_456_789, -1_234_567_890_123_456_789, i64::MAX, i64::MIN]
            {
                for utc in [false, true] {
                    let mut out = Vec::new();
                    write_timestamp(value, unit, ' ', utc, &mut out);
                    let read = timestamp(&out).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&out)));
                    assert_eq!(
                        read.in_units(per_second(unit)),
                        Some(value),
                        "{}",
                        String::from_utf8_lossy(&out)
                    );
                    assert_eq!(read.with_offset, utc);
                }
            }
        }
    }

    #[test]
    fn times_of_day() {
        let micros = |text: &str| timestamp(text.as_bytes()).and_then(|instant| instant.in_units(1_000_000));
        assert_eq!(micros("1970-01-02"), Some(86_400_000_000));
        assert_eq!(micros("1970-01-01T00:01"), Some(60_000_000));
        assert_eq!(micros("1970-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(micros("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(micros("1970-01-01T00:00:00-0030"), Some(1_800_000_000));
        for bad in [
            "1970-01-01T",
            "1970-01-01T24:00",
            "1970-01-01T00:60",
            "1970-01-01 00:00:00.",
            "1970-01-01x00:00",
            "1970-01-01T00:00:00Zx",
            "1970-01-01T00:00:00.1234567",
        ] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }
}
