//! A thousand rows at a time: numbers, codes, weights, and which rows count.
//!
//! Arrow arrays are narrow: a day of the week is a 4-byte code, a delay a 4-byte integer. Widening whole blocks to `f64`
//! would cost more memory traffic than all arithmetic of a small model. A [`Tile`] holds [`TILE`] rows in buffers that
//! stay in the first-level cache and are reused; kernels run over tiles.
//!
//! # Invariant
//! `mask` is all ones for rows that count and 0 for those that do not; `masked` tells whether there are any of the latter.
//! Codes are below the number of levels in every row. Numbers of rows that do not count may be anything, NaN included.

#![expect(
    clippy::inline_always,
    reason = "loops over rows become part of a function for one kind of machine"
)]

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_buffer::NullBuffer;
use arrow_buffer::bit_chunk_iterator::BitChunks;
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use engine::Block;
use engine::expr::{BoundExpr, Expr};
use foldhash::HashMap;
use pulp::{Arch, Simd, WithSimd};

use super::{Design, Input, VariableKind};
use crate::{Error, Result};

/// Rows of a tile.
pub(crate) const TILE: usize = 1024;

/// An input found in a schema.
pub(super) struct Bound {
    schema: SchemaRef,
    how: How,
}

enum How {
    Column(usize),
    Expression(Box<BoundExpr>),
}

impl Bound {
    /// Whether it was found in the schema of this batch.
    pub(super) fn fits(&self, batch: &RecordBatch) -> bool {
        Arc::ptr_eq(&self.schema, batch.schema_ref()) || self.schema == *batch.schema_ref()
    }

    pub(super) fn evaluate(&self, batch: &RecordBatch) -> engine::Result<ArrayRef> {
        match &self.how {
            How::Column(index) => Ok(Arc::clone(batch.column(*index))),
            How::Expression(bound) => Ok(bound.evaluate(batch)?),
        }
    }
}

/// Finds an input in a schema.
pub(super) fn bind_input(input: &Input, schema: &SchemaRef) -> engine::Result<Bound> {
    let how = match input {
        Input::Column(name) => How::Column(engine::source::index_of(schema, name)?),
        Input::Expression(text) => How::Expression(Box::new(Expr::parse(text)?.bind(schema)?)),
    };
    Ok(Bound { schema: Arc::clone(schema), how })
}

/// Reads some variables of a design, and its weights.
pub(crate) struct Reader {
    design: Arc<Design>,
    variables: Vec<Column>,
    weights: Vec<WeightColumn>,
}

struct Column {
    variable: usize,
    bound: Option<Bound>,
    array: Option<ArrayRef>,
    levels: Levels,
}

struct WeightColumn {
    name: String,
    whole: bool,
    array: Option<ArrayRef>,
}

/// From the data's texts or codes to the design's codes.
#[derive(Default)]
struct Levels {
    index: HashMap<String, u32>,
    /// The last dictionary seen, and its codes in the design; `None` for the same codes.
    seen: Option<(ArrayRef, Option<Vec<u32>>)>,
}

/// A code that is no level.
const UNKNOWN: u32 = u32::MAX;

/// Some rows as numbers and codes.
pub(crate) struct Tile {
    /// Rows of the tile.
    pub(crate) len: usize,
    /// Rows that count.
    pub(crate) kept: usize,
    /// Whether some rows do not count.
    pub(crate) masked: bool,
    /// All ones for rows that count.
    pub(crate) mask: Vec<u64>,
    /// Numbers by variable of the design; empty for factors and variables that are not read.
    pub(crate) numbers: Vec<Vec<f64>>,
    /// Codes by variable of the design; empty for numbers and variables that are not read.
    pub(crate) codes: Vec<Vec<u32>>,
    /// Weights, 0 for rows that do not count; empty without weights.
    pub(crate) weights: Vec<f64>,
    /// The sum of the frequencies of the rows with a positive weight; their number without frequencies.
    pub(crate) frequency: f64,
}

impl Reader {
    /// A reader of these variables, and of the weights if wanted.
    pub(crate) fn new(
        design: Arc<Design>,
        variables: impl IntoIterator<Item = usize>,
        weights: bool,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|variable| Column { variable, bound: None, array: None, levels: Levels::default() })
            .collect();
        let column =
            |name: &Option<String>, whole| name.clone().map(|name| WeightColumn { name, whole, array: None });
        let weights = if weights {
            let of = &design.weights;
            column(&of.probability, false).into_iter().chain(column(&of.frequency, true)).collect()
        } else {
            Vec::new()
        };
        Self { design, variables, weights }
    }

    /// Buffers for this reader's tiles.
    pub(crate) fn tile(&self) -> Tile {
        let count = self.design.variables.len();
        let mut tile = Tile {
            len: 0,
            kept: 0,
            masked: false,
            mask: vec![u64::MAX; TILE],
            numbers: vec![Vec::new(); count],
            codes: vec![Vec::new(); count],
            weights: if self.weights.is_empty() { Vec::new() } else { vec![0.0; TILE] },
            frequency: 0.0,
        };
        for column in &self.variables {
            if self.design.is_factor(column.variable) {
                tile.codes[column.variable] = vec![0; TILE];
            } else {
                tile.numbers[column.variable] = vec![0.0; TILE];
            }
        }
        tile
    }

    /// Takes the arrays of a block; tiles are then filled from it.
    ///
    /// # Errors
    /// When the block lacks a column or has it in a type that cannot be used.
    pub(crate) fn load(&mut self, block: &Block) -> Result<()> {
        let batch = &block.batch;
        for column in &mut self.variables {
            let variable = &self.design.variables[column.variable];
            if !column.bound.as_ref().is_some_and(|bound| bound.fits(batch)) {
                column.bound = Some(bind_input(&variable.input, batch.schema_ref())?);
            }
            if let Some(bound) = &column.bound {
                let array = bound.evaluate(batch)?;
                column.levels.prepare(&variable.kind, &array, &variable.label)?;
                column.array = Some(array);
            }
        }
        for weight in &mut self.weights {
            let index = engine::source::index_of(batch.schema_ref(), &weight.name)?;
            weight.array = Some(Arc::clone(batch.column(index)));
        }
        Ok(())
    }

    /// Fills the tile with the rows from `start`, at most [`TILE`] and at most `rows` of them.
    ///
    /// # Errors
    /// A weight that is none.
    pub(crate) fn fill(&mut self, start: usize, rows: usize, start_row: u64, tile: &mut Tile) -> Result<()> {
        Arch::new().dispatch(Fill { reader: self, start, rows, start_row, tile })
    }

    #[inline(always)]
    fn fill_tile(&mut self, start: usize, rows: usize, start_row: u64, tile: &mut Tile) -> Result<()> {
        let len = rows.min(TILE);
        tile.len = len;
        let mask = &mut tile.mask[..len];
        mask.fill(u64::MAX);
        let mut masked = false;
        for column in &self.variables {
            let variable = &self.design.variables[column.variable];
            let Some(array) = &column.array else { continue };
            masked |= mask_nulls(array.nulls(), start, mask);
            match &variable.kind {
                VariableKind::Numeric => {
                    let out = &mut tile.numbers[column.variable][..len];
                    masked |= fill_numbers(array.as_ref(), start, out)? && mask_nan(out, mask);
                }
                VariableKind::Codes { levels } => {
                    let out = &mut tile.numbers[column.variable][..len];
                    masked |= column.levels.fill(array, start, levels.len() as u32, mask, |i, code| {
                        out[i] = f64::from(code) + 1.0;
                    });
                }
                VariableKind::Factor { levels, .. } => {
                    let out = &mut tile.codes[column.variable][..len];
                    masked |=
                        column.levels.fill(array, start, levels.len() as u32, mask, |i, code| out[i] = code);
                }
                VariableKind::Integers { low, high, exclude } => {
                    let mut numbers = [0.0; TILE];
                    let out = &mut tile.codes[column.variable][..len];
                    masked |= fill_numbers(array.as_ref(), start, &mut numbers[..len])?
                        && mask_nan(&numbers[..len], mask);
                    masked |= integer_codes(&numbers[..len], *low as f64, *high as f64, *exclude, mask, out);
                }
            }
        }
        masked |= self.fill_weights(start, start_row, tile)?;
        tile.masked = masked;
        let mask = &tile.mask[..len];
        tile.kept = if masked { mask.iter().map(|m| (m & 1) as usize).sum() } else { len };
        if self.weights.is_empty() {
            tile.frequency = tile.kept as f64;
            // a tile that has weights all the same
            tile.weights.iter_mut().take(len).for_each(|weight| *weight = 1.0);
        }
        if masked {
            for (weight, mask) in tile.weights.iter_mut().zip(mask) {
                *weight = f64::from_bits(weight.to_bits() & mask);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn fill_weights(&self, start: usize, start_row: u64, tile: &mut Tile) -> Result<bool> {
        if self.weights.is_empty() {
            return Ok(false);
        }
        let len = tile.len;
        let mask = &mut tile.mask[..len];
        let mut masked = false;
        let mut frequencies = [1.0; TILE];
        tile.weights[..len].fill(1.0);
        for weight in &self.weights {
            let Some(array) = &weight.array else { continue };
            let mut numbers = [0.0; TILE];
            let numbers = &mut numbers[..len];
            masked |= mask_nulls(array.nulls(), start, mask);
            masked |= fill_numbers(array.as_ref(), start, numbers)? && mask_nan(numbers, mask);
            for (i, (&number, &mask)) in numbers.iter().zip(mask.iter()).enumerate() {
                let whole = !weight.whole || number.fract() == 0.0;
                if mask != 0 && !(number >= 0.0 && number.is_finite() && whole) {
                    let expected =
                        if weight.whole { "whole numbers, 0 or more" } else { "finite, 0 or more" };
                    let row = start_row + (start + i) as u64;
                    return Err(Error::Weight { column: weight.name.clone(), value: number, row, expected });
                }
                if weight.whole {
                    frequencies[i] = number;
                }
                tile.weights[i] *= number;
            }
        }
        tile.frequency = 0.0;
        for ((&weight, &frequency), &mask) in tile.weights.iter().zip(&frequencies).zip(mask.iter()) {
            if mask != 0 && weight > 0.0 {
                tile.frequency += frequency;
            }
        }
        Ok(masked)
    }
}

/// A tile to be filled.
struct Fill<'a> {
    reader: &'a mut Reader,
    start: usize,
    rows: usize,
    start_row: u64,
    tile: &'a mut Tile,
}

impl WithSimd for Fill<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        self.reader.fill_tile(self.start, self.rows, self.start_row, self.tile)
    }
}

impl Levels {
    /// Makes the way from this array's codes to the design's.
    fn prepare(&mut self, kind: &VariableKind, array: &ArrayRef, label: &str) -> Result<()> {
        let (levels, merged): (&[String], &[(String, u32)]) = match kind {
            VariableKind::Factor { levels, merged } => (levels, merged),
            VariableKind::Codes { levels } => (levels, &[]),
            VariableKind::Numeric | VariableKind::Integers { .. } => {
                return if is_number(array.data_type()) {
                    Ok(())
                } else {
                    Err(wrong_type(label, array, "numbers"))
                };
            }
        };
        let texts = engine::factor::codes_and_levels(array.as_ref());
        if texts.is_none() && array.as_string_opt::<i32>().is_none() {
            return Err(wrong_type(label, array, "a factor or texts"));
        }
        if self.index.is_empty() {
            self.index.extend(merged.iter().cloned());
            self.index.extend(levels.iter().enumerate().map(|(code, level)| (level.clone(), code as u32)));
        }
        let Some((_, texts)) = texts else { return Ok(()) };
        let values = array.as_dictionary::<Int32Type>().values();
        if self.seen.as_ref().is_some_and(|(seen, _)| Arc::ptr_eq(seen, values)) {
            return Ok(());
        }
        let same = merged.is_empty()
            && texts.len() <= levels.len()
            && texts.null_count() == 0
            && texts.iter().flatten().zip(levels).all(|(text, level)| text == level);
        let map = (!same).then(|| texts.iter().map(|text| self.code(text)).collect());
        self.seen = Some((Arc::clone(values), map));
        Ok(())
    }

    fn code(&self, text: Option<&str>) -> u32 {
        text.and_then(|text| self.index.get(text).copied()).unwrap_or(UNKNOWN)
    }

    /// Hands every row its code; 0 where there is none, and then the mask is cleared.
    #[inline(always)]
    fn fill(
        &self,
        array: &ArrayRef,
        start: usize,
        cells: u32,
        mask: &mut [u64],
        mut put: impl FnMut(usize, u32),
    ) -> bool {
        let len = mask.len();
        let mut unknown = false;
        if let Some((keys, _)) = engine::factor::codes_and_levels(array.as_ref()) {
            let keys = &keys.values()[start..start + len];
            match self.seen.as_ref().and_then(|(_, map)| map.as_deref()) {
                None => {
                    for (i, &key) in keys.iter().enumerate() {
                        let key = key as u32;
                        let known = key < cells;
                        unknown |= !known;
                        put(i, if known { key } else { 0 });
                    }
                    if unknown {
                        for (mask, &key) in mask.iter_mut().zip(keys) {
                            *mask &= if (key as u32) < cells { u64::MAX } else { 0 };
                        }
                    }
                }
                Some(map) => {
                    for (i, &key) in keys.iter().enumerate() {
                        let code =
                            usize::try_from(key).ok().and_then(|k| map.get(k).copied()).unwrap_or(UNKNOWN);
                        let known = code < cells;
                        unknown |= !known;
                        put(i, if known { code } else { 0 });
                        mask[i] &= if known { u64::MAX } else { 0 };
                    }
                }
            }
        } else if let Some(texts) = array.as_string_opt::<i32>() {
            self.fill_texts(texts, start, mask, &mut unknown, &mut put);
        }
        unknown
    }

    fn fill_texts(
        &self,
        texts: &StringArray,
        start: usize,
        mask: &mut [u64],
        unknown: &mut bool,
        put: &mut impl FnMut(usize, u32),
    ) {
        let mut last: Option<(&str, u32)> = None;
        for (i, mask) in mask.iter_mut().enumerate() {
            let text = texts.is_valid(start + i).then(|| texts.value(start + i));
            let code = match (text, last) {
                (Some(text), Some((before, code))) if text == before => code,
                _ => self.code(text),
            };
            last = text.map(|text| (text, code));
            let known = code != UNKNOWN;
            *unknown |= !known;
            put(i, if known { code } else { 0 });
            *mask &= if known { u64::MAX } else { 0 };
        }
    }
}

fn wrong_type(label: &str, array: &ArrayRef, wanted: &str) -> Error {
    Error::Engine(engine::Error::ColumnType {
        column: label.to_owned(),
        found: array.data_type().to_string(),
        expected: format!("the model was made for {wanted}"),
    })
}

/// Clears the mask of null rows; whether there are any.
#[inline(always)]
fn mask_nulls(nulls: Option<&NullBuffer>, start: usize, mask: &mut [u64]) -> bool {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return false };
    let bits = nulls.inner();
    let chunks = BitChunks::new(bits.values(), bits.offset() + start, mask.len());
    let mut any = false;
    for (word, mask) in chunks.iter_padded().zip(mask.chunks_mut(64)) {
        let full = if mask.len() == 64 { u64::MAX } else { (1 << mask.len()) - 1 };
        if word & full != full {
            any = true;
            for (j, mask) in mask.iter_mut().enumerate() {
                *mask &= 0_u64.wrapping_sub((word >> j) & 1);
            }
        }
    }
    any
}

/// Clears the mask of NaN rows; whether there are any.
#[inline(always)]
fn mask_nan(numbers: &[f64], mask: &mut [u64]) -> bool {
    let mut any = false;
    for (&number, mask) in numbers.iter().zip(mask) {
        let nan = number.is_nan();
        any |= nan;
        *mask &= if nan { 0 } else { u64::MAX };
    }
    any
}

#[inline(always)]
fn integer_codes(
    numbers: &[f64],
    low: f64,
    high: f64,
    exclude: bool,
    mask: &mut [u64],
    out: &mut [u32],
) -> bool {
    let mut outside = false;
    for ((&number, mask), out) in numbers.iter().zip(mask).zip(out) {
        let floor = number.floor();
        let inside = floor >= low && floor <= high;
        outside |= !inside && exclude;
        *mask &= if inside || !exclude { u64::MAX } else { 0 };
        // NaN becomes 0; such rows are masked
        *out = (floor.clamp(low, high) - low) as u32;
    }
    outside
}

macro_rules! by_type {
    ($array:expr, $with:ident, $bool:expr) => {{
        let array = $array;
        match array.data_type() {
            DataType::Boolean => $bool,
            DataType::Int8 => $with!(Int8Type, |x: i8| f64::from(x)),
            DataType::Int16 => $with!(Int16Type, |x: i16| f64::from(x)),
            DataType::Int32 => $with!(Int32Type, |x: i32| f64::from(x)),
            DataType::Int64 => $with!(Int64Type, |x: i64| x as f64),
            DataType::UInt8 => $with!(UInt8Type, |x: u8| f64::from(x)),
            DataType::UInt16 => $with!(UInt16Type, |x: u16| f64::from(x)),
            DataType::UInt32 => $with!(UInt32Type, |x: u32| f64::from(x)),
            DataType::UInt64 => $with!(UInt64Type, |x: u64| x as f64),
            DataType::Float32 => $with!(Float32Type, |x: f32| f64::from(x)),
            DataType::Float64 => $with!(Float64Type, |x: f64| x),
            DataType::Date32 => $with!(Date32Type, |x: i32| f64::from(x)),
            DataType::Timestamp(TimeUnit::Second, _) => $with!(TimestampSecondType, |x: i64| x as f64),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                $with!(TimestampMillisecondType, |x: i64| x as f64 / 1e3)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                $with!(TimestampMicrosecondType, |x: i64| x as f64 / 1e6)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                $with!(TimestampNanosecondType, |x: i64| x as f64 / 1e9)
            }
            other => Err(engine::Error::ColumnType {
                column: String::new(),
                found: other.to_string(),
                expected: "numbers, logicals, dates and timestamps can be used as numbers".into(),
            }),
        }
    }};
}

/// Whether a column of this type can be used as numbers.
pub(super) fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            DataType::Boolean
                | DataType::Float32
                | DataType::Float64
                | DataType::Date32
                | DataType::Timestamp(..)
        )
}

/// Widens `out.len()` numbers from `start`; whether there can be NaN among them.
#[inline(always)]
fn fill_numbers(array: &dyn Array, start: usize, out: &mut [f64]) -> engine::Result<bool> {
    let end = start + out.len();
    macro_rules! fill {
        ($type:ty, $widen:expr) => {{
            for (out, &x) in out.iter_mut().zip(&array.as_primitive::<$type>().values()[start..end]) {
                *out = $widen(x);
            }
            Ok(matches!(array.data_type(), DataType::Float32 | DataType::Float64))
        }};
    }
    by_type!(array, fill, {
        let bits = array.as_boolean().values();
        for (i, out) in out.iter_mut().enumerate() {
            *out = f64::from(u8::from(bits.value(start + i)));
        }
        Ok(false)
    })
}

/// Hands over every number that is there and not NaN.
pub(super) fn for_each_number(array: &dyn Array, take: &mut impl FnMut(f64)) -> engine::Result<()> {
    let mut tile = [0.0; TILE];
    let mut mask = [u64::MAX; TILE];
    let mut start = 0;
    while start < array.len() {
        let len = (array.len() - start).min(TILE);
        mask.fill(u64::MAX);
        mask_nulls(array.nulls(), start, &mut mask[..len]);
        fill_numbers(array, start, &mut tile[..len])?;
        for (&x, &mask) in tile[..len].iter().zip(&mask) {
            if mask != 0 && !x.is_nan() {
                take(x);
            }
        }
        start += len;
    }
    Ok(())
}
