//! SQL types and the Arrow types that blocks have for them.
//!
//! | SQL | Arrow | remark |
//! |---|---|---|
//! | bit | Boolean | |
//! | tinyint | UInt8 | SQL Server's is unsigned |
//! | smallint, int, bigint | Int16, Int32, Int64 | |
//! | real, float | Float32, Float64 | |
//! | decimal, numeric, money, smallmoney | Float64 | statistics are computed in double precision |
//! | char, varchar, nchar, nvarchar, text, ntext, xml, uniqueidentifier | Utf8 | |
//! | date | Date32 | |
//! | datetime, smalldatetime | Timestamp(ms) | without a time zone |
//! | datetime2 | Timestamp(us) | without a time zone |
//! | datetimeoffset | Timestamp(us, UTC) | |
//! | time | Float64 | seconds since midnight |
//! | binary, varbinary, image, rowversion, geometry, sql_variant | refused | cast in the query |

use arrow_schema::{DataType, TimeUnit};

use crate::{Error, Result};

/// The SQL types that the bridge tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// `bit`
    Bit,
    /// `tinyint`
    TinyInt,
    /// `smallint`
    SmallInt,
    /// `int`
    Int,
    /// `bigint`
    BigInt,
    /// `real`
    Real,
    /// `float`
    Float,
    /// `decimal`, `numeric`, `money`, `smallmoney`
    Decimal,
    /// All character types, `xml` and `uniqueidentifier`
    Text,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `datetime`, `smalldatetime`
    DateTime,
    /// `datetime2`
    DateTime2,
    /// `datetimeoffset`
    DateTimeOffset,
    /// `binary`, `varbinary`, `image`, `rowversion`
    Binary,
    /// `sql_variant`
    Variant,
    /// `geometry`, `geography`, `hierarchyid` and other CLR types
    UserDefined,
}

impl SqlType {
    /// The Arrow type of a column of this type.
    ///
    /// # Errors
    /// [`Error::ColumnType`] for types that blocks cannot hold; the message says how to cast.
    pub fn arrow_type(self, column: &str) -> Result<DataType> {
        let refused =
            |sql_type, remedy| Err(Error::ColumnType { column: column.to_owned(), sql_type, remedy });
        Ok(match self {
            Self::Bit => DataType::Boolean,
            Self::TinyInt => DataType::UInt8,
            Self::SmallInt => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Real => DataType::Float32,
            Self::Float | Self::Decimal | Self::Time => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::DateTime => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::DateTime2 => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::DateTimeOffset => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Binary => {
                return refused(
                    "binary",
                    "leave it out, or CAST it to a number or to a text such as CONVERT(varchar(max), x, 2)",
                );
            }
            Self::Variant => return refused("sql_variant", "CAST it to the type that its values have"),
            Self::UserDefined => {
                return refused(
                    "a user-defined type",
                    "CAST it to nvarchar(max), or call its methods in the query",
                );
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_readable_type_is_one_that_the_engine_takes() {
        let all = [
            SqlType::Bit,
            SqlType::TinyInt,
            SqlType::SmallInt,
            SqlType::Int,
            SqlType::BigInt,
            SqlType::Real,
            SqlType::Float,
            SqlType::Decimal,
            SqlType::Text,
            SqlType::Date,
            SqlType::Time,
            SqlType::DateTime,
            SqlType::DateTime2,
            SqlType::DateTimeOffset,
        ];
        for sql_type in all {
            let arrow = sql_type.arrow_type("x").unwrap();
            let field = arrow_schema::Field::new("x", arrow.clone(), true);
            assert_eq!(
                engine::source::conform(&field).unwrap(),
                arrow,
                "{sql_type:?} passes through unchanged"
            );
        }
    }

    #[test]
    fn refused_types_say_how_to_cast() {
        for sql_type in [SqlType::Binary, SqlType::Variant, SqlType::UserDefined] {
            let message = sql_type.arrow_type("photo").unwrap_err().to_string();
            assert!(message.contains("'photo'") && message.contains("CAST"), "{message}");
        }
    }
}
