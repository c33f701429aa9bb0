//! The summary as a value: the table of numbers and one table for each categorical term.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::{
    Array, Date32Array, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray,
};
use arrow_cast::display::array_value_to_string;
use arrow_schema::TimeUnit;
use engine::formula::Formula;
use engine::stats::Moments;

use super::plan::too_many_cells;
use super::{Result, Statistic, SummaryOptions};

/// What the values of a variable are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// Plain numbers; logicals are 0 and 1.
    Number,
    /// Days since 1970-01-01; means are fractions of days, standard deviations are in days.
    Date,
    /// Time since 1970-01-01 in this unit; standard deviations are in this unit, too.
    Timestamp(TimeUnit, Option<Arc<str>>),
}

impl Unit {
    /// A value as a calendar text, unless it is a number. Means are rounded down to a whole unit.
    pub fn text(&self, value: f64) -> Option<String> {
        let array: Arc<dyn Array> = match self {
            Self::Number => return None,
            Self::Date => Arc::new(Date32Array::from(vec![value.floor() as i32])),
            Self::Timestamp(unit, zone) => {
                let value = vec![value.floor() as i64];
                match unit {
                    TimeUnit::Second => {
                        Arc::new(TimestampSecondArray::from(value).with_timezone_opt(zone.clone()))
                    }
                    TimeUnit::Millisecond => {
                        Arc::new(TimestampMillisecondArray::from(value).with_timezone_opt(zone.clone()))
                    }
                    TimeUnit::Microsecond => {
                        Arc::new(TimestampMicrosecondArray::from(value).with_timezone_opt(zone.clone()))
                    }
                    TimeUnit::Nanosecond => {
                        Arc::new(TimestampNanosecondArray::from(value).with_timezone_opt(zone.clone()))
                    }
                }
            }
        };
        // a zone that is not known here leaves the number
        array_value_to_string(&array, 0).ok()
    }
}

/// The statistics of one term, or of one cell of a term.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// The term, such as `ArrDelay` or `ArrDelay:DayOfWeek`, or `ArrDelay for DayOfWeek=Monday`.
    pub name: String,
    /// What the values are.
    pub unit: Unit,
    /// Whether the term has no numeric variable; such rows only count observations.
    pub categorical: bool,
    /// The mean, if there is a valid observation.
    pub mean: Option<f64>,
    /// The standard deviation of a sample, if there are two.
    pub std_dev: Option<f64>,
    /// The smallest value.
    pub min: Option<f64>,
    /// The largest value.
    pub max: Option<f64>,
    /// Observations that are there: rows, or with frequency weights the sum of their weights.
    pub valid_obs: f64,
    /// Observations that are missing, counted alike.
    pub missing_obs: f64,
    /// The weighted sum.
    pub sum: Option<f64>,
    /// The sum of the weights of the valid observations.
    pub sum_of_weights: Option<f64>,
}

impl SummaryRow {
    /// One of the statistics.
    pub fn get(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Mean => self.mean,
            Statistic::StdDev => self.std_dev,
            Statistic::Min => self.min,
            Statistic::Max => self.max,
            Statistic::ValidObs => Some(self.valid_obs),
            Statistic::MissingObs => Some(self.missing_obs),
            Statistic::Sum => self.sum,
            Statistic::SumOfWeights => self.sum_of_weights,
        }
    }

    fn new(name: String, unit: Unit, moments: &Moments, options: &SummaryOptions) -> Self {
        let variance =
            if options.pweights.is_some() { moments.probability_variance() } else { moments.variance() };
        let frequency = options.fweights.is_some();
        Self {
            name,
            unit,
            categorical: false,
            mean: moments.mean(),
            std_dev: variance.map(f64::sqrt),
            min: moments.min(),
            max: moments.max(),
            valid_obs: if frequency { moments.weight() } else { moments.count() as f64 },
            missing_obs: if frequency { moments.missing_weight() } else { moments.missing() as f64 },
            sum: Some(moments.sum()),
            sum_of_weights: Some(moments.weight()),
        }
    }
}

/// One cell of a categorical term.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryRow {
    /// The level of each factor.
    pub levels: Vec<String>,
    /// Rows in the cell, or the sum of their weights.
    pub counts: f64,
    /// The statistics of the numeric variable in the cell, if the term has one.
    pub statistics: Option<SummaryRow>,
}

/// The table of one categorical term.
#[derive(Debug, Clone, PartialEq)]
pub struct Categorical {
    /// The term.
    pub name: String,
    /// The numeric variable whose statistics the cells have, if the term has one.
    pub variable: Option<String>,
    /// The labels of the factors.
    pub factors: Vec<String>,
    /// The levels of each factor.
    pub levels: Vec<Vec<String>>,
    /// Observations with all factors: rows, or with frequency weights the sum of their weights.
    pub valid_obs: f64,
    /// Observations without one of them, counted alike.
    pub missing_obs: f64,
    /// The cells, the first factor running fastest.
    pub rows: Vec<CategoryRow>,
}

/// Which tables of categories a summary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoricalType {
    /// Counts of the levels of single factors.
    Counts,
    /// Also tables of crossed factors, or statistics by category.
    Cube,
    /// None.
    None,
}

impl CategoricalType {
    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Cube => "cube",
            Self::None => "none",
        }
    }
}

/// The summary of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The call that gives it.
    pub call: String,
    /// The formula, in its canonical form.
    pub formula: String,
    /// What the source calls itself: a path, or `memory`.
    pub data: String,
    /// Rows that took part.
    pub nobs_valid: f64,
    /// Rows that did not: without a weight or, unless missing values are left out by term, with a missing value.
    pub nobs_missing: f64,
    /// A row for each term.
    pub s_data_frame: Vec<SummaryRow>,
    /// A table for each term with a factor.
    pub categorical: Vec<Categorical>,
    /// Which tables these are.
    pub categorical_type: CategoricalType,
    /// The options it was computed with.
    pub params: SummaryOptions,
}

/// What a pass, or stored statistics, say about a term.
pub(super) struct TermResult {
    pub(super) name: String,
    pub(super) variable: String,
    pub(super) unit: Unit,
    pub(super) moments: Option<Moments>,
    pub(super) cells: Option<CellResult>,
}

/// The cells of a term in any order.
pub(super) struct CellResult {
    pub(super) factors: Vec<String>,
    pub(super) levels: Vec<Vec<String>>,
    pub(super) cells: Vec<(Vec<u32>, f64, Option<Moments>)>,
    pub(super) valid_rows: u64,
    pub(super) missing_rows: u64,
    pub(super) missing_weight: f64,
}

impl TermResult {
    /// Rows that the term was computed over.
    pub(super) fn rows(&self) -> f64 {
        match (&self.moments, &self.cells) {
            (Some(moments), _) => (moments.count() + moments.missing()) as f64,
            (None, Some(cells)) => (cells.valid_rows + cells.missing_rows) as f64,
            (None, None) => 0.0,
        }
    }
}

/// The summary of all terms.
pub(super) fn build(
    formula: &Formula,
    data: &str,
    options: &SummaryOptions,
    (nobs_valid, nobs_missing): (f64, f64),
    answers: Vec<TermResult>,
) -> Result<Summary> {
    let mut s_data_frame = Vec::with_capacity(answers.len());
    let mut categorical = Vec::new();
    for answer in answers {
        let table = answer.cells.map(|cells| {
            let variable = answer.moments.is_some().then_some(answer.variable.as_str());
            table(&answer.name, variable, &answer.unit, cells, options)
        });
        let table = table.transpose()?;
        s_data_frame.push(match (&answer.moments, &table) {
            (Some(moments), _) => SummaryRow::new(answer.name, answer.unit, moments, options),
            (None, table) => SummaryRow {
                name: answer.name,
                unit: Unit::Number,
                categorical: true,
                mean: None,
                std_dev: None,
                min: None,
                max: None,
                valid_obs: table.as_ref().map_or(0.0, |table| table.valid_obs),
                missing_obs: table.as_ref().map_or(0.0, |table| table.missing_obs),
                sum: None,
                sum_of_weights: None,
            },
        });
        categorical.extend(table);
    }
    let single = |table: &Categorical| table.factors.len() == 1 && table.variable.is_none();
    let categorical_type = match categorical.as_slice() {
        [] => CategoricalType::None,
        tables if tables.iter().all(single) => CategoricalType::Counts,
        _ => CategoricalType::Cube,
    };
    let canonical = formula.to_string();
    let canonical =
        canonical.strip_prefix("~ ").map_or_else(|| canonical.clone(), |terms| format!("~{terms}"));
    Ok(Summary {
        call: call(formula, data, options),
        formula: canonical,
        data: data.to_owned(),
        nobs_valid,
        nobs_missing,
        s_data_frame,
        categorical,
        categorical_type,
        params: options.clone(),
    })
}

fn call(formula: &Formula, data: &str, options: &SummaryOptions) -> String {
    let mut call = format!("rx_summary(formula = {:?}, data = {data:?}", formula.text);
    if options.statistics != Statistic::DEFAULT {
        let names: Vec<String> = options.statistics.iter().map(|s| format!("{:?}", s.name())).collect();
        let _ = write!(call, ", summary_stats = [{}]", names.join(", "));
    }
    if !options.by_term {
        call.push_str(", by_term = False");
    }
    for (name, column) in [("pweights", &options.pweights), ("fweights", &options.fweights)] {
        if let Some(column) = column {
            let _ = write!(call, ", {name} = {column:?}");
        }
    }
    if options.remove_zero_counts {
        call.push_str(", remove_zero_counts = True");
    }
    call.push(')');
    call
}

fn table(
    name: &str,
    variable: Option<&str>,
    unit: &Unit,
    result: CellResult,
    options: &SummaryOptions,
) -> Result<Categorical> {
    let sizes: Vec<u128> = result.levels.iter().map(|levels| levels.len() as u128).collect();
    let position = |codes: &[u32]| {
        codes
            .iter()
            .zip(&sizes)
            .rev()
            .fold(0_u128, |position, (&code, &size)| position * size + u128::from(code))
    };
    let mut valid = 0.0;
    let mut cells: Vec<(u128, Vec<u32>, f64, Option<Moments>)> = Vec::with_capacity(result.cells.len());
    for (codes, count, moments) in result.cells {
        valid += count;
        if count > 0.0 {
            cells.push((position(&codes), codes, count, moments));
        }
    }
    cells.sort_unstable_by_key(|cell| cell.0);
    if !options.remove_zero_counts {
        cells = full_grid(name, &sizes, cells, options.max_cells)?;
    }
    let rows = cells.into_iter().map(|(_, codes, counts, moments)| {
        let levels: Vec<String> = codes
            .iter()
            .zip(&result.levels)
            .map(|(&code, levels)| levels.get(code as usize).cloned().unwrap_or_default())
            .collect();
        let statistics = variable.map(|variable| {
            let places: Vec<String> = result
                .factors
                .iter()
                .zip(&levels)
                .map(|(factor, level)| format!("{factor}={level}"))
                .collect();
            let label = format!("{variable} for {}", places.join(", "));
            SummaryRow::new(label, unit.clone(), &moments.unwrap_or_default(), options)
        });
        CategoryRow { levels, counts, statistics }
    });
    let frequency = options.fweights.is_some();
    Ok(Categorical {
        name: name.to_owned(),
        variable: variable.map(str::to_owned),
        rows: rows.collect(),
        factors: result.factors,
        levels: result.levels,
        valid_obs: if frequency { valid } else { result.valid_rows as f64 },
        missing_obs: if frequency { result.missing_weight } else { result.missing_rows as f64 },
    })
}

type Cell = (u128, Vec<u32>, f64, Option<Moments>);

/// Adds the cells that did not occur.
fn full_grid(name: &str, sizes: &[u128], occurring: Vec<Cell>, limit: usize) -> Result<Vec<Cell>> {
    let total = sizes.iter().fold(1_u128, |total, &size| total.saturating_mul(size));
    if total > limit as u128 {
        return Err(too_many_cells(name, u64::try_from(total).unwrap_or(u64::MAX), limit));
    }
    let mut occurring = occurring.into_iter().peekable();
    let grid = (0..total).map(|position| {
        if let Some(cell) = occurring.next_if(|cell| cell.0 == position) {
            return cell;
        }
        let mut rest = position;
        let codes = sizes.iter().map(|&size| {
            let code = rest % size;
            rest /= size;
            code as u32
        });
        (position, codes.collect(), 0.0, None)
    });
    Ok(grid.collect())
}
