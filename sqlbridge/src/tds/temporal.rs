//! Dates and times ([MS-TDS] 2.2.5.5.1.8).

/// Days from the year 1 and from 1900 to 1970.
const FROM_YEAR_1: i64 = 719_162;
const FROM_1900: i64 = 25_567;
const MILLISECONDS: i64 = 86_400_000;
const MICROSECONDS: i64 = 86_400_000_000;

/// `smalldatetime`: days and minutes.
pub(super) fn small_date_time([a, b, c, d]: [u8; 4]) -> i64 {
    let days = i64::from(u16::from_le_bytes([a, b]));
    let minutes = i64::from(u16::from_le_bytes([c, d]));
    (days - FROM_1900) * MILLISECONDS + minutes * 60_000
}

/// `datetime`: days and three-hundredths of a second, which become milliseconds, rounded.
pub(super) fn date_time([a, b, c, d, e, f, g, h]: [u8; 8]) -> i64 {
    let days = i64::from(i32::from_le_bytes([a, b, c, d]));
    let ticks = i64::from(u32::from_le_bytes([e, f, g, h]));
    (days - FROM_1900) * MILLISECONDS + (ticks * 10 + 1) / 3
}

/// `date`: days from the year 1.
pub(super) fn date(value: &[u8]) -> Option<i32> {
    i32::try_from(days(value)?).ok()
}

fn days(value: &[u8]) -> Option<i64> {
    let &[a, b, c] = value else { return None };
    Some(i64::from(u32::from_le_bytes([a, b, c, 0])) - FROM_YEAR_1)
}

/// The count of a time of day: units of `10^-scale` seconds.
fn count(value: &[u8]) -> Option<i64> {
    let mut bytes = [0; 8];
    if value.len() > 5 {
        return None;
    }
    bytes.get_mut(..value.len())?.copy_from_slice(value);
    Some(i64::from_le_bytes(bytes))
}

/// `time`: seconds since midnight.
pub(super) fn seconds(value: &[u8], scale: u8) -> Option<f64> {
    Some(count(value)? as f64 / 10_f64.powi(i32::from(scale)))
}

/// `datetime2`, and `datetimeoffset` (in UTC, before its offset): microseconds. A seventh digit is cut off.
pub(super) fn date_time_2(value: &[u8], scale: u8, offset: bool) -> Option<i64> {
    let value = if offset { value.get(..value.len().checked_sub(2)?)? } else { value };
    let (time, date) = value.split_at_checked(value.len().checked_sub(3)?)?;
    let count = count(time)?;
    let microseconds = match scale {
        7 => count / 10,
        scale => count.checked_mul(10_i64.checked_pow(6_u32.checked_sub(u32::from(scale))?)?)?,
    };
    (days(date)? * MICROSECONDS).checked_add(microseconds)
}
