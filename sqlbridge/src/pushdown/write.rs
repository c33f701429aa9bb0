//! Values and conditions in the words of a dialect.
//!
//! All numbers are of double precision before anything is done with them: whole numbers would overflow in sums and cut
//! quotients off. Texts are compared by their bytes, whatever the collation of their column; in SQL Server and `MariaDB`
//! spaces at the end of a text do not count. What would be an error in a row (a division by 0, the logarithm of 0, an
//! exponential that is too large) is missing.

use arrow_schema::{DataType, TimeUnit};
use engine::aggregate::{Binary, Compare, Math, Scalar, Test};

use crate::Dialect;

/// Writes scalars and tests.
pub(super) struct Writer {
    pub(super) dialect: Dialect,
    /// Columns that are computed, and so of double precision or texts already.
    pub(super) computed: Vec<String>,
}

/// Whether a column of this type is a text.
pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Dictionary(..))
}

/// Whether a value is a text.
pub(super) fn is_text_scalar(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Column(_, data_type) => is_text(data_type),
        Scalar::Text(_) => true,
        Scalar::Case(branches, otherwise) => {
            branches.iter().any(|(_, value)| is_text_scalar(value)) || is_text_scalar(otherwise)
        }
        _ => false,
    }
}

impl Writer {
    /// A value.
    ///
    /// # Errors
    /// A column of a type that is neither number nor text.
    pub(super) fn scalar(&self, scalar: &Scalar) -> engine::Result<String> {
        Ok(match scalar {
            Scalar::Column(name, data_type) => self.column(name, data_type)?,
            Scalar::Named(name) => self.dialect.quoted(name),
            Scalar::Number(number) => self.number(*number),
            Scalar::Text(text) => self.dialect.text(text),
            Scalar::Null => self.double("NULL"),
            Scalar::Binary(binary, a, b) => self.binary(*binary, a, b)?,
            Scalar::Math(function, x) => self.math(*function, &self.scalar(x)?),
            Scalar::Power(base, exponent) => {
                let (a, b) = (self.scalar(base)?, self.scalar(exponent)?);
                let zero = self.number(0.0);
                format!(
                    "CASE WHEN {a} > {zero} OR ({a} < {zero} AND {b} = FLOOR({b})) THEN POWER({a}, {b}) \
                     WHEN {a} = {zero} AND {b} > {zero} THEN {zero} WHEN {a} = {zero} AND {b} = {zero} THEN {} END",
                    self.number(1.0)
                )
            }
            Scalar::Case(branches, otherwise) => {
                let mut sql = "CASE".to_owned();
                for (test, value) in branches {
                    sql += &[" WHEN ", &self.test(test)?, " THEN ", &self.scalar(value)?].concat();
                }
                if **otherwise != Scalar::Null {
                    sql += " ELSE ";
                    sql += &self.scalar(otherwise)?;
                }
                sql + " END"
            }
        })
    }

    /// A condition, which is no value in all dialects.
    ///
    /// # Errors
    /// As [`scalar`](Self::scalar).
    pub(super) fn test(&self, test: &Test) -> engine::Result<String> {
        Ok(match test {
            Test::Column(name) => {
                let quoted = self.dialect.quoted(name);
                match self.dialect {
                    _ if self.computed.contains(name) => format!("{quoted} <> {}", self.number(0.0)),
                    Dialect::SqlServer | Dialect::MariaDb | Dialect::Sqlite => format!("{quoted} <> 0"),
                    Dialect::PostgreSql | Dialect::DuckDb | Dialect::Standard => quoted,
                }
            }
            Test::Known(true) => "1 = 1".into(),
            Test::Known(false) => "1 = 0".into(),
            Test::Compare(compare, a, b) => {
                format!("{} {} {}", self.operand(a)?, spelling(*compare), self.operand(b)?)
            }
            Test::IsMissing(scalar) => format!("{} IS NULL", self.operand(scalar)?),
            Test::In(_, texts) if texts.is_empty() => "1 = 0".into(),
            Test::In(scalar, texts) => {
                let texts: Vec<String> = texts.iter().map(|text| self.dialect.text(text)).collect();
                format!("{} IN ({})", self.operand(scalar)?, texts.join(", "))
            }
            Test::And(all) if all.is_empty() => "1 = 1".into(),
            Test::Or(all) if all.is_empty() => "1 = 0".into(),
            Test::And(all) => self.connected(all, " AND ")?,
            Test::Or(all) => self.connected(all, " OR ")?,
            Test::Not(test) => match test.as_ref() {
                Test::IsMissing(scalar) => format!("{} IS NOT NULL", self.operand(scalar)?),
                test => format!("NOT ({})", self.test(test)?),
            },
        })
    }

    fn connected(&self, all: &[Test], by: &str) -> engine::Result<String> {
        let parts = all.iter().map(|test| self.test(test)).collect::<engine::Result<Vec<_>>>()?;
        Ok(match parts.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", parts.join(by)),
        })
    }

    /// A value that stands beside an operator.
    fn operand(&self, scalar: &Scalar) -> engine::Result<String> {
        let sql = self.scalar(scalar)?;
        Ok(if matches!(scalar, Scalar::Case(..) | Scalar::Power(..)) { format!("({sql})") } else { sql })
    }

    fn binary(&self, binary: Binary, a: &Scalar, divisor: &Scalar) -> engine::Result<String> {
        let (a, b) = (self.operand(a)?, self.operand(divisor)?);
        Ok(match binary {
            Binary::Add => format!("({a} + {b})"),
            Binary::Subtract => format!("({a} - {b})"),
            Binary::Multiply => format!("({a} * {b})"),
            Binary::Divide if matches!(divisor, Scalar::Number(number) if *number != 0.0) => {
                format!("({a} / {b})")
            }
            Binary::Divide => format!("({a} / NULLIF({b}, {}))", self.number(0.0)),
        })
    }

    fn math(&self, function: Math, x: &str) -> String {
        let zero = self.number(0.0);
        match function {
            Math::Exp => format!(
                "(CASE WHEN {x} < {} THEN {zero} WHEN {x} <= {} THEN EXP({x}) END)",
                self.number(-700.0),
                self.number(709.0)
            ),
            Math::Log => {
                let name = if self.dialect == Dialect::SqlServer { "LOG" } else { "LN" };
                format!("{name}(CASE WHEN {x} > {zero} THEN {x} END)")
            }
            Math::Sqrt => format!("SQRT(CASE WHEN {x} >= {zero} THEN {x} END)"),
            Math::Abs => format!("ABS({x})"),
            Math::Floor => format!("FLOOR({x})"),
            Math::Ceiling => format!("CEILING({x})"),
            // SIGN gives whole numbers in some dialects
            Math::Sign => self.double(&format!("SIGN({x})")),
            Math::Sin => format!("SIN({x})"),
            Math::Cos => format!("COS({x})"),
            Math::Tan => format!("TAN({x})"),
            Math::Atan => format!("ATAN({x})"),
        }
    }

    /// A number of double precision with all its digits.
    fn number(&self, number: f64) -> String {
        let digits = format!("{number:e}");
        match self.dialect {
            // a literal with an exponent is a decimal there
            Dialect::PostgreSql => format!("CAST({digits} AS DOUBLE PRECISION)"),
            _ if number < 0.0 => format!("({digits})"),
            _ => digits,
        }
    }

    fn double(&self, sql: &str) -> String {
        match self.dialect {
            Dialect::SqlServer => format!("CAST({sql} AS FLOAT)"),
            Dialect::PostgreSql | Dialect::Standard => format!("CAST({sql} AS DOUBLE PRECISION)"),
            // older ones cannot cast to a double
            Dialect::MariaDb => format!("({sql} + 0e0)"),
            Dialect::Sqlite => format!("CAST({sql} AS REAL)"),
            Dialect::DuckDb => format!("CAST({sql} AS DOUBLE)"),
        }
    }

    fn column(&self, name: &str, data_type: &DataType) -> engine::Result<String> {
        let quoted = self.dialect.quoted(name);
        if is_text(data_type) {
            return Ok(match self.dialect {
                Dialect::SqlServer => {
                    format!("CAST({quoted} AS NVARCHAR(4000)) COLLATE Latin1_General_100_BIN2")
                }
                Dialect::PostgreSql => format!("CAST({quoted} AS TEXT) COLLATE \"C\""),
                Dialect::MariaDb => format!("CONVERT({quoted} USING utf8mb4) COLLATE utf8mb4_bin"),
                Dialect::Sqlite => format!("CAST({quoted} AS TEXT) COLLATE BINARY"),
                Dialect::DuckDb | Dialect::Standard => format!("CAST({quoted} AS VARCHAR)"),
            });
        }
        if self.computed.iter().any(|known| known == name) {
            return Ok(quoted);
        }
        Ok(match data_type {
            DataType::Boolean => match self.dialect {
                Dialect::PostgreSql | Dialect::DuckDb => self.double(&format!("CAST({quoted} AS INTEGER)")),
                Dialect::Standard => format!("CASE WHEN {quoted} THEN 1e0 WHEN NOT {quoted} THEN 0e0 END"),
                _ => self.double(&quoted),
            },
            DataType::Float32 | DataType::Float64
                if matches!(self.dialect, Dialect::PostgreSql | Dialect::DuckDb) =>
            {
                format!("NULLIF({}, {})", self.double(&quoted), self.double("'NaN'"))
            }
            ty if ty.is_numeric() => self.double(&quoted),
            DataType::Date32 => self.days(&quoted),
            DataType::Timestamp(unit, _) => self.seconds(&quoted, *unit),
            other => {
                return Err(engine::Error::ColumnType {
                    column: name.to_owned(),
                    found: other.to_string(),
                    expected:
                        "numbers, logicals, dates, timestamps and texts are computed with in a database"
                            .into(),
                });
            }
        })
    }

    /// Days since 1970-01-01.
    fn days(&self, quoted: &str) -> String {
        match self.dialect {
            Dialect::SqlServer => self.double(&format!("DATEDIFF(day, '19700101', {quoted})")),
            Dialect::PostgreSql | Dialect::Standard => {
                self.double(&format!("({quoted} - DATE '1970-01-01')"))
            }
            Dialect::MariaDb => self.double(&format!("DATEDIFF({quoted}, '1970-01-01')")),
            Dialect::Sqlite => format!("(julianday({quoted}) - 2440587.5)"),
            Dialect::DuckDb => self.double(&format!("date_diff('day', DATE '1970-01-01', {quoted})")),
        }
    }

    /// Seconds since 1970-01-01.
    fn seconds(&self, quoted: &str, _unit: TimeUnit) -> String {
        match self.dialect {
            Dialect::SqlServer => {
                format!(
                    "({} / 1e6)",
                    self.double(&format!("DATEDIFF_BIG(microsecond, '19700101', {quoted})"))
                )
            }
            Dialect::PostgreSql | Dialect::Standard => self.double(&format!("EXTRACT(EPOCH FROM {quoted})")),
            Dialect::MariaDb => {
                format!("(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {quoted}) / 1e6)")
            }
            Dialect::Sqlite => format!("((julianday({quoted}) - 2440587.5) * 86400e0)"),
            Dialect::DuckDb => format!("epoch({quoted})"),
        }
    }
}

fn spelling(compare: Compare) -> &'static str {
    match compare {
        Compare::Equal => "=",
        Compare::NotEqual => "<>",
        Compare::Less => "<",
        Compare::LessEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterEqual => ">=",
    }
}
