//! Moments of a numeric column in every cell of a grouping.
//!
//! Each row names its cell. Updating a cell's mean row by row divides once a row and waits for the division; instead a
//! block is swept twice, as a tile of [`Moments`] is: sums by cell, then deviations from the block's cell means. Where a
//! block has hardly more rows than there are cells the sweeps over the cells would cost more, and Welford's update is
//! used.

use super::Moments;

#[derive(Clone, Copy, Default)]
struct Sums {
    count: u64,
    weight: f64,
    sum: f64,
    mean: f64,
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
    let mut sums = vec![Sums::default(); cells.len()];
    for (row, (&slot, &value)) in slots.iter().zip(values).enumerate() {
        let Ok(slot) = usize::try_from(slot) else { continue };
        let weight = weights.map_or(1.0, |weights| weights[row]);
        if weight == 0.0 {
            continue;
        }
        let cell = &mut sums[slot];
        if value.is_nan() {
            cell.missing += 1;
            cell.missing_weight += weight;
            continue;
        }
        if cell.count == 0 {
            (cell.min, cell.max) = (value, value);
        }
        cell.count += 1;
        cell.weight += weight;
        cell.sum += weight * value;
        cell.min = if value < cell.min { value } else { cell.min };
        cell.max = if value > cell.max { value } else { cell.max };
    }
    for cell in &mut sums {
        cell.mean = cell.sum / cell.weight;
    }
    for (row, (&slot, &value)) in slots.iter().zip(values).enumerate() {
        let Ok(slot) = usize::try_from(slot) else { continue };
        if value.is_nan() {
            continue;
        }
        let weight = weights.map_or(1.0, |weights| weights[row]);
        let cell = &mut sums[slot];
        let deviation = value - cell.mean;
        cell.first += weight * deviation;
        cell.second += weight * deviation * deviation;
    }
    for (cell, sums) in cells.iter_mut().zip(&sums) {
        if sums.count > 0 || sums.missing > 0 {
            cell.merge_from(&sums.moments());
        }
    }
}

impl Sums {
    fn moments(&self) -> Moments {
        let mut moments = Moments::default();
        moments.add_missing(self.missing, self.missing_weight);
        if self.count > 0 {
            moments.set_values(self.count, self.weight, self.sum, self.mean, self.first, self.second);
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
