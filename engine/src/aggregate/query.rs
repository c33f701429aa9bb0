//! What is asked of a server, and its answer.

use crate::aggregate::{Scalar, Test};
use crate::{Error, Result};

/// Sums over the rows of a table, by the cells of some keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Columns computed from the table, then from those before; only the first stage reads columns of the table.
    pub stages: Vec<Stage>,
    /// Columns of the stages, by whose values the rows are grouped. Rows whose keys are missing are a group of their own.
    pub keys: Vec<String>,
    /// Sums within each group.
    pub sums: Vec<Sum>,
}

/// Columns that are computed together; those of earlier stages stay.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stage {
    /// Names, each once in a query, with their values.
    pub columns: Vec<(String, Scalar)>,
    /// What is true of the rows that go on, in terms of earlier stages; `None` for all rows.
    pub keep: Option<Test>,
}

/// A number for each group. Missing values do not take part.
#[derive(Debug, Clone, PartialEq)]
pub enum Sum {
    /// How many rows there are.
    Rows,
    /// The sum; 0 without values.
    Of(Scalar),
    /// The smallest value; NaN without values.
    Min(Scalar),
    /// The largest value; NaN without values.
    Max(Scalar),
}

/// The groups of a query with their keys and sums.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// For each key its value in each group.
    pub keys: Vec<Key>,
    /// For each sum its value in each group. Without keys there is one group, also of no rows.
    pub sums: Vec<Vec<f64>>,
}

/// The values of a key, one for each group.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// Numbers, NaN where missing.
    Numbers(Vec<f64>),
    /// Texts, `None` where missing.
    Texts(Vec<Option<String>>),
}

impl Answer {
    /// How many groups there are.
    pub fn groups(&self) -> usize {
        match (self.keys.first(), self.sums.first()) {
            (Some(Key::Numbers(numbers)), _) => numbers.len(),
            (Some(Key::Texts(texts)), _) => texts.len(),
            (None, Some(sums)) => sums.len(),
            (None, None) => 0,
        }
    }

    /// A sum over all groups.
    pub fn total(&self, sum: usize) -> f64 {
        self.sums.get(sum).map_or(f64::NAN, |sums| sums.iter().sum())
    }

    /// The sum of a group.
    pub fn sum(&self, sum: usize, group: usize) -> f64 {
        self.sums.get(sum).and_then(|sums| sums.get(group)).copied().unwrap_or(f64::NAN)
    }

    /// A key that is a number, in a group; NaN where it is missing.
    pub fn number(&self, key: usize, group: usize) -> f64 {
        match self.keys.get(key) {
            Some(Key::Numbers(numbers)) => numbers.get(group).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        }
    }

    /// A key that is a code, in a group.
    ///
    /// # Errors
    /// When it is missing or not a whole number from 0 to `levels` − 1.
    pub fn code(&self, key: usize, group: usize, levels: usize) -> Result<usize> {
        let number = self.number(key, group);
        if number.fract() == 0.0 && number >= 0.0 && number < levels as f64 {
            return Ok(number as usize);
        }
        Err(Error::InvalidOption {
            option: "push-down".into(),
            reason: format!("the database answered {number} where a code below {levels} was asked for"),
        })
    }
}
