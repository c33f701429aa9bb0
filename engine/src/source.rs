//! Where rows come from.
//!
//! A [`BlockSource`] is a description: it knows its schema and can be opened any number of times, from any thread.
//! [`open`] finds out what a path is by its first bytes, then by its name.

mod concat;
pub(crate) mod conform;
mod ipc;
mod memory;
mod open;
mod parquet;
pub(crate) mod retype;
mod row_range;
mod rows;
mod skipping;
mod stored;
pub mod text;
mod xdf_file;
mod xdf_set;

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};

pub use concat::ConcatSource;
pub use conform::conform;
pub use ipc::IpcSource;
pub use memory::MemorySource;
pub use open::{Format, OpenOptions, formats, open, open_with};
pub use parquet::ParquetSource;
pub use retype::{Wanted, retype};
pub use row_range::RowRange;
pub use rows::RowsSource;
pub use xdf_file::XdfSource;
pub use xdf_set::XdfSetSource;

use crate::{BlockReader, Error, Result, ScanOptions, Transform, Transformed};

/// Something that can be read block by block, as often as an algorithm needs.
pub trait BlockSource: Send + Sync {
    /// Columns, types and metadata. Factor levels that are known stand in the field's `xdf.levels`.
    fn schema(&self) -> SchemaRef;

    /// What is known without reading.
    fn info(&self) -> SourceInfo;

    /// Starts a pass.
    ///
    /// # Errors
    /// When the source cannot be read, or a wanted column does not exist.
    fn open(&self, options: &ScanOptions) -> Result<BlockReader>;

    /// Stored statistics of a column of the whole data set, if there are any.
    fn statistics(&self, _column: &str) -> Option<xdf::ColumnStatistics> {
        None
    }

    /// Cells of text that became missing in the last pass because they do not fit their column.
    fn bad_cells(&self) -> Vec<text::BadCells> {
        Vec::new()
    }
}

/// What a source knows of itself without reading.
#[derive(Debug, Clone, Default)]
pub struct SourceInfo {
    /// What to call it in reports: a path, or `memory`.
    pub name: String,
    /// Rows in all.
    pub rows: Option<u64>,
    /// Bytes of input in all.
    pub bytes: Option<u64>,
    /// Whether a scan may start at any row without reading those before it.
    pub random_access: bool,
}

/// Methods of every shared source.
pub trait SourceExt {
    /// The source with one more transform.
    ///
    /// # Errors
    /// When the transform does not fit the columns.
    fn with(self, transform: impl Transform + 'static) -> Result<Arc<dyn BlockSource>>;
}

impl SourceExt for Arc<dyn BlockSource> {
    fn with(self, transform: impl Transform + 'static) -> Result<Arc<dyn BlockSource>> {
        Ok(Arc::new(Transformed::try_new(self, Arc::new(transform))?))
    }
}

/// The position of a column.
///
/// # Errors
/// [`Error::ColumnNotFound`], which names the nearest.
pub fn index_of(schema: &Schema, name: &str) -> Result<usize> {
    schema
        .index_of(name)
        .map_err(|_| Error::column_not_found(name, schema.fields().iter().map(|field| field.name().as_str())))
}

/// The positions of the wanted columns, all of them for `None`.
///
/// # Errors
/// [`Error::ColumnNotFound`].
pub fn indices(schema: &Schema, columns: Option<&[String]>) -> Result<Vec<usize>> {
    match columns {
        None => Ok((0..schema.fields().len()).collect()),
        Some(names) => names.iter().map(|name| index_of(schema, name)).collect(),
    }
}

/// The schema of the wanted columns, in their order.
///
/// # Errors
/// [`Error::ColumnNotFound`].
pub fn projected(schema: &SchemaRef, columns: Option<&[String]>) -> Result<SchemaRef> {
    if columns.is_none() {
        return Ok(Arc::clone(schema));
    }
    let fields: Vec<_> =
        indices(schema, columns)?.into_iter().map(|i| Arc::clone(&schema.fields()[i])).collect();
    Ok(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())))
}
