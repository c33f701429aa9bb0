//! A partitioned set: the rows of each combination of values of key columns in parts of their own.
//!
//! Blocks are held until they fill the memory, then all rows that are held are ordered by their partition, stably, and each partition
//! gets a block. A partition that has a part open goes on in it; there are few of those, so where the keys are many, a partition gets
//! several parts. Either way its rows stay in the order in which they came.

use std::path::Path;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::SchemaRef;
use xdf::set::Key;
use xdf::{PartWriter, Set};

use super::xdf_set::Session;
use super::{BlockSink, SinkOptions, Written};
use crate::factor::LevelUnifier;
use crate::partition::Grouper;
use crate::source::conform::{conform_batch, unifiers};
use crate::{Block, Error, MemoryBudget, Result, factor};

/// Memory for rows that wait, unless something else is asked for.
const DEFAULT_BUDGET: usize = 256 << 20;
/// Arrow counts the bytes of texts in 31 bits, and rows that wait become one batch.
const MAX_HELD: usize = 1 << 30;
/// Parts that are open at once: each has a file and a buffer.
const MAX_OPEN: usize = 128;

/// How a source is partitioned.
#[derive(Debug, Clone, Default)]
pub struct PartitionOptions {
    /// Names of the key columns: logicals, integers, texts, factors, dates or timestamps.
    pub keys: Vec<String>,
    /// Memory for rows that wait for their part; default 256 MiB.
    pub memory: MemoryBudget,
}

/// Writes a partitioned set of XDF files.
pub struct PartitionSink {
    partitions: Vec<Partition>,
    /// Given up after the parts are gone.
    session: Session,
    schema: SchemaRef,
    grouper: Grouper,
    /// Levels of each factor over all blocks, as those that wait become one batch.
    levels: Vec<Option<LevelUnifier>>,
    /// Parts that are open.
    open: usize,
    next_number: u64,
    /// Bytes that may wait.
    limit: usize,
    held: Vec<RecordBatch>,
    /// The partition of each row that is held.
    held_groups: Vec<u32>,
    held_bytes: usize,
    written: Written,
}

/// What is known of one partition.
struct Partition {
    key: Key,
    part: Option<PartWriter>,
}

impl PartitionSink {
    /// Begins the set, or a version of it that adds to or replaces what is there.
    ///
    /// # Errors
    /// As [`xdf::Set::begin`]; without a key column.
    pub fn create(
        path: &Path,
        schema: &SchemaRef,
        options: &SinkOptions,
        partition: &PartitionOptions,
    ) -> Result<Self> {
        if partition.keys.is_empty() {
            let (option, reason) = ("key columns".to_owned(), "name at least one".to_owned());
            return Err(Error::InvalidOption { option, reason });
        }
        let grouper = Grouper::try_new(schema, &partition.keys)?;
        let session = Session::begin(path, schema, options, partition.keys.clone())?;
        // what waits is there twice while it is ordered
        let limit = (partition.memory.0.unwrap_or(DEFAULT_BUDGET) / 2).clamp(1, MAX_HELD);
        Ok(Self {
            partitions: Vec::new(),
            session,
            schema: schema.clone(),
            grouper,
            levels: unifiers(schema),
            open: 0,
            next_number: 0,
            limit,
            held: Vec::new(),
            held_groups: Vec::new(),
            held_bytes: 0,
            written: Written::default(),
        })
    }

    /// Writes all rows that wait, each partition's as one or more blocks.
    fn flush(&mut self) -> Result<()> {
        let held = factor::concat(&self.schema, &std::mem::take(&mut self.held))?;
        let groups = std::mem::take(&mut self.held_groups);
        self.held_bytes = 0;
        while self.partitions.len() < self.grouper.len() {
            let key = self.grouper.key(self.partitions.len());
            self.partitions.push(Partition { key, part: None });
        }
        let (order, starts) = ordered(&groups, self.partitions.len());
        drop(groups);
        let touched = |group: usize| starts[group] < starts[group + 1];
        if self.open == MAX_OPEN {
            // parts of partitions that have nothing now make room
            for group in (0..self.partitions.len()).filter(|group| !touched(*group)) {
                self.end_part(group)?;
            }
        }
        for group in (0..self.partitions.len()).filter(|group| touched(*group)) {
            let rows = order.slice(starts[group], starts[group + 1] - starts[group]);
            let batch = take(&held, &rows)?;
            let partition = &mut self.partitions[group];
            let part = match &mut partition.part {
                Some(part) => part,
                none => {
                    let part = PartWriter::create_keyed(
                        &self.session.token,
                        self.next_number,
                        partition.key.clone(),
                    )?;
                    self.next_number += 1;
                    self.open += 1;
                    none.insert(part)
                }
            };
            part.write(&batch)?;
            part.end_block()?;
            if self.open > MAX_OPEN {
                self.end_part(group)?;
            }
        }
        Ok(())
    }

    fn end_part(&mut self, group: usize) -> Result<()> {
        if let Some(part) = self.partitions[group].part.take() {
            self.open -= 1;
            self.written.bytes += part.finish()?;
        }
        Ok(())
    }

    /// Completes the set and opens it.
    ///
    /// # Errors
    /// As [`BlockSink::finish`].
    pub fn finish_set(mut self) -> Result<(Set, Written)> {
        self.flush()?;
        for group in 0..self.partitions.len() {
            self.end_part(group)?;
        }
        Ok((self.session.commit()?, self.written))
    }
}

impl BlockSink for PartitionSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        let batch = conform_batch(&block.batch, &self.schema, &mut self.levels)?;
        let bytes = held_bytes(&batch);
        if self.held_bytes > 0 && self.held_bytes.saturating_add(bytes) > self.limit {
            self.flush()?;
        }
        self.grouper.groups(&batch, &mut self.held_groups)?;
        self.held.push(batch);
        self.held_bytes += bytes;
        self.written.rows += block.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        Ok(self.finish_set()?.1)
    }
}

/// Bytes of the rows of a batch, without those of buffers that it is a slice of.
fn held_bytes(batch: &RecordBatch) -> usize {
    let column = |array: &ArrayRef| {
        let data = array.to_data();
        // levels are shared by all batches
        let shared = data.child_data().iter().map(|child| child.get_slice_memory_size().unwrap_or(0)).sum();
        data.get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()).saturating_sub(shared)
    };
    batch.columns().iter().map(column).sum::<usize>() + batch.num_rows() * size_of::<u32>()
}

/// The numbers of the rows by group, those of one group in their order; and where each group begins.
fn ordered(groups: &[u32], count: usize) -> (UInt32Array, Vec<usize>) {
    let mut starts = vec![0_usize; count + 1];
    for group in groups {
        starts[*group as usize + 1] += 1;
    }
    for group in 0..count {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut order = vec![0_u32; groups.len()];
    for (row, group) in (0..).zip(groups) {
        let place = &mut next[*group as usize];
        order[*place] = row;
        *place += 1;
    }
    (order.into(), starts)
}

/// These rows of a batch.
fn take(batch: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch> {
    let column = |array: &ArrayRef| arrow_select::take::take(array, rows, None);
    let columns = batch.columns().iter().map(column).collect::<Result<_, _>>();
    let columns = columns.map_err(Error::arrow("partitioning"))?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.values().len()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options).map_err(Error::arrow("partitioning"))
}
