//! Inputs that are databases.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use sqlbridge::{ConnectionString, Query, SqlServer, SqlSource};

use crate::args::Reading;
use crate::failure::Usage;
use crate::input::Source;

/// The variable that names a file with the password.
const PASSWORD_FILE: &str = "XDF_SQL_PASSWORD_FILE";
const PASSWORD: &str = "XDF_SQL_PASSWORD";
/// Rows of a batch on the way, where nothing is said.
const ROWS_PER_READ: usize = 65_536;

/// Whether an input names a database instead of a file.
pub(crate) fn is_database(input: &Path) -> bool {
    input
        .to_str()
        .is_some_and(|text| ["mssql://", "sqlserver://"].iter().any(|scheme| text.starts_with(scheme)))
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
    let database = server(&input.to_string_lossy())?;
    Ok(Arc::new(SqlSource::open(Arc::new(database), query, reading.rows_per_read.unwrap_or(ROWS_PER_READ))?))
}

/// The server of a URL. Passwords come from the environment, from a file, or are asked for.
pub(crate) fn server(url: &str) -> anyhow::Result<SqlServer> {
    let string = ConnectionString::parse(url)?;
    if string.has_secret() {
        let reason = format!(
            "the password stands on the command line, where everybody on this machine can read it; set {PASSWORD}, or \
             {PASSWORD_FILE} to a file with it, or leave it out to be asked"
        );
        return Err(Usage(reason).into());
    }
    let file_error = RefCell::new(None);
    let database = SqlServer::with_environment(&string, |name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty());
        if name != PASSWORD || value.is_some() {
            return value;
        }
        match std::env::var_os(PASSWORD_FILE) {
            Some(path) => std::fs::read_to_string(&path)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| {
                    *file_error.borrow_mut() =
                        Some(format!("{PASSWORD_FILE}: {}: {error}", Path::new(&path).display()));
                })
                .ok(),
            None if std::io::stdin().is_terminal() => rpassword::prompt_password("Password: ").ok(),
            None => None,
        }
    });
    match file_error.into_inner() {
        Some(reason) => Err(Usage(reason).into()),
        None => Ok(database?),
    }
}
