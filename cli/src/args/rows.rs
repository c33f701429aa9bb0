//! The rows that a statistic is of: their weights, which of them, and how they are read.

use algos::design::Weights;
use clap::Args;

use super::{Reading, Selecting};

/// Options of every command that can weigh the rows of its FILE.
#[derive(Debug, Clone, Args)]
pub(crate) struct Rows {
    #[command(flatten)]
    pub(crate) weighting: Weighting,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Weights of the rows.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Weights")]
pub(crate) struct Weighting {
    /// Column of probability weights
    #[arg(long = "weights", visible_alias = "pweights", value_name = "NAME", conflicts_with = "fweights")]
    pub(crate) pweights: Option<String>,
    /// Column of frequency weights: how many equal rows a row stands for
    #[arg(long, value_name = "NAME")]
    pub(crate) fweights: Option<String>,
}

impl Weighting {
    /// The columns of the weights.
    pub(crate) fn weights(&self) -> Weights {
        Weights { probability: self.pweights.clone(), frequency: self.fweights.clone() }
    }
}
