//! `xdf layout`.

use std::path::PathBuf;

use clap::Args;

/// `xdf layout`.
#[derive(Debug, Args)]
#[command(after_help = "\
Stored is what a column takes in the file, decoded what its values take in memory, ratio the one by
the other. The rows in brackets are what is no data: the header, the heads of blocks, the footer
with schema, directory and statistics, padding, and dead bytes that no longer belong to the table.
The bytes add up to the size of the file.

Examples:
  xdf layout flights.xdf
  xdf layout flights.xdf --segments
  xdf layout flights.xdf --json")]
pub(crate) struct LayoutArgs {
    /// An XDF file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// List the whole file in its order: every column of every block, and what lies between
    #[arg(long)]
    pub(crate) segments: bool,
}
