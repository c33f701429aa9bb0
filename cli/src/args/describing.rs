//! Arguments of `xdf info` and `xdf head`.

use std::path::PathBuf;

use clap::Args;

use super::{Keeping, Reading, Selecting};

/// `xdf info`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf info flights.xdf
  xdf info flights.xdf --vars --blocks
  xdf info flights.csv --vars --count
  xdf info flights.parquet --vars --json")]
pub(crate) struct InfoArgs {
    /// File or pattern to describe
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Describe every variable
    #[arg(long)]
    pub(crate) vars: bool,
    /// List the blocks, their rows, and the bytes and encodings of their columns
    #[arg(long)]
    pub(crate) blocks: bool,
    /// Count the rows where the file does not state them, by reading it
    #[arg(long)]
    pub(crate) count: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `xdf head`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf head flights.xdf
  xdf head flights.csv -n 3 --keep ArrDelay,DayOfWeek
  xdf head flights.xdf --where 'ArrDelay > 600' --json")]
pub(crate) struct HeadArgs {
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How many rows to print
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub(crate) number: usize,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}
