//! Exact order statistics by passes that close in on them.
//!
//! A sketch says between which two values the value of a rank lies, but for the share of its error. The next pass counts
//! the values below and at these two and sketches those between; its sketch leaves a still shorter interval, until so
//! few values differ in it that the sketch is exact. Every pass shortens the interval by a factor of about 20, so ten
//! million values take two or three, in memory that does not depend on the rows (Munro and Paterson 1980, "Selection
//! and sorting with limited storage").
//!
//! That a bound holds for 99 of 100 costs a pass, not the answer: the counts tell when the rank is beside the interval,
//! and the search goes on at that side. Its ends are counted and not sketched, so a value that fills half of a column
//! does not keep the interval from getting shorter: every second pass at least leaves a value out of it for good.

use std::ops::ControlFlow;

use arrow_schema::SchemaRef;
use engine::source::index_of;
use engine::{Accumulator, Block, BlockSource, Estimator, Executor, ScanOptions};
use serde::{Deserialize, Serialize};
use xdf::{Beside, QuantileSketch, Scalar};

use super::empty_sketch;
use super::gather::Gathering;
use super::partial::Sketch;
use crate::{Error, Result};

/// A rank whose value is wanted.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) column: String,
    rank: u64,
    /// The value lies between these, both included, if the bound of the sketch held.
    pub(super) low: Scalar,
    pub(super) high: Scalar,
    /// About the ranks of these.
    pub(super) between: (u64, u64),
    /// It lies between these in any case.
    outer: (Scalar, Scalar),
    pub(super) found: Option<Scalar>,
}

impl Target {
    /// The value of a rank that exists, from the sketch of all values of its column.
    pub(super) fn new(column: &str, rank: u64, sketch: &QuantileSketch) -> Self {
        let last = sketch.count().saturating_sub(1);
        let end = |rank| sketch.value_at(rank).unwrap_or(Scalar::Float(f64::NAN));
        let outer = (end(0), end(last));
        let (low, high) = outer.clone();
        let mut target =
            Self { column: column.to_owned(), rank, low, high, between: (0, last), outer, found: None };
        target.narrow(sketch, rank);
        // smallest and largest are known exactly
        if rank == 0 || rank == last {
            target.found = sketch.value_at(rank);
        }
        target
    }

    /// Shortens the interval by a sketch of the values in it, among which the wanted one has this rank.
    fn narrow(&mut self, sketch: &QuantileSketch, rank: u64) {
        if sketch.is_exact() {
            self.found = sketch.value_at(rank);
            return;
        }
        let last = sketch.count().saturating_sub(1);
        let margin = (sketch.rank_error() * sketch.count() as f64).ceil() as u64 + 1;
        let ends = [rank.saturating_sub(margin), rank.saturating_add(margin).min(last)];
        if let Some([low, high]) = sketch.values_at(&ends).as_deref() {
            (self.low, self.high) = (low.clone(), high.clone());
            self.between = (ends[0].saturating_sub(margin), ends[1].saturating_add(margin));
        }
    }

    /// Takes what a pass has seen of the interval: values beside it and a sketch of those in it.
    fn learn(&mut self, beside: &Beside, inside: &QuantileSketch) {
        if let Some(rank) = self.locate(beside, inside.count()) {
            self.outer = (self.low.clone(), self.high.clone());
            self.narrow(inside, rank);
        }
    }

    /// Takes how many values a pass has seen beside the interval and in it: the rank among the latter, if the value is
    /// one of them. It is found when it is an end; else the interval moves to the side where it is.
    pub(super) fn locate(&mut self, beside: &Beside, inside: u64) -> Option<u64> {
        let from = beside.below + beside.at_low;
        let to = from + inside;
        if self.rank < beside.below {
            self.high = std::mem::replace(&mut self.low, self.outer.0.clone());
        } else if self.rank < from {
            self.found = Some(self.low.clone());
        } else if self.rank < to {
            return Some(self.rank - from);
        } else if self.rank < to + beside.at_high {
            self.found = Some(self.high.clone());
        } else {
            self.low = std::mem::replace(&mut self.high, self.outer.1.clone());
        }
        None
    }
}

/// The values of the targets, in their order; at most `most` values of an interval are kept.
pub(super) fn select(
    targets: Vec<Target>,
    most: usize,
    source: &dyn BlockSource,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Vec<Scalar>> {
    let gathering = Gathering { targets, most };
    let targets =
        if gathering.pays() { engine::fit(&gathering, source, scan, executor)? } else { gathering.targets };
    let mut columns: Vec<String> = Vec::new();
    for target in targets.iter().filter(|target| target.found.is_none()) {
        if !columns.contains(&target.column) {
            columns.push(target.column.clone());
        }
    }
    let done = |targets: Vec<Target>| targets.into_iter().filter_map(|target| target.found).collect();
    if columns.is_empty() {
        return Ok(done(targets));
    }
    Ok(done(engine::fit(&Selection { columns, targets }, source, scan, executor)?))
}

struct Selection {
    columns: Vec<String>,
    targets: Vec<Target>,
}

/// An interval that is searched: the targets in it, the place of its column in a block, its ends, an empty sketch.
struct Search {
    targets: Vec<usize>,
    column: usize,
    low: Scalar,
    high: Scalar,
    empty: QuantileSketch,
}

struct State {
    targets: Vec<Target>,
    schema: SchemaRef,
    searches: Vec<Search>,
}

impl State {
    fn new(targets: Vec<Target>, schema: SchemaRef) -> Result<Self> {
        let mut searches: Vec<Search> = Vec::new();
        for (number, target) in targets.iter().enumerate().filter(|(_, target)| target.found.is_none()) {
            let column = index_of(&schema, &target.column)?;
            let same = |search: &&mut Search| {
                search.column == column && search.low == target.low && search.high == target.high
            };
            if let Some(search) = searches.iter_mut().find(same) {
                search.targets.push(number);
                continue;
            }
            let empty = empty_sketch(schema.field(column))?;
            let (low, high) = (target.low.clone(), target.high.clone());
            searches.push(Search { targets: vec![number], column, low, high, empty });
        }
        Ok(Self { targets, schema, searches })
    }
}

impl Estimator for Selection {
    type State = State;
    type Partial = Inside;
    type Model = Vec<Target>;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        Some(self.columns.clone())
    }

    fn start(&self, schema: &SchemaRef) -> Result<State> {
        State::new(self.targets.clone(), schema.clone())
    }

    fn partial(&self, state: &State) -> Result<Inside> {
        let of = |search: &Search| Interval {
            column: search.column,
            low: Bound::of(&search.low),
            high: Bound::of(&search.high),
            below: 0,
            at_low: 0,
            at_high: 0,
            inside: Sketch(search.empty.clone()),
        };
        Ok(Inside(state.searches.iter().map(of).collect()))
    }

    fn step(&self, state: State, sums: Vec<Interval>) -> Result<ControlFlow<Vec<Target>, State>> {
        let State { mut targets, schema, searches } = state;
        for (search, seen) in searches.iter().zip(sums) {
            let beside = Beside { below: seen.below, at_low: seen.at_low, at_high: seen.at_high };
            for number in &search.targets {
                targets[*number].learn(&beside, &seen.inside.0);
            }
        }
        let next = State::new(targets, schema)?;
        Ok(if next.searches.is_empty() {
            ControlFlow::Break(next.targets)
        } else {
            ControlFlow::Continue(next)
        })
    }
}

/// A scalar that is no text.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Bound {
    Int(i64),
    UInt(u64),
    Float(f64),
}

impl Bound {
    fn of(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Int(value) => Self::Int(*value),
            Scalar::UInt(value) => Self::UInt(*value),
            other => Self::Float(other.as_f64().unwrap_or(f64::NAN)),
        }
    }

    fn scalar(self) -> Scalar {
        match self {
            Self::Int(value) => Scalar::Int(value),
            Self::UInt(value) => Scalar::UInt(value),
            Self::Float(value) => Scalar::Float(value),
        }
    }
}

/// What a pass sees of one interval of a column.
#[derive(Serialize, Deserialize)]
pub(super) struct Interval {
    column: usize,
    low: Bound,
    high: Bound,
    /// Values below `low`, and at the ends.
    below: u64,
    at_low: u64,
    at_high: u64,
    /// Values between the ends.
    inside: Sketch,
}

/// The intervals of a pass.
#[derive(Serialize, Deserialize)]
pub(super) struct Inside(Vec<Interval>);

impl Accumulator for Inside {
    type Input = Block;
    type Output = Vec<Interval>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        for interval in &mut self.0 {
            let column = block.batch.columns().get(interval.column);
            let (low, high) = (interval.low.scalar(), interval.high.scalar());
            let beside = column.and_then(|column| interval.inside.0.insert_between(column, &low, &high));
            let beside = beside.ok_or(Error::Mismatch { what: "the type of a column" })?;
            interval.below += beside.below;
            interval.at_low += beside.at_low;
            interval.at_high += beside.at_high;
        }
        Ok(())
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        for (interval, later) in self.0.iter_mut().zip(&later.0) {
            interval.below += later.below;
            interval.at_low += later.at_low;
            interval.at_high += later.at_high;
            interval.inside.merge(&later.inside)?;
        }
        Ok(())
    }

    fn finish(self) -> Vec<Interval> {
        self.0
    }

    fn size(&self) -> usize {
        self.0.len() * QuantileSketch::MAX_BYTES
    }
}
