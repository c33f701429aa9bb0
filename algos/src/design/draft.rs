//! A formula against a schema, before all levels are known.

use arrow_schema::{DataType, Field, Schema};
use engine::expr::Expr;
use engine::formula::{Formula, Variable as Written};
use serde::{Deserialize, Serialize};

use super::read::is_number;
use super::{Design, Found, Input, Survey, Term, Variable, VariableKind};
use crate::{Error, Result};

/// The most levels a factor made of integers may have.
const MAX_INTEGERS: i64 = 1_000_000;

/// Columns that weigh the rows of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weights {
    /// Probability weights: how many of the population a row stands for. They do not change the number of observations.
    pub probability: Option<String>,
    /// Frequency weights: how often the row was seen, in whole numbers. Their sum is the number of observations.
    pub frequency: Option<String>,
}

impl Weights {
    /// The columns.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        self.probability.iter().chain(&self.frequency)
    }
}

/// The columns of a formula and further ones, each once; `None` where the formula takes all.
pub(crate) fn columns_read<'a>(
    formula: &Formula,
    further: impl Iterator<Item = &'a String>,
) -> Option<Vec<String>> {
    if formula.dot {
        return None;
    }
    let mut columns = formula.columns();
    for column in further {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    Some(columns)
}

/// The columns that `.` can stand for: neither weights nor the offset.
pub(crate) fn usable<'a>(schema: &'a Schema, weights: &Weights, offset: Option<&String>) -> Vec<&'a str> {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    names.filter(|name| !weights.columns().chain(offset).any(|column| column == name)).collect()
}

/// What some models have beside terms, responses and weights.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras {
    /// Responses may be factors: their codes from 1 are the responses, as with `N()`.
    pub factor_responses: bool,
    /// A column that is added to linear predictors without a coefficient.
    pub offset: Option<String>,
}

/// A design that may still lack levels and ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    formula: String,
    intercept: bool,
    variables: Vec<(String, Input, Pending)>,
    terms: Vec<Term>,
    responses: Vec<usize>,
    weights: Weights,
    offset: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Pending {
    Known(VariableKind),
    /// Levels by a pass; `codes` for `N(x)`.
    Levels {
        codes: bool,
    },
    /// Levels by a pass, of which the 1-based `low` to `high` are kept.
    LevelRange {
        low: Option<f64>,
        high: Option<f64>,
        exclude: bool,
    },
    /// Bounds of integers, by a pass where they are not given.
    Range {
        low: Option<f64>,
        high: Option<f64>,
        exclude: bool,
    },
}

impl Draft {
    /// Takes the formula apart. `schema` has the columns that will be read.
    ///
    /// # Errors
    /// When a column is missing, or of a type that its place in the formula does not allow.
    pub fn new(formula: &Formula, schema: &Schema, weights: &Weights) -> Result<Self> {
        Self::with_extras(formula, schema, weights, &Extras::default())
    }

    /// The same for a model with extras.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn with_extras(
        formula: &Formula,
        schema: &Schema,
        weights: &Weights,
        extras: &Extras,
    ) -> Result<Self> {
        let names = usable(schema, weights, extras.offset.as_ref());
        let expanded = formula.expand(&names).map_err(engine::Error::from)?;
        let mut draft = Self {
            formula: formula.text.trim().to_owned(),
            intercept: expanded.intercept,
            variables: Vec::new(),
            terms: Vec::new(),
            responses: Vec::new(),
            weights: weights.clone(),
            offset: None,
        };
        for response in &expanded.response {
            let position = draft.add(response, schema)?;
            let (label, _, pending) = &mut draft.variables[position];
            if extras.factor_responses {
                pending.count_levels();
            }
            let numeric = match pending {
                Pending::Known(VariableKind::Numeric | VariableKind::Codes { .. }) => true,
                Pending::Levels { codes } => *codes,
                _ => false,
            };
            if !numeric {
                return Err(Error::Variable {
                    variable: label.clone(),
                    role: "a response",
                    reason: "it is not numeric; use N(x) for the codes of a factor".into(),
                });
            }
            draft.responses.push(position);
        }
        for term in &expanded.terms {
            let variables = term
                .variables
                .iter()
                .map(|variable| draft.add(variable, schema))
                .collect::<Result<Vec<_>>>()?;
            draft.terms.push(Term { variables });
        }
        for weight in weights.columns() {
            let index = engine::source::index_of(schema, weight)?;
            if !is_number(schema.field(index).data_type()) {
                return Err(Error::Variable {
                    variable: weight.clone(),
                    role: "a weight",
                    reason: format!("it is of type {}, not numeric", schema.field(index).data_type()),
                });
            }
        }
        if let Some(offset) = &extras.offset {
            let position = draft.add(&Written::Column(offset.clone()), schema)?;
            if draft.variables[position].2 != Pending::Known(VariableKind::Numeric) {
                return Err(Error::Variable {
                    variable: offset.clone(),
                    role: "an offset",
                    reason: "it is not numeric".into(),
                });
            }
            draft.offset = Some(position);
        }
        Ok(draft)
    }

    fn add(&mut self, written: &Written, schema: &Schema) -> Result<usize> {
        let label = written.label();
        if let Some(position) = self.variables.iter().position(|(known, ..)| *known == label) {
            return Ok(position);
        }
        let (input, pending) = resolve(written, schema)?;
        self.variables.push((label, input, pending));
        Ok(self.variables.len() - 1)
    }

    fn wanted(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        self.variables.iter().enumerate().filter_map(|(position, (_, _, pending))| match pending {
            Pending::Known(_) | Pending::Range { low: Some(_), high: Some(_), .. } => None,
            Pending::Levels { .. } | Pending::LevelRange { .. } => Some((position, true)),
            Pending::Range { .. } => Some((position, false)),
        })
    }

    /// The pass that is needed before [`Draft::bind`], if one is.
    pub fn survey(&self) -> Option<Survey> {
        let items: Vec<_> =
            self.wanted().map(|(position, levels)| (self.variables[position].1.clone(), levels)).collect();
        (!items.is_empty()).then(|| Survey::new(items))
    }

    /// The design, from what the survey found (nothing when none was needed).
    ///
    /// # Errors
    /// When a factor has no or too many levels.
    pub fn bind(self, found: &[Found]) -> Result<Design> {
        let wanted: Vec<usize> = self.wanted().map(|(position, _)| position).collect();
        let mut variables = Vec::with_capacity(self.variables.len());
        for (position, (label, input, pending)) in self.variables.into_iter().enumerate() {
            let known = wanted.iter().position(|&w| w == position).and_then(|i| found.get(i));
            let kind = settle(&label, pending, known)?;
            variables.push(Variable { label, input, kind });
        }
        Ok(Design {
            formula: self.formula,
            intercept: self.intercept,
            variables,
            terms: self.terms,
            responses: self.responses,
            weights: self.weights,
            offset: self.offset,
        })
    }
}

impl Pending {
    /// Makes a factor the codes of its levels.
    fn count_levels(&mut self) {
        match self {
            Self::Known(VariableKind::Factor { levels, .. }) => {
                *self = Self::Known(VariableKind::Codes { levels: std::mem::take(levels) });
            }
            Self::Levels { codes } => *codes = true,
            _ => {}
        }
    }
}

fn settle(label: &str, pending: Pending, found: Option<&Found>) -> Result<VariableKind> {
    let levels = || match found {
        Some(Found::Levels(levels)) => levels.clone(),
        _ => Vec::new(),
    };
    Ok(match pending {
        Pending::Known(kind) => kind,
        Pending::Levels { codes: true } => VariableKind::Codes { levels: levels() },
        Pending::Levels { codes: false } => VariableKind::Factor { levels: levels(), merged: Vec::new() },
        Pending::LevelRange { low, high, exclude } => level_range(label, &levels(), low, high, exclude)?,
        Pending::Range { low, high, exclude } => {
            let (least, most) = match found {
                Some(Found::Range(Some(range))) => *range,
                // nothing to count: one level that stays empty
                _ => (low.or(high).unwrap_or(0.0), high.or(low).unwrap_or(0.0)),
            };
            integers(label, low.unwrap_or(least), high.unwrap_or(most), exclude)?
        }
    })
}

fn integers(label: &str, low: f64, high: f64, exclude: bool) -> Result<VariableKind> {
    let (low, high) = (low.floor(), high.floor());
    if !(low.is_finite() && high.is_finite() && low <= high) {
        return Err(Error::Variable {
            variable: label.to_owned(),
            role: "a factor of integers",
            reason: format!(
                "its range is {low} to {high}; give F() a finite low and a high that is not below it"
            ),
        });
    }
    let levels = high - low + 1.0;
    if levels > MAX_INTEGERS as f64 {
        return Err(Error::TooManyLevels {
            variable: label.to_owned(),
            levels: levels as u64,
            limit: MAX_INTEGERS as u64,
            remedy: "give F() a narrower low and high",
        });
    }
    Ok(VariableKind::Integers { low: low as i64, high: high as i64, exclude })
}

fn level_range(
    label: &str,
    levels: &[String],
    low: Option<f64>,
    high: Option<f64>,
    exclude: bool,
) -> Result<VariableKind> {
    let count = levels.len();
    let bound = |value: Option<f64>, default: usize| value.map_or(default, |v| v.max(0.0) as usize);
    let low = bound(low, 1).max(1);
    let high = bound(high, count).min(count);
    if low > high {
        return Err(Error::Variable {
            variable: label.to_owned(),
            role: "a range of levels",
            reason: format!("the factor has {count} levels, numbered from 1; none is within the range"),
        });
    }
    let last = (high - low) as u32;
    let mut merged = Vec::new();
    if !exclude {
        merged.extend(levels[..low - 1].iter().map(|level| (level.clone(), 0)));
        merged.extend(levels[high..].iter().map(|level| (level.clone(), last)));
    }
    Ok(VariableKind::Factor { levels: levels[low - 1..high].to_vec(), merged })
}

fn resolve(written: &Written, schema: &Schema) -> Result<(Input, Pending)> {
    let field =
        |column: &str| -> Result<&Field> { Ok(schema.field(engine::source::index_of(schema, column)?)) };
    Ok(match written {
        Written::Column(column) => (Input::Column(column.clone()), plain(field(column)?)?),
        Written::Numeric { column } => {
            let field = field(column)?;
            let pending = match plain(field)? {
                Pending::Known(VariableKind::Factor { levels, .. }) => {
                    Pending::Known(VariableKind::Codes { levels })
                }
                Pending::Levels { .. } => Pending::Levels { codes: true },
                number => number,
            };
            (Input::Column(column.clone()), pending)
        }
        Written::Factor { column, low, high, exclude } => {
            let field = field(column)?;
            let (low, high, exclude) = (*low, *high, *exclude);
            let pending = match plain(field)? {
                Pending::Known(VariableKind::Factor { levels, .. }) => {
                    Pending::Known(level_range(&written.label(), &levels, low, high, exclude)?)
                }
                Pending::Levels { .. } => Pending::LevelRange { low, high, exclude },
                _ => {
                    let stored = xdf::metadata::low_high(field);
                    let low = low.or(stored.map(|(low, _)| low));
                    let high = high.or(stored.map(|(_, high)| high));
                    Pending::Range { low, high, exclude }
                }
            };
            (Input::Column(column.clone()), pending)
        }
        Written::Computed { expr, .. } => {
            let bound = expr.bind(schema).map_err(engine::Error::from)?;
            let field = Field::new(written.label(), bound.data_type().clone(), true);
            (expression(expr), plain(&field)?)
        }
    })
}

fn expression(expr: &Expr) -> Input {
    expr.as_column()
        .map_or_else(|| Input::Expression(expr.to_string()), |name| Input::Column(name.to_owned()))
}

/// What a column is without `F()` or `N()` around it.
fn plain(field: &Field) -> Result<Pending> {
    let data_type = field.data_type();
    if engine::factor::is_factor(data_type) {
        return Ok(match xdf::metadata::levels(field) {
            Some(levels) => Pending::Known(VariableKind::Factor { levels, merged: Vec::new() }),
            None => Pending::Levels { codes: false },
        });
    }
    if *data_type == DataType::Utf8 {
        return Ok(Pending::Levels { codes: false });
    }
    if is_number(data_type) {
        return Ok(Pending::Known(VariableKind::Numeric));
    }
    Err(Error::Variable {
        variable: field.name().clone(),
        role: "a variable of a model",
        reason: format!("it is of type {data_type}; numbers, logicals, dates, texts and factors can be used"),
    })
}
