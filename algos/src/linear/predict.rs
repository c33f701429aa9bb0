//! Predictions of linear models.
//!
//! A prediction is a sum with one addend a term: a table lookup by code, times a number where the term has numbers. The
//! square of a standard error is `xᵀCx`; x has one entry a term that is not 0, so it is a sum over pairs of terms.

use std::any::Any;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array};
use arrow_buffer::{NullBuffer, NullBufferBuilder, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::Block;
use serde_json::Value;

use super::{KIND, LinModModel};
use crate::design::{Design, Reader, TILE, Tile};
use crate::model::{Model, Predicted, Predictor};
use crate::predict::{Interval, PredictOptions};
use crate::{Error, Result, tails};

impl Model for LinModModel {
    fn kind(&self) -> &'static str {
        KIND
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
        let mut fields = Vec::new();
        for (i, name) in self.y_names.iter().enumerate() {
            let mut add = |names: &Option<Vec<String>>, at: usize, suffix: &str| {
                let given = names.as_ref().and_then(|names| names.get(at)).cloned();
                let name = given.unwrap_or_else(|| format!("{name}_{suffix}"));
                fields.push(Field::new(name, DataType::Float64, true));
            };
            add(&options.predict_names, i, "Pred");
            if options.std_errors {
                add(&options.std_error_names, i, "StdErr");
            }
            if options.interval != Interval::None {
                add(&options.interval_names, 2 * i, "Lower");
                add(&options.interval_names, 2 * i + 1, "Upper");
            }
            if options.residuals {
                add(&options.residual_names, i, "Resid");
            }
        }
        Ok(Arc::new(Schema::new(fields)))
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
    fn needs_errors(options: &PredictOptions) -> bool {
        options.std_errors || options.interval != Interval::None
    }

    fn check_options(&self, options: &PredictOptions) -> Result<()> {
        let refuse = |option, reason: &str| Err(Error::Option { option, reason: reason.to_owned() });
        if Self::needs_errors(options) && self.cov_coef.is_none() {
            return refuse(
                "standard errors and intervals",
                "the model has no covariance matrix; fit it with cov_coef, without cube, for one response",
            );
        }
        if options.interval != Interval::None && !(options.level > 0.0 && options.level < 1.0) {
            return refuse("level", "the confidence level must be between 0 and 1, such as 0.95");
        }
        let responses = self.y_names.len();
        for (names, wanted) in [
            (&options.predict_names, responses),
            (&options.std_error_names, responses),
            (&options.interval_names, 2 * responses),
            (&options.residual_names, responses),
        ] {
            if let Some(names) = names
                && names.len() != wanted
            {
                let reason = format!("{wanted} are needed, but {} are given", names.len());
                return refuse("names of predictions", &reason);
            }
        }
        Ok(())
    }
}

/// A term as the predictor uses it.
struct Addend {
    /// The factors with the steps of their codes.
    factors: Vec<(usize, usize)>,
    numbers: Vec<usize>,
    /// The first coefficient.
    first: usize,
    cells: usize,
}

struct LinearPredictor {
    terms: Reader,
    responses: Option<Reader>,
    tile: Tile,
    response_tile: Option<Tile>,
    response_variables: Vec<usize>,
    addends: Vec<Addend>,
    intercept: bool,
    /// By response: coefficients, 0 where dropped, NaN where no observation had the cell.
    coefficients: Vec<Vec<f64>>,
    /// The covariance matrix, 0 where dropped.
    covariance: Option<Vec<f64>>,
    /// The quantile for intervals, and what is added to the variance.
    half_width: Option<(f64, f64)>,
    std_errors: bool,
    cells: Vec<Vec<u32>>,
    products: Vec<Vec<f64>>,
}

impl LinearPredictor {
    fn new(model: &LinModModel, options: &PredictOptions) -> Self {
        let design = Arc::new(model.design.clone());
        let mut used: Vec<usize> =
            design.terms.iter().flat_map(|term| term.variables.iter().copied()).collect();
        used.sort_unstable();
        used.dedup();
        let terms = Reader::new(Arc::clone(&design), used, false);
        let responses = options
            .residuals
            .then(|| Reader::new(Arc::clone(&design), design.responses.iter().copied(), false));
        let intercept = design.intercept && !model.params.cube;
        let addends = addends(&design, usize::from(intercept));
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
        let covariance = LinModModel::needs_errors(options)
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
            cells: addends.iter().map(|_| vec![0; TILE]).collect(),
            products: addends.iter().map(|_| vec![1.0; TILE]).collect(),
            addends,
            intercept,
            coefficients,
            covariance,
            half_width,
            std_errors: options.std_errors,
        }
    }

    /// Cells and products of the tile's rows.
    fn prepare(&mut self) {
        let len = self.tile.len;
        for ((addend, cells), products) in self.addends.iter().zip(&mut self.cells).zip(&mut self.products) {
            let cells = &mut cells[..len];
            for (i, &(factor, step)) in addend.factors.iter().enumerate() {
                let codes = &self.tile.codes[factor];
                if i == 0 {
                    cells.copy_from_slice(&codes[..len]);
                } else {
                    cells.iter_mut().zip(codes).for_each(|(cell, code)| *cell += step as u32 * code);
                }
            }
            for (i, &number) in addend.numbers.iter().enumerate() {
                let numbers = &self.tile.numbers[number];
                if i == 0 {
                    products[..len].copy_from_slice(&numbers[..len]);
                } else {
                    products[..len].iter_mut().zip(numbers).for_each(|(product, x)| *product *= x);
                }
            }
        }
    }

    fn add_predictions(&self, response: usize, out: &mut [f64]) {
        let coefficients = &self.coefficients[response];
        out.fill(if self.intercept { coefficients[0] } else { 0.0 });
        for ((addend, cells), products) in self.addends.iter().zip(&self.cells).zip(&self.products) {
            let own = &coefficients[addend.first..addend.first + addend.cells];
            if own.is_empty() {
                // a factor without levels knows no row
                out.fill(f64::NAN);
                return;
            }
            match (addend.factors.is_empty(), addend.numbers.is_empty()) {
                (true, _) => {
                    let b = own[0];
                    out.iter_mut().zip(products).for_each(|(out, x)| *out += b * x);
                }
                (false, true) => {
                    out.iter_mut().zip(cells).for_each(|(out, &cell)| *out += own[cell as usize]);
                }
                (false, false) => {
                    for ((out, &cell), x) in out.iter_mut().zip(cells).zip(products) {
                        *out += own[cell as usize] * x;
                    }
                }
            }
        }
    }

    /// The variance of a row's prediction.
    fn variance(&self, covariance: &[f64], row: usize, entries: &mut Vec<(usize, f64)>) -> f64 {
        let width = self.coefficients[0].len();
        entries.clear();
        if self.intercept {
            entries.push((0, 1.0));
        }
        for ((addend, cells), products) in self.addends.iter().zip(&self.cells).zip(&self.products) {
            let cell = if addend.factors.is_empty() { 0 } else { cells[row] as usize };
            let value = if addend.numbers.is_empty() { 1.0 } else { products[row] };
            if cell < addend.cells {
                entries.push((addend.first + cell, value));
            }
        }
        let mut variance = 0.0;
        for &(i, x) in entries.iter() {
            let matrix_row = &covariance[i * width..(i + 1) * width];
            variance += x * entries.iter().map(|&(j, z)| z * matrix_row[j]).sum::<f64>();
        }
        variance.max(0.0)
    }
}

fn addends(design: &Design, offset: usize) -> Vec<Addend> {
    let mut first = offset;
    let mut addends = Vec::with_capacity(design.terms.len());
    for term in &design.terms {
        let mut step = 1;
        let factors = design
            .factors(term)
            .map(|variable| {
                let own = step;
                step *= design.variables[variable].kind.cells();
                (variable, own)
            })
            .collect();
        let cells = design.cells(term);
        addends.push(Addend { factors, numbers: design.numbers(term).collect(), first, cells });
        first += cells;
    }
    addends
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
        let mut entries = Vec::new();
        for start in (0..rows).step_by(TILE) {
            self.terms.fill(start, rows - start, block.start_row, &mut self.tile)?;
            if let (Some(reader), Some(tile)) = (&mut self.responses, &mut self.response_tile) {
                reader.fill(start, rows - start, block.start_row, tile)?;
            }
            self.prepare();
            let len = self.tile.len;
            if let Some(covariance) = &self.covariance {
                for (row, variance) in variances[..len].iter_mut().enumerate() {
                    *variance = self.variance(covariance, row, &mut entries);
                }
            }
            let mut place = outputs.iter_mut();
            for response in 0..self.coefficients.len() {
                let Some(predictions) = place.next() else { break };
                let predictions = &mut predictions[start..start + len];
                self.add_predictions(response, predictions);
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
        let columns = outputs.into_iter().map(|output| array(output, nulls.clone())).collect();
        Ok(Predicted { columns, missing })
    }
}

fn array(values: Vec<f64>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls))
}
