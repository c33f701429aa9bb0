//! Measurements, each beside the floor that the machine sets: what a copy of the decoded bytes costs.
//!
//! `make bench` runs them all; `cargo bench -p rxdf-benches --bench xdf_file` one. Other engines in the same run are
//! the business of `benches/peers/`.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_buffer::Buffer;
use engine::{BlockSource, ScanOptions, source::MemorySource};

/// Rows of the table that is measured.
pub const ROWS: u64 = 1_000_000;

/// The simulated airline table in memory.
///
/// # Panics
/// When it cannot be made, since nothing can then be measured.
#[expect(clippy::expect_used, reason = "a bench without data has nothing to measure")]
pub fn airline() -> Arc<MemorySource> {
    let source = rxdf::airline::AirlineSource::new(ROWS);
    let reader = source.open(&ScanOptions::default()).expect("the generator opens");
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.map(|block| block.expect("a block").batch).collect();
    Arc::new(MemorySource::try_new(&schema, batches).expect("a table"))
}

/// Bytes of the values of some columns, the least that a scan must write.
pub fn value_bytes(source: &MemorySource, columns: &[&str]) -> usize {
    let schema = source.schema();
    let bytes = |batch: &RecordBatch| -> usize {
        columns
            .iter()
            .filter_map(|name| batch.column_by_name(name))
            .map(|column| column.to_data().buffers().iter().map(Buffer::len).sum::<usize>())
            .sum()
    };
    debug_assert!(columns.iter().all(|name| schema.index_of(name).is_ok()));
    source.batches().iter().map(bytes).sum()
}
