//! Arguments of `xdf fit naivebayes`.

use std::path::PathBuf;

use clap::Args;

use super::{Reading, Selecting};

/// `xdf fit naivebayes`.
#[derive(Debug, Args)]
#[command(after_help = "\
FORMULA is 'class ~ a + b'. The class is a factor, a column of texts or a condition such as x > 0; terms
are numbers and factors, F(x) has a level for each integer. Rows without a class are left out and
counted; a missing value leaves its row out of that variable only.

Examples:
  xdf fit naivebayes 'Kyphosis ~ Age + Start + Number' kyphosis.csv -o kyphosis.model
  xdf fit naivebayes 'Late ~ DayOfWeek + UniqueCarrier' flights.xdf --smoothing-factor 1
  xdf predict kyphosis.model kyphosis.csv -o classes.csv --scale probability")]
pub(crate) struct NaiveBayesArgs {
    /// The class and its predictors: class ~ a + b
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
    /// Added to the count of each level of a factor in each class (Laplace smoothing)
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub(crate) smoothing_factor: f64,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
}
