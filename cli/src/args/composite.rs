//! Tables in many files: composite and partitioned sets.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Keeping, Reading, Selecting, Writing};

/// Whether an output is one XDF file or a set of them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct Dividing {
    /// Write a composite set: a folder of XDF files with a manifest, which every command reads as one table
    #[arg(long)]
    pub(crate) composite: bool,
    /// Blocks of each file of a composite set [default: 3]
    #[arg(long, value_name = "N", requires = "composite")]
    pub(crate) blocks_per_part: Option<NonZeroUsize>,
}

/// `xdf partition`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys are logicals, integers, texts, factors, dates or timestamps; missing is a value of its own. The
set reads as one table in the order of the keys (factors in level order, missing last), within a key
in the order of FILE. --memory bounds the rows that wait for their partition [default: 256 MiB].

Examples:
  xdf partition flights.xdf --by DayOfWeek -o by-day
  xdf partition flights.csv --strings-as-factors --by Year,Month -o by-month
  xdf append by-month 2009.csv
  xdf composite list by-month")]
pub(crate) struct PartitionArgs {
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The key columns
    #[arg(long, value_name = "A,B", required = true, value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    /// The folder to write
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) keeping: Keeping,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `xdf composite`.
#[derive(Debug, Subcommand)]
pub(crate) enum CompositeCommand {
    /// Make a set of XDF files, which are copied as they are
    Create(CompositeFilesArgs),
    /// Add XDF files to a set, copied as they are
    Append(CompositeFilesArgs),
    /// List the files and partitions of a set, and versions that are being written
    List(CompositeListArgs),
    /// Remove files of older versions and what was left of processes that died
    Clean(CompositeCleanArgs),
}

/// `xdf composite create` and `append`.
#[derive(Debug, Args)]
#[command(after_help = "\
The files must be of XDF 5 and have the same columns; levels of factors are merged. Other files are
imported (xdf import --composite) or appended (xdf append).

Examples:
  xdf composite create flights 2007.xdf 2008.xdf
  xdf composite append flights 2009.xdf")]
pub(crate) struct CompositeFilesArgs {
    /// The folder of the set
    #[arg(value_name = "DIR")]
    pub(crate) set: PathBuf,
    /// XDF files, in the order of their rows
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// `xdf composite list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf composite list flights
  xdf composite list by-month --json")]
pub(crate) struct CompositeListArgs {
    /// The folder of the set
    #[arg(value_name = "DIR")]
    pub(crate) set: PathBuf,
}

/// `xdf composite clean`.
#[derive(Debug, Args)]
#[command(after_help = "\
Whoever still reads an older version may miss its files afterwards.

Examples:
  xdf composite clean flights
  xdf composite clean flights --sessions")]
pub(crate) struct CompositeCleanArgs {
    /// The folder of the set
    #[arg(value_name = "DIR")]
    pub(crate) set: PathBuf,
    /// Also give up all versions that are being written: of processes that died
    #[arg(long)]
    pub(crate) sessions: bool,
}
