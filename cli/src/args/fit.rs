//! Arguments of `xdf fit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{GlmArgs, KMeansArgs, LogitArgs, NaiveBayesArgs, Rows, Stepping};

/// `xdf fit`.
#[derive(Debug, Subcommand)]
pub(crate) enum FitCommand {
    /// Fit a linear model by least squares
    Linmod(LinmodArgs),
    /// Fit a logistic regression
    Logit(LogitArgs),
    /// Fit a generalized linear model
    Glm(GlmArgs),
    /// Find clusters by k-means
    #[command(name = "kmeans")]
    KMeans(KMeansArgs),
    /// Fit a naive Bayes classifier
    #[command(name = "naivebayes")]
    NaiveBayes(NaiveBayesArgs),
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
  xdf fit linmod 'log(dist) ~ log(speed)' cars.csv -o cars.model --cov
  xdf fit linmod 'mpg ~ wt' cars.csv --step stepwise --scope '~ (wt + hp + gear)^2' --criterion bic")]
pub(crate) struct LinmodArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// What every model of a response takes.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
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
    /// With --cube: also predict every cell at the means of the other columns
    #[arg(long, requires = "cube")]
    pub(crate) cube_predictions: bool,
    /// Take the first level of a factor for the reference, not the last
    #[arg(long)]
    pub(crate) drop_first: bool,
    /// Also compute the covariances of the coefficients, which standard errors of predictions need
    #[arg(long, visible_alias = "cov-coef")]
    pub(crate) cov: bool,
    /// Also compute the covariances of the columns
    #[arg(long)]
    pub(crate) cov_data: bool,
    #[command(flatten)]
    pub(crate) stepping: Stepping,
}
