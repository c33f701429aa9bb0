//! The standard normal distribution.
//!
//! Tails by the rational approximations of W. J. Cody, *Rational Chebyshev approximations for the error function*,
//! Mathematics of Computation 23 (1969), to about 15 digits, and far out by Laplace's continued fraction. Quantiles by a step of Halley's method
//! from a rough one.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::erfc_inv;

const CENTRE_ABOVE: [f64; 5] = [
    2.235_252_035_460_684,
    161.028_231_068_555_87,
    1_067.689_485_460_371,
    18_154.981_253_343_56,
    0.065_682_337_918_207_45,
];
const CENTRE_BELOW: [f64; 4] =
    [47.202_581_904_688_24, 976.098_551_737_776_7, 10_260.932_208_618_979, 45_507.789_335_026_73];
const MIDDLE_ABOVE: [f64; 9] = [
    0.398_941_512_088_134_66,
    8.883_149_794_388_375,
    93.506_656_132_177_85,
    597.270_276_394_800_3,
    2_494.537_585_290_372_6,
    6_848.190_450_536_283,
    11_602.651_437_647_35,
    9_842.714_838_383_978,
    1.076_557_677_372_019_2e-8,
];
const MIDDLE_BELOW: [f64; 8] = [
    22.266_688_044_328_117,
    235.387_901_782_625,
    1_519.377_599_407_554_7,
    6_485.558_298_266_761,
    18_615.571_640_885_097,
    34_900.952_721_145_98,
    38_912.003_286_093_27,
    19_685.429_676_859_992,
];
/// Terms of the continued fraction of the far tail.
const TERMS: u32 = 20;

/// The probability of more than `z`.
pub(crate) fn upper(z: f64) -> f64 {
    let y = z.abs();
    if z.is_nan() {
        return f64::NAN;
    }
    if y <= 0.674_489_75 {
        let square = z * z;
        let ratio = fraction(&CENTRE_ABOVE, &CENTRE_BELOW, square);
        return 0.5 - z * ratio;
    }
    let ratio = if y <= 5.656_854_25 {
        fraction(&MIDDLE_ABOVE, &MIDDLE_BELOW, y)
    } else {
        let fraction = (1..=TERMS).rev().fold(y, |rest, k| y + f64::from(k) / rest);
        1.0 / ((2.0 * PI).sqrt() * fraction)
    };
    // the square of a number of few bits is exact
    let rough = (y * 16.0).trunc() / 16.0;
    let tail = (-0.5 * rough * rough).exp() * (-0.5 * (y - rough) * (y + rough)).exp() * ratio;
    if z > 0.0 { tail } else { 1.0 - tail }
}

/// A ratio of polynomials: `above` has its leading coefficient last, that of `below` is 1.
fn fraction(above: &[f64], below: &[f64], x: f64) -> f64 {
    let (mut numerator, mut denominator) = (above[above.len() - 1] * x, x);
    let last = below.len() - 1;
    for (a, b) in above.iter().zip(&below[..last]) {
        numerator = (numerator + a) * x;
        denominator = (denominator + b) * x;
    }
    (numerator + above[last]) / (denominator + below[last])
}

/// The `z` below which a variable is with probability `p`; infinite at 0 and 1, `NaN` outside.
pub(crate) fn quantile(p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return if p == 0.0 {
            f64::NEG_INFINITY
        } else if p == 1.0 {
            f64::INFINITY
        } else {
            f64::NAN
        };
    }
    let rough = -SQRT_2 * erfc_inv(2.0 * p);
    // on the side where the tail has its digits
    let error = if rough < 0.0 { upper(-rough) - p } else { (1.0 - p) - upper(rough) };
    let step = error * (2.0 * PI).sqrt() * (0.5 * rough * rough).exp();
    if step.is_finite() { rough - step / (1.0 + 0.5 * rough * step) } else { rough }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails() {
        // pnorm(z, lower.tail = FALSE) of R 4.2, with 17 digits
        for (z, p) in TAILS {
            assert!((upper(z) / p - 1.0).abs() < 1e-14, "{z} {} {p}", upper(z));
            assert!((upper(-z) - (1.0 - p)).abs() < 1e-15, "{z}");
        }
        assert_eq!(upper(0.0), 0.5);
        assert!(upper(f64::NAN).is_nan());
    }

    #[test]
    fn quantiles() {
        for (z, p) in TAILS {
            assert!((quantile(p) / -z - 1.0).abs() < 1e-13, "{z} {}", quantile(p));
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
        assert_eq!((quantile(0.5), quantile(0.0), quantile(1.0)), (0.0, f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(-0.1).is_nan());
    }

    const TAILS: [(f64, f64); 12] = [
        (0.1, 0.460_172_162_722_971),
        (0.5, 0.308_537_538_725_986_94),
        (0.67, 0.251_428_895_095_310_13),
        (0.7, 0.241_963_652_223_072_98),
        (1.0, 0.158_655_253_931_457_05),
        (1.96, 0.024_997_895_148_220_428),
        (3.0, 0.001_349_898_031_630_094_6),
        (5.6, 1.071_759_025_831_093e-08),
        (5.7, 5.990_371_401_063_528e-9),
        (8.0, 6.220_960_574_271_785e-16),
        (12.0, 1.776_482_112_077_679e-33),
        (37.0, 5.725_571_222_524_577e-300),
    ];
}
