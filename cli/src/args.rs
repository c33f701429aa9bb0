//! What can be typed.
//!
//! Groups of options that several commands share are structs that are flattened into them, so that an option means the
//! same everywhere. The types hold what was typed; `session` and `input` turn it into what it means.

mod cat;
mod composite;
mod crosstabs;
mod diff;
mod editing;
mod layout;
mod likelihood;
mod reading;
mod selecting;
mod values;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use cat::{CatArgs, StreamFormat};
pub(crate) use composite::{
    CompositeCleanArgs, CompositeCommand, CompositeFilesArgs, CompositeListArgs, Dividing, PartitionArgs,
};
pub(crate) use crosstabs::{CellStatistic, CrosstabsArgs};
pub(crate) use diff::{DiffArgs, Ignored};
pub(crate) use editing::{
    AddColumnsArgs, AppendArgs, CompactArgs, ComputeArgs, DropArgs, RenameArgs, RepairArgs, Said, SetArgs,
    Storing,
};
pub(crate) use layout::LayoutArgs;
pub(crate) use likelihood::{GlmArgs, Likelihood, LogitArgs};
pub(crate) use reading::{BadCells, InputFormat, Reading};
pub(crate) use selecting::{Keeping, Selecting};
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
    /// Fit a model
    #[command(subcommand)]
    Fit(FitCommand),
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
  xdf export flights.xdf -o - --keep Origin,Dest --max-rows 1000 | sort | uniq -c")]
pub(crate) struct ExportArgs {
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The file to write
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The format of the output, where its name should not decide
    #[arg(long, value_name = "FORMAT", help_heading = "Output options")]
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
    pub(crate) weighting: Weighting,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
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
    pub(crate) weighting: Weighting,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
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

/// `xdf fit`.
#[derive(Debug, Subcommand)]
pub(crate) enum FitCommand {
    /// Fit a linear model by least squares
    Linmod(LinmodArgs),
    /// Fit a logistic regression
    Logit(LogitArgs),
    /// Fit a generalized linear model
    Glm(GlmArgs),
}

/// `xdf fit linmod`.
#[derive(Debug, Args)]
#[command(after_help = "\
FORMULA is 'response ~ terms': a + b, a:b (interaction), a*b, F(x) (factor of integers), N(f) (codes
of a factor), log(x), exp(x), sqrt(x), pow(x, 2), I(expression), -1 for no intercept; `quoted names`
may hold anything.

Examples:
  xdf fit linmod 'ArrDelay ~ DayOfWeek + CRSDepTime' flights.xdf -o delay.model
  xdf fit linmod 'ArrDelay ~ DayOfWeek' flights.xdf --cube
  xdf fit linmod 'height ~ eyecolor' pupils.csv --strings-as-factors --fweights reps --json
  xdf fit linmod 'log(dist) ~ log(speed)' cars.csv -o cars.model --cov")]
pub(crate) struct LinmodArgs {
    /// The model's formula
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) formula: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Where to save the model; without it, the model is only printed
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) output: Option<PathBuf>,
    /// Replace an existing model file
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Fit one coefficient for each cell of the first term, which must be categorical, and no intercept
    #[arg(long)]
    pub(crate) cube: bool,
    /// Take the first level of a factor for the reference, not the last
    #[arg(long)]
    pub(crate) drop_first: bool,
    /// Also compute the covariances of the coefficients, which standard errors of predictions need
    #[arg(long, visible_alias = "cov-coef")]
    pub(crate) cov: bool,
    #[command(flatten)]
    pub(crate) weighting: Weighting,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `xdf predict`.
#[derive(Debug, Args)]
#[command(after_help = "\
The columns are named after the response: ArrDelay_Pred, ArrDelay_StdErr, ArrDelay_Lower,
ArrDelay_Upper, ArrDelay_Resid.

Examples:
  xdf predict delay.model flights.xdf -o predicted.xdf
  xdf predict delay.model flights.xdf -o predicted.parquet --residuals --model-vars
  xdf predict cars.model cars.csv -o cars_predicted.csv --interval prediction --confidence-level 0.9")]
pub(crate) struct PredictArgs {
    /// A model that `xdf fit` saved
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The file to write, in the format that its name asks for; - for CSV on the standard output
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Scale of the predictions of a logistic or generalized linear model
    #[arg(long, value_name = "SCALE", default_value = "response")]
    pub(crate) scale: Scale,
    /// Also write standard errors of the predictions (the model needs --cov)
    #[arg(long)]
    pub(crate) std_errors: bool,
    /// Also write lower and upper bounds
    #[arg(long, value_name = "KIND")]
    pub(crate) interval: Option<Interval>,
    /// Probability that an interval holds
    #[arg(long, value_name = "P", default_value_t = 0.95, value_parser = values::probability)]
    pub(crate) confidence_level: f64,
    /// Also write residuals, where the data have the response
    #[arg(long)]
    pub(crate) residuals: bool,
    /// Also write the variables of the model
    #[arg(long)]
    pub(crate) model_vars: bool,
    /// Also write these columns
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) extra_vars: Vec<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) dividing: Dividing,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Scales of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scale {
    /// The mean of the response
    Response,
    /// The linear predictor
    Link,
}

/// Kinds of intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Interval {
    /// Bounds of the mean response
    Confidence,
    /// Bounds of one new response
    Prediction,
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

/// `xdf generate`.
#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// A table of flights: delays, carriers, airports, aircraft, 1987 to 2008
    Airline(AirlineArgs),
}

/// `xdf generate airline`.
#[derive(Debug, Args)]
#[command(after_help = "\
The table depends on the seed alone: the first rows are the same for every number of rows, threads and format.

Examples:
  xdf generate airline --rows 10000000 -o flights.csv
  xdf generate airline --rows 100000000 -o flights.xdf
  xdf generate airline --rows 5 --seed 42")]
pub(crate) struct AirlineArgs {
    /// How many rows; k, M and G stand for thousands, millions and billions
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) rows: u64,
    /// The file to write, in the format that its name asks for; - for CSV on the standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// Which sample to draw
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) dividing: Dividing,
}

/// `xdf demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  xdf demo
  xdf demo --rows 1M --dir /tmp/flights")]
pub(crate) struct DemoArgs {
    /// How many rows; k, M and G stand for thousands, millions and billions
    #[arg(long, value_name = "N", value_parser = values::count, default_value = "10M")]
    pub(crate) rows: u64,
    /// Folder for the files, which stay there; without it they are removed at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
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
