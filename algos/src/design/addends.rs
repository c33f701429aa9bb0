//! The linear predictor of a row, without its columns.
//!
//! A row's `x'β` has one addend a term: a coefficient that the codes of its factors look up, times a number where the term
//! has numbers. The variance `x'Cx` is a sum over pairs of terms in the same way.

use super::{Design, TILE, Tile};

/// The terms of a design as they enter a linear predictor, with buffers for a tile.
pub(crate) struct Addends {
    terms: Vec<Addend>,
    intercept: bool,
    width: usize,
    cells: Vec<Vec<u32>>,
    products: Vec<Vec<f64>>,
    entries: Vec<(usize, f64)>,
}

struct Addend {
    /// The factors with the steps of their codes.
    factors: Vec<(usize, usize)>,
    numbers: Vec<usize>,
    /// The first coefficient.
    first: usize,
    cells: usize,
}

impl Addends {
    /// The terms of a design, behind an intercept if there is one.
    pub(crate) fn new(design: &Design, intercept: bool) -> Self {
        let mut first = usize::from(intercept);
        let mut terms = Vec::with_capacity(design.terms.len());
        for term in &design.terms {
            let mut step = 1;
            let factors = design
                .factors(term)
                .map(|variable| {
                    let own = step;
                    step *= design.variables[variable].kind.cells();
                    (variable, own)
                })
                .collect();
            let cells = design.cells(term);
            terms.push(Addend { factors, numbers: design.numbers(term).collect(), first, cells });
            first += cells;
        }
        Self {
            cells: terms.iter().map(|_| vec![0; TILE]).collect(),
            products: terms.iter().map(|_| vec![1.0; TILE]).collect(),
            terms,
            intercept,
            width: first,
            entries: Vec::new(),
        }
    }

    /// Takes cells and products of the tile's rows; the other methods work on them.
    pub(crate) fn prepare(&mut self, tile: &Tile) {
        let len = tile.len;
        for ((term, cells), products) in self.terms.iter().zip(&mut self.cells).zip(&mut self.products) {
            let cells = &mut cells[..len];
            for (i, &(factor, step)) in term.factors.iter().enumerate() {
                let codes = &tile.codes[factor];
                if i == 0 {
                    cells.copy_from_slice(&codes[..len]);
                } else {
                    cells.iter_mut().zip(codes).for_each(|(cell, code)| *cell += step as u32 * code);
                }
            }
            for (i, &number) in term.numbers.iter().enumerate() {
                let numbers = &tile.numbers[number];
                if i == 0 {
                    products[..len].copy_from_slice(&numbers[..len]);
                } else {
                    products[..len].iter_mut().zip(numbers).for_each(|(product, x)| *product *= x);
                }
            }
        }
    }

    /// How many columns the terms have, the intercept among them.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Writes the columns of the tile, [`TILE`] numbers each, without the rows that do not count.
    pub(crate) fn write_columns(&self, tile: &Tile, out: &mut [f64]) {
        let len = tile.len;
        if self.intercept {
            out[..len].fill(1.0);
        }
        for ((term, cells), products) in self.terms.iter().zip(&self.cells).zip(&self.products) {
            let columns = &mut out[term.first * TILE..(term.first + term.cells) * TILE];
            if term.factors.is_empty() {
                columns[..len].copy_from_slice(&products[..len]);
            } else if term.cells > 0 {
                columns.fill(0.0);
                for (row, (&cell, &product)) in cells[..len].iter().zip(products).enumerate() {
                    columns[cell as usize * TILE + row] = product;
                }
            }
        }
        if !tile.masked {
            return;
        }
        for column in out.chunks_exact_mut(TILE) {
            let mut kept = 0;
            for (row, &mask) in tile.mask[..len].iter().enumerate() {
                column[kept] = column[row];
                kept += usize::from(mask != 0);
            }
        }
    }

    /// The linear predictor of every row; NaN where a coefficient is.
    pub(crate) fn sum(&self, coefficients: &[f64], out: &mut [f64]) {
        out.fill(if self.intercept { coefficients[0] } else { 0.0 });
        for ((term, cells), products) in self.terms.iter().zip(&self.cells).zip(&self.products) {
            let own = &coefficients[term.first..term.first + term.cells];
            if own.is_empty() {
                // a factor without levels knows no row
                out.fill(f64::NAN);
                return;
            }
            match (term.factors.is_empty(), term.numbers.is_empty()) {
                (true, _) => {
                    let b = own[0];
                    out.iter_mut().zip(products).for_each(|(out, x)| *out += b * x);
                }
                (false, true) => {
                    out.iter_mut().zip(cells).for_each(|(out, &cell)| *out += own[cell as usize]);
                }
                (false, false) => {
                    for ((out, &cell), x) in out.iter_mut().zip(cells).zip(products) {
                        *out += own[cell as usize] * x;
                    }
                }
            }
        }
    }

    /// The variance of every row's linear predictor, from the covariance matrix of the coefficients by rows.
    pub(crate) fn variances(&mut self, covariance: &[f64], out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.variance(covariance, row);
        }
    }

    fn variance(&mut self, covariance: &[f64], row: usize) -> f64 {
        self.entries.clear();
        if self.intercept {
            self.entries.push((0, 1.0));
        }
        for ((term, cells), products) in self.terms.iter().zip(&self.cells).zip(&self.products) {
            let cell = if term.factors.is_empty() { 0 } else { cells[row] as usize };
            let value = if term.numbers.is_empty() { 1.0 } else { products[row] };
            if cell < term.cells {
                self.entries.push((term.first + cell, value));
            }
        }
        let mut variance = 0.0;
        for &(i, x) in &self.entries {
            let matrix_row = &covariance[i * self.width..(i + 1) * self.width];
            variance += x * self.entries.iter().map(|&(j, z)| z * matrix_row[j]).sum::<f64>();
        }
        variance.max(0.0)
    }
}
