//! Predictions of generalized linear models.
//!
//! The linear predictor is that of a linear model and the offset. On the scale of the response, means are the inverse
//! link's, standard errors are multiplied by the slope of the inverse link (the delta method, as R's `predict.glm`), and
//! bounds of intervals are those of the linear predictor, sent through the inverse link.

use std::any::Any;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::Block;
use serde_json::Value;

use super::{GlmModel, Link};
use crate::design::{Addends, Reader, TILE, Tile};
use crate::model::{Model, Predicted, Predictor};
use crate::predict::{Interval, PredictOptions, Scale, missing, numbers};
use crate::{Error, Result, tails};

impl Model for GlmModel {
    fn kind(&self) -> &'static str {
        self.kind_name()
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
        columns.extend(self.design.offset_columns());
        if options.residuals {
            columns.extend(self.design.response_columns());
        }
        distinct(columns)
    }

    fn model_columns(&self) -> Vec<String> {
        let mut columns = self.design.response_columns();
        columns.extend(self.design.term_columns());
        columns.extend(self.design.offset_columns());
        distinct(columns)
    }

    fn output_schema(&self, options: &PredictOptions) -> Result<SchemaRef> {
        self.check_options(options)?;
        Ok(options.fields(&self.y_names))
    }

    fn predictor(&self, options: &PredictOptions) -> Result<Box<dyn Predictor>> {
        self.check_options(options)?;
        Ok(Box::new(GlmPredictor::new(self, options)))
    }

    fn summary(&self) -> String {
        GlmModel::summary(self)
    }

    fn to_json(&self) -> Value {
        GlmModel::to_json(self)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        crate::model::encode(self.kind_name(), self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn distinct(columns: Vec<String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        if !seen.contains(&column) {
            seen.push(column);
        }
    }
    seen
}

impl GlmModel {
    fn check_options(&self, options: &PredictOptions) -> Result<()> {
        if options.interval == Interval::Prediction {
            return Err(Error::Option {
                option: "interval",
                reason: "these models have confidence intervals only".into(),
            });
        }
        options.check(1, self.cov_coef.is_some())
    }
}

struct GlmPredictor {
    inputs: Reader,
    tile: Tile,
    response: Option<(Reader, Tile, usize)>,
    /// What is taken from responses: 1 where they are codes.
    from: f64,
    offset: Option<usize>,
    addends: Addends,
    link: Link,
    scale: Scale,
    /// Coefficients, 0 where dropped, NaN where no observation had the cell.
    coefficients: Vec<f64>,
    /// The covariance matrix, 0 where dropped.
    covariance: Option<Vec<f64>>,
    quantile: Option<f64>,
    std_errors: bool,
}

impl GlmPredictor {
    fn new(model: &GlmModel, options: &PredictOptions) -> Self {
        let design = Arc::new(model.design.clone());
        let inputs = Reader::new(Arc::clone(&design), design.variables_read(), false);
        let response = options.residuals.then(|| {
            let reader = Reader::new(Arc::clone(&design), [design.responses[0]], false);
            let tile = reader.tile();
            (reader, tile, design.responses[0])
        });
        let known = |(&b, &observed): (&f64, &bool)| match (observed, b.is_nan()) {
            (false, _) => f64::NAN,
            (true, true) => 0.0,
            (true, false) => b,
        };
        let tail = 1.0 - options.level;
        let quantile = (options.interval == Interval::Confidence).then(|| {
            if model.params.family.dispersion().is_some() {
                tails::normal_quantile_two_sided(tail)
            } else {
                tails::t_quantile_two_sided(tail, model.df[1])
            }
        });
        let covariance = options.needs_errors().then_some(model.cov_coef.as_ref()).flatten();
        Self {
            tile: inputs.tile(),
            inputs,
            response,
            from: f64::from(u8::from(model.event.is_some())),
            offset: design.offset,
            addends: Addends::new(&design, design.intercept && !model.params.cube),
            link: model.link,
            scale: options.scale,
            coefficients: model.coefficients.iter().zip(&model.observed).map(known).collect(),
            covariance: covariance.map(|c| c.iter().map(|&c| if c.is_nan() { 0.0 } else { c }).collect()),
            quantile,
            std_errors: options.std_errors,
        }
    }

    fn on_scale(&self, eta: f64) -> f64 {
        match self.scale {
            Scale::Link => eta,
            _ => self.link.inverse(eta).0,
        }
    }
}

impl Predictor for GlmPredictor {
    fn predict(&mut self, block: &Block) -> Result<Predicted> {
        let rows = block.num_rows();
        self.inputs.load(block)?;
        if let Some((reader, ..)) = &mut self.response {
            reader.load(block)?;
        }
        let bounds = if self.quantile.is_some() { 2 } else { 0 };
        let count = 1 + usize::from(self.std_errors) + bounds + usize::from(self.response.is_some());
        let mut outputs: Vec<Vec<f64>> = (0..count).map(|_| vec![0.0; rows]).collect();
        let mut valid = vec![true; rows];
        let (mut eta, mut variances) = (vec![0.0; TILE], vec![0.0; TILE]);
        for start in (0..rows).step_by(TILE) {
            self.inputs.fill(start, rows - start, block.start_row, &mut self.tile)?;
            if let Some((reader, tile, _)) = &mut self.response {
                reader.fill(start, rows - start, block.start_row, tile)?;
            }
            let len = self.tile.len;
            let eta = &mut eta[..len];
            self.addends.prepare(&self.tile);
            self.addends.sum(&self.coefficients, eta);
            if let Some(covariance) = &self.covariance {
                self.addends.variances(covariance, &mut variances[..len]);
            }
            if let Some(offset) = self.offset {
                eta.iter_mut().zip(&self.tile.numbers[offset]).for_each(|(eta, offset)| *eta += offset);
            }
            for (row, &eta) in eta.iter().enumerate() {
                let at = start + row;
                let prediction = self.on_scale(eta);
                let error = variances[row].sqrt();
                let mut place = outputs.iter_mut();
                let mut put = |value: f64| {
                    if let Some(column) = place.next() {
                        column[at] = value;
                    }
                };
                put(prediction);
                if self.std_errors {
                    put(match self.scale {
                        Scale::Link => error,
                        _ => error * self.link.inverse(eta).1.abs(),
                    });
                }
                if let Some(quantile) = self.quantile {
                    // a link may fall
                    let (a, b) =
                        (self.on_scale(eta - quantile * error), self.on_scale(eta + quantile * error));
                    put(a.min(b));
                    put(a.max(b));
                }
                let mut mask = self.tile.mask[row];
                if let Some((_, tile, response)) = &self.response {
                    mask &= tile.mask[row];
                    put(tile.numbers[*response][row] - self.from - self.link.inverse(eta).0);
                }
                valid[at] = mask != 0 && !prediction.is_nan();
            }
        }
        let (missing, nulls) = missing(valid);
        let columns = outputs.into_iter().map(|values| numbers(values, nulls.as_ref())).collect();
        Ok(Predicted { columns, missing })
    }
}
