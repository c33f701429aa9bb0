//! The columns of a task: as bytes, and as a source without rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde::{Deserialize, Serialize};

use super::envelope::Kind;
use crate::factor::factor_type;
use crate::source::conform;
use crate::{BlockReader, BlockSource, Result, ScanOptions, SourceInfo};

/// A column that rows must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Column {
    name: String,
    r#type: ColumnType,
    metadata: BTreeMap<String, String>,
}

/// The types of blocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum ColumnType {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    Float64,
    Utf8,
    Factor,
    Date32,
    /// Ticks in a second as a power of 1000, and the time zone.
    Timestamp(u8, Option<String>),
}

impl Column {
    pub(super) fn new(field: &Field) -> Result<Self> {
        let r#type = match conform(field)? {
            DataType::Boolean => ColumnType::Boolean,
            DataType::Int8 => ColumnType::Int8,
            DataType::Int16 => ColumnType::Int16,
            DataType::Int32 => ColumnType::Int32,
            DataType::Int64 => ColumnType::Int64,
            DataType::UInt8 => ColumnType::UInt8,
            DataType::UInt16 => ColumnType::UInt16,
            DataType::UInt32 => ColumnType::UInt32,
            DataType::UInt64 => ColumnType::UInt64,
            DataType::Float32 => ColumnType::Float32,
            DataType::Float64 => ColumnType::Float64,
            DataType::Utf8 => ColumnType::Utf8,
            DataType::Date32 => ColumnType::Date32,
            DataType::Timestamp(unit, zone) => {
                let power = match unit {
                    TimeUnit::Second => 0,
                    TimeUnit::Millisecond => 1,
                    TimeUnit::Microsecond => 2,
                    TimeUnit::Nanosecond => 3,
                };
                ColumnType::Timestamp(power, zone.map(|zone| zone.to_string()))
            }
            _ => ColumnType::Factor,
        };
        let metadata = field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Self { name: field.name().clone(), r#type, metadata })
    }

    fn field(&self) -> Field {
        let data_type = match &self.r#type {
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Int8 => DataType::Int8,
            ColumnType::Int16 => DataType::Int16,
            ColumnType::Int32 => DataType::Int32,
            ColumnType::Int64 => DataType::Int64,
            ColumnType::UInt8 => DataType::UInt8,
            ColumnType::UInt16 => DataType::UInt16,
            ColumnType::UInt32 => DataType::UInt32,
            ColumnType::UInt64 => DataType::UInt64,
            ColumnType::Float32 => DataType::Float32,
            ColumnType::Float64 => DataType::Float64,
            ColumnType::Utf8 => DataType::Utf8,
            ColumnType::Factor => factor_type(),
            ColumnType::Date32 => DataType::Date32,
            ColumnType::Timestamp(power, zone) => {
                let unit = match power {
                    0 => TimeUnit::Second,
                    1 => TimeUnit::Millisecond,
                    2 => TimeUnit::Microsecond,
                    _ => TimeUnit::Nanosecond,
                };
                DataType::Timestamp(unit, zone.as_deref().map(Into::into))
            }
        };
        let metadata: HashMap<String, String> = self.metadata.clone().into_iter().collect();
        Field::new(&self.name, data_type, true).with_metadata(metadata)
    }
}

pub(super) fn schema(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()))
}

/// Columns whose rows are elsewhere: what an algorithm is told of them on both sides.
#[derive(Debug, Clone)]
pub struct ColumnsSource {
    schema: SchemaRef,
    name: String,
}

impl ColumnsSource {
    /// A source of these columns; `name` is what reports call it.
    pub fn new(schema: SchemaRef, name: &str) -> Self {
        Self { schema, name: name.to_owned() }
    }
}

impl BlockSource for ColumnsSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        SourceInfo { name: self.name.clone(), ..SourceInfo::default() }
    }

    fn open(&self, _: &ScanOptions) -> Result<BlockReader> {
        Err(Kind::Task.error("its rows are elsewhere and cannot be read here".into()))
    }
}
