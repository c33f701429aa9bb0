//! Files written from a stream, and rows appended from one.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use xdf::{Editor, Writer};

use crate::border::{Text, guarded};
use crate::error::{Failure, Status};
use crate::file::{flag, unreserved};
use crate::stream::Taken;

/// How a file is written; begin with XDF_WRITE_OPTIONS_INIT.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct WriteOptions {
    /// Compression level: 0 for encodings only, 1 (default) to 9 for zstd with growing effort.
    pub level: c_int,
    /// 1: an existing target is replaced once the new file is complete. 0 (default): it is an error.
    pub overwrite: c_int,
    /// Rows of a block, 131072 by default.
    pub block_rows: usize,
    /// All 0, for later versions.
    pub reserved: [usize; 4],
}

impl WriteOptions {
    fn get(&self) -> Result<xdf::WriteOptions, Failure> {
        unreserved(self.reserved)?;
        let options = xdf::WriteOptions::default().with_level(self.level).with_block_rows(self.block_rows);
        Ok(options.with_overwrite(flag(self.overwrite, "overwrite")?))
    }
}

/// Writes the rows of a stream of struct arrays as a new file, which appears under its name when it is complete; after
/// a failure there is what was there before. `options` and `rows` (how many were written) may be NULL.
///
/// The stream is taken over and released in every case. Types: boolean, integers, floats, decimal128, utf8, binary,
/// dictionaries of utf8, date32, timestamps; the names and metadata of its schema are kept.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_write(
    path: Text<'_>,
    stream: Option<&mut FFI_ArrowArrayStream>,
    options: Option<&WriteOptions>,
    rows: Option<&mut MaybeUninit<u64>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let rows = rows.map(|rows| rows.write(0));
        let mut stream = Taken::new(stream)?;
        let options = options.map(WriteOptions::get).transpose()?.unwrap_or_default();
        let mut writer = Writer::create(path.get("the path")?, stream.schema(), options)?;
        while let Some(batch) = stream.next_batch()? {
            writer.write(&batch)?;
        }
        let file = writer.finish()?;
        if let Some(rows) = rows {
            *rows = file.num_rows();
        }
        Ok(())
    })
}

/// Appends the rows of a stream to a file, as one commit: readers that have the file open keep what they see, and a
/// failure or a crash leaves the file as it was. Columns are found by name and must be those of the file; new levels
/// of factors go behind the known ones. `options` (level and block_rows, of what is appended; NULL for the level of
/// the file) and `rows` (how many the file then has) may be NULL.
///
/// The stream is taken over and released in every case. XDF_STATUS_LOCKED while another writer has the file.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_append(
    path: Text<'_>,
    stream: Option<&mut FFI_ArrowArrayStream>,
    options: Option<&WriteOptions>,
    rows: Option<&mut MaybeUninit<u64>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let rows = rows.map(|rows| rows.write(0));
        let mut stream = Taken::new(stream)?;
        let path = path.get("the path")?;
        let mut editor = match options {
            Some(options) => Editor::open_with(path, &options.get()?)?,
            None => Editor::open(path)?,
        };
        while let Some(batch) = stream.next_batch()? {
            editor.append(&batch)?;
        }
        let file = editor.commit()?;
        if let Some(rows) = rows {
            *rows = file.num_rows();
        }
        Ok(())
    })
}
