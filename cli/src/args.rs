//! What can be typed.
//!
//! Groups of options that several commands share are structs that are flattened into them, so that an option means the
//! same everywhere. The types hold what was typed; `session` and `input` turn it into what it means.

mod cat;
mod classes;
mod clusters;
mod composite;
mod crosstabs;
mod describing;
mod diff;
mod editing;
mod fit;
mod generate;
mod histogram;
mod layout;
mod likelihood;
mod moving;
mod pca;
mod predict;
mod reading;
mod roc;
mod rows;
mod selecting;
mod statistics;
mod stepping;
mod values;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use cat::{CatArgs, StreamFormat};
pub(crate) use classes::NaiveBayesArgs;
pub(crate) use clusters::KMeansArgs;
pub(crate) use composite::{
    CompositeCleanArgs, CompositeCommand, CompositeFilesArgs, CompositeListArgs, Dividing, PartitionArgs,
};
pub(crate) use crosstabs::{CellStatistic, CrosstabsArgs, TableTest};
pub(crate) use describing::{HeadArgs, InfoArgs};
pub(crate) use diff::{DiffArgs, Ignored};
pub(crate) use editing::{
    AddColumnsArgs, AppendArgs, CompactArgs, ComputeArgs, DropArgs, RenameArgs, RepairArgs, Said, SetArgs,
    Storing,
};
pub(crate) use fit::{FitCommand, LinmodArgs, ModelArgs};
pub(crate) use generate::{AirlineArgs, DemoArgs, GenerateCommand};
pub(crate) use histogram::{HistogramArgs, LorenzArgs};
pub(crate) use layout::LayoutArgs;
pub(crate) use likelihood::{GlmArgs, Likelihood, LogitArgs};
pub(crate) use moving::{ExportArgs, ImportArgs, OutputFormat, Writing, XdfFormat};
pub(crate) use pca::PcaArgs;
pub(crate) use predict::{Interval, PredictArgs, Scale};
pub(crate) use reading::{BadCells, InputFormat, Reading};
pub(crate) use roc::RocArgs;
pub(crate) use rows::Rows;
pub(crate) use selecting::{Keeping, Selecting};
pub(crate) use statistics::{CorArgs, Matrix, QuantileArgs, SummaryArgs};
pub(crate) use stepping::Stepping;
pub(crate) use values::{Assignment, ByteSize, Factor, RowRange};

const LONG_ABOUT: &str = "\
XDF files, out-of-core statistics and models.

Every command reads FILE by its contents: XDF 5, XDF of Microsoft R and Machine Learning Server, Parquet, Arrow IPC \
(file or stream), and delimited text (also .gz and .zst). A folder that --composite, partition or composite wrote is one \
table, as a pattern such as 'data/*.csv' is one source of many files. \
Data are read block by block and may be larger than the memory.";

const EXIT_CODES: &str = "\
Exit codes:
  0    success, also when the reader of the output went away
  1    the work failed: a file cannot be read or written, data are wrong or damaged, or a
       column does not exist; diff, verify and repair: differences, damage or losses were found
  2    the arguments cannot be understood: an unknown option, a value out of range, a syntax
       error in a formula or an expression; diff, verify and repair: a file cannot be read
  130  cancelled with Ctrl-C; no output is left half-written

Examples:
  xdf generate airline --rows 1000000 -o flights.csv
  xdf import flights.csv -o flights.xdf --strings-as-factors
  xdf info flights.xdf --vars
  xdf summary '~ ArrDelay + DayOfWeek' flights.xdf
  xdf fit linmod 'ArrDelay ~ DayOfWeek + CRSDepTime' flights.xdf -o delay.model
  xdf predict delay.model flights.xdf -o predicted.xdf";

/// The program's arguments.
#[derive(Debug, Parser)]
#[command(name = "xdf", version, about = "XDF files, out-of-core statistics and models", long_about = LONG_ABOUT)]
#[command(after_help = EXIT_CODES, max_term_width = 110, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but results: no progress, no closing lines
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Threads to compute with [default: all of the machine]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Memory for blocks and partial results, such as 512MiB or 2GB [default: no bound]
    #[arg(long, global = true, value_name = "SIZE")]
    pub(crate) memory: Option<ByteSize>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Convert files to XDF, selecting rows and computing columns on the way
    Import(ImportArgs),
    /// Write a file in the format that the name of the output asks for
    Export(ExportArgs),
    /// Split a table by the values of key columns, into a folder of XDF files
    Partition(PartitionArgs),
    /// Make, list and clean composite sets: folders of XDF files that are one table
    #[command(subcommand)]
    Composite(CompositeCommand),
    /// Describe a file: rows, variables, blocks
    Info(InfoArgs),
    /// Print the first rows
    Head(HeadArgs),
    /// Write the rows of files to the standard output
    Cat(CatArgs),
    /// Summarise variables, also by groups
    Summary(SummaryArgs),
    /// Quantiles of variables, from what the file knows or exactly
    Quantile(QuantileArgs),
    /// Correlations, covariances or cross products of variables
    Cor(CorArgs),
    /// Counts, sums and means by factors: tables with margins and tests, or a line for each cell
    Crosstabs(CrosstabsArgs),
    /// Bars of the values of a variable, by bins or levels, also by groups
    Histogram(HistogramArgs),
    /// Lorenz curve and Gini coefficient of a variable
    Lorenz(LorenzArgs),
    /// Principal components of variables
    Pca(PcaArgs),
    /// Receiver operating characteristics of predictions, and the areas under them
    Roc(RocArgs),
    /// Fit a model
    #[command(subcommand)]
    Fit(Box<FitCommand>),
    /// Apply a model to data
    Predict(PredictArgs),
    /// Compare two tables of any format: columns, metadata, values
    Diff(DiffArgs),
    /// Show where the bytes of an XDF file are: columns, encodings, sizes
    Layout(LayoutArgs),
    /// Read XDF files and sets to the end, and report all damage
    Verify(VerifyArgs),
    /// Append rows to an XDF file
    Append(AppendArgs),
    /// Add columns of another file to an XDF file
    AddColumns(AddColumnsArgs),
    /// Compute columns of an XDF file from those that it has
    Compute(ComputeArgs),
    /// Give columns of an XDF file other names
    Rename(RenameArgs),
    /// Remove columns from an XDF file
    Drop(DropArgs),
    /// Say what an XDF file and its columns are: descriptions, units, levels, labels
    Set(SetArgs),
    /// Write XDF files anew without what changes have left behind
    Compact(CompactArgs),
    /// Make a sound XDF file of what is left of a damaged one
    Repair(RepairArgs),
    /// Make simulated data
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Show the whole way: generate, import, summarise, fit, predict, with times and rates
    Demo(DemoArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
}

/// `xdf verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads all that the newest commit of a file needs: header page, the schema that the file was begun
with, block heads, segments, footer; compares every checksum and decodes every value. Dead bytes
(what changes in place left behind: see 'xdf layout') and filler are not read.

Prints one line for each sound file, and one for each damaged place of another. --quiet leaves out
the sound files.

Exit codes: 0 all files are sound, 1 there is damage, 2 a file cannot be read.

Examples:
  xdf verify flights.xdf
  xdf verify archive/*.xdf --json")]
pub(crate) struct VerifyArgs {
    /// XDF files and sets
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// `xdf completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf completions bash > ~/.local/share/bash-completion/completions/xdf
  xdf completions zsh > ~/.zfunc/_xdf
  xdf completions fish > ~/.config/fish/completions/xdf.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_may_stand_anywhere() {
        let cli = Cli::parse_from(["xdf", "--threads", "2", "info", "a.xdf", "--json", "--memory", "1GiB"]);
        assert!(cli.common.json);
        assert_eq!(cli.common.threads.unwrap().get(), 2);
        assert_eq!(cli.common.memory.unwrap().0, 1 << 30);
    }
}
