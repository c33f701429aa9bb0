//! The sums of a [`Gram`] in twice the precision, for designs whose normal equations lose too many digits.
//!
//! The normal equations of a design of condition `κ` lose `2 log₁₀ κ` digits, an orthogonal factorization of the rows
//! `log₁₀ κ`. Sums of 106 bits leave more than either up to `κ = 10¹¹`, keep the structure of the tables, which dense
//! triangular factors of the rows would not, and merge by the same formula.
//!
//! [`Gram`]: super::Gram

use std::sync::Arc;

use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use super::Totals;
use super::double::Double;
use super::plan::{Moment, Plan};
use crate::design::{TILE, Tile, Tiles};
use crate::{Error, Result};

/// The sums of a design over some rows, in twice the precision.
#[derive(Serialize, Deserialize)]
pub(crate) struct ExactGram {
    pub(crate) totals: Totals<Double>,
    /// For each variable of the design what its numbers are like.
    digits: Vec<Digits>,
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    #[serde(skip)]
    tiles: Tiles,
}

/// What was seen of the numbers of a variable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Digits {
    /// A number that is not whole.
    fraction: bool,
    /// A number that 4 bytes do not hold.
    wide: bool,
}

impl Digits {
    fn merge(&mut self, other: Self) {
        self.fraction |= other.fraction;
        self.wide |= other.wide;
    }

    /// The relative error with which such numbers may have been rounded.
    fn unit(self) -> f64 {
        // 2⁻²⁴ for fractions in 4 bytes, else 2⁻⁵³
        if self.fraction && !self.wide { f64::from(f32::EPSILON) / 2.0 } else { f64::EPSILON / 2.0 }
    }
}

impl ExactGram {
    /// Empty sums of a plan.
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self {
            totals: Totals::new(&plan),
            digits: vec![Digits::default(); plan.design.variables.len()],
            tiles: Tiles::new(&plan.design),
            plan: Some(plan),
        }
    }

    /// For each value of a plan the relative error with which it may have been rounded before it was read.
    pub(crate) fn units(&self, plan: &Plan) -> Vec<f64> {
        let unit = |value: &Vec<usize>| value.iter().map(|&v| self.digits[v].unit()).fold(0.0, f64::max);
        plan.values.iter().map(unit).collect()
    }

    fn add_block(&mut self, block: &Block) -> Result<()> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::Mismatch { what: "the partial result came without its design" });
        };
        let mut tiles = std::mem::take(&mut self.tiles);
        let result = tiles.each(block, |tile, _| self.add(&plan, tile));
        self.tiles = tiles;
        result
    }

    fn add(&mut self, plan: &Plan, tile: &Tile) -> Result<()> {
        if !self.totals.count(plan, tile) {
            return Ok(());
        }
        for (digits, numbers) in self.digits.iter_mut().zip(&tile.numbers) {
            for (&x, _) in numbers.iter().zip(&tile.mask[..tile.len]).filter(|(_, mask)| **mask != 0) {
                digits.fraction |= x.fract() != 0.0;
                digits.wide |= f64::from(x as f32) != x;
            }
        }
        let values: Vec<Vec<Double>> = plan
            .values
            .iter()
            .zip(&self.totals.shifts)
            .map(|(value, &shift)| shifted(value, shift, tile))
            .collect();
        let weight = |i: usize| match tile.weights.get(i) {
            Some(&weight) => weight,
            None => f64::from(u8::from(tile.mask[i] != 0)),
        };
        let weights: Vec<Double> = (0..tile.len).map(|i| Double::from(weight(i))).collect();
        let (one_cell, mut cells) = (vec![0; tile.len], vec![0; tile.len]);
        let mut terms = weights.clone();
        for (table, sums) in plan.tables.iter().zip(&mut self.totals.tables) {
            let (sums, cells) = if table.factors.is_empty() {
                (sums.sums_mut(), one_cell.as_slice())
            } else {
                sums.places(table, tile, &mut cells)?
            };
            let width = table.moments.len();
            for (spot, moment) in table.moments.iter().enumerate() {
                match *moment {
                    Moment::One => terms.copy_from_slice(&weights),
                    Moment::Value(v) => fill(&mut terms, &weights, &values[v], None),
                    Moment::Product(u, v) => fill(&mut terms, &weights, &values[u], Some(&values[v])),
                }
                for (&cell, &term) in cells.iter().zip(&terms) {
                    sums[cell as usize * width + spot] += term;
                }
            }
        }
        Ok(())
    }
}

/// A value of a tile's rows less its shift, 0 in rows that do not count.
fn shifted(value: &[usize], shift: f64, tile: &Tile) -> Vec<Double> {
    let product = |i: usize| match value {
        [variable] => Double::difference(tile.numbers[*variable][i], shift),
        variables => {
            let start = Double::from(1.0);
            variables.iter().fold(start, |product, &v| product * Double::from(tile.numbers[v][i]))
                - Double::from(shift)
        }
    };
    (0..tile.len).map(|i| if tile.mask[i] == 0 { Double::default() } else { product(i) }).collect()
}

/// Weighted values, or products of two.
fn fill(terms: &mut [Double], weights: &[Double], one: &[Double], other: Option<&[Double]>) {
    for (i, (term, &weight)) in terms.iter_mut().zip(weights).enumerate() {
        let value = other.map_or(one[i], |other| one[i] * other[i]);
        *term = if weight == Double::from(1.0) { value } else { weight * value };
    }
}

impl Accumulator for ExactGram {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.add_block(block)?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        self.digits.iter_mut().zip(later.digits).for_each(|(own, later)| own.merge(later));
        Ok(self.totals.merge(later.totals)?)
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let values = self.totals.shifts.len() + 2;
        self.totals.size() + values * TILE * size_of::<Double>() + size_of::<Self>()
    }
}
