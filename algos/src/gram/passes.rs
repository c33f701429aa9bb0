//! The passes that a gram takes: one over levels and ranges that the schema does not know, one over the sums.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use super::Gram;
use super::plan::Plan;
use crate::design::{Design, Draft, Found, Survey};
use crate::{Error, Result};

/// What a pass starts from.
#[derive(Debug)]
pub struct GramState(Stage);

#[derive(Debug)]
enum Stage {
    Survey(Draft),
    Gram(Arc<Plan>),
}

/// What a pass adds up.
#[derive(Serialize, Deserialize)]
pub struct GramPartial(Part);

#[derive(Serialize, Deserialize)]
enum Part {
    Survey(Survey),
    Gram(Box<Gram>),
}

/// The sums of a pass.
pub struct GramSums(Sums);

enum Sums {
    Found(Vec<Found>),
    Gram(Box<Gram>),
}

impl Accumulator for GramPartial {
    type Input = Block;
    type Output = GramSums;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        match &mut self.0 {
            Part::Survey(survey) => survey.update(block),
            Part::Gram(gram) => gram.update(block),
        }
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        match (&mut self.0, later.0) {
            (Part::Survey(survey), Part::Survey(later)) => survey.merge(later),
            (Part::Gram(gram), Part::Gram(later)) => gram.merge(*later),
            _ => Err(Error::Mismatch { what: "they are of different passes" }.into()),
        }
    }

    fn finish(self) -> GramSums {
        GramSums(match self.0 {
            Part::Survey(survey) => Sums::Found(survey.finish()),
            Part::Gram(gram) => Sums::Gram(gram),
        })
    }

    fn size(&self) -> usize {
        match &self.0 {
            Part::Survey(survey) => survey.size(),
            Part::Gram(gram) => gram.size(),
        }
    }
}

impl GramState {
    /// The first pass of a draft; `lay_out` makes the plan of its design.
    pub(crate) fn start(draft: Draft, lay_out: impl FnOnce(Design) -> Result<Arc<Plan>>) -> Result<Self> {
        Ok(Self(match draft.survey() {
            Some(_) => Stage::Survey(draft),
            None => Stage::Gram(lay_out(draft.bind(&[])?)?),
        }))
    }

    /// An empty partial result.
    pub(crate) fn partial(&self) -> GramPartial {
        GramPartial(match &self.0 {
            Stage::Survey(draft) => Part::Survey(draft.survey().unwrap_or_default()),
            Stage::Gram(plan) => Part::Gram(Box::new(Gram::of(Arc::clone(plan)))),
        })
    }

    /// What `finish` makes of the gram, or the next pass.
    pub(crate) fn step<M>(
        self,
        sums: GramSums,
        lay_out: impl FnOnce(Design) -> Result<Arc<Plan>>,
        finish: impl FnOnce(&Plan, &Gram) -> Result<M>,
    ) -> Result<ControlFlow<M, Self>> {
        match (self.0, sums.0) {
            (Stage::Survey(draft), Sums::Found(found)) => {
                Ok(ControlFlow::Continue(Self(Stage::Gram(lay_out(draft.bind(&found)?)?))))
            }
            (Stage::Gram(plan), Sums::Gram(gram)) => Ok(ControlFlow::Break(finish(&plan, &gram)?)),
            _ => Err(Error::Mismatch { what: "the sums are of another pass" }),
        }
    }
}
