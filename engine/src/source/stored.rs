//! Stored XDF blocks, of a file or of a set, as blocks of a pass.
//!
//! Decimals are read as 64-bit floats, as from every other source; a scan that asks for binary values is refused.

use std::sync::Arc;

use arrow_array::{RecordBatchReader, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use xdf::{ColumnStatistics, File, ReadOptions, Set};

use super::conform::{conform, conform_batch, conform_schema, unifiers};
use super::indices;
use super::skipping::{self, Pieces};
use crate::reader::Piece;
use crate::{BlockReader, Result, ScanOptions};

/// Blocks that are stored with statistics.
pub(super) trait Stored: Clone + Send + 'static {
    type Reader: RecordBatchReader + Send + 'static;

    fn schema(&self) -> &SchemaRef;
    fn num_rows(&self) -> u64;
    /// The block that holds a row that there is.
    fn block_of(&self, row: u64) -> Result<usize>;
    /// The first row of a block, and the number of rows beyond the last.
    fn block_start(&self, block: usize) -> Result<u64>;
    /// Statistics of a column in a block; its level counts are in the order of `levels`.
    fn statistics(&self, block: usize, column: usize) -> Option<ColumnStatistics>;
    /// The levels of a factor, which the blocks that are read have.
    fn levels(&self, column: usize) -> Option<Arc<StringArray>>;
    fn reader(&self, options: &ReadOptions) -> xdf::Result<Self::Reader>;
}

impl Stored for File {
    type Reader = xdf::FileReader;

    fn schema(&self) -> &SchemaRef {
        self.schema()
    }

    fn num_rows(&self) -> u64 {
        self.num_rows()
    }

    fn block_of(&self, row: u64) -> Result<usize> {
        Ok(self.block_of(row))
    }

    fn block_start(&self, block: usize) -> Result<u64> {
        Ok(self.block_start(block))
    }

    fn statistics(&self, block: usize, column: usize) -> Option<ColumnStatistics> {
        self.segment_statistics(block, column)
    }

    fn levels(&self, column: usize) -> Option<Arc<StringArray>> {
        self.levels(column).cloned()
    }

    fn reader(&self, options: &ReadOptions) -> xdf::Result<Self::Reader> {
        self.reader(options)
    }
}

impl Stored for Set {
    type Reader = xdf::set::SetReader;

    fn schema(&self) -> &SchemaRef {
        self.schema()
    }

    fn num_rows(&self) -> u64 {
        self.num_rows()
    }

    fn block_of(&self, row: u64) -> Result<usize> {
        Ok(self.block_of(row)?)
    }

    fn block_start(&self, block: usize) -> Result<u64> {
        Ok(self.block_start(block)?)
    }

    fn statistics(&self, block: usize, column: usize) -> Option<ColumnStatistics> {
        self.segment_statistics(block, column)
    }

    fn levels(&self, column: usize) -> Option<Arc<StringArray>> {
        self.levels(column).cloned()
    }

    fn reader(&self, options: &ReadOptions) -> xdf::Result<Self::Reader> {
        self.reader(options)
    }
}

/// The schema in the types that blocks have; binary columns stay what they are.
pub(super) fn own_schema(stored: &SchemaRef) -> SchemaRef {
    let is_decimal = |field: &Field| matches!(field.data_type(), DataType::Decimal128(..));
    if !stored.fields().iter().any(|field| is_decimal(field)) {
        return Arc::clone(stored);
    }
    let own = stored.fields().iter().map(|field| {
        if is_decimal(field) {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Float64))
        } else {
            Arc::clone(field)
        }
    });
    Arc::new(Schema::new_with_metadata(own.collect::<Fields>(), stored.metadata().clone()))
}

/// True for a column that a block does not take as it is.
fn is_foreign(field: &Field) -> bool {
    !matches!(conform(field), Ok(own) if own == *field.data_type())
}

/// Starts a pass. Blocks in which no row is selected are not read; `own` is the schema in terms of which is selected.
pub(super) fn open<S: Stored>(stored: &S, own: &Schema, options: &ScanOptions) -> Result<BlockReader> {
    let columns = indices(stored.schema(), options.columns.as_deref())?;
    let total = stored.num_rows();
    let rows = options.rows.clone().unwrap_or(0..total);
    let rows = rows.start.min(total)..rows.end.min(total);
    let start = rows.start;
    let read = ReadOptions::default().with_columns(columns);
    let schema = stored.reader(&read)?.schema();
    let runs = skipping::runs(stored, own, &options.selections, rows)?;
    let stored = stored.clone();
    let pieces = Pieces::new(runs, move |rows| stored.reader(&read.clone().with_rows(rows)));
    if !schema.fields().iter().any(|field| is_foreign(field)) {
        return Ok(BlockReader::with_gaps(schema, Box::new(pieces), options, start));
    }
    let schema = conform_schema(&schema)?;
    let (conformed, mut levels) = (Arc::clone(&schema), unifiers(&schema));
    let pieces = pieces.map(move |piece| match piece? {
        Piece::Rows(batch) => {
            let batch = conform_batch(&batch, &conformed, &mut levels).map_err(ArrowError::from)?;
            Ok(Piece::Rows(batch))
        }
        gap @ Piece::Gap(_) => Ok(gap),
    });
    Ok(BlockReader::with_gaps(schema, Box::new(pieces), options, start))
}
