//! Whether any row of a block can be selected, by the statistics of its columns.
//!
//! Each condition is answered with the outcomes that rows of the block may have: true, false, missing. The answer may
//! name too many, never too few, so a block is left out only when no row can be true. In order of preference:
//!
//! * a condition on one column whose values are all known (a factor by its level counts, a boolean, a column that is
//!   constant in the block) is evaluated on these values, whatever it computes;
//! * a comparison, a list or a test for missing values on a column is answered from smallest, largest and missing;
//! * `and`, `or` and `not` combine the outcomes of their parts by three-valued logic;
//! * everything else may have any outcome.
//!
//! NaN is missing to the statistics as it is to the expressions. The operations are those of the evaluation itself, so
//! both agree on what equal and less mean, the two zeros and dates written as text included.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, RecordBatchOptions, StringArray, UInt64Array,
};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType, Field, Schema};
use xdf::{ColumnStatistics, Scalar};

use super::BoundExpr;
use super::ast::{Comparison, Connective};
use super::eval::{Context, Operand};
use super::kernels::compare;
use super::plan::{Node, Op, Set};

/// Conditions on a factor with more levels than this are not evaluated per level.
const MAX_VALUES: usize = 4096;

/// What is known about the columns of a block.
pub(crate) trait BlockStatistics {
    /// The statistics of a column, where they are known.
    fn statistics(&self, column: &str) -> Option<ColumnStatistics>;

    /// The levels of a factor, in the order of its level counts.
    fn levels(&self, column: &str) -> Option<Arc<StringArray>>;
}

/// The outcomes that a condition may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcomes {
    yes: bool,
    no: bool,
    missing: bool,
}

impl Outcomes {
    const ANY: Self = Self { yes: true, no: true, missing: true };
    const MISSING: Self = Self { yes: false, no: false, missing: true };

    fn of(array: &BooleanArray) -> Self {
        let missing = array.null_count() > 0;
        Self { yes: array.true_count() > 0, no: array.false_count() > 0, missing }
    }

    fn not(self) -> Self {
        Self { yes: self.no, no: self.yes, missing: self.missing }
    }

    fn and(self, other: Self) -> Self {
        let may_be_missing = (self.missing && (other.missing || other.yes)) || (self.yes && other.missing);
        Self { yes: self.yes && other.yes, no: self.no || other.no, missing: may_be_missing }
    }
}

impl BoundExpr {
    /// Whether the expression can be true for a row of a block, as far as the statistics of the block tell.
    pub(crate) fn may_select(&self, block: &dyn BlockStatistics) -> bool {
        Pruner { expr: self, block }.condition(&self.root).yes
    }
}

/// Where the values of an operand lie.
enum Values {
    /// All are missing.
    None,
    Within(Interval),
}

/// Smallest and largest value of an operand, and whether some are missing.
struct Interval {
    low: Operand,
    high: Operand,
    missing: bool,
}

struct Pruner<'a> {
    expr: &'a BoundExpr,
    block: &'a dyn BlockStatistics,
}

impl Pruner<'_> {
    fn condition(&self, node: &Node) -> Outcomes {
        match &node.op {
            Op::Literal(value) => value.as_boolean_opt().map_or(Outcomes::MISSING, Outcomes::of),
            Op::Not => node.args.first().map_or(Outcomes::ANY, |arg| self.condition(arg).not()),
            Op::Connect(Connective::And) => self.all(&node.args, |outcomes| outcomes),
            // De Morgan's law holds in three-valued logic, too
            Op::Connect(Connective::Or) => self.all(&node.args, Outcomes::not).not(),
            _ => self.by_values(node).or_else(|| self.by_range(node)).unwrap_or(Outcomes::ANY),
        }
    }

    fn all(&self, args: &[Node], outcome: impl Fn(Outcomes) -> Outcomes) -> Outcomes {
        let outcomes = args.iter().map(|arg| outcome(self.condition(arg)));
        outcomes.reduce(Outcomes::and).unwrap_or(Outcomes::ANY)
    }

    /// The outcomes for each value of the only column, when all of its values are known.
    fn by_values(&self, node: &Node) -> Option<Outcomes> {
        let mut column = None;
        if !only_column(node, &mut column) {
            return None;
        }
        let values = self.values(column?)?;
        if values.is_empty() {
            return None;
        }
        let result = self.evaluate(node, column?, values)?;
        Some(result.as_boolean_opt().map_or(Outcomes::MISSING, Outcomes::of))
    }

    /// Evaluates a node on values of a column.
    fn evaluate(&self, node: &Node, column: usize, values: ArrayRef) -> Option<ArrayRef> {
        let bound = self.expr.columns.get(column)?;
        let field = Field::new(&bound.name, values.data_type().clone(), true);
        let rows = RecordBatchOptions::new().with_row_count(Some(values.len()));
        let schema = Arc::new(Schema::new(vec![field]));
        let batch = RecordBatch::try_new_with_options(schema, vec![values], &rows).ok()?;
        let mut context = Context::new(&self.expr.text, &self.expr.columns, &batch);
        let value = context.evaluate(node).ok()?;
        context.materialize(value, node).ok()
    }

    /// All values of a column that occur in the block, a missing one among them.
    fn values(&self, column: usize) -> Option<ArrayRef> {
        let bound = self.expr.columns.get(column)?;
        let statistics = self.block.statistics(&bound.name)?;
        let missing = statistics.missing > 0;
        if let DataType::Dictionary(..) = &bound.raw {
            let counts = statistics.level_counts.as_ref()?;
            if counts.len() > MAX_VALUES {
                return None;
            }
            let levels = self.block.levels(&bound.name)?;
            let occurrences = counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
            if counts.len() > levels.len() || occurrences != statistics.count() {
                return None;
            }
            let occurring = (0..).zip(counts).filter(|(_, count)| **count > 0).map(|(code, _)| Some(code));
            let codes: Int32Array = occurring.chain(missing.then_some(None)).collect();
            return Some(Arc::new(DictionaryArray::try_new(codes, levels).ok()?));
        }
        let known = match (&statistics.min, &statistics.max) {
            _ if statistics.count() == 0 => Vec::new(),
            (Some(min @ Scalar::Bool(_)), Some(max)) => vec![Some(min), Some(max)],
            // a zero may stand for both zeros
            (Some(min), Some(max)) if min == max && *min != Scalar::Float(0.0) => vec![Some(min)],
            _ => return None,
        };
        let mut values = known;
        if missing {
            values.push(None);
        }
        // what is missing may be a null or NaN, which is.nan() tells apart
        let nan = Scalar::Float(f64::NAN);
        if missing && bound.raw.is_floating() {
            values.push(Some(&nan));
        }
        array_of(&values, &bound.raw)
    }

    /// The outcomes of a comparison, a list or a test for missing values.
    fn by_range(&self, node: &Node) -> Option<Outcomes> {
        match (&node.op, node.args.as_slice()) {
            (Op::Compare(comparison), [left, right]) => self.compare(*comparison, left, right),
            (Op::In(set), [value]) => self.is_in(set, value),
            (Op::IsMissing, [value]) => {
                let statistics = self.statistics(value)?;
                Some(Outcomes { yes: statistics.missing > 0, no: statistics.count() > 0, missing: false })
            }
            _ => None,
        }
    }

    fn compare(&self, comparison: Comparison, left: &Node, right: &Node) -> Option<Outcomes> {
        let (Values::Within(a), Values::Within(b)) = (self.interval(left)?, self.interval(right)?) else {
            return Some(Outcomes::MISSING);
        };
        let holds = |comparison, x: &Operand, y: &Operand| -> Option<bool> {
            let result = compare::compare(comparison, x, y, 1).ok()?;
            result.is_valid(0).then(|| result.value(0))
        };
        let (yes, no) = match comparison {
            // the smallest against the largest is the best case, the other way round the worst
            Comparison::Less | Comparison::LessEqual => {
                (holds(comparison, &a.low, &b.high)?, !holds(comparison, &a.high, &b.low)?)
            }
            Comparison::Greater | Comparison::GreaterEqual => {
                (holds(comparison, &a.high, &b.low)?, !holds(comparison, &a.low, &b.high)?)
            }
            Comparison::Equal | Comparison::NotEqual => {
                let meet = holds(Comparison::LessEqual, &a.low, &b.high)?
                    && holds(Comparison::LessEqual, &b.low, &a.high)?;
                let one = holds(Comparison::Equal, &a.low, &a.high)?
                    && holds(Comparison::Equal, &b.low, &b.high)?
                    && holds(Comparison::Equal, &a.low, &b.low)?;
                if comparison == Comparison::Equal { (meet, !one) } else { (!one, meet) }
            }
        };
        Some(Outcomes { yes, no, missing: a.missing || b.missing })
    }

    fn is_in(&self, set: &Set, value: &Node) -> Option<Outcomes> {
        let Values::Within(interval) = self.interval(value)? else { return Some(Outcomes::MISSING) };
        let (low, high) = (&interval.low.array, &interval.high.array);
        let within = match set {
            Set::Ints(items) => {
                let (low, high) = (
                    low.as_primitive_opt::<Int64Type>()?.value(0),
                    high.as_primitive_opt::<Int64Type>()?.value(0),
                );
                items.iter().any(|item| (low..=high).contains(item))
            }
            Set::Floats(items) => {
                let (low, high) = (
                    low.as_primitive_opt::<Float64Type>()?.value(0),
                    high.as_primitive_opt::<Float64Type>()?.value(0),
                );
                items.iter().any(|item| (low..=high).contains(item))
            }
            Set::Texts(items) => {
                let (low, high) =
                    (low.as_string_opt::<i32>()?.value(0), high.as_string_opt::<i32>()?.value(0));
                items.iter().any(|item| (low..=high).contains(&item.as_str()))
            }
        };
        Some(Outcomes { yes: within, no: true, missing: interval.missing })
    }

    /// Between which values an operand lies, a constant or a column in its own or a wider type; nothing when that is not
    /// known.
    fn interval(&self, node: &Node) -> Option<Values> {
        if let Op::Literal(value) = &node.op {
            let operand = || Operand { array: Arc::clone(value), scalar: false };
            let is_number = value.is_valid(0)
                && value.as_primitive_opt::<Float64Type>().is_none_or(|value| !value.value(0).is_nan());
            let interval = Interval { low: operand(), high: operand(), missing: false };
            return Some(if is_number { Values::Within(interval) } else { Values::None });
        }
        let column = widened_column(node)?;
        let bound = self.expr.columns.get(column)?;
        let statistics = self.block.statistics(&bound.name)?;
        if statistics.count() == 0 {
            return Some(Values::None);
        }
        let ends = array_of(&[Some(statistics.min.as_ref()?), Some(statistics.max.as_ref()?)], &bound.raw)?;
        let ends = self.evaluate(node, column, ends)?;
        if ends.null_count() > 0 {
            return None;
        }
        let end = |row| Operand { array: ends.slice(row, 1), scalar: false };
        Some(Values::Within(Interval { low: end(0), high: end(1), missing: statistics.missing > 0 }))
    }

    /// The statistics of an operand that is a column in a wider type.
    fn statistics(&self, node: &Node) -> Option<ColumnStatistics> {
        self.block.statistics(&self.expr.columns.get(widened_column(node)?)?.name)
    }
}

/// The column that an operand is, in its own or a wider type: the order of its values is kept.
fn widened_column(node: &Node) -> Option<usize> {
    match (&node.op, node.args.as_slice()) {
        (Op::Column(at), _) => Some(*at),
        (Op::Widen, [arg]) => widened_column(arg),
        _ => None,
    }
}

/// Whether at most one column occurs below a node; `found` is that one.
fn only_column(node: &Node, found: &mut Option<usize>) -> bool {
    if let Op::Column(at) = &node.op {
        if found.is_some_and(|found| found != *at) {
            return false;
        }
        *found = Some(*at);
    }
    node.args.iter().all(|arg| only_column(arg, found))
}

/// Values of statistics as an array of the type of their column; nothing when one does not fit it.
fn array_of(values: &[Option<&Scalar>], data_type: &DataType) -> Option<ArrayRef> {
    let array: ArrayRef = match values.iter().flatten().next() {
        None => arrow_array::new_null_array(data_type, values.len()),
        Some(Scalar::Bool(_)) => {
            let value = |value: Option<&Scalar>| value.map(|value| *value == Scalar::Bool(true));
            Arc::new(values.iter().copied().map(value).collect::<BooleanArray>())
        }
        Some(Scalar::Int(_)) => {
            let value = |value: Option<&Scalar>| match value {
                Some(Scalar::Int(value)) => Some(*value),
                _ => None,
            };
            Arc::new(values.iter().copied().map(value).collect::<Int64Array>())
        }
        Some(Scalar::UInt(_)) => {
            let value = |value: Option<&Scalar>| match value {
                Some(Scalar::UInt(value)) => Some(*value),
                _ => None,
            };
            Arc::new(values.iter().copied().map(value).collect::<UInt64Array>())
        }
        Some(Scalar::Float(_)) => {
            let value = |value: Option<&Scalar>| value.and_then(Scalar::as_f64);
            Arc::new(values.iter().copied().map(value).collect::<Float64Array>())
        }
        Some(Scalar::Text(_)) => {
            let value = |value: Option<&Scalar>| match value {
                Some(Scalar::Text(value)) => Some(value.clone()),
                _ => None,
            };
            Arc::new(values.iter().copied().map(value).collect::<StringArray>())
        }
        Some(Scalar::Decimal { scale, .. }) => {
            let value = |value: Option<&Scalar>| match value {
                Some(Scalar::Decimal { value, .. }) => Some(*value),
                _ => None,
            };
            let digits = values.iter().copied().map(value).collect::<Decimal128Array>();
            Arc::new(digits.with_precision_and_scale(DECIMAL128_MAX_PRECISION, *scale).ok()?)
        }
        Some(_) => return None,
    };
    let options = CastOptions { safe: false, ..CastOptions::default() };
    // days are 32-bit numbers
    let array = match data_type {
        DataType::Date32 => cast_with_options(&array, &DataType::Int32, &options).ok()?,
        _ => array,
    };
    cast_with_options(&array, data_type, &options).ok()
}
