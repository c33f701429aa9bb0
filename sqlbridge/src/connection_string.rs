//! What connection strings say: ODBC's, ADO's and URLs.
//!
//! ```text
//! Driver={SQL Server};Server=tcp:db.example.org,1433;Database=flights;Uid=reader;Pwd={se;cret}
//! Data Source=db\sales;Initial Catalog=flights;User ID=reader;Password=secret;Encrypt=strict
//! mssql://reader@db.example.org:1433/flights?trust_server_certificate=yes
//! ```
//! Keywords and their synonyms are those of Microsoft's drivers, in any case. Values stand in braces or quotes when they
//! hold a semicolon. Where a keyword comes twice the first one counts, as in ODBC.

use std::fmt;

use crate::{Error, Result};

/// Keywords and values of a connection string, in its order. Its `Debug` and [`redacted`](Self::redacted) forms hide
/// passwords and tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConnectionString {
    pairs: Vec<(String, String)>,
}

/// The one name of each keyword, then its synonyms, lower case and without blanks.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("server", &["datasource", "address", "addr", "networkaddress"]),
    ("database", &["initialcatalog"]),
    ("uid", &["user", "userid", "username"]),
    ("pwd", &["password"]),
    ("trusted_connection", &["integratedsecurity", "trustedconnection"]),
    ("trustservercertificate", &["trust_server_certificate"]),
    ("hostnameincertificate", &["host_name_in_certificate"]),
    ("servercertificate", &["server_certificate"]),
    ("packetsize", &["packet_size"]),
    ("applicationintent", &["application_intent"]),
    ("app", &["applicationname", "application_name"]),
    ("wsid", &["workstationid"]),
    ("logintimeout", &["connecttimeout", "connectiontimeout", "timeout", "login_timeout"]),
    ("querytimeout", &["commandtimeout", "query_timeout"]),
    ("connectretrycount", &["connect_retry_count"]),
    ("connectretryinterval", &["connect_retry_interval"]),
    ("accesstoken", &["access_token"]),
];

/// Keywords whose values are never shown.
const SECRETS: &[&str] = &["pwd", "accesstoken"];

impl ConnectionString {
    /// Takes a connection string apart.
    ///
    /// # Errors
    /// [`Error::Option`] for a part without `=`, an unclosed brace or quote, or a URL of another scheme. The message
    /// gives the position, never the text around it, which may be a password.
    pub fn parse(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        match trimmed.split_once("://") {
            Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
                Self::parse_url(scheme, rest)
            }
            _ => Self::parse_pairs(trimmed),
        }
    }

    fn parse_pairs(text: &str) -> Result<Self> {
        let mut parsed = Self::default();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(|c: char| c == ';' || c.is_whitespace());
            if rest.is_empty() {
                return Ok(parsed);
            }
            let position = text.len() - rest.len();
            let Some((keyword, after)) = rest.split_once('=').filter(|(keyword, _)| !keyword.contains(';'))
            else {
                return Err(invalid(format!(
                    "the part at character {position} has no '='; write KEYWORD=VALUE;..."
                )));
            };
            let (value, after) = value(after.trim_start())
                .ok_or_else(|| invalid(format!("the value of '{}' is not closed", keyword.trim())))?;
            parsed.push(keyword, value);
            rest = after;
        }
    }

    fn parse_url(scheme: &str, rest: &str) -> Result<Self> {
        if !matches!(scheme.to_ascii_lowercase().as_str(), "mssql" | "sqlserver") {
            return Err(invalid(format!(
                "'{scheme}://' is not known; SQL Server is mssql://USER@HOST:PORT/DATABASE, others are odbc:CONNECTION-STRING"
            )));
        }
        let mut parsed = Self::default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (credentials, None),
        };
        let port = host.rsplit_once(':').filter(|(before, port)| {
            (!before.contains(':') || before.ends_with(']')) && port.bytes().all(|b| b.is_ascii_digit())
        });
        let (host, port) = port.map_or((host, None), |(host, port)| (host, Some(port)));
        let host = decoded(host.trim_start_matches('[').trim_end_matches(']'))?;
        parsed.push("server", port.map_or(host.clone(), |port| format!("{host},{port}")));
        for (keyword, value) in [("database", Some(database)), ("uid", Some(user)), ("pwd", password)] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                parsed.push(keyword, decoded(value)?);
            }
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (keyword, value) = pair.split_once('=').unwrap_or((pair, "yes"));
            parsed.push(&decoded(keyword)?, decoded(value)?);
        }
        Ok(parsed)
    }

    fn push(&mut self, keyword: &str, value: String) {
        let keyword = canonical(keyword);
        if !self.pairs.iter().any(|(known, _)| *known == keyword) {
            self.pairs.push((keyword, value));
        }
    }

    /// The value of a keyword or of any of its synonyms; `None` where it is not given or empty.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        let keyword = canonical(keyword);
        self.pairs
            .iter()
            .find(|(known, _)| *known == keyword)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The string with another value for a keyword, in the place of the first one or at the end.
    #[must_use]
    pub fn with(mut self, keyword: &str, value: impl Into<String>) -> Self {
        let keyword = canonical(keyword);
        match self.pairs.iter_mut().find(|(known, _)| *known == keyword) {
            Some(pair) => pair.1 = value.into(),
            None => self.pairs.push((keyword, value.into())),
        }
        self
    }

    /// Whether a password or a token stands in it.
    pub fn has_secret(&self) -> bool {
        SECRETS.iter().any(|keyword| self.get(keyword).is_some())
    }

    /// A yes or no.
    ///
    /// # Errors
    /// [`Error::Option`] for a value that is neither.
    pub fn flag(&self, keyword: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(keyword) else { return Ok(None) };
        match value.trim().to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" | "on" | "sspi" => Ok(Some(true)),
            "no" | "false" | "0" | "off" => Ok(Some(false)),
            other => Err(Error::Option {
                option: keyword.to_owned(),
                reason: format!("'{other}' is neither yes nor no"),
            }),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn number(&self, keyword: &str) -> Result<Option<u32>> {
        let Some(value) = self.get(keyword) else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| Error::Option {
            option: keyword.to_owned(),
            reason: format!("'{value}' is not a whole number"),
        })
    }

    /// The string without passwords and tokens, for reports.
    pub fn redacted(&self) -> String {
        let shown = |(keyword, value): &(String, String)| {
            let value = if SECRETS.contains(&keyword.as_str()) { "***" } else { value.as_str() };
            format!("{keyword}={value}")
        };
        self.pairs.iter().map(shown).collect::<Vec<_>>().join(";")
    }
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionString").field(&self.redacted()).finish()
    }
}

fn invalid(reason: String) -> Error {
    Error::Option { option: "connection string".into(), reason }
}

fn canonical(keyword: &str) -> String {
    let keyword: String =
        keyword.trim().chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    SYNONYMS
        .iter()
        .find(|(_, synonyms)| synonyms.contains(&keyword.as_str()))
        .map_or(keyword, |(name, _)| (*name).to_owned())
}

/// The value that a text begins with, without braces or quotes, and what follows its semicolon.
fn value(text: &str) -> Option<(String, &str)> {
    let closing = match text.chars().next() {
        Some('{') => '}',
        Some(quote @ ('"' | '\'')) => quote,
        _ => {
            let (value, after) = text.split_once(';').unwrap_or((text, ""));
            return Some((value.trim_end().to_owned(), after));
        }
    };
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != closing {
            value.push(character);
        } else if characters.peek().is_some_and(|&(_, next)| next == closing) {
            characters.next();
            value.push(closing);
        } else {
            let after = text.get(at + closing.len_utf8()..)?.trim_start();
            return (after.is_empty() || after.starts_with(';')).then_some((value, after));
        }
    }
    None
}

/// A part of a URL with its `%XX` decoded.
fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.next().zip(rest.next()).and_then(|(high, low)| {
            Some(char::from(high).to_digit(16)? * 16 + char::from(low).to_digit(16)?)
        });
        let digits = digits.and_then(|digits| u8::try_from(digits).ok());
        bytes.push(
            digits.ok_or_else(|| invalid("a '%' in the URL is not followed by two hex digits".into()))?,
        );
    }
    String::from_utf8(bytes).map_err(|_| invalid("the URL is not UTF-8 after decoding its '%XX'".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odbc_ado_and_urls_say_the_same() {
        for text in [
            "Driver={SQL Server};Server=tcp:db,1433;Database=air;Uid=me;Pwd={a;b}}c}",
            "data source = tcp:db,1433 ; Initial Catalog=air;User ID=me;Password=\"a;b}c\"",
            "mssql://me:a%3Bb%7Dc@tcp%3Adb:1433/air",
        ] {
            let parsed = ConnectionString::parse(text).unwrap();
            assert_eq!(parsed.get("server"), Some("tcp:db,1433"), "{text}");
            assert_eq!(parsed.get("Initial Catalog"), Some("air"));
            assert_eq!(parsed.get("user"), Some("me"));
            assert_eq!(parsed.get("pwd"), Some("a;b}c"));
            assert!(!format!("{parsed:?}").contains("a;b"), "{parsed:?}");
        }
    }

    #[test]
    fn the_first_of_two_counts_and_flags_are_read() {
        let parsed = ConnectionString::parse("Encrypt=yes;encrypt=no;;Trusted_Connection=True;").unwrap();
        assert_eq!(parsed.flag("encrypt").unwrap(), Some(true));
        assert_eq!(parsed.flag("integrated security").unwrap(), Some(true));
        assert!(parsed.flag("uid").unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for text in ["Server=x;secret", "Pwd={secret", "ftp://x:secret@y", "Pwd=\"secret\"x;"] {
            let message = ConnectionString::parse(text).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn addresses_of_ip_6_keep_their_colons() {
        let parsed = ConnectionString::parse("mssql://u@[::1]:1444/d").unwrap();
        assert_eq!(parsed.get("server"), Some("::1,1444"));
        let parsed = ConnectionString::parse("mssql://u@[::1]/d").unwrap();
        assert_eq!(parsed.get("server"), Some("::1"));
    }
}
