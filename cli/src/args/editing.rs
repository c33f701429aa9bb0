//! Commands that change an XDF 5 file in place.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{Assignment, Factor, Keeping, Reading, Selecting};

/// `xdf append`.
#[derive(Debug, Args)]
#[command(after_help = "\
The rows must have the columns of FILE and are converted to its types; what does not fit is an error.
Factors get the levels that are new. All rows are appended or none; who reads FILE meanwhile sees it
as it was. Row selections hold for each input.

Examples:
  xdf append flights.xdf 2009-01.csv
  xdf append flights.xdf 'new/*.parquet' --where 'Cancelled == 0'
  xdf append all.xdf part1.xdf part2.xdf
  xdf append by-month 2009.csv")]
pub(crate) struct AppendArgs {
    /// The XDF file that grows, or a composite or partitioned set, which gets further files
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Files or patterns whose rows are appended
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) storing: Storing,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// How new blocks are stored.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct Storing {
    /// Rows of a stored block
    #[arg(long, value_name = "N")]
    pub(crate) rows_per_block: Option<NonZeroUsize>,
    /// Compression level, 0 (none) to 9 (smallest) [default: that of the file]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..=9))]
    pub(crate) level: Option<i32>,
}

/// `xdf add-columns`.
#[derive(Debug, Args)]
#[command(after_help = "\
IN must have as many rows as FILE, in the same order.

Examples:
  xdf add-columns flights.xdf weather.csv
  xdf add-columns flights.xdf predicted.xdf --columns ArrDelay_Pred --replace")]
pub(crate) struct AddColumnsArgs {
    /// The XDF file that gets the columns
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file or pattern whose columns are added
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// Replace columns of the same names
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `xdf compute`.
#[derive(Debug, Args)]
#[command(after_help = "\
Expressions take the spellings of R, Python and SQL. import and export compute columns with --compute
on the way to another file.

Examples:
  xdf compute flights.xdf 'Late = ArrDelay > 15'
  xdf compute flights.xdf 'Speed = Distance / AirTime' 'Fast = Speed > 8'
  xdf compute flights.xdf 'ArrDelay = pmax(ArrDelay, 0)' --replace")]
pub(crate) struct ComputeArgs {
    /// The XDF file that gets the columns
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Columns to compute; a later one may use an earlier one
    #[arg(required = true, value_name = "NAME=EXPR")]
    pub(crate) columns: Vec<Assignment>,
    /// Replace columns of the same names
    #[arg(long)]
    pub(crate) replace: bool,
}

/// `xdf rename`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf rename flights.xdf ArrDelay=arrival_delay
  xdf rename flights.xdf a=x b=y")]
pub(crate) struct RenameArgs {
    /// The XDF file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Columns and their new names
    #[arg(required = true, value_name = "OLD=NEW")]
    pub(crate) names: Vec<Assignment>,
}

/// `xdf drop`.
#[derive(Debug, Args)]
#[command(after_help = "\
The bytes stay in the file until `xdf compact` gives them back.

Examples:
  xdf drop flights.xdf TailNum
  xdf drop flights.xdf Origin Dest && xdf compact flights.xdf")]
pub(crate) struct DropArgs {
    /// The XDF file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Columns to remove
    #[arg(required = true, value_name = "NAME")]
    pub(crate) columns: Vec<String>,
}

/// `xdf set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every option can be repeated. An empty text removes what was said, as in --units 'Distance='.

Examples:
  xdf set flights.xdf --description 'ArrDelay=minutes late at the gate' --units Distance=miles
  xdf set flights.xdf --levels DayOfWeek=Mon,Tue,Wed,Thu,Fri,Sat,Sun
  xdf set survey.xdf --labels 'smoker={\"1\": \"yes\", \"2\": \"no\"}' --low age=0 --high age=120
  xdf set flights.xdf --metadata source=BTS")]
pub(crate) struct SetArgs {
    /// The XDF file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) said: Said,
}

/// What is said of a file and its columns.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
#[command(next_help_heading = "What is set")]
pub(crate) struct Said {
    /// Describe a column
    #[arg(long, value_name = "NAME=TEXT")]
    pub(crate) description: Vec<Assignment>,
    /// The unit that a column is measured in
    #[arg(long, value_name = "NAME=TEXT")]
    pub(crate) units: Vec<Assignment>,
    /// New names of all levels of a factor, in their order; the values stay with their levels
    #[arg(long, value_name = "NAME=L1,L2,...")]
    pub(crate) levels: Vec<Factor>,
    /// Labels of the values of a column, as a JSON object
    #[arg(long, value_name = "NAME=JSON")]
    pub(crate) labels: Vec<Assignment>,
    /// Lowest value that a column may have
    #[arg(long, value_name = "NAME=X")]
    pub(crate) low: Vec<Assignment>,
    /// Highest value that a column may have
    #[arg(long, value_name = "NAME=X")]
    pub(crate) high: Vec<Assignment>,
    /// An entry of your own for the whole table
    #[arg(long, value_name = "KEY=TEXT")]
    pub(crate) metadata: Vec<Assignment>,
}

/// `xdf compact`.
#[derive(Debug, Args)]
#[command(after_help = "\
Changes leave what they replaced in the file; this writes the file anew without it. Programs that
have the file open keep reading what they opened. With --level or --rows-per-block all data are
encoded again. --merge makes large blocks of the small ones that many appends leave.

Examples:
  xdf compact flights.xdf
  xdf compact log.xdf --merge 131072
  xdf compact flights.xdf --level 9 --rows-per-block 500000")]
pub(crate) struct CompactArgs {
    /// XDF files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Join neighbouring blocks as long as they have at most this many rows together
    #[arg(long, value_name = "ROWS", help_heading = "Output options")]
    pub(crate) merge: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) storing: Storing,
}

/// `xdf repair`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every block that is whole is kept. The damaged file is not changed.

Exit codes: 0 everything was saved, 1 something was lost, 2 nothing can be saved.

Examples:
  xdf repair damaged.xdf -o repaired.xdf")]
pub(crate) struct RepairArgs {
    /// The damaged XDF file
    #[arg(value_name = "DAMAGED")]
    pub(crate) damaged: PathBuf,
    /// The file to write
    #[arg(long, short, value_name = "OUT.xdf")]
    pub(crate) output: PathBuf,
    /// Replace an existing output
    #[arg(long)]
    pub(crate) overwrite: bool,
}
