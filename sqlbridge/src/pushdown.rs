//! Sums that a database computes, in its own dialect: push-down.
//!
//! [`PushDown`] answers the engine's [`Query`]s by one `SELECT` each, so that any algorithm that is
//! [`Aggregated`](engine::aggregate::Aggregated) runs over rows that stay in the database. What travels are statements one
//! way and sums the other way. `docs/sql.md` says what can be pushed down.
//!
//! ```no_run
//! # fn connected() -> Box<dyn sqlbridge::Session> { unimplemented!() }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use engine::aggregate::Server;
//! use sqlbridge::PushDown;
//!
//! let mut flights = PushDown::table(connected(), "dbo.flights")?;
//! flights.select(&engine::expr::Expr::parse("Cancelled == 0")?)?;
//! println!("{}", flights.schema());
//! # Ok(())
//! # }
//! ```

mod answer;
mod statement;
mod write;

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::aggregate::{Answer, Query, Scalar, Server, Test};
use engine::expr::Expr;

use crate::{Dialect, Result, Session};
use statement::Statement;

/// A table or query of a database, whose sums the database computes.
pub struct PushDown {
    session: Box<dyn Session>,
    rows: Rows,
    /// What was answered before: means do not change from pass to pass.
    known: Vec<(Query, Answer)>,
    statements: u64,
}

/// The rows that sums are over.
#[derive(Debug, Clone)]
struct Rows {
    dialect: Dialect,
    /// A table, or a query in parentheses.
    from: String,
    /// The columns of the table.
    columns: Vec<String>,
    /// Those after the steps.
    schema: SchemaRef,
    steps: Vec<Step>,
}

/// What is done with the rows before anything is added up.
#[derive(Debug, Clone)]
enum Step {
    Select(Test),
    Compute(String, Scalar),
}

impl PushDown {
    /// The rows of a table, such as `flights` or `dbo.flights`.
    ///
    /// # Errors
    /// When there is no such table, or it has a column of a type that cannot be read; leave that out by a query.
    pub fn table(session: Box<dyn Session>, table: &str) -> Result<Self> {
        let from = session.dialect().quoted_table(table);
        Self::over(session, from.clone(), &format!("SELECT * FROM {from}"))
    }

    /// The rows of a query, without an order of its own and without a semicolon.
    ///
    /// # Errors
    /// What the database says of the query; a column of a type that cannot be read.
    pub fn query(session: Box<dyn Session>, sql: &str) -> Result<Self> {
        // a comment at its end must not swallow the parenthesis
        Self::over(session, format!("({sql}\n)"), sql)
    }

    fn over(mut session: Box<dyn Session>, from: String, sql: &str) -> Result<Self> {
        let schema = session.describe(sql)?;
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        let rows = Rows { dialect: session.dialect(), from, columns, schema, steps: Vec::new() };
        Ok(Self { session, rows, known: Vec::new(), statements: 0 })
    }

    /// Makes a column of texts a factor of these levels, in this order. Other texts are missing.
    ///
    /// # Errors
    /// When there is no such column, or it is not of texts.
    pub fn set_levels(&mut self, column: &str, levels: &[&str]) -> Result<()> {
        let index = engine::source::index_of(&self.rows.schema, column)?;
        let field = self.rows.schema.field(index);
        if !write::is_text(field.data_type()) {
            return Err(engine::Error::ColumnType {
                column: column.to_owned(),
                found: field.data_type().to_string(),
                expected: "levels are given for texts".into(),
            }
            .into());
        }
        let factor = Field::new(column, engine::factor::factor_type(), true);
        let factor = xdf::metadata::set_levels(factor, levels);
        self.replace(index, factor);
        Ok(())
    }

    /// Keeps only the rows for which an expression is true.
    ///
    /// # Errors
    /// When it does not fit the columns, or has a function that databases do not share.
    pub fn select(&mut self, selection: &Expr) -> Result<()> {
        let bound = selection.bind(&self.rows.schema).map_err(engine::Error::from)?;
        self.rows.steps.push(Step::Select(bound.test()?));
        self.known.clear();
        Ok(())
    }

    /// Adds or replaces a column by an expression.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn compute(&mut self, name: &str, expression: &Expr) -> Result<()> {
        let bound = expression.bind(&self.rows.schema).map_err(engine::Error::from)?;
        let scalar = bound.scalar()?;
        // what is computed is a number or a text; true and false are 1 and 0
        let is_text = write::is_text(bound.data_type());
        let field = Field::new(name, if is_text { DataType::Utf8 } else { DataType::Float64 }, true);
        self.rows.steps.push(Step::Compute(name.to_owned(), scalar));
        let index = self.rows.schema.index_of(name).unwrap_or(self.rows.schema.fields().len());
        self.replace(index, field);
        Ok(())
    }

    fn replace(&mut self, index: usize, field: Field) {
        let mut fields: Vec<_> = self.rows.schema.fields().iter().cloned().collect();
        match fields.get_mut(index) {
            Some(known) => *known = Arc::new(field),
            None => fields.push(Arc::new(field)),
        }
        self.rows.schema = Arc::new(Schema::new(fields));
        self.known.clear();
    }

    /// How many statements the database has answered.
    pub fn statements(&self) -> u64 {
        self.statements
    }

    /// The connection again.
    pub fn into_session(self) -> Box<dyn Session> {
        self.session
    }
}

impl Server for PushDown {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.rows.schema)
    }

    fn ask(&mut self, query: &Query) -> engine::Result<Answer> {
        if let Some((_, answer)) = self.known.iter().find(|(known, _)| known == query) {
            return Ok(answer.clone());
        }
        let mut whole = Answer::default();
        for statement in self.rows.statements(query)? {
            let batch = self.session.query(&statement.sql)?;
            self.statements += 1;
            answer::add(&mut whole, &statement, &batch)?;
        }
        self.known.push((query.clone(), whole.clone()));
        Ok(whole)
    }
}
