//! Rows of a file as Arrow structures.

use std::mem::MaybeUninit;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use xdf::ReadOptions;

use crate::border::{Numbers, Texts, guarded};
use crate::error::{Failure, Status};
use crate::file::{FileHandle, given, place};
use crate::stream::{export, export_batch, export_schema};

/// The names and types of all columns as a struct, with the metadata of file and columns; to be released by its
/// callback.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_schema(
    file: Option<&FileHandle>,
    schema: Option<&mut MaybeUninit<FFI_ArrowSchema>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let out = place(schema, FFI_ArrowSchema::empty())?;
        *out = export_schema(given(file)?.file.schema())?;
        Ok(())
    })
}

/// Streams rows, one stored block at a time; nothing is read before it is asked for.
///
/// `columns` are numbers from 0, in the order in which they are wanted; NULL for all columns. `first_row` counts from
/// 0; rows beyond the last are left out, so that UINT64_MAX rows from row 0 are all. The stream is to be released by
/// its callback; it may outlive the file's handle. A block that is damaged is an error of the stream's get_next, which
/// goes on behind it when it is called again.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_read(
    file: Option<&FileHandle>,
    columns: Numbers<'_>,
    num_columns: usize,
    first_row: u64,
    num_rows: u64,
    stream: Option<&mut MaybeUninit<FFI_ArrowArrayStream>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let out = place(stream, FFI_ArrowArrayStream::empty())?;
        let handle = given(file)?;
        let columns = chosen(columns, num_columns)?;
        *out = open_stream(handle, columns, first_row, num_rows)?;
        Ok(())
    })
}

/// As xdf_read, with the columns by name. XDF_STATUS_NOT_FOUND when one does not exist.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_read_named(
    file: Option<&FileHandle>,
    names: Texts<'_>,
    num_names: usize,
    first_row: u64,
    num_rows: u64,
    stream: Option<&mut MaybeUninit<FFI_ArrowArrayStream>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let out = place(stream, FFI_ArrowArrayStream::empty())?;
        let handle = given(file)?;
        let names = names.get(num_names, "the list of names")?.iter();
        let columns = names.map(|name| handle.column(name.get("a name")?)).collect::<Result<_, _>>()?;
        *out = open_stream(handle, Some(columns), first_row, num_rows)?;
        Ok(())
    })
}

/// Reads one block, from 0, as a struct array of `columns` (as in xdf_read). `schema` may be NULL where it is known.
/// Both are to be released by their callbacks.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_read_block(
    file: Option<&FileHandle>,
    block: usize,
    columns: Numbers<'_>,
    num_columns: usize,
    array: Option<&mut MaybeUninit<FFI_ArrowArray>>,
    schema: Option<&mut MaybeUninit<FFI_ArrowSchema>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let schema = schema.map(|out| out.write(FFI_ArrowSchema::empty()));
        let out = place(array, FFI_ArrowArray::empty())?;
        let handle = given(file)?;
        let columns = chosen(columns, num_columns)?;
        let all = || (0..handle.file.schema().fields().len()).collect();
        let batch = handle.file.read_block(block, &columns.unwrap_or_else(all))?;
        if let Some(schema) = schema {
            *schema = export_schema(&batch.schema())?;
        }
        *out = export_batch(batch);
        Ok(())
    })
}

/// The columns that are wanted, where not all are.
fn chosen(columns: Numbers<'_>, count: usize) -> Result<Option<Vec<usize>>, Failure> {
    if columns.is_null() && count == 0 {
        return Ok(None);
    }
    Ok(Some(columns.get(count, "the list of columns")?.to_vec()))
}

fn open_stream(
    handle: &FileHandle,
    columns: Option<Vec<usize>>,
    first_row: u64,
    num_rows: u64,
) -> Result<FFI_ArrowArrayStream, Failure> {
    let mut options = ReadOptions::default().with_rows(first_row..first_row.saturating_add(num_rows));
    options.columns = columns;
    export(handle.file.reader(&options)?)
}
