//! How databases differ in what they call things and how they write them.

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Microsoft SQL Server, Azure SQL and what speaks their T-SQL
    SqlServer,
    /// PostgreSQL
    PostgreSql,
    /// MariaDB and MySQL
    MariaDb,
    /// SQLite
    Sqlite,
    /// DuckDB
    DuckDb,
    /// Any other: standard SQL
    Standard,
}

impl Dialect {
    /// A name as an identifier: quoted, its own quotes doubled, so that no name can be read as anything else.
    ///
    /// ```
    /// use sqlbridge::Dialect;
    ///
    /// assert_eq!(Dialect::SqlServer.quoted("a]b"), "[a]]b]");
    /// assert_eq!(Dialect::PostgreSql.quoted("a\"b"), "\"a\"\"b\"");
    /// assert_eq!(Dialect::MariaDb.quoted("a`b"), "`a``b`");
    /// ```
    pub fn quoted(self, name: &str) -> String {
        match self {
            Self::SqlServer => format!("[{}]", name.replace(']', "]]")),
            Self::MariaDb => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A table name of several parts, such as `dbo.flights` or `[my db]..[a.b]`, with every part quoted. Parts that are
    /// quoted already, in any dialect's way, are taken apart first.
    pub fn quoted_table(self, table: &str) -> String {
        Self::parts(table)
            .iter()
            .map(|part| if part.is_empty() { String::new() } else { self.quoted(part) })
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The parts of a table name, without their quotes.
    pub(crate) fn parts(table: &str) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut closing = None;
        let mut characters = table.chars().peekable();
        while let Some(character) = characters.next() {
            let Some(part) = parts.last_mut() else { break };
            match (closing, character) {
                (None, '.') => parts.push(String::new()),
                (None, '[') if part.is_empty() => closing = Some(']'),
                (None, '"' | '`') if part.is_empty() => closing = Some(character),
                (Some(quote), _) if character == quote => {
                    if characters.peek() == Some(&quote) {
                        characters.next();
                        part.push(quote);
                    } else {
                        closing = None;
                    }
                }
                _ => part.push(character),
            }
        }
        parts
    }

    /// A text as a literal.
    pub fn text(self, text: &str) -> String {
        let doubled = text.replace('\'', "''");
        match self {
            // a backslash at the end of a line joins it with the next one there
            Self::SqlServer if doubled.contains("\\\n") || doubled.contains("\\\r\n") => {
                let cut = doubled.replace("\\\n", "\\' + N'\n").replace("\\\r\n", "\\' + N'\r\n");
                format!("(N'{cut}')")
            }
            Self::SqlServer => format!("N'{doubled}'"),
            // a backslash begins an escape there
            Self::MariaDb => format!("'{}'", doubled.replace('\\', "\\\\")),
            _ => format!("'{doubled}'"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_are_quoted_part_by_part() {
        let server = Dialect::SqlServer;
        assert_eq!(server.quoted_table("flights"), "[flights]");
        assert_eq!(server.quoted_table("dbo.my flights"), "[dbo].[my flights]");
        assert_eq!(server.quoted_table("[my db]..[a.b]]c]"), "[my db]..[a.b]]c]");
        assert_eq!(Dialect::PostgreSql.quoted_table("\"a\"\"b\".`c`"), "\"a\"\"b\".\"c\"");
        assert_eq!(server.quoted_table("x]; DROP TABLE y--"), "[x]]; DROP TABLE y--]");
    }

    #[test]
    fn texts_cannot_end_their_literal() {
        assert_eq!(Dialect::SqlServer.text("O'Hare"), "N'O''Hare'");
        assert_eq!(Dialect::SqlServer.text("a\\\nb"), "(N'a\\' + N'\nb')");
        assert_eq!(Dialect::MariaDb.text("\\'; DROP TABLE x"), "'\\\\''; DROP TABLE x'");
    }
}
