//! Levels of a categorical column, and how often each occurs.
//!
//! The levels of a factor may be known before reading, or grow while reading (text files, several files as one, columns
//! of plain texts). [`Levels`] has the texts in the order of their first appearance, and translates the codes of every
//! batch into positions in that order. When two of them merge, the later one's new levels follow the earlier one's, so
//! the order is that of the rows however these were divided among workers.

use arrow_array::{Array, Int32Array};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::factor::LevelUnifier;
use crate::{Accumulator, Result};

/// The texts of a categorical column, known ones first, the others in order of appearance.
#[derive(Debug, Default)]
pub struct Levels(LevelUnifier);

impl Levels {
    /// Starts from levels that are known.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        Self(LevelUnifier::new(texts))
    }

    /// The texts so far.
    pub fn texts(&self) -> &[String] {
        self.0.levels()
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        self.texts().len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.texts().is_empty()
    }

    /// The position in these levels of every value of a factor or a text column, null where it is missing. Values that
    /// are new become levels.
    ///
    /// # Errors
    /// [`Error::ColumnType`](crate::Error::ColumnType) when the column is neither.
    pub fn codes(&mut self, array: &dyn Array) -> Result<Int32Array> {
        self.0.codes(array)
    }

    /// Adds the levels of rows that come after these. Returns where each level of `later` now stands, unless it stands
    /// where it stood.
    pub fn merge_from(&mut self, later: &Self) -> Option<Vec<i32>> {
        let positions: Vec<i32> = later.texts().iter().map(|text| self.0.code(text)).collect();
        let moved = positions.iter().enumerate().any(|(old, &new)| old as i32 != new);
        moved.then_some(positions)
    }

    fn bytes(&self) -> usize {
        // each text is kept twice, in the list and in the index
        self.texts().iter().map(|text| 2 * (text.len() + size_of::<String>()) + 16).sum()
    }
}

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(Vec::<String>::deserialize(deserializer)?))
    }
}

impl Accumulator for Levels {
    type Input = dyn Array;
    type Output = Vec<String>;

    fn update(&mut self, input: &dyn Array) -> Result<()> {
        self.codes(input).map(|_| ())
    }

    fn merge(&mut self, later: Self) -> Result<()> {
        self.merge_from(&later);
        Ok(())
    }

    fn finish(self) -> Vec<String> {
        self.texts().to_vec()
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

/// Levels and the rows, or the weight, at each of them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct LevelCounts {
    levels: Levels,
    counts: Vec<f64>,
    missing: f64,
}

impl LevelCounts {
    /// Starts from levels that are known; each of them will have a count.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let levels = Levels::new(texts);
        Self { counts: vec![0.0; levels.len()], levels, missing: 0.0 }
    }

    /// Adds a factor or a text column. `weights`, of the same length, are finite and not negative.
    ///
    /// # Errors
    /// As [`Levels::codes`].
    pub fn add_array(&mut self, array: &dyn Array, weights: Option<&[f64]>) -> Result<()> {
        let codes = self.levels.codes(array)?;
        self.counts.resize(self.levels.len(), 0.0);
        self.missing += count_codes(&codes, weights, &mut self.counts);
        Ok(())
    }

    /// The levels, in order.
    pub fn levels(&self) -> &[String] {
        self.levels.texts()
    }

    /// Rows, or their weight, at each level.
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Rows, or their weight, without a level.
    pub fn missing(&self) -> f64 {
        self.missing
    }
}

impl Accumulator for LevelCounts {
    type Input = dyn Array;
    type Output = Self;

    fn update(&mut self, input: &dyn Array) -> Result<()> {
        self.add_array(input, None)
    }

    fn merge(&mut self, later: Self) -> Result<()> {
        let positions = self.levels.merge_from(&later.levels);
        self.counts.resize(self.levels.len(), 0.0);
        for (level, count) in later.counts.iter().enumerate() {
            let position = positions.as_ref().map_or(level, |positions| positions[level] as usize);
            self.counts[position] += count;
        }
        self.missing += later.missing;
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        self.levels.bytes() + self.counts.capacity() * size_of::<f64>()
    }
}

/// Adds one, or the weight, to the count of every code; returns the rows, or the weight, without a code. Codes are
/// below the length of `counts`.
pub fn count_codes(codes: &Int32Array, weights: Option<&[f64]>, counts: &mut [f64]) -> f64 {
    let Some(weights) = weights else { return count_rows(codes, counts) };
    let mut missing = 0.0;
    for (code, weight) in codes.iter().zip(weights) {
        match code.and_then(|code| counts.get_mut(code as usize)) {
            Some(count) => *count += weight,
            None => missing += weight,
        }
    }
    missing
}

fn count_rows(codes: &Int32Array, counts: &mut [f64]) -> f64 {
    /// Few levels mean many rows of one level in a row; four tables keep their additions from waiting for each other.
    const TABLES: usize = 4;
    if codes.null_count() > 0 || counts.len() > 4096 {
        let mut missing = 0_u64;
        for code in codes {
            match code.and_then(|code| counts.get_mut(code as usize)) {
                Some(count) => *count += 1.0,
                None => missing += 1,
            }
        }
        return missing as f64;
    }
    let levels = counts.len();
    let mut tables = vec![0_u64; TABLES * (levels + 1)];
    let (fours, rest) = codes.values().as_chunks::<TABLES>();
    for four in fours {
        for (table, &code) in four.iter().enumerate() {
            tables[table * (levels + 1) + (code as usize).min(levels)] += 1;
        }
    }
    for &code in rest {
        tables[(code as usize).min(levels)] += 1;
    }
    let mut missing = 0;
    for table in tables.chunks(levels + 1) {
        for (count, &more) in counts.iter_mut().zip(table) {
            *count += more as f64;
        }
        missing += table[levels];
    }
    missing as f64
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, StringArray};

    use super::*;

    fn factor(texts: &[Option<&str>]) -> DictionaryArray<Int32Type> {
        texts.iter().copied().collect()
    }

    #[test]
    fn counts_of_known_levels_and_of_those_that_appear() {
        let mut counts = LevelCounts::new(["a", "b"].map(str::to_owned));
        counts
            .add_array(&factor(&[Some("c"), None, Some("b"), Some("c"), Some("b"), Some("b")]), None)
            .unwrap();
        counts.add_array(&StringArray::from(vec![Some("d"), None]), None).unwrap();
        assert_eq!(counts.levels(), ["a", "b", "c", "d"]);
        assert_eq!(counts.counts(), [0.0, 3.0, 2.0, 1.0]);
        assert_eq!(counts.missing(), 2.0);
        let mut weighted = LevelCounts::default();
        weighted.add_array(&factor(&[Some("x"), None, Some("x")]), Some(&[0.5, 2.0, 1.0])).unwrap();
        assert_eq!((weighted.counts(), weighted.missing()), ([1.5].as_slice(), 2.0));
    }

    #[test]
    fn merging_moves_the_counts_to_where_the_levels_stand() {
        let mut first = LevelCounts::default();
        first.add_array(&factor(&[Some("b"), Some("a")]), None).unwrap();
        let mut second = LevelCounts::default();
        second.add_array(&factor(&[Some("c"), Some("a"), Some("a")]), None).unwrap();
        first.merge(second).unwrap();
        assert_eq!(first.levels(), ["b", "a", "c"]);
        assert_eq!(first.counts(), [1.0, 3.0, 1.0]);
    }

    #[test]
    fn serialized_levels_are_their_texts() {
        let mut levels = Levels::new(["x".to_owned()]);
        levels.update(&StringArray::from(vec!["y", "x"])).unwrap();
        let text = serde_json::to_string(&levels).unwrap();
        assert_eq!(text, r#"["x","y"]"#);
        assert_eq!(serde_json::from_str::<Levels>(&text).unwrap().texts(), ["x", "y"]);
    }
}
