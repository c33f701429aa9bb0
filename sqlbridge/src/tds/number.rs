//! Decimal numbers as doubles, correctly rounded.

/// Powers of ten that doubles hold exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// `money` counts ten-thousandths.
pub(super) fn money(count: i64) -> f64 {
    let value = scaled(u128::from(count.unsigned_abs()), 4);
    if count < 0 { -value } else { value }
}

/// A sign byte (0 for negative) and a magnitude of 4 to 16 bytes, little-endian.
pub(super) fn decimal(value: &[u8], scale: u8) -> Option<f64> {
    let (&sign, magnitude) = value.split_first()?;
    let mut bytes = [0; 16];
    bytes.get_mut(..magnitude.len())?.copy_from_slice(magnitude);
    let value = scaled(u128::from_le_bytes(bytes), scale);
    match sign {
        0 => Some(-value),
        1 => Some(value),
        _ => None,
    }
}

/// `magnitude / 10^scale`: one rounding of exact operands, or else the digits read as text.
fn scaled(magnitude: u128, scale: u8) -> f64 {
    match (u64::try_from(magnitude), POWERS.get(usize::from(scale))) {
        (Ok(magnitude), Some(power)) if magnitude <= 1 << 53 => magnitude as f64 / power,
        _ => format!("{magnitude}e-{scale}").parse().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_once() {
        let bytes = |sign: u8, magnitude: u128| {
            let mut bytes = vec![sign];
            bytes.extend(magnitude.to_le_bytes());
            bytes
        };
        assert_eq!(decimal(&bytes(1, 1), 1), Some(0.1));
        assert_eq!(decimal(&bytes(0, 123_456_789), 4), Some(-12_345.678_9));
        let nines = 99_999_999_999_999_999_999_999_999_999_999_999_999;
        assert_eq!(decimal(&bytes(1, nines), 19), Some(1e19));
        assert_eq!(decimal(&bytes(1, 9_007_199_254_740_993), 1), Some(900_719_925_474_099.3));
        assert_eq!(decimal(&bytes(2, 1), 0), None);
        assert_eq!(decimal(&[1, 5, 0, 0, 0], 0), Some(5.0));
        assert_eq!(money(i64::MIN), -922_337_203_685_477.6);
    }
}
