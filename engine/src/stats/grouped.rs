//! Moments of a numeric column in every cell of a grouping.
//!
//! Each row names its cell. Updating a cell's mean row by row divides once a row and waits for the division; instead a
//! block is swept once, and sums deviations from the mean that a cell had before the block, in its first block from its
//! first value: near enough that their squares stay small. Where a block has hardly more rows than there are cells the
//! sweep over the cells would cost more, and Welford's update is used.

use super::Moments;

#[derive(Clone, Copy)]
struct Sums {
    /// What was subtracted of each value; NaN before the first one.
    shift: f64,
    count: u64,
    weight: f64,
    sum: f64,
    first: f64,
    second: f64,
    min: f64,
    max: f64,
    missing: u64,
    missing_weight: f64,
}

/// Adds `values` (NaN is missing) to the moments of their cells: `slots` has the position in `cells`, or a negative
/// number for rows that belong to none, which are left out. `weights` are finite and not negative; rows of weight 0 do
/// not count at all. All three slices have one length, and slots are below that of `cells`.
pub fn add_by_cell(cells: &mut [Moments], slots: &[i32], values: &[f64], weights: Option<&[f64]>) {
    if cells.len() > values.len() / 2 {
        for (row, (&slot, &value)) in slots.iter().zip(values).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            if let Some(cell) = usize::try_from(slot).ok().and_then(|slot| cells.get_mut(slot)) {
                cell.add(value, weight);
            }
        }
        return;
    }
    let mut sums: Vec<Sums> = cells.iter().map(Sums::after).collect();
    let rows = slots.iter().zip(values);
    match weights {
        None => rows.for_each(|(&slot, &value)| add(&mut sums, slot, value, 1.0)),
        Some(weights) => {
            let heavy = rows.zip(weights).filter(|(_, weight)| **weight != 0.0);
            heavy.for_each(|((&slot, &value), &weight)| add(&mut sums, slot, value, weight));
        }
    }
    for (cell, sums) in cells.iter_mut().zip(&sums) {
        if sums.count > 0 || sums.missing > 0 {
            cell.merge_from(&sums.moments());
        }
    }
}

#[inline]
fn add(sums: &mut [Sums], slot: i32, value: f64, weight: f64) {
    // a negative slot is above all others
    let Some(cell) = sums.get_mut(slot as u32 as usize) else { return };
    if value.is_nan() {
        cell.missing += 1;
        cell.missing_weight += weight;
        return;
    }
    if cell.shift.is_nan() {
        cell.shift = value;
    }
    let deviation = value - cell.shift;
    cell.count += 1;
    cell.weight += weight;
    cell.sum += weight * value;
    cell.first += weight * deviation;
    cell.second += weight * deviation * deviation;
    cell.min = if value < cell.min { value } else { cell.min };
    cell.max = if value > cell.max { value } else { cell.max };
}

impl Sums {
    /// No values yet; those that come are like those before.
    fn after(before: &Moments) -> Self {
        Self {
            shift: before.mean().filter(|mean| mean.is_finite()).unwrap_or(f64::NAN),
            count: 0,
            weight: 0.0,
            sum: 0.0,
            first: 0.0,
            second: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            missing: 0,
            missing_weight: 0.0,
        }
    }

    fn moments(&self) -> Moments {
        let mut moments = Moments::default();
        moments.add_missing(self.missing, self.missing_weight);
        if self.count > 0 {
            let mean = if self.sum.is_finite() { self.shift } else { self.sum / self.weight };
            moments.set_values(self.count, self.weight, self.sum, mean, self.first, self.second);
            moments.set_extremes(self.min, self.max);
        }
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cells: usize, weights: Option<&[f64]>) {
        let rows = 5000;
        let slots: Vec<i32> = (0..rows).map(|i| (i * 31 % (cells as i32 + 1)) - 1).collect();
        let values: Vec<f64> =
            (0..rows).map(|i| if i % 11 == 0 { f64::NAN } else { 1e6 + f64::from(i * 17 % 101) }).collect();
        let mut found = vec![Moments::default(); cells];
        add_by_cell(&mut found, &slots, &values, weights);
        for (cell, found) in found.iter().enumerate() {
            let mut expected = Moments::default();
            for row in 0..rows as usize {
                if slots[row] == cell as i32 {
                    let weights = weights.map(|weights| &weights[row..=row]);
                    expected.add_values(&values[row..=row], weights);
                }
            }
            assert_eq!(
                (found.count(), found.missing(), found.min(), found.max(), found.missing_weight()),
                (
                    expected.count(),
                    expected.missing(),
                    expected.min(),
                    expected.max(),
                    expected.missing_weight()
                ),
            );
            let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-10 * b.abs(), "{a} is not near {b}");
            near(found.mean().unwrap_or(0.0), expected.mean().unwrap_or(0.0));
            near(found.m2(), expected.m2());
            near(found.sum(), expected.sum());
        }
    }

    #[test]
    fn cells_equal_the_moments_of_their_rows() {
        let weights: Vec<f64> = (0..5000).map(|i| f64::from(i % 4)).collect();
        for cells in [1, 7, 600, 4000] {
            check(cells, None);
            check(cells, Some(&weights));
        }
    }
}
