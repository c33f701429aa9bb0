//! Arguments of `xdf pca`.

use std::path::PathBuf;

use clap::Args;

use super::Rows;

/// `xdf pca`.
#[derive(Debug, Args)]
#[command(after_help = "\
A factor has a column of 0 and 1 for each of its levels. Rows with a missing value in any of the
variables are left out and counted; so are columns that are constant. The components of rows come by
predict.

Examples:
  xdf pca '~ ArrDelay + DepDelay + Distance' flights.xdf --correlations
  xdf pca '~ ArrDelay + DepDelay + Distance' flights.xdf --components 2 -o delays.model
  xdf predict delays.model flights.xdf -o components.xdf")]
pub(crate) struct PcaArgs {
    /// The variables: ~ a + b
    #[arg(value_name = "FORMULA")]
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
    /// Take correlations instead of covariances, so that units do not matter
    #[arg(long, visible_alias = "cor")]
    pub(crate) correlations: bool,
    /// How many components to keep [default: all]
    #[arg(long, short = 'k', value_name = "K")]
    pub(crate) components: Option<usize>,
    #[command(flatten)]
    pub(crate) rows: Rows,
}
