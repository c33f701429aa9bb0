//! Who runs a pass.

mod local;

pub use local::Local;

use crate::{BlockSource, Estimator, ScanOptions};

/// Runs one pass of an estimator over a source and returns the merged partial result.
pub trait Executor {
    /// Runs the pass.
    ///
    /// # Errors
    /// The source's and the algorithm's; the first in row order when there are several.
    fn pass<E: Estimator>(
        &self,
        estimator: &E,
        state: &E::State,
        source: &dyn BlockSource,
        options: &ScanOptions,
    ) -> Result<E::Partial, E::Error>;
}
