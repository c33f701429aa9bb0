//! Passes over a design: one over levels and ranges that the schema does not know, one over the sums of an algorithm.

use std::sync::Arc;

use engine::aggregate::Server;
use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use super::{Design, Draft, Found, Reader, Survey, TILE, Tile};
use crate::{Error, Result};

/// What a pass starts from: a draft whose levels are not known, or what the algorithm made of the design.
#[derive(Debug)]
pub enum Stage<T> {
    /// A pass over levels and ranges.
    Survey(Draft),
    /// A pass of the algorithm.
    Bound(T),
}

/// What a pass adds up.
#[derive(Serialize, Deserialize)]
pub enum Part<A> {
    /// Levels and ranges.
    Survey(Survey),
    /// The sums of the algorithm.
    Sums(Box<A>),
}

/// The sums of a pass.
pub enum Outcome<O> {
    /// Levels and ranges.
    Found(Vec<Found>),
    /// The sums of the algorithm.
    Sums(O),
}

/// What follows from a pass.
pub(crate) enum Next<T, O> {
    /// The pass of the algorithm.
    Pass(Stage<T>),
    /// The algorithm's own sums.
    Sums(T, O),
}

impl<T> Stage<T> {
    /// The first pass of a draft; `bind` makes of its design what the algorithm works from.
    pub(crate) fn start(draft: Draft, bind: impl FnOnce(Design) -> Result<T>) -> Result<Self> {
        Ok(match draft.survey() {
            Some(_) => Self::Survey(draft),
            None => Self::Bound(bind(draft.bind(&[])?)?),
        })
    }

    /// An empty partial result.
    pub(crate) fn partial<A>(&self, empty: impl FnOnce(&T) -> A) -> Part<A> {
        match self {
            Self::Survey(draft) => Part::Survey(draft.survey().unwrap_or_default()),
            Self::Bound(bound) => Part::Sums(Box::new(empty(bound))),
        }
    }

    /// The partial result of all rows of a server; `gather` makes that of the algorithm.
    pub(crate) fn gather_with<A>(
        &self,
        server: &mut dyn Server,
        gather: impl FnOnce(&T, &mut dyn Server) -> Result<A>,
    ) -> Result<Part<A>> {
        Ok(match self {
            Self::Survey(draft) => {
                let mut survey = draft.survey().unwrap_or_default();
                survey.gather(server)?;
                Part::Survey(survey)
            }
            Self::Bound(bound) => Part::Sums(Box::new(gather(bound, server)?)),
        })
    }

    /// What follows from the sums of this pass.
    pub(crate) fn step<O>(
        self,
        sums: Outcome<O>,
        bind: impl FnOnce(Design) -> Result<T>,
    ) -> Result<Next<T, O>> {
        match (self, sums) {
            (Self::Survey(draft), Outcome::Found(found)) => {
                Ok(Next::Pass(Self::Bound(bind(draft.bind(&found)?)?)))
            }
            (Self::Bound(bound), Outcome::Sums(sums)) => Ok(Next::Sums(bound, sums)),
            _ => Err(Error::Mismatch { what: "the sums are of another pass" }),
        }
    }
}

impl<A: Accumulator<Input = Block>> Accumulator for Part<A> {
    type Input = Block;
    type Output = Outcome<A::Output>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        match self {
            Self::Survey(survey) => survey.update(block),
            Self::Sums(sums) => sums.update(block),
        }
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        match (self, later) {
            (Self::Survey(survey), Self::Survey(later)) => survey.merge(later),
            (Self::Sums(sums), Self::Sums(later)) => sums.merge(*later),
            _ => Err(Error::Mismatch { what: "they are of different passes" }.into()),
        }
    }

    fn finish(self) -> Self::Output {
        match self {
            Self::Survey(survey) => Outcome::Found(survey.finish()),
            Self::Sums(sums) => Outcome::Sums(sums.finish()),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Survey(survey) => survey.size(),
            Self::Sums(sums) => sums.size(),
        }
    }
}

/// Variables above which tiles have [`SHORT`] rows, so that a tile and what is made of it stay in the second-level cache.
const WIDE: usize = 48;

const SHORT: usize = TILE / 2;

/// A worker's reader of all variables and weights of a design; none in a partial result that came from bytes.
#[derive(Default)]
pub(crate) struct Tiles(Option<Box<(Reader, Tile)>>);

impl Tiles {
    pub(crate) fn new(design: &Arc<Design>) -> Self {
        let reader = Reader::new(Arc::clone(design), 0..design.variables.len(), true);
        let tile = reader.tile();
        Self(Some(Box::new((reader, tile))))
    }

    /// Hands over the rows of a block, a tile at a time, with the first row's number in the data set.
    pub(crate) fn each(
        &mut self,
        block: &Block,
        mut take: impl FnMut(&Tile, u64) -> Result<()>,
    ) -> Result<()> {
        let Some(rows) = &mut self.0 else {
            return Err(Error::Mismatch { what: "the partial result came without its design" });
        };
        let (reader, tile) = rows.as_mut();
        reader.load(block)?;
        let rows = block.num_rows();
        let most = if tile.numbers.len() > WIDE { SHORT } else { TILE };
        for start in (0..rows).step_by(most) {
            reader.fill(start, most.min(rows - start), block.start_row, tile)?;
            take(tile, block.start_row + start as u64)?;
        }
        Ok(())
    }

    /// Bytes of the buffers, about.
    pub(crate) fn size(&self) -> usize {
        self.0.as_ref().map_or(0, |rows| {
            let tile = &rows.1;
            (tile.numbers.len() + tile.codes.len() + 2) * TILE * size_of::<f64>()
        })
    }
}
