//! Which columns depend on which: a Cholesky factor that grows column by column.
//!
//! Columns are scaled to a unit diagonal, so that tolerances mean the same for every one of them. The pivot of a column is
//! `1 − R²` of its regression on the columns kept before it.
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

/// What scales the columns beside the partition to a unit diagonal; 0 for those that are constant within cells.
pub(super) fn scales<T: Real>(normal: &Normal<T>) -> Vec<T> {
    let p = normal.columns();
    (0..p)
        .map(|i| {
            let square = normal.schur[i * p + i];
            if square.near() > CONSTANT * normal.diagonal[i].near().abs() && square > T::default() {
                T::from(1.0) / square.root()
            } else {
                T::default()
            }
        })
        .collect()
}

/// The Cholesky factor of the scaled cross products of the columns that were kept.
#[derive(Debug, Clone)]
pub(super) struct Factor<T> {
    /// The kept columns, in order of priority.
    pub(super) kept: Vec<usize>,
    /// L, by rows up to the diagonal.
    rows: Vec<Vec<T>>,
    /// What rounding of the data may have left of each pivot.
    noises: Vec<f64>,
    /// The columns that count as dependent, not those that are constant.
    pub(super) dependent: Vec<usize>,
}

impl<T> Default for Factor<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), rows: Vec::new(), noises: Vec::new(), dependent: Vec::new() }
    }
}

impl<T: Real> Factor<T> {
    /// Keeps a column, unless it depends on those kept before.
    pub(super) fn push(&mut self, normal: &Normal<T>, scales: &[T], rounding: Rounding<'_>, column: usize) {
        if scales[column] == T::default() {
            return;
        }
        let p = normal.columns();
        let mut row: Vec<T> = Vec::with_capacity(self.kept.len() + 1);
        let (mut uncertainty, mut inherited) = (1.0, 0.0);
        for ((other, l), noise) in self.kept.iter().zip(&self.rows).zip(&self.noises) {
            let j = row.len();
            let entry = normal.schur[column * p + other] * scales[column] * scales[*other];
            let value = (entry - dot(&row, &l[..j])) / l[j];
            // errors of the entry and of the earlier pivot, to first order
            let ratio = (value / l[j]).near().abs();
            uncertainty += 2.0 * ratio + ratio * ratio;
            inherited += ratio * ratio * noise;
            row.push(value);
        }
        let pivot = T::from(1.0) - dot(&row, &row);
        let (tolerance, noise) = rounding.tolerance(uncertainty, inherited, column);
        if pivot.near() > tolerance {
            row.push(pivot.root());
            self.rows.push(row);
            self.noises.push(noise);
            self.kept.push(column);
        } else {
            self.dependent.push(column);
        }
    }

    /// The factor of the first `kept` columns.
    pub(super) fn first(&self, kept: usize) -> Self {
        Self {
            kept: self.kept[..kept].to_vec(),
            rows: self.rows[..kept].to_vec(),
            noises: self.noises[..kept].to_vec(),
            dependent: Vec::new(),
        }
    }

    /// Solves `L u = b` for the entries of `u` behind those that are known.
    pub(super) fn forward(&self, right: impl Fn(usize) -> T, known: &mut Vec<T>) {
        for (row, &column) in self.rows.iter().zip(&self.kept).skip(known.len()) {
            let i = known.len();
            known.push((right(column) - dot(&row[..i], known)) / row[i]);
        }
    }

    /// Solves `L Lᵀ z = b`.
    pub(super) fn solve(&self, right: &[T]) -> Vec<T> {
        let mut z: Vec<T> = Vec::with_capacity(right.len());
        for (row, b) in self.rows.iter().zip(right) {
            let i = z.len();
            z.push((*b - dot(&row[..i], &z)) / row[i]);
        }
        for i in (0..z.len()).rev() {
            let value = z[i] / self.rows[i][i];
            z[i] = value;
            for (z, l) in z[..i].iter_mut().zip(&self.rows[i]) {
                *z -= *l * value;
            }
        }
        z
    }

    /// The inverse of `L Lᵀ`, by rows. All inner products run along memory.
    pub(super) fn invert(&self) -> Vec<T> {
        let k = self.rows.len();
        // column j of L⁻¹, from its diagonal down
        let mut columns: Vec<Vec<T>> = Vec::with_capacity(k);
        for j in 0..k {
            let mut column = vec![T::from(1.0) / self.rows[j][j]];
            for (i, row) in self.rows.iter().enumerate().skip(j + 1) {
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
    fn inverse_of_a_factored_matrix() {
        // A = L Lᵀ with L = [[2], [1, 3], [4, 5, 6]]
        let rows = vec![vec![2.0], vec![1.0, 3.0], vec![4.0, 5.0, 6.0]];
        let a = [[4.0, 2.0, 8.0], [2.0, 10.0, 19.0], [8.0, 19.0, 77.0]];
        let inverse = Factor { kept: vec![0, 1, 2], rows, ..Factor::default() }.invert();
        for (i, row) in a.iter().enumerate() {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| row[k] * inverse[k * 3 + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }
}
