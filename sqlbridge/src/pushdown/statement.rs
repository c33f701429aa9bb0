//! From a query to `SELECT` statements.
//!
//! The stages of a query are derived tables, each over the one before, so that an expression is written once and its name used
//! where it is needed. Some databases would put the expressions back in the place of their names, and compute them again for
//! each use; a limit that limits nothing keeps them from that where it is worth it.

use engine::aggregate::{Query, Scalar, Stage, Sum};

use super::write::{Writer, is_text_scalar};
use super::{Rows, Step};
use crate::Dialect;

/// Sums that one statement may have; more are asked for by several. `PostgreSQL` has 1664 columns, SQL Server 4096.
const MOST_SUMS: usize = 600;

/// A statement, and what its columns are: keys first, then sums.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// Its text.
    pub(super) sql: String,
    /// For each key whether it is a text.
    pub(super) text_keys: Vec<bool>,
    /// How many sums.
    pub(super) sums: usize,
    /// For each sum whether none is 0.
    pub(super) empty_is_zero: Vec<bool>,
}

impl Rows {
    /// The statements that a query takes.
    ///
    /// # Errors
    /// When something in it has no equivalent in the dialect.
    pub(super) fn statements(&self, query: &Query) -> engine::Result<Vec<Statement>> {
        let writer = self.writer();
        let mut tables = self.base()?;
        for (place, stage) in query.stages.iter().enumerate() {
            tables.push(self.stage(&writer, stage, &self.from(&tables), place == 0)?);
        }
        let from = self.from(&tables);
        let tables = self.with(&tables);
        let scalar = |name: &String| {
            let columns = query.stages.iter().flat_map(|stage| &stage.columns);
            columns.rev().find(|(known, _)| known == name).map(|(_, scalar)| scalar)
        };
        let text_keys: Vec<bool> =
            query.keys.iter().map(|key| scalar(key).is_some_and(is_text_scalar)).collect();
        let keys: Vec<String> = query.keys.iter().map(|key| self.dialect.quoted(key)).collect();
        let chunks: Vec<&[Sum]> =
            if query.sums.is_empty() { vec![&[]] } else { query.sums.chunks(MOST_SUMS).collect() };
        let statement = |sums: &[Sum]| {
            let mut columns = keys.clone();
            for (place, sum) in sums.iter().enumerate() {
                columns.push(format!(
                    "{} AS {}",
                    self.sum(&writer, sum)?,
                    self.dialect.quoted(&format!("s{place}"))
                ));
            }
            let mut sql = format!("{tables}SELECT {}\nFROM {from}", columns.join(", "));
            if !keys.is_empty() {
                sql += "\nGROUP BY ";
                sql += &keys.join(", ");
            }
            let empty_is_zero = sums.iter().map(|sum| matches!(sum, Sum::Of(_))).collect();
            Ok(Statement { sql, text_keys: text_keys.clone(), sums: sums.len(), empty_is_zero })
        };
        chunks.into_iter().map(statement).collect()
    }

    fn writer(&self) -> Writer {
        let computed = |step: &Step| match step {
            Step::Compute(name, _) => Some(name.clone()),
            Step::Select(_) => None,
        };
        Writer { dialect: self.dialect, computed: self.steps.iter().filter_map(computed).collect() }
    }

    /// The name of a derived table.
    fn name(&self, place: usize) -> String {
        self.dialect.quoted(&format!("rxdf{place}"))
    }

    /// The last derived table, else the table itself.
    fn from(&self, tables: &[String]) -> String {
        match tables.len().checked_sub(1) {
            Some(last) => self.name(last),
            None => format!("{} AS {}", self.from, self.dialect.quoted("rxdf")),
        }
    }

    /// What comes before the `SELECT` that has the sums.
    fn with(&self, tables: &[String]) -> String {
        let tables: Vec<String> = tables
            .iter()
            .enumerate()
            .map(|(place, sql)| format!("{} AS ({sql})", self.name(place)))
            .collect();
        if tables.is_empty() { String::new() } else { format!("WITH {}\n", tables.join(",\n")) }
    }

    /// The table with its selections and computed columns.
    fn base(&self) -> engine::Result<Vec<String>> {
        let mut tables = Vec::new();
        // a column is computed from those before it
        let mut known = Writer { dialect: self.dialect, computed: Vec::new() };
        let mut names = self.columns.clone();
        for step in &self.steps {
            let from = self.from(&tables);
            tables.push(match step {
                Step::Select(test) => format!("SELECT * FROM {from} WHERE {}", known.test(test)?),
                Step::Compute(name, scalar) => {
                    let value = known.scalar(scalar)?;
                    names.retain(|known| known != name);
                    let mut columns: Vec<String> =
                        names.iter().map(|name| self.dialect.quoted(name)).collect();
                    columns.push(format!("{value} AS {}", self.dialect.quoted(name)));
                    names.push(name.clone());
                    known.computed.push(name.clone());
                    format!("SELECT {} FROM {from}", columns.join(", "))
                }
            });
        }
        Ok(tables)
    }

    /// A stage over a table. The first one leaves out the table's own columns.
    fn stage(&self, writer: &Writer, stage: &Stage, from: &str, is_first: bool) -> engine::Result<String> {
        let mut columns = Vec::with_capacity(stage.columns.len() + 1);
        if !is_first {
            columns.push(if stage.columns.is_empty() { "*".to_owned() } else { format!("{from}.*") });
        }
        for (name, scalar) in &stage.columns {
            columns.push(format!("{} AS {}", writer.scalar(scalar)?, self.dialect.quoted(name)));
        }
        if columns.is_empty() {
            // a stage needs a column
            columns.push(format!("1 AS {}", self.dialect.quoted("one")));
        }
        let mut sql = format!("SELECT {} FROM {from}", columns.join(", "));
        if let Some(test) = &stage.keep {
            sql += " WHERE ";
            sql += &writer.test(test)?;
        }
        if stage.columns.iter().any(|(_, scalar)| is_dear(scalar)) {
            sql += match self.dialect {
                Dialect::PostgreSql => " OFFSET 0",
                Dialect::Sqlite => " LIMIT -1",
                Dialect::MariaDb => " LIMIT 18446744073709551615",
                Dialect::SqlServer | Dialect::DuckDb | Dialect::Standard => "",
            };
        }
        Ok(sql)
    }

    fn sum(&self, writer: &Writer, sum: &Sum) -> engine::Result<String> {
        Ok(match sum {
            Sum::Rows if self.dialect == Dialect::SqlServer => "COUNT_BIG(*)".into(),
            Sum::Rows => "COUNT(*)".into(),
            Sum::Of(scalar) => format!("SUM({})", writer.scalar(scalar)?),
            Sum::Min(scalar) => format!("MIN({})", writer.scalar(scalar)?),
            Sum::Max(scalar) => format!("MAX({})", writer.scalar(scalar)?),
        })
    }
}

/// Operands above which a value is worth computing once.
const MANY_OPERANDS: usize = 24;

/// Whether a value is worth computing once.
fn is_dear(scalar: &Scalar) -> bool {
    has_function(scalar) || operands(scalar) > MANY_OPERANDS
}

fn has_function(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Math(..) | Scalar::Power(..) => true,
        Scalar::Binary(_, a, b) => has_function(a) || has_function(b),
        Scalar::Case(branches, otherwise) => {
            branches.iter().any(|(_, value)| has_function(value)) || has_function(otherwise)
        }
        _ => false,
    }
}

fn operands(scalar: &Scalar) -> usize {
    match scalar {
        Scalar::Binary(_, a, b) => operands(a) + operands(b),
        Scalar::Case(branches, otherwise) => {
            branches.iter().map(|(_, value)| 1 + operands(value)).sum::<usize>() + operands(otherwise)
        }
        _ => 1,
    }
}
