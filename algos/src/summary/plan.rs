//! From the terms of a formula and a schema to what is done with each block.
//!
//! Variables that occur in several terms are evaluated once, and factors that are crossed in several terms number their
//! cells once: `incwage:F_age:sex + wkswork1:F_age:sex` has two numbers, two factors and one crossing.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Float64Array, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::aggregate::Scalar;
use engine::expr::BoundExpr;
use engine::factor::is_factor;
use engine::formula::{Formula, Term, Variable};
use engine::source::index_of;
use engine::stats::{Levels, widen};

use super::result::Unit;
use super::{Error, Result, SummaryOptions};
use crate::design::{code, integer_code};

/// How weights are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weighting {
    /// A row stands for that many equal rows.
    Frequency,
    /// A row stands for that many units of a population.
    Probability,
}

/// The part of the options that a pass depends on.
#[derive(Debug, Clone)]
pub(super) struct PlanOptions {
    pub(super) weighting: Option<(String, Weighting)>,
    pub(super) by_term: bool,
    pub(super) max_cells: usize,
    pub(super) full_grid: bool,
}

/// Lowest and highest integer of columns whose `F()` states none.
pub(super) type Ranges = HashMap<String, (f64, f64)>;

/// A numeric variable.
pub(super) struct Number {
    pub(super) label: String,
    pub(super) unit: Unit,
    value: NumberValue,
}

enum NumberValue {
    Column(usize),
    /// The 1-based codes of a factor.
    Codes(usize),
    Computed(Box<BoundExpr>),
}

/// A categorical variable.
pub(super) struct Category {
    pub(super) label: String,
    /// The levels, where they are known before reading.
    pub(super) levels: Option<Vec<String>>,
    value: CategoryValue,
}

enum CategoryValue {
    Column(usize),
    Computed(Box<BoundExpr>),
    /// One level for each integer from `low`.
    Integers {
        column: usize,
        low: f64,
        count: usize,
        exclude: bool,
    },
    /// The levels from position `low` of a factor.
    Limited {
        column: usize,
        low: i32,
        high: i32,
        exclude: bool,
    },
}

/// What a term needs.
pub(super) struct PlannedTerm {
    pub(super) name: String,
    pub(super) numbers: Vec<usize>,
    /// Position in [`Plan::crossings`].
    pub(super) crossing: Option<usize>,
}

/// What is done with each block.
pub(super) struct Plan {
    pub(super) numbers: Vec<Number>,
    pub(super) categories: Vec<Category>,
    /// Distinct lists of categories whose cells are numbered.
    pub(super) crossings: Vec<Vec<usize>>,
    pub(super) terms: Vec<PlannedTerm>,
    pub(super) weights: Option<(usize, String, Weighting)>,
    pub(super) options: PlanOptions,
}

/// The weights that the options ask for.
pub(super) fn weighting(options: &SummaryOptions) -> Result<Option<(String, Weighting)>> {
    match (&options.pweights, &options.fweights) {
        (Some(_), Some(_)) => Err(Error::Option {
            option: "pweights",
            reason: "probability and frequency weights exclude each other; give one of them".into(),
        }),
        (Some(column), None) => Ok(Some((column.clone(), Weighting::Probability))),
        (None, Some(column)) => Ok(Some((column.clone(), Weighting::Frequency))),
        (None, None) => Ok(None),
    }
}

/// The terms to summarize: `.` multiplied out without texts, and the response crossed with every term.
pub(super) fn requests(formula: &Formula, schema: &Schema) -> Result<Vec<Term>> {
    let wrong = |reason: &str| Error::Formula { formula: formula.text.clone(), reason: reason.into() };
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .filter(|field| *field.data_type() != DataType::Utf8)
        .map(|field| field.name().as_str())
        .collect();
    let formula = &formula.expand(&names).map_err(engine::Error::from)?;
    let response = match formula.response.as_slice() {
        [] if formula.terms.is_empty() => {
            return Err(wrong("there is nothing to summarize; name columns, or '.' for all"));
        }
        [] => return Ok(formula.terms.clone()),
        [response] => response,
        _ => return Err(wrong("a summary takes one response; write the variables as terms: ~ y1 + y2")),
    };
    if formula.terms.is_empty() {
        return Ok(vec![Term { variables: vec![response.clone()] }]);
    }
    let crossed = formula.terms.iter().map(|term| {
        let mut variables = vec![response.clone()];
        variables.extend(term.variables.iter().filter(|variable| *variable != response).cloned());
        Term { variables }
    });
    Ok(crossed.collect())
}

/// The columns that a pass over the terms reads.
pub(super) fn columns(terms: &[Term], options: &PlanOptions) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let weights = options.weighting.iter().map(|(column, _)| column.clone());
    for column in terms.iter().flat_map(Term::columns).chain(weights) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// Whether a variable of this type has levels.
pub(super) fn has_levels(data_type: &DataType) -> bool {
    is_factor(data_type) || *data_type == DataType::Utf8
}

enum Bound {
    Number(Number),
    Category(Category),
}

impl Plan {
    /// Binds terms to the columns of a batch.
    pub(super) fn bind(
        terms: &[Term],
        schema: &SchemaRef,
        ranges: &Ranges,
        options: &PlanOptions,
    ) -> Result<Self> {
        let weights = match &options.weighting {
            None => None,
            Some((column, weighting)) => Some((weight_column(schema, column)?, column.clone(), *weighting)),
        };
        let mut plan = Self {
            numbers: Vec::new(),
            categories: Vec::new(),
            crossings: Vec::new(),
            terms: Vec::new(),
            weights,
            options: options.clone(),
        };
        for term in terms {
            let mut numbers = Vec::new();
            let mut categories = Vec::new();
            for variable in &term.variables {
                match bind_variable(variable, schema, ranges, options)? {
                    Bound::Number(number) => {
                        numbers.push(position(&mut plan.numbers, number, |number| &number.label));
                    }
                    Bound::Category(category) => {
                        categories.push(position(&mut plan.categories, category, |category| &category.label));
                    }
                }
            }
            plan.check_grid(term, &categories)?;
            let crossing = (!categories.is_empty()).then(|| {
                plan.crossings.iter().position(|crossing| *crossing == categories).unwrap_or_else(|| {
                    plan.crossings.push(categories);
                    plan.crossings.len() - 1
                })
            });
            plan.terms.push(PlannedTerm { name: term.label(), numbers, crossing });
        }
        Ok(plan)
    }

    /// A full grid that is too large is refused before anything is read, where its size is known.
    fn check_grid(&self, term: &Term, categories: &[usize]) -> Result<()> {
        let sizes =
            categories.iter().map(|&category| self.categories[category].levels.as_ref().map(Vec::len));
        let cells = sizes
            .map(|size| size.map(|size| size as u64))
            .try_fold(1_u64, |cells, size| size.map(|size| cells.saturating_mul(size)));
        match cells {
            Some(cells) if self.options.full_grid && cells > self.options.max_cells as u64 => {
                Err(too_many_cells(&term.label(), cells, self.options.max_cells))
            }
            _ => Ok(()),
        }
    }
}

/// The error of a term whose cells do not fit.
pub(super) fn too_many_cells(term: &str, cells: u64, limit: usize) -> Error {
    Error::TooManyLevels {
        variable: term.to_owned(),
        levels: cells,
        limit: limit as u64,
        remedy: "leave empty cells out (remove_zero_counts), cross fewer factors, or allow more cells",
    }
}

fn position<T>(list: &mut Vec<T>, item: T, label: impl Fn(&T) -> &String) -> usize {
    list.iter().position(|existing| label(existing) == label(&item)).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn weight_column(schema: &Schema, column: &str) -> Result<usize> {
    let index = index_of(schema, column)?;
    let data_type = schema.field(index).data_type();
    if data_type.is_numeric() || *data_type == DataType::Boolean {
        return Ok(index);
    }
    Err(Error::Variable {
        variable: column.to_owned(),
        role: "a weight",
        reason: format!("it has type {data_type}; weights are numbers"),
    })
}

fn unit_of(data_type: &DataType) -> Option<Unit> {
    Some(match data_type {
        DataType::Date32 => Unit::Date,
        DataType::Timestamp(unit, zone) => Unit::Timestamp(*unit, zone.clone()),
        DataType::Boolean => Unit::Number,
        other if other.is_numeric() => Unit::Number,
        _ => return None,
    })
}

fn unusable(label: &str, data_type: &DataType) -> Error {
    Error::Variable {
        variable: label.to_owned(),
        role: "summarized",
        reason: format!(
            "it has type {data_type}; numbers, logicals, factors, texts, dates and timestamps can be"
        ),
    }
}

fn bind_variable(
    variable: &Variable,
    schema: &SchemaRef,
    ranges: &Ranges,
    options: &PlanOptions,
) -> Result<Bound> {
    let label = variable.label();
    let number = |value, unit| Bound::Number(Number { label: label.clone(), unit, value });
    let category = |value, levels| Bound::Category(Category { label: label.clone(), levels, value });
    match variable {
        Variable::Column(column) => {
            let index = index_of(schema, column)?;
            let field = schema.field(index);
            match unit_of(field.data_type()) {
                Some(unit) => Ok(number(NumberValue::Column(index), unit)),
                None if has_levels(field.data_type()) => {
                    Ok(category(CategoryValue::Column(index), known_levels(field)))
                }
                None => Err(unusable(&label, field.data_type())),
            }
        }
        Variable::Numeric { column } => {
            let index = index_of(schema, column)?;
            let data_type = schema.field(index).data_type();
            match unit_of(data_type) {
                Some(unit) => Ok(number(NumberValue::Column(index), unit)),
                None if is_factor(data_type) => Ok(number(NumberValue::Codes(index), Unit::Number)),
                None => Err(Error::Variable {
                    variable: label,
                    role: "numeric",
                    reason: format!("'{column}' has type {data_type}; N() takes a factor or a number"),
                }),
            }
        }
        Variable::Computed { expr, .. } => {
            let bound = expr.bind(schema).map_err(engine::Error::from)?;
            let data_type = bound.data_type().clone();
            match unit_of(&data_type) {
                Some(unit) => Ok(number(NumberValue::Computed(Box::new(bound)), unit)),
                None if has_levels(&data_type) => {
                    Ok(category(CategoryValue::Computed(Box::new(bound)), None))
                }
                None => Err(unusable(&label, &data_type)),
            }
        }
        Variable::Factor { column, low, high, exclude } => {
            let index = index_of(schema, column)?;
            let field = schema.field(index);
            if has_levels(field.data_type()) {
                return limited_factor(index, field, *low, *high, *exclude)
                    .map(|(value, levels)| category(value, levels));
            }
            if unit_of(field.data_type()) != Some(Unit::Number) {
                return Err(Error::Variable {
                    variable: label,
                    role: "a factor",
                    reason: format!(
                        "'{column}' has type {}; F() takes numbers and factors",
                        field.data_type()
                    ),
                });
            }
            let (stored_low, stored_high) = ranges.get(column).copied().unwrap_or((0.0, -1.0));
            let low = low.unwrap_or(stored_low).floor();
            let high = high.unwrap_or(stored_high).floor();
            let count = (high - low + 1.0).max(0.0);
            if count > options.max_cells as f64 {
                return Err(Error::TooManyLevels {
                    variable: label,
                    levels: count as u64,
                    limit: options.max_cells as u64,
                    remedy: "give its range, as in F(x, 1, 10)",
                });
            }
            let count = count as usize;
            let levels = (0..count).map(|i| (low + i as f64).to_string()).collect();
            Ok(category(
                CategoryValue::Integers { column: index, low, count, exclude: *exclude },
                Some(levels),
            ))
        }
    }
}

fn known_levels(field: &Field) -> Option<Vec<String>> {
    if is_factor(field.data_type()) { xdf::metadata::levels(field) } else { None }
}

fn limited_factor(
    column: usize,
    field: &Field,
    low: Option<f64>,
    high: Option<f64>,
    exclude: bool,
) -> Result<(CategoryValue, Option<Vec<String>>)> {
    let levels = known_levels(field);
    if low.is_none() && high.is_none() {
        return Ok((CategoryValue::Column(column), levels));
    }
    let Some(levels) = levels else {
        return Err(Error::Variable {
            variable: field.name().clone(),
            role: "a factor limited to some of its levels",
            reason: "its levels are not known before it is read; import it as a factor first".into(),
        });
    };
    let low = low.unwrap_or(1.0).floor().max(1.0) as usize;
    let high = (high.unwrap_or(levels.len() as f64).floor().max(0.0) as usize).min(levels.len());
    let kept = levels.get(low - 1..high).unwrap_or_default().to_vec();
    let (low, high) = (low as i32 - 1, high as i32 - 1);
    Ok((CategoryValue::Limited { column, low, high, exclude }, Some(kept)))
}

impl Number {
    /// The values of a batch. Infinite results of a computation are missing, as the logarithm of zero is.
    pub(super) fn evaluate(&self, batch: &RecordBatch) -> engine::Result<ArrayRef> {
        Ok(match &self.value {
            NumberValue::Column(index) => Arc::clone(batch.column(*index)),
            NumberValue::Codes(index) => match batch.column(*index).as_dictionary_opt::<Int32Type>() {
                Some(factor) => Arc::new(factor.keys().unary::<_, Int32Type>(|code| code.wrapping_add(1))),
                None => Arc::clone(batch.column(*index)),
            },
            NumberValue::Computed(expr) => {
                let values = expr.evaluate(batch)?;
                if !values.data_type().is_floating() {
                    return Ok(values);
                }
                let mut finite = Vec::new();
                widen(values.as_ref(), &mut finite)?;
                for value in &mut finite {
                    if value.is_infinite() {
                        *value = f64::NAN;
                    }
                }
                Arc::new(Float64Array::from(finite))
            }
        })
    }
}

impl Number {
    /// As a value of a row in a query.
    pub(super) fn scalar(&self, schema: &Schema) -> Result<Scalar> {
        match &self.value {
            NumberValue::Column(index) => Ok(column(schema, *index)),
            NumberValue::Codes(index) => {
                let levels = xdf::metadata::levels(schema.field(*index)).unwrap_or_default();
                Ok(code(&column(schema, *index), &levels, &[], &self.label)? + 1.0)
            }
            NumberValue::Computed(expr) => Ok(expr.scalar()?),
        }
    }
}

fn column(schema: &Schema, index: usize) -> Scalar {
    let field = schema.field(index);
    Scalar::Column(field.name().clone(), field.data_type().clone())
}

impl Category {
    /// The text of a row in a query.
    pub(super) fn text(&self, schema: &Schema) -> Result<Scalar> {
        match &self.value {
            CategoryValue::Computed(expr) => Ok(expr.scalar()?),
            CategoryValue::Column(index)
            | CategoryValue::Integers { column: index, .. }
            | CategoryValue::Limited { column: index, .. } => Ok(column(schema, *index)),
        }
    }

    /// The code of a row in a query, from 0; `levels` are those of the category.
    pub(super) fn scalar(&self, schema: &Schema, levels: &[String]) -> Result<Scalar> {
        let text = self.text(schema)?;
        match &self.value {
            CategoryValue::Column(_) | CategoryValue::Computed(_) => code(&text, levels, &[], &self.label),
            CategoryValue::Integers { count: 0, .. } => Ok(Scalar::Null),
            CategoryValue::Integers { low, count, exclude, .. } => {
                let low = *low as i64;
                Ok(integer_code(text, low, low + *count as i64 - 1, *exclude))
            }
            CategoryValue::Limited { column, low, high, exclude } => {
                let all = xdf::metadata::levels(schema.field(*column)).unwrap_or_default();
                let last = (*high - *low).max(0) as u32;
                let beyond = |(place, level): (i32, String)| {
                    let code = if place < *low { 0 } else { last };
                    (place < *low || place > *high).then_some((level, code))
                };
                let merged: Vec<(String, u32)> = if *exclude || high < low {
                    Vec::new()
                } else {
                    (0..).zip(all).filter_map(beyond).collect()
                };
                code(&text, levels, &merged, &self.label)
            }
        }
    }
}

impl Category {
    /// The levels that a worker starts from.
    pub(super) fn new_levels(&self) -> Levels {
        match &self.value {
            CategoryValue::Column(_) => Levels::new(self.levels.clone().unwrap_or_default()),
            _ => Levels::default(),
        }
    }

    /// The codes of a batch, null where the value is missing or excluded. `seen` collects levels that were not known.
    pub(super) fn codes(&self, batch: &RecordBatch, seen: &mut Levels) -> engine::Result<Int32Array> {
        match &self.value {
            CategoryValue::Column(index) => seen.codes(batch.column(*index).as_ref()),
            CategoryValue::Computed(expr) => seen.codes(expr.evaluate(batch)?.as_ref()),
            CategoryValue::Integers { column, low, count, exclude } => {
                let mut values = Vec::new();
                widen(batch.column(*column).as_ref(), &mut values)?;
                let last = *count as f64 - 1.0;
                let code = |value: &f64| {
                    let code = value.floor() - low;
                    if code.is_nan() || last < 0.0 || (*exclude && !(0.0..=last).contains(&code)) {
                        return None;
                    }
                    Some(code.clamp(0.0, last) as i32)
                };
                Ok(values.iter().map(code).collect())
            }
            CategoryValue::Limited { column, low, high, exclude } => {
                let Some(factor) = batch.column(*column).as_dictionary_opt::<Int32Type>() else {
                    return seen.codes(batch.column(*column).as_ref());
                };
                let code = |code: Option<i32>| {
                    let code = code?;
                    if high < low || (*exclude && !(*low..=*high).contains(&code)) {
                        return None;
                    }
                    Some(code.clamp(*low, *high) - low)
                };
                Ok(factor.keys().iter().map(code).collect())
            }
        }
    }
}
