//! Fitted models: what they can do, and the files that keep them.
//!
//! A [`Model`] is immutable and shared between threads; a [`Predictor`] is one thread's way through it, with its buffers.
//! [`save`] and [`load`] keep models of any kind in one self-describing format (`docs/spec/model.md`).

mod envelope;

use std::any::Any;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use engine::Block;
use serde_json::Value;

use crate::Result;
use crate::predict::PredictOptions;

pub(crate) use envelope::encode;
pub use envelope::{FORMAT_VERSION, MAGIC, from_bytes, load, save, to_bytes};

/// A fitted model of some kind.
pub trait Model: Send + Sync {
    /// The kind: `lin_mod`, `logit`, `glm`, `kmeans`, `naive_bayes`, `pca`.
    fn kind(&self) -> &'static str;

    /// Keeps what is printed with the model: the call that fitted it, and the name of its data.
    fn set_origin(&mut self, call: String, data: String);

    /// How many rows the model was fitted to, those with missing values included.
    fn rows(&self) -> u64;

    /// The columns that predictions read.
    fn input_columns(&self, options: &PredictOptions) -> Vec<String>;

    /// The columns of the model, responses first.
    fn model_columns(&self) -> Vec<String>;

    /// The schema of the predictions.
    ///
    /// # Errors
    /// When the options ask for what the model cannot give.
    fn output_schema(&self, options: &PredictOptions) -> Result<SchemaRef>;

    /// A thread's way through the model.
    ///
    /// # Errors
    /// As [`Model::output_schema`].
    fn predictor(&self, options: &PredictOptions) -> Result<Box<dyn Predictor>>;

    /// The model as text for people.
    fn summary(&self) -> String;

    /// The model as JSON, with the names of revoscalepy's attributes.
    fn to_json(&self) -> Value;

    /// The model as named MessagePack maps.
    ///
    /// # Errors
    /// When it does not fit into memory a second time.
    fn encode(&self) -> Result<Vec<u8>>;

    /// The model as its own type.
    fn as_any(&self) -> &dyn Any;

    /// Predicts one block.
    ///
    /// # Errors
    /// When the block lacks columns, or has them in types that the model was not made for.
    fn predict(&self, block: &Block, options: &PredictOptions) -> Result<RecordBatch> {
        let schema = self.output_schema(options)?;
        let predicted = self.predictor(options)?.predict(block)?;
        crate::predict::batch(&schema, predicted.columns, block.num_rows())
    }
}

/// Predicts block after block.
pub trait Predictor: Send {
    /// The predictions of a block, in the columns of [`Model::output_schema`].
    ///
    /// # Errors
    /// As [`Model::predict`].
    fn predict(&mut self, block: &Block) -> Result<Predicted>;
}

/// The predictions of a block.
#[derive(Debug, Clone)]
pub struct Predicted {
    /// The columns.
    pub columns: Vec<ArrayRef>,
    /// Rows without a prediction.
    pub missing: u64,
}
