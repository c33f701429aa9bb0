//! Univariate summaries (`rxSummary`, `rx_summary`): what the columns of a data set look like, in one pass.
//!
//! Every term of the formula is a request of its own. A numeric variable gives its mean, standard deviation, smallest
//! and largest value and the numbers of valid and missing observations; a factor gives the count of each level. A
//! numeric variable crossed with factors (`ArrDelay:DayOfWeek`) gives those statistics for every cell, factors crossed
//! with factors the count of every cell, numeric variables crossed with each other those of their product. A response
//! is crossed with every term, so `y ~ a + b` is `~ y:a + y:b`.
//!
//! All terms are computed by one fused pass ([`Estimator`](engine::Estimator)): each variable is evaluated once a block,
//! each crossing of factors numbers the cells of a block once, and memory depends on the cells, never on the rows. When
//! the file stores the statistics of a column and the whole of it is asked for, they answer without reading.
//!
//! # Variance with weights
//! Without weights, and with frequency weights (a row stands for w equal rows), the variance is
//! `sum(w (x - mean)^2) / (sum(w) - 1)`, and every count is a sum of weights. With probability weights (a row stands
//! for w units of a population, known up to a factor) it is `sum(w (x - mean)^2) / sum(w) * n / (n - 1)` for n rows;
//! observations are counted as rows, while the counts of cells are sums of weights. Rows of weight 0 do not count at
//! all; rows with a missing weight are missing observations of the whole summary.

mod asked;
mod cells;
mod frame;
mod json;
mod number;
mod partial;
mod plan;
mod print;
mod ranges;
mod result;
mod stored;

use engine::formula::{Formula, Term};
use engine::{BlockSource, Executor, ScanOptions};
use serde::{Deserialize, Serialize};

pub use asked::summarize_aggregated;
pub use number::{format_pandas, format_r};
pub use print::Layout;
pub use result::{Categorical, CategoricalType, CategoryRow, Summary, SummaryRow, Unit};

use crate::{Error, Result};
use partial::SummaryEstimator;
use plan::PlanOptions;

/// A column of the table of numeric variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The standard deviation of a sample.
    StdDev,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// Observations that are there.
    ValidObs,
    /// Observations that are missing.
    MissingObs,
    /// The sum.
    Sum,
    /// The sum of the weights of the valid observations.
    SumOfWeights,
}

impl Statistic {
    /// Those that are computed unless others are asked for.
    pub const DEFAULT: [Self; 6] =
        [Self::Mean, Self::StdDev, Self::Min, Self::Max, Self::ValidObs, Self::MissingObs];

    const ALL: [Self; 8] = [
        Self::Mean,
        Self::StdDev,
        Self::Min,
        Self::Max,
        Self::ValidObs,
        Self::MissingObs,
        Self::Sum,
        Self::SumOfWeights,
    ];

    /// The name in options and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "Mean",
            Self::StdDev => "StdDev",
            Self::Min => "Min",
            Self::Max => "Max",
            Self::ValidObs => "ValidObs",
            Self::MissingObs => "MissingObs",
            Self::Sum => "Sum",
            Self::SumOfWeights => "SumOfWeights",
        }
    }
}

impl std::str::FromStr for Statistic {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|statistic| statistic.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|statistic| statistic.name()).collect();
            Error::Option {
                option: "summary_stats",
                reason: format!("'{text}' is not a statistic; the statistics are {}", names.join(", ")),
            }
        })
    }
}

/// How a summary is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryOptions {
    /// The statistics of numeric variables, in this order; default [`Statistic::DEFAULT`].
    pub statistics: Vec<Statistic>,
    /// Whether a row with a missing value is left out of the terms that need the value (the default), or of all terms.
    pub by_term: bool,
    /// The column of probability weights.
    pub pweights: Option<String>,
    /// The column of frequency weights, which are counts of equal rows.
    pub fweights: Option<String>,
    /// Whether cells without observations are left out; default `false`.
    pub remove_zero_counts: bool,
    /// Whether statistics that the source stores may answer; default `true`.
    pub use_stored_statistics: bool,
    /// The most cells that a term may have in memory and in its result; default 1 000 000.
    pub max_cells: usize,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self {
            statistics: Statistic::DEFAULT.to_vec(),
            by_term: true,
            pweights: None,
            fweights: None,
            remove_zero_counts: false,
            use_stored_statistics: true,
            max_cells: 1_000_000,
        }
    }
}

/// Summarizes the variables of a formula.
///
/// Rows are selected and columns computed by transforms of the source. `.` stands for all columns except those of plain
/// texts; a text column that is named counts as a factor whose levels are in the order of their appearance.
///
/// # Errors
/// A column that is missing or of a type that cannot be used, a term with more cells than allowed, bad weights, and
/// whatever the source says.
pub fn summarize(
    formula: &Formula,
    source: &dyn BlockSource,
    options: &SummaryOptions,
    scan: &ScanOptions,
    executor: &impl Executor,
) -> Result<Summary> {
    let schema = source.schema();
    let terms = plan::requests(formula, &schema)?;
    let weighted = plan::weighting(options)?;
    let ranges = ranges::resolve(&terms, source, scan, executor)?;
    let plan_options = PlanOptions {
        weighting: weighted,
        by_term: options.by_term,
        max_cells: options.max_cells,
        full_grid: !options.remove_zero_counts,
    };
    // binding to the whole schema finds every error before anything is read
    plan::Plan::bind(&terms, &schema, &ranges, &plan_options)?;

    let may_use_stored = options.use_stored_statistics
        && plan_options.weighting.is_none()
        && options.by_term
        && scan.rows.is_none()
        && !options.statistics.contains(&Statistic::Sum);
    let mut answers: Vec<Option<result::TermResult>> = terms
        .iter()
        .map(|term| if may_use_stored { stored::answer(term, source, &schema) } else { None })
        .collect();
    let unanswered: Vec<Term> = terms
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_none())
        .map(|(term, _)| term.clone())
        .collect();
    let mut counts = answers.iter().flatten().next().map(|answer| (answer.rows(), 0.0));
    if !unanswered.is_empty() {
        let estimator = SummaryEstimator::new(unanswered, ranges, plan_options);
        let computed = engine::fit(&estimator, source, scan, executor)?;
        counts = Some((computed.valid, computed.missing));
        let mut computed = computed.terms.into_iter();
        for answer in &mut answers {
            if answer.is_none() {
                *answer = computed.next();
            }
        }
    }
    let answers: Vec<result::TermResult> = answers.into_iter().flatten().collect();
    result::build(formula, &source.info().name, options, counts.unwrap_or_default(), answers)
}

/// Parses a formula and summarizes its variables with the threads of this machine.
///
/// ```
/// # use std::sync::Arc;
/// # use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(4.0)]));
/// let batch = RecordBatch::try_from_iter([("x", x)]).unwrap();
/// let source = engine::source::MemorySource::try_new(&batch.schema(), [batch]).unwrap();
/// let summary = algos::summary::rx_summary("~ x", &source, &Default::default()).unwrap();
/// assert_eq!((summary.s_data_frame[0].mean, summary.s_data_frame[0].missing_obs), (Some(2.5), 1.0));
/// ```
///
/// # Errors
/// As [`summarize`]; also a formula that cannot be understood.
pub fn rx_summary(formula: &str, source: &dyn BlockSource, options: &SummaryOptions) -> Result<Summary> {
    let formula = Formula::parse(formula).map_err(engine::Error::from)?;
    summarize(&formula, source, options, &ScanOptions::default(), &engine::Local::default())
}
