//! Lloyd's iteration on rows that stay in their source: a pass for each iteration, all starts together.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::aggregate::{Aggregated, Server};
use engine::formula::Formula;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::nearest::{Matches, Nearest};
use super::panels::{Panels, row};
use super::sums::Sums;
use super::{Outcome, asked};
use crate::design::{DenseReader, Design, columns_read};
use crate::{Error, Result};

/// Iterates from several starts.
pub(super) struct Passes<'a> {
    pub(super) formula: &'a Formula,
    pub(super) design: Arc<Design>,
    /// What is subtracted from rows.
    pub(super) shift: Vec<f64>,
    /// For each start its centers.
    pub(super) starts: Vec<Vec<f64>>,
    pub(super) clusters: usize,
    pub(super) max_iterations: u32,
}

/// How far a start has come.
#[derive(Clone)]
enum Start {
    At { centers: Vec<f64>, iterations: u32 },
    Done(Outcome),
}

/// The centers of a pass.
pub(super) struct Round {
    starts: Vec<Start>,
    nearest: Arc<Vec<Nearest>>,
}

/// The sums of a pass: for each start that goes on those of its clusters.
#[derive(Serialize, Deserialize)]
pub(super) struct Partial {
    sums: Vec<Sums>,
    #[serde(skip)]
    work: Option<Box<Work>>,
}

struct Work {
    nearest: Arc<Vec<Nearest>>,
    reader: DenseReader,
    rows: Panels,
    matches: Matches,
}

impl Accumulator for Partial {
    type Input = Block;
    type Output = Vec<Sums>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let Some(work) = &mut self.work else {
            return Err(Error::Mismatch { what: "the partial result came without its centers" }.into());
        };
        let Work { nearest, reader, rows, matches } = work.as_mut();
        let result = reader.read(block, |dense| {
            rows.clear();
            rows.extend(&dense);
            for (nearest, sums) in nearest.iter().zip(&mut self.sums) {
                for (panel, count) in rows.iter() {
                    nearest.search(panel, count, matches);
                    for (lane, &label) in matches.labels[..count].iter().enumerate() {
                        sums.add_within(label, row(panel, lane), nearest.center(label));
                    }
                }
            }
            Ok(())
        });
        Ok(result?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        if self.sums.len() != later.sums.len() {
            return Err(Error::Mismatch { what: "they have different numbers of starts" }.into());
        }
        self.sums.iter_mut().zip(&later.sums).for_each(|(own, later)| own.merge(later));
        Ok(())
    }

    fn finish(self) -> Vec<Sums> {
        self.sums
    }

    fn size(&self) -> usize {
        self.sums.iter().map(Sums::size).sum::<usize>() + 64
    }
}

impl Passes<'_> {
    fn round(&self, starts: Vec<Start>) -> Round {
        let columns = self.shift.len();
        let nearest = starts.iter().filter_map(|start| match start {
            Start::At { centers, .. } => Some(Nearest::new(centers.clone(), self.clusters, columns)),
            Start::Done(_) => None,
        });
        Round { nearest: Arc::new(nearest.collect()), starts }
    }

    fn next(&self, centers: Vec<f64>, iterations: u32, sums: Sums) -> Start {
        let means = sums.means(&centers);
        // as R counts, a first assignment changes everything, and one that changes nothing is an iteration
        let converged = iterations > 0 && means == centers;
        if converged || iterations == self.max_iterations {
            let iterations = (iterations + 1).min(self.max_iterations);
            return Start::Done(Outcome { centers, sums, iterations, converged });
        }
        Start::At { centers: means, iterations: iterations + 1 }
    }
}

impl Estimator for Passes<'_> {
    type State = Round;
    type Partial = Partial;
    type Model = Vec<Outcome>;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(self.formula, std::iter::empty())
    }

    fn start(&self, _: &SchemaRef) -> Result<Round> {
        let start = |centers: &Vec<f64>| Start::At { centers: centers.clone(), iterations: 0 };
        Ok(self.round(self.starts.iter().map(start).collect()))
    }

    fn partial(&self, round: &Round) -> Result<Partial> {
        let columns = self.shift.len();
        Ok(Partial {
            sums: vec![Sums::new(self.clusters, columns); round.nearest.len()],
            work: Some(Box::new(Work {
                nearest: Arc::clone(&round.nearest),
                reader: DenseReader::new(&self.design, &self.shift),
                rows: Panels::with_capacity(columns, 0),
                matches: Matches::new(columns),
            })),
        })
    }

    fn step(&self, round: Round, sums: Vec<Sums>) -> Result<ControlFlow<Vec<Outcome>, Round>> {
        let mut sums = sums.into_iter();
        let starts: Vec<Start> = round
            .starts
            .into_iter()
            .map(|start| match start {
                Start::At { centers, iterations } => match sums.next() {
                    Some(sums) => self.next(centers, iterations, sums),
                    None => Start::At { centers, iterations },
                },
                done @ Start::Done(_) => done,
            })
            .collect();
        if starts.iter().any(|start| matches!(start, Start::At { .. })) {
            return Ok(ControlFlow::Continue(self.round(starts)));
        }
        let outcomes = starts.into_iter().filter_map(|start| match start {
            Start::Done(outcome) => Some(outcome),
            Start::At { .. } => None,
        });
        Ok(ControlFlow::Break(outcomes.collect()))
    }
}

impl Aggregated for Passes<'_> {
    fn gather(&self, round: &Round, server: &mut dyn Server) -> Result<Partial> {
        let columns = asked::Columns::new(&self.design, server)?;
        let open = round.starts.iter().filter_map(|start| match start {
            Start::At { centers, .. } => Some(columns.sums(&self.shift, centers, server)),
            Start::Done(_) => None,
        });
        Ok(Partial { sums: open.collect::<Result<_>>()?, work: None })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Float64Array, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use proptest::prelude::*;

    use super::*;
    use crate::design::{Draft, Weights};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Sums of whole numbers are exact, so any split and any association give the same.
        #[test]
        fn partial_results_merge(
            values in proptest::collection::vec(-50_i32..50, 1..80), a in 0_usize..80, b in 0_usize..80
        ) {
            let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]));
            let formula = Formula::parse("~ x").unwrap();
            let draft = Draft::new(&formula, &schema, &Weights::default()).unwrap();
            let passes = Passes {
                design: Arc::new(draft.bind(&[]).unwrap()),
                formula: &formula,
                shift: vec![2.0],
                starts: vec![vec![-20.0, 0.0, 30.0], vec![1.0, 2.0, 3.0]],
                clusters: 3,
                max_iterations: 5,
            };
            let round = passes.start(&schema).unwrap();
            let of = |start: usize, end: usize| {
                let column: Float64Array = values[start..end].iter().map(|&x| f64::from(x)).collect();
                let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(column)]).unwrap();
                let mut part = passes.partial(&round).unwrap();
                part.update(&Block { batch, index: 0, start_row: start as u64 }).unwrap();
                part
            };
            let sent = |part: &Partial| -> Partial {
                rmp_serde::from_slice(&rmp_serde::to_vec_named(part).unwrap()).unwrap()
            };
            let (a, b) = (a.min(b).min(values.len()), a.max(b).min(values.len()));
            let whole = of(0, values.len()).finish();
            let mut left = passes.partial(&round).unwrap();
            for part in [of(0, a), passes.partial(&round).unwrap(), sent(&of(a, b)), of(b, values.len())] {
                left.merge(part).unwrap();
            }
            let mut right = of(a, b);
            right.merge(sent(&of(b, values.len()))).unwrap();
            let mut first = of(0, a);
            first.merge(right).unwrap();
            prop_assert_eq!(left.finish(), whole.clone());
            prop_assert_eq!(first.finish(), whole);
        }
    }
}
