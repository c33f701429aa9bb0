//! The C types of values that cross, their widths, and the Arrow types that they become.
//!
//! | C type | SQL | Arrow in | out of |
//! |---|---|---|---|
//! | `SQL_C_BIT` | bit | Boolean | Boolean |
//! | `SQL_C_UTINYINT` | tinyint | UInt8 | UInt8 |
//! | `SQL_C_SSHORT`, `SQL_C_SLONG`, `SQL_C_SBIGINT` | smallint, int, bigint | Int16, Int32, Int64 | integers, by width |
//! | `SQL_C_FLOAT`, `SQL_C_DOUBLE` | real, float | Float32, Float64 | Float32, Float64; NaN and infinities are NULL |
//! | `SQL_C_NUMERIC` | decimal, numeric, money | Float64 | |
//! | `SQL_C_CHAR` (UTF-8), `SQL_C_WCHAR` (UTF-16) | char, nchar and their kin | Utf8 | texts and factors, as `SQL_C_CHAR` |
//! | `SQL_C_GUID` | uniqueidentifier | Utf8, as the server writes it | |
//! | `SQL_C_TYPE_DATE` | date | Date32 | Date32 |
//! | `SQL_C_TYPE_TIMESTAMP` | datetime, smalldatetime | Timestamp(us) | timestamps |
//! | `SQL_C_TYPE_TIME` | time | Float64, seconds since midnight | |
//! | `SQL_C_BINARY` | binary, varbinary | refused when it is needed | partial results, models |

use arrow_schema::{DataType, TimeUnit};

/// A type of C that values of a column or parameter have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CType {
    /// `SQL_C_BIT`
    Bit,
    /// `SQL_C_UTINYINT`
    TinyInt,
    /// `SQL_C_SSHORT`
    Short,
    /// `SQL_C_SLONG`
    Long,
    /// `SQL_C_SBIGINT`
    BigInt,
    /// `SQL_C_FLOAT`
    Float,
    /// `SQL_C_DOUBLE`
    Double,
    /// `SQL_C_NUMERIC`
    Numeric,
    /// `SQL_C_CHAR`
    Char,
    /// `SQL_C_WCHAR`
    WChar,
    /// `SQL_C_BINARY`
    Binary,
    /// `SQL_C_GUID`
    Guid,
    /// `SQL_C_TYPE_DATE`
    Date,
    /// `SQL_C_TYPE_TIME`
    Time,
    /// `SQL_C_TYPE_TIMESTAMP`
    Timestamp,
}

impl CType {
    /// The type of a number of ODBC's `SQL_C_` constants.
    pub fn of_code(code: i16) -> Option<Self> {
        Some(match code {
            -7 => Self::Bit,
            -28 | -6 => Self::TinyInt,
            -15 | 5 => Self::Short,
            -16 | 4 => Self::Long,
            -25 => Self::BigInt,
            7 => Self::Float,
            8 => Self::Double,
            2 => Self::Numeric,
            1 => Self::Char,
            -8 => Self::WChar,
            -2 => Self::Binary,
            -11 => Self::Guid,
            91 => Self::Date,
            92 => Self::Time,
            93 => Self::Timestamp,
            _ => return None,
        })
    }

    /// The number among ODBC's constants.
    pub fn code(self) -> i16 {
        match self {
            Self::Bit => -7,
            Self::TinyInt => -28,
            Self::Short => -15,
            Self::Long => -16,
            Self::BigInt => -25,
            Self::Float => 7,
            Self::Double => 8,
            Self::Numeric => 2,
            Self::Char => 1,
            Self::WChar => -8,
            Self::Binary => -2,
            Self::Guid => -11,
            Self::Date => 91,
            Self::Time => 92,
            Self::Timestamp => 93,
        }
    }

    /// Bytes of a value; `None` where each has its own length.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Bit | Self::TinyInt => Some(1),
            Self::Short => Some(2),
            Self::Long | Self::Float => Some(4),
            Self::Date | Self::Time => Some(6),
            Self::BigInt | Self::Double => Some(8),
            Self::Guid | Self::Timestamp => Some(16),
            Self::Numeric => Some(19),
            Self::Char | Self::WChar | Self::Binary => None,
        }
    }

    /// The Arrow type of a column; `None` for binary ones, which blocks do not have.
    pub fn arrow(self) -> Option<DataType> {
        Some(match self {
            Self::Bit => DataType::Boolean,
            Self::TinyInt => DataType::UInt8,
            Self::Short => DataType::Int16,
            Self::Long => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double | Self::Numeric | Self::Time => DataType::Float64,
            Self::Char | Self::WChar | Self::Guid => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Binary => return None,
        })
    }
}
