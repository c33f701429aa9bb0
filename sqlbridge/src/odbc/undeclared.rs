//! Columns of SQLite that have no declared type: expressions, and the columns of views over them.
//!
//! SQLite knows the type of a value, not of an expression, and its driver calls every such column a text. So these columns
//! are looked through once before: the kinds of value that occur decide. The query then runs twice; a query of declared
//! columns does not.

use odbc_api::Cursor;

use super::columns::{self, Reading};
use super::fetch::Query;
use crate::{Dialect, Result};

/// How the columns without a declared type are to be read, by their indices.
pub(super) fn readings(query: &Query<'_>, sql: &str) -> Result<Vec<(usize, Reading)>> {
    if query.dialect != Dialect::Sqlite {
        return Ok(Vec::new());
    }
    let mut prepared = query.connection.prepare(sql).map_err(|error| query.target.error(error))?;
    let columns = columns::describe(&mut prepared, query.dialect, query.target)?;
    let open: Vec<_> = columns.iter().enumerate().filter(|(_, column)| column.undeclared).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let kinds = open.iter().map(|(_, column)| {
        format!("coalesce(group_concat(distinct typeof({})), '')", query.dialect.quoted(&column.name))
    });
    let inner = sql.trim_end().trim_end_matches(';');
    let question = format!("SELECT {} FROM ({inner}\n)", kinds.collect::<Vec<_>>().join(", "));
    let Ok(kinds) = row(query, &question, open.len()) else {
        // not every statement with rows can stand in another one: a PRAGMA cannot
        return Ok(Vec::new());
    };
    let readings = open.iter().zip(kinds).map(|((index, column), kinds)| {
        let has = |kind| kinds.split(',').any(|found| found == kind);
        let reading = if has("blob") {
            return Err(columns::refused(crate::SqlType::Binary, &column.name));
        } else if has("text") {
            column.reading
        } else if has("integer") && !has("real") {
            Reading::Int64
        } else {
            Reading::Float64
        };
        Ok((*index, reading))
    });
    readings.collect()
}

/// The texts of the only row of an answer.
fn row(query: &Query<'_>, sql: &str, columns: usize) -> Result<Vec<String>, odbc_api::Error> {
    let mut texts = vec![String::new(); columns];
    if let Some(mut answer) = query.connection.execute(sql, (), None)?
        && let Some(mut row) = answer.next_row()?
    {
        for (number, text) in (1u16..).zip(&mut texts) {
            let mut bytes = Vec::new();
            row.get_text(number, &mut bytes)?;
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    Ok(texts)
}
