//! Decimal text to numbers.
//!
//! Up to 8 digits are converted at once: the bytes are one word, checked for digits and multiplied into place with three
//! multiplications (the scheme of D. Lemire's `fast_float` and of `simdjson`). A decimal of at most 15 digits and at most
//! 22 digits behind the point is an exact integer divided by an exact power of ten, so one division rounds it correctly
//! (W. Clinger, 1990). Everything else goes to `fast_float2`, which is correctly rounded always.

use super::scan::{equal_bytes, repeat};

/// Largest integer below which every integer is a double.
const EXACT_F64: u64 = 1 << 53;
/// The same for single precision.
const EXACT_F32: u64 = 1 << 24;

const POWERS_F64: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
const POWERS_F32: [f32; 11] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

/// A type of numbers that text is read as.
pub(crate) trait Number: Copy + Default + Send + 'static {
    /// The number at `start`, if it is written in the plain way; `None` says nothing.
    fn quick(bytes: &[u8], start: usize, len: usize) -> Option<Self>;

    /// The number that a whole text is; `Ok(None)` for one that means missing (not a number).
    fn thorough(text: &[u8]) -> Result<Option<Self>, NotANumber>;
}

/// A text is not a number of the wanted type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotANumber;

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            #[inline(always)]
            fn quick(bytes: &[u8], start: usize, len: usize) -> Option<Self> {
                let negative = bytes.get(start) == Some(&b'-');
                let sign = usize::from(negative);
                let digits = quick_digits(bytes, start + sign, len.checked_sub(sign)?)?;
                // at most 16 digits: the sign always fits
                let value = digits as i64;
                Self::try_from(if negative { -value } else { value }).ok()
            }

            fn thorough(text: &[u8]) -> Result<Option<Self>, NotANumber> {
                let (negative, digits) = integer(text).ok_or(NotANumber)?;
                let value = i128::from(digits);
                Self::try_from(if negative { -value } else { value }).map(Some).map_err(|_| NotANumber)
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! floats {
    ($($type:ty, $exact:expr, $powers:expr);*) => {$(
        impl Number for $type {
            #[inline(always)]
            fn quick(bytes: &[u8], start: usize, len: usize) -> Option<Self> {
                let negative = bytes.get(start) == Some(&b'-');
                let sign = usize::from(negative);
                let (mantissa, decimals) = quick_decimal(bytes, start + sign, len.checked_sub(sign)?)?;
                if mantissa > $exact {
                    return None;
                }
                let value = mantissa as Self / $powers.get(decimals)?;
                Some(if negative { -value } else { value })
            }

            fn thorough(text: &[u8]) -> Result<Option<Self>, NotANumber> {
                let unsigned = text.strip_prefix(b"+").unwrap_or(text);
                if unsigned.len() < text.len() && matches!(unsigned.first(), Some(b'+' | b'-')) {
                    return Err(NotANumber);
                }
                let value = fast_float2::parse::<Self, _>(unsigned).map_err(|_| NotANumber)?;
                Ok(Some(value).filter(|value| !value.is_nan()))
            }
        }
    )*};
}

floats!(f64, EXACT_F64, POWERS_F64; f32, EXACT_F32, POWERS_F32);

/// The word at a position, zeros at the end of the bytes.
#[expect(clippy::inline_always, reason = "a call costs as much as the conversion")]
#[inline(always)]
pub(crate) fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()).map_or(0, |word| u64::from_le_bytes(*word))
}

/// The value of `len` digits, 1 to 8, in the lowest bytes of a word; what is above them does not matter.
#[expect(clippy::inline_always, reason = "a call costs as much as the conversion")]
#[inline(always)]
fn eight_digits(word: u64, len: usize) -> Option<u64> {
    // digits move to the upper end, zeros fill the lower
    let shift = 64 - 8 * len as u32;
    let digits = (word << shift) | (repeat(b'0') & !(u64::MAX << shift));
    let high = digits & repeat(0xF0);
    let carried = digits.wrapping_add(repeat(0x06)) & repeat(0xF0);
    if (high | (carried >> 4)) != repeat(0x33) {
        return None;
    }
    let ones = digits & repeat(0x0F);
    let tens = ones.wrapping_mul(2561) >> 8;
    let hundreds = (tens & 0x00FF_00FF_00FF_00FF).wrapping_mul(6_553_601) >> 16;
    Some((hundreds & 0x0000_FFFF_0000_FFFF).wrapping_mul(42_949_672_960_001) >> 32)
}

/// The value of 1 to 16 digits.
#[expect(clippy::inline_always, reason = "a call costs as much as the conversion")]
#[inline(always)]
fn quick_digits(bytes: &[u8], start: usize, len: usize) -> Option<u64> {
    match len {
        1..=8 => eight_digits(word(bytes, start), len),
        9..=16 => {
            let high = eight_digits(word(bytes, start), len - 8)?;
            let low = eight_digits(word(bytes, start + len - 8), 8)?;
            Some(high * 100_000_000 + low)
        }
        _ => None,
    }
}

/// Digits with at most one point: the digits as an integer, and how many are behind the point.
#[expect(clippy::inline_always, reason = "a call costs as much as the conversion")]
#[inline(always)]
fn quick_decimal(bytes: &[u8], start: usize, len: usize) -> Option<(u64, usize)> {
    match len {
        1..=8 => {
            let text = word(bytes, start);
            let points = equal_bytes(text, repeat(b'.')) & (u64::MAX >> (64 - 8 * len as u32));
            if points == 0 {
                return Some((eight_digits(text, len)?, 0));
            }
            let at = points.trailing_zeros() / 8;
            if len == 1 {
                return None;
            }
            let before = (1 << (8 * at)) - 1;
            let joined = (text & before) | ((text >> 8) & !before);
            Some((eight_digits(joined, len - 1)?, len - 1 - at as usize))
        }
        9..=20 => {
            let text = bytes.get(start..start + len)?;
            let (mut mantissa, mut behind, mut digits) = (0_u64, None, 0);
            for &byte in text {
                let digit = byte.wrapping_sub(b'0');
                if digit < 10 {
                    mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                    digits += 1;
                } else if byte == b'.' && behind.is_none() {
                    behind = Some(digits);
                } else {
                    return None;
                }
            }
            // 19 digits cannot overflow
            (digits <= 19).then(|| (mantissa, behind.map_or(0, |before| digits - before)))
        }
        _ => None,
    }
}

/// A whole number with a sign, up to the largest unsigned one.
fn integer(text: &[u8]) -> Option<(bool, u64)> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some((negative, value))
}

/// Writes a number with another decimal point or with thousands as a plain one into `plain`; false when the thousands
/// are not in groups of three or a point stands where it cannot.
pub(crate) fn localized(text: &[u8], decimal: u8, thousands: Option<u8>, plain: &mut Vec<u8>) -> bool {
    plain.clear();
    let (whole, fraction) = match memchr::memchr(decimal, text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    let mut groups = whole.split(|&byte| Some(byte) == thousands);
    plain.extend_from_slice(groups.next().unwrap_or_default());
    for group in groups {
        let bare = plain.strip_prefix(b"-").or_else(|| plain.strip_prefix(b"+")).unwrap_or(plain);
        // the last group may carry an exponent where there is no fraction
        let digits = group.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits != 3 || bare.is_empty() {
            return false;
        }
        plain.extend_from_slice(group);
    }
    if decimal != b'.' && plain.contains(&b'.') {
        return false;
    }
    if let Some(fraction) = fraction {
        if fraction.contains(&b'.') {
            return false;
        }
        plain.push(b'.');
        plain.extend_from_slice(fraction);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both<T: Number + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
        let mut padded = b"7.".to_vec();
        padded.extend_from_slice(text.as_bytes());
        padded.extend_from_slice(b",9.9-12345678901234567890");
        let quick = T::quick(&padded, 2, text.len());
        let thorough = T::thorough(text.as_bytes()).ok().flatten();
        if quick.is_some() {
            assert_eq!(quick, thorough, "{text}");
        }
        thorough
    }

    #[test]
    fn integers_up_to_their_limits() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("7", Some(7)),
            ("-12345678", Some(-12_345_678)),
            ("123456789", Some(123_456_789)),
            ("2147483647", Some(i32::MAX)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("-2147483649", None),
            ("+5", Some(5)),
            ("0000000000000000000000007", Some(7)),
            ("", None),
            ("-", None),
            ("1-", None),
            ("1 2", None),
            ("12a45678", None),
            (":", None),
            ("/", None),
        ] {
            assert_eq!(both::<i32>(text), expected, "{text}");
        }
        assert_eq!(both::<i64>("9223372036854775807"), Some(i64::MAX));
        assert_eq!(both::<i64>("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(both::<i64>("9223372036854775808"), None);
        assert_eq!(both::<u64>("18446744073709551615"), Some(u64::MAX));
        assert_eq!(both::<u64>("-1"), None);
        assert_eq!(both::<u8>("255"), Some(255));
        assert_eq!(both::<u8>("256"), None);
        assert_eq!(both::<i8>("-128"), Some(-128));
    }

    #[test]
    fn the_quick_ways_are_taken() {
        assert_eq!(i32::quick(b"-123,        ", 0, 4), Some(-123));
        assert_eq!(i64::quick(b"1234567890123456        ", 0, 16), Some(1_234_567_890_123_456));
        assert_eq!(f64::quick(b"9.666666,        ", 0, 8), Some(9.666_666));
        assert_eq!(f64::quick(b"19.916666,        ", 0, 9), Some(19.916_666));
        assert_eq!(f64::quick(b"-.5,        ", 0, 3), Some(-0.5));
        assert_eq!(f64::quick(b"5.,        ", 0, 2), Some(5.0));
        assert_eq!(f64::quick(b".,        ", 0, 1), None);
        assert_eq!(f64::quick(b"1.2.3,        ", 0, 5), None);
        assert_eq!(f32::quick(b"0.1,        ", 0, 3), Some(0.1));
    }

    #[test]
    fn floats_are_rounded_as_the_standard_library_does() {
        let mut state = 7_u64;
        for round in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let text = match round % 4 {
                0 => format!("{}.{}", (state >> 40) % 1000, (state >> 20) % 1_000_000),
                1 => format!("{:.3}", (state >> 11) as f64 / 1e6),
                2 => f64::from_bits(state).to_string(),
                _ => format!("-{}e{}", state >> 30, (state % 600) as i64 - 300),
            };
            if text.contains("NaN") {
                continue;
            }
            assert_eq!(
                both::<f64>(&text).unwrap().to_bits(),
                text.parse::<f64>().unwrap().to_bits(),
                "{text}"
            );
            assert_eq!(
                both::<f32>(&text).unwrap().to_bits(),
                text.parse::<f32>().unwrap().to_bits(),
                "{text}"
            );
        }
        assert_eq!(both::<f64>("-0").unwrap().to_bits(), (-0.0_f64).to_bits());
        assert_eq!(both::<f64>("inf"), Some(f64::INFINITY));
        assert_eq!(both::<f64>("-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(f64::thorough(b"NaN"), Ok(None));
        assert_eq!(both::<f64>("+1.5"), Some(1.5));
        for bad in ["", ".", "-", "+-1", "1e", "1,5", "0x10", "1.5 ", "M"] {
            assert_eq!(both::<f64>(bad), None, "{bad}");
        }
    }

    #[test]
    fn other_decimal_points_and_thousands() {
        let plain = |text: &str| {
            let mut plain = Vec::new();
            localized(text.as_bytes(), b',', Some(b'.'), &mut plain)
                .then(|| String::from_utf8(plain).unwrap())
        };
        assert_eq!(plain("-1.234.567,89").as_deref(), Some("-1234567.89"));
        assert_eq!(plain("12,5").as_deref(), Some("12.5"));
        assert_eq!(plain("12.5"), None);
        assert_eq!(plain("1.2345"), None);
        assert_eq!(plain("-.123"), None);
    }
}
