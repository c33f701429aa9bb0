//! Plan and batch to values.
//!
//! A value takes one of three shapes, and the cheapest that is possible is kept for as long as possible:
//!
//! * one value for all rows,
//! * an array with a value per row,
//! * *coded*: a code per row and a value per code. A factor begins like this, and every operation on it and
//!   constants works on the values of the codes alone: `upper(DayOfWeek) == "MONDAY"` compares seven texts, however
//!   many rows there are. A missing code gets a code of its own, whose value is missing, so that the rules for
//!   missing values hold without special cases.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Datum, Int32Array, Int64Array, RecordBatch, UInt32Array, new_null_array,
};
use arrow_buffer::NullBuffer;
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType};

use super::ast::Comparison;
use super::bind::BoundColumn;
use super::error::ExprError;
use super::kernels;
use super::plan::{Node, Op};
use crate::syntax::SyntaxError;

/// An argument of a kernel: a value per row, or one for all.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub(super) array: ArrayRef,
    pub(super) scalar: bool,
}

impl Datum for Operand {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.scalar)
    }
}

impl Operand {
    /// A value for each of `rows` rows.
    pub(super) fn expand(&self, rows: usize) -> Result<ArrayRef, ArrowError> {
        if !self.scalar {
            return Ok(Arc::clone(&self.array));
        }
        if self.array.is_null(0) {
            return Ok(new_null_array(self.array.data_type(), rows));
        }
        arrow_select::take::take(&self.array, &UInt32Array::from_value(0, rows), None)
    }
}

/// Values that are known per code.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    /// Never missing; each is a place in `values`.
    codes: Arc<Int32Array>,
    values: ArrayRef,
}

/// A value in one of its shapes.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Plain(Operand),
    Coded(Coded),
}

/// The value of a node whose arguments are all constant.
pub(super) fn fold(node: &Node, text: &str) -> Result<ArrayRef, ExprError> {
    let args: Vec<Operand> = node
        .args
        .iter()
        .filter_map(Node::constant)
        .map(|array| Operand { array: Arc::clone(array), scalar: false })
        .collect();
    kernels::apply(node, &args, 1).map_err(|source| failed(text, node, source))
}

fn failed(text: &str, node: &Node, source: ArrowError) -> ExprError {
    let place = node.span.of(text);
    let at = match (&node.op, &source) {
        (Op::Arithmetic(_) | Op::Negate | Op::Math(_), ArrowError::ArithmeticOverflow(_)) => {
            SyntaxError::new(text, node.span, "the result does not fit a 64-bit whole number")
                .with_hint("compute with fractions: as.numeric(x)")
        }
        (Op::Widen, _) => SyntaxError::new(text, node.span, "a value does not fit a 64-bit whole number")
            .with_hint(format!("write as.numeric({place})")),
        (_, ArrowError::OffsetOverflowError(_)) => {
            SyntaxError::new(text, node.span, "the texts become too long")
                .with_hint("one text holds up to 64 MiB and a block up to 2 GiB: use fewer rows per block")
        }
        _ => SyntaxError::new(text, node.span, format!("this failed: {source}")),
    };
    ExprError::Compute { at: Box::new(at), source }
}

/// One evaluation on one batch.
pub(super) struct Context<'a> {
    text: &'a str,
    columns: &'a [BoundColumn],
    batch: &'a RecordBatch,
    /// Columns that were used already, so that all uses of a factor share its codes.
    loaded: Vec<Option<Value>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(text: &'a str, columns: &'a [BoundColumn], batch: &'a RecordBatch) -> Self {
        Self { text, columns, batch, loaded: vec![None; columns.len()] }
    }

    /// The column as it is in the batch.
    pub(super) fn raw(&self, at: usize) -> Result<ArrayRef, ExprError> {
        let column = &self.columns[at];
        let schema = self.batch.schema_ref();
        let index = match schema.fields().get(column.index) {
            Some(field) if *field.name() == column.name => Some(column.index),
            _ => schema.index_of(&column.name).ok(),
        };
        let found = index.map(|index| self.batch.column(index));
        match found {
            Some(array) if *array.data_type() == column.raw => Ok(Arc::clone(array)),
            _ => Err(ExprError::Batch {
                column: column.name.clone(),
                expected: column.raw.to_string(),
                found: found
                    .map_or_else(|| "no such column".to_owned(), |array| array.data_type().to_string()),
            }),
        }
    }

    /// The column in its type of the plan.
    fn usable(&self, at: usize) -> Result<ArrayRef, ExprError> {
        let array = self.raw(at)?;
        let column = &self.columns[at];
        if column.raw == column.ty {
            return Ok(array);
        }
        let options = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(&array, &column.ty, &options).map_err(|source| ExprError::Batch {
            column: column.name.clone(),
            expected: column.ty.to_string(),
            found: source.to_string(),
        })
    }

    fn load(&mut self, at: usize, node: &Node) -> Result<Value, ExprError> {
        if let Some(value) = &self.loaded[at] {
            return Ok(value.clone());
        }
        let array = self.usable(at)?;
        let value = match array.as_dictionary_opt::<Int32Type>() {
            Some(factor) => {
                let keys = factor.keys();
                let missing = factor.values().len() as i32;
                let coded = match keys.nulls().filter(|nulls| nulls.null_count() > 0) {
                    None => Coded { codes: Arc::new(keys.clone()), values: Arc::clone(factor.values()) },
                    Some(nulls) => {
                        let mut codes = keys.values().to_vec();
                        for row in (!nulls.inner()).set_indices() {
                            codes[row] = missing;
                        }
                        let none = new_null_array(factor.values().data_type(), 1);
                        let values = arrow_select::concat::concat(&[factor.values(), &none])
                            .map_err(|source| failed(self.text, node, source))?;
                        Coded { codes: Arc::new(Int32Array::from(codes)), values }
                    }
                };
                Value::Coded(coded)
            }
            None => Value::Plain(Operand { array, scalar: false }),
        };
        self.loaded[at] = Some(value.clone());
        Ok(value)
    }

    pub(super) fn evaluate(&mut self, node: &Node) -> Result<Value, ExprError> {
        match &node.op {
            Op::Column(at) => return self.load(*at, node),
            Op::Literal(array) => {
                return Ok(Value::Plain(Operand { array: Arc::clone(array), scalar: true }));
            }
            Op::Codes | Op::CompareLevel(..) => {
                let factor = self.factor(&node.args[0])?;
                let array = match &node.op {
                    Op::CompareLevel(comparison, level) => compare_level(&factor, *comparison, level),
                    _ => codes(&factor),
                };
                return Ok(Value::Plain(Operand { array, scalar: false }));
            }
            _ => {}
        }
        let mut args = Vec::with_capacity(node.args.len());
        for arg in &node.args {
            args.push(self.evaluate(arg)?);
        }
        if let Some(codes) = shared_codes(&args) {
            let values = args.iter().map(|arg| match arg {
                Value::Plain(operand) => operand.clone(),
                Value::Coded(coded) => Operand { array: Arc::clone(&coded.values), scalar: false },
            });
            let values: Vec<Operand> = values.collect();
            let rows = values.iter().find(|value| !value.scalar).map_or(1, |value| value.array.len());
            let values =
                kernels::apply(node, &values, rows).map_err(|source| failed(self.text, node, source))?;
            return Ok(Value::Coded(Coded { codes, values }));
        }
        let mut plain = Vec::with_capacity(args.len());
        for arg in args {
            plain.push(match arg {
                Value::Plain(operand) => operand,
                Value::Coded(coded) => {
                    let array = spread(&coded).map_err(|source| failed(self.text, node, source))?;
                    Operand { array, scalar: false }
                }
            });
        }
        let rows = self.batch.num_rows();
        let array = kernels::apply(node, &plain, rows).map_err(|source| failed(self.text, node, source))?;
        Ok(Value::Plain(Operand { array, scalar: false }))
    }

    /// A value for each row.
    pub(super) fn materialize(&self, value: Value, node: &Node) -> Result<ArrayRef, ExprError> {
        let array = match value {
            Value::Plain(operand) => operand.expand(self.batch.num_rows()),
            Value::Coded(coded) => spread(&coded),
        };
        array.map_err(|source| failed(self.text, node, source))
    }

    /// The factor itself, for what needs its codes.
    fn factor(&mut self, node: &Node) -> Result<ArrayRef, ExprError> {
        if let Op::Column(at) = &node.op {
            return self.usable(*at);
        }
        let value = self.evaluate(node)?;
        self.materialize(value, node)
    }
}

/// The codes, when all arguments are constant or coded alike and there are fewer codes than rows.
fn shared_codes(args: &[Value]) -> Option<Arc<Int32Array>> {
    let mut shared: Option<&Coded> = None;
    for arg in args {
        match (arg, shared) {
            (Value::Plain(operand), _) if operand.scalar => {}
            (Value::Coded(coded), None) => shared = Some(coded),
            (Value::Coded(coded), Some(first)) if Arc::ptr_eq(&coded.codes, &first.codes) => {}
            _ => return None,
        }
    }
    let coded = shared?;
    (coded.values.len() <= coded.codes.len()).then(|| Arc::clone(&coded.codes))
}

/// The value of each row's code.
fn spread(coded: &Coded) -> Result<ArrayRef, ArrowError> {
    let Some(values) = coded.values.as_boolean_opt() else {
        return arrow_select::take::take(&coded.values, coded.codes.as_ref(), None);
    };
    let at = |code: i32| code as usize;
    let table: Vec<bool> = values.values().iter().collect();
    let bits = kernels::pack(coded.codes.values(), |code| table[at(code)]);
    let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| {
        let valid: Vec<bool> = nulls.iter().collect();
        NullBuffer::new(kernels::pack(coded.codes.values(), |code| valid[at(code)]))
    });
    Ok(Arc::new(BooleanArray::new(bits, nulls)))
}

/// The 1-based place of each level.
fn codes(factor: &ArrayRef) -> ArrayRef {
    match factor.as_dictionary_opt::<Int32Type>() {
        Some(factor) => {
            Arc::new(factor.keys().unary::<_, arrow_array::types::Int64Type>(|code| i64::from(code) + 1))
        }
        None => Arc::new(Int64Array::new_null(factor.len())),
    }
}

/// Compares the place of each level with that of `level`; missing when there is no such level.
fn compare_level(factor: &ArrayRef, comparison: Comparison, level: &str) -> ArrayRef {
    let rows = factor.len();
    let Some(factor) = factor.as_dictionary_opt::<Int32Type>() else {
        return new_null_array(&DataType::Boolean, rows);
    };
    let place = factor
        .values()
        .as_string_opt::<i32>()
        .and_then(|levels| levels.iter().position(|text| text == Some(level)));
    let Some(place) = place else { return new_null_array(&DataType::Boolean, rows) };
    let place = place as i32;
    let keys = factor.keys();
    let bits = kernels::pack(keys.values(), |code| match comparison {
        Comparison::Equal => code == place,
        Comparison::NotEqual => code != place,
        Comparison::Less => code < place,
        Comparison::LessEqual => code <= place,
        Comparison::Greater => code > place,
        Comparison::GreaterEqual => code >= place,
    });
    Arc::new(BooleanArray::new(bits, keys.nulls().cloned()))
}
