//! Columns renamed and described on the way: the parts of `column_info` that do not touch values.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, FieldRef, Schema, SchemaRef};
use engine::source::index_of;
use engine::{BoundTransform, Error, Result, Transform};
use pyo3::FromPyObject;

/// What is said about one column.
#[derive(Debug, Clone, FromPyObject)]
pub(crate) struct Note {
    /// The name that the source gives.
    #[pyo3(item)]
    column: String,
    /// The name that it gets, or the same.
    #[pyo3(item)]
    name: String,
    /// Metadata entries to set.
    #[pyo3(item)]
    metadata: HashMap<String, String>,
}

/// Renames columns and sets their metadata; types and values stay.
#[derive(Debug)]
pub(crate) struct Annotate {
    notes: HashMap<String, Note>,
}

impl Annotate {
    pub(crate) fn new(notes: Vec<Note>) -> Self {
        Self { notes: notes.into_iter().map(|note| (note.column.clone(), note)).collect() }
    }

    fn field(&self, field: &FieldRef) -> FieldRef {
        let Some(note) = self.notes.get(field.name()) else { return Arc::clone(field) };
        let renamed = Field::clone(field).with_name(&note.name);
        Arc::new(
            note.metadata.iter().fold(renamed, |field, (key, value)| xdf::metadata::set(field, key, value)),
        )
    }
}

impl Transform for Annotate {
    fn output_schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let fields: Vec<FieldRef> = input.fields().iter().map(|field| self.field(field)).collect();
        let mut seen = HashSet::new();
        if let Some(twice) = fields.iter().find(|field| !seen.insert(field.name())) {
            return Err(Error::InvalidOption {
                option: "newName".into(),
                reason: format!("there would be two columns '{}'", twice.name()),
            });
        }
        Ok(Arc::new(Schema::new_with_metadata(fields, input.metadata().clone())))
    }

    fn input_columns(&self, input: &SchemaRef, wanted: &[String]) -> Vec<String> {
        let old: HashMap<String, &String> =
            input.fields().iter().map(|field| (self.field(field).name().clone(), field.name())).collect();
        wanted.iter().map(|name| old.get(name).map_or_else(|| name.clone(), |&old| old.clone())).collect()
    }

    fn unchanged(&self, name: &str) -> Option<String> {
        match self.notes.values().find(|note| note.name == name) {
            Some(note) => Some(note.column.clone()),
            // a name that was given away belongs to nobody
            None => (!self.notes.contains_key(name)).then(|| name.to_owned()),
        }
    }

    fn bind(&self, input: &SchemaRef) -> Result<BoundTransform> {
        // the notes may name columns that this scan left out, but not columns that do not exist
        let schema = self.output_schema(input)?;
        Ok(Box::new(move |block| {
            let rows = RecordBatchOptions::new().with_row_count(Some(block.num_rows()));
            let columns = block.batch.columns().to_vec();
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)
                .map_err(|source| Error::Arrow { doing: "renaming columns".into(), source })?;
            Ok(block.with_batch(batch))
        }))
    }
}

/// Checks that every note is about a column of the source.
///
/// # Errors
/// [`Error::ColumnNotFound`].
pub(crate) fn check(notes: &[Note], schema: &Schema) -> Result<()> {
    notes.iter().try_for_each(|note| index_of(schema, &note.column).map(drop))
}
