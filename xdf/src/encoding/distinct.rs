//! Finding the distinct values of a column, when they are few.
//!
//! A hash table of its own, because it must give up early and cost little: open addressing, 64-bit patterns as keys,
//! grown fourfold when half full. Values are told apart by their bits, so that every NaN and both zeros survive.

/// Number of values that are looked at before the whole column is.
const SAMPLE: usize = 1024;

/// The distinct values of a column in ascending order, and the code of every row.
pub(crate) struct Distinct {
    /// Distinct bit patterns.
    pub(crate) values: Vec<u64>,
    /// For every row the number of its value in `values`.
    pub(crate) codes: Vec<u32>,
}

struct Table {
    /// Key and code + 1; 0 is a free place.
    slots: Vec<(u64, u32)>,
    values: Vec<u64>,
}

impl Table {
    fn new() -> Self {
        Self { slots: vec![(0, 0); 1024], values: Vec::new() }
    }

    fn place(&self, key: u64) -> usize {
        let shift = 64 - self.slots.len().trailing_zeros();
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> shift) as usize
    }

    /// The code of a key, new or old.
    fn code(&mut self, key: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = self.place(key);
        loop {
            match self.slots.get(at) {
                Some((_, 0)) | None => break,
                Some((found, code)) if *found == key => return code - 1,
                Some(_) => at = (at + 1) & mask,
            }
        }
        self.values.push(key);
        // At most 65536 values are ever kept.
        let code = self.values.len() as u32;
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (key, code);
        }
        if self.values.len() * 2 > self.slots.len() {
            self.grow();
        }
        code - 1
    }

    fn grow(&mut self) {
        self.slots = vec![(0, 0); self.slots.len() * 4];
        let mask = self.slots.len() - 1;
        for (code, key) in (1..).zip(&self.values) {
            let mut at = self.place(*key);
            while self.slots.get(at).is_some_and(|(_, code)| *code != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = (*key, code);
            }
        }
    }
}

/// The distinct values of `bits`, unless there are more than `limit` (at most 65536) or clearly many. `rank` gives
/// the place of a bit pattern in the order of the values: near values get near codes, which compress well.
pub(crate) fn find(
    bits: impl ExactSizeIterator<Item = u64> + Clone,
    limit: usize,
    rank: impl Fn(u64) -> u64,
) -> Option<Distinct> {
    let rows = bits.len();
    let mut table = Table::new();
    if rows > 4 * SAMPLE {
        let mut looked_at = 0;
        for key in bits.clone().step_by(rows / SAMPLE) {
            table.code(key);
            looked_at += 1;
        }
        if table.values.len() > limit.min(looked_at * 9 / 10) {
            return None;
        }
    }
    let mut codes = Vec::with_capacity(rows);
    let mut last = (0, None);
    for key in bits {
        let code = match last {
            (same, Some(code)) if same == key => code,
            _ => table.code(key),
        };
        if code as usize >= limit {
            return None;
        }
        last = (key, Some(code));
        codes.push(code);
    }
    let mut order: Vec<u32> = (0..table.values.len() as u32).collect();
    let value = |code: &u32| table.values.get(*code as usize).copied().unwrap_or_default();
    order.sort_unstable_by_key(|code| rank(value(code)));
    let mut new_codes = vec![0_u32; order.len()];
    for (new, old) in (0..).zip(&order) {
        if let Some(slot) = new_codes.get_mut(*old as usize) {
            *slot = new;
        }
    }
    for code in &mut codes {
        *code = new_codes.get(*code as usize).copied().unwrap_or_default();
    }
    Some(Distinct { values: order.iter().map(value).collect(), codes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_the_values() {
        let bits: Vec<u64> = (0..20_000_u64).map(|i| i * i % 701 * 0x1_0000_0001).collect();
        let distinct = find(bits.iter().copied(), 65536, |bits| bits).unwrap();
        assert!(distinct.values.is_sorted());
        let back: Vec<u64> = distinct.codes.iter().map(|code| distinct.values[*code as usize]).collect();
        assert_eq!(back, bits);
    }

    #[test]
    fn many_values_are_given_up() {
        assert!(
            find((0..20_000_u64).map(|i| i / 2).collect::<Vec<_>>().into_iter(), 4000, |bits| bits).is_none()
        );
        assert!(find((0..300_u64).collect::<Vec<_>>().into_iter(), 256, |bits| bits).is_none());
        assert_eq!(
            find((0..256_u64).collect::<Vec<_>>().into_iter(), 256, |bits| bits).unwrap().values.len(),
            256
        );
    }
}
