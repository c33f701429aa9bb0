//! Inputs that are databases.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use sqlbridge::{ConnectionString, Database, Query, SqlServer, SqlSource};

use crate::args::Reading;
use crate::failure::Usage;
use crate::input::Source;

/// The variable that names a file with the password.
const PASSWORD_FILE: &str = "XDF_SQL_PASSWORD_FILE";
const PASSWORD: &str = "XDF_SQL_PASSWORD";
/// What stands before a connection string of ODBC.
const ODBC: &str = "odbc:";
/// Rows of a batch on the way, where nothing is said.
const ROWS_PER_READ: usize = 65_536;

/// Whether an input names a database instead of a file: a URL of any scheme, or `odbc:`.
pub(crate) fn is_database(input: &Path) -> bool {
    input.to_str().is_some_and(|text| {
        text.starts_with(ODBC)
            || text
                .split_once("://")
                .is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric()))
    })
}

/// Opens a query or a table.
pub(crate) fn open(inputs: &[std::path::PathBuf], reading: &Reading) -> anyhow::Result<Source> {
    let [input] = inputs else {
        return Err(Usage("a database is read alone; read several by several commands".into()).into());
    };
    let query = match (&reading.query, &reading.sql_table) {
        (Some(sql), _) => Query::Sql(sql.clone()),
        (None, Some(table)) => Query::Table(table.clone()),
        (None, None) => {
            return Err(
                Usage("say what to read of the database: --query SQL or --sql-table NAME".into()).into()
            );
        }
    };
    let database = named(&input.to_string_lossy())?;
    Ok(Arc::new(SqlSource::open(database, query, reading.rows_per_read.unwrap_or(ROWS_PER_READ))?))
}

/// The database of a URL, or of a connection string after `odbc:`. Passwords come from the environment, from a file, or
/// are asked for.
pub(crate) fn named(address: &str) -> anyhow::Result<Arc<dyn Database>> {
    match address.strip_prefix(ODBC) {
        Some(string) => odbc(string),
        None => Ok(Arc::new(server(address)?)),
    }
}

#[cfg(feature = "odbc")]
fn odbc(string: &str) -> anyhow::Result<Arc<dyn Database>> {
    use sqlbridge::odbc::{OdbcDatabase, OdbcOptions};

    let database = OdbcDatabase::new(string, OdbcOptions::default())?;
    if database.has_secret() {
        return Err(public_password());
    }
    // a data source may have its password, and SQLite has none
    Ok(Arc::new(match password(database.has_user())? {
        Some(password) if database.has_user() => database.with_password(&password),
        _ => database,
    }))
}

#[cfg(not(feature = "odbc"))]
fn odbc(_string: &str) -> anyhow::Result<Arc<dyn Database>> {
    Err(Usage("this program was built without ODBC; build it with the feature odbc".into()).into())
}

fn server(url: &str) -> anyhow::Result<SqlServer> {
    let string = ConnectionString::parse(url)?;
    if string.has_secret() {
        return Err(public_password());
    }
    let failure = RefCell::new(None);
    let database = SqlServer::with_environment(&string, |name| {
        if name != PASSWORD {
            return variable(name);
        }
        password(true).unwrap_or_else(|error| {
            *failure.borrow_mut() = Some(error);
            None
        })
    });
    match failure.into_inner() {
        Some(error) => Err(error),
        None => Ok(database?),
    }
}

fn public_password() -> anyhow::Error {
    let reason = format!(
        "the password stands on the command line, where everybody on this machine can read it; set {PASSWORD}, or \
         {PASSWORD_FILE} to a file with it, or leave it out to be asked"
    );
    Usage(reason).into()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The password that the environment has or names a file for, or that is typed where `ask`.
fn password(ask: bool) -> anyhow::Result<Option<String>> {
    if let Some(password) = variable(PASSWORD) {
        return Ok(Some(password));
    }
    match std::env::var_os(PASSWORD_FILE) {
        Some(path) => match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => {
                Err(Usage(format!("{PASSWORD_FILE}: {}: {error}", Path::new(&path).display())).into())
            }
        },
        None if ask && std::io::stdin().is_terminal() => Ok(rpassword::prompt_password("Password: ").ok()),
        None => Ok(None),
    }
}
