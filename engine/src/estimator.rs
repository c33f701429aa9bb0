//! An algorithm as a loop of passes that knows neither files nor threads.

use std::ops::ControlFlow;

use arrow_schema::SchemaRef;

use crate::{Accumulator, Block, BlockSource, Error, Executor, ScanOptions};

/// An algorithm: what a pass adds up, and what is done with the sums.
///
/// A one-pass algorithm breaks at its first step. An iterative one returns the state that the next pass works from:
/// coefficients, centres, the tree so far.
pub trait Estimator: Sync {
    /// What a pass starts from, the same for every worker.
    type State: Send + Sync;
    /// What a worker adds up over its blocks.
    type Partial: Accumulator<Input = Block> + 'static;
    /// The result.
    type Model;
    /// What can go wrong, the engine's errors among it.
    type Error: From<Error> + Send;

    /// Columns of the source that the algorithm reads, or `None` for all.
    fn columns(&self) -> Option<Vec<String>>;

    /// The state of the first pass, from the schema of the columns that will be read.
    ///
    /// # Errors
    /// When the algorithm cannot work on such data.
    fn start(&self, schema: &SchemaRef) -> Result<Self::State, Self::Error>;

    /// An empty accumulator for one worker of a pass.
    ///
    /// # Errors
    /// As [`Estimator::start`].
    fn partial(&self, state: &Self::State) -> Result<Self::Partial, Self::Error>;

    /// What follows from a pass: the model, or the state of another pass.
    ///
    /// # Errors
    /// When the sums do not determine a model.
    fn step(
        &self,
        state: Self::State,
        sums: <Self::Partial as Accumulator>::Output,
    ) -> Result<ControlFlow<Self::Model, Self::State>, Self::Error>;
}

/// Runs an estimator over a source until it has its model.
///
/// # Errors
/// The source's, the executor's and the algorithm's.
pub fn fit<E: Estimator>(
    estimator: &E,
    source: &dyn BlockSource,
    options: &ScanOptions,
    executor: &impl Executor,
) -> Result<E::Model, E::Error> {
    let mut options = options.clone();
    options.columns = estimator.columns().or(options.columns);
    let schema = crate::source::projected(&source.schema(), options.columns.as_deref())?;
    let mut state = estimator.start(&schema)?;
    loop {
        let sums = executor.pass(estimator, &state, source, &options)?.finish();
        match estimator.step(state, sums)? {
            ControlFlow::Continue(next) => state = next,
            ControlFlow::Break(model) => return Ok(model),
        }
    }
}
