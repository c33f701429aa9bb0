//! Passes: order, reproducibility, errors, cancellation, memory.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Float64Array, RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use engine::source::MemorySource;
use engine::{
    Accumulator, Block, BlockReader, BlockSource, Error, Estimator, Executor, Local, MemoryBudget, Monitor,
    Result, ScanOptions, SourceInfo, fit,
};
use serde::{Deserialize, Serialize};

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]))
}

/// Values whose sum depends on the order of the additions.
fn values(rows: usize) -> Vec<f64> {
    (0..rows).map(|i| ((i * 7919) % 1013) as f64 * 1.1f64.powi((i % 97) as i32 - 48)).collect()
}

fn memory(rows: usize, batch_rows: usize) -> MemorySource {
    let values = values(rows);
    let batches = values.chunks(batch_rows).map(|part| {
        RecordBatch::try_new(schema(), vec![Arc::new(Float64Array::from(part.to_vec()))]).unwrap()
    });
    MemorySource::try_new(&schema(), batches.collect::<Vec<_>>()).unwrap()
}

/// The same rows from a source that can only be read from its start.
struct Sequential(MemorySource);

impl BlockSource for Sequential {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
    fn info(&self) -> SourceInfo {
        SourceInfo { random_access: false, rows: None, ..self.0.info() }
    }
    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let batches: Vec<Result<RecordBatch, ArrowError>> =
            self.0.batches().iter().cloned().map(Ok).collect();
        Ok(BlockReader::new(Box::new(RecordBatchIterator::new(batches, self.0.schema())), options, 0))
    }
}

#[derive(Serialize, Deserialize, Default)]
struct Sum {
    total: f64,
    blocks: Vec<u64>,
    fail_at: Option<u64>,
}

impl Accumulator for Sum {
    type Input = Block;
    type Output = (f64, Vec<u64>);

    fn update(&mut self, block: &Block) -> Result<()> {
        if self.fail_at.is_some_and(|at| block.index >= at) {
            return Err(Error::InvalidOption { option: "block".into(), reason: block.index.to_string() });
        }
        self.total += block.batch.column(0).as_primitive::<Float64Type>().values().iter().sum::<f64>();
        self.blocks.push(block.index);
        Ok(())
    }
    fn merge(&mut self, later: Self) -> Result<()> {
        self.total += later.total;
        self.blocks.extend(later.blocks);
        Ok(())
    }
    fn finish(self) -> Self::Output {
        (self.total, self.blocks)
    }
    fn size(&self) -> usize {
        64
    }
}

/// Sums in `passes` passes.
struct Summing {
    passes: usize,
    fail_at: Option<u64>,
}

impl Estimator for Summing {
    type State = usize;
    type Partial = Sum;
    type Model = (f64, Vec<u64>);
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        Some(vec!["x".into()])
    }
    fn start(&self, _: &SchemaRef) -> Result<usize> {
        Ok(1)
    }
    fn partial(&self, _: &usize) -> Result<Sum> {
        Ok(Sum { fail_at: self.fail_at, ..Sum::default() })
    }
    fn step(&self, pass: usize, sums: (f64, Vec<u64>)) -> Result<ControlFlow<Self::Model, usize>> {
        Ok(if pass == self.passes { ControlFlow::Break(sums) } else { ControlFlow::Continue(pass + 1) })
    }
}

const SUMMING: Summing = Summing { passes: 2, fail_at: None };

#[test]
fn sums_are_equal_bit_for_bit_on_any_number_of_threads_and_from_any_source() {
    for block_rows in [1000, 100_000] {
        let options = ScanOptions::default().with_block_rows(block_rows);
        let one = fit(&SUMMING, &memory(600_000, 7777), &options, &Local::new(1)).unwrap();
        for threads in [2, 3, 8] {
            let source = memory(600_000, 50_000);
            let other = fit(&SUMMING, &source, &options, &Local::new(threads)).unwrap();
            assert_eq!(one.0.to_bits(), other.0.to_bits(), "{threads} threads, blocks of {block_rows}");
            assert_eq!(one.1, other.1);
            let other = fit(&SUMMING, &Sequential(source), &options, &Local::new(threads)).unwrap();
            assert_eq!(
                one.0.to_bits(),
                other.0.to_bits(),
                "sequential, {threads} threads, blocks of {block_rows}"
            );
            assert_eq!(one.1, other.1);
        }
    }
}

#[test]
fn blocks_are_delivered_in_row_order() {
    let source = memory(100_000, 999);
    for source in [&source as &dyn BlockSource, &Sequential(memory(100_000, 999))] {
        let mut rows = Vec::new();
        Local::new(4)
            .map_blocks(
                source,
                &ScanOptions::default().with_block_rows(777),
                |block| Ok::<_, Error>((block.start_row, block.num_rows())),
                |place| {
                    rows.push(place);
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(rows.len(), 100_000usize.div_ceil(777));
        let mut next = 0;
        for (start, length) in rows {
            assert_eq!(start, next);
            next += length as u64;
        }
        assert_eq!(next, 100_000);
    }
}

#[test]
fn the_first_error_in_row_order_is_reported() {
    let estimator = Summing { passes: 1, fail_at: Some(3) };
    for source in [&memory(500_000, 10_000) as &dyn BlockSource, &Sequential(memory(500_000, 10_000))] {
        let options = ScanOptions::default().with_block_rows(1000);
        let error = fit(&estimator, source, &options, &Local::new(4)).unwrap_err();
        assert_eq!(error.to_string(), "block: 3");
    }
}

#[test]
fn a_cancelled_pass_stops() {
    let monitor = Arc::new(Monitor::default());
    let options = ScanOptions::default().with_block_rows(100).with_monitor(Arc::clone(&monitor));
    for source in [&memory(100_000, 1000) as &dyn BlockSource, &Sequential(memory(100_000, 1000))] {
        let seen = AtomicUsize::new(0);
        let result = Local::new(2).map_blocks(
            source,
            &options,
            |_| {
                if seen.fetch_add(1, Ordering::Relaxed) == 5 {
                    monitor.cancel();
                }
                Ok::<_, Error>(())
            },
            |()| Ok(()),
        );
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert!(seen.load(Ordering::Relaxed) < 1000);
    }
}

#[test]
fn progress_counts_rows_and_blocks_of_the_last_pass() {
    let monitor = Arc::new(Monitor::default());
    let options = ScanOptions::default().with_block_rows(1000).with_monitor(Arc::clone(&monitor));
    fit(&SUMMING, &memory(10_500, 1000), &options, &Local::new(2)).unwrap();
    let progress = monitor.progress();
    assert_eq!((progress.rows, progress.blocks, progress.total_rows), (10_500, 11, Some(10_500)));
    assert_eq!(progress.fraction(), Some(1.0));
}

#[test]
fn a_budget_that_is_too_small_is_refused_with_what_it_takes() {
    let options = ScanOptions::default().with_block_rows(100_000).with_memory(MemoryBudget::bytes(10_000));
    let error = fit(&SUMMING, &memory(200_000, 1000), &options, &Local::new(2)).unwrap_err();
    assert!(matches!(error, Error::MemoryBudget { budget: 10_000, .. }), "{error}");
    let options = options.with_memory(MemoryBudget::bytes(4_000_000));
    assert!(fit(&SUMMING, &memory(200_000, 1000), &options, &Local::new(2)).is_ok());
}

#[test]
fn a_panic_of_a_worker_ends_the_pass_and_does_not_hang_it() {
    let caught = std::panic::catch_unwind(|| {
        Local::new(3).map_blocks(
            &memory(1_000_000, 10_000),
            &ScanOptions::default().with_block_rows(1000),
            |block| {
                assert!(block.index != 2, "planted");
                Ok::<_, Error>(())
            },
            |()| Ok(()),
        )
    });
    assert!(caught.is_err());
}

#[test]
fn row_ranges_and_empty_sources() {
    let options = ScanOptions::default().with_block_rows(100).with_rows(150..420);
    let mut rows = Vec::new();
    let collect = |block: Block| Ok::<_, Error>((block.start_row, block.num_rows()));
    Local::new(2)
        .map_blocks(&memory(1000, 64), &options, collect, |place| {
            rows.push(place);
            Ok(())
        })
        .unwrap();
    assert_eq!(rows, [(150, 100), (250, 100), (350, 70)]);
    let (sum, blocks) = fit(&SUMMING, &memory(0, 10), &ScanOptions::default(), &Local::new(2)).unwrap();
    assert_eq!((sum, blocks.len()), (0.0, 0));
    let (_, blocks) =
        fit(&SUMMING, &Sequential(memory(0, 10)), &ScanOptions::default(), &Local::new(2)).unwrap();
    assert_eq!(blocks.len(), 0);
    let state = SUMMING.start(&schema()).unwrap();
    assert!(Local::new(1).pass(&SUMMING, &state, &memory(5, 5), &ScanOptions::default()).is_ok());
}
