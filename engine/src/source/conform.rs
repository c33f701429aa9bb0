//! Foreign batches in our types.
//!
//! Parquet files, IPC streams and Python objects bring types that mean the same in other clothes: large and view
//! strings, dictionaries with other keys or changing values, half floats, decimals. One reader turns them into the
//! types that blocks have, so that nothing behind it needs to know.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

use crate::factor::{LevelUnifier, factor_type, is_block_type};
use crate::{Error, Result};

/// The type that a block has for a foreign type.
///
/// # Errors
/// [`Error::ColumnType`] for types without a counterpart: lists, structs, binary.
pub fn conform(field: &Field) -> Result<DataType> {
    Ok(match field.data_type() {
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Utf8 => DataType::Utf8,
        DataType::Dictionary(_, values) => match values.as_ref() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => factor_type(),
            values => conform(&Field::new(field.name(), values.clone(), true))?,
        },
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Null
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => DataType::Float64,
        own if is_block_type(own) => own.clone(),
        other => {
            return Err(Error::ColumnType {
                column: field.name().clone(),
                found: other.to_string(),
                expected: "numbers, logicals, texts, factors, dates and timestamps can be read; leave it out, or cast \
                           it where the data come from"
                    .into(),
            });
        }
    })
}

/// The schema with every type conformed; names and metadata stay.
pub(crate) fn conform_schema(schema: &Schema) -> Result<SchemaRef> {
    let fields = schema.fields().iter().map(|field| {
        let conformed = Field::new(field.name(), conform(field)?, true);
        Ok(Arc::new(conformed.with_metadata(field.metadata().clone())))
    });
    Ok(Arc::new(Schema::new_with_metadata(
        fields.collect::<Result<Vec<FieldRef>>>()?,
        schema.metadata().clone(),
    )))
}

/// A reader that conforms the batches of another.
pub(crate) struct Conformed<R> {
    inner: R,
    schema: SchemaRef,
    levels: Vec<Option<LevelUnifier>>,
}

impl<R: RecordBatchReader> Conformed<R> {
    pub(crate) fn try_new(inner: R) -> Result<Self> {
        let schema = conform_schema(&inner.schema())?;
        Ok(Self { inner, levels: unifiers(&schema), schema })
    }
}

pub(crate) fn unifiers(schema: &Schema) -> Vec<Option<LevelUnifier>> {
    let unifier = |field: &FieldRef| {
        (*field.data_type() == factor_type())
            .then(|| LevelUnifier::new(xdf::metadata::levels(field).unwrap_or_default()))
    };
    schema.fields().iter().map(unifier).collect()
}

impl<R: RecordBatchReader> Iterator for Conformed<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.inner.next()?;
        Some(batch.and_then(|batch| {
            conform_batch(&batch, &self.schema, &mut self.levels).map_err(ArrowError::from)
        }))
    }
}

impl<R: RecordBatchReader> RecordBatchReader for Conformed<R> {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// One batch in the conformed schema.
pub(crate) fn conform_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
    levels: &mut [Option<LevelUnifier>],
) -> Result<RecordBatch> {
    if batch.num_columns() != schema.fields().len() {
        return Err(Error::SchemaChanged {
            context: "reading".into(),
            expected: format!("{} columns", schema.fields().len()),
            found: format!("{} columns", batch.num_columns()),
        });
    }
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for ((array, field), levels) in batch.columns().iter().zip(schema.fields()).zip(levels) {
        let doing = || format!("reading column '{}' as {}", field.name(), field.data_type());
        let cast = if array.data_type() == field.data_type() {
            Arc::clone(array)
        } else {
            arrow_cast::cast(array, field.data_type()).map_err(Error::arrow(doing()))?
        };
        columns.push(match levels {
            Some(levels) => levels.unify(&cast)?,
            None => cast,
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(Error::arrow("reading"))
}
