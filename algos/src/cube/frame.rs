//! The cells as an Arrow table, for files and further computation.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::{CellTable, Statistic};
use crate::Result;

impl CellTable {
    /// A row for each cell: the factors, the sums or means of the responses under their names, and `Counts`.
    ///
    /// # Errors
    /// When two columns would have one name.
    pub fn table(&self, statistic: Statistic, remove_zero_counts: bool) -> Result<RecordBatch> {
        let cells = self.cells(remove_zero_counts);
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (index, factor) in self.factors.iter().enumerate() {
            let codes: Int32Array = cells.iter().map(|&cell| Some(self.code(cell, index) as i32)).collect();
            let levels = Arc::new(StringArray::from_iter_values(&factor.levels));
            columns.push(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, levels).map_err(arrow)?));
            let field = Field::new(&factor.name, engine::factor::factor_type(), true);
            fields.push(xdf::metadata::set_levels(field, &factor.levels));
        }
        let mut push = |name: &str, values: &[f64]| {
            let there = |&cell: &usize| Some(values[cell]).filter(|x| !x.is_nan());
            fields.push(Field::new(name, DataType::Float64, true));
            columns.push(Arc::new(cells.iter().map(there).collect::<Float64Array>()));
        };
        for (name, values) in self.responses.iter().zip(self.values(statistic)) {
            push(name, values);
        }
        push("Counts", &self.counts);
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow)
    }
}

fn arrow(source: ArrowError) -> crate::Error {
    engine::Error::Arrow { doing: "making the table of cells".into(), source }.into()
}
