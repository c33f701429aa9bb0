//! The bytes of a sketch, the body of a QUANTILES field: section 6 of the specification.

use arrow_schema::DataType;

use super::counts::Counts;
use super::key::Domain;
use super::levels::Levels;
use super::{MAX_DISTINCT, QuantileSketch};
use crate::error::Fault;
use crate::raw::wire::{Cursor, put_varint};

/// Counts that need more bytes become a sample.
const MAX_COUNT_BYTES: usize = 16_384;
/// More levels than this no file needs: an item of the last stands for 2^59 values.
const MAX_LEVELS: u64 = 60;

mod form {
    pub(super) const COUNTS: u8 = 0;
    pub(super) const LEVELS: u8 = 1;
}

impl QuantileSketch {
    /// Appends the sketch; counts that would take too many bytes as a sample.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let Some(counts) = &self.counts else { return self.put_sample(out) };
        let start = out.len();
        out.push(form::COUNTS);
        put_varint(out, counts.pairs().len() as u64);
        let mut last = 0;
        for (key, count) in counts.pairs() {
            put_varint(out, key - last);
            put_varint(out, *count);
            last = *key;
        }
        if out.len() - start > MAX_COUNT_BYTES {
            out.truncate(start);
            let mut sample = self.clone();
            sample.sample_from_now();
            sample.shorten();
            sample.put_sample(out);
        }
    }

    fn put_sample(&self, out: &mut Vec<u8>) {
        let levels = self.sample.as_slice();
        out.push(form::LEVELS);
        out.extend_from_slice(&self.deviation.to_le_bytes());
        let (min, max) = self.extremes;
        for value in [self.tosses, min, max.saturating_sub(min), levels.len() as u64] {
            put_varint(out, value);
        }
        for items in levels {
            put_varint(out, items.len() as u64);
            let mut last = min;
            for key in items {
                put_varint(out, key - last);
                last = *key;
            }
        }
    }

    /// The sketch as bytes, to be sent elsewhere.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.domain as u8];
        put_varint(&mut bytes, self.count);
        self.put(&mut bytes);
        bytes
    }

    /// The sketch that [`QuantileSketch::to_bytes`] made bytes of; none of other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let code = cursor.u8().ok()?;
        let domain = Domain::ALL.into_iter().find(|domain| *domain as u8 == code)?;
        let count = cursor.varint().ok()?;
        Self::read(cursor, domain, count).ok()
    }

    /// Reads a sketch of `count` values of a column of this type.
    pub(crate) fn of_column(cursor: Cursor<'_>, data_type: &DataType, count: u64) -> Result<Self, Fault> {
        let domain = Domain::of(data_type);
        let domain = domain.ok_or_else(|| Fault::new("a column of numbers, dates or times", data_type))?;
        Self::read(cursor, domain, count)
    }

    fn read(mut cursor: Cursor<'_>, domain: Domain, count: u64) -> Result<Self, Fault> {
        let mut sketch = Self::empty(domain);
        sketch.count = count;
        match cursor.u8()? {
            form::COUNTS => {
                let mut pairs = Vec::new();
                let (mut last, mut sum) = (None, 0);
                for _ in 0..length(&mut cursor, MAX_DISTINCT)? {
                    let key = next_key(&mut cursor, domain, last.unwrap_or_default())?;
                    let number = cursor.varint()?;
                    if last.is_some_and(|last| key == last) || number == 0 {
                        return Err(Fault::new("different values that occur", "one twice or never"));
                    }
                    pairs.push((key, number));
                    sum = add(sum, number)?;
                    last = Some(key);
                }
                expect_count(count, sum)?;
                if let (Some(first), Some(last)) = (pairs.first(), pairs.last()) {
                    sketch.extremes = (first.0, last.0);
                }
                sketch.counts = Some(Counts::from_pairs(pairs));
            }
            form::LEVELS => {
                sketch.deviation = cursor.f64()?;
                if !sketch.deviation.is_finite() || sketch.deviation < 0.0 {
                    return Err(Fault::new("a deviation of at least 0", sketch.deviation));
                }
                sketch.tosses = cursor.varint()?;
                let min = next_key(&mut cursor, domain, 0)?;
                let max = next_key(&mut cursor, domain, min)?;
                sketch.extremes = (min, max);
                let levels = cursor.varint()?;
                if levels > MAX_LEVELS {
                    return Err(Fault::new(format_args!("at most {MAX_LEVELS} levels"), levels));
                }
                let (mut all, mut sum) = (Vec::new(), 0);
                for level in 0..levels {
                    let mut items = Vec::new();
                    let mut last = min;
                    for _ in 0..length(&mut cursor, usize::MAX)? {
                        last = next_key(&mut cursor, domain, last)?;
                        items.push(last);
                        sum = add(sum, 1 << level)?;
                    }
                    if last > max {
                        return Err(Fault::new("no item above the largest value", "one"));
                    }
                    all.push(items);
                }
                expect_count(count, sum)?;
                sketch.counts = None;
                sketch.sample = Levels::from_levels(all);
            }
            other => return Err(Fault::unsupported(format!("has quantiles of the form {other}"))),
        }
        Ok(sketch)
    }
}

/// A number of items, each of which takes a byte at least.
fn length(cursor: &mut Cursor<'_>, limit: usize) -> Result<u64, Fault> {
    let length = cursor.varint()?;
    let limit = limit.min(cursor.remaining()) as u64;
    if length > limit {
        return Err(Fault::new(format_args!("at most {limit} items"), length));
    }
    Ok(length)
}

/// A key by its distance from the one before.
fn next_key(cursor: &mut Cursor<'_>, domain: Domain, last: u64) -> Result<u64, Fault> {
    let key = last.checked_add(cursor.varint()?).filter(|key| *key <= domain.max_key());
    key.ok_or_else(|| Fault::new("values within the type of the column", "one beyond"))
}

fn add(sum: u64, more: u64) -> Result<u64, Fault> {
    sum.checked_add(more).ok_or_else(|| Fault::new("fewer than 2^64 values", "more"))
}

fn expect_count(count: u64, sum: u64) -> Result<(), Fault> {
    if sum == count { Ok(()) } else { Err(Fault::new(format_args!("quantiles of {count} values"), sum)) }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, Float32Array, Float64Array, Int64Array};

    use super::*;

    /// Values in no order, most of them different.
    fn scattered(count: u32) -> impl Iterator<Item = f64> {
        (0..count).map(|i| f64::from(i.wrapping_mul(2_654_435_761)).sqrt() - 20_000.0)
    }

    fn stored(array: &dyn Array) -> (QuantileSketch, Vec<u8>) {
        let mut sketch = QuantileSketch::new(array.data_type()).unwrap();
        assert!(sketch.insert(array));
        let mut bytes = Vec::new();
        sketch.put(&mut bytes);
        (sketch, bytes)
    }

    #[test]
    fn sketches_come_back() {
        let arrays: [&dyn Array; 5] = [
            &Int64Array::from(vec![i64::MIN, 0, i64::MAX, 0]),
            &Float32Array::from(vec![f32::NEG_INFINITY, -0.0, 0.0, f32::NAN, f32::INFINITY]),
            &scattered(50_000).collect::<Float64Array>(),
            &scattered(50_000).map(|v| v as f32).collect::<Float32Array>(),
            &Int64Array::from(Vec::<i64>::new()),
        ];
        for array in arrays {
            let (sketch, bytes) = stored(array);
            assert!(bytes.len() < 9000, "{}", bytes.len());
            let back =
                QuantileSketch::of_column(Cursor::new(&bytes), array.data_type(), sketch.count).unwrap();
            assert_eq!(back, sketch);
            assert_eq!(QuantileSketch::from_bytes(&sketch.to_bytes()), Some(sketch.clone()));
            assert!(
                QuantileSketch::of_column(Cursor::new(&bytes), array.data_type(), sketch.count + 1).is_err()
            );
        }
    }

    #[test]
    fn other_bytes_are_no_sketch() {
        for bytes in [&[][..], &[9, 0, 0, 0], &[0, 1, 0, 0]] {
            assert_eq!(QuantileSketch::from_bytes(bytes), None);
        }
    }

    #[test]
    fn counts_that_are_long_are_stored_as_a_sample() {
        let values: Vec<f64> = scattered(2000).collect();
        let array: Float64Array = values.iter().cycle().take(300_000).copied().map(Some).collect();
        let (sketch, bytes) = stored(&array);
        assert!(sketch.is_exact());
        let back = QuantileSketch::of_column(Cursor::new(&bytes), array.data_type(), sketch.count).unwrap();
        assert!(!back.is_exact() && bytes.len() < 9000);
        assert!(back.rank_error() > 0.0 && back.rank_error() < 0.02, "{}", back.rank_error());
        assert_eq!(back.value_at(0), sketch.value_at(0));
        assert_eq!(back.value_at(299_999), sketch.value_at(299_999));
    }

    #[test]
    fn bytes_that_are_cut_or_changed_never_panic() {
        for array in [scattered(700).collect::<Float64Array>(), scattered(9000).collect::<Float64Array>()] {
            let (mut sketch, bytes) = stored(&array);
            for length in (0..bytes.len()).step_by(7) {
                let cut = Cursor::new(&bytes[..length]);
                assert!(QuantileSketch::of_column(cut, array.data_type(), sketch.count).is_err());
            }
            for place in (0..bytes.len()).step_by(5) {
                for flip in [1, 0x80, 0xFF] {
                    let mut bytes = bytes.clone();
                    bytes[place] ^= flip;
                    // what it says may be wrong, but it can be used like any other
                    if let Ok(wrong) =
                        QuantileSketch::of_column(Cursor::new(&bytes), array.data_type(), sketch.count)
                    {
                        let _ = (wrong.quantile(0.5), wrong.rank(0.0), wrong.rank_error());
                        sketch.merge(&wrong);
                    }
                }
            }
        }
    }
}
