//! Expressions bound to a schema.

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Schema};

use super::Expr;
use crate::syntax::{Span, SyntaxError};

/// What can go wrong with an expression and its columns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExprError {
    /// Not understood, or not of a type that it can have.
    #[error(transparent)]
    Type(#[from] SyntaxError),
}

/// An expression whose columns are known.
#[derive(Debug)]
pub struct BoundExpr {
    data_type: DataType,
    error: SyntaxError,
}

impl Expr {
    /// Resolves the columns.
    ///
    /// # Errors
    /// A column that does not exist, or operands that do not fit.
    pub fn bind(&self, _: &Schema) -> Result<BoundExpr, ExprError> {
        let span = Span::new(0, self.source().len());
        Err(SyntaxError::new(self.source(), span, "expressions cannot be evaluated yet").into())
    }
}

impl BoundExpr {
    /// The type of the result.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// Whether it can select rows.
    ///
    /// # Errors
    /// When it is not a condition.
    pub fn check_selection(&self) -> Result<(), ExprError> {
        Err(self.error.clone().into())
    }

    /// The rows for which it is true.
    ///
    /// # Errors
    /// When it is not a condition.
    pub fn select(&self, _: &RecordBatch) -> Result<BooleanArray, ExprError> {
        Err(self.error.clone().into())
    }

    /// The value for each row.
    ///
    /// # Errors
    /// When a computation fails.
    pub fn evaluate(&self, _: &RecordBatch) -> Result<ArrayRef, ExprError> {
        Err(self.error.clone().into())
    }
}
