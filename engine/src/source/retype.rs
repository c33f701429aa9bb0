//! Columns of typed sources as other types, as text is read as the types that are asked for.
//!
//! Text is read as the wanted types right away. A Parquet, Arrow or XDF file has types already, so its columns are
//! converted block by block: texts become factors, factors get other levels, numbers other widths. Levels that are
//! found on the way depend on all rows before, so such a source is read from the start by one reader.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow_cast::CastOptions;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};

use super::text::BadCells;
use super::{SourceInfo, index_of, projected};
use crate::factor::{LevelUnifier, codes_and_levels, factor, factor_type, is_factor};
use crate::{BlockReader, BlockSource, Error, Result, ScanOptions};

type Source = Arc<dyn BlockSource>;

/// What a column becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Another type.
    Type(DataType),
    /// A factor with these levels; other texts become missing.
    Levels(Vec<String>),
    /// A factor with the levels that there are, in the order in which they appear.
    Factor,
}

/// A source some of whose columns are converted.
struct Retyped {
    source: Source,
    wanted: Vec<(String, Wanted)>,
    schema: SchemaRef,
}

/// The source with these columns converted, or as it is when they are what is wanted already.
///
/// # Errors
/// [`Error::ColumnNotFound`]. A value that the other type does not have is an error of the pass.
pub fn retype(source: Source, mut wanted: Vec<(String, Wanted)>) -> Result<Source> {
    let schema = source.schema();
    let mut needed = Vec::new();
    for (name, wanted) in wanted.drain(..) {
        let field = schema.field(index_of(&schema, &name)?);
        let done = match &wanted {
            Wanted::Type(data_type) => field.data_type() == data_type,
            Wanted::Levels(levels) => xdf::metadata::levels(field).as_ref() == Some(levels),
            Wanted::Factor => is_factor(field.data_type()),
        };
        if !done {
            needed.push((name, wanted));
        }
    }
    if needed.is_empty() {
        return Ok(source);
    }
    let fields = schema.fields().iter().map(|field| match wanted_of(&needed, field) {
        Some(wanted) => Arc::new(converted(field, wanted)),
        None => Arc::clone(field),
    });
    let schema = Schema::new_with_metadata(fields.collect::<Vec<FieldRef>>(), schema.metadata().clone());
    Ok(Arc::new(Retyped { source, wanted: needed, schema: Arc::new(schema) }))
}

fn wanted_of<'a>(wanted: &'a [(String, Wanted)], field: &Field) -> Option<&'a Wanted> {
    wanted.iter().rev().find(|(name, _)| name == field.name()).map(|(_, wanted)| wanted)
}

fn converted(field: &Field, wanted: &Wanted) -> Field {
    // levels, low and high belong to the old type
    let mut metadata = field.metadata().clone();
    for key in [xdf::metadata::LEVELS, xdf::metadata::LOW, xdf::metadata::HIGH, xdf::metadata::STORAGE] {
        metadata.remove(key);
    }
    let data_type = match wanted {
        Wanted::Type(data_type) => data_type.clone(),
        Wanted::Levels(_) | Wanted::Factor => factor_type(),
    };
    let field = Field::new(field.name(), data_type, true).with_metadata(metadata);
    match wanted {
        Wanted::Levels(levels) => xdf::metadata::set_levels(field, levels),
        _ => field,
    }
}

impl BlockSource for Retyped {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        let info = self.source.info();
        let found_on_the_way = self.wanted.iter().any(|(_, wanted)| *wanted == Wanted::Factor);
        SourceInfo { random_access: info.random_access && !found_on_the_way, ..info }
    }

    fn statistics(&self, column: &str) -> Option<xdf::ColumnStatistics> {
        let converted = self.wanted.iter().any(|(name, _)| name == column);
        if converted { None } else { self.source.statistics(column) }
    }

    fn bad_cells(&self) -> Vec<BadCells> {
        self.source.bad_cells()
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let schema = projected(&self.schema, options.columns.as_deref())?;
        let mut converters: Vec<Option<Converter>> = schema
            .fields()
            .iter()
            .map(|field| wanted_of(&self.wanted, field).map(|wanted| Converter::new(field.name(), wanted)))
            .collect();
        let made = Arc::clone(&schema);
        Ok(self.source.open(options)?.mapped(schema, move |block| {
            let columns = block.batch.columns().iter().zip(&mut converters).map(|(column, converter)| {
                converter
                    .as_mut()
                    .map_or_else(|| Ok(Arc::clone(column)), |converter| converter.convert(column))
            });
            let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
            let rows = RecordBatchOptions::new().with_row_count(Some(block.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&made), columns, &rows)
                .map_err(|source| Error::Arrow { doing: "converting columns".into(), source })?;
            Ok(block.with_batch(batch))
        }))
    }
}

/// Converts the blocks of one column.
pub(crate) enum Converter {
    Cast { name: String, data_type: DataType },
    Fixed { levels: ArrayRef, unifier: LevelUnifier, known: usize },
    Growing(LevelUnifier),
}

impl Converter {
    pub(crate) fn new(name: &str, wanted: &Wanted) -> Self {
        match wanted {
            Wanted::Type(data_type) => Self::Cast { name: name.to_owned(), data_type: data_type.clone() },
            Wanted::Levels(levels) => Self::Fixed {
                levels: Arc::new(StringArray::from_iter_values(levels)),
                unifier: LevelUnifier::new(levels.iter().cloned()),
                known: levels.len(),
            },
            Wanted::Factor => Self::Growing(LevelUnifier::default()),
        }
    }

    pub(crate) fn convert(&mut self, column: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Self::Cast { name, data_type } => {
                let options = CastOptions { safe: false, ..CastOptions::default() };
                let failed = |source| {
                    let doing = format!("reading column '{name}' as {data_type}");
                    Error::Arrow { doing, source }
                };
                let cast = arrow_cast::cast_with_options(column, data_type, &options).map_err(failed)?;
                if column.data_type().is_floating() && data_type.is_integer() {
                    whole(column, name, data_type)?;
                }
                Ok(cast)
            }
            Self::Growing(unifier) => unifier.unify(texts(column)?.as_ref()),
            Self::Fixed { levels, unifier, known } => {
                let unified = unifier.unify(texts(column)?.as_ref())?;
                let Some((codes, _)) = codes_and_levels(unified.as_ref()) else { return Ok(unified) };
                // levels that came after the known ones were not asked for
                let codes: Int32Array =
                    codes.iter().map(|code| code.filter(|&code| (code as usize) < *known)).collect();
                factor(codes, Arc::clone(levels))
            }
        }
    }
}

/// Refuses decimals that an integer would cut off, as text is refused that is no integer.
fn whole(column: &ArrayRef, name: &str, data_type: &DataType) -> Result<()> {
    let wide = arrow_cast::cast(column, &DataType::Float64)
        .map_err(|source| Error::Arrow { doing: format!("reading column '{name}'"), source })?;
    let fraction = wide.as_primitive::<Float64Type>().iter().flatten().find(|value| value.fract() != 0.0);
    match fraction {
        None => Ok(()),
        Some(value) => Err(Error::ColumnType {
            column: name.to_owned(),
            found: column.data_type().to_string(),
            expected: format!("{data_type} was asked for and {value} is not an integer; read it as float64"),
        }),
    }
}

/// The texts of a column: themselves, a factor, or the numbers as they are written.
fn texts(column: &ArrayRef) -> Result<ArrayRef> {
    if column.as_string_opt::<i32>().is_some() || codes_and_levels(column.as_ref()).is_some() {
        return Ok(Arc::clone(column));
    }
    arrow_cast::cast(column, &DataType::Utf8)
        .map_err(|source| Error::Arrow { doing: "making a factor".into(), source })
}
