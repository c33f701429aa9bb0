//! Normal equations to coefficients.
//!
//! The matrix is scaled to a unit diagonal, so that tolerances mean the same for every column, and factored column by
//! column in an order of priority (Cholesky, which is Gauss' sweep in disguise). The pivot of a column is `1 − R²` of its
//! regression on the columns kept before it.
//!
//! # When a column counts as dependent
//! A pivot of [`TOLERANCE`] or less, `10⁻¹¹`. Rounding leaves exact dependences at about `p · 2⁻⁵³ ≈ 10⁻¹³` for hundreds
//! of columns; dependences of data in 4-byte floats leave `10⁻¹⁴`. On the other side, a level that occurs once in 10⁹
//! rows has a pivot of `10⁻⁹` and must stay, and so must NIST's hardest case here (Longley, `5 · 10⁻⁴`). A small pivot
//! kept before makes those after it uncertain; where that uncertainty is above the tolerance, it is the tolerance.
//! A column whose centred square is below [`CONSTANT`] of its raw one is constant within cells.
//!
//! One step of iterative refinement, its residual in twice the working precision, takes back what the factorization lost.

use crate::gram::normal::Normal;

/// Pivots up to this are dependences.
const TOLERANCE: f64 = 1e-11;

/// The share of a column's square that must be left within the cells of the partition.
const CONSTANT: f64 = 1e-14;

/// The relative error of an entry of the scaled matrix.
const ENTRY: f64 = 1e-14;

/// The coefficients of the columns beside the partition.
pub(super) struct Solution {
    /// The kept columns, in order of priority.
    pub(super) kept: Vec<usize>,
    /// p × r coefficients, 0 for columns that were not kept.
    pub(super) coefficients: Vec<f64>,
    /// p × p inverse, 0 for columns that were not kept.
    pub(super) inverse: Vec<f64>,
    /// The 1-norm condition number in the scale of `units`.
    pub(super) condition: f64,
}

/// Solves in an order of priority. `units` groups columns that share a scale in the condition number; without, every
/// column has its own.
pub(super) fn solve(normal: &Normal, order: &[usize], units: Option<&[usize]>) -> Solution {
    let p = normal.columns();
    let r = normal.within.len();
    let at = |i: usize, j: usize| normal.schur[i * p + j];
    let scales: Vec<f64> = (0..p)
        .map(|i| {
            let square = at(i, i);
            if square > CONSTANT * normal.diagonal[i].abs() && square > 0.0 {
                1.0 / square.sqrt()
            } else {
                0.0
            }
        })
        .collect();
    let mut kept: Vec<usize> = Vec::new();
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for &column in order {
        if scales[column] == 0.0 {
            continue;
        }
        let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        let mut uncertainty = 1.0;
        for (other, l) in kept.iter().zip(&factor) {
            let j = row.len();
            let entry = at(column, *other) * scales[column] * scales[*other];
            let value: f64 = (entry - dot(&row, &l[..j])) / l[j];
            // errors of the entry and of the earlier pivot, to first order
            let ratio = (value / l[j]).abs();
            uncertainty += 2.0 * ratio + ratio * ratio;
            row.push(value);
        }
        let pivot = 1.0 - dot(&row, &row);
        if pivot > TOLERANCE.max(ENTRY * uncertainty) {
            row.push(pivot.sqrt());
            factor.push(row);
            kept.push(column);
        }
    }
    let scaled = |i: usize, j: usize| at(kept[i], kept[j]) * scales[kept[i]] * scales[kept[j]];
    let mut coefficients = vec![0.0; p * r];
    for response in 0..r {
        let right: Vec<f64> = kept.iter().map(|&i| normal.right[i * r + response] * scales[i]).collect();
        let mut z = substitute(&factor, &right);
        let residual: Vec<f64> = (0..kept.len())
            .map(|i| accurate_residual(right[i], (0..kept.len()).map(|j| (scaled(i, j), z[j]))))
            .collect();
        for (z, correction) in z.iter_mut().zip(substitute(&factor, &residual)) {
            *z += correction;
        }
        for (&column, z) in kept.iter().zip(z) {
            coefficients[column * r + response] = z * scales[column];
        }
    }
    let reduced = invert(&factor);
    let k = kept.len();
    let mut inverse = vec![0.0; p * p];
    for i in 0..k {
        for j in 0..k {
            inverse[kept[i] * p + kept[j]] = reduced[i * k + j] * scales[kept[i]] * scales[kept[j]];
        }
    }
    let condition = condition(normal, &kept, &inverse, &scales, units);
    Solution { kept, coefficients, inverse, condition }
}

/// The 1-norm of the scaled matrix times that of its inverse.
fn condition(
    normal: &Normal,
    kept: &[usize],
    inverse: &[f64],
    scales: &[f64],
    units: Option<&[usize]>,
) -> f64 {
    if kept.is_empty() {
        return 1.0;
    }
    let p = normal.columns();
    let scale_of = |column: usize| match units {
        None => scales[column],
        Some(units) => {
            let shared = kept.iter().filter(|&&other| units[other] == units[column]);
            let (count, sum) = shared.fold((0.0, 0.0), |(count, sum), &other| {
                (count + 1.0, sum + normal.schur[other * p + other])
            });
            1.0 / f64::sqrt(sum / count)
        }
    };
    let unit: Vec<f64> = kept.iter().map(|&column| scale_of(column)).collect();
    let norm = |entry: &dyn Fn(usize, usize) -> f64| {
        (0..kept.len()).map(|j| (0..kept.len()).map(|i| entry(i, j).abs()).sum::<f64>()).fold(0.0, f64::max)
    };
    let direct = norm(&|i, j| normal.schur[kept[i] * p + kept[j]] * unit[i] * unit[j]);
    let inverted = norm(&|i, j| inverse[kept[i] * p + kept[j]] / (unit[i] * unit[j]));
    direct * inverted
}

/// Solves `L Lᵀ z = b`.
fn substitute(factor: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut z: Vec<f64> = Vec::with_capacity(right.len());
    for (row, b) in factor.iter().zip(right) {
        let i = z.len();
        z.push((b - dot(&row[..i], &z)) / row[i]);
    }
    for i in (0..z.len()).rev() {
        z[i] /= factor[i][i];
        let value = z[i];
        for (z, l) in z[..i].iter_mut().zip(&factor[i]) {
            *z -= l * value;
        }
    }
    z
}

/// The inverse of `L Lᵀ`, by rows. All inner products run along memory.
fn invert(factor: &[Vec<f64>]) -> Vec<f64> {
    let k = factor.len();
    // column j of L⁻¹, from its diagonal down
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(k);
    for j in 0..k {
        let mut column = vec![1.0 / factor[j][j]];
        for (i, row) in factor.iter().enumerate().skip(j + 1) {
            let value = -dot(&row[j..i], &column) / row[i];
            column.push(value);
        }
        columns.push(column);
    }
    let mut inverse = vec![0.0; k * k];
    for i in 0..k {
        for j in i..k {
            // rows from max(i, j) on
            let value = dot(&columns[i][j - i..], &columns[j]);
            inverse[i * k + j] = value;
            inverse[j * k + i] = value;
        }
    }
    inverse
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (left, left_rest) = a.as_chunks::<8>();
    let (right, right_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (a, b) in left.iter().zip(right) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// `right − Σ a·z` as if in twice the working precision (Ogita, Rump, Oishi 2005).
fn accurate_residual(right: f64, terms: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut low) = (right, 0.0);
    for (a, z) in terms {
        let product = -(a * z);
        let product_error = -a.mul_add(z, product);
        let next = sum + product;
        let part = next - sum;
        low += (sum - (next - part)) + (product - part) + product_error;
        sum = next;
    }
    sum + low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_residual_keeps_what_a_plain_sum_loses() {
        let terms = [(1e16, 1.0), (1.0, 1.0), (-1e16, 1.0)];
        assert_eq!(accurate_residual(0.0, terms.into_iter()), -1.0);
        // (1 + 2⁻³⁰)² has bits that one product drops
        let x = 1.0 + 2.0_f64.powi(-30);
        let residual = accurate_residual(1.0 + 2.0_f64.powi(-29), [(x, x)].into_iter());
        assert_eq!(residual, -2.0_f64.powi(-60));
    }

    #[test]
    fn inverse_of_a_factored_matrix() {
        // A = L Lᵀ with L = [[2], [1, 3], [4, 5, 6]]
        let factor = vec![vec![2.0], vec![1.0, 3.0], vec![4.0, 5.0, 6.0]];
        let a = [[4.0, 2.0, 8.0], [2.0, 10.0, 19.0], [8.0, 19.0, 77.0]];
        let inverse = invert(&factor);
        for (i, row) in a.iter().enumerate() {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| row[k] * inverse[k * 3 + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }
}
