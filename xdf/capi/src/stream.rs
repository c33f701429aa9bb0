//! Arrow streams across the border: readers handed out, the caller's taken in.

use std::mem;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, RecordBatch, RecordBatchReader, StructArray};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use xdf::FileReader;

use crate::border::unwound;
use crate::error::{Failure, Status};

/// The schema for C.
///
/// # Errors
/// When a name or a metadata entry holds a NUL byte, which the interface cannot carry.
pub(crate) fn export_schema(schema: &Schema) -> Result<FFI_ArrowSchema, Failure> {
    if let Some(field) = schema.fields().iter().find(|field| field.name().contains('\0')) {
        let name = field.name().escape_debug();
        return Err(Failure::new(
            Status::Schema,
            format!("the column name '{name}' has a NUL byte, which the Arrow C interface cannot carry"),
        ));
    }
    Ok(FFI_ArrowSchema::try_from(schema)?)
}

/// A batch as one struct array for C.
pub(crate) fn export_batch(batch: RecordBatch) -> FFI_ArrowArray {
    FFI_ArrowArray::new(&StructArray::from(batch).to_data())
}

/// The reader as a stream for C.
///
/// # Errors
/// As [`export_schema`]: a stream whose schema cannot cross is not handed out.
pub(crate) fn export(reader: FileReader) -> Result<FFI_ArrowArrayStream, Failure> {
    export_schema(&reader.schema())?;
    Ok(FFI_ArrowArrayStream::new(Box::new(Guarded { reader })))
}

/// A reader inside the callbacks of a stream, which no panic may leave and whose errors must be C texts.
struct Guarded {
    reader: FileReader,
}

impl Iterator for Guarded {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let external = |text: String| ArrowError::CDataInterface(text.replace('\0', "\u{FFFD}"));
        match unwound(|| self.reader.next_batch()) {
            Ok(Ok(batch)) => batch.map(Ok),
            Ok(Err(error)) => Some(Err(external(error.to_string()))),
            Err(panic) => Some(Err(external(panic.to_string()))),
        }
    }
}

impl RecordBatchReader for Guarded {
    fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }
}

/// A stream of the caller, whose ownership comes with it: it is released when this is dropped.
pub(crate) struct Taken {
    reader: ArrowArrayStreamReader,
}

impl Taken {
    /// Takes the stream; the caller's structure is left released.
    pub(crate) fn new(stream: Option<&mut FFI_ArrowArrayStream>) -> Result<Self, Failure> {
        let stream = stream.ok_or_else(|| Failure::argument("the stream is NULL"))?;
        let stream = mem::replace(stream, FFI_ArrowArrayStream::empty());
        if stream.release.is_none() || stream.get_schema.is_none() || stream.get_next.is_none() {
            return Err(Failure::argument("the stream is released already, or lacks a callback"));
        }
        Ok(Self { reader: broken(|| ArrowArrayStreamReader::try_new(stream))?? })
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    /// The next batch, checked: offsets, texts and codes of factors lie within their buffers.
    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let Some(batch) = broken(|| self.reader.next())?.transpose()? else {
            return Ok(None);
        };
        for column in batch.columns() {
            broken(|| column.to_data().validate_full())??;
        }
        Ok(Some(batch))
    }
}

/// Runs what Arrow's importer refuses by a panic: structures that are no Arrow at all.
fn broken<R>(step: impl FnOnce() -> R) -> Result<R, Failure> {
    unwound(step).map_err(|panic| {
        Failure::new(Status::Stream, format!("the stream breaks the Arrow C interface ({panic})"))
    })
}
