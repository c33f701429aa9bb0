//! Passes that another computes: sums over rows that stay where they are.
//!
//! What a pass of many algorithms needs of the data are sums over rows, in all or by cells. A database can add them up
//! where the rows are. [`Query`] says which sums are wanted, in no language in particular: columns computed stage by stage
//! ([`Scalar`]), rows kept, keys, sums. [`Server`] is who answers. An algorithm that is [`Aggregated`] makes of the answers
//! the partial result that its pass over the blocks would have made, and goes on from there as always: what is solved,
//! tested and printed is not written twice.
//!
//! # Missing values
//! A scalar is missing (null) where one of its operands is, and where its function has no value: a division by 0, a
//! logarithm of a number that is not positive. NaN in a column is missing. No scalar fails, overflows or is infinite, so far
//! as a server can be kept from it; whoever writes queries guards exponentials.

mod query;
mod scalar;

use std::ops::ControlFlow;

use arrow_schema::{SchemaRef, TimeUnit};

use crate::{Accumulator, Error, Estimator, Result};

pub use query::{Answer, Key, Query, Stage, Sum};
pub use scalar::{Binary, Compare, Math, Scalar, Test};

/// Who answers queries about the rows of one table.
pub trait Server {
    /// The columns of the table; known levels of factors are in the fields, as those of sources are.
    fn schema(&self) -> SchemaRef;

    /// The sums.
    ///
    /// # Errors
    /// When the query has no equivalent in the server's language, or the server fails.
    fn ask(&mut self, query: &Query) -> Result<Answer>;
}

/// An algorithm whose passes are sums that a [`Server`] can add up.
pub trait Aggregated: Estimator {
    /// The partial result of a pass over all rows of the server.
    ///
    /// # Errors
    /// The server's; also when a pass cannot be said in queries, with what to do instead.
    fn gather(
        &self,
        state: &Self::State,
        server: &mut dyn Server,
    ) -> std::result::Result<Self::Partial, Self::Error>;
}

/// Runs an estimator over the rows of a server until it has its model, as [`fit`](crate::fit) does over those of a source.
///
/// # Errors
/// The server's and the algorithm's.
pub fn fit_aggregated<E: Aggregated>(
    estimator: &E,
    server: &mut dyn Server,
) -> std::result::Result<E::Model, E::Error> {
    let columns = estimator.columns();
    let schema = crate::source::projected(&server.schema(), columns.as_deref())?;
    let mut state = estimator.start(&schema)?;
    loop {
        let sums = estimator.gather(&state, server)?.finish();
        match estimator.step(state, sums)? {
            ControlFlow::Continue(next) => state = next,
            ControlFlow::Break(model) => return Ok(model),
        }
    }
}

/// How many units of a timestamp make a second.
pub fn per_second(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    }
}

/// The error of what no query can say.
pub fn not_pushed_down(what: impl std::fmt::Display) -> Error {
    Error::InvalidOption {
        option: "push-down".into(),
        reason: format!("{what} cannot be computed in the database; read the rows instead"),
    }
}
