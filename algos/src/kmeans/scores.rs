//! The scores |c|² − 2x·c of all centers for the rows of a panel, in numbers of 4 and of 8 bytes.
//!
//! Coordinates of several rows lie in one vector, so that a score takes one fused multiplication for each coordinate, and
//! eight scores are under way at once. A score has an error of at most γ(|x|² + max|c|²), with γ = 8(p + 8) times the unit
//! roundoff (Higham 2002, "Accuracy and Stability of Numerical Algorithms", 3.1; the rounding of x and c to 4 bytes is
//! within it). Where the two least scores are within 4 such errors, the nearest center is open.

use pulp::{Arch, Simd, WithSimd};

use super::panels::PANEL;

/// Centers whose scores are added up together.
const GROUP: usize = 4;

/// Vectors of rows that are taken together.
const VECTORS: usize = 2;

/// The least scores of a panel's rows.
pub(super) struct Scores<T, I> {
    x: Vec<T>,
    square: [T; PANEL],
    best: [T; PANEL],
    second: [T; PANEL],
    index: [I; PANEL],
    /// 1 where the scores leave open which center is the nearest, else 0.
    open: [I; PANEL],
}

/// Centers, laid out for the search.
pub(super) struct Packed<T> {
    columns: usize,
    /// −2c in groups, coordinate by coordinate.
    centers: Vec<T>,
    /// |c|², infinite behind the last center.
    squares: Vec<T>,
    largest: T,
    unit: T,
    arch: Arch,
}

macro_rules! scores {
    (
        $T:ident, $I:ident, $lanes:ident, $vectors:ident, $vectors_mut:ident, $indices_mut:ident, $splat:ident,
        $splat_index:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $less:ident, $min:ident,
        $select:ident, $select_index:ident
    ) => {
        impl Scores<$T, $I> {
            pub(super) fn new(columns: usize) -> Self {
                let empty = [0.0; PANEL];
                Self {
                    x: vec![0.0; columns * PANEL],
                    square: empty,
                    best: empty,
                    second: empty,
                    index: [0; PANEL],
                    open: [0; PANEL],
                }
            }

            /// A bit for each of the first rows whose nearest center is open.
            pub(super) fn open(&self, rows: usize) -> u32 {
                if self.open.iter().fold(0, |any, open| any | open) == 0 {
                    return 0;
                }
                (0..rows).fold(0, |bits, lane| bits | (self.open[lane] as u32) << lane)
            }

            pub(super) fn labels(&self) -> [u32; PANEL] {
                self.index.map(|index| index as u32)
            }

            /// The squared distance from the nearest center, from the second nearest, and the error of both.
            pub(super) fn distances(&self, lane: usize, packed: &Packed<$T>) -> [f64; 3] {
                let square = f64::from(self.square[lane]);
                let error = f64::from(packed.unit) * (square + f64::from(packed.largest));
                [f64::from(self.best[lane]) + square, f64::from(self.second[lane]) + square, error]
            }
        }

        impl Packed<$T> {
            /// Of `clusters` × `columns` centers.
            pub(super) fn new(from: &[f64], clusters: usize, columns: usize) -> Self {
                let groups = clusters.div_ceil(GROUP);
                let mut centers = vec![0.0; groups * GROUP * columns];
                let mut squares = vec![$T::INFINITY; groups * GROUP];
                let mut largest = 0.0_f64;
                for cluster in 0..clusters {
                    let center = &from[cluster * columns..(cluster + 1) * columns];
                    let (group, lane) = (cluster / GROUP, cluster % GROUP);
                    for (column, &c) in center.iter().enumerate() {
                        centers[(group * columns + column) * GROUP + lane] = (-2.0 * c) as $T;
                    }
                    let square: f64 = center.iter().map(|c| c * c).sum();
                    squares[cluster] = square as $T;
                    largest = largest.max(square);
                }
                let unit = 8.0 * (columns + 8) as f64 * f64::from($T::EPSILON / 2.0);
                Self {
                    columns,
                    centers,
                    squares,
                    largest: largest as $T,
                    unit: unit as $T,
                    arch: Arch::new(),
                }
            }

            /// Scores the rows of a panel.
            pub(super) fn search(&self, panel: &[f64], scores: &mut Scores<$T, $I>) {
                self.arch.dispatch(Search { packed: self, panel, scores });
            }
        }

        impl WithSimd for Search<'_, $T, $I> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                let Self { packed, panel, scores } = self;
                scores.x.iter_mut().zip(panel).for_each(|(to, &x)| *to = x as $T);
                let vectors = PANEL / S::$lanes;
                let (x, _) = S::$vectors(&scores.x);
                let (square_out, _) = S::$vectors_mut(&mut scores.square);
                let (best_out, _) = S::$vectors_mut(&mut scores.best);
                let (second_out, _) = S::$vectors_mut(&mut scores.second);
                let (index_out, _) = S::$indices_mut(&mut scores.index);
                let (open_out, _) = S::$indices_mut(&mut scores.open);
                let infinite = simd.$splat($T::INFINITY);
                let (largest, bar) = (simd.$splat(packed.largest), simd.$splat(4.0 * packed.unit));
                let (none, one) = (simd.$splat_index(0), simd.$splat_index(1));
                for at in (0..vectors).step_by(VECTORS) {
                    let mut best = [infinite; VECTORS];
                    let mut second = [infinite; VECTORS];
                    let mut index = [none; VECTORS];
                    let mut square = [simd.$splat(0.0); VECTORS];
                    for x in x.chunks_exact(vectors) {
                        for (square, &x) in square.iter_mut().zip(&x[at..at + VECTORS]) {
                            *square = simd.$mul_add(x, x, *square);
                        }
                    }
                    let groups = packed.centers.chunks_exact(GROUP * packed.columns.max(1));
                    let squares = packed.squares.as_chunks::<GROUP>().0;
                    for (group, (centers, squares)) in groups.zip(squares).enumerate() {
                        let mut sums = squares.map(|square| [simd.$splat(square); VECTORS]);
                        let coordinates = centers.as_chunks::<GROUP>().0.iter();
                        for (x, center) in x.chunks_exact(vectors).zip(coordinates) {
                            let x: [_; VECTORS] = std::array::from_fn(|vector| x[at + vector]);
                            for (sums, &c) in sums.iter_mut().zip(center) {
                                let c = simd.$splat(c);
                                for (sum, x) in sums.iter_mut().zip(x) {
                                    *sum = simd.$mul_add(x, c, *sum);
                                }
                            }
                        }
                        for (lane, score) in sums.iter().enumerate() {
                            let number = simd.$splat_index((group * GROUP + lane) as $I);
                            for vector in 0..VECTORS {
                                let closer = simd.$less(score[vector], best[vector]);
                                let farther = simd.$min(second[vector], score[vector]);
                                second[vector] = simd.$select(closer, best[vector], farther);
                                best[vector] = simd.$select(closer, score[vector], best[vector]);
                                index[vector] = simd.$select_index(closer, number, index[vector]);
                            }
                        }
                    }
                    for vector in 0..VECTORS {
                        let bar = simd.$mul(bar, simd.$add(square[vector], largest));
                        let sure = simd.$less(bar, simd.$sub(second[vector], best[vector]));
                        open_out[at + vector] = simd.$select_index(sure, none, one);
                        square_out[at + vector] = square[vector];
                        best_out[at + vector] = best[vector];
                        second_out[at + vector] = second[vector];
                        index_out[at + vector] = index[vector];
                    }
                }
            }
        }
    };
}

struct Search<'a, T, I> {
    packed: &'a Packed<T>,
    panel: &'a [f64],
    scores: &'a mut Scores<T, I>,
}

scores!(
    f32,
    u32,
    F32_LANES,
    as_simd_f32s,
    as_mut_simd_f32s,
    as_mut_simd_u32s,
    splat_f32s,
    splat_u32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    mul_add_e_f32s,
    less_than_f32s,
    min_f32s,
    select_f32s,
    select_u32s
);
scores!(
    f64,
    u64,
    F64_LANES,
    as_simd_f64s,
    as_mut_simd_f64s,
    as_mut_simd_u64s,
    splat_f64s,
    splat_u64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    mul_add_e_f64s,
    less_than_f64s,
    min_f64s,
    select_f64s,
    select_u64s
);
