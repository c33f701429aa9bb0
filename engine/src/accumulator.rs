//! Partial results that add up.
//!
//! An accumulator sees some consecutive blocks and keeps what the answer needs of them, in memory that depends on the
//! model and not on the rows. Two of them merge into the one that would have seen both runs of blocks, so a pass can be
//! split among threads, processes and machines.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;

/// A mergeable partial result.
///
/// Laws, which `tests/merge_laws.rs` checks for every accumulator: a new one is neutral, merging is associative (to
/// rounding), and `a.merge(b)` means that b's blocks come after a's.
pub trait Accumulator: Send + Sized + Serialize + DeserializeOwned {
    /// What is accumulated: a [`Block`](crate::Block) for an estimator, narrower things for its parts.
    type Input: ?Sized;
    /// What is known at the end.
    type Output;

    /// Takes one more input, which comes after all earlier ones.
    ///
    /// # Errors
    /// When the input does not have the columns, types or levels that the accumulator was made for.
    fn update(&mut self, input: &Self::Input) -> Result<()>;

    /// Takes all that `later` has seen.
    ///
    /// # Errors
    /// When the two were made for different models.
    fn merge(&mut self, later: Self) -> Result<()>;

    /// Ends the accumulation.
    fn finish(self) -> Self::Output;

    /// Bytes that the state takes, for the memory budget.
    fn size(&self) -> usize;
}

impl<A: Accumulator, B: Accumulator<Input = A::Input>> Accumulator for (A, B) {
    type Input = A::Input;
    type Output = (A::Output, B::Output);

    fn update(&mut self, input: &Self::Input) -> Result<()> {
        self.0.update(input)?;
        self.1.update(input)
    }

    fn merge(&mut self, later: Self) -> Result<()> {
        self.0.merge(later.0)?;
        self.1.merge(later.1)
    }

    fn finish(self) -> Self::Output {
        (self.0.finish(), self.1.finish())
    }

    fn size(&self) -> usize {
        self.0.size() + self.1.size()
    }
}

/// Keeps every input in order: memory in proportion to the rows, for algorithms that need the data at once.
#[derive(Debug, Default, Serialize, serde::Deserialize)]
pub struct Collect<T>(Vec<T>);

impl<T: Clone + Send + Serialize + DeserializeOwned> Accumulator for Collect<T> {
    type Input = T;
    type Output = Vec<T>;

    fn update(&mut self, input: &T) -> Result<()> {
        self.0.push(input.clone());
        Ok(())
    }

    fn merge(&mut self, later: Self) -> Result<()> {
        self.0.extend(later.0);
        Ok(())
    }

    fn finish(self) -> Vec<T> {
        self.0
    }

    fn size(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}
