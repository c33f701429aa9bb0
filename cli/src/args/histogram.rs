//! Arguments of `xdf histogram` and `xdf lorenz`.

use std::path::PathBuf;

use clap::Args;

use super::Rows;

/// `xdf histogram`.
#[derive(Debug, Args)]
#[command(after_help = "\
FORMULA is '~ x', or '~ x | g + h' for a panel for each combination of the levels of factors. Numbers
are counted in bins of equal width, factors and F(x) by level. A bin has its lower bound and not its
upper one, but for the last, which has both. Rows with a missing value are left out and counted.

Examples:
  xdf histogram '~ ArrDelay' flights.xdf
  xdf histogram '~ ArrDelay | DayOfWeek' flights.xdf --start -30 --end 60 --breaks 10 --percent
  xdf histogram '~ F(CRSDepTime)' flights.xdf --json")]
pub(crate) struct HistogramArgs {
    /// The variable: ~ x, or ~ x | g
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) formula: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How many bounds of bins, both ends included [default: round numbers, some 21]
    #[arg(long, value_name = "N")]
    pub(crate) breaks: Option<usize>,
    /// The lower bound of the first bin [default: the least value]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) start: Option<f64>,
    /// The upper bound of the last bin [default: the largest value]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) end: Option<f64>,
    /// Show only these levels of a factor
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) levels: Vec<String>,
    /// Leave these levels of a factor out
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) without_levels: Vec<String>,
    /// Print percentages of each panel instead of counts
    #[arg(long)]
    pub(crate) percent: bool,
    /// The most panels
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) max_panels: usize,
    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// `xdf lorenz`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows in the order of ORDER, from the lowest, have a share of the rows and a share of the sum of VALUE,
or of ORDER itself. Rows with a missing value are left out and counted. With --exact, the distinct values
of ORDER must fit into --memory, at 24 bytes each.

Examples:
  xdf lorenz incwage census.xdf --weights perwt --exact
  xdf lorenz incwage census.xdf --value tax --breaks 11 --table")]
pub(crate) struct LorenzArgs {
    /// The variable that orders the rows
    #[arg(value_name = "ORDER")]
    pub(crate) order: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The variable that is added up [default: ORDER]
    #[arg(long, value_name = "NAME")]
    pub(crate) value: Option<String>,
    /// How many bounds of bins of ORDER, both ends included
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) breaks: usize,
    /// Compute the exact Gini coefficient too
    #[arg(long)]
    pub(crate) exact: bool,
    /// Print the points of the curve
    #[arg(long)]
    pub(crate) table: bool,
    #[command(flatten)]
    pub(crate) rows: Rows,
}
