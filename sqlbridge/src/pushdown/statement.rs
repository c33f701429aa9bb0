//! From a query to `SELECT` statements.
//!
//! The stages of a query are derived tables, one in the other, so that an expression is written once and its name used
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
        let mut from = self.base()?;
        for (place, stage) in query.stages.iter().enumerate() {
            from = format!("({})", self.stage(&writer, stage, &from, place)?);
        }
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
            let mut sql =
                format!("SELECT {}\nFROM {from} AS {}", columns.join(", "), self.dialect.quoted("q"));
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

    /// The table with its selections and computed columns.
    fn base(&self) -> engine::Result<String> {
        let mut from = self.from.clone();
        // a column is computed from those before it
        let mut known = Writer { dialect: self.dialect, computed: Vec::new() };
        let mut names = self.columns.clone();
        for (place, step) in self.steps.iter().enumerate() {
            let alias = self.dialect.quoted(&format!("r{place}"));
            from = match step {
                Step::Select(test) => {
                    format!("(SELECT * FROM {from} AS {alias} WHERE {})", known.test(test)?)
                }
                Step::Compute(name, scalar) => {
                    let value = known.scalar(scalar)?;
                    names.retain(|known| known != name);
                    let mut columns: Vec<String> =
                        names.iter().map(|name| self.dialect.quoted(name)).collect();
                    columns.push(format!("{value} AS {}", self.dialect.quoted(name)));
                    names.push(name.clone());
                    known.computed.push(name.clone());
                    format!("(SELECT {} FROM {from} AS {alias})", columns.join(", "))
                }
            };
        }
        Ok(from)
    }

    fn stage(&self, writer: &Writer, stage: &Stage, from: &str, place: usize) -> engine::Result<String> {
        let alias = self.dialect.quoted(&format!("t{place}"));
        let mut columns = Vec::with_capacity(stage.columns.len() + 1);
        if place > 0 {
            columns.push(format!("{alias}.*"));
        }
        for (name, scalar) in &stage.columns {
            columns.push(format!("{} AS {}", writer.scalar(scalar)?, self.dialect.quoted(name)));
        }
        if columns.is_empty() {
            // a stage needs a column
            columns.push(format!("1 AS {}", self.dialect.quoted("one")));
        }
        let mut sql = format!("SELECT {} FROM {from} AS {alias}", columns.join(", "));
        if let Some(test) = &stage.keep {
            sql += " WHERE ";
            sql += &writer.test(test)?;
        }
        if stage.columns.iter().any(|(_, scalar)| is_dear(scalar)) {
            sql.push_str(match self.dialect {
                Dialect::PostgreSql => " OFFSET 0",
                Dialect::Sqlite => " LIMIT -1",
                Dialect::MariaDb => " LIMIT 18446744073709551615",
                Dialect::SqlServer | Dialect::DuckDb | Dialect::Standard => "",
            });
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

/// Whether a value is worth computing once.
fn is_dear(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Math(..) | Scalar::Power(..) => true,
        Scalar::Binary(_, a, b) => is_dear(a) || is_dear(b),
        Scalar::Case(branches, otherwise) => {
            branches.iter().any(|(_, value)| is_dear(value)) || is_dear(otherwise)
        }
        _ => false,
    }
}
