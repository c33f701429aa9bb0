//! Several sources as one, in order.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Field, SchemaRef};

use super::conform::{conform_batch, unifiers};
use super::row_range::RowRange;
use super::{BlockSource, SourceInfo, projected};
use crate::factor::LevelUnifier;
use crate::{BlockReader, Error, Result, ScanOptions};

/// The rows of one source after those of another; factors get the levels of all, in the order of appearance.
#[derive(Clone)]
pub struct ConcatSource {
    sources: Vec<Arc<dyn BlockSource>>,
    schema: SchemaRef,
}

impl ConcatSource {
    /// Joins sources with the same columns and types.
    ///
    /// # Errors
    /// [`Error::NoInput`] without a source, [`Error::SchemaChanged`] when the columns differ.
    pub fn try_new(sources: Vec<Arc<dyn BlockSource>>) -> Result<Self> {
        let Some(first) = sources.first() else { return Err(Error::NoInput { pattern: String::new() }) };
        let schema = first.schema();
        let shape = |schema: &SchemaRef| -> Vec<(String, String)> {
            schema
                .fields()
                .iter()
                .map(|field| (field.name().clone(), field.data_type().to_string()))
                .collect()
        };
        let expected = shape(&schema);
        for source in &sources {
            let found = shape(&source.schema());
            if found != expected {
                let text = |shape: &[(String, String)]| {
                    shape.iter().map(|(name, kind)| format!("{name} {kind}")).collect::<Vec<_>>().join(", ")
                };
                return Err(Error::SchemaChanged {
                    context: source.info().name,
                    expected: text(&expected),
                    found: text(&found),
                });
            }
        }
        // levels that only a later part has are not in the first part's list, so no list can be promised
        let same_levels = |index: usize| {
            let levels = |source: &Arc<dyn BlockSource>| xdf::metadata::levels(source.schema().field(index));
            sources.iter().all(|source| levels(source) == levels(first))
        };
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let mut field = field.as_ref().clone();
                if !same_levels(index) {
                    let mut metadata = field.metadata().clone();
                    metadata.remove(xdf::metadata::LEVELS);
                    field = field.with_metadata(metadata);
                }
                with_range_of_all(field, &sources, index)
            })
            .collect();
        let schema = Arc::new(arrow_schema::Schema::new_with_metadata(fields, schema.metadata().clone()));
        Ok(Self { sources, schema })
    }
}

/// The field with the lowest low and the highest high of all parts; with neither unless every part states them.
fn with_range_of_all(field: Field, sources: &[Arc<dyn BlockSource>], index: usize) -> Field {
    if xdf::metadata::low_high(&field).is_none() {
        return field;
    }
    let ranges = sources.iter().map(|source| xdf::metadata::low_high(source.schema().field(index)));
    let ranges: Option<Vec<(f64, f64)>> = ranges.collect();
    match ranges {
        Some(ranges) if ranges.iter().all(|range| *range == ranges[0]) => field,
        Some(ranges) => {
            let low = ranges.iter().map(|range| range.0).fold(f64::INFINITY, f64::min);
            let high = ranges.iter().map(|range| range.1).fold(f64::NEG_INFINITY, f64::max);
            xdf::metadata::set_low_high(field, low, high)
        }
        None => {
            let mut metadata = field.metadata().clone();
            metadata.remove(xdf::metadata::LOW);
            metadata.remove(xdf::metadata::HIGH);
            field.with_metadata(metadata)
        }
    }
}

impl BlockSource for ConcatSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        let infos: Vec<SourceInfo> = self.sources.iter().map(|source| source.info()).collect();
        let first = infos.first().map(|info| info.name.clone()).unwrap_or_default();
        SourceInfo {
            name: if infos.len() > 1 { format!("{first} and {} more", infos.len() - 1) } else { first },
            rows: infos.iter().map(|info| info.rows).sum(),
            bytes: infos.iter().map(|info| info.bytes).sum(),
            random_access: false,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let schema = projected(&self.schema, options.columns.as_deref())?;
        let rows = RowRange::new(options.rows.as_ref());
        let start = rows.skip;
        let reader = Chain {
            sources: self.sources.clone(),
            next: 0,
            current: None,
            levels: unifiers(&schema),
            schema,
            // the parts are joined to blocks here, which need every row
            options: ScanOptions {
                prefetch: false,
                rows: None,
                selections: Vec::new(),
                monitor: Arc::default(),
                ..options.clone()
            },
            outer: Arc::clone(&options.monitor),
            rows,
        };
        Ok(BlockReader::new(Box::new(reader), options, start))
    }
}

struct Chain {
    sources: Vec<Arc<dyn BlockSource>>,
    next: usize,
    current: Option<Part>,
    levels: Vec<Option<LevelUnifier>>,
    schema: SchemaRef,
    options: ScanOptions,
    outer: Arc<crate::Monitor>,
    rows: RowRange,
}

struct Part {
    blocks: BlockReader,
    /// Whether the part leaves out the rows that are not wanted by itself.
    ranged: bool,
}

impl Chain {
    fn advance(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.outer.check()?;
            let Some(part) = self.current.as_mut() else {
                let Some(part) = self.next_part()? else { return Ok(None) };
                self.current = Some(part);
                continue;
            };
            if !part.ranged && self.rows.take == 0 {
                return Ok(None);
            }
            let Some(block) = part.blocks.next() else {
                self.current = None;
                continue;
            };
            let batch = block?.batch;
            if part.ranged {
                return conform_batch(&batch, &self.schema, &mut self.levels).map(Some);
            }
            if let Some(batch) = self.rows.cut(&batch) {
                return conform_batch(&batch, &self.schema, &mut self.levels).map(Some);
            }
        }
    }

    /// Opens the next part that has wanted rows. Parts that know their rows are asked for no others.
    fn next_part(&mut self) -> Result<Option<Part>> {
        while self.rows.take > 0
            && let Some(source) = self.sources.get(self.next)
        {
            self.next += 1;
            let Some(rows) = source.info().rows else {
                return Ok(Some(Part { blocks: source.open(&self.options)?, ranged: false }));
            };
            let from = self.rows.skip.min(rows);
            let to = rows.min(from.saturating_add(self.rows.take));
            self.rows.skip -= from;
            self.rows.take -= to - from;
            if from < to {
                let options = ScanOptions { rows: Some(from..to), ..self.options.clone() };
                return Ok(Some(Part { blocks: source.open(&options)?, ranged: true }));
            }
        }
        Ok(None)
    }
}

impl Iterator for Chain {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().map_err(ArrowError::from).transpose()
    }
}

impl RecordBatchReader for Chain {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
