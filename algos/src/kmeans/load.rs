//! The first passes: levels that the schema does not know; then means, a sample for the starts, and the rows themselves
//! where they fit into memory.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_schema::SchemaRef;
use engine::formula::Formula;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::panels::Panels;
use super::seeds::{Draw, Sample};
use super::spread::Spread;
use crate::design::{Dense, DenseReader, Design, Draft, Next, Outcome, Part, Stage, Weights, columns_read};
use crate::{Error, Result};

/// Rows that are kept and worked on together.
const CHUNK: usize = 8192;

/// The most columns that rows are written out with.
const MAX_COLUMNS: usize = 1 << 20;

/// Reads a formula's rows.
pub(super) struct Loading {
    pub(super) formula: Formula,
    pub(super) draw: Draw,
    /// Rows of the sample.
    pub(super) sample: usize,
    /// Bytes that rows may take; 0 keeps none.
    pub(super) memory: usize,
    /// Rows of the source, where it knows.
    pub(super) rows: Option<u64>,
}

/// What was read.
pub(super) struct Loaded {
    pub(super) design: Arc<Design>,
    pub(super) sums: Load,
}

/// What workers need to know.
#[derive(Debug)]
pub(super) struct LoadPlan {
    design: Arc<Design>,
    columns: usize,
    memory: usize,
    /// Bytes of rows that all workers keep together.
    kept: AtomicUsize,
}

/// The sums of the pass over rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Load {
    /// Rows without missing values.
    pub(super) valid: u64,
    /// Rows with a missing value.
    pub(super) missing: u64,
    pub(super) spread: Spread,
    pub(super) sample: Sample,
    /// All rows, some thousand in each list; none once they take too much memory.
    pub(super) rows: Option<Vec<Panels>>,
    #[serde(skip)]
    plan: Option<Arc<LoadPlan>>,
    #[serde(skip)]
    reader: Option<Box<DenseReader>>,
}

impl Load {
    fn add_block(&mut self, block: &Block) -> Result<()> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::Mismatch { what: "the partial result came without its design" });
        };
        let mut reader = self.reader.take().unwrap_or_else(|| Box::new(DenseReader::new(&plan.design, &[])));
        let mut started = false;
        let result = reader.read(block, |dense| {
            self.valid += dense.kept as u64;
            self.missing += (dense.len - dense.kept) as u64;
            self.spread.add(dense.columns());
            if !self.sample.is_none() {
                for (at, place) in dense.places().enumerate() {
                    let row = || dense.columns().map(|column| column[at]).collect();
                    self.sample.offer(block.start_row + place as u64, row);
                }
            }
            self.keep(&plan, &dense, &mut started);
            Ok(())
        });
        self.reader = Some(reader);
        result
    }

    /// Keeps rows if all that are kept fit into memory.
    fn keep(&mut self, plan: &LoadPlan, dense: &Dense<'_>, started: &mut bool) {
        let Some(chunks) = &mut self.rows else { return };
        let bytes = dense.kept * plan.columns * size_of::<f64>();
        // whether all fit does not depend on which worker comes first
        if plan.kept.fetch_add(bytes, Ordering::Relaxed) + bytes > plan.memory {
            self.rows = None;
            return;
        }
        let full = |chunk: &Panels| chunk.len() + dense.kept > CHUNK;
        if !*started || chunks.last().is_none_or(full) {
            chunks.push(Panels::with_capacity(plan.columns, CHUNK));
            *started = true;
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.extend(dense);
        }
    }

    fn add(&mut self, later: Self) {
        self.valid += later.valid;
        self.missing += later.missing;
        self.spread.merge(&later.spread);
        self.sample.merge(later.sample);
        self.rows = match (self.rows.take(), later.rows) {
            (Some(mut own), Some(later)) => {
                own.extend(later);
                Some(own)
            }
            _ => None,
        };
        // partial results of other processes have counted their own rows only
        let bytes = self.valid.saturating_mul((self.spread.means.len() * size_of::<f64>()) as u64);
        if self.plan.as_ref().is_some_and(|plan| bytes > plan.memory as u64) {
            self.rows = None;
        }
    }
}

impl Accumulator for Load {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        Ok(self.add_block(block)?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        let columns = self.spread.means.len();
        if later.spread.means.len() != columns || !later.rows.iter().flatten().all(|rows| rows.fit(columns)) {
            return Err(Error::Mismatch { what: "they have different columns" }.into());
        }
        self.add(later);
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        // rows that are kept have a bound of their own
        self.sample.size() + 16 * self.spread.means.len()
    }
}

impl Loading {
    fn plan(&self, design: Design) -> Result<Arc<LoadPlan>> {
        let columns: usize = design.terms.iter().map(|term| design.cells(term)).sum();
        if columns > MAX_COLUMNS {
            return Err(Error::TooManyLevels {
                variable: design.formula,
                levels: columns as u64,
                limit: MAX_COLUMNS as u64,
                remedy: "leave out factors of many levels",
            });
        }
        let bytes = self.rows.map(|rows| rows.saturating_mul((columns * size_of::<f64>()) as u64));
        let fits = bytes.is_none_or(|bytes| bytes <= self.memory as u64);
        Ok(Arc::new(LoadPlan {
            design: Arc::new(design),
            columns,
            memory: if fits { self.memory } else { 0 },
            kept: AtomicUsize::new(0),
        }))
    }
}

impl Estimator for Loading {
    type State = Stage<Arc<LoadPlan>>;
    type Partial = Part<Load>;
    type Model = Loaded;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, std::iter::empty())
    }

    fn start(&self, schema: &SchemaRef) -> Result<Self::State> {
        Stage::start(Draft::new(&self.formula, schema, &Weights::default())?, |design| self.plan(design))
    }

    fn partial(&self, state: &Self::State) -> Result<Self::Partial> {
        Ok(state.partial(|plan| Load {
            valid: 0,
            missing: 0,
            spread: Spread::new(plan.columns),
            sample: Sample::new(self.draw, self.sample, plan.columns),
            rows: (plan.memory > 0).then(Vec::new),
            plan: Some(Arc::clone(plan)),
            reader: None,
        }))
    }

    fn step(&self, state: Self::State, sums: Outcome<Load>) -> Result<ControlFlow<Loaded, Self::State>> {
        Ok(match state.step(sums, |design| self.plan(design))? {
            Next::Pass(stage) => ControlFlow::Continue(stage),
            Next::Sums(plan, sums) => ControlFlow::Break(Loaded { design: Arc::clone(&plan.design), sums }),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use proptest::prelude::*;

    use super::*;

    fn block(values: &[f64], start: usize, end: usize) -> Block {
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]));
        let column = Arc::new(Float64Array::from(values[start..end].to_vec()));
        let batch = RecordBatch::try_new(schema, vec![column]).unwrap();
        Block { batch, index: 0, start_row: start as u64 }
    }

    fn loading() -> (Loading, Stage<Arc<LoadPlan>>) {
        let loading = Loading {
            formula: Formula::parse("~ x").unwrap(),
            draw: Draw::Random(5),
            sample: 4,
            memory: 1 << 16,
            rows: None,
        };
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]));
        let stage = loading.start(&schema).unwrap();
        (loading, stage)
    }

    fn rows(load: &Load) -> Vec<f64> {
        let panels = load.rows.iter().flatten().flat_map(Panels::iter);
        panels.flat_map(|(panel, rows)| panel[..rows].to_vec()).collect()
    }

    fn sums(loading: &Loading, part: Part<Load>) -> Load {
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]));
        match loading.step(loading.start(&schema).unwrap(), part.finish()).unwrap() {
            ControlFlow::Break(loaded) => loaded.sums,
            ControlFlow::Continue(_) => panic!("a survey"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Any split, merged in either association, through bytes, with empty partials between.
        #[test]
        fn partial_results_merge(
            mut values in proptest::collection::vec(-100_i32..100, 3..60), a in 0_usize..60, b in 0_usize..60
        ) {
            values[0] = 1;
            let values: Vec<f64> =
                values.iter().map(|&x| if x % 7 == 0 { f64::NAN } else { f64::from(x) }).collect();
            let (a, b) = (a.min(b).min(values.len()), a.max(b).min(values.len()));
            let (loading, stage) = loading();
            let of = |start: usize, end: usize| {
                let mut part = loading.partial(&stage).unwrap();
                part.update(&block(&values, start, end)).unwrap();
                part
            };
            let sent = |part: &Part<Load>| -> Part<Load> { rmp_serde::from_slice(&rmp_serde::to_vec_named(part).unwrap()).unwrap() };
            let whole = sums(&loading, of(0, values.len()));
            let mut left = loading.partial(&stage).unwrap();
            for part in [of(0, a), loading.partial(&stage).unwrap(), sent(&of(a, b)), of(b, values.len())] {
                left.merge(part).unwrap();
            }
            let mut right = of(a, b);
            right.merge(sent(&of(b, values.len()))).unwrap();
            let mut first = of(0, a);
            first.merge(right).unwrap();
            for merged in [sums(&loading, left), sums(&loading, first)] {
                prop_assert_eq!((merged.valid, merged.missing), (whole.valid, whole.missing));
                prop_assert_eq!(rows(&merged), rows(&whole));
                prop_assert_eq!(merged.sample.finish(), whole.sample.clone().finish());
                prop_assert!((merged.spread.means[0] - whole.spread.means[0]).abs() < 1e-11);
                prop_assert!((merged.spread.squares[0] - whole.spread.squares[0]).abs() < 1e-8);
            }
        }
    }
}
