//! Arguments of the commands that describe variables: `xdf summary`, `xdf quantile`, `xdf cor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Reading, Rows, Selecting};

/// `xdf summary`.
#[derive(Debug, Args)]
#[command(after_help = "\
FORMULA names the variables: '~ a + b' (the ~ may be left out), '~ .' for all, 'a:g' for a by the
levels of g, 'g:h' for the counts of two factors, F(x) to take the integers of x for levels.

Examples:
  xdf summary '~ ArrDelay + CRSDepTime + DayOfWeek' flights.xdf
  xdf summary 'ArrDelay:DayOfWeek' flights.xdf
  xdf summary '~ .' flights.parquet --where 'Month == \"Jan\"' --json")]
pub(crate) struct SummaryArgs {
    /// The variables to summarise
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) formula: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// `xdf quantile`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing of an XDF file is read unless rows are selected. Quantiles of columns with more than 2048
different values are estimates whose error is printed; --exact reads the column two or three times.

Examples:
  xdf quantile flights.xdf
  xdf quantile flights.xdf ArrDelay CRSDepTime
  xdf quantile flights.xdf CRSDepTime --probs 0.01,0.5,0.99 --exact
  xdf quantile flights.csv ArrDelay --where 'DayOfWeek == \"Friday\"' --json")]
pub(crate) struct QuantileArgs {
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Variables [default: all numbers, dates and timestamps]
    #[arg(value_name = "COLUMN")]
    pub(crate) columns: Vec<String>,
    /// Probabilities, each from 0 (the smallest value) to 1 (the largest)
    #[arg(
        long,
        value_name = "P,P",
        value_delimiter = ',',
        default_value = "0,0.25,0.5,0.75,1",
        allow_negative_numbers = true
    )]
    pub(crate) probs: Vec<f64>,
    /// Exact quantiles, with as many passes as that takes
    #[arg(long)]
    pub(crate) exact: bool,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `xdf cor`.
#[derive(Debug, Args)]
#[command(after_help = "\
A factor has a column of 0 and 1 for each of its levels. Rows with a missing value in any of the
variables are left out and counted; so are columns that are constant.

Examples:
  xdf cor '~ ArrDelay + DepDelay + Distance' flights.xdf
  xdf cor '~ ArrDelay + DayOfWeek' flights.xdf --matrix cov --drop-dependent
  xdf cor '~ ArrDelay + log(Distance)' flights.csv --where 'DayOfWeek == \"Friday\"' --json")]
pub(crate) struct CorArgs {
    /// The variables: ~ a + b
    #[arg(value_name = "FORMULA")]
    pub(crate) formula: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Which matrix
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Matrix::Cor)]
    pub(crate) matrix: Matrix,
    /// Leave out columns that depend on those before them, as the last level of a factor does
    #[arg(long)]
    pub(crate) drop_dependent: bool,
    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// Which matrix `xdf cor` computes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Matrix {
    /// Correlations
    Cor,
    /// Covariances
    Cov,
    /// Sums of squares and cross products, with a column of ones
    Sscp,
}
