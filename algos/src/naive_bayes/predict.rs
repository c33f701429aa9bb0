//! The most probable class of each row, or the probabilities of all.
//!
//! Probabilities are added up as logarithms, so that many variables do not underflow. A missing value, or a level that
//! the model does not know, says nothing: the row is judged by its other variables.

use std::any::Any;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::Block;
use serde_json::Value;

use super::{Given, KIND, NaiveBayesModel};
use crate::design::{Reader, TILE, Tile};
use crate::model::{Model, Predicted, Predictor};
use crate::predict::{PredictOptions, Scale, missing, numbers};
use crate::{Error, Result};

/// The least standard deviation in a class, as a share of that of all rows: the root of 10⁻⁹.
const LEAST: f64 = 3.162_277_660_168_379_4e-5;

impl Model for NaiveBayesModel {
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

    fn input_columns(&self, _: &PredictOptions) -> Vec<String> {
        self.design.term_columns()
    }

    fn model_columns(&self) -> Vec<String> {
        let mut columns = self.design.response_columns();
        columns.extend(self.design.term_columns());
        columns
    }

    fn output_schema(&self, options: &PredictOptions) -> Result<SchemaRef> {
        self.check_options(options)?;
        let name = |at: usize, usual: String| {
            options.predict_names.as_ref().and_then(|names| names.get(at)).cloned().unwrap_or(usual)
        };
        let fields: Vec<Field> = if options.scale == Scale::Probability {
            let probability = |(at, level): (usize, &String)| {
                Field::new(name(at, format!("{level}_prob")), DataType::Float64, true)
            };
            self.levels.iter().enumerate().map(probability).collect()
        } else {
            let field =
                Field::new(name(0, format!("{}_Pred", self.response)), engine::factor::factor_type(), true);
            vec![xdf::metadata::set_levels(field, &self.levels)]
        };
        Ok(Arc::new(Schema::new(fields)))
    }

    fn predictor(&self, options: &PredictOptions) -> Result<Box<dyn Predictor>> {
        self.check_options(options)?;
        Ok(Box::new(BayesPredictor::new(self, options.scale == Scale::Probability)))
    }

    fn summary(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Value {
        NaiveBayesModel::to_json(self)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        crate::model::encode(KIND, self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl NaiveBayesModel {
    fn check_options(&self, options: &PredictOptions) -> Result<()> {
        if !matches!(options.scale, Scale::Response | Scale::Probability) {
            let reason = "classes have the scales response and probability".to_owned();
            return Err(Error::Option { option: "scale", reason });
        }
        options.check_plain("classes")?;
        let columns = if options.scale == Scale::Probability { self.levels.len() } else { 1 };
        options.check_names(&[columns])
    }
}

/// What a predictor adds to the logarithms of the classes.
enum Likelihood {
    /// For each class the mean, 1 / sd and −ln sd.
    Normal(Vec<[f64; 3]>),
    /// For each level the logarithms of the classes.
    Levels(Vec<f64>),
    /// Nothing: the variable is constant, or was never there.
    Nothing,
}

impl Likelihood {
    fn new(given: &Given, classes: usize) -> Self {
        match given {
            Given::Normal { means, std_devs, mean, std_dev } => {
                if std_dev.is_nan() || *std_dev <= 0.0 {
                    return Self::Nothing;
                }
                let class = |(m, s): (&f64, &f64)| {
                    let m = if m.is_nan() { *mean } else { *m };
                    let s = if s.is_nan() { *std_dev } else { s.max(LEAST * std_dev) };
                    [m, 1.0 / s, -s.ln()]
                };
                Self::Normal(means.iter().zip(std_devs).map(class).collect())
            }
            Given::Levels { levels, probabilities, all } => {
                let width = levels.len();
                let entry = |(level, class): (usize, usize)| {
                    let own = probabilities[class * width + level];
                    if own.is_nan() { all[level].ln() } else { own.ln() }
                };
                let table: Vec<f64> = (0..width)
                    .flat_map(|level| (0..classes).map(move |class| (level, class)))
                    .map(entry)
                    .collect();
                // a factor that was missing throughout
                if table.iter().any(|entry| entry.is_nan()) { Self::Nothing } else { Self::Levels(table) }
            }
        }
    }

    /// Adds to the logarithms of a tile's rows, each a number for every class.
    fn add(&self, tile: &Tile, variable: usize, classes: usize, scores: &mut [f64]) {
        let rows = scores.chunks_exact_mut(classes).zip(&tile.mask).enumerate();
        match self {
            Self::Normal(given) => {
                for (row, (scores, _)) in rows.filter(|(_, (_, mask))| **mask != 0) {
                    let x = tile.numbers[variable][row];
                    for (score, [mean, scale, constant]) in scores.iter_mut().zip(given) {
                        let z = (x - mean) * scale;
                        *score += constant - 0.5 * z * z;
                    }
                }
            }
            Self::Levels(given) => {
                for (row, (scores, _)) in rows.filter(|(_, (_, mask))| **mask != 0) {
                    let level = tile.codes[variable][row] as usize;
                    let given = &given[level * classes..(level + 1) * classes];
                    scores.iter_mut().zip(given).for_each(|(score, given)| *score += given);
                }
            }
            Self::Nothing => {}
        }
    }
}

struct BayesPredictor {
    predictors: Vec<(usize, Reader, Tile, Likelihood)>,
    priors: Vec<f64>,
    levels: ArrayRef,
    probabilities: bool,
    scores: Vec<f64>,
}

impl BayesPredictor {
    fn new(model: &NaiveBayesModel, probabilities: bool) -> Self {
        let design = Arc::new(model.design.clone());
        let classes = model.levels.len();
        let predictor = |(term, table): (&crate::design::Term, &super::Table)| {
            let variable = term.variables[0];
            let reader = Reader::new(Arc::clone(&design), [variable], false);
            let tile = reader.tile();
            (variable, reader, tile, Likelihood::new(&table.given, classes))
        };
        Self {
            predictors: design.terms.iter().zip(&model.tables).map(predictor).collect(),
            priors: model.apriori().iter().map(|p| p.ln()).collect(),
            levels: Arc::new(StringArray::from_iter_values(&model.levels)),
            probabilities,
            scores: vec![0.0; TILE * classes],
        }
    }
}

impl Predictor for BayesPredictor {
    fn predict(&mut self, block: &Block) -> Result<Predicted> {
        let rows = block.num_rows();
        let classes = self.priors.len();
        let mut codes = vec![0_i32; rows];
        let mut chances: Vec<Vec<f64>> = vec![vec![0.0; rows]; if self.probabilities { classes } else { 0 }];
        let mut valid = vec![true; rows];
        for (_, reader, ..) in &mut self.predictors {
            reader.load(block)?;
        }
        for start in (0..rows).step_by(TILE) {
            let scores = &mut self.scores[..(rows - start).min(TILE) * classes];
            scores.chunks_exact_mut(classes).for_each(|row| row.copy_from_slice(&self.priors));
            for (variable, reader, tile, likelihood) in &mut self.predictors {
                reader.fill(start, rows - start, block.start_row, tile)?;
                likelihood.add(tile, *variable, classes, scores);
            }
            for (at, scores) in (start..).zip(scores.chunks_exact_mut(classes)) {
                let (mut best, mut most) = (0, f64::NEG_INFINITY);
                for (class, &score) in scores.iter().enumerate() {
                    if score > most {
                        (best, most) = (class, score);
                    }
                }
                // an infinite value, or all classes ruled out
                valid[at] = most.is_finite();
                codes[at] = best as i32;
                if self.probabilities && valid[at] {
                    let total: f64 = scores.iter().map(|score| (score - most).exp()).sum();
                    for (column, score) in chances.iter_mut().zip(scores) {
                        column[at] = (*score - most).exp() / total;
                    }
                }
            }
        }
        let (missing, nulls) = missing(valid);
        let columns = if self.probabilities {
            chances.into_iter().map(|column| numbers(column, nulls.as_ref())).collect()
        } else {
            let codes = Int32Array::new(ScalarBuffer::from(codes), nulls);
            vec![engine::factor::factor(codes, Arc::clone(&self.levels))?]
        };
        Ok(Predicted { columns, missing })
    }
}
