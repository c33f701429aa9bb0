//! The passes that a gram takes: one over levels and ranges that the schema does not know, one over
//! the sums; for some designs one more over the sums in twice the precision.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use super::Gram;
use super::exact::ExactGram;
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
    /// The plan of the design as written, and that of the design whose powers are taken apart.
    Exact(Arc<Plan>, Arc<Plan>),
}

/// What a pass adds up.
#[derive(Serialize, Deserialize)]
pub struct GramPartial(Part);

#[derive(Serialize, Deserialize)]
enum Part {
    Survey(Survey),
    Gram(Box<Gram>),
    Exact(Box<ExactGram>),
}

/// The sums of a pass.
pub struct GramSums(Sums);

enum Sums {
    Found(Vec<Found>),
    Gram(Box<Gram>),
    Exact(Box<ExactGram>),
}

impl Accumulator for GramPartial {
    type Input = Block;
    type Output = GramSums;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        match &mut self.0 {
            Part::Survey(survey) => survey.update(block),
            Part::Gram(gram) => gram.update(block),
            Part::Exact(gram) => gram.update(block),
        }
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        match (&mut self.0, later.0) {
            (Part::Survey(survey), Part::Survey(later)) => survey.merge(later),
            (Part::Gram(gram), Part::Gram(later)) => gram.merge(*later),
            (Part::Exact(gram), Part::Exact(later)) => gram.merge(*later),
            _ => Err(Error::Mismatch { what: "they are of different passes" }.into()),
        }
    }

    fn finish(self) -> GramSums {
        GramSums(match self.0 {
            Part::Survey(survey) => Sums::Found(survey.finish()),
            Part::Gram(gram) => Sums::Gram(gram),
            Part::Exact(gram) => Sums::Exact(gram),
        })
    }

    fn size(&self) -> usize {
        match &self.0 {
            Part::Survey(survey) => survey.size(),
            Part::Gram(gram) => gram.size(),
            Part::Exact(gram) => gram.size(),
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
            Stage::Exact(_, plan) => Part::Exact(Box::new(ExactGram::new(Arc::clone(plan)))),
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

    /// The same for a model that may need sums of twice the precision: `finish` gives `None` then, and after one more
    /// pass `finish_exactly` takes the design as written, the plan of the sums, and the sums.
    pub(crate) fn step_exactly<M>(
        self,
        sums: GramSums,
        lay_out: impl FnOnce(Design) -> Result<Arc<Plan>>,
        finish: impl FnOnce(&Plan, &Gram) -> Result<Option<M>>,
        finish_exactly: impl FnOnce(&Design, &Plan, &ExactGram) -> Result<M>,
    ) -> Result<ControlFlow<M, Self>> {
        if let (Stage::Exact(plan, exact), Sums::Exact(gram)) = (&self.0, &sums.0) {
            return Ok(ControlFlow::Break(finish_exactly(&plan.design, exact, gram)?));
        }
        let again = match &self.0 {
            Stage::Gram(plan) => Some(Arc::clone(plan)),
            _ => None,
        };
        match (self.step(sums, lay_out, finish)?, again) {
            (ControlFlow::Continue(state), _) => Ok(ControlFlow::Continue(state)),
            (ControlFlow::Break(Some(model)), _) => Ok(ControlFlow::Break(model)),
            (ControlFlow::Break(None), Some(plan)) => {
                let exact = Arc::new(Plan::new(Arc::new(plan.design.with_powers()))?);
                Ok(ControlFlow::Continue(Self(Stage::Exact(plan, exact))))
            }
            (ControlFlow::Break(None), None) => Err(Error::Mismatch { what: "the sums are of another pass" }),
        }
    }
}
