//! A sound file made of what is left of a damaged one.
//!
//! Nothing of the header page or the footer is needed, though both are used where they are whole: the frames are
//! walked ([`walk`]), what they say is put together ([`table`]), and every segment whose checksum is right is
//! copied ([`salvage`]).

mod salvage;
mod table;
mod walk;

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::atomic::resolve;
use crate::mmap::Bytes;
use crate::raw::header::{HEADER_BYTES, MAGIC, newest_slot};
use crate::{Damage, Error, File, Result};

/// What [`repair`] found and lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// Number of the newest commit whose frames were found.
    pub commit: u64,
    /// Number of blocks of the new file.
    pub blocks: usize,
    /// Number of rows of the new file.
    pub rows: u64,
    /// Number of segments that were copied.
    pub segments: u64,
    /// Length of the new file in bytes.
    pub bytes: u64,
    /// What is lost: segments (their rows are missing values in the new file), blocks (their rows are not in it),
    /// names of levels. Blocks are numbered as in the damaged file, as far as they were found.
    pub lost: Vec<Damage>,
    /// Places in the damaged file whose bytes belong to no frame that can be read: a footer that is gone, or blocks
    /// of which not even the heads are left. Rows that are missing between others are in `lost` too.
    pub unread: Vec<Range<u64>>,
}

impl RepairReport {
    /// True when nothing is lost.
    pub fn is_complete(&self) -> bool {
        self.lost.is_empty()
    }
}

/// Makes a sound file of what is left of a damaged XDF 5 file, which itself is not changed.
///
/// The blocks are found by walking the frames of the file, so that header page and footer may be gone. The result
/// is the newest commit that frames tell of. A segment that is damaged becomes missing values, a block of which
/// nothing is left is left out, and the report names both. After the loss of the footer or the header page alone
/// nothing is lost.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::sync::Arc;
/// # use arrow_array::{ArrayRef, Int32Array, RecordBatch};
/// # let folder = tempfile::tempdir()?;
/// # let (path, saved) = (folder.path().join("t.xdf"), folder.path().join("saved.xdf"));
/// # let x: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
/// # let batch = RecordBatch::try_from_iter([("x", x)])?;
/// # let mut writer = xdf::Writer::create(&path, batch.schema(), Default::default())?;
/// # writer.write(&batch)?;
/// # writer.finish()?;
/// let mut bytes = std::fs::read(&path)?;
/// bytes[..4096].fill(0);
/// std::fs::write(&path, bytes)?;
/// assert!(xdf::File::open(&path).is_err());
///
/// let report = xdf::repair(&path, &saved, false)?;
/// assert!(report.is_complete());
/// assert_eq!(xdf::File::open(&saved)?.num_rows(), 3);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the target exists (without `overwrite`) or is the damaged file itself; [`Error::Irreparable`] when no
/// schema is left, or the file is not XDF 5.
pub fn repair(damaged: impl AsRef<Path>, target: impl AsRef<Path>, overwrite: bool) -> Result<RepairReport> {
    let (path, target) = (damaged.as_ref(), target.as_ref());
    if resolve(path) == resolve(target) {
        let problem = "a repair writes a new file; choose another name for it".to_owned();
        return Err(Error::InvalidEdit { path: path.to_owned(), problem });
    }
    let io = |e| Error::io(path, "read", e);
    let file = fs::File::open(path).map_err(|e| Error::io(path, "open", e))?;
    let length = usize::try_from(file.metadata().map_err(io)?.len())
        .map_err(|_| Error::io(path, "map", std::io::ErrorKind::OutOfMemory.into()))?;
    let bytes = Bytes::map(&file, length).map_err(|e| Error::io(path, "map", e))?;
    let irreparable =
        |problem: &str| Error::Irreparable { path: path.to_owned(), problem: problem.to_owned() };
    if File::recognises(&bytes) && !bytes.starts_with(&MAGIC) {
        return Err(irreparable("it is one of Microsoft's files, which carry nothing to repair them by"));
    }
    let walk = walk::walk(&bytes);
    let slot = newest_slot(bytes.get(..HEADER_BYTES).unwrap_or_default()).map(|(slot, _)| slot);
    let table = table::Table::of(&bytes, &walk, slot)
        .ok_or_else(|| irreparable("neither a schema nor a footer of XDF 5 is left in it"))?;
    salvage::salvage(path, target, overwrite, &bytes, &walk, table)
}
