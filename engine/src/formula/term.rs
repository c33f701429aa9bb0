//! Terms and the variables they are made of.

use std::collections::HashSet;
use std::fmt::{self, Write};

use crate::expr::Expr;
use crate::syntax::quote_name;

/// One summand: a variable, or the interaction of several in written order.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The variables, each once; never empty.
    pub variables: Vec<Variable>,
}

impl Term {
    /// The labels of the variables joined by a colon: `ArrDelay:DayOfWeek`.
    pub fn label(&self) -> String {
        let labels: Vec<String> = self.variables.iter().map(Variable::label).collect();
        labels.join(":")
    }

    /// The names of the columns it reads, each once.
    pub fn columns(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let all = self.variables.iter().flat_map(Variable::columns);
        all.filter(|column| seen.insert(column.clone())).collect()
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, variable) in self.variables.iter().enumerate() {
            if i > 0 {
                f.write_char(':')?;
            }
            write!(f, "{variable}")?;
        }
        Ok(())
    }
}

/// A factor of a term, or a response.
#[derive(Debug, Clone, PartialEq)]
pub enum Variable {
    /// A column as it is.
    Column(String),
    /// `F(x, low, high, exclude)`: a factor with one level for each integer from `low` to `high`; x in
    /// `[n, n + 1)` belongs to n. On a factor, the 1-based levels `low` to `high`.
    Factor {
        /// The column.
        column: String,
        /// The first integer; by default the stored low of the column.
        low: Option<f64>,
        /// The last integer; by default the stored high of the column.
        high: Option<f64>,
        /// Whether values outside of the range become missing (the default), or the nearest level.
        exclude: bool,
    },
    /// `N(x)`: the number of a factor, its 1-based code.
    Numeric {
        /// The column.
        column: String,
    },
    /// A function of columns, such as `log(x)` or `I(x^2)`.
    Computed {
        /// The function.
        expr: Expr,
        /// Its canonical text, which is its name.
        name: String,
    },
}

impl Variable {
    /// The name in printed results: `x`, `F_age`, `F_age_30_39_T`, `N_x`, `log(x)`.
    pub fn label(&self) -> String {
        match self {
            Self::Factor { column, low: None, high: None, exclude: true } => format!("F_{column}"),
            Self::Factor { column, low, high, exclude } => {
                let bound =
                    |bound: &Option<f64>| bound.map_or_else(|| "NA".to_owned(), |number| number.to_string());
                format!("F_{column}_{}_{}_{}", bound(low), bound(high), if *exclude { "T" } else { "F" })
            }
            Self::Numeric { column } => format!("N_{column}"),
            Self::Column(name) | Self::Computed { name, .. } => name.clone(),
        }
    }

    /// The names of the columns it reads, each once.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Column(column) | Self::Factor { column, .. } | Self::Numeric { column } => {
                vec![column.clone()]
            }
            Self::Computed { expr, .. } => expr.columns(),
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => f.write_str(&quote_name(name)),
            Self::Factor { column, low, high, exclude } => {
                write!(f, "F({}", quote_name(column))?;
                if let Some(low) = low {
                    write!(f, ", low = {low}")?;
                }
                if let Some(high) = high {
                    write!(f, ", high = {high}")?;
                }
                if !exclude {
                    f.write_str(", exclude = FALSE")?;
                }
                f.write_char(')')
            }
            Self::Numeric { column } => write!(f, "N({})", quote_name(column)),
            Self::Computed { name, .. } => f.write_str(name),
        }
    }
}
