//! What is known of columns while their rows come in: levels, rows that wait for their block, statistics.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, Schema};

use crate::encoding::encode::{Segment, encode};
use crate::error::Fault;
use crate::factor::Levels;
use crate::parallel::prelude::*;
use crate::raw::schema::{StoredSchema, factor_type, is_stored};
use crate::{ColumnStatistics, Error, QuantileSketch, Result, metadata};

/// One column.
pub(crate) struct Column {
    /// Levels, for a factor.
    pub(crate) levels: Option<Levels>,
    /// Levels that stand in the file already.
    pub(crate) levels_written: usize,
    /// Arrays whose rows wait for their block to be full.
    pending: Vec<ArrayRef>,
    /// Over all blocks so far, the quantiles among them.
    pub(crate) statistics: ColumnStatistics,
    /// Stored bytes so far.
    pub(crate) bytes: u64,
    /// Some value was null.
    pub(crate) has_null: bool,
}

impl Column {
    /// A column without rows, of a factor with these levels.
    pub(crate) fn new(levels: Option<Levels>) -> Self {
        Self {
            levels_written: levels.as_ref().map_or(0, Levels::len),
            levels,
            pending: Vec::new(),
            statistics: ColumnStatistics::default(),
            bytes: 0,
            has_null: false,
        }
    }
}

/// Columns that are filled together.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) all: Vec<Column>,
    /// Rows that wait for their block to be full.
    pub(crate) pending_rows: usize,
}

impl Columns {
    /// Checks a schema, and prepares its columns.
    pub(crate) fn begin(schema: &Schema, path: &Path) -> Result<(StoredSchema, Self)> {
        let mut names = std::collections::HashSet::new();
        let mut fields = Vec::with_capacity(schema.fields().len());
        let mut columns = Self::default();
        for field in schema.fields() {
            let data_type = stored_type(field.data_type());
            if !is_stored(&data_type) {
                let (column, data_type) = (field.name().clone(), data_type.to_string());
                return Err(Error::UnsupportedType { column, data_type });
            }
            if !names.insert(field.name()) {
                return Err(Error::DuplicateColumn { column: field.name().clone() });
            }
            // Low and high of other data say nothing of these.
            let mut skip = vec![metadata::LOW, metadata::HIGH];
            let levels = match data_type {
                DataType::Dictionary(..) => {
                    skip.push(metadata::LEVELS);
                    let known = metadata::levels(field).unwrap_or_default();
                    Some(Levels::new(&known).map_err(|fault| fault.in_file(path, "schema", 0))?)
                }
                _ => None,
            };
            fields.push(without(field, &skip).with_data_type(data_type.clone()));
            let mut column = Column::new(levels);
            column.statistics.sketch = QuantileSketch::new(&data_type);
            columns.all.push(column);
        }
        let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
        let levels = columns.levels();
        Ok((StoredSchema::new(schema, levels), columns))
    }

    /// Columns of a schema that a file has.
    pub(crate) fn of(stored: &mut StoredSchema, path: &Path) -> Result<Self> {
        let mut columns = Self::default();
        for (index, (field, texts)) in stored.schema.fields().iter().zip(&stored.levels).enumerate() {
            let Some(texts) = texts else {
                let mut column = Column::new(None);
                column.statistics.sketch = QuantileSketch::new(field.data_type());
                columns.all.push(column);
                continue;
            };
            let damaged = |fault: Fault| fault.in_file(path, "levels", 0);
            let levels = Levels::new(texts.iter().map(Option::unwrap_or_default)).map_err(damaged)?;
            if levels.len() != texts.len() {
                let expected = format!("{} different levels of column number {index}", texts.len());
                return Err(damaged(Fault::new(expected, levels.len())));
            }
            columns.all.push(Column::new(Some(levels)));
        }
        let fields = stored.schema.fields().iter().zip(&stored.levels).map(|(field, levels)| match levels {
            Some(_) => without(field, &[metadata::LEVELS]),
            None => field.as_ref().clone(),
        });
        let fields: Vec<Field> = fields.collect();
        stored.schema = Schema::new_with_metadata(fields, std::mem::take(&mut stored.schema.metadata));
        Ok(columns)
    }

    /// The levels of each factor so far; nothing for other columns.
    pub(crate) fn levels(&self) -> Vec<Option<Arc<arrow_array::StringArray>>> {
        let levels = |column: &Column| column.levels.as_ref().map(|levels| Arc::new(levels.to_array()));
        self.all.iter().map(levels).collect()
    }

    /// Arrays as they are stored: factors as codes in terms of the levels, which grow as needed.
    pub(crate) fn stored_arrays(&mut self, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>, Fault> {
        let arrays = self.all.iter_mut().zip(arrays).map(|(column, array)| match &mut column.levels {
            Some(levels) => levels.codes(array).map(|codes| Arc::new(codes) as ArrayRef),
            None => Ok(Arc::clone(array)),
        });
        arrays.collect()
    }

    /// Lets rows of stored arrays wait for their block.
    pub(crate) fn push(&mut self, arrays: &[ArrayRef], start: usize, rows: usize) {
        for (column, array) in self.all.iter_mut().zip(arrays) {
            column.pending.push(if rows == array.len() {
                Arc::clone(array)
            } else {
                array.slice(start, rows)
            });
        }
        self.pending_rows += rows;
    }

    /// Encodes the rows that wait, which then wait no longer.
    pub(crate) fn encode(&mut self, level: i32, path: &Path, position: u64) -> Result<Vec<Segment>> {
        self.pending_rows = 0;
        let segments = self.all.par_iter_mut().map(|column| {
            let pieces = std::mem::take(&mut column.pending);
            let levels = column.levels.as_ref().map(Levels::len);
            let sketch = &mut column.statistics.sketch;
            let mut encode = |array: &dyn Array| {
                let segment = encode(array, levels, level)?;
                if let Some(sketch) = sketch {
                    sketch.insert_block(array, &segment.statistics);
                }
                Ok(segment)
            };
            let segment: Result<_, Fault> = match pieces.as_slice() {
                [one] => encode(one),
                many => {
                    let many: Vec<&dyn Array> = many.iter().map(|array| &**array).collect();
                    let joined = arrow_select::concat::concat(&many);
                    let arrow = |source| Error::Arrow { path: path.to_owned(), source };
                    encode(&joined.map_err(arrow)?)
                }
            };
            segment.map_err(|fault| fault.in_file(path, "block", position))
        });
        segments.collect()
    }

    /// Adds segments that were written to the sums.
    pub(crate) fn count(&mut self, segments: &[Segment]) {
        for (column, segment) in self.all.iter_mut().zip(segments) {
            // blocks have no sketch of their own; that of the column took their rows already
            let sketch = column.statistics.sketch.take();
            column.statistics.merge(&segment.statistics);
            column.statistics.sketch = sketch;
            column.bytes += segment.bytes.len() as u64;
            column.has_null |= segment.may_be_null();
        }
    }

    /// Makes fields nullable whose columns turned out to have missing values.
    pub(crate) fn allow_missing(&self, schema: &mut Schema) {
        let unexpected = |(field, column): (&Arc<Field>, &Column)| column.has_null && !field.is_nullable();
        if !schema.fields().iter().zip(&self.all).any(unexpected) {
            return;
        }
        let fields = schema.fields().iter().zip(&self.all);
        let fields: Vec<Field> = fields
            .map(|(field, column)| {
                field.as_ref().clone().with_nullable(field.is_nullable() || column.has_null)
            })
            .collect();
        *schema = Schema::new_with_metadata(fields, std::mem::take(&mut schema.metadata));
    }
}

/// The field without some keys of its metadata.
fn without(field: &Field, keys: &[&str]) -> Field {
    let mut field = field.clone();
    let mut entries = field.metadata().clone();
    entries.retain(|key, _| !keys.contains(&key.as_str()));
    field.set_metadata(entries);
    field
}

/// The type that a column has in the file.
pub(crate) fn stored_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(key, value) if key.is_integer() && **value == DataType::Utf8 => factor_type(),
        other => other.clone(),
    }
}
