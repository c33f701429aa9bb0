//! One pass that makes a sketch of every column.

use std::ops::ControlFlow;

use arrow_schema::SchemaRef;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xdf::QuantileSketch;

use super::empty_sketch;
use crate::{Error, Result};

/// Sketches of columns.
pub(super) struct Sketches {
    pub(super) columns: Vec<String>,
}

impl Estimator for Sketches {
    type State = Vec<QuantileSketch>;
    type Partial = SketchSums;
    type Model = Vec<QuantileSketch>;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        Some(self.columns.clone())
    }

    fn start(&self, schema: &SchemaRef) -> Result<Self::State> {
        schema.fields().iter().map(|field| empty_sketch(field)).collect()
    }

    fn partial(&self, state: &Self::State) -> Result<SketchSums> {
        Ok(SketchSums(state.iter().cloned().map(Sketch).collect()))
    }

    fn step(
        &self,
        _: Self::State,
        sums: Vec<QuantileSketch>,
    ) -> Result<ControlFlow<Self::Model, Self::State>> {
        Ok(ControlFlow::Break(sums))
    }
}

/// A sketch for each column of the blocks.
#[derive(Serialize, Deserialize)]
pub(super) struct SketchSums(Vec<Sketch>);

/// A sketch that travels as its bytes.
pub(super) struct Sketch(pub(super) QuantileSketch);

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let sketch = QuantileSketch::from_bytes(&bytes);
        sketch.map(Self).ok_or_else(|| serde::de::Error::custom("the bytes are no sketch of quantiles"))
    }
}

impl Sketch {
    pub(super) fn merge(&mut self, later: &Self) -> engine::Result<()> {
        if self.0.merge(&later.0) {
            return Ok(());
        }
        Err(Error::Mismatch { what: "the type of a column" }.into())
    }
}

impl Accumulator for SketchSums {
    type Input = Block;
    type Output = Vec<QuantileSketch>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        for (sketch, column) in self.0.iter_mut().zip(block.batch.columns()) {
            if !sketch.0.insert(column) {
                return Err(Error::Mismatch { what: "the type of a column" }.into());
            }
        }
        Ok(())
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        self.0.iter_mut().zip(&later.0).try_for_each(|(sketch, later)| sketch.merge(later))
    }

    fn finish(self) -> Vec<QuantileSketch> {
        self.0.into_iter().map(|sketch| sketch.0).collect()
    }

    fn size(&self) -> usize {
        self.0.len() * QuantileSketch::MAX_BYTES
    }
}
