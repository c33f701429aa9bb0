//! The summary for machines, with the keys of revoscalepy's attributes.

use serde_json::{Map, Value, json};

use super::{Categorical, Statistic, Summary, SummaryRow};

impl Summary {
    /// The summary as JSON: `nobs.valid`, `nobs.missing`, `sDataFrame` (a record for each term), `categorical` (for each
    /// categorical term the records of its cells), `categorical.type`, `formula`, `call`, `params`. What there is not is
    /// null; dates and timestamps are texts, their standard deviations numbers of days or of the stored unit.
    pub fn to_json(&self) -> Value {
        let statistics = &self.params.statistics;
        let frame = self.s_data_frame.iter().map(|row| {
            let mut record = Map::new();
            record.insert("Name".into(), Value::from(row.name.as_str()));
            for &statistic in statistics {
                record.insert(statistic.name().into(), value(row, statistic));
            }
            Value::Object(record)
        });
        let names: Vec<&str> = statistics.iter().map(|statistic| statistic.name()).collect();
        json!({
            "nobs.valid": number(Some(self.nobs_valid)),
            "nobs.missing": number(Some(self.nobs_missing)),
            "sDataFrame": frame.collect::<Vec<_>>(),
            "categorical": self.categorical.iter().map(|table| table.to_json(statistics)).collect::<Vec<_>>(),
            "categorical.type": self.categorical_type.name(),
            "formula": self.formula,
            "call": self.call,
            "params": {
                "data": self.data,
                "summary_stats": names,
                "by_term": self.params.by_term,
                "pweights": self.params.pweights,
                "fweights": self.params.fweights,
                "remove_zero_counts": self.params.remove_zero_counts,
            },
        })
    }
}

impl Categorical {
    /// The columns that the statistics of a cell have; the mean is called `Means` here.
    pub(super) fn columns(statistics: &[Statistic]) -> Vec<(&'static str, Statistic)> {
        let name =
            |statistic: Statistic| if statistic == Statistic::Mean { "Means" } else { statistic.name() };
        statistics
            .iter()
            .filter(|&&statistic| statistic != Statistic::MissingObs)
            .map(|&statistic| (name(statistic), statistic))
            .collect()
    }

    fn to_json(&self, statistics: &[Statistic]) -> Value {
        let rows = self.rows.iter().map(|row| {
            let mut record = Map::new();
            if let Some(cell) = &row.statistics {
                record.insert("Category".into(), Value::from(cell.name.as_str()));
            }
            for (factor, level) in self.factors.iter().zip(&row.levels) {
                record.insert(factor.clone(), Value::from(level.as_str()));
            }
            match &row.statistics {
                None => {
                    record.insert("Counts".into(), number(Some(row.counts)));
                }
                Some(cell) => {
                    for (name, statistic) in Self::columns(statistics) {
                        record.insert(name.into(), value(cell, statistic));
                    }
                }
            }
            Value::Object(record)
        });
        Value::Array(rows.collect())
    }
}

/// A statistic of a row; dates as texts.
fn value(row: &SummaryRow, statistic: Statistic) -> Value {
    let found = row.get(statistic);
    if matches!(statistic, Statistic::Mean | Statistic::Min | Statistic::Max)
        && let Some(text) = found.and_then(|found| row.unit.text(found))
    {
        return Value::from(text);
    }
    match statistic {
        Statistic::Mean | Statistic::StdDev => found.map_or(Value::Null, Value::from),
        _ => number(found),
    }
}

/// Whole numbers without a decimal point.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => Value::from(value as i64),
        Some(value) => Value::from(value),
        None => Value::Null,
    }
}
