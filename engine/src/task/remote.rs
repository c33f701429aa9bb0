//! An executor whose passes are run by others.

use std::sync::{Mutex, PoisonError};

use super::envelope::digest;
use super::partial::last_of_each;
use super::{Task, decode, encode};
use crate::{Accumulator, BlockSource, Estimator, Executor, Result, ScanOptions};

/// Runs tasks where the rows are: a database server, a cluster, other processes.
pub trait TaskRunner {
    /// Runs the task on every part of the rows and returns the bytes of all [`Partial`](super::Partial)s, in any order.
    /// Every part answers, those without rows, too, unless [`TaskRunner::silent_parts_are_empty`].
    ///
    /// # Errors
    /// When the task could not be run on all rows.
    fn run(&self, task: &Task) -> Result<Vec<Vec<u8>>>;

    /// Whether a part that does not answer had no rows: where those are not asked, and one that fails fails the run.
    fn silent_parts_are_empty(&self) -> bool {
        false
    }
}

/// Runs the passes of one algorithm as tasks, in order.
///
/// It must be given to the algorithm that the task names, with the arguments and columns of the task, and to no second
/// one: it keeps the sums of all passes, of which the next task is made.
pub struct Remote<'a, R> {
    runner: &'a R,
    task: Mutex<Task>,
}

impl<'a, R: TaskRunner> Remote<'a, R> {
    /// Starts with the first pass.
    pub fn new(task: Task, runner: &'a R) -> Self {
        Self { runner, task: Mutex::new(task) }
    }
}

impl<R: TaskRunner> Executor for Remote<'_, R> {
    fn pass<E: Estimator>(
        &self,
        estimator: &E,
        state: &E::State,
        _: &dyn BlockSource,
        options: &ScanOptions,
    ) -> Result<E::Partial, E::Error> {
        options.monitor.check()?;
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = self.runner.run(&task)?;
        let mut merged = estimator.partial(state)?;
        let silent = self.runner.silent_parts_are_empty();
        for partial in last_of_each(&answers, digest(&task.to_bytes()?), silent)? {
            merged.merge(decode(&partial.sums)?)?;
        }
        task.passes.push(encode(&merged)?);
        Ok(merged)
    }
}
