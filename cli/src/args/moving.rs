//! Arguments of `xdf import` and `xdf export`, and how outputs are written.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Assignment, Dividing, Keeping, Reading, Selecting};

/// `xdf import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf import flights.csv -o flights.xdf
  xdf import 'data/2008-*.csv.gz' -o 2008.xdf --missing NA --strings-as-factors
  xdf import AirlineDemoSmall.csv -o airline.xdf --missing M \\
      --factor DayOfWeek=Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday
  xdf import flights.parquet -o late.xdf --compute 'Late = ArrDelay > 15' \\
      --where 'ArrDelay > 0' --keep ArrDelay,Late,DayOfWeek
  xdf import 'data/*.csv.gz' -o flights --composite --strings-as-factors")]
pub(crate) struct ImportArgs {
    /// Files or patterns, read one after the other as one table
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The XDF file to write, with --composite the folder
    #[arg(long, short, value_name = "OUT.xdf")]
    pub(crate) output: PathBuf,
    /// The generation of XDF to write
    #[arg(long, value_name = "FORMAT", default_value = "xdf", help_heading = "Output options")]
    pub(crate) format: XdfFormat,
    /// Write column types into 4.2 whose bytes no public file of Microsoft's shows
    #[arg(long, help_heading = "Output options")]
    pub(crate) allow_inferred: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) dividing: Dividing,
    /// Describe a variable; can be repeated
    #[arg(long, value_name = "NAME=TEXT", help_heading = "Output options")]
    pub(crate) description: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `xdf export`.
#[derive(Debug, Args)]
#[command(after_help = "\
The format follows from the end of OUT: .parquet, .arrow (IPC file), .arrows (IPC stream), .csv,
.tsv, .csv.gz, .csv.zst, .jsonl (JSON lines), or .xdf. With - for OUT, CSV is written to the standard
output; cat has more to say about that. A Microsoft file that is exported with --format 4.2 and not
changed becomes the same bytes again.

Examples:
  xdf export flights.xdf -o flights.parquet
  xdf export flights.xdf -o sunday.csv.gz --where 'DayOfWeek == \"Sunday\"' --drop TailNum
  xdf export flights.xdf -o flights42.xdf --format 4.2
  xdf export flights.xdf -o - --keep Origin,Dest --max-rows 1000 | sort | uniq -c
  xdf export flights.xdf --to mssql://writer@db1/sales --to-table dbo.flights --overwrite")]
pub(crate) struct ExportArgs {
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The file to write
    #[arg(long, short, value_name = "OUT", required_unless_present = "to")]
    pub(crate) output: Option<PathBuf>,
    /// The database to write to instead: mssql://USER@HOST:PORT/DATABASE or odbc:CONNECTION-STRING
    #[arg(long, value_name = "URL", conflicts_with = "output", requires = "to_table")]
    pub(crate) to: Option<String>,
    /// The table to write there; it gets its rows all at once
    #[arg(long, value_name = "NAME", requires = "to")]
    pub(crate) to_table: Option<String>,
    /// Add the rows to a table that exists
    #[arg(long, requires = "to", conflicts_with = "overwrite")]
    pub(crate) to_append: bool,
    /// The format of the output, where its name should not decide
    #[arg(long, value_name = "FORMAT", help_heading = "Output options", conflicts_with = "to")]
    pub(crate) format: Option<OutputFormat>,
    /// Write column types into 4.2 whose bytes no public file of Microsoft's shows
    #[arg(long, requires = "format", help_heading = "Output options")]
    pub(crate) allow_inferred: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) dividing: Dividing,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// How an output is written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct Writing {
    /// Replace an existing output
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Rows of a stored block [default: 131072; in 4.2 those of the input, else 500000]
    #[arg(long, value_name = "N")]
    pub(crate) rows_per_block: Option<NonZeroUsize>,
    /// Compression level, 0 (none) to 9 (smallest) [default: 1; in 4.2 that of the input, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=9))]
    pub(crate) level: Option<u32>,
}

/// Formats of outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// XDF 5
    Xdf,
    /// XDF of Microsoft R and Machine Learning Server
    #[value(name = "4.2")]
    Microsoft,
    /// Apache Parquet
    Parquet,
    /// Arrow IPC file
    Arrow,
    /// Arrow IPC stream
    Arrows,
    /// Delimited text
    Text,
    /// JSON lines
    Jsonl,
}

/// Generations of XDF that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum XdfFormat {
    /// XDF 5
    #[default]
    Xdf,
    /// XDF of Microsoft R and Machine Learning Server
    #[value(name = "4.2")]
    Microsoft,
}
