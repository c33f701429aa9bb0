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
//! In sums of twice the precision dependences of rounded data are as good as visible: what rounding of the columns, each to
//! its own unit, can have made of a zero is followed through the factorization (to first order, errors independent), and
//! a pivot counts from [`MARGIN`] times that.
//!
//! One step of iterative refinement, its residual in twice the working precision, takes back what the factorization lost.

use crate::gram::Real;
use crate::gram::normal::Normal;

/// Pivots up to this are dependences.
const TOLERANCE: f64 = 1e-11;

/// The share of a column's square that must be left within the cells of the partition.
const CONSTANT: f64 = 1e-14;

/// The relative error of an entry of the scaled matrix.
const ENTRY: f64 = 1e-14;

/// The same for sums in twice the precision.
const EXACT_ENTRY: f64 = 1e-28;

/// How far above what rounding of the data can leave a pivot must be.
const MARGIN: f64 = 64.0;

/// What a small pivot may be the rounding of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rounding<'a> {
    /// Of the sums.
    Sums,
    /// Of the data: for each column the share of its square that is rounding.
    Data(&'a [f64]),
}

impl Rounding<'_> {
    /// The pivot up to which a column is dependent, from how an error of an entry grows, and the rounding of the columns
    /// before it.
    fn tolerance(self, uncertainty: f64, inherited: f64, column: usize) -> (f64, f64) {
        match self {
            Self::Sums => (TOLERANCE.max(ENTRY * uncertainty), 0.0),
            Self::Data(noise) => {
                let noise = noise[column] + inherited;
                ((MARGIN * noise).max(EXACT_ENTRY * uncertainty), noise)
            }
        }
    }
}

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
    let (zero, one) = (T::default(), T::from(1.0));
    let p = normal.columns();
    let r = normal.within.len();
    let at = |i: usize, j: usize| normal.schur[i * p + j];
    let scales: Vec<T> = (0..p)
        .map(|i| {
            let square = at(i, i);
            if square.near() > CONSTANT * normal.diagonal[i].near().abs() && square > zero {
                one / square.root()
            } else {
                zero
            }
        })
        .collect();
    let mut kept: Vec<usize> = Vec::new();
    let mut factor: Vec<Vec<T>> = Vec::new();
    let mut noises: Vec<f64> = Vec::new();
    let mut dependent = Vec::new();
    for &column in order {
        if scales[column] == zero {
            continue;
        }
        let mut row: Vec<T> = Vec::with_capacity(kept.len() + 1);
        let (mut uncertainty, mut inherited) = (1.0, 0.0);
        for ((other, l), noise) in kept.iter().zip(&factor).zip(&noises) {
            let j = row.len();
            let entry = at(column, *other) * scales[column] * scales[*other];
            let value = (entry - dot(&row, &l[..j])) / l[j];
            // errors of the entry and of the earlier pivot, to first order
            let ratio = (value / l[j]).near().abs();
            uncertainty += 2.0 * ratio + ratio * ratio;
            inherited += ratio * ratio * noise;
            row.push(value);
        }
        let pivot = one - dot(&row, &row);
        let (tolerance, noise) = rounding.tolerance(uncertainty, inherited, column);
        if pivot.near() > tolerance {
            row.push(pivot.root());
            factor.push(row);
            noises.push(noise);
            kept.push(column);
        } else {
            dependent.push(column);
        }
    }
    let scaled = |i: usize, j: usize| at(kept[i], kept[j]) * scales[kept[i]] * scales[kept[j]];
    let mut coefficients = vec![zero; p * r];
    for response in 0..r {
        let right: Vec<T> = kept.iter().map(|&i| normal.right[i * r + response] * scales[i]).collect();
        let mut z = substitute(&factor, &right);
        let residual: Vec<T> = (0..kept.len())
            .map(|i| T::residual(right[i], (0..kept.len()).map(|j| (scaled(i, j), z[j]))))
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
    let mut inverse = vec![zero; p * p];
    for i in 0..k {
        for j in 0..k {
            inverse[kept[i] * p + kept[j]] = reduced[i * k + j] * scales[kept[i]] * scales[kept[j]];
        }
    }
    let condition = condition(normal, &kept, &inverse, &scales, units);
    Solution { kept, coefficients, inverse, condition, dependent }
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

/// Solves `L Lᵀ z = b`.
fn substitute<T: Real>(factor: &[Vec<T>], right: &[T]) -> Vec<T> {
    let mut z: Vec<T> = Vec::with_capacity(right.len());
    for (row, b) in factor.iter().zip(right) {
        let i = z.len();
        z.push((*b - dot(&row[..i], &z)) / row[i]);
    }
    for i in (0..z.len()).rev() {
        let value = z[i] / factor[i][i];
        z[i] = value;
        for (z, l) in z[..i].iter_mut().zip(&factor[i]) {
            *z -= *l * value;
        }
    }
    z
}

/// The inverse of `L Lᵀ`, by rows. All inner products run along memory.
fn invert<T: Real>(factor: &[Vec<T>]) -> Vec<T> {
    let k = factor.len();
    // column j of L⁻¹, from its diagonal down
    let mut columns: Vec<Vec<T>> = Vec::with_capacity(k);
    for j in 0..k {
        let mut column = vec![T::from(1.0) / factor[j][j]];
        for (i, row) in factor.iter().enumerate().skip(j + 1) {
            let value = -dot(&row[j..i], &column) / row[i];
            column.push(value);
        }
        columns.push(column);
    }
    let mut inverse = vec![T::default(); k * k];
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

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let (left, left_rest) = a.as_chunks::<8>();
    let (right, right_rest) = b.as_chunks::<8>();
    let mut lanes = [T::default(); 8];
    for (a, b) in left.iter().zip(right) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += *a * *b;
        }
    }
    let sum = lanes.into_iter().fold(T::default(), T::add);
    sum + left_rest.iter().zip(right_rest).fold(T::default(), |sum, (a, b)| sum + *a * *b)
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
