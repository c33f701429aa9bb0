//! By-group results as Arrow tables, for files and further computation.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::{Categorical, CategoryRow, Statistic, Summary};
use crate::Result;

impl Summary {
    /// One table for each distinct list of factors: the factors, then for a term of factors alone `Counts`, for one with
    /// a number a column for each statistic, such as `ArrDelay_Mean`. This is what `by_group_out_file` holds.
    ///
    /// # Errors
    /// When two columns would have one name.
    pub fn by_group(&self) -> Result<Vec<RecordBatch>> {
        let mut groups: Vec<Vec<&Categorical>> = Vec::new();
        for table in &self.categorical {
            let same = groups
                .iter_mut()
                .find(|group| group[0].factors == table.factors && group[0].rows.len() == table.rows.len());
            match same {
                Some(group) => group.push(table),
                None => groups.push(vec![table]),
            }
        }
        groups.iter().map(|group| by_group_table(group, &self.params.statistics)).collect()
    }
}

fn by_group_table(group: &[&Categorical], statistics: &[Statistic]) -> Result<RecordBatch> {
    let first = group[0];
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (index, (factor, levels)) in first.factors.iter().zip(&first.levels).enumerate() {
        let codes_of: HashMap<&str, i32> =
            levels.iter().enumerate().map(|(code, level)| (level.as_str(), code as i32)).collect();
        let code = |row: &CategoryRow| codes_of.get(row.levels.get(index)?.as_str()).copied();
        let codes: Int32Array = first.rows.iter().map(code).collect();
        let values = Arc::new(StringArray::from_iter_values(levels));
        let column = DictionaryArray::<Int32Type>::try_new(codes, values).map_err(arrow)?;
        let field = Field::new(factor, engine::factor::factor_type(), true);
        fields.push(xdf::metadata::set_levels(field, levels));
        columns.push(Arc::new(column));
    }
    for table in group {
        let mut push = |name: String, values: Float64Array| {
            fields.push(Field::new(name, DataType::Float64, true));
            columns.push(Arc::new(values));
        };
        match &table.variable {
            None => push("Counts".into(), table.rows.iter().map(|row| Some(row.counts)).collect()),
            Some(variable) => {
                for &statistic in statistics {
                    let values =
                        table.rows.iter().map(|row| row.statistics.as_ref()?.get(statistic)).collect();
                    push(format!("{variable}_{}", statistic.name()), values);
                }
            }
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow)
}

fn arrow(source: ArrowError) -> crate::Error {
    engine::Error::Arrow { doing: "making the table of groups".into(), source }.into()
}
