//! The directory: one entry of fixed size for each segment, so that it needs no parsing before it is used.
//!
//! The same entry stands in the head of a block (its segments), in the directory of the footer (all segments, block
//! by block, column by column) and in the statistics of the footer (one for each column, over the whole file).
//! What has no fixed size, the smallest and largest text, the counts per level and the quantiles, is an *extension* that the
//! entry points to.

use arrow_schema::DataType;

use crate::error::Fault;
use crate::raw::wire::{Cursor, put_field, put_varint, utf8};
use crate::{ColumnStatistics, QuantileSketch, Scalar};

/// Length of an entry in bytes.
pub(crate) const ENTRY_BYTES: usize = 88;

/// Which statistics an entry has.
mod flag {
    pub(super) const EXTREMES: u8 = 1;
    pub(super) const MOMENTS: u8 = 2;
}

/// Tags of the fields within an extension.
pub(crate) mod tag {
    pub(super) const MIN_TEXT: u16 = 0x30;
    pub(super) const MAX_TEXT: u16 = 0x31;
    pub(super) const LEVEL_COUNTS: u16 = 0x32;
    pub(super) const QUANTILES: u16 = 0x33;
    pub(super) const MIN_DECIMAL: u16 = 0x38;
    pub(super) const MAX_DECIMAL: u16 = 0x39;

    /// All of them with their names in the specification.
    #[cfg(test)]
    pub(crate) const ALL: &[(u16, &str)] = &[
        (MIN_TEXT, "MIN_TEXT"),
        (MAX_TEXT, "MAX_TEXT"),
        (LEVEL_COUNTS, "LEVEL_COUNTS"),
        (QUANTILES, "QUANTILES"),
        (MIN_DECIMAL, "MIN_DECIMAL"),
        (MAX_DECIMAL, "MAX_DECIMAL"),
    ];
}

/// Place, length and summary of one segment, or of a column as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    /// Where the segment begins in the file.
    pub(crate) offset: u64,
    /// Stored length in bytes.
    pub(crate) length: u64,
    /// Checksum of the stored bytes.
    pub(crate) checksum: u64,
    /// Number of the column.
    pub(crate) column: u32,
    /// Outermost encoding below the validity, for information.
    pub(crate) encoding: u8,
    flags: u8,
    /// Rows.
    pub(crate) rows: u64,
    /// Missing values.
    pub(crate) missing: u64,
    min: u64,
    max: u64,
    mean: f64,
    m2: f64,
    extension_offset: u32,
    extension_length: u32,
}

/// A scalar as 8 bytes; nothing for text and decimals.
fn to_bits(scalar: &Scalar) -> Option<u64> {
    match scalar {
        Scalar::Bool(v) => Some(u64::from(*v)),
        Scalar::Int(v) => Some(v.cast_unsigned()),
        Scalar::UInt(v) => Some(*v),
        Scalar::Float(v) => Some(v.to_bits()),
        Scalar::Text(_) | Scalar::Decimal { .. } => None,
    }
}

/// The scalar of a column of this type.
fn from_bits(data_type: &DataType, bits: u64) -> Scalar {
    match data_type {
        DataType::Boolean => Scalar::Bool(bits != 0),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Scalar::UInt(bits),
        DataType::Float32 | DataType::Float64 => Scalar::Float(f64::from_bits(bits)),
        _ => Scalar::Int(bits.cast_signed()),
    }
}

/// The decimal of a column of this type.
fn decimal(data_type: &DataType, body: &mut Cursor<'_>) -> Result<Scalar, Fault> {
    let DataType::Decimal128(_, scale) = data_type else {
        return Err(Fault::new("the smallest or largest value of another type", "a decimal"));
    };
    let (low, high) = (body.u64()?, body.u64()?);
    Ok(Scalar::Decimal { value: (i128::from(high.cast_signed()) << 64) | i128::from(low), scale: *scale })
}

impl Entry {
    /// An entry with these statistics; what has no fixed size is appended to `extensions`.
    pub(crate) fn new(
        column: u32,
        statistics: &ColumnStatistics,
        extensions: &mut Vec<u8>,
    ) -> Result<Self, Fault> {
        let mut entry =
            Self { column, rows: statistics.rows, missing: statistics.missing, ..Self::default() };
        let start = extensions.len();
        match (&statistics.min, &statistics.max) {
            (Some(Scalar::Text(min)), Some(Scalar::Text(max))) => {
                for (tag, text) in [(tag::MIN_TEXT, min), (tag::MAX_TEXT, max)] {
                    put_field(extensions, tag, false, |out| {
                        out.extend_from_slice(text.as_bytes());
                        Ok(())
                    })?;
                }
            }
            (Some(Scalar::Decimal { value: min, .. }), Some(Scalar::Decimal { value: max, .. })) => {
                for (tag, value) in [(tag::MIN_DECIMAL, min), (tag::MAX_DECIMAL, max)] {
                    put_field(extensions, tag, false, |out| {
                        out.extend_from_slice(&value.to_le_bytes());
                        Ok(())
                    })?;
                }
            }
            (Some(min), Some(max)) => {
                if let (Some(min), Some(max)) = (to_bits(min), to_bits(max)) {
                    (entry.min, entry.max) = (min, max);
                    entry.flags |= flag::EXTREMES;
                }
            }
            _ => {}
        }
        if let (Some(mean), Some(m2)) = (statistics.mean, statistics.m2) {
            (entry.mean, entry.m2) = (mean, m2);
            entry.flags |= flag::MOMENTS;
        }
        if let Some(counts) = &statistics.level_counts {
            put_field(extensions, tag::LEVEL_COUNTS, false, |out| {
                put_varint(out, counts.len() as u64);
                for count in counts {
                    put_varint(out, *count);
                }
                Ok(())
            })?;
        }
        // segments that were copied have left no trace in it
        if let Some(sketch) = statistics.sketch.as_ref().filter(|sketch| sketch.count() == statistics.count())
        {
            put_field(extensions, tag::QUANTILES, false, |out| {
                sketch.put(out);
                Ok(())
            })?;
        }
        let limit = |value: usize| {
            u32::try_from(value).map_err(|_| Fault::new("at most 4294967295 bytes of statistics", value))
        };
        if extensions.len() > start {
            entry.extension_offset = limit(start)?;
            entry.extension_length = limit(extensions.len() - start)?;
        }
        Ok(entry)
    }

    /// The same entry for extensions that were moved behind `by` other bytes.
    pub(crate) fn with_extensions_moved(mut self, by: usize) -> Result<Self, Fault> {
        if self.extension_length > 0 {
            let offset = u32::try_from(by).ok().and_then(|by| self.extension_offset.checked_add(by));
            self.extension_offset =
                offset.ok_or_else(|| Fault::new("at most 4294967295 bytes of statistics", by))?;
        }
        Ok(self)
    }

    /// The extension of the entry within `extensions`.
    pub(crate) fn extension<'a>(&self, extensions: &'a [u8]) -> Result<&'a [u8], Fault> {
        if self.extension_length == 0 {
            return Ok(&[]);
        }
        let bytes = extensions.get(self.extension_offset as usize..).unwrap_or_default();
        Cursor::new(bytes).take(self.extension_length as usize)
    }

    /// Says where the extension is now.
    pub(crate) fn move_extension(&mut self, offset: usize) -> Result<(), Fault> {
        if self.extension_length > 0 {
            self.extension_offset = u32::try_from(offset)
                .map_err(|_| Fault::new("at most 4294967295 bytes of statistics", offset))?;
        }
        Ok(())
    }

    /// Appends the 88 bytes.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        for value in [self.offset, self.length, self.checksum] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&self.column.to_le_bytes());
        out.extend_from_slice(&[self.encoding, self.flags, 0, 0]);
        for value in [self.rows, self.missing, self.min, self.max, self.mean.to_bits(), self.m2.to_bits()] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&self.extension_offset.to_le_bytes());
        out.extend_from_slice(&self.extension_length.to_le_bytes());
    }

    /// Entry `index` of a table of entries.
    pub(crate) fn at(table: &[u8], index: usize) -> Result<Self, Fault> {
        let start = index.checked_mul(ENTRY_BYTES).ok_or_else(|| Fault::new("an entry", index))?;
        let bytes = table.get(start..).unwrap_or_default();
        let mut cursor = Cursor::new(bytes);
        let (offset, length, checksum, column) = (cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u32()?);
        let (encoding, flags) = (cursor.u8()?, cursor.u8()?);
        cursor.u16()?;
        let (rows, missing, min, max) = (cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u64()?);
        let (mean, m2, extension_offset, extension_length) =
            (cursor.f64()?, cursor.f64()?, cursor.u32()?, cursor.u32()?);
        Ok(Self {
            offset,
            length,
            checksum,
            column,
            encoding,
            flags,
            rows,
            missing,
            min,
            max,
            mean,
            m2,
            extension_offset,
            extension_length,
        })
    }

    /// The statistics of the entry, for a column of this type.
    pub(crate) fn statistics(
        &self,
        data_type: &DataType,
        extensions: &[u8],
    ) -> Result<ColumnStatistics, Fault> {
        let mut statistics =
            ColumnStatistics { rows: self.rows, missing: self.missing, ..ColumnStatistics::default() };
        if self.flags & flag::EXTREMES != 0 {
            statistics.min = Some(from_bits(data_type, self.min));
            statistics.max = Some(from_bits(data_type, self.max));
        }
        if self.flags & flag::MOMENTS != 0 {
            statistics.mean = Some(self.mean);
            statistics.m2 = Some(self.m2);
        }
        let mut cursor = Cursor::new(self.extension(extensions)?);
        while let Some(field) = cursor.field()? {
            match field.tag {
                tag::MIN_TEXT => statistics.min = Some(Scalar::Text(utf8(field.body)?.to_owned())),
                tag::MAX_TEXT => statistics.max = Some(Scalar::Text(utf8(field.body)?.to_owned())),
                tag::MIN_DECIMAL => statistics.min = Some(decimal(data_type, &mut field.cursor())?),
                tag::MAX_DECIMAL => statistics.max = Some(decimal(data_type, &mut field.cursor())?),
                tag::LEVEL_COUNTS => {
                    let mut counts = field.cursor();
                    let levels = counts.varint()?;
                    if levels > counts.remaining() as u64 {
                        return Err(Fault::new(format_args!("{levels} counts"), counts.remaining()));
                    }
                    let counts = (0..levels).map(|_| counts.varint()).collect::<Result<_, _>>()?;
                    statistics.level_counts = Some(counts);
                }
                tag::QUANTILES => {
                    let count = statistics.count();
                    statistics.sketch = Some(QuantileSketch::of_column(field.cursor(), data_type, count)?);
                }
                _ => field.skip()?,
            }
        }
        Ok(statistics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_every_kind_come_back() {
        let all = [
            (DataType::Boolean, Scalar::Bool(false), Scalar::Bool(true)),
            (DataType::Int8, Scalar::Int(-128), Scalar::Int(127)),
            (DataType::UInt64, Scalar::UInt(0), Scalar::UInt(u64::MAX)),
            (DataType::Float32, Scalar::Float(-0.0), Scalar::Float(f64::INFINITY)),
            (DataType::Utf8, Scalar::Text(String::new()), Scalar::Text("ü".to_owned())),
            (
                DataType::Decimal128(38, -2),
                Scalar::Decimal { value: i128::MIN, scale: -2 },
                Scalar::Decimal { value: i128::MAX - 5, scale: -2 },
            ),
        ];
        let mut table = Vec::new();
        let mut extensions = Vec::new();
        let mut expected = Vec::new();
        for (_, min, max) in &all {
            let statistics = ColumnStatistics {
                rows: 10,
                missing: 3,
                min: Some(min.clone()),
                max: Some(max.clone()),
                mean: Some(0.5),
                m2: Some(2.5),
                level_counts: Some(vec![0, 300, u64::MAX]),
                sketch: None,
            };
            Entry::new(7, &statistics, &mut extensions).unwrap().put(&mut table);
            expected.push(statistics);
        }
        assert_eq!(table.len(), all.len() * ENTRY_BYTES);
        for (index, (data_type, ..)) in all.iter().enumerate() {
            let entry = Entry::at(&table, index).unwrap();
            assert_eq!(entry.column, 7);
            assert_eq!(entry.statistics(data_type, &extensions).unwrap(), expected[index]);
        }
        assert!(Entry::at(&table, all.len()).is_err());
    }
}
