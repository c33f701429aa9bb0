//! Small tables for tests: from text, from columns, from random numbers.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::PathBuf;
use std::sync::Arc;

use algos::linear::{LinMod, LinModModel, LinModOptions};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use engine::source::MemorySource;
use engine::source::text::{TextOptions, TextSource};
use engine::{BlockSource, Local, ScanOptions};

/// A column of a test table.
pub(crate) enum Column {
    /// Numbers, possibly missing.
    Numbers(Vec<Option<f64>>),
    /// A factor: codes and levels.
    Factor(Vec<Option<i32>>, Vec<&'static str>),
}

pub(crate) fn numbers(values: impl IntoIterator<Item = f64>) -> Column {
    Column::Numbers(values.into_iter().map(Some).collect())
}

pub(crate) fn table(columns: Vec<(&str, Column)>) -> MemorySource {
    let arrays: Vec<(&str, ArrayRef)> = columns
        .into_iter()
        .map(|(name, column)| {
            let array: ArrayRef = match column {
                Column::Numbers(values) => Arc::new(Float64Array::from(values)),
                Column::Factor(codes, levels) => {
                    let levels: ArrayRef = Arc::new(StringArray::from(levels));
                    Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from(codes), levels).unwrap())
                }
            };
            (name, array)
        })
        .collect();
    let fields: Vec<Field> =
        arrays.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), arrays.into_iter().map(|(_, array)| array).collect());
    MemorySource::try_new(&schema, [batch.unwrap()]).unwrap()
}

/// A table from comma separated text with a header: numbers where all values are, else a factor in order of appearance.
pub(crate) fn csv(text: &str) -> MemorySource {
    let mut lines = text.lines();
    let names: Vec<String> =
        lines.next().unwrap().split(',').map(|name| name.trim_matches('"').to_owned()).collect();
    let rows: Vec<Vec<&str>> =
        lines.map(|line| line.split(',').map(|value| value.trim_matches('"')).collect()).collect();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for column in 0..names.len() {
        let parsed: Option<Vec<f64>> = rows.iter().map(|row| row[column].parse().ok()).collect();
        arrays.push(if let Some(values) = parsed {
            Arc::new(Float64Array::from(values))
        } else {
            let factor: DictionaryArray<Int32Type> = rows.iter().map(|row| Some(row[column])).collect();
            Arc::new(factor)
        });
    }
    let fields: Vec<Field> = names
        .iter()
        .zip(&arrays)
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    MemorySource::try_new(&schema, [batch]).unwrap()
}

/// The data that `golden/glm.R` drew.
pub(crate) fn policies() -> MemorySource {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/policies.csv"));
    let mut options = TextOptions::default();
    for (name, levels) in [("g", ["north", "south", "east", "west"].as_slice()), ("h", &["old", "new"])] {
        options.factors.insert(name.into(), levels.iter().map(|&level| level.to_owned()).collect());
    }
    let text = TextSource::open(vec![path], options).unwrap();
    let blocks = text.open(&ScanOptions::default()).unwrap();
    let schema = blocks.schema();
    MemorySource::try_new(&schema, blocks.map(|block| block.unwrap().batch)).unwrap()
}

pub(crate) fn fit(formula: &str, source: &dyn BlockSource) -> LinModModel {
    fit_with(formula, source, LinModOptions::default())
}

pub(crate) fn fit_with(formula: &str, source: &dyn BlockSource, options: LinModOptions) -> LinModModel {
    try_fit(formula, source, options, 2, 7).unwrap()
}

pub(crate) fn try_fit(
    formula: &str,
    source: &dyn BlockSource,
    options: LinModOptions,
    threads: usize,
    block_rows: usize,
) -> algos::Result<LinModModel> {
    let estimator = LinMod::new(formula)?.with_options(options)?;
    let scan = ScanOptions::default().with_block_rows(block_rows);
    engine::fit(&estimator, source, &scan, &Local::new(threads))
}

/// The same relative to the larger, or both nothing.
#[track_caller]
pub(crate) fn assert_close(got: f64, expected: f64, tolerance: f64) {
    let both_nan = got.is_nan() && expected.is_nan();
    let scale = expected.abs().max(got.abs());
    assert!(both_nan || (got - expected).abs() <= tolerance * scale, "got {got}, expected {expected}");
}

/// A fixed sequence of numbers in [0, 1).
pub(crate) struct Sequence(pub(crate) u64);

impl Sequence {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() * bound as f64) as usize
    }
}
