//! Files written from a stream.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use xdf::Writer;

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
/// The stream is taken over and released in every case. Types: boolean, integers, floats, utf8, dictionaries of utf8,
/// date32, timestamps; the names and metadata of its schema are kept.
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
