//! `xdf quantile`: quantiles from what a file knows, or exactly.

use std::fmt::Write;

use algos::quantile::{ColumnQuantiles, QuantileOptions, quantiles};
use engine::BlockSource;
use serde::Serialize;
use serde_json::Value;
use xdf::{QuantileSketch, Scalar};

use crate::args::QuantileArgs;
use crate::input;
use crate::output::variables::scalar_value;
use crate::output::{self, Ordered, Table, print_json};
use crate::session::Session;

/// The quantiles of a variable, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    probabilities: Vec<f64>,
    values: Vec<Option<Value>>,
    valid_obs: u64,
    exact: bool,
    /// How far the true ranks may be off, as a share of all values, with a probability of 99 %.
    rank_error: f64,
}

pub(super) fn run(args: &QuantileArgs, session: &Session) -> anyhow::Result<()> {
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let options = QuantileOptions {
        probabilities: args.probs.clone(),
        exact: args.exact,
        ..QuantileOptions::default()
    };
    let monitor = session.monitor();
    let _progress = session.progress("sorting", &monitor);
    let scan = input::limit(session.scan(&monitor), &args.selecting);
    let found =
        quantiles(&columns(args, source.as_ref())?, source.as_ref(), &options, &scan, &session.executor())?;
    if session.json {
        return print_json(&json(&found, &args.probs));
    }
    output::print(&text(&source.info().name, &found, &args.probs))
}

/// The variables that were named, or all that have quantiles.
fn columns(args: &QuantileArgs, source: &dyn BlockSource) -> anyhow::Result<Vec<String>> {
    if !args.columns.is_empty() {
        return Ok(args.columns.clone());
    }
    let schema = source.schema();
    let sorted = schema.fields().iter().filter(|field| QuantileSketch::new(field.data_type()).is_some());
    let columns: Vec<String> = sorted.map(|field| field.name().clone()).collect();
    if columns.is_empty() {
        anyhow::bail!(
            "'{}' has no numbers, dates or timestamps, and only they have quantiles",
            source.info().name
        );
    }
    Ok(columns)
}

fn json(found: &[ColumnQuantiles], probabilities: &[f64]) -> Ordered<Answer> {
    let answer = |column: &ColumnQuantiles| {
        let value =
            |value: &Option<Scalar>| value.as_ref().map(|value| scalar_value(&column.data_type, value));
        let answer = Answer {
            probabilities: probabilities.to_vec(),
            values: column.values.iter().map(value).collect(),
            valid_obs: column.valid,
            exact: column.rank_error == 0.0,
            rank_error: column.rank_error,
        };
        (column.column.clone(), answer)
    };
    Ordered(found.iter().map(answer).collect())
}

fn text(name: &str, found: &[ColumnQuantiles], probabilities: &[f64]) -> String {
    let mut text = format!("File name: {name}\n\n");
    let percent = |p: &f64| format!("{}%", (p * 1e12).round() / 1e10);
    let mut header = vec!["Name".to_owned()];
    header.extend(probabilities.iter().map(percent));
    header.push("ValidObs".to_owned());
    let mut table = Table::new(header);
    for column in found {
        let value = |value: &Option<Scalar>| match value {
            None => "NA".to_owned(),
            Some(Scalar::Float(number)) => {
                algos::summary::format_r(&[Some(*number)], DIGITS).concat().trim().to_owned()
            }
            Some(value) => match scalar_value(&column.data_type, value) {
                Value::String(text) => text,
                other => other.to_string(),
            },
        };
        let mut row = vec![column.column.clone()];
        row.extend(column.values.iter().map(value));
        row.push(column.valid.to_string());
        table.row(row);
    }
    text.push_str(&table.text(|column| column > 0));
    let estimated: Vec<&ColumnQuantiles> = found.iter().filter(|column| column.rank_error > 0.0).collect();
    for column in estimated {
        let _ = write!(
            text,
            "\n{} is estimated: with a probability of 99 %, ranks are off by at most {:.2} % of the values; --exact computes them",
            column.column,
            column.rank_error * 100.0
        );
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Significant digits, as R prints them.
const DIGITS: usize = 7;
