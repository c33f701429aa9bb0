//! `xdf diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Reading, values};

/// `xdf diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
The tables may be of any format and block size. Rows are compared by their number. Numbers of
different widths are compared by value, factors by text; missing equals missing, NaN equals NaN.
With a tolerance, numbers are equal when they are at most that far apart, or at most that part of
the larger one with --relative-tolerance.

Exit codes: 0 the tables are equal, 1 they differ, 2 they cannot be compared.

Examples:
  xdf diff old.xdf new.xdf
  xdf diff flights.xdf flights.parquet --tolerance 1e-9 --columns ArrDelay,DepDelay
  xdf diff flights.xdf flights.csv --ignore types,levels,metadata
  xdf diff old.xdf new.xdf --limit 100 --json")]
pub(crate) struct DiffArgs {
    /// The first table: a file or pattern
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,
    /// The second table
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,
    /// Compare only these columns
    #[arg(
        long,
        visible_alias = "keep",
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Comparison"
    )]
    pub(crate) columns: Vec<String>,
    /// Numbers that are at most this far apart are equal (days for dates, seconds for timestamps)
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = values::not_negative, help_heading = "Comparison")]
    pub(crate) tolerance: f64,
    /// Numbers that are at most this part of the larger one apart are equal
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = values::not_negative, help_heading = "Comparison")]
    pub(crate) relative_tolerance: f64,
    /// A number that is not one (NaN) equals a missing value
    #[arg(long, help_heading = "Comparison")]
    pub(crate) nan_is_missing: bool,
    /// What does not count as a difference
    #[arg(long, value_name = "WHAT,WHAT", value_delimiter = ',', help_heading = "Comparison")]
    pub(crate) ignore: Vec<Ignored>,
    /// Print the differing values of this many rows
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, help_heading = "Comparison")]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What need not be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ignored {
    /// Descriptions, units, labels, low and high, entries of the user
    Metadata,
    /// Types of columns, as long as the values are equal
    Types,
    /// Levels of factors and their order, as long as the texts are equal
    Levels,
    /// The order of columns and of levels
    Order,
}
