//! Arguments of `xdf predict`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Dividing, Reading, Selecting, Writing, values};

/// `xdf predict`.
#[derive(Debug, Args)]
#[command(after_help = "\
The columns are named after the response: ArrDelay_Pred, ArrDelay_StdErr, ArrDelay_Lower,
ArrDelay_Upper, ArrDelay_Resid. Clusters are .rxCluster, distances .rxDistance1 and so on,
probabilities of classes present_prob and so on.

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
    /// What is predicted
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
    /// The mean of the response; of k-means the cluster, of naive Bayes the class
    Response,
    /// The linear predictor of a logistic or generalized linear model
    Link,
    /// The cluster of k-means and the distance from each center
    Distance,
    /// The probability of each class of naive Bayes
    #[value(alias = "prob")]
    Probability,
}

/// Kinds of intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Interval {
    /// Bounds of the mean response
    Confidence,
    /// Bounds of one new response
    Prediction,
}
