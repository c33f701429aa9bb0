//! Sums of products of all pairs of columns, in vectors of the machine's width.
//!
//! A block of the product is 4 by 4 columns: 16 sums of one vector each, whose 8 operands are loaded once. Wide vectors have
//! the registers for that; narrower ones take 2 by 4. The rows come in panels of [`PANEL`], so that four
//! columns of a panel stay in the first-level cache while they meet all others.

use pulp::{Arch, Simd, WithSimd};

use crate::design::TILE;

/// Rows of a panel.
const PANEL: usize = 256;

/// Columns of a block's longer side.
const BLOCK: usize = 4;

/// Adds the sums of the columns of `left`, and the sums of products of each of them with those of `right` from the same
/// on, to `sums` and `products` (by rows of the upper triangle). Both have [`TILE`] rows a column, of which `len` are used.
pub(super) fn add(left: &[f64], right: &[f64], len: usize, sums: &mut [f64], products: &mut [f64]) {
    Arch::new().dispatch(Pass { left, right, len, sums, products });
}

struct Pass<'a> {
    left: &'a [f64],
    right: &'a [f64],
    len: usize,
    sums: &'a mut [f64],
    products: &'a mut [f64],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "it becomes part of a function for one kind of machine")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, right, len, sums, products } = self;
        let columns = sums.len();
        for start in (0..len).step_by(PANEL) {
            let rows = PANEL.min(len - start);
            for (v, total) in sums.iter_mut().enumerate() {
                *total += sum(simd, column(left, v, start, rows));
            }
            // more than 4 lanes come with 32 registers
            if S::F64_LANES > 4 {
                panel::<S, BLOCK>(simd, left, right, columns, start..start + rows, products);
            } else {
                panel::<S, 2>(simd, left, right, columns, start..start + rows, products);
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn column(values: &[f64], column: usize, start: usize, rows: usize) -> &[f64] {
    &values[column * TILE + start..][..rows]
}

#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn sum<S: Simd>(simd: S, values: &[f64]) -> f64 {
    let (vectors, rest) = S::as_simd_f64s(values);
    let (pairs, last) = vectors.as_chunks::<4>();
    let mut lanes = [simd.splat_f64s(0.0); 4];
    for four in pairs {
        for (lane, x) in lanes.iter_mut().zip(four) {
            *lane = simd.add_f64s(*lane, *x);
        }
    }
    for x in last {
        lanes[0] = simd.add_f64s(lanes[0], *x);
    }
    lanes[1] = simd.add_f64s(lanes[1], simd.partial_load_f64s(rest));
    let halves = [simd.add_f64s(lanes[0], lanes[1]), simd.add_f64s(lanes[2], lanes[3])];
    simd.reduce_sum_f64s(simd.add_f64s(halves[0], halves[1]))
}

/// The products of all columns over some rows, in blocks of `HEIGHT` by [`BLOCK`] columns.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn panel<S: Simd, const HEIGHT: usize>(
    simd: S,
    left: &[f64],
    right: &[f64],
    columns: usize,
    rows: std::ops::Range<usize>,
    products: &mut [f64],
) {
    let (start, count) = (rows.start, rows.len());
    // behind the last column it is taken again, and what comes of it is left
    let of = |values, v: usize| column(values, v.min(columns - 1), start, count);
    for u in (0..columns).step_by(HEIGHT) {
        let a: [&[f64]; HEIGHT] = std::array::from_fn(|i| of(left, u + i));
        for v in (u..columns).step_by(BLOCK) {
            let b: [&[f64]; BLOCK] = std::array::from_fn(|j| of(right, v + j));
            let block = block::<S, HEIGHT>(simd, a, b);
            for (i, row) in block.iter().enumerate().take(columns - u) {
                // the triangle's row of u + i, from its diagonal on
                let first = (u + i) * columns - (u + i) * (u + i + 1) / 2;
                for (j, x) in row.iter().enumerate().take(columns - v) {
                    if v + j >= u + i {
                        products[first + v + j] += x;
                    }
                }
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn block<S: Simd, const HEIGHT: usize>(
    simd: S,
    a: [&[f64]; HEIGHT],
    b: [&[f64]; BLOCK],
) -> [[f64; BLOCK]; HEIGHT] {
    let mut sums = [[simd.splat_f64s(0.0); BLOCK]; HEIGHT];
    let (a, a_rest) = (a.map(|a| S::as_simd_f64s(a).0), a.map(|a| S::as_simd_f64s(a).1));
    let (b, b_rest) = (b.map(|b| S::as_simd_f64s(b).0), b.map(|b| S::as_simd_f64s(b).1));
    let vectors = a[0].len();
    let (a, b) = (a.map(|a| &a[..vectors]), b.map(|b| &b[..vectors]));
    for k in 0..vectors {
        let b: [S::f64s; BLOCK] = std::array::from_fn(|j| b[j][k]);
        for (row, a) in sums.iter_mut().zip(a) {
            for (sum, b) in row.iter_mut().zip(b) {
                *sum = simd.mul_add_e_f64s(a[k], b, *sum);
            }
        }
    }
    if !a_rest[0].is_empty() {
        let b = b_rest.map(|b| simd.partial_load_f64s(b));
        for (row, a) in sums.iter_mut().zip(a_rest) {
            let a = simd.partial_load_f64s(a);
            for (sum, b) in row.iter_mut().zip(b) {
                *sum = simd.mul_add_e_f64s(a, b, *sum);
            }
        }
    }
    sums.map(|row| row.map(|sum| simd.reduce_sum_f64s(sum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pairs_of_any_number_of_columns() {
        for (columns, len) in [(1, 3), (2, 1024), (3, 257), (5, 1001), (8, 16), (13, 999)] {
            let number = |i: usize, step: usize| ((i * step % 1013) as f64 - 500.0) / 8.0;
            let left: Vec<f64> = (0..columns * TILE).map(|i| number(i, 7919)).collect();
            let right: Vec<f64> = (0..columns * TILE).map(|i| number(i, 104_729)).collect();
            let mut sums = vec![1.0; columns];
            let mut products = vec![1.0; columns * (columns + 1) / 2];
            add(&left, &right, len, &mut sums, &mut products);
            // multiples of 1/64 below 2¹², so that sums are exact in any order
            let mut expected = products.iter();
            for u in 0..columns {
                let a = &left[u * TILE..][..len];
                assert_eq!(sums[u], 1.0 + a.iter().sum::<f64>());
                for v in u..columns {
                    let b = &right[v * TILE..][..len];
                    let sum: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    assert_eq!(*expected.next().unwrap(), 1.0 + sum, "{columns}: {u}, {v}");
                }
            }
        }
    }
}
