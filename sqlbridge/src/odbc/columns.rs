//! What the driver says about the columns of an answer, and how each is fetched.

use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use odbc_api::buffers::BufferDesc;
use odbc_api::{ColumnDescription, DataType, ResultSetMetadata};

use super::connect::Target;
use super::text;
use crate::{Dialect, Error, Result, SqlType};

/// A column of an answer.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) reading: Reading,
    /// Whether the database knows no type for it, and the reading is a text for want of one.
    pub(super) undeclared: bool,
}

/// How the values of a column are fetched, and what is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Bit,
    Int8,
    UInt8,
    Int16,
    Int32,
    Int64,
    /// 64 bits without sign, fetched as text.
    Unsigned64,
    Float32,
    Float64,
    Date,
    /// Fetched as text, which has the fractions of a second.
    Time,
    Milliseconds,
    Microseconds,
    /// With an offset from UTC, fetched as text.
    Instant,
    /// With room for so many units.
    Text {
        units: usize,
    },
}

/// SQL Server's own types.
const SS_TIME: i16 = -154;
const SS_TIMESTAMP_OFFSET: i16 = -155;
const SS_XML: i16 = -152;
const SS_UDT: i16 = -151;
const SS_VARIANT: i16 = -150;
/// A universally unique identifier.
const GUID: i16 = -11;

/// Longest text of a time, of an integer and of a time with date and offset.
const TIME_UNITS: usize = 32;
const INTEGER_UNITS: usize = 24;
const INSTANT_UNITS: usize = 48;

impl Reading {
    /// The buffer for values of this kind.
    pub(super) fn buffer(self) -> BufferDesc {
        let nullable = true;
        match self {
            Self::Bit => BufferDesc::Bit { nullable },
            Self::Int8 => BufferDesc::I8 { nullable },
            Self::UInt8 => BufferDesc::U8 { nullable },
            Self::Int16 => BufferDesc::I16 { nullable },
            Self::Int32 => BufferDesc::I32 { nullable },
            Self::Int64 => BufferDesc::I64 { nullable },
            // MariaDB's driver takes a buffer of shorter ones for one of these
            Self::Float32 | Self::Float64 => BufferDesc::F64 { nullable },
            Self::Date => BufferDesc::Date { nullable },
            Self::Milliseconds | Self::Microseconds => BufferDesc::Timestamp { nullable },
            Self::Unsigned64 => text::buffer(INTEGER_UNITS),
            Self::Time => text::buffer(TIME_UNITS),
            Self::Instant => text::buffer(INSTANT_UNITS),
            Self::Text { units } => text::buffer(units),
        }
    }

    pub(super) fn arrow_type(self) -> ArrowType {
        match self {
            Self::Bit => ArrowType::Boolean,
            Self::Int8 => ArrowType::Int8,
            Self::UInt8 => ArrowType::UInt8,
            Self::Int16 => ArrowType::Int16,
            Self::Int32 => ArrowType::Int32,
            Self::Int64 | Self::Unsigned64 => ArrowType::Int64,
            Self::Float32 => ArrowType::Float32,
            Self::Float64 | Self::Time => ArrowType::Float64,
            Self::Date => ArrowType::Date32,
            Self::Milliseconds => ArrowType::Timestamp(TimeUnit::Millisecond, None),
            Self::Microseconds => ArrowType::Timestamp(TimeUnit::Microsecond, None),
            Self::Instant => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text { .. } => ArrowType::Utf8,
        }
    }
}

/// The columns of an answer.
pub(super) fn describe(
    answer: &mut impl ResultSetMetadata,
    dialect: Dialect,
    target: &Target,
) -> Result<Vec<Column>> {
    let count = answer.num_result_cols().map_err(|error| target.error(error))?;
    // SQLite's driver cuts names to the room that there is, and does not say so
    let mut description =
        ColumnDescription { name: Vec::with_capacity(1024), ..ColumnDescription::default() };
    let mut columns: Vec<Column> = Vec::new();
    for number in 1..=u16::try_from(count).unwrap_or(0) {
        answer.describe_col(number, &mut description).map_err(|error| target.error(error))?;
        let name = description.name_to_string().ok().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("V{number}"));
        if columns.iter().any(|column| column.name == name) {
            return Err(Error::Option {
                option: "query".into(),
                reason: format!("two of its columns are named '{name}'; give one another name with AS"),
            });
        }
        let integer = matches!(
            description.data_type,
            DataType::TinyInt | DataType::SmallInt | DataType::Integer | DataType::BigInt
        );
        let unsigned = integer && answer.column_is_unsigned(number).map_err(|error| target.error(error))?;
        let longest = target.options.max_text_size.max(1);
        let reading = reading(&name, description.data_type, unsigned, dialect, longest)?;
        // what SQLite's driver says of a column for which SQLite says nothing
        let undeclared = dialect == Dialect::Sqlite
            && matches!(description.data_type, DataType::Varchar { length: Some(length) } if length.get() == 255);
        columns.push(Column { name, reading, undeclared });
    }
    Ok(columns)
}

/// Gives columns the readings that were found for them.
pub(super) fn settle(columns: &mut [Column], readings: &[(usize, Reading)]) {
    for (index, reading) in readings {
        if let Some(column) = columns.get_mut(*index) {
            column.reading = *reading;
        }
    }
}

/// How a column of this type is fetched; a text with room for at most `longest` units.
fn reading(
    column: &str,
    data_type: DataType,
    unsigned: bool,
    dialect: Dialect,
    longest: usize,
) -> Result<Reading> {
    let characters = |length: Option<usize>| {
        // SQLite does not keep to lengths; PostgreSQL's driver says 255 where a column has none
        let length = length.filter(|length| match dialect {
            Dialect::Sqlite => false,
            Dialect::PostgreSql => *length != 255,
            _ => true,
        });
        let units = length.map(|length| length.saturating_mul(text::UNITS_OF_A_CHARACTER).saturating_add(1));
        Reading::Text { units: units.map_or(longest, |units| units.min(longest)) }
    };
    Ok(match data_type {
        DataType::Bit => Reading::Bit,
        DataType::TinyInt if unsigned => Reading::UInt8,
        DataType::TinyInt => Reading::Int8,
        DataType::SmallInt if unsigned => Reading::Int32,
        DataType::SmallInt => Reading::Int16,
        DataType::Integer if unsigned || dialect == Dialect::Sqlite => Reading::Int64,
        DataType::Integer => Reading::Int32,
        DataType::BigInt if unsigned => Reading::Unsigned64,
        DataType::BigInt => Reading::Int64,
        DataType::Real => Reading::Float32,
        DataType::Double | DataType::Float { .. } | DataType::Decimal { .. } | DataType::Numeric { .. } => {
            Reading::Float64
        }
        DataType::Date => Reading::Date,
        DataType::Time { .. } => Reading::Time,
        DataType::Timestamp { precision: ..=3 } => Reading::Milliseconds,
        DataType::Timestamp { .. } => Reading::Microseconds,
        DataType::Char { length }
        | DataType::WChar { length }
        | DataType::Varchar { length }
        | DataType::WVarchar { length } => characters(length.map(usize::from)),
        // the lengths of these are settings of the driver
        DataType::LongVarchar { .. } | DataType::WLongVarchar { .. } | DataType::Unknown => characters(None),
        DataType::Binary { .. } | DataType::Varbinary { .. } | DataType::LongVarbinary { .. } => {
            return Err(refused(SqlType::Binary, column));
        }
        DataType::Other { data_type, .. } => match data_type.0 {
            GUID => characters(Some(36)),
            SS_XML => characters(None),
            SS_TIME => Reading::Time,
            SS_TIMESTAMP_OFFSET => Reading::Instant,
            SS_UDT => return Err(refused(SqlType::UserDefined, column)),
            SS_VARIANT => return Err(refused(SqlType::Variant, column)),
            _ => {
                return Err(Error::ColumnType {
                    column: column.to_owned(),
                    sql_type: "an interval or a type of the database's own",
                    remedy: "CAST it to a number or a text in the query",
                });
            }
        },
    })
}

/// The error of a type that is not read.
pub(super) fn refused(sql_type: SqlType, column: &str) -> Error {
    sql_type.arrow_type(column).err().unwrap_or_else(|| Error::ColumnType {
        column: column.to_owned(),
        sql_type: "unknown",
        remedy: "CAST it in the query",
    })
}

/// The schema of these columns. Any may have missing values: drivers do not always know.
pub(super) fn schema(columns: &[Column]) -> SchemaRef {
    let fields =
        columns.iter().map(|column| Arc::new(Field::new(&column.name, column.reading.arrow_type(), true)));
    Arc::new(Schema::new(fields.collect::<Vec<FieldRef>>()))
}
