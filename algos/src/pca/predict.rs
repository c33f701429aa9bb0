//! The components of rows.

use std::any::Any;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::Block;
use serde_json::Value;

use super::{KIND, PcaModel};
use crate::design::DenseReader;
use crate::model::{Model, Predicted, Predictor};
use crate::predict::{PredictOptions, Scale, missing, numbers};
use crate::{Error, Result};

impl Model for PcaModel {
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
        self.design.term_columns()
    }

    fn output_schema(&self, options: &PredictOptions) -> Result<SchemaRef> {
        self.check_options(options)?;
        let names = options.predict_names.clone().unwrap_or_else(|| self.component_names());
        let fields: Vec<Field> =
            names.into_iter().map(|name| Field::new(name, DataType::Float64, true)).collect();
        Ok(Arc::new(Schema::new(fields)))
    }

    fn predictor(&self, options: &PredictOptions) -> Result<Box<dyn Predictor>> {
        self.check_options(options)?;
        let scaled = |(at, loading): (usize, &f64)| match self.scale[at % self.names.len()] {
            0.0 => 0.0,
            scale => loading / scale,
        };
        Ok(Box::new(ComponentPredictor {
            reader: DenseReader::new(&Arc::new(self.design.clone()), &self.means),
            loadings: self.loadings.iter().enumerate().map(scaled).collect(),
            columns: self.names.len(),
            components: self.std_devs.len(),
        }))
    }

    fn summary(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Value {
        PcaModel::to_json(self)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        crate::model::encode(KIND, self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl PcaModel {
    fn check_options(&self, options: &PredictOptions) -> Result<()> {
        if options.scale != Scale::Response {
            let reason = "components have the scale response".to_owned();
            return Err(Error::Option { option: "scale", reason });
        }
        options.check_plain("components")?;
        options.check_names(&[self.std_devs.len()])
    }
}

struct ComponentPredictor {
    reader: DenseReader,
    /// Components by columns, divided by the scales of the columns.
    loadings: Vec<f64>,
    columns: usize,
    components: usize,
}

impl Predictor for ComponentPredictor {
    fn predict(&mut self, block: &Block) -> Result<Predicted> {
        let rows = block.num_rows();
        let mut valid = vec![false; rows];
        let mut scores: Vec<Vec<f64>> = vec![vec![0.0; rows]; self.components];
        let (loadings, columns) = (&self.loadings, self.columns);
        let mut sums = Vec::new();
        self.reader.read(block, |dense| {
            dense.places().for_each(|place| valid[place] = true);
            for (scores, loadings) in scores.iter_mut().zip(loadings.chunks_exact(columns)) {
                sums.clear();
                sums.resize(dense.kept, 0.0);
                for (column, loading) in dense.columns().zip(loadings) {
                    sums.iter_mut().zip(column).for_each(|(sum, x)| *sum += x * loading);
                }
                dense.places().zip(&sums).for_each(|(place, sum)| scores[place] = *sum);
            }
            Ok(())
        })?;
        let (missing, nulls) = missing(valid);
        let columns = scores.into_iter().map(|scores| numbers(scores, nulls.as_ref())).collect();
        Ok(Predicted { columns, missing })
    }
}
