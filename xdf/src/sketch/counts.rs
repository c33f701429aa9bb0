//! Different values, each with the number of its occurrences.

use super::MAX_DISTINCT;

/// The widest range of keys that is counted in a table with one place for each.
const MAX_RANGE: u64 = 1 << 14;
/// Slots of the hash table: three of four stay empty.
const SLOT_BITS: u32 = MAX_DISTINCT.ilog2() + 2;

/// Keys in increasing order, each with how often it occurs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts(Vec<(u64, u64)>);

impl Counts {
    /// From pairs in increasing order.
    pub(super) fn from_pairs(pairs: Vec<(u64, u64)>) -> Self {
        Self(pairs)
    }

    pub(super) fn pairs(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Adds pairs that are in increasing order.
    pub(super) fn add(&mut self, pairs: &[(u64, u64)]) {
        let same_keys = self.0.len() == pairs.len() && self.0.iter().zip(pairs).all(|(a, b)| a.0 == b.0);
        if !same_keys {
            let known = self.0.len();
            for (key, _) in pairs {
                let place = self.0.get(..known).unwrap_or_default().binary_search_by_key(key, |pair| pair.0);
                if place.is_err() {
                    self.0.push((*key, 0));
                }
            }
            // two sorted runs
            self.0.sort_by_key(|pair| pair.0);
        }
        let mut mine = self.0.iter_mut();
        for (key, count) in pairs {
            if let Some(pair) = mine.find(|pair| pair.0 == *key) {
                pair.1 = pair.1.saturating_add(*count);
            }
        }
    }

    /// How many values are at most `key`.
    pub(super) fn at_most(&self, key: u64) -> u64 {
        let until = self.0.partition_point(|pair| pair.0 <= key);
        self.0.iter().take(until).fold(0, |sum, pair| sum.saturating_add(pair.1))
    }
}

/// The different values of a block with their numbers, in increasing order; nothing when they are too many.
pub(super) fn tally<T: Copy>(
    values: &[T],
    (min, max): (u64, u64),
    key: impl Fn(T) -> u64 + Copy,
) -> Option<Vec<(u64, u64)>> {
    if min == max {
        return Some(vec![(min, values.len() as u64)]);
    }
    let pairs = match max - min {
        range if range < MAX_RANGE => by_place(values, min, range as usize + 1, key),
        _ => by_hash(values, key)?,
    };
    (pairs.len() <= MAX_DISTINCT).then_some(pairs)
}

/// Counts in one place for each key from `min`.
fn by_place<T: Copy>(values: &[T], min: u64, range: usize, key: impl Fn(T) -> u64) -> Vec<(u64, u64)> {
    // Two tables by turns: equal neighbours, which are frequent, need not wait for each other.
    let (mut even, mut odd) = (vec![0_u32; range], vec![0_u32; range]);
    let count = |table: &mut [u32], value: T| {
        if let Some(place) = table.get_mut((key(value) - min) as usize) {
            *place += 1;
        }
    };
    let (pairs, rest) = values.as_chunks::<2>();
    for [first, second] in pairs {
        count(&mut even, *first);
        count(&mut odd, *second);
    }
    for value in rest {
        count(&mut even, *value);
    }
    let counts = even.iter().zip(&odd).map(|(even, odd)| u64::from(*even) + u64::from(*odd));
    let keys = counts.enumerate().map(|(place, count)| (min.wrapping_add(place as u64), count));
    keys.filter(|(_, count)| *count > 0).collect()
}

/// Counts in a hash table with open addressing; nothing as soon as there are too many keys.
fn by_hash<T: Copy>(values: &[T], key: impl Fn(T) -> u64) -> Option<Vec<(u64, u64)>> {
    let mut keys = vec![0_u64; 1 << SLOT_BITS];
    let mut counts = vec![0_u32; 1 << SLOT_BITS];
    let mut distinct = 0;
    for value in values {
        let key = key(*value);
        // Fibonacci hashing: the high bits depend on all bits of the key
        let mut slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOT_BITS)) as usize;
        loop {
            let (Some(found), Some(count)) = (keys.get_mut(slot), counts.get_mut(slot)) else { return None };
            if *count == 0 {
                distinct += 1;
                if distinct > MAX_DISTINCT {
                    return None;
                }
                (*found, *count) = (key, 1);
                break;
            }
            if *found == key {
                *count += 1;
                break;
            }
            slot = (slot + 1) % (1 << SLOT_BITS);
        }
    }
    let counts = counts.iter().map(|count| u64::from(*count));
    let mut pairs: Vec<_> = keys.iter().copied().zip(counts).filter(|(_, count)| *count > 0).collect();
    pairs.sort_unstable();
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_count_alike_and_give_up_at_the_limit() {
        let values: Vec<u64> = (0..10_000).map(|i| i * 7919 % 1500).collect();
        let pairs = tally(&values, (0, 1499), |value| value).unwrap();
        assert_eq!(by_hash(&values, |value| value).unwrap(), pairs);
        assert_eq!(pairs.iter().map(|pair| pair.1).sum::<u64>(), 10_000);
        let many: Vec<u64> = (0..3000).collect();
        assert_eq!(tally(&many, (0, 2999), |value| value), None);
        assert_eq!(tally(&many, (0, 2999 << 20), |value| value << 20), None);
    }

    #[test]
    fn counts_add_up_whichever_keys_are_new() {
        let mut counts = Counts::default();
        counts.add(&[(3, 1), (5, 2)]);
        counts.add(&[(1, 1), (5, 1), (9, 4)]);
        counts.add(&[(1, 1), (3, 1), (5, 1), (9, u64::MAX)]);
        assert_eq!(counts.pairs(), [(1, 2), (3, 2), (5, 4), (9, u64::MAX)]);
        assert_eq!((counts.at_most(0), counts.at_most(4), counts.at_most(8)), (0, 4, 8));
    }
}
