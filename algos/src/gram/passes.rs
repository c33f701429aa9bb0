//! The passes that a gram takes: one over levels and ranges that the schema does not know, one over the sums; for some
//! designs one more over the sums in twice the precision.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::aggregate::{Server, not_pushed_down};
use engine::{Accumulator, Block};
use serde::{Deserialize, Serialize};

use super::Gram;
use super::asked::gram;
use super::exact::ExactGram;
use super::plan::Plan;
use crate::design::{Design, Draft, Next, Outcome, Part, Stage};
use crate::{Error, Result};

/// What a pass starts from.
pub type GramState = Stage<GramPlan>;

/// What a pass adds up.
pub type GramPartial = Part<AnyGram>;

/// The sums of a pass.
pub type GramSums = Outcome<AnyGram>;

/// What sums are laid out by.
#[derive(Debug)]
pub struct GramPlan(Planned);

#[derive(Debug)]
enum Planned {
    Gram(Arc<Plan>),
    /// The plan of the design as written, and that of the design whose powers are taken apart.
    Exact(Arc<Plan>, Arc<Plan>),
}

/// Sums of either precision.
#[derive(Serialize, Deserialize)]
pub struct AnyGram(Summed);

#[derive(Serialize, Deserialize)]
enum Summed {
    Gram(Gram),
    Exact(ExactGram),
}

impl Accumulator for AnyGram {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        match &mut self.0 {
            Summed::Gram(gram) => gram.update(block),
            Summed::Exact(gram) => gram.update(block),
        }
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        match (&mut self.0, later.0) {
            (Summed::Gram(gram), Summed::Gram(later)) => gram.merge(later),
            (Summed::Exact(gram), Summed::Exact(later)) => gram.merge(later),
            _ => Err(Error::Mismatch { what: "they are of different passes" }.into()),
        }
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        match &self.0 {
            Summed::Gram(gram) => gram.size(),
            Summed::Exact(gram) => gram.size(),
        }
    }
}

impl GramState {
    /// The first pass of a draft; `lay_out` makes the plan of its design.
    pub(crate) fn of(draft: Draft, lay_out: impl FnOnce(Design) -> Result<Arc<Plan>>) -> Result<Self> {
        Self::start(draft, |design| planned(lay_out, design))
    }

    /// An empty partial result.
    pub(crate) fn gram(&self) -> GramPartial {
        self.partial(|plan| {
            AnyGram(match &plan.0 {
                Planned::Gram(plan) => Summed::Gram(Gram::of(Arc::clone(plan))),
                Planned::Exact(_, plan) => Summed::Exact(ExactGram::new(Arc::clone(plan))),
            })
        })
    }

    /// The partial result of all rows of a server.
    ///
    /// # Errors
    /// The server's; that it has no sums of twice the precision.
    pub(crate) fn gather(&self, server: &mut dyn Server) -> Result<GramPartial> {
        self.gather_with(server, |plan, server| match &plan.0 {
            Planned::Gram(plan) => Ok(AnyGram(Summed::Gram(gram(plan, server)?))),
            Planned::Exact(..) => {
                Err(not_pushed_down("a model of columns that nearly depend on each other (or of a response that they nearly determine)").into())
            }
        })
    }

    /// What `finish` makes of the gram, or the next pass.
    pub(crate) fn step_gram<M>(
        self,
        sums: GramSums,
        lay_out: impl FnOnce(Design) -> Result<Arc<Plan>>,
        finish: impl FnOnce(&Plan, &Gram) -> Result<M>,
    ) -> Result<ControlFlow<M, Self>> {
        self.step_exactly(sums, lay_out, |plan, gram| finish(plan, gram).map(Some), |_, _, _| Err(mismatch()))
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
        let (plan, sums) = match self.step(sums, |design| planned(lay_out, design))? {
            Next::Pass(state) => return Ok(ControlFlow::Continue(state)),
            Next::Sums(plan, sums) => (plan.0, sums.0),
        };
        match (plan, sums) {
            (Planned::Gram(plan), Summed::Gram(gram)) => {
                if let Some(model) = finish(&plan, &gram)? {
                    return Ok(ControlFlow::Break(model));
                }
                let exact = Arc::new(Plan::new(Arc::new(plan.design.with_powers()))?);
                Ok(ControlFlow::Continue(Stage::Bound(GramPlan(Planned::Exact(plan, exact)))))
            }
            (Planned::Exact(plan, exact), Summed::Exact(gram)) => {
                Ok(ControlFlow::Break(finish_exactly(&plan.design, &exact, &gram)?))
            }
            _ => Err(mismatch()),
        }
    }
}

fn planned(lay_out: impl FnOnce(Design) -> Result<Arc<Plan>>, design: Design) -> Result<GramPlan> {
    Ok(GramPlan(Planned::Gram(lay_out(design)?)))
}

fn mismatch() -> Error {
    Error::Mismatch { what: "the sums are of another pass" }
}
