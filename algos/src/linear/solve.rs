//! Normal equations to coefficients.
//!
//! The matrix is factored column by column in an order of priority ([`super::factor`]: Cholesky, which is Gauss' sweep in
//! disguise).
//!
//! One step of iterative refinement, its residual in twice the working precision, takes back what the factorization lost.

use super::factor::{Factor, Rounding, scales};
use crate::gram::Real;
use crate::gram::normal::Normal;

/// The coefficients of the columns beside the partition.
pub(super) struct Solution<T = f64> {
    /// The kept columns, in order of priority.
    pub(super) kept: Vec<usize>,
    /// p × r coefficients, 0 for columns that were not kept.
    pub(super) coefficients: Vec<T>,
    /// p × p inverse, 0 for columns that were not kept.
    pub(super) inverse: Vec<T>,
    /// The 1-norm condition number in the scale of `units`.
    pub(super) condition: f64,
    /// The columns that count as dependent, not those that are constant.
    pub(super) dependent: Vec<usize>,
}

/// Solves in an order of priority. `units` groups columns that share a scale in the condition number; without, every
/// column has its own.
pub(super) fn solve<T: Real>(
    normal: &Normal<T>,
    order: &[usize],
    units: Option<&[usize]>,
    rounding: Rounding<'_>,
) -> Solution<T> {
    let zero = T::default();
    let p = normal.columns();
    let r = normal.within.len();
    let at = |i: usize, j: usize| normal.schur[i * p + j];
    let scales = scales(normal);
    let mut factor = Factor::default();
    for &column in order {
        factor.push(normal, &scales, rounding, column);
    }
    let kept = &factor.kept;
    let scaled = |i: usize, j: usize| at(kept[i], kept[j]) * scales[kept[i]] * scales[kept[j]];
    let mut coefficients = vec![zero; p * r];
    for response in 0..r {
        let right: Vec<T> = kept.iter().map(|&i| normal.right[i * r + response] * scales[i]).collect();
        let mut z = factor.solve(&right);
        let residual: Vec<T> = (0..kept.len())
            .map(|i| T::residual(right[i], (0..kept.len()).map(|j| (scaled(i, j), z[j]))))
            .collect();
        for (z, correction) in z.iter_mut().zip(factor.solve(&residual)) {
            *z += correction;
        }
        for (&column, z) in kept.iter().zip(z) {
            coefficients[column * r + response] = z * scales[column];
        }
    }
    let reduced = factor.invert();
    let k = kept.len();
    let mut inverse = vec![zero; p * p];
    for i in 0..k {
        for j in 0..k {
            inverse[kept[i] * p + kept[j]] = reduced[i * k + j] * scales[kept[i]] * scales[kept[j]];
        }
    }
    let condition = condition(normal, kept, &inverse, &scales, units);
    Solution { kept: factor.kept, coefficients, inverse, condition, dependent: factor.dependent }
}

/// The 1-norm of the scaled matrix times that of its inverse.
fn condition<T: Real>(
    normal: &Normal<T>,
    kept: &[usize],
    inverse: &[T],
    scales: &[T],
    units: Option<&[usize]>,
) -> f64 {
    if kept.is_empty() {
        return 1.0;
    }
    let p = normal.columns();
    let scale_of = |column: usize| match units {
        None => scales[column].near(),
        Some(units) => {
            let shared = kept.iter().filter(|&&other| units[other] == units[column]);
            let (count, sum) = shared.fold((0.0, 0.0), |(count, sum), &other| {
                (count + 1.0, sum + normal.schur[other * p + other].near())
            });
            1.0 / f64::sqrt(sum / count)
        }
    };
    let unit: Vec<f64> = kept.iter().map(|&column| scale_of(column)).collect();
    let norm = |entry: &dyn Fn(usize, usize) -> f64| {
        (0..kept.len()).map(|j| (0..kept.len()).map(|i| entry(i, j).abs()).sum::<f64>()).fold(0.0, f64::max)
    };
    let direct = norm(&|i, j| normal.schur[kept[i] * p + kept[j]].near() * unit[i] * unit[j]);
    let inverted = norm(&|i, j| inverse[kept[i] * p + kept[j]].near() / (unit[i] * unit[j]));
    direct * inverted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_residual_keeps_what_a_plain_sum_loses() {
        let terms = [(1e16, 1.0), (1.0, 1.0), (-1e16, 1.0)];
        assert_eq!(f64::residual(0.0, terms.into_iter()), -1.0);
        // (1 + 2⁻³⁰)² has bits that one product drops
        let x = 1.0 + 2.0_f64.powi(-30);
        let residual = f64::residual(1.0 + 2.0_f64.powi(-29), [(x, x)].into_iter());
        assert_eq!(residual, -2.0_f64.powi(-60));
    }
}
