//! The clusters of rows, and their distances from the centers.

use std::any::Any;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use engine::Block;
use serde_json::Value;

use super::nearest::{Matches, Nearest, squared_distance};
use super::panels::{Panels, row};
use super::{CLUSTER_COLUMN, KIND, KMeansModel, subtract};
use crate::design::DenseReader;
use crate::model::{Model, Predicted, Predictor};
use crate::predict::{PredictOptions, Scale, missing, numbers};
use crate::{Error, Result};

impl Model for KMeansModel {
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
        check(options, self.size.len())?;
        let mut names = options.predict_names.iter().flatten().cloned();
        let name = names.next().unwrap_or_else(|| CLUSTER_COLUMN.to_owned());
        let mut fields = vec![Field::new(name, DataType::Int32, true)];
        if options.scale == Scale::Distance {
            fields.extend((1..=self.size.len()).map(|cluster| {
                let name = names.next().unwrap_or_else(|| format!(".rxDistance{cluster}"));
                Field::new(name, DataType::Float64, true)
            }));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn predictor(&self, options: &PredictOptions) -> Result<Box<dyn Predictor>> {
        check(options, self.size.len())?;
        let mut centers = self.centers.clone();
        subtract(&mut centers, &self.means);
        let (clusters, columns) = (self.size.len(), self.names.len());
        Ok(Box::new(ClusterPredictor {
            reader: DenseReader::new(&Arc::new(self.design.clone()), &self.means),
            nearest: Nearest::new(centers, clusters, columns),
            panels: Panels::with_capacity(columns, 0),
            matches: Matches::new(columns),
            clusters: clusters as u32,
            distances: options.scale == Scale::Distance,
        }))
    }

    fn summary(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Value {
        KMeansModel::to_json(self)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        crate::model::encode(KIND, self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn check(options: &PredictOptions, clusters: usize) -> Result<()> {
    if !matches!(options.scale, Scale::Response | Scale::Distance) {
        let reason = "clusters have the scales response and distance".into();
        return Err(Error::Option { option: "scale", reason });
    }
    options.check_plain("clusters")?;
    let columns = if options.scale == Scale::Distance { 1 + clusters } else { 1 };
    options.check_names(&[1, columns])
}

struct ClusterPredictor {
    reader: DenseReader,
    nearest: Nearest,
    panels: Panels,
    matches: Matches,
    clusters: u32,
    distances: bool,
}

impl Predictor for ClusterPredictor {
    fn predict(&mut self, block: &Block) -> Result<Predicted> {
        let rows = block.num_rows();
        let mut labels = vec![0; rows];
        let mut valid = vec![false; rows];
        let columns = if self.distances { self.clusters as usize } else { 0 };
        let mut distances: Vec<Vec<f64>> = vec![vec![0.0; rows]; columns];
        let Self { reader, nearest, panels, matches, .. } = self;
        reader.read(block, |dense| {
            panels.clear();
            panels.extend(&dense);
            let mut places = dense.places();
            for (panel, count) in panels.iter() {
                nearest.search(panel, count, matches);
                for (lane, at) in (0..count).zip(&mut places) {
                    let row = row(panel, lane);
                    if !row.clone().map(|x| x * x).sum::<f64>().is_finite() {
                        continue;
                    }
                    valid[at] = true;
                    labels[at] = matches.labels[lane] as i32 + 1;
                    for (cluster, column) in (0..).zip(&mut distances) {
                        column[at] = squared_distance(row.clone(), nearest.center(cluster)).sqrt();
                    }
                }
            }
            Ok(())
        })?;
        let (missing, nulls) = missing(valid);
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(Int32Array::new(ScalarBuffer::from(labels), nulls.clone()))];
        arrays.extend(distances.into_iter().map(|column| numbers(column, nulls.as_ref())));
        Ok(Predicted { columns: arrays, missing })
    }
}
