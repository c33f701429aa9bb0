//! Predictions of linear models.
//!
//! A prediction is a linear predictor ([`crate::design`]), the square of its standard error `xᵀCx`.

use std::any::Any;
use std::sync::Arc;

use arrow_buffer::NullBufferBuilder;
use arrow_schema::SchemaRef;
use engine::Block;
use serde_json::Value;

use super::{KIND, LinModModel};
use crate::design::{Addends, Reader, TILE, Tile};
use crate::model::{Model, Predicted, Predictor};
use crate::predict::{Interval, PredictOptions, numbers};
use crate::{Result, tails};

impl Model for LinModModel {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn set_origin(&mut self, call: String, data: String) {
        self.call = Some(call);
        self.data = Some(data);
    }

    fn rows(&self) -> u64 {
        self.n_valid_obs + self.n_missing_obs
    }

    fn input_columns(&self, options: &PredictOptions) -> Vec<String> {
        let mut columns = self.design.term_columns();
        if options.residuals {
            for column in self.design.response_columns() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        columns
    }

    fn model_columns(&self) -> Vec<String> {
        let mut columns = self.design.response_columns();
        for column in self.design.term_columns() {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    fn output_schema(&self, options: &PredictOptions) -> Result<SchemaRef> {
        self.check_options(options)?;
        Ok(options.fields(&self.y_names))
    }

    fn predictor(&self, options: &PredictOptions) -> Result<Box<dyn Predictor>> {
        self.check_options(options)?;
        Ok(Box::new(LinearPredictor::new(self, options)))
    }

    fn summary(&self) -> String {
        LinModModel::summary(self)
    }

    fn to_json(&self) -> Value {
        LinModModel::to_json(self)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        crate::model::encode(KIND, self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl LinModModel {
    fn check_options(&self, options: &PredictOptions) -> Result<()> {
        options.check(self.y_names.len(), self.cov_coef.is_some())
    }
}

struct LinearPredictor {
    terms: Reader,
    responses: Option<Reader>,
    tile: Tile,
    response_tile: Option<Tile>,
    response_variables: Vec<usize>,
    addends: Addends,
    /// By response: coefficients, 0 where dropped, NaN where no observation had the cell.
    coefficients: Vec<Vec<f64>>,
    /// The covariance matrix, 0 where dropped.
    covariance: Option<Vec<f64>>,
    /// The quantile for intervals, and what is added to the variance.
    half_width: Option<(f64, f64)>,
    std_errors: bool,
}

impl LinearPredictor {
    fn new(model: &LinModModel, options: &PredictOptions) -> Self {
        let design = Arc::new(model.design.clone());
        let terms = Reader::new(Arc::clone(&design), design.variables_read(), false);
        let responses = options
            .residuals
            .then(|| Reader::new(Arc::clone(&design), design.responses.iter().copied(), false));
        let addends = Addends::new(&design, design.intercept && !model.params.cube);
        let coefficients = model
            .coefficients
            .iter()
            .map(|coefficients| {
                let known = coefficients.iter().zip(&model.observed);
                known
                    .map(|(&b, &observed)| match (observed, b.is_nan()) {
                        (false, _) => f64::NAN,
                        (true, true) => 0.0,
                        (true, false) => b,
                    })
                    .collect()
            })
            .collect();
        let covariance = options
            .needs_errors()
            .then_some(model.cov_coef.as_ref())
            .flatten()
            .map(|matrix| matrix.iter().map(|&c| if c.is_nan() { 0.0 } else { c }).collect());
        let quantile = || tails::t_quantile_two_sided(1.0 - options.level, model.df[1]);
        let half_width = match options.interval {
            Interval::None => None,
            Interval::Confidence => Some((quantile(), 0.0)),
            Interval::Prediction => {
                Some((quantile(), model.residual_variance.first().copied().unwrap_or(f64::NAN)))
            }
        };
        Self {
            tile: terms.tile(),
            response_tile: responses.as_ref().map(Reader::tile),
            terms,
            responses,
            response_variables: design.responses.clone(),
            addends,
            coefficients,
            covariance,
            half_width,
            std_errors: options.std_errors,
        }
    }
}

impl Predictor for LinearPredictor {
    fn predict(&mut self, block: &Block) -> Result<Predicted> {
        let rows = block.num_rows();
        self.terms.load(block)?;
        if let Some(responses) = &mut self.responses {
            responses.load(block)?;
        }
        let errors = self.std_errors || self.half_width.is_some();
        let count = self.coefficients.len()
            * (1 + usize::from(self.std_errors)
                + 2 * usize::from(self.half_width.is_some())
                + usize::from(self.responses.is_some()));
        let mut outputs: Vec<Vec<f64>> = (0..count).map(|_| vec![0.0; rows]).collect();
        let mut nulls = NullBufferBuilder::new(rows);
        let mut missing = 0_u64;
        let mut variances = if errors { vec![0.0; TILE] } else { Vec::new() };
        for start in (0..rows).step_by(TILE) {
            self.terms.fill(start, rows - start, block.start_row, &mut self.tile)?;
            if let (Some(reader), Some(tile)) = (&mut self.responses, &mut self.response_tile) {
                reader.fill(start, rows - start, block.start_row, tile)?;
            }
            self.addends.prepare(&self.tile);
            let len = self.tile.len;
            if let Some(covariance) = &self.covariance {
                self.addends.variances(covariance, &mut variances[..len]);
            }
            let mut place = outputs.iter_mut();
            for response in 0..self.coefficients.len() {
                let Some(predictions) = place.next() else { break };
                let predictions = &mut predictions[start..start + len];
                self.addends.sum(&self.coefficients[response], predictions);
                if self.std_errors
                    && let Some(out) = place.next()
                {
                    let out = &mut out[start..start + len];
                    out.iter_mut().zip(&variances).for_each(|(out, variance)| *out = variance.sqrt());
                }
                if let Some((quantile, extra)) = self.half_width {
                    for sign in [-1.0, 1.0] {
                        let Some(out) = place.next() else { break };
                        let out = &mut out[start..start + len];
                        for ((out, variance), prediction) in
                            out.iter_mut().zip(&variances).zip(predictions.iter())
                        {
                            *out = prediction + sign * quantile * (variance + extra).sqrt();
                        }
                    }
                }
                if let Some(tile) = &self.response_tile
                    && let Some(out) = place.next()
                {
                    let observed = &tile.numbers[self.response_variables[response]];
                    let out = &mut out[start..start + len];
                    for ((out, y), prediction) in out.iter_mut().zip(observed).zip(predictions.iter()) {
                        *out = y - prediction;
                    }
                }
            }
            let first = &outputs[0][start..start + len];
            let unknown = first.iter().any(|prediction| prediction.is_nan());
            let masked = self.tile.masked || self.response_tile.as_ref().is_some_and(|tile| tile.masked);
            if !masked && !unknown {
                nulls.append_n_non_nulls(len);
                continue;
            }
            for (row, prediction) in first.iter().enumerate() {
                let valid = self.tile.mask[row] != 0
                    && self.response_tile.as_ref().is_none_or(|tile| tile.mask[row] != 0)
                    && !prediction.is_nan();
                nulls.append(valid);
                missing += u64::from(!valid);
            }
        }
        let nulls = nulls.finish();
        let columns = outputs.into_iter().map(|output| numbers(output, nulls.as_ref())).collect();
        Ok(Predicted { columns, missing })
    }
}
