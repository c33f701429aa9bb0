//! Opening a file and what is known of it at once.

use std::ffi::{CString, c_char, c_int};
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use xdf::File;

use crate::border::{Text, guarded};
use crate::error::{Failure, Status, c_text};
use crate::statistics::Known;

/// How a file is opened; begin with XDF_OPEN_OPTIONS_INIT.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct OpenOptions {
    /// 1 (default): the file is mapped into memory. 0: pieces of it are read; choose it where another program may
    /// truncate the file while it is open, which is fatal for a map.
    pub mmap: c_int,
    /// 1 (default): the checksum of every segment is compared when it is read. 0: it is not.
    pub verify_checksums: c_int,
    /// All 0, for later versions.
    pub reserved: [usize; 4],
}

impl OpenOptions {
    fn get(&self) -> Result<xdf::OpenOptions, Failure> {
        unreserved(self.reserved)?;
        let options = xdf::OpenOptions::default();
        let options = options.with_mmap(flag(self.mmap, "mmap")?);
        Ok(options.with_verify_checksums(flag(self.verify_checksums, "verify_checksums")?))
    }
}

/// An open file.
#[derive(Debug)]
pub struct FileHandle {
    pub(crate) file: File,
    generation: CString,
    names: Vec<CString>,
    /// Of each column, from when it is first asked for.
    pub(crate) statistics: Vec<OnceLock<Option<Known>>>,
}

impl FileHandle {
    pub(crate) fn new(file: File) -> Self {
        let generation = c_text(&file.generation().to_string());
        let names: Vec<_> = file.schema().fields().iter().map(|field| c_text(field.name())).collect();
        let statistics = names.iter().map(|_| OnceLock::new()).collect();
        Self { file, generation, names, statistics }
    }

    /// The number of a column.
    pub(crate) fn column(&self, name: &str) -> Result<usize, Failure> {
        let number = self.file.schema().fields().iter().position(|field| field.name() == name);
        number.ok_or_else(|| {
            let path = self.file.path().display();
            Failure::new(Status::NotFound, format!("'{path}' has no column '{name}'"))
        })
    }
}

/// The handle, which must not be null.
pub(crate) fn given<T>(handle: Option<&T>) -> Result<&T, Failure> {
    handle.ok_or_else(|| Failure::argument("the handle is NULL"))
}

/// The place for a result, which must not be null, filled with nothing so far.
pub(crate) fn place<T>(out: Option<&mut MaybeUninit<T>>, nothing: T) -> Result<&mut T, Failure> {
    let out = out.ok_or_else(|| Failure::argument("the place for the result is NULL"))?;
    Ok(out.write(nothing))
}

/// A number that is 0 or 1.
pub(crate) fn flag(value: c_int, name: &str) -> Result<bool, Failure> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Failure::argument(format!("the option {name} must be 0 or 1, got {other}"))),
    }
}

/// Refuses options of a later version, or such that were not initialised.
pub(crate) fn unreserved(reserved: [usize; 4]) -> Result<(), Failure> {
    if reserved == [0; 4] {
        return Ok(());
    }
    Err(Failure::argument("reserved fields of the options are not 0; begin with the INIT macro of xdf.h"))
}

/// Opens a file of any generation. `options` may be NULL. The file is to be closed with xdf_close.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_open(
    path: Text<'_>,
    options: Option<&OpenOptions>,
    file: Option<&mut MaybeUninit<*mut FileHandle>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let out = place(file, std::ptr::null_mut())?;
        let options = options.map(OpenOptions::get).transpose()?.unwrap_or_default();
        let file = File::open_with(path.get("the path")?, &options)?;
        *out = Box::into_raw(Box::new(FileHandle::new(file)));
        Ok(())
    })
}

/// Closes a file. Streams and arrays that came from it stay good. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_close(file: Option<Box<FileHandle>>) {
    drop(file);
}

/// Number of rows; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_num_rows(file: Option<&FileHandle>) -> u64 {
    file.map_or(0, |handle| handle.file.num_rows())
}

/// Number of columns; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_num_columns(file: Option<&FileHandle>) -> usize {
    file.map_or(0, |handle| handle.names.len())
}

/// Number of blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_num_blocks(file: Option<&FileHandle>) -> usize {
    file.map_or(0, |handle| handle.file.num_blocks())
}

/// Number of rows of a block, from 0; 0 beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_block_rows(file: Option<&FileHandle>, block: usize) -> u64 {
    file.map_or(0, |handle| handle.file.block_rows(block))
}

/// The format of the file for people, such as "XDF 5.1" or "Microsoft XDF 4.2"; the file's. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_generation(file: Option<&FileHandle>) -> *const c_char {
    file.map_or(std::ptr::null(), |handle| handle.generation.as_ptr())
}

/// The name of a column, from 0; the file's. NULL beyond the last. A NUL inside a name is given as U+FFFD.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_column_name(file: Option<&FileHandle>, column: usize) -> *const c_char {
    let name = file.and_then(|handle| handle.names.get(column));
    name.map_or(std::ptr::null(), |name| name.as_ptr())
}

/// The number of the column with this name. XDF_STATUS_NOT_FOUND when there is none.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_find_column(
    file: Option<&FileHandle>,
    name: Text<'_>,
    column: Option<&mut MaybeUninit<usize>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let out = place(column, 0)?;
        *out = given(file)?.column(name.get("the name")?)?;
        Ok(())
    })
}
