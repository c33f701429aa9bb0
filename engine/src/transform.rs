//! Rows selected and columns computed on the way.
//!
//! A transform turns the blocks of one schema into blocks of another. A source with transforms is a source again, and
//! asks the one below it only for the columns that are needed for those wanted.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};

use crate::expr::{BoundExpr, Expr};
use crate::source::{SourceInfo, index_of, projected};
use crate::{Block, BlockReader, BlockSource, Error, Result, ScanOptions};

/// A function from blocks to blocks that is known before the first block.
pub trait Transform: Send + Sync {
    /// The schema that it makes of another.
    ///
    /// # Errors
    /// When a column is missing or of a type that cannot be used.
    fn output_schema(&self, input: &SchemaRef) -> Result<SchemaRef>;

    /// The columns of the input that are read to deliver the columns `wanted` of the output.
    fn input_columns(&self, input: &SchemaRef, wanted: &[String]) -> Vec<String>;

    /// The function for blocks of the schema `input`.
    ///
    /// # Errors
    /// As [`Transform::output_schema`].
    fn bind(&self, input: &SchemaRef) -> Result<BoundTransform>;

    /// The input column whose stored statistics are those of the output column `name`; `None` where rows or values
    /// change.
    fn unchanged(&self, _name: &str) -> Option<String> {
        None
    }

    /// The selection that the transform is, if it is one.
    fn selection(&self) -> Option<&Expr> {
        None
    }

    /// Whether the column `name` has in each row of the output the value that it has in that row of the input. Rows may
    /// be missing from the output.
    fn passes(&self, _name: &str) -> bool {
        false
    }
}

/// A transform that knows the columns that it gets.
pub type BoundTransform = Box<dyn FnMut(Block) -> Result<Block> + Send>;

/// A source whose blocks pass through transforms, the first one first.
#[derive(Clone)]
pub struct Transformed {
    source: Arc<dyn BlockSource>,
    transform: Arc<dyn Transform>,
    schema: SchemaRef,
}

impl Transformed {
    /// `source` with one transform on top.
    ///
    /// # Errors
    /// When the transform does not fit the source's columns.
    pub fn try_new(source: Arc<dyn BlockSource>, transform: Arc<dyn Transform>) -> Result<Self> {
        let schema = transform.output_schema(&source.schema())?;
        Ok(Self { source, transform, schema })
    }
}

impl BlockSource for Transformed {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        self.source.info()
    }

    fn statistics(&self, column: &str) -> Option<xdf::ColumnStatistics> {
        self.source.statistics(&self.transform.unchanged(column)?)
    }

    fn bad_cells(&self) -> Vec<crate::source::text::BadCells> {
        self.source.bad_cells()
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let wanted: Vec<String> = match &options.columns {
            Some(columns) => columns.clone(),
            None => self.schema.fields().iter().map(|field| field.name().clone()).collect(),
        };
        let output = projected(&self.schema, Some(&wanted))?;
        let below = self.source.schema();
        let needed = self.transform.input_columns(&below, &wanted);
        let input = projected(&below, Some(&needed))?;
        let mut apply = self.transform.bind(&input)?;
        // what is selected above may be left out below, where it is said in terms of columns from below
        let mut selections = options.selections.clone();
        selections.retain(|selection| selection.columns().iter().all(|name| self.transform.passes(name)));
        selections.extend(self.transform.selection().cloned());
        let reader =
            self.source.open(&ScanOptions { columns: Some(needed), selections, ..options.clone() })?;
        let made = self.transform.output_schema(&input)?;
        let order: Vec<usize> = wanted.iter().map(|name| index_of(&made, name)).collect::<Result<_>>()?;
        let schema = Arc::clone(&output);
        Ok(reader.mapped(output, move |block| {
            let block = apply(block)?;
            let columns = order.iter().map(|&index| Arc::clone(block.batch.column(index))).collect();
            let rows = RecordBatchOptions::new().with_row_count(Some(block.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)
                .map_err(Error::arrow("ordering columns"))?;
            Ok(block.with_batch(batch))
        }))
    }
}

/// Keeps the rows for which an expression is true; missing is not true.
#[derive(Debug, Clone)]
pub struct SelectRows(Expr);

impl SelectRows {
    /// Selects by `expression`.
    pub fn new(expression: Expr) -> Self {
        Self(expression)
    }
}

impl Transform for SelectRows {
    fn output_schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        self.0.bind(input)?.check_selection()?;
        Ok(Arc::clone(input))
    }

    fn input_columns(&self, _: &SchemaRef, wanted: &[String]) -> Vec<String> {
        union(wanted, self.0.columns())
    }

    fn selection(&self) -> Option<&Expr> {
        Some(&self.0)
    }

    fn passes(&self, _: &str) -> bool {
        true
    }

    fn bind(&self, input: &SchemaRef) -> Result<BoundTransform> {
        let bound = self.0.bind(input)?;
        Ok(Box::new(move |block| {
            let mask = bound.select(&block.batch)?;
            let batch = arrow_select::filter::filter_record_batch(&block.batch, &mask)
                .map_err(Error::arrow("selecting rows"))?;
            Ok(block.with_batch(batch))
        }))
    }
}

/// Adds or replaces columns by expressions; a later one may use an earlier one.
#[derive(Debug, Clone)]
pub struct Compute(Vec<(String, Expr)>);

impl Compute {
    /// Computes each named column, in order.
    pub fn new(columns: Vec<(String, Expr)>) -> Self {
        Self(columns)
    }
}

fn with_column(schema: &Schema, name: &str, bound: &BoundExpr) -> SchemaRef {
    let field = Arc::new(bound.field(name));
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    match schema.index_of(name) {
        Ok(index) => fields[index] = field,
        Err(_) => fields.push(field),
    }
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

impl Transform for Compute {
    fn output_schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        self.0.iter().try_fold(Arc::clone(input), |schema, (name, expression)| {
            Ok(with_column(&schema, name, &expression.bind(&schema)?))
        })
    }

    /// All computed columns are computed, so that the schema does not depend on what is wanted.
    fn input_columns(&self, input: &SchemaRef, wanted: &[String]) -> Vec<String> {
        let exists = |name: &String| input.index_of(name).is_ok();
        let base: Vec<String> = wanted.iter().filter(|name| exists(name)).cloned().collect();
        let read = self.0.iter().flat_map(|(_, expression)| expression.columns()).filter(exists);
        union(&base, read)
    }

    fn unchanged(&self, name: &str) -> Option<String> {
        self.passes(name).then(|| name.to_owned())
    }

    fn passes(&self, name: &str) -> bool {
        self.0.iter().all(|(computed, _)| computed != name)
    }

    fn bind(&self, input: &SchemaRef) -> Result<BoundTransform> {
        let mut schema = Arc::clone(input);
        let mut steps = Vec::with_capacity(self.0.len());
        for (name, expression) in &self.0 {
            let bound = expression.bind(&schema)?;
            schema = with_column(&schema, name, &bound);
            steps.push((bound, index_of(&schema, name)?, Arc::clone(&schema)));
        }
        Ok(Box::new(move |mut block| {
            for (bound, index, schema) in &steps {
                let column = bound.evaluate(&block.batch)?;
                let mut columns = block.batch.columns().to_vec();
                if *index < columns.len() {
                    columns[*index] = column;
                } else {
                    columns.push(column);
                }
                let batch = RecordBatch::try_new(Arc::clone(schema), columns)
                    .map_err(Error::arrow("adding a computed column"))?;
                block = block.with_batch(batch);
            }
            Ok(block)
        }))
    }
}

/// Keeps some columns, in the given order.
#[derive(Debug, Clone)]
pub struct Project(Vec<String>);

impl Project {
    /// Keeps `columns`.
    pub fn new(columns: Vec<String>) -> Self {
        Self(columns)
    }
}

impl Transform for Project {
    fn output_schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        // a scan may already have left out columns that nobody wanted
        for (position, name) in self.0.iter().enumerate() {
            index_of(input, name)?;
            if self.0[..position].contains(name) {
                let reason = format!("'{name}' is named twice; a table has each column once");
                return Err(Error::InvalidOption { option: "columns to keep".into(), reason });
            }
        }
        projected(input, Some(&self.0))
    }

    fn input_columns(&self, _: &SchemaRef, _: &[String]) -> Vec<String> {
        self.0.clone()
    }

    fn unchanged(&self, name: &str) -> Option<String> {
        self.0.iter().find(|kept| *kept == name).cloned()
    }

    fn passes(&self, _: &str) -> bool {
        true
    }

    fn bind(&self, input: &SchemaRef) -> Result<BoundTransform> {
        let schema = self.output_schema(input)?;
        let order: Vec<usize> = self.0.iter().map(|name| index_of(input, name)).collect::<Result<_>>()?;
        Ok(Box::new(move |block| {
            let columns = order.iter().map(|&index| Arc::clone(block.batch.column(index))).collect();
            let rows = RecordBatchOptions::new().with_row_count(Some(block.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)
                .map_err(Error::arrow("keeping columns"))?;
            Ok(block.with_batch(batch))
        }))
    }
}

fn union(first: &[String], second: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all = first.to_vec();
    for name in second {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}
