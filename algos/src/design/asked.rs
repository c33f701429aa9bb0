//! The rows of a design in queries: what [`Tile`](super::Tile) is to blocks.
//!
//! A first stage has a column for each variable, `v0`, `v1` and so on, of numbers or of codes from 0, and the weights; what
//! does not count is missing in it. [`Design::complete`] is true of the rows that count.

use arrow_schema::Schema;
use engine::Accumulator;
use engine::aggregate::{Compare, Math, Query, Scalar, Server, Stage, Sum, Test, not_pushed_down};
use engine::expr::Expr;

use super::{Design, Draft, Input, VariableKind};
use crate::{Error, Result};

/// The most texts that a factor may have in a query, which names each of them.
pub(crate) const MAX_TEXTS: usize = 2000;

/// The probability and the frequency of a row.
const WEIGHTS: [&str; 2] = ["wp", "wf"];

/// What is known of the rows before sums are asked for.
pub(crate) struct Census {
    /// Rows that count, zero weights included.
    pub(crate) valid: u64,
    /// Rows with a missing value.
    pub(crate) missing: u64,
    /// Rows of positive weight, or the sum of their frequencies.
    pub(crate) observations: f64,
    /// The means of some values over the rows that count; 0 where there is none.
    pub(crate) means: Vec<f64>,
}

impl Draft {
    /// The design, with levels and ranges that a server knows.
    ///
    /// # Errors
    /// As [`Draft::bind`]; the server's.
    pub(crate) fn bind_aggregated(self, server: &mut dyn Server) -> Result<Design> {
        let Some(mut survey) = self.survey() else { return self.bind(&[]) };
        survey.gather(server)?;
        self.bind(&survey.finish())
    }
}

impl Input {
    /// As a value of a row.
    pub(crate) fn scalar(&self, schema: &Schema) -> Result<Scalar> {
        match self {
            Self::Column(name) => {
                let index = engine::source::index_of(schema, name)?;
                Ok(Scalar::Column(name.clone(), schema.field(index).data_type().clone()))
            }
            Self::Expression(text) => {
                let expression = Expr::parse(text).map_err(engine::Error::from)?;
                Ok(expression.bind(schema).map_err(engine::Error::from)?.scalar()?)
            }
        }
    }
}

/// The code of a text among levels and texts that count as one of them.
pub(crate) fn code(
    text: &Scalar,
    levels: &[String],
    merged: &[(String, u32)],
    label: &str,
) -> Result<Scalar> {
    if levels.len() + merged.len() > MAX_TEXTS {
        let what = format!("'{label}', a factor of more than {MAX_TEXTS} levels,");
        return Err(not_pushed_down(what).into());
    }
    let levels = levels.iter().zip(0_u32..);
    let merged = merged.iter().map(|(level, code)| (level, *code));
    let branch = |(level, code): (&String, u32)| {
        (text.clone().is(Compare::Equal, Scalar::Text(level.clone())), Scalar::from(f64::from(code)))
    };
    let branches: Vec<_> = levels.chain(merged).map(branch).collect();
    Ok(if branches.is_empty() { Scalar::Null } else { Scalar::Case(branches, Box::new(Scalar::Null)) })
}

/// The code of a number among the integers of a range.
pub(crate) fn integer_code(number: Scalar, low: i64, high: i64, exclude: bool) -> Scalar {
    let (low, high) = (low as f64, high as f64);
    let floor = number.math(Math::Floor);
    let (below, above) =
        if exclude { (Scalar::Null, Scalar::Null) } else { (0.0.into(), (high - low).into()) };
    Scalar::Case(
        vec![
            (floor.clone().is(Compare::Less, low), below),
            (floor.clone().is(Compare::Greater, high), above),
        ],
        Box::new(floor - low),
    )
}

impl Design {
    /// The name of a variable in queries.
    pub(crate) fn name(variable: usize) -> String {
        format!("v{variable}")
    }

    /// The variables and weights of a row of a table with these columns.
    ///
    /// # Errors
    /// When one of them has no equivalent in queries.
    pub(crate) fn stage(&self, schema: &Schema) -> Result<Stage> {
        let mut columns = Vec::with_capacity(self.variables.len() + WEIGHTS.len());
        for (position, variable) in self.variables.iter().enumerate() {
            let value = variable.input.scalar(schema)?;
            let value = match &variable.kind {
                VariableKind::Numeric => value,
                VariableKind::Codes { levels } => code(&value, levels, &[], &variable.label)? + 1.0,
                VariableKind::Factor { levels, merged } => code(&value, levels, merged, &variable.label)?,
                VariableKind::Integers { low, high, exclude } => integer_code(value, *low, *high, *exclude),
            };
            columns.push((Self::name(position), value));
        }
        for (name, column) in self.weight_columns() {
            columns.push((name.to_owned(), Input::Column(column.clone()).scalar(schema)?));
        }
        Ok(Stage { columns, keep: None })
    }

    fn weight_columns(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let columns = [&self.weights.probability, &self.weights.frequency];
        WEIGHTS.into_iter().zip(columns).filter_map(|(name, column)| Some((name, column.as_ref()?)))
    }

    /// Whether a row counts.
    pub(crate) fn complete(&self) -> Test {
        let variables = (0..self.variables.len()).map(Self::name);
        let weights = self.weight_columns().map(|(name, _)| name.to_owned());
        let is_there = |name| Test::Not(Box::new(Test::IsMissing(Scalar::Named(name))));
        Test::And(variables.chain(weights).map(is_there).collect())
    }

    /// The weight of a row; `None` where all weigh 1.
    pub(crate) fn weight(&self) -> Option<Scalar> {
        self.weight_columns().map(|(name, _)| Scalar::named(name)).reduce(|product, weight| product * weight)
    }

    /// Counts the rows, checks their weights and takes the means of some products of variables.
    ///
    /// # Errors
    /// Weights that are none; what the server says.
    pub(crate) fn census(&self, server: &mut dyn Server, values: &[Vec<usize>]) -> Result<Census> {
        let counts = Scalar::choose(self.complete(), 1.0.into(), 0.0.into());
        let kept = |value: Scalar| {
            let counts = Scalar::named("counts").is(Compare::Equal, 1.0);
            Scalar::choose(counts, value, Scalar::Null)
        };
        let mut sums = vec![Sum::Rows, Sum::Of(Scalar::named("counts"))];
        sums.push(Sum::Of(match self.weight() {
            None => Scalar::named("counts"),
            Some(weight) => {
                let frequency =
                    self.weights.frequency.as_ref().map_or(1.0.into(), |_| Scalar::named(WEIGHTS[1]));
                kept(Scalar::choose(weight.is(Compare::Greater, 0.0), frequency, 0.0.into()))
            }
        }));
        for (name, _) in self.weight_columns() {
            let weight = Scalar::named(name);
            let fraction = weight.clone() - weight.clone().math(Math::Floor);
            sums.extend([Sum::Min(kept(weight.clone())), Sum::Max(kept(weight)), Sum::Max(kept(fraction))]);
        }
        let first_mean = sums.len();
        sums.extend(values.iter().map(|value| Sum::Of(kept(product(value)))));
        let stages = vec![
            self.stage(&server.schema())?,
            Stage { columns: vec![("counts".into(), counts)], keep: None },
        ];
        let answer = server.ask(&Query { stages, keys: Vec::new(), sums })?;
        let valid = answer.total(1);
        for (place, (name, column)) in self.weight_columns().enumerate() {
            let [least, most, fraction] = [0, 1, 2].map(|i| answer.total(3 + 3 * place + i));
            let whole = name != WEIGHTS[1] || fraction == 0.0;
            if valid > 0.0 && !(least >= 0.0 && most.is_finite() && whole) {
                let expected =
                    if name == WEIGHTS[1] { "whole numbers, 0 or more" } else { "finite, 0 or more" };
                return Err(Error::Variable {
                    variable: column.clone(),
                    role: "a weight",
                    reason: format!("its values lie between {least} and {most}; weights must be {expected}"),
                });
            }
        }
        let mean = |place: usize| answer.total(first_mean + place) / valid;
        Ok(Census {
            valid: valid as u64,
            missing: (answer.total(0) - valid) as u64,
            observations: answer.total(2),
            means: (0..values.len())
                .map(mean)
                .map(|mean| if mean.is_finite() { mean } else { 0.0 })
                .collect(),
        })
    }
}

impl Design {
    /// The linear predictor of a row, without an offset, of terms that have at most `most` cells. `value` is what stands for a
    /// variable: a number, or a code from 0. Coefficients of 0 and NaN have no part in it.
    ///
    /// # Errors
    /// A term of more cells.
    pub(crate) fn predictor(
        &self,
        intercept: bool,
        coefficients: &[f64],
        most: usize,
        value: &dyn Fn(usize) -> Scalar,
    ) -> Result<Scalar> {
        let (constant, mut rest) = coefficients.split_at(usize::from(intercept));
        let mut predictor = Scalar::Number(constant.first().copied().unwrap_or(0.0));
        for term in &self.terms {
            let (own, others) = rest.split_at(self.cells(term));
            rest = others;
            let numbers = self.numbers(term).map(value).reduce(|product, factor| product * factor);
            let factors: Vec<usize> = self.factors(term).collect();
            if own.len() > most {
                let what = format!("'{}', a term of more than {most} cells,", self.term_label(term));
                return Err(not_pushed_down(what).into());
            }
            let level = |variable: usize, code: usize| value(variable).is(Compare::Equal, code as f64);
            let cell = |cell: usize| {
                let codes = self.codes_of(term, cell);
                Test::And(factors.iter().zip(codes).map(|(&variable, code)| level(variable, code)).collect())
            };
            let known = |b: f64| if b.is_nan() { 0.0 } else { b };
            let slope = match own {
                [b] if factors.is_empty() => Scalar::Number(known(*b)),
                own => {
                    let branches: Vec<_> = own
                        .iter()
                        .enumerate()
                        .filter(|(_, b)| known(**b) != 0.0)
                        .map(|(place, &b)| (cell(place), Scalar::Number(b)))
                        .collect();
                    if branches.is_empty() {
                        continue;
                    }
                    Scalar::Case(branches, Box::new(Scalar::Number(0.0)))
                }
            };
            let addend = numbers.map_or(slope.clone(), |numbers| slope * numbers);
            predictor = predictor + addend;
        }
        Ok(predictor)
    }
}

/// The product of some variables.
pub(crate) fn product(variables: &[usize]) -> Scalar {
    let factors = variables.iter().map(|&variable| Scalar::Named(Design::name(variable)));
    factors.reduce(|product, factor| product * factor).unwrap_or(Scalar::Number(1.0))
}
