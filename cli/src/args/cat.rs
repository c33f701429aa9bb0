//! `xdf cat`, and the format of what `export` and `cat` write.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Keeping, Reading, Selecting};

/// `xdf cat`.
#[derive(Debug, Args)]
#[command(after_help = "\
It is export to the standard output, of several files in a row; they must have the same columns, and
factors get the levels of all. Nothing is rounded, and the output can be read again. head prints a
table for people.

Examples:
  xdf cat flights.xdf | head
  xdf cat 2007.xdf 2008.xdf --columns Origin,Dest --where 'ArrDelay > 60' --format tsv
  xdf cat flights.xdf --rows 1001..2000 --json
  xdf cat flights.xdf --format arrows | python3 analyse.py")]
pub(crate) struct CatArgs {
    /// Files or patterns, read one after the other as one table
    #[arg(required = true, value_name = "FILE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// What is written
    #[arg(long, value_name = "FORMAT", default_value = "csv", help_heading = "Output options")]
    pub(crate) format: StreamFormat,
    /// Leave out the line with the names of the columns
    #[arg(long, help_heading = "Output options")]
    pub(crate) no_names: bool,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What the standard output takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// Text delimited by commas
    Csv,
    /// Text delimited by tabs
    Tsv,
    /// One JSON object a row
    Jsonl,
    /// Arrow IPC stream
    Arrows,
}
