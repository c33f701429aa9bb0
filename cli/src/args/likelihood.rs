//! What `xdf fit logit` and `xdf fit glm` take.

use clap::Args;

use super::{ModelArgs, Rows};

/// What every model that is fitted by iteration takes.
#[derive(Debug, Args)]
pub(crate) struct Likelihood {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// The most iterations
    #[arg(long, value_name = "N", default_value_t = 25, help_heading = "Iteration")]
    pub(crate) max_iterations: u32,
    /// Change of a coefficient, relative to the largest, that ends the iteration
    #[arg(long, value_name = "X", default_value_t = 1e-6, help_heading = "Iteration")]
    pub(crate) coefficient_tolerance: f64,
    /// Change of the deviance, relative to it, that ends the iteration
    #[arg(long, value_name = "X", default_value_t = 1e-8, help_heading = "Iteration")]
    pub(crate) objective_tolerance: f64,
    /// Coefficients to start from, one for all or one for each column
    #[arg(
        long,
        value_name = "X,Y",
        value_delimiter = ',',
        allow_hyphen_values = true,
        help_heading = "Iteration"
    )]
    pub(crate) initial_values: Vec<f64>,
    /// Do not collapse rows of equal designs; the result is the same
    #[arg(long, help_heading = "Iteration")]
    pub(crate) no_cells: bool,
    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// `xdf fit logit`.
#[derive(Debug, Args)]
#[command(after_help = "\
The response is 0 or 1, a logical, a factor of two levels (the second is the event), or a condition.
FORMULA is as in xdf fit linmod.

Examples:
  xdf fit logit 'Late ~ DayOfWeek + CRSDepTime' flights.xdf -o late.model
  xdf fit logit 'ArrDelay > 15 ~ DayOfWeek' flights.xdf --json
  xdf fit logit 'Kyphosis ~ Age + Start + Number' kyphosis.csv --cov -o kyphosis.model")]
pub(crate) struct LogitArgs {
    #[command(flatten)]
    pub(crate) fit: Likelihood,
}

/// `xdf fit glm`.
#[derive(Debug, Args)]
#[command(after_help = "\
FORMULA is as in xdf fit linmod.

Examples:
  xdf fit glm 'cost ~ age + car.age + type' claims.csv --family Gamma --drop-first
  xdf fit glm 'claims ~ age' policies.xdf --family poisson --offset log_exposure
  xdf fit glm 'loss ~ age + region' policies.xdf --family tweedie --variance-power 1.5 --link log")]
pub(crate) struct GlmArgs {
    /// gaussian, binomial, poisson, Gamma, inverse.gaussian, quasi, quasibinomial, quasipoisson or tweedie
    #[arg(long, value_name = "NAME", default_value = "gaussian", help_heading = "Family")]
    pub(crate) family: String,
    /// identity, log, inverse, 1/mu^2, sqrt, logit, probit, cloglog, cauchit, or a power such as mu^0.3 [default: that of the family]
    #[arg(long, value_name = "NAME", help_heading = "Family")]
    pub(crate) link: Option<String>,
    /// Variance of the family quasi: constant, mu(1-mu), mu, mu^2 or mu^3 [default: constant]
    #[arg(long, value_name = "NAME", help_heading = "Family")]
    pub(crate) variance: Option<String>,
    /// Power of the mean that the variance of the family tweedie is: 0, or 1 and above [default: 0]
    #[arg(long, value_name = "P", help_heading = "Family")]
    pub(crate) variance_power: Option<f64>,
    /// Column that is added to the linear predictor
    #[arg(long, value_name = "NAME", help_heading = "Family")]
    pub(crate) offset: Option<String>,
    #[command(flatten)]
    pub(crate) fit: Likelihood,
}
