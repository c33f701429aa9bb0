//! Exact order statistics in one pass, where the values that can be meant fit into memory.
//!
//! A sketch says between which two values each wanted one lies. The pass counts the values beside these intervals, keeps those
//! inside, and the wanted ones are selected among them. Intervals that overlap are searched as one. Where the
//! values are too many, or a sketch was wrong about an interval (1 of 100), `select.rs` goes on from what was counted.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_cast::cast::cast;
use arrow_schema::{DataType, SchemaRef};
use engine::source::index_of;
use engine::{Accumulator, Block, Estimator};
use pulp::Arch;
use serde::{Deserialize, Serialize};
use xdf::{Beside, Scalar};

use super::select::Target;
use crate::{Error, Result};

/// Values that are looked at one by one if any of them is inside.
const FEW: usize = 16;

/// Rows that are compared with all intervals while they are in the first-level cache.
const TILE: usize = 1024;

/// The pass over the intervals of some targets.
pub(super) struct Gathering {
    pub(super) targets: Vec<Target>,
    /// The most values of an interval that are kept.
    pub(super) most: usize,
}

impl Gathering {
    /// The columns of targets whose values are not found yet.
    fn columns_wanted(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for target in self.targets.iter().filter(|target| target.found.is_none()) {
            if !columns.contains(&target.column) {
                columns.push(target.column.clone());
            }
        }
        columns
    }

    /// Whether few enough values are expected in the intervals.
    pub(super) fn pays(&self) -> bool {
        let wanted = self.targets.iter().filter(|target| target.found.is_none());
        let mut intervals: Vec<_> = wanted.map(|target| (&target.column, target.between)).collect();
        intervals.sort_unstable();
        let (mut expected, mut before) = (0_u64, None);
        for (column, (from, to)) in intervals {
            let covered = before.filter(|(known, _)| *known == column).map_or(0, |(_, end)| end);
            expected = expected.saturating_add(to.saturating_sub(from.max(covered)));
            before = Some((column, to.max(covered)));
        }
        expected > 0 && expected <= self.most as u64
    }
}

/// An interval of a column, and the targets that lie in it.
pub(super) struct Span {
    column: usize,
    low: Scalar,
    high: Scalar,
    targets: Vec<usize>,
}

impl Estimator for Gathering {
    type State = Vec<Span>;
    type Partial = Gathered;
    type Model = Vec<Target>;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        Some(self.columns_wanted())
    }

    fn start(&self, schema: &SchemaRef) -> Result<Vec<Span>> {
        let mut spans: Vec<Span> = Vec::new();
        for (number, target) in self.targets.iter().enumerate().filter(|(_, target)| target.found.is_none()) {
            let column = index_of(schema, &target.column)?;
            let (low, high) = (target.low.clone(), target.high.clone());
            spans.push(Span { column, low, high, targets: vec![number] });
        }
        spans.sort_by(|a, b| a.column.cmp(&b.column).then_with(|| compare(&a.low, &b.low)));
        spans.dedup_by(|later, earlier| {
            let overlap = earlier.column == later.column && compare(&later.low, &earlier.high).is_le();
            if overlap {
                earlier.targets.append(&mut later.targets);
                if compare(&later.high, &earlier.high).is_gt() {
                    earlier.high = later.high.clone();
                }
            }
            overlap
        });
        Ok(spans)
    }

    fn partial(&self, spans: &Vec<Span>) -> Result<Gathered> {
        let of = |span: &Span| {
            Ok(match (&span.low, &span.high) {
                (Scalar::Int(low), Scalar::Int(high)) => {
                    Part::Int(Inside::new(span.column, *low, *high, self.most))
                }
                (Scalar::UInt(low), Scalar::UInt(high)) => {
                    Part::UInt(Inside::new(span.column, *low, *high, self.most))
                }
                (low, high) => {
                    let ends = low.as_f64().zip(high.as_f64());
                    let (low, high) = ends.ok_or(Error::Mismatch { what: "the type of a column" })?;
                    Part::Float(Inside::new(span.column, low, high, self.most))
                }
            })
        };
        Ok(Gathered(spans.iter().map(of).collect::<Result<_>>()?))
    }

    fn step(&self, spans: Vec<Span>, parts: Vec<Part>) -> Result<ControlFlow<Vec<Target>, Vec<Span>>> {
        let mut targets = self.targets.clone();
        for (span, part) in spans.iter().zip(parts) {
            let of_span = span.targets.iter().copied();
            match part {
                Part::Float(inside) => inside.answer(span, of_span, &mut targets, Scalar::Float),
                Part::Int(inside) => inside.answer(span, of_span, &mut targets, Scalar::Int),
                Part::UInt(inside) => inside.answer(span, of_span, &mut targets, Scalar::UInt),
            }
        }
        Ok(ControlFlow::Break(targets))
    }
}

/// The order of the ends of intervals of one column.
fn compare(a: &Scalar, b: &Scalar) -> Ordering {
    match (a, b) {
        (Scalar::Int(a), Scalar::Int(b)) => a.cmp(b),
        (Scalar::UInt(a), Scalar::UInt(b)) => a.cmp(b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// What a pass sees of an interval.
#[derive(Serialize, Deserialize)]
pub(super) struct Inside<T> {
    column: usize,
    low: T,
    high: T,
    below: u64,
    at_low: u64,
    at_high: u64,
    /// The values between the ends; none when there are more than `most`.
    values: Vec<T>,
    most: usize,
    too_many: bool,
    #[serde(skip, default = "Arch::new")]
    arch: Arch,
}

impl<T: Copy + PartialOrd> Inside<T> {
    fn new(column: usize, low: T, high: T, most: usize) -> Self {
        Self {
            column,
            low,
            high,
            below: 0,
            at_low: 0,
            at_high: 0,
            values: Vec::new(),
            most,
            too_many: false,
            arch: Arch::new(),
        }
    }

    fn add(&mut self, tile: &[T]) {
        let (low, high) = (self.low, self.high);
        let values = &mut self.values;
        let [below, at_low, at_high] = self.arch.dispatch(
            #[inline(always)]
            || {
                let mut counts = [0_u64; 3];
                for few in tile.chunks(FEW) {
                    // 0 or 1 each, so that whole vectors are compared
                    let (mut below, mut at_low, mut at_high, mut above) = (0_u32, 0_u32, 0_u32, 0_u32);
                    for &x in few {
                        below += u32::from(x < low);
                        at_low += u32::from(x == low);
                        at_high += u32::from(x == high);
                        above += u32::from(x > high);
                    }
                    let beside = below + at_low + if low < high { at_high } else { 0 } + above;
                    counts[0] += u64::from(below);
                    counts[1] += u64::from(at_low);
                    counts[2] += u64::from(at_high);
                    if (beside as usize) < few.len() {
                        values.extend(few.iter().copied().filter(|&x| x > low && x < high));
                    }
                }
                counts
            },
        );
        self.below += below;
        self.at_low += at_low;
        if low < high {
            self.at_high += at_high;
        }
        self.check();
    }

    fn check(&mut self) {
        if self.too_many || self.values.len() > self.most {
            self.too_many = true;
            self.values = Vec::new();
        }
    }

    fn merge(&mut self, mut later: Self) {
        self.below += later.below;
        self.at_low += later.at_low;
        self.at_high += later.at_high;
        self.too_many |= later.too_many;
        self.values.append(&mut later.values);
        self.check();
    }

    /// Tells the targets of a span where their values are.
    fn answer(
        mut self,
        span: &Span,
        of_span: impl Iterator<Item = usize>,
        targets: &mut [Target],
        scalar: impl Fn(T) -> Scalar,
    ) {
        let beside = Beside { below: self.below, at_low: self.at_low, at_high: self.at_high };
        let inside = self.values.len() as u64;
        for number in of_span {
            let target = &mut targets[number];
            if self.too_many {
                continue;
            }
            (target.low, target.high) = (span.low.clone(), span.high.clone());
            if let Some(rank) = target.locate(&beside, inside) {
                let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(Ordering::Equal);
                let (_, value, _) = self.values.select_nth_unstable_by(rank as usize, order);
                target.found = Some(scalar(*value));
            }
        }
    }
}

/// What a pass sees of all intervals.
#[derive(Serialize, Deserialize)]
pub(super) struct Gathered(Vec<Part>);

/// What it sees of one, in the type that its column is compared in.
#[derive(Serialize, Deserialize)]
pub(super) enum Part {
    Float(Inside<f64>),
    Int(Inside<i64>),
    UInt(Inside<u64>),
}

/// A column as numbers that can be compared with the ends of intervals.
enum Numbers {
    Float(PrimitiveArray<Float64Type>),
    Int(PrimitiveArray<Int64Type>),
    UInt(PrimitiveArray<UInt64Type>),
}

impl Numbers {
    fn of(column: &ArrayRef, part: &Part) -> Result<Self> {
        let wide = |data_type: &DataType| {
            // days are 32-bit numbers
            let column = if *column.data_type() == DataType::Date32 {
                cast(column, &DataType::Int32).and_then(|days| cast(&days, data_type))
            } else {
                cast(column, data_type)
            };
            column.map_err(|source| {
                Error::from(engine::Error::Arrow { doing: "sorting a column".into(), source })
            })
        };
        Ok(match part {
            Part::Float(_) => Self::Float(wide(&DataType::Float64)?.as_primitive().clone()),
            Part::Int(_) => Self::Int(wide(&DataType::Int64)?.as_primitive().clone()),
            Part::UInt(_) => Self::UInt(wide(&DataType::UInt64)?.as_primitive().clone()),
        })
    }
}

/// Hands over the values of an array that are there, some at a time.
fn each_tile<P: ArrowPrimitiveType>(array: &PrimitiveArray<P>, mut take: impl FnMut(&[P::Native])) {
    if array.null_count() == 0 {
        array.values().chunks(TILE).for_each(take);
        return;
    }
    let mut tile = Vec::with_capacity(TILE);
    for start in (0..array.len()).step_by(TILE) {
        tile.clear();
        tile.extend(array.slice(start, TILE.min(array.len() - start)).iter().flatten());
        take(&tile);
    }
}

/// Adds the values of an array to the intervals of its column.
fn add<P: ArrowPrimitiveType>(
    array: &PrimitiveArray<P>,
    parts: &mut [Part],
    of_type: impl Fn(&mut Part) -> Option<&mut Inside<P::Native>>,
) where
    P::Native: PartialOrd,
{
    each_tile(array, |tile| parts.iter_mut().filter_map(&of_type).for_each(|inside| inside.add(tile)));
}

impl Accumulator for Gathered {
    type Input = Block;
    type Output = Vec<Part>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let column_of = |part: &Part| match part {
            Part::Float(inside) => inside.column,
            Part::Int(inside) => inside.column,
            Part::UInt(inside) => inside.column,
        };
        for parts in self.0.chunk_by_mut(|a, b| column_of(a) == column_of(b)) {
            let Some(first) = parts.first() else { continue };
            let column = block.batch.columns().get(column_of(first));
            let column = column.ok_or(Error::Mismatch { what: "the columns of a block" })?;
            match Numbers::of(column, first)? {
                Numbers::Float(array) => add(&array, parts, |part| match part {
                    Part::Float(inside) => Some(inside),
                    _ => None,
                }),
                Numbers::Int(array) => add(&array, parts, |part| match part {
                    Part::Int(inside) => Some(inside),
                    _ => None,
                }),
                Numbers::UInt(array) => add(&array, parts, |part| match part {
                    Part::UInt(inside) => Some(inside),
                    _ => None,
                }),
            }
        }
        Ok(())
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        for (own, later) in self.0.iter_mut().zip(later.0) {
            match (own, later) {
                (Part::Float(own), Part::Float(later)) => own.merge(later),
                (Part::Int(own), Part::Int(later)) => own.merge(later),
                (Part::UInt(own), Part::UInt(later)) => own.merge(later),
                _ => return Err(Error::Mismatch { what: "the type of a column" }.into()),
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Part> {
        self.0
    }

    fn size(&self) -> usize {
        let kept = |part: &Part| match part {
            Part::Float(inside) => inside.values.capacity(),
            Part::Int(inside) => inside.values.capacity(),
            Part::UInt(inside) => inside.values.capacity(),
        };
        self.0.iter().map(|part| kept(part) * 8 + size_of::<Part>()).sum()
    }
}
