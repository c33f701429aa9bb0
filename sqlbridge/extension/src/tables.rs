//! Results of algorithms as tables with fixed columns, so that `WITH RESULT SETS` can be written beforehand.
//!
//! ```text
//! summary              variable, category, mean, std_dev, min, max, valid_obs, missing_obs
//! lin_mod, logit, glm  response, coefficient, estimate, std_error, statistic, p_value
//! cov_cor              variable, with, covariance, correlation
//! cells                one for each factor, count, then sum and mean for each response
//! kmeans               cluster, size, within_ss, then one for each column of the centers
//! ```
//!
//! What does not exist, such as the estimate of a coefficient that was dropped, is NULL. Dates and times are days and
//! microseconds since 1970-01-01.

use std::sync::Arc;

use algos::covariance::{CovCorMatrix, MatrixKind};
use algos::cube::CellTable;
use algos::kmeans::KMeansModel;
use algos::summary::{Summary, SummaryRow};
use algos::task::Answer;
use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};

use crate::error::Result;
use crate::program::batch;

/// The table of an answer.
pub(crate) fn table(answer: &Answer) -> Result<RecordBatch> {
    match answer {
        Answer::Summary(summary) => summary_table(summary),
        Answer::LinMod(model) => {
            let responses = model.y_names.iter().enumerate().map(|(y, response)| Coefficients {
                response,
                names: &model.coefficient_names,
                columns: [
                    &model.coefficients,
                    &model.coef_std_error,
                    &model.coef_t_value,
                    &model.coef_p_value,
                ]
                .map(|lists| lists.get(y).map_or(&[][..], Vec::as_slice)),
            });
            coefficients(&responses.collect::<Vec<_>>())
        }
        Answer::Glm(model) => coefficients(&[Coefficients {
            response: model.y_names.first().map_or("", String::as_str),
            names: &model.coefficient_names,
            columns: [&model.coefficients, &model.coef_std_error, &model.coef_t_value, &model.coef_p_value],
        }]),
        Answer::CovCor(matrix) => covariances(matrix),
        Answer::Cells(cells) => cell_table(cells),
        Answer::KMeans(model) => clusters(model),
    }
}

fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values.into_iter().collect::<Vec<_>>()))
}

fn numbers(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values.into_iter().collect::<Vec<_>>()))
}

fn summary_table(summary: &Summary) -> Result<RecordBatch> {
    /// A line: the name, the category, the statistics or the count.
    type Line<'a> = (&'a str, Option<String>, Option<&'a SummaryRow>, f64);
    let numeric = summary.s_data_frame.iter().filter(|row| !row.categorical);
    let mut lines: Vec<Line> =
        numeric.map(|row| (row.name.as_str(), None, Some(row), row.valid_obs)).collect();
    for table in &summary.categorical {
        for row in &table.rows {
            let category = Some(row.levels.join(", "));
            lines.push((&table.name, category, row.statistics.as_ref(), row.counts));
        }
    }
    let of = |value: fn(&SummaryRow) -> Option<f64>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| line.2.and_then(value)).collect::<Float64Array>())
    };
    batch(vec![
        ("variable", texts(lines.iter().map(|line| line.0))),
        ("category", Arc::new(lines.iter().map(|line| line.1.as_deref()).collect::<StringArray>())),
        ("mean", of(|row| row.mean)),
        ("std_dev", of(|row| row.std_dev)),
        ("min", of(|row| row.min)),
        ("max", of(|row| row.max)),
        ("valid_obs", numbers(lines.iter().map(|line| line.2.map_or(line.3, |row| row.valid_obs)))),
        ("missing_obs", of(|row| Some(row.missing_obs))),
    ])
}

/// The coefficients of a response: estimates, standard errors, statistics, p values.
struct Coefficients<'a> {
    response: &'a str,
    names: &'a [String],
    columns: [&'a [f64]; 4],
}

fn coefficients(responses: &[Coefficients]) -> Result<RecordBatch> {
    let column =
        |pick: fn(&[&[f64]; 4]) -> Vec<f64>| numbers(responses.iter().flat_map(|y| pick(&y.columns)));
    batch(vec![
        ("response", texts(responses.iter().flat_map(|y| y.names.iter().map(|_| y.response)))),
        ("coefficient", texts(responses.iter().flat_map(|y| y.names))),
        ("estimate", column(|[estimates, ..]| estimates.to_vec())),
        ("std_error", column(|[_, errors, ..]| errors.to_vec())),
        ("statistic", column(|[_, _, statistics, _]| statistics.to_vec())),
        ("p_value", column(|[.., p]| p.to_vec())),
    ])
}

fn covariances(matrix: &CovCorMatrix) -> Result<RecordBatch> {
    let (names, correlations) = matrix.matrix(MatrixKind::Cor);
    let pairs = || names.iter().flat_map(|a| names.iter().map(move |b| (a, b)));
    batch(vec![
        ("variable", texts(pairs().map(|(a, _)| a))),
        ("with", texts(pairs().map(|(_, b)| b))),
        ("covariance", numbers(matrix.covariances.iter().copied())),
        ("correlation", numbers(correlations)),
    ])
}

fn cell_table(table: &CellTable) -> Result<RecordBatch> {
    let cells = table.cells(false);
    let levels: Vec<Vec<&str>> = cells.iter().map(|&cell| table.levels(cell)).collect();
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (place, factor) in table.factors.iter().enumerate() {
        let of_cell = levels.iter().map(|levels| levels.get(place).copied().unwrap_or_default());
        columns.push((factor.name.clone(), texts(of_cell)));
    }
    columns.push(("count".into(), numbers(table.counts.iter().copied())));
    for ((response, sums), means) in table.responses.iter().zip(&table.sums).zip(&table.means) {
        columns.push((format!("{response}_sum"), numbers(sums.iter().copied())));
        columns.push((format!("{response}_mean"), numbers(means.iter().copied())));
    }
    batch(columns.iter().map(|(name, array)| (name.as_str(), Arc::clone(array))).collect())
}

fn clusters(model: &KMeansModel) -> Result<RecordBatch> {
    let count = model.size.len();
    let ids = Int32Array::from((1..).take(count).collect::<Vec<_>>());
    let sizes = model.size.iter().map(|&size| i64::try_from(size).ok()).collect::<Int64Array>();
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("cluster", Arc::new(ids)),
        ("size", Arc::new(sizes)),
        ("within_ss", numbers(model.withinss.iter().copied())),
    ];
    for (place, name) in model.names.iter().enumerate() {
        let center = |cluster: usize| model.center(cluster).get(place).copied().unwrap_or(f64::NAN);
        columns.push((name, numbers((0..count).map(center))));
    }
    batch(columns)
}
