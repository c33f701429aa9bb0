//! From a formula to columns.
//!
//! A formula names variables; a design knows what they are: numbers, or factors with these levels in this order. It is
//! made in two steps, because levels and ranges may not be known before the data have been read once:
//!
//! 1. [`Draft::new`] takes the formula apart and asks the schema (`xdf.levels`, `xdf.low`, `xdf.high`). What it does not
//!    find there is a [`Survey`], an accumulator for one pass.
//! 2. [`Draft::bind`] makes the [`Design`], which goes into the model: predictions need nothing else to turn rows of any
//!    source into the same columns.
//!
//! The columns themselves are never written out. A term is a combination of factors (its cells) and a product of numbers;
//! where it has factors, a row has one column that is not 0, and a code says which. `read.rs` makes codes and
//! numbers of a thousand rows at a time, in memory that is reused, straight from the narrow Arrow arrays.
//!
//! # Which rows count
//! A row with a missing value (null or NaN) in any variable or weight is left out and counted. Infinite values are taken
//! as they are; sums that they make infinite are an error. A level that the design does not know is missing.
//!
//! # Order of cells
//! In the cells of an interaction the first factor varies fastest, as in R.

mod addends;
mod asked;
mod check;
mod dense;
mod draft;
mod labels;
mod powers;
mod read;
mod stage;
mod survey;

use serde::{Deserialize, Serialize};

pub(crate) use addends::Addends;
pub(crate) use asked::{Census, MAX_TEXTS, code, integer_code};
pub(crate) use dense::{Dense, DenseReader};
pub use draft::{Draft, Extras, Weights};
pub(crate) use draft::{columns_read, usable};
pub(crate) use labels::INTERCEPT;
pub use labels::LabelStyle;
pub(crate) use read::{Reader, TILE, Tile};
pub(crate) use stage::{Next, Tiles};
pub use stage::{Outcome, Part, Stage};
pub(crate) use survey::texts_of;
pub use survey::{Found, Survey};

/// The variables and terms of a model, with everything that the data had to tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// The formula as written.
    pub formula: String,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// The variables of terms and responses, each once.
    pub variables: Vec<Variable>,
    /// The terms in written order.
    pub terms: Vec<Term>,
    /// The responses, as positions in `variables`.
    pub responses: Vec<usize>,
    /// The columns that weigh the rows.
    pub weights: Weights,
    /// The variable that is added to linear predictors without a coefficient, as a position in `variables`.
    #[serde(default)]
    pub offset: Option<usize>,
}

/// A variable of a design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name in results: `x`, `F_age`, `log(x)`.
    pub label: String,
    /// Where it comes from.
    pub input: Input,
    /// What it is.
    pub kind: VariableKind,
}

/// Where the values of a variable come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A column.
    Column(String),
    /// An expression over columns, as text.
    Expression(String),
}

/// What a variable is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum VariableKind {
    /// Numbers: logicals are 0 and 1, dates days and timestamps seconds since 1970-01-01.
    Numeric,
    /// The 1-based codes of a factor as numbers: `N(x)`.
    Codes {
        /// The levels in order.
        levels: Vec<String>,
    },
    /// A factor.
    Factor {
        /// The levels in order.
        levels: Vec<String>,
        /// Further texts and the level that they count as: `F(x, low, high, exclude = FALSE)` of a factor.
        merged: Vec<(String, u32)>,
    },
    /// A factor with a level for each integer of a range: `F(x)`. x in `[n, n + 1)` is of level n.
    Integers {
        /// The first integer.
        low: i64,
        /// The last integer.
        high: i64,
        /// Whether values outside are missing, or belong to the nearest level.
        exclude: bool,
    },
}

/// A term: the cells of its factors times the product of its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Its variables in written order, as positions in [`Design::variables`].
    pub variables: Vec<usize>,
}

impl VariableKind {
    /// Whether it is a factor, so that a term has a column for each of its levels.
    pub fn is_factor(&self) -> bool {
        matches!(self, Self::Factor { .. } | Self::Integers { .. })
    }

    /// How many levels; 1 for numbers.
    pub fn cells(&self) -> usize {
        match self {
            Self::Numeric | Self::Codes { .. } => 1,
            Self::Factor { levels, .. } => levels.len(),
            Self::Integers { low, high, .. } => usize::try_from(high - low + 1).unwrap_or(0),
        }
    }

    /// The text of a level, from 0.
    pub fn level(&self, code: usize) -> String {
        match self {
            Self::Numeric | Self::Codes { .. } => String::new(),
            Self::Factor { levels, .. } => levels.get(code).cloned().unwrap_or_default(),
            Self::Integers { low, .. } => (low + code as i64).to_string(),
        }
    }
}

impl Design {
    /// The factors of a term, as positions in `variables`.
    pub fn factors<'a>(&'a self, term: &'a Term) -> impl Iterator<Item = usize> + 'a {
        term.variables.iter().copied().filter(|&variable| self.is_factor(variable))
    }

    /// The numbers of a term, as positions in `variables`.
    pub fn numbers<'a>(&'a self, term: &'a Term) -> impl Iterator<Item = usize> + 'a {
        term.variables.iter().copied().filter(|&variable| !self.is_factor(variable))
    }

    /// How many columns a term has.
    pub fn cells(&self, term: &Term) -> usize {
        self.factors(term).map(|variable| self.variables[variable].kind.cells()).product()
    }

    /// Whether a term consists of factors only.
    pub fn is_categorical(&self, term: &Term) -> bool {
        self.numbers(term).next().is_none()
    }

    pub(crate) fn is_factor(&self, variable: usize) -> bool {
        self.variables[variable].kind.is_factor()
    }

    /// The design of some of the terms, in this order, with all of the variables.
    pub(crate) fn with_terms(&self, terms: &[usize], formula: &str) -> Self {
        let terms = terms.iter().map(|&term| self.terms[term].clone()).collect();
        Self { formula: formula.to_owned(), terms, ..self.clone() }
    }

    /// The design without the variables that it does not use.
    pub(crate) fn pruned(mut self) -> Self {
        let mut used = vec![false; self.variables.len()];
        let terms = self.terms.iter().flat_map(|term| &term.variables);
        terms.chain(&self.responses).chain(&self.offset).for_each(|&variable| used[variable] = true);
        let places: Vec<usize> = used
            .iter()
            .scan(0, |place, &used| {
                let own = *place;
                *place += usize::from(used);
                Some(own)
            })
            .collect();
        let terms = self.terms.iter_mut().flat_map(|term| &mut term.variables);
        for variable in terms.chain(&mut self.responses).chain(&mut self.offset) {
            *variable = places[*variable];
        }
        let mut is_used = used.into_iter();
        self.variables.retain(|_| is_used.next().unwrap_or(false));
        self
    }

    /// The codes of a term's factors in one of its cells, in the order of [`Design::factors`].
    pub(crate) fn codes_of(&self, term: &Term, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        self.factors(term)
            .map(|variable| {
                let cells = self.variables[variable].kind.cells().max(1);
                let code = rest % cells;
                rest /= cells;
                code
            })
            .collect()
    }

    /// The variables of terms and of the offset, ascending: those that linear predictors are made of.
    pub(crate) fn variables_read(&self) -> Vec<usize> {
        let terms = self.terms.iter().flat_map(|term| term.variables.iter().copied());
        let mut variables: Vec<usize> = terms.chain(self.offset).collect();
        variables.sort_unstable();
        variables.dedup();
        variables
    }

    /// The names of the responses.
    pub fn response_names(&self) -> Vec<String> {
        self.responses.iter().map(|&variable| self.variables[variable].label.clone()).collect()
    }

    /// The columns that the terms read.
    pub fn term_columns(&self) -> Vec<String> {
        self.columns_of(self.terms.iter().flat_map(|term| term.variables.iter().copied()))
    }

    /// The columns that the responses read.
    pub fn response_columns(&self) -> Vec<String> {
        self.columns_of(self.responses.iter().copied())
    }

    /// The columns that the offset reads.
    pub fn offset_columns(&self) -> Vec<String> {
        self.columns_of(self.offset.into_iter())
    }

    fn columns_of(&self, variables: impl Iterator<Item = usize>) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for variable in variables {
            for column in self.variables[variable].input.columns() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        columns
    }
}

impl Input {
    /// The columns that it reads.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Column(name) => vec![name.clone()],
            Self::Expression(text) => {
                engine::expr::Expr::parse(text).map(|expression| expression.columns()).unwrap_or_default()
            }
        }
    }
}
