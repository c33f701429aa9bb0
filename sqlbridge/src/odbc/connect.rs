//! Connection strings of ODBC: what they name, what is added to them, and what of them must not be told.

use std::fmt;

use odbc_api::{Connection, ConnectionOptions};

use super::OdbcOptions;
use crate::{Dialect, Error, Result};

/// Where to connect and how.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) options: OdbcOptions,
    connection_string: String,
    secrets: Vec<String>,
    pub(super) has_user: bool,
}

/// Does not show the connection string, which may hold a password.
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Target")
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Keywords that a driver gets where the string does not have them.
struct Defaults {
    /// One of these is in the driver's name, in lower case.
    drivers: &'static [&'static str],
    keywords: &'static [(&'static str, &'static str)],
}

const DEFAULTS: &[Defaults] = &[
    Defaults {
        drivers: &["psqlodbc", "postgresql"],
        // without a cursor the driver holds the whole answer; logicals would come as the texts 0 and 1
        keywords: &[("UseDeclareFetch", "1"), ("Fetch", "4096"), ("BoolsAsChar", "0")],
    },
    Defaults {
        drivers: &["sqlite3"],
        // otherwise the whole answer is held as texts, and integers are cut to 32 bits
        keywords: &[("StepAPI", "1"), ("BigInt", "1")],
    },
];

impl Target {
    pub(super) fn new(connection_string: &str, options: OdbcOptions) -> Result<Self> {
        let pairs = pairs(connection_string)?;
        let value = |names: &[&str]| {
            let mut values = pairs.iter().filter(|(keyword, _)| names.contains(&keyword.as_str()));
            values.find(|(_, value)| !value.is_empty()).map(|(_, value)| value.clone())
        };
        let driver = value(&["driver"]);
        let dsn = value(&["dsn", "filedsn"]);
        let Some(what) = dsn.clone().or_else(|| driver.clone()) else {
            return Err(Error::Option {
                option: "ODBC connection string".into(),
                reason: "it names no database; write DSN=NAME;... or Driver=NAME OR PATH;...".into(),
            });
        };
        let place = [value(&["server", "servername", "host", "address"]), value(&["database", "db", "dbq"])];
        let has_user = value(&["uid", "user", "user id", "username"]).is_some();
        let name =
            [Some(format!("ODBC {what}"))].into_iter().chain(place).flatten().collect::<Vec<_>>().join(" ");

        let mut complete = connection_string.trim().trim_end_matches(';').to_owned();
        let driver = driver.unwrap_or_default().to_ascii_lowercase();
        let ours = DEFAULTS.iter().filter(|of| of.drivers.iter().any(|name| driver.contains(name)));
        for (keyword, value) in ours.flat_map(|of| of.keywords) {
            if !pairs.iter().any(|(known, _)| known.eq_ignore_ascii_case(keyword)) {
                complete.extend([";", *keyword, "=", *value]);
            }
        }
        complete.push(';');
        let secrets = pairs.into_iter().filter(|(keyword, value)| is_secret(keyword) && !value.is_empty());
        Ok(Self {
            name,
            options,
            connection_string: complete,
            secrets: secrets.map(|(_, value)| value).collect(),
            has_user,
        })
    }

    pub(super) fn has_secret(&self) -> bool {
        !self.secrets.is_empty()
    }

    pub(super) fn add_password(&mut self, password: &str) {
        let special = password.chars().any(|c| !c.is_ascii_alphanumeric());
        let value =
            if special { format!("{{{}}}", password.replace('}', "}}")) } else { password.to_owned() };
        self.connection_string.extend(["PWD=", &value, ";"]);
        self.secrets.push(password.to_owned());
    }

    /// Connects, and asks which dialect is spoken.
    pub(super) fn connect(&self) -> Result<(Connection<'static>, Dialect)> {
        odbc_loader::load().map_err(|reason| self.unreachable(reason))?;
        let environment = odbc_api::environment().map_err(|error| self.refused(error))?;
        let timeout = self.options.login_timeout;
        let options =
            ConnectionOptions { login_timeout_sec: (timeout > 0).then_some(timeout), packet_size: None };
        let connection = environment
            .connect_with_connection_string(&self.connection_string, options)
            .map_err(|error| self.refused(error))?;
        let system = connection.database_management_system_name().map_err(|error| self.error(error))?;
        let dialect = dialect(&system);
        if dialect == Dialect::MariaDb && self.options.query_timeout > 0 {
            // its driver takes the limit of a statement and forgets it
            let limit = format!("set session max_statement_time = {}", self.options.query_timeout);
            connection.execute(&limit, (), None).map_err(|error| self.error(error))?;
        }
        Ok((connection, dialect))
    }

    /// An error while connecting.
    fn refused(&self, error: odbc_api::Error) -> Error {
        match self.error(error) {
            Error::Server { code, message, .. } => self.unreachable(format!("{message} (error {code})")),
            other => other,
        }
    }

    fn unreachable(&self, reason: String) -> Error {
        Error::Connection { server: self.name.clone(), doing: "connecting", reason }
    }

    /// An error of the driver or the driver manager, with its SQLSTATE and its words, but without passwords.
    pub(super) fn error(&self, error: odbc_api::Error) -> Error {
        let (code, message) = match error {
            odbc_api::Error::Diagnostics { record, .. } => {
                let text = record.to_string();
                let message = text.split_once("Message: ").map_or(text.as_str(), |(_, message)| message);
                (record.state.as_str().to_owned(), message.to_owned())
            }
            other => ("ODBC".to_owned(), other.to_string()),
        };
        let message = self.secrets.iter().fold(message, |message, secret| message.replace(secret, "***"));
        Error::Server { server: self.name.clone(), code, message }
    }
}

fn is_secret(keyword: &str) -> bool {
    ["pwd", "password", "accesstoken", "secret", "token"].iter().any(|secret| keyword.contains(secret))
}

/// The dialect of a database management system, by what its driver calls it.
fn dialect(system: &str) -> Dialect {
    let system = system.to_ascii_lowercase();
    let known = [
        ("sql server", Dialect::SqlServer),
        ("postgresql", Dialect::PostgreSql),
        ("mariadb", Dialect::MariaDb),
        ("mysql", Dialect::MariaDb),
        ("sqlite", Dialect::Sqlite),
        ("duckdb", Dialect::DuckDb),
    ];
    let named = known.iter().find(|(name, _)| system.contains(name));
    named.map_or(Dialect::Standard, |(_, dialect)| *dialect)
}

/// Keywords, lower case, and values. A value in braces may hold semicolons, and `}}` for a brace.
fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ';' || c.is_whitespace());
        if rest.is_empty() {
            return Ok(pairs);
        }
        let position = text.len() - rest.len();
        let malformed = |what| Error::Option {
            option: "ODBC connection string".into(),
            reason: format!("at character {position}: {what}; write KEYWORD=VALUE;KEYWORD={{VALUE}};..."),
        };
        let named = rest.split_once('=').filter(|(keyword, _)| !keyword.contains(';'));
        let (keyword, after) = named.ok_or_else(|| malformed("a keyword without a value"))?;
        let (value, after) = if let Some(braced) = after.strip_prefix('{') {
            closed(braced).ok_or_else(|| malformed("a brace is not closed"))?
        } else {
            let (value, after) = after.split_once(';').unwrap_or((after, ""));
            (value.trim().to_owned(), after)
        };
        pairs.push((keyword.trim().to_ascii_lowercase(), value));
        rest = after;
    }
}

/// A value up to its closing brace, and what follows.
fn closed(braced: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = braced;
    loop {
        let (before, after) = rest.split_once('}')?;
        value.push_str(before);
        match after.strip_prefix('}') {
            Some(after) => {
                value.push('}');
                rest = after;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Result<Target> {
        Target::new(text, OdbcOptions::default())
    }

    #[test]
    fn a_target_is_called_by_its_place_and_not_by_its_password() {
        let target =
            target("Driver={PostgreSQL Unicode};Server=db1;Database=sales;UID=ann;PWD={a;b}}c}").unwrap();
        assert_eq!(target.name, "ODBC PostgreSQL Unicode db1 sales");
        assert_eq!(target.secrets, ["a;b}c"]);
        assert!(!format!("{target:?}").contains("a;b"));
        let error = target.error(odbc_api::Error::FailedReadingInput(std::io::Error::other("PWD is a;b}c")));
        assert!(error.to_string().contains("PWD is ***"), "{error}");
    }

    #[test]
    fn drivers_stream_unless_the_string_says_otherwise() {
        let lite = target("Driver=/usr/lib/odbc/libsqlite3odbc.so;Database=x.db;bigint=0").unwrap();
        assert_eq!(
            lite.connection_string,
            "Driver=/usr/lib/odbc/libsqlite3odbc.so;Database=x.db;bigint=0;StepAPI=1;"
        );
        assert_eq!(target("DSN=x").unwrap().connection_string, "DSN=x;");
    }

    #[test]
    fn a_string_that_cannot_be_taken_apart_is_told_by_position_only() {
        for (text, position) in
            [("Driver=x;hunter2", "character 9"), ("Driver=x;PWD={hunter2", "character 9")]
        {
            let message = target(text).unwrap_err().to_string();
            assert!(message.contains(position) && !message.contains("hunter2"), "{message}");
        }
        assert!(target("Server=x").unwrap_err().to_string().contains("DSN="));
    }

    #[test]
    fn dialects_are_known_by_their_systems() {
        assert_eq!(dialect("Microsoft SQL Server"), Dialect::SqlServer);
        assert_eq!(dialect("MySQL"), Dialect::MariaDb);
        assert_eq!(dialect("SQLite"), Dialect::Sqlite);
        assert_eq!(dialect("Oracle"), Dialect::Standard);
    }
}
