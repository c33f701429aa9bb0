//! From the texts of a factor to codes, in the order in which the texts appear.
//!
//! Every chunk numbers its own levels; [`LevelUnifier`](crate::factor::LevelUnifier) brings them to the levels of the
//! stream when the chunks are delivered in order, so the levels depend neither on threads nor on where chunks are cut.
//! Texts of at most 15 bytes, which most levels are, become one 128-bit word with their length on top; comparing and
//! hashing them is a few instructions. Longer ones go to an ordinary hash map.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt};

/// No level: the text is none of the fixed levels.
pub(crate) const NONE: i32 = -1;

/// Bytes that fit into a key beside their number.
pub(crate) const SHORT: usize = 15;

/// A key that no text has.
const FREE: u128 = u128::MAX;

/// Codes of texts.
#[derive(Debug, Clone)]
pub(crate) struct LevelTable {
    keys: Vec<u128>,
    codes: Vec<i32>,
    short: usize,
    long: HashMap<Box<[u8]>, i32>,
    /// Whether new texts become levels.
    open: bool,
    levels: i32,
    seeds: (u64, u64),
}

impl Default for LevelTable {
    fn default() -> Self {
        Self {
            seeds: seeds(),
            keys: vec![FREE; 64],
            codes: vec![NONE; 64],
            short: 0,
            long: HashMap::new(),
            open: true,
            levels: 0,
        }
    }
}

impl LevelTable {
    /// The fixed levels, in order; other texts are [`NONE`].
    pub(crate) fn fixed(levels: &[String]) -> Self {
        let mut table = Self::default();
        for level in levels {
            table.code_of(level.as_bytes());
        }
        table.open = false;
        table
    }

    /// The code of a text, and whether it is a new level.
    pub(crate) fn code_of(&mut self, text: &[u8]) -> (i32, bool) {
        if let Some(key) = short_key(text) {
            return self.code_of_key(key);
        }
        if let Some(&code) = self.long.get(text) {
            return (code, false);
        }
        let code = self.next_code();
        self.long.insert(text.into(), code);
        (code, code != NONE)
    }

    fn next_code(&mut self) -> i32 {
        if !self.open {
            return NONE;
        }
        self.levels += 1;
        self.levels - 1
    }

    /// The code of a short text by its key, and whether it is a new level.
    #[inline]
    pub(crate) fn code_of_key(&mut self, key: u128) -> (i32, bool) {
        let mask = self.keys.len() - 1;
        let mut slot = hash(key, self.seeds) as usize & mask;
        loop {
            let (Some(&found), Some(&code)) = (self.keys.get(slot), self.codes.get(slot)) else {
                return (NONE, false);
            };
            if found == key {
                return (code, false);
            }
            if found == FREE {
                return self.insert(slot, key);
            }
            slot = (slot + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, slot: usize, key: u128) -> (i32, bool) {
        let code = self.next_code();
        self.place(slot, key, code);
        self.short += 1;
        if self.short * 2 > self.keys.len() {
            let size = self.keys.len() * 2;
            let keys = std::mem::replace(&mut self.keys, vec![FREE; size]);
            let codes = std::mem::replace(&mut self.codes, vec![NONE; size]);
            for (key, code) in keys.into_iter().zip(codes).filter(|(key, _)| *key != FREE) {
                let mut slot = hash(key, self.seeds) as usize & (size - 1);
                while self.keys.get(slot).is_some_and(|&found| found != FREE) {
                    slot = (slot + 1) & (size - 1);
                }
                self.place(slot, key, code);
            }
        }
        (code, code != NONE)
    }

    fn place(&mut self, slot: usize, key: u128, code: i32) {
        if let (Some(free), Some(value)) = (self.keys.get_mut(slot), self.codes.get_mut(slot)) {
            *free = key;
            *value = code;
        }
    }
}

/// The key of the text of at most [`SHORT`] bytes at `start`; 16 bytes must follow.
#[inline]
pub(crate) fn key(bytes: &[u8], start: usize, len: usize) -> u128 {
    let word = bytes
        .get(start..)
        .and_then(|rest| rest.first_chunk::<16>())
        .map_or(0, |word| u128::from_le_bytes(*word));
    MASKS.get(len).map_or(0, |mask| word & mask) | ((len as u128) << 120)
}

/// The key of a text on its own, if it is short.
pub(crate) fn short_key(text: &[u8]) -> Option<u128> {
    let mut padded = [0; 16];
    padded.get_mut(..text.len()).filter(|_| text.len() <= SHORT)?.copy_from_slice(text);
    Some(key(&padded, 0, text.len()))
}

/// The lowest 0 to 15 bytes.
const MASKS: [u128; SHORT + 1] = {
    let mut masks = [0; SHORT + 1];
    let mut len = 1;
    while len <= SHORT {
        masks[len] = (masks[len - 1] << 8) | 0xFF;
        len += 1;
    }
    masks
};

#[inline]
fn hash(key: u128, seeds: (u64, u64)) -> u64 {
    let (first, second) = seeds;
    let product = u128::from(key as u64 ^ first) * u128::from((key >> 64) as u64 ^ second);
    (product as u64) ^ (product >> 64) as u64
}

/// Other seeds in every process, so that no file can be made to collide.
#[inline]
fn seeds() -> (u64, u64) {
    static SEEDS: OnceLock<(u64, u64)> = OnceLock::new();
    *SEEDS.get_or_init(|| {
        let state = RandomState::new();
        (state.hash_one(1) | 1, state.hash_one(2) | 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_first_appearance() {
        let mut table = LevelTable::default();
        let texts: Vec<String> = (0..5000)
            .map(|i| if i % 3 == 0 { format!("a longer level text {i}") } else { format!("{i}") })
            .collect();
        for (code, text) in texts.iter().enumerate() {
            assert_eq!(table.code_of(text.as_bytes()), (code as i32, true));
        }
        for (code, text) in texts.iter().enumerate().rev() {
            assert_eq!(table.code_of(text.as_bytes()), (code as i32, false));
        }
    }

    #[test]
    fn lengths_and_zero_bytes_distinguish() {
        let mut table = LevelTable::default();
        let texts: [&[u8]; 7] = [b"", b"\0", b"\0\0", b"a", b"a\0", b"123456789012345", b"1234567890123456"];
        for (code, text) in texts.iter().enumerate() {
            assert_eq!(table.code_of(text), (code as i32, true));
        }
        assert_eq!(key(b"abcdefghijklmnopqrstuvw", 2, 3), key(b"cdeXXXXXXXXXXXXXXXXX", 0, 3));
    }

    #[test]
    fn fixed_levels_take_no_others() {
        let mut table = LevelTable::fixed(&["x".into(), "a text of more than sixteen".into()]);
        assert_eq!(table.code_of(b"a text of more than sixteen"), (1, false));
        assert_eq!(table.code_of(b"y"), (NONE, false));
        assert_eq!(table.code_of(b"y"), (NONE, false));
        assert_eq!(table.code_of(b"another text that is long enough"), (NONE, false));
        assert_eq!(table.code_of(b"x"), (0, false));
    }
}
