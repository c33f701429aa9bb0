//! The loops over rows.
//!
//! Two shapes: sums of products of numbers ([`dense`]) and additions to the cell of a row ([`Lanes`]). Both keep several
//! independent sums, because one sum is a chain of additions that each wait for the one before: vectors for numbers, and
//! for small tables 4 copies that successive rows take in turn (rows of sorted data meet the same cell again and again).

use super::plan::Table;
use super::products;
use crate::design::TILE;

/// Copies of a small table.
const COPIES: usize = 4;

/// Numbers (of 8 bytes) up to which a table has copies: a share of the first-level cache.
const SMALL: usize = 1024;

/// Cells up to which counts are kept in 4 bytes until the end of the block.
const COUNTED: usize = 65_536;

/// The sum of a column.
pub(super) fn sum(column: &[f64]) -> f64 {
    let (chunks, rest) = column.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    fold(lanes) + rest.iter().sum::<f64>()
}

fn fold([a, b, c, d, e, f, g, h]: [f64; 8]) -> f64 {
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// Adds weights, weighted values and weighted products of all pairs to `out`, in the order of the first table's moments.
///
/// `values` and `weighted` have [`TILE`] rows a column, of which `len` are used.
pub(super) fn dense(values: &[f64], weighted: &[f64], len: usize, count: f64, out: &mut [f64]) {
    let columns = values.len() / TILE;
    out[0] += count;
    let (sums, products) = out[1..].split_at_mut(columns);
    if columns > 0 {
        products::add(weighted, values, len, sums, products);
    }
}

/// How a table takes rows: copies or counts that are added to it at the end of a block, or directly.
pub(super) enum Lanes {
    /// Copies of all moments.
    Copies { cells: usize, data: Vec<f64> },
    /// Counts, in copies where they are small.
    Counts { cells: usize, copies: usize, data: Vec<u32> },
    /// The table itself.
    Direct,
}

impl Lanes {
    /// For a table.
    pub(super) fn new(table: &Table, unweighted: bool) -> Self {
        if !table.is_dense() {
            return Self::Direct;
        }
        Self::of(table.cells, table.moments.len(), unweighted)
    }

    /// For `cells` cells (without the one for rows that do not count) of `width` moments.
    fn of(cells: usize, width: usize, unweighted: bool) -> Self {
        let cells = cells + 1;
        if width == 1 && unweighted && cells <= COUNTED {
            let copies = if cells <= 2 * SMALL { COPIES } else { 1 };
            Self::Counts { cells, copies, data: vec![0; cells * copies] }
        } else if cells * width <= SMALL {
            Self::Copies { cells, data: vec![0.0; cells * width * COPIES] }
        } else {
            Self::Direct
        }
    }

    /// Counts rows.
    pub(super) fn count(&mut self, table: &mut [f64], index: &[u32]) {
        match self {
            Self::Counts { cells, copies: COPIES, data } => {
                let (fours, rest) = index.as_chunks::<COPIES>();
                for four in fours {
                    for (copy, &cell) in four.iter().enumerate() {
                        data[copy * *cells + cell as usize] += 1;
                    }
                }
                for &cell in rest {
                    data[cell as usize] += 1;
                }
            }
            Self::Counts { data, .. } => {
                for &cell in index {
                    data[cell as usize] += 1;
                }
            }
            Self::Copies { .. } | Self::Direct => {
                for &cell in index {
                    table[cell as usize] += 1.0;
                }
            }
        }
    }

    /// Adds the moments of rows.
    pub(super) fn add(&mut self, table: &mut [f64], index: &[u32], sources: &[&[f64]]) {
        match sources {
            [a] => self.add_some(table, index, [a]),
            [a, b] => self.add_some(table, index, [a, b]),
            [a, b, c] => self.add_some(table, index, [a, b, c]),
            [a, b, c, d] => self.add_some(table, index, [a, b, c, d]),
            [a, b, c, d, e] => self.add_some(table, index, [a, b, c, d, e]),
            [a, b, c, d, e, f] => self.add_some(table, index, [a, b, c, d, e, f]),
            many => {
                let width = many.len();
                for (i, &cell) in index.iter().enumerate() {
                    let cell = &mut table[cell as usize * width..][..width];
                    for (sum, source) in cell.iter_mut().zip(many) {
                        *sum += source[i];
                    }
                }
            }
        }
    }

    fn add_some<const W: usize>(&mut self, table: &mut [f64], index: &[u32], sources: [&[f64]; W]) {
        let len = index.len();
        let sources = sources.map(|source| &source[..len]);
        match self {
            Self::Copies { cells, data } => {
                let (data, _) = data.as_chunks_mut::<W>();
                let mut base = 0;
                for (i, &cell) in index.iter().enumerate() {
                    let cell = &mut data[base + cell as usize];
                    for (sum, source) in cell.iter_mut().zip(sources) {
                        *sum += source[i];
                    }
                    base += *cells;
                    if base == COPIES * *cells {
                        base = 0;
                    }
                }
            }
            Self::Counts { .. } | Self::Direct => {
                let (data, _) = table.as_chunks_mut::<W>();
                for (i, &cell) in index.iter().enumerate() {
                    let cell = &mut data[cell as usize];
                    for (sum, source) in cell.iter_mut().zip(sources) {
                        *sum += source[i];
                    }
                }
            }
        }
    }

    /// Adds what was kept aside to the table.
    pub(super) fn flush(&mut self, table: &mut [f64]) {
        match self {
            Self::Copies { data, .. } => {
                for copy in data.chunks_exact(table.len()) {
                    table.iter_mut().zip(copy).for_each(|(sum, x)| *sum += x);
                }
                data.fill(0.0);
            }
            Self::Counts { cells, data, .. } => {
                for copy in data.chunks_exact(*cells) {
                    table.iter_mut().zip(copy).for_each(|(sum, &x)| *sum += f64::from(x));
                }
                data.fill(0);
            }
            Self::Direct => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_sums_are_those_of_plain_loops() {
        for columns in [1, 2, 3, 12] {
            let len = 1001;
            let values: Vec<f64> =
                (0..columns * TILE).map(|i| ((i * 7919 % 1013) as f64 - 500.0) / 7.0).collect();
            let mut out = vec![0.0; 1 + columns + columns * (columns + 1) / 2];
            dense(&values, &values, len, len as f64, &mut out);
            let column = |v: usize| &values[v * TILE..v * TILE + len];
            let mut expected = vec![len as f64];
            expected.extend((0..columns).map(|v| column(v).iter().sum::<f64>()));
            for u in 0..columns {
                for v in u..columns {
                    expected.push(column(u).iter().zip(column(v)).map(|(a, b)| a * b).sum());
                }
            }
            for (got, wanted) in out.iter().zip(&expected) {
                assert!((got - wanted).abs() <= 1e-12 * wanted.abs().max(1e5), "{columns}: {got} {wanted}");
            }
        }
    }

    #[test]
    fn every_kind_of_lane_adds_the_same() {
        let index: Vec<u32> = (0..1000).map(|i| i * i % 7).collect();
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let run = |mut lanes: Lanes| {
            let mut table = vec![0.0; 8 * 2];
            lanes.add(&mut table, &index, &[&values, &values]);
            lanes.flush(&mut table);
            table
        };
        let copies = run(Lanes::of(7, 2, true));
        assert_eq!(copies, run(Lanes::Direct));
        let mut counted = vec![0.0; 8];
        let mut lanes = Lanes::of(7, 1, true);
        lanes.count(&mut counted, &index);
        lanes.flush(&mut counted);
        let mut plain = vec![0.0; 8];
        Lanes::Direct.count(&mut plain, &index);
        assert_eq!(counted, plain);
        assert_eq!(plain.iter().sum::<f64>(), 1000.0);
    }
}
