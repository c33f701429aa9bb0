//! Sums of columns within the cells of a partition: those that are not 0, cell by cell.

use super::Real;

/// The sum of a column within a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<T> {
    pub(crate) column: u32,
    /// Of the shifted column.
    pub(crate) shifted: T,
    /// Of the column itself.
    pub(crate) raw: T,
}

/// The sums of columns within cells, by cell and then by column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Within<T> {
    /// Where the sums of each cell begin, and where the last ones end.
    starts: Vec<usize>,
    entries: Vec<Entry<T>>,
}

impl<T: Real> Within<T> {
    /// From sums in any order, one for each cell and column.
    pub(super) fn new(cells: usize, found: Vec<(u32, Entry<T>)>) -> Self {
        let zero = T::default();
        let mut found = found;
        found.retain(|(_, entry)| entry.shifted != zero || entry.raw != zero);
        found.sort_unstable_by_key(|(cell, entry)| (*cell, entry.column));
        let mut starts = Vec::with_capacity(cells + 1);
        starts.extend((0..=cells).scan(0, |at, cell| {
            *at += found[*at..].iter().take_while(|(of, _)| (*of as usize) < cell).count();
            Some(*at)
        }));
        Self { starts, entries: found.into_iter().map(|(_, entry)| entry).collect() }
    }

    /// The sums within a cell.
    pub(crate) fn of(&self, cell: usize) -> &[Entry<T>] {
        match (self.starts.get(cell), self.starts.get(cell + 1)) {
            (Some(&start), Some(&end)) => &self.entries[start..end],
            _ => &[],
        }
    }

    /// Those of some of `width` columns, which become the first, the second and so on.
    pub(super) fn of_columns(&self, width: usize, columns: &[usize]) -> Self {
        let mut places = vec![None; width];
        (0..).zip(columns).for_each(|(place, &column)| places[column] = Some(place));
        let (mut starts, mut entries) = (vec![0], Vec::new());
        for cell in 1..self.starts.len() {
            let start = entries.len();
            let known = |entry: &Entry<T>| Some(Entry { column: places[entry.column as usize]?, ..*entry });
            entries.extend(self.of(cell - 1).iter().filter_map(known));
            entries[start..].sort_unstable_by_key(|entry| entry.column);
            starts.push(entries.len());
        }
        Self { starts, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_their_columns_in_order() {
        let entry = |column, shifted| Entry { column, shifted, raw: 2.0 * shifted };
        let found = vec![
            (2, entry(5, 1.0)),
            (0, entry(3, 2.0)),
            (2, entry(1, 3.0)),
            (2, entry(2, 0.0)),
            (4, entry(0, 4.0)),
        ];
        let within = Within::new(5, found);
        let show = |within: &Within<f64>| -> Vec<Vec<(u32, f64)>> {
            (0..5).map(|cell| within.of(cell).iter().map(|e| (e.column, e.shifted)).collect()).collect()
        };
        assert_eq!(show(&within), [vec![(3, 2.0)], vec![], vec![(1, 3.0), (5, 1.0)], vec![], vec![(0, 4.0)]]);
        let some = within.of_columns(6, &[5, 1, 0]);
        assert_eq!(show(&some), [vec![], vec![], vec![(0, 1.0), (1, 3.0)], vec![], vec![(2, 4.0)]]);
        assert_eq!(some.of(2)[1].raw, 6.0);
    }
}
