//! Numbers for tuples of numbers: the distinct values of some columns, numbered as they appear.
//!
//! One level a column: its table maps the number of the tuple so far and the next value to the number of the longer
//! tuple. Values are compared by their bits. In front of the hash table stands a small one without chains, in which most
//! rows find their values with one comparison.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher;

/// Entries of the table without chains: those of 12 bits.
const NEAR: usize = 1 << 12;

/// The distinct tuples of some columns.
#[derive(Serialize, Deserialize)]
pub(super) struct Keys {
    levels: Vec<Level>,
}

#[derive(Serialize, Deserialize)]
struct Level {
    /// The tuple before and the bits of the value.
    entries: Vec<(u32, u64)>,
    #[serde(skip)]
    index: HashTable<u32>,
    #[serde(skip)]
    near: Vec<u32>,
}

impl Keys {
    /// No tuples yet, of `columns` values each.
    pub(super) fn new(columns: usize) -> Self {
        let level = || Level { entries: Vec::new(), index: HashTable::new(), near: Vec::new() };
        Self { levels: (0..columns).map(|_| level()).collect() }
    }

    /// How many tuples there are; one of no values.
    pub(super) fn len(&self) -> usize {
        self.levels.last().map_or(1, |level| level.entries.len())
    }

    /// Bytes in memory.
    pub(super) fn size(&self) -> usize {
        self.levels.iter().map(|level| 28 * level.entries.capacity() + 4 * NEAR).sum()
    }

    /// Numbers the rows that count: `ids` has the numbers of the tuples so far and gets those with the next value.
    pub(super) fn extend(&mut self, column: usize, values: &[f64], mask: &[u64], ids: &mut [u32]) {
        let level = &mut self.levels[column];
        for ((id, &value), &mask) in ids.iter_mut().zip(values).zip(mask) {
            if mask != 0 {
                // −0 and 0 are one value
                *id = level.number(*id, (value + 0.0).to_bits());
            }
        }
    }

    /// The numbers here of the tuples of later rows.
    pub(super) fn adopt(&mut self, later: &Self) -> Vec<u32> {
        let mut map = vec![0];
        for (level, later) in self.levels.iter_mut().zip(&later.levels) {
            map = later
                .entries
                .iter()
                .map(|&(parent, bits)| level.number(map[parent as usize], bits))
                .collect();
        }
        map
    }

    /// The values of a tuple, in the order of the columns.
    pub(super) fn values(&self, id: usize, out: &mut [f64]) {
        let mut id = id;
        for (level, out) in self.levels.iter().zip(out).rev() {
            let (parent, bits) = level.entries[id];
            *out = f64::from_bits(bits);
            id = parent as usize;
        }
    }
}

/// A place in the table without chains: the high bits of a product.
fn near(parent: u32, bits: u64) -> usize {
    ((bits ^ u64::from(parent).rotate_left(20)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as usize
}

fn hash(parent: u32, bits: u64) -> u64 {
    FixedState::with_seed(1).hash_one((parent, bits))
}

impl Level {
    #[inline]
    fn number(&mut self, parent: u32, bits: u64) -> u32 {
        let place = near(parent, bits);
        // an empty table has no places; its entries may have come from bytes
        if let Some(&id) = self.near.get(place)
            && self.entries.get(id as usize) == Some(&(parent, bits))
        {
            return id;
        }
        self.look_up(place, parent, bits)
    }

    #[inline(never)]
    fn look_up(&mut self, place: usize, parent: u32, bits: u64) -> u32 {
        if self.near.is_empty() {
            self.restore();
        }
        let hash = hash(parent, bits);
        let entries = &mut self.entries;
        let found = self.index.find(hash, |&id| entries[id as usize] == (parent, bits));
        let id = if let Some(&id) = found {
            id
        } else {
            let id = entries.len() as u32;
            entries.push((parent, bits));
            self.index.insert_unique(hash, id, |&id| {
                let (parent, bits) = entries[id as usize];
                self::hash(parent, bits)
            });
            id
        };
        self.near[place] = id;
        id
    }

    /// The tables that bytes do not carry.
    fn restore(&mut self) {
        self.near = vec![0; NEAR];
        self.index.clear();
        for (id, &(parent, bits)) in self.entries.iter().enumerate() {
            self.index.insert_unique(hash(parent, bits), id as u32, |&id| {
                let (parent, bits) = self.entries[id as usize];
                hash(parent, bits)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_are_numbered_as_they_appear_and_merge() {
        let number = |keys: &mut Keys, rows: &[(f64, f64)]| -> Vec<u32> {
            let (a, b): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
            let (mask, mut ids) = (vec![u64::MAX; rows.len()], vec![0; rows.len()]);
            keys.extend(0, &a, &mask, &mut ids);
            keys.extend(1, &b, &mask, &mut ids);
            ids
        };
        let mut keys = Keys::new(2);
        assert_eq!(
            number(&mut keys, &[(1.0, 2.0), (1.0, 3.0), (0.0, 2.0), (1.0, 2.0), (-0.0, 2.0)]),
            [0, 1, 2, 0, 2]
        );
        let mut later = Keys::new(2);
        number(&mut later, &[(5.0, 2.0), (1.0, 3.0)]);
        assert_eq!(keys.adopt(&later), [3, 1]);
        assert_eq!(keys.len(), 4);
        let mut values = [0.0; 2];
        keys.values(3, &mut values);
        assert_eq!(values, [5.0, 2.0]);
        let mut travelled: Keys = rmp_serde::from_slice(&rmp_serde::to_vec(&keys).unwrap()).unwrap();
        assert_eq!(number(&mut travelled, &[(1.0, 3.0), (9.0, 9.0)]), [1, 4]);
        assert_eq!(Keys::new(0).len(), 1);
    }
}
