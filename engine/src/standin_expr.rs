//! Stand-in until the real module lands: delete this file then.
#![allow(missing_docs)]
use arrow_array::*;
use arrow_schema::*;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ExprError;
#[derive(Debug, Clone)]
pub struct Expr;
impl Expr {
    pub fn bind(&self, _: &Schema) -> Result<BoundExpr, ExprError> {
        Err(ExprError)
    }
    pub fn columns(&self) -> Vec<String> {
        vec![]
    }
}
pub struct BoundExpr;
impl BoundExpr {
    pub fn data_type(&self) -> &DataType {
        &DataType::Null
    }
    pub fn check_selection(&self) -> Result<(), ExprError> {
        Ok(())
    }
    pub fn select(&self, _: &RecordBatch) -> Result<BooleanArray, ExprError> {
        Err(ExprError)
    }
    pub fn evaluate(&self, _: &RecordBatch) -> Result<ArrayRef, ExprError> {
        Err(ExprError)
    }
}
