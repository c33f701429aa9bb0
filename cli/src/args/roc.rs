//! Arguments of `xdf roc`.

use std::path::PathBuf;

use clap::Args;

use super::Rows;

/// `xdf roc`.
#[derive(Debug, Args)]
#[command(after_help = "\
ACTUAL is 0 and 1, logical, or a factor of two levels, of which the second is positive. A prediction
is a probability; it calls a row positive where it reaches a threshold. Rows with a missing value in
any of the variables are left out and counted. With --exact, the distinct predictions must fit into
--memory, at 24 bytes each.

Examples:
  xdf roc Late Late_Pred predicted.xdf
  xdf roc Late Late_Pred Late_Pred2 predicted.xdf --exact --table
  xdf roc Late Late_Pred predicted.xdf --thresholds 11 --keep-duplicates --json")]
pub(crate) struct RocArgs {
    /// The actual values
    #[arg(value_name = "ACTUAL")]
    pub(crate) actual: String,
    /// Predictions of them, 0 to 1
    #[arg(value_name = "PRED", required = true)]
    pub(crate) predictions: Vec<String>,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How many thresholds, equally spaced from 0 to 1
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) thresholds: usize,
    /// Keep thresholds that change neither sensitivity nor specificity
    #[arg(long)]
    pub(crate) keep_duplicates: bool,
    /// Compute the exact area under the curve too
    #[arg(long)]
    pub(crate) exact: bool,
    /// Print sensitivity and specificity at each threshold
    #[arg(long)]
    pub(crate) table: bool,
    #[command(flatten)]
    pub(crate) rows: Rows,
}
