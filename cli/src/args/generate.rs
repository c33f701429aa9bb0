//! Arguments of `xdf generate` and `xdf demo`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Dividing, Writing, values};

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
