//! The Gregorian calendar, as far as a table of flights needs it.

/// Days of a month, 0 to 11.
pub(super) fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        1 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// The day of the week, 0 for Monday, of a day (from 1) of a month (from 0), after Sakamoto.
pub(super) fn weekday(year: i16, month: u8, day: u8) -> u8 {
    const SHIFT: [i16; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 2 { year - 1 } else { year };
    let sunday_first = year + year / 4 - year / 100 + year / 400 + SHIFT[usize::from(month)] + i16::from(day);
    ((sunday_first + 6) % 7) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days_fall_on_their_day_of_the_week() {
        assert_eq!(weekday(1987, 9, 1), 3, "Thursday, 1 October 1987");
        assert_eq!(weekday(2000, 1, 29), 1, "Tuesday, 29 February 2000");
        assert_eq!(weekday(2008, 11, 31), 2, "Wednesday, 31 December 2008");
        assert_eq!(days_in_month(2000, 1), 29);
        assert_eq!(days_in_month(1999, 1), 28);
    }
}
