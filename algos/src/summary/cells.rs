//! The numbering of the cells of crossed factors.
//!
//! One factor's cells are its codes. Several factors whose levels are all known and whose grid is small are numbered by
//! position in the grid, the first factor running fastest. Everything else goes through a hash table from the codes,
//! packed into 128 bits, to numbers given out in the order of appearance, so memory follows the cells that occur.

use arrow_array::{Array, Int32Array};
use engine::stats::count_codes;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// The largest grid that is kept in full.
const DENSE_CELLS: usize = 1 << 15;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Numbering {
    /// The codes of the one factor.
    Codes,
    /// Positions in a grid of these sizes.
    Grid(Vec<u32>),
    /// The order of appearance; every code has that many bits in the key.
    Appearance { bits: u32 },
}

/// Numbers the cells of one crossing, and counts the rows, or their weight, in each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Cells {
    numbering: Numbering,
    factors: usize,
    keys: Vec<u128>,
    #[serde(skip)]
    numbers: HashMap<u128, i32, foldhash::fast::RandomState>,
    counts: Vec<f64>,
    pub(super) valid_rows: u64,
    pub(super) missing_rows: u64,
    pub(super) missing_weight: f64,
}

/// More cells occur than are allowed.
#[derive(Debug)]
pub(super) struct TooMany(pub(super) u64);

impl Cells {
    /// For factors with these numbers of levels, where they are known.
    pub(super) fn new(sizes: &[Option<usize>]) -> Self {
        let known: Option<Vec<usize>> = sizes.iter().copied().collect();
        let grid = known.and_then(|sizes| {
            let cells = sizes.iter().try_fold(1_usize, |cells, &size| cells.checked_mul(size))?;
            (cells <= DENSE_CELLS)
                .then(|| (sizes.iter().map(|&size| size as u32).collect::<Vec<u32>>(), cells))
        });
        let (numbering, cells) = match (sizes, grid) {
            ([_], _) => (Numbering::Codes, 0),
            (_, Some((sizes, cells))) => (Numbering::Grid(sizes), cells),
            _ => (Numbering::Appearance { bits: (128 / sizes.len().max(1)).min(32) as u32 }, 0),
        };
        Self {
            numbering,
            factors: sizes.len(),
            keys: Vec::new(),
            numbers: HashMap::default(),
            counts: vec![0.0; cells],
            valid_rows: 0,
            missing_rows: 0,
            missing_weight: 0.0,
        }
    }

    /// How many cells have a number.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.counts.capacity() * size_of::<f64>() + self.keys.capacity() * 3 * size_of::<u128>()
    }

    /// The cell number of every row, negative where a factor is missing; counts them.
    pub(super) fn number(
        &mut self,
        codes: &[&Int32Array],
        weights: Option<&[f64]>,
        limit: usize,
    ) -> Result<Vec<i32>, TooMany> {
        let rows = codes.first().copied().map_or(0, Array::len);
        let mut slots = Vec::with_capacity(rows);
        match (&self.numbering, codes) {
            (Numbering::Codes, [codes]) => {
                self.count_single(codes, weights, limit)?;
                if codes.null_count() == 0 {
                    slots.extend_from_slice(codes.values());
                } else {
                    slots.extend(codes.iter().map(|code| code.unwrap_or(-1)));
                }
                return Ok(slots);
            }
            (Numbering::Grid(sizes), _) => {
                slots.resize(rows, 0);
                let mut stride = 1;
                for (codes, &size) in codes.iter().zip(sizes) {
                    if codes.null_count() == 0 {
                        for (slot, &code) in slots.iter_mut().zip(codes.values()) {
                            *slot += code * stride;
                        }
                    } else {
                        for (slot, code) in slots.iter_mut().zip(codes.iter()) {
                            *slot = match code {
                                Some(code) if *slot >= 0 => *slot + code * stride,
                                _ => -1,
                            };
                        }
                    }
                    stride *= size as i32;
                }
                mark_missing(&mut slots, codes);
            }
            (Numbering::Appearance { .. } | Numbering::Codes, _) => {
                slots.resize(rows, -1);
                self.number_by_appearance(codes, &mut slots, limit)?;
            }
        }
        for (row, &slot) in slots.iter().enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            if weight == 0.0 {
                continue;
            }
            if slot < 0 {
                self.missing_rows += 1;
                self.missing_weight += weight;
            } else {
                self.valid_rows += 1;
                self.counts[slot as usize] += weight;
            }
        }
        Ok(slots)
    }

    /// Counts the rows of one factor without listing their cells.
    pub(super) fn count_single(
        &mut self,
        codes: &Int32Array,
        weights: Option<&[f64]>,
        limit: usize,
    ) -> Result<(), TooMany> {
        let highest = highest_code(codes);
        if highest >= self.counts.len() as i64 {
            if highest >= limit as i64 {
                return Err(TooMany(highest as u64 + 1));
            }
            self.counts.resize(highest as usize + 1, 0.0);
        }
        self.missing_weight += count_codes(codes, weights, &mut self.counts);
        match weights {
            None => {
                self.missing_rows += codes.null_count() as u64;
                self.valid_rows += (codes.len() - codes.null_count()) as u64;
            }
            Some(weights) => {
                for (row, &weight) in weights.iter().enumerate() {
                    let counter =
                        if codes.is_null(row) { &mut self.missing_rows } else { &mut self.valid_rows };
                    *counter += u64::from(weight != 0.0);
                }
            }
        }
        Ok(())
    }

    fn number_by_appearance(
        &mut self,
        codes: &[&Int32Array],
        slots: &mut [i32],
        limit: usize,
    ) -> Result<(), TooMany> {
        let Numbering::Appearance { bits } = self.numbering else { return Ok(()) };
        self.index();
        'rows: for (row, slot) in slots.iter_mut().enumerate() {
            let mut key = 0_u128;
            for codes in codes.iter().rev() {
                if codes.is_null(row) {
                    continue 'rows;
                }
                key = (key << bits) | u128::from(codes.value(row) as u32);
            }
            *slot = self.slot_of(key);
        }
        if self.counts.len() > limit { Err(TooMany(self.counts.len() as u64)) } else { Ok(()) }
    }

    fn slot_of(&mut self, key: u128) -> i32 {
        let next = self.counts.len() as i32;
        let slot = *self.numbers.entry(key).or_insert(next);
        if slot == next {
            self.keys.push(key);
            self.counts.push(0.0);
        }
        slot
    }

    /// The table of numbers, made anew after a journey as bytes.
    fn index(&mut self) {
        if self.numbers.len() < self.keys.len() {
            self.numbers = self.keys.iter().enumerate().map(|(slot, &key)| (key, slot as i32)).collect();
        }
    }

    /// The codes of a cell.
    pub(super) fn codes_of(&self, slot: usize) -> Vec<u32> {
        match &self.numbering {
            Numbering::Codes => vec![slot as u32],
            Numbering::Grid(sizes) => {
                let mut rest = slot as u32;
                sizes
                    .iter()
                    .map(|&size| {
                        let code = rest % size.max(1);
                        rest /= size.max(1);
                        code
                    })
                    .collect()
            }
            Numbering::Appearance { bits } => {
                let mut key = self.keys.get(slot).copied().unwrap_or_default();
                let mask = (1_u128 << bits) - 1;
                (0..self.factors)
                    .map(|_| {
                        let code = (key & mask) as u32;
                        key >>= bits;
                        code
                    })
                    .collect()
            }
        }
    }

    /// Rows, or their weight, in a cell.
    pub(super) fn count(&self, slot: usize) -> f64 {
        self.counts.get(slot).copied().unwrap_or_default()
    }

    /// Adds the cells of later rows, whose codes have moved to `moved` (per factor, `None` where they stand as they
    /// are). Returns the number here of each later cell.
    pub(super) fn merge(
        &mut self,
        later: &Self,
        moved: &[Option<&[i32]>],
        limit: usize,
    ) -> Result<Vec<usize>, TooMany> {
        self.index();
        let mut slots = Vec::with_capacity(later.len());
        for slot in 0..later.len() {
            let mut codes = later.codes_of(slot);
            for (code, moved) in codes.iter_mut().zip(moved) {
                if let Some(to) = moved.and_then(|moved| moved.get(*code as usize)) {
                    *code = *to as u32;
                }
            }
            let here = match &self.numbering {
                Numbering::Codes => codes[0] as usize,
                Numbering::Grid(sizes) => codes
                    .iter()
                    .zip(sizes)
                    .rev()
                    .fold(0, |slot, (&code, &size)| slot * size as usize + code as usize),
                Numbering::Appearance { bits } => {
                    let key = codes.iter().rev().fold(0_u128, |key, &code| (key << bits) | u128::from(code));
                    self.slot_of(key) as usize
                }
            };
            if here >= self.counts.len() {
                self.counts.resize(here + 1, 0.0);
            }
            self.counts[here] += later.counts[slot];
            slots.push(here);
        }
        self.valid_rows += later.valid_rows;
        self.missing_rows += later.missing_rows;
        self.missing_weight += later.missing_weight;
        let cells = self.counts.len();
        let occurring = matches!(self.numbering, Numbering::Appearance { .. });
        if occurring && cells > limit { Err(TooMany(cells as u64)) } else { Ok(slots) }
    }

    /// Whether codes fit into the keys: crossings of many factors leave few bits for each.
    pub(super) fn fits(&self, levels: usize) -> bool {
        match self.numbering {
            Numbering::Appearance { bits } => bits >= 32 || levels <= 1 << bits,
            _ => true,
        }
    }
}

fn mark_missing(slots: &mut [i32], codes: &[&Int32Array]) {
    for codes in codes.iter().filter(|codes| codes.null_count() > 0) {
        for (row, slot) in slots.iter_mut().enumerate() {
            if codes.is_null(row) {
                *slot = -1;
            }
        }
    }
}

/// The highest code, -1 without any.
fn highest_code(codes: &Int32Array) -> i64 {
    if codes.null_count() == 0 {
        codes.values().iter().copied().max().map_or(-1, i64::from)
    } else {
        codes.iter().flatten().max().map_or(-1, i64::from)
    }
}
