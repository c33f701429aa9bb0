//! A weighted sample in levels: an item of level `i` stands for 2^i values.

/// Capacity of the highest level; each lower one holds two thirds of the next.
const CAPACITY: f64 = 320.0;
/// No level is compacted for fewer items than this.
const LEAST_CAPACITY: f64 = 8.0;

/// Levels from the lowest; the items of each are in increasing order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Levels(Vec<Vec<u64>>);

impl Levels {
    /// From levels whose items are in increasing order.
    pub(super) fn from_levels(levels: Vec<Vec<u64>>) -> Self {
        Self(levels)
    }

    pub(super) fn as_slice(&self) -> &[Vec<u64>] {
        &self.0
    }

    /// Adds items to a level.
    pub(super) fn push(&mut self, level: usize, mut items: Vec<u64>) {
        if items.is_empty() {
            return;
        }
        // those that come from below are sorted, which costs one look
        items.sort_unstable();
        while self.0.len() <= level {
            self.0.push(Vec::new());
        }
        if let Some(mine) = self.0.get_mut(level) {
            *mine = merged(mine, &items);
        }
    }

    /// Adds all items of another sample.
    pub(super) fn add(&mut self, other: &Self) {
        for (level, items) in other.0.iter().enumerate() {
            self.push(level, items.clone());
        }
    }

    /// Adds keys with their numbers, exactly: in the level of every bit of the number.
    pub(super) fn add_counts(&mut self, pairs: &[(u64, u64)]) {
        for level in 0..u64::BITS {
            let items = pairs.iter().filter(|pair| pair.1 >> level & 1 == 1).map(|pair| pair.0);
            self.push(level as usize, items.collect());
        }
    }

    /// Shortens the levels until they are within their capacity; the deviation grows by what that may change.
    pub(super) fn compress(&mut self, tosses: &mut u64, deviation: &mut f64) {
        loop {
            let capacities = capacities(self.0.len());
            let items: usize = self.0.iter().map(Vec::len).sum();
            if items <= capacities.iter().sum() {
                return;
            }
            let full = self.0.iter().zip(&capacities).position(|(items, capacity)| items.len() > *capacity);
            // one of them is, or their sum would not be; only a forged file gets to weights of 64 bits
            let Some(level) = full.filter(|level| *level < 62) else { return };
            self.compact(level, toss(tosses) & 1 == 1);
            *deviation = deviation.hypot((1_u64 << level) as f64);
        }
    }

    /// Moves every second item of a level up; the last one of an odd number stays.
    fn compact(&mut self, level: usize, odd: bool) {
        let Some(items) = self.0.get_mut(level) else { return };
        let even_length = items.len() & !1;
        let rest = items.split_off(even_length);
        let items = std::mem::replace(items, rest);
        let moved: Vec<u64> = items.into_iter().skip(usize::from(odd)).step_by(2).collect();
        self.push(level + 1, moved);
    }

    /// How many values are at most `key`.
    pub(super) fn at_most(&self, key: u64) -> u64 {
        let levels = self.0.iter().enumerate();
        let counts =
            levels.map(|(level, items)| (items.partition_point(|item| *item <= key) as u64) << level);
        counts.fold(0, u64::saturating_add)
    }

    /// All items with their weights, in increasing order.
    pub(super) fn points(&self) -> Vec<(u64, u64)> {
        let levels = self.0.iter().enumerate();
        let mut points: Vec<_> =
            levels.flat_map(|(level, items)| items.iter().map(move |item| (*item, 1 << level))).collect();
        points.sort_unstable();
        points
    }
}

/// All of two increasing lists, increasing.
fn merged(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let Some(item) = match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if x <= y => a.next(),
        (_, Some(_)) => b.next(),
        _ => a.next(),
    } {
        all.push(*item);
    }
    all
}

/// How many items each of this many levels may have.
fn capacities(levels: usize) -> Vec<usize> {
    let depth = |level: usize| (levels - 1 - level) as i32;
    (0..levels)
        .map(|level| (CAPACITY * (2.0_f64 / 3.0).powi(depth(level))).max(LEAST_CAPACITY) as usize)
        .collect()
}

/// The keys of one value out of each 2^bits, and of those behind the last whole group.
pub(super) fn draw<T: Copy>(
    values: &[T],
    bits: u32,
    seed: u64,
    key: impl Fn(T) -> u64,
) -> (Vec<u64>, Vec<u64>) {
    let size = 1_usize << bits;
    let groups = values.chunks_exact(size);
    let rest = groups.remainder().iter().map(|value| key(*value)).collect();
    let drawn = (seed..).zip(groups).filter_map(|(number, group)| {
        let place = mix(number) as usize & (size - 1);
        group.get(place).map(|value| key(*value))
    });
    (drawn.collect(), rest)
}

/// The next 64 coins of a counter.
pub(super) fn toss(tosses: &mut u64) -> u64 {
    *tosses = tosses.wrapping_add(1);
    mix(*tosses << 32)
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood 2014): every bit of the result depends on every bit of the number.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_to_the_values_after_every_step() {
        let weight = |levels: &Levels| levels.points().iter().map(|point| point.1).sum::<u64>();
        let mut levels = Levels::default();
        let (mut tosses, mut deviation, mut count) = (0, 0.0, 0);
        for block in 0..50_u64 {
            let values: Vec<u64> = (0..1000 + block).map(|i| i * 7919 % 1009).collect();
            let (drawn, rest) = draw(&values, 3, block << 40, |value| value);
            assert_eq!(drawn.len() * 8 + rest.len(), values.len());
            levels.push(3, drawn);
            levels.push(0, rest);
            count += values.len() as u64;
            levels.compress(&mut tosses, &mut deviation);
            assert_eq!(weight(&levels), count);
        }
        levels.add_counts(&[(7, 1000), (2000, 12)]);
        assert_eq!(weight(&levels), count + 1012);
        assert_eq!(levels.at_most(u64::MAX), count + 1012);
        assert_eq!(levels.at_most(1999), count + 1000);
        assert!(deviation > 0.0);
    }
}
