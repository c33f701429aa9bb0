//! An expression whose columns are known.

use std::cell::Cell;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::filter::prep_null_mask_filter;

use super::Expr;
use super::bind::{Binder, BoundColumn};
use super::error::ExprError;
use super::eval::Context;
use super::plan::{Node, Op};
use crate::syntax::SyntaxError;

/// An expression bound to a schema: its type is known, and it can be evaluated on any number of batches.
#[derive(Debug, Clone)]
pub struct BoundExpr {
    pub(super) text: Arc<str>,
    pub(super) root: Node,
    pub(super) columns: Vec<BoundColumn>,
    /// The field of the schema, when the expression is only a column.
    field: Option<Field>,
}

impl Expr {
    /// Resolves the columns (case counts) and checks the types.
    ///
    /// # Errors
    /// A column that does not exist, or operands whose types do not fit, with the place.
    pub fn bind(&self, schema: &Schema) -> Result<BoundExpr, ExprError> {
        let mut binder = Binder { text: &self.text, schema, columns: Vec::new(), copied: Cell::new(0) };
        let root = binder.bind(&self.root)?;
        let columns = binder.columns;
        let field = match &root.op {
            Op::Column(at) => Some(schema.field(columns[*at].index).clone()),
            _ => None,
        };
        Ok(BoundExpr { text: Arc::clone(&self.text), root, columns, field })
    }
}

impl BoundExpr {
    /// The type of the result.
    pub fn data_type(&self) -> &DataType {
        self.field.as_ref().map_or(&self.root.ty, Field::data_type)
    }

    /// The field of a column `name` with the result: a column keeps its metadata, a factor names its levels.
    pub fn field(&self, name: &str) -> Field {
        if let Some(field) = &self.field {
            return field.clone().with_name(name);
        }
        let field = Field::new(name, self.root.ty.clone(), true);
        match &self.root.op {
            Op::MakeFactor(levels) => {
                let levels: Vec<&str> = levels.texts.iter().flatten().collect();
                xdf::metadata::set_levels(field, &levels)
            }
            _ => field,
        }
    }

    /// Whether the expression can select rows.
    ///
    /// # Errors
    /// When it is not true or false, with the place.
    pub fn check_selection(&self) -> Result<(), ExprError> {
        if matches!(self.root.ty, DataType::Boolean | DataType::Null) {
            return Ok(());
        }
        let message =
            format!("a row selection must be true or false, but this is of type {}", self.data_type());
        let source = self.root.span.of(&self.text);
        let hint = match self.root.ty {
            DataType::Utf8 | DataType::Dictionary(..) => {
                format!("compare it, for example {source} == \"...\"")
            }
            DataType::Date32 | DataType::Timestamp(..) => {
                format!("compare it, for example {source} >= \"2020-01-31\"")
            }
            _ => format!("compare it, for example {source} > 0"),
        };
        let at = SyntaxError::new(&self.text, self.root.span, message).with_hint(hint);
        Err(ExprError::Type { at: Box::new(at) })
    }

    /// The value of each row.
    ///
    /// # Errors
    /// An overflow of whole numbers, or a batch that does not have the columns.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, ExprError> {
        let mut context = Context::new(&self.text, &self.columns, batch);
        if let (Op::Column(at), Some(_)) = (&self.root.op, &self.field) {
            return context.raw(*at);
        }
        let value = context.evaluate(&self.root)?;
        context.materialize(value, &self.root)
    }

    /// The rows for which the expression is true; where it is missing it is not.
    ///
    /// # Errors
    /// As [`check_selection`](Self::check_selection) and [`evaluate`](Self::evaluate).
    pub fn select(&self, batch: &RecordBatch) -> Result<BooleanArray, ExprError> {
        self.check_selection()?;
        let mask = self.evaluate(batch)?;
        match mask.as_boolean_opt() {
            Some(mask) if mask.null_count() == 0 => Ok(mask.clone()),
            Some(mask) => Ok(prep_null_mask_filter(mask)),
            None => Ok(BooleanArray::from(vec![false; batch.num_rows()])),
        }
    }
}
