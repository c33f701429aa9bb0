//! Tables and queries of databases.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use sqlbridge::odbc::{OdbcDatabase, OdbcOptions};
use sqlbridge::{ConnectionString, Database, IfExists, Query, Session, SqlServer, SqlSource};

use crate::arrow;
use crate::error::Failure;
use crate::in_database::InDatabase;
use crate::run::Pass;
use crate::source::Source;

/// What stands before a connection string of ODBC; after `ODBC_TRIMMED`, blanks at the end of texts are left out.
const ODBC: &str = "odbc:";
const ODBC_TRIMMED: &str = "odbc-trimmed:";

fn database(connection: &str, login: &[(String, String)]) -> sqlbridge::Result<Arc<dyn Database>> {
    for (scheme, trim_space) in [(ODBC, false), (ODBC_TRIMMED, true)] {
        if let Some(string) = connection.strip_prefix(scheme) {
            let options = OdbcOptions { trim_space, ..OdbcOptions::default() };
            return Ok(Arc::new(OdbcDatabase::new(string, options)?));
        }
    }
    let string = ConnectionString::parse(connection)?;
    let string = login.iter().fold(string, |string, (keyword, value)| string.with(keyword, value));
    Ok(Arc::new(SqlServer::new(&string)?))
}

/// Opens a table or a query of a database; `login` has keywords of the connection string that stand beside it. With
/// `stays`, models are fitted in the database where they can be.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the Python side names them")]
pub(crate) fn sql_source(
    py: Python<'_>,
    connection: &str,
    login: Vec<(String, String)>,
    table: Option<String>,
    query: Option<String>,
    rows_per_read: usize,
    stays: bool,
    pass: Pass,
) -> PyResult<Source> {
    let database = database(connection, &login).map_err(Failure::from)?;
    let query = match (table, query) {
        (Some(table), _) => Query::Table(table),
        (None, query) => Query::Sql(query.unwrap_or_default()),
    };
    pass.run(py, move |_, _| {
        if !stays {
            return Ok(Source::of(Arc::new(SqlSource::open(database, query, rows_per_read)?)));
        }
        let source = SqlSource::describe(Arc::clone(&database), query.clone(), rows_per_read)?;
        Ok(Source::of(Arc::new(source)).staying(InDatabase::new(database, query)))
    })
}

/// Writes a source to a table of a database: `if_exists` is fail, replace or append. Gives the rows written.
#[pyfunction]
pub(crate) fn sql_write(
    py: Python<'_>,
    source: &Source,
    connection: &str,
    login: Vec<(String, String)>,
    table: String,
    if_exists: &str,
    pass: Pass,
) -> PyResult<u64> {
    let database = database(connection, &login).map_err(Failure::from)?;
    let if_exists = match if_exists {
        "replace" => IfExists::Replace,
        "append" => IfExists::Append,
        _ => IfExists::Fail,
    };
    source.write_to(py, &pass, move |schema| Ok(database.sink(&table, schema, if_exists)?))
}

/// Does one thing on a connection of its own, which the pass can cancel.
fn in_session<T: Send>(
    py: Python<'_>,
    connection: &str,
    login: &[(String, String)],
    pass: &Pass,
    work: impl FnOnce(&mut dyn Session) -> sqlbridge::Result<T> + Send,
) -> PyResult<T> {
    let database = database(connection, login).map_err(Failure::from)?;
    pass.run(py, move |_, monitor| {
        let mut session = database.connect()?;
        session.watch(Arc::clone(monitor));
        Ok(work(session.as_mut())?)
    })
}

/// Runs a statement on a database: the table of its rows.
#[pyfunction]
pub(crate) fn sql_query(
    py: Python<'_>,
    connection: &str,
    login: Vec<(String, String)>,
    statement: String,
    pass: Pass,
) -> PyResult<PyTable> {
    let batch = in_session(py, connection, &login, &pass, |session| session.query(&statement))?;
    arrow::export(&batch.schema(), std::slice::from_ref(&batch))
}

/// Runs a statement on a database that gives no rows: how many it changed, where the server says.
#[pyfunction]
pub(crate) fn sql_execute(
    py: Python<'_>,
    connection: &str,
    login: Vec<(String, String)>,
    statement: String,
    pass: Pass,
) -> PyResult<Option<u64>> {
    in_session(py, connection, &login, &pass, |session| session.execute(&statement))
}
